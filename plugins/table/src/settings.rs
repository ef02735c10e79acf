//! Settings as they are written: the JSON object of a scheme's `[mapping.settings]`, in file order, checked for shape.
//! Whether a field exists and what a template means is judged in `compile.rs`.

use crate::errors::{Findings, hint};
use dukou_sdk::environment::{Field, FieldType};
use serde_json::{Map, Value};

/// The most rows of a table. The flat tables of real schemes have 20 to 60.
const MAX_ROWS: usize = 1000;

/// What the author wrote, row by row.
#[derive(Debug, Default)]
pub(crate) struct RawSettings {
    /// The mapping table in file order: target path and value.
    pub(crate) rows: Vec<RawRow>,
    /// Records to leave out.
    pub(crate) skip: Vec<RawRule>,
    /// How lines are made, by the target's array.
    pub(crate) lines: Vec<(String, RawLines)>,
    /// Target fields that the catalogue lacks.
    pub(crate) declared: Vec<Field>,
}

/// One row of the mapping table.
#[derive(Debug)]
pub(crate) struct RawRow {
    /// The target path, e.g. `RDRecordDetails.Inventory`.
    pub(crate) target: String,
    /// What to put there.
    pub(crate) value: RawValue,
}

/// The value of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RawValue {
    /// A template, a constant, or the name of a source array.
    Template(String),
    /// One template for each element of a list of texts.
    List(Vec<String>),
    /// `false`: the row is taken out.
    Removed,
    /// Something else, which has been told already.
    Wrong,
}

/// A condition and the reason that people will read.
#[derive(Debug)]
pub(crate) struct RawRule {
    /// Path into the settings, e.g. `skip[0]`.
    pub(crate) path: String,
    /// The condition as written.
    pub(crate) when: String,
    /// Why, in the author's words.
    pub(crate) reason: String,
}

/// `lines.NAME`: which source array, what falls out, what joins.
#[derive(Debug, Default)]
pub(crate) struct RawLines {
    /// The source array that is walked, if it is not the one that the row names.
    pub(crate) each: Option<String>,
    /// Lines to leave out.
    pub(crate) drop: Vec<RawRule>,
    /// Which lines become one.
    pub(crate) merge: Option<RawMerge>,
}

/// Lines that agree in `by` become one whose `sum` fields are added.
#[derive(Debug, Default)]
pub(crate) struct RawMerge {
    /// Target fields of the line.
    pub(crate) by: Vec<String>,
    /// Target fields of the line.
    pub(crate) sum: Vec<String>,
}

/// Reads the settings; what is wrong goes into `findings`, and the rest is still read.
pub(crate) fn read(settings: &str, findings: &mut Findings) -> RawSettings {
    let mut raw = RawSettings::default();
    let value: Value = match serde_json::from_str(settings) {
        Ok(value) => value,
        Err(error) => {
            findings.add("", "settings.json", format!("the settings are no JSON: {error}"));
            return raw;
        }
    };
    let Some(object) = object(&value, "", findings) else {
        return raw;
    };
    known_keys(object, "", &["fields", "skip", "lines", "declare"], findings);
    match object.get("fields") {
        None => findings.add(
            "fields",
            "settings.missing",
            "the mapping table is missing; add [mapping.settings.fields]",
        ),
        Some(fields) => raw.rows = rows(fields, findings),
    }
    raw.skip = object
        .get("skip")
        .map_or_else(Vec::new, |value| rules(value, "skip", findings));
    if let Some(lines) = object
        .get("lines")
        .and_then(|value| self::object(value, "lines", findings))
    {
        for (name, value) in lines {
            raw.lines
                .push((name.clone(), line_settings(value, &format!("lines.{name}"), findings)));
        }
    }
    if let Some(declare) = object
        .get("declare")
        .and_then(|value| self::object(value, "declare", findings))
    {
        for (name, value) in declare {
            raw.declared.extend(declared(name, value, findings));
        }
    }
    raw
}

fn rows(fields: &Value, findings: &mut Findings) -> Vec<RawRow> {
    let Some(fields) = object(fields, "fields", findings) else {
        return Vec::new();
    };
    if fields.len() > MAX_ROWS {
        findings.add(
            "fields",
            "settings.size",
            format!("{} rows; at most {MAX_ROWS} are read", fields.len()),
        );
        return Vec::new();
    }
    let row = |(target, value): (&String, &Value)| RawRow {
        target: target.clone(),
        value: row_value(target, value, findings),
    };
    fields.iter().map(row).collect()
}

fn row_value(target: &str, value: &Value, findings: &mut Findings) -> RawValue {
    let path = format!("fields.{target}");
    match value {
        Value::String(text) => return RawValue::Template(text.clone()),
        Value::Bool(false) => return RawValue::Removed,
        Value::Bool(true) => findings.add(
            path,
            "row.type",
            "write \"true\" between quotes; only a bare false, which removes the row, has none",
        ),
        Value::Number(number) => {
            let message =
                format!("constants are strings, so that codes keep their zeros: write \"{number}\" between quotes");
            findings.add(path, "row.number", message);
        }
        Value::Array(elements) => {
            let texts: Option<Vec<String>> = elements
                .iter()
                .map(|element| element.as_str().map(str::to_owned))
                .collect();
            if let Some(texts) = texts {
                return RawValue::List(texts);
            }
            findings.add(path, "row.type", "the elements of a list are strings");
        }
        Value::Object(inner) => {
            let first = inner.keys().next().map_or("Field", String::as_str);
            let message = format!("a target path with a dot needs quotes: write \"{target}.{first}\" = …");
            findings.add(path, "row.unquoted", message);
        }
        Value::Null => findings.add(
            path,
            "row.type",
            "write \"\" to leave the field out or false to remove the row",
        ),
    }
    RawValue::Wrong
}

fn rules(value: &Value, path: &str, findings: &mut Findings) -> Vec<RawRule> {
    let Some(elements) = value.as_array() else {
        findings.add(
            path,
            "settings.type",
            format!("{path} is a list: [{{ when = \"…\", reason = \"…\" }}]"),
        );
        return Vec::new();
    };
    let mut rules = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(rule) = object(element, &path, findings) else {
            continue;
        };
        known_keys(rule, &path, &["when", "reason"], findings);
        let when = text(rule, "when", &path, findings);
        let reason = text(rule, "reason", &path, findings);
        if let (Some(when), Some(reason)) = (when, reason) {
            rules.push(RawRule { path, when, reason });
        }
    }
    rules
}

fn line_settings(value: &Value, path: &str, findings: &mut Findings) -> RawLines {
    let Some(lines) = object(value, path, findings) else {
        return RawLines::default();
    };
    known_keys(lines, path, &["each", "drop", "merge"], findings);
    let each = lines
        .contains_key("each")
        .then(|| text(lines, "each", path, findings))
        .flatten();
    let drop = lines
        .get("drop")
        .map_or_else(Vec::new, |value| rules(value, &format!("{path}.drop"), findings));
    let merge_path = format!("{path}.merge");
    let merge = lines
        .get("merge")
        .and_then(|value| object(value, &merge_path, findings))
        .map(|merge| {
            known_keys(merge, &merge_path, &["by", "sum"], findings);
            RawMerge {
                by: names(merge, "by", &merge_path, findings),
                sum: names(merge, "sum", &merge_path, findings),
            }
        });
    RawLines { each, drop, merge }
}

fn names(object: &Map<String, Value>, key: &str, path: &str, findings: &mut Findings) -> Vec<String> {
    let names = match object.get(key) {
        None if key == "sum" => return Vec::new(),
        Some(Value::Array(elements)) => elements
            .iter()
            .map(|element| element.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    names.unwrap_or_else(|| {
        findings.add(
            format!("{path}.{key}"),
            "settings.type",
            format!("{key} is a list of fields: [\"Inventory\", \"Batch\"]"),
        );
        Vec::new()
    })
}

fn declared(name: &str, value: &Value, findings: &mut Findings) -> Option<Field> {
    let path = format!("declare.{name}");
    let declaration = object(value, &path, findings)?;
    known_keys(declaration, &path, &["type", "label", "by", "required"], findings);
    let mut whole = declaration.clone();
    whole.insert("path".to_owned(), Value::String(name.to_owned()));
    match serde_json::from_value::<Field>(Value::Object(whole)) {
        Ok(field) if field.kind != FieldType::Other => Some(field),
        _ => {
            let message = "write { type = \"text\" }; types are text, integer, decimal, date, datetime, boolean, reference, \
                           array, array-of-text and object";
            findings.add(path, "declare.type", message);
            None
        }
    }
}

fn text(object: &Map<String, Value>, key: &str, path: &str, findings: &mut Findings) -> Option<String> {
    match object.get(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => return Some(text.clone()),
        None => findings.add(format!("{path}.{key}"), "settings.missing", format!("{key} is missing")),
        Some(_) => findings.add(
            format!("{path}.{key}"),
            "settings.type",
            format!("{key} is a text that is not empty"),
        ),
    }
    None
}

fn object<'v>(value: &'v Value, path: &str, findings: &mut Findings) -> Option<&'v Map<String, Value>> {
    if value.as_object().is_none() {
        findings.add(path, "settings.type", "expected a table of keys and values");
    }
    value.as_object()
}

fn known_keys(object: &Map<String, Value>, path: &str, known: &[&str], findings: &mut Findings) {
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let at = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let message = format!("unknown key {key}{}; known are {}", hint(key, known), known.join(", "));
        findings.add(at, "settings.unknown", message);
    }
}
