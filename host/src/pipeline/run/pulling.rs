//! The pulling loop of a run: window after window, each by what is in force when it begins.

use std::sync::atomic::Ordering;
use std::time::Duration;

use dukou_core::outcome::ReadFailure;

use super::mapping::InForce;
use super::{Nudges, RunOrder};
use crate::pipeline::counters::Counters;
use crate::pipeline::pull::{PullEnd, PullOrder, pull};
use crate::pipeline::{Pipeline, StageError};

/// Tries in a row before a source counts as away.
const MOST_TRIES: u32 = 6;
/// The longest a run waits for a source to be ready again.
const MOST_PATIENCE: Duration = Duration::from_secs(90);

pub(super) async fn pull_all(
    pipeline: &Pipeline,
    in_force: &InForce,
    order: &RunOrder,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<Option<ReadFailure>, StageError> {
    let result = pull_windows(pipeline, in_force, order, counters, nudges).await;
    nudges.pulled.store(true, Ordering::Release);
    nudges.records.notify_one();
    result
}

async fn pull_windows(
    pipeline: &Pipeline,
    in_force: &InForce,
    order: &RunOrder,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<Option<ReadFailure>, StageError> {
    let mut ranges = order.ranges.iter().copied();
    let mut range = ranges.next();
    let mut tries = 0;
    loop {
        let step = PullOrder {
            range,
            ..order.pull.clone()
        };
        let pages = counters.pages.get();
        let crossing = in_force.now();
        let end = pull(pipeline, &crossing, &step, counters).await?;
        nudges.records.notify_one();
        if counters.pages.get() > pages {
            tries = 0;
        }
        match end {
            PullEnd::Window(read) if order.pull.key.is_some() => {
                // An unfinished window is completed first; the order's own has no length.
                if read.start == read.end {
                    return Ok(None);
                }
            }
            PullEnd::Window(read) if range.is_some() => {
                if Some(read) == range {
                    range = ranges.next();
                    if range.is_none() {
                        return Ok(None);
                    }
                }
            }
            PullEnd::Window(_) => {}
            PullEnd::UpToDate | PullEnd::Limit => return Ok(None),
            PullEnd::Stopped(failure) => return Ok(Some(failure)),
            PullEnd::Later { wait, failure } => {
                tries += 1;
                let wait = wait.max(Duration::from_millis(250) * (1 << tries.min(6)));
                if tries >= MOST_TRIES || wait > MOST_PATIENCE || pipeline.stopping() {
                    return Ok(Some(failure));
                }
                tracing::info!(scheme = %crossing.name(), %failure, "the source asks to wait");
                pipeline.pause(wait).await;
            }
        }
    }
}
