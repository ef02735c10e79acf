//! What a connector says of one exchange with a remote system. Connectors name outcomes; what follows is
//! decided in [`crate::delivery`] and by the pull stage. A reply with HTTP 200 may be any of these.

use std::time::Duration;

/// How one write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The target holds the document.
    Accepted {
        /// The target's own number, if it told one.
        reference: Option<String>,
    },
    /// The target says that it already holds a document with this key.
    Duplicate {
        /// The vendor's words.
        message: String,
    },
    /// Nothing left this machine, or it was refused before the request was read: DNS, connect, TLS.
    NotSent {
        /// What happened.
        reason: String,
    },
    /// The target asks for patience; it did nothing.
    Throttled {
        /// What the target asked to wait, if it said.
        retry_after: Option<Duration>,
        /// The vendor's code and words.
        message: String,
    },
    /// The credentials were not accepted; nothing was done.
    Auth {
        /// Vendor code.
        code: String,
        /// The vendor's words.
        message: String,
        /// No refresh can help: stop the connection.
        permanent: bool,
    },
    /// The target refused in a way that may pass by itself; nothing was written. Tried again once, then it is a refusal.
    Transient {
        /// Vendor code.
        code: String,
        /// The vendor's words.
        message: String,
    },
    /// The target refused the document.
    Rejected {
        /// Vendor code, or `http-400`.
        code: String,
        /// The vendor's words.
        message: String,
        /// What kind of refusal, for grouping and advice, e.g. `reference`, `configuration`, `business`.
        class: String,
    },
    /// Nobody knows whether it was written: no reply, a broken one, a 5xx without vendor code, 999, 网络异常.
    Unknown {
        /// What happened.
        reason: String,
    },
}

impl WriteOutcome {
    /// One stable word for storage and logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Duplicate { .. } => "duplicate",
            Self::NotSent { .. } => "not-sent",
            Self::Throttled { .. } => "throttled",
            Self::Auth { .. } => "auth",
            Self::Transient { .. } => "transient",
            Self::Rejected { .. } => "rejected",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Answer to "do you hold the document with this key?" under the rules of DESIGN §3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupOutcome {
    /// The returned key is the key.
    Found {
        /// The target's own number.
        reference: Option<String>,
        /// Whether what it holds is what we sent.
        content: FoundContent,
    },
    /// The question had just found a document known to exist, and did not find this one.
    Absent,
    /// The answer proves nothing: a filter that was ignored, no document known to exist to ask for, one that did not show.
    Inconclusive {
        /// Why.
        reason: String,
    },
    /// The target did not answer, or with nothing of use; ask again later.
    Unavailable {
        /// What happened.
        reason: String,
        /// Whether an answer came. A target that is away is waited for; one that goes on answering so needs a person.
        answered: bool,
    },
}

/// What a found document holds beside our key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundContent {
    /// Everything that the target shows equals what we sent.
    Same,
    /// Something differs; each entry says a path, what we sent and what is there.
    Different(Vec<crate::document::FieldDiff>),
}

/// Why a page could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFailure {
    /// The source asks for patience.
    Throttled {
        /// What it asked to wait, if it said.
        retry_after: Option<Duration>,
        /// Vendor code and words.
        message: String,
    },
    /// Not reached, timed out, a 5xx, HTML where JSON belongs, a provider fault: later.
    Unavailable {
        /// What happened.
        reason: String,
    },
    /// What the window holds keeps changing while it is read: begin it again, later.
    Unsteady {
        /// What was seen.
        reason: String,
    },
    /// Credentials or signature refused.
    Auth {
        /// Vendor code.
        code: String,
        /// Vendor words.
        message: String,
    },
    /// The request itself is refused; repeating it cannot help.
    Refused {
        /// Vendor code.
        code: String,
        /// Vendor words.
        message: String,
    },
}

impl ReadFailure {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "source.throttled",
            Self::Unavailable { .. } => "source.unavailable",
            Self::Unsteady { .. } => "source.unsteady",
            Self::Auth { .. } => "source.auth",
            Self::Refused { .. } => "source.refused",
        }
    }

    /// Whether the same request may succeed later without anybody doing anything.
    pub fn passes_by_itself(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::Unsteady { .. }
        )
    }
}

impl std::fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Throttled { message, .. } => write!(f, "throttled by the source: {message}"),
            Self::Unavailable { reason } => write!(f, "source not available: {reason}"),
            Self::Unsteady { reason } => write!(f, "the window keeps changing while it is read: {reason}"),
            Self::Auth { code, message } => write!(f, "not authorised ({code}): {message}"),
            Self::Refused { code, message } => write!(f, "request refused ({code}): {message}"),
        }
    }
}

impl std::error::Error for ReadFailure {}
