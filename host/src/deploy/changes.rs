//! What differs between what is in force and what is wanted, before anything is replayed: plugins by digest, settings and
//! the rest of the definition by path, tables by rows, catalogues by field. Values are short; nothing is judged.

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
    let mut changes = plugins(before.plugins, after.plugins);
    let (mut settings, mut catalogues, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    each_difference(&parsed(before.definition), &parsed(after.definition), &mut |place| {
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

fn plugins(before: &[(String, Digest)], after: &[(String, Digest)]) -> Vec<Change> {
    let of = |list: &[(String, Digest)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, digest)| digest.short())
    };
    let mut names: Vec<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.as_str()));
    names
        .into_iter()
        .map(|name| (name, of(before, name), of(after, name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Change {
            what: "plugin".to_owned(),
            name: name.clone(),
            before,
            after,
        })
        .collect()
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
mod tests {
    use super::*;

    #[test]
    fn plugins_settings_tables_and_the_rest_are_told_apart() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let rows = |pairs: &[(&str, &str)]| -> Rows {
            pairs
                .iter()
                .map(|(key, row)| ((*key).to_owned(), (*row).to_owned()))
                .collect()
        };
        let before_tables = BTreeMap::from([("客户".to_owned(), rows(&[("1", "a"), ("2", "b"), ("3", "c")]))]);
        let after_tables = BTreeMap::from([("客户".to_owned(), rows(&[("1", "a"), ("2", "x"), ("4", "d")]))]);
        let before = Side {
            definition: r#"{"source":{"schedule":{"cron":"*/5 * * * *"}},"mapping":{"settings":{"fields":{"Memo":"a"}}}}"#,
            plugins: &[("table".into(), one), ("gone".into(), one)],
            tables: &before_tables,
        };
        let after = Side {
            definition: r#"{"source":{"schedule":{"cron":"* * * * *"}},"mapping":{"settings":{"fields":{"Memo":"b"}}}}"#,
            plugins: &[("table".into(), two)],
            tables: &after_tables,
        };
        let found: Vec<(String, String, Option<String>, Option<String>)> = between(&before, &after)
            .into_iter()
            .map(|one| (one.what, one.name, one.before, one.after))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("plugin".into(), "table".into(), Some(one.short()), Some(two.short())),
                ("plugin".into(), "gone".into(), Some(one.short()), None),
                (
                    "setting".into(),
                    "mapping.settings.fields.Memo".into(),
                    text("\"a\""),
                    text("\"b\"")
                ),
                ("table".into(), "客户".into(), text("3"), text("3 (+1 −1 ~1)")),
                (
                    "definition".into(),
                    "source.schedule.cron".into(),
                    text("\"*/5 * * * *\""),
                    text("\"* * * * *\"")
                ),
            ]
        );
        assert_eq!(between(&before, &before), []);
    }
}
