//! A comparison as JSON, for storage: a shadow run goes on where it was, and evidence can be looked at later.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::comparison::{Comparison, Figure, Fuel, Gathered};
use crate::key::Key;

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    all: Figure,
    same: Figure,
    changed: Figure,
    newly_failing: Figure,
    newly_fixed: Figure,
    fuel: Fuel,
    received: Option<(String, String)>,
    wrapper: Option<String>,
    patterns: Vec<(Key, Gathered)>,
}

impl Comparison {
    /// All of it, for storage; personal values of records are masked already. [`Self::from_json`] reads it back without a loss.
    pub fn to_json(&self) -> Value {
        let kept = Kept {
            all: self.all,
            same: self.same,
            changed: self.changed,
            newly_failing: self.newly_failing,
            newly_fixed: self.newly_fixed,
            fuel: self.fuel,
            received: self
                .received
                .map(|(first, last)| (first.to_rfc3339(), last.to_rfc3339())),
            wrapper: self.wrapper.clone(),
            patterns: self.gathered.clone().into_iter().collect(),
        };
        // Texts, numbers and lists of them: this cannot fail.
        serde_json::to_value(kept).unwrap_or_default()
    }

    /// Reads what [`Self::to_json`] made.
    ///
    /// # Errors
    /// serde_json's error when it is something else.
    pub fn from_json(value: Value) -> Result<Self, serde_json::Error> {
        let kept: Kept = serde_json::from_value(value)?;
        let time = |text: &str| {
            DateTime::parse_from_rfc3339(text)
                .map(|time| time.with_timezone(&Utc))
                .map_err(serde::de::Error::custom)
        };
        let received = kept
            .received
            .map(|(first, last)| Ok::<_, serde_json::Error>((time(&first)?, time(&last)?)))
            .transpose()?;
        Ok(Self {
            all: kept.all,
            same: kept.same,
            changed: kept.changed,
            newly_failing: kept.newly_failing,
            newly_fixed: kept.newly_fixed,
            fuel: kept.fuel,
            received,
            wrapper: kept.wrapper,
            gathered: kept.patterns.into_iter().collect(),
        })
    }
}
