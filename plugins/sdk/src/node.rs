//! Reading JSON by path, lazily and borrowed: for plugins whose settings say which fields they read.
//!
//! A [`Node`] is a well-formed piece of JSON text. Members are found by scanning, nothing is built and no number is
//! converted. A mapping that knows its fields is faster with `serde` structs of [`Scalar`]s.

use crate::Scalar;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One JSON value inside a larger text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node<'a>(&'a str);

impl<'a> Node<'a> {
    /// Checks that `json` is one well-formed value.
    pub fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&'a RawValue>(json).map(|raw| Self(raw.get()))
    }

    /// The JSON text.
    pub fn json(self) -> &'a str {
        self.0
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// The member `name`, if this is an object that has it.
    pub fn member(self, name: &str) -> Option<Self> {
        if !self.is_object() {
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        deserializer.deserialize_map(Member { name }).ok().flatten()
    }

    /// All members in their order; none if this is no object.
    pub fn members(self) -> Vec<(Cow<'a, str>, Self)> {
        if !self.is_object() {
            return Vec::new();
        }
        serde_json::Deserializer::from_str(self.0)
            .deserialize_map(Members)
            .unwrap_or_default()
    }

    /// The value at a dotted path of members, none of them an array.
    pub fn at(self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self, |node, name| node.member(name))
    }

    /// As a scalar.
    pub fn scalar(self) -> Scalar<'a> {
        Scalar::from_json(self.0)
    }

    /// The elements of a source array as sources mean it: null and "" have none, a lone object is one.
    /// `None` if it is none of these.
    pub fn elements(self) -> Option<Vec<Self>> {
        match self.0.as_bytes().first() {
            Some(b'[') => {
                let raw: Vec<&'a RawValue> = serde_json::from_str(self.0).ok()?;
                Some(raw.into_iter().map(|raw| Self(raw.get())).collect())
            }
            Some(b'{') => Some(vec![self]),
            _ => self.scalar().is_empty().then(Vec::new),
        }
    }
}

struct Member<'n> {
    name: &'n str,
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<Node<'de>>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = members.next_key::<Key<'de>>()? {
            if found.is_none() && key == self.name {
                found = Some(Node(members.next_value::<&'de RawValue>()?.get()));
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, Node<'de>)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Key(key)) = members.next_key::<Key<'de>>()? {
            all.push((key, Node(members.next_value::<&'de RawValue>()?.get())));
        }
        Ok(all)
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_members_without_reading_the_rest() {
        let node = Node::parse(r#"{"dto":{"a":2.0000,"b\u0062":[{"c":1},{"c":"x"}]},"last":1}"#).unwrap();
        assert_eq!(node.at("dto.a").unwrap().json(), "2.0000");
        assert_eq!(node.at("last").unwrap().json(), "1");
        assert_eq!(node.at("dto.missing"), None);
        let names: Vec<_> = node
            .member("dto")
            .unwrap()
            .members()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["a", "bb"]);
        assert_eq!(node.at("dto.a.b"), None);
        let elements = node.at("dto.bb").unwrap().elements().unwrap();
        assert_eq!(elements[1].member("c").unwrap().scalar(), Scalar::Text("x".into()));
    }

    #[test]
    fn reads_arrays_as_sources_mean_them() {
        let count = |json| Node::parse(json).unwrap().elements().map(|elements| elements.len());
        assert_eq!(count("[]"), Some(0));
        assert_eq!(count("[1,[2]]"), Some(2));
        assert_eq!(count("{\"a\":1}"), Some(1));
        assert_eq!(count("null"), Some(0));
        assert_eq!(count("\"\""), Some(0));
        assert_eq!(count("\"x\""), None);
        assert_eq!(count("5"), None);
    }

    #[test]
    fn refuses_broken_text() {
        for json in ["", "{", "[1,]", "{\"a\":1} x", "nul"] {
            assert!(Node::parse(json).is_err(), "{json}");
        }
    }
}
