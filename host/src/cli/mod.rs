//! The command line: one file per noun, each with its clap arguments and a `run` that answers an exit code. Data goes
//! to stdout, everything else to stderr. Nothing here decides; commands call the library and print.

pub mod beside;
pub mod check;
pub mod demo;
pub mod deploy;
pub mod dry_run;
pub mod history;
pub mod init;
mod log;
pub mod output;
pub mod plugin;
pub mod problem;
pub mod progress;
pub mod queue;
pub mod record;
pub mod replay;
pub mod rollback;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod scheme;
pub mod serve;
pub mod signals;
pub mod status;
pub mod tenant;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::lang::Lang;

/// dukou 渡口: carries business documents from one system to another, once each.
#[derive(Debug, Parser)]
#[command(name = "dukou", version, disable_help_subcommand = true)]
struct Cli {
    /// The project's folder
    #[arg(long, short = 'C', global = true, default_value = ".")]
    project: PathBuf,
    /// The language of people: zh or en (default: by LANG)
    #[arg(long, global = true)]
    lang: Option<Lang>,
    /// Print one JSON object on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Only errors on stderr
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a project that runs against the sandbox
    Init(init::Args),
    /// Sandbox, 1,000 orders with faults, one run, the overview
    Demo(demo::Args),
    /// Both simulated systems on loopback
    Sandbox(sandbox::Args),
    /// Lint every definition
    Check(check::Args),
    /// Pull, transform, deliver until nothing can move
    Run(run::Args),
    /// Scheduler and pipeline
    Serve(serve::Args),
    /// 运行概况: what is stuck, missing, broken, moving
    Status(status::Args),
    /// Put changed files into force, through the gate
    Deploy(Box<deploy::Args>),
    /// Go back to an earlier deployment
    Rollback(rollback::Args),
    /// What was in force since when, and what a version wrote
    History(history::Args),
    /// What would change: stored records through the version in force and the wanted one
    Replay(replay::Args),
    /// Everything that needs a person
    Problem(problem::Args),
    /// Records and their whole stories
    Record(record::Args),
    /// Deliveries that wait
    Queue(queue::Args),
    /// The customers of a project
    Tenant(tenant::Args),
    /// Schemes, and the file and line of every value
    Scheme(scheme::Args),
    /// Write, test, review and pack plugins
    Plugin(plugin::Args),
    /// JSON Schema of the definition files
    Schema(schema::Args),
    /// Compile a plugin in a limited process (used by dukou itself)
    #[command(hide = true, name = "compile-plugin")]
    CompilePlugin(deploy::CompileArgs),
}

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The project's folder.
    pub project: PathBuf,
    /// The language of people.
    pub lang: Lang,
    /// Machine output.
    pub json: bool,
    /// Only errors on stderr.
    pub quiet: bool,
}

/// Starts the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let lang = cli
        .lang
        .unwrap_or_else(|| Lang::of_locale(crate::settings::locale().as_deref()));
    let context = Context {
        project: cli.project,
        lang,
        json: cli.json,
        quiet: cli.quiet,
    };
    log::start(&context, matches!(cli.command, Command::Serve(_)));
    let result = match cli.command {
        Command::Init(args) => init::run(&context, args),
        Command::Demo(args) => demo::run(&context, args),
        Command::Sandbox(args) => sandbox::run(&context, args),
        Command::Check(args) => check::run(&context, args),
        Command::Run(args) => run::run(&context, args),
        Command::Serve(args) => serve::run(&context, args),
        Command::Status(args) => status::run(&context, args),
        Command::Deploy(args) => deploy::run(&context, *args),
        Command::Rollback(args) => rollback::run(&context, &args),
        Command::History(args) => history::run(&context, args),
        Command::Replay(args) => replay::run(&context, args),
        Command::Problem(args) => problem::run(&context, args),
        Command::Record(args) => record::run(&context, args),
        Command::Queue(args) => queue::run(&context, args),
        Command::Tenant(args) => tenant::run(&context, args),
        Command::Scheme(args) => scheme::run(&context, args),
        Command::Plugin(args) => plugin::run(&context, args),
        Command::Schema(args) => schema::run(&context, args),
        Command::CompilePlugin(args) => return deploy::compile(args),
    };
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => ExitCode::from(output::failure(&context, &error).code()),
    }
}

/// A failure with a code, a sentence in both languages and the exit code it ends in.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Stable code, e.g. `secret.missing`.
    pub code: &'static str,
    /// What happened and what to do next, already in the person's language.
    pub message: String,
    /// How the process ends.
    pub exit: Exit,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// One with the sentence of a key, in the person's language.
    pub(crate) fn said(
        lang: Lang,
        code: &'static str,
        key: &str,
        arguments: &[(&str, &dyn std::fmt::Display)],
        exit: Exit,
    ) -> Self {
        Self {
            code,
            message: lang.text(key, arguments),
            exit,
        }
    }
}

/// A [`Failure`] with the sentence of a key, for commands to return.
fn failure(
    context: &Context,
    code: &'static str,
    key: &str,
    arguments: &[(&str, &dyn std::fmt::Display)],
    exit: Exit,
) -> anyhow::Error {
    Failure::said(context.lang, code, key, arguments, exit).into()
}

/// That nothing is in force in a scheme.
fn none_deployed(context: &Context, scheme: &dyn std::fmt::Display) -> anyhow::Error {
    let key = "deploy.none";
    failure(context, key, key, &[("scheme", scheme)], Exit::Refused)
}
