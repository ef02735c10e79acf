//! What a run has done so far: shared counters that stages raise and progress bars and summaries read.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Shared counters of one run.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter),* }
        /// The counters at one moment.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub struct Counts { $($(#[$doc])* pub $name: u64),* }
        impl Counters {
            /// The counters now.
            pub fn read(&self) -> Counts {
                Counts { $($name: self.$name.get()),* }
            }
        }
    };
}

/// One counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Raises it.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

counters! {
    /// Windows completed.
    windows,
    /// Pages read.
    pages,
    /// Rows seen on them.
    records,
    /// Keys never seen before.
    new,
    /// Known keys with a changed body.
    changed,
    /// Known bodies.
    known,
    /// Rows without a readable key.
    unreadable,
    /// Groups that got a verdict.
    groups,
    /// Documents queued, replaced or kept.
    documents,
    /// Groups skipped.
    skipped,
    /// Groups rejected by a plugin, the document check or as a re-issue.
    rejected,
    /// Groups whose plugin failed.
    failed,
    /// Documents that differ from what is or may be written.
    conflicting,
    /// Documents the target accepted.
    accepted,
    /// Documents found there by a look-up.
    adopted,
    /// Sendings that ended without an outcome.
    unknown,
    /// Deliveries that became problems.
    dead,
    /// Requests sent to the target.
    sent,
}

impl Counts {
    /// What became a problem, in whatever way.
    pub fn problems(&self) -> u64 {
        self.unreadable + self.rejected + self.failed + self.conflicting + self.dead
    }

    /// The shape of `run --json` (DESIGN §6); what is held and what waits comes from the store.
    pub fn to_json(self, held: u64, waiting: u64) -> Value {
        json!({
            "pulled": {
                "windows": self.windows, "pages": self.pages, "records": self.records,
                "new": self.new, "changed": self.changed, "known": self.known, "unreadable": self.unreadable,
            },
            "transformed": {
                "groups": self.groups, "documents": self.documents, "skipped": self.skipped,
                "rejected": self.rejected, "failed": self.failed, "conflicting": self.conflicting,
            },
            "delivered": {
                "accepted": self.accepted, "adopted": self.adopted, "unknown": self.unknown,
                "dead": self.dead, "held": held, "waiting": waiting,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_counts_whatever_made_it_one() {
        let counters = Counters::default();
        let ways = [
            &counters.unreadable,
            &counters.rejected,
            &counters.failed,
            &counters.conflicting,
            &counters.dead,
        ];
        for way in ways {
            way.add(1);
        }
        counters.unknown.add(7);
        assert_eq!(counters.read().problems(), 5);
    }
}
