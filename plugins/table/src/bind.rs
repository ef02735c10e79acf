//! Which list of the source each list of the target walks. It comes before all other rows, because it says which source
//! paths are lists.

use crate::errors::Findings;
use crate::program::Row;
use crate::settings::{RawLines, RawRow, RawValue};
use crate::shape::{ROOT, Shape};
use crate::target::Target;

/// A list of the target while its rows are gathered.
#[derive(Debug)]
pub(crate) struct Binding {
    /// The target path.
    pub(crate) target: String,
    /// The level whose elements become lines; `None` if the binding is wrong, which has been told.
    pub(crate) level: Option<usize>,
    /// The fields of a line.
    pub(crate) rows: Vec<Row>,
    /// How lines are made.
    pub(crate) lines: RawLines,
}

/// A target list with the source list that its row names.
struct Bound {
    target: String,
    source: Option<String>,
    lines: RawLines,
}

/// Binds lists by their rows, and by `each` where there is no row.
pub(crate) fn bindings(
    target: &Target,
    rows: &[RawRow],
    lines: Vec<(String, RawLines)>,
    shape: &mut Shape,
    findings: &mut Findings,
) -> Vec<Binding> {
    let mut bound: Vec<Bound> = Vec::new();
    for row in rows.iter().filter(|row| target.is_list(&row.target)) {
        if let Some(source) = source_of(target, row, findings) {
            bound.push(Bound {
                target: row.target.clone(),
                source,
                lines: RawLines::default(),
            });
        }
    }
    for (list, settings) in lines {
        let row = rows.iter().find(|row| row.target == list);
        if let Some(known) = bound.iter_mut().find(|known| known.target == list) {
            known.lines = settings;
        } else if !target.is_list(&list) || (row.is_none() && settings.each.is_none()) {
            findings.add(format!("lines.{list}"), "lines.unknown", target.unknown_list(&list));
        } else if row.is_none() {
            bound.push(Bound {
                target: list,
                source: settings.each.clone(),
                lines: settings,
            });
        }
        // What is left is a list that its row takes out: the settings of a base for its lines mean nothing then.
    }
    for path in bound
        .iter()
        .flat_map(|known| [&known.source, &known.lines.each])
        .flatten()
    {
        if is_plain_path(path) {
            shape.declare_list(path);
        }
    }
    let mut bindings = Vec::with_capacity(bound.len());
    for Bound { target, source, lines } in bound {
        let level = source.and_then(|source| {
            level(&target, &source, lines.each.as_deref(), shape)
                .map_err(|(path, code, message)| findings.add(path, code, message))
                .ok()
        });
        bindings.push(Binding {
            target,
            level,
            rows: Vec::new(),
            lines,
        });
    }
    bindings
}

/// The source list that an array's row names: `None` if the row takes the list out, `Some(None)` if it is wrong.
fn source_of(target: &Target, row: &RawRow, findings: &mut Findings) -> Option<Option<String>> {
    let path = format!("fields.{}", row.target);
    if target.list_of(&row.target).is_some() {
        findings.add(
            path,
            "array.nested",
            "a list inside another list of the target is not supported",
        );
        return Some(None);
    }
    match &row.value {
        RawValue::Removed => None,
        RawValue::Template(text) if text.trim().is_empty() => None,
        RawValue::Template(text) => Some(Some(
            text.trim()
                .trim_start_matches("{{")
                .trim_end_matches("}}")
                .trim()
                .to_owned(),
        )),
        RawValue::Wrong => Some(None),
        RawValue::List(_) => {
            findings.add(
                path,
                "array.binding",
                "write the name of the source's list: \"details_list\"",
            );
            Some(None)
        }
    }
}

/// The level of the list that `each` names, or the row if there is no `each`.
fn level(
    target: &str,
    source: &str,
    each: Option<&str>,
    shape: &mut Shape,
) -> Result<usize, (String, &'static str, String)> {
    if !is_plain_path(source) {
        let message = format!("{source} is no name of a list of the source; write it like \"details_list\"");
        return Err((format!("fields.{target}"), "array.binding", message));
    }
    let path = format!("lines.{target}.each");
    let each = each.unwrap_or(source);
    let inside = each
        .strip_prefix(source)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if !is_plain_path(each) || !inside {
        let message = format!("each names {source}, to which the row binds the lines, or a list inside it: {source}.…");
        return Err((path, "lines.each", message));
    }
    shape.list(each).map_err(|message| (path, "lines.each", message))
}

/// The outermost list around the elements of a level.
pub(crate) fn outermost(shape: &Shape, mut level: usize) -> usize {
    while shape.levels[level].parent != ROOT {
        level = shape.levels[level].parent;
    }
    level
}

/// Whether a text can name a source path: names and dots.
fn is_plain_path(text: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    text.split('.').all(plain)
}
