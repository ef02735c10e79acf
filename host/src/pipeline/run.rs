//! One run of one crossing: the three stages side by side until nothing can move. Unknown deliveries are waited for: their
//! quarantine and one look-up. A remote system that stays away ends the run; its work waits in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dukou_core::outcome::ReadFailure;
use tokio::sync::Notify;

use super::counters::Counters;
use super::deliver::{DeliverOrder, Deliverer};
use super::lookup::look_up;
use super::pull::{PullEnd, PullOrder, pull};
use super::transform::transform;
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
}

/// Tries in a row before a source counts as away.
const MOST_TRIES: u32 = 6;
/// The longest a run waits for a source to be ready again.
const MOST_PATIENCE: Duration = Duration::from_secs(90);
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

/// Runs until nothing can move.
///
/// # Errors
/// When the store fails.
pub async fn run(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    order: &RunOrder,
    counters: &Arc<Counters>,
) -> Result<RunEnd, StageError> {
    let nudges = Nudges::default();
    let (source, transformed, target) = tokio::join!(
        pull_all(pipeline, crossing, order, counters, &nudges),
        transform_all(pipeline, crossing, counters, &nudges),
        deliver_all(pipeline, crossing, order, counters, &nudges),
    );
    transformed?;
    let (source, target) = (source?, target?);
    let unauthorised = matches!(source, Some(ReadFailure::Auth { .. }))
        || target.is_some()
            && crossing
                .target_lane
                .trouble()
                .is_some_and(|(_, credentials)| credentials);
    Ok(RunEnd {
        source,
        target,
        unauthorised,
        stopped: pipeline.stopping(),
    })
}

/// Transforms and delivers what the store holds until nothing can move, without pulling.
///
/// # Errors
/// When the store fails.
pub async fn move_stored(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    deliver: DeliverOrder,
    counters: &Arc<Counters>,
) -> Result<RunEnd, StageError> {
    let nudges = Nudges::default();
    nudges.pulled.store(true, Ordering::Release);
    let order = RunOrder {
        deliver,
        ..RunOrder::default()
    };
    let (transformed, target) = tokio::join!(
        transform_all(pipeline, crossing, counters, &nudges),
        deliver_all(pipeline, crossing, &order, counters, &nudges),
    );
    transformed?;
    Ok(RunEnd {
        source: None,
        target: target?,
        unauthorised: crossing
            .target_lane
            .trouble()
            .is_some_and(|(_, credentials)| credentials),
        stopped: pipeline.stopping(),
    })
}

async fn pull_all(
    pipeline: &Pipeline,
    crossing: &Crossing,
    order: &RunOrder,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<Option<ReadFailure>, StageError> {
    let result = pull_windows(pipeline, crossing, order, counters, nudges).await;
    nudges.pulled.store(true, Ordering::Release);
    nudges.records.notify_one();
    result
}

async fn pull_windows(
    pipeline: &Pipeline,
    crossing: &Crossing,
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
        let end = pull(pipeline, crossing, &step, counters).await?;
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

async fn transform_all(
    pipeline: &Pipeline,
    crossing: &Arc<Crossing>,
    counters: &Counters,
    nudges: &Nudges,
) -> Result<(), StageError> {
    let result = loop {
        // Read before working: what was pulled before this moment is seen by the claim below.
        let last = nudges.pulled.load(Ordering::Acquire);
        match transform(pipeline, crossing, counters).await {
            Ok(0) if last || pipeline.stopping() => break Ok(()),
            Ok(0) => {
                let _ = tokio::time::timeout(POLL, nudges.records.notified()).await;
            }
            Ok(_) if pipeline.stopping() => break Ok(()),
            Ok(_) => nudges.deliveries.notify_one(),
            Err(error) => break Err(error),
        }
    };
    nudges.transformed.store(true, Ordering::Release);
    nudges.deliveries.notify_one();
    result
}

/// When the last delivery came to an end.
struct Settled {
    count: u64,
    at: Duration,
}

impl Settled {
    fn see(&mut self, counters: &Counters, now: Duration) {
        let counts = counters.read();
        let count = counts.accepted + counts.adopted + counts.dead + counts.groups;
        if count != self.count {
            *self = Self { count, at: now };
        }
    }
}

async fn deliver_all(
    pipeline: &Arc<Pipeline>,
    crossing: &Arc<Crossing>,
    order: &RunOrder,
    counters: &Arc<Counters>,
    nudges: &Nudges,
) -> Result<Option<String>, StageError> {
    let mut deliverer = Deliverer::new(
        pipeline.clone(),
        crossing.clone(),
        counters.clone(),
        order.deliver.clone(),
    );
    let lane = &crossing.target_lane;
    let policy = lane.target.policy();
    let patience = (policy.quarantine + lane.target.deadline()).max(MOST_PATIENCE);
    let mut looked_up = pipeline.clock.monotonic();
    let mut settled = Settled {
        count: 0,
        at: looked_up,
    };
    loop {
        let last = nudges.transformed.load(Ordering::Acquire);
        let started = deliverer.fill().await?;
        let drained = if deliverer.under_way() > 0 {
            deliverer.drain(POLL).await?
        } else {
            0
        };
        let now = pipeline.clock.monotonic();
        settled.see(counters, now);
        let asked = if started + drained == 0 || now.saturating_sub(looked_up) >= POLL {
            looked_up = now;
            look_up(pipeline, crossing, counters).await?
        } else {
            0
        };
        if started + drained + asked > 0 || deliverer.under_way() > 0 {
            continue;
        }
        if let Some(reason) = lane.stopped() {
            return Ok(Some(reason));
        }
        if pipeline.stopping() {
            return Ok(None);
        }
        if order.deliver.limit.is_some_and(|limit| counters.sent.get() >= limit) {
            return Ok(None);
        }
        if !deliverer.held_back().is_zero() {
            pipeline.pause(deliverer.held_back().min(POLL)).await;
            continue;
        }
        // Nothing under way and nothing due: wait for the next thing, or end.
        let due = {
            let (store, name) = (pipeline.store.clone(), crossing.target_name.clone());
            pipeline.blocking(move || store.next_due(&name)).await?
        };
        if last && lane.down(now) {
            return Ok(Some(lane.trouble().map_or_else(String::new, |(reason, _)| reason)));
        }
        if last && due.is_some() && now.saturating_sub(settled.at) > patience {
            return Ok(Some("the target settles nothing any more".to_owned()));
        }
        match due {
            None if last => return Ok(None),
            // With an order for some keys, the rest of the queue is somebody else's.
            Some(_) if last && order.deliver.only.is_some() => return Ok(None),
            None => {
                let _ = tokio::time::timeout(POLL, nudges.deliveries.notified()).await;
            }
            Some(due) => {
                let wait = (due - pipeline.clock.now())
                    .to_std()
                    .unwrap_or(Duration::from_millis(5));
                if last && wait > patience {
                    return Ok(Some("the target asks to wait".to_owned()));
                }
                let _ = tokio::time::timeout(wait.min(POLL), nudges.deliveries.notified()).await;
            }
        }
    }
}
