//! `dukou deploy` (发布): the change gate. Inspect, the plugins' own cases, replay of the retained history, plan, activate;
//! differences that nobody accepted stop it. Fleets, waves and shadows are `fleet`'s. Also the hidden `compile-plugin` that
//! the host starts as a limited child.

mod fleet;
mod order;
mod shadow;
mod turn;

use std::ffi::OsString;
use std::sync::Arc;

use dukou_core::names::SchemeName;
use dukou_plugin::compile_in_child;
use serde_json::{Value, json};

pub use order::{Args, FleetOrder, To};

use super::output::{self, note, say};
use super::progress::Replaying;
use super::{Context, failure};
use crate::compose::{self, Host};
use crate::deploy::activate::Reason;
use crate::deploy::evidence::{Evidence, How};
use crate::deploy::gate::{self, Examined, Said, Terms};
use crate::deploy::wanted::{own_plugins, summary};
use crate::deploy::{self, Deployed, Override, Overtaken, Wanted, lock};
use crate::exit::Exit;
use crate::overview::{self, Lens};
use crate::scheme::Scheme;

/// Arguments of the child that compiles.
#[derive(Debug, clap::Args)]
pub struct CompileArgs {
    /// As `dukou-plugin` passes them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// One scheme on its way through the gate.
struct Candidate {
    scheme: Scheme,
    wanted: Wanted,
    examined: Examined,
}

/// Runs the command.
///
/// # Errors
/// Definitions, plugins that are refused, store.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let host = Host::open(&context.project)?;
    let order = args.order(context, &host)?;
    if let Some(fleet) = &order.fleet {
        return fleet::run(context, &host, fleet);
    }
    // All or nothing: every scheme has gone through the gate before the first is activated.
    let mut all = Vec::new();
    for name in &order.schemes {
        all.push(examine(context, &host, name, &order.file, &args)?);
    }
    let by = compose::user();
    let mut unknown: Vec<String> = args.accept.iter().chain(&args.reject).cloned().collect();
    for one in &mut all {
        for (patterns, accepted) in [(&args.accept, true), (&args.reject, false)] {
            if patterns.is_empty() || args.dry_run {
                continue;
            }
            let said = Said {
                patterns,
                accepted,
                by: &by,
                note: &args.note,
                at: host.clock.now(),
            };
            one.examined.decide(host.store.as_ref(), &one.scheme, &said)?;
        }
        unknown.retain(|text| !one.examined.knows(text));
    }
    if let Some(pattern) = unknown.first() {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("pattern", pattern)];
        return Err(failure(
            context,
            "deploy.pattern",
            "gate.no-such-pattern",
            &arguments,
            Exit::NotFound,
        ));
    }
    if let (Some(path), [one]) = (&args.html, all.as_slice()) {
        report(context, path, &host, one)?;
    }
    let passes = |one: &Candidate| args.no_gate || one.examined.standing.passes();
    if args.dry_run || !all.iter().all(passes) {
        return Ok(stopped(context, &host, &all, &args));
    }
    if args.no_gate && !args.yes {
        return Err(failure(
            context,
            "deploy.no-gate",
            "gate.no-gate-needs-yes",
            &[],
            Exit::Refused,
        ));
    }
    let mut done = Vec::new();
    for one in &all {
        done.push(bring_into_force(context, &host, one, &order.file, &args)?);
    }
    lock::note_down(&host.project, host.store.as_ref(), &order.schemes);
    host.reach("deploy.after-lock");
    if context.json {
        output::json(json!({ "deployments": done }));
    }
    Ok(Exit::Done)
}

fn examine(
    context: &Context,
    host: &Host,
    name: &SchemeName,
    file: &Option<Override>,
    args: &Args,
) -> anyhow::Result<Candidate> {
    let scheme = host.project.load_scheme(name)?;
    let overrides = match file {
        Some(file) => vec![file.clone()],
        None if args.unpin => own_plugins(&host.project, &scheme)?,
        None => Vec::new(),
    };
    let wanted = deploy::wanted_with(&host.project, &scheme, &host.runtime, &overrides)?;
    let examined = if args.no_gate {
        gate::unasked(&host.project, host.store.as_ref(), &scheme, &wanted)?
    } else {
        let replaying = Replaying::start(context, name);
        let terms = Terms {
            days: args.days,
            threads: gate::threads(),
            now: host.clock.now(),
            watch: &|progress| replaying.see(progress),
        };
        let examined = gate::examine(
            &host.project,
            host.store.as_ref(),
            &host.runtime,
            &scheme,
            &wanted,
            &terms,
        );
        replaying.finish();
        examined?
    };
    Ok(Candidate {
        scheme,
        wanted,
        examined,
    })
}

/// The plan, where nothing is activated: a dry run, or differences that stop it.
fn stopped(context: &Context, host: &Host, all: &[Candidate], args: &Args) -> Exit {
    let mut plans = Vec::new();
    for one in all {
        let lens = Lens::of(&one.scheme, context.lang, host.clock.now());
        let shown = overview::gate::Plan {
            scheme: &one.scheme.name,
            digest: one.wanted.digest,
            days: args.days,
            examined: &one.examined,
            file: args.file_name(),
            shadow: shadow::found(host, &lens, &one.scheme.name, &one.wanted.digest),
        };
        if context.json {
            let mut plan = overview::gate::to_json(&lens, &shown);
            plan["result"] = if one.examined.standing.passes() {
                "would-activate".into()
            } else {
                "held".into()
            };
            plans.push(plan);
        } else {
            say(overview::gate::text(&lens, &shown).trim_end());
        }
    }
    let held = all.iter().filter(|one| !one.examined.standing.passes()).count();
    if context.json {
        output::json(json!({ "deployments": plans, "dry_run": args.dry_run, "held": held }));
    } else if held > 0 {
        note(context, &context.lang.text("gate.held", &[("count", &held)]));
    }
    match (held, args.dry_run) {
        (0, _) => Exit::Done,
        (_, true) => Exit::Pending,
        (_, false) => Exit::Refused,
    }
}

fn bring_into_force(
    context: &Context,
    host: &Host,
    one: &Candidate,
    file: &Option<Override>,
    args: &Args,
) -> anyhow::Result<Value> {
    let scheme = &one.scheme;
    // What is wanted is written down first: a process that dies in between leaves a file that is not deployed yet.
    if args.unpin {
        lock::unpin(&host.project.root, &scheme.name)?;
    }
    if let Some(file) = file {
        for plugin_use in scheme.plugin_uses() {
            if deploy::wanted::names(plugin_use, &file.name) {
                lock::pin(&host.project.root, &scheme.name, &plugin_use.name, &file.bytes)?;
            }
        }
    }
    let how = if args.no_gate { How::Forced } else { How::Gate };
    let evidence = one.examined.evidence(how);
    let deployed = put_into_force(context, host, scheme, &one.wanted, &args.note, &evidence)?;
    let mut entry = summary(&one.wanted);
    entry["scheme"] = scheme.name.to_string().into();
    entry["standing"] = one.examined.standing.word().into();
    let (text, result, id) = match deployed {
        Deployed::Unchanged { id } => ("deploy.unchanged", "unchanged", id),
        Deployed::Activated { id, .. } => ("deploy.activated", "activated", id),
    };
    entry["result"] = result.into();
    entry["id"] = id.to_string().into();
    entry["evidence"] = serde_json::to_value(&evidence).unwrap_or_default();
    if !context.json {
        say(&context.lang.text(text, &[("scheme", &scheme.name), ("id", &id)]));
        for (name, digest) in one.wanted.plugin_digests() {
            say(&format!("  {name}  sha256:{}", digest.short()));
        }
        if result == "activated" {
            say(&format!(
                "  {}",
                overview::gate::conclusion(context.lang, &one.examined)
            ));
        }
    }
    Ok(entry)
}

/// Activates what is wanted, under the name of who acts.
///
/// # Errors
/// The store's; something else that came into force since it was compared.
pub fn put_into_force(
    context: &Context,
    host: &Host,
    scheme: &Scheme,
    wanted: &Wanted,
    note: &str,
    evidence: &Evidence,
) -> anyhow::Result<Deployed> {
    host.reach("deploy.before-activate");
    let by = compose::user();
    let reason = Reason {
        by: &by,
        note,
        evidence,
        at: host.clock.now(),
    };
    let deployed = deploy::activate(host.store.as_ref(), scheme, wanted, &reason)?.map_err(|Overtaken| {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("scheme", &scheme.name)];
        failure(context, "deploy.overtaken", "gate.overtaken", &arguments, Exit::Refused)
    })?;
    host.reach("deploy.after-activate");
    Ok(deployed)
}

/// Writes the replay's report as one HTML file.
fn report(context: &Context, path: &std::path::Path, host: &Host, one: &Candidate) -> anyhow::Result<()> {
    let Some(comparison) = &one.examined.comparison else {
        note(context, &context.lang.t("gate.no-report"));
        return Ok(());
    };
    super::replay::write_html(
        context,
        path,
        &Lens::of(&one.scheme, context.lang, host.clock.now()),
        &one.scheme.name,
        one.examined.before.as_ref(),
        &one.wanted,
        comparison,
    )
}

/// Compiles one plugin under this process's own limits; the answer is the process's exit code.
pub fn compile(args: CompileArgs) -> std::process::ExitCode {
    compile_in_child(args.arguments)
}

/// Bytes of a component that a person names.
///
/// # Errors
/// When the file cannot be read: not found.
pub fn component(context: &Context, path: &std::path::Path) -> anyhow::Result<Arc<[u8]>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("path", &path.display()), ("reason", &error)];
            Err(failure(
                context,
                "deploy.file",
                "gate.unreadable",
                &arguments,
                Exit::NotFound,
            ))
        }
    }
}
