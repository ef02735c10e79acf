//! `dukou record ls`: records with the scheme's columns. Reads only.

use dukou_store::rows::RecordFilter;
use serde_json::json;

use crate::cli::output::{self, say};
use crate::cli::{Context, Failure};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{records, text};

/// Which records.
#[derive(Debug, clap::Args)]
pub struct Args {
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

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or the state is none.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
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
