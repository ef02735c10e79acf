//! What a run used beside what it may use, and beside what it used when it was accepted. Shares are counted in hundredths
//! of a percent, because nothing here passes through a float.

use crate::budget::{Budgets, Usage};

/// A share of a budget in hundredths of a percent: 10,000 is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share(pub u64);

impl Share {
    /// How much `used` is of `limit`; all of it if there is no limit to speak of.
    pub fn of(used: u64, limit: u64) -> Self {
        if limit == 0 {
            return Self(if used == 0 { 0 } else { 10_000 });
        }
        let share = u128::from(used) * 10_000 / u128::from(limit);
        Self(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

impl std::fmt::Display for Share {
    /// `0.3%`, `12%`: whole percents from ten on.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 >= 1_000 {
            write!(f, "{}%", self.0 / 100)
        } else {
            write!(f, "{}.{}%", self.0 / 100, self.0 / 10 % 10)
        }
    }
}

/// What a run used, as shares of its budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Of the fuel.
    pub fuel: Share,
    /// Of the memory.
    pub memory: Share,
    /// Of the text of answers.
    pub output: Share,
    /// Of the look-ups.
    pub host_calls: Share,
    /// Of the log.
    pub log: Share,
}

impl Shares {
    /// The shares of a run over `groups` groups.
    pub fn of(usage: &Usage, budgets: &Budgets, groups: usize) -> Self {
        Self {
            fuel: Share::of(usage.fuel, usage.fuel_limit),
            memory: Share::of(usage.peak_memory_bytes as u64, budgets.memory_bytes as u64),
            output: Share::of(usage.output_bytes as u64, budgets.output_bytes as u64),
            host_calls: Share::of(usage.host_calls, budgets.host_calls(groups)),
            log: Share::of(usage.log_bytes as u64, budgets.log_bytes as u64),
        }
    }

    /// The largest share and its word.
    pub fn largest(&self) -> (&'static str, Share) {
        let all = [
            ("fuel", self.fuel),
            ("memory", self.memory),
            ("output", self.output),
            ("host_calls", self.host_calls),
            ("log", self.log),
        ];
        all.into_iter()
            .max_by_key(|(_, share)| *share)
            .unwrap_or(("fuel", self.fuel))
    }
}

/// A case's fuel beside the accepted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// No cost of the whole set was ever accepted.
    Unknown,
    /// Others have an accepted cost, this case has none.
    New,
    /// Within two percent.
    Same {
        /// The accepted fuel.
        accepted: u64,
    },
    /// More than two percent more.
    Dearer {
        /// The accepted fuel.
        accepted: u64,
    },
    /// More than two percent less.
    Cheaper {
        /// The accepted fuel.
        accepted: u64,
    },
}

impl Cost {
    /// Compares `fuel` with what was accepted; two percent either way are the same.
    pub fn of(fuel: u64, accepted: u64) -> Self {
        let slack = accepted / 50;
        if fuel > accepted.saturating_add(slack) {
            Self::Dearer { accepted }
        } else if fuel < accepted.saturating_sub(slack) {
            Self::Cheaper { accepted }
        } else {
            Self::Same { accepted }
        }
    }

    /// Whether somebody has to accept it.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::New | Self::Dearer { .. } | Self::Cheaper { .. })
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::New => "new",
            Self::Same { .. } => "same",
            Self::Dearer { .. } => "dearer",
            Self::Cheaper { .. } => "cheaper",
        }
    }

    /// The accepted fuel, if there is one.
    pub fn accepted(self) -> Option<u64> {
        match self {
            Self::Unknown | Self::New => None,
            Self::Same { accepted } | Self::Dearer { accepted } | Self::Cheaper { accepted } => Some(accepted),
        }
    }
}
