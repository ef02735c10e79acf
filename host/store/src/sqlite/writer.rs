//! The one thread that writes. Operations arrive over a bounded queue; those that wait together share one
//! `BEGIN IMMEDIATE … COMMIT`, each inside its own savepoint, so that a durable commit (one sync of the disk) serves all
//! of them. A failing operation is rolled back alone. Nobody gets an answer before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::fault::{Step, shared};
use super::work::Work;
use crate::StoreError;

/// The most operations in one commit.
const MOST_IN_GROUP: usize = 64;

/// Tells the caller: with `None` its result, with an error that the commit failed.
type Answer = Box<dyn FnOnce(Option<StoreError>) + Send>;
/// Runs inside a savepoint; answers whether to keep it. Without a connection it does nothing but make its answer.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, Answer) + Send>;

/// Sends operations to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Connection>>,
}

impl Writer {
    /// Starts the thread; it owns the connection.
    pub(super) fn start(connection: Connection, queue: usize) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(queue.max(1));
        let thread = std::thread::Builder::new()
            .name("dukou-store".to_owned())
            .spawn(move || serve(connection, &receiver))
            .map_err(|error| StoreError::Engine {
                doing: "starting the writing thread",
                source: Box::new(error),
            })?;
        Ok(Self {
            queue: Some(sender),
            thread: Some(thread),
        })
    }

    /// Runs `operation` in a transaction and waits until it is durable. The wait ends: the thread answers or drops
    /// every operation, and the engine's own waits are bounded by its busy timeout.
    pub(super) fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        operation: impl FnOnce(&mut Work<'_>) -> Step<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ended = || StoreError::Engine {
            doing,
            source: "the writing thread ended".into(),
        };
        let (sender, receiver) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let result = connection.map(|connection| {
                let mut work = Work::new(connection);
                operation(&mut work)
                    .and_then(|value| work.finish().map(|()| value))
                    .map_err(|fault| fault.into_store(doing))
            });
            let keep = matches!(result, Some(Ok(_)));
            let answer: Answer = Box::new(move |failure| {
                let result = match (result, failure) {
                    (Some(Err(own)), _) => Err(own),
                    (_, Some(failure)) => Err(failure),
                    (Some(Ok(value)), None) => Ok(value),
                    (None, None) => return,
                };
                // The caller waits below; if it is gone there is nobody to tell.
                let _ = sender.send(result);
            });
            (keep, answer)
        });
        self.queue.as_ref().ok_or_else(ended)?.send(job).map_err(|_| ended())?;
        receiver.recv().map_err(|_| ended())?
    }

    /// Ends the thread after what is queued, and gives the connection back.
    pub(super) fn stop(&mut self) -> Option<Connection> {
        drop(self.queue.take());
        self.thread.take()?.join().ok()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

fn serve(connection: Connection, queue: &Receiver<Job>) -> Connection {
    while let Ok(first) = queue.recv() {
        group(&connection, first, queue);
    }
    connection
}

/// One commit.
fn group(connection: &Connection, first: Job, queue: &Receiver<Job>) {
    let mut answers: Vec<Answer> = Vec::new();
    let mut failure = execute(connection, "BEGIN IMMEDIATE").err();
    if failure.is_some() {
        answers.push(first(None).1);
    } else {
        // The first needs no savepoint, which would cost a copy of every page it changes: if it fails, nothing else is
        // rolled back with it.
        let (kept, answer) = attempt(connection, first);
        answers.extend(answer);
        while kept && failure.is_none() && answers.len() < MOST_IN_GROUP {
            let Ok(job) = queue.try_recv() else { break };
            match member(connection, job) {
                Ok(answer) => answers.extend(answer),
                Err((error, answer)) => {
                    failure = Some(error);
                    answers.extend(answer);
                }
            }
        }
        if kept && failure.is_none() {
            failure = execute(connection, "COMMIT").err();
        }
        if !connection.is_autocommit() {
            // A failed commit leaves the transaction open; a rollback cannot be refused.
            let _ = execute(connection, "ROLLBACK");
        }
    }
    for answer in answers {
        answer(failure.as_ref().map(|error| shared(error, "committing")));
    }
}

/// Runs one operation; answers whether to keep what it did. After its own panic there is no answer: its caller sees the
/// channel close.
fn attempt(connection: &Connection, job: Job) -> (bool, Option<Answer>) {
    match catch_unwind(AssertUnwindSafe(|| job(Some(connection)))) {
        Ok((keep, answer)) => (keep, Some(answer)),
        Err(_) => (false, None),
    }
}

/// Runs one operation in its savepoint. `Err` when the whole transaction is lost: on a full disk or a failed write SQLite
/// may roll all of it back by itself.
fn member(connection: &Connection, job: Job) -> Result<Option<Answer>, (rusqlite::Error, Option<Answer>)> {
    execute(connection, "SAVEPOINT member").map_err(|error| (error, None))?;
    let (keep, answer) = attempt(connection, job);
    if connection.is_autocommit() {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT);
        let why = "another operation of the commit made the engine roll it back".to_owned();
        return Err((rusqlite::Error::SqliteFailure(code, Some(why)), answer));
    }
    let ended = if keep {
        execute(connection, "RELEASE member")
    } else {
        execute(connection, "ROLLBACK TO member").and_then(|()| execute(connection, "RELEASE member"))
    };
    match ended {
        Ok(()) => Ok(answer),
        Err(error) => Err((error, answer)),
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
