//! Deliver: claims queued deliveries, records each intent with the exact bytes (TX 3a), sends, and records the outcome
//! (TX 3b) under the lease number it was claimed with. What follows an outcome is decided in `dukou_core::delivery`.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use dukou_connect::SendReport;
use dukou_core::delivery::{self, DeliveryHistory, Next, QueueCause};
use dukou_core::outcome::WriteOutcome;
use dukou_store::rows::{AttemptEnd, AttemptStart, ClaimedDelivery};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::counters::Counters;
use super::{Crossing, Pipeline, StageError};

/// Deliveries per transaction.
const BATCH: usize = 100;
/// A claim is good for so long; a process that was paused longer does not send.
const LEASE: Duration = Duration::from_secs(120);
/// How long a scheme lets others of its account go first when they have all the slots.
const OTHERS_TURN: Duration = Duration::from_millis(50);

/// What to deliver.
#[derive(Debug, Clone, Default)]
pub struct DeliverOrder {
    /// Only these keys.
    pub only: Option<Vec<String>>,
    /// At most so many sendings in this run.
    pub limit: Option<u64>,
}

/// The sendings of one crossing that are under way.
pub struct Deliverer {
    pipeline: Arc<Pipeline>,
    crossing: Arc<Crossing>,
    counters: Arc<Counters>,
    order: DeliverOrder,
    sending: JoinSet<Sent>,
    /// When the lane or a limit allows the next sending.
    wait: Duration,
}

struct Sent {
    claimed: ClaimedDelivery,
    began: Option<(DateTime<Utc>, Duration)>,
    report: Option<SendReport>,
    took: Duration,
    _slot: OwnedSemaphorePermit,
}

impl Deliverer {
    /// Nothing under way yet.
    pub fn new(pipeline: Arc<Pipeline>, crossing: Arc<Crossing>, counters: Arc<Counters>, order: DeliverOrder) -> Self {
        Self {
            pipeline,
            crossing,
            counters,
            order,
            sending: JoinSet::new(),
            wait: Duration::ZERO,
        }
    }

    /// Sendings under way.
    pub fn under_way(&self) -> usize {
        self.sending.len()
    }

    /// How long until the lane allows the next sending; zero if it was not the lane that held back.
    pub fn held_back(&self) -> Duration {
        self.wait
    }

    /// Claims and starts as many sendings as slots, rhythm, health and order allow. Answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fill(&mut self) -> Result<usize, StageError> {
        self.wait = Duration::ZERO;
        let lane = self.crossing.target_lane.clone();
        if self.pipeline.stopping()
            || lane.stopped().is_some()
            || lane.down(self.pipeline.clock.monotonic()) && !self.sending.is_empty()
        {
            return Ok(0);
        }
        let mut slots = self.slots();
        if slots.is_empty() {
            return Ok(0);
        }
        // Claim.
        let claimed = {
            let (store, target, owner) = (
                self.pipeline.store.clone(),
                self.crossing.target_name.clone(),
                self.pipeline.owner,
            );
            let (limit, now, only) = (slots.len(), self.pipeline.clock.now(), self.order.only.clone());
            self.pipeline
                .blocking(move || store.claim_deliveries(&target, owner, limit, now, only.as_deref()))
                .await?
        };
        if claimed.is_empty() {
            // It was not the lane that held back: with slots left over, a run would wait for it for ever.
            self.wait = Duration::ZERO;
            return Ok(0);
        }
        let claimed_at = self.pipeline.clock.monotonic();
        self.pipeline.failpoints.reach("deliver.after-claim");
        // Intent, before the wire.
        let request = lane.target.request_line(&self.crossing.target_name.api);
        let starts: Vec<_> = claimed
            .iter()
            .map(|delivery| AttemptStart {
                id: delivery.id,
                lease: delivery.lease,
                request: request.clone(),
            })
            .collect();
        self.pipeline.failpoints.reach("deliver.before-intent");
        let intent_at = self.pipeline.clock.now();
        let store = self.pipeline.store.clone();
        let held = self
            .pipeline
            .blocking(move || store.begin_attempts(&starts, intent_at))
            .await?;
        self.pipeline.failpoints.reach("deliver.after-intent");
        // Act.
        let mut started = 0;
        for (delivery, held) in claimed.into_iter().zip(held) {
            if !held {
                continue;
            }
            let Some(slot) = slots.pop() else { break };
            self.start(delivery, slot, intent_at, claimed_at);
            started += 1;
        }
        Ok(started)
    }

    fn slots(&mut self) -> Vec<OwnedSemaphorePermit> {
        let lane = self.crossing.target_lane.clone();
        let left = self.order.limit.map_or(u64::MAX, |limit| {
            limit.saturating_sub(self.counters.sent.get() + self.sending.len() as u64)
        });
        let most = BATCH.min(usize::try_from(left).unwrap_or(BATCH));
        let mut slots = Vec::new();
        while slots.len() < most {
            let Ok(slot) = lane.slots.clone().try_acquire_owned() else {
                // Other schemes of the account have all the slots: without a wait this one would give up its turn.
                if slots.is_empty() && self.sending.is_empty() {
                    self.wait = OTHERS_TURN;
                }
                break;
            };
            match lane.take(self.pipeline.clock.monotonic()) {
                Ok(()) => slots.push(slot),
                Err(wait) => {
                    self.wait = wait;
                    break;
                }
            }
        }
        slots
    }

    fn start(
        &mut self,
        claimed: ClaimedDelivery,
        slot: OwnedSemaphorePermit,
        intent_at: DateTime<Utc>,
        claimed_at: Duration,
    ) {
        let (pipeline, crossing) = (self.pipeline.clone(), self.crossing.clone());
        self.sending.spawn(async move {
            let target = &crossing.target_lane.target;
            let began = pipeline.clock.monotonic();
            let mut sent = Sent {
                claimed,
                began: Some((intent_at, began)),
                report: None,
                took: Duration::ZERO,
                _slot: slot,
            };
            // The last step before the wire: a process that was paused must not send under an old claim.
            if !delivery::may_send(claimed_at, LEASE, target.deadline(), began) {
                sent.began = None;
                return sent;
            }
            pipeline.failpoints.reach("deliver.before-send");
            let api = &crossing.target_name.api;
            let report = target.send(api, &sent.claimed.key, &sent.claimed.body).await;
            pipeline.failpoints.reach("deliver.after-send");
            sent.took = pipeline.clock.monotonic().saturating_sub(began);
            sent.report = Some(report);
            sent
        });
    }

    /// Waits for at least one sending to end, at most `most`, and settles all that have. Answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drain(&mut self, most: Duration) -> Result<usize, StageError> {
        let mut ended = Vec::new();
        match tokio::time::timeout(most, self.sending.join_next()).await {
            Ok(Some(Ok(sent))) => ended.push(sent),
            Ok(Some(Err(_))) => return Err(StageError::Panicked),
            Ok(None) | Err(_) => return Ok(0),
        }
        while ended.len() < BATCH {
            match self.sending.try_join_next() {
                Some(Ok(sent)) => ended.push(sent),
                Some(Err(_)) => return Err(StageError::Panicked),
                None => break,
            }
        }
        // Decide.
        let now = self.pipeline.clock.now();
        let ends: Vec<_> = ended.iter().map(|sent| self.decide(sent, now)).collect();
        self.pipeline.failpoints.reach("deliver.before-outcome");
        // Settle.
        let store = self.pipeline.store.clone();
        let settling = ends.clone();
        let held = self
            .pipeline
            .blocking(move || store.finish_attempts(&settling, now))
            .await?;
        self.pipeline.failpoints.reach("deliver.after-outcome");
        // Report.
        for (end, held) in ends.iter().zip(held) {
            if held {
                self.report(end);
            }
        }
        Ok(ended.len())
    }

    fn decide(&self, sent: &Sent, now: DateTime<Utc>) -> AttemptEnd {
        let lane = &self.crossing.target_lane;
        let policy = lane.target.policy();
        let claimed = &sent.claimed;
        let (outcome, reply) = match &sent.report {
            Some(report) => (report.outcome.clone(), report.reply.clone()),
            None => (
                WriteOutcome::NotSent {
                    reason: "this process was paused longer than its claim is good for".into(),
                },
                String::new(),
            ),
        };
        self.mind_the_lane(&outcome);
        let history = DeliveryHistory {
            attempts: claimed.attempts,
            defers: claimed.defers,
            intent_at: sent.began.map_or(now, |(intent_at, _)| intent_at),
            transients: claimed.transients,
        };
        AttemptEnd {
            id: claimed.id,
            lease: claimed.lease,
            outcome: outcome.word().to_owned(),
            reply,
            took_ms: u64::try_from(sent.took.as_millis()).unwrap_or(u64::MAX),
            next: delivery::after_send(&outcome, &history, &policy, now),
        }
    }

    fn mind_the_lane(&self, outcome: &WriteOutcome) {
        let lane = &self.crossing.target_lane;
        match outcome {
            WriteOutcome::NotSent { reason } => {
                lane.not_reached(self.pipeline.clock.monotonic(), reason.clone(), false);
            }
            WriteOutcome::Auth {
                permanent,
                code,
                message,
            } => {
                lane.not_reached(self.pipeline.clock.monotonic(), format!("{code}: {message}"), true);
                if *permanent {
                    lane.stop(format!("{code}: {message}"));
                }
            }
            WriteOutcome::Throttled { retry_after, .. } => {
                lane.reached();
                let wait = retry_after
                    .unwrap_or(Duration::from_secs(1))
                    .min(Duration::from_secs(60));
                lane.pause_until(self.pipeline.clock.monotonic() + wait);
            }
            WriteOutcome::Unknown { .. } => {}
            _ => lane.reached(),
        }
    }

    fn report(&self, end: &AttemptEnd) {
        let counters = &self.counters;
        // What was put off without an answer is not counted against a limit.
        if !matches!(end.next, Next::Queue { .. }) {
            counters.sent.add(1);
        }
        match &end.next {
            Next::Delivered { .. } => counters.accepted.add(1),
            Next::Ask { .. } => counters.unknown.add(1),
            Next::Dead { .. } => counters.dead.add(1),
            Next::Queue {
                cause: QueueCause::Resend,
                ..
            }
            | Next::Queue { .. } => {}
        }
    }
}
