//! Lists of records, and where every record of a scheme stands.

use dukou_core::names::SchemeName;
use dukou_store::rows::{RecordFilter, RecordRow, Tally};
use dukou_store::{Store, StoreError};
use serde_json::{Value, json};

use super::Lens;
use super::text::{money_or_none, clean, short, table, time};

/// The states a record can be in, in the order people see them.
pub const STATES: [&str; 7] = ["waiting", "queued", "unknown", "held", "problem", "skipped", "delivered"];

/// Beyond this many records the proof is left to the pipeline's own counters: a glance must stay cheap.
pub const MOST_PROVED: u64 = 200_000;

/// Where every record stands: each row counted in exactly one state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Records by state, in the order of [`STATES`].
    pub states: Vec<(&'static str, Tally)>,
    /// Records in a state that nobody knows.
    pub elsewhere: Tally,
    /// Records that the store counts.
    pub records: u64,
}

impl Placement {
    /// Records that were found in a known state.
    pub fn placed(&self) -> u64 {
        self.states.iter().map(|(_, tally)| tally.count).sum()
    }

    /// Whether every record is in exactly one known state.
    pub fn proved(&self) -> bool {
        self.elsewhere.count == 0 && self.placed() == self.records
    }
}

/// Counts the records of a scheme by state; `None` when there are more than [`MOST_PROVED`].
///
/// # Errors
/// The store's.
pub fn placement(store: &dyn Store, scheme: &SchemeName, records: u64) -> Result<Option<Placement>, StoreError> {
    if records > MOST_PROVED {
        return Ok(None);
    }
    // One more than there should be, so that a surplus shows as well as a loss.
    let limit = usize::try_from(records + 1).unwrap_or(usize::MAX);
    let filter = RecordFilter { scheme: Some(scheme.clone()), limit, ..RecordFilter::default() };
    let mut out = Placement { states: STATES.map(|state| (state, Tally::default())).to_vec(), records, ..Placement::default() };
    for row in store.records(&filter)? {
        let tally = match out.states.iter_mut().find(|(state, _)| *state == row.state) {
            Some((_, tally)) => tally,
            None => &mut out.elsewhere,
        };
        tally.count += 1;
        tally.amount += row.shown.amount.unwrap_or_default();
    }
    Ok(Some(out))
}

/// A table of records.
pub fn text(lens: &Lens<'_>, rows: &[RecordRow]) -> String {
    let mut header = ["record.key", "record.state", "record.amount", "record.quantity", "record.date"]
        .map(|key| lens.lang.t(key))
        .to_vec();
    header.extend(lens.columns.iter().map(|name| clean(name)));
    header.extend([lens.lang.t("record.revision"), lens.lang.t("record.received")]);
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![
                clean(&row.key),
                lens.lang.t(&format!("state.{}", clean(&row.state))),
                money_or_none(row.shown.amount),
                row.shown.quantity.map_or_else(|| "-".to_owned(), |quantity| quantity.normalize().to_string()),
                row.shown.date.as_deref().map_or_else(|| "-".to_owned(), |date| short(date, 24)),
            ];
            cells.extend((0..lens.columns.len()).map(|i| row.shown.columns.get(i).map_or("-".into(), |text| short(text, 24))));
            cells.extend([row.revision.to_string(), time(lens, row.received_at)]);
            cells
        })
        .collect();
    let revision = 5 + lens.columns.len();
    table(lens, &header, &rows, &[2, 3, revision])
}

/// A record row for machines.
pub fn row_json(lens: &Lens<'_>, row: &RecordRow) -> Value {
    let columns: serde_json::Map<String, Value> = lens
        .columns
        .iter()
        .zip(&row.shown.columns)
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    json!({
        "scheme": row.scheme.to_string(),
        "key": row.key,
        "state": row.state,
        "revision": row.revision,
        "amount": row.shown.amount.map(|amount| amount.to_string()),
        "quantity": row.shown.quantity.map(|quantity| quantity.to_string()),
        "date": row.shown.date,
        "columns": columns,
        "received_at": lens.stamp(row.received_at),
    })
}
