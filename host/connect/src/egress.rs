//! The only way out to the network: one request, one reply, and an honest word on whether the request left. Connectors
//! get an [`Egress`] handed in, so that a test or a simulation can stand in for the network. Nothing here retries,
//! follows redirects, or knows a vendor.

mod address;
mod wire;

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::BoxFuture;

pub use address::{AddressClass, AddressPolicy};
pub use wire::{EgressSetupError, ReqwestEgress};

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

impl Method {
    /// As it stands in a request line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A header's value.
#[derive(Debug, Clone)]
pub enum HeaderValue {
    /// May be shown.
    Plain(String),
    /// Never shown, neither in logs nor in errors.
    Secret(SecretString),
}

/// One request.
#[derive(Clone)]
pub struct HttpRequest {
    /// How.
    pub method: Method,
    /// Where; http or https, without user info.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// The body, sent as it is.
    pub body: Vec<u8>,
    /// From the first step until the last byte of the reply.
    pub deadline: Duration,
    /// A reply whose body is longer, once decompressed, counts as none.
    pub max_reply_bytes: usize,
}

impl fmt::Debug for HttpRequest {
    /// Without query, header values and body: they carry credentials and personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &shown_url(&self.url))
            .field("body_bytes", &self.body.len())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// One complete reply, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// `Date`, as it came.
    pub date: Option<String>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// What `Retry-After` asks to wait: seconds, or an HTTP date seen from `now`.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = http_date(text)?;
        Some((until - now).to_std().unwrap_or(Duration::ZERO))
    }

    /// The server's clock minus ours, in whole seconds, from the `Date` header.
    pub fn clock_skew_seconds(&self, now: DateTime<Utc>) -> Option<i64> {
        Some((http_date(self.date.as_deref()?)? - now).num_seconds())
    }
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text.trim())
        .ok()
        .map(|time| time.with_timezone(&Utc))
}

/// Why there is no reply. Reasons carry no query, header or body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EgressError {
    /// It is certain that no server read the request: bad address, DNS, connect, TLS.
    NotSent {
        /// What happened.
        reason: String,
    },
    /// The request may have been read: time-out, reset, a truncated or oversized reply.
    NoReply {
        /// What happened.
        reason: String,
    },
}

impl EgressError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSent { .. } => "egress.not-sent",
            Self::NoReply { .. } => "egress.no-reply",
        }
    }

    /// What happened.
    pub fn reason(&self) -> &str {
        match self {
            Self::NotSent { reason } | Self::NoReply { reason } => reason,
        }
    }
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent { reason } => write!(f, "not sent: {reason}"),
            Self::NoReply { reason } => write!(f, "no reply: {reason}"),
        }
    }
}

impl std::error::Error for EgressError {}

/// The way out.
pub trait Egress: Send + Sync {
    /// Sends one request once and reads the whole reply.
    ///
    /// # Errors
    /// [`EgressError`], `NotSent` only where it is certain.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpReply, EgressError>>;
}

/// A URL for people: without user info, query and fragment.
pub(crate) fn shown_url(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            // Both fail only on URLs that cannot have user info, which then have none to show.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        }
        Err(_) => "an address that cannot be read".to_owned(),
    }
}
