//! Writing JSON text around pieces of JSON text, so that every token stays as it was: a value that is read and written
//! again turns `1E+1` into `1e+1`. Pieces have to be JSON; nothing here checks that.

/// An object that grows member by member.
pub(crate) struct ObjectText(String);

impl ObjectText {
    pub(crate) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a member whose value is JSON text.
    pub(crate) fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// Adds a member whose value is a text.
    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.raw(key, &quoted(text))
    }

    pub(crate) fn finish(&mut self) -> String {
        let mut out = std::mem::take(&mut self.0);
        out.push('}');
        out
    }
}

/// A list of pieces.
pub(crate) fn list(pieces: impl Iterator<Item = String>) -> String {
    format!("[{}]", pieces.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Compact JSON text on many lines, indented by two; empty objects and lists stay together.
pub(crate) fn pretty(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let (mut in_text, mut escaped, mut just_opened) = (false, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in compact.chars() {
        if in_text {
            out.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match c {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !just_opened {
                    line(&mut out, depth);
                }
                just_opened = false;
                out.push(c);
                continue;
            }
            _ if just_opened => line(&mut out, depth),
            _ => {}
        }
        just_opened = false;
        out.push(c);
        match c {
            '"' => in_text = true,
            '{' | '[' => {
                depth += 1;
                just_opened = true;
            }
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_text_is_as_serde_writes_it_with_its_own_tokens() {
        let compact = r#"{"a":[1,{"b":"x, [y] \"z\": {"},[]],"c":{},"d":null}"#;
        let value: serde_json::Value = serde_json::from_str(compact).unwrap();
        assert_eq!(pretty(compact), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(pretty(r#"{"n":1E+1}"#), "{\n  \"n\": 1E+1\n}");
        assert_eq!(pretty("{}"), "{}");
    }

    #[test]
    fn objects_and_lists_are_put_together() {
        let inner = ObjectText::new().raw("n", "1E+1").finish();
        let text = ObjectText::new()
            .text("名", "\"x\"")
            .raw("list", &list([inner].into_iter()))
            .finish();
        assert_eq!(text, r#"{"名":"\"x\"","list":[{"n":1E+1}]}"#);
        assert_eq!(list(std::iter::empty()), "[]");
        assert_eq!(ObjectText::new().finish(), "{}");
    }
}
