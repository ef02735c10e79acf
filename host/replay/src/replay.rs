//! The replay itself: batches of the history go to worker threads, which map and compare them; what comes back is counted in
//! the order of the history, so that neither threads nor memory show in the result.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use dukou_core::digest::Digest;

use crate::batch::{ATTEMPTS, Bench, Done, Job};
use crate::comparison::Comparison;
use crate::history::{Failure, History, Known, Options, Progress, Stored};
use crate::version::Version;

/// Groups per batch, as the pipeline maps them.
const BATCH: usize = 50;
/// Groups read at once.
const PAGE: usize = 500;
/// Batches under way for each thread.
const AHEAD: usize = 4;
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
        self.comparison.fuel.add(done.fuel.unwrap_or_default());
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
