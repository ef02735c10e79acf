//! A deployment in force that cannot be loaded is tried again, less and less often, and said once: a file that was missing
//! may come back, and nobody deploys because of it.

use std::collections::BTreeMap;
use std::time::Duration;

use dukou_core::names::SchemeName;

/// The wait after the first trial that failed.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait between two trials.
const LONGEST: Duration = Duration::from_mins(1);

/// How long to wait after a trial that failed, by the wait before it.
fn wait_after(last: Option<Duration>) -> Duration {
    last.map_or(FIRST, |last| last.saturating_mul(2).min(LONGEST))
}

/// The last trial of one scheme.
#[derive(Debug)]
struct Trial {
    deployment: u64,
    reason: String,
    wait: Duration,
    due: Duration,
}

/// What could not be loaded, by scheme. Times are monotonic ones.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    trials: BTreeMap<SchemeName, Trial>,
}

impl Reloads {
    /// Whether something is to be tried again.
    pub(super) fn due(&self, now: Duration) -> bool {
        self.trials.values().any(|trial| trial.due <= now)
    }

    /// Whether this deployment may be tried: its wait is over, or another one failed.
    pub(super) fn may_try(&self, scheme: &SchemeName, deployment: u64, now: Duration) -> bool {
        self.trials
            .get(scheme)
            .is_none_or(|trial| trial.deployment != deployment || trial.due <= now)
    }

    /// Keeps that a trial failed. Answers whether it is to be said: it is not what was said last.
    pub(super) fn failed(&mut self, scheme: &SchemeName, deployment: u64, reason: String, now: Duration) -> bool {
        let last = self.trials.get(scheme).filter(|trial| trial.deployment == deployment);
        let new = last.is_none_or(|trial| trial.reason != reason);
        let wait = wait_after(last.map(|trial| trial.wait));
        let trial = Trial {
            deployment,
            reason,
            wait,
            due: now.saturating_add(wait),
        };
        self.trials.insert(scheme.clone(), trial);
        new
    }

    /// Forgets a scheme: it is loaded, or nothing of it is in force.
    pub(super) fn settled(&mut self, scheme: &SchemeName) {
        self.trials.remove(scheme);
    }

    /// Forgets the schemes that are no longer of the project.
    pub(super) fn keep(&mut self, names: &[SchemeName]) {
        self.trials.retain(|name, _| names.contains(name));
    }
}

#[cfg(test)]
mod tests;
