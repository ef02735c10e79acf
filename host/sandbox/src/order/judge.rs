//! Whether the seed's mapping would deliver an order, judged from its body alone.
//!
//! This is the oracle that tests compare the host with, so it is written from the value rules, not from the mapper.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

/// Why the seed's mapping cannot deliver this body, if it cannot.
pub(crate) fn flaw_of(body: &Map<String, Value>) -> Option<&'static str> {
    if is_empty(body.get("order_no")) {
        return Some("order-no");
    }
    if !is_date(&text_at(body, "consign_time")) {
        return Some("consign-time");
    }
    let lines = match body.get("details_list") {
        Some(Value::Array(lines)) => lines.iter().collect(),
        Some(line @ Value::Object(_)) => vec![line],
        _ => Vec::new(),
    };
    if lines.is_empty() {
        return Some("lines");
    }
    for line in lines {
        let Value::Object(line) = line else {
            return Some("lines");
        };
        if is_empty(line.get("goods_count")) || !is_number(&text_at(line, "goods_count")) {
            return Some("goods-count");
        }
        if !is_empty(line.get("price")) && !is_number(&text_at(line, "price")) {
            return Some("price");
        }
    }
    None
}

/// The text of a scalar as it came; empty for null, absent and everything nested.
pub(crate) fn text_at(body: &Map<String, Value>, key: &str) -> String {
    match body.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Absent, null, blank or masked.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty() || text.contains("***"),
        Some(_) => false,
    }
}

fn is_date(text: &str) -> bool {
    let text = text.trim();
    if text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let text = text.replacen('T', " ", 1);
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").is_ok()
        || NaiveDate::parse_from_str(&text, "%Y-%m-%d").is_ok()
}

/// Decimal syntax with an optional exponent, without a look at its size.
pub(crate) fn is_number(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits =
        exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(mantissa),
    };
    exponent_fits && mantissa_fits
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
