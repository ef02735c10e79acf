//! `dukou replay SCHEME`: what would change if another version mapped what is stored. Reads the store and keeps outcomes
//! for the next replay; has no way to the remote systems.

mod wanted;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_replay::{Comparison, Options, Progress, replay};
use dukou_store::rows::{Deployment, Span};

use super::output::{self, note, say};
use super::progress::Replaying;
use super::{Context, Failure};
use crate::compose::Host;
use crate::deploy::gate::{USUAL_DAYS, threads};
use crate::deploy::stored::{RememberedOutcomes, StoredHistory};
use crate::deploy::{Wanted, activate};
use crate::exit::Exit;
use crate::lang::Lang;
use crate::overview::Lens;
use crate::overview::replay::{Edition, Report, html, text, to_json};
use crate::scheme::{Scheme, time_in};

pub use wanted::stand_in;

/// What would change: stored records through the version in force and the one that is wanted.
///
/// Examples:
///   dukou replay lanmao/sales-out                           edited files beside what is in force
///   dukou replay lanmao/sales-out --plugin sales-2.wasm     a component in the place of the scheme's
///   dukou replay lanmao/sales-out --plugin 3f9c81aa         a plugin or deployment that was in force before
///   dukou replay lanmao/sales-out --from 2026-10-01 --html report.html
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// NAME or TENANT/NAME; may be left out where there is one
    pub scheme: Option<String>,
    /// A component file, or the digest of a plugin or deployment (at least eight digits), instead of what the files say
    #[arg(long, value_name = "FILE|DIGEST")]
    pub plugin: Option<String>,
    /// Records received from then on, in the scheme's time zone (default: the last 30 days)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Records received until then
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Write the report as one HTML file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Map everything again, also what earlier replays know
    #[arg(long)]
    pub no_cache: bool,
}

/// Runs the command. Exit code 10 where something would change.
///
/// # Errors
/// Definitions and plugins; a scheme, plugin or digest that is not there; nothing to compare; the store.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let host = Host::open(&context.project)?;
    let name = host.project.choose(args.scheme.as_deref())?;
    let Some(active) = host.store.active(&name)? else {
        return Err(failure(
            context,
            "replay.not-deployed",
            &[("scheme", &name)],
            Exit::Nothing,
        ));
    };
    let (old_scheme, old) = activate::load(&host.project, host.store.as_ref(), &host.runtime, &active)?;
    let (scheme, wanted) = wanted::wanted(context, &host, &name, args.plugin.as_deref())?;
    let span = span(context, &host, &scheme, &args)?;
    let (before, after) = (old.version(&old_scheme), wanted.version(&scheme));
    let history = StoredHistory::new(host.store.as_ref(), &name, span);
    let memory = RememberedOutcomes::new(host.store.as_ref(), host.clock.now());
    let seen = std::sync::Mutex::new(Progress::default());
    let shown = Replaying::start(context, &name);
    let start = host.clock.monotonic();
    let options = Options {
        threads: threads(),
        memory: if args.no_cache { None } else { Some(&memory) },
        watch: &|progress| {
            shown.see(progress);
            *seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = progress;
        },
    };
    let comparison = replay(&history, &before, &after, &options);
    shown.finish();
    let comparison = comparison.map_err(|error| Failure {
        code: error.code(),
        message: std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
        exit: Exit::Internal,
    })?;
    let took_ms = host.clock.monotonic().saturating_sub(start).as_millis();
    if comparison.all.groups == 0 {
        return Err(failure(
            context,
            "replay.no-groups",
            &[("scheme", &name)],
            Exit::Nothing,
        ));
    }
    let seen = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    note(context, &rate(context, &seen, took_ms));
    let lens = Lens {
        width: crate::overview::text::terminal_width(),
        ..Lens::of(&scheme, context.lang, host.clock.now())
    };
    let report = Report {
        scheme: &name,
        before: Edition::deployed(&active),
        after: Edition::wanted(&wanted),
        comparison: &comparison,
    };
    if let Some(path) = &args.html {
        write(context, path, &html::page(&lens, &report))?;
    }
    if context.json {
        output::json(to_json(&lens, &report));
    } else {
        say(text::text(&lens, &report).trim_end());
    }
    Ok(if comparison.changed.groups == 0 {
        Exit::Done
    } else {
        Exit::Pending
    })
}

/// Writes a replay's report as one HTML file: what is in force beside what is wanted.
///
/// # Errors
/// When the file cannot be written.
pub fn write_html(
    context: &Context,
    path: &Path,
    lens: &Lens<'_>,
    scheme: &SchemeName,
    before: Option<&Deployment>,
    wanted: &Wanted,
    comparison: &Comparison,
) -> anyhow::Result<()> {
    let after = Edition::wanted(wanted);
    let report = Report {
        scheme,
        before: before.map_or_else(|| after.clone(), Edition::deployed),
        after,
        comparison,
    };
    write(context, path, &html::page(lens, &report))
}

fn write(context: &Context, path: &Path, page: &str) -> anyhow::Result<()> {
    std::fs::write(path, page).map_err(|error| unwritable(context.lang, path, &error))?;
    note(
        context,
        &context.lang.text("replay.written", &[("path", &path.display())]),
    );
    Ok(())
}

/// A file that a person named and that cannot be made there.
pub fn unwritable(lang: Lang, path: &Path, error: &std::io::Error) -> anyhow::Error {
    let arguments: [(&str, &dyn Display); 2] = [("path", &path.display()), ("reason", error)];
    Failure {
        code: "file.unwritable",
        message: lang.text("replay.unwritable", &arguments),
        exit: if error.kind() == std::io::ErrorKind::NotFound {
            Exit::NotFound
        } else {
            Exit::Usage
        },
    }
    .into()
}

/// The records that are replayed.
fn span(context: &Context, host: &Host, scheme: &Scheme, args: &Args) -> anyhow::Result<Span> {
    let time = |text: &Option<String>| -> anyhow::Result<Option<DateTime<Utc>>> {
        let Some(text) = text else { return Ok(None) };
        match time_in(text, scheme.source.zone) {
            Some(time) => Ok(Some(time)),
            None => Err(failure(context, "replay.bad-time", &[("text", text)], Exit::Usage)),
        }
    };
    let usual = || host.clock.now().checked_sub_days(chrono::Days::new(USUAL_DAYS.into()));
    Ok(Span {
        from: match time(&args.from)? {
            Some(from) => Some(from),
            // With an end but no beginning, everything before it is meant.
            None if args.to.is_some() => None,
            None => usual(),
        },
        to: time(&args.to)?,
    })
}

/// How fast it was; on stderr only, because it differs from run to run.
fn rate(context: &Context, seen: &Progress, took_ms: u128) -> String {
    let per_second = u128::from(seen.done) * 1_000 / took_ms.max(1);
    let count = |number: u128| crate::overview::text::count(u64::try_from(number).unwrap_or(u64::MAX));
    let seconds = format!("{}.{}", took_ms / 1_000, took_ms % 1_000 / 100);
    let arguments: [(&str, &dyn Display); 4] = [
        ("groups", &count(seen.done.into())),
        ("seconds", &seconds),
        ("rate", &count(per_second)),
        ("remembered", &count(seen.remembered.into())),
    ];
    context.lang.text("replay.rate", &arguments)
}

fn failure(context: &Context, code: &'static str, arguments: &[(&str, &dyn Display)], exit: Exit) -> anyhow::Error {
    crate::cli::failure(context, code, code, arguments, exit)
}
