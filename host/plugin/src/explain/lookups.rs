//! Rows of tables that the group looked up, changed one at a time and column by column. Each change needs a run of its own.

use std::sync::Arc;

use super::base::Reaction;
use super::bench::{Bench, parallel};
use super::beside::{MOST, Tried, settle};
use super::ledger::Ledger;
use super::watch::{Changed, RowAt, columns, invented, with_changed};
use super::{Origin, Untried, UntriedWhy};
use crate::host_state::SharedTables;

/// Columns of one row that are tried one by one.
const MOST_COLUMNS: usize = 12;

/// Tries every row that the group looked up.
pub(crate) fn try_rows(bench: &Bench<'_>, ledger: &mut Ledger<'_>) -> Vec<Untried> {
    let rows: Vec<&RowAt> = bench.base.looked_up.iter().take(MOST).collect();
    let tried = parallel(&rows, |at| try_row(bench, at));
    let mut untried = settle(ledger, tried.into_iter().flatten().collect());
    for (table, key) in bench.base.looked_up.iter().skip(MOST) {
        untried.push(Untried {
            what: format!("{table}[{key}]"),
            record: None,
            why: UntriedWhy::Bound,
        });
    }
    untried
}

fn try_row(bench: &Bench<'_>, at: &RowAt) -> Vec<Tried> {
    let (table, key) = at;
    let found = bench.tables.row(table, key);
    let origin = |column: Option<String>| Origin::Lookup {
        table: table.clone(),
        key: key.clone(),
        column,
        found: found.is_some(),
    };
    let run = |row: Option<String>| {
        let tables: SharedTables = Arc::new(Changed {
            inner: bench.tables.clone(),
            at: at.clone(),
            row,
        });
        bench.once(bench.chain, &tables)
    };
    let Some(row) = found else {
        // A miss: what a row would change.
        let mut whole = Tried::new(origin(None));
        match run(Some(invented(key))) {
            Some(reaction) => whole.reactions.push(reaction),
            None => whole.untried = Some(UntriedWhy::Bound),
        }
        return vec![whole];
    };
    let mut out = Vec::new();
    let names = columns(row, key);
    let shown = if names.len() > 1 { names.len() - 1 } else { names.len() };
    for column in names.iter().take(shown.min(MOST_COLUMNS)) {
        let mut one = Tried::new(origin(Some(column.clone())));
        for changed in with_changed(row, column).into_iter().take(2) {
            match run(Some(changed)) {
                Some(reaction) => one.reactions.push(reaction),
                None => one.untried = Some(UntriedWhy::Bound),
            }
            if one.reactions.iter().any(Reaction::tells) {
                break;
            }
        }
        let touches = |one: &Reaction| one.tells() || !one.differences.is_empty() || !one.refused.is_empty();
        if one.untried.is_some() || one.reactions.iter().any(touches) {
            out.push(one);
        }
    }
    if out.is_empty() {
        let mut whole = Tried::new(origin(None));
        whole.reactions.extend(run(None));
        out.push(whole);
    }
    out
}
