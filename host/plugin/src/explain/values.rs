//! Other values for a value: of the same shape and certainly different, then emptier or stranger ones. A change of
//! the same shape usually passes through a plugin and shows where the value goes; the others show what depends on
//! its being there at all. Works on JSON tokens, never on binary floating point.

/// Stands at the end of changed texts; occurs in no real order.
pub(crate) const MARK: char = '◆';
/// What an empty field is filled with: a text, a number, a moment.
const FILLS: [&str; 3] = ["\"x7◆\"", "7", "\"2031-04-05 06:07:08\""];

/// Digits before the point that an amount has at most; what has more is an id, of which no size is tried.
const MOST_OF_AN_AMOUNT: usize = 9;

/// Values of the same shape as the JSON token, certainly other ones. What is empty is filled.
pub(crate) fn alike(token: &str) -> Vec<String> {
    match token.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<String>(token) {
            Ok(text) if is_blank(&text) => FILLS.map(str::to_owned).to_vec(),
            Ok(text) => texts(&text).into_iter().map(|text| quoted(&text)).collect(),
            Err(_) => Vec::new(),
        },
        Some(b'-' | b'0'..=b'9') => numbers(token),
        Some(b't') => vec!["false".to_owned()],
        Some(b'f') => vec!["true".to_owned()],
        _ => FILLS.map(str::to_owned).to_vec(),
    }
}

/// Whole numbers that settings compare with, as in `refund_status in 2,3,4,5`: codes that no change of shape would hit.
pub(crate) fn compared(settings: &str, most: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let numbers = settings
        .split(['"', ',', '(', ')'])
        .filter(|part| part.contains(['=', '<', '>']) || part.contains(" in "));
    // The parts behind the first comma of a list stand alone.
    let alone = settings
        .split(['"', ','])
        .filter(|part| part.trim().bytes().all(|byte| byte.is_ascii_digit()));
    for part in numbers.chain(alone) {
        for word in part.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.') {
            let code = !word.is_empty() && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
            if code && out.len() < most && !out.iter().any(|known| known == word) {
                out.push(word.to_owned());
            }
        }
    }
    out
}

/// Those of `codes` that may stand in place of the token: a short whole number, as a number or in quotes.
pub(crate) fn coded<'c>(token: &str, codes: &'c [String]) -> impl Iterator<Item = String> + use<'c> {
    let inner = token.trim_matches('"');
    let is_code = !inner.is_empty() && inner.len() <= 4 && inner.bytes().all(|byte| byte.is_ascii_digit());
    let (own, quoted) = (inner.to_owned(), token.starts_with('"'));
    let codes = codes.iter().filter(move |code| is_code && **code != own);
    codes.map(move |code| {
        if quoted {
            format!("\"{code}\"")
        } else {
            without_zeros(code)
        }
    })
}

fn without_zeros(code: &str) -> String {
    let plain = code.trim_start_matches('0');
    if plain.is_empty() {
        "0".to_owned()
    } else {
        plain.to_owned()
    }
}

/// Values that most rules refuse or treat apart: of another shape, and empty.
pub(crate) fn unlike(token: &str) -> Vec<String> {
    match token.as_bytes().first() {
        Some(b'"') if is_empty(token) => vec!["null".to_owned()],
        Some(b'"') => {
            let inner = token.trim_matches('"');
            let plain = is_numeric(inner) || moment(inner).is_some();
            let mut out = vec!["\"\"".to_owned()];
            if plain {
                out.push(format!("\"x{MARK}\""));
            }
            out
        }
        Some(b'-' | b'0'..=b'9') => vec!["null".to_owned(), format!("\"x{MARK}\"")],
        Some(b't' | b'f') => vec!["null".to_owned()],
        _ => Vec::new(),
    }
}

/// Whether plugins take a text for empty: blank, or masked by the source.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty() || text.contains("***")
}

/// Whether a token holds nothing: `null`, blank or masked text, an empty container.
pub(crate) fn is_empty(token: &str) -> bool {
    match token.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(token).is_ok_and(|text| is_blank(&text)),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => false,
        _ => true,
    }
}

/// A text as a JSON token.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Other texts of the same shape.
pub(crate) fn texts(text: &str) -> Vec<String> {
    if let Some(long) = moment(text) {
        return moments(text, long);
    }
    if text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Perhaps milliseconds since 1970: other days and times that still are some.
        if let Ok(millis) = text.parse::<u64>() {
            return vec![(millis + 90_061_000).to_string(), (millis + 34_563_661_000).to_string()];
        }
    }
    if is_numeric(text) {
        return numbers(text);
    }
    vec![turned(text, 1), format!("{text}{MARK}7")]
}

fn is_numeric(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && !digits.ends_with('.')
}

/// Other numbers: whole part changed, every digit changed, zero, and for small whole numbers their neighbours, which
/// may be the codes of a list; then one far larger and one of the other sign, which lie beyond most thresholds.
fn numbers(token: &str) -> Vec<String> {
    let (whole, rest) = token.split_at(token.find(['.', 'e', 'E']).unwrap_or(token.len()));
    let mut out = vec![format!("{}{rest}", turned_number(whole, 1)), turned_number(token, 2)];
    if rest.is_empty() && whole.trim_start_matches('-').len() <= 2 {
        out.extend(["0", "1", "2", "3", "5"].map(str::to_owned));
    } else {
        out.push("0".to_owned());
    }
    let (minus, amount) = whole.strip_prefix('-').map_or(("", whole), |amount| ("-", amount));
    if amount.len() <= MOST_OF_AN_AMOUNT {
        let amount = if amount.trim_start_matches('0').is_empty() {
            "1"
        } else {
            amount
        };
        out.push(format!("{minus}{amount}000000{rest}"));
        let turned = turned_number(token.trim_start_matches('-'), 1);
        out.push(if minus.is_empty() { format!("-{turned}") } else { turned });
    }
    let mut seen = vec![token.to_owned()];
    out.retain(|one| {
        let new = !seen.contains(one);
        seen.push(one.clone());
        new
    });
    out
}

/// Every digit moved on by `by`; a first digit does not become 0, and exponents stay.
fn turned_number(token: &str, by: u8) -> String {
    let mut first = true;
    let mut exponent = false;
    token
        .chars()
        .map(|c| match c {
            'e' | 'E' => {
                exponent = true;
                c
            }
            '0'..='9' if !exponent => {
                let moved = (c as u8 - b'0' + by) % 10;
                let moved = if first && moved == 0 { by } else { moved };
                first = false;
                char::from(b'0' + moved)
            }
            c => c,
        })
        .collect()
}

/// Every letter, digit and Han character moved on by `by`; what has none gets a mark.
pub(crate) fn turned(text: &str, by: u8) -> String {
    let moved: String = text
        .chars()
        .map(|c| match c {
            'a'..='z' => char::from(b'a' + (c as u8 - b'a' + by) % 26),
            'A'..='Z' => char::from(b'A' + (c as u8 - b'A' + by) % 26),
            '0'..='9' => char::from(b'0' + (c as u8 - b'0' + by) % 10),
            '\u{4e00}'..='\u{9ffe}' => char::from_u32(u32::from(c) + 1).unwrap_or(c),
            c => c,
        })
        .collect();
    if moved == text { format!("{text}{MARK}") } else { moved }
}

/// Whether a text begins as `YYYY-MM-DD`, and whether a time follows.
fn moment(text: &str) -> Option<bool> {
    let shape = |at: usize, pattern: &[u8]| {
        let bytes = text.as_bytes().get(at..at + pattern.len());
        bytes.is_some_and(|bytes| {
            let fits = |(byte, wanted): (&u8, &u8)| {
                if *wanted == b'0' {
                    byte.is_ascii_digit()
                } else {
                    byte == wanted
                }
            };
            bytes.iter().zip(pattern).all(fits)
        })
    };
    if !shape(0, b"0000-00-00") {
        return None;
    }
    match text.len() {
        10 => Some(false),
        _ => shape(11, b"00:00:00").then_some(true),
    }
}

/// Another day and time, another day alone, another time alone.
fn moments(text: &str, long: bool) -> Vec<String> {
    let day = if text.starts_with("2027-06-17") {
        "2028-07-18"
    } else {
        "2027-06-17"
    };
    if !long {
        return vec![day.to_owned(), "2029-11-08".to_owned()];
    }
    // Both are at ASCII borders, as `moment` has checked.
    let (date, time) = (text.get(..10).unwrap_or_default(), text.get(10..).unwrap_or_default());
    let gap = time.chars().next().unwrap_or(' ');
    let tail = time.get(9..).unwrap_or_default();
    let clock = if time.get(1..9) == Some("11:22:33") {
        "12:23:34"
    } else {
        "11:22:33"
    };
    vec![
        format!("2029-11-08{gap}{clock}{tail}"),
        format!("{day}{time}"),
        format!("{date}{gap}{clock}{tail}"),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_values_keep_the_shape() {
        assert_eq!(alike("2.0000")[..2], ["3.0000", "4.2222"]);
        assert_eq!(alike("\"2.0000\"")[0], "\"3.0000\"");
        assert_eq!(alike("1E+1")[0], "2E+1");
        assert_eq!(alike("9"), ["1", "0", "2", "3", "5", "9000000", "-1"]);
        assert_eq!(alike("-7"), ["-8", "-9", "0", "1", "2", "3", "5", "-7000000", "8"]);
        assert_eq!(alike("16.90")[3..], ["16000000.90", "-27.01"]);
        assert_eq!(alike("0.5")[3..], ["1000000.5", "-1.6"]);
        assert!(
            alike("4501234567890123456")
                .iter()
                .all(|one| !one.starts_with('-') && one.len() <= 19)
        );
        assert_eq!(alike("\"CK09\"")[0], "\"DL10\"");
        assert_eq!(alike("\"西湖路1号\"")[0], "\"覀湗跰2司\"");
        assert_eq!(alike("\"2026-11-05 13:45:12\"")[1], "\"2027-06-17 13:45:12\"");
        assert_eq!(alike("\"1793865600000\"")[0], "\"1793955661000\"");
        assert_eq!(alike("\"\""), FILLS);
        assert_eq!(alike("\"******\""), FILLS, "masked is empty");
        assert_eq!(unlike("\"张**\\u002a\""), ["null"]);
        assert_eq!(alike("null"), FILLS);
        assert_eq!(alike("true"), ["false"]);
    }

    #[test]
    fn codes_that_settings_compare_with_are_tried() {
        let settings =
            r#"{"skip":[{"when":"order_type != 15 and a.refund_status in 2,3,04"}],"fields":{"A":"ST1021"}}"#;
        let codes = compared(settings, 10);
        assert_eq!(codes, ["15", "2", "3", "04"]);
        assert_eq!(coded("3", &codes).collect::<Vec<_>>(), ["15", "2", "4"]);
        assert_eq!(
            coded("\"1\"", &codes).collect::<Vec<_>>(),
            ["\"15\"", "\"2\"", "\"3\"", "\"04\""]
        );
        assert_eq!(coded("2.50", &codes).count(), 0);
    }

    proptest! {
        #[test]
        fn other_values_are_json_and_other(text in ".{0,12}", number in "-?(0|[1-9][0-9]{0,6})(\\.[0-9]{1,4})?([eE][+-]?[0-9])?") {
            for token in [quoted(&text), number] {
                let others: Vec<String> = alike(&token).into_iter().chain(unlike(&token)).collect();
                prop_assert!(!others.is_empty());
                for other in others {
                    prop_assert_ne!(&other, &token);
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&other).is_ok(), "{}", other);
                }
            }
        }
    }
}
