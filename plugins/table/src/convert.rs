//! From a value's text to what the target field takes. The rules themselves are `dukou_sdk::scalar` and
//! `dukou_sdk::date`, shared with every other mapping; here they meet the types of the catalogue.

use crate::errors::Fault;
use crate::program::Kind;
use crate::template::Format;
use dukou_sdk::Scalar;
use dukou_sdk::date::{Moment, Zone};
use dukou_sdk::scalar::{NotANumber, is_empty_text, plain_number};
use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;

/// A value's text, or nothing: a [`Value`] is never an empty or masked text.
pub(crate) type Value<'n> = Option<Cow<'n, str>>;

/// The value as its target field takes it: the inside of a JSON string, or a JSON token, by the kind.
pub(crate) fn convert<'n>(kind: &Kind, text: Cow<'n, str>, zone: Zone) -> Result<Value<'n>, Fault> {
    match kind {
        Kind::Text | Kind::Reference(_) | Kind::Texts => Ok(Some(text)),
        Kind::Decimal => number(text).map(Some),
        Kind::Integer => integer(text).map(Some),
        Kind::Date => date(text, zone),
        Kind::DateTime => datetime(text, zone),
        Kind::Boolean => match text.trim() {
            "true" | "1" => Ok(Some(Cow::Borrowed("true"))),
            "false" | "0" => Ok(Some(Cow::Borrowed("false"))),
            _ => Err(Fault::Type {
                expected: "true or false".to_owned(),
                value: text.into_owned(),
            }),
        },
    }
}

/// A format applied to a value that is there.
pub(crate) fn format<'n>(format: Format, text: Cow<'n, str>, zone: Zone) -> Result<Value<'n>, Fault> {
    match format {
        Format::Date => date(text, zone),
        Format::DateTime => datetime(text, zone),
        Format::Time => {
            let moment = Moment::read(&text, zone).map_err(|_| Fault::Date(text.into_owned()))?;
            Ok(moment.map(|moment| Cow::Owned(moment.datetime()[11..].to_owned())))
        }
        Format::Round(places) => {
            let rounded = decimal(&text)?.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
            Ok(Some(Cow::Owned(plain(rounded))))
        }
        Format::Integer => integer(text).map(Some),
        Format::Text => Ok(Some(text)),
        Format::Upper => Ok(Some(Cow::Owned(text.to_uppercase()))),
        Format::Lower => Ok(Some(Cow::Owned(text.to_lowercase()))),
        Format::Trim => Ok(Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })),
    }
}

/// A value from a text: nothing if the text is empty or masked.
pub(crate) fn present(text: Cow<'_, str>) -> Value<'_> {
    (!is_empty_text(&text)).then_some(text)
}

/// A value from a scalar of the source. An object or an array is a fault.
pub(crate) fn from_scalar(scalar: Scalar<'_>) -> Result<Value<'_>, Fault> {
    match scalar {
        Scalar::Null => Ok(None),
        Scalar::Text(text) => Ok(present(text)),
        Scalar::Number(Cow::Borrowed(digits)) => Ok(Some(plain_number(digits).unwrap_or(Cow::Borrowed(digits)))),
        Scalar::Number(Cow::Owned(digits)) => {
            let plain = plain_number(&digits).map(Cow::into_owned);
            Ok(Some(Cow::Owned(plain.unwrap_or(digits))))
        }
        Scalar::Boolean(true) => Ok(Some(Cow::Borrowed("true"))),
        Scalar::Boolean(false) => Ok(Some(Cow::Borrowed("false"))),
        Scalar::Structure(json) => Err(Fault::Type {
            expected: "a single value".to_owned(),
            value: json.to_owned(),
        }),
    }
}

/// An exact decimal to calculate with.
pub(crate) fn decimal(text: &str) -> Result<Decimal, Fault> {
    let plain = plain_number(text).map_err(|error| not_a_number(error, text))?;
    Decimal::from_str_exact(&plain).map_err(|_| not_a_number(NotANumber::Size, text))
}

/// A decimal's digits; zero has no sign.
pub(crate) fn plain(mut value: Decimal) -> String {
    if value.is_zero() {
        value.set_sign_positive(true);
    }
    value.to_string()
}

fn number(text: Cow<'_, str>) -> Result<Cow<'_, str>, Fault> {
    let plain = match &text {
        Cow::Borrowed(borrowed) => plain_number(borrowed),
        Cow::Owned(owned) => plain_number(owned).map(|plain| Cow::Owned(plain.into_owned())),
    };
    plain.map_err(|error| not_a_number(error, &text))
}

fn integer(text: Cow<'_, str>) -> Result<Cow<'_, str>, Fault> {
    let whole = Scalar::Text(Cow::Borrowed(text.as_ref()))
        .integer()
        .map(Cow::into_owned);
    whole.map(Cow::Owned).map_err(|error| not_a_number(error, &text))
}

fn date(text: Cow<'_, str>, zone: Zone) -> Result<Value<'_>, Fault> {
    let moment = Moment::read(&text, zone).map_err(|_| Fault::Date(text.into_owned()))?;
    Ok(moment.map(|moment| Cow::Owned(moment.date())))
}

fn datetime(text: Cow<'_, str>, zone: Zone) -> Result<Value<'_>, Fault> {
    let moment = Moment::read(&text, zone).map_err(|_| Fault::Date(text.into_owned()))?;
    Ok(moment.map(|moment| Cow::Owned(moment.datetime())))
}

fn not_a_number(error: NotANumber, text: &str) -> Fault {
    let expected = match error {
        NotANumber::Form => "a decimal number",
        NotANumber::Size => "a number of a size that can be handled",
        NotANumber::Fraction => "a whole number",
    };
    Fault::Type {
        expected: expected.to_owned(),
        value: text.to_owned(),
    }
}
