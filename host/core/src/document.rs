//! Documents: the host's own check of what plugins return (DESIGN §3), and when two documents are the same.
//! Does not change documents: what a plugin made is what is sent.

use std::fmt;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::catalogue::{Catalogue, FieldType};
use crate::json;
use crate::verdict::Violation;

/// One field that differs between two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDiff {
    /// Path with indices, e.g. `dto.RDRecordDetails[0].BaseQuantity`.
    pub path: String,
    /// JSON text on the first side; `None` if absent.
    pub before: Option<String>,
    /// JSON text on the second side; `None` if absent.
    pub after: Option<String>,
}

impl fmt::Display for FieldDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "∅".to_owned());
        write!(f, "{}: {} → {}", self.path, side(&self.before), side(&self.after))
    }
}

/// The most differences that are listed.
const MOST_DIFFERENCES: usize = 100;

/// The value-level differences of two JSON texts: key order and the writing of numbers do not count (`2.0` is `2`).
///
/// # Errors
/// serde_json's error if either is not JSON.
pub fn diff(before: &str, after: &str) -> Result<Vec<FieldDiff>, serde_json::Error> {
    if before == after {
        return Ok(Vec::new());
    }
    let (before, after): (Value, Value) = (serde_json::from_str(before)?, serde_json::from_str(after)?);
    let mut out = Vec::new();
    compare(&mut String::new(), Some(&before), Some(&after), &mut out);
    Ok(out)
}

fn compare(path: &mut String, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<FieldDiff>) {
    if out.len() >= MOST_DIFFERENCES {
        return;
    }
    match (before, after) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let only_after = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(only_after) {
                let length = path.len();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                compare(path, a.get(key), b.get(key), out);
                path.truncate(length);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                let length = path.len();
                path.push_str(&format!("[{index}]"));
                compare(path, a.get(index), b.get(index), out);
                path.truncate(length);
            }
        }
        (a, b) if same_scalar(a, b) => {}
        (a, b) => out.push(FieldDiff {
            path: path.clone(),
            before: a.map(Value::to_string),
            after: b.map(Value::to_string),
        }),
    }
}

fn same_scalar(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            let (a, b) = (a.to_string(), b.to_string());
            a == b || matches!((json::decimal(&a), json::decimal(&b)), (Some(a), Some(b)) if a == b)
        }
        (a, b) => a == b,
    }
}

/// The most violations reported for one document.
const MOST_VIOLATIONS: usize = 50;
/// Objects and arrays nested deeper than this are refused.
const MOST_DEPTH: usize = 32;

/// Checks one document: JSON object, the wrapper, the key at `key_path` equal to `key`, every field in the catalogue
/// with its type, every required field there. An empty list passes.
pub fn check(body: &str, catalogue: &Catalogue, key_path: &str, key: &str) -> Vec<Violation> {
    let value: Value = match serde_json::from_str(body) {
        Ok(value) => value,
        Err(error) => return vec![Violation::at_target("document.json", "", format!("not JSON: {error}"))],
    };
    let mut out = Vec::new();
    match at(&value, key_path).and_then(Value::as_str) {
        Some(found) if found == key => {}
        Some(found) => out.push(Violation::at_target(
            "document.key",
            key_path,
            format!("carries key {found:?} but the host's delivery key is {key:?}"),
        )),
        None => out.push(Violation::at_target(
            "document.key",
            key_path,
            format!("must carry the delivery key {key:?} as text"),
        )),
    }
    let inner = match &catalogue.wrapper {
        None => value.as_object(),
        Some(wrapper) => match value.as_object() {
            Some(outer) if outer.len() == 1 => outer.get(wrapper).and_then(Value::as_object),
            _ => None,
        },
    };
    let Some(inner) = inner else {
        let wrapper = catalogue.wrapper.as_deref().unwrap_or("");
        out.push(Violation::at_target(
            "document.wrapper",
            wrapper,
            format!("must be one object under {wrapper:?}"),
        ));
        return out;
    };
    check_object(catalogue, "", "", inner, 0, &mut out);
    out.truncate(MOST_VIOLATIONS);
    out
}

fn check_object(
    catalogue: &Catalogue,
    plain: &str,
    shown: &str,
    object: &Map<String, Value>,
    depth: usize,
    out: &mut Vec<Violation>,
) {
    if depth > MOST_DEPTH {
        out.push(Violation::at_target("document.depth", shown, "nested too deep"));
        return;
    }
    for (key, value) in object {
        let (plain, shown) = (join(plain, key), join(shown, key));
        let Some(field) = catalogue.field(&plain) else {
            let hint = catalogue
                .did_you_mean(&plain)
                .map_or(String::new(), |known| format!("; did you mean {known:?}?"));
            out.push(Violation::at_target(
                "field.unknown",
                shown,
                format!("{} has no such field{hint}", catalogue.title),
            ));
            continue;
        };
        check_value(catalogue, &plain, &shown, field, value, depth, out);
    }
    let prefix = if plain.is_empty() {
        String::new()
    } else {
        format!("{plain}.")
    };
    for field in catalogue.fields.iter().filter(|field| field.required) {
        if let Some(name) = field.path.strip_prefix(&prefix)
            && !name.contains('.')
            && !object.contains_key(name)
        {
            out.push(Violation::at_target(
                "required",
                join(shown, name),
                format!("required field {} ({}) is missing", field.path, field.label),
            ));
        }
    }
}

fn check_value(
    catalogue: &Catalogue,
    plain: &str,
    shown: &str,
    field: &crate::catalogue::Field,
    value: &Value,
    depth: usize,
    out: &mut Vec<Violation>,
) {
    let by = field.by.as_deref().unwrap_or("Code");
    let fits = match (field.kind, value) {
        (FieldType::Text, Value::String(text)) => !text.is_empty(),
        (FieldType::Decimal, Value::Number(_)) => true,
        (FieldType::Integer, Value::Number(number)) => !number.to_string().contains(['.', 'e', 'E']),
        (FieldType::Boolean, Value::Bool(_)) => true,
        (FieldType::Date, Value::String(text)) => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        (FieldType::Datetime, Value::String(text)) => {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").is_ok()
        }
        (FieldType::Reference, Value::Object(object)) => {
            object.len() == 1
                && object
                    .get(by)
                    .and_then(Value::as_str)
                    .is_some_and(|code| !code.is_empty())
        }
        (FieldType::ArrayOfText, Value::Array(items)) => items.iter().all(Value::is_string),
        (FieldType::Object, Value::Object(object)) => {
            check_object(catalogue, plain, shown, object, depth + 1, out);
            true
        }
        (FieldType::Array, Value::Array(items)) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let shown = format!("{shown}[{index}]");
                match item {
                    Value::Object(object) => check_object(catalogue, plain, &shown, object, depth + 1, out),
                    _ => out.push(Violation::at_target("type", shown, "must be an object")),
                }
            }
            true
        }
        _ => false,
    };
    if !fits {
        let wanted = match field.kind {
            FieldType::Text => "non-empty text".to_owned(),
            FieldType::Decimal => "a number".to_owned(),
            FieldType::Integer => "a whole number".to_owned(),
            FieldType::Boolean => "true or false".to_owned(),
            FieldType::Date => "a date yyyy-MM-dd".to_owned(),
            FieldType::Datetime => "a time yyyy-MM-dd HH:mm:ss".to_owned(),
            FieldType::Reference => format!("{{\"{by}\": \"…\"}}"),
            FieldType::Array => "a list with at least one object".to_owned(),
            FieldType::ArrayOfText => "a list of texts".to_owned(),
            FieldType::Object => "an object".to_owned(),
        };
        let mut got = value.to_string();
        if got.chars().count() > 80 {
            got = got.chars().take(79).collect::<String>() + "…";
        }
        out.push(Violation::at_target(
            "type",
            shown,
            format!("{} must be {wanted}, got {got}", field.label),
        ));
    }
}

/// The value at a dotted path of objects.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| value.get(step))
}

/// The path of a member: `RDRecordDetails[0]` and `Price` make `RDRecordDetails[0].Price`; the empty path is the root.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The sum of `quantity × price` style totals is a plugin's business; the host only needs to know how many lines a document has.
pub fn line_count(body: &str, catalogue: &Catalogue) -> usize {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return 0;
    };
    let inner = catalogue
        .wrapper
        .as_ref()
        .and_then(|wrapper| value.get(wrapper))
        .unwrap_or(&value);
    catalogue
        .fields
        .iter()
        .filter(|field| field.kind == FieldType::Array)
        .filter_map(|field| at(inner, &field.path))
        .filter_map(Value::as_array)
        .map(Vec::len)
        .sum()
}

/// A decimal out of a JSON number or numeric text.
pub fn decimal_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => json::decimal(&number.to_string()),
        Value::String(text) => json::decimal(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
