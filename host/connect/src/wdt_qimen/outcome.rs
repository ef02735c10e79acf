//! What a reply of the gateway means (`docs/reference/systems/wdt.md` §5): rows, or why there are none. HTTP 200 may
//! carry any of it. Pure; rows are copied out as the bytes they came as.

use std::time::Duration;

use dukou_core::json;
use dukou_core::outcome::ReadFailure;

use crate::reply_text::{self, Fields, excerpt};

#[cfg(test)]
mod tests;

/// A page that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// JSON texts exactly as they came, duplicates included.
    pub rows: Vec<String>,
    /// `total_count`; `None` if it is missing, blank, negative or no number.
    pub total: Option<u64>,
}

/// Reads one reply. `retry_after` is the `Retry-After` header.
///
/// # Errors
/// [`ReadFailure`] as classified by `wdt.md` §5.2.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Result<Answer, ReadFailure> {
    let text = match reply_text::decode(body) {
        Ok(text) => text,
        Err(reason) if (200..300).contains(&status) => return Err(ReadFailure::Unavailable { reason }),
        Err(reason) => return Err(by_status(status, retry_after, &reason)),
    };
    let Some(outer) = reply_text::object(text) else {
        let what = if reply_text::is_markup(text) {
            "a web page"
        } else {
            "not JSON"
        };
        return Err(by_status(
            status,
            retry_after,
            &format!("{what}: {}", reply_text::first_bytes(text.as_bytes())),
        ));
    };
    if let Some(error) = outer.get("error_response").filter(|raw| raw.get() != "null") {
        let fields = reply_text::object(error.get()).unwrap_or_default();
        return Err(failure(Layer::Gateway, &fields, retry_after));
    }
    // Without the gateway's wrapper the same fields stand at the top.
    let inner = match outer.get("response") {
        Some(raw) => reply_text::object(raw.get()).ok_or_else(|| {
            by_status(
                status,
                retry_after,
                &format!("`response` is no object: {}", excerpt(raw.get())),
            )
        })?,
        None => outer,
    };
    if let Some(layer) = failed_layer(&inner) {
        return Err(failure(layer, &inner, retry_after));
    }
    if !(200..300).contains(&status) {
        return Err(by_status(status, retry_after, &excerpt(text)));
    }
    let rows = rows(&inner)?;
    let confirmed = ["errorcode", "code", "flag"]
        .iter()
        .any(|name| reply_text::scalar(&inner, &[name]).is_some());
    if rows.is_none() && !confirmed {
        return Err(ReadFailure::Unavailable {
            reason: format!("neither a code nor rows: {}", excerpt(text)),
        });
    }
    let total = reply_text::scalar(&inner, &["total_count"]).and_then(|text| text.parse().ok());
    Ok(Answer {
        rows: rows.unwrap_or_default(),
        total,
    })
}

/// Who refused: Taobao's gateway, or Wangdian behind it. Their codes overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Gateway,
    Provider,
}

/// The acceptance rule of `wdt.md` §5.1: `flag` absent, blank or success, then `errorcode` and `code` zero, no `sub_code`.
fn failed_layer(fields: &Fields<'_>) -> Option<Layer> {
    let is_zero = |text: &str| json::decimal(text).is_some_and(|number| number.is_zero());
    if reply_text::scalar(fields, &["errorcode"]).is_some_and(|code| !is_zero(&code)) {
        return Some(Layer::Provider);
    }
    let flag = reply_text::scalar(fields, &["flag"]).is_some_and(|flag| !flag.eq_ignore_ascii_case("success"));
    let code = reply_text::scalar(fields, &["code"]).is_some_and(|code| !is_zero(&code));
    let sub_code = reply_text::scalar(fields, &["sub_code"]).is_some();
    (flag || code || sub_code).then_some(Layer::Gateway)
}

/// The rows, `None` if no list is there; an object in the list's place is one row.
fn rows(fields: &Fields<'_>) -> Result<Option<Vec<String>>, ReadFailure> {
    let list = fields.get("stockout_list").or_else(|| {
        fields
            .iter()
            .find(|(name, raw)| name.ends_with("_list") || raw.get().starts_with('['))
            .map(|(_, raw)| raw)
    });
    let Some(list) = list else { return Ok(None) };
    let text = list.get();
    match text.as_bytes().first() {
        Some(b'[') => {
            let rows = reply_text::array(text).unwrap_or_default();
            Ok(Some(rows.into_iter().map(|row| row.get().to_owned()).collect()))
        }
        Some(b'{') => Ok(Some(vec![text.to_owned()])),
        Some(b'n') => Ok(Some(Vec::new())),
        Some(b'"') if reply_text::text(list).is_none() => Ok(Some(Vec::new())),
        _ => Err(ReadFailure::Unavailable {
            reason: format!("the list of rows is no list: {}", excerpt(text)),
        }),
    }
}

/// Words of codes whose meaning stands in the message only, and of codes nobody has listed.
const THROTTLE_WORDS: [&str; 7] = [
    "ban will last",
    "call limited",
    "too frequent",
    "too often",
    "频繁",
    "频率",
    "并发",
];
const BUSY_WORDS: [&str; 6] = [
    "系统繁忙",
    "稍后",
    "超时",
    "timeout",
    "timed out",
    "service unavailable",
];

fn failure(layer: Layer, fields: &Fields<'_>, retry_after: Option<Duration>) -> ReadFailure {
    let get = |names: &[&str]| reply_text::scalar(fields, names).unwrap_or_default();
    let code = match layer {
        Layer::Gateway => get(&["code", "errorcode"]),
        Layer::Provider => get(&["errorcode"]),
    };
    let sub_code = get(&["sub_code"]);
    let messages = [get(&["message", "msg"]), get(&["sub_message", "sub_msg"])];
    let message = messages
        .iter()
        .filter(|text| !text.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(": ");
    let message = if message.is_empty() {
        "no message".to_owned()
    } else {
        message
    };
    let lower = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let name = match (code.is_empty(), sub_code.is_empty()) {
        (true, true) => "flag-failure".to_owned(),
        (true, false) => sub_code.clone(),
        (false, true) => code.clone(),
        (false, false) => format!("{code}/{sub_code}"),
    };
    let listed = match layer {
        Layer::Gateway => gateway_class(&code, &sub_code),
        Layer::Provider => provider_class(&code),
    };
    let class = match listed {
        Some(class @ (Class::Throttled | Class::Unavailable)) => class,
        _ if says(&THROTTLE_WORDS) => Class::Throttled,
        Some(class) => class,
        None if says(&BUSY_WORDS) => Class::Unavailable,
        None => Class::Refused,
    };
    match class {
        Class::Throttled => ReadFailure::Throttled {
            retry_after: ban(&lower).or(retry_after),
            message: format!("{name}: {message}"),
        },
        Class::Unavailable => ReadFailure::Unavailable {
            reason: format!("{name}: {message}"),
        },
        Class::Auth => ReadFailure::Auth { code: name, message },
        Class::Refused => ReadFailure::Refused { code: name, message },
    }
}

#[derive(Debug, Clone, Copy)]
enum Class {
    Throttled,
    Unavailable,
    Auth,
    Refused,
}

/// Taobao's own codes, and sub codes that name the side at fault: `isp.` the provider, `isv.` the caller.
fn gateway_class(code: &str, sub_code: &str) -> Option<Class> {
    if sub_code.starts_with("accesscontrol.limited-by") {
        return Some(Class::Throttled);
    }
    if sub_code.starts_with("isp.") {
        return Some(Class::Unavailable);
    }
    if ["signature", "permission", "session", "app-key", "appkey"]
        .iter()
        .any(|word| sub_code.contains(word))
    {
        return Some(Class::Auth);
    }
    match code {
        "7" | "1012" => Some(Class::Throttled),
        "10" => Some(Class::Unavailable),
        "15" if sub_code.is_empty() => Some(Class::Unavailable),
        "11" | "12" | "13" => Some(Class::Auth),
        _ => match code.parse::<u32>() {
            Ok(24..=31) => Some(Class::Auth),
            Ok(21..=23 | 32..=34 | 40..=43) => Some(Class::Refused),
            // Wangdian's own codes are longer than Taobao's.
            Ok(100..) => provider_class(code),
            _ => None,
        },
    }
}

/// Wangdian's codes.
fn provider_class(code: &str) -> Option<Class> {
    match code {
        "1012" => Some(Class::Throttled),
        "100" | "1007" | "2030" | "2060" | "2100" => Some(Class::Auth),
        "1" | "1060" | "2104" | "2220" | "2900" => Some(Class::Refused),
        _ => None,
    }
}

/// "This ban will last for N more seconds".
fn ban(lower: &str) -> Option<Duration> {
    let rest = lower.split("ban will last for").nth(1)?.trim_start();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Duration::from_secs)
}

/// No envelope: the HTTP status is all there is.
fn by_status(status: u16, retry_after: Option<Duration>, what: &str) -> ReadFailure {
    let message = format!("HTTP {status}, {what}");
    match status {
        429 => ReadFailure::Throttled { retry_after, message },
        503 if retry_after.is_some() => ReadFailure::Throttled { retry_after, message },
        401 | 403 => ReadFailure::Auth {
            code: format!("http-{status}"),
            message,
        },
        408 => ReadFailure::Unavailable { reason: message },
        400..500 => ReadFailure::Refused {
            code: format!("http-{status}"),
            message,
        },
        _ => ReadFailure::Unavailable { reason: message },
    }
}
