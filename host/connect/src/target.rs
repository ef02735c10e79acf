//! The target side: sending one document, and asking whether one is there.

use std::time::Duration;

use dukou_core::delivery::DeliveryPolicy;
use dukou_core::outcome::{LookupOutcome, WriteOutcome};

use crate::BoxFuture;

/// How one sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendReport {
    /// What the connector says of it.
    pub outcome: WriteOutcome,
    /// HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The reply's text, bounded to 16 KB, without secrets.
    pub reply: String,
}

/// How one look-up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupReport {
    /// What the connector says of it.
    pub outcome: LookupOutcome,
    /// Questions and answers for people, bounded to 16 KB, without secrets.
    pub transcript: String,
}

/// A document known to exist at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Its delivery key.
    pub key: String,
    /// Its bytes.
    pub body: String,
}

/// How fast a connection may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second; `None` is no limit.
    pub per_second: Option<u32>,
    /// Requests under way at once, at least 1.
    pub in_flight: u32,
}

/// A remote system to write to.
pub trait Target: Send + Sync {
    /// The account that delivery keys are unique in: the same for every connection to it, whatever its name or token.
    fn account(&self) -> String;

    /// What the connection says about delivering.
    fn policy(&self) -> DeliveryPolicy;

    /// The deadline of one request.
    fn deadline(&self) -> Duration;

    /// How fast it may be used.
    fn limits(&self) -> Limits;

    /// Method and URL for people, without secrets.
    fn request_line(&self, api: &str) -> String;

    /// Sends one document exactly as it is. Never retries.
    fn send<'a>(&'a self, api: &'a str, key: &'a str, body: &'a str) -> BoxFuture<'a, SendReport>;

    /// Asks whether the document is there, proving the question by `control` (DESIGN §3: *found*, *absent*).
    fn look_up<'a>(
        &'a self,
        api: &'a str,
        key: &'a str,
        body: &'a str,
        control: Option<&'a Control>,
    ) -> BoxFuture<'a, LookupReport>;

    /// A cheap call that shows whether address and credentials work (`check --live`).
    fn probe<'a>(&'a self) -> BoxFuture<'a, Result<String, String>>;
}
