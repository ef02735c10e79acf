//! Values of records and documents, typed by what they mean: [`Text`], [`Decimal`], [`Integer`], [`Boolean`], [`Date`],
//! [`DateTime`], [`Json`], and for documents the references [`Code`] and [`Name`].
//!
//! A value keeps what came and remembers where it came from. It is judged where it is used: a quantity that is no number
//! becomes a violation that names both the source field and the target field it was meant for, and every other fault
//! of the order is found beside it. So a mapping needs no `?` for bad data. Three states pass through every operation:
//! a value, *empty* (absent, null, blank, masked with `***`), and a [`Fault`].
//!
//! ```
//! use dukou_sdk::prelude::*;
//!
//! let (price, count) = (Decimal::from("19.80"), Decimal::from(3));
//! assert_eq!((&price * &count).to_string(), "59.4");
//! assert!((&price * &Decimal::EMPTY).is_empty(), "an empty operand empties the whole");
//! assert!((&price / &Decimal::from(0)).get().is_err(), "a fault, told when it is used");
//! ```
//!
//! Nothing here passes through binary floating point, and nothing knows of hosts or documents.

mod convert;
mod decimal;
mod moment;
mod origin;
mod text;
mod token;

pub use convert::To;
pub use decimal::{Decimal, Integer, Number};
pub use moment::{Date, DateTime};
pub use origin::{Fault, Field, Origin, Place, Side};
pub(crate) use origin::{Root, Span, Surroundings, span_within};
pub use text::{Boolean, Code, Json, Name, Text};
pub use token::Token;

use crate::Scalar;
use std::borrow::Cow;
use std::rc::Rc;

/// What all typed values are made of: content, and where it came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value {
    pub(crate) content: Content,
    pub(crate) origin: Option<Origin>,
}

/// The content of a value. Spans point into the text of the value's origin.
#[derive(Clone, Debug, Default)]
pub(crate) enum Content {
    #[default]
    Empty,
    /// The inside of a JSON string without escapes.
    Text(Span),
    /// A number as it came.
    Number(Span),
    Boolean(bool),
    /// An object or array, as JSON text.
    Structure(Span),
    /// A text that is judged by what stands in it, like one that came.
    Given(Rc<str>),
    /// A text that was put together: it is there whatever stands in it.
    Made(Rc<str>),
    Exact(Number),
    Failed(Rc<Fault>),
}

impl Value {
    pub(crate) const EMPTY: Self = Self {
        content: Content::Empty,
        origin: None,
    };

    /// Nothing, at a place where something could have been.
    pub(crate) fn absent(origin: Origin) -> Self {
        Self {
            content: Content::Empty,
            origin: Some(origin),
        }
    }

    pub(crate) fn given(text: &str) -> Self {
        Self {
            content: Content::Given(text.into()),
            origin: None,
        }
    }

    /// Other content from the same place.
    pub(crate) fn with(&self, content: Content) -> Self {
        Self {
            content,
            origin: self.origin.clone(),
        }
    }

    pub(crate) fn failed(fault: Fault) -> Self {
        Self {
            origin: fault.origin.clone(),
            content: Content::Failed(Rc::new(fault)),
        }
    }

    /// The content as a scalar; a fault has none.
    pub(crate) fn scalar(&self) -> Scalar<'_> {
        match &self.content {
            Content::Empty | Content::Failed(_) => Scalar::Null,
            Content::Text(span) => Scalar::Text(Cow::Borrowed(self.slice(*span))),
            Content::Number(span) => Scalar::Number(Cow::Borrowed(self.slice(*span))),
            Content::Boolean(value) => Scalar::Boolean(*value),
            Content::Structure(span) => Scalar::Structure(self.slice(*span)),
            Content::Given(text) | Content::Made(text) => Scalar::Text(Cow::Borrowed(text)),
            Content::Exact(number) => Scalar::Number(Cow::Owned(decimal::digits(*number))),
        }
    }

    fn slice(&self, span: Span) -> &str {
        self.origin.as_ref().map_or("", |origin| origin.place.root.slice(span))
    }

    /// Whether there is nothing to carry over. A fault is something.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Failed(_) | Content::Made(_) | Content::Exact(_) => false,
            _ => self.scalar().is_empty(),
        }
    }

    pub(crate) fn fault(&self) -> Option<&Rc<Fault>> {
        match &self.content {
            Content::Failed(fault) => Some(fault),
            _ => None,
        }
    }

    /// The text of a single value: `None` if empty, a fault for objects and arrays.
    pub(crate) fn text(&self) -> Result<Option<Cow<'_, str>>, Fault> {
        if let Some(fault) = self.fault() {
            return Err(Fault::clone(fault));
        }
        let scalar = self.scalar();
        if scalar.is_empty() && !matches!(self.content, Content::Made(_)) {
            return Ok(None);
        }
        match scalar {
            Scalar::Structure(found) => Err(self.not_a(found, "a text")),
            // The text borrows from the value, not from the scalar that shows it.
            Scalar::Text(Cow::Borrowed(text)) => Ok(Some(Cow::Borrowed(text))),
            Scalar::Number(Cow::Borrowed(digits)) => Ok(Some(
                crate::scalar::plain_number(digits).unwrap_or(Cow::Borrowed(digits)),
            )),
            scalar => Ok(Some(Cow::Owned(scalar.text().into_owned()))),
        }
    }

    /// The fault of a value that is not what was wanted.
    pub(crate) fn not_a(&self, found: &str, wanted: &str) -> Fault {
        self.fault_of("type", format!("{} is not {wanted}", self.shown(found)))
    }

    pub(crate) fn fault_of(&self, code: &'static str, message: String) -> Fault {
        Fault {
            code: code.into(),
            message,
            origin: self.origin.clone(),
        }
    }

    /// A value for messages: between quotes, at most 80 characters, personal data masked.
    pub(crate) fn shown(&self, text: &str) -> String {
        origin::shown(text, self.origin.as_ref().is_some_and(Origin::is_personal))
    }

    /// Becomes a fault if `other` is another value: for records of one group that must agree.
    pub(crate) fn agree(&mut self, other: &Self) {
        if self.fault().is_some() || (self.is_empty() && other.is_empty()) {
            return;
        }
        if let Some(fault) = other.fault() {
            self.content = Content::Failed(Rc::clone(fault));
            return;
        }
        let (mine, theirs) = (self.scalar(), other.scalar());
        if mine.text() == theirs.text() && self.is_empty() == other.is_empty() {
            return;
        }
        let message = format!(
            "{} and {} differ between the records of the group",
            self.shown(&mine.text()),
            self.shown(&theirs.text())
        );
        self.content = Content::Failed(Rc::new(self.fault_of("merge.disagree", message)));
    }
}

#[cfg(test)]
mod tests;
