//! Exit codes (`docs/reference/exit-codes.md`): documented, tested, stable.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, nothing left.
    Done,
    /// Internal or unclassified error.
    Internal,
    /// Wrong use.
    Usage,
    /// A definition is invalid.
    Definition,
    /// Nothing to do where something was required.
    Nothing,
    /// The scheme has open problems.
    Problems,
    /// A remote system is unavailable or throttles: work waits, try again later.
    Unavailable,
    /// Not authorised, or a secret is missing.
    Secret,
    /// Not found.
    NotFound,
    /// Refused for safety: a confirmation or the gate is missing.
    Refused,
    /// Nothing failed, but differences wait for a review.
    Pending,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Definition => 3,
            Self::Nothing => 4,
            Self::Problems => 5,
            Self::Unavailable => 6,
            Self::Secret => 7,
            Self::NotFound => 8,
            Self::Refused => 9,
            Self::Pending => 10,
            Self::Interrupted => 130,
        }
    }
}
