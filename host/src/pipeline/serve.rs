//! Serve: every scheme on its own two crons, the stages side by side, until the process is told to stop. Next fires are
//! kept in the store, so a restart neither skips nor doubles one; several missed fires fire once.

use std::sync::Arc;
use std::time::Duration;

use dukou_core::schedule::{self, Due, Schedule};

use super::counters::Counters;
use super::deliver::{DeliverOrder, Deliverer};
use super::lookup::look_up;
use super::pull::{PullEnd, PullOrder, pull};
use super::transform::transform;
use super::{Crossing, Pipeline, StageError};

/// How often a half looks whether it is due; a nudge by another process is a next fire set to now.
const TICK: Duration = Duration::from_millis(250);
/// The source half's name in the store.
pub const SOURCE: &str = "source";
/// The target half's name in the store.
pub const TARGET: &str = "target";

/// Serves one crossing until told to stop; what is on the wire is waited for.
///
/// # Errors
/// When the store fails.
pub async fn serve(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    counters: &Arc<Counters>,
) -> Result<(), StageError> {
    // One half that fails ends the others: a scheme that only half runs looks like one that runs. What was on the wire is
    // unknown to the next process, which looks it up.
    tokio::try_join!(
        source_half(pipeline, crossing, counters),
        transform_half(pipeline, crossing, counters),
        target_half(pipeline, crossing, counters),
    )?;
    Ok(())
}

async fn source_half(pipeline: &Pipeline, crossing: &Crossing, counters: &Counters) -> Result<(), StageError> {
    while wait_for_fire(pipeline, crossing, SOURCE, &crossing.scheme.source.schedule).await? {
        loop {
            match pull(pipeline, crossing, &PullOrder::default(), counters).await? {
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
        }
    }
    Ok(())
}

async fn transform_half(pipeline: &Pipeline, crossing: &Arc<Crossing>, counters: &Counters) -> Result<(), StageError> {
    let mut seen = None;
    while !pipeline.stopping() {
        if !still_in_force(pipeline, crossing, &mut seen).await? || transform(pipeline, crossing, counters).await? == 0
        {
            pipeline.pause(TICK).await;
        }
    }
    Ok(())
}

/// Whether this deployment still serves the scheme: from the moment another was activated no batch is mapped by the old
/// one, however long the host takes to replace it. `seen` is the generation that was looked at last.
async fn still_in_force(pipeline: &Pipeline, crossing: &Crossing, seen: &mut Option<u64>) -> Result<bool, StageError> {
    let (store, name, last) = (pipeline.store.clone(), crossing.name().clone(), *seen);
    let (generation, active) = pipeline
        .blocking(move || {
            let generation = store.generation()?;
            let active = match last {
                Some(last) if last == generation => None,
                _ => store.active(&name)?.map(|active| active.id),
            };
            Ok((generation, active))
        })
        .await?;
    let in_force = *seen == Some(generation) || active == Some(crossing.deployment);
    if in_force {
        *seen = Some(generation);
    }
    Ok(in_force)
}

async fn target_half(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    counters: &Arc<Counters>,
) -> Result<(), StageError> {
    while wait_for_fire(pipeline, crossing, TARGET, &crossing.scheme.target.schedule).await? {
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
            let asked = look_up(pipeline, crossing, counters).await?;
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

/// True when the half fires, false when the process shall stop.
async fn wait_for_fire(
    pipeline: &Pipeline,
    crossing: &Crossing,
    half: &'static str,
    schedule: &Schedule,
) -> Result<bool, StageError> {
    while !pipeline.stopping() {
        let (store, name, now) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
        let schedule = schedule.clone();
        let fired = pipeline
            .blocking(move || {
                let stored = store.next_fire(&name, half)?;
                match schedule::due(&schedule, stored, now) {
                    Due::Wait { .. } => Ok(false),
                    Due::Fire { next } => store.fire(&name, half, stored, next, now),
                }
            })
            .await?;
        if fired {
            return Ok(true);
        }
        pipeline.pause(TICK).await;
    }
    Ok(false)
}
