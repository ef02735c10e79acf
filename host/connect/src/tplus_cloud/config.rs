//! What a connection of kind `tplus-cloud` is made of. Reading it from files is the host's.

use std::time::Duration;

use dukou_core::delivery::UniqueKey;
use secrecy::{ExposeSecret, SecretString};

use super::ConfigFault;
use super::patterns::Patterns;
use crate::Limits;
use crate::wdt_qimen::check_url;

/// How the connection proves who it is.
#[derive(Debug, Clone)]
pub enum TplusAuth {
    /// A token fetched elsewhere (`tplus.md` §1.2); it expires after days.
    OpenToken(SecretString),
}

/// A connection.
#[derive(Debug, Clone)]
pub struct TplusCloudConfig {
    /// Gateway address, e.g. `https://openapi.chanjet.com`, without the API's path.
    pub url: String,
    /// Header `appKey`.
    pub app_key: String,
    /// Header `appSecret`.
    pub app_secret: SecretString,
    /// Where `openToken` comes from.
    pub auth: TplusAuth,
    /// Whether the account refuses a second document with one key.
    pub unique_key: UniqueKey,
    /// Of one request.
    pub deadline: Duration,
    /// From the intent until the look-up; must exceed the deadline.
    pub quarantine: Duration,
    /// How fast it may be used. A look-up, which is several questions, keeps `per_second` between its own.
    pub limits: Limits,
    /// Attempts before a person is asked.
    pub max_attempts: u32,
    /// The name of the account that delivery keys are unique in, where several app keys reach one account set.
    pub account: Option<String>,
    /// How the vendor's words are understood.
    pub patterns: Patterns,
    /// A reply longer than this counts as none.
    pub max_reply_bytes: usize,
}

impl TplusCloudConfig {
    /// A connection with every default: `lookup-only`, 30 s deadline, 5 min quarantine, one request a second, one in flight.
    pub fn new(url: impl Into<String>, app_key: impl Into<String>, app_secret: SecretString, auth: TplusAuth) -> Self {
        Self {
            url: url.into(),
            app_key: app_key.into(),
            app_secret,
            auth,
            unique_key: UniqueKey::LookupOnly,
            deadline: Duration::from_secs(30),
            quarantine: Duration::from_secs(300),
            limits: Limits {
                per_second: Some(1),
                in_flight: 1,
            },
            max_attempts: 5,
            account: None,
            patterns: Patterns::default(),
            max_reply_bytes: 16 << 20,
        }
    }

    /// `tplus-cloud:{host[:port]}:{app_key}`, or the configured name. Tokens and connection names never enter.
    pub fn account_name(&self) -> String {
        if let Some(account) = self.account.as_deref().filter(|name| !name.trim().is_empty()) {
            return account.to_owned();
        }
        let place = match check_url(&self.url) {
            Ok(url) => match (url.host_str(), url.port()) {
                (Some(host), Some(port)) => format!("{host}:{port}"),
                (host, _) => host.unwrap_or_default().to_owned(),
            },
            Err(_) => self.url.clone(),
        };
        format!("tplus-cloud:{place}:{}", self.app_key)
    }

    /// Whether it can work at all; nothing is sent.
    ///
    /// # Errors
    /// [`ConfigFault`] names the key.
    pub fn check(&self) -> Result<(), ConfigFault> {
        check_url(&self.url)?;
        let fault = |key, reason: &str| {
            Err(ConfigFault {
                key,
                reason: reason.to_owned(),
            })
        };
        let TplusAuth::OpenToken(token) = &self.auth;
        for (key, value) in [
            ("app_key", self.app_key.as_str()),
            ("app_secret", self.app_secret.expose_secret()),
            ("auth.token", token.expose_secret()),
        ] {
            if value.trim().is_empty() {
                return fault(key, "must not be empty");
            }
        }
        if self.deadline.is_zero() {
            return fault("deadline", "must be longer than nothing");
        }
        if self.quarantine <= self.deadline {
            return fault(
                "quarantine",
                "must exceed the deadline: an answer may still be under way",
            );
        }
        if self.limits.in_flight == 0 || self.limits.per_second == Some(0) {
            return fault("limits", "must let at least one request through");
        }
        Ok(())
    }
}
