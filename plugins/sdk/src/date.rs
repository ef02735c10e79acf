//! Dates of untyped sources: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` (or with `T`), and epoch milliseconds.
//!
//! All texts are wall time of the scheme's zone. Zero dates (`0000-00-00…`) and `0` mean that there is none. Anything
//! else is unreadable and never guessed at. Zones are fixed offsets: a plugin carries no zone database.

use crate::Scalar;
use std::borrow::Cow;

const DAY_S: i64 = 86_400;

/// A zone with one offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Seconds to add to UTC.
    pub offset_s: i32,
}

/// The text is none of the readable forms, or no day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Zones without daylight saving, whose offset has been the same since business data is electronic.
const ZONES: [(&str, i32); 24] = [
    ("Asia/Shanghai", 480),
    ("Asia/Chongqing", 480),
    ("Asia/Harbin", 480),
    ("Asia/Urumqi", 360),
    ("Asia/Hong_Kong", 480),
    ("Asia/Macau", 480),
    ("Asia/Taipei", 480),
    ("Asia/Singapore", 480),
    ("Asia/Kuala_Lumpur", 480),
    ("Asia/Manila", 480),
    ("Asia/Brunei", 480),
    ("Asia/Tokyo", 540),
    ("Asia/Seoul", 540),
    ("Asia/Bangkok", 420),
    ("Asia/Ho_Chi_Minh", 420),
    ("Asia/Jakarta", 420),
    ("Asia/Phnom_Penh", 420),
    ("Asia/Vientiane", 420),
    ("Asia/Kolkata", 330),
    ("Asia/Dubai", 240),
    ("PRC", 480),
    ("UTC", 0),
    ("Etc/UTC", 0),
    ("Z", 0),
];

impl Zone {
    /// China standard time.
    pub const SHANGHAI: Self = Self { offset_s: 8 * 3600 };

    /// A zone by its name in the zone database, or by its offset (`+08:00`). `None` for zones with daylight saving.
    pub fn named(name: &str) -> Option<Self> {
        if let Some((_, minutes)) = ZONES.iter().find(|(known, _)| *known == name) {
            return Some(Self { offset_s: minutes * 60 });
        }
        offset_s(name).map(|offset_s| Self { offset_s })
    }
}

/// Reads `+08:00`.
fn offset_s(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let sign = match bytes.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hours, minutes) = (two(bytes, 1)?, two(bytes, 4)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A second of wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Seconds since midnight.
    pub second: i32,
}

impl Moment {
    /// Reads one of the forms. `Ok(None)` for an empty text, a zero date and `0`.
    pub fn read(text: &str, zone: Zone) -> Result<Option<Self>, Unreadable> {
        let text = text.trim();
        if is_none(text) {
            return Ok(None);
        }
        let bytes = text.as_bytes();
        if bytes.len() == 13 && bytes.iter().all(u8::is_ascii_digit) {
            let epoch_ms: i64 = text.parse().map_err(|_| Unreadable)?;
            let local_s = epoch_ms.div_euclid(1000) + i64::from(zone.offset_s);
            let second = i32::try_from(local_s.rem_euclid(DAY_S)).map_err(|_| Unreadable)?;
            return Ok(Some(Self {
                day: local_s.div_euclid(DAY_S),
                second,
            }));
        }
        match bytes.len() {
            10 => Ok(Some(Self {
                day: day(bytes).ok_or(Unreadable)?,
                second: 0,
            })),
            19 if matches!(bytes[10], b' ' | b'T') => {
                let day = day(bytes).ok_or(Unreadable)?;
                let second = second(bytes, 11).ok_or(Unreadable)?;
                Ok(Some(Self { day, second }))
            }
            _ => Err(Unreadable),
        }
    }

    /// Reads an RFC 3339 time, such as a record's `received_at`, as wall time of `zone`; parts of a second are dropped.
    pub fn from_rfc3339(text: &str, zone: Zone) -> Result<Self, Unreadable> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || !text.is_ascii() || !matches!(bytes[10], b'T' | b't' | b' ') {
            return Err(Unreadable);
        }
        let day = day(bytes).ok_or(Unreadable)?;
        let second = second(bytes, 11).ok_or(Unreadable)?;
        let rest = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let offset = if matches!(rest, "Z" | "z") {
            0
        } else {
            offset_s(rest).ok_or(Unreadable)?
        };
        let local_s = day * DAY_S + i64::from(second) - i64::from(offset) + i64::from(zone.offset_s);
        let second = i32::try_from(local_s.rem_euclid(DAY_S)).map_err(|_| Unreadable)?;
        Ok(Self {
            day: local_s.div_euclid(DAY_S),
            second,
        })
    }

    /// `YYYY-MM-DD`.
    pub fn date(self) -> String {
        let mut out = String::with_capacity(10);
        self.push_date(&mut out);
        out
    }

    /// `YYYY-MM-DD HH:MM:SS`.
    pub fn datetime(self) -> String {
        let mut out = String::with_capacity(19);
        self.push_date(&mut out);
        for (separator, value) in [
            (' ', self.second / 3600),
            (':', self.second / 60 % 60),
            (':', self.second % 60),
        ] {
            out.push(separator);
            push_two(&mut out, value);
        }
        out
    }

    fn push_date(self, out: &mut String) {
        // Days to a civil date in the proleptic Gregorian calendar, by eras of 400 years that begin on March 1st.
        let shifted = self.day + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        push_two(out, i32::try_from(year.div_euclid(100)).unwrap_or(0));
        push_two(out, i32::try_from(year.rem_euclid(100)).unwrap_or(0));
        for part in [month, day] {
            out.push('-');
            push_two(out, i32::try_from(part).unwrap_or(0));
        }
    }
}

/// The `|date` format: `YYYY-MM-DD`, borrowed if the text begins with it. `Ok(None)` where there is no date.
pub fn date<'a>(value: &'a Scalar<'_>, zone: Zone) -> Result<Option<Cow<'a, str>>, Unreadable> {
    match text_of(value)? {
        None => Ok(None),
        Some(text) => Ok(match Moment::read(text, zone)? {
            None => None,
            Some(_) if text.trim().len() != 13 => Some(Cow::Borrowed(&text.trim()[..10])),
            Some(moment) => Some(Cow::Owned(moment.date())),
        }),
    }
}

/// The `|datetime` format: `YYYY-MM-DD HH:MM:SS`. `Ok(None)` where there is no date.
pub fn datetime<'a>(value: &'a Scalar<'_>, zone: Zone) -> Result<Option<Cow<'a, str>>, Unreadable> {
    match text_of(value)? {
        None => Ok(None),
        Some(text) => Ok(match Moment::read(text, zone)? {
            None => None,
            Some(_) if text.trim().as_bytes().get(10) == Some(&b' ') => Some(Cow::Borrowed(text.trim())),
            Some(moment) => Some(Cow::Owned(moment.datetime())),
        }),
    }
}

fn text_of<'a>(value: &'a Scalar<'_>) -> Result<Option<&'a str>, Unreadable> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Text(text) if crate::scalar::is_empty_text(text) => Ok(None),
        Scalar::Text(text) | Scalar::Number(text) => Ok(Some(text)),
        Scalar::Boolean(_) | Scalar::Structure(_) => Err(Unreadable),
    }
}

/// "", `0`, and dates of zeros with or without a time.
fn is_none(text: &str) -> bool {
    matches!(
        text,
        "" | "0" | "0000-00-00" | "0000-00-00 00:00:00" | "0000-00-00T00:00:00"
    )
}

fn day(bytes: &[u8]) -> Option<i64> {
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i64::from(two(bytes, 0)? * 100 + two(bytes, 2)?);
    let (month, day) = (i64::from(two(bytes, 5)?), i64::from(two(bytes, 8)?));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day < 1 || day > last {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Seconds since midnight of the `HH:MM:SS` at `at`.
fn second(bytes: &[u8], at: usize) -> Option<i32> {
    if bytes[at + 2] != b':' || bytes[at + 5] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(bytes, at)?, two(bytes, at + 3)?, two(bytes, at + 6)?);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// The two-digit number at `at`.
fn two(bytes: &[u8], at: usize) -> Option<i32> {
    match bytes.get(at..at + 2) {
        Some(&[tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0')),
        _ => None,
    }
}

fn push_two(out: &mut String, value: i32) {
    let value = u8::try_from(value % 100).unwrap_or(0);
    out.push(char::from(b'0' + value / 10));
    out.push(char::from(b'0' + value % 10));
}

#[cfg(test)]
mod tests;
