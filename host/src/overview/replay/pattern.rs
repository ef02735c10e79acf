//! One pattern of difference: its headline, the values that changed most often and its example, for the plan of a
//! deployment as for the report of a replay. Personal values are masked by their path here.

use std::fmt::Display;

use dukou_core::catalogue::{Catalogue, plain_path};
use dukou_core::document::FieldDiff;
use dukou_replay::{Cause, Pattern, PatternKind, ValueChange};
use serde_json::{Value, json};

use super::super::mask::{self, Side};
use super::super::said::said;
use super::super::text::{clean, count, money, short};
use super::super::{Lens, Personal};

/// Characters of a value in a line of text.
const VALUE_CHARS: usize = 80;
/// Characters of a reason.
const REASON_CHARS: usize = 160;
/// What stands for a value that is not there.
pub const ABSENT: &str = "∅";

/// One changed value, masked; `None` where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// JSON text before, or for people the words of a verdict.
    pub before: Option<String>,
    /// JSON text after.
    pub after: Option<String>,
}

/// The pattern for people: what differs, the most frequent changes, the first example.
pub fn text(lens: &Lens<'_>, pattern: &Pattern) -> String {
    let lang = lens.lang;
    let mut out = format!("[{}] {}\n", pattern.id, headline(lens, pattern));
    if pattern.values.len() > 1 {
        let list: Vec<String> = pattern
            .values
            .iter()
            .map(|one| {
                let sides = values(lens, pattern, one);
                let told = match (&pattern.cause, sides.before.as_ref().or(sides.after.as_ref())) {
                    (Some(_), Some(values)) => short(values, VALUE_CHARS),
                    _ => arrow(&sides, VALUE_CHARS),
                };
                format!("{told} ×{}", count(one.count))
            })
            .collect();
        out.push_str(&format!("    {}\n", list.join("  ")));
    }
    let sides = example(lens, pattern);
    let place = place(lens, pattern);
    let chars = if pattern.kind.is_verdict() {
        REASON_CHARS
    } else {
        VALUE_CHARS
    };
    let arguments: [(&str, &dyn Display); 2] = [("place", &place), ("change", &arrow(&sides, chars))];
    out.push_str(&format!("    {}\n", lang.text("replay.example", &arguments)));
    out
}

/// What differs, in how many groups, and their money.
pub fn headline(lens: &Lens<'_>, pattern: &Pattern) -> String {
    let lang = lens.lang;
    let figures: [(&str, &dyn Display); 4] = [
        ("groups", &count(pattern.groups)),
        ("places", &count(pattern.places)),
        ("what", &what(lens, pattern)),
        ("amount", &money(pattern.amount)),
    ];
    let key = if pattern.places > pattern.groups {
        "replay.headline-places"
    } else {
        "replay.headline"
    };
    lang.text(key, &figures)
}

/// What differs, without figures: `RDRecordDetails[].BaseQuantity (数量): 文本 → 数字`.
pub fn what(lens: &Lens<'_>, pattern: &Pattern) -> String {
    let lang = lens.lang;
    let how = match pattern.types {
        Some((before, after)) => {
            let word = |word: &str| lang.t(&format!("replay.type.{word}"));
            format!("{} → {}", word(before.word()), word(after.word()))
        }
        None => lang.t(&format!("replay.kind.{}", pattern.kind.word())),
    };
    let side = if is_of_record(pattern.kind) {
        Side::Source
    } else {
        Side::Target
    };
    let path = pattern.path.as_deref().map(|path| mask::labelled(lens, side, path));
    let mut out = match (&path, pattern.kind.is_verdict()) {
        (Some(path), false) => format!("{path}: {how}"),
        _ => how,
    };
    if let Some(cause) = &pattern.cause {
        let code = cause.code.as_ref().map(|code| format!(" [{}]", short(code, 60)));
        let at = path
            .filter(|_| pattern.kind.is_verdict())
            .map(|path| format!(" {path}"));
        let said = said(lens.lang, cause.code.as_deref().unwrap_or("skipped"), &cause.message);
        let reason = short(&mask::reply(lens, &said, &[]), REASON_CHARS);
        out.push_str(&format!(
            ":{}{} {reason}",
            code.unwrap_or_default(),
            at.unwrap_or_default()
        ));
    }
    out
}

/// The reason as it was given, masked as far as that is possible without its record.
pub fn reason(lens: &Lens<'_>, cause: &Cause) -> String {
    short(&mask::reply(lens, &cause.message, &[]), REASON_CHARS)
}

/// Where the example is: group, document, path.
pub fn place(lens: &Lens<'_>, pattern: &Pattern) -> String {
    let example = &pattern.example;
    let mut out = clean(&example.group);
    if let Some(suffix) = &example.suffix {
        out.push_str(&clean(suffix));
    }
    if let Some(path) = &example.path {
        let side = if is_of_record(pattern.kind) {
            Side::Source
        } else {
            Side::Target
        };
        out.push(' ');
        out.push_str(&mask::labelled(lens, side, path));
    }
    out
}

/// One of the most frequent changes, masked; with a cause the values that its words leave out, on the side that it is of.
pub fn values(lens: &Lens<'_>, pattern: &Pattern, one: &ValueChange) -> Sides {
    if pattern.cause.is_none() {
        return sides(lens, pattern, pattern.path.as_deref(), &one.before, &one.after);
    }
    let side = |text: &Option<String>| text.as_ref().map(|text| clean(&mask::reply(lens, text, &[])));
    Sides {
        before: side(&one.before),
        after: side(&one.after),
    }
}

/// The example's values, masked.
pub fn example(lens: &Lens<'_>, pattern: &Pattern) -> Sides {
    let example = &pattern.example;
    let path = example.path.as_deref().or(pattern.path.as_deref());
    sides(lens, pattern, path, &example.before, &example.after)
}

/// Values at a path, masked by the target's catalogue; verdicts in words.
pub fn sides(
    lens: &Lens<'_>,
    pattern: &Pattern,
    path: Option<&str>,
    before: &Option<String>,
    after: &Option<String>,
) -> Sides {
    let each = |f: &dyn Fn(&String) -> String| Sides {
        before: before.as_ref().map(f),
        after: after.as_ref().map(f),
    };
    match pattern.kind {
        kind if kind.is_verdict() => each(&|text| verdict(lens, text)),
        // Names of members and suffixes of documents, no values.
        PatternKind::Order => each(&|text| clean(text)),
        PatternKind::NewlyOmitted | PatternKind::NoLongerOmitted => each(&|text| clean(&mask::reply(lens, text, &[]))),
        // Two texts of one document, cut anywhere: nothing tells personal values apart in them.
        PatternKind::Writing => each(&|text| lens.lang.text("record.withheld", &[("bytes", &text.len())])),
        _ => {
            let diff = FieldDiff {
                path: path.unwrap_or_default().to_owned(),
                before: before.clone(),
                after: after.clone(),
            };
            let masked = masked(lens, &diff);
            Sides {
                before: masked.before.map(|text| clean(&text)),
                after: masked.after.map(|text| clean(&text)),
            }
        }
    }
}

/// A difference with its personal values masked. Lists and objects that were cut cannot be told apart, so they are only
/// shown where nothing at, above or below their path is personal. What is no body has no catalogue, and is never shown.
fn masked(lens: &Lens<'_>, diff: &FieldDiff) -> FieldDiff {
    if diff.path.starts_with("extra:") {
        let hidden = |text: &Option<String>| text.as_ref().map(|_| "**".to_owned());
        return FieldDiff {
            path: diff.path.clone(),
            before: hidden(&diff.before),
            after: hidden(&diff.after),
        };
    }
    match lens.personal {
        Personal::Known {
            target: Some(catalogue),
            ..
        } if is_harmless(catalogue, &plain_path(&diff.path)) => diff.clone(),
        _ => mask::difference(lens, Side::Target, diff),
    }
}

fn is_harmless(catalogue: &Catalogue, path: &str) -> bool {
    let below = |field: &str| path.is_empty() || field.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let above = |field: &str| path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'));
    let personal = catalogue.fields.iter().filter(|field| field.personal);
    let mut touched = personal.filter(|field| field.path == path || below(&field.path) || above(&field.path));
    touched.next().is_none()
}

/// Whether the path is one of the record.
fn is_of_record(kind: PatternKind) -> bool {
    matches!(kind, PatternKind::NewlyOmitted | PatternKind::NoLongerOmitted)
}

/// `{"rejected":{"code":…}}` in words.
fn verdict(lens: &Lens<'_>, text: &str) -> String {
    let Value::Object(object) = masked_verdict(lens, text) else {
        return clean(text);
    };
    let Some((word, inner)) = object.into_iter().next() else {
        return clean(text);
    };
    let told = match &inner {
        Value::String(reason) => said(lens.lang, "skipped", reason).into_owned(),
        Value::Object(problem) => {
            let part = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
            let place = match part("path") {
                "" => String::new(),
                path => format!(" {path}"),
            };
            let (code, message) = (part("code"), part("message"));
            format!("[{code}]{place} {}", said(lens.lang, code, message))
        }
        other => other.to_string(),
    };
    lens.lang
        .text(&format!("replay.verdict.{word}"), &[("told", &clean(&told))])
}

/// A verdict with its reasons masked as far as that is possible without the record.
fn masked_verdict(lens: &Lens<'_>, text: &str) -> Value {
    let Ok(Value::Object(mut object)) = serde_json::from_str::<Value>(text) else {
        return Value::Null;
    };
    for inner in object.values_mut() {
        let reason = match inner {
            Value::Object(problem) => problem.get_mut("message"),
            other => Some(other),
        };
        if let Some(Value::String(reason)) = reason {
            *reason = mask::reply(lens, reason, &[]);
        }
    }
    Value::Object(object)
}

fn arrow(sides: &Sides, chars: usize) -> String {
    let side = |text: &Option<String>| match text {
        Some(text) => short(text, chars),
        None => ABSENT.to_owned(),
    };
    format!("{} → {}", side(&sides.before), side(&sides.after))
}

/// The pattern for machines; personal values are masked.
pub fn to_json(lens: &Lens<'_>, pattern: &Pattern) -> Value {
    let values: Vec<Value> = pattern
        .values
        .iter()
        .map(|one| {
            let sides = values(lens, pattern, one);
            json!({ "before": sides.before, "after": sides.after, "count": one.count })
        })
        .collect();
    let example = &pattern.example;
    let sides = if pattern.kind.is_verdict() {
        let side = |text: &Option<String>| text.as_ref().map(|text| masked_verdict(lens, text).to_string());
        Sides {
            before: side(&example.before),
            after: side(&example.after),
        }
    } else {
        self::example(lens, pattern)
    };
    json!({
        "id": pattern.id,
        "kind": pattern.kind.word(),
        "path": pattern.path,
        "types": pattern.types.map(|(before, after)| json!({ "before": before.word(), "after": after.word() })),
        "cause": pattern.cause.as_ref().map(|cause| json!({ "code": cause.code, "message": reason(lens, cause) })),
        "groups": pattern.groups,
        "amount": pattern.amount.to_string(),
        "places": pattern.places,
        "values": values,
        "example": {
            "group": example.group,
            "suffix": example.suffix,
            "path": example.path,
            "before": sides.before,
            "after": sides.after,
        },
    })
}
