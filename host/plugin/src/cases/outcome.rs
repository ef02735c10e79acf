//! What came of a case, whatever the plugin's kind, and its JSON: the same shape in which case files write what they
//! expect, so that one comparison by path serves both.

use dukou_core::verdict::{Group, Mapped, Omission, Verdict, Violation};
use serde_json::{Map, Value, json};

use super::case::parsed;
use super::text::{ObjectText, list};
use crate::error::PluginError;

/// What came of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Documents to deliver.
    Mapped(Mapped),
    /// Nothing to deliver, with the reason.
    Skipped(String),
    /// Refused, with every reason found.
    Rejected(Vec<Violation>),
    /// A validation that objects to nothing.
    Passed,
    /// The plugin gave no verdict.
    Failed(Failure),
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable code, e.g. `plugin.trap`.
    pub code: &'static str,
    /// For people, in English.
    pub message: String,
    /// Functions of the guest, innermost first.
    pub frames: Vec<String>,
}

impl From<&PluginError> for Failure {
    fn from(error: &PluginError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            frames: match error {
                PluginError::Trap(report) => report.frames.clone(),
                _ => Vec::new(),
            },
        }
    }
}

impl Outcome {
    /// The word for it, as case files write it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Mapped(_) => "mapped",
            Self::Skipped(_) => "skipped",
            Self::Rejected(_) => "rejected",
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
        }
    }

    /// As a case file writes it, with everything of it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Mapped(mapped) => json!({ "mapped": mapped_to_json(mapped) }),
            Self::Skipped(reason) => json!({ "skipped": reason }),
            Self::Rejected(violations) => {
                json!({ "rejected": violations.iter().map(violation_to_json).collect::<Vec<_>>() })
            }
            Self::Passed => json!({ "passed": true }),
            Self::Failed(failure) => json!({ "failed": failure.code }),
        }
    }

    pub(crate) fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Mapped(mapped) => Self::Mapped(mapped),
            Verdict::Skipped(reason) => Self::Skipped(reason),
            Verdict::Rejected(violations) => Self::Rejected(violations),
        }
    }

    pub(crate) fn of_judgement(violations: Vec<Violation>) -> Self {
        if violations.is_empty() {
            Self::Passed
        } else {
            Self::Rejected(violations)
        }
    }
}

/// A group as a case file writes it.
pub(crate) fn group_text(group: &Group) -> String {
    let records = list(group.records.iter().map(|record| {
        let mut object = ObjectText::new();
        object
            .text("key", &record.key)
            .text("received_at", &record.received_at)
            .raw("body", &record.body);
        extra_text(&mut object, &record.extra);
        object.finish()
    }));
    let mut object = ObjectText::new();
    object.text("key", &group.key).raw("records", &records);
    extra_text(&mut object, &group.extra);
    object.finish()
}

/// Documents and omissions as a case file writes them.
pub(crate) fn mapped_text(mapped: &Mapped) -> String {
    let documents = list(mapped.documents.iter().map(|document| {
        let mut object = ObjectText::new();
        object.text("suffix", &document.suffix).raw("body", &document.body);
        extra_text(&mut object, &document.extra);
        object.finish()
    }));
    let omitted: Vec<Value> = mapped.omitted.iter().map(omission_to_json).collect();
    ObjectText::new()
        .raw("documents", &documents)
        .raw("omitted", &Value::from(omitted).to_string())
        .finish()
}

fn extra_text(object: &mut ObjectText, extra: &str) {
    if !is_nothing(extra) {
        object.raw("extra", extra);
    }
}

/// An empty text and an empty object both stand for nothing.
fn is_nothing(extra: &str) -> bool {
    matches!(extra, "" | "{}")
}

fn omission_to_json(one: &Omission) -> Value {
    json!({ "member": one.member, "path": one.path, "reason": one.reason })
}

pub(crate) fn mapped_to_json(mapped: &Mapped) -> Value {
    let documents: Vec<Value> = mapped
        .documents
        .iter()
        .map(|document| {
            let mut object = Map::new();
            object.insert("suffix".to_owned(), Value::from(document.suffix.as_str()));
            object.insert("body".to_owned(), parsed(&document.body));
            insert_extra(&mut object, &document.extra);
            Value::Object(object)
        })
        .collect();
    let omitted: Vec<Value> = mapped.omitted.iter().map(omission_to_json).collect();
    json!({ "documents": documents, "omitted": omitted })
}

fn violation_to_json(violation: &Violation) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), Value::from(violation.code.as_str()));
    let paths = [
        ("source_path", &violation.source_path),
        ("target_path", &violation.target_path),
    ];
    for (key, path) in paths {
        if let Some(path) = path {
            object.insert(key.to_owned(), Value::from(path.as_str()));
        }
    }
    object.insert("message".to_owned(), Value::from(violation.message.as_str()));
    insert_extra(&mut object, &violation.extra);
    Value::Object(object)
}

fn insert_extra(object: &mut Map<String, Value>, extra: &str) {
    if !is_nothing(extra) {
        object.insert("extra".to_owned(), parsed(extra));
    }
}
