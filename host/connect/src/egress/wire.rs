//! [`Egress`] over reqwest and rustls: no redirects, no system proxy, TLS 1.2 and 1.3 (`docs/reference/systems/wdt.md`
//! §3.1: Wangdian's direct API speaks 1.2 only), addresses checked after resolving and connected to as checked.

use std::error::Error as _;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{AddressPolicy, Egress, EgressError, HeaderValue, HttpReply, HttpRequest, Method, shown_url};
use crate::BoxFuture;

/// Of the whole deadline, at most this much may pass until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than what servers usually keep: a connection that the server closes under a request costs an unknown outcome.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(10);
const POOL_IDLE_PER_HOST: usize = 8;

/// The network.
#[derive(Debug, Clone)]
pub struct ReqwestEgress {
    client: reqwest::Client,
    policy: AddressPolicy,
}

/// The HTTP client could not be set up.
#[derive(Debug)]
pub struct EgressSetupError {
    source: reqwest::Error,
}

impl EgressSetupError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "egress.setup"
    }
}

impl fmt::Display for EgressSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the HTTP client cannot be set up")
    }
}

impl std::error::Error for EgressSetupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl ReqwestEgress {
    /// A client with its own connection pool. Installs ring as the process's TLS provider if none is there yet.
    ///
    /// # Errors
    /// [`EgressSetupError`] if the client cannot be built. A machine without certificates is no error: plain HTTP works
    /// and every https request is then refused as not sent.
    pub fn new(policy: AddressPolicy) -> Result<Self, EgressSetupError> {
        // A provider that is already installed serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = match builder(policy).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(reason = %chain(&error), "no usable root certificates: https will fail");
                builder(policy)
                    .tls_certs_only([])
                    .build()
                    .map_err(|source| EgressSetupError { source })?
            }
        };
        Ok(Self { client, policy })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpReply, EgressError> {
        let line = format!("{} {}", request.method.word(), shown_url(&request.url));
        let not_sent = |reason: String| EgressError::NotSent {
            reason: format!("{line}: {reason}"),
        };
        let url = Url::parse(&request.url).map_err(|error| not_sent(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(not_sent("only http and https are spoken".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(not_sent("credentials do not belong into the address".to_owned()));
        }
        // The resolver never sees literal addresses.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if let Some(address) = literal {
            self.policy.permit(address).map_err(not_sent)?;
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self
            .client
            .request(method, url)
            .timeout(request.deadline)
            .body(request.body);
        for (name, value) in &request.headers {
            let (text, secret) = match value {
                HeaderValue::Plain(text) => (text.as_str(), false),
                HeaderValue::Secret(text) => (text.expose_secret(), true),
            };
            let mut value = reqwest::header::HeaderValue::from_str(text)
                .map_err(|_| not_sent(format!("header {name} holds characters that cannot be sent")))?;
            value.set_sensitive(secret);
            builder = builder.header(*name, value);
        }
        let mut response = builder.send().await.map_err(|error| {
            let reason = format!("{line}: {}", chain(&error));
            if error.is_builder() || error.is_connect() {
                EgressError::NotSent { reason }
            } else {
                EgressError::NoReply { reason }
            }
        })?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let mut reply = HttpReply {
            status: response.status().as_u16(),
            content_type: header("content-type"),
            retry_after: header("retry-after"),
            date: header("date"),
            body: Vec::new(),
        };
        let status = reply.status;
        loop {
            let chunk = response.chunk().await.map_err(|error| EgressError::NoReply {
                reason: format!("{line}: HTTP {status}, then the body broke off: {}", chain(&error)),
            })?;
            let Some(chunk) = chunk else { break };
            if reply.body.len() + chunk.len() > request.max_reply_bytes {
                return Err(EgressError::NoReply {
                    reason: format!(
                        "{line}: HTTP {status}, body over the bound of {} bytes",
                        request.max_reply_bytes
                    ),
                });
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }
}

impl Egress for ReqwestEgress {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpReply, EgressError>> {
        Box::pin(self.exchange(request))
    }
}

fn builder(policy: AddressPolicy) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .gzip(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
        .dns_resolver(Arc::new(CheckedResolver { policy }))
        .user_agent(concat!("dukou/", env!("CARGO_PKG_VERSION")))
}

/// Resolves once and hands on only addresses that may be reached, so that a second DNS answer cannot slip in.
struct CheckedResolver {
    policy: AddressPolicy,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                policy.permit(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The innermost causes of a reqwest error; its URL, which may carry a query, is left out.
fn chain(error: &reqwest::Error) -> String {
    let mut reason = if error.is_timeout() {
        "timed out".to_owned()
    } else {
        String::new()
    };
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !reason.contains(&text) {
            if !reason.is_empty() {
                reason.push_str(": ");
            }
            reason.push_str(&text);
        }
        source = cause.source();
    }
    if reason.is_empty() { "failed".to_owned() } else { reason }
}
