//! A problem's `details` JSON, read tolerantly: violations, a field difference, and whatever else a stage kept.

use dukou_core::document::FieldDiff;
use serde_json::{Map, Value, json};

use super::mask::{self, Side};
use super::{Lens, text};

/// One reason for a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// For people.
    pub message: String,
    /// Where in the record.
    pub source_path: Option<String>,
    /// Where in the document.
    pub target_path: Option<String>,
}

/// What a problem's details say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// Every reason found.
    pub reasons: Vec<Reason>,
    /// What differs.
    pub differences: Vec<FieldDiff>,
    /// Everything else, by name.
    pub rest: Map<String, Value>,
}

/// Reads details. Text that is not a JSON object becomes one entry of `rest`.
pub fn read(details: &str) -> Details {
    let mut out = Details::default();
    let object = match serde_json::from_str::<Value>(details) {
        Ok(Value::Object(object)) => object,
        Ok(Value::Array(items)) => Map::from_iter([("violations".to_owned(), Value::Array(items))]),
        Ok(Value::Null) => return out,
        _ if details.trim().is_empty() => return out,
        _ => Map::from_iter([("text".to_owned(), Value::String(details.to_owned()))]),
    };
    for (name, value) in object {
        match (name.as_str(), value) {
            ("violations" | "reasons", Value::Array(items)) => out.reasons.extend(items.iter().map(reason)),
            ("differences" | "diff" | "fields", Value::Array(items)) => {
                out.differences.extend(items.iter().filter_map(difference));
            }
            // Said elsewhere, or nothing.
            ("delivery_key", _) | (_, Value::Null) => {}
            (_, Value::String(text)) if text.is_empty() => {}
            (_, value) => {
                out.rest.insert(name, value);
            }
        }
    }
    out
}

fn words(value: &Value, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| value.get(name))
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn reason(value: &Value) -> Reason {
    Reason {
        code: words(value, &["code"]).unwrap_or_default(),
        message: words(value, &["message"]).unwrap_or_else(|| value.as_str().unwrap_or_default().to_owned()),
        source_path: words(value, &["source_path", "source-path"]),
        target_path: words(value, &["target_path", "target-path"]),
    }
}

fn difference(value: &Value) -> Option<FieldDiff> {
    // A side is JSON text by `FieldDiff`; a stage may also have embedded the value itself.
    let side = |name: &str| match value.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    Some(FieldDiff {
        path: value.get("path")?.as_str()?.to_owned(),
        before: side("before"),
        after: side("after"),
    })
}

/// A table of differences, masked.
pub fn differences_text(lens: &Lens<'_>, side: Side, differences: &[FieldDiff], headers: [&str; 2]) -> String {
    let header = [
        lens.lang.t("problem.field"),
        lens.lang.t(headers[0]),
        lens.lang.t(headers[1]),
    ];
    let rows: Vec<Vec<String>> = differences
        .iter()
        .map(|diff| {
            let diff = mask::difference(lens, side, diff);
            let value = |text: Option<String>| text.map_or_else(|| "∅".to_owned(), |text| text::short(&text, 80));
            vec![
                mask::labelled(lens, side, &diff.path),
                value(diff.before),
                value(diff.after),
            ]
        })
        .collect();
    text::table(lens, &header, &rows, &[])
}

/// The differences for machines, masked.
pub fn differences_json(lens: &Lens<'_>, side: Side, differences: &[FieldDiff]) -> Value {
    let items = differences.iter().map(|diff| {
        let diff = mask::difference(lens, side, diff);
        json!({ "path": diff.path, "before": diff.before, "after": diff.after })
    });
    Value::Array(items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_details_is_read() {
        let read_all = read(
            r#"{"violations":[{"code":"required","message":"m","target_path":"Partner"},"bare"],
                "differences":[{"path":"dto.Memo","before":"\"a\"","after":null},{"path":"x","before":1.50,"after":"2"}],
                "reply":{"code":"EX"},"nothing":null,"outcome":"","delivery_key":"CK1"}"#,
        );
        assert_eq!(read_all.reasons[0].target_path.as_deref(), Some("Partner"));
        assert_eq!(read_all.reasons[1].message, "bare");
        assert_eq!(read_all.differences[0].before.as_deref(), Some("\"a\""));
        assert_eq!(read_all.differences[1].before.as_deref(), Some("1.50"));
        assert_eq!(read_all.rest.keys().collect::<Vec<_>>(), ["reply"]);
        assert_eq!(read("{}"), Details::default());
        assert_eq!(read(""), Details::default());
        assert_eq!(read("not json").rest["text"], "not json");
        assert_eq!(read(r#"[{"code":"type","message":"m"}]"#).reasons[0].code, "type");
    }
}
