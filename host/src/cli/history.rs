//! `dukou history`: what was in force since when, by whom, why, and on what evidence; and after a mistake, what a version
//! wrote. Reads only; needs no readable definition file.

mod blast;

use std::collections::BTreeMap;

use dukou_core::names::SchemeName;
use serde_json::{Value, json};

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::exit::Exit;
use crate::overview::desk::{Desk, Look};
use crate::overview::history::{self, Entry};
use crate::overview::text;
use crate::overview::{Lens, Personal};
use crate::scheme::Scheme;

/// What was in force since when, by whom, why, and on what evidence.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// NAME or TENANT/NAME; every scheme if left out
    scheme: Option<String>,
    /// Only this deployment, whole
    number: Option<String>,
    /// Every scheme of this tenant
    #[arg(long, conflicts_with = "scheme")]
    tenant: Option<String>,
    /// At most so many, the newest
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Every voucher that a version wrote, and which of its fields are wrong against a good version
    BlastRadius(blast::Args),
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or what is named is not there.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Some(Command::BlastRadius(args)) => blast::run(context, &args),
        None => timeline(context, &args),
    }
}

fn timeline(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    if let Some((scheme, number)) = single(context, &desk, args)? {
        return one(context, &desk, &scheme, number);
    }
    let schemes = match (&args.scheme, &args.tenant) {
        (Some(named), _) => vec![desk.choose(Some(named))?],
        (None, tenant) => of_tenant(&desk, tenant.as_deref())?,
    };
    let limit = args.limit.clamp(1, history::MOST);
    let (entries, more) = history::read(desk.store.as_ref(), &schemes, limit)?;
    let looks = looks(context, &desk, entries.iter().map(|entry| &entry.scheme));
    let lens_of = |entry: &Entry| lens(&desk, &looks, &entry.scheme);
    if context.json {
        output::json(json!({ "deployments": history::to_json(&lens_of, &entries), "more": more }));
        return Ok(Exit::Done);
    }
    if entries.is_empty() {
        say(&context.lang.t("history.none"));
        return Ok(Exit::Done);
    }
    say(history::text(&lens_of, &entries, schemes.len() > 1).trim_end());
    if more {
        say(&context.lang.t("history.more"));
    }
    Ok(Exit::Done)
}

/// `SCHEME NUMBER`, `SCHEME#NUMBER`, or a number alone where there is one scheme.
fn single(context: &Context, desk: &Desk, args: &Args) -> anyhow::Result<Option<(SchemeName, u64)>> {
    let named = args.scheme.as_deref();
    let (scheme, number) = match (named, args.number.as_deref()) {
        (Some(named), Some(number)) => (Some(named), number),
        (Some(named), None) => match named.split_once('#') {
            Some((scheme, number)) => (Some(scheme), number),
            None if named.starts_with(|c: char| c.is_ascii_digit()) => (None, named),
            None => return Ok(None),
        },
        (None, _) => return Ok(None),
    };
    let Ok(number) = number.parse() else {
        let message = context
            .lang
            .text("history.wrong-number", &[("text", &text::clean(number))]);
        return Err(usage("usage.number", message));
    };
    Ok(Some((desk.choose(scheme)?, number)))
}

fn one(context: &Context, desk: &Desk, scheme: &SchemeName, number: u64) -> anyhow::Result<Exit> {
    let Some(entry) = history::one(desk.store.as_ref(), scheme, number)? else {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("scheme", scheme), ("number", &number)];
        let message = context.lang.text("history.not-found", &arguments);
        return Err(Failure {
            code: "deployment.not-found",
            message,
            exit: Exit::NotFound,
        }
        .into());
    };
    let looks = looks(context, desk, std::iter::once(scheme));
    let lens = lens(desk, &looks, scheme);
    if context.json {
        let mut shown = history::entry_json(&lens, &entry);
        shown["definition"] = serde_json::from_str(&entry.deployment.what.definition).unwrap_or(Value::Null);
        output::json(json!({ "deployment": shown }));
    } else {
        say(history::whole(&lens, &entry).trim_end());
    }
    Ok(Exit::Done)
}

/// Schemes of one tenant, or all.
fn of_tenant(desk: &Desk, tenant: Option<&str>) -> anyhow::Result<Vec<SchemeName>> {
    let mut schemes = desk.schemes()?;
    if let Some(tenant) = tenant {
        schemes.retain(|scheme| scheme.tenant == tenant);
        if schemes.is_empty() {
            let message = desk.lang.text("history.no-tenant", &[("tenant", &text::clean(tenant))]);
            return Err(Failure {
                code: "tenant.not-found",
                message,
                exit: Exit::NotFound,
            }
            .into());
        }
    }
    Ok(schemes)
}

/// How each scheme is looked at; says on stderr where a definition cannot be read.
fn looks<'a>(
    context: &Context,
    desk: &Desk,
    schemes: impl Iterator<Item = &'a SchemeName>,
) -> BTreeMap<SchemeName, Look> {
    let mut looks = BTreeMap::new();
    for scheme in schemes {
        if looks.contains_key(scheme) {
            continue;
        }
        let look = desk.look(scheme);
        if look.scheme.is_none() {
            note(context, &context.lang.text("history.unreadable", &[("scheme", scheme)]));
        }
        looks.insert(scheme.clone(), look);
    }
    looks
}

fn lens<'a>(desk: &Desk, looks: &'a BTreeMap<SchemeName, Look>, scheme: &SchemeName) -> Lens<'a> {
    looks
        .get(scheme)
        .map_or_else(|| desk.plain_lens(), |look| desk.lens(look))
}

/// What a definition says of personal fields.
fn personal(scheme: &Scheme) -> Personal<'_> {
    Personal::Known {
        source: scheme.source_catalogue.as_ref(),
        target: scheme.target_catalogue.as_ref(),
    }
}

fn usage(code: &'static str, message: String) -> anyhow::Error {
    Failure {
        code,
        message,
        exit: Exit::Usage,
    }
    .into()
}
