//! Exact numbers. A number that is only carried over keeps its digits; one that is calculated has at most 28.

use super::text::{shown_as_text, values};
use super::{Content, Fault, Origin, Value};
use crate::Violation;
use rust_decimal::RoundingStrategy;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Sub};

/// The exact number that a [`Decimal`] calculates with; never a binary floating point number.
pub use rust_decimal::Decimal as Number;

/// A decimal number, from a JSON number or a text of one.
///
/// Written without calculation it is the source's token (`2.0000` stays `2.0000`, `1E+1` becomes `10`). `+` and `-` keep
/// the longer scale, `*` and `/` drop trailing zeros. An empty operand empties the result; what is no number, a division
/// by zero and a result beyond 28 digits are faults.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// let (amount, count) = (Decimal::from("100.00"), Decimal::from("3"));
/// assert_eq!((&amount / &count).round(2).to_string(), "33.33");
/// assert_eq!((amount - count).to_string(), "97.00");
/// ```
#[derive(Clone, Default)]
pub struct Decimal(pub(crate) Value);

/// A whole number, from a JSON number or a text of one. A fraction of zeros is cut off, any other is a fault.
#[derive(Clone, Default)]
pub struct Integer(pub(crate) Value);

impl Decimal {
    /// No number.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The number to calculate with, `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<Number>, Fault> {
        number(&self.0)
    }

    /// The number to calculate with; an empty one is a fault with code `required`.
    pub fn required(&self) -> Result<Number, Fault> {
        self.get()?.ok_or_else(|| {
            self.0
                .fault_of("required", "a number is needed and the value is empty".to_owned())
        })
    }

    /// Rounded to at most `places` decimal places, half away from zero.
    #[must_use]
    pub fn round(&self, places: u32) -> Self {
        self.change(|number| number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero))
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        self.change(|number| number.abs())
    }

    /// Another number made from this one; empties and faults stay what they are.
    #[must_use]
    pub fn change(&self, make: impl FnOnce(Number) -> Number) -> Self {
        Self(match number(&self.0) {
            Ok(None) => self.0.with(Content::Empty),
            Ok(Some(number)) => self.0.with(Content::Exact(make(number))),
            Err(fault) => Value::failed(fault),
        })
    }

    fn calculate(&self, other: &Self, act: impl FnOnce(Number, Number) -> Result<Number, &'static str>) -> Self {
        let operands = number(&self.0).and_then(|mine| Ok((mine, number(&other.0)?)));
        let content = match operands {
            Err(fault) => return Self(Value::failed(fault)),
            Ok((None, _)) => return Self(self.0.with(Content::Empty)),
            Ok((_, None)) => return Self(other.0.with(Content::Empty)),
            Ok((Some(mine), Some(theirs))) => act(mine, theirs),
        };
        // The result belongs where its first operand came from.
        let place = if self.0.origin.is_some() { &self.0 } else { &other.0 };
        Self(match content {
            Ok(number) => place.with(Content::Exact(number)),
            Err(reason) => Value::failed(place.fault_of("expression", reason.to_owned())),
        })
    }
}

impl Integer {
    /// No number.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The number, `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<i64>, Fault> {
        let Some(text) = self.0.text()? else { return Ok(None) };
        let whole = self.0.scalar().integer().ok().and_then(|digits| digits.parse().ok());
        whole.map(Some).ok_or_else(|| self.0.not_a(&text, "a whole number"))
    }
}

fn number(value: &Value) -> Result<Option<Number>, Fault> {
    if let Content::Exact(number) = &value.content {
        return Ok(Some(*number));
    }
    if let Some(fault) = value.fault() {
        return Err(Fault::clone(fault));
    }
    if value.is_empty() {
        return Ok(None);
    }
    let scalar = value.scalar();
    scalar
        .decimal_value()
        .map(Some)
        .map_err(|_| value.not_a(&scalar.text(), "a decimal"))
}

/// A decimal's digits; zero has no sign.
pub(crate) fn digits(mut number: Number) -> String {
    if number.is_zero() {
        number.set_sign_positive(true);
    }
    number.to_string()
}

const TOO_LARGE: &str = "the result has too many digits";

fn add(left: Number, right: Number) -> Result<Number, &'static str> {
    left.checked_add(right).ok_or(TOO_LARGE)
}

fn subtract(left: Number, right: Number) -> Result<Number, &'static str> {
    left.checked_sub(right).ok_or(TOO_LARGE)
}

fn multiply(left: Number, right: Number) -> Result<Number, &'static str> {
    left.checked_mul(right)
        .map(|product| product.normalize())
        .ok_or(TOO_LARGE)
}

fn divide(left: Number, right: Number) -> Result<Number, &'static str> {
    if right.is_zero() {
        return Err("division by zero");
    }
    left.checked_div(right)
        .map(|quotient| quotient.normalize())
        .ok_or(TOO_LARGE)
}

macro_rules! operators {
    ($($trait:ident $method:ident $act:ident)*) => { $(
        impl $trait<&Decimal> for &Decimal {
            type Output = Decimal;
            fn $method(self, other: &Decimal) -> Decimal {
                self.calculate(other, $act)
            }
        }
        impl $trait<Decimal> for &Decimal {
            type Output = Decimal;
            fn $method(self, other: Decimal) -> Decimal {
                self.calculate(&other, $act)
            }
        }
        impl $trait<&Decimal> for Decimal {
            type Output = Decimal;
            fn $method(self, other: &Decimal) -> Decimal {
                self.calculate(other, $act)
            }
        }
        impl $trait<Decimal> for Decimal {
            type Output = Decimal;
            fn $method(self, other: Decimal) -> Decimal {
                self.calculate(&other, $act)
            }
        }
    )* };
}

operators!(Add add add Sub sub subtract Mul mul multiply Div div divide);

/// The sum of all that are there: empty ones count as nothing, a fault makes the sum a fault, no numbers at all are 0.
impl<'d> Sum<&'d Decimal> for Decimal {
    fn sum<I: Iterator<Item = &'d Decimal>>(numbers: I) -> Self {
        let present = numbers.filter(|number| !number.is_empty());
        present.fold(Self::from(0), |sum, number| number + &sum)
    }
}

impl Sum<Decimal> for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(numbers: I) -> Self {
        let present = numbers.filter(|number| !number.is_empty());
        present.fold(Self::from(0), |sum, number| number + &sum)
    }
}

impl From<Number> for Decimal {
    fn from(number: Number) -> Self {
        Self(Value {
            content: Content::Exact(number),
            origin: None,
        })
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::from(Number::from(number))
    }
}

/// Reads the text as a source's: `""` is empty, what is no number is a fault where it is used.
impl From<&str> for Decimal {
    fn from(text: &str) -> Self {
        Self(Value::given(text))
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(Value {
            content: Content::Exact(Number::from(number)),
            origin: None,
        })
    }
}

values!(Decimal Integer);
shown_as_text!(Decimal Integer);
