//! What arrived: every voucher that T+ wrote and every request that either system answered.
//!
//! Both lists are bounded: the oldest entries go first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// How many vouchers an account of T+ keeps; beyond it forgets the oldest, as if they were deleted.
pub const VOUCHERS_KEPT: usize = 200_000;
/// How many requests are remembered.
pub const REQUESTS_KEPT: usize = 100_000;

/// What arrived so far, oldest first. `GET /journal` on the T+ port answers it as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Journal {
    /// The vouchers that T+ holds, at most [`VOUCHERS_KEPT`] of an account.
    pub vouchers: Vec<Voucher>,
    /// The requests to both systems, at most [`REQUESTS_KEPT`].
    pub requests: Vec<Request>,
}

/// One voucher as T+ wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Voucher {
    /// The account whose books hold it; empty, and left out in JSON, for the sandbox's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// 外部系统数据编号.
    pub external_code: String,
    /// The exact text of the request that made it.
    pub body: String,
    /// When it was written, by the sandbox's clock; RFC 3339 with milliseconds in JSON.
    #[serde(serialize_with = "as_text")]
    pub received_at: DateTime<Utc>,
    /// 单据编码: the caller's, or one of T+'s own.
    pub voucher_code: String,
}

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// When it was answered, by the sandbox's clock; RFC 3339 with milliseconds in JSON.
    #[serde(serialize_with = "as_text")]
    pub at: DateTime<Utc>,
    /// Path without the query, such as `/router/qm`.
    pub path: String,
    /// 外部系统数据编号, where the request named one.
    pub external_code: Option<String>,
    /// HTTP status; 0 where the connection was closed without a reply.
    pub status: u16,
    /// One word, the same for the same end: `ok` (a page or a look-up), `written`, `duplicate`, `refused`,
    /// `unauthorized`, `expired`, `down`, or the fault that struck, such as `delayed` or `lost_after_write`.
    pub outcome: &'static str,
}

fn as_text<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The requests, shared by both systems.
#[derive(Default)]
pub(crate) struct Log(Mutex<VecDeque<Request>>);

impl Log {
    /// Remembers a request.
    pub(crate) fn record(&self, request: Request) {
        let mut requests = locked(&self.0);
        if requests.len() == REQUESTS_KEPT {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    /// All that is remembered, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        locked(&self.0).iter().cloned().collect()
    }
}

/// A value for the `Date` header by the sandbox's clock: clients compare it with theirs.
pub(crate) fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Locks even after a panic elsewhere: a simulator whose handler failed still has to tell what it saw.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
