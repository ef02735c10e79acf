//! Runs changed groups in large batches on all processors and compares what comes out, within what an explanation may
//! cost. Batches are sound because a verdict does not depend on its batch.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use dukou_core::verdict::Group;

use super::base::{Base, Reaction, traces};
use super::text::{Edit, edited};
use super::{Effort, ExplainLimits};
use crate::chain::Chain;
use crate::host_state::SharedTables;

/// Groups of one call at most.
const BATCH: usize = 300;
/// Bytes of one call at most, unless one group has more.
const BATCH_BYTES: usize = 512 << 10;
/// Threads at most.
const MOST_THREADS: usize = 8;

/// One change of the group.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// What is changed: an index of the caller's.
    pub(crate) subject: usize,
    pub(crate) change: Alteration,
}

/// How the group is changed.
#[derive(Debug, Clone)]
pub(crate) enum Alteration {
    /// Bodies of records: record and edit.
    Bodies(Vec<(usize, Edit)>),
    /// The group's key.
    GroupKey(String),
    /// A record's key.
    RecordKey(usize, String),
    /// When a record was received.
    ReceivedAt(usize, String),
    /// What the host knows beside a record's body.
    RecordExtra(usize, String),
    /// What the host knows beside the group.
    GroupExtra(String),
}

pub(crate) struct Bench<'a> {
    pub(crate) base: &'a Base,
    pub(crate) chain: &'a Chain,
    pub(crate) tables: &'a SharedTables,
    limits: &'a ExplainLimits,
    groups: AtomicUsize,
    bytes: AtomicUsize,
    calls: AtomicUsize,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(base: &'a Base, chain: &'a Chain, tables: &'a SharedTables, limits: &'a ExplainLimits) -> Self {
        Self {
            base,
            chain,
            tables,
            limits,
            groups: AtomicUsize::new(1),
            bytes: AtomicUsize::new(0),
            calls: AtomicUsize::new(1),
        }
    }

    /// What was spent.
    pub(crate) fn effort(&self) -> Effort {
        Effort {
            groups: self.groups.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
        }
    }

    /// Whether one more call is allowed; counts it.
    pub(crate) fn may_call(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) < self.limits.calls
    }

    /// Runs the changed groups: a reaction for each, in order, and nothing for those that would cost too much.
    pub(crate) fn run(&self, trials: &[Trial], tables: &SharedTables) -> Vec<Option<Reaction>> {
        let size = self
            .base
            .group
            .records
            .iter()
            .map(|record| record.body.len())
            .sum::<usize>()
            + 64;
        let room_groups = self.limits.groups.saturating_sub(self.groups.load(Ordering::Relaxed));
        let room_bytes = self.limits.bytes.saturating_sub(self.bytes.load(Ordering::Relaxed)) / size;
        let count = trials.len().min(room_groups).min(room_bytes);
        self.groups.fetch_add(count, Ordering::Relaxed);
        self.bytes.fetch_add(count * size, Ordering::Relaxed);
        let (affordable, rest) = trials.split_at(count);
        let share = count.div_ceil(threads()).max(20);
        let batch = share.min(BATCH).min(BATCH_BYTES / size).max(1);
        let batches: Vec<&[Trial]> = affordable.chunks(batch).collect();
        let reactions = parallel(&batches, |batch| {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let groups: Vec<Group> = batch.iter().map(|trial| self.altered(&trial.change)).collect();
            let traces = traces(self.chain, &groups, tables);
            traces
                .iter()
                .map(|trace| Some(self.base.react(trace)))
                .collect::<Vec<_>>()
        });
        reactions
            .into_iter()
            .flatten()
            .chain(rest.iter().map(|_| None))
            .collect()
    }

    /// Runs the group as it is under another chain or other tables.
    pub(crate) fn once(&self, chain: &Chain, tables: &SharedTables) -> Option<Reaction> {
        if !self.may_call() {
            return None;
        }
        self.groups.fetch_add(1, Ordering::Relaxed);
        let trace = traces(chain, std::slice::from_ref(&self.base.group), tables).pop()?;
        Some(self.base.react(&trace))
    }

    fn altered(&self, change: &Alteration) -> Group {
        let mut group = self.base.group.clone();
        match change {
            Alteration::Bodies(edits) => {
                for (number, record) in group.records.iter_mut().enumerate() {
                    let mut here: Vec<&Edit> = edits
                        .iter()
                        .filter(|(at, _)| *at == number)
                        .map(|(_, edit)| edit)
                        .collect();
                    if !here.is_empty() {
                        record.body = edited(&record.body, &mut here);
                    }
                }
            }
            Alteration::GroupKey(key) => group.key.clone_from(key),
            Alteration::GroupExtra(extra) => group.extra.clone_from(extra),
            Alteration::RecordKey(at, text) | Alteration::ReceivedAt(at, text) | Alteration::RecordExtra(at, text) => {
                if let Some(record) = group.records.get_mut(*at) {
                    match change {
                        Alteration::RecordKey(..) => record.key.clone_from(text),
                        Alteration::ReceivedAt(..) => record.received_at.clone_from(text),
                        _ => record.extra.clone_from(text),
                    }
                }
            }
        }
        group
    }
}

fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(MOST_THREADS)
}

/// `work` on every item, on all processors; answers in the order of the items.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = threads().min(items.len());
    if workers <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, item))
                } {
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
