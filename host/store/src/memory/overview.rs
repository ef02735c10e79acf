//! Reading: counts, lists and stories.

use std::collections::BTreeMap;

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use rust_decimal::Decimal;

use super::erase::nobody;
use super::state::{GroupState, State};
use crate::STATES;
use crate::reports::{limit_of, plus};
use crate::rows::*;

fn count(tally: &mut Tally, amount: Option<Decimal>) {
    tally.count += 1;
    tally.amount = plus(tally.amount, amount);
}

impl State {
    pub(super) fn overview(&self, scheme: &SchemeName) -> Overview {
        let mut overview = Overview::default();
        let mut states: BTreeMap<&str, Tally> = BTreeMap::new();
        for record in self.records.iter().filter(|record| record.scheme == *scheme) {
            count(&mut overview.records, record.shown.amount);
            if let Some(state) = self.standing(record.group) {
                count(states.entry(state).or_default(), record.shown.amount);
            }
        }
        for (id, group) in self.groups.iter().enumerate() {
            if group.scheme != *scheme {
                continue;
            }
            let amount = self
                .members(id)
                .fold(Decimal::ZERO, |sum, (_, record)| plus(sum, record.shown.amount));
            match self.standing(id) {
                Some("waiting") => count(&mut overview.untransformed, Some(amount)),
                Some("skipped") => count(&mut overview.skipped, Some(amount)),
                _ => {}
            }
        }
        overview.states = STATES
            .into_iter()
            .filter_map(|state| Some((state.to_owned(), *states.get(state)?)))
            .collect();
        let own = || self.deliveries.iter().filter(|delivery| delivery.scheme == *scheme);
        for state in DeliveryState::ALL {
            let mut tally = Tally::default();
            for delivery in own().filter(|delivery| delivery.state == Some(state)) {
                count(&mut tally, delivery.amount);
            }
            if tally.count > 0 {
                overview.deliveries.push((state, tally));
            }
        }
        for kind in ProblemKind::ALL {
            let mut tally = Tally::default();
            for problem in &self.problems {
                if problem.scheme == *scheme && problem.kind == kind && problem.resolved.is_none() {
                    count(&mut tally, problem.amount);
                }
            }
            if tally.count > 0 {
                overview.problems.push((kind, tally));
            }
        }
        overview.adopted = own().filter(|delivery| delivery.adopted).count() as u64;
        let moving = |state: Option<DeliveryState>| {
            use DeliveryState::{Claimed, Queued, Sending, Unknown};
            matches!(state, Some(Queued | Claimed | Sending | Unknown))
        };
        overview.oldest_moving = own()
            .filter(|delivery| moving(delivery.state))
            .map(|delivery| delivery.queued_at)
            .min();
        overview.mark = self.marks.get(scheme).copied();
        overview.last_pull = self
            .windows
            .get(scheme)
            .and_then(|windows| windows.iter().rev().find_map(|window| window.closed_at));
        overview.last_delivery = own().filter_map(|delivery| delivery.delivered_at).max();
        overview
    }

    pub(super) fn list_records(&self, filter: &RecordFilter) -> Vec<RecordRow> {
        let mut found: Vec<(chrono::DateTime<chrono::Utc>, usize)> = self
            .records
            .iter()
            .enumerate()
            .filter(|(_, record)| record.scheme != nobody())
            .filter(|(_, record)| filter.scheme.as_ref().is_none_or(|scheme| record.scheme == *scheme))
            .filter(|(_, record)| {
                filter
                    .state
                    .as_deref()
                    .is_none_or(|state| self.standing(record.group) == Some(state))
            })
            .filter(|(_, record)| filter.matching.as_ref().is_none_or(|text| record.key.contains(text)))
            .map(|(id, record)| (record.received_at(), id))
            .collect();
        found.sort_unstable();
        found
            .into_iter()
            .rev()
            .take(limit_of(filter.limit))
            .map(|(_, id)| self.record_row(&self.records[id]))
            .collect()
    }

    pub(super) fn list_deliveries(&self, filter: &DeliveryFilter) -> Vec<DeliveryRow> {
        let wanted = |state: DeliveryState| {
            if filter.states.is_empty() {
                state != DeliveryState::Delivered
            } else {
                filter.states.contains(&state)
            }
        };
        let mut found: Vec<DeliveryRow> = (0..self.deliveries.len())
            .filter_map(|id| self.delivery_row(id))
            .filter(|row| filter.scheme.as_ref().is_none_or(|scheme| row.scheme == *scheme))
            .filter(|row| wanted(row.state))
            .collect();
        found.sort_by_key(|row| (row.queued_at, row.id));
        found.truncate(limit_of(filter.limit));
        found
    }

    pub(super) fn list_problems(&self, filter: &ProblemFilter) -> Vec<ProblemRow> {
        let about = |problem: &ProblemRow, key: &String| {
            problem.group == *key
                || problem.delivery_key.as_ref() == Some(key)
                || self
                    .record(&problem.scheme, key)
                    .is_some_and(|record| self.groups[self.records[record].group].key == problem.group)
        };
        self.problems
            .iter()
            .rev()
            .filter(|problem| problem.scheme != nobody())
            .filter(|problem| filter.resolved_too || problem.resolved.is_none())
            .filter(|problem| filter.scheme.as_ref().is_none_or(|scheme| problem.scheme == *scheme))
            .filter(|problem| filter.ids.is_empty() || filter.ids.contains(&problem.id))
            .filter(|problem| {
                filter
                    .fingerprint
                    .as_ref()
                    .is_none_or(|fingerprint| problem.fingerprint == *fingerprint)
            })
            .filter(|problem| filter.key.as_ref().is_none_or(|key| about(problem, key)))
            .take(limit_of(filter.limit))
            .cloned()
            .collect()
    }

    /// The record meant by its key, its group's or delivery's key, or another identity's value.
    fn meant(&self, scheme: &SchemeName, key: &str) -> Option<usize> {
        if let Some(record) = self.record(scheme, key) {
            return Some(record);
        }
        let by_delivery = self
            .deliveries
            .iter()
            .find(|delivery| delivery.state.is_some() && delivery.scheme == *scheme && delivery.key == key)
            .map(|delivery| delivery.group);
        for group in by_delivery.into_iter().chain(self.group(scheme, key)) {
            if let Some((record, _)) = self.members(group).next() {
                return Some(record);
            }
        }
        self.records
            .iter()
            .rposition(|record| record.scheme == *scheme && record.aliases.iter().any(|(_, value)| value == key))
    }

    pub(super) fn story(&self, scheme: &SchemeName, key: &str) -> Option<Story> {
        let record = &self.records[self.meant(scheme, key)?];
        let group = &self.groups[record.group];
        let verdict = match group.state {
            GroupState::Mapped => ("mapped", None),
            GroupState::Skipped => ("skipped", group.reason.clone()),
            GroupState::Problem => ("problem", None),
            GroupState::Waiting | GroupState::Claimed(_) | GroupState::Empty => ("waiting", None),
        };
        let mut attempts: Vec<AttemptRow> = self
            .carried(record.group)
            .flat_map(|(_, delivery)| delivery.log.iter().cloned())
            .collect();
        attempts.sort_by_key(|attempt| attempt.begun_at);
        Some(Story {
            record: self.record_row(record),
            revisions: (1..)
                .zip(&record.revisions)
                .map(|(number, (at, body))| (number, *at, body.clone()))
                .collect(),
            aliases: record.aliases.iter().cloned().collect(),
            group: group.key.clone(),
            members: self
                .members(record.group)
                .map(|(_, member)| member.key.clone())
                .collect(),
            verdict: (verdict.0.to_owned(), verdict.1),
            omitted: group.omitted.clone(),
            recipe: group.recipe,
            deliveries: self
                .carried(record.group)
                .filter_map(|(id, _)| self.delivery_row(id))
                .collect(),
            attempts,
            problems: self
                .problems
                .iter()
                .filter(|problem| problem.scheme == *scheme && problem.group == group.key)
                .cloned()
                .collect(),
        })
    }
}
