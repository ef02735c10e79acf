//! The four headers that carry everything; the body is not signed (`docs/reference/systems/tplus.md` §1.1). Pure.

use secrecy::SecretString;

use super::config::TplusAuth;
use crate::egress::HeaderValue;

/// The headers of a business call.
pub fn headers(app_key: &str, app_secret: &SecretString, auth: &TplusAuth) -> Vec<(&'static str, HeaderValue)> {
    let TplusAuth::OpenToken(token) = auth;
    vec![
        ("appKey", HeaderValue::Plain(app_key.to_owned())),
        ("appSecret", HeaderValue::Secret(app_secret.clone())),
        ("openToken", HeaderValue::Secret(token.clone())),
        ("Content-Type", HeaderValue::Plain("application/json".to_owned())),
    ]
}
