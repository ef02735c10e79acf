//! `dukou problem ls|show|retry|resolve`: everything that needs a person. Bulk actions print a plan with counts and sums
//! first; nothing is ever sent here, only queued for the pipeline, and every write is in the audit list.

use std::io::IsTerminal as _;

use clap::Subcommand;
use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::{AuditEntry, HandVerdict, ProblemFilter, ProblemRow, Tally};
use serde_json::json;

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::compose;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::plan::{self, Line, Plan};
use crate::overview::{Lens, groups, nearest, problem, text};

/// Everything that needs a person.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: grouped by cause first, then one by one
    Ls(LsArgs),
    /// What, where, why, and what to do next
    Show(ShowArgs),
    /// Map and deliver again, where it is certain that nothing was written
    Retry(RetryArgs),
    /// Close them with a note, or say what became of an unknown outcome
    Resolve(ResolveArgs),
}

#[derive(Debug, clap::Args)]
struct LsArgs {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// Only this cause
    #[arg(long)]
    fingerprint: Option<String>,
    /// Resolved ones too
    #[arg(long)]
    all: bool,
    /// At most so many one by one
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The problem's number, or a record, group or delivery key
    #[arg(value_name = "ID|KEY")]
    wanted: String,
    /// NAME or TENANT/NAME; every scheme is searched if left out
    scheme: Option<String>,
}

#[derive(Debug, clap::Args)]
struct RetryArgs {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// Only this cause
    #[arg(long, conflicts_with_all = ["ids", "keys"])]
    fingerprint: Option<String>,
    /// This problem; may be repeated. Accepts a number that was issued again
    #[arg(long = "id", value_name = "N")]
    ids: Vec<u64>,
    /// This record, group or delivery; may be repeated. Accepts a number that was issued again
    #[arg(long = "key", value_name = "KEY", conflicts_with = "ids")]
    keys: Vec<String>,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Agree to the plan
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct ResolveArgs {
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
/// When the project or the store cannot be read, something named is not there, or a confirmation is missing.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => list(context, &args),
        Command::Show(args) => show(context, &args),
        Command::Retry(args) => retry(context, &args),
        Command::Resolve(args) => resolve(context, &args),
    }
}

fn list(context: &Context, args: &LsArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = desk.choose(args.scheme.as_deref())?;
    let filter = ProblemFilter {
        scheme: Some(scheme.clone()),
        fingerprint: args.fingerprint.clone(),
        resolved_too: args.all,
        limit: problem::MOST,
        ..ProblemFilter::default()
    };
    let rows = desk.store.problems(&filter)?;
    let grouped = groups::group(&rows);
    let shown = &rows[..rows.len().min(args.limit)];
    let more = rows.len() - shown.len();
    let look = desk.look(&scheme);
    let lens = desk.lens(&look);
    if context.json {
        let items: Vec<_> = shown.iter().map(|row| problem::row_json(&lens, row)).collect();
        let groups = groups::to_json(&lens, &grouped);
        output::json(json!({ "scheme": scheme.to_string(), "groups": groups, "problems": items, "more": more }));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        let open_only = args.fingerprint.is_none() && !args.all;
        say(&context.lang.t(if open_only {
            "problem.none"
        } else {
            "problem.none-matching"
        }));
        return Ok(Exit::Done);
    }
    say(&groups::text(&lens, &grouped));
    say(&context.lang.t("problem.members"));
    say(problem::rows_text(&lens, shown).trim_end());
    if more > 0 {
        say(&context.lang.text("problem.more", &[("count", &more)]));
    }
    if rows.len() == problem::MOST {
        note(context, &context.lang.text("problem.cut", &[("count", &problem::MOST)]));
    }
    Ok(Exit::Done)
}

fn show(context: &Context, args: &ShowArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = args
        .scheme
        .as_deref()
        .map(|named| desk.choose(Some(named)))
        .transpose()?;
    let rows = problem::find(desk.store.as_ref(), scheme.as_ref(), &args.wanted)?;
    if rows.is_empty() {
        let schemes = scheme.map_or_else(|| desk.schemes(), |scheme| Ok(vec![scheme]))?;
        return Err(not_found(&desk, &schemes, &args.wanted)?.into());
    }
    let mut items = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let look = desk.look(&row.scheme);
        let lens = desk.lens(&look);
        let view = problem::view(desk.store.as_ref(), row)?;
        if context.json {
            items.push(problem::to_json(&lens, &view));
        } else {
            let gap = if index == 0 { "" } else { "\n" };
            say(&format!("{gap}{}", problem::text(&lens, &view).trim_end()));
        }
    }
    if context.json {
        output::json(json!({ "problems": items }));
    }
    Ok(Exit::Done)
}

/// Nothing of that number or key: says which keys are near, or that the record has no problems.
fn not_found(desk: &Desk, schemes: &[SchemeName], wanted: &str) -> anyhow::Result<Failure> {
    let mut near = Vec::new();
    for scheme in schemes {
        if desk.store.story(scheme, wanted)?.is_some() {
            let message = desk
                .lang
                .text("problem.no-problem", &[("key", &text::argument(wanted))]);
            return Ok(Failure {
                code: "problem.none",
                message,
                exit: Exit::NotFound,
            });
        }
        near.extend(nearest::keys(desk.store.as_ref(), scheme, wanted)?);
    }
    near.truncate(10);
    let near: Vec<String> = near.iter().map(|key| text::clean(key)).collect();
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("wanted", &text::clean(wanted)), ("near", &near.join(", "))];
    let key = if near.is_empty() {
        "problem.not-found"
    } else {
        "problem.not-found-near"
    };
    Ok(Failure {
        code: "problem.not-found",
        message: desk.lang.text(key, &arguments),
        exit: Exit::NotFound,
    })
}

/// Problems by number or key, all of one scheme. Every number and key must match something.
fn named(desk: &Desk, scheme: Option<&SchemeName>, ids: &[u64], keys: &[String]) -> anyhow::Result<Vec<ProblemRow>> {
    let mut rows: Vec<ProblemRow> = Vec::new();
    let filter = ProblemFilter {
        scheme: scheme.cloned(),
        limit: problem::MOST,
        ..ProblemFilter::default()
    };
    for id in ids {
        let found = desk.store.problems(&ProblemFilter {
            ids: vec![*id],
            resolved_too: true,
            ..filter.clone()
        })?;
        if found.is_empty() {
            let schemes = scheme.map_or_else(|| desk.schemes(), |scheme| Ok(vec![scheme.clone()]))?;
            return Err(not_found(desk, &schemes, &id.to_string())?.into());
        }
        rows.extend(found);
    }
    for key in keys {
        rows.extend(desk.store.problems(&ProblemFilter {
            key: Some(key.clone()),
            ..filter.clone()
        })?);
    }
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    Ok(rows)
}

/// The one scheme that rows are of.
fn scheme_of(desk: &Desk, named: Option<&str>, rows: &[ProblemRow]) -> anyhow::Result<SchemeName> {
    if named.is_some() {
        return desk.choose(named);
    }
    let mut schemes: Vec<&SchemeName> = rows.iter().map(|row| &row.scheme).collect();
    schemes.sort();
    schemes.dedup();
    match schemes.as_slice() {
        [] => desk.choose(None),
        [only] => Ok((*only).clone()),
        several => {
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            let message = desk.lang.text("status.choose", &[("schemes", &names.join(", "))]);
            Err(Failure {
                code: "usage.scheme",
                message,
                exit: Exit::Usage,
            }
            .into())
        }
    }
}

fn retry(context: &Context, args: &RetryArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let by_name = !args.ids.is_empty() || !args.keys.is_empty();
    let given = args
        .scheme
        .as_deref()
        .map(|named| desk.choose(Some(named)))
        .transpose()?;
    let (scheme, rows) = if by_name {
        let rows = named(&desk, given.as_ref(), &args.ids, &args.keys)?;
        (scheme_of(&desk, args.scheme.as_deref(), &rows)?, rows)
    } else {
        let scheme = given.map_or_else(|| desk.choose(None), Ok)?;
        let filter = ProblemFilter {
            scheme: Some(scheme.clone()),
            fingerprint: args.fingerprint.clone(),
            limit: problem::MOST,
            ..ProblemFilter::default()
        };
        let rows = desk.store.problems(&filter)?;
        (scheme, rows)
    };
    if rows.is_empty() && (by_name || args.fingerprint.is_some()) {
        let wanted = args
            .keys
            .first()
            .or(args.fingerprint.as_ref())
            .cloned()
            .unwrap_or_default();
        return Err(not_found(&desk, &[scheme], &wanted)?.into());
    }
    let plan = plan::retry(&scheme, &rows, by_name);
    let lens = desk.plain_lens();
    if let Agreed::No(exit) = confirmed(context, &lens, &plan, args.dry_run, args.yes)? {
        return Ok(exit);
    }
    audit(&desk, "problem retry", &scheme, &plan.keys)?;
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

fn resolve(context: &Context, args: &ResolveArgs) -> anyhow::Result<Exit> {
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
    args: &ResolveArgs,
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
            done.push(key.clone())
        } else {
            left.push(key.clone())
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
    Ok(Exit::Done)
}

/// The deliveries that a word of a person would settle. Refuses anything whose outcome is known.
fn settle_plan(
    context: &Context,
    args: &ResolveArgs,
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

/// The most of an audit entry's subject that is kept.
const MOST_SUBJECT: usize = 2_000;

fn audit(desk: &Desk, command: &str, scheme: &SchemeName, subjects: &[String]) -> anyhow::Result<()> {
    let subject: String = format!("{scheme}: {}", subjects.join(" "))
        .chars()
        .take(MOST_SUBJECT)
        .collect();
    desk.store.audit(&AuditEntry {
        at: desk.now,
        by: compose::user(),
        command: command.to_owned(),
        subject,
    })?;
    Ok(())
}

/// Whether a plan may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreed {
    /// A person agreed.
    Yes,
    /// Only the plan was wanted, or there is nothing to do: the command ends with this code.
    No(Exit),
}

/// Prints a plan and finds out whether to go ahead: `--yes`, or a person at a terminal.
///
/// # Errors
/// Exit code 9 naming the flag when nobody agreed.
pub(super) fn confirmed(
    context: &Context,
    lens: &Lens<'_>,
    plan: &Plan,
    dry_run: bool,
    yes: bool,
) -> anyhow::Result<Agreed> {
    if dry_run || plan.is_empty() {
        if context.json {
            output::json(json!({ "plan": plan::to_json(lens, plan), "dry_run": dry_run }));
        } else {
            say(plan::text(lens, plan).trim_end());
        }
        note(
            context,
            &context.lang.t(if dry_run { "plan.dry" } else { "plan.nothing" }),
        );
        let named_in_vain = !dry_run && !plan.left.is_empty();
        return Ok(Agreed::No(if named_in_vain { Exit::Nothing } else { Exit::Done }));
    }
    note(context, plan::text(lens, plan).trim_end());
    if yes {
        return Ok(Agreed::Yes);
    }
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if terminal && !context.json && !context.quiet {
        note(context, &context.lang.t("plan.ask"));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是") {
            return Ok(Agreed::Yes);
        }
    }
    Err(Failure {
        code: "confirm.missing",
        message: context.lang.t("plan.need-yes"),
        exit: Exit::Refused,
    }
    .into())
}
