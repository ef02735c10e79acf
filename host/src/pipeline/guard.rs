//! What transform asks around each batch: how many groups a deployment under watch may still map, and what its chain said
//! of those it did. Who watches and what follows is not decided here, and nothing here can send.

use dukou_core::verdict::Group;
use dukou_plugin::Fate;
use dukou_store::StoreError;
use rust_decimal::Decimal;

use super::Crossing;

/// A batch that was settled.
pub struct Seen<'a> {
    /// The scheme and the deployment that mapped it.
    pub crossing: &'a Crossing,
    /// The groups that plugins were given, each with its money.
    pub groups: &'a [(Group, Option<Decimal>)],
    /// What became of them, in the same order; `None` for one that is run again.
    pub fates: &'a [Option<Fate>],
    /// Fuel per group.
    pub fuel: u64,
}

/// Watches deployments. Called from blocking threads.
pub trait Guard: Send + Sync {
    /// At most so many groups in the next batch of this deployment; `usize::MAX` where nothing is watched, 0 where nothing
    /// may be mapped now.
    ///
    /// # Errors
    /// The store's.
    fn allowance(&self, crossing: &Crossing) -> Result<usize, StoreError>;

    /// After a batch was settled. May put another deployment into force, or run a shadow beside it. Never sends.
    ///
    /// # Errors
    /// The store's.
    fn settled(&self, seen: &Seen<'_>) -> Result<(), StoreError>;
}

/// Watches nothing.
pub struct Unwatched;

impl Guard for Unwatched {
    fn allowance(&self, _crossing: &Crossing) -> Result<usize, StoreError> {
        Ok(usize::MAX)
    }

    fn settled(&self, _seen: &Seen<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}
