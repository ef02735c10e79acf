//! The rows that a run really looks up, so that a case holds these and no others.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use dukou_plugin::cases::CaseTables;
use dukou_plugin::{SharedTables, Tables};

use crate::deploy::tables::PinnedTables;

/// Tables that note what is asked for.
pub(super) struct Noted {
    inner: SharedTables,
    asked: Mutex<BTreeSet<(String, String)>>,
}

impl Noted {
    /// Notes what is asked of `inner`.
    pub(super) fn new(inner: SharedTables) -> Self {
        Self {
            inner,
            asked: Mutex::default(),
        }
    }

    /// The rows that were found, by table and key. Misses are no rows.
    pub(super) fn rows(&self) -> CaseTables {
        let mut tables = CaseTables::new();
        for (table, key) in self.asked().iter() {
            if let Some(row) = self.inner.row(table, key) {
                tables
                    .entry(table.clone())
                    .or_default()
                    .insert(key.clone(), row.to_owned());
            }
        }
        tables
    }

    /// Whether other tables answer everything that was asked in the same way.
    pub(super) fn same_in(&self, other: &CaseTables) -> bool {
        let theirs = |table: &str, key: &str| other.get(table).and_then(|rows| rows.get(key)).map(String::as_str);
        self.asked()
            .iter()
            .all(|(table, key)| self.inner.row(table, key) == theirs(table, key))
    }

    fn asked(&self) -> BTreeSet<(String, String)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tables for Noted {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert((table.to_owned(), key.to_owned()));
        self.inner.row(table, key)
    }
}

/// The tables of a case, as plugins see them.
pub(super) fn shared(tables: &CaseTables) -> SharedTables {
    let mut pinned = PinnedTables::default();
    for (name, rows) in tables {
        pinned.insert(name.clone(), rows.clone());
    }
    std::sync::Arc::new(pinned)
}
