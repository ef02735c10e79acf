//! Personal values out of everything that is shown: bodies, differences, messages, requests and replies. Uses the
//! catalogues through `dukou_core::mask`; where there is no definition to tell personal fields, bodies are withheld.

use dukou_core::catalogue::Catalogue;
use dukou_core::document::FieldDiff;
use dukou_core::mask::Secrets;
use dukou_core::{catalogue, mask};
use serde_json::{Map, Value};

use super::{Lens, Personal};
use crate::lang::Lang;

/// Which side's catalogue a body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A record.
    Source,
    /// A document.
    Target,
}

fn catalogue_of<'a>(lens: &Lens<'a>, side: Side) -> Option<&'a Catalogue> {
    match (lens.personal, side) {
        (Personal::Known { source, .. }, Side::Source) => source,
        (Personal::Known { target, .. }, Side::Target) => target,
        (Personal::Withheld, _) => None,
    }
}

fn withheld(lens: &Lens<'_>) -> bool {
    matches!(lens.personal, Personal::Withheld)
}

/// A body for people: pretty, masked, safe for a terminal.
pub fn body_text(lens: &Lens<'_>, side: Side, body: &str) -> String {
    if withheld(lens) {
        return lens.lang.text("record.withheld", &[("bytes", &body.len())]);
    }
    super::text::clean_block(&mask::mask_json(body, catalogue_of(lens, side)))
}

/// A body for machines: masked JSON; null where it is withheld or not JSON.
pub fn body_json(lens: &Lens<'_>, side: Side, body: &str) -> Value {
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) if !withheld(lens) => {
            if let Some(catalogue) = catalogue_of(lens, side) {
                mask::mask_value(&mut value, catalogue);
            }
            value
        }
        _ => Value::Null,
    }
}

/// The personal values of records, to hide them wherever a mapping put them; none where the source has no catalogue.
/// Values of one character are not among them: they would hit everything.
pub fn secrets<'b>(lens: &Lens<'_>, records: impl IntoIterator<Item = &'b str>) -> Secrets {
    catalogue_of(lens, Side::Source).map_or_else(Secrets::default, |source| Secrets::of(records, source))
}

/// A body as the bytes that it is, where nothing in it is personal: neither by its catalogue nor one of `secrets`.
///
/// # Errors
/// Otherwise, and where that cannot be told: the same text with its personal values masked.
pub fn exact(lens: &Lens<'_>, side: Side, body: &str, secrets: &Secrets) -> Result<String, String> {
    if withheld(lens) {
        return Err(lens.lang.text("record.withheld", &[("bytes", &body.len())]));
    }
    let catalogue = catalogue_of(lens, side);
    if catalogue.is_none() && secrets.is_empty() {
        return Ok(body.to_owned());
    }
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return Err(mask::mask_json(body, None));
    };
    let mut hidden = value.clone();
    if let Some(catalogue) = catalogue {
        mask::mask_value(&mut hidden, catalogue);
    }
    secrets.hide_value(&mut hidden);
    if hidden == value {
        Ok(body.to_owned())
    } else {
        Err(hidden.to_string())
    }
}

/// A difference with personal values masked, wherever its path or the inside of its values is personal.
pub fn difference(lens: &Lens<'_>, side: Side, diff: &FieldDiff) -> FieldDiff {
    let hide = |text: &Option<String>| {
        text.as_ref().map(|text| match catalogue_of(lens, side) {
            _ if withheld(lens) => "**".to_owned(),
            None => text.clone(),
            Some(catalogue) => value_at(&diff.path, text, catalogue),
        })
    };
    FieldDiff {
        path: diff.path.clone(),
        before: hide(&diff.before),
        after: hide(&diff.after),
    }
}

/// The values of a record's shown columns with their headings, masked where the column is a personal field of the
/// source. Nothing where the columns were named otherwise when the record was read.
pub fn columns(lens: &Lens<'_>, values: &[String]) -> Vec<(String, String)> {
    if withheld(lens) || values.len() != lens.columns.len() {
        return Vec::new();
    }
    let source = catalogue_of(lens, Side::Source);
    let shown = lens.columns.iter().zip(values).map(|(name, value)| {
        let personal = source.is_some_and(|catalogue| mask::is_personal(name, catalogue));
        (name.clone(), if personal { mask::masked(value) } else { value.clone() })
    });
    shown.collect()
}

/// A field's path for people: with its Chinese label for those who read Chinese.
pub fn labelled(lens: &Lens<'_>, side: Side, path: &str) -> String {
    let shown = super::text::short(path, 80);
    let Some(catalogue) = catalogue_of(lens, side).filter(|_| lens.lang == Lang::Zh) else {
        return shown;
    };
    let plain = catalogue::plain_path(path);
    let inner = catalogue
        .wrapper
        .as_ref()
        .and_then(|wrapper| plain.strip_prefix(&format!("{wrapper}.")));
    match catalogue.field(inner.unwrap_or(&plain)) {
        Some(field) => format!("{shown} ({})", field.label),
        None => shown,
    }
}

/// Masks the JSON text `text` as the value at `path`, by rebuilding the objects around it.
fn value_at(path: &str, text: &str, catalogue: &Catalogue) -> String {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return "**".to_owned();
    };
    let plain = catalogue::plain_path(path);
    let steps: Vec<&str> = plain.split('.').filter(|step| !step.is_empty()).collect();
    let mut outer = steps.iter().rev().fold(value, |inner, step| {
        let mut object = Map::new();
        object.insert((*step).to_owned(), inner);
        Value::Object(object)
    });
    mask::mask_value(&mut outer, catalogue);
    let inner = steps.iter().try_fold(&outer, |value, step| value.get(step));
    inner.map_or_else(|| "**".to_owned(), Value::to_string)
}

/// A sentence, request or reply for people and machines: known personal values of the given bodies replaced, and the
/// values of keys that either catalogue calls personal, also inside JSON that is itself text.
pub fn message(lens: &Lens<'_>, text: &str, bodies: &[(Side, &str)]) -> String {
    let mut out = text.to_owned();
    for side in [Side::Source, Side::Target] {
        if let Some(catalogue) = catalogue_of(lens, side) {
            for field in catalogue.fields.iter().filter(|field| field.personal) {
                let name = field.path.rsplit('.').next().unwrap_or(&field.path);
                out = hide_named(&out, name);
            }
        }
    }
    for (side, body) in bodies {
        if let Some(catalogue) = catalogue_of(lens, *side) {
            out = mask::mask_message(&out, body, catalogue);
        }
    }
    out
}

/// A reply, a look-up or a plugin's own words: as [`message`], but withheld where personal fields cannot be told.
pub fn reply(lens: &Lens<'_>, text: &str, bodies: &[(Side, &str)]) -> String {
    if withheld(lens) {
        return lens.lang.text("record.withheld", &[("bytes", &text.len())]);
    }
    message(lens, text, bodies)
}

/// Replaces every `"name": value` in `text`, JSON or JSON written inside a JSON string.
fn hide_named(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        out.push_str(before);
        out.push_str(name);
        rest = after;
        let quote = if before.ends_with("\\\"") {
            "\\\""
        } else if before.ends_with('"') {
            "\""
        } else {
            continue;
        };
        let Some(colon) = after
            .strip_prefix(quote)
            .map(str::trim_start)
            .and_then(|text| text.strip_prefix(':'))
        else {
            continue;
        };
        let value = colon.trim_start();
        out.push_str(quote);
        out.push(':');
        rest = match value.strip_prefix(quote) {
            Some(inside) => {
                let end = closing(inside, quote);
                let shown = if end == 0 {
                    String::new()
                } else {
                    mask::masked(&inside[..end])
                };
                out.push_str(&format!("{quote}{shown}{quote}"));
                inside.get(end + quote.len()..).unwrap_or("")
            }
            None if value.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                out.push_str(&format!("{quote}**{quote}"));
                value.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'))
            }
            None => value,
        };
    }
    out.push_str(rest);
    out
}

/// Where the string value that `inside` starts with ends; its whole length when it was cut off.
fn closing(inside: &str, quote: &str) -> usize {
    if quote == "\\\"" {
        return inside.find(quote).unwrap_or(inside.len());
    }
    let mut escaped = false;
    for (index, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index,
            _ => {}
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Catalogue {
        Catalogue::parse(include_str!(
            "../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
        ))
        .unwrap()
    }

    fn source() -> Catalogue {
        Catalogue::parse(include_str!(
            "../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
        ))
        .unwrap()
    }

    fn diff(path: &str, before: &str) -> FieldDiff {
        FieldDiff {
            path: path.into(),
            before: Some(before.into()),
            after: None,
        }
    }

    #[test]
    fn differences_hide_personal_values_at_and_below_their_path() {
        let (source, target) = (source(), target());
        let mut lens = Lens::plain(Lang::En, "2026-11-01T00:00:00Z".parse().unwrap());
        let personal = diff("dto.DispatchAddress", "\"西湖路1号\"");
        assert_eq!(difference(&lens, Side::Target, &personal).before.as_deref(), Some("**"));
        lens.personal = Personal::Known {
            source: Some(&source),
            target: Some(&target),
        };
        assert_eq!(
            difference(&lens, Side::Target, &personal).before.as_deref(),
            Some("\"西**\"")
        );
        let whole = diff("dto", r#"{"DispatchAddress":"西湖路1号","Memo":"m"}"#);
        assert_eq!(
            difference(&lens, Side::Target, &whole).before.as_deref(),
            Some(r#"{"DispatchAddress":"西**","Memo":"m"}"#)
        );
        let other = diff("dto.RDRecordDetails[0].BaseQuantity", "1.00");
        assert_eq!(difference(&lens, Side::Target, &other).before.as_deref(), Some("1.00"));
        let record = diff("receiver_mobile", "13800000000");
        assert_eq!(
            difference(&lens, Side::Source, &record).before.as_deref(),
            Some("\"**\"")
        );
    }

    #[test]
    fn replies_hide_personal_keys_plain_nested_and_cut_off() {
        let (source, target) = (source(), target());
        let mut lens = Lens::plain(Lang::En, "2026-11-01T00:00:00Z".parse().unwrap());
        lens.personal = Personal::Known {
            source: Some(&source),
            target: Some(&target),
        };
        for (given, shown) in [
            (
                r#"{"data":{"DispatchAddress" : "西湖路\"1\"号","n":1}}"#,
                r#"{"data":{"DispatchAddress":"西**","n":1}}"#,
            ),
            (
                r#"{"result":"{\"DispatchAddress\":\"西湖路\",\"n\":1}"}"#,
                r#"{"result":"{\"DispatchAddress\":\"西**\",\"n\":1}"}"#,
            ),
            (
                r#"{"receiver_mobile":13800000000,"n":1}"#,
                r#"{"receiver_mobile":"**","n":1}"#,
            ),
            (r#"{"DispatchAddress":null,"n":1}"#, r#"{"DispatchAddress":null,"n":1}"#),
            (r#"{"DispatchAddress":"西湖"#, r#"{"DispatchAddress":"西**""#),
            ("DispatchAddress is too long", "DispatchAddress is too long"),
        ] {
            assert_eq!(message(&lens, given, &[]), shown);
        }
        let said = message(
            &lens,
            "地址 西湖路1号 太长",
            &[(Side::Target, r#"{"dto":{"DispatchAddress":"西湖路1号"}}"#)],
        );
        assert_eq!(said, "地址 西** 太长");
    }

    #[test]
    fn a_memo_of_name_and_mobile_is_not_exact_and_another_is() {
        let (source, target) = (source(), target());
        let mut lens = Lens::plain(Lang::En, "2026-11-01T00:00:00Z".parse().unwrap());
        lens.personal = Personal::Known {
            source: Some(&source),
            target: Some(&target),
        };
        let found = secrets(&lens, [r#"{"receiver_name":"戊先生","receiver_mobile":"10000027780"}"#]);
        assert_eq!(
            exact(
                &lens,
                Side::Target,
                r#"{"dto":{"Memo":"戊先生 10000027780","Code":"CK1"}}"#,
                &found
            ),
            Err(r#"{"dto":{"Memo":"戊** 1**","Code":"CK1"}}"#.to_owned())
        );
        let harmless = r#"{"dto": {"Memo":"10000027781","Code":"CK1"}}"#;
        assert_eq!(exact(&lens, Side::Target, harmless, &found), Ok(harmless.to_owned()));
        lens.personal = Personal::Known {
            source: None,
            target: Some(&target),
        };
        assert!(secrets(&lens, [r#"{"receiver_name":"戊先生"}"#]).is_empty());
    }
}
