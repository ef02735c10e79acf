//! What can go wrong in a store, with stable codes.

use std::fmt;

/// A store call failed; nothing of it was applied.
#[derive(Debug)]
pub enum StoreError {
    /// The lease number no longer holds: someone else took over.
    Stale {
        /// What was guarded, e.g. `window 12`.
        what: String,
    },
    /// A stored body does not match its hash.
    Damaged {
        /// Which row.
        what: String,
    },
    /// The file was written by a newer version.
    NewerSchema {
        /// Found there.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// Another process runs the project's pipeline.
    Locked {
        /// Who, as it described itself.
        holder: String,
    },
    /// The disk is full.
    Full,
    /// The engine failed.
    Engine {
        /// What was being done.
        doing: &'static str,
        /// The engine's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "store.stale",
            Self::Damaged { .. } => "store.damaged",
            Self::NewerSchema { .. } => "store.newer-schema",
            Self::Locked { .. } => "store.locked",
            Self::Full => "store.full",
            Self::Engine { .. } => "store.engine",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale { what } => write!(f, "{what} was taken over by another process"),
            Self::Damaged { what } => write!(f, "stored bytes of {what} do not match their hash"),
            Self::NewerSchema { found, known } => {
                write!(f, "the store has schema {found}, this version knows up to {known}")
            }
            Self::Locked { holder } => write!(f, "another process runs this project: {holder}"),
            Self::Full => f.write_str("the disk is full"),
            Self::Engine { doing, .. } => write!(f, "the store failed while {doing}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Engine { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}
