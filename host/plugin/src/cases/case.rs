//! A case: a group with its settings, tables and environment, and the verdict that is expected of it; and its
//! writing as a file. Reading and checking case files is in `read`.

use std::collections::BTreeMap;

use dukou_core::verdict::{Group, Mapped};
use serde_json::{Map, Value, json};

use super::outcome::{Outcome, group_text, mapped_text, mapped_to_json};
use super::text::{ObjectText, pretty};

/// Look-up tables of a case: rows by table and key, each row a JSON object of its columns as text.
pub type CaseTables = BTreeMap<String, BTreeMap<String, String>>;

/// The environment of a case: as plugins get it, and as its file writes it, where a stock catalogue is only named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// JSON as plugins get it, with whole catalogues.
    pub text: String,
    /// JSON as a case file writes it, with catalogues by the name of their API where they have one.
    pub written: String,
}

impl Environment {
    /// Reads what a case file writes. A catalogue that is a text is looked up by that name, anything else stays as
    /// it is; the error is the name that `catalogue` does not know.
    ///
    /// # Errors
    /// The name of the catalogue that does not exist.
    pub fn new(written: &Value, catalogue: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut whole = written.clone();
        for side in ["source", "target"] {
            let Some(place) = whole.get_mut(side) else { continue };
            if let Some(name) = place.as_str() {
                let found = catalogue(name).and_then(|text| serde_json::from_str(&text).ok());
                *place = found.ok_or_else(|| name.to_owned())?;
            }
        }
        Ok(Self {
            text: whole.to_string(),
            written: written.to_string(),
        })
    }

    /// An environment that is written as it is given, with whole catalogues or none.
    pub fn whole(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            written: text.clone(),
            text,
        }
    }
}

/// What is expected of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// These documents and omissions, value by value with exact number tokens, members in this order.
    Mapped(Mapped),
    /// Nothing to deliver, with this reason.
    Skipped(String),
    /// These violations, as many and in this order; of each only what is written is compared.
    Rejected(Vec<ExpectedViolation>),
    /// A validation that objects to nothing.
    Passed,
    /// The plugin fails with this code, e.g. `plugin.fuel`.
    Failed(String),
}

/// What is expected of one violation. What is `None` is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedViolation {
    /// Its code.
    pub code: Option<String>,
    /// Path in the source record.
    pub source_path: Option<String>,
    /// Path in the document.
    pub target_path: Option<String>,
    /// Its message for people.
    pub message: Option<String>,
    /// Its extra JSON object as text.
    pub extra: Option<String>,
}

impl Expect {
    /// What accepting `outcome` would write. Messages are for people and may be reworded, so they are left out,
    /// unless the expectation that is replaced had some.
    pub fn of(outcome: &Outcome, before: Option<&Self>) -> Self {
        let with_messages =
            matches!(before, Some(Self::Rejected(list)) if list.iter().any(|one| one.message.is_some()));
        match outcome {
            Outcome::Mapped(mapped) => Self::Mapped(mapped.clone()),
            Outcome::Skipped(reason) => Self::Skipped(reason.clone()),
            Outcome::Passed => Self::Passed,
            Outcome::Failed(failure) => Self::Failed(failure.code.to_owned()),
            Outcome::Rejected(violations) => Self::Rejected(
                violations
                    .iter()
                    .map(|one| ExpectedViolation {
                        code: Some(one.code.clone()),
                        source_path: one.source_path.clone(),
                        target_path: one.target_path.clone(),
                        message: with_messages.then(|| one.message.clone()),
                        extra: (!matches!(one.extra.as_str(), "" | "{}")).then(|| one.extra.clone()),
                    })
                    .collect(),
            ),
        }
    }

    /// As a case file writes it, as compact JSON text with every token as it is.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Mapped(mapped) => ObjectText::new().raw("mapped", &mapped_text(mapped)).finish(),
            other => other.to_json().to_string(),
        }
    }

    /// As a case file writes it, as a value.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Mapped(mapped) => json!({ "mapped": mapped_to_json(mapped) }),
            Self::Skipped(reason) => json!({ "skipped": reason }),
            Self::Rejected(list) => {
                json!({ "rejected": list.iter().map(ExpectedViolation::to_json).collect::<Vec<_>>() })
            }
            Self::Passed => json!({ "passed": true }),
            Self::Failed(code) => json!({ "failed": code }),
        }
    }
}

impl ExpectedViolation {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        let texts = [
            ("code", &self.code),
            ("source_path", &self.source_path),
            ("target_path", &self.target_path),
            ("message", &self.message),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                object.insert(key.to_owned(), Value::from(text.as_str()));
            }
        }
        if let Some(extra) = &self.extra {
            object.insert("extra".to_owned(), parsed(extra));
        }
        Value::Object(object)
    }
}

/// One case. What is `None` is taken from the set's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name: the stem of its file.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// The plugin's settings, JSON text.
    pub settings: Option<String>,
    /// Time zone and catalogues.
    pub environment: Option<Environment>,
    /// Look-up tables.
    pub tables: Option<CaseTables>,
    /// What the plugin is given.
    pub group: Group,
    /// What the plugins before made of the group; for adjustments and validations.
    pub before: Option<Mapped>,
    /// What is expected; without it the case is new and waits for a review.
    pub expect: Option<Expect>,
}

impl Case {
    /// The file of the case: JSON on many lines with the keys in the documented order and every token as it is.
    pub fn to_file_text(&self) -> String {
        let mut text = pretty(&self.to_text(false));
        text.push('\n');
        text
    }

    /// The case as compact JSON text; `whole` writes whole catalogues instead of their names.
    pub(crate) fn to_text(&self, whole: bool) -> String {
        let mut object = ObjectText::new();
        if let Some(title) = &self.title {
            object.text("title", title);
        }
        if let Some(settings) = &self.settings {
            object.raw("settings", settings);
        }
        if let Some(environment) = &self.environment {
            object.raw(
                "environment",
                if whole { &environment.text } else { &environment.written },
            );
        }
        if let Some(tables) = &self.tables {
            object.raw("tables", &tables_text(tables));
        }
        object.raw("group", &group_text(&self.group));
        if let Some(before) = &self.before {
            object.raw("before", &mapped_text(before));
        }
        if let Some(expect) = &self.expect {
            object.raw("expect", &expect.to_text());
        }
        object.finish()
    }
}

pub(crate) fn tables_text(tables: &CaseTables) -> String {
    let mut object = ObjectText::new();
    for (name, rows) in tables {
        let mut table = ObjectText::new();
        for (key, row) in rows {
            table.raw(key, row);
        }
        object.raw(name, &table.finish());
    }
    object.finish()
}

/// JSON text as a value; text that is not JSON, which only a plugin can hand over, stays a text.
pub(crate) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
