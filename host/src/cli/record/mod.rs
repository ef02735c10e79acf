//! `dukou record ls|show|explain|capture`: records, one order's whole story, where its document comes from, and a case
//! made of it. Changes nothing in the store.

pub mod capture;
pub mod explain;
pub mod find;
pub mod force;
pub mod ls;
pub mod show;

use clap::Subcommand;

use super::Context;
use crate::exit::Exit;

/// Records and their whole stories.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List records with the scheme's columns
    Ls(ls::Args),
    /// One order's whole story: raw, mapped, requests, replies, problems, what happens next
    Show(show::Args),
    /// Which source field, table row, setting or constant made each field of the document
    Explain(explain::Args),
    /// Turn stored records into test cases for a plugin, without personal data
    Capture(capture::Args),
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or the record is not there.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => ls::run(context, args),
        Command::Show(args) => show::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Capture(args) => capture::run(context, &args),
    }
}
