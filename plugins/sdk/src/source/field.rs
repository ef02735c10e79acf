//! The types that a field of a source struct can have.

use super::Source;
use super::read::Whole;
use crate::Scalar;
use crate::values::{
    Boolean, Code, Content, Date, DateTime, Decimal, Fault, Field, Integer, Json, Name, Origin, Place, Text,
};
use crate::values::{Span, Value};
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::value::RawValue;
use std::rc::Rc;

/// A type that a source struct's field can have.
pub trait SourceField: Sized {
    /// The value of a field that the record does not have.
    fn absent(origin: Origin) -> Self;

    /// Replaces the value by what stands in the record, whatever it is. Only malformed JSON is an error.
    fn read<'de, D: Deserializer<'de>>(&mut self, at: At<'_>, deserializer: D) -> Result<(), D::Error>;

    /// Appends the field's own path, or those of the fields in it.
    fn collect_needs(path: String, needs: &mut Vec<String>) {
        needs.push(path);
    }

    /// See [`Source::join`].
    fn join(&mut self, other: Self);
}

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
pub struct At<'p> {
    /// The object that has the field.
    pub place: &'p Rc<Place>,
    /// The field.
    pub field: &'static Field,
}

impl At<'_> {
    /// The origin of the field's value.
    pub fn origin(self) -> Origin {
        self.place.field(self.field)
    }
}

/// Reads a value in place.
#[derive(Debug)]
pub struct Seed<'f, F> {
    /// What is replaced.
    pub value: &'f mut F,
    /// Where it stands.
    pub at: At<'f>,
}

impl<'de, F: SourceField> DeserializeSeed<'de> for Seed<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.value.read(self.at, deserializer)
    }
}

impl Value {
    /// Reads one JSON value of the text that the origin's root holds.
    fn read<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        use serde::de::Deserialize;
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let span = self
            .origin
            .as_ref()
            .and_then(|origin| origin.place.root.span(raw))
            .unwrap_or(Span { start: 0, end: 0 });
        self.content = match raw.as_bytes() {
            [b'"', inside @ .., _] if !inside.contains(&b'\\') => Content::Text(Span {
                start: span.start + 1,
                end: span.end - 1,
            }),
            [b'-' | b'0'..=b'9', ..] => Content::Number(span),
            [b'{' | b'[', ..] => Content::Structure(span),
            _ => match Scalar::from_json(raw) {
                Scalar::Boolean(value) => Content::Boolean(value),
                Scalar::Text(text) => Content::Given(text.into()),
                _ => Content::Empty,
            },
        };
        Ok(())
    }
}

macro_rules! fields {
    ($($type:ident)*) => { $(
        impl SourceField for $type {
            fn absent(origin: Origin) -> Self {
                Self(Value::absent(origin))
            }

            fn read<'de, D: Deserializer<'de>>(&mut self, _at: At<'_>, deserializer: D) -> Result<(), D::Error> {
                self.0.read(deserializer)
            }

            fn join(&mut self, other: Self) {
                self.0.agree(&other.0);
            }
        }
    )* };
}

fields!(Text Decimal Integer Boolean Date DateTime Json);

/// A reference in a document: `{"Code":"…"}`.
macro_rules! references {
    ($($type:ident $key:literal)*) => { $(
        impl SourceField for $type {
            fn absent(origin: Origin) -> Self {
                Self(Value::absent(origin))
            }

            fn read<'de, D: Deserializer<'de>>(&mut self, _at: At<'_>, deserializer: D) -> Result<(), D::Error> {
                self.0.read(deserializer)?;
                if let Scalar::Structure(json) = self.0.scalar() {
                    let inside = crate::node::Node::parse(json).ok().and_then(|node| node.member($key));
                    if let Some(inside) = inside {
                        self.0.content = match inside.scalar() {
                            Scalar::Null => Content::Empty,
                            scalar => Content::Given(scalar.text().into()),
                        };
                    }
                }
                Ok(())
            }

            fn join(&mut self, other: Self) {
                self.0.agree(&other.0);
            }
        }
    )* };
}

references!(Code "Code" Name "Name");

/// An object: a struct of its own. Null, "" and absent are an object without members; anything else that is no object
/// is a violation of its own with the code `type`.
impl<T: Source> SourceField for T {
    fn absent(origin: Origin) -> Self {
        <T as Source>::absent(&inside(origin))
    }

    fn read<'de, D: Deserializer<'de>>(&mut self, at: At<'_>, deserializer: D) -> Result<(), D::Error> {
        let place = inside(at.origin());
        *self = <T as Source>::absent(&place);
        if !deserializer.deserialize_any(Whole {
            object: self,
            place: &place,
        })? {
            *self = <T as Source>::absent(&place);
            let fault = Fault {
                code: "type".into(),
                message: "it is not an object".to_owned(),
                origin: Some(at.origin()),
            };
            at.place.root.faults.borrow_mut().push(fault);
        }
        Ok(())
    }

    fn collect_needs(path: String, needs: &mut Vec<String>) {
        <T as Source>::collect_needs(&format!("{path}."), needs);
    }

    fn join(&mut self, other: Self) {
        <T as Source>::join(self, other);
    }
}

/// The object that stands in a field.
fn inside(origin: Origin) -> Rc<Place> {
    Rc::new(Place {
        root: Rc::clone(&origin.place.root),
        above: Some((origin, None)),
    })
}

/// The fault of something that stands where a list of objects should be.
pub(super) fn not_a_list(origin: &Origin) -> Fault {
    Fault {
        code: "type".into(),
        message: "it is not a list of objects".to_owned(),
        origin: Some(origin.clone()),
    }
}
