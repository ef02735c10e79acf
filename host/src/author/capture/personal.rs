//! What of a group is personal, and the group, its tables and its verdict with pseudonyms in its place. A value that
//! stands in a personal field is replaced wherever it occurs, also inside other texts, so that a remark does not give
//! away what its field hides.

use std::collections::BTreeMap;

use dukou_core::catalogue::{Catalogue, FieldType, plain_path};
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
    /// Whether people wrote it freely, so that it may hold anything, other personal values among it.
    pub(super) free: bool,
}

/// Words in the names of text fields that people fill as they like.
const FREE: [&str; 10] = [
    "remark",
    "message",
    "memo",
    "note",
    "title",
    "content",
    "comment",
    "desc",
    "error_info",
    "reserve",
];
/// Fields that name people who work with the order.
const STAFF: [&str; 8] = [
    "salesman_name",
    "fullname",
    "checker_name",
    "operator_name",
    "packager_name",
    "picker_name",
    "printer_name",
    "examiner_name",
];

/// How a field is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    /// Stays.
    Plain,
    /// A name, a number, an address.
    Personal,
    /// Free text.
    Free,
    /// The catalogue does not know it, so it may be anything.
    Unknown,
}

/// Beside what the catalogue calls personal: free texts, names of staff, and all that it does not know.
fn treatment(path: &str, catalogue: &Catalogue) -> Treatment {
    let name = path.rsplit('.').next().unwrap_or(path);
    let field = catalogue.field(&plain_path(path));
    let text = field.is_none_or(|field| field.kind == FieldType::Text);
    if text && FREE.iter().any(|word| name.contains(word)) {
        Treatment::Free
    } else if is_personal(path, catalogue) || STAFF.contains(&name) {
        Treatment::Personal
    } else if field.is_none() {
        Treatment::Unknown
    } else {
        Treatment::Plain
    }
}

/// Whether a value of an unknown field is a code, an amount or a time: what many orders have alike.
fn is_common(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let moment = text.len() >= 10
        && text.bytes().zip(*b"0000-00-00").all(|(byte, shape)| {
            if shape == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == shape
            }
        })
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b' ' | b'T' | b'.'))
        && text.len() <= 23;
    (number && digits < 7) || (moment && text.chars().count() != 11) || matches!(text, "true" | "false")
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

fn collect(value: &Value, path: &str, above: bool, catalogue: &Catalogue, out: &mut Vec<PersonalValue>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let personal = above || is_personal(&path, catalogue);
                collect(value, &path, personal, catalogue, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, above, catalogue, out)),
        Value::String(_) | Value::Number(_) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let treatment = match treatment(path, catalogue) {
                Treatment::Plain | Treatment::Unknown if above => Treatment::Personal,
                other => other,
            };
            let free = value.is_string() && matches!(treatment, Treatment::Free | Treatment::Unknown);
            let stays = match treatment {
                Treatment::Plain => true,
                Treatment::Unknown if is_common(&text) => true,
                _ if free => text.chars().all(|c| c == '*' || c.is_whitespace()),
                _ => is_hidden(&text),
            };
            if stays || text.bytes().all(|byte| byte == b'0') {
                return;
            }
            match out.iter_mut().find(|known| known.text == text) {
                Some(known) => {
                    known.free &= free;
                    if !known.paths.iter().any(|known| known == path) {
                        known.paths.push(path.to_owned());
                    }
                }
                None => out.push(PersonalValue {
                    text,
                    paths: vec![path.to_owned()],
                    free,
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
        let longest_first = |pairs: &mut Vec<(String, String)>| {
            pairs.sort_by_key(|(value, _)| (std::cmp::Reverse(value.len()), value.clone()));
        };
        let of = |(value, attempt): &(&PersonalValue, u32)| (value.text.clone(), pseudonyms.of(&value.text, *attempt));
        let exact = values.iter().filter(|(value, _)| !value.free);
        let mut exact = Self {
            pairs: exact.map(of).collect(),
        };
        longest_first(&mut exact.pairs);
        let free = values.iter().filter(|(value, _)| value.free);
        let free = free.map(|(value, attempt)| (value.text.clone(), exact.free(&value.text, pseudonyms, *attempt)));
        let mut pairs: Vec<(String, String)> = free.collect();
        pairs.extend(exact.pairs);
        longest_first(&mut pairs);
        Self { pairs }
    }

    /// A free text: the values in it replaced as they are elsewhere, and what stands between them by pseudonyms of its
    /// own. What the source masked stays masked.
    fn free(&self, text: &str, pseudonyms: &Pseudonyms, attempt: u32) -> String {
        let mut out = String::with_capacity(text.len());
        let mut between = String::new();
        let mut rest = text;
        'text: while let Some(c) = rest.chars().next() {
            for (value, other) in self.pairs.iter().filter(|(value, _)| is_findable(value)) {
                if let Some(after) = rest.strip_prefix(value.as_str()) {
                    out.push_str(&pseudonyms.of(&std::mem::take(&mut between), attempt));
                    out.push_str(other);
                    rest = after;
                    continue 'text;
                }
            }
            if c == '*' {
                out.push_str(&pseudonyms.of(&std::mem::take(&mut between), attempt));
                out.push(c);
            } else {
                between.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
        out.push_str(&pseudonyms.of(&between, attempt));
        out
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
