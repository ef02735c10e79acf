//! `dukou problem ls|show|retry|resolve`: everything that needs a person. Bulk actions print a plan with counts and sums
//! first, and every write is in the audit list.

mod confirm;
mod drain;
mod resolve;
mod retry;
#[cfg(test)]
mod tests;

use clap::Subcommand;
use dukou_core::names::SchemeName;
use dukou_store::rows::{AuditEntry, ProblemFilter, ProblemRow};
use serde_json::json;

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::compose;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{groups, nearest, problem, text};
pub(super) use confirm::{Agreed, confirmed};

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
    /// Foretell what would come, then map and deliver again where it is certain that nothing was written
    Retry(retry::Args),
    /// Close them with a note, or say what became of an unknown outcome
    Resolve(resolve::Args),
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

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, something named is not there, or a confirmation is missing.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => list(context, &args),
        Command::Show(args) => show(context, &args),
        Command::Retry(args) => retry::run(context, &args),
        Command::Resolve(args) => resolve::run(context, &args),
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

/// The most causes that are named where the one that was meant has no open problem.
const MOST_CAUSES: usize = 10;

/// No open problem has that cause: says which causes there are.
fn no_such_cause(desk: &Desk, scheme: &SchemeName, wanted: &str) -> anyhow::Result<Failure> {
    let rows = desk.store.problems(&ProblemFilter {
        scheme: Some(scheme.clone()),
        limit: problem::MOST,
        ..ProblemFilter::default()
    })?;
    let mut causes = groups::group(&rows);
    causes.truncate(MOST_CAUSES);
    let there: Vec<String> = causes.into_iter().map(|cause| cause.fingerprint).collect();
    Ok(Failure {
        code: "problem.not-found",
        message: causes_text(&there, desk, scheme, wanted),
        exit: Exit::NotFound,
    })
}

fn causes_text(there: &[String], desk: &Desk, scheme: &SchemeName, wanted: &str) -> String {
    let there: Vec<String> = there.iter().map(|cause| text::clean(cause)).collect();
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [
        ("scheme", scheme),
        ("wanted", &text::clean(wanted)),
        ("there", &there.join(", ")),
    ];
    let key = if there.is_empty() {
        "problem.no-causes"
    } else {
        "problem.no-such-cause"
    };
    desk.lang.text(key, &arguments)
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
