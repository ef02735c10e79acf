//! Between Rust values and SQLite columns: times are milliseconds, decimals are text, numbers are `i64`.

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::problem::ProblemKind;
use dukou_core::show::Shown;
use rust_decimal::Decimal;

use super::fault::{Fault, Step};

/// A time as a column.
pub(super) fn ms(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// A column as a time.
pub(super) fn time(ms: i64) -> Step<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| Fault::damaged(format!("time {ms}")))
}

/// An optional column as a time.
pub(super) fn time_or_none(ms: Option<i64>) -> Step<Option<DateTime<Utc>>> {
    ms.map(time).transpose()
}

/// A count, number or lease as a column. Beyond `i64` there is nothing to find.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as a column.
pub(super) fn limit(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column as a count, number or lease.
pub(super) fn uint(number: i64) -> Step<u64> {
    u64::try_from(number).map_err(|_| Fault::damaged(format!("number {number}")))
}

/// A column as a small count.
pub(super) fn uint32(number: i64) -> Step<u32> {
    u32::try_from(number).map_err(|_| Fault::damaged(format!("number {number}")))
}

/// An optional decimal as a column.
pub(super) fn text(amount: Option<Decimal>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

/// A column as a decimal.
pub(super) fn decimal(text: &str) -> Step<Decimal> {
    Decimal::from_str_exact(text).map_err(|_| Fault::damaged(format!("decimal {text}")))
}

/// An optional column as a decimal.
pub(super) fn decimal_or_none(text: Option<String>) -> Step<Option<Decimal>> {
    text.as_deref().map(decimal).transpose()
}

/// A column as a delivery's state.
pub(super) fn delivery_state(word: &str) -> Step<DeliveryState> {
    DeliveryState::from_word(word).ok_or_else(|| Fault::damaged(format!("delivery state {word}")))
}

/// A column as a problem's kind.
pub(super) fn problem_kind(word: &str) -> Step<ProblemKind> {
    ProblemKind::from_word(word).ok_or_else(|| Fault::damaged(format!("problem kind {word}")))
}

/// A JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str, what: &str) -> Step<T> {
    serde_json::from_str(text).map_err(|_| Fault::damaged(what.to_owned()))
}

/// What people see, from its four columns.
pub(super) fn shown(
    amount: Option<String>,
    quantity: Option<String>,
    date: Option<String>,
    columns: &str,
) -> Step<Shown> {
    Ok(Shown {
        amount: decimal_or_none(amount)?,
        quantity: decimal_or_none(quantity)?,
        date,
        columns: json(columns, "columns of a record")?,
    })
}

/// Names and digests as a JSON column.
pub(super) fn named_digests(named: &[(String, Digest)]) -> String {
    let pairs: Vec<(&str, String)> = named
        .iter()
        .map(|(name, digest)| (name.as_str(), digest.to_string()))
        .collect();
    serde_json::to_string(&pairs).expect("strings are always JSON")
}

/// A JSON column as names and digests.
pub(super) fn digests_named(text: &str) -> Step<Vec<(String, Digest)>> {
    let pairs: Vec<(String, String)> = json(text, "digests of a deployment")?;
    pairs
        .into_iter()
        .map(|(name, digest)| {
            Ok((
                name,
                digest.parse().map_err(|_| Fault::damaged("digests of a deployment"))?,
            ))
        })
        .collect()
}
