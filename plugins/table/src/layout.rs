//! The order of keys: rows with dotted paths become a tree of objects, each key where its first row stands.

use crate::errors::Findings;
use crate::program::{Content, Entry, List, Row};
use crate::settings::RawRow;

/// The document: head rows and lists in the order of the table.
pub(crate) fn document(table: &[RawRow], head: &[Row], lists: &[List], findings: &mut Findings) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut placed = vec![false; lists.len()];
    for row in table {
        if let Some(index) = head.iter().position(|known| known.target == row.target) {
            insert(&mut entries, &row.target, &row.target, Content::Row(index), findings);
        }
        let inside = |list: &List| {
            row.target
                .strip_prefix(&list.target)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if let Some(index) = lists.iter().position(inside)
            && !placed[index]
        {
            placed[index] = true;
            insert(
                &mut entries,
                &lists[index].target,
                &lists[index].target,
                Content::List(index),
                findings,
            );
        }
    }
    entries
}

/// A line: its rows in the order of the table.
pub(crate) fn line(list: &str, rows: &[Row], findings: &mut Findings) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        insert(
            &mut entries,
            &row.target[list.len() + 1..],
            &row.target,
            Content::Row(index),
            findings,
        );
    }
    entries
}

fn insert(entries: &mut Vec<Entry>, path: &str, target: &str, content: Content, findings: &mut Findings) {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let known = entries.iter().position(|entry| entry.name == name);
    let Some(rest) = rest else {
        if known.is_some() {
            conflict(target, findings);
        } else {
            entries.push(Entry {
                name: name.to_owned(),
                content,
            });
        }
        return;
    };
    let index = known.unwrap_or_else(|| {
        entries.push(Entry {
            name: name.to_owned(),
            content: Content::Object(Vec::new()),
        });
        entries.len() - 1
    });
    match &mut entries[index].content {
        Content::Object(inner) => insert(inner, rest, target, content, findings),
        Content::Row(_) | Content::List(_) => conflict(target, findings),
    }
}

fn conflict(target: &str, findings: &mut Findings) {
    let message = "another row gives this field, or the object that it stands in, a value; keep one of them";
    findings.add(format!("fields.{target}"), "field.conflict", message);
}
