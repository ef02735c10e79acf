//! One suite for every implementation of [`crate::Store`]. [`all`] plays each scene on a fresh store and panics at the
//! first promise that is not kept. Does not measure and does not damage files; what is special to an engine is tested
//! beside it.

#![allow(clippy::unwrap_used, reason = "a test suite fails by panicking")]

mod change;
mod deliver;
mod deployments;
mod erase;
mod fence;
mod gate;
mod overview;
mod problems;
mod pull;
mod reissue;
mod revise;
pub(crate) mod scene;
mod transform;
mod unknown;

use crate::Store;

/// A promise: its name and the scene that proves it.
type Promise = (&'static str, fn(&dyn Store));

/// Plays every scene.
///
/// # Panics
/// When a promise is not kept; the message names it.
pub fn all(new_store: &dyn Fn() -> Box<dyn Store>) {
    let promises = [
        pull::PROMISES,
        transform::PROMISES,
        revise::PROMISES,
        reissue::PROMISES,
        deliver::PROMISES,
        unknown::PROMISES,
        problems::PROMISES,
        deployments::PROMISES,
        fence::PROMISES,
        overview::PROMISES,
        change::PROMISES,
        gate::PROMISES,
        erase::PROMISES,
    ];
    for (name, play) in promises.concat() {
        let store = new_store();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&*store)));
        if let Err(panic) = played {
            let why = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic");
            panic!("not kept: {name}: {why}");
        }
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod seeded;
#[cfg(test)]
mod tests;
