//! Reading vendor replies as text without trusting them: byte order marks, invalid UTF-8, HTML where JSON belongs, and
//! objects whose values stay the bytes they came as. Does not know any vendor's envelope.

use std::collections::BTreeMap;

use dukou_core::json;
use serde_json::value::RawValue;

/// An object's fields; values are slices of the reply.
pub(crate) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The reply as text, without a byte order mark; `Err` shows its first bytes.
pub(crate) fn decode(body: &[u8]) -> Result<&str, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::str::from_utf8(body)
        .map_err(|error| format!("not UTF-8 from byte {}: {}", error.valid_up_to(), first_bytes(body)))
}

/// The first bytes with everything unprintable escaped.
pub(crate) fn first_bytes(body: &[u8]) -> String {
    let shown = &body[..body.len().min(64)];
    let more = if body.len() > shown.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_ascii())
}

/// The start of a text on one line, for reasons.
pub(crate) fn excerpt(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 200 {
        line.chars().take(199).collect::<String>() + "…"
    } else {
        line
    }
}

/// At most `bytes` bytes of a text, cut between characters.
pub(crate) fn bounded(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether it looks like a web page.
pub(crate) fn is_markup(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// The fields of a JSON object; `None` if the text is anything else.
pub(crate) fn object(text: &str) -> Option<Fields<'_>> {
    serde_json::from_str(text).ok()
}

/// The elements of a JSON array; `None` if the text is anything else.
pub(crate) fn array(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// The first of `names` whose value is a string, number or boolean that is not blank, as trimmed text.
pub(crate) fn scalar(fields: &Fields<'_>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| fields.get(*name).and_then(|raw| text(raw)))
}

/// Like [`scalar`], whatever the case of the names.
pub(crate) fn scalar_any_case(fields: &Fields<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| any_case(fields, name).and_then(text))
}

/// The field of this name, exact case first.
pub(crate) fn any_case<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a RawValue> {
    fields.get(name).copied().or_else(|| {
        fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, raw)| *raw)
    })
}

/// A scalar as trimmed text; `None` if it is blank, null, an object or a list.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    json::scalar_text(raw)
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}
