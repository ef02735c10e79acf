//! The path of a record: pull, transform, deliver, one file per stage with the same beats (claim, act, decide, settle,
//! report). Stages never call each other; the next finds its work in the store. What follows from an outcome is decided
//! in `dukou-core`; here is only the doing. Names no concrete connector or store.

pub mod counters;
pub mod deliver;
pub mod drain;
pub mod dry_run;
pub mod failpoint;
pub mod guard;
pub mod lane;
pub mod lookup;
pub mod pull;
pub mod run;
pub mod serve;
pub mod transform;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dukou_connect::Source;
use dukou_core::clock::Clock;
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_plugin::{Chain, Rules, SharedTables};
use dukou_store::rows::{Deployment, Owner};
use dukou_store::{Store, StoreError};
use tokio::sync::watch;

use crate::scheme::Scheme;
use failpoint::Failpoints;
use guard::Guard;
use lane::{SourceLane, TargetLane};

/// What every stage works with.
pub struct Pipeline {
    /// Where everything is remembered.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// This process's run.
    pub owner: Owner,
    /// True once the process shall end: no new work, what is on the wire is waited for.
    pub stop: watch::Receiver<bool>,
    /// Where tests make the process die.
    pub failpoints: Failpoints,
    /// Watches deployments.
    pub guard: Arc<dyn Guard>,
    /// Makes what is in force ready to move, for a run that was overtaken under way.
    pub load: Load,
    /// Groups that an earlier process died with: so many are transformed one by one, so that a group that kills the
    /// process is found without blaming its neighbours.
    pub suspects: AtomicUsize,
}

/// Makes a deployment ready to move. Blocks.
pub type Load = Arc<dyn Fn(&Deployment) -> anyhow::Result<Arc<Crossing>> + Send + Sync>;

/// One scheme in force, with everything it needs to move.
pub struct Crossing {
    /// Number of the deployment it was made from.
    pub deployment: u64,
    /// The definition that was deployed.
    pub scheme: Scheme,
    /// Where records come from.
    pub source: Arc<dyn Source>,
    /// The source account's rhythm, shared by all schemes that read it.
    pub source_lane: Arc<SourceLane>,
    /// Where documents go, shared by all schemes that write there.
    pub target_lane: Arc<TargetLane>,
    /// The account and API that delivery keys are unique in.
    pub target_name: TargetName,
    /// The plugins, configured.
    pub chain: Chain,
    /// The pinned tables.
    pub tables: SharedTables,
    /// What the host checks of documents.
    pub rules: Rules,
    /// Digest of the plugin chain, settings, tables and environment.
    pub recipe: Digest,
    /// Plugin names and digests, in chain order.
    pub plugins: Vec<(String, Digest)>,
}

impl Crossing {
    /// The scheme's name.
    pub fn name(&self) -> &SchemeName {
        &self.scheme.name
    }
}

impl std::fmt::Debug for Crossing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Crossing");
        shown.field("scheme", self.name()).field("deployment", &self.deployment);
        shown.finish_non_exhaustive()
    }
}

/// A stage could not go on.
#[derive(Debug)]
pub enum StageError {
    /// The store failed.
    Store(StoreError),
    /// What came into force under way cannot be made ready.
    NotLoaded(anyhow::Error),
    /// A blocking task panicked; its text is in the log.
    Panicked,
}

impl std::fmt::Display for StageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(_) => f.write_str("the pipeline stopped at the store"),
            Self::NotLoaded(_) => f.write_str("what came into force under way cannot be moved by"),
            Self::Panicked => f.write_str("a stage panicked"),
        }
    }
}

impl std::error::Error for StageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::NotLoaded(error) => Some(error.as_ref()),
            Self::Panicked => None,
        }
    }
}

impl From<StoreError> for StageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Pipeline {
    /// Whether the process shall end.
    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Runs blocking work (store, plugins) off the async threads.
    ///
    /// # Errors
    /// What the work answers, or [`StageError::Panicked`].
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StageError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(StageError::Panicked),
        }
    }

    /// The size of the next transform batch.
    fn batch(&self, usual: usize) -> usize {
        let suspects = self.suspects.load(Ordering::Relaxed);
        if suspects == 0 {
            return usual;
        }
        self.suspects.store(suspects - 1, Ordering::Relaxed);
        1
    }

    /// Waits, but not past the order to stop.
    pub async fn pause(&self, wait: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// `{kind: value, …}` for a problem's details.
pub(crate) fn details(pairs: &[(&str, serde_json::Value)]) -> String {
    let object: serde_json::Map<String, serde_json::Value> = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    serde_json::Value::Object(object).to_string()
}
