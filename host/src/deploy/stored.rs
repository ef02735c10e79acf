//! The store as a replay sees it: its groups as a history, its outcomes as a memory. Two thin adapters; what is compared and
//! remembered, and why, is `dukou-replay`'s business.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_replay::{Failure, History, Known, Memory, Stored};
use dukou_store::Store;
use dukou_store::rows::{Span, StoredGroup};

/// The stored groups of one scheme, of which a member was received in a span.
pub struct StoredHistory<'a> {
    store: &'a dyn Store,
    scheme: &'a SchemeName,
    received: Span,
}

impl<'a> StoredHistory<'a> {
    /// Reads nothing yet.
    pub fn new(store: &'a dyn Store, scheme: &'a SchemeName, received: Span) -> Self {
        Self {
            store,
            scheme,
            received,
        }
    }
}

impl History for StoredHistory<'_> {
    fn page(&self, after: u64, limit: usize) -> Result<Vec<Stored>, Failure> {
        let page = self.store.stored_groups(self.scheme, self.received, after, limit)?;
        Ok(page.into_iter().map(stored).collect())
    }

    fn total(&self) -> Option<u64> {
        self.store.count_groups(self.scheme, self.received).ok()
    }
}

/// A stored group as the pipeline hands it to the chain.
pub fn stored(group: StoredGroup) -> Stored {
    Stored {
        seq: group.seq,
        group: Group {
            key: group.key,
            records: group.records,
            extra: "{}".to_owned(),
        },
        amount: group.shown.amount,
    }
}

/// Outcomes of earlier replays, by recipe.
pub struct RememberedOutcomes<'a> {
    store: &'a dyn Store,
    now: DateTime<Utc>,
}

impl<'a> RememberedOutcomes<'a> {
    /// A memory that stamps what it keeps with `now`.
    pub fn new(store: &'a dyn Store, now: DateTime<Utc>) -> Self {
        Self { store, now }
    }
}

impl Memory for RememberedOutcomes<'_> {
    fn known(&self, recipes: &[Digest]) -> Result<Vec<Option<Known>>, Failure> {
        let known = self.store.known_outcomes(recipes)?;
        let known = known.into_iter().map(|one| one.map(|(outcome, _)| Known { outcome }));
        Ok(known.collect())
    }

    fn remember(&self, outcomes: &[(Digest, Known)]) -> Result<(), Failure> {
        let rows: Vec<(Digest, Digest, u64)> = outcomes
            .iter()
            // What a group cost depends on its batch, so nothing is said of it.
            .map(|(recipe, known)| (*recipe, known.outcome, 0))
            .collect();
        Ok(self.store.remember_outcomes(&rows, self.now)?)
    }
}
