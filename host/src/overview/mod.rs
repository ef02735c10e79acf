//! Read models: what people and scripts see of a project. Each file turns store rows into a plain view and a view into
//! text and JSON. Reads the store, writes nothing, prints nothing, decides nothing about deliveries.
//!
//! [`Lens`] says how one reader looks: language, zone, width, and which catalogues tell personal fields apart. JSON is
//! never translated: ids are text, money is decimal text, times are RFC 3339 with the scheme's offset.

pub mod advice;
pub mod blast;
pub mod deliveries;
pub mod desk;
pub mod details;
pub mod drain;
pub mod explain;
pub mod fleet;
pub mod gate;
pub mod groups;
pub mod history;
pub mod mask;
pub mod nearest;
pub mod plan;
pub mod problem;
pub mod records;
pub mod replay;
pub mod rollouts;
pub mod said;
pub mod status;
pub mod story;
pub mod text;

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use crate::lang::Lang;
use crate::scheme::Scheme;
use dukou_core::catalogue::Catalogue;

/// How one reader looks at one scheme.
#[derive(Debug, Clone, Copy)]
pub struct Lens<'a> {
    /// The language of people.
    pub lang: Lang,
    /// The scheme's time zone.
    pub zone: Tz,
    /// Now, for ages.
    pub now: DateTime<Utc>,
    /// Columns of the terminal; `None` when the output is no terminal, then nothing is wrapped.
    pub width: Option<u16>,
    /// What tells personal fields.
    pub personal: Personal<'a>,
    /// Names of the scheme's shown columns.
    pub columns: &'a [String],
}

/// What is known about personal fields.
#[derive(Debug, Clone, Copy)]
pub enum Personal<'a> {
    /// The catalogues of both sides, where there are any.
    Known {
        /// Of records.
        source: Option<&'a Catalogue>,
        /// Of documents.
        target: Option<&'a Catalogue>,
    },
    /// The scheme's definition cannot be read, so bodies are withheld rather than shown unmasked.
    Withheld,
}

impl<'a> Lens<'a> {
    /// The lens for a scheme that is at hand, without a terminal's width.
    pub fn of(scheme: &'a Scheme, lang: Lang, now: DateTime<Utc>) -> Self {
        Self {
            zone: scheme.source.zone,
            personal: Personal::Known {
                source: scheme.source_catalogue.as_ref(),
                target: scheme.target_catalogue.as_ref(),
            },
            columns: scheme.show.columns(),
            ..Self::plain(lang, now)
        }
    }

    /// A lens without a definition: bodies are withheld, times are in `Asia/Shanghai`.
    pub fn plain(lang: Lang, now: DateTime<Utc>) -> Self {
        Self {
            lang,
            zone: Tz::Asia__Shanghai,
            now,
            width: None,
            personal: Personal::Withheld,
            columns: &[],
        }
    }

    /// A time for machines: RFC 3339 with the zone's offset.
    pub fn stamp(&self, time: DateTime<Utc>) -> Value {
        Value::String(
            time.with_timezone(&self.zone)
                .to_rfc3339_opts(SecondsFormat::AutoSi, false),
        )
    }

    /// An optional time for machines.
    pub fn stamp_or_null(&self, time: Option<DateTime<Utc>>) -> Value {
        time.map_or(Value::Null, |time| self.stamp(time))
    }
}
