//! Time and randomness come in through these traits, so that a run can be replayed. The machine's own
//! are read in `host/src/compose.rs` and nowhere else.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Wall-clock time.
    fn now(&self) -> DateTime<Utc>;
    /// Monotonic time since an arbitrary start; the only time a send deadline is measured by.
    fn monotonic(&self) -> Duration;
}

/// Random identity bits.
pub trait Randomness: Send + Sync {
    /// Sixteen random bytes, e.g. for a boot id.
    fn bytes16(&self) -> [u8; 16];
}

/// A clock that moves only when told, for tests.
#[derive(Debug)]
pub struct ManualClock {
    start: DateTime<Utc>,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    /// A clock standing at `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self {
            start,
            elapsed: Mutex::new(Duration::ZERO),
        }
    }

    /// Moves both times forward.
    pub fn advance(&self, by: Duration) {
        *self.lock() += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Duration> {
        self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.start + *self.lock()
    }

    fn monotonic(&self) -> Duration {
        *self.lock()
    }
}
