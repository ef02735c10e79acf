//! What the host and the stock plugins said of a record, in the language of who reads it. Stored sentences are English, and
//! the contract gives them no parts, so each is read by the pattern of its code (`lang/said.en.toml`) and its values are put
//! into the other language's. What no pattern knows, such as another plugin's words, stays as it is.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::lang::Lang;

/// Longer sentences are a plugin's own: reading one costs more with every character.
const MOST_BYTES: usize = 2_000;
/// The value that is itself a sentence of the same code.
const INNER: &str = "said";
/// The values that only a known word can be: anything else means that the sentence was cut at the wrong place.
const WORDS: [&str; 2] = ["wanted", "fault"];
/// The value that only a number can be, masked or left out: `(+08:00)` is no count.
const COUNT: &str = "count";

/// A stored sentence in a person's language. Masked or not; give it whole, and shorten what comes back. Machines are given
/// the sentence itself.
pub fn said<'m>(lang: Lang, code: &str, message: &'m str) -> Cow<'m, str> {
    if lang == Lang::En || message.len() > MOST_BYTES {
        return Cow::Borrowed(message);
    }
    say(lang, code, message).map_or(Cow::Borrowed(message), Cow::Owned)
}

/// A sentence whose code stands before it: `lookup.miss: table …`.
pub fn said_with_code<'m>(lang: Lang, text: &'m str) -> Cow<'m, str> {
    let Some((code, message)) = text.split_once(": ") else {
        return Cow::Borrowed(text);
    };
    match said(lang, code, message) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(message) => Cow::Owned(format!("{code}: {message}")),
    }
}

fn say(lang: Lang, code: &str, message: &str) -> Option<String> {
    let family = code.split_once('.').map_or(code, |(family, _)| family);
    let families = ["any", code, family];
    let (pattern, values) = families.iter().find_map(|of| best(of, message))?;
    let mut out = String::new();
    for piece in pieces(&lang.t(pattern.key)) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Value(name) => {
                let value = values
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or("", |value| value.1);
                if name == INNER {
                    out.push_str(&said(lang, code, value));
                } else {
                    out.push_str(&word(lang, value));
                }
            }
        }
    }
    Some(out)
}

/// A value in the other language, if it is one of the known words.
fn word(lang: Lang, value: &str) -> Cow<'_, str> {
    known(value).map_or(Cow::Borrowed(value), |key| Cow::Owned(lang.t(key)))
}

/// The key of a known word.
fn known(value: &str) -> Option<&'static str> {
    let mut words = Lang::En.section("said.word.");
    words.find(|(_, text)| *text == value).map(|(key, _)| key)
}

struct Pattern {
    key: &'static str,
    /// What it is of: a code, the family of codes before the dot, or `any`.
    of: &'static str,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(String),
}

fn patterns() -> &'static [Pattern] {
    static PATTERNS: OnceLock<Vec<Pattern>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        Lang::En
            .section("said.")
            .filter_map(|(key, text)| {
                let (of, _) = key.strip_prefix("said.")?.rsplit_once('.')?;
                Some(Pattern {
                    key,
                    of,
                    pieces: pieces(text),
                })
            })
            .collect()
    })
}

/// The pattern of a code that says most of the sentence, with the values.
fn best<'m>(of: &str, message: &'m str) -> Option<(&'static Pattern, Values<'m>)> {
    let fixed = |pattern: &Pattern| -> usize {
        let texts = pattern.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Value(_) => 0,
        });
        texts.sum()
    };
    let of_code = patterns().iter().filter(|pattern| pattern.of == of);
    of_code
        .filter_map(|pattern| Some((pattern, values(&pattern.pieces, message)?)))
        .max_by_key(|(pattern, _)| fixed(pattern))
}

/// Names and what stands for them.
type Values<'m> = Vec<(&'static str, &'m str)>;

/// The values that make `text` of the pieces; each can stand for its name, and none ends within a quotation.
fn values<'m>(pieces: &'static [Piece], text: &'m str) -> Option<Values<'m>> {
    match pieces {
        [] => text.is_empty().then(Vec::new),
        [Piece::Text(fixed), rest @ ..] => values(rest, text.strip_prefix(fixed.as_str())?),
        [Piece::Value(name)] => can_be(name, text).then(|| vec![(name.as_str(), text)]),
        [Piece::Value(name), rest @ ..] => {
            let [Piece::Text(fixed), ..] = rest else { return None };
            text.match_indices(fixed.as_str())
                .filter(|(at, _)| can_be(name, &text[..*at]) && !is_open(&text[..*at]))
                .find_map(|(at, _)| {
                    let mut found = values(rest, &text[at..])?;
                    found.insert(0, (name, &text[..at]));
                    Some(found)
                })
        }
    }
}

/// Whether the value can stand for the name.
fn can_be(name: &str, value: &str) -> bool {
    let is_count = |c: char| c.is_ascii_digit() || matches!(c, '…' | '*');
    match name {
        COUNT => !value.is_empty() && value.chars().all(is_count),
        // Or a shape in JSON: `{"Code": "…"}`.
        name if WORDS.contains(&name) => known(value).is_some() || (value.starts_with("{\"") && value.ends_with('}')),
        _ => !value.is_empty(),
    }
}

/// Whether a quotation that begins in the value goes on behind it.
fn is_open(value: &str) -> bool {
    let (mut open, mut escaped) = (false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = open,
            '"' => open = !open,
            _ => {}
        }
    }
    open
}

fn pieces(template: &str) -> Vec<Piece> {
    let (mut out, mut rest) = (Vec::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        out.push(Piece::Value(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    out
}

#[cfg(test)]
mod tests;
