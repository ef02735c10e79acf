//! `dukou problem resolve`: closing with a note, and a person's word on an outcome that nobody else can settle.

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::{HandVerdict, ProblemRow, Tally};
use serde_json::json;

use super::{Agreed, audit, confirmed, named, not_found, scheme_of};
use crate::cli::output::{self, say};
use crate::cli::{Context, Failure};
use crate::compose;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::plan::{self, Line, Plan};
use crate::overview::text;

/// Close them with a note, or say what became of an unknown outcome.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Problems by number
    #[arg(value_name = "ID")]
    ids: Vec<u64>,
    /// Problems of this record, group or delivery, or a delivery whose outcome is unknown; may be repeated
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// NAME or TENANT/NAME, where a key is in several
    #[arg(long)]
    scheme: Option<String>,
    /// What was found or done, for whoever reads this later
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["written", "absent"])]
    note: Option<String>,
    /// The target holds it, under this number: it is never sent again
    #[arg(long, value_name = "NUMBER", conflicts_with = "absent")]
    written: Option<String>,
    /// The target does not hold it: the same bytes are sent again
    #[arg(long)]
    absent: bool,
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
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    if args.ids.is_empty() && args.keys.is_empty() {
        let message = context.lang.t("problem.need-ids");
        return Err(Failure {
            code: "usage.selection",
            message,
            exit: Exit::Usage,
        }
        .into());
    }
    let desk = Desk::open(&context.project, context.lang)?;
    let given = args
        .scheme
        .as_deref()
        .map(|named| desk.choose(Some(named)))
        .transpose()?;
    let rows = named(&desk, given.as_ref(), &args.ids, &args.keys)?;
    let scheme = scheme_of(&desk, args.scheme.as_deref(), &rows)?;
    if args.written.is_some() || args.absent {
        return settle(context, args, &desk, &scheme, &rows);
    }
    if rows.is_empty() {
        let wanted = args.keys.first().cloned().unwrap_or_default();
        return Err(not_found(&desk, &[scheme], &wanted)?.into());
    }
    let plan = plan::resolve("resolve", &scheme, &rows);
    let lens = desk.plain_lens();
    if let Agreed::No(exit) = confirmed(context, &lens, &plan, args.dry_run, args.yes)? {
        return Ok(exit);
    }
    let ids: Vec<u64> = rows
        .iter()
        .filter(|row| row.resolved.is_none())
        .map(|row| row.id)
        .collect();
    let why = args.note.as_deref().unwrap_or_default();
    let subjects: Vec<String> = ids.iter().map(|id| format!("#{id}")).chain([why.to_owned()]).collect();
    audit(&desk, "problem resolve", &scheme, &subjects)?;
    let done = desk
        .store
        .resolve_problems(&scheme, &ids, &compose::user(), why, desk.now)?;
    if context.json {
        output::json(json!({ "scheme": scheme.to_string(), "action": "resolve", "resolved": done }));
    } else {
        say(&context.lang.text("problem.resolved-count", &[("count", &done)]));
    }
    Ok(Exit::Done)
}

/// `--written` and `--absent`: a person's word on an outcome that nobody else can settle.
fn settle(
    context: &Context,
    args: &Args,
    desk: &Desk,
    scheme: &SchemeName,
    rows: &[ProblemRow],
) -> anyhow::Result<Exit> {
    let plan = settle_plan(context, args, desk, scheme, rows)?;
    if let Agreed::No(exit) = confirmed(context, &desk.plain_lens(), &plan, args.dry_run, args.yes)? {
        return Ok(exit);
    }
    let by = compose::user();
    let verdict = match &args.written {
        Some(number) => HandVerdict::Written {
            number: number.clone(),
            by,
        },
        None => HandVerdict::Absent { by },
    };
    let word = match &args.written {
        Some(number) => format!("written {number}"),
        None => "absent".to_owned(),
    };
    let extra = [word, args.note.clone().unwrap_or_default()];
    let subjects: Vec<String> = plan
        .keys
        .iter()
        .cloned()
        .chain(extra)
        .filter(|text| !text.is_empty())
        .collect();
    audit(desk, "problem resolve", scheme, &subjects)?;
    let (mut done, mut left) = (Vec::new(), Vec::new());
    for key in &plan.keys {
        let settled = desk.store.settle_by_hand(key, scheme, verdict.clone(), desk.now)?;
        if settled {
            done.push(key.clone());
        } else {
            left.push(key.clone());
        }
    }
    if context.json {
        output::json(json!({ "scheme": scheme.to_string(), "action": plan.action, "settled": done, "left": left }));
    } else {
        say(&context.lang.text("problem.settled", &[("count", &done.len())]));
        if !left.is_empty() {
            let keys: Vec<String> = left.iter().map(|key| text::clean(key)).collect();
            say(&context
                .lang
                .text("problem.settled-fewer", &[("keys", &keys.join(", "))]));
        }
    }
    Ok(if left.is_empty() { Exit::Done } else { Exit::Refused })
}

/// The deliveries that a word of a person would settle. Refuses anything whose outcome is known.
fn settle_plan(
    context: &Context,
    args: &Args,
    desk: &Desk,
    scheme: &SchemeName,
    rows: &[ProblemRow],
) -> anyhow::Result<Plan> {
    let mut wrong: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for row in rows.iter().filter(|row| args.ids.contains(&row.id)) {
        match &row.delivery_key {
            Some(key) if row.kind == ProblemKind::Unsettled && row.resolved.is_none() => keys.push(key.clone()),
            _ => wrong.push(format!("#{}", row.id)),
        }
    }
    keys.extend(args.keys.iter().cloned());
    keys.sort();
    keys.dedup();
    let mut plan = Plan::new(if args.absent { "absent" } else { "written" }, scheme);
    let mut tally = Tally::default();
    for key in keys {
        let story = desk.store.story(scheme, &key)?;
        let unsettled = |row: &ProblemRow| row.kind == ProblemKind::Unsettled && row.resolved.is_none();
        let found = story.as_ref().and_then(|story| {
            let delivery = story.deliveries.iter().find(|delivery| delivery.key == key)?;
            let open = story
                .problems
                .iter()
                .any(|row| unsettled(row) && row.delivery_key.as_ref() == Some(&key));
            let settleable =
                delivery.state == DeliveryState::Unknown || (delivery.state == DeliveryState::Dead && open);
            settleable.then_some(delivery)
        });
        match found {
            Some(delivery) => {
                tally.count += 1;
                tally.amount += delivery.amount.unwrap_or_default();
                plan.keys.push(key);
            }
            None => wrong.push(key),
        }
    }
    let failure = |code, key: &str, keys: String| {
        let message = context.lang.text(key, &[("keys", &text::clean(&keys))]);
        Err(Failure {
            code,
            message,
            exit: Exit::Usage,
        }
        .into())
    };
    if !wrong.is_empty() {
        return failure("usage.not-unknown", "problem.not-unknown", wrong.join(", "));
    }
    if args.written.is_some() && plan.keys.len() > 1 {
        return failure("usage.one-number", "problem.one-number", String::new());
    }
    plan.add(Line {
        label: "state.unknown".to_owned(),
        detail: String::new(),
        tally,
    });
    Ok(plan)
}
