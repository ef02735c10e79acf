//! What a reply of T+ means (`docs/reference/systems/tplus.md` §3.2, §3.3). Pure. Words are understood by
//! [`Patterns`]; whatever is not certain is unknown, never accepted and never refused.

use std::time::Duration;

use dukou_core::json;
use dukou_core::outcome::WriteOutcome;

use super::patterns::{Patterns, names_key, says};
use crate::reply_text::{self, Fields, excerpt};

#[cfg(test)]
mod tests;

/// A reply's body, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing, or `null`.
    Blank,
    /// A bare string, number or boolean.
    Scalar(String),
    /// A bare list, as JSON text.
    List(String),
    /// An object.
    Object(Envelope),
    /// Anything else; says what.
    Unreadable(String),
}

/// The parts of an object that speak of success or failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Envelope {
    /// The vendor's code, in the body or in its `error`.
    pub(super) code: Option<String>,
    /// The vendor's words.
    pub(super) message: String,
    /// `result` or `success` says false, or there is an `error`.
    pub(super) failed: bool,
    /// `data` or `value` as JSON text, null left out.
    pub(super) data: Option<String>,
    /// `data.StatusCode`
    pub(super) inner_status: Option<String>,
}

/// Reads a body without judging it.
pub(super) fn read_body(body: &[u8]) -> Body {
    let text = match reply_text::decode(body) {
        Ok(text) => text.trim(),
        Err(reason) => return Body::Unreadable(reason),
    };
    if text.is_empty() || text == "null" {
        return Body::Blank;
    }
    if let Some(fields) = reply_text::object(text) {
        return Body::Object(envelope(&fields));
    }
    if reply_text::array(text).is_some() {
        return Body::List(text.to_owned());
    }
    if let Ok(raw) = serde_json::from_str::<&serde_json::value::RawValue>(text) {
        return reply_text::text(raw).map_or(Body::Blank, Body::Scalar);
    }
    let what = if reply_text::is_markup(text) {
        "a web page"
    } else {
        "not JSON"
    };
    Body::Unreadable(format!("{what}: {}", reply_text::first_bytes(text.as_bytes())))
}

fn envelope(fields: &Fields<'_>) -> Envelope {
    const CODES: [&str; 4] = ["code", "errorCode", "errcode", "error_code"];
    const MESSAGES: [&str; 6] = [
        "message",
        "msg",
        "Message",
        "errorMessage",
        "errmsg",
        "error_description",
    ];
    let error = fields
        .get("error")
        .filter(|raw| !matches!(raw.get(), "null" | "false" | "\"\""));
    let error_fields = error.and_then(|raw| reply_text::object(raw.get())).unwrap_or_default();
    let no = |name: &str| {
        reply_text::scalar_any_case(fields, &[name]).is_some_and(|text| text.eq_ignore_ascii_case("false"))
    };
    let message = reply_text::scalar(fields, &MESSAGES)
        .or_else(|| reply_text::scalar(&error_fields, &["msg", "message", "hint"]))
        .or_else(|| error.and_then(|raw| reply_text::text(raw)));
    let data = ["data", "value"]
        .iter()
        .find_map(|name| fields.get(*name))
        .filter(|raw| raw.get() != "null");
    let data_fields = data.and_then(|raw| reply_text::object(raw.get())).unwrap_or_default();
    Envelope {
        code: reply_text::scalar(fields, &CODES).or_else(|| reply_text::scalar(&error_fields, &CODES)),
        message: message.unwrap_or_default(),
        failed: no("result") || no("success") || error.is_some(),
        data: data.map(|raw| raw.get().to_owned()),
        inner_status: reply_text::scalar_any_case(&data_fields, &["StatusCode"]),
    }
}

/// Names one reply to a write.
///
/// `retry_after` is the `Retry-After` header, `key` the delivery key that was sent.
pub fn classify(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    patterns: &Patterns,
    key: &str,
) -> WriteOutcome {
    let good = (200..300).contains(&status);
    match read_body(body) {
        Body::Blank if good => WriteOutcome::Accepted { reference: None },
        Body::Scalar(text) if good && is_number_like(&text) => WriteOutcome::Accepted { reference: Some(text) },
        Body::Scalar(text) if good && text == "true" => WriteOutcome::Accepted { reference: None },
        Body::Object(envelope) if good && is_success(&envelope, patterns) => WriteOutcome::Accepted {
            reference: envelope.data.as_deref().and_then(reference),
        },
        Body::Object(envelope) => failure(status, retry_after, &envelope, patterns, key),
        Body::Scalar(text) => {
            // A bare sentence: the same rules as for an object that has a message and no code.
            let envelope = Envelope {
                message: text,
                ..Envelope::default()
            };
            failure(status, retry_after, &envelope, patterns, key)
        }
        Body::Blank => by_status(status, retry_after, "no body"),
        Body::List(text) => by_status(status, retry_after, &format!("a list: {}", excerpt(&text))),
        Body::Unreadable(what) => by_status(status, retry_after, &what),
    }
}

/// `tplus.md` §3.3: no code, or one of 0 and 200. A message alone must not contradict.
fn is_success(envelope: &Envelope, patterns: &Patterns) -> bool {
    let inner_refusal = envelope
        .inner_status
        .as_deref()
        .is_some_and(|status| !matches!(status, "0" | "200"));
    if envelope.failed || inner_refusal || says(&envelope.message, &patterns.unknown) {
        return false;
    }
    match envelope.code.as_deref() {
        Some(code) => matches!(code, "0" | "200"),
        None => {
            let message = envelope.message.to_lowercase();
            message.is_empty() || message.contains("成功") || matches!(message.as_str(), "ok" | "success")
        }
    }
}

fn is_number_like(text: &str) -> bool {
    !matches!(text, "true" | "false")
        && text.len() <= 64
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_/.#".contains(c))
}

/// The target's own number in `data`.
fn reference(data: &str) -> Option<String> {
    let Some(fields) = reply_text::object(data) else {
        return serde_json::from_str::<&serde_json::value::RawValue>(data)
            .ok()
            .and_then(reply_text::text)
            .filter(|text| is_number_like(text));
    };
    reply_text::scalar_any_case(&fields, &["Code", "voucherCode", "ID", "voucherID"])
}

/// Credentials, whatever the status: expired token, wrong credentials, session codes (`tplus.md` §1.4, §2.2, §3.3).
const AUTH_CODES: [&str; 4] = ["50107", "50003", "EXSM0003", "EXSM0004"];

fn failure(
    status: u16,
    retry_after: Option<Duration>,
    envelope: &Envelope,
    patterns: &Patterns,
    key: &str,
) -> WriteOutcome {
    let vendor = envelope.code.as_deref().filter(|code| !matches!(*code, "0" | "200"));
    let code = vendor.map_or_else(|| format!("http-{status}"), str::to_owned);
    let message = if envelope.message.is_empty() {
        format!("HTTP {status}, no message")
    } else {
        envelope.message.clone()
    };
    let rejected = |class: &str| WriteOutcome::Rejected {
        code: code.clone(),
        message: message.clone(),
        class: class.to_owned(),
    };
    let unknown = || WriteOutcome::Unknown {
        reason: format!("HTTP {status}, {code}: {}", excerpt(&message)),
    };
    let said = |words: &[String]| says(&message, words);

    if vendor == Some("999") || envelope.inner_status.as_deref() == Some("999") || said(&patterns.unknown) {
        return unknown();
    }
    // The gateway's own status may stand in the body of an HTTP 200.
    let says_status = |wanted: u16| status == wanted || vendor == Some(wanted.to_string().as_str());
    if says_status(429) {
        return WriteOutcome::Throttled {
            retry_after,
            message: format!("{code}: {message}"),
        };
    }
    if vendor.is_some_and(|code| AUTH_CODES.contains(&code)) {
        return WriteOutcome::Auth {
            permanent: code == "50003",
            code,
            message,
        };
    }
    if (says_status(401) || says_status(403)) && !said(&patterns.reference) {
        return WriteOutcome::Auth {
            permanent: says_status(401),
            code,
            message,
        };
    }
    if vendor == Some("EXSV0011") {
        return WriteOutcome::Transient { code, message };
    }
    // From here on the words decide. A failure by the server itself is an answer only if it carries a code of the vendor.
    let server_fault =
        vendor.is_none_or(is_status_code) && (status >= 500 || vendor.is_some_and(|code| code.starts_with('5')));
    if server_fault {
        return unknown();
    }
    if said(&patterns.duplicate) {
        return WriteOutcome::Duplicate { message };
    }
    if says_status(409) || said(&patterns.throttled) {
        return WriteOutcome::Throttled {
            retry_after,
            message: format!("{code}: {message}"),
        };
    }
    if said(&patterns.auth) {
        return WriteOutcome::Auth {
            permanent: false,
            code,
            message,
        };
    }
    if said(&patterns.reference) {
        return rejected("reference");
    }
    if said(&patterns.configuration) {
        return rejected("configuration");
    }
    if patterns.key_means_duplicate && names_key(&message, key) && !said(&patterns.refusal) {
        return WriteOutcome::Duplicate { message };
    }
    if vendor.is_some() || (400..500).contains(&status) && status != 408 {
        return rejected(if matches!(status, 404 | 405 | 415) {
            "configuration"
        } else {
            "business"
        });
    }
    let inner_refusal = envelope
        .inner_status
        .as_deref()
        .is_some_and(|status| status.starts_with('4'));
    if (envelope.failed || inner_refusal) && (200..300).contains(&status) {
        return WriteOutcome::Rejected {
            code: "result-false".to_owned(),
            message,
            class: "business".to_owned(),
        };
    }
    unknown()
}

/// A gateway's HTTP status repeated in the body is no code of the vendor.
fn is_status_code(code: &str) -> bool {
    json::decimal(code).is_some_and(|number| number.scale() == 0) && code.len() == 3 && code.starts_with(['4', '5'])
}

/// No envelope: the HTTP status is all there is.
fn by_status(status: u16, retry_after: Option<Duration>, what: &str) -> WriteOutcome {
    let message = format!("HTTP {status}, {what}");
    let code = format!("http-{status}");
    match status {
        429 | 409 => WriteOutcome::Throttled { retry_after, message },
        401 | 403 => WriteOutcome::Auth {
            permanent: status == 401,
            code,
            message,
        },
        408 => WriteOutcome::Unknown { reason: message },
        404 | 405 | 415 => WriteOutcome::Rejected {
            code,
            message,
            class: "configuration".to_owned(),
        },
        400..500 => WriteOutcome::Rejected {
            code,
            message,
            class: "business".to_owned(),
        },
        _ => WriteOutcome::Unknown { reason: message },
    }
}
