//! Rows of the change gate: what was mapped and may be mapped again, whose chain made what, what a person accepted, and
//! the rollouts and shadows that a running host carries on. Bodies of rollouts and shadows are their owners' JSON: the
//! store keeps them as they are.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::show::Shown;
use dukou_core::verdict::SourceRecord;

use super::DeliveryId;

/// A stretch of time, both ends inclusive; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Not after.
    pub to: Option<DateTime<Utc>>,
}

impl Span {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }
}

/// A group as it is stored, to be mapped again without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    /// Its row number: rises with the order in which groups were first seen.
    pub seq: u64,
    /// Its key.
    pub key: String,
    /// Newest revision of each member, exactly as a claim gives it.
    pub records: Vec<SourceRecord>,
    /// Sum of the members' amounts.
    pub shown: Shown,
    /// `waiting` (or claimed), `mapped`, `skipped`, `problem`.
    pub state: String,
    /// The deployment whose chain gave the last verdict; `None` before the first, or if that was before schema 2.
    pub deployment: Option<u64>,
}

/// What one deployment's chain decided, each verdict counted when it was settled: a group mapped again counts again.
/// Problems that no plugin is to blame for (re-issued) are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerdictCounts {
    /// Mapped.
    pub mapped: u64,
    /// Skipped.
    pub skipped: u64,
    /// Rejected by a plugin or by the host's check.
    pub rejected: u64,
    /// Failed: a trap, the budget, an answer that cannot be read.
    pub failed: u64,
    /// Fuel of the counted verdicts.
    pub fuel: u64,
}

impl VerdictCounts {
    /// Verdicts.
    pub fn total(&self) -> u64 {
        self.mapped + self.skipped + self.rejected + self.failed
    }
}

/// A person's word on one pattern of differences between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The pattern's id.
    pub pattern: String,
    /// Chain recipe of the version before.
    pub before: Digest,
    /// Chain recipe of the version after.
    pub after: Digest,
    /// False when it was taken back or refused.
    pub accepted: bool,
    /// Who.
    pub by: String,
    /// Why, in a person's words.
    pub note: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which documents that are or may be at the target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenFilter {
    /// Whose chain made the bytes: one of these; nothing when empty.
    pub deployments: Vec<u64>,
    /// When the target was known to hold it; where that is not known, when it was last sent.
    pub delivered: Span,
    /// Only rows after this one.
    pub after: DeliveryId,
    /// At most so many; 0 means 1,000.
    pub limit: usize,
}

/// A change on its way through several schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Its number.
    pub id: u64,
    /// How often it was put; guards the next put.
    pub revision: u64,
    /// Its owner's word, e.g. `running`.
    pub state: String,
    /// Its owner's JSON. It outlives an erased tenant: names, digests and counts, nothing from records.
    pub body: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// When it was last put.
    pub changed_at: DateTime<Utc>,
}

/// A candidate that runs beside a scheme's active deployment on live records and sends nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The scheme.
    pub scheme: SchemeName,
    /// Digest of the candidate deployment.
    pub digest: Digest,
    /// How often it was put; guards the next put.
    pub revision: u64,
    /// When it ends by itself.
    pub until: DateTime<Utc>,
    /// Its owner's JSON: the differences so far.
    pub body: String,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ended; `None` while it runs.
    pub ended: Option<DateTime<Utc>>,
}

/// What became of the wish to erase a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// Nothing was erased: so many deliveries are claimed, being sent or unknown.
    Moving {
        /// How many.
        count: u64,
    },
    /// All of it is gone.
    Done(ErasedRows),
}

/// How much was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedRows {
    /// Schemes.
    pub schemes: u64,
    /// Records, with all their revisions.
    pub records: u64,
    /// Groups.
    pub groups: u64,
    /// Deliveries, withdrawn ones too, with their bytes and attempts.
    pub deliveries: u64,
    /// Problems, resolved ones too.
    pub problems: u64,
    /// Deployments.
    pub deployments: u64,
    /// Plugins and tables that only these deployments named.
    pub blobs: u64,
}
