//! `dukou problem retry`: which problems are meant, and whether they are only made due again (`--remap-only`) or foretold
//! and drained.

use std::collections::BTreeMap;

use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::{ProblemFilter, ProblemRow};
use serde_json::json;

use super::drain::{self, Selected};
use super::{Agreed, audit, confirmed, named, no_such_cause, not_found, scheme_of};
use crate::cli::Context;
use crate::cli::output::{self, say};
use crate::compose::Host;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{plan, problem, text};

/// Foretell what would come, then map and deliver again where it is certain that nothing was written.
///
/// The plan says of how many groups would now map, be skipped, be refused again, or are at the target already. With --yes
/// a small batch goes first; only if all of it comes as foretold does the rest follow, at the target's rate. Ctrl-C stops
/// between batches.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// NAME or TENANT/NAME; may be left out where there is only one
    pub(super) scheme: Option<String>,
    /// Only this cause
    #[arg(long, conflicts_with_all = ["ids", "keys"])]
    pub(super) fingerprint: Option<String>,
    /// This problem; may be repeated. Accepts a number that was issued again
    #[arg(long = "id", value_name = "N")]
    pub(super) ids: Vec<u64>,
    /// This record, group or delivery; may be repeated. Accepts a number that was issued again
    #[arg(long = "key", value_name = "KEY", conflicts_with = "ids")]
    pub(super) keys: Vec<String>,
    /// Say what would come of each, ask the target what it has already, and change nothing
    #[arg(long, visible_alias = "dry-run")]
    pub(super) plan: bool,
    /// Do not ask the target before sending whether it has a document already
    #[arg(long)]
    pub(super) no_ask: bool,
    /// Foretell with the files as they are instead of the version in force
    #[arg(long, requires = "plan")]
    pub(super) wanted: bool,
    /// How many go first; the rest follows only if all of them come as foretold
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) first: usize,
    /// Only make them due again and return; run or serve does the rest, and nothing is foretold
    #[arg(long, conflicts_with_all = ["no_ask", "wanted", "first"])]
    pub(super) remap_only: bool,
    /// Agree to the plan
    #[arg(long)]
    pub(super) yes: bool,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`]; definitions, secrets and engine where something is foretold.
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    if args.remap_only {
        return remap_only(context, args, &Desk::open(&context.project, context.lang)?);
    }
    let host = Host::open(&context.project)?;
    let desk = Desk {
        project: host.project.clone(),
        store: host.store.clone(),
        now: host.clock.now(),
        lang: context.lang,
        width: text::terminal_width(),
    };
    let selected = select(&desk, args)?;
    if selected.plan.keys.is_empty() {
        confirmed(context, &desk.plain_lens(), &selected.plan, args.plan, args.yes).map(|agreed| match agreed {
            Agreed::No(exit) => exit,
            Agreed::Yes => Exit::Nothing,
        })
    } else {
        drain::run(context, args, &host, &desk, &selected)
    }
}

/// The open problems that are meant.
fn select(desk: &Desk, args: &Args) -> anyhow::Result<Selected> {
    let by_name = !args.ids.is_empty() || !args.keys.is_empty();
    let given = args
        .scheme
        .as_deref()
        .map(|named| desk.choose(Some(named)))
        .transpose()?;
    let (scheme, rows) = if by_name {
        let rows = named(desk, given.as_ref(), &args.ids, &args.keys)?;
        (scheme_of(desk, args.scheme.as_deref(), &rows)?, rows)
    } else {
        let scheme = given.map_or_else(|| desk.choose(None), Ok)?;
        let filter = ProblemFilter {
            scheme: Some(scheme.clone()),
            fingerprint: args.fingerprint.clone(),
            limit: problem::MOST,
            ..ProblemFilter::default()
        };
        (scheme, desk.store.problems(&filter)?)
    };
    if let (true, Some(fingerprint)) = (rows.is_empty(), &args.fingerprint) {
        return Err(no_such_cause(desk, &scheme, fingerprint)?.into());
    }
    if rows.is_empty() && by_name {
        let wanted = args.keys.first().cloned().unwrap_or_default();
        return Err(not_found(desk, &[scheme], &wanted)?.into());
    }
    Ok(selected(scheme, &rows, by_name))
}

fn selected(scheme: SchemeName, rows: &[ProblemRow], by_name: bool) -> Selected {
    let open = || rows.iter().filter(|row| row.resolved.is_none());
    let ids: BTreeMap<String, u64> = open().map(|row| (row.group.clone(), row.id)).collect();
    let accepted = open()
        .filter(|row| by_name && row.kind == ProblemKind::Reissued)
        .map(|row| row.group.clone())
        .collect();
    Selected {
        plan: plan::retry(&scheme, rows, by_name),
        problems: open().count() as u64,
        scheme,
        ids,
        accepted,
    }
}

fn remap_only(context: &Context, args: &Args, desk: &Desk) -> anyhow::Result<Exit> {
    let Selected { plan, scheme, .. } = select(desk, args)?;
    let lens = desk.plain_lens();
    if let Agreed::No(exit) = confirmed(context, &lens, &plan, args.plan, args.yes)? {
        return Ok(exit);
    }
    audit(desk, "problem retry", &scheme, &plan.keys)?;
    let done = desk.store.remap_groups(&scheme, &plan.keys)?;
    let fewer = plan.keys.len() - done.min(plan.keys.len());
    if context.json {
        output::json(
            json!({ "scheme": scheme.to_string(), "action": "retry", "groups": done, "left": fewer, "keys": plan.keys }),
        );
        return Ok(Exit::Done);
    }
    say(&context
        .lang
        .text("problem.retried", &[("count", &done), ("scheme", &scheme)]));
    if fewer > 0 {
        say(&context.lang.text("problem.retried-fewer", &[("count", &fewer)]));
    }
    Ok(Exit::Done)
}
