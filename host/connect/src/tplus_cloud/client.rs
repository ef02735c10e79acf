//! One POST with its deadline. Does not retry; secrets that a reply echoes are blotted out before anybody sees them.

use std::time::Duration;

use dukou_core::outcome::WriteOutcome;
use secrecy::ExposeSecret;

use super::config::TplusAuth;
use super::outcome::classify;
use super::{TplusCloud, sign};
use crate::SendReport;
use crate::egress::{EgressError, HttpRequest, Method};
use crate::reply_text::bounded;

/// Of a reply kept for people.
pub(super) const SHOWN_BYTES: usize = 16 * 1024;

/// A reply without the connection's secrets.
pub(super) struct CleanReply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl CleanReply {
    /// The body for people.
    pub(super) fn shown(&self) -> String {
        bounded(&String::from_utf8_lossy(&self.body), SHOWN_BYTES).to_owned()
    }
}

/// How every request is made.
pub(super) const METHOD: Method = Method::Post;

/// Where an API is called.
pub(super) fn address(url: &str, api: &str) -> String {
    format!("{}/{}", url.trim_end_matches('/'), api.trim_start_matches('/'))
}

impl TplusCloud {
    pub(super) async fn post(&self, api: &str, body: &str) -> Result<CleanReply, EgressError> {
        let request = HttpRequest {
            method: METHOD,
            url: address(&self.config.url, api),
            headers: sign::headers(&self.config.app_key, &self.config.app_secret, &self.config.auth),
            body: body.as_bytes().to_vec(),
            deadline: self.config.deadline,
            max_reply_bytes: self.config.max_reply_bytes,
        };
        let reply = self.egress.send(request).await?;
        Ok(CleanReply {
            status: reply.status,
            retry_after: reply.wait(self.clock.now()),
            body: self.without_secrets(reply.body),
        })
    }

    pub(super) async fn send_document(&self, api: &str, key: &str, body: &str) -> SendReport {
        match self.post(api, body).await {
            Ok(reply) => SendReport {
                outcome: classify(reply.status, reply.retry_after, &reply.body, &self.config.patterns, key),
                status: Some(reply.status),
                reply: reply.shown(),
            },
            Err(error) => {
                let outcome = match error {
                    EgressError::NotSent { reason } => WriteOutcome::NotSent { reason },
                    EgressError::NoReply { reason } => WriteOutcome::Unknown { reason },
                };
                SendReport {
                    outcome,
                    status: None,
                    reply: String::new(),
                }
            }
        }
    }

    fn without_secrets(&self, body: Vec<u8>) -> Vec<u8> {
        let TplusAuth::OpenToken(token) = &self.config.auth;
        let Ok(text) = std::str::from_utf8(&body) else {
            return body;
        };
        let mut clean = None;
        for secret in [self.config.app_secret.expose_secret(), token.expose_secret()] {
            // Shorter ones are no secrets and stand in any text.
            if secret.len() >= 8 && clean.as_deref().unwrap_or(text).contains(secret) {
                clean = Some(clean.as_deref().unwrap_or(text).replace(secret, "***"));
            }
        }
        clean.map_or_else(|| body.clone(), String::into_bytes)
    }
}
