//! What differs between what is in force and what is wanted, before anything is replayed: plugins by place and digest, settings and
//! the rest of the definition by path, tables by rows, catalogues by field. Values are short; nothing is judged.

mod plugins;

use std::collections::BTreeMap;

use dukou_core::digest::Digest;
use dukou_plugin::cases::each_difference;
use serde_json::Value;

use super::evidence::Change;

/// The most changes that are listed of one deployment; the rest is in the definitions.
const MOST: usize = 200;
/// Characters of a value.
const SHOWN_CHARS: usize = 120;

/// One side of a comparison.
pub struct Side<'a> {
    /// The resolved definition, as stored.
    pub definition: &'a str,
    /// Plugin names and digests in chain order.
    pub plugins: &'a [(String, Digest)],
    /// Tables by name, rows by key.
    pub tables: &'a BTreeMap<String, BTreeMap<String, String>>,
}

/// Everything that differs, in the order people look: plugins, settings, tables, catalogues, the rest.
pub fn between(before: &Side<'_>, after: &Side<'_>) -> Vec<Change> {
    let (was, is) = (parsed(before.definition), parsed(after.definition));
    let mut changes = plugins::differing((&was, before.plugins), (&is, after.plugins));
    let (mut settings, mut catalogues, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    each_difference(&was, &is, &mut |place| {
        let (what, list) = if place.path.contains(".settings") || place.path.contains("].settings") {
            ("setting", &mut settings)
        } else if place.path.contains("_catalogue") {
            ("catalogue", &mut catalogues)
        } else {
            ("definition", &mut rest)
        };
        list.push(Change {
            what: what.to_owned(),
            name: place.path.to_owned(),
            before: place.expected.map(short),
            after: place.actual.map(short),
        });
    });
    changes.extend(settings);
    changes.extend(tables(before.tables, after.tables));
    changes.extend(catalogues);
    // Where things come from and go to is never cut off: the gate looks for it here.
    changes.truncate(MOST);
    changes.extend(rest);
    changes
}

fn parsed(definition: &str) -> Value {
    // A stored definition is JSON; one that is not differs whole.
    serde_json::from_str(definition).unwrap_or_else(|_| Value::from(definition))
}

type Rows = BTreeMap<String, String>;

fn tables(before: &BTreeMap<String, Rows>, after: &BTreeMap<String, Rows>) -> Vec<Change> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|name| (name, before.get(name), after.get(name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Change {
            what: "table".to_owned(),
            name: name.clone(),
            before: before.map(|rows| rows.len().to_string()),
            after: after.map(|rows| format!("{}{}", rows.len(), moved(before, rows))),
        })
        .collect()
}

/// ` (+3 −1 ~2)`: rows added, gone, changed.
fn moved(before: Option<&Rows>, after: &Rows) -> String {
    let Some(before) = before else {
        return String::new();
    };
    let added = after.keys().filter(|key| !before.contains_key(*key)).count();
    let gone = before.keys().filter(|key| !after.contains_key(*key)).count();
    let changed = after
        .iter()
        .filter(|(key, row)| before.get(*key).is_some_and(|known| known != *row))
        .count();
    let parts = [("+", added), ("−", gone), ("~", changed)];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect();
    format!(" ({})", parts.join(" "))
}

fn short(value: &Value) -> String {
    crate::overview::text::short(&value.to_string(), SHOWN_CHARS)
}

#[cfg(test)]
mod tests;
