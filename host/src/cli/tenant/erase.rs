//! `dukou tenant erase`: everything stored of a tenant is deleted, after a plan with counts and its name typed out. Its
//! files stay, and so does what was written to its systems.

use std::io::IsTerminal as _;

use dukou_core::names::SchemeName;
use dukou_store::rows::Erased;
use dukou_store::{PipelineLock, StoreError};
use serde_json::json;

use super::stored;
use crate::cli::Context;
use crate::cli::failure;
use crate::cli::output::{self, note, say};
use crate::compose;
use crate::deploy::rollout::{self, Ground};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::text::{count, money, table};

/// Which tenant.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tenant
    tenant: String,
    /// Agree to the plan by naming the tenant again
    #[arg(long, value_name = "TENANT")]
    confirm: Option<String>,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What would go of one scheme.
struct Line {
    scheme: SchemeName,
    records: u64,
    amount: rust_decimal::Decimal,
    deliveries: u64,
    problems: u64,
    deployments: usize,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let schemes = stored(&desk, &args.tenant)?;
    let lines = schemes
        .iter()
        .map(|scheme| plan(&desk, scheme))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // Also what an erasure that was cut off left in rollouts.
    let rolled_out = rollout::mentions(desk.store.as_ref(), &args.tenant)?;
    if (lines.is_empty() && !rolled_out) || args.dry_run {
        if context.json {
            output::json(
                json!({ "tenant": args.tenant, "plan": lines.iter().map(line_json).collect::<Vec<_>>(), "dry_run": args.dry_run }),
            );
        } else {
            say(shown(context, &desk, &args.tenant, &lines).trim_end());
        }
        note(
            context,
            &context.lang.t(if args.dry_run { "plan.dry" } else { "plan.nothing" }),
        );
        return Ok(Exit::Done);
    }
    note(context, shown(context, &desk, &args.tenant, &lines).trim_end());
    if !agreed(context, args)? {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("tenant", &args.tenant)];
        return Err(failure(
            context,
            "confirm.missing",
            "tenant.erase-confirm",
            &arguments,
            Exit::Refused,
        ));
    }
    // Nothing may run the tenant meanwhile.
    let owner = compose::randomness().bytes16();
    let description = format!("dukou tenant erase {} ({})", args.tenant, desk.now.to_rfc3339());
    let _role = PipelineLock::acquire(&desk.project.store, &description, owner).map_err(|error| match error {
        StoreError::Locked { holder } => failure(
            context,
            "store.locked",
            "run.locked",
            &[("holder", &holder)],
            Exit::Refused,
        ),
        other => other.into(),
    })?;
    if let Some(id) = rollout::moving(desk.store.as_ref(), &args.tenant)? {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("id", &id), ("tenant", &args.tenant)];
        return Err(failure(
            context,
            "erase.rollout",
            "fleet.erase-rolling",
            &arguments,
            Exit::Refused,
        ));
    }
    let rows = match desk.store.erase_tenant(&args.tenant, desk.now, &compose::user())? {
        Erased::Moving { count } => {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("count", &count), ("tenant", &args.tenant)];
            return Err(failure(
                context,
                "erase.moving",
                "tenant.erase-moving",
                &arguments,
                Exit::Refused,
            ));
        }
        Erased::Done(rows) => rows,
    };
    let ground = Ground {
        project: &desk.project,
        store: desk.store.as_ref(),
        now: desk.now,
    };
    rollout::forget(&ground, &args.tenant)?;
    let folder = desk.project.tenants.get(&args.tenant).map(|tenant| tenant.folder());
    let folder = folder.map(|folder| folder.to_string_lossy().replace('\\', "/"));
    if context.json {
        output::json(json!({
            "tenant": args.tenant,
            "erased": {
                "schemes": rows.schemes,
                "records": rows.records,
                "groups": rows.groups,
                "deliveries": rows.deliveries,
                "problems": rows.problems,
                "deployments": rows.deployments,
                "blobs": rows.blobs,
            },
            "files_left": folder,
        }));
        return Ok(Exit::Done);
    }
    let arguments: [(&str, &dyn std::fmt::Display); 5] = [
        ("tenant", &args.tenant),
        ("records", &count(rows.records)),
        ("deliveries", &count(rows.deliveries)),
        ("problems", &count(rows.problems)),
        ("deployments", &count(rows.deployments)),
    ];
    say(&context.lang.text("tenant.erased", &arguments));
    if let Some(folder) = folder {
        say(&context.lang.text("tenant.files-left", &[("folder", &folder)]));
    }
    Ok(Exit::Done)
}

fn plan(desk: &Desk, scheme: &SchemeName) -> anyhow::Result<Line> {
    let overview = desk.store.overview(scheme)?;
    Ok(Line {
        scheme: scheme.clone(),
        records: overview.records.count,
        amount: overview.records.amount,
        deliveries: overview.deliveries.iter().map(|(_, tally)| tally.count).sum(),
        problems: overview.problems.iter().map(|(_, tally)| tally.count).sum(),
        deployments: desk.store.deployments(scheme, 10_000)?.len(),
    })
}

fn line_json(line: &Line) -> serde_json::Value {
    json!({
        "scheme": line.scheme.to_string(),
        "records": line.records,
        "amount": line.amount.to_string(),
        "deliveries": line.deliveries,
        "open_problems": line.problems,
        "deployments": line.deployments,
    })
}

fn shown(context: &Context, desk: &Desk, tenant: &str, lines: &[Line]) -> String {
    let mut out = context.lang.text("tenant.erase-plan", &[("tenant", &tenant)]);
    out.push('\n');
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.scheme.to_string(),
                count(line.records),
                money(line.amount),
                count(line.deliveries),
                count(line.problems),
                count(line.deployments as u64),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let header = ["scheme", "records", "amount", "deliveries", "problems", "deployments"]
            .map(|key| context.lang.t(&format!("tenant.column.{key}")));
        out.push_str(&table(&desk.plain_lens(), &header, &rows, &[1, 2, 3, 4, 5]));
    }
    out
}

/// The name again: by the flag, or typed by a person at a terminal.
fn agreed(context: &Context, args: &Args) -> anyhow::Result<bool> {
    if let Some(name) = &args.confirm {
        return Ok(*name == args.tenant);
    }
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !terminal || context.json || context.quiet {
        return Ok(false);
    }
    note(
        context,
        &context.lang.text("tenant.erase-ask", &[("tenant", &args.tenant)]),
    );
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == args.tenant)
}
