//! What the gateway checks before it looks at the business: protocol parameters, clock and signature
//! (`docs/reference/systems/wdt.md §2.2`).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::envelope::Refusal;
use super::sign::{SignMethod, sign};
use crate::Identity;

/// The parameters of a request by name, blank ones left out.
pub(crate) type Params = BTreeMap<String, String>;

/// The one method that is served, without the scene prefix.
const METHOD: &str = "wdt.stockout.order.query.trade";
const SCENE_PREFIX: &str = "hu3cgwt0tc.";
/// How far a timestamp may be off, either way.
const CLOCK_TOLERANCE_S: i64 = 600;

/// Parameters from the query and from a form body, wherever they stand.
pub(crate) fn read_params(query: &str, content_type: &str, body: &[u8]) -> Params {
    let is_form = content_type
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded");
    let form: &[u8] = if is_form { body } else { &[] };
    url::form_urlencoded::parse(query.as_bytes())
        .chain(url::form_urlencoded::parse(form))
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// A time of 旺店通: `YYYY-MM-DD HH:MM:SS`.
pub(crate) fn read_time(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
}

/// The wall clock of GMT+8.
pub(crate) fn shanghai(now: DateTime<Utc>) -> NaiveDateTime {
    now.naive_utc() + TimeDelta::hours(8)
}

/// Checks a request's identity, clock and signature.
///
/// # Errors
/// The refusal that the gateway answers.
pub(crate) fn check(params: &Params, identity: &Identity, now: DateTime<Utc>) -> Result<(), Refusal> {
    let get = |name: &str| params.get(name).map(String::as_str);
    let method = get("method").ok_or_else(|| Refusal::missing(21, "Missing method", "method"))?;
    let app_key = get("app_key").ok_or_else(|| Refusal::missing(28, "Missing app key", "app_key"))?;
    let timestamp = get("timestamp").ok_or_else(|| Refusal::missing(30, "Missing timestamp", "timestamp"))?;
    let version = get("v").ok_or_else(|| Refusal::missing(32, "Missing version", "v"))?;
    let sign_method =
        get("sign_method").ok_or_else(|| Refusal::missing(40, "Missing required arguments", "sign_method"))?;
    let signature = get("sign").ok_or_else(|| Refusal::missing(24, "Missing signature", "sign"))?;
    let target =
        get("target_app_key").ok_or_else(|| Refusal::missing(40, "Missing required arguments", "target_app_key"))?;

    if method.strip_prefix(SCENE_PREFIX).unwrap_or(method) != METHOD {
        return Err(Refusal::invalid(22, "Invalid method", "method"));
    }
    if app_key != identity.app_key {
        return Err(Refusal::invalid(29, "Invalid app key", "app_key"));
    }
    if version != "2.0" {
        return Err(Refusal::invalid(33, "Invalid version", "v"));
    }
    if get("format").is_some_and(|format| format != "json") {
        return Err(Refusal::invalid(23, "Invalid format", "format"));
    }
    let Some(sign_method) = SignMethod::from_name(sign_method) else {
        return Err(Refusal::invalid(41, "Invalid arguments", "sign_method"));
    };
    let off = read_time(timestamp).map(|at| (at - shanghai(now)).num_seconds().abs());
    if off.is_none_or(|seconds| seconds > CLOCK_TOLERANCE_S) {
        return Err(Refusal::invalid(31, "Invalid timestamp", "timestamp"));
    }
    if signature != sign(params, &identity.app_secret, sign_method) {
        return Err(Refusal::Gateway {
            code: 25,
            message: "Invalid signature",
            sub: None,
        });
    }
    if target != identity.target_app_key {
        return Err(Refusal::NoProvider {
            message: "target_app_key 没有提供该方法",
        });
    }
    Ok(())
}
