//! JSON text that knows where it stands in its file, so that every complaint about a case can name line and column.
//! Reads members in their order and finds keys that are written twice; judges nothing else.

use std::fmt;

use dukou_core::document::join;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Members of an object in the order of the text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Walk)
    }
}

/// One value within a file.
#[derive(Clone)]
pub(crate) struct Located<'a> {
    file_text: &'a str,
    raw: &'a RawValue,
    /// Path from the root of the file, e.g. `group.records[0].body`.
    pub(crate) path: String,
}

impl<'a> Located<'a> {
    /// The root of a file.
    pub(crate) fn root(file_text: &'a str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            file_text,
            raw: serde_json::from_str(file_text)?,
            path: String::new(),
        })
    }

    /// The value's own text.
    pub(crate) fn text(&self) -> &'a str {
        self.raw.get()
    }

    /// Where the value's text stands in the file, in bytes.
    pub(crate) fn span(&self) -> std::ops::Range<usize> {
        // The raw text is a part of the file's text, so its address says where it stands.
        let start = (self.raw.get().as_ptr() as usize).saturating_sub(self.file_text.as_ptr() as usize);
        start..start + self.raw.get().len()
    }

    /// Line and column, both from 1; columns count characters.
    pub(crate) fn place(&self) -> (usize, usize) {
        let before = self.file_text.get(..self.span().start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).map_or(0, |line| line.chars().count());
        (before.matches('\n').count() + 1, column + 1)
    }

    /// The value; number tokens stay as they are.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(self.raw.get()).unwrap_or(Value::Null)
    }

    /// The value as compact JSON text: every token as it is written, exponents and escapes included, which reading
    /// and writing it would not keep.
    pub(crate) fn compact(&self) -> String {
        let mut out = String::with_capacity(self.text().len());
        let (mut in_text, mut escaped) = (false, false);
        for c in self.text().chars() {
            if in_text || !matches!(c, ' ' | '\t' | '\n' | '\r') {
                out.push(c);
            }
            match c {
                _ if escaped => escaped = false,
                '\\' if in_text => escaped = true,
                '"' => in_text = !in_text,
                _ => {}
            }
        }
        out
    }

    /// Its members, if it is an object.
    pub(crate) fn members(&self) -> Option<Vec<(String, Self)>> {
        if !self.text().starts_with('{') {
            return None;
        }
        let Members(members) = serde_json::from_str(self.raw.get()).ok()?;
        Some(
            members
                .into_iter()
                .map(|(key, raw)| {
                    let path = join(&self.path, &key);
                    (key, self.child(raw, path))
                })
                .collect(),
        )
    }

    /// Its elements, if it is a list.
    pub(crate) fn elements(&self) -> Option<Vec<Self>> {
        if !self.text().starts_with('[') {
            return None;
        }
        let elements: Vec<&'a RawValue> = serde_json::from_str(self.raw.get()).ok()?;
        Some(
            elements
                .into_iter()
                .enumerate()
                .map(|(index, raw)| self.child(raw, format!("{}[{index}]", self.path)))
                .collect(),
        )
    }

    /// Its text, if it is a text.
    pub(crate) fn string(&self) -> Option<String> {
        match self.value() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn child(&self, raw: &'a RawValue, path: String) -> Self {
        Self {
            file_text: self.file_text,
            raw,
            path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_line_and_column() {
        let text = "{\n  \"a\": [1,\n   {\"钥\": 2.0000}]\n}";
        let root = Located::root(text).unwrap();
        let (_, list) = root.members().unwrap().remove(0);
        let object = list.elements().unwrap().remove(1);
        let (_, number) = object.members().unwrap().remove(0);
        assert_eq!(number.path, "a[1].钥");
        assert_eq!(number.place(), (3, 10));
        assert_eq!(number.compact(), "2.0000");
        assert_eq!(&text[number.span()], "2.0000");
    }

    #[test]
    fn compact_text_keeps_every_token() {
        let text = "{ \"a b\" : [ 1E+1 , 2.0000 ],\n\t\"c\\\" d\" : \"\\u4e2d  x\" }";
        let root = Located::root(text).unwrap();
        assert_eq!(root.compact(), "{\"a b\":[1E+1,2.0000],\"c\\\" d\":\"\\u4e2d  x\"}");
    }
}
