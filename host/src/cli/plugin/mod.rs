//! `dukou plugin …`: the author's loop, one file per verb.

pub mod build;
pub mod inspect;
pub mod ls;
pub mod new;
pub mod pack;
pub mod review;
pub mod test;

use clap::Subcommand;
use dukou_plugin_build::tool::Listener;

use super::Context;
use super::output::note;
use crate::author::PluginFolder;
use crate::exit::Exit;

/// The author's loop.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a plugin's folder that builds and passes its cases at once
    New(new::Args),
    /// Build the component with the language's own tool
    Build(build::Args),
    /// Run the cases, and the checks that come for free
    Test(test::Args),
    /// Step through new and changed outcomes and accept or reject them
    Review(review::Args),
    /// Write the one file: component, manifest and cases
    Pack(pack::Args),
    /// What a plugin may do and can never do
    Inspect(inspect::Args),
    /// List the plugins of the project and the stock ones
    Ls(ls::Args),
}

/// Runs the command.
///
/// # Errors
/// The verb's.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::New(args) => new::run(context, args),
        Command::Build(args) => build::run(context, args),
        Command::Test(args) => test::run(context, args),
        Command::Review(args) => review::run(context, args),
        Command::Pack(args) => pack::run(context, args),
        Command::Inspect(args) => inspect::run(context, args),
        Command::Ls(args) => ls::run(context, args),
    }
}

/// Who hears what a language's tool says while it builds: people on stderr, unless they want silence or JSON.
fn listener(context: &Context) -> Option<Listener> {
    (!context.quiet && !context.json).then_some(super::output::tool_line)
}

/// Tells people before a build that it comes first.
fn building(context: &Context) -> impl Fn(&PluginFolder) {
    let context = context.clone();
    move |folder| {
        note(
            &context,
            &context.lang.text("cases.building", &[("name", &folder.name)]),
        );
    }
}
