//! What the store keeps of a rollout, as JSON: which schemes, in which wave, what each shall run and ran before, and what
//! became of it. Names, digests, definitions and counts; nothing from records. Definitions are dropped when it is done.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Counts, Reason, Thresholds};
use dukou_store::rows::{NewDeployment, Rollout, VerdictCounts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::deploy::evidence::Evidence;

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

/// Where one scheme of a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Its wave has not come.
    Waiting,
    /// It runs the new version and is watched.
    Active,
    /// It runs the new version and its wave was judged good; it is still watched while the rollout runs.
    Done,
    /// Its wave goes back.
    Leaving,
    /// It runs the version before again.
    RolledBack,
    /// The gate did not let it in.
    Held,
    /// Somebody put something else into force: the rollout leaves it alone.
    Superseded,
}

impl MemberState {
    /// The stable word, for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Done => "done",
            Self::Leaving => "leaving",
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::Superseded => "superseded",
        }
    }
}

/// What a scheme shall run: a deployment whose bytes the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// See [`NewDeployment::digest`].
    #[serde(with = "text")]
    pub digest: Digest,
    /// The resolved scheme; empty once it is no longer needed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
    /// Plugins in chain order.
    pub plugins: Vec<Pinned>,
    /// Tables.
    pub tables: Vec<Pinned>,
    /// Why, in a person's words.
    pub note: String,
    /// What the gate saw.
    pub evidence: Evidence,
}

/// A name and the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Its name.
    pub name: String,
    /// Its bytes.
    #[serde(with = "text")]
    pub digest: Digest,
}

impl Candidate {
    /// Of a deployment that is ready to be activated.
    pub fn of(deployment: &NewDeployment, evidence: Evidence) -> Self {
        let pinned = |pairs: &[(String, Digest)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, digest)| Pinned {
                    name: name.clone(),
                    digest: *digest,
                })
                .collect()
        };
        Self {
            digest: deployment.digest,
            definition: deployment.definition.clone(),
            plugins: pinned(&deployment.plugins),
            tables: pinned(&deployment.tables),
            note: deployment.note.clone(),
            evidence,
        }
    }

    /// As the store activates it.
    pub fn deployment(&self, by: &str) -> NewDeployment {
        let pairs = |pinned: &[Pinned]| pinned.iter().map(|one| (one.name.clone(), one.digest)).collect();
        NewDeployment {
            digest: self.digest,
            definition: self.definition.clone(),
            plugins: pairs(&self.plugins),
            tables: pairs(&self.tables),
            by: by.to_owned(),
            note: self.note.clone(),
            evidence: self.evidence.to_text(),
        }
    }
}

/// One scheme of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `NAME` or `TENANT/NAME`.
    pub scheme: String,
    /// Its wave, from 0; `None` for one that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// Where it stands.
    pub state: MemberState,
    /// What it shall run; `None` for one that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Number of the deployment that was in force when the rollout began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Its digest: the same content under another number is the same version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before_digest: String,
    /// What `dukou.lock` pinned when the rollout began, and pins again if it goes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pinned>,
    /// Number of the deployment that the rollout put into force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// What the version before decided.
    pub baseline: Counts,
    /// Fuel per group of the version before; 0 if that is not known.
    pub baseline_fuel: u64,
    /// Groups that it usually sees in a day.
    pub groups_a_day: u64,
    /// What the new version decided before it went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Counts>,
    /// Why it is held: the gate's word, or the colour of its row.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Member {
    /// Its scheme; `None` if the name is none any more.
    pub fn name(&self) -> Option<SchemeName> {
        SchemeName::parse(&self.scheme).ok()
    }

    /// Whether it runs, or may run, the new version, up to this wave.
    pub fn in_force(&self, wave: usize) -> bool {
        match self.state {
            MemberState::Active | MemberState::Done | MemberState::Leaving => true,
            // Activated, and the process died before it could say so.
            MemberState::Waiting => self.wave.is_some_and(|own| own <= wave),
            MemberState::RolledBack | MemberState::Held | MemberState::Superseded => false,
        }
    }
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
mod text {
    use super::*;

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'a, T, D>(deserializer: D) -> Result<T, D::Error>
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
