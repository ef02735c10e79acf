//! The source side: reading a window page by page. What a page's position means is the connector's own affair.

use chrono_tz::Tz;
use dukou_core::outcome::ReadFailure;
use dukou_core::request::RequestValue;
use dukou_core::window::WindowRange;

use crate::BoxFuture;

/// What to read.
#[derive(Debug, Clone)]
pub struct Query {
    /// The API, e.g. `wdt.stockout.order.query.trade`.
    pub api: String,
    /// Parameters in the scheme's order.
    pub params: Vec<(String, RequestValue)>,
    /// The window, both ends inclusive.
    pub window: WindowRange,
    /// The scheme's zone.
    pub zone: Tz,
    /// Rows asked for per page.
    pub page_size: u32,
    /// Instead of the window: this one record (`run --key`).
    pub key: Option<String>,
}

/// One row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledRecord {
    /// JSON text exactly as the source gave it.
    pub body: String,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its rows, as they came.
    pub records: Vec<PulledRecord>,
    /// Position of the next page; `None` when the window is complete.
    pub next: Option<String>,
    /// Rows that match, where the source told.
    pub total: Option<u64>,
    /// Difference between the source's clock and ours in seconds, from its `Date` header.
    pub clock_skew_seconds: Option<i64>,
}

/// A remote system to read from.
pub trait Source: Send + Sync {
    /// The account, for people and logs, without secrets.
    fn account(&self) -> String;

    /// Reads the page at `position` (`None`: from the start). Never retries.
    fn read<'a>(&'a self, query: &'a Query, position: Option<&'a str>) -> BoxFuture<'a, Result<Page, ReadFailure>>;

    /// Other identities of a record of `api`: kind and dotted path. Kinds starting with `=` identify the same business
    /// event, so two keys with an equal value are a re-issue (`docs/reference/systems/wdt.md §4.4`).
    fn aliases(&self, api: &str) -> &'static [(&'static str, &'static str)];

    /// The longest window that one query may span.
    fn longest_window(&self, api: &str) -> std::time::Duration;

    /// Requests a second at most, if the vendor's limit is known.
    fn per_second(&self) -> Option<u32>;
}
