//! The replay itself: batches of the history go to worker threads, which map and compare them; what comes back is counted in
//! the order of the history, so that neither threads nor memory show in the result.
//!
//! A batch is mapped whole or not at all: fuel is a batch's, shared evenly, and must not depend on what was remembered.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use dukou_core::digest::Digest;
use dukou_core::verdict::Group;
use dukou_plugin::Fate;

use crate::change::{Compared, compare};
use crate::comparison::{Comparison, Fuel, Seen};
use crate::history::{Failure, History, Known, Memory, Options, Progress, Stored};
use crate::version::{Version, map};

/// Groups per batch, as the pipeline maps them.
const BATCH: usize = 50;
/// Groups read at once.
const PAGE: usize = 500;
/// Batches under way for each thread.
const AHEAD: usize = 4;
/// Attempts at a group that the machine, not a plugin, gives no verdict on.
const ATTEMPTS: usize = 3;
/// Outcomes remembered at once.
const REMEMBERED: usize = 2_000;

/// Why there is no result. A replay never leaves a group out instead.
#[derive(Debug)]
pub enum ReplayError {
    /// The stored groups cannot be read.
    History(Failure),
    /// The memory cannot be read or written.
    Memory(Failure),
    /// A group has no verdict through nobody's fault, not even alone.
    Undecided {
        /// Its key.
        group: String,
        /// Stable code of why, e.g. `plugin.busy`.
        code: &'static str,
        /// Why.
        message: String,
    },
    /// A thread died.
    Thread,
}

impl ReplayError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::History(_) => "replay.history",
            Self::Memory(_) => "replay.memory",
            Self::Undecided { .. } => "replay.undecided",
            Self::Thread => "replay.thread",
        }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History(_) => f.write_str("the stored groups cannot be read"),
            Self::Memory(_) => f.write_str("the outcomes of earlier replays cannot be read or kept"),
            Self::Undecided { group, code, message } => {
                write!(f, "no verdict on {group} after {ATTEMPTS} attempts: [{code}] {message}")
            }
            Self::Thread => f.write_str("a thread of the replay died"),
        }
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::History(failure) | Self::Memory(failure) => Some(failure.as_ref()),
            Self::Undecided { .. } | Self::Thread => None,
        }
    }
}

/// Maps everything in `history` with both versions and compares.
///
/// # Errors
/// When history or memory fail, or a group gets no verdict through nobody's fault.
pub fn replay(
    history: &dyn History,
    before: &Version,
    after: &Version,
    options: &Options<'_>,
) -> Result<Comparison, ReplayError> {
    let threads = options.threads.max(1);
    let comparison = Comparison::of_documents_by(after);
    let bench = Bench {
        before,
        after,
        memory: options.memory,
        wrapper: comparison.wrapper().map(str::to_owned),
    };
    let (hand_out, jobs) = sync_channel::<Job>(threads * AHEAD);
    let jobs = Mutex::new(jobs);
    let (hand_in, done) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let hand_in = hand_in.clone();
            scope.spawn(|| work(&bench, &jobs, hand_in));
        }
        drop(hand_in);
        let mut desk = Desk {
            history,
            options,
            comparison,
            learnt: Vec::new(),
            progress: Progress {
                total: history.total(),
                ..Progress::default()
            },
        };
        // Both ends of the channels go with this call, which lets the workers go.
        desk.run(hand_out, done, threads * AHEAD)?;
        desk.remember()?;
        Ok(desk.comparison)
    })
}

struct Job {
    number: usize,
    batch: Vec<Stored>,
}

struct Done {
    number: usize,
    groups: Vec<(Seen, Compared)>,
    fuel: Fuel,
    learnt: Vec<(Digest, Known)>,
    remembered: bool,
}

/// Hands out batches in order and counts results in order.
struct Desk<'a> {
    history: &'a dyn History,
    options: &'a Options<'a>,
    comparison: Comparison,
    learnt: Vec<(Digest, Known)>,
    progress: Progress,
}

impl Desk<'_> {
    fn run(
        &mut self,
        hand_out: SyncSender<Job>,
        done: Receiver<Result<Done, ReplayError>>,
        ahead: usize,
    ) -> Result<(), ReplayError> {
        let mut batches = Batches {
            history: self.history,
            read: VecDeque::new(),
            after: 0,
            ended: false,
        };
        let mut waiting: BTreeMap<usize, Done> = BTreeMap::new();
        let (mut handed, mut counted) = (0, 0);
        let mut more = true;
        loop {
            while more && handed - counted < ahead {
                let batch = batches.next()?;
                if batch.is_empty() {
                    more = false;
                } else {
                    let job = Job { number: handed, batch };
                    hand_out.send(job).map_err(|_| ReplayError::Thread)?;
                    handed += 1;
                }
            }
            if counted == handed {
                return Ok(());
            }
            let result = done.recv().map_err(|_| ReplayError::Thread)??;
            waiting.insert(result.number, result);
            while let Some(next) = waiting.remove(&counted) {
                counted += 1;
                self.count(next)?;
            }
        }
    }

    fn count(&mut self, done: Done) -> Result<(), ReplayError> {
        let groups = done.groups.len() as u64;
        for (seen, compared) in done.groups {
            self.comparison.count(&seen, compared);
        }
        self.comparison.fuel.add(done.fuel);
        self.learnt.extend(done.learnt);
        if self.learnt.len() >= REMEMBERED {
            self.remember()?;
        }
        self.progress.done += groups;
        self.progress.changed = self.comparison.changed.groups;
        self.progress.remembered += if done.remembered { groups } else { 0 };
        (self.options.watch)(self.progress);
        Ok(())
    }

    fn remember(&mut self) -> Result<(), ReplayError> {
        let learnt = std::mem::take(&mut self.learnt);
        match self.options.memory {
            Some(memory) if !learnt.is_empty() => memory.remember(&learnt).map_err(ReplayError::Memory),
            _ => Ok(()),
        }
    }
}

/// The history in batches of one size, whatever the pages.
struct Batches<'a> {
    history: &'a dyn History,
    read: VecDeque<Stored>,
    after: u64,
    ended: bool,
}

impl Batches<'_> {
    fn next(&mut self) -> Result<Vec<Stored>, ReplayError> {
        while self.read.len() < BATCH && !self.ended {
            let page = self.history.page(self.after, PAGE).map_err(ReplayError::History)?;
            match page.last() {
                Some(last) if last.seq > self.after => self.after = last.seq,
                Some(last) => return Err(ReplayError::History(Box::new(Standstill { seq: last.seq }))),
                None => self.ended = true,
            }
            self.read.extend(page);
        }
        let size = self.read.len().min(BATCH);
        Ok(self.read.drain(..size).collect())
    }
}

/// A history that does not go on: read for ever, it would never end.
#[derive(Debug)]
struct Standstill {
    seq: u64,
}

impl fmt::Display for Standstill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a page ends with group {}, which was read before", self.seq)
    }
}

impl Error for Standstill {}

fn work(bench: &Bench<'_>, jobs: &Mutex<Receiver<Job>>, hand_in: Sender<Result<Done, ReplayError>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody listens any more once a replay has failed.
        if hand_in.send(bench.batch(job)).is_err() {
            return;
        }
    }
}

/// Where one batch is mapped and compared.
struct Bench<'a> {
    before: &'a Version,
    after: &'a Version,
    memory: Option<&'a dyn Memory>,
    wrapper: Option<String>,
}

/// What is known of a batch under one version.
struct Side {
    known: Vec<Known>,
    /// The fates, unless they were only remembered.
    fates: Option<Vec<Fate>>,
    /// What was not remembered before.
    learnt: Vec<(Digest, Known)>,
}

impl Bench<'_> {
    fn batch(&self, job: Job) -> Result<Done, ReplayError> {
        let (seen, groups): (Vec<Seen>, Vec<Group>) =
            job.batch.into_iter().map(|one| (Seen::of(&one), one.group)).unzip();
        let before = self.side(self.before, &groups)?;
        let after = if self.before.remembered_as() == self.after.remembered_as() {
            // One recipe has one outcome.
            Side {
                known: before.known.clone(),
                fates: None,
                learnt: Vec::new(),
            }
        } else {
            self.side(self.after, &groups)?
        };
        let compared = self.compare(&groups, &before, &after)?;
        let sum = |side: &Side| side.known.iter().fold(0u64, |sum, one| sum.saturating_add(one.fuel));
        Ok(Done {
            number: job.number,
            fuel: Fuel {
                before: sum(&before),
                after: sum(&after),
            },
            remembered: before.learnt.is_empty() && after.learnt.is_empty(),
            groups: seen.into_iter().zip(compared).collect(),
            learnt: before.learnt.into_iter().chain(after.learnt).collect(),
        })
    }

    fn side(&self, version: &Version, groups: &[Group]) -> Result<Side, ReplayError> {
        let recipes = version.recipes(groups.iter());
        if let Some(memory) = self.memory {
            let known = memory.known(&recipes).map_err(ReplayError::Memory)?;
            let known: Option<Vec<Known>> = known.into_iter().collect();
            if let Some(known) = known.filter(|known| known.len() == groups.len()) {
                return Ok(Side {
                    known,
                    fates: None,
                    learnt: Vec::new(),
                });
            }
        }
        let (fates, known): (Vec<Fate>, Vec<Known>) = decided(version, groups)?.into_iter().unzip();
        Ok(Side {
            learnt: recipes.into_iter().zip(known.iter().copied()).collect(),
            known,
            fates: Some(fates),
        })
    }

    fn compare(&self, groups: &[Group], before: &Side, after: &Side) -> Result<Vec<Compared>, ReplayError> {
        let pairs = before.known.iter().zip(&after.known);
        let differs: Vec<bool> = pairs.map(|(was, is)| was.outcome != is.outcome).collect();
        let mut was = fates(self.before, before, groups, &differs)?.into_iter();
        let mut is = fates(self.after, after, groups, &differs)?.into_iter();
        let each = differs.iter().map(|differs| {
            let pair = differs.then(|| was.next().zip(is.next())).flatten();
            pair.map_or(Compared::Same, |(was, is)| compare(&was, &is, self.wrapper.as_deref()))
        });
        Ok(each.collect())
    }
}

/// The fates of the groups that differ, in order. Where only their digests are remembered, these groups are mapped for them.
fn fates<'a>(
    version: &Version,
    side: &'a Side,
    groups: &[Group],
    differs: &[bool],
) -> Result<Vec<Cow<'a, Fate>>, ReplayError> {
    if let Some(fates) = &side.fates {
        let differing = fates.iter().zip(differs).filter(|(_, differs)| **differs);
        return Ok(differing.map(|(fate, _)| Cow::Borrowed(fate)).collect());
    }
    let differing = groups.iter().zip(differs).filter(|(_, differs)| **differs);
    let groups: Vec<Group> = differing.map(|(group, _)| group.clone()).collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let decided = decided(version, &groups)?;
    Ok(decided.into_iter().map(|(fate, _)| Cow::Owned(fate)).collect())
}

/// Maps a batch until every group has a fate.
fn decided(version: &Version, groups: &[Group]) -> Result<Vec<(Fate, Known)>, ReplayError> {
    map(version, groups)
        .into_iter()
        .zip(groups)
        .map(|(tried, group)| match tried.fate {
            Ok(fate) => Ok(known(fate, tried.fuel)),
            Err(_) => alone(version, group),
        })
        .collect()
}

fn alone(version: &Version, group: &Group) -> Result<(Fate, Known), ReplayError> {
    let mut why = None;
    for _ in 0..ATTEMPTS {
        for tried in map(version, std::slice::from_ref(group)) {
            match tried.fate {
                Ok(fate) => return Ok(known(fate, tried.fuel)),
                Err(undecided) => why = Some(undecided),
            }
        }
    }
    let why = why.unwrap_or_default();
    Err(ReplayError::Undecided {
        group: group.key.clone(),
        code: why.code,
        message: why.message,
    })
}

fn known(fate: Fate, fuel: u64) -> (Fate, Known) {
    let outcome = fate.digest();
    (fate, Known { outcome, fuel })
}
