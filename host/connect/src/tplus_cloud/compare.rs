//! Whether a voucher that the target shows is the document that was sent (DESIGN §3). Pure. The target shows less than it
//! was sent (`docs/reference/systems/tplus.md` §4.3), so what it leaves out is not compared, but lines must be there.

use dukou_core::document::{FieldDiff, at, decimal_of};
use serde_json::{Map, Value};

/// Compares `sent`, the exact body, with `shown`, the voucher's JSON text.
///
/// # Errors
/// Says why the two cannot be compared.
pub(super) fn differences(sent: &str, shown: &str) -> Result<Vec<FieldDiff>, String> {
    let sent: Value = serde_json::from_str(sent).map_err(|error| format!("the sent body is not JSON: {error}"))?;
    let shown: Value = serde_json::from_str(shown).map_err(|error| format!("the voucher is not JSON: {error}"))?;
    let (prefix, sent) = match sent.get("dto") {
        Some(dto) => ("dto.", dto),
        None => ("", &sent),
    };
    let mut out = Vec::new();
    let mut note = |path: String, before: Option<&Value>, after: Option<&Value>| {
        out.push(FieldDiff {
            path: format!("{prefix}{path}"),
            before: before.map(Value::to_string),
            after: after.map(Value::to_string),
        });
    };

    if let (Some(before), Some(after)) = (filled(sent.get("VoucherDate")), filled(field(&shown, "VoucherDate")))
        && day(before) != day(after)
    {
        note("VoucherDate".to_owned(), Some(before), Some(after));
    }
    for name in ["Partner", "Warehouse"] {
        let before = filled(at(sent, &format!("{name}.Code")));
        let after = filled(field(&shown, name).and_then(|archive| field(archive, "Code")));
        if let (Some(before), Some(after)) = (before, after)
            && text(before) != text(after)
        {
            note(format!("{name}.Code"), Some(before), Some(after));
        }
    }

    let none = Vec::new();
    let sent_lines = sent.get("RDRecordDetails").and_then(Value::as_array).unwrap_or(&none);
    let shown_lines = field(&shown, "RDRecordDetails")
        .and_then(Value::as_array)
        .ok_or_else(|| "the voucher shows no lines to compare".to_owned())?;
    if sent_lines.len() != shown_lines.len() {
        let (before, after) = (Value::from(sent_lines.len()), Value::from(shown_lines.len()));
        note("RDRecordDetails.length".to_owned(), Some(&before), Some(&after));
    }
    for (index, (sent, shown)) in sent_lines.iter().zip(shown_lines).enumerate() {
        let before = at(sent, "Inventory.Code");
        let after = field(shown, "Inventory").and_then(|archive| field(archive, "Code"));
        if before.map(text) != after.map(text) {
            note(format!("RDRecordDetails[{index}].Inventory.Code"), before, after);
        }
        let before = sent.get("BaseQuantity").or_else(|| sent.get("Quantity"));
        let after = field(shown, "Quantity").or_else(|| field(shown, "BaseQuantity"));
        let same = match (before.and_then(quantity), after.and_then(quantity)) {
            (Some(before), Some(after)) => before == after,
            (None, None) => before.map(text) == after.map(text),
            _ => false,
        };
        if !same {
            note(format!("RDRecordDetails[{index}].BaseQuantity"), before, after);
        }
    }
    Ok(out)
}

/// Quantities may be text with thousands separators (`tplus.md` §4.2).
fn quantity(value: &Value) -> Option<rust_decimal::Decimal> {
    match value {
        Value::String(text) if text.contains(',') => decimal_of(&Value::String(text.replace(',', ""))),
        value => decimal_of(value),
    }
}

/// A field whatever the case of its name.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object: &Map<String, Value> = value.as_object()?;
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// Not null and not blank.
fn filled(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null() && !text(value).is_empty())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        value => value.to_string(),
    }
}

/// The day of `2026-11-01`, `2026-11-01 00:00:00` and `2026-11-01T00:00:00`.
fn day(value: &Value) -> String {
    text(value).chars().take(10).collect::<String>().replace('/', "-")
}
