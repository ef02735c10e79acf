//! Crons: when a half of a scheme fires next. Times are the scheme's zone's; the next fire is kept in the store, so a
//! restart neither skips nor doubles one. Pure: `now` is handed in.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// A cron pattern with its zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    cron: Cron,
    zone: Tz,
}

/// Why a schedule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleError {
    /// The pattern is not five cron fields.
    Pattern {
        /// The pattern.
        pattern: String,
        /// croner's words.
        reason: String,
    },
    /// Not an IANA zone.
    Zone(String),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern { pattern, reason } => write!(f, "cron {pattern:?} cannot be read: {reason}"),
            Self::Zone(zone) => write!(f, "{zone:?} is not an IANA time zone such as Asia/Shanghai"),
        }
    }
}

impl std::error::Error for ScheduleError {}

impl Schedule {
    /// Reads a pattern such as `*/5 * * * *` and a zone such as `Asia/Shanghai`.
    ///
    /// # Errors
    /// [`ScheduleError`] naming the part that cannot be read.
    pub fn parse(pattern: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = zone.parse().map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        let cron = Cron::from_str(pattern).map_err(|error| ScheduleError::Pattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            text: pattern.to_owned(),
            cron,
            zone,
        })
    }

    /// The first fire strictly after `after`, or `None` if the pattern never fires again.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron
            .find_next_occurrence(&after.with_timezone(&self.zone), false)
            .ok()
            .map(|time| time.with_timezone(&Utc))
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.text
    }

    /// The zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }
}

/// What a scheduler does about one half of a scheme now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Fire, and keep this as the next fire (one fire however many were missed).
    Fire {
        /// The next one.
        next: Option<DateTime<Utc>>,
    },
    /// Wait until then.
    Wait {
        /// The stored or first fire.
        until: Option<DateTime<Utc>>,
    },
}

/// Whether a half is due, from what the store keeps as its next fire (`None`: never scheduled, so it fires at once).
pub fn due(schedule: &Schedule, stored_next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Due {
    match stored_next {
        Some(next) if next > now => Due::Wait { until: Some(next) },
        _ => Due::Fire {
            next: schedule.next_after(now),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn fires_follow_the_zone() {
        let nightly = Schedule::parse("3 2 * * *", "Asia/Shanghai").unwrap();
        assert_eq!(
            nightly.next_after(at("2026-11-01T00:00:00Z")),
            Some(at("2026-11-01T18:03:00Z"))
        );
    }

    #[test]
    fn local_times_that_a_clock_change_skips_or_doubles_fire_once_a_day() {
        let zone = Schedule::parse("30 2 * * *", "America/New_York").unwrap();
        let mut time = at("2026-03-06T12:00:00Z");
        let mut days = Vec::new();
        for _ in 0..5 {
            time = zone.next_after(time).unwrap();
            days.push(time.with_timezone(&zone.zone()).date_naive());
        }
        let mut unique = days.clone();
        unique.dedup();
        assert_eq!(days, unique);
    }

    #[test]
    fn missed_fires_fire_once() {
        let five = Schedule::parse("*/5 * * * *", "Asia/Shanghai").unwrap();
        let now = at("2026-11-01T10:03:00Z");
        let expected = Due::Fire {
            next: Some(at("2026-11-01T10:05:00Z")),
        };
        assert_eq!(due(&five, Some(at("2026-11-01T08:00:00Z")), now), expected);
        assert_eq!(due(&five, None, now), expected);
        assert_eq!(
            due(&five, Some(at("2026-11-01T10:05:00Z")), now),
            Due::Wait {
                until: Some(at("2026-11-01T10:05:00Z"))
            }
        );
    }

    #[test]
    fn errors_name_the_part() {
        assert!(matches!(
            Schedule::parse("61 * * * *", "Asia/Shanghai"),
            Err(ScheduleError::Pattern { .. })
        ));
        assert!(matches!(
            Schedule::parse("* * * * *", "Shanghai"),
            Err(ScheduleError::Zone(_))
        ));
    }
}
