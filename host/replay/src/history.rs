//! What a replay is given: the stored groups, a memory of outcomes, and who watches. Traits, because where groups are
//! stored is none of this crate's business.

use std::error::Error;

use dukou_core::digest::Digest;
use dukou_core::verdict::Group;
use rust_decimal::Decimal;

/// What a history or a memory says when it cannot answer.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A group as it is stored, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the history; ascending, never used twice.
    pub seq: u64,
    /// The group, as the pipeline would hand it to the chain.
    pub group: Group,
    /// Its money, if the scheme shows an amount.
    pub amount: Option<Decimal>,
}

/// Stored groups in ascending order.
pub trait History: Sync {
    /// At most `limit` groups behind `after`, ascending; none only where the history ends.
    ///
    /// # Errors
    /// When they cannot be read; the replay ends with it.
    fn page(&self, after: u64, limit: usize) -> Result<Vec<Stored>, Failure>;

    /// How many there are in all, if that is known: only for showing how far a replay is.
    fn total(&self) -> Option<u64> {
        None
    }
}

/// What is remembered of one group under one version. Not what it cost: that is its neighbours' affair as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// [`dukou_plugin::Fate::digest`] of what became of it.
    pub outcome: Digest,
}

/// Outcomes by recipe, from earlier replays. It may forget; it must not invent.
pub trait Memory: Sync {
    /// What is known of each recipe, in order.
    ///
    /// # Errors
    /// When it cannot be read; the replay ends with it.
    fn known(&self, recipes: &[Digest]) -> Result<Vec<Option<Known>>, Failure>;

    /// Keeps outcomes by recipe.
    ///
    /// # Errors
    /// When they cannot be kept; the replay ends with it.
    fn remember(&self, outcomes: &[(Digest, Known)]) -> Result<(), Failure>;
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Groups compared.
    pub done: u64,
    /// Groups in all, if known.
    pub total: Option<u64>,
    /// Groups that differ so far.
    pub changed: u64,
    /// Groups of which both outcomes were remembered.
    pub remembered: u64,
}

/// How a replay is made. Nothing here changes what it finds.
pub struct Options<'a> {
    /// Threads that map; at least one.
    pub threads: usize,
    /// Outcomes of earlier replays.
    pub memory: Option<&'a dyn Memory>,
    /// Is told now and then how far it is.
    pub watch: &'a (dyn Fn(Progress) + Sync),
}

impl Default for Options<'_> {
    /// One thread, no memory, nobody watches.
    fn default() -> Self {
        Self {
            threads: 1,
            memory: None,
            watch: &|_| {},
        }
    }
}
