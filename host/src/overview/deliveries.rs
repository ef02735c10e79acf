//! Deliveries as people see them in a queue: state, key, money, attempts, when they move next and why they wait.

use dukou_core::delivery::DeliveryState;
use dukou_store::rows::DeliveryRow;
use serde_json::{Value, json};

use super::Lens;
use super::mask::{self, Side};
use super::text::{clean, money_or_none, short, table, time, time_or_none};

/// The states that wait: what a queue lists by default.
pub const WAITING: [DeliveryState; 5] = [
    DeliveryState::Queued,
    DeliveryState::Claimed,
    DeliveryState::Sending,
    DeliveryState::Unknown,
    DeliveryState::Held,
];

/// The states that a word on the command line means: `sending` is both halves of 写入中.
pub fn states_of(word: &str) -> Option<Vec<DeliveryState>> {
    match DeliveryState::from_word(word)? {
        DeliveryState::Claimed | DeliveryState::Sending => Some(vec![DeliveryState::Claimed, DeliveryState::Sending]),
        state => Some(vec![state]),
    }
}

/// Why a delivery waits, masked.
pub fn reason(lens: &Lens<'_>, row: &DeliveryRow) -> Option<String> {
    row.reason
        .as_ref()
        .map(|reason| mask::message(lens, reason, &[(Side::Target, &row.body)]))
}

/// A table of deliveries.
pub fn text(lens: &Lens<'_>, rows: &[DeliveryRow]) -> String {
    let header = [
        "queue.state",
        "queue.key",
        "queue.amount",
        "queue.attempts",
        "queue.queued",
        "queue.due",
        "queue.reason",
    ]
    .map(|key| lens.lang.t(key));
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                lens.lang.t(&format!("state.{}", row.state.word())),
                clean(&row.key),
                money_or_none(row.amount),
                row.attempts.to_string(),
                time(lens, row.queued_at),
                time_or_none(lens, row.due_at),
                reason(lens, row).map_or_else(|| "-".to_owned(), |reason| short(&reason, 60)),
            ]
        })
        .collect();
    table(lens, &header, &rows, &[2, 3])
}

/// A delivery for machines, without its bytes.
pub fn row_json(lens: &Lens<'_>, row: &DeliveryRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "scheme": row.scheme.to_string(),
        "key": row.key,
        "group": row.group,
        "api": row.target.api,
        "state": row.state.word(),
        "amount": row.amount.map(|amount| amount.to_string()),
        "attempts": row.attempts,
        "due_at": lens.stamp_or_null(row.due_at),
        "reason": reason(lens, row),
        "reference": row.reference,
        "adopted": row.adopted,
        "queued_at": lens.stamp(row.queued_at),
        "delivered_at": lens.stamp_or_null(row.delivered_at),
        "recipe": row.recipe.to_string(),
    })
}
