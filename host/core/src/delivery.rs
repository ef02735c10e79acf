//! The life of a delivery: its states and every decision about the next one. Pure; the store applies what is decided
//! under the lease number it was decided for.
//!
//! ```text
//! queued ─claim─▶ claimed ─intent─▶ sending ─┬─ accepted ──────────────────────────▶ delivered
//!    ▲                │                      ├─ throttled, auth, not sent, transient ─▶ queued (later)
//!    │   lease lost   │                      ├─ refused ──────────────────────────────▶ dead
//!    └────────────────┘                      └─ no answer, crash ─▶ unknown ─quarantine─▶ look-up
//! look-up: found same ▶ delivered (adopted) · found other ▶ dead (conflict) · absent ▶ queued (same bytes) · else ▶ dead (unsettled)
//! ```

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::document::FieldDiff;
use crate::outcome::{FoundContent, LookupOutcome, WriteOutcome};
use crate::problem::ProblemKind;

/// Where a delivery stands (DESIGN §3). `Claimed` died certainly unsent; only `Sending` pays the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryState {
    /// 待写入
    Queued,
    /// 写入中, before the intent
    Claimed,
    /// 写入中, intent recorded
    Sending,
    /// 已写入
    Delivered,
    /// 结果未知
    Unknown,
    /// 问题单
    Dead,
    /// 暂不同步
    Held,
}

impl DeliveryState {
    /// All states, in the order people see them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Claimed,
        Self::Sending,
        Self::Delivered,
        Self::Unknown,
        Self::Dead,
        Self::Held,
    ];

    /// The stable word for storage, JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Held => "held",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Whether the target refuses a second document with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniqueKey {
    /// It does: sending the same bytes again is safe.
    Enforced,
    /// Not known to, but it can be asked: resend only after a conclusive *absent*.
    LookupOnly,
    /// Neither: never send again by ourselves after an unknown outcome.
    None,
}

/// What a connection says about delivering to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// See [`UniqueKey`].
    pub unique_key: UniqueKey,
    /// From the intent until the look-up; exceeds the request deadline plus the target's own delay.
    pub quarantine: Duration,
    /// Attempts that the target answered or left unanswered, before a person is asked.
    pub max_attempts: u32,
}

/// What is known of a delivery when a decision falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryHistory {
    /// Attempts begun, this one included.
    pub attempts: u32,
    /// Times it was put off without an attempt being used up.
    pub defers: u32,
    /// When this attempt's intent was recorded.
    pub intent_at: DateTime<Utc>,
    /// How often a `Transient` refusal was already tried again.
    pub transients: u32,
}

/// What happens to a delivery now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The target holds it.
    Delivered {
        /// The target's own number, if known.
        reference: Option<String>,
        /// Found there by a look-up after an unknown outcome.
        adopted: bool,
    },
    /// Back to the queue, unchanged bytes.
    Queue {
        /// Not before this.
        run_at: DateTime<Utc>,
        /// What it was put off for.
        cause: QueueCause,
    },
    /// Outcome unknown: ask the target, not before `ask_at`.
    Ask {
        /// End of the quarantine.
        ask_at: DateTime<Utc>,
        /// The target itself said that it holds the key.
        duplicate: bool,
        /// For people.
        reason: String,
    },
    /// A person decides.
    Dead {
        /// The problem's kind.
        kind: ProblemKind,
        /// Stable or vendor code.
        code: String,
        /// For people.
        message: String,
        /// With a conflict: what differs.
        differences: Vec<FieldDiff>,
    },
}

/// Why a delivery went back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueCause {
    /// The target asked for patience.
    Throttled,
    /// Credentials.
    Auth,
    /// Not reached.
    NotSent,
    /// Refused once in a way that may pass.
    Transient,
    /// Proved absent after an unknown outcome: the same bytes again.
    Resend,
}

impl QueueCause {
    /// The stable word for storage and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Auth => "auth",
            Self::NotSent => "not-sent",
            Self::Transient => "transient",
            Self::Resend => "resend",
        }
    }
}

const RETRY_AFTER_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Decides what follows a write.
pub fn after_send(
    outcome: &WriteOutcome,
    history: &DeliveryHistory,
    policy: &DeliveryPolicy,
    now: DateTime<Utc>,
) -> Next {
    let queue = |wait: Duration, cause| Next::Queue {
        run_at: now + wait,
        cause,
    };
    match outcome {
        WriteOutcome::Accepted { reference } => Next::Delivered {
            reference: reference.clone(),
            adopted: false,
        },
        WriteOutcome::Duplicate { message } => Next::Ask {
            ask_at: now,
            duplicate: true,
            reason: message.clone(),
        },
        WriteOutcome::NotSent { .. } => queue(backoff(history.defers), QueueCause::NotSent),
        WriteOutcome::Throttled { retry_after, .. } => {
            let (low, high) = RETRY_AFTER_BOUNDS;
            let wait = retry_after.map_or_else(|| backoff(history.defers), |wait| wait.clamp(low, high));
            queue(wait, QueueCause::Throttled)
        }
        WriteOutcome::Auth { .. } => queue(backoff(history.defers), QueueCause::Auth),
        WriteOutcome::Transient { code, message } => {
            if history.transients == 0 && history.attempts < policy.max_attempts {
                queue(backoff(history.defers), QueueCause::Transient)
            } else {
                refused(code, message)
            }
        }
        WriteOutcome::Rejected { code, message, .. } => refused(code, message),
        WriteOutcome::Unknown { reason } => Next::Ask {
            ask_at: history.intent_at + policy.quarantine,
            duplicate: false,
            reason: reason.clone(),
        },
    }
}

/// How long a target may answer look-ups with nothing of use before a person is asked, counted from the intent. A target
/// that is away is waited for without end.
const MOST_USELESS_ANSWERS: Duration = Duration::from_secs(15 * 60);

/// Decides what follows a look-up. `duplicate` says that the target itself claimed to hold the key;
/// `attempts` counts what was already sent; `intent_at` is the intent of the last.
pub fn after_lookup(
    answer: &LookupOutcome,
    duplicate: bool,
    attempts: u32,
    intent_at: DateTime<Utc>,
    policy: &DeliveryPolicy,
    now: DateTime<Utc>,
) -> Next {
    let unsettled = |code: &str, message: String| Next::Dead {
        kind: ProblemKind::Unsettled,
        code: code.to_owned(),
        message,
        differences: Vec::new(),
    };
    let resend = |message: &str| {
        if attempts >= policy.max_attempts {
            unsettled(
                "attempts.used-up",
                format!("sent {attempts} times without a settled outcome: {message}"),
            )
        } else {
            Next::Queue {
                run_at: now,
                cause: QueueCause::Resend,
            }
        }
    };
    match answer {
        LookupOutcome::Found {
            reference,
            content: FoundContent::Same,
        } => Next::Delivered {
            reference: reference.clone(),
            adopted: true,
        },
        LookupOutcome::Found {
            reference,
            content: FoundContent::Different(differences),
        } => Next::Dead {
            kind: ProblemKind::Conflict,
            code: "target.other-content".to_owned(),
            message: format!(
                "the target holds {} under this key with other content ({} fields differ)",
                reference.as_deref().unwrap_or("a document"),
                differences.len()
            ),
            differences: differences.clone(),
        },
        LookupOutcome::Absent if duplicate => unsettled(
            "lookup.contradicts",
            "the target refused the key as already used, yet a look-up does not find it".to_owned(),
        ),
        LookupOutcome::Absent => match policy.unique_key {
            UniqueKey::Enforced | UniqueKey::LookupOnly => resend("absent"),
            UniqueKey::None => unsettled(
                "lookup.not-trusted",
                "the connection says unique_key = \"none\": nothing is sent again without a person".to_owned(),
            ),
        },
        LookupOutcome::Inconclusive { reason } => {
            if policy.unique_key == UniqueKey::Enforced && !duplicate {
                resend(reason)
            } else {
                unsettled(
                    "lookup.inconclusive",
                    format!("the target cannot tell whether it was written: {reason}"),
                )
            }
        }
        LookupOutcome::Unavailable { reason, answered: true }
            if now >= intent_at + policy.quarantine + MOST_USELESS_ANSWERS =>
        {
            unsettled(
                "lookup.no-answer",
                format!("the target goes on answering look-ups with nothing of use: {reason}"),
            )
        }
        LookupOutcome::Unavailable { reason, .. } => Next::Ask {
            ask_at: now + policy.quarantine.clamp(Duration::from_secs(1), Duration::from_secs(15)),
            duplicate,
            reason: reason.clone(),
        },
    }
}

/// Whether this process may still write to the wire: the lease must outlive the request's deadline, measured on the
/// monotonic clock in the last step before sending (`reliability.md` §2.3: without it a paused worker writes twice).
pub fn may_send(claimed_at: Duration, lease: Duration, deadline: Duration, now: Duration) -> bool {
    now.saturating_sub(claimed_at) + deadline <= lease
}

fn refused(code: &str, message: &str) -> Next {
    Next::Dead {
        kind: ProblemKind::Refused,
        code: code.to_owned(),
        message: message.to_owned(),
        differences: Vec::new(),
    }
}

/// 1 s, 2 s, 4 s … at most 5 min.
fn backoff(times: u32) -> Duration {
    Duration::from_secs(1u64 << times.min(9)).min(Duration::from_secs(300))
}

#[cfg(test)]
mod protocol;
#[cfg(test)]
mod tests;
