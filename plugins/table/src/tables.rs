//! Look-ups in batches: keys are noted while rows are tried, fetched with one call per table, and found afterwards.
//! What a miss means is decided where the value is used.

use dukou_sdk::{Lookups, Scalar};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a table answered for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A row: columns and texts in the table's order.
    Row(Vec<(String, String)>),
    /// No such key.
    Miss,
    /// The host's answer cannot be used; why, as a fragment.
    Broken(String),
}

/// Everything that has been asked in one call of `transform`.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    found: BTreeMap<String, BTreeMap<String, Answer>>,
    wanted: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl Answers {
    /// The answer for a key; if there is none yet, the key is noted for the next [`Answers::fetch`].
    pub(crate) fn find(&self, table: &str, key: &str) -> Option<&Answer> {
        let answer = self.found.get(table).and_then(|rows| rows.get(key));
        if answer.is_none() {
            self.wanted
                .borrow_mut()
                .entry(table.to_owned())
                .or_default()
                .insert(key.to_owned());
        }
        answer
    }

    /// Asks the host for every noted key, one call per table. Answers whether anything was asked.
    pub(crate) fn fetch(&mut self, lookups: &dyn Lookups) -> bool {
        let wanted = std::mem::take(&mut *self.wanted.borrow_mut());
        let asked = !wanted.is_empty();
        for (table, keys) in wanted {
            let keys: Vec<String> = keys.into_iter().collect();
            let rows = lookups.lookup(&table, &keys);
            let complete = rows.len() == keys.len();
            let known = self.found.entry(table).or_default();
            let mut rows = rows.into_iter();
            for key in keys {
                let answer = match rows.next() {
                    _ if !complete => Answer::Broken("did not answer every key".to_owned()),
                    Some(Some(row)) => read_row(&row),
                    Some(None) | None => Answer::Miss,
                };
                known.insert(key, answer);
            }
        }
        asked
    }
}

impl Answer {
    /// The text of a column, or of the second one. The error says what is missing, as a fragment.
    pub(crate) fn column(&self, column: Option<&str>) -> Result<&str, String> {
        match self {
            Answer::Miss => Err("has no row".to_owned()),
            Answer::Broken(reason) => Err(reason.clone()),
            Answer::Row(cells) => {
                let cell = match column {
                    Some(name) => cells.iter().find(|(known, _)| known == name),
                    None => cells.get(1),
                };
                match cell {
                    None => Err(column.map_or_else(
                        || "has no second column".to_owned(),
                        |name| format!("has no column {name}"),
                    )),
                    // A cell nobody filled in is a mapping nobody made.
                    Some((name, text)) if dukou_sdk::scalar::is_empty_text(text) => Err(format!("has an empty {name}")),
                    Some((_, text)) => Ok(text),
                }
            }
        }
    }

    /// Whether `or(…)` may answer instead: a missing key or an empty cell, but no defect of the table or the host.
    pub(crate) fn is_miss(&self, column: Option<&str>) -> bool {
        match self {
            Answer::Miss => true,
            Answer::Broken(_) => false,
            Answer::Row(cells) => match column {
                Some(name) => cells.iter().any(|(known, _)| known == name),
                None => cells.len() > 1,
            },
        }
    }
}

fn read_row(json: &str) -> Answer {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Row).map_or_else(
        |error| Answer::Broken(format!("has an unreadable row ({error})")),
        Answer::Row,
    )
}

struct Row;

impl<'de> Visitor<'de> for Row {
    type Value = Vec<(String, String)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut cells = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let scalar = Scalar::from_json(members.next_value::<&'de RawValue>()?.get());
            cells.push((name, scalar.text().into_owned()));
        }
        Ok(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::Answers;
    use dukou_sdk::Lookups;
    use std::cell::RefCell;

    struct Host(RefCell<Vec<String>>);

    impl Lookups for Host {
        fn lookup(&self, table: &str, keys: &[String]) -> Vec<Option<String>> {
            self.0.borrow_mut().push(format!("{table}:{}", keys.join("+")));
            if table == "short" {
                return Vec::new();
            }
            let row = |key: &String| (key != "x").then(|| format!(r#"{{"k":"{key}","v":"V{key}","w":""}}"#));
            keys.iter().map(row).collect()
        }
    }

    #[test]
    fn asks_each_table_once_and_each_key_once() {
        let host = Host(RefCell::default());
        let mut answers = Answers::default();
        for key in ["b", "a", "b", "x"] {
            assert_eq!(answers.find("T", key), None);
        }
        assert_eq!(answers.find("short", "a"), None);
        assert!(answers.fetch(&host));
        assert_eq!(*host.0.borrow(), ["T:a+b+x", "short:a"]);
        assert_eq!(answers.find("T", "a").unwrap().column(None), Ok("Va"));
        assert_eq!(answers.find("T", "a").unwrap().column(Some("k")), Ok("a"));
        assert!(!answers.fetch(&host));
    }

    #[test]
    fn tells_misses_from_defects() {
        let host = Host(RefCell::default());
        let mut answers = Answers::default();
        let _ = (
            answers.find("T", "x"),
            answers.find("T", "a"),
            answers.find("short", "a"),
        );
        answers.fetch(&host);
        let cases = [
            ("T", "x", None, true),
            ("T", "a", Some("w"), true),
            ("T", "a", Some("z"), false),
            ("short", "a", None, false),
        ];
        for (table, key, column, miss) in cases {
            let answer = answers.find(table, key).unwrap();
            assert!(answer.column(column).is_err());
            assert_eq!(answer.is_miss(column), miss, "{table} {key} {column:?}");
        }
    }
}
