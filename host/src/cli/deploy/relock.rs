//! `dukou deploy --relock`: `dukou.lock` written anew from what is in force, where it was lost or damaged. Changes nothing
//! that runs.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::output::{self, note, say};
use crate::compose::Host;
use crate::deploy::lock;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// The store's; a file that cannot be written.
pub(super) fn run(context: &Context, host: &Host, dry_run: bool) -> anyhow::Result<Exit> {
    let written = lock::relock(&host.project, host.store.as_ref(), dry_run)?;
    if context.json {
        let rows = written.iter();
        let rows: Value = rows
            .map(|one| json!({ "scheme": one.scheme, "pinned": one.pinned }))
            .collect();
        output::json(json!({ "relocked": rows, "dry_run": dry_run }));
        return Ok(Exit::Done);
    }
    let pinned: usize = written.iter().map(|one| one.pinned.len()).sum();
    for one in written.iter().filter(|one| !one.pinned.is_empty()) {
        say(&format!("{}  {}", one.scheme, one.pinned.join(", ")));
    }
    let key = if dry_run { "lock.would-relock" } else { "lock.relocked" };
    let arguments: [(&str, &dyn Display); 2] = [("count", &written.len()), ("pinned", &pinned)];
    note(context, &context.lang.text(key, &arguments));
    Ok(Exit::Done)
}
