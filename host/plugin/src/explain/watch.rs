//! Tables seen through: which rows a run reads, one row changed, and rows for keys that only a changed order asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::values;
use crate::host_state::{SharedTables, Tables};

/// A row that was asked for: table and key.
pub(crate) type RowAt = (String, String);

/// Notes every row that is asked for.
pub(crate) struct Watched {
    inner: SharedTables,
    seen: Mutex<BTreeSet<RowAt>>,
}

impl Watched {
    pub(crate) fn new(inner: SharedTables) -> Self {
        Self {
            inner,
            seen: Mutex::default(),
        }
    }

    /// The rows asked for so far, in order.
    pub(crate) fn seen(&self) -> Vec<RowAt> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().cloned().collect()
    }
}

impl Tables for Watched {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((table.to_owned(), key.to_owned()));
        self.inner.row(table, key)
    }
}

/// One row otherwise than it is.
pub(crate) struct Changed {
    pub(crate) inner: SharedTables,
    pub(crate) at: RowAt,
    /// `None`: a miss.
    pub(crate) row: Option<String>,
}

impl Tables for Changed {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        if self.at.0 == table && self.at.1 == key {
            self.row.as_deref()
        } else {
            self.inner.row(table, key)
        }
    }
}

/// Answers keys that the table lacks with a made-up row, so that a changed order shows where the answer goes instead of
/// being refused for a miss. Keys that the order itself asked for are answered as they are.
pub(crate) struct Generous {
    inner: SharedTables,
    known: BTreeSet<RowAt>,
    made_up: BTreeMap<String, String>,
}

impl Generous {
    pub(crate) fn new(inner: SharedTables, seen: &[RowAt]) -> Self {
        let mut made_up = BTreeMap::new();
        for (table, key) in seen {
            // A row that was found says what rows of its table look like; a miss does not.
            if let Some(row) = inner.row(table, key) {
                made_up.insert(table.clone(), with_all_changed(row, key));
            } else if !made_up.contains_key(table) {
                made_up.insert(table.clone(), invented(key));
            }
        }
        Self {
            inner,
            known: seen.iter().cloned().collect(),
            made_up,
        }
    }
}

impl Tables for Generous {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        let found = self.inner.row(table, key);
        if found.is_some() || self.known.contains(&(table.to_owned(), key.to_owned())) {
            return found;
        }
        self.made_up.get(table).map(String::as_str)
    }
}

/// A row for a table of which none is known: key and value.
pub(crate) fn invented(key: &str) -> String {
    let mut row = Map::new();
    row.insert("key".to_owned(), Value::from(key));
    row.insert("value".to_owned(), Value::from(values::turned("X7", 1)));
    Value::Object(row).to_string()
}

/// Columns of a row, the key's own one last.
pub(crate) fn columns(row: &str, key: &str) -> Vec<String> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(row) else {
        return Vec::new();
    };
    let is_key = |value: &Value| value.as_str() == Some(key);
    let mut names: Vec<(bool, String)> = object
        .iter()
        .map(|(name, value)| (is_key(value), name.clone()))
        .collect();
    names.sort_by_key(|(is_key, _)| *is_key);
    names.into_iter().map(|(_, name)| name).collect()
}

/// A row with another value in one column, once for each way to change it.
pub(crate) fn with_changed(row: &str, column: &str) -> Vec<String> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(row) else {
        return Vec::new();
    };
    let token = object.get(column).map(Value::to_string).unwrap_or_default();
    values::alike(&token)
        .into_iter()
        .filter_map(|other| {
            let mut object = object.clone();
            object.insert(column.to_owned(), serde_json::from_str(&other).ok()?);
            Some(Value::Object(object).to_string())
        })
        .collect()
}

fn with_all_changed(row: &str, key: &str) -> String {
    columns(row, key).iter().fold(row.to_owned(), |row, column| {
        with_changed(&row, column).into_iter().next().unwrap_or(row)
    })
}
