//! The mapping loop of a run, by what is in force: a batch that was overtaken decided nothing, and its groups are mapped by
//! what took its place.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use super::{Nudges, POLL};
use crate::pipeline::counters::Counters;
use crate::pipeline::transform::{Batch, transform};
use crate::pipeline::{Crossing, Pipeline, StageError};

/// How often in a row a run takes up what is in force without mapping anything by it.
const MOST_SWAPS: usize = 20;

/// What is in force while a run is under way: what it began with, until a batch is overtaken.
pub(super) struct InForce {
    began_with: u64,
    now: watch::Sender<Arc<Crossing>>,
}

impl InForce {
    pub(super) fn new(crossing: &Arc<Crossing>) -> Self {
        Self {
            began_with: crossing.deployment,
            now: watch::Sender::new(crossing.clone()),
        }
    }

    pub(super) fn now(&self) -> Arc<Crossing> {
        self.now.borrow().clone()
    }

    /// What it is now, if that is another version than at the beginning.
    pub(super) fn newer(&self) -> Option<Arc<Crossing>> {
        Some(self.now()).filter(|now| now.deployment != self.began_with)
    }

    /// Makes what the store says is in force ready and takes it up; answers whether it is another.
    async fn take_up(&self, pipeline: &Pipeline) -> Result<bool, StageError> {
        let now = self.now();
        let (store, name) = (pipeline.store.clone(), now.name().clone());
        let active = pipeline.blocking(move || store.active(&name)).await?;
        let Some(active) = active.filter(|active| active.id != now.deployment) else {
            return Ok(false);
        };
        let load = pipeline.load.clone();
        let loaded = tokio::task::spawn_blocking(move || load(&active)).await;
        let crossing = loaded
            .map_err(|_| StageError::Panicked)?
            .map_err(StageError::NotLoaded)?;
        let deployment = crossing.deployment;
        tracing::info!(scheme = %crossing.name(), deployment, "a run goes on with what came into force");
        self.now.send_replace(crossing);
        Ok(true)
    }

    /// Takes up what is in force where it is another than now and groups are due.
    pub(super) async fn left_groups_due(&self, pipeline: &Pipeline) -> Result<bool, StageError> {
        let (store, name) = (pipeline.store.clone(), self.now().name().clone());
        let due = pipeline.blocking(move || store.peek_groups(&name, &[], 1)).await?;
        Ok(!due.is_empty() && self.take_up(pipeline).await?)
    }
}

/// Maps until everything is pulled and nothing is due.
pub(super) async fn transform_all(
    pipeline: &Pipeline,
    in_force: &InForce,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<(), StageError> {
    let result = transform_batches(pipeline, in_force, counters, nudges).await;
    nudges.transformed.store(true, Ordering::Release);
    nudges.deliveries.notify_one();
    result
}

async fn transform_batches(
    pipeline: &Pipeline,
    in_force: &InForce,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<(), StageError> {
    let mut swaps = 0;
    loop {
        // Read before working: what was pulled before this moment is seen by the claim below.
        let last = nudges.pulled.load(Ordering::Acquire);
        let batch = transform(pipeline, &in_force.now(), counters).await?;
        swaps = if batch == Batch::Overtaken { swaps + 1 } else { 0 };
        match batch {
            _ if pipeline.stopping() => return Ok(()),
            Batch::Overtaken if swaps > MOST_SWAPS => {
                tracing::warn!(scheme = %in_force.now().name(), "versions come faster than a batch can be mapped");
                return Ok(());
            }
            Batch::Overtaken => {
                in_force.take_up(pipeline).await?;
            }
            Batch::Groups(0) if last => return Ok(()),
            Batch::Groups(0) => {
                let _ = tokio::time::timeout(POLL, nudges.records.notified()).await;
            }
            Batch::Groups(_) => nudges.deliveries.notify_one(),
        }
    }
}
