//! The words of a reason without its values: what one cause says of every group. Numbers, quoted text and masked values are
//! left out; an index or a code keeps its letters.

/// What stands for a value that was left out.
const LEFT_OUT: char = '…';

/// A reason taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wording {
    /// The words, with `…` for each value.
    pub(crate) words: String,
    /// The values, in order, as they stand there.
    pub(crate) values: Vec<String>,
}

impl Wording {
    pub(crate) fn of(reason: &str) -> Self {
        let mut found = Self {
            words: String::with_capacity(reason.len()),
            values: Vec::new(),
        };
        let mut rest = reason;
        while let Some(next) = rest.chars().next() {
            // `24"` is a size: no quotation begins behind a digit.
            let is_size = next == '"' && reason[..reason.len() - rest.len()].ends_with(|c: char| c.is_ascii_digit());
            let length = if is_size { 0 } else { value_at(rest, &found.words) };
            let (taken, behind) = rest.split_at(length.max(next.len_utf8()));
            rest = behind;
            if length == 0 {
                found.words.push_str(taken);
            } else {
                found.values.push(taken.to_owned());
                found.words.push(LEFT_OUT);
            }
        }
        found
    }
}

/// How many bytes of `text` are a value; 0 if it begins with words. `before` are the words that it follows.
fn value_at(text: &str, before: &str) -> usize {
    match text.chars().next() {
        Some('"') => quoted(text, '"'),
        Some('“') => quoted(text, '”'),
        Some('-') if !before.ends_with(|c: char| c.is_alphanumeric() || c == LEFT_OUT) => match number(&text[1..]) {
            0 => 0,
            length => length + 1,
        },
        Some('*') if text.starts_with("**") => 2,
        Some(first) => match number(text) {
            // `张**`, and `1**` of a number.
            0 if !first.is_whitespace() && text[first.len_utf8()..].starts_with("**") => first.len_utf8() + 2,
            length if text[length..].starts_with("**") => length + 2,
            length => length,
        },
        None => 0,
    }
}

/// A quotation with both its marks, or to the end of a text that was cut; 0 for a mark that nothing closes.
fn quoted(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == end && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    if text.ends_with(LEFT_OUT) { text.len() } else { 0 }
}

/// `3`, `110.50`, `1,234.5`, `1E+3`; a point or comma behind it is the sentence's.
fn number(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let mut length = digits(0);
    if length == 0 {
        return 0;
    }
    while matches!(byte(length), Some(b'.' | b',')) && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(byte(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_has_one_wording_whatever_its_values() {
        for (reason, words, values) in [
            (
                "the lines sum up to 30, the source to 3",
                "the lines sum up to …, the source to …",
                "30|3",
            ),
            (
                "the lines sum up to 110.50, the source to 11.5.",
                "the lines sum up to …, the source to ….",
                "110.50|11.5",
            ),
            ("no row for key \"SHOP04\"", "no row for key …", "\"SHOP04\""),
            ("\"a \\\" 1\" and “二” are two", "… and … are two", "\"a \\\" 1\"|“二”"),
            ("CK0001 lacks lines[12].Q", "CK… lacks lines[…].Q", "0001|12"),
            ("between -1,234.50 and 1E+3", "between … and …", "-1,234.50|1E+3"),
            ("on 2026-11-05", "on …-…-…", "2026|11|05"),
            ("戊** at 1** is too long", "… at … is too long", "戊**|1**"),
            ("T is **, L too", "T is …, L too", "**"),
            ("a cut \"valu…", "a cut …", "\"valu…"),
            ("a lone \" of 3", "a lone \" of …", "3"),
            ("显示器 24\" 没有编码", "显示器 …\" 没有编码", "24"),
            ("显示器 24\" 已停用", "显示器 …\" 已停用", "24"),
            ("显示器 24\" 已停用…", "显示器 …\" 已停用…", "24"),
            ("24\" 与 27\" 不同: \"A\"", "…\" 与 …\" 不同: …", "24|27|\"A\""),
            ("赠品 - no value", "赠品 - no value", ""),
            ("", "", ""),
        ] {
            let found = Wording::of(reason);
            assert_eq!(
                (found.words.as_str(), found.values.join("|").as_str()),
                (words, values),
                "{reason}"
            );
        }
    }
}
