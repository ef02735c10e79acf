//! The scheme's tables. A table is named by a setting, so that the host always knows which tables a plugin reads.

use crate::values::{Content, Fault, Text, Value};
use crate::{Job, Scalar};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A table of the scheme, as a setting: its value is the table's name, and configuring the plugin tells the host that it
/// will be read. An empty name is no table.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// #[derive(Settings)]
/// struct Rules {
///     #[setting(default = "仓库对照")]
///     warehouse_table: Table,
/// }
/// # #[derive(Source)] struct Order { warehouse_no: Text }
/// # fn map(rules: &Rules, order: &Order, job: &Job<'_>) {
/// // The value column of the row; a miss is told where the value is written, with code `lookup.miss`.
/// let warehouse: Text = rules.warehouse_table.value(&order.warehouse_no, job);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub(crate) name: String,
}

/// A row of a table: its columns, in file order.
#[derive(Debug)]
pub struct Row {
    columns: Vec<(String, String)>,
}

impl Table {
    /// Whether the setting names a table.
    pub fn is_set(&self) -> bool {
        !self.name.is_empty()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value for a key: the column `value`, else the second, else the only one. A key that is empty or has no row,
    /// and an empty cell, are faults with code `lookup.miss`; `.or(…)` does not replace them, [`Table::find`] does.
    pub fn value(&self, key: &Text, job: &Job<'_>) -> Text {
        self.column_of(key, None, job)
    }

    /// The text of a named column for a key. As for [`Table::value`].
    pub fn column(&self, key: &Text, column: &str, job: &Job<'_>) -> Text {
        self.column_of(key, Some(column), job)
    }

    /// The values for many keys, in order, with one question to the host. As for [`Table::value`].
    pub fn values<'k>(&self, keys: impl IntoIterator<Item = &'k Text>, job: &Job<'_>) -> Vec<Text> {
        let keys: Vec<&Text> = keys.into_iter().collect();
        let rows = self.rows(&keys, job);
        let answer = |(key, row): (&&Text, Option<Row>)| self.answer(key, row, None);
        keys.iter().zip(rows).map(answer).collect()
    }

    /// The row for a key, if there is one.
    pub fn find(&self, key: &Text, job: &Job<'_>) -> Option<Row> {
        self.rows(&[key], job).pop().flatten()
    }

    fn column_of(&self, key: &Text, column: Option<&str>, job: &Job<'_>) -> Text {
        let row = self.find(key, job);
        self.answer(key, row, column)
    }

    fn rows(&self, keys: &[&Text], job: &Job<'_>) -> Vec<Option<Row>> {
        let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
        let texts: Vec<String> = keys.iter().map(|key| key.text().into_owned()).collect();
        let mut wanted = Vec::new();
        for text in texts.iter().filter(|text| !text.is_empty()) {
            asked.entry(text).or_insert_with(|| {
                wanted.push(text.clone());
                wanted.len() - 1
            });
        }
        let rows = if wanted.is_empty() || !self.is_set() {
            Vec::new()
        } else {
            job.lookups.lookup(&self.name, &wanted)
        };
        let row_of = |text: &String| rows.get(*asked.get(text.as_str())?)?.as_deref().and_then(Row::read);
        texts.iter().map(row_of).collect()
    }

    fn answer(&self, key: &Text, row: Option<Row>, column: Option<&str>) -> Text {
        if let Some(fault) = key.0.fault() {
            return Text(Value::failed(Fault::clone(fault)));
        }
        let cell = row.as_ref().map(|row| row.cell(column));
        let reason = match cell {
            None if key.is_empty() => "is empty, and so has no row",
            None => "has no row",
            Some(None) => "has no such column",
            Some(Some(text)) if crate::scalar::is_empty_text(text) => "has an empty cell",
            Some(Some(text)) => return Text(key.0.with(Content::Made(Rc::from(text)))),
        };
        let column = column.map_or_else(String::new, |column| format!(", column {column}"));
        let message = format!("{} {reason} in table {}{column}", key.0.shown(&key.text()), self.name);
        Text(Value::failed(key.0.fault_of("lookup.miss", message)))
    }
}

impl Row {
    fn read(json: &str) -> Option<Self> {
        let node = crate::node::Node::parse(json).ok()?;
        let text = |json: &str| Scalar::from_json(json).text().into_owned();
        let columns = node
            .members()
            .into_iter()
            .map(|(name, cell)| (name.into_owned(), text(cell.json())));
        Some(Self {
            columns: columns.collect(),
        })
    }

    /// The text of a column; `None` if there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.columns
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, text)| text.as_str())
    }

    /// The value: the column `value`, else the second, else the only one.
    pub fn value(&self) -> Option<&str> {
        let by_place = || Some(self.columns.get(1).or(self.columns.first())?.1.as_str());
        self.get("value").or_else(by_place)
    }

    fn cell(&self, column: Option<&str>) -> Option<&str> {
        match column {
            Some(column) => self.get(column),
            None => self.value(),
        }
    }
}

/// Rows handed over as maps of JSON texts, for tests.
#[derive(Clone, Debug, Default)]
pub(crate) struct FixedTables {
    pub(crate) tables: BTreeMap<String, BTreeMap<String, Box<RawValue>>>,
}

impl crate::Lookups for FixedTables {
    fn lookup(&self, table: &str, keys: &[String]) -> Vec<Option<String>> {
        let rows = self.tables.get(table);
        keys.iter().map(|key| Some(rows?.get(key)?.get().to_owned())).collect()
    }
}
