//! `dukou status [SCHEME]`: 运行概况. Reads only; beside a running host too.

use serde_json::Value;

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::deploy;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{rollouts, status};

/// 运行概况: what is stuck, missing, broken, moving. Exit code 5 with open problems.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME or TENANT/NAME; every scheme if left out
    pub scheme: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or the scheme is not there.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let names = match &args.scheme {
        Some(named) => vec![desk.choose(Some(named))?],
        None => desk.schemes()?,
    };
    if names.is_empty() {
        let message = context.lang.t("status.no-schemes");
        return Err(Failure {
            code: "scheme.none",
            message,
            exit: Exit::Nothing,
        }
        .into());
    }
    let mut exit = Exit::Done;
    let mut items: Vec<Value> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let look = desk.look(name);
        let lens = desk.lens(&look);
        let mut view = status::read(desk.store.as_ref(), name)?;
        view.title = look
            .file
            .as_ref()
            .or(look.scheme.as_ref())
            .map(|scheme| scheme.title.clone());
        match &look.file {
            Some(file) => view.undeployed = deploy::undeployed(&desk.project, desk.store.as_ref(), file)?,
            None => note(
                context,
                &context.lang.text("status.definition-unreadable", &[("scheme", name)]),
            ),
        }
        if view.needs_a_person() {
            exit = Exit::Problems;
        }
        if context.json {
            items.push(status::to_json(&lens, &view));
        } else {
            let gap = if index == 0 { "" } else { "\n" };
            say(&format!("{gap}{}", status::text(&lens, &view).trim_end()));
        }
    }
    let change = rollouts::read(
        desk.store.as_ref(),
        names.first().filter(|_| args.scheme.is_some()),
        desk.now,
    )?;
    let lens = desk.plain_lens();
    if context.json {
        let mut value = rollouts::to_json(&lens, &change);
        value["schemes"] = items.into();
        output::json(value);
    } else if !change.is_empty() {
        say(&format!("\n{}", rollouts::text(&lens, &change).trim_end()));
    }
    Ok(exit)
}
