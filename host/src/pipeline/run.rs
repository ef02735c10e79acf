//! One run of one crossing: the three stages side by side until nothing can move. Unknown deliveries are waited for: their
//! quarantine and one look-up. A remote system that stays away ends the run; its work waits in the store.

mod mapping;
mod pulling;
mod sending;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dukou_core::outcome::ReadFailure;
use tokio::sync::Notify;

use self::mapping::{InForce, transform_all};
use self::pulling::pull_all;
use self::sending::{TargetEnd, deliver_all};
use super::counters::Counters;
use super::deliver::DeliverOrder;
use super::pull::PullOrder;
use super::{Crossing, Pipeline, StageError};

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct RunOrder {
    /// What to pull instead of the next windows; `ranges` are pulled one after the other.
    pub pull: PullOrder,
    /// Explicit ranges, each one window.
    pub ranges: Vec<dukou_core::window::WindowRange>,
    /// What to deliver.
    pub deliver: DeliverOrder,
}

/// Why a run ended with work left.
#[derive(Debug, Clone, Default)]
pub struct RunEnd {
    /// The source did not give everything.
    pub source: Option<ReadFailure>,
    /// The target is down, throttles, or refuses the credentials.
    pub target: Option<String>,
    /// The target's credentials are refused for good, or the source's.
    pub unauthorised: bool,
    /// The process was told to stop.
    pub stopped: bool,
    /// What it ended with, if that is another version than it began with.
    pub newer: Option<Arc<Crossing>>,
}

/// How often a run takes up what came into force after everything was mapped.
const MOST_ROUNDS: usize = 3;
/// A poll where a nudge may have been missed.
const POLL: Duration = Duration::from_millis(200);

/// What the three loops of one run tell each other: hints only, the store is the truth.
#[derive(Default)]
struct Nudges {
    pulled: AtomicBool,
    transformed: AtomicBool,
    records: Notify,
    deliveries: Notify,
}

/// Runs until nothing can move. What comes into force under way is taken up for the next window and batch.
///
/// # Errors
/// When the store fails; when what came into force under way cannot be made ready.
pub async fn run(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    order: &RunOrder,
    counters: &Arc<Counters>,
) -> Result<RunEnd, StageError> {
    let (in_force, nudges) = (InForce::new(crossing), Nudges::default());
    let (source, mapped, target) = tokio::join!(
        pull_all(pipeline, &in_force, order, counters, &nudges),
        transform_all(pipeline, &in_force, counters, &nudges),
        deliver_all(pipeline, &in_force, order, counters, &nudges),
    );
    mapped?;
    let (source, target) = (source?, target?);
    let unauthorised = matches!(source, Some(ReadFailure::Auth { .. }));
    let rest = follow(pipeline, &in_force, order, counters, target).await?;
    Ok(RunEnd {
        source,
        unauthorised: unauthorised || rest.unauthorised,
        ..rest
    })
}

/// Transforms and delivers what the store holds until nothing can move, without pulling.
///
/// # Errors
/// As [`run`].
pub async fn move_stored(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    deliver: DeliverOrder,
    counters: &Arc<Counters>,
) -> Result<RunEnd, StageError> {
    let in_force = InForce::new(crossing);
    let order = RunOrder {
        deliver,
        ..RunOrder::default()
    };
    let target = move_what_is_stored(pipeline, &in_force, &order, counters).await?;
    follow(pipeline, &in_force, &order, counters, target).await
}

async fn move_what_is_stored(
    pipeline: &Arc<Pipeline>,
    in_force: &InForce,
    order: &RunOrder,
    counters: &Arc<Counters>,
) -> Result<TargetEnd, StageError> {
    let nudges = Nudges::default();
    nudges.pulled.store(true, Ordering::Release);
    let (mapped, target) = tokio::join!(
        transform_all(pipeline, in_force, counters, &nudges),
        deliver_all(pipeline, in_force, order, counters, &nudges),
    );
    mapped?;
    target
}

/// Goes on with what came into force after the last batch was mapped, while it left groups due: a way back does.
async fn follow(
    pipeline: &Arc<Pipeline>,
    in_force: &InForce,
    order: &RunOrder,
    counters: &Arc<Counters>,
    mut target: TargetEnd,
) -> Result<RunEnd, StageError> {
    for _ in 0..MOST_ROUNDS {
        if pipeline.stopping() || target.reason.is_some() || !in_force.left_groups_due(pipeline).await? {
            break;
        }
        target = move_what_is_stored(pipeline, in_force, order, counters).await?;
    }
    Ok(RunEnd {
        source: None,
        target: target.reason,
        unauthorised: target.unauthorised,
        stopped: pipeline.stopping(),
        newer: in_force.newer(),
    })
}
