//! Reading a few values out of JSON text without building a tree and without converting numbers.
//! Does not write JSON and does not judge what it finds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Dotted paths to pick out of a text in one pass; arrays on the way yield one value per element.
#[derive(Debug, Clone, Default)]
pub struct Pick {
    root: Node,
    paths: usize,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Slots of the paths that end here.
    ends: Vec<usize>,
    children: BTreeMap<String, Node>,
}

impl Pick {
    /// Compiles dotted paths such as `details_list.share_amount`; `[]` after a name is allowed and means the same.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut pick = Self::default();
        for path in paths {
            let slot = pick.paths;
            pick.paths += 1;
            let mut node = &mut pick.root;
            for step in path.split('.') {
                node = node.children.entry(step.trim_end_matches("[]").to_owned()).or_default();
            }
            node.ends.push(slot);
        }
        pick
    }

    /// The raw values at each path, in the order the paths were given.
    ///
    /// # Errors
    /// serde_json's error when `text` is not JSON.
    pub fn read<'a>(&self, text: &'a str) -> Result<Vec<Vec<&'a RawValue>>, serde_json::Error> {
        let mut found = vec![Vec::new(); self.paths];
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Walk {
            node: &self.root,
            found: &mut found,
        }
        .deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(found)
    }
}

struct Walk<'n, 'f, 'a> {
    node: &'n Node,
    found: &'f mut Vec<Vec<&'a RawValue>>,
}

impl<'a> DeserializeSeed<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.node.ends.is_empty() {
            return deserializer.deserialize_any(self);
        }
        let raw: &'a RawValue = serde::Deserialize::deserialize(deserializer)?;
        for slot in &self.node.ends {
            self.found[*slot].push(raw);
        }
        if self.node.children.is_empty() {
            return Ok(());
        }
        let mut inner = serde_json::Deserializer::from_str(raw.get());
        inner.deserialize_any(self).map_err(serde::de::Error::custom)
    }
}

impl<'a> Visitor<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            match self.node.children.get(key.as_ref()) {
                Some(node) => map.next_value_seed(Walk {
                    node,
                    found: &mut *self.found,
                })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(Elements {
                node: self.node,
                found: &mut *self.found,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// An element of an array on the way: the array's own slots are not filled again.
struct Elements<'n, 'f, 'a> {
    node: &'n Node,
    found: &'f mut Vec<Vec<&'a RawValue>>,
}

impl<'a> DeserializeSeed<'a> for Elements<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Walk {
            node: self.node,
            found: self.found,
        })
    }
}

/// A scalar as text: strings unescaped, numbers as their digits; `None` for null, objects and arrays.
pub fn scalar_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' => {
            let inner = &text[1..text.len() - 1];
            if inner.contains('\\') {
                serde_json::from_str(text).ok().map(Cow::Owned)
            } else {
                Some(Cow::Borrowed(inner))
            }
        }
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

/// A decimal from a number's digits or a numeric string, exponents included; `None` if it is not one.
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, path: &str) -> Vec<String> {
        Pick::new([path]).read(text).unwrap()[0]
            .iter()
            .map(|raw| raw.get().to_owned())
            .collect()
    }

    #[test]
    fn values_come_with_the_digits_they_had() {
        let body = r#"{"a":1.0000,"b":[{"c":"x"},{"c":1E+1},{"d":2}],"e":{"f":null},"n":1.5}"#;
        assert_eq!(texts(body, "a"), ["1.0000"]);
        assert_eq!(texts(body, "b.c"), ["\"x\"", "1E+1"]);
        assert_eq!(texts(body, "b[].c"), ["\"x\"", "1E+1"]);
        assert_eq!(texts(body, "e.f"), ["null"]);
        assert_eq!(texts(body, "zz"), Vec::<String>::new());
        assert_eq!(texts(body, "e"), [r#"{"f":null}"#]);
        let both = Pick::new(["e", "e.f", "b"]).read(body).unwrap();
        assert_eq!(both[1][0].get(), "null");
        assert_eq!(both[2].len(), 1);
    }

    #[test]
    fn decimals_read_every_form_the_sources_send() {
        for (text, value) in [
            ("1E+1", "10"),
            ("2.0000", "2.0000"),
            ("3", "3"),
            (" 4.5 ", "4.5"),
            ("-1e-2", "-0.01"),
        ] {
            assert_eq!(decimal(text), Some(value.parse().unwrap()), "{text}");
        }
        assert_eq!(decimal("3箱"), None);
        assert_eq!(decimal(""), None);
    }

    #[test]
    fn broken_text_is_an_error() {
        assert!(Pick::new(["a"]).read("{\"a\":1").is_err());
        assert!(Pick::new(["a"]).read("{\"a\":1} x").is_err());
    }
}
