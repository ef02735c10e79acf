//! The plan before a bulk action, and the agreement to it: `--yes`, or a person at a terminal.

use std::io::IsTerminal as _;

use serde_json::json;

use crate::cli::output::{self, note, say};
use crate::cli::{Context, Failure};
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::plan::{self, Plan};

/// Whether a plan may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Agreed {
    /// A person agreed.
    Yes,
    /// Only the plan was wanted, or there is nothing to do: the command ends with this code.
    No(Exit),
}

/// Prints a plan and finds out whether to go ahead: `--yes`, or a person at a terminal.
///
/// # Errors
/// Exit code 9 naming the flag when nobody agreed.
pub(in crate::cli) fn confirmed(
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
    agreed(context, yes)
}

/// Finds out whether to go ahead with a plan that was shown: `--yes`, or a person at a terminal.
///
/// # Errors
/// As [`confirmed`].
pub(super) fn agreed(context: &Context, yes: bool) -> anyhow::Result<Agreed> {
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
