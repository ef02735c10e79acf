//! Texts and what is written like texts: references by code or name, flags, and whole pieces of JSON.

use super::{Content, Fault, Origin, Value};
use crate::Violation;
use crate::node::Node;
use std::borrow::Cow;
use std::fmt;

/// A text, whatever JSON type it came as: `"00123"`, `4503599627370497123` and `true` are texts too.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// let shop = Text::from("山月茶坊");
/// assert_eq!(shop.prefixed("来自").to_string(), "来自山月茶坊");
/// assert!(Text::from("").prefixed("来自").is_empty(), "nothing to put it before");
/// assert!(Text::from("138****0000").is_empty(), "masked by the source");
/// ```
#[derive(Clone, Default)]
pub struct Text(pub(crate) Value);

/// A reference by code, written as `{"Code":"…"}`.
#[derive(Clone, Default)]
pub struct Code(pub(crate) Value);

/// A reference by name, written as `{"Name":"…"}`.
#[derive(Clone, Default)]
pub struct Name(pub(crate) Value);

/// `true` or `false`, also from `1`, `0` and texts of these.
#[derive(Clone, Default)]
pub struct Boolean(pub(crate) Value);

/// A value of any shape, kept as it came: for parts of a record that no struct describes.
#[derive(Clone, Default)]
pub struct Json(pub(crate) Value);

impl Text {
    /// No text.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The text; "" if there is none. A fault or a structure has none here: it is told where the value is written.
    pub fn text(&self) -> Cow<'_, str> {
        self.0.text().ok().flatten().unwrap_or_default()
    }

    /// The text, `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<Cow<'_, str>>, Fault> {
        self.0.text()
    }

    /// Whether it is exactly this text.
    pub fn is(&self, text: &str) -> bool {
        self.text() == text
    }

    /// Whether it is one of these texts.
    pub fn is_one_of(&self, texts: &[&str]) -> bool {
        let text = self.text();
        texts.iter().any(|known| *known == text)
    }

    /// `prefix` before this text; nothing if this is empty, so that a note is never only its beginning.
    #[must_use]
    pub fn prefixed(&self, prefix: impl fmt::Display) -> Self {
        self.change(|text| {
            use fmt::Write;
            let mut out = String::with_capacity(text.len() + 32);
            // Writing into a String cannot fail.
            let _ = write!(out, "{prefix}");
            out.push_str(text);
            out
        })
    }

    /// `suffix` after this text; nothing if this is empty.
    #[must_use]
    pub fn suffixed(&self, suffix: impl fmt::Display) -> Self {
        self.change(|text| format!("{text}{suffix}"))
    }

    /// This text and `other` with `between`; only one of them, if the other is empty.
    ///
    /// ```
    /// use dukou_sdk::prelude::*;
    ///
    /// let (memo, shop) = (Text::from("急"), Text::from("一号店"));
    /// assert_eq!(memo.joined(" ", &shop).to_string(), "急 一号店");
    /// assert_eq!(Text::EMPTY.joined(" ", &shop).to_string(), "一号店");
    /// ```
    #[must_use]
    pub fn joined(&self, between: &str, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        match other.0.text() {
            Ok(text) => self.suffixed(format!("{between}{}", text.unwrap_or_default())),
            Err(fault) => Self(Value::failed(fault)),
        }
    }

    /// Another text made from this one; empties and faults stay what they are.
    #[must_use]
    pub fn change(&self, make: impl FnOnce(&str) -> String) -> Self {
        Self(match self.0.text() {
            Ok(None) => self.0.with(Content::Empty),
            Ok(Some(text)) => self.0.with(Content::Made(make(&text).into())),
            Err(fault) => Value::failed(fault),
        })
    }

    /// Without white space at both ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        self.change(|text| text.trim().to_owned())
    }
}

impl Boolean {
    /// No value.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The value, `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<bool>, Fault> {
        match self.0.text()?.as_deref().map(str::trim) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(self.0.not_a(other, "true or false")),
        }
    }

    /// Whether it is true; an empty or unreadable value is not.
    pub fn is_true(&self) -> bool {
        self.get() == Ok(Some(true))
    }
}

impl From<bool> for Boolean {
    fn from(value: bool) -> Self {
        Self(Value {
            content: Content::Boolean(value),
            origin: None,
        })
    }
}

impl Json {
    /// The JSON text as it came; `null` if there is nothing.
    pub fn json(&self) -> Cow<'_, str> {
        match &self.0.content {
            Content::Structure(_) => match self.0.scalar() {
                crate::Scalar::Structure(json) => Cow::Borrowed(json),
                _ => Cow::Borrowed("null"),
            },
            Content::Number(_) | Content::Exact(_) => Cow::Owned(self.0.scalar().text().into_owned()),
            Content::Boolean(true) => Cow::Borrowed("true"),
            Content::Boolean(false) => Cow::Borrowed("false"),
            Content::Text(_) | Content::Given(_) | Content::Made(_) => {
                Cow::Owned(crate::json::text(&self.0.scalar().text()))
            }
            Content::Empty | Content::Failed(_) => Cow::Borrowed("null"),
        }
    }

    /// Calls `look` with the value as a [`Node`], to find things by path in it.
    pub fn look<T>(&self, look: impl FnOnce(Node<'_>) -> T) -> Option<T> {
        let json = self.json();
        Node::parse(&json).ok().map(look)
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.to_string() == other.to_string()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Value::given(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Value::given(&text))
    }
}

impl From<&str> for Code {
    fn from(code: &str) -> Self {
        Self(Value::given(code))
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(Value::given(name))
    }
}

/// What every typed value can do.
macro_rules! values {
    ($($type:ident)*) => { $(
        impl $type {
            /// Whether there is nothing: absent, null, blank, or masked. A fault is not nothing.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// This value, or `other` if it is empty.
            #[must_use]
            pub fn or(&self, other: &Self) -> Self {
                if self.is_empty() { other.clone() } else { self.clone() }
            }

            /// The field that it came from, if it came from one.
            pub fn origin(&self) -> Option<&Origin> {
                self.0.origin.as_ref()
            }

            /// A violation that names the field this value came from: as source path if it came from a record, as
            /// target path if it came from a document.
            pub fn violation(&self, code: &str, message: impl Into<String>) -> Violation {
                let violation = Violation::new(code, message);
                match &self.0.origin {
                    Some(origin) => origin.name_in(violation),
                    None => violation,
                }
            }

            /// A value that cannot be used: whoever writes it gets a violation with `code`. It keeps the origin.
            #[must_use]
            pub fn refused(&self, code: &'static str, message: impl Into<String>) -> Self {
                Self(Value::failed(self.0.fault_of(code, message.into())))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($type), "({:?})"), self.0.content)
            }
        }
    )* };
}

/// Types whose text is what people call their value: "" if it is empty. A constant is shown as it is; only what comes
/// from a record can be masked.
macro_rules! shown_as_text {
    ($($type:ident)*) => { $(
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.0.origin.is_none() && self.0.fault().is_none() {
                    return match self.0.scalar() {
                        crate::Scalar::Text(text) => formatter.write_str(&text),
                        scalar => formatter.write_str(&scalar.text()),
                    };
                }
                formatter.write_str(&self.0.text().ok().flatten().unwrap_or_default())
            }
        }
    )* };
}

values!(Text Code Name Boolean Json);
shown_as_text!(Text Code Name Boolean);
pub(super) use {shown_as_text, values};
