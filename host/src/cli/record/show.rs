//! `dukou record show`: one order's whole story. Reads only.

use crate::cli::Context;
use crate::cli::output::{self, say};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::story;

use super::find::find;

/// Which record.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record's key, a delivery's key, or another number of it
    key: String,
    /// NAME or TENANT/NAME; every scheme is searched if left out
    scheme: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or the record is not there.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let again = |scheme: &str| {
        format!(
            "dukou record show {} {scheme}",
            crate::overview::text::argument(&args.key)
        )
    };
    let (scheme, found) = find(&desk, &args.key, args.scheme.as_deref(), &again)?;
    let look = desk.look(&scheme);
    let lens = desk.lens(&look);
    if context.json {
        output::json(story::to_json(&lens, &found));
    } else {
        say(story::text(&lens, &found).trim_end());
    }
    Ok(Exit::Done)
}
