//! `dukou plugin review`: steps through new and changed outcomes, pattern by pattern, and writes what is accepted. In CI
//! it lists and never writes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use dukou_plugin::cases::{Pattern, Status, TestOptions, TestReport, patterns, test};
use serde_json::json;

use super::super::output::{self, note, say};
use super::super::{Context, Failure};
use super::test::{load, look_of, runtime_for};
use crate::author::cases_target::Target;
use crate::author::review;
use crate::exit::Exit;
use crate::overview::text::clean;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin review                      step through the changes on a terminal\n  \
    dukou plugin review --list               what waits, with the id of each pattern\n  \
    dukou plugin review --accept all         take everything as it is now\n  \
    dukou plugin review --accept 3f9c21aa --reject 77b0c1d2\n\n\
    Exit codes: 0 nothing left, 4 no cases, 5 rejected, or a case without a verdict, 9 refused (CI, or no terminal and no choice), \
    10 something still waits.\n\
    Next: dukou plugin test")]
pub struct Args {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Accept these patterns, or all
    #[arg(long, value_name = "ID|all", num_args = 1..)]
    pub accept: Vec<String>,
    /// Reject these patterns, or all that are not accepted
    #[arg(long, value_name = "ID|all", num_args = 1..)]
    pub reject: Vec<String>,
    /// Only say what waits
    #[arg(long, conflicts_with_all = ["accept", "reject"])]
    pub list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
}

/// Runs the command.
///
/// # Errors
/// A choice that does not exist, a refusal, files that cannot be written.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let runtime = runtime_for(context, &args.path)?;
    let target = load(context, &runtime, &args.path)?;
    let Some(folder) = target.folder.clone() else {
        let file = target.component.display();
        return Err(refused(context, "review.packed", &[("file", &file)], Exit::Usage));
    };
    if target.cases.cases.is_empty() {
        note(context, &context.lang.t("cases.summary.empty"));
        if context.json {
            output::json(json!({ "patterns": [] }));
        }
        return Ok(Exit::Nothing);
    }
    let options = TestOptions {
        grow: true,
        ..TestOptions::default()
    };
    let report = test(&runtime, &target.plugin, &target.cases, &options)?;
    let waiting = patterns(&report, &target.cases);
    if args.list || waiting.is_empty() {
        return Ok(list(context, &report, &waiting));
    }
    if crate::settings::in_ci() {
        return Err(refused(context, "review.ci", &[], Exit::Refused));
    }
    let chosen = !args.accept.is_empty() || !args.reject.is_empty();
    let decisions = if chosen {
        decide(context, &args, &waiting)?
    } else if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !context.json {
        ask(context, &report, &waiting)
    } else {
        return Err(refused(context, "review.needs_choice", &[], Exit::Refused));
    };
    settle(context, &target, &folder, &report, &waiting, &decisions)
}

fn refused(context: &Context, key: &str, arguments: &[(&str, &dyn std::fmt::Display)], exit: Exit) -> anyhow::Error {
    Failure {
        code: "cases.review",
        message: context.lang.text(&format!("cases.{key}"), arguments),
        exit,
    }
    .into()
}

fn list(context: &Context, report: &TestReport, patterns: &[Pattern]) -> Exit {
    if context.json {
        output::json(json!({ "patterns": patterns.iter().map(review::to_json).collect::<Vec<_>>() }));
    } else if patterns.is_empty() {
        say(&context.lang.t("cases.review.none"));
    } else {
        let shown: Vec<String> = patterns
            .iter()
            .map(|pattern| review::render(pattern, report, look_of(context)))
            .collect();
        say(&shown.join("\n\n"));
    }
    let broken = broken(context, report, patterns);
    if broken > 0 {
        Exit::Problems
    } else if patterns.iter().any(|pattern| pattern.is_pending) {
        Exit::Pending
    } else {
        Exit::Done
    }
}

/// How many cases failed in a way that nobody can accept: no verdict, or too dear at 1,000 lines. Says so.
fn broken(context: &Context, report: &TestReport, patterns: &[Pattern]) -> usize {
    let in_pattern = |name: &String| {
        patterns
            .iter()
            .any(|one| !one.kind.is_cost() && one.cases.contains(name))
    };
    let failed = report.cases.iter().filter(|case| case.status == Status::Failed);
    let names: Vec<&str> = failed
        .filter(|case| !in_pattern(&case.name))
        .map(|case| case.name.as_str())
        .collect();
    if !names.is_empty() {
        let shown = clean(&names.join(", "));
        let text = context
            .lang
            .text("cases.review.broken", &[("count", &names.len()), ("names", &shown)]);
        note(context, &text);
    }
    names.len()
}

/// The decisions of the command line; what it does not name is skipped.
fn decide(context: &Context, args: &Args, patterns: &[Pattern]) -> anyhow::Result<Vec<Decision>> {
    for id in args.accept.iter().chain(&args.reject) {
        if id != "all" && !patterns.iter().any(|pattern| pattern.id == *id) {
            return Err(refused(context, "review.unknown_id", &[("id", id)], Exit::NotFound));
        }
        if args.accept.contains(id) && args.reject.contains(id) {
            return Err(refused(context, "review.both", &[("id", id)], Exit::Usage));
        }
    }
    // A pattern that is named beats `all`.
    let names = |list: &[String], word: &str| list.iter().any(|one| one == word);
    let decision = |pattern: &Pattern| match () {
        () if names(&args.accept, &pattern.id) => Decision::Accept,
        () if names(&args.reject, &pattern.id) => Decision::Reject,
        () if names(&args.accept, "all") => Decision::Accept,
        () if names(&args.reject, "all") => Decision::Reject,
        () => Decision::Skip,
    };
    Ok(patterns.iter().map(decision).collect())
}

/// Asks a person, pattern by pattern; the end of input leaves the rest as it is.
fn ask(context: &Context, report: &TestReport, patterns: &[Pattern]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut lines = std::io::stdin().lock().lines();
    'patterns: for (index, pattern) in patterns.iter().enumerate() {
        let shown = review::render(pattern, report, look_of(context));
        say(&format!("\n{}/{}  {shown}", index + 1, patterns.len()));
        loop {
            let mut out = std::io::stdout().lock();
            // A terminal that went away answers with the end of input.
            let _ = write!(out, "{}", context.lang.t("cases.review.ask")).and_then(|()| out.flush());
            drop(out);
            let Some(Ok(line)) = lines.next() else { break 'patterns };
            match line.trim() {
                "a" => decisions.push(Decision::Accept),
                "r" => decisions.push(Decision::Reject),
                "s" | "" => decisions.push(Decision::Skip),
                "q" => break 'patterns,
                _ => {
                    say(&context.lang.t("cases.review.keys"));
                    continue;
                }
            }
            break;
        }
    }
    decisions.resize(patterns.len(), Decision::Skip);
    decisions
}

fn settle(
    context: &Context,
    target: &Target,
    folder: &std::path::Path,
    report: &TestReport,
    patterns: &[Pattern],
    decisions: &[Decision],
) -> anyhow::Result<Exit> {
    let of = |wanted: Decision| -> Vec<&Pattern> {
        let pairs = patterns.iter().zip(decisions);
        pairs
            .filter(|(_, decision)| **decision == wanted)
            .map(|(pattern, _)| pattern)
            .collect()
    };
    let (accepted, rejected, skipped) = (of(Decision::Accept), of(Decision::Reject), of(Decision::Skip));
    let written = review::accept(folder, &target.cases, report, &accepted)?;
    let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    if context.json {
        let ids = |list: &[&Pattern]| list.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        output::json(json!({
            "patterns": patterns.iter().map(review::to_json).collect::<Vec<_>>(),
            "accepted": ids(&accepted),
            "rejected": ids(&rejected),
            "skipped": ids(&skipped),
            "written": written,
        }));
    } else {
        for file in &written {
            say(&context.lang.text("cases.review.wrote", &[("file", file)]));
        }
        for (key, list) in [("accepted", &accepted), ("rejected", &rejected), ("skipped", &skipped)] {
            let count: usize = list.iter().map(|one| one.cases.len()).sum();
            if count > 0 {
                say(&context.lang.text(&format!("cases.review.{key}"), &[("count", &count)]));
            }
        }
    }
    let broken = broken(context, report, patterns);
    Ok(if !rejected.is_empty() || broken > 0 {
        Exit::Problems
    } else if skipped.iter().any(|one| one.is_pending) {
        Exit::Pending
    } else {
        Exit::Done
    })
}
