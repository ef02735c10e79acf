//! A few read-only connections that readers share. Each read is one deferred transaction, so that several queries see
//! one state; reads stay short because a long one keeps the write-ahead log from shrinking (`reliability.md` §4.1).

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::fault::Step;
use crate::StoreError;

/// How long a read waits for a free connection.
const WAIT: Duration = Duration::from_secs(30);

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    free: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    /// A pool of these connections.
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            free: Mutex::new(connections),
            returned: Condvar::new(),
        }
    }

    /// Runs `read` on a snapshot.
    pub(super) fn run<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> Step<T>,
    ) -> Result<T, StoreError> {
        let lease = self.take(doing)?;
        let connection = lease
            .connection
            .as_ref()
            .expect("a lease holds its connection until dropped");
        let snapshot = connection
            .unchecked_transaction()
            .map_err(|error| super::fault::engine(error, doing))?;
        let value = read(&snapshot).map_err(|fault| fault.into_store(doing));
        drop(snapshot);
        value
    }

    /// Closes the free connections; called when no read is under way.
    pub(super) fn close(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take(&self, doing: &'static str) -> Result<Lease<'_>, StoreError> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut free, _) = self
            .returned
            .wait_timeout_while(free, WAIT, |free| free.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        match free.pop() {
            Some(connection) => Ok(Lease {
                connection: Some(connection),
                readers: self,
            }),
            None => Err(StoreError::Engine {
                doing,
                source: "no reading connection became free within 30 s".into(),
            }),
        }
    }
}

/// Brings its connection back, also when the read panics.
struct Lease<'a> {
    connection: Option<Connection>,
    readers: &'a Readers,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut free = self.readers.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(connection);
            self.readers.returned.notify_one();
        }
    }
}
