//! What the oracle keeps: plain lists, searched from one end to the other. Slow on purpose where that is plainer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::Shown;
use dukou_core::verdict::Omission;
use rust_decimal::Decimal;

use crate::reports::BY_ITSELF;
use crate::rows::*;

/// Everything. A row's number is its place in its list plus one.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) generation: u64,
    pub(super) schemes: BTreeSet<SchemeName>,
    pub(super) source_accounts: BTreeMap<SchemeName, String>,
    pub(super) marks: BTreeMap<SchemeName, DateTime<Utc>>,
    pub(super) windows: BTreeMap<SchemeName, Vec<Window>>,
    pub(super) records: Vec<Record>,
    pub(super) record_keys: BTreeMap<(SchemeName, String), usize>,
    pub(super) groups: Vec<Group>,
    pub(super) group_keys: BTreeMap<(SchemeName, String), usize>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) problems: Vec<ProblemRow>,
    pub(super) fires: BTreeMap<(SchemeName, String), Option<DateTime<Utc>>>,
    pub(super) blobs: BTreeMap<Digest, Vec<u8>>,
    pub(super) deployments: BTreeMap<SchemeName, Vec<Deployment>>,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) verdicts: BTreeMap<(SchemeName, u64), VerdictCounts>,
    pub(super) acceptances: BTreeMap<(SchemeName, Digest, Digest, String), Acceptance>,
    pub(super) outcomes: BTreeMap<Digest, (Digest, u64)>,
    pub(super) outcome_order: VecDeque<Digest>,
    pub(super) rollouts: Vec<Rollout>,
    pub(super) shadows: Vec<Shadow>,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) scheme: SchemeName,
    pub(super) key: String,
    pub(super) group: usize,
    pub(super) revisions: Vec<(DateTime<Utc>, String)>,
    pub(super) hash: Digest,
    pub(super) shown: Shown,
    pub(super) aliases: BTreeSet<(String, String)>,
    pub(super) accepted: bool,
    pub(super) mapped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupState {
    Waiting,
    Claimed(Owner),
    Mapped,
    Skipped,
    Problem,
    Empty,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) scheme: SchemeName,
    pub(super) key: String,
    pub(super) state: GroupState,
    pub(super) lease: u64,
    pub(super) claims: u32,
    pub(super) reason: Option<String>,
    pub(super) recipe: Option<Digest>,
    pub(super) deployment: Option<u64>,
    pub(super) omitted: Vec<Omission>,
    pub(super) borrowed: BTreeSet<usize>,
}

#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) scheme: SchemeName,
    pub(super) group: usize,
    pub(super) target: TargetName,
    pub(super) key: String,
    pub(super) body: String,
    /// `None` once withdrawn.
    pub(super) state: Option<DeliveryState>,
    pub(super) owner: Option<Owner>,
    pub(super) lease: u64,
    pub(super) attempts: u32,
    pub(super) defers: u32,
    pub(super) transients: u32,
    pub(super) duplicate: bool,
    pub(super) ever_sent: bool,
    pub(super) run_at: DateTime<Utc>,
    pub(super) ask_at: Option<DateTime<Utc>>,
    pub(super) intent_at: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
    pub(super) dead: Option<ProblemKind>,
    pub(super) reference: Option<String>,
    pub(super) adopted: bool,
    pub(super) by_hand: bool,
    pub(super) queued_at: DateTime<Utc>,
    pub(super) delivered_at: Option<DateTime<Utc>>,
    pub(super) amount: Option<Decimal>,
    pub(super) recipe: Digest,
    pub(super) deployment: Option<u64>,
    pub(super) log: Vec<AttemptRow>,
}

impl Delivery {
    pub(super) fn nothing_written(&self) -> bool {
        self.state == Some(DeliveryState::Dead) && self.dead.is_some_and(ProblemKind::nothing_written)
    }
}

impl State {
    pub(super) fn group(&self, scheme: &SchemeName, key: &str) -> Option<usize> {
        self.group_keys.get(&(scheme.clone(), key.to_owned())).copied()
    }

    pub(super) fn record(&self, scheme: &SchemeName, key: &str) -> Option<usize> {
        self.record_keys.get(&(scheme.clone(), key.to_owned())).copied()
    }

    pub(super) fn members(&self, group: usize) -> impl Iterator<Item = (usize, &Record)> {
        self.records
            .iter()
            .enumerate()
            .filter(move |(_, record)| record.group == group)
    }

    /// The group's own deliveries and those that it borrows, withdrawn ones included.
    pub(super) fn carried(&self, group: usize) -> impl Iterator<Item = (usize, &Delivery)> {
        self.deliveries
            .iter()
            .enumerate()
            .filter(move |(id, delivery)| delivery.group == group || self.groups[group].borrowed.contains(id))
    }

    /// Whether a document of the group is, may be or will be at the target.
    pub(super) fn live(&self, group: usize) -> bool {
        self.carried(group)
            .any(|(_, delivery)| delivery.state.is_some() && !delivery.nothing_written())
    }

    pub(super) fn open_problem(
        &mut self,
        scheme: &SchemeName,
        group: &str,
        delivery_key: Option<&str>,
        amount: Option<Decimal>,
        report: &ProblemReport,
        at: DateTime<Utc>,
    ) -> u64 {
        let fingerprint = report.fingerprint();
        let same = self.problems.iter_mut().find(|problem| {
            problem.resolved.is_none()
                && problem.scheme == *scheme
                && problem.group == group
                && problem.delivery_key.as_deref() == delivery_key
                && problem.kind == report.kind
                && problem.fingerprint == fingerprint
        });
        if let Some(problem) = same {
            problem.seen_at = at;
            problem.message.clone_from(&report.message);
            problem.path.clone_from(&report.path);
            problem.details.clone_from(&report.details);
            problem.amount = amount;
            return problem.id;
        }
        let id = self.problems.len() as u64 + 1;
        self.problems.push(ProblemRow {
            id,
            scheme: scheme.clone(),
            kind: report.kind,
            fingerprint,
            code: report.code.clone(),
            message: report.message.clone(),
            path: report.path.clone(),
            details: report.details.clone(),
            group: group.to_owned(),
            delivery_key: delivery_key.map(str::to_owned),
            amount,
            opened_at: at,
            seen_at: at,
            resolved: None,
        });
        id
    }

    /// Closes open problems; answers how many.
    pub(super) fn close_problems(
        &mut self,
        scheme: &SchemeName,
        which: impl Fn(&ProblemRow) -> bool,
        by: &str,
        note: &str,
        at: DateTime<Utc>,
    ) -> usize {
        let mut closed = 0;
        for problem in &mut self.problems {
            if problem.resolved.is_none() && problem.scheme == *scheme && which(problem) {
                problem.resolved = Some((at, by.to_owned(), note.to_owned()));
                closed += 1;
            }
        }
        closed
    }

    /// Closes open problems because of what the store itself saw.
    pub(super) fn close_by_itself(
        &mut self,
        scheme: &SchemeName,
        which: impl Fn(&ProblemRow) -> bool,
        note: &str,
        at: DateTime<Utc>,
    ) {
        self.close_problems(scheme, which, BY_ITSELF, note, at);
    }

    /// See [`RecordFilter::state`]; `None` for a group without members.
    pub(super) fn standing(&self, group: usize) -> Option<&'static str> {
        let it = &self.groups[group];
        self.members(group).next()?;
        if matches!(it.state, GroupState::Waiting | GroupState::Claimed(_)) {
            return Some("waiting");
        }
        let open = |problem: &&ProblemRow| problem.resolved.is_none();
        let about_group = self.problems.iter().filter(open).any(|problem| {
            problem.scheme == it.scheme
                && problem.group == it.key
                && !matches!(
                    problem.kind,
                    ProblemKind::Refused | ProblemKind::Unsettled | ProblemKind::Conflict
                )
        });
        if about_group {
            return Some("problem");
        }
        let is = |wanted: &[DeliveryState]| {
            self.carried(group)
                .any(|(_, delivery)| delivery.state.is_some_and(|state| wanted.contains(&state)))
        };
        let dead = self.carried(group).any(|(_, delivery)| {
            delivery.state == Some(DeliveryState::Dead)
                && self.problems.iter().filter(open).any(|problem| {
                    problem.scheme == delivery.scheme && problem.delivery_key.as_deref() == Some(&delivery.key)
                })
        });
        Some(if dead {
            "problem"
        } else if is(&[DeliveryState::Unknown]) {
            "unknown"
        } else if is(&[DeliveryState::Queued, DeliveryState::Claimed, DeliveryState::Sending]) {
            "queued"
        } else if is(&[DeliveryState::Held]) {
            "held"
        } else if is(&[DeliveryState::Delivered]) {
            "delivered"
        } else {
            "skipped"
        })
    }

    pub(super) fn record_row(&self, record: &Record) -> RecordRow {
        RecordRow {
            scheme: record.scheme.clone(),
            key: record.key.clone(),
            revision: record.revisions.len() as u64,
            state: self.standing(record.group).unwrap_or("waiting").to_owned(),
            shown: record.shown.clone(),
            received_at: record.received_at(),
        }
    }

    pub(super) fn delivery_row(&self, id: usize) -> Option<DeliveryRow> {
        let delivery = &self.deliveries[id];
        let state = delivery.state?;
        Some(DeliveryRow {
            id: id as u64 + 1,
            scheme: delivery.scheme.clone(),
            target: delivery.target.clone(),
            group: self.groups[delivery.group].key.clone(),
            key: delivery.key.clone(),
            state,
            body: delivery.body.clone(),
            attempts: delivery.attempts,
            due_at: match state {
                DeliveryState::Queued => Some(delivery.run_at),
                DeliveryState::Unknown => delivery.ask_at,
                _ => None,
            },
            reason: delivery.reason.clone(),
            reference: delivery.reference.clone(),
            adopted: delivery.adopted,
            queued_at: delivery.queued_at,
            delivered_at: delivery.delivered_at,
            amount: delivery.amount,
            recipe: delivery.recipe,
            deployment: delivery.deployment,
        })
    }
}

impl Record {
    pub(super) fn received_at(&self) -> DateTime<Utc> {
        self.revisions.last().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at)
    }

    pub(super) fn body(&self) -> &str {
        self.revisions.last().map_or("", |(_, body)| body)
    }
}
