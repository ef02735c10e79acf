//! Dates and times in the scheme's zone.

use super::text::{shown_as_text, values};
use super::{Content, Fault, Origin, Value};
use crate::date::{self, Moment, Zone};
use crate::{Scalar, Violation};
use std::borrow::Cow;
use std::fmt;

const FORMS: &str = "a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds";

/// A day, written as `YYYY-MM-DD`. Read from `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` (also with `T`) and epoch milliseconds
/// in the scheme's zone; zero dates are empty.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// let date = Date::from("2026-02-27 23:59:59");
/// assert_eq!(date.plus_days(2).to_string(), "2026-03-01");
/// ```
#[derive(Clone, Default)]
pub struct Date(pub(crate) Value);

/// A second of wall time, written as `YYYY-MM-DD HH:MM:SS`; read as a [`Date`] is.
#[derive(Clone, Default)]
pub struct DateTime(pub(crate) Value);

/// The zone that a value's texts are wall time of.
fn zone(value: &Value) -> Zone {
    value
        .origin
        .as_ref()
        .map_or(Zone::SHANGHAI, |origin| origin.place.root.around.zone)
}

fn moment(value: &Value) -> Result<Option<Moment>, Fault> {
    if let Some(fault) = value.fault() {
        return Err(Fault::clone(fault));
    }
    if value.is_empty() {
        return Ok(None);
    }
    let scalar = value.scalar();
    match &scalar {
        Scalar::Structure(found) => Err(value.not_a(found, "a date")),
        Scalar::Text(text) | Scalar::Number(text) => {
            Moment::read(text, zone(value)).map_err(|_| unreadable(value, &scalar))
        }
        Scalar::Null | Scalar::Boolean(_) => Err(unreadable(value, &scalar)),
    }
}

fn unreadable(value: &Value, scalar: &Scalar<'_>) -> Fault {
    value.fault_of("date", format!("{} is not {FORMS}", value.shown(&scalar.text())))
}

/// What is written for a value as a date or a time; `None` where there is none.
pub(super) fn written<'v>(value: &'v Value, scalar: &'v Scalar<'v>, time: bool) -> Result<Option<Cow<'v, str>>, Fault> {
    let format = if time { date::datetime } else { date::date };
    match scalar {
        Scalar::Structure(found) => Err(value.not_a(found, "a date")),
        scalar => format(scalar, zone(value)).map_err(|_| unreadable(value, scalar)),
    }
}

impl Date {
    /// No date.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The moment (of which the day counts), `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<Moment>, Fault> {
        moment(&self.0)
    }

    /// So many days later, or earlier if negative.
    #[must_use]
    pub fn plus_days(&self, days: i64) -> Self {
        Self(match moment(&self.0) {
            Ok(None) => self.0.with(Content::Empty),
            Ok(Some(moment)) => {
                let day = Moment {
                    day: moment.day.saturating_add(days),
                    second: 0,
                };
                self.0.with(Content::Made(day.date().into()))
            }
            Err(fault) => Value::failed(fault),
        })
    }
}

impl DateTime {
    /// No time.
    pub const EMPTY: Self = Self(Value::EMPTY);

    /// The moment, `None` if it is empty, or why it cannot be used.
    pub fn get(&self) -> Result<Option<Moment>, Fault> {
        moment(&self.0)
    }
}

impl From<Moment> for Date {
    fn from(moment: Moment) -> Self {
        Self::from(moment.date().as_str())
    }
}

impl From<&str> for Date {
    fn from(text: &str) -> Self {
        Self(Value::given(text))
    }
}

impl From<Moment> for DateTime {
    fn from(moment: Moment) -> Self {
        Self::from(moment.datetime().as_str())
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self(Value::given(text))
    }
}

values!(Date DateTime);
shown_as_text!(Date DateTime);
