//! One written document against the right one, by value: the order of members and the writing of numbers do not count, as
//! they do not for the host (`2.0` is `2`). Personal values leave here masked, and no sum is made of them.

use dukou_core::catalogue::{Catalogue, column_path};
use dukou_core::document::FieldDiff;
use dukou_core::mask::Secrets;
use dukou_core::{json, mask};
use dukou_plugin::cases::{DifferenceKind, Place, each_difference};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Differences, Pair, Wrong};
use crate::overview::mask::{Side, difference};
use crate::overview::{Lens, Personal};

/// The most wrong fields that are named of one voucher.
pub const MOST_FIELDS: usize = 200;
/// Characters of a value.
const MOST_CHARS: usize = 400;

/// Everything in which `written` is not `right`; `None` if they are the same. `secrets` are hidden wherever they stand.
///
/// # Errors
/// serde_json's when either is not JSON.
pub fn compare(
    lens: &Lens<'_>,
    secrets: &Secrets,
    written: &str,
    right: &str,
) -> Result<Option<Differences>, serde_json::Error> {
    if written == right {
        return Ok(None);
    }
    let (written, right): (Value, Value) = (serde_json::from_str(written)?, serde_json::from_str(right)?);
    let catalogue = match lens.personal {
        Personal::Known { target, .. } => target,
        Personal::Withheld => None,
    };
    let wrapper = catalogue.and_then(|catalogue| catalogue.wrapper.as_deref());
    let mut out = Differences::default();
    let mut found = |place: Place<'_>| {
        let (written, right) = (place.actual, place.expected);
        if place.kind == DifferenceKind::Order || same_number(written, right) {
            return;
        }
        if !matches!(lens.personal, Personal::Withheld) {
            numbers(catalogue, place.path, written, right, &mut |path, written, right| {
                if secrets.is_secret(&written.to_string()) || secrets.is_secret(&right.to_string()) {
                    return;
                }
                out.numbers.push(Pair {
                    path: column_path(bare(path, wrapper)),
                    written,
                    right,
                });
            });
        }
        if out.fields.len() >= MOST_FIELDS {
            out.more += 1;
            return;
        }
        let text = |value: Option<&Value>| {
            let mut value = value?.clone();
            secrets.hide_value(&mut value);
            Some(value.to_string())
        };
        let shown = difference(
            lens,
            Side::Target,
            &FieldDiff {
                path: place.path.to_owned(),
                before: text(written),
                after: text(right),
            },
        );
        out.fields.push(Wrong {
            path: bare(place.path, wrapper).to_owned(),
            written: shown.before.map(cut),
            right: shown.after.map(cut),
        });
    };
    each_difference(&right, &written, &mut found);
    Ok((!out.fields.is_empty()).then_some(out))
}

/// A path without the target's wrapper.
fn bare<'a>(path: &'a str, wrapper: Option<&str>) -> &'a str {
    let inner = wrapper.and_then(|wrapper| path.strip_prefix(wrapper)?.strip_prefix('.'));
    inner.unwrap_or(path)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

fn same_number(a: Option<&Value>, b: Option<&Value>) -> bool {
    matches!((a.and_then(decimal), b.and_then(decimal)), (Some(a), Some(b)) if a == b)
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => json::decimal(&number.to_string()),
        _ => None,
    }
}

/// The numbers at and below a place. A side that has something else than a number there makes no pair: text that reads
/// like a number was written as text.
fn numbers(
    catalogue: Option<&Catalogue>,
    path: &str,
    written: Option<&Value>,
    right: Option<&Value>,
    out: &mut dyn FnMut(&str, Decimal, Decimal),
) {
    match (written, right) {
        (Some(Value::Object(object)), None) | (None, Some(Value::Object(object))) => {
            for (name, value) in object {
                let path = dukou_core::document::join(path, name);
                let (written, right) = (written.map(|_| value), right.map(|_| value));
                numbers(catalogue, &path, written, right, out);
            }
        }
        (Some(Value::Array(items)), None) | (None, Some(Value::Array(items))) => {
            for value in items {
                let (written, right) = (written.map(|_| value), right.map(|_| value));
                numbers(catalogue, &format!("{path}[]"), written, right, out);
            }
        }
        (written, right) => {
            let personal = catalogue.is_some_and(|catalogue| mask::is_personal(path, catalogue));
            let side = |value: Option<&Value>| value.map_or(Some(Decimal::ZERO), decimal);
            if let (false, Some(written), Some(right)) = (personal, side(written), side(right)) {
                out(path, written, right);
            }
        }
    }
}
