//! `dukou status [SCHEME]`: 运行概况. Reads only; beside a running host too.

use serde_json::Value;

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::deploy;
use crate::exit::Exit;
use crate::overview::desk::{Desk, Look};
use crate::overview::status::StatusView;
use crate::overview::{rollouts, status};

/// The most schemes that are shown whole without being named; more are shown one line each.
const MOST_WHOLE: usize = 5;

/// 运行概况: what is stuck, missing, broken, moving. Exit code 5 with open problems.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME or TENANT/NAME; every scheme if left out, one line each if there are many
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
    let mut views: Vec<(StatusView, Look)> = Vec::with_capacity(names.len());
    for name in &names {
        let look = desk.look(name);
        let mut view = status::read(desk.store.as_ref(), name)?;
        view.title = look
            .file
            .as_ref()
            .or(look.scheme.as_ref())
            .map(|scheme| scheme.title.clone());
        let found = deploy::undeployed(&desk.project, desk.store.as_ref(), name)?;
        (view.undeployed, view.unusable, view.gone) = (found.edited, found.unusable, found.gone);
        if look.file.is_none() && view.gone.is_none() {
            note(
                context,
                &context.lang.text("status.definition-unreadable", &[("scheme", name)]),
            );
        }
        views.push((view, look));
    }
    let named = names.first().filter(|_| args.scheme.is_some());
    let change = rollouts::read(desk.store.as_ref(), named, desk.now)?;
    if context.json {
        let schemes: Vec<Value> = views
            .iter()
            .map(|(view, look)| status::to_json(&desk.lens(look), view))
            .collect();
        let mut value = rollouts::to_json(&desk.plain_lens(), &change);
        value["schemes"] = schemes.into();
        output::json(value);
    } else {
        if !change.is_empty() {
            say(&format!("{}\n", rollouts::text(&desk.plain_lens(), &change).trim_end()));
        }
        say(told(&desk, &mut views).trim_end());
    }
    let waits = views.iter().any(|(view, _)| view.needs_a_person());
    Ok(if waits { Exit::Problems } else { Exit::Done })
}

/// The schemes for people, those in trouble first.
fn told(desk: &Desk, views: &mut [(StatusView, Look)]) -> String {
    if views.len() > MOST_WHOLE {
        let views: Vec<&StatusView> = views.iter().map(|(view, _)| view).collect();
        return status::list_text(&desk.plain_lens(), &views);
    }
    views.sort_by_key(|(view, _)| !view.is_in_trouble());
    let texts: Vec<String> = views
        .iter()
        .map(|(view, look)| status::text(&desk.lens(look), view))
        .collect();
    texts.join("\n")
}
