//! A rate limit as a decision (GCRA): may another request leave now, or when? Times are monotonic. Keeps no clock.

use std::time::Duration;

/// A limit of so many requests a second, without bursts beyond `burst`.
#[derive(Debug, Clone)]
pub struct Limiter {
    interval: Duration,
    burst: u32,
    /// When the next request is due if requests came at exactly the limit.
    due: Duration,
}

impl Limiter {
    /// At most `per_second` requests a second; `None` is no limit.
    pub fn per_second(per_second: Option<u32>) -> Self {
        let interval = per_second
            .filter(|n| *n > 0)
            .map_or(Duration::ZERO, |n| Duration::from_secs(1) / n);
        Self {
            interval,
            burst: 1,
            due: Duration::ZERO,
        }
    }

    /// Takes one permission, or says how long to wait for it.
    ///
    /// # Errors
    /// The wait until the next permission.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let earliest = self.due.saturating_sub(self.interval * (self.burst - 1));
        if now < earliest {
            return Err(earliest - now);
        }
        self.due = self.due.max(now) + self.interval;
        Ok(())
    }

    /// Nothing leaves before `until`, whoever asks (a target's Retry-After).
    pub fn pause_until(&mut self, until: Duration) {
        self.due = self.due.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_limit_in_any_second() {
        let mut limiter = Limiter::per_second(Some(3));
        let mut sent = Vec::new();
        for millisecond in 0..5_000u64 {
            let now = Duration::from_millis(millisecond);
            if limiter.take(now).is_ok() {
                sent.push(now);
            }
        }
        for window in sent.windows(4) {
            assert!(window[3] - window[0] >= Duration::from_millis(999), "{window:?}");
        }
        assert!(sent.len() >= 14, "95 % of the allowance is used: {}", sent.len());
    }

    #[test]
    fn no_limit_never_waits_and_a_pause_holds() {
        let mut limiter = Limiter::per_second(None);
        assert!((0..1000).all(|_| limiter.take(Duration::ZERO).is_ok()));
        limiter.pause_until(Duration::from_secs(2));
        assert_eq!(limiter.take(Duration::from_secs(1)), Err(Duration::from_secs(1)));
        assert!(limiter.take(Duration::from_secs(2)).is_ok());
    }
}
