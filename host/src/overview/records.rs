//! Lists of records, and where every record of a scheme stands.

use std::collections::BTreeMap;

use dukou_core::names::SchemeName;
use dukou_store::rows::{Overview, RecordFilter, RecordRow};
use dukou_store::{Store, StoreError};
use serde_json::{Value, json};

use super::text::{clean, money_or_none, short, table, time};
use super::{Lens, Personal, mask};
use crate::lang::Lang;

/// The states a record can be in, in the order people see them.
pub const STATES: [&str; 7] = [
    "waiting",
    "queued",
    "unknown",
    "held",
    "problem",
    "skipped",
    "delivered",
];

/// Beyond this many records the proof is left to the store's own recount: a glance must stay cheap.
pub const MOST_PROVED: u64 = 100_000;
/// How often a proof is tried again while a running host moves records under it.
const TRIES: usize = 3;

/// Whether every record is in exactly one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The rows, counted one by one, are what the store's counters say: nothing is lost, nothing is counted twice.
    Proved,
    /// They are not.
    Alarm {
        /// Rows in a known state.
        placed: u64,
        /// Rows in a state that nobody knows.
        elsewhere: u64,
    },
    /// Too many records to count one by one at a glance.
    TooMany,
    /// A running host moved records during every try.
    Moving,
}

/// Counts a scheme's record rows by state and compares them with its counters, in one standing state of the store.
/// Answers the overview that the proof is about.
///
/// # Errors
/// The store's.
pub fn prove(store: &dyn Store, scheme: &SchemeName) -> Result<(Overview, Proof), StoreError> {
    let mut overview = store.overview(scheme)?;
    for _ in 0..TRIES {
        if overview.records.count > MOST_PROVED {
            return Ok((overview, Proof::TooMany));
        }
        // One more than there should be, so that a surplus shows as well as a loss.
        let limit = usize::try_from(overview.records.count + 1).unwrap_or(usize::MAX);
        let filter = RecordFilter {
            scheme: Some(scheme.clone()),
            limit,
            ..RecordFilter::default()
        };
        let rows = store.records(&filter)?;
        let after = store.overview(scheme)?;
        if after.states == overview.states {
            let proof = compare(&overview, rows.iter().map(|row| row.state.as_str()));
            return Ok((after, proof));
        }
        overview = after;
    }
    Ok((overview, Proof::Moving))
}

/// Compares rows with counters.
fn compare<'a>(overview: &Overview, rows: impl Iterator<Item = &'a str>) -> Proof {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for state in rows {
        *counted.entry(state).or_default() += 1;
    }
    let placed = STATES.iter().filter_map(|state| counted.get(state)).sum();
    let elsewhere = counted.values().sum::<u64>() - placed;
    let same = STATES.iter().all(|state| {
        let (_, said) = overview
            .states
            .iter()
            .find(|(word, _)| word == state)
            .cloned()
            .unwrap_or_default();
        said.count == counted.get(state).copied().unwrap_or_default()
    });
    if same && elsewhere == 0 && placed == overview.records.count {
        Proof::Proved
    } else {
        Proof::Alarm { placed, elsewhere }
    }
}

/// What stands over a shown column: its label for those who read Chinese, else its path.
pub fn column_heading(lens: &Lens<'_>, name: &str) -> String {
    match (lens.lang, lens.personal) {
        (
            Lang::Zh,
            Personal::Known {
                source: Some(source), ..
            },
        ) => source
            .field(name)
            .map_or_else(|| clean(name), |field| field.label.clone()),
        _ => clean(name),
    }
}

/// A table of records.
pub fn text(lens: &Lens<'_>, rows: &[RecordRow]) -> String {
    let mut header = [
        "record.key",
        "record.state",
        "record.amount",
        "record.quantity",
        "record.date",
    ]
    .map(|key| lens.lang.t(key))
    .to_vec();
    header.extend(lens.columns.iter().map(|name| column_heading(lens, name)));
    header.extend([lens.lang.t("record.revision"), lens.lang.t("record.received")]);
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![
                clean(&row.key),
                lens.lang.t(&format!("state.{}", clean(&row.state))),
                money_or_none(row.shown.amount),
                row.shown
                    .quantity
                    .map_or_else(|| "-".to_owned(), |quantity| quantity.normalize().to_string()),
                row.shown
                    .date
                    .as_deref()
                    .map_or_else(|| "-".to_owned(), |date| short(date, 24)),
            ];
            let mut columns = mask::columns(lens, &row.shown.columns).into_iter();
            cells.extend(lens.columns.iter().map(|_| {
                columns
                    .next()
                    .map_or_else(|| "-".to_owned(), |(_, value)| short(&value, 24))
            }));
            cells.extend([row.revision.to_string(), time(lens, row.received_at)]);
            cells
        })
        .collect();
    let revision = 5 + lens.columns.len();
    table(lens, &header, &rows, &[2, 3, revision])
}

/// A record row for machines.
pub fn row_json(lens: &Lens<'_>, row: &RecordRow) -> Value {
    let columns = mask::columns(lens, &row.shown.columns).into_iter();
    let columns: serde_json::Map<String, Value> = columns.map(|(name, value)| (name, Value::String(value))).collect();
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

#[cfg(test)]
mod tests {
    use dukou_store::rows::Tally;

    use super::*;

    fn overview(states: &[(&str, u64)]) -> Overview {
        let tally = |count| Tally {
            count,
            ..Tally::default()
        };
        Overview {
            records: tally(states.iter().map(|(_, count)| count).sum()),
            states: states
                .iter()
                .map(|(state, count)| ((*state).to_owned(), tally(*count)))
                .collect(),
            ..Overview::default()
        }
    }

    #[test]
    fn lost_surplus_and_misplaced_records_raise_the_alarm() {
        let counters = overview(&[("delivered", 2), ("problem", 1)]);
        let with = |rows: &[&str]| compare(&counters, rows.iter().copied());
        assert_eq!(with(&["delivered", "problem", "delivered"]), Proof::Proved);
        assert_eq!(
            with(&["delivered", "problem"]),
            Proof::Alarm {
                placed: 2,
                elsewhere: 0
            }
        );
        assert_eq!(
            with(&["delivered", "problem", "delivered", "held"]),
            Proof::Alarm {
                placed: 4,
                elsewhere: 0
            }
        );
        assert_eq!(
            with(&["delivered", "problem", "problem"]),
            Proof::Alarm {
                placed: 3,
                elsewhere: 0
            }
        );
        assert_eq!(
            with(&["delivered", "problem", "lost"]),
            Proof::Alarm {
                placed: 2,
                elsewhere: 1
            }
        );
        assert_eq!(compare(&Overview::default(), [].into_iter()), Proof::Proved);
    }

    #[test]
    fn every_state_of_the_store_is_shown() {
        let mut ours = STATES;
        let mut theirs = dukou_store::STATES;
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
    }
}
