//! Look-up: asks the target about deliveries whose outcome is unknown, once their quarantine is over (DESIGN §3). Holds no
//! slot while it waits; proves each question by a delivery known to exist; decides nothing itself.

use std::sync::Arc;
use std::time::Duration;

use dukou_connect::Control;
use dukou_core::delivery::{self, Next};
use dukou_core::outcome::LookupOutcome;
use dukou_store::rows::{AttemptEnd, ClaimedDelivery};

use super::counters::Counters;
use super::{Crossing, Pipeline, StageError};

/// Look-ups per step.
const BATCH: usize = 20;

/// Asks about a bounded number of due deliveries. Answers how many were asked about.
///
/// # Errors
/// When the store fails.
pub async fn look_up(pipeline: &Pipeline, crossing: &Arc<Crossing>, counters: &Counters) -> Result<usize, StageError> {
    if pipeline.stopping() || crossing.target_lane.stopped().is_some() {
        return Ok(0);
    }
    // Claim.
    let claimed = {
        let (store, target, owner) = (pipeline.store.clone(), crossing.target_name.clone(), pipeline.owner);
        let now = pipeline.clock.now();
        pipeline
            .blocking(move || store.claim_lookups(&target, owner, BATCH, now))
            .await?
    };
    if !claimed.is_empty() {
        pipeline.failpoints.reach("lookup.after-claim");
    }
    let count = claimed.len();
    for delivery in claimed {
        while let Err(wait) = crossing.target_lane.take(pipeline.clock.monotonic()) {
            pipeline.pause(wait.max(Duration::from_millis(1))).await;
            if pipeline.stopping() {
                return Ok(count);
            }
        }
        ask(pipeline, crossing, counters, &delivery).await?;
    }
    Ok(count)
}

async fn ask(
    pipeline: &Pipeline,
    crossing: &Arc<Crossing>,
    counters: &Counters,
    claimed: &ClaimedDelivery,
) -> Result<(), StageError> {
    let target = &crossing.target_lane.target;
    let control = {
        let (store, name, key) = (
            pipeline.store.clone(),
            crossing.target_name.clone(),
            claimed.key.clone(),
        );
        let since = claimed.intent_at.unwrap_or_else(|| pipeline.clock.now());
        pipeline.blocking(move || store.control_for(&name, since, &key)).await?
    };
    let control = control.map(|control| Control {
        key: control.key,
        body: control.body,
    });
    // Act.
    let began = pipeline.clock.monotonic();
    let api = &crossing.target_name.api;
    let report = target.look_up(api, &claimed.key, &claimed.body, control.as_ref()).await;
    let took = pipeline.clock.monotonic().saturating_sub(began);
    // Decide.
    let now = pipeline.clock.now();
    let next = delivery::after_lookup(
        &report.outcome,
        claimed.duplicate,
        claimed.attempts,
        claimed.intent_at.unwrap_or(now),
        &target.policy(),
        now,
    );
    let end = AttemptEnd {
        id: claimed.id,
        lease: claimed.lease,
        outcome: word(&report.outcome).to_owned(),
        reply: report.transcript,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        next,
    };
    pipeline.failpoints.reach("lookup.before-outcome");
    // Settle.
    let store = pipeline.store.clone();
    let settling = end.clone();
    let held = pipeline.blocking(move || store.finish_lookup(&settling, now)).await?;
    // Report.
    if held {
        match end.next {
            Next::Delivered { .. } => counters.adopted.add(1),
            Next::Dead { .. } => counters.dead.add(1),
            Next::Queue { .. } | Next::Ask { .. } => {}
        }
    }
    Ok(())
}

fn word(outcome: &LookupOutcome) -> &'static str {
    match outcome {
        LookupOutcome::Found {
            content: dukou_core::outcome::FoundContent::Same,
            ..
        } => "found",
        LookupOutcome::Found { .. } => "found-other",
        LookupOutcome::Absent => "absent",
        LookupOutcome::Inconclusive { .. } => "inconclusive",
        LookupOutcome::Unavailable { .. } => "unavailable",
    }
}
