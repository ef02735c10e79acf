//! `dukou replay SCHEME`: what would change if another version mapped what is stored. Reads the store and keeps outcomes
//! for the next replay; has no way to the remote systems.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_plugin::{InspectionLimits, inspect};
use dukou_replay::{Comparison, Options, Progress, replay};
use dukou_store::rows::{Deployment, Span};

use super::deploy::component;
use super::output::{self, note, say};
use super::progress::Replaying;
use super::{Context, Failure};
use crate::compose::Host;
use crate::deploy::gate::{USUAL_DAYS, threads};
use crate::deploy::stored::{RememberedOutcomes, StoredHistory};
use crate::deploy::wanted::names;
use crate::deploy::{Override, Wanted, activate, wanted_with};
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::replay::{Edition, Report, html, text, to_json};
use crate::scheme::{Scheme, time_in};

/// The fewest digits that name a digest.
const FEWEST_DIGITS: usize = 8;
/// Deployments of one scheme that a digest is looked for in.
const MOST_DEPLOYMENTS: usize = 10_000;

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
        return Err(failure(context, "replay.not-deployed", "replay.not-deployed", &[("scheme", &name)], Exit::Nothing));
    };
    let (old_scheme, old) = activate::load(&host.project, host.store.as_ref(), &host.runtime, &active)?;
    let (scheme, wanted) = wanted(context, &host, &name, args.plugin.as_deref())?;
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
        message: std::error::Error::source(&error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
        exit: Exit::Internal,
    })?;
    let took_ms = host.clock.monotonic().saturating_sub(start).as_millis();
    if comparison.all.groups == 0 {
        return Err(failure(context, "replay.no-groups", "replay.no-groups", &[("scheme", &name)], Exit::Nothing));
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
    use anyhow::Context as _;
    std::fs::write(path, page).with_context(|| format!("writing {}", path.display()))?;
    note(context, &context.lang.text("replay.written", &[("path", &path.display())]));
    Ok(())
}

/// What is to be compared with what is in force.
fn wanted(context: &Context, host: &Host, name: &SchemeName, plugin: Option<&str>) -> anyhow::Result<(Scheme, Wanted)> {
    let stand_in = match plugin {
        None => None,
        Some(text) if text.ends_with(".wasm") || Path::new(text).is_file() => {
            let scheme = host.project.load_scheme(name)?;
            Some(stand_in(context, &scheme, Path::new(text))?)
        }
        Some(text) => match by_digest(context, host, name, text)? {
            Found::Plugin(other) => Some(other),
            Found::Deployment(deployment) => {
                return activate::load(&host.project, host.store.as_ref(), &host.runtime, &deployment);
            }
        },
    };
    let scheme = host.project.load_scheme(name)?;
    let overrides: Vec<Override> = stand_in.into_iter().collect();
    let wanted = wanted_with(&host.project, &scheme, &host.runtime, &overrides)?;
    Ok((scheme, wanted))
}

/// The plugin of a scheme that a component stands in for: of the component's own name, else of its file's.
///
/// # Errors
/// When the file is no component, or the scheme has no plugin of either name.
pub fn stand_in(context: &Context, scheme: &Scheme, path: &Path) -> anyhow::Result<Override> {
    let bytes = component(path)?;
    let inspection = inspect(&bytes, &InspectionLimits::default())?;
    let mut known: Vec<String> = inspection.manifest.into_iter().map(|manifest| manifest.name).collect();
    known.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    let found = known
        .iter()
        .find(|name| scheme.plugin_uses().any(|plugin_use| names(plugin_use, name)));
    match found {
        Some(name) => Ok(Override {
            name: name.clone(),
            bytes,
        }),
        None => {
            let there: Vec<&str> = scheme.plugin_uses().map(|plugin_use| plugin_use.name.as_str()).collect();
            let arguments: [(&str, &dyn std::fmt::Display); 3] = [
                ("scheme", &scheme.name),
                ("names", &known.join(", ")),
                ("there", &there.join(", ")),
            ];
            Err(failure(
                context,
                "replay.no-such-plugin",
                "replay.no-such-plugin",
                &arguments,
                Exit::NotFound,
            ))
        }
    }
}

enum Found {
    Plugin(Override),
    Deployment(Box<Deployment>),
}

/// What the scheme's deployments know by a digest's first digits.
fn by_digest(context: &Context, host: &Host, name: &SchemeName, text: &str) -> anyhow::Result<Found> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if digits.len() < FEWEST_DIGITS || !hex {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("text", &text)];
        return Err(failure(
            context,
            "replay.short-digest",
            "replay.short-digest",
            &arguments,
            Exit::NotFound,
        ));
    }
    let mut found: Vec<(String, Found)> = Vec::new();
    for deployment in host.store.deployments(name, MOST_DEPLOYMENTS)? {
        let digest = deployment.what.digest.to_string();
        for (plugin, digest) in &deployment.what.plugins {
            let named = digest.to_string();
            if !named.starts_with(&digits) || found.iter().any(|(known, _)| *known == named) {
                continue;
            }
            let Some(bytes) = host.store.blob(digest)? else {
                continue;
            };
            let stand_in = Override {
                name: plugin.clone(),
                bytes: bytes.into(),
            };
            found.push((named, Found::Plugin(stand_in)));
        }
        if digest.starts_with(&digits) && !found.iter().any(|(known, _)| *known == digest) {
            found.push((digest, Found::Deployment(Box::new(deployment))));
        }
    }
    let several: Vec<String> = found.iter().map(|(digest, _)| digest.chars().take(16).collect()).collect();
    let several = several.join(", ");
    let key = match (found.pop(), found.is_empty()) {
        (Some((_, only)), true) => return Ok(only),
        (Some(_), false) => "replay.ambiguous-digest",
        (None, _) => "replay.unknown-digest",
    };
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [("digest", &digits), ("found", &several), ("scheme", name)];
    Err(failure(context, key, key, &arguments, Exit::NotFound))
}

/// The records that are replayed.
fn span(context: &Context, host: &Host, scheme: &Scheme, args: &Args) -> anyhow::Result<Span> {
    let time = |text: &Option<String>| -> anyhow::Result<Option<DateTime<Utc>>> {
        let Some(text) = text else { return Ok(None) };
        match time_in(text, scheme.source.zone) {
            Some(time) => Ok(Some(time)),
            None => Err(failure(context, "usage.time", "replay.bad-time", &[("text", text)], Exit::Usage)),
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
    let arguments: [(&str, &dyn std::fmt::Display); 4] = [
        ("groups", &count(seen.done.into())),
        ("seconds", &seconds),
        ("rate", &count(per_second)),
        ("remembered", &count(seen.remembered.into())),
    ];
    context.lang.text("replay.rate", &arguments)
}

fn failure(
    context: &Context,
    code: &'static str,
    key: &str,
    arguments: &[(&str, &dyn std::fmt::Display)],
    exit: Exit,
) -> anyhow::Error {
    Failure {
        code,
        message: context.lang.text(key, arguments),
        exit,
    }
    .into()
}
