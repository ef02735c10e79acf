//! Groups: claiming, looking, settling, making due again.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::revision::{self, Decision, Existing, Orphan};
use dukou_core::show::Shown;
use dukou_core::verdict::{Document, SourceRecord};
use rust_decimal::Decimal;

use super::state::{Delivery, GroupState, State};
use crate::reports::{self, NEWER_VERDICT, NOW_WITHDRAWN, plus};
use crate::rows::*;

impl State {
    fn due(&self, scheme: &SchemeName) -> Vec<usize> {
        (0..self.groups.len())
            .filter(|group| self.groups[*group].scheme == *scheme && self.groups[*group].state == GroupState::Waiting)
            .collect()
    }

    pub(super) fn claim_groups(&mut self, scheme: &SchemeName, deployment: u64, owner: Owner, limit: usize) -> Claim {
        if self.overtaken(scheme, deployment) {
            return Claim::Overtaken;
        }
        let mut claimed = Vec::new();
        for group in self.due(scheme).into_iter().take(limit) {
            let reissue_of = self.reissue_of(group);
            let row = &mut self.groups[group];
            row.state = GroupState::Claimed(owner);
            row.lease += 1;
            row.claims += 1;
            claimed.extend(self.read(group, reissue_of));
        }
        Claim::Groups(claimed)
    }

    pub(super) fn peek_groups(&self, scheme: &SchemeName, keys: &[String], limit: usize) -> Vec<ClaimedGroup> {
        let groups: BTreeSet<usize> = if keys.is_empty() {
            self.due(scheme).into_iter().take(limit).collect()
        } else {
            keys.iter()
                .filter_map(|key| {
                    self.group(scheme, key)
                        .or_else(|| Some(self.records[self.record(scheme, key)?].group))
                })
                .collect()
        };
        groups
            .into_iter()
            .filter_map(|group| self.read(group, self.reissue_of(group)))
            .take(limit)
            .collect()
    }

    pub(super) fn read(&self, group: usize, reissue_of: Option<String>) -> Option<ClaimedGroup> {
        let mut shown: Option<Shown> = None;
        let mut records = Vec::new();
        for (_, record) in self.members(group) {
            records.push(SourceRecord {
                key: record.key.clone(),
                received_at: record.received_at().to_rfc3339_opts(SecondsFormat::Millis, true),
                body: record.body().to_owned(),
                extra: "{}".to_owned(),
            });
            match &mut shown {
                None => shown = Some(record.shown.clone()),
                Some(sum) => {
                    for (total, part) in [
                        (&mut sum.amount, record.shown.amount),
                        (&mut sum.quantity, record.shown.quantity),
                    ] {
                        *total = total.map(|total| plus(total, part)).or(part);
                    }
                }
            }
        }
        Some(ClaimedGroup {
            key: self.groups[group].key.clone(),
            lease: self.groups[group].lease,
            claims: self.groups[group].claims,
            records,
            shown: shown?,
            reissue_of,
        })
    }

    fn reissue_of(&self, group: usize) -> Option<String> {
        for (id, record) in self.members(group) {
            if record.accepted || (record.mapped && self.live(group)) {
                continue;
            }
            let same_event = |other: &super::state::Record| {
                other.scheme == record.scheme
                    && record
                        .aliases
                        .iter()
                        .any(|alias| alias.0.starts_with('=') && other.aliases.contains(alias))
            };
            let counts = |other_id: usize, other_group: usize| {
                if other_group == group {
                    return other_id < id;
                }
                match self.groups[other_group].state {
                    GroupState::Claimed(_) => true,
                    GroupState::Waiting if other_id < id => true,
                    _ => self.live(other_group),
                }
            };
            let found = self
                .records
                .iter()
                .enumerate()
                .find(|(other_id, other)| *other_id != id && same_event(other) && counts(*other_id, other.group));
            if let Some((_, other)) = found {
                return Some(other.key.clone());
            }
        }
        None
    }

    pub(super) fn release_groups(&mut self, scheme: &SchemeName, leases: &[(String, u64)]) -> usize {
        let mut count = 0;
        for (key, lease) in leases {
            let Some(group) = self.group(scheme, key) else { continue };
            let row = &self.groups[group];
            if matches!(row.state, GroupState::Claimed(_)) && row.lease == *lease {
                self.release(group);
                count += 1;
            }
        }
        count
    }

    /// A claimed group waits again, as if it had not been claimed.
    fn release(&mut self, group: usize) {
        let group = &mut self.groups[group];
        group.state = GroupState::Waiting;
        group.claims -= 1;
    }

    pub(super) fn remap_groups(&mut self, scheme: &SchemeName, keys: &[String]) -> usize {
        let mut count = 0;
        for key in keys {
            let Some(group) = self.group(scheme, key) else { continue };
            let settled = matches!(
                self.groups[group].state,
                GroupState::Mapped | GroupState::Skipped | GroupState::Problem
            );
            let nothing_written = self.carried(group).all(|(_, delivery)| match delivery.state {
                None => true,
                Some(DeliveryState::Queued | DeliveryState::Held) => !delivery.ever_sent,
                Some(_) => delivery.nothing_written(),
            });
            if !settled || !nothing_written {
                continue;
            }
            let accepted = self.problems.iter().any(|problem| {
                problem.resolved.is_none()
                    && problem.scheme == *scheme
                    && problem.group == *key
                    && problem.kind == ProblemKind::Reissued
            });
            if accepted {
                for record in self.records.iter_mut().filter(|record| record.group == group) {
                    record.accepted = true;
                }
            }
            self.groups[group].state = GroupState::Waiting;
            self.groups[group].claims = 0;
            count += 1;
        }
        self.generation += u64::from(count > 0);
        count
    }

    pub(super) fn settle(
        &mut self,
        scheme: &SchemeName,
        settlements: &[Settlement],
        at: DateTime<Utc>,
    ) -> SettleCounts {
        let mut counts = SettleCounts::default();
        for settlement in settlements {
            let group = self.group(scheme, &settlement.group).filter(|group| {
                matches!(self.groups[*group].state, GroupState::Claimed(_))
                    && self.groups[*group].lease == settlement.lease
            });
            match group {
                Some(group) if self.overtaken(scheme, settlement.deployment) => {
                    self.release(group);
                    counts.overtaken += 1;
                }
                Some(group) => {
                    self.settle_one(group, settlement, at, &mut counts);
                    self.count_verdict(scheme, settlement);
                }
                None => counts.stale += 1,
            }
        }
        counts
    }

    fn settle_one(&mut self, group: usize, settlement: &Settlement, at: DateTime<Utc>, counts: &mut SettleCounts) {
        let scheme = self.groups[group].scheme.clone();
        let same = match &settlement.outcome {
            Settled::Problem(report) => Some((report.kind, report.fingerprint())),
            _ => None,
        };
        self.close_verdict_problems(group, same, at);
        self.groups[group].borrowed.clear();
        let mut made = BTreeSet::new();
        let (state, reason, omitted) = match &settlement.outcome {
            Settled::Mapped { documents, omitted } => {
                for (index, document) in documents.iter().enumerate() {
                    let amount = settlement.shown.amount.filter(|_| index == 0);
                    made.insert(self.document(group, settlement, document, amount, at, counts));
                }
                for record in self.records.iter_mut().filter(|record| record.group == group) {
                    record.mapped = true;
                }
                (GroupState::Mapped, None, omitted.clone())
            }
            Settled::Skipped(reason) => {
                counts.skipped += 1;
                (GroupState::Skipped, Some(reason.clone()), Vec::new())
            }
            Settled::Problem(report) => {
                counts.problems += 1;
                let amount = settlement.shown.amount;
                self.open_problem(&scheme, &settlement.group, None, amount, report, at);
                (GroupState::Problem, None, Vec::new())
            }
        };
        self.orphans(group, &made, settlement.shown.amount, at, counts);
        let row = &mut self.groups[group];
        row.state = state;
        row.claims = 0;
        row.reason = reason;
        row.recipe = Some(settlement.recipe);
        row.deployment = Some(settlement.deployment);
        row.omitted = omitted;
    }

    /// A group that no record belongs to any more makes nothing.
    pub(super) fn give_up(&mut self, group: usize, at: DateTime<Utc>) {
        self.close_verdict_problems(group, None, at);
        self.groups[group].borrowed.clear();
        self.orphans(group, &BTreeSet::new(), None, at, &mut SettleCounts::default());
    }

    fn close_verdict_problems(&mut self, group: usize, same: Option<(ProblemKind, String)>, at: DateTime<Utc>) {
        let (scheme, key) = (self.groups[group].scheme.clone(), self.groups[group].key.clone());
        let of_verdict = |problem: &ProblemRow| {
            problem.group == key
                && matches!(
                    problem.kind,
                    ProblemKind::Rejected | ProblemKind::Failed | ProblemKind::Reissued
                )
                && same.as_ref() != Some(&(problem.kind, problem.fingerprint.clone()))
        };
        self.close_by_itself(&scheme, of_verdict, NEWER_VERDICT, at);
    }

    fn document(
        &mut self,
        group: usize,
        settlement: &Settlement,
        document: &Document,
        amount: Option<Decimal>,
        at: DateTime<Utc>,
        counts: &mut SettleCounts,
    ) -> usize {
        let key = format!("{}{}", settlement.group, document.suffix);
        let mut carrier = self.carrying(&settlement.target, &key);
        let mut held = false;
        if carrier.is_none() {
            carrier = self.elsewhere(group, &settlement.target, &key);
            // What certainly is not there moves to the new account; a held one stays held.
            if let Some(unsent) = carrier.take_if(|id| self.orphaned(*id).is_some_and(|it| it != Orphan::Changed)) {
                held = self.deliveries[unsent].state == Some(DeliveryState::Held);
                self.withdraw(unsent, at, counts);
            }
        }
        let Some(id) = carrier else {
            counts.queued += 1;
            let mut delivery = self.fresh(group, settlement, key, document, amount, at);
            if held {
                delivery.state = Some(DeliveryState::Held);
            }
            self.deliveries.push(delivery);
            return self.deliveries.len() - 1;
        };
        let existing = &self.deliveries[id];
        let state = existing.state.expect("only standing deliveries carry a key");
        let decision = revision::decide(
            Some(&Existing {
                state,
                ever_sent: existing.ever_sent,
                nothing_written: existing.nothing_written(),
                same_origin: existing.group == group,
                body: &existing.body,
            }),
            &document.body,
        );
        match decision {
            Decision::Insert | Decision::Keep => counts.kept += 1,
            Decision::Replace => {
                counts.replaced += 1;
                let fresh = self.fresh(group, settlement, key, document, amount, at);
                let old = &mut self.deliveries[id];
                let held = state == DeliveryState::Held;
                *old = Delivery {
                    state: Some(if held {
                        DeliveryState::Held
                    } else {
                        DeliveryState::Queued
                    }),
                    lease: old.lease,
                    intent_at: old.intent_at,
                    reference: old.reference.take(),
                    queued_at: old.queued_at,
                    log: std::mem::take(&mut old.log),
                    ..fresh
                };
            }
            Decision::Changed(differences) => {
                counts.changed += 1;
                let report = reports::changed(&key, &differences);
                self.changed(group, &key, settlement.shown.amount, &report, at);
            }
        }
        if self.deliveries[id].group != group {
            self.groups[group].borrowed.insert(id);
        }
        id
    }

    fn carrying(&self, target: &TargetName, key: &str) -> Option<usize> {
        self.deliveries
            .iter()
            .position(|delivery| delivery.state.is_some() && delivery.target == *target && delivery.key == key)
    }

    /// The group's own delivery of the document under another account of the target's tenant and api.
    fn elsewhere(&self, group: usize, target: &TargetName, key: &str) -> Option<usize> {
        self.deliveries.iter().position(|delivery| {
            let other = &delivery.target;
            delivery.state.is_some()
                && delivery.group == group
                && delivery.key == key
                && (&other.tenant, &other.api) == (&target.tenant, &target.api)
                && other.account != target.account
        })
    }

    /// What becomes of a standing delivery that is not made any more.
    fn orphaned(&self, id: usize) -> Option<Orphan> {
        let delivery = &self.deliveries[id];
        delivery
            .state
            .map(|state| revision::orphan(state, delivery.ever_sent, delivery.nothing_written()))
    }

    fn withdraw(&mut self, id: usize, at: DateTime<Utc>, counts: &mut SettleCounts) {
        counts.withdrawn += 1;
        self.deliveries[id].state = None;
        let (scheme, key) = (self.deliveries[id].scheme.clone(), self.deliveries[id].key.clone());
        let of_it = |problem: &ProblemRow| problem.delivery_key.as_deref() == Some(&key);
        self.close_by_itself(&scheme, of_it, NOW_WITHDRAWN, at);
    }

    fn fresh(
        &self,
        group: usize,
        settlement: &Settlement,
        key: String,
        document: &Document,
        amount: Option<Decimal>,
        at: DateTime<Utc>,
    ) -> Delivery {
        Delivery {
            scheme: self.groups[group].scheme.clone(),
            group,
            target: settlement.target.clone(),
            key,
            body: document.body.clone(),
            state: Some(DeliveryState::Queued),
            owner: None,
            lease: 0,
            attempts: 0,
            defers: 0,
            transients: 0,
            duplicate: false,
            ever_sent: false,
            run_at: at,
            ask_at: None,
            intent_at: None,
            reason: None,
            dead: None,
            reference: None,
            adopted: false,
            by_hand: false,
            queued_at: at,
            delivered_at: None,
            amount,
            recipe: settlement.recipe,
            deployment: Some(settlement.deployment),
            log: Vec::new(),
        }
    }

    fn changed(
        &mut self,
        group: usize,
        delivery_key: &str,
        amount: Option<Decimal>,
        report: &ProblemReport,
        at: DateTime<Utc>,
    ) {
        let (scheme, key) = (self.groups[group].scheme.clone(), self.groups[group].key.clone());
        let id = self.open_problem(&scheme, &key, Some(delivery_key), amount, report, at);
        let superseded = |problem: &ProblemRow| {
            problem.id != id
                && problem.kind == ProblemKind::Changed
                && problem.delivery_key.as_deref() == Some(delivery_key)
        };
        self.close_by_itself(&scheme, superseded, NEWER_VERDICT, at);
    }

    fn orphans(
        &mut self,
        group: usize,
        made: &BTreeSet<usize>,
        amount: Option<Decimal>,
        at: DateTime<Utc>,
        counts: &mut SettleCounts,
    ) {
        for id in 0..self.deliveries.len() {
            if self.deliveries[id].group != group || made.contains(&id) {
                continue;
            }
            match self.orphaned(id) {
                None => {}
                Some(Orphan::Withdraw | Orphan::Drop) => self.withdraw(id, at, counts),
                Some(Orphan::Changed) => {
                    counts.changed += 1;
                    let key = self.deliveries[id].key.clone();
                    self.changed(group, &key, amount, &reports::gone(&key), at);
                }
            }
        }
    }
}
