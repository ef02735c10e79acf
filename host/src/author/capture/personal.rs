//! What of a group is personal, and the group, its tables and its verdict with pseudonyms in its place. A value that
//! stands in a personal field is replaced wherever it occurs, also inside other texts, so that a remark does not give
//! away what its field hides.

use std::collections::BTreeMap;

use dukou_core::catalogue::Catalogue;
use dukou_core::mask::is_personal;
use dukou_core::verdict::{Document, Group, Mapped, Omission, SourceRecord, Violation};
use dukou_plugin::cases::{CaseTables, Outcome};
use serde_json::{Map, Value};

use super::pseudonym::{Pseudonyms, is_hidden};

/// Texts shorter than this are replaced where they stand alone only: they would be found in every word.
const SHORTEST_INSIDE: usize = 2;
/// The same for texts of letters and digits alone.
const SHORTEST_PLAIN: usize = 5;

/// A personal value and the fields that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PersonalValue {
    /// The value, as text.
    pub(super) text: String,
    /// Paths of the fields.
    pub(super) paths: Vec<String>,
}

/// The personal values of a group, in the order of its fields.
pub(super) fn personal_values(group: &Group, catalogue: &Catalogue) -> Vec<PersonalValue> {
    let mut out: Vec<PersonalValue> = Vec::new();
    for record in &group.records {
        if let Ok(body) = serde_json::from_str::<Value>(&record.body) {
            collect(&body, "", false, catalogue, &mut out);
        }
    }
    out
}

fn collect(value: &Value, path: &str, personal: bool, catalogue: &Catalogue, out: &mut Vec<PersonalValue>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let personal = personal || is_personal(&path, catalogue);
                collect(value, &path, personal, catalogue, out);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, path, personal, catalogue, out)),
        Value::String(_) | Value::Number(_) if personal => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if is_hidden(&text) || text.bytes().all(|byte| byte == b'0') {
                return;
            }
            match out.iter_mut().find(|known| known.text == text) {
                Some(known) if known.paths.iter().any(|known| known == path) => {}
                Some(known) => known.paths.push(path.to_owned()),
                None => out.push(PersonalValue {
                    text,
                    paths: vec![path.to_owned()],
                }),
            }
        }
        _ => {}
    }
}

/// Values and what stands for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Substitution {
    /// Longest first, so that a value within another is not replaced inside it.
    pairs: Vec<(String, String)>,
}

impl Substitution {
    /// The pseudonyms of values; `attempts` says which one of each.
    pub(super) fn new(pseudonyms: &Pseudonyms, values: &[(&PersonalValue, u32)]) -> Self {
        let made =
            |(value, attempt): &(&PersonalValue, u32)| (value.text.clone(), pseudonyms.of(&value.text, *attempt));
        let mut pairs: Vec<(String, String)> = values.iter().map(made).collect();
        pairs.sort_by_key(|(value, _)| (std::cmp::Reverse(value.len()), value.clone()));
        Self { pairs }
    }

    /// A text with every value in it replaced.
    pub(super) fn text(&self, text: &str) -> String {
        if let Some((_, other)) = self.pairs.iter().find(|(value, _)| value == text) {
            return other.clone();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        'text: while let Some(c) = rest.chars().next() {
            for (value, other) in self.pairs.iter().filter(|(value, _)| is_findable(value)) {
                if let Some(after) = rest.strip_prefix(value.as_str()) {
                    out.push_str(other);
                    rest = after;
                    continue 'text;
                }
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            // A number whose digits are a value: the pseudonym has as many and is a number too.
            Value::Number(number) => {
                let token = number.to_string();
                let other = self.pairs.iter().find(|(value, _)| *value == token);
                other
                    .and_then(|(_, other)| serde_json::from_str(other).ok())
                    .unwrap_or_else(|| value.clone())
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), self.value(value)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// JSON text with every value in it replaced; text that is no JSON is replaced as text.
    pub(super) fn json(&self, text: &str) -> String {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => self.value(&value).to_string(),
            Err(_) => self.text(text),
        }
    }

    /// A group with pseudonyms.
    pub(super) fn group(&self, group: &Group) -> Group {
        let record = |record: &SourceRecord| SourceRecord {
            key: self.text(&record.key),
            received_at: record.received_at.clone(),
            body: self.json(&record.body),
            extra: self.json(&record.extra),
        };
        Group {
            key: self.text(&group.key),
            records: group.records.iter().map(record).collect(),
            extra: self.json(&group.extra),
        }
    }

    /// What plugins made, with pseudonyms.
    pub(super) fn mapped(&self, mapped: &Mapped) -> Mapped {
        let document = |document: &Document| Document {
            suffix: document.suffix.clone(),
            body: self.json(&document.body),
            extra: self.json(&document.extra),
        };
        let omission = |omission: &Omission| Omission {
            reason: self.text(&omission.reason),
            ..omission.clone()
        };
        Mapped {
            documents: mapped.documents.iter().map(document).collect(),
            omitted: mapped.omitted.iter().map(omission).collect(),
        }
    }

    /// Rows of tables with pseudonyms, their keys included.
    pub(super) fn tables(&self, tables: &CaseTables) -> CaseTables {
        let rows =
            |rows: &BTreeMap<String, String>| rows.iter().map(|(key, row)| (self.text(key), self.json(row))).collect();
        tables.iter().map(|(name, table)| (name.clone(), rows(table))).collect()
    }

    /// An outcome with pseudonyms, in a form in which two outcomes are compared: messages of violations are for people
    /// and may mask or cut a value, so they do not count.
    pub(super) fn comparable(&self, outcome: &Outcome) -> Value {
        match outcome {
            Outcome::Mapped(mapped) => Outcome::Mapped(self.mapped(mapped)).to_json(),
            Outcome::Skipped(reason) => Outcome::Skipped(self.text(reason)).to_json(),
            Outcome::Rejected(violations) => {
                let plain = |one: &Violation| Violation {
                    message: String::new(),
                    extra: self.json(&one.extra),
                    ..one.clone()
                };
                Outcome::Rejected(violations.iter().map(plain).collect()).to_json()
            }
            Outcome::Passed | Outcome::Failed(_) => outcome.to_json(),
        }
    }
}

/// Whether a value is long enough to be looked for inside other texts.
fn is_findable(value: &str) -> bool {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    value.chars().count() >= if plain { SHORTEST_PLAIN } else { SHORTEST_INSIDE }
}
