//! Writing JSON text by hand, as `serde_json` would write it.
//!
//! A mapping that appends to one `String` needs no tree and keeps number tokens as they are. Nothing here reads.

/// Appends `text` as a JSON string, quotes included.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    push_inside(out, text);
    out.push('"');
}

/// Appends `text` as the inside of a JSON string, for values that are put together from parts.
pub fn push_inside(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        // An escaped byte is ASCII, so both cuts are character boundaries.
        out.push_str(&text[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(DIGITS[usize::from(control >> 4)]));
                out.push(char::from(DIGITS[usize::from(control & 15)]));
            }
        }
    }
    out.push_str(&text[written..]);
}

/// `text` as a JSON string.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_text(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn writes_what_serde_json_writes(text in "(?s).{0,64}") {
            prop_assert_eq!(super::text(&text), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn escapes_every_control_character() {
        for code in 0..0x80_u8 {
            let text = format!("a{}b", char::from(code));
            assert_eq!(super::text(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
