//! Whose turn it is to work on rollouts: one thread of one process at a time. A command that begins a rollout and a host
//! that serves would else do the same step at once. The turn spares them that; what keeps it right where a turn cannot be
//! had is that every step compares before it sets.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Ground;

/// The longest that another process is waited for: one that is stopped in its turn must not stop a host that maps.
const LONGEST: Duration = Duration::from_secs(5);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A turn. It lasts until it is dropped, and is never held across a batch.
pub(super) struct Alone {
    _process: Option<File>,
    _thread: MutexGuard<'static, ()>,
}

/// Waits for a turn.
pub(super) fn alone(ground: &Ground<'_>) -> Alone {
    static ALONE: Mutex<()> = Mutex::new(());
    let thread = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Alone {
        _process: process(&ground.project.root),
        _thread: thread,
    }
}

/// The project's folder stands for the turn: it is always there, and nothing else is locked by it.
fn process(root: &Path) -> Option<File> {
    let folder = File::open(root).ok()?;
    is_ours(|| folder.try_lock()).then_some(folder)
}

/// Waits while another process has the turn. Where nothing can be locked (some network file systems) there is no turn to
/// wait for.
pub(super) fn is_ours(take: impl Fn() -> Result<(), TryLockError>) -> bool {
    let since = Instant::now();
    loop {
        match take() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "the project's folder cannot be locked; going on without a turn at the rollouts");
                return false;
            }
        }
        if since.elapsed() >= LONGEST {
            tracing::warn!("another process is at the rollouts for {LONGEST:?}; going on beside it");
            return false;
        }
        std::thread::sleep(LOOK);
    }
}
