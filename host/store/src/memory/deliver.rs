//! Deliveries: claims, intents, outcomes, look-ups, recovery, a person's word.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;

use super::state::{GroupState, State};
use crate::reports::{self, ENDED_WHILE_SENDING, NOW_DELIVERED, bounded};
use crate::rows::*;

/// Problems that a delivery's success answers.
const ANSWERED: [ProblemKind; 3] = [ProblemKind::Refused, ProblemKind::Unsettled, ProblemKind::Conflict];

impl State {
    fn claimed(&self, id: usize) -> ClaimedDelivery {
        let delivery = &self.deliveries[id];
        ClaimedDelivery {
            id: id as u64 + 1,
            lease: delivery.lease,
            scheme: delivery.scheme.clone(),
            key: delivery.key.clone(),
            body: delivery.body.clone(),
            attempts: delivery.attempts,
            defers: delivery.defers,
            transients: delivery.transients,
            intent_at: delivery.intent_at,
            duplicate: delivery.duplicate,
        }
    }

    /// The delivery, if it is in `state` under this lease number.
    fn guarded(&self, id: DeliveryId, lease: u64, state: DeliveryState) -> Option<usize> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        let delivery = self.deliveries.get(index)?;
        (delivery.lease == lease && delivery.state == Some(state)).then_some(index)
    }

    pub(super) fn claim_deliveries(
        &mut self,
        target: &TargetName,
        owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
        only: Option<&[String]>,
    ) -> Vec<ClaimedDelivery> {
        let mut due: Vec<usize> = (0..self.deliveries.len())
            .filter(|id| {
                let delivery = &self.deliveries[*id];
                delivery.target == *target
                    && delivery.state == Some(DeliveryState::Queued)
                    && delivery.run_at <= now
                    && only.is_none_or(|keys| keys.contains(&delivery.key))
            })
            .collect();
        due.sort_by_key(|id| (self.deliveries[*id].run_at, *id));
        due.truncate(limit);
        due.into_iter()
            .map(|id| {
                let delivery = &mut self.deliveries[id];
                delivery.state = Some(DeliveryState::Claimed);
                delivery.owner = Some(owner);
                delivery.lease += 1;
                delivery.attempts += 1;
                self.claimed(id)
            })
            .collect()
    }

    pub(super) fn begin_attempts(&mut self, attempts: &[AttemptStart], at: DateTime<Utc>) -> Vec<bool> {
        attempts
            .iter()
            .map(|attempt| {
                let Some(id) = self.guarded(attempt.id, attempt.lease, DeliveryState::Claimed) else {
                    return false;
                };
                let delivery = &mut self.deliveries[id];
                delivery.state = Some(DeliveryState::Sending);
                delivery.intent_at = Some(at);
                delivery.ever_sent = true;
                let number = delivery.log.len() as u32 + 1;
                delivery.log.push(AttemptRow {
                    delivery_key: delivery.key.clone(),
                    kind: "send".to_owned(),
                    number,
                    begun_at: at,
                    request: attempt.request.clone(),
                    ended_at: None,
                    outcome: None,
                    reply: None,
                    took_ms: None,
                });
                true
            })
            .collect()
    }

    pub(super) fn release_deliveries(&mut self, leases: &[(DeliveryId, u64)]) {
        for (id, lease) in leases {
            if let Some(id) = self.guarded(*id, *lease, DeliveryState::Claimed) {
                self.unclaim(id);
            }
        }
    }

    fn unclaim(&mut self, id: usize) {
        let delivery = &mut self.deliveries[id];
        delivery.state = Some(DeliveryState::Queued);
        delivery.owner = None;
        delivery.attempts -= 1;
    }

    pub(super) fn finish_attempts(&mut self, ends: &[AttemptEnd], at: DateTime<Utc>) -> Vec<bool> {
        ends.iter()
            .map(|end| {
                let Some(id) = self.guarded(end.id, end.lease, DeliveryState::Sending) else {
                    return false;
                };
                if let Some(attempt) = self.deliveries[id].log.last_mut() {
                    attempt.ended_at = Some(at);
                    attempt.outcome = Some(end.outcome.clone());
                    attempt.reply = Some(bounded(&end.reply).to_owned());
                    attempt.took_ms = Some(end.took_ms);
                }
                self.follow(id, end, at);
                true
            })
            .collect()
    }

    pub(super) fn finish_lookup(&mut self, end: &AttemptEnd, at: DateTime<Utc>) -> bool {
        let Some(id) = self.guarded(end.id, end.lease, DeliveryState::Unknown) else {
            return false;
        };
        let delivery = &mut self.deliveries[id];
        let number = delivery.log.len() as u32 + 1;
        let took = TimeDelta::from_std(Duration::from_millis(end.took_ms)).unwrap_or_default();
        delivery.log.push(AttemptRow {
            delivery_key: delivery.key.clone(),
            kind: "lookup".to_owned(),
            number,
            begun_at: at - took,
            request: delivery.key.clone(),
            ended_at: Some(at),
            outcome: Some(end.outcome.clone()),
            reply: Some(bounded(&end.reply).to_owned()),
            took_ms: Some(end.took_ms),
        });
        self.follow(id, end, at);
        true
    }

    fn follow(&mut self, id: usize, end: &AttemptEnd, at: DateTime<Utc>) {
        let delivery = &mut self.deliveries[id];
        let sending = delivery.state == Some(DeliveryState::Sending);
        delivery.owner = None;
        delivery.ask_at = None;
        match &end.next {
            Next::Delivered { reference, adopted } => {
                delivery.state = Some(DeliveryState::Delivered);
                delivery.duplicate = false;
                delivery.reason = None;
                delivery.reference.clone_from(reference);
                delivery.adopted = *adopted;
                delivery.delivered_at = Some(at);
                self.close_answered(id, reports::BY_ITSELF, NOW_DELIVERED, at);
            }
            Next::Queue { run_at, cause } => {
                delivery.state = Some(DeliveryState::Queued);
                delivery.duplicate = false;
                delivery.run_at = *run_at;
                delivery.reason = Some(cause.word().to_owned());
                match cause {
                    QueueCause::Throttled | QueueCause::Auth | QueueCause::NotSent => {
                        if sending {
                            delivery.attempts = delivery.attempts.saturating_sub(1);
                            delivery.ever_sent = delivery.attempts > 0;
                        }
                        delivery.defers += 1;
                    }
                    QueueCause::Transient => delivery.transients += 1,
                    QueueCause::Resend => {}
                }
            }
            Next::Ask {
                ask_at,
                duplicate,
                reason,
            } => {
                delivery.state = Some(DeliveryState::Unknown);
                delivery.ask_at = Some(*ask_at);
                delivery.duplicate = *duplicate;
                delivery.reason = Some(reason.clone());
            }
            Next::Dead {
                kind,
                code,
                message,
                differences,
            } => {
                delivery.state = Some(DeliveryState::Dead);
                delivery.dead = Some(*kind);
                delivery.reason = Some(message.clone());
                let (scheme, key, amount) = (delivery.scheme.clone(), delivery.key.clone(), delivery.amount);
                let group = self.groups[delivery.group].key.clone();
                let report = reports::dead(*kind, code, message, differences, &end.outcome, &end.reply);
                self.open_problem(&scheme, &group, Some(&key), amount, &report, at);
            }
        }
    }

    fn close_answered(&mut self, id: usize, by: &str, note: &str, at: DateTime<Utc>) {
        let (scheme, key) = (self.deliveries[id].scheme.clone(), self.deliveries[id].key.clone());
        let answered =
            |problem: &ProblemRow| problem.delivery_key.as_deref() == Some(&key) && ANSWERED.contains(&problem.kind);
        self.close_problems(&scheme, answered, by, note, at);
    }

    pub(super) fn claim_lookups(
        &mut self,
        target: &TargetName,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Vec<ClaimedDelivery> {
        let mut due: Vec<usize> = (0..self.deliveries.len())
            .filter(|id| {
                let delivery = &self.deliveries[*id];
                delivery.target == *target
                    && delivery.state == Some(DeliveryState::Unknown)
                    && delivery.ask_at.is_some_and(|ask_at| ask_at <= now)
            })
            .collect();
        due.sort_by_key(|id| (self.deliveries[*id].ask_at, *id));
        due.truncate(limit);
        due.into_iter()
            .map(|id| {
                self.deliveries[id].lease += 1;
                self.claimed(id)
            })
            .collect()
    }

    pub(super) fn control_for(
        &self,
        target: &TargetName,
        since: DateTime<Utc>,
        except: &str,
    ) -> Option<ControlDelivery> {
        let mut proven: Vec<(DateTime<Utc>, usize)> = self
            .deliveries
            .iter()
            .enumerate()
            .filter(|(_, delivery)| delivery.target == *target && delivery.key != except && !delivery.by_hand)
            .filter(|(_, delivery)| delivery.state == Some(DeliveryState::Delivered))
            .filter_map(|(id, delivery)| Some((delivery.delivered_at?, id)))
            .collect();
        proven.sort_unstable();
        let after = proven.iter().find(|(at, _)| *at >= since);
        let (delivered_at, id) = *after.or(proven.last())?;
        Some(ControlDelivery {
            key: self.deliveries[id].key.clone(),
            body: self.deliveries[id].body.clone(),
            delivered_at,
        })
    }

    pub(super) fn recover(&mut self, owner: Owner, quarantine_ms: &dyn Fn(&TargetName) -> u64) -> Recovered {
        let mut recovered = Recovered::default();
        for id in 0..self.deliveries.len() {
            let delivery = &mut self.deliveries[id];
            if delivery.owner == Some(owner) {
                continue;
            }
            match delivery.state {
                Some(DeliveryState::Claimed) => {
                    recovered.requeued += 1;
                    self.unclaim(id);
                }
                Some(DeliveryState::Sending) => {
                    recovered.unknown += 1;
                    let wait = Duration::from_millis(quarantine_ms(&delivery.target));
                    delivery.state = Some(DeliveryState::Unknown);
                    delivery.owner = None;
                    delivery.ask_at = delivery
                        .intent_at
                        .map(|intent| intent + TimeDelta::from_std(wait).unwrap_or_default());
                    delivery.reason = Some(ENDED_WHILE_SENDING.to_owned());
                }
                _ => {}
            }
        }
        for group in &mut self.groups {
            if matches!(group.state, GroupState::Claimed(by) if by != owner) {
                recovered.groups += 1;
                group.state = GroupState::Waiting;
            }
        }
        recovered
    }

    pub(super) fn hold(&mut self, scheme: &SchemeName, keys: Option<&[String]>, held: bool) -> usize {
        let (from, to) = if held {
            (DeliveryState::Queued, DeliveryState::Held)
        } else {
            (DeliveryState::Held, DeliveryState::Queued)
        };
        let mut count = 0;
        let own = self.deliveries.iter_mut().filter(|delivery| delivery.scheme == *scheme);
        for delivery in own {
            let group = &self.groups[delivery.group];
            let meant = keys.is_none_or(|keys| keys.contains(&delivery.key) || keys.contains(&group.key));
            if delivery.state == Some(from) && meant {
                delivery.state = Some(to);
                count += 1;
            }
        }
        self.generation += u64::from(count > 0);
        count
    }

    pub(super) fn settle_by_hand(
        &mut self,
        key: &str,
        scheme: &SchemeName,
        verdict: &HandVerdict,
        at: DateTime<Utc>,
    ) -> bool {
        let written = matches!(verdict, HandVerdict::Written { .. });
        let asked = self.problems.iter().any(|problem| {
            problem.resolved.is_none()
                && problem.scheme == *scheme
                && problem.delivery_key.as_deref() == Some(key)
                && problem.kind == ProblemKind::Unsettled
        });
        let found = self.deliveries.iter().position(|delivery| {
            let open = match delivery.state {
                Some(DeliveryState::Unknown) => written,
                Some(DeliveryState::Dead) => delivery.dead == Some(ProblemKind::Unsettled) && (written || asked),
                _ => false,
            };
            open && delivery.scheme == *scheme && delivery.key == key
        });
        let Some(id) = found else { return false };
        let delivery = &mut self.deliveries[id];
        delivery.lease += 1;
        delivery.ask_at = None;
        delivery.dead = None;
        delivery.duplicate = false;
        delivery.reason = None;
        let (by, note) = match verdict {
            HandVerdict::Written { number, by } => {
                delivery.state = Some(DeliveryState::Delivered);
                delivery.reference = Some(number.clone());
                delivery.by_hand = true;
                delivery.delivered_at = Some(at);
                (by, format!("written: {number}"))
            }
            HandVerdict::Absent { by } => {
                delivery.state = Some(DeliveryState::Queued);
                delivery.run_at = at;
                (by, "absent".to_owned())
            }
        };
        self.close_answered(id, by, &note, at);
        self.generation += 1;
        true
    }

    pub(super) fn next_due(&self, target: &TargetName) -> Option<DateTime<Utc>> {
        self.deliveries
            .iter()
            .filter(|delivery| delivery.target == *target)
            .filter_map(|delivery| match delivery.state {
                Some(DeliveryState::Queued) => Some(delivery.run_at),
                Some(DeliveryState::Unknown) => delivery.ask_at,
                _ => None,
            })
            .min()
    }
}
