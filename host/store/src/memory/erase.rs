//! A tenant's end. Rows in the middle of a list stay as husks, because a row's number is its place; those at the end go,
//! so that numbers are given again as SQLite gives them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::state::{GroupState, State};
use crate::erasure;
use crate::rows::*;

/// What a husk belongs to: no scheme is named so.
pub(super) fn nobody() -> SchemeName {
    SchemeName::new("", "")
}

impl State {
    pub(super) fn erase_tenant(&mut self, tenant: &str, at: DateTime<Utc>, by: &str) -> Erased {
        let own = |scheme: &SchemeName| scheme.tenant == tenant;
        let moving = self.deliveries.iter().filter(|delivery| {
            use DeliveryState::{Claimed, Sending, Unknown};
            own(&delivery.scheme) && matches!(delivery.state, Some(Claimed | Sending | Unknown))
        });
        let count = moving.count() as u64;
        if count > 0 {
            return Erased::Moving { count };
        }
        let mut rows = ErasedRows::default();
        let schemes: Vec<SchemeName> = self.schemes.iter().filter(|scheme| own(scheme)).cloned().collect();
        rows.schemes = schemes.len() as u64;
        let named = self.named(&own);
        for record in self.records.iter_mut().filter(|record| own(&record.scheme)) {
            rows.records += 1;
            record.scheme = nobody();
            record.group = usize::MAX;
            record.revisions.clear();
            record.aliases.clear();
        }
        for group in self.groups.iter_mut().filter(|group| own(&group.scheme)) {
            rows.groups += 1;
            group.scheme = nobody();
            group.state = GroupState::Empty;
            group.borrowed.clear();
        }
        for (id, delivery) in self.deliveries.iter_mut().enumerate() {
            if own(&delivery.scheme) {
                rows.deliveries += 1;
                delivery.scheme = nobody();
                delivery.group = usize::MAX;
                delivery.state = None;
                delivery.adopted = false;
                delivery.delivered_at = None;
                delivery.body.clear();
                delivery.log.clear();
                for group in &mut self.groups {
                    group.borrowed.remove(&id);
                }
            }
        }
        for problem in self.problems.iter_mut().filter(|problem| own(&problem.scheme)) {
            rows.problems += 1;
            problem.scheme = nobody();
        }
        pop(&mut self.records, |record| record.scheme == nobody());
        pop(&mut self.groups, |group| group.scheme == nobody());
        pop(&mut self.deliveries, |delivery| delivery.scheme == nobody());
        pop(&mut self.problems, |problem| problem.scheme == nobody());
        self.record_keys.retain(|(scheme, _), _| !own(scheme));
        self.group_keys.retain(|(scheme, _), _| !own(scheme));
        self.schemes.retain(|scheme| !own(scheme));
        self.source_accounts.retain(|scheme, _| !own(scheme));
        self.marks.retain(|scheme, _| !own(scheme));
        self.windows.retain(|scheme, _| !own(scheme));
        self.fires.retain(|(scheme, _), _| !own(scheme));
        self.verdicts.retain(|(scheme, _), _| !own(scheme));
        self.acceptances.retain(|(scheme, ..), _| !own(scheme));
        self.shadows.retain(|shadow| !own(&shadow.scheme));
        self.deployments.retain(|scheme, deployments| {
            if own(scheme) {
                rows.deployments += deployments.len() as u64;
            }
            !own(scheme)
        });
        let kept = self.named(&|_: &SchemeName| true);
        for digest in named.difference(&kept) {
            rows.blobs += u64::from(self.blobs.remove(digest).is_some());
        }
        for entry in &mut self.audit {
            if erasure::speaks_of(&entry.subject, tenant, &schemes) {
                entry.subject = erasure::instead(tenant);
            }
        }
        self.audit.push(erasure::entry(tenant, &rows, at, by));
        self.generation += 1;
        Erased::Done(rows)
    }

    /// Digests that the deployments and shadows of these schemes name, and the rollouts.
    fn named(&self, of: &dyn Fn(&SchemeName) -> bool) -> BTreeSet<Digest> {
        let mut named = BTreeSet::new();
        for (_, deployments) in self.deployments.iter().filter(|(scheme, _)| of(scheme)) {
            for what in deployments.iter().map(|deployment| &deployment.what) {
                named.extend(what.plugins.iter().chain(&what.tables).map(|(_, digest)| *digest));
                erasure::named_in(&what.definition, &mut named);
                erasure::named_in(&what.evidence, &mut named);
            }
        }
        for shadow in self.shadows.iter().filter(|shadow| of(&shadow.scheme)) {
            erasure::named_in(&shadow.body, &mut named);
        }
        for rollout in &self.rollouts {
            erasure::named_in(&rollout.body, &mut named);
        }
        named
    }
}

fn pop<T>(list: &mut Vec<T>, erased: impl Fn(&T) -> bool) {
    while list.last().is_some_and(&erased) {
        list.pop();
    }
}
