//! What differs between two lists of documents, field by field. Equal bytes are equal without being read. Knows no groups
//! and counts nothing.

use dukou_core::catalogue::column_path;
use dukou_core::json::decimal;
use dukou_core::verdict::Document;
use dukou_plugin::cases::{DifferenceKind, Place, each_difference};
use serde_json::Value;

use crate::change::{Change, Look};
use crate::key::{JsonType, Key, PatternKind};

/// Everything that differs, documents paired by suffix.
pub(crate) fn differences(before: &[Document], after: &[Document], look: &Look<'_>, out: &mut Vec<Change>) {
    let other = |list: &[Document], one: &Document| list.iter().position(|other| other.suffix == one.suffix);
    for one in before {
        match other(after, one).and_then(|at| after.get(at)) {
            Some(same) => compare(one, same, look, out),
            None => out.push(whole(PatternKind::DocumentRemoved, one, look)),
        }
    }
    for one in after {
        if other(before, one).is_none() {
            out.push(whole(PatternKind::DocumentAdded, one, look));
        }
    }
    let order = |list: &[Document], beside: &[Document]| -> Vec<String> {
        list.iter()
            .filter(|one| other(beside, one).is_some())
            .map(|one| one.suffix.clone())
            .collect()
    };
    let (was, is) = (order(before, after), order(after, before));
    if was != is {
        out.push(Change {
            before: Some(was.join(", ")),
            after: Some(is.join(", ")),
            ..Change::new(Key::new(PatternKind::Order))
        });
    }
}

fn whole(kind: PatternKind, document: &Document, look: &Look<'_>) -> Change {
    let body = serde_json::from_str(&document.body).map_or_else(|_| look.raw(&document.body), |body| look.shown(&body));
    let (before, after) = match kind {
        PatternKind::DocumentRemoved => (Some(body), None),
        _ => (None, Some(body)),
    };
    Change {
        suffix: Some(document.suffix.clone()),
        before,
        after,
        ..Change::new(Key::new(kind))
    }
}

fn compare(before: &Document, after: &Document, look: &Look<'_>, out: &mut Vec<Change>) {
    if before.body != after.body {
        texts(before, "", (&before.body, &after.body), look, out);
    }
    if before.extra != after.extra {
        let look = &Look { wrapper: None, ..*look };
        texts(before, "extra:", (&before.extra, &after.extra), look, out);
    }
}

/// Compares two texts; `prefix` tells the paths of what is no body.
fn texts(document: &Document, prefix: &str, (before, after): (&str, &str), look: &Look<'_>, out: &mut Vec<Change>) {
    let count = out.len();
    let whole = |kind: PatternKind| Change {
        suffix: Some(document.suffix.clone()),
        before: Some(look.raw(before)),
        after: Some(look.raw(after)),
        ..Change::new(Key::at(kind, prefix.to_owned()))
    };
    let (Ok(was), Ok(is)) = (
        serde_json::from_str::<Value>(before),
        serde_json::from_str::<Value>(after),
    ) else {
        // The host's check refuses what is not JSON, so this is a target without a catalogue.
        out.push(whole(PatternKind::Value));
        return;
    };
    each_difference(&was, &is, &mut |place| {
        out.push(change(document, prefix, look, place));
    });
    if out.len() == count {
        out.push(whole(PatternKind::Writing));
    }
}

fn change(document: &Document, prefix: &str, look: &Look<'_>, place: Place<'_>) -> Change {
    let path = format!("{prefix}{}", inner(place.path, look.wrapper));
    let line = place.path.ends_with(']');
    let mut types = None;
    let kind = match (place.kind, place.expected, place.actual) {
        (DifferenceKind::Order, ..) => PatternKind::Order,
        (_, Some(_), None) if line => PatternKind::LineRemoved,
        (_, None, Some(_)) if line => PatternKind::LineAdded,
        (_, Some(_), None) => PatternKind::Removed,
        (_, None, _) => PatternKind::Added,
        (_, Some(before), Some(after)) => {
            let (was, is) = (JsonType::of(before), JsonType::of(after));
            if was != is {
                types = Some((was, is));
                PatternKind::Type
            } else if same_decimal(before, after) {
                PatternKind::Scale
            } else {
                PatternKind::Value
            }
        }
    };
    let mut key = Key::at(kind, column_path(&path));
    key.types = types;
    let text = |side: Option<&Value>| {
        side.map(|value| match (kind, value) {
            (PatternKind::Order, Value::String(names)) => names.clone(),
            _ => look.shown(value),
        })
    };
    Change {
        suffix: Some(document.suffix.clone()),
        path: Some(path).filter(|path| !path.is_empty()),
        before: text(place.expected),
        after: text(place.actual),
        ..Change::new(key)
    }
}

/// A path without the target's wrapper.
pub(crate) fn inner<'a>(path: &'a str, wrapper: Option<&str>) -> &'a str {
    match wrapper.and_then(|wrapper| path.strip_prefix(wrapper)) {
        Some("") => "",
        Some(rest) => rest.strip_prefix('.').unwrap_or(path),
        None => path,
    }
}

/// Whether two values of one type are the same decimal in other digits. Numbers may be written in any way; of texts only
/// the digits behind the point may differ, because `0101` and `101` are two codes.
fn same_decimal(before: &Value, after: &Value) -> bool {
    let equal = |before: &str, after: &str| matches!((decimal(before), decimal(after)), (Some(a), Some(b)) if a == b);
    match (before, after) {
        (Value::Number(before), Value::Number(after)) => equal(&before.to_string(), &after.to_string()),
        (Value::String(before), Value::String(after)) => {
            let whole = |text: &str| text.split('.').next().map(str::to_owned);
            let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
            plain(before) && plain(after) && whole(before) == whole(after) && equal(before, after)
        }
        _ => false,
    }
}
