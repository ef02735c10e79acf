//! `[connections.*]`: accounts at remote systems, everything but the values of secrets. Turning settings into a
//! connector's configuration resolves the secrets; making the connector is `compose`'s. [`read`] reads them from a file.

mod read;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use dukou_connect::Limits;
use dukou_connect::tplus_cloud::{Patterns, TplusAuth, TplusCloudConfig};
pub(crate) use dukou_connect::wdt_qimen::DEFAULT_TARGET_APP_KEY;
use dukou_connect::wdt_qimen::{SignMethod, WdtQimenConfig};
use dukou_core::delivery::UniqueKey;
use secrecy::SecretString;

pub(super) use read::read_all;

use super::secret::SecretRef;
use crate::scheme::{DefinitionErrors, SourceFile};

/// One account at a remote system.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// The tenant that it belongs to; `None` for the project's own, which every tenant may use.
    pub tenant: Option<String>,
    /// What it is.
    pub kind: ConnectionKind,
    /// The file that defines it.
    pub file: SourceFile,
    /// Where: its header.
    pub span: Range<usize>,
}

/// Which side of a scheme a connection can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Records come from it.
    Source,
    /// Documents go to it.
    Target,
}

impl Side {
    /// The key of the word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Source => "definition.side_source",
            Self::Target => "definition.side_target",
        }
    }
}

/// What a connection is, with its settings.
#[derive(Debug, Clone)]
pub enum ConnectionKind {
    /// 旺店通·企业奇门
    WdtQimen(Box<WdtQimenSettings>),
    /// 畅捷通T+ through its open platform
    TplusCloud(Box<TplusCloudSettings>),
}

impl ConnectionKind {
    /// The word in `kind = …`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::WdtQimen(_) => "wdt-qimen",
            Self::TplusCloud(_) => "tplus-cloud",
        }
    }

    /// Which side it can stand on.
    pub fn side(&self) -> Side {
        match self {
            Self::WdtQimen(_) => Side::Source,
            Self::TplusCloud(_) => Side::Target,
        }
    }

    /// Whose books it reads or writes, as the connector's `account()` gives it. Needs no secret.
    pub fn account_name(&self) -> String {
        match self {
            Self::WdtQimen(settings) => settings.account_name(),
            Self::TplusCloud(settings) => settings.account_name(),
        }
    }

    /// The secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::WdtQimen(settings) => vec![&settings.app_secret],
            Self::TplusCloud(settings) => vec![&settings.app_secret, &settings.token],
        }
    }

    pub(super) fn secrets_mut(&mut self) -> Vec<&mut SecretRef> {
        match self {
            Self::WdtQimen(settings) => vec![&mut settings.app_secret],
            Self::TplusCloud(settings) => vec![&mut settings.app_secret, &mut settings.token],
        }
    }
}

/// Settings of `wdt-qimen`.
#[derive(Debug, Clone)]
pub struct WdtQimenSettings {
    /// Scene address.
    pub url: String,
    /// The caller's key.
    pub app_key: String,
    /// Signs.
    pub app_secret: SecretRef,
    /// Whom the gateway routes to.
    pub target_app_key: String,
    /// The seller's account.
    pub sid: String,
    /// How requests are signed.
    pub sign_method: SignMethod,
    /// Of one request.
    pub deadline: Duration,
    /// Requests a second; `None` is no limit.
    pub per_second: Option<u32>,
}

impl WdtQimenSettings {
    /// The connector's configuration, secrets included.
    ///
    /// # Errors
    /// What [`SecretRef::resolve`] says.
    pub fn resolve(&self, root: &Path) -> Result<WdtQimenConfig, DefinitionErrors> {
        Ok(self.config(self.app_secret.resolve(root)?))
    }

    /// The account's name, as the connector gives it. Needs no secret.
    pub fn account_name(&self) -> String {
        self.config(SecretString::from(String::new())).account_name()
    }

    fn config(&self, secret: SecretString) -> WdtQimenConfig {
        let mut config = WdtQimenConfig::new(self.url.as_str(), self.app_key.as_str(), secret, self.sid.as_str());
        config.target_app_key.clone_from(&self.target_app_key);
        config.sign_method = self.sign_method;
        config.deadline = self.deadline;
        config.per_second = self.per_second;
        config
    }
}

/// Settings of `tplus-cloud`.
#[derive(Debug, Clone)]
pub struct TplusCloudSettings {
    /// Gateway address.
    pub url: String,
    /// Header `appKey`.
    pub app_key: String,
    /// Header `appSecret`.
    pub app_secret: SecretRef,
    /// Header `openToken`.
    pub token: SecretRef,
    /// Whether the account refuses a second document with one key.
    pub unique_key: UniqueKey,
    /// Of one request.
    pub deadline: Duration,
    /// From the intent until the look-up.
    pub quarantine: Duration,
    /// How fast it may be used.
    pub limits: Limits,
    /// Attempts before a person is asked.
    pub max_attempts: u32,
    /// The account that delivery keys are unique in, where it is not the app key's.
    pub account: Option<String>,
    /// How the vendor's words are understood.
    pub patterns: Patterns,
}

impl TplusCloudSettings {
    /// The connector's configuration, secrets included.
    ///
    /// # Errors
    /// What [`SecretRef::resolve`] says, of both secrets.
    pub fn resolve(&self, root: &Path) -> Result<TplusCloudConfig, DefinitionErrors> {
        match (self.app_secret.resolve(root), self.token.resolve(root)) {
            (Ok(secret), Ok(token)) => Ok(self.config(secret, token)),
            (secret, token) => {
                let errors = [secret.err(), token.err()].into_iter().flatten();
                Err(DefinitionErrors(errors.flat_map(|found| found.0).collect()))
            }
        }
    }

    /// The account's name, as the connector gives it. Needs no secret.
    pub fn account_name(&self) -> String {
        self.config(SecretString::from(String::new()), SecretString::from(String::new()))
            .account_name()
    }

    fn config(&self, secret: SecretString, token: SecretString) -> TplusCloudConfig {
        let auth = TplusAuth::OpenToken(token);
        let mut config = TplusCloudConfig::new(self.url.as_str(), self.app_key.as_str(), secret, auth);
        config.unique_key = self.unique_key;
        config.deadline = self.deadline;
        config.quarantine = self.quarantine;
        config.limits = self.limits;
        config.max_attempts = self.max_attempts;
        config.account.clone_from(&self.account);
        config.patterns = self.patterns.clone();
        config
    }
}
