//! A document that is taken apart only where it is changed.

use super::path::Step;
use crate::json;
use crate::values::Span;
use crate::values::span_within;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A piece of the document.
#[derive(Debug)]
pub(super) enum Tree {
    /// As it came.
    Text(Span),
    /// What was put there.
    Set(String),
    /// Names as JSON strings.
    Object(Vec<(String, Tree)>),
    Array(Vec<Tree>),
}

impl Tree {
    /// The JSON text at a path.
    pub(super) fn get<'t>(&'t self, text: &'t str, steps: &[Step<'_>]) -> Option<Cow<'t, str>> {
        let Some((step, rest)) = steps.split_first() else {
            return Some(match self {
                Self::Text(span) => Cow::Borrowed(slice(text, *span)),
                Self::Set(json) => Cow::Borrowed(json),
                Self::Object(_) | Self::Array(_) => {
                    let mut out = String::new();
                    self.write(text, &mut out);
                    Cow::Owned(out)
                }
            });
        };
        match (self, step) {
            (Self::Text(span), _) => get_in(slice(text, *span), steps).map(Cow::Borrowed),
            (Self::Set(json), _) => get_in(json, steps).map(Cow::Borrowed),
            (Self::Object(members), Step::Member(name)) => {
                let (_, value) = members.iter().rfind(|(known, _)| is_name(known, name))?;
                value.get(text, rest)
            }
            (Self::Array(elements), Step::Element(index)) => elements.get(*index)?.get(text, rest),
            _ => None,
        }
    }

    /// Puts a token at a path, or takes away what is there. The error says what stands in the way.
    pub(super) fn put(&mut self, text: &str, steps: &[Step<'_>], token: Option<String>) -> Result<(), String> {
        let Some((step, rest)) = steps.split_first() else {
            if let Some(token) = token {
                *self = Self::Set(token);
            }
            return Ok(());
        };
        self.open(text)?;
        match (self, step) {
            (Self::Object(members), Step::Member(name)) => {
                let position = members.iter().rposition(|(known, _)| is_name(known, name));
                match (position, token) {
                    (Some(position), None) if rest.is_empty() => drop(members.remove(position)),
                    (Some(position), token) => members[position].1.put(text, rest, token)?,
                    (None, None) => {}
                    (None, Some(token)) => {
                        let mut value = Self::Object(Vec::new());
                        value.put(text, rest, Some(token))?;
                        members.push((json::text(name), value));
                    }
                }
                Ok(())
            }
            (Self::Array(elements), Step::Element(index)) => match token {
                None if rest.is_empty() => {
                    if *index < elements.len() {
                        elements.remove(*index);
                    }
                    Ok(())
                }
                token if *index < elements.len() => elements[*index].put(text, rest, token),
                None => Ok(()),
                token if *index == elements.len() => {
                    let mut value = Self::Object(Vec::new());
                    value.put(text, rest, token)?;
                    elements.push(value);
                    Ok(())
                }
                Some(_) => Err(format!(
                    "the list has {} elements, there is no [{index}]",
                    elements.len()
                )),
            },
            (_, Step::Member(name)) => Err(format!("`{name}` is asked of something that is no object")),
            (_, Step::Element(index)) => Err(format!("[{index}] is asked of something that is no list")),
        }
    }

    /// Appends the JSON text.
    pub(super) fn write(&self, text: &str, out: &mut String) {
        match self {
            Self::Text(span) => out.push_str(slice(text, *span)),
            Self::Set(json) => out.push_str(json),
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(name);
                    out.push(':');
                    value.write(text, out);
                }
                out.push('}');
            }
            Self::Array(elements) => {
                out.push('[');
                for (index, value) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write(text, out);
                }
                out.push(']');
            }
        }
    }

    /// Takes text apart into members or elements; single values stay.
    fn open(&mut self, text: &str) -> Result<(), String> {
        let (json, is_part) = match self {
            Self::Object(_) | Self::Array(_) => return Ok(()),
            Self::Text(span) => (slice(text, *span), true),
            Self::Set(json) => (json.as_str(), false),
        };
        let piece = |raw: &RawValue| match span_within(text, raw.get()) {
            Some(span) if is_part => Self::Text(span),
            _ => Self::Set(raw.get().to_owned()),
        };
        let unreadable = |error: serde_json::Error| error.to_string();
        let opened = match json.as_bytes().first() {
            Some(b'{') => {
                let members = serde_json::Deserializer::from_str(json)
                    .deserialize_map(Members)
                    .map_err(unreadable)?;
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name.get().to_owned(), piece(value)));
                Self::Object(members.collect())
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(unreadable)?;
                Self::Array(elements.into_iter().map(piece).collect())
            }
            _ => return Ok(()),
        };
        *self = opened;
        Ok(())
    }
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap_or("")
}

/// Whether a name, written as a JSON string, is `wanted`.
fn is_name(written: &str, wanted: &str) -> bool {
    match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if !inside.contains('\\') => inside == wanted,
        _ => serde_json::from_str::<String>(written).is_ok_and(|name| name == wanted),
    }
}

fn get_in<'t>(json: &'t str, steps: &[Step<'_>]) -> Option<&'t str> {
    let mut json = json;
    for step in steps {
        json = match step {
            Step::Member(name) => {
                if !json.starts_with('{') {
                    return None;
                }
                let members = serde_json::Deserializer::from_str(json).deserialize_map(Members).ok()?;
                let (_, value) = members.into_iter().rfind(|(known, _)| is_name(known.get(), name))?;
                value.get()
            }
            Step::Element(index) => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                elements.get(*index)?.get()
            }
        };
    }
    Some(json)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(all)
    }
}
