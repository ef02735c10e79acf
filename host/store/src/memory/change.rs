//! The change gate: stored groups, whose chain decided what, acceptances, rollouts, shadows, and a tenant's end.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;

use super::state::{GroupState, State};
use crate::reports::{MOST_OUTCOMES, limit_of};
use crate::rows::*;

impl State {
    fn in_span(&self, scheme: &SchemeName, received: Span) -> BTreeSet<usize> {
        self.records
            .iter()
            .filter(|record| record.scheme == *scheme && received.contains(record.received_at()))
            .map(|record| record.group)
            .collect()
    }

    pub(super) fn stored_groups(
        &self,
        scheme: &SchemeName,
        received: Span,
        after: u64,
        limit: usize,
    ) -> Vec<StoredGroup> {
        self.in_span(scheme, received)
            .into_iter()
            .filter(|group| *group as u64 + 1 > after)
            .take(limit)
            .filter_map(|group| {
                let read = self.read(group, None)?;
                let state = match self.groups[group].state {
                    GroupState::Mapped => "mapped",
                    GroupState::Skipped => "skipped",
                    GroupState::Problem => "problem",
                    GroupState::Waiting | GroupState::Claimed(_) | GroupState::Empty => "waiting",
                };
                Some(StoredGroup {
                    seq: group as u64 + 1,
                    key: read.key,
                    records: read.records,
                    shown: read.shown,
                    state: state.to_owned(),
                    deployment: self.groups[group].deployment,
                })
            })
            .collect()
    }

    pub(super) fn count_groups(&self, scheme: &SchemeName, received: Span) -> u64 {
        self.in_span(scheme, received).len() as u64
    }

    /// Counts one verdict that was settled.
    pub(super) fn count_verdict(&mut self, scheme: &SchemeName, settlement: &Settlement) {
        let counts = self
            .verdicts
            .entry((scheme.clone(), settlement.deployment))
            .or_default();
        let count = match &settlement.outcome {
            Settled::Mapped { .. } => &mut counts.mapped,
            Settled::Skipped(_) => &mut counts.skipped,
            Settled::Problem(report) => match report.kind {
                ProblemKind::Rejected => &mut counts.rejected,
                ProblemKind::Failed => &mut counts.failed,
                _ => return,
            },
        };
        *count += 1;
        counts.fuel = counts.fuel.saturating_add(settlement.fuel);
    }

    pub(super) fn remember_outcomes(&mut self, outcomes: &[(Digest, Digest, u64)]) {
        for (recipe, outcome, fuel) in outcomes {
            if self.outcomes.insert(*recipe, (*outcome, *fuel)).is_none() {
                self.outcome_order.push_back(*recipe);
            }
            if self.outcome_order.len() as u64 > MOST_OUTCOMES
                && let Some(oldest) = self.outcome_order.pop_front()
            {
                self.outcomes.remove(&oldest);
            }
        }
    }

    pub(super) fn written(&self, scheme: &SchemeName, filter: &WrittenFilter) -> Vec<DeliveryRow> {
        (0..self.deliveries.len())
            .filter(|id| *id as u64 + 1 > filter.after)
            .filter(|id| {
                let delivery = &self.deliveries[*id];
                let there = match delivery.state {
                    Some(DeliveryState::Delivered | DeliveryState::Sending | DeliveryState::Unknown) => true,
                    Some(DeliveryState::Dead) => {
                        matches!(delivery.dead, Some(ProblemKind::Unsettled | ProblemKind::Conflict))
                    }
                    _ => false,
                };
                there
                    && delivery.scheme == *scheme
                    && delivery
                        .deployment
                        .is_some_and(|deployment| filter.deployments.contains(&deployment))
                    && delivery
                        .delivered_at
                        .or(delivery.intent_at)
                        .is_some_and(|at| filter.delivered.contains(at))
            })
            .filter_map(|id| self.delivery_row(id))
            .take(limit_of(filter.limit))
            .collect()
    }

    pub(super) fn put_rollout(
        &mut self,
        id: Option<u64>,
        revision: u64,
        state: &str,
        body: &str,
        at: DateTime<Utc>,
    ) -> Option<u64> {
        let id = match id {
            None if revision == 0 => {
                let id = self.rollouts.len() as u64 + 1;
                self.rollouts.push(Rollout {
                    id,
                    revision: 1,
                    state: state.to_owned(),
                    body: body.to_owned(),
                    at,
                    changed_at: at,
                });
                id
            }
            None => return None,
            Some(id) => {
                let rollout = self
                    .rollouts
                    .iter_mut()
                    .find(|rollout| rollout.id == id && rollout.revision == revision)?;
                rollout.revision += 1;
                rollout.state = state.to_owned();
                rollout.body = body.to_owned();
                rollout.changed_at = at;
                id
            }
        };
        self.generation += 1;
        Some(id)
    }

    pub(super) fn rollouts(&self, states: &[&str], limit: usize) -> Vec<Rollout> {
        self.rollouts
            .iter()
            .rev()
            .filter(|rollout| states.is_empty() || states.contains(&rollout.state.as_str()))
            .take(limit_of(limit))
            .cloned()
            .collect()
    }

    pub(super) fn put_shadow(&mut self, shadow: &Shadow) -> bool {
        let running = self
            .shadows
            .iter_mut()
            .find(|other| other.scheme == shadow.scheme && other.ended.is_none());
        match running {
            None if shadow.revision == 0 => {
                self.schemes.insert(shadow.scheme.clone());
                self.shadows.push(Shadow {
                    revision: 1,
                    ..shadow.clone()
                });
                self.generation += 1;
                true
            }
            Some(running) if running.digest == shadow.digest && running.revision == shadow.revision => {
                running.revision += 1;
                running.until = shadow.until;
                running.body.clone_from(&shadow.body);
                running.ended = shadow.ended;
                self.generation += u64::from(shadow.ended.is_some());
                true
            }
            _ => false,
        }
    }

    pub(super) fn shadows(&self, scheme: Option<&SchemeName>) -> Vec<Shadow> {
        self.shadows
            .iter()
            .rev()
            .filter(|shadow| scheme.is_none_or(|scheme| shadow.scheme == *scheme))
            .take(limit_of(0))
            .cloned()
            .collect()
    }
}
