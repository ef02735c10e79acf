//! The look-up tables of a deployment, pinned by digest: read-only while a deployment is in force.

use std::collections::{BTreeMap, HashMap};

use dukou_plugin::Tables;

/// Tables by name, rows by key, each row a JSON object text.
#[derive(Debug, Default)]
pub struct PinnedTables {
    tables: HashMap<String, BTreeMap<String, String>>,
}

impl PinnedTables {
    /// Adds a table.
    pub fn insert(&mut self, name: String, rows: BTreeMap<String, String>) {
        self.tables.insert(name, rows);
    }
}

impl Tables for PinnedTables {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        self.tables.get(table)?.get(key).map(String::as_str)
    }
}

/// The bytes that a table is pinned by: its name is not part of them.
pub fn to_bytes(rows: &BTreeMap<String, String>) -> Vec<u8> {
    // Keys are texts and rows are JSON texts, so this cannot fail.
    serde_json::to_vec(rows).unwrap_or_default()
}

/// Reads pinned bytes back.
///
/// # Errors
/// serde_json's error if the bytes are not what [`to_bytes`] wrote.
pub fn from_bytes(bytes: &[u8]) -> Result<BTreeMap<String, String>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_bytes_and_answers_by_key() {
        let rows = BTreeMap::from([("0101".to_owned(), r#"{"店铺":"0101","客户":"C1"}"#.to_owned())]);
        assert_eq!(from_bytes(&to_bytes(&rows)).unwrap(), rows);
        let mut tables = PinnedTables::default();
        tables.insert("客户对照".into(), rows);
        assert!(tables.row("客户对照", "0101").is_some());
        assert!(tables.row("客户对照", "101").is_none(), "leading zeros count");
        assert!(tables.row("仓库对照", "0101").is_none());
    }
}
