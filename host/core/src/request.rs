//! The values of a source's request parameters (the seed's 请求参数 with its preset values): constants and the variables
//! of a window and its pages. Both spellings are read: `{{LAST_SYNC_TIME|datetime}}` and the seed's `{{LAST_SYNC_TIME datetime}}`.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::window::WindowRange;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// `yyyy-MM-dd HH:mm:ss`
    Datetime,
    /// `yyyy-MM-dd`
    Date,
    /// Unix seconds.
    Timestamp,
    /// Unix milliseconds.
    TimestampMs,
}

/// One parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestValue {
    /// Sent as it is; empty is not sent.
    Text(String),
    /// `{{LAST_SYNC_TIME|…}}`: the window's start.
    WindowStart(TimeFormat),
    /// `{{CURRENT_TIME|…}}`: the window's end.
    WindowEnd(TimeFormat),
    /// `{{DAYS_AGO_n|…}}`: n days before the window's end.
    DaysAgo(u32, TimeFormat),
    /// `{{PAGINATION_PAGE_SIZE}}`
    PageSize,
    /// `{{PAGINATION_START_PAGE}}`
    PageNumber,
}

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequestValue {
    /// The text.
    pub text: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl fmt::Display for BadRequestValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.text, self.reason)
    }
}

impl std::error::Error for BadRequestValue {}

impl RequestValue {
    /// Reads a preset value.
    ///
    /// # Errors
    /// [`BadRequestValue`] for an unknown variable or format, or text around a variable.
    pub fn parse(text: &str) -> Result<Self, BadRequestValue> {
        let bad = |reason: &str| BadRequestValue {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let trimmed = text.trim();
        let Some(inner) = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else {
            return if text.contains("{{") || text.contains("}}") {
                Err(bad(
                    "a request value is either a constant or one variable such as {{LAST_SYNC_TIME|datetime}}",
                ))
            } else {
                Ok(Self::Text(text.to_owned()))
            };
        };
        let mut parts = inner.split(['|', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let name = parts.next().ok_or_else(|| bad("the braces are empty"))?;
        let format = match parts.next() {
            None | Some("datetime" | "dateTime") => TimeFormat::Datetime,
            Some("date") => TimeFormat::Date,
            Some("timestamp") => TimeFormat::Timestamp,
            Some("timestamp_ms") => TimeFormat::TimestampMs,
            Some(_) => return Err(bad("formats are datetime, date, timestamp and timestamp_ms")),
        };
        if parts.next().is_some() {
            return Err(bad("one format at most"));
        }
        match name {
            "LAST_SYNC_TIME" => Ok(Self::WindowStart(format)),
            "CURRENT_TIME" => Ok(Self::WindowEnd(format)),
            "PAGINATION_PAGE_SIZE" => Ok(Self::PageSize),
            "PAGINATION_START_PAGE" => Ok(Self::PageNumber),
            other => match other.strip_prefix("DAYS_AGO_").and_then(|days| days.parse().ok()) {
                Some(days) => Ok(Self::DaysAgo(days, format)),
                None => Err(bad(
                    "known variables: LAST_SYNC_TIME, CURRENT_TIME, DAYS_AGO_n, PAGINATION_PAGE_SIZE, PAGINATION_START_PAGE",
                )),
            },
        }
    }

    /// Whether it depends on the window.
    pub fn is_window(&self) -> bool {
        matches!(self, Self::WindowStart(_) | Self::WindowEnd(_) | Self::DaysAgo(..))
    }

    /// The text to send.
    pub fn render(&self, window: &WindowRange, zone: Tz, page_size: u32, page_number: u64) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::WindowStart(format) => format.write(window.start, zone),
            Self::WindowEnd(format) => format.write(window.end, zone),
            Self::DaysAgo(days, format) => format.write(window.end - TimeDelta::days(i64::from(*days)), zone),
            Self::PageSize => page_size.to_string(),
            Self::PageNumber => page_number.to_string(),
        }
    }
}

impl TimeFormat {
    /// Writes a time in a zone.
    pub fn write(self, time: DateTime<Utc>, zone: Tz) -> String {
        let local = time.with_timezone(&zone);
        match self {
            Self::Datetime => local.format("%Y-%m-%d %H:%M:%S").to_string(),
            Self::Date => local.format("%Y-%m-%d").to_string(),
            Self::Timestamp => time.timestamp().to_string(),
            Self::TimestampMs => time.timestamp_millis().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_the_seed_are_read() {
        for text in [
            "{{LAST_SYNC_TIME|datetime}}",
            "{{LAST_SYNC_TIME datetime}}",
            "{{LAST_SYNC_TIME}}",
        ] {
            assert_eq!(
                RequestValue::parse(text),
                Ok(RequestValue::WindowStart(TimeFormat::Datetime)),
                "{text}"
            );
        }
        assert_eq!(RequestValue::parse("95"), Ok(RequestValue::Text("95".into())));
        assert_eq!(
            RequestValue::parse("{{DAYS_AGO_2|date}}"),
            Ok(RequestValue::DaysAgo(2, TimeFormat::Date))
        );
        for bad in [
            "{{LAST_SYNC}}",
            "{{CURRENT_TIME|year}}",
            "x{{CURRENT_TIME}}",
            "{{}}",
            "{{A|date|date}}",
        ] {
            assert!(RequestValue::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_written_in_the_schemes_zone() {
        let window = WindowRange {
            start: "2026-11-01T16:00:00Z".parse().unwrap(),
            end: "2026-11-02T15:59:59Z".parse().unwrap(),
        };
        let zone = chrono_tz::Asia::Shanghai;
        let write = |value: RequestValue| value.render(&window, zone, 100, 3);
        assert_eq!(
            write(RequestValue::WindowStart(TimeFormat::Datetime)),
            "2026-11-02 00:00:00"
        );
        assert_eq!(write(RequestValue::WindowEnd(TimeFormat::Date)), "2026-11-02");
        assert_eq!(write(RequestValue::PageNumber), "3");
        assert_eq!(
            write(RequestValue::DaysAgo(1, TimeFormat::Datetime)),
            "2026-11-01 23:59:59"
        );
    }
}
