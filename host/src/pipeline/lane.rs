//! What schemes share when they use one account: its rhythm, its requests under way, and whether it is stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dukou_connect::Target;
use dukou_core::rate::Limiter;
use tokio::sync::Semaphore;

/// The rhythm of a source account.
pub struct SourceLane {
    limiter: Mutex<Limiter>,
}

impl SourceLane {
    /// A lane of at most `per_second` requests a second.
    pub fn new(per_second: Option<u32>) -> Self {
        Self {
            limiter: Mutex::new(Limiter::per_second(per_second)),
        }
    }

    /// Takes one permission, or says how long to wait.
    ///
    /// # Errors
    /// The wait.
    pub fn take(&self, now: Duration) -> Result<(), Duration> {
        lock(&self.limiter).take(now)
    }

    /// Nobody reads before `until`.
    pub fn pause_until(&self, until: Duration) {
        lock(&self.limiter).pause_until(until);
    }
}

/// After so many sendings in a row that did not reach the target, for so long, it counts as down.
const DOWN_AFTER: (u32, Duration) = (3, Duration::from_secs(15));

/// A target account.
pub struct TargetLane {
    /// The connector.
    pub target: Arc<dyn Target>,
    limiter: Mutex<Limiter>,
    /// Requests that may be under way.
    pub slots: Arc<Semaphore>,
    in_flight: u32,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    unreached: u32,
    since: Duration,
    /// Why it was not reached last.
    reason: String,
    /// The last refusal was about credentials.
    unauthorised: bool,
    stopped: Option<String>,
}

impl TargetLane {
    /// A lane under the connection's own limits.
    pub fn new(target: Arc<dyn Target>) -> Self {
        let limits = target.limits();
        let in_flight = limits.in_flight.max(1);
        Self {
            limiter: Mutex::new(Limiter::per_second(limits.per_second)),
            slots: Arc::new(Semaphore::new(in_flight as usize)),
            in_flight,
            health: Mutex::default(),
            target,
        }
    }

    /// Requests that may be under way at once.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Takes one permission to send, or says how long to wait.
    ///
    /// # Errors
    /// The wait.
    pub fn take(&self, now: Duration) -> Result<(), Duration> {
        lock(&self.limiter).take(now)
    }

    /// Nobody sends before `until`: the target asked for patience.
    pub fn pause_until(&self, until: Duration) {
        lock(&self.limiter).pause_until(until);
    }

    /// The target answered something.
    pub fn reached(&self) {
        let mut health = lock(&self.health);
        if health.unreached >= DOWN_AFTER.0 {
            tracing::warn!(account = %self.target.account(), "the target answers again");
        }
        health.unreached = 0;
        health.unauthorised = false;
    }

    /// A request did not reach the target, or its credentials were refused, at this monotonic time.
    pub fn not_reached(&self, now: Duration, reason: String, unauthorised: bool) {
        let mut health = lock(&self.health);
        if health.unreached == 0 {
            health.since = now;
        }
        health.unreached += 1;
        if health.unreached == DOWN_AFTER.0 {
            tracing::warn!(account = %self.target.account(), %reason, "the target is not reached");
        }
        health.reason = reason;
        health.unauthorised = unauthorised;
    }

    /// Why nothing gets through at the moment, and whether it is the credentials; `None` while the target answers.
    pub fn trouble(&self) -> Option<(String, bool)> {
        let health = lock(&self.health);
        match &health.stopped {
            Some(reason) => Some((reason.clone(), true)),
            None => (health.unreached > 0).then(|| (health.reason.clone(), health.unauthorised)),
        }
    }

    /// Whether the target counts as down at this monotonic time.
    pub fn down(&self, now: Duration) -> bool {
        let health = lock(&self.health);
        health.unreached >= DOWN_AFTER.0 && now.saturating_sub(health.since) >= DOWN_AFTER.1
    }

    /// Stops the lane: no refresh can help.
    pub fn stop(&self, reason: String) {
        tracing::error!(account = %self.target.account(), %reason, "the target refuses the credentials for good");
        lock(&self.health).stopped.get_or_insert(reason);
    }

    /// Why it is stopped.
    pub fn stopped(&self) -> Option<String> {
        lock(&self.health).stopped.clone()
    }
}

/// The lanes of a process, one per account. A target's lane sends with the credentials that it was made with, and two
/// tenants may have one account name (the app's), so that a tenant's own connection never shares another's lane.
#[derive(Default)]
pub struct Lanes {
    sources: Mutex<HashMap<String, Arc<SourceLane>>>,
    targets: Mutex<HashMap<(String, String), Arc<TargetLane>>>,
}

impl Lanes {
    /// The lane of a source account.
    pub fn source(&self, account: &str, per_second: Option<u32>) -> Arc<SourceLane> {
        let mut lanes = lock(&self.sources);
        lanes
            .entry(account.to_owned())
            .or_insert_with(|| Arc::new(SourceLane::new(per_second)))
            .clone()
    }

    /// The lane of a target account. `owner` is the tenant whose connection it is, empty for the project's.
    pub fn target(&self, owner: &str, target: Arc<dyn Target>) -> Arc<TargetLane> {
        let mut lanes = lock(&self.targets);
        lanes
            .entry((owner.to_owned(), target.account()))
            .or_insert_with(|| Arc::new(TargetLane::new(target)))
            .clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
