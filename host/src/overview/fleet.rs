//! The matrix of a fleet: one row per scheme with what its own history says of the new version, the worst first, and the
//! command that opens it; then each kind of difference once, and totals. Counts, ids, places and money: no values.

use std::fmt::Display;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Lens;
use super::text::{NONE, argument, clean, count, money, short, table};
use crate::deploy::evidence::{ReplayFigures, Standing};
use crate::deploy::fleet::promote::Fate;
use crate::deploy::fleet::{Colour, Row, Shared, Unseen, shared};
use crate::deploy::gate::figures;

/// The most kinds of difference that text lists; JSON has all.
const MOST_SHARED: usize = 20;
/// The most edits that text names in a row; JSON has all.
const MOST_EDITS: usize = 5;
/// Characters of an edit's name in text.
const EDIT_CHARS: usize = 80;
/// Characters of an error in text.
const ERROR_CHARS: usize = 300;

/// What is shown.
pub struct Matrix<'a> {
    /// The rows, worst first.
    pub rows: &'a [Row],
    /// What became of each; empty for a plan.
    pub fates: &'a [Fate],
    /// The component's file, as the person wrote it.
    pub file: &'a str,
    /// Digest of its bytes.
    pub digest: dukou_core::digest::Digest,
    /// Days of history.
    pub days: u32,
}

/// Sums over all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Rows by colour, in the order of [`Colour::ALL`].
    pub colours: [u64; 5],
    /// Groups compared.
    pub groups: u64,
    /// With the same outcome.
    pub same: u64,
    /// With another.
    pub changed: u64,
    /// Of these, problems now.
    pub newly_failing: u64,
    /// Of these, problems before.
    pub newly_fixed: u64,
    /// Money of those with another outcome.
    pub touched: Decimal,
}

impl Totals {
    /// Of these rows.
    pub fn of(rows: &[Row]) -> Self {
        let mut totals = Self::default();
        for row in rows {
            for (colour, number) in Colour::ALL.iter().zip(&mut totals.colours) {
                *number += u64::from(*colour == row.colour());
            }
            let figures = row_figures(row).unwrap_or_default();
            totals.groups += figures.all.groups;
            totals.same += figures.same.groups;
            totals.changed += figures.changed.groups;
            totals.newly_failing += figures.newly_failing.groups;
            totals.newly_fixed += figures.newly_fixed.groups;
            totals.touched = totals.touched.saturating_add(figures.changed.amount);
        }
        totals
    }

    /// Rows of this colour.
    pub fn rows(&self, colour: Colour) -> u64 {
        let mut pairs = Colour::ALL.iter().zip(self.colours);
        pairs.find(|(one, _)| **one == colour).map_or(0, |(_, number)| number)
    }
}

fn row_figures(row: &Row) -> Option<ReplayFigures> {
    let looked = row.looked.as_ref().ok()?;
    looked.examined.comparison.as_ref().map(figures)
}

/// The command that opens a row, or that it waits for: what was never deployed, and edits that nobody deployed, come first.
fn open(matrix: &Matrix<'_>, row: &Row) -> String {
    let settle = match &row.looked {
        Ok(looked) => looked.examined.standing == Standing::First,
        Err(Unseen::Edited(_)) => true,
        Err(Unseen::Broken(_)) => false,
    };
    if settle {
        format!("dukou deploy {}", row.name)
    } else {
        format!("dukou replay {} --plugin {}", row.name, argument(matrix.file))
    }
}

/// The first few edits that hold a row.
fn edits(lens: &Lens<'_>, edits: &[String]) -> String {
    let mut names: Vec<String> = edits
        .iter()
        .take(MOST_EDITS)
        .map(|edit| short(edit, EDIT_CHARS))
        .collect();
    if edits.len() > MOST_EDITS {
        let more = edits.len() - MOST_EDITS;
        names.push(lens.lang.text("fleet.more", &[("count", &more)]));
    }
    lens.lang.text("fleet.edits", &[("edits", &names.join(", "))])
}

/// The matrix for people.
pub fn text(lens: &Lens<'_>, matrix: &Matrix<'_>) -> String {
    let lang = lens.lang;
    let head: [(&str, &dyn Display); 4] = [
        ("file", &clean(matrix.file)),
        ("digest", &matrix.digest.short()),
        ("count", &matrix.rows.len()),
        ("days", &matrix.days),
    ];
    let mut out = format!("{}\n\n", lang.text("fleet.head", &head));
    let header = [
        "scheme", "groups", "same", "changed", "failing", "fixed", "touched", "verdict",
    ]
    .map(|column| lang.t(&format!("fleet.column.{column}")));
    let mut rows: Vec<Vec<String>> = matrix.rows.iter().map(|row| cells(lens, matrix, row)).collect();
    let totals = Totals::of(matrix.rows);
    rows.push(sums(lens, &totals));
    // Never wrapped: each row is one line, followed by its command.
    let unwrapped = Lens { width: None, ..*lens };
    let drawn = table(&unwrapped, &header, &rows, &[1, 2, 3, 4, 5, 6]);
    let mut lines = drawn.lines();
    out.push_str(lines.next().unwrap_or_default());
    out.push('\n');
    for row in matrix.rows {
        out.push_str(lines.next().unwrap_or_default());
        out.push('\n');
        match &row.looked {
            Err(Unseen::Broken(error)) => out.push_str(&format!("  ! {}\n", short(error, ERROR_CHARS))),
            Err(Unseen::Edited(names)) => {
                out.push_str(&format!("  ! {}\n  → {}\n", edits(lens, names), open(matrix, row)));
            }
            Ok(_) => out.push_str(&format!("  → {}\n", open(matrix, row))),
        }
    }
    for line in lines {
        out.push_str(&format!("\n{line}\n"));
    }
    out.push_str(&patterns(lens, &shared(matrix.rows)));
    out
}

fn cells(lens: &Lens<'_>, matrix: &Matrix<'_>, row: &Row) -> Vec<String> {
    let mut cells = vec![row.name.to_string()];
    match row_figures(row) {
        None => cells.extend(std::iter::repeat_n(NONE.to_owned(), 6)),
        Some(figures) => cells.extend([
            count(figures.all.groups),
            count(figures.same.groups),
            count(figures.changed.groups),
            count(figures.newly_failing.groups),
            count(figures.newly_fixed.groups),
            money(figures.changed.amount),
        ]),
    }
    cells.push(verdict(lens, matrix, row));
    cells
}

/// The colour and why, or what became of it.
fn verdict(lens: &Lens<'_>, matrix: &Matrix<'_>, row: &Row) -> String {
    let lang = lens.lang;
    let colour = lang.t(&format!("fleet.colour.{}", row.colour().word()));
    let place = matrix.rows.iter().position(|other| other.name == row.name);
    let fate = place.and_then(|place| matrix.fates.get(place));
    match (fate, &row.looked) {
        (Some(fate), _) => format!("{colour} · {}", fate_text(lens, fate)),
        (None, Ok(looked)) => {
            let standing = lang.t(&format!("fleet.standing.{}", looked.examined.standing.word()));
            format!("{colour} · {standing}")
        }
        (None, Err(Unseen::Edited(_))) => format!("{colour} · {}", lang.t("fleet.standing.edited")),
        (None, Err(Unseen::Broken(_))) => format!("{colour} · {}", lang.t("fleet.standing.broken")),
    }
}

fn fate_text(lens: &Lens<'_>, fate: &Fate) -> String {
    match fate {
        Fate::Promoted(id) => lens.lang.text("fleet.fate.promoted", &[("id", id)]),
        Fate::Unchanged(id) => lens.lang.text("fleet.fate.unchanged", &[("id", id)]),
        Fate::InWave => lens.lang.t("fleet.fate.in-wave"),
        Fate::Held("moved") => lens.lang.t("fleet.fate.moved"),
        Fate::Held("beyond") => lens.lang.t("fleet.fate.beyond"),
        Fate::Held(_) => lens.lang.t("fleet.fate.held"),
    }
}

fn sums(lens: &Lens<'_>, totals: &Totals) -> Vec<String> {
    let colours: Vec<String> = Colour::ALL
        .iter()
        .zip(totals.colours)
        .filter(|(_, rows)| *rows > 0)
        .map(|(colour, rows)| format!("{} {rows}", lens.lang.t(&format!("fleet.colour.{}", colour.word()))))
        .collect();
    vec![
        lens.lang.t("fleet.total"),
        count(totals.groups),
        count(totals.same),
        count(totals.changed),
        count(totals.newly_failing),
        count(totals.newly_fixed),
        money(totals.touched),
        colours.join(", "),
    ]
}

fn patterns(lens: &Lens<'_>, shared: &[Shared]) -> String {
    if shared.is_empty() {
        return String::new();
    }
    let lang = lens.lang;
    let mut out = format!("\n{}\n", lang.t("fleet.patterns"));
    for one in shared.iter().take(MOST_SHARED) {
        let arguments: [(&str, &dyn Display); 6] = [
            ("id", &one.id),
            ("schemes", &one.schemes),
            ("groups", &count(one.groups)),
            ("amount", &money(one.amount)),
            ("kind", &one.kind),
            ("path", &clean(one.path.as_deref().unwrap_or(NONE))),
        ];
        out.push_str(&format!("  {}\n", lang.text("fleet.pattern", &arguments)));
    }
    if shared.len() > MOST_SHARED {
        let more = shared.len() - MOST_SHARED;
        out.push_str(&format!("  {}\n", lang.text("fleet.more", &[("count", &more)])));
    }
    out
}

/// The matrix for machines.
pub fn to_json(matrix: &Matrix<'_>) -> Value {
    let rows: Vec<Value> = matrix
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let mut entry = json!({
                "scheme": row.name.to_string(),
                "tenant": row.name.tenant,
                "colour": row.colour().word(),
                "standing": row.looked.as_ref().ok().map(|looked| looked.examined.standing.word()),
                "replay": row_figures(row),
                "patterns": row.looked.as_ref().map_or(0, |looked| looked.examined.patterns.len()),
                "open": open(matrix, row),
            });
            match &row.looked {
                Err(Unseen::Broken(error)) => entry["error"] = error.as_str().into(),
                Err(Unseen::Edited(names)) => entry["edits"] = json!(names),
                Ok(_) => {}
            }
            if let Some(fate) = matrix.fates.get(place) {
                entry["result"] = fate_json(fate);
            }
            entry
        })
        .collect();
    let totals = Totals::of(matrix.rows);
    let colours: serde_json::Map<String, Value> = Colour::ALL
        .iter()
        .map(|colour| (colour.word().to_owned(), totals.rows(*colour).into()))
        .collect();
    let patterns: Vec<Value> = shared(matrix.rows)
        .into_iter()
        .map(|one| {
            json!({
                "id": one.id, "kind": one.kind, "path": one.path, "schemes": one.schemes, "groups": one.groups,
                "amount": one.amount.to_string(), "accepted": one.accepted,
            })
        })
        .collect();
    json!({
        "file": matrix.file,
        "digest": matrix.digest.to_string(),
        "days": matrix.days,
        "rows": rows,
        "patterns": patterns,
        "totals": {
            "colours": colours, "groups": totals.groups, "same": totals.same, "changed": totals.changed,
            "newly_failing": totals.newly_failing, "newly_fixed": totals.newly_fixed,
            "touched": totals.touched.to_string(),
        },
    })
}

fn fate_json(fate: &Fate) -> Value {
    match fate {
        Fate::Promoted(id) => json!({ "state": "promoted", "deployment": id.to_string() }),
        Fate::Unchanged(id) => json!({ "state": "unchanged", "deployment": id.to_string() }),
        Fate::InWave => json!({ "state": "in-wave" }),
        Fate::Held(why) => json!({ "state": "held", "why": why }),
    }
}
