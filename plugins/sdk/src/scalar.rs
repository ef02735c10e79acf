//! Values of untyped sources: the same field comes as a string, a number, a boolean or null, from one page to the next.
//!
//! [`Scalar`] keeps what came, borrowed where it can. A number keeps its digits: `2.0000` stays `2.0000`, and nothing
//! passes through binary floating point. What counts as empty, and what counts as a number, is decided here once for
//! all plugins (the value rules of `plugins/table/README.md`).

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Longest number, in digits, that an exponent is written out to; beyond it a value is no quantity of goods or money.
pub const DIGITS_MAX: usize = 64;

/// One value of a source object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// `null`, or no such field.
    #[default]
    Null,
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// A number, digit by digit as it came.
    Number(Cow<'a, str>),
    /// `true` or `false`.
    Boolean(bool),
    /// An object or an array where a scalar was expected, as JSON text.
    Structure(&'a str),
}

/// Why a value is no number of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// It is not written as a decimal number at all.
    Form,
    /// It has more digits than [`DIGITS_MAX`], or an exponent beyond them.
    Size,
    /// A whole number was wanted, and it has a fraction.
    Fraction,
}

impl NotANumber {
    /// A fragment for messages.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Form => "not a number",
            Self::Size => "a number with too many digits",
            Self::Fraction => "not a whole number",
        }
    }
}

impl<'a> Scalar<'a> {
    /// Reads one JSON value, which the caller knows to be well formed.
    pub fn from_json(json: &'a str) -> Self {
        let json = json.trim_ascii();
        match json.as_bytes().first() {
            Some(b'"') => match json.as_bytes() {
                [_, inside @ .., _] if !inside.contains(&b'\\') => Self::Text(Cow::Borrowed(&json[1..json.len() - 1])),
                _ => serde_json::from_str(json).map_or(Self::Null, |text| Self::Text(Cow::Owned(text))),
            },
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'{' | b'[') => Self::Structure(json),
            Some(b'-' | b'0'..=b'9') => Self::Number(Cow::Borrowed(json)),
            _ => Self::Null,
        }
    }

    /// Whether there is nothing to carry over: null, absent, only white space, or masked by the source (`***`).
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => is_empty_text(text),
            Self::Number(_) | Self::Boolean(_) | Self::Structure(_) => false,
        }
    }

    /// As text: a string as it is, a number's digits with an exponent written out, `true`, `false`, and "" for null.
    /// A structure is its JSON text, which no field should carry: test for [`Scalar::Structure`] first.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(digits) => plain_number(digits).unwrap_or(Cow::Borrowed(digits)),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Structure(json) => Cow::Borrowed(json),
        }
    }

    /// As a JSON number token: from a number or a numeric string, scale kept, exponent written out.
    pub fn decimal(&self) -> Result<Cow<'_, str>, NotANumber> {
        match self {
            Self::Number(text) | Self::Text(text) => plain_number(text),
            Self::Null | Self::Boolean(_) | Self::Structure(_) => Err(NotANumber::Form),
        }
    }

    /// As a JSON token of a whole number; a fraction of zeros is cut off.
    pub fn integer(&self) -> Result<Cow<'_, str>, NotANumber> {
        let cut = |digits: &str| match digits.split_once('.') {
            None => Ok(digits.len()),
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => Ok(whole.len()),
            Some(_) => Err(NotANumber::Fraction),
        };
        Ok(match self.decimal()? {
            Cow::Borrowed(digits) => Cow::Borrowed(&digits[..cut(digits)?]),
            Cow::Owned(mut digits) => {
                let length = cut(&digits)?;
                digits.truncate(length);
                Cow::Owned(digits)
            }
        })
    }

    /// As an exact decimal to calculate with.
    pub fn decimal_value(&self) -> Result<Decimal, NotANumber> {
        Decimal::from_str_exact(&self.decimal()?).map_err(|_| NotANumber::Size)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self::from_json(raw.get()))
    }
}

/// Whether a text carries nothing: only white space, or masked by the source (contains `***`).
pub fn is_empty_text(text: &str) -> bool {
    text.contains("***") || text.chars().all(char::is_whitespace)
}

/// A number as a JSON token without exponent, borrowed if it is one already.
///
/// Accepts surrounding white space, a sign, leading zeros, `.5`, `5.` and exponents; keeps trailing zeros, since the
/// scale of a price is information. Thousands separators, units and anything else are not numbers.
pub fn plain_number(text: &str) -> Result<Cow<'_, str>, NotANumber> {
    let text = text.trim();
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return Err(NotANumber::Form);
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(NotANumber::Size);
    }
    let shift = exponent.map_or(Ok(0), read_exponent)?;
    let canonical = exponent.is_none()
        && (negative || unsigned.len() == text.len())
        && (whole == "0" || (!whole.is_empty() && !whole.starts_with('0')))
        && fraction.is_empty() != mantissa.contains('.');
    if canonical {
        return Ok(Cow::Borrowed(text));
    }
    write_shifted(negative, whole, fraction, shift).map(Cow::Owned)
}

fn read_exponent(text: &str) -> Result<i32, NotANumber> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber::Form);
    }
    let size = unsigned.trim_start_matches('0');
    if size.len() > 3 {
        return Err(NotANumber::Size);
    }
    let size: i32 = if size.is_empty() {
        0
    } else {
        size.parse().map_err(|_| NotANumber::Size)?
    };
    Ok(if text.starts_with('-') { -size } else { size })
}

/// Writes `whole.fraction` with the point moved right by `shift` (left if negative).
fn write_shifted(negative: bool, whole: &str, fraction: &str, shift: i32) -> Result<String, NotANumber> {
    let digits = [whole, fraction].concat();
    let length = |size: usize| i32::try_from(size).map_err(|_| NotANumber::Size);
    let point = length(whole.len())? + shift;
    let places = (length(digits.len())? - point).max(0);
    if point.unsigned_abs() as usize > DIGITS_MAX || places.unsigned_abs() as usize > DIGITS_MAX {
        return Err(NotANumber::Size);
    }
    let mut out = String::with_capacity(DIGITS_MAX * 2);
    if negative {
        out.push('-');
    }
    let whole_length = usize::try_from(point).unwrap_or(0);
    if whole_length >= digits.len() {
        let zeros = whole_length - digits.len();
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            out.push('0');
        } else {
            out.push_str(significant);
            out.extend(std::iter::repeat_n('0', zeros));
        }
        return Ok(out);
    }
    let (before, after) = digits.split_at(whole_length);
    let before = before.trim_start_matches('0');
    out.push_str(if before.is_empty() { "0" } else { before });
    out.push('.');
    out.extend(std::iter::repeat_n('0', usize::try_from(-point).unwrap_or(0)));
    out.push_str(after);
    Ok(out)
}

#[cfg(test)]
mod tests;
