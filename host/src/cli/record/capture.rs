//! `dukou record capture`: stored records become cases of a plugin. Reads the store, runs plugins in memory, writes case
//! files and nothing else.

use std::fmt::Display;
use std::path::PathBuf;

use dukou_core::verdict::Group;
use dukou_plugin::cases::Outcome;
use serde_json::{Value, json};

use super::find::{find, group_of};
use super::force::{Force, in_force};
use crate::author::capture::{Captured, Refusal, Subject, capture, decider, place};
use crate::cli::output::{self, note, say};
use crate::cli::{Context, Failure};
use crate::compose;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::text;

/// Which records, for which plugin, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dukou record capture CK20261101000012 --to plugins/shop-rules
  dukou record capture CK20261101000012 CK20261101000013 --to /tmp/cases --plugin voucher-checks --dry-run")]
pub struct Args {
    /// Keys of records, of deliveries, or other numbers of them
    #[arg(required = true)]
    keys: Vec<String>,
    /// A plugin's folder, or any folder for case files
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// NAME or TENANT/NAME; every scheme is searched if left out
    #[arg(long)]
    scheme: Option<String>,
    /// Which plugin of the scheme; without it the one whose folder DIR is, else the one that decided
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Say what would be written
    #[arg(long)]
    dry_run: bool,
}

/// One record and what became of it.
struct Done {
    key: String,
    plugin: String,
    file: PathBuf,
    exists: bool,
    result: Result<Captured, Refusal>,
}

/// Runs the command.
///
/// # Errors
/// When the project, the store, the plugins or the folder cannot be used, a record is not there, or a file would be
/// overwritten.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let mut place = place::Place::open(&args.to)?;
    let pseudonyms = place::pseudonyms(&desk.project.root, compose::randomness().as_ref(), args.dry_run)?;
    let mut done: Vec<Done> = Vec::new();
    let mut loaded: Option<Force> = None;
    for key in &args.keys {
        let again = |scheme: &str| {
            let (key, to) = (text::argument(key), text::argument(&args.to.display().to_string()));
            format!("dukou record capture {key} --to {to} --scheme {scheme}")
        };
        let (scheme, story) = find(&desk, key, args.scheme.as_deref(), &again)?;
        if done.iter().any(|one| one.key == story.group) {
            continue;
        }
        if loaded.as_ref().is_none_or(|force| force.scheme.name != scheme) {
            loaded = Some(in_force(&desk, &scheme)?);
        }
        let Some(force) = &loaded else { continue };
        if force.deployment.is_none() {
            note(context, &desk.lang.text("capture.not-deployed", &[("scheme", &scheme)]));
        }
        let group = group_of(&desk, &scheme, &story.group, key)?;
        let Some(catalogue) = &force.scheme.source_catalogue else {
            return Err(failure(
                &desk,
                "capture.no-catalogue",
                &[("scheme", &scheme)],
                Exit::Refused,
            ));
        };
        let settings: Vec<String> = force.scheme.plugin_uses().map(|one| one.settings.clone()).collect();
        let tables = force.wanted.shared_tables();
        let subject = Subject {
            chain: &force.wanted.chain,
            tables: &tables,
            catalogue,
            settings: &settings,
            defaults: &place.defaults,
            pseudonyms: &pseudonyms,
        };
        let named = args.plugin.as_deref().or(place.plugin.as_deref());
        let plugin = chosen(&desk, force, &subject, named, &group)?;
        let mut result = capture(&subject, plugin, &group);
        if let Ok(captured) = &mut result {
            captured.case.title = Some(title(&desk, &group.key, captured));
        }
        let plugin = subject
            .chain
            .plugins()
            .nth(plugin)
            .map(|one| one.plugin().name())
            .unwrap_or_default();
        let (file, exists) = place.file(&group.key);
        done.push(Done {
            key: group.key,
            plugin,
            file,
            exists,
            result,
        });
    }
    let there: Vec<String> = done
        .iter()
        .filter(|one| one.exists && one.result.is_ok())
        .map(|one| one.file.display().to_string())
        .collect();
    if !there.is_empty() && !args.force {
        return Err(failure(
            &desk,
            "capture.exists",
            &[("files", &there.join(", "))],
            Exit::Refused,
        ));
    }
    for one in &done {
        if let (Ok(captured), false) = (&one.result, args.dry_run) {
            place.write(&one.file, &captured.case.to_file_text())?;
        }
    }
    report(context, args, &desk, &done, place.plugin.is_some());
    let refused = done.iter().any(|one| one.result.is_err());
    Ok(if refused { Exit::Refused } else { Exit::Done })
}

/// The plugin by the name it has in the scheme or in its manifest; without a name the one that decided.
fn chosen(
    desk: &Desk,
    force: &Force,
    subject: &Subject<'_>,
    named: Option<&str>,
    group: &Group,
) -> anyhow::Result<usize> {
    let Some(named) = named else {
        return Ok(decider(subject, group));
    };
    let own: Vec<String> = subject.chain.plugins().map(|one| one.plugin().name()).collect();
    let uses: Vec<&str> = force.scheme.plugin_uses().map(|one| one.name.as_str()).collect();
    let found = own
        .iter()
        .zip(&uses)
        .position(|(own, used)| own == named || *used == named);
    let arguments: [(&str, &dyn Display); 3] = [
        ("plugin", &text::clean(named)),
        ("scheme", &force.scheme.name),
        ("plugins", &own.join(", ")),
    ];
    found.ok_or_else(|| failure(desk, "capture.no-plugin", &arguments, Exit::NotFound))
}

fn failure(desk: &Desk, code: &'static str, arguments: &[(&str, &dyn Display)], exit: Exit) -> anyhow::Error {
    let message = desk.lang.text(code, arguments);
    Failure { code, message, exit }.into()
}

fn title(desk: &Desk, key: &str, captured: &Captured) -> String {
    let outcome = &captured.outcome;
    let why = match outcome {
        Outcome::Rejected(violations) => violations
            .iter()
            .take(3)
            .map(|one| {
                format!("{} {}", one.code, one.target_path.as_deref().unwrap_or_default())
                    .trim()
                    .to_owned()
            })
            .collect::<Vec<_>>()
            .join(", "),
        Outcome::Failed(fault) => fault.code.to_owned(),
        Outcome::Mapped(_) | Outcome::Skipped(_) | Outcome::Passed => String::new(),
    };
    let arguments: [(&str, &dyn Display); 2] = [("key", &key), ("why", &why)];
    desk.lang
        .text(&format!("capture.title.{}", outcome.word()), &arguments)
        .trim()
        .to_owned()
}

fn report(context: &Context, args: &Args, desk: &Desk, done: &[Done], is_plugin: bool) {
    if context.json {
        let cases: Vec<Value> = done.iter().map(|one| to_json(args, one)).collect();
        output::json(json!({ "dry_run": args.dry_run, "cases": cases }));
        return;
    }
    let lang = desk.lang;
    for one in done {
        let file = one.file.display().to_string();
        match &one.result {
            Ok(captured) => {
                let verdict = lang.t(&format!("capture.verdict.{}", captured.outcome.word()));
                let arguments: [(&str, &dyn Display); 4] = [
                    ("key", &text::clean(&one.key)),
                    ("plugin", &text::clean(&one.plugin)),
                    ("verdict", &verdict),
                    ("file", &file),
                ];
                let word = if args.dry_run {
                    "capture.would-write"
                } else {
                    "capture.written"
                };
                say(&lang.text(word, &arguments));
                let (had, left) = captured.values;
                if left < had {
                    say(&format!(
                        "  {}",
                        lang.text("capture.shrunk", &[("had", &had), ("left", &left)])
                    ));
                }
                if !captured.replaced.is_empty() {
                    say(&format!(
                        "  {}",
                        lang.text("capture.replaced", &[("fields", &captured.replaced.join(", "))])
                    ));
                }
            }
            Err(refusal) => {
                let word = refusal.code();
                let what = match refusal {
                    Refusal::NotReached { by } => text::clean(by),
                    Refusal::Personal { paths } | Refusal::Residue { paths } => paths.join(", "),
                };
                let arguments: [(&str, &dyn Display); 3] = [
                    ("key", &text::clean(&one.key)),
                    ("plugin", &text::clean(&one.plugin)),
                    ("what", &what),
                ];
                note(context, &lang.text(word, &arguments));
            }
        }
    }
    if is_plugin && done.iter().any(|one| one.result.is_ok()) && !args.dry_run {
        note(
            context,
            &lang.text(
                "capture.next",
                &[("dir", &text::argument(&args.to.display().to_string()))],
            ),
        );
    }
}

fn to_json(args: &Args, one: &Done) -> Value {
    match &one.result {
        Ok(captured) => json!({
            "key": one.key,
            "plugin": one.plugin,
            "file": one.file.display().to_string(),
            "written": !args.dry_run,
            "outcome": captured.outcome.word(),
            "replaced": captured.replaced,
            "values": captured.values.0,
            "values_left": captured.values.1,
        }),
        Err(refusal) => json!({
            "key": one.key,
            "plugin": one.plugin,
            "file": Value::Null,
            "written": false,
            "error": { "code": refusal.code(), "message": refusal.to_string() },
        }),
    }
}
