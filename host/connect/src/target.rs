//! The target side in two traits: [`Inquiry`] asks and cannot write, [`Target`] can also send one document. Whoever only
//! has to know what is there is handed an [`Inquiry`].

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
    /// Something that carries the key was listed, whatever could be made of it: to send the document now may double it.
    pub seen: bool,
}

/// What a request looks like before there is a body, for people. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOutline {
    /// `POST`
    pub method: &'static str,
    /// Where, without anything that could be a credential.
    pub url: String,
    /// Headers in order; `None` where the value is secret.
    pub headers: Vec<(&'static str, Option<String>)>,
}

impl RequestOutline {
    /// Method and URL.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.url)
    }
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

/// A remote system that documents go to, as far as one may look: nothing here writes.
pub trait Inquiry: Send + Sync {
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

/// A remote system to write to.
pub trait Target: Inquiry {
    /// Sends one document exactly as it is. Never retries.
    fn send<'a>(&'a self, api: &'a str, key: &'a str, body: &'a str) -> BoxFuture<'a, SendReport>;
}
