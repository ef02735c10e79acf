//! 畅捷通T+ through its cloud gateway (`docs/reference/systems/tplus.md` §1, §3, §4.3): one document is one POST of the
//! exact bytes it was given, and a look-up proves its own question. Does not fetch or refresh tokens.

mod client;
mod compare;
mod config;
mod lookup;
pub mod outcome;
mod patterns;
mod question;
pub mod sign;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dukou_core::catalogue::Catalogue;
use dukou_core::clock::Clock;
use dukou_core::delivery::DeliveryPolicy;
use secrecy::SecretString;

use crate::egress::{Egress, HeaderValue};
use crate::{BoxFuture, Control, Inquiry, Limits, LookupReport, RequestOutline, SendReport, Target};

pub use crate::wdt_qimen::ConfigFault;
pub use config::{TplusAuth, TplusCloudConfig};
pub use outcome::classify;
pub use patterns::Patterns;

/// Creates a sales dispatch.
pub const SALE_DISPATCH_CREATE: &str = "/tplus/api/v2/saleDispatch/Create";

/// The APIs with a shipped catalogue.
pub const APIS: &[&str] = &[SALE_DISPATCH_CREATE];

/// The shipped catalogue of an API.
pub fn catalogue(api: &str) -> Option<&'static Catalogue> {
    static SALE_DISPATCH: OnceLock<Catalogue> = OnceLock::new();
    (api == SALE_DISPATCH_CREATE).then(|| {
        SALE_DISPATCH.get_or_init(|| {
            Catalogue::parse(include_str!("catalogue/saleDispatch.Create.toml"))
                .expect("a shipped catalogue is tested to be readable")
        })
    })
}

/// What every request to an API looks like. A pure function of settings: it needs no secret, so that it can be shown
/// where nothing can be sent.
pub fn outline(url: &str, app_key: &str, api: &str) -> RequestOutline {
    let (nothing, auth) = (SecretString::default(), TplusAuth::OpenToken(SecretString::default()));
    let headers = sign::headers(app_key, &nothing, &auth)
        .into_iter()
        .map(|(name, value)| {
            let shown = match value {
                HeaderValue::Plain(text) => Some(text),
                HeaderValue::Secret(_) => None,
            };
            (name, shown)
        });
    RequestOutline {
        method: client::METHOD.word(),
        url: crate::egress::shown_url(&client::address(url, api)),
        headers: headers.collect(),
    }
}

/// A connection to one account set.
pub struct TplusCloud {
    config: TplusCloudConfig,
    egress: Arc<dyn Egress>,
    clock: Arc<dyn Clock>,
}

impl TplusCloud {
    /// A connection; nothing is sent yet.
    pub fn new(config: TplusCloudConfig, egress: Arc<dyn Egress>, clock: Arc<dyn Clock>) -> Self {
        Self { config, egress, clock }
    }
}

impl Inquiry for TplusCloud {
    fn account(&self) -> String {
        self.config.account_name()
    }

    fn policy(&self) -> DeliveryPolicy {
        DeliveryPolicy {
            unique_key: self.config.unique_key,
            quarantine: self.config.quarantine,
            max_attempts: self.config.max_attempts,
        }
    }

    fn deadline(&self) -> Duration {
        self.config.deadline
    }

    fn limits(&self) -> Limits {
        self.config.limits
    }

    fn request_line(&self, api: &str) -> String {
        outline(&self.config.url, &self.config.app_key, api).line()
    }

    fn look_up<'a>(
        &'a self,
        api: &'a str,
        key: &'a str,
        body: &'a str,
        control: Option<&'a Control>,
    ) -> BoxFuture<'a, LookupReport> {
        Box::pin(self.settle(api, key, body, control))
    }

    fn probe<'a>(&'a self) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.knock())
    }
}

impl Target for TplusCloud {
    fn send<'a>(&'a self, api: &'a str, key: &'a str, body: &'a str) -> BoxFuture<'a, SendReport> {
        Box::pin(self.send_document(api, key, body))
    }
}
