//! Serve: every scheme on its own two crons, the stages side by side, until the process is told to stop. Next fires are
//! kept in the store, so a restart neither skips nor doubles one; several missed fires fire once.

use std::sync::Arc;
use std::time::Duration;

use dukou_core::schedule::{self, Due, Schedule};
use tokio::sync::watch;

use super::counters::Counters;
use super::deliver::{DeliverOrder, Deliverer};
use super::lookup::look_up;
use super::pull::{PullEnd, PullOrder, pull};
use super::transform::{Batch, transform};
use super::{Crossing, Pipeline, StageError};

/// How often a half looks whether it is due; a nudge by another process is a next fire set to now.
const TICK: Duration = Duration::from_millis(250);
/// The source half's name in the store.
pub const SOURCE: &str = "source";
/// The target half's name in the store.
pub const TARGET: &str = "target";

/// What is in force, as the stages are told: each takes it anew for its next batch, so that a deployment is taken up
/// without stopping anything. What is in flight ends as it began.
pub type InForce = watch::Receiver<Arc<Crossing>>;

/// Serves one scheme until told to stop; what is on the wire is waited for.
///
/// # Errors
/// When the store fails.
pub async fn serve(pipeline: &Arc<Pipeline>, in_force: &InForce, counters: &Arc<Counters>) -> Result<(), StageError> {
    // One half that fails ends the others: a scheme that only half runs looks like one that runs. What was on the wire is
    // unknown to the next process, which looks it up.
    tokio::try_join!(
        source_half(pipeline, in_force.clone(), counters),
        transform_half(pipeline, in_force.clone(), counters),
        target_half(pipeline, in_force.clone(), counters),
    )?;
    Ok(())
}

/// What is in force now.
fn now(in_force: &mut InForce) -> Arc<Crossing> {
    in_force.borrow_and_update().clone()
}

async fn source_half(pipeline: &Pipeline, mut in_force: InForce, counters: &Counters) -> Result<(), StageError> {
    while let Some(mut crossing) = wait_for_fire(pipeline, &mut in_force, Half::Source).await? {
        loop {
            match pull(pipeline, &crossing, &PullOrder::default(), counters).await? {
                PullEnd::Window(_) => {}
                PullEnd::UpToDate | PullEnd::Limit => break,
                PullEnd::Later { wait, failure } => {
                    tracing::warn!(scheme = %crossing.name(), %failure, "the source asks to wait");
                    pipeline.pause(wait.max(Duration::from_secs(1))).await;
                    break;
                }
                PullEnd::Stopped(failure) => {
                    tracing::error!(scheme = %crossing.name(), %failure, "the source refuses");
                    break;
                }
            }
            crossing = now(&mut in_force);
        }
    }
    Ok(())
}

async fn transform_half(pipeline: &Pipeline, mut in_force: InForce, counters: &Counters) -> Result<(), StageError> {
    while !pipeline.stopping() {
        let crossing = now(&mut in_force);
        match transform(pipeline, &crossing, counters).await? {
            Batch::Groups(1..) => {}
            // Overtaken: the host hands over what is in force, sooner or later.
            Batch::Groups(0) | Batch::Overtaken => {
                tokio::select! {
                    () = pipeline.pause(TICK) => {}
                    _ = in_force.changed() => {}
                }
            }
        }
    }
    Ok(())
}

async fn target_half(
    pipeline: &Arc<Pipeline>,
    mut in_force: InForce,
    counters: &Arc<Counters>,
) -> Result<(), StageError> {
    while let Some(crossing) = wait_for_fire(pipeline, &mut in_force, Half::Target).await? {
        let mut deliverer = Deliverer::new(
            pipeline.clone(),
            crossing.clone(),
            counters.clone(),
            DeliverOrder::default(),
        );
        loop {
            let started = deliverer.fill().await?;
            if deliverer.under_way() > 0 {
                deliverer.drain(TICK).await?;
                continue;
            }
            let asked = look_up(pipeline, &crossing, counters).await?;
            if started + asked == 0 {
                if !deliverer.held_back().is_zero() && !pipeline.stopping() {
                    pipeline.pause(deliverer.held_back()).await;
                    continue;
                }
                break;
            }
        }
    }
    Ok(())
}

/// The halves of a scheme that have a rhythm of their own.
#[derive(Clone, Copy)]
enum Half {
    Source,
    Target,
}

impl Half {
    fn name(self) -> &'static str {
        match self {
            Self::Source => SOURCE,
            Self::Target => TARGET,
        }
    }

    fn schedule(self, crossing: &Crossing) -> Schedule {
        match self {
            Self::Source => crossing.scheme.source.schedule.clone(),
            Self::Target => crossing.scheme.target.schedule.clone(),
        }
    }
}

/// What is in force when the half fires, `None` when the process shall stop.
async fn wait_for_fire(
    pipeline: &Pipeline,
    in_force: &mut InForce,
    half: Half,
) -> Result<Option<Arc<Crossing>>, StageError> {
    while !pipeline.stopping() {
        let crossing = now(in_force);
        let (store, name, at) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
        let schedule = half.schedule(&crossing);
        let fired = pipeline
            .blocking(move || {
                let stored = store.next_fire(&name, half.name())?;
                match schedule::due(&schedule, stored, at) {
                    Due::Wait { .. } => Ok(false),
                    Due::Fire { next } => store.fire(&name, half.name(), stored, next, at),
                }
            })
            .await?;
        if fired {
            return Ok(Some(crossing));
        }
        pipeline.pause(TICK).await;
    }
    Ok(None)
}
