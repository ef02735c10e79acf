//! How functions inside the SQLite store fail, and how that becomes a [`StoreError`] at the verb's edge, where it is
//! known what was being done.

use rusqlite::ErrorCode;

use crate::StoreError;

/// What a step inside a verb answers.
pub(super) type Step<T> = Result<T, Fault>;

/// A step failed; its verb's savepoint is rolled back.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine.
    Sql(rusqlite::Error),
    /// Already named.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// Stored content that no version of this store writes.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Damaged { what: what.into() })
    }

    /// The public error.
    pub(super) fn into_store(self, doing: &'static str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => engine(error, doing),
        }
    }
}

/// The public error of an engine's error.
pub(super) fn engine(error: rusqlite::Error, doing: &'static str) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged {
            what: format!("the database file ({error})"),
        },
        _ => StoreError::Engine {
            doing,
            source: Box::new(error),
        },
    }
}

/// The same for several callers that fail together: the engine's error cannot be shared.
pub(super) fn shared(error: &rusqlite::Error, doing: &'static str) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Engine {
            doing,
            source: error.to_string().into(),
        },
    }
}
