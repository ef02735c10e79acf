//! `dukou deploy` (发布): the change gate. Inspect, the plugins' own cases, replay of the retained history, plan, activate;
//! differences that nobody accepted stop it. Fleets, waves and shadows are `fleet`'s. Also the hidden `compile-plugin` that
//! the host starts as a limited child.

mod candidate;
mod fleet;
mod force;
mod looking;
mod order;
mod plan;
mod relock;
mod shadow;
mod turn;

use std::ffi::OsString;
use std::sync::Arc;

use dukou_core::names::SchemeName;
use dukou_plugin::compile_in_child;

pub use force::{pins_lost, put_into_force};
pub use order::{Args, FleetOrder, To};

use self::candidate::Candidate;
use super::output::note;
use super::{Context, failure};
use crate::compose::Host;
use crate::exit::Exit;
use crate::overview::Lens;

/// Arguments of the child that compiles.
#[derive(Debug, clap::Args)]
pub struct CompileArgs {
    /// As `dukou-plugin` passes them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// Definitions, plugins that are refused, store.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let host = Host::open(&context.project)?;
    if args.relock {
        return relock::run(context, &host, args.dry_run);
    }
    let order = args.order(context, &host)?;
    if let Some(fleet) = &order.fleet {
        return fleet::run(context, &host, fleet);
    }
    let everything = args.what.is_empty();
    let without_file = if everything { without_file(&host)? } else { Vec::new() };
    if order.schemes.is_empty() {
        return Ok(plan::nothing(context, &without_file));
    }
    let mut all = candidate::examine_all(context, &host, &order, &args)?;
    candidate::decide(context, &host, &mut all.passing_by, &args)?;
    if let (Some(path), [one]) = (&args.html, all.passing_by.as_slice()) {
        report(context, path, &host, one)?;
    }
    // All or nothing: every scheme has gone through the gate before the first is activated. One that cannot even be looked
    // at takes along those that were named beside it; where none was named it stays as it is, and the others go.
    let together = all.failed.is_empty() || everything;
    if args.dry_run || !together || !all.passing_by.iter().all(|one| one.passes(&args)) {
        return plan::stopped(context, &host, &all, &without_file, &args);
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
    force::force(context, &host, all, &without_file, (&order, &args))
}

/// Schemes in force that no file defines any more.
fn without_file(host: &Host) -> anyhow::Result<Vec<SchemeName>> {
    let (defined, mut found) = (host.project.scheme_names()?, Vec::new());
    for name in host.store.schemes()? {
        if !defined.contains(&name) && host.store.active(&name)?.is_some() {
            found.push(name);
        }
    }
    Ok(found)
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
