//! Waves of a rollout: whether a new version may go on, has to be waited for, or goes back. Pure, in whole numbers; the
//! host counts verdicts and does what is decided.
//!
//! The promise: a version that starts to trap costs its wave at most [`budget`] groups more than the version before it
//! would have. Two rules keep it together: [`judge`] rolls back at the latest when that excess reaches the budget, and
//! [`allowance`] never lets a batch be larger than what is left of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Verdicts of one deployment, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Groups that became documents.
    pub mapped: u64,
    /// Groups that need none.
    pub skipped: u64,
    /// Groups that a plugin or the host's check refused.
    pub rejected: u64,
    /// Groups that a plugin trapped on, or ran out of its budget with.
    pub failed: u64,
}

impl Counts {
    /// All groups.
    pub fn total(&self) -> u64 {
        self.mapped + self.skipped + self.rejected + self.failed
    }
}

/// One scheme under a new version: what it has decided, and what the version before it decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watched {
    /// Under the new version.
    pub seen: Counts,
    /// Under the version before.
    pub baseline: Counts,
}

/// When a wave goes back. Kept with the rollout, so that what it was started with holds for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// Groups of a wave before it is judged good, and of a scheme before its rejects are judged.
    pub least_groups: u64,
    /// Failures beyond twice what the baseline explains. Fewer than that are never a pattern.
    pub failures: u64,
    /// Rejects beyond twice what the baseline explains, in thousandths of the groups.
    pub rejects_per_mille: u64,
    /// Fuel on the same groups, in thousandths of what the version before uses.
    pub fuel_per_mille: u64,
    /// The smallest budget of a wave, in groups.
    pub least_budget: u64,
    /// The budget of a wave in thousandths of its groups a day, where that is more.
    pub budget_per_mille: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            least_groups: 20,
            failures: 3,
            rejects_per_mille: 50,
            fuel_per_mille: 2_000,
            least_budget: 20,
            budget_per_mille: 10,
        }
    }
}

/// What follows for a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Enough was seen, and it is good.
    Go,
    /// Nothing is wrong so far; not enough was seen.
    Wait,
    /// The version before comes back.
    RollBack(Reason),
}

/// Why a wave goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Reason {
    /// A plugin traps or runs out of its budget.
    Failing {
        /// Groups that failed.
        failed: u64,
        /// Of so many.
        groups: u64,
        /// So many would have under the version before.
        expected: u64,
    },
    /// Groups are refused that were not before.
    Rejecting {
        /// Groups that were refused.
        rejected: u64,
        /// Of so many.
        groups: u64,
        /// So many would have been under the version before.
        expected: u64,
    },
    /// It uses far more than the version before on the same groups.
    Costly {
        /// Fuel used.
        fuel: u64,
        /// By the version before.
        before: u64,
        /// Measured on so many groups.
        groups: u64,
    },
}

/// How far a rollback reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The wave of the scheme concerned, and those after it.
    Wave,
    /// Every wave of the rollout.
    Rollout,
}

impl Reason {
    /// A trap is a fault of the plugin's bytes, and every scheme that runs them has it; rejects and cost come of what one
    /// customer's records are like.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Failing { .. } => Reach::Rollout,
            Self::Rejecting { .. } | Self::Costly { .. } => Reach::Wave,
        }
    }
}

/// Judges the schemes of a wave, together and each by itself. `groups_a_day` is what all of them usually see.
pub fn judge(wave: &[Watched], thresholds: &Thresholds, groups_a_day: u64) -> Judgement {
    let whole = Sum::of(wave);
    let budget = budget(thresholds, groups_a_day);
    let whole_wave = std::iter::once(whole);
    for sum in whole_wave.chain(wave.iter().map(|one| Sum::of(std::slice::from_ref(one)))) {
        if let Some(reason) = sum.trouble(thresholds, budget) {
            return Judgement::RollBack(reason);
        }
    }
    if whole.groups >= thresholds.least_groups {
        Judgement::Go
    } else {
        Judgement::Wait
    }
}

/// How many groups a wave may cost: the floor, or the share of a day where that is more.
pub fn budget(thresholds: &Thresholds, groups_a_day: u64) -> u64 {
    let share = groups_a_day.saturating_mul(thresholds.budget_per_mille) / 1_000;
    share.max(thresholds.least_budget).max(1)
}

/// How many groups of a wave may be mapped before it is judged again, all its schemes together. At least one as long as
/// [`judge`] has not rolled the wave back.
pub fn allowance(wave: &[Watched], thresholds: &Thresholds, groups_a_day: u64) -> u64 {
    budget(thresholds, groups_a_day).saturating_sub(Sum::of(wave).excess())
}

/// Judges what a version costs: fuel of both versions on the same groups, so that the size of batches and what a batch
/// costs by itself play no part.
pub fn judge_cost(fuel: u64, before: u64, groups: u64, thresholds: &Thresholds) -> Option<Reason> {
    let costly = u128::from(fuel) * 1_000 > u128::from(before) * u128::from(thresholds.fuel_per_mille);
    (groups >= thresholds.least_groups && before > 0 && costly).then_some(Reason::Costly { fuel, before, groups })
}

/// Whether a wave that is judged good may be followed by the next: its soak time must be over.
pub fn soaked(since: DateTime<Utc>, soak: Duration, now: DateTime<Utc>) -> bool {
    (now - since).to_std().is_ok_and(|passed| passed >= soak)
}

/// Sizes of waves: `2,12,rest` over 60 schemes is `[2, 12, 46]`. What the last number leaves is not part of the rollout.
///
/// # Errors
/// The part that is neither a number above zero nor a last `rest`.
pub fn waves(text: &str, schemes: usize) -> Result<Vec<usize>, String> {
    let mut sizes = Vec::new();
    let mut left = schemes;
    let mut parts = text.split(',').map(str::trim).peekable();
    while let Some(part) = parts.next() {
        let size = match part {
            "rest" if parts.peek().is_none() => left,
            number => match number.parse::<usize>() {
                Ok(size) if size > 0 => size.min(left),
                _ => return Err(part.to_owned()),
            },
        };
        left -= size;
        if size > 0 {
            sizes.push(size);
        }
    }
    Ok(sizes)
}

/// Schemes added up: what was seen, and what the versions before would have made of as many groups.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    groups: u64,
    failed: u64,
    rejected: u64,
    /// Of `groups`, by the baseline's rate, rounded down per scheme.
    expected_failed: u64,
    expected_rejected: u64,
}

impl Sum {
    fn of(wave: &[Watched]) -> Self {
        let mut sum = Self::default();
        for one in wave {
            let groups = one.seen.total();
            sum.groups += groups;
            sum.failed += one.seen.failed;
            sum.rejected += one.seen.rejected;
            sum.expected_failed += share(one.baseline.failed, one.baseline.total(), groups);
            sum.expected_rejected += share(one.baseline.rejected, one.baseline.total(), groups);
        }
        sum
    }

    /// Failures that the baseline does not explain.
    fn excess(&self) -> u64 {
        self.failed.saturating_sub(self.expected_failed)
    }

    fn trouble(&self, thresholds: &Thresholds, budget: u64) -> Option<Reason> {
        // A group that fails may be a poison group of the source's, also the first or the second that is seen: what fails
        // every time is concluded from as many failures as any other pattern.
        let all =
            self.failed == self.groups && self.failed >= thresholds.failures && self.failed > self.expected_failed;
        let many = self.failed >= thresholds.failures + 2 * self.expected_failed;
        if all || many || self.excess() >= budget {
            return Some(Reason::Failing {
                failed: self.failed,
                groups: self.groups,
                expected: self.expected_failed,
            });
        }
        let slack = u128::from(self.groups) * u128::from(thresholds.rejects_per_mille);
        let most = u128::from(self.expected_rejected) * 2_000 + slack;
        (self.groups >= thresholds.least_groups && u128::from(self.rejected) * 1_000 > most).then_some(
            Reason::Rejecting {
                rejected: self.rejected,
                groups: self.groups,
                expected: self.expected_rejected,
            },
        )
    }
}

/// `part` of `whole`, carried over to `groups`; nothing is known of a version that decided nothing.
fn share(part: u64, whole: u64, groups: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let share = u128::from(part) * u128::from(groups) / u128::from(whole);
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
