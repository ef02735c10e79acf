//! `dukou queue ls|hold|release`: deliveries that wait, and 暂不同步. Holding takes effect on a running host too; a
//! delivery that is already being sent cannot be held.

use clap::Subcommand;
use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_store::rows::{AuditEntry, DeliveryFilter, DeliveryRow, Tally};
use serde_json::json;

use super::output::{self, say};
use super::problem::{Agreed, confirmed};
use super::{Context, Failure};
use crate::compose;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::plan::{Left, Line, Plan};
use crate::overview::{deliveries, text};

/// Deliveries that wait.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: state, key, amount, attempts, when they move, why they wait
    Ls(LsArgs),
    /// 暂不同步: keep queued deliveries from being sent
    Hold(ChangeArgs),
    /// Send held deliveries after all
    Release(ChangeArgs),
}

#[derive(Debug, clap::Args)]
struct LsArgs {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// Only this state: queued, sending, unknown, held, dead, delivered
    #[arg(long)]
    state: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct ChangeArgs {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// This delivery, or every delivery of this record; may be repeated
    #[arg(long = "key", value_name = "KEY", conflicts_with = "all")]
    keys: Vec<String>,
    /// Every one
    #[arg(long)]
    all: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Agree to the plan
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or a confirmation is missing.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => list(context, args),
        Command::Hold(args) => change(context, args, true),
        Command::Release(args) => change(context, args, false),
    }
}

fn list(context: &Context, args: LsArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = desk.choose(args.scheme.as_deref())?;
    let states = match &args.state {
        None => deliveries::WAITING.to_vec(),
        Some(word) => deliveries::states_of(word).ok_or_else(|| bad_state(context, word))?,
    };
    let overview = desk.store.overview(&scheme)?;
    let counted = overview.deliveries.iter().filter(|(state, _)| states.contains(state));
    let total: u64 = counted.map(|(_, tally)| tally.count).sum();
    let filter = DeliveryFilter {
        scheme: Some(scheme.clone()),
        states,
        limit: args.limit.max(1),
    };
    let rows = desk.store.deliveries(&filter)?;
    let look = desk.look(&scheme);
    let lens = desk.lens(&look);
    if context.json {
        let items: Vec<_> = rows.iter().map(|row| deliveries::row_json(&lens, row)).collect();
        output::json(json!({ "scheme": scheme.to_string(), "total": total, "deliveries": items }));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        say(&context.lang.t("queue.none"));
        return Ok(Exit::Done);
    }
    say(deliveries::text(&lens, &rows).trim_end());
    if total > rows.len() as u64 {
        say(&context.lang.text("queue.more", &[("count", &text::count(total))]));
    }
    Ok(Exit::Done)
}

fn bad_state(context: &Context, word: &str) -> Failure {
    let states = "queued, sending, unknown, held, dead, delivered";
    let message = context
        .lang
        .text("queue.bad-state", &[("state", &text::clean(word)), ("states", &states)]);
    Failure {
        code: "usage.state",
        message,
        exit: Exit::Usage,
    }
}

fn change(context: &Context, args: ChangeArgs, hold: bool) -> anyhow::Result<Exit> {
    if args.keys.is_empty() && !args.all {
        let message = context.lang.t("queue.need-selection");
        return Err(Failure {
            code: "usage.selection",
            message,
            exit: Exit::Usage,
        }
        .into());
    }
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = desk.choose(args.scheme.as_deref())?;
    let plan = plan(&desk, &scheme, &args, hold)?;
    let lens = desk.plain_lens();
    if let Agreed::No(exit) = confirmed(context, &lens, &plan, args.dry_run, args.yes)? {
        return Ok(exit);
    }
    let keys = (!args.all).then_some(plan.keys.as_slice());
    let (command, done) = if hold {
        ("queue hold", "queue.held")
    } else {
        ("queue release", "queue.released")
    };
    let subject = if args.all {
        format!("{scheme}: all")
    } else {
        format!("{scheme}: {}", plan.keys.join(" "))
    };
    desk.store.audit(&AuditEntry {
        at: desk.now,
        by: compose::user(),
        command: command.into(),
        subject,
    })?;
    let changed = desk.store.hold(&scheme, keys, hold)?;
    if context.json {
        output::json(json!({ "scheme": scheme.to_string(), "action": plan.action, "changed": changed }));
    } else {
        say(&context.lang.text(done, &[("count", &changed)]));
    }
    Ok(Exit::Done)
}

fn plan(desk: &Desk, scheme: &SchemeName, args: &ChangeArgs, hold: bool) -> anyhow::Result<Plan> {
    let from = if hold {
        DeliveryState::Queued
    } else {
        DeliveryState::Held
    };
    let mut plan = Plan::new(if hold { "hold" } else { "release" }, scheme);
    let label = format!("state.{}", from.word());
    if args.all {
        let overview = desk.store.overview(scheme)?;
        for (_, tally) in overview
            .deliveries
            .iter()
            .filter(|(state, tally)| *state == from && tally.count > 0)
        {
            plan.add(Line {
                label: label.clone(),
                detail: String::new(),
                tally: *tally,
            });
        }
        return Ok(plan);
    }
    let mut tally = Tally::default();
    for wanted in &args.keys {
        let rows = of_key(desk, scheme, wanted)?;
        let left = |key: &str, reason: &str| Left {
            id: None,
            key: key.to_owned(),
            reason: reason.to_owned(),
            command: format!("dukou record show {} {scheme}", text::argument(key)),
        };
        if rows.is_empty() {
            plan.left.push(left(wanted, "plan.left.not-found"));
        }
        for row in rows {
            if row.state != from {
                plan.left.push(left(
                    &row.key,
                    if hold {
                        "plan.left.not-queued"
                    } else {
                        "plan.left.not-held"
                    },
                ));
            } else if !plan.keys.contains(&row.key) {
                tally.count += 1;
                tally.amount += row.amount.unwrap_or_default();
                plan.keys.push(row.key);
            }
        }
    }
    if tally.count > 0 {
        plan.add(Line {
            label,
            detail: String::new(),
            tally,
        });
    }
    Ok(plan)
}

/// The delivery with this key, else every delivery of the record.
fn of_key(desk: &Desk, scheme: &SchemeName, wanted: &str) -> anyhow::Result<Vec<DeliveryRow>> {
    let rows = desk
        .store
        .story(scheme, wanted)?
        .map(|story| story.deliveries)
        .unwrap_or_default();
    match rows.iter().find(|row| row.key == wanted) {
        Some(row) => Ok(vec![row.clone()]),
        None => Ok(rows),
    }
}
