//! What the store keeps of a rollout, as JSON: which schemes, in which wave, what each shall run and ran before, and what
//! became of it. Names, digests, definitions and counts; nothing from records. Definitions are dropped when it is done.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::rollout::{Counts, Reason, Thresholds};
use dukou_store::rows::{Rollout, VerdictCounts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use super::member::{Candidate, Member, MemberState, Pinned};

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its waves go on by themselves.
    Running,
    /// A wave goes back; a process that dies now is carried on by the next.
    RollingBack,
    /// It went back by itself.
    RolledBack,
    /// A person stopped it: what is in force stays, nothing more comes and nothing is watched.
    Stopped,
    /// Every wave is in force and was judged good.
    Done,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::RollingBack,
        Self::RolledBack,
        Self::Stopped,
        Self::Done,
    ];

    /// The stable word for storage, JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::RollingBack => "rolling-back",
            Self::RolledBack => "rolled-back",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }
}

/// A person's word that a wave goes on although too little was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetOn {
    /// The wave, from 0.
    pub wave: usize,
    /// Who.
    pub by: String,
    /// When.
    #[serde(with = "stamp")]
    pub at: DateTime<Utc>,
}

/// Why and when a rollout went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// The threshold that was exceeded.
    pub reason: Reason,
    /// The wave that it was exceeded in, from 0.
    pub wave: usize,
    /// When.
    #[serde(with = "stamp")]
    pub at: DateTime<Utc>,
    /// Groups that the new version rejected or failed in what went back.
    pub groups: u64,
    /// How many of them are due again.
    pub due_again: u64,
}

/// A rollout's own memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Edition of this layout.
    pub schema: u32,
    /// Who began it.
    pub by: String,
    /// Why, in a person's words.
    pub note: String,
    /// The plugin's name in the definitions.
    pub plugin: String,
    /// Digest of the bytes that are rolled out.
    #[serde(with = "text")]
    pub digest: Digest,
    /// How long each wave is watched at least.
    pub soak_ms: u64,
    /// How many waves there are.
    pub waves: usize,
    /// The wave in force, from 0.
    pub wave: usize,
    /// Since when.
    #[serde(with = "stamp")]
    pub since: DateTime<Utc>,
    /// What it was begun with.
    pub thresholds: Thresholds,
    /// Why it went back, the last time if a person let it go on after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setback: Option<Setback>,
    /// Waves that a person let go on although too little was seen of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_on: Vec<LetOn>,
    /// Its schemes.
    pub members: Vec<Member>,
}

impl Body {
    /// The edition that this program writes and reads.
    pub const SCHEMA: u32 = 1;

    /// As the store keeps it.
    pub fn to_text(&self) -> String {
        // Texts, numbers and lists of them: this cannot fail.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Reads what the store kept.
    ///
    /// # Errors
    /// When another edition of the program wrote it.
    pub fn parse(rollout: &Rollout) -> anyhow::Result<Self> {
        let body: Self = serde_json::from_str(&rollout.body)
            .with_context(|| format!("rollout {} cannot be read by this version of dukou", rollout.id))?;
        anyhow::ensure!(
            body.schema == Self::SCHEMA,
            "rollout {} was written by another version of dukou",
            rollout.id
        );
        Ok(body)
    }

    /// How long each wave is watched at least.
    pub fn soak(&self) -> Duration {
        Duration::from_millis(self.soak_ms)
    }

    /// The person's word that lets the wave in force go on although too little was seen of it, if there is one.
    pub fn let_on(&self) -> Option<&LetOn> {
        let of_now = |one: &&LetOn| one.wave == self.wave && one.at >= self.since;
        self.let_on.iter().rev().find(of_now)
    }

    /// The schemes of a wave.
    pub fn of_wave(&self, wave: usize) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.wave == Some(wave))
    }

    /// The schemes of a wave whose state is this one become that one.
    pub fn move_on(&mut self, wave: usize, from: MemberState, to: MemberState) {
        for member in &mut self.members {
            if member.wave == Some(wave) && member.state == from {
                member.state = to;
            }
        }
    }

    /// Nobody needs the definitions any more.
    pub fn forget_definitions(&mut self) {
        for candidate in self.members.iter_mut().filter_map(|member| member.candidate.as_mut()) {
            candidate.definition.clear();
        }
    }
}

/// Verdicts as core judges them.
pub fn counts(stored: &VerdictCounts) -> Counts {
    Counts {
        mapped: stored.mapped,
        skipped: stored.skipped,
        rejected: stored.rejected,
        failed: stored.failed,
    }
}

/// What is written as its own text.
pub(super) mod text {
    use super::*;

    pub(in super::super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'a, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'a>,
    {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// RFC 3339.
mod stamp {
    use super::*;

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
