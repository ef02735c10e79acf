//! The host's own judgement of what a chain answers (DESIGN §3: "the host checks what plugins return"): the fate of a
//! group, as the pipeline settles it and as a replay compares it. Personal values in messages are masked here, where the
//! record is known. Decides nothing about deliveries.

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::document;
use dukou_core::mask;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::verdict::{Group, Mapped, Violation};
use serde_json::{Value, json};

use crate::chain::{GroupOutcome, PluginFault};

/// What a scheme knows of the documents that its plugins make.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The source API's fields; their personal values are masked in messages.
    pub source: Option<Catalogue>,
    /// The target API's fields; without it documents are not checked.
    pub target: Option<Catalogue>,
    /// Where the delivery key stands in a document, e.g. `dto.ExternalCode`.
    pub key: String,
}

/// What becomes of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Documents to deliver.
    Mapped(Mapped),
    /// Nothing to deliver, with the reason.
    Skipped(String),
    /// Something that needs a person.
    Problem(ProblemReport),
}

impl Fate {
    /// Equal exactly when two fates are the same to everybody who looks at them: which edition of a plugin said so, and
    /// the functions that it died in, are no part of it.
    pub fn digest(&self) -> Digest {
        let mut parts: Vec<String> = Vec::new();
        match self {
            Self::Mapped(mapped) => {
                parts.push("mapped".into());
                for document in &mapped.documents {
                    parts.extend([
                        "document".into(),
                        document.suffix.clone(),
                        document.body.clone(),
                        document.extra.clone(),
                    ]);
                }
                for one in &mapped.omitted {
                    parts.extend([
                        "omitted".into(),
                        one.member.to_string(),
                        one.path.clone(),
                        one.reason.clone(),
                    ]);
                }
            }
            Self::Skipped(reason) => parts.extend(["skipped".into(), reason.clone()]),
            Self::Problem(report) => parts.extend([
                "problem".into(),
                report.kind.word().into(),
                report.code.clone(),
                report.path.clone().unwrap_or_default(),
                report.message.clone(),
                causes(&report.details),
            ]),
        }
        Digest::of_parts(parts.iter().map(String::as_bytes))
    }
}

/// The part of a problem's details that does not name an edition of a plugin.
fn causes(details: &str) -> String {
    match serde_json::from_str(details) {
        Ok(Value::Object(mut object)) => {
            for edition in ["plugin", "frames"] {
                object.shift_remove(edition);
            }
            Value::Object(object).to_string()
        }
        _ => details.to_owned(),
    }
}

impl Rules {
    /// Judges what a chain answered. `None`: not decided and nobody's fault, to be run again.
    pub fn judge(&self, group: &Group, outcome: GroupOutcome) -> Option<Fate> {
        Some(match outcome {
            GroupOutcome::Mapped(mapped) => match self.check(&group.key, &mapped) {
                violations if violations.is_empty() => Fate::Mapped(mapped),
                violations => Fate::Problem(self.rejection(group, "host", None, &violations)),
            },
            GroupOutcome::Skipped(reason) => Fate::Skipped(reason),
            GroupOutcome::Rejected { by, plugin, violations } => {
                Fate::Problem(self.rejection(group, &by, Some(plugin), &violations))
            }
            GroupOutcome::Failed(fault) if !fault.plugins_fault => return None,
            GroupOutcome::Failed(fault) => Fate::Problem(self.failure(group, &fault)),
        })
    }

    /// The host's own check of what plugins return: at least one document, sound suffixes, keys, and the target's
    /// catalogue.
    pub fn check(&self, group_key: &str, mapped: &Mapped) -> Vec<Violation> {
        if mapped.documents.is_empty() {
            let message =
                "the plugin mapped the group to no document; a group that needs none is skipped with a reason";
            return vec![Violation::at_target("document.none", "", message)];
        }
        let mut violations = Vec::new();
        for document in &mapped.documents {
            if !sound_suffix(&document.suffix) {
                let message = format!("suffix {:?} must be empty or like -p2", document.suffix);
                violations.push(Violation::at_target("document.suffix", "", message));
                continue;
            }
            if let Some(catalogue) = &self.target {
                let key = format!("{group_key}{}", document.suffix);
                violations.extend(document::check(&document.body, catalogue, &self.key, &key));
            }
        }
        violations
    }

    fn rejection(&self, group: &Group, by: &str, plugin: Option<Digest>, violations: &[Violation]) -> ProblemReport {
        let masked = |text: &str| self.mask(group, text);
        let listed: Vec<_> = violations
            .iter()
            .map(|v| {
                json!({
                    "code": v.code, "message": masked(&v.message),
                    "source_path": v.source_path, "target_path": v.target_path,
                })
            })
            .collect();
        let first = violations.first();
        let more = violations.len().saturating_sub(1);
        let mut message = first.map_or_else(|| "rejected without a reason".to_owned(), |v| masked(&v.message));
        if more > 0 {
            message.push_str(&format!(" (+{more})"));
        }
        ProblemReport {
            kind: ProblemKind::Rejected,
            code: first.map_or_else(|| "plugin.no-reason".to_owned(), |v| v.code.clone()),
            message,
            path: first.and_then(|v| v.target_path.clone().or_else(|| v.source_path.clone())),
            details: json!({
                "by": by,
                "plugin": plugin.map(|digest| digest.to_string()),
                "violations": listed,
            })
            .to_string(),
        }
    }

    fn failure(&self, group: &Group, fault: &PluginFault) -> ProblemReport {
        let text = fault.panic_text.as_deref().map(|text| self.mask(group, text));
        let mut message = format!("plugin {} failed: {}", fault.by, self.mask(group, &fault.message));
        if let Some(text) = &text {
            message.push_str(&format!(": {text}"));
        }
        ProblemReport {
            kind: ProblemKind::Failed,
            code: fault.code.to_owned(),
            message,
            path: None,
            details: json!({
                "by": fault.by,
                "plugin": fault.plugin.to_string(),
                "panic": text,
                "frames": fault.frames,
            })
            .to_string(),
        }
    }

    fn mask(&self, group: &Group, text: &str) -> String {
        let Some(catalogue) = &self.source else {
            return text.to_owned();
        };
        group.records.iter().fold(text.to_owned(), |text, record| {
            mask::mask_message(&text, &record.body, catalogue)
        })
    }
}

fn sound_suffix(suffix: &str) -> bool {
    suffix.is_empty()
        || (suffix.starts_with('-')
            && suffix.len() <= 32
            && suffix
                .bytes()
                .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(plugin: &str, code: &str) -> Fate {
        let group = Group {
            key: "CK1".into(),
            records: Vec::new(),
            extra: "{}".into(),
        };
        let outcome = GroupOutcome::Rejected {
            by: "checks".into(),
            plugin: Digest::of(plugin.as_bytes()),
            violations: vec![Violation::at_target(code, "Code", "missing")],
        };
        Rules::default().judge(&group, outcome).unwrap()
    }

    #[test]
    fn another_edition_that_says_the_same_has_the_same_fate() {
        assert_ne!(rejected("one", "required"), rejected("two", "required"));
        assert_eq!(
            rejected("one", "required").digest(),
            rejected("two", "required").digest()
        );
        assert_ne!(rejected("one", "required").digest(), rejected("one", "type").digest());
        assert_ne!(Fate::Skipped("a".into()).digest(), Fate::Skipped("b".into()).digest());
    }

    #[test]
    fn a_group_without_documents_is_a_problem() {
        let group = Group {
            key: "CK1".into(),
            records: Vec::new(),
            extra: "{}".into(),
        };
        let fate = Rules::default().judge(&group, GroupOutcome::Mapped(Mapped::default()));
        assert!(matches!(fate, Some(Fate::Problem(report)) if report.code == "document.none"));
    }
}
