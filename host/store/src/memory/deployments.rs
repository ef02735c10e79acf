//! Deployments: what comes into force over what, whose verdicts count, and going back with what was refused.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;

use super::state::{GroupState, State};
use crate::rows::*;

impl State {
    pub(super) fn active(&self, scheme: &SchemeName) -> Option<&Deployment> {
        self.deployments.get(scheme)?.iter().find(|one| one.active)
    }

    /// Whether another deployment than this one is in force.
    pub(super) fn overtaken(&self, scheme: &SchemeName, deployment: u64) -> bool {
        self.active(scheme).is_some_and(|active| active.id != deployment)
    }

    pub(super) fn activate_over(
        &mut self,
        scheme: &SchemeName,
        expected: Option<u64>,
        deployment: &NewDeployment,
        at: DateTime<Utc>,
    ) -> Option<u64> {
        if self.active(scheme).map(|active| active.id) != expected {
            return None;
        }
        self.schemes.insert(scheme.clone());
        self.generation += 1;
        let deployments = self.deployments.entry(scheme.clone()).or_default();
        for earlier in deployments.iter_mut() {
            earlier.active = false;
        }
        let id = deployments.len() as u64 + 1;
        deployments.push(Deployment {
            id,
            what: deployment.clone(),
            at,
            active: true,
        });
        Some(id)
    }

    pub(super) fn go_back(
        &mut self,
        scheme: &SchemeName,
        expected: u64,
        deployment: &NewDeployment,
        again: &Again,
        at: DateTime<Utc>,
    ) -> Option<WentBack> {
        let id = self.activate_over(scheme, Some(expected), deployment, at)?;
        let (noticed, mut refused) = (self.generation, 0);
        for left in &again.refused_by {
            refused += self.remap_refused(scheme, *left) as u64;
        }
        let unsent = self.unsent_of(scheme, &again.unsent_of);
        let unsent = self.remap_groups(scheme, &unsent) as u64;
        self.generation = noticed;
        Some(WentBack { id, refused, unsent })
    }

    pub(super) fn remap_refused(&mut self, scheme: &SchemeName, deployment: u64) -> usize {
        let refused: Vec<String> = self
            .groups
            .iter()
            .filter(|group| {
                group.scheme == *scheme
                    && group.state == GroupState::Problem
                    && group.deployment == Some(deployment)
                    && self.problems.iter().any(|problem| {
                        problem.resolved.is_none()
                            && problem.scheme == *scheme
                            && problem.group == group.key
                            && problem.delivery_key.is_none()
                            && matches!(problem.kind, ProblemKind::Rejected | ProblemKind::Failed)
                    })
            })
            .map(|group| group.key.clone())
            .collect();
        self.remap_groups(scheme, &refused)
    }

    fn unsent_of(&self, scheme: &SchemeName, deployments: &[u64]) -> Vec<String> {
        let unsent = self.deliveries.iter().filter(|delivery| {
            delivery.scheme == *scheme
                && delivery
                    .deployment
                    .is_some_and(|made_by| deployments.contains(&made_by))
                && matches!(delivery.state, Some(DeliveryState::Queued | DeliveryState::Held))
                && !delivery.ever_sent
        });
        let groups: BTreeSet<usize> = unsent.map(|delivery| delivery.group).collect();
        groups.into_iter().map(|group| self.groups[group].key.clone()).collect()
    }
}
