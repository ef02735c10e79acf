//! What a connection of kind `wdt-qimen` is made of. Reading it from files is the host's.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::sign::SignMethod;

/// Wangdian's own key at the gateway (`wdt.md` §2.1).
pub const DEFAULT_TARGET_APP_KEY: &str = "21363512";

/// A connection.
#[derive(Debug, Clone)]
pub struct WdtQimenConfig {
    /// Scene address, e.g. `http://hu3cgwt0tc.api.taobao.com/router/qm`.
    pub url: String,
    /// The caller's key.
    pub app_key: String,
    /// Signs; never sent.
    pub app_secret: SecretString,
    /// Whom the gateway routes to; [`DEFAULT_TARGET_APP_KEY`].
    pub target_app_key: String,
    /// The seller's account.
    pub sid: String,
    /// How requests are signed.
    pub sign_method: SignMethod,
    /// Of one request.
    pub deadline: Duration,
    /// Requests a second at most; the vendor's known limit is 60 a minute (`wdt.md` §4.3).
    pub per_second: Option<u32>,
    /// A reply longer than this counts as none.
    pub max_reply_bytes: usize,
}

impl WdtQimenConfig {
    /// A connection with every default.
    pub fn new(
        url: impl Into<String>,
        app_key: impl Into<String>,
        app_secret: SecretString,
        sid: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            app_key: app_key.into(),
            app_secret,
            target_app_key: DEFAULT_TARGET_APP_KEY.to_owned(),
            sid: sid.into(),
            sign_method: SignMethod::default(),
            deadline: Duration::from_secs(30),
            per_second: Some(1),
            max_reply_bytes: 32 << 20,
        }
    }

    /// `wdt-qimen:{host}{path}:{app_key}:{sid}`. Host and path tell a test environment from the real one; the scheme
    /// (http, https) does not matter. Secrets never enter.
    pub fn account_name(&self) -> String {
        let place = check_url(&self.url).map_or_else(
            |_| self.url.clone(),
            |url| format!("{}{}", url.host_str().unwrap_or_default(), url.path()),
        );
        format!("wdt-qimen:{place}:{}:{}", self.app_key, self.sid)
    }

    /// Whether it can work at all; nothing is sent.
    ///
    /// # Errors
    /// [`ConfigFault`] names the key.
    pub fn check(&self) -> Result<(), ConfigFault> {
        check_url(&self.url)?;
        let filled = [
            ("app_key", self.app_key.as_str()),
            ("app_secret", self.app_secret.expose_secret()),
            ("target_app_key", &self.target_app_key),
            ("sid", &self.sid),
        ];
        for (key, value) in filled {
            if value.trim().is_empty() {
                return Err(ConfigFault {
                    key,
                    reason: "must not be empty".to_owned(),
                });
            }
        }
        if self.deadline.is_zero() {
            return Err(ConfigFault {
                key: "deadline",
                reason: "must be longer than nothing".to_owned(),
            });
        }
        Ok(())
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The key in the connection's table.
    pub key: &'static str,
    /// What is wrong, without the value if it is secret.
    pub reason: String,
}

impl ConfigFault {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "connection.setting"
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

impl std::error::Error for ConfigFault {}

/// Whether an address can be called: http or https, a host, no credentials.
///
/// # Errors
/// [`ConfigFault`] for `url`.
pub(crate) fn check_url(text: &str) -> Result<Url, ConfigFault> {
    let fault = |reason: String| ConfigFault { key: "url", reason };
    let url = Url::parse(text).map_err(|error| fault(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(fault("must start with http:// or https:// and name a host".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("credentials do not belong into the address".to_owned()));
    }
    Ok(url)
}
