//! The delivering loop of a run: sends what is queued for one account and settles what is unknown, until the mapping
//! loop has ended and nothing can move.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::mapping::InForce;
use super::{Nudges, POLL, RunOrder};
use crate::pipeline::counters::Counters;
use crate::pipeline::deliver::Deliverer;
use crate::pipeline::lookup::look_up;
use crate::pipeline::{Crossing, Pipeline, StageError};

/// The least that a run waits for a target that settles nothing.
const LEAST_PATIENCE: Duration = Duration::from_secs(90);

/// Why a target took nothing any more, and whether because of its credentials.
#[derive(Default)]
pub(super) struct TargetEnd {
    pub(super) reason: Option<String>,
    pub(super) unauthorised: bool,
}

/// Delivers for the account in force; when another one came into force under way, for that one afterwards: what is queued
/// for an account belongs to it.
pub(super) async fn deliver_all(
    pipeline: &Arc<Pipeline>,
    in_force: &InForce,
    order: &RunOrder,
    counters: &Arc<Counters>,
    nudges: &Nudges,
) -> Result<TargetEnd, StageError> {
    let mut end = TargetEnd::default();
    let mut crossing = in_force.now();
    loop {
        let reason = deliver_to_one(pipeline, &crossing, order, counters, nudges).await?;
        let trouble = crossing.target_lane.trouble();
        end.unauthorised |= trouble.is_some_and(|(_, credentials)| credentials);
        end.reason = end.reason.or(reason);
        let now = in_force.now();
        if now.target_name == crossing.target_name || pipeline.stopping() {
            return Ok(end);
        }
        crossing = now;
    }
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

async fn deliver_to_one(
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
    let patience = (policy.quarantine + lane.target.deadline()).max(LEAST_PATIENCE);
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
