//! `dukou plugin test`: runs the cases and the checks that come for free. Writes nothing but the JUnit file it is asked
//! for.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use dukou_plugin::Runtime;
use dukou_plugin::cases::{TestOptions, TestReport, Verdict, junit, test};

use super::super::output::{self, note, say};
use super::super::{Context, Failure};
use crate::author::cases_target::{self, Target};
use crate::author::cases_watch::{INTERVAL, look};
use crate::author::report::{Look, render};
use crate::compose;
use crate::exit::Exit;
use crate::overview::text::terminal_width;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin test                          the plugin in this folder\n  \
    dukou plugin test plugins/shop-rules.wasm  a packed file with its cases inside\n  \
    dukou plugin test --watch --filter 退款    again on every change, only some cases\n  \
    dukou plugin test --json --junit out.xml   for machines\n\n\
    Exit codes: 0 all passed, 3 a case file or the component is wrong, 4 no cases, 5 something failed, 10 only pending.\n\
    Next: dukou plugin review")]
pub struct Args {
    /// The plugin's folder, or a packed component
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Only cases whose name or title contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Test again whenever a file changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Only the cases, without the checks on top
    #[arg(long)]
    pub no_checks: bool,
}

/// Runs the command.
///
/// # Errors
/// Cases or a component that cannot be used, what is no fault of theirs; with `--watch` they are told and the next change
/// is waited for.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let runtime = runtime_for(context, &args.path)?;
    loop {
        let before = look(&args.path);
        let exit = once(context, &args, &runtime);
        if !args.watch {
            return exit;
        }
        if let Err(error) = exit {
            let _ = output::failure(context, &error);
        }
        let folder = args.path.display();
        note(context, &context.lang.text("cases.watching", &[("folder", &folder)]));
        while look(&args.path) == before {
            std::thread::sleep(INTERVAL);
        }
        note(context, &context.lang.t("cases.changed"));
    }
}

/// The engine. Compiled code is kept beside what is built, or in the project; nothing is left in other folders.
pub(super) fn runtime_for(context: &Context, path: &Path) -> anyhow::Result<Runtime> {
    let root = if path.is_dir() { path } else { &context.project };
    if root.join("plugin.json").is_file() || root.join("dukou.toml").is_file() {
        compose::runtime(root)
    } else {
        compose::passing_runtime()
    }
}

fn once(context: &Context, args: &Args, runtime: &Runtime) -> anyhow::Result<Exit> {
    let target = load(context, runtime, &args.path)?;
    let clock = compose::clock();
    let options = TestOptions {
        filter: args.filter.clone(),
        grow: true,
        checks: !args.no_checks,
        stopwatch: Some(std::sync::Arc::new(move || clock.monotonic())),
        ..TestOptions::default()
    };
    let report = test(runtime, &target.plugin, &target.cases, &options)?;
    if let Some(file) = &args.junit {
        write_junit(context, file, &report)?;
    }
    if context.json {
        output::json(report.to_json());
    } else {
        say(&render(&report, look_of(context)));
    }
    Ok(exit_of(&report))
}

/// Loads what a command is pointed at, and says so if a build comes first.
pub(super) fn load(context: &Context, runtime: &Runtime, path: &Path) -> anyhow::Result<Target> {
    cases_target::load(runtime, path, &super::building(context), super::listener(context))
}

/// How a test ends the process.
pub(super) fn exit_of(report: &TestReport) -> Exit {
    match report.verdict() {
        Verdict::Passed => Exit::Done,
        Verdict::Failed => Exit::Problems,
        Verdict::Pending => Exit::Pending,
        Verdict::Empty => Exit::Nothing,
    }
}

pub(super) fn look_of(context: &Context) -> Look {
    Look {
        lang: context.lang,
        columns: terminal_width().map(usize::from),
        colour: std::io::stdout().is_terminal() && crate::settings::colour_allowed(),
    }
}

fn write_junit(context: &Context, file: &Path, report: &TestReport) -> anyhow::Result<()> {
    std::fs::write(file, junit(report)).map_err(|error| {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("file", &file.display()), ("reason", &error)];
        Failure {
            code: "cases.junit",
            message: context.lang.text("cases.junit_fails", &arguments),
            exit: Exit::Internal,
        }
        .into()
    })
}
