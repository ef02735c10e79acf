//! `dukou record ls|show`: records, and one order's whole story. Reads only.

use clap::Subcommand;
use dukou_core::names::SchemeName;
use dukou_store::rows::{RecordFilter, Story};
use serde_json::json;

use super::output::{self, say};
use super::{Context, Failure};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{nearest, records, story, text};

/// Records and their whole stories.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List records with the scheme's columns
    Ls(LsArgs),
    /// One order's whole story: raw, mapped, requests, replies, problems, what happens next
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
struct LsArgs {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// Only this state: waiting, queued, unknown, held, problem, skipped, delivered
    #[arg(long)]
    state: Option<String>,
    /// Keys that contain this text
    #[arg(long, value_name = "TEXT")]
    matching: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The record's key, a delivery's key, or another number of it
    key: String,
    /// NAME or TENANT/NAME; every scheme is searched if left out
    scheme: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or the record is not there.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => list(context, args),
        Command::Show(args) => show(context, &args),
    }
}

fn list(context: &Context, args: LsArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = desk.choose(args.scheme.as_deref())?;
    if let Some(state) = args.state.as_deref().filter(|state| !records::STATES.contains(state)) {
        let arguments: [(&str, &dyn std::fmt::Display); 2] =
            [("state", &text::clean(state)), ("states", &records::STATES.join(", "))];
        let message = context.lang.text("record.bad-state", &arguments);
        return Err(Failure {
            code: "usage.state",
            message,
            exit: Exit::Usage,
        }
        .into());
    }
    let limit = args.limit.max(1);
    let filter = RecordFilter {
        scheme: Some(scheme.clone()),
        state: args.state,
        matching: args.matching,
        limit: limit.saturating_add(1),
    };
    let mut rows = desk.store.records(&filter)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let look = desk.look(&scheme);
    let lens = desk.lens(&look);
    if context.json {
        let items: Vec<_> = rows.iter().map(|row| records::row_json(&lens, row)).collect();
        output::json(json!({ "scheme": scheme.to_string(), "more": more, "records": items }));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        say(&context.lang.t("record.none"));
        return Ok(Exit::Done);
    }
    say(records::text(&lens, &rows).trim_end());
    if more {
        say(&context.lang.t("record.more"));
    }
    Ok(Exit::Done)
}

fn show(context: &Context, args: &ShowArgs) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let schemes = match &args.scheme {
        Some(named) => vec![desk.choose(Some(named))?],
        None => desk.schemes()?,
    };
    let mut found: Vec<(SchemeName, Story)> = Vec::new();
    for scheme in &schemes {
        if let Some(story) = desk.store.story(scheme, &args.key)? {
            found.push((scheme.clone(), story));
        }
    }
    match found.as_slice() {
        [] => Err(not_found(&desk, &schemes, &args.key)?.into()),
        [(scheme, found)] => {
            let look = desk.look(scheme);
            let lens = desk.lens(&look);
            if context.json {
                output::json(story::to_json(&lens, found));
            } else {
                say(story::text(&lens, found).trim_end());
            }
            Ok(Exit::Done)
        }
        several => {
            let mut message = context.lang.text("record.several", &[("key", &text::clean(&args.key))]);
            for (scheme, _) in several {
                message.push_str(&format!("\n  dukou record show {} {scheme}", text::argument(&args.key)));
            }
            Err(Failure {
                code: "record.several",
                message,
                exit: Exit::Usage,
            }
            .into())
        }
    }
}

fn not_found(desk: &Desk, schemes: &[SchemeName], key: &str) -> anyhow::Result<Failure> {
    let mut near = Vec::new();
    for scheme in schemes {
        near.extend(nearest::keys(desk.store.as_ref(), scheme, key)?);
    }
    near.truncate(10);
    let near: Vec<String> = near.iter().map(|key| text::clean(key)).collect();
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("key", &text::clean(key)), ("near", &near.join(", "))];
    let message = match near.is_empty() {
        true => desk.lang.text("record.not-found", &arguments[..1]),
        false => desk.lang.text("record.not-found-near", &arguments),
    };
    Ok(Failure {
        code: "record.not-found",
        message,
        exit: Exit::NotFound,
    })
}
