//! `dukou tenant ls`: one line a tenant. Reads only.

use dukou_core::names::{DEFAULT_TENANT, SchemeName};
use dukou_store::rows::Tally;
use serde_json::json;

use crate::cli::Context;
use crate::cli::output::{self, note, say};
use crate::deploy;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::text::{NONE, count, short, table};

/// Which tenants.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only those that carry this tag
    #[arg(long)]
    tag: Option<String>,
}

/// One tenant's figures.
#[derive(Debug, Default)]
struct Figures {
    schemes: Vec<String>,
    differences: usize,
    problems: Tally,
    undeployed: Vec<String>,
    broken: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let all = desk.schemes()?;
    let mut names: Vec<&str> = desk.project.tenants.keys().map(String::as_str).collect();
    // Tenants without a folder: `default`, and those of which only the store knows.
    names.extend(all.iter().map(|name| name.tenant.as_str()));
    names.sort_unstable();
    names.dedup();
    let tagged = |name: &str| {
        args.tag
            .as_ref()
            .is_none_or(|tag| desk.project.tags(name).contains(tag))
    };
    names.retain(|name| tagged(name));
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    let mut broken = 0;
    for name in names {
        let schemes: Vec<&SchemeName> = all.iter().filter(|scheme| scheme.tenant == name).collect();
        let figures = figures(&desk, &schemes)?;
        let tenant = desk.project.tenants.get(name);
        let wrong = tenant.is_some_and(|tenant| !tenant.errors.is_empty());
        broken += usize::from(wrong || !figures.broken.is_empty());
        let title = match tenant {
            Some(tenant) => tenant.title.clone(),
            None if name == DEFAULT_TENANT => context.lang.t("tenant.default"),
            None => context.lang.t("tenant.no-folder"),
        };
        let tags = desk.project.tags(name);
        let owner = tenant.and_then(|tenant| tenant.owner.clone());
        items.push(json!({
            "tenant": name,
            "title": tenant.map(|tenant| tenant.title.as_str()),
            "tags": tags,
            "owner": owner,
            "file": tenant.map(|tenant| tenant.file.as_str()),
            "valid": !wrong && figures.broken.is_empty(),
            "schemes": figures.schemes,
            "differences": figures.differences,
            "problems": { "count": figures.problems.count, "amount": figures.problems.amount.to_string() },
            "undeployed": figures.undeployed,
        }));
        let figure = |value: usize| count(value as u64);
        rows.push(vec![
            name.to_owned(),
            short(&title, 40),
            short(&tags.join(", "), 40),
            owner.map_or_else(|| NONE.to_owned(), |owner| short(&owner, 20)),
            if wrong || !figures.broken.is_empty() {
                format!("{} !", figure(figures.schemes.len()))
            } else {
                figure(figures.schemes.len())
            },
            figure(figures.differences),
            count(figures.problems.count),
            figure(figures.undeployed.len()),
        ]);
    }
    if context.json {
        output::json(json!({ "tenants": items }));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        say(&context.lang.t("tenant.none"));
        return Ok(Exit::Done);
    }
    let header = [
        "tenant",
        "title",
        "tags",
        "owner",
        "schemes",
        "differences",
        "problems",
        "undeployed",
    ]
    .map(|key| context.lang.t(&format!("tenant.column.{key}")));
    say(table(&desk.plain_lens(), &header, &rows, &[4, 5, 6, 7]).trim_end());
    if broken > 0 {
        note(context, &context.lang.text("tenant.some-broken", &[("count", &broken)]));
    }
    Ok(Exit::Done)
}

fn figures(desk: &Desk, schemes: &[&SchemeName]) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    let stored = desk.store.schemes()?;
    for name in schemes {
        figures.schemes.push(name.to_string());
        figures.differences += desk.project.differences(name).unwrap_or_default();
        if stored.contains(name) {
            for (_, tally) in desk.store.overview(name)?.problems {
                figures.problems.count += tally.count;
                figures.problems.amount += tally.amount;
            }
        }
        // A table or the lock that cannot be read is as wrong as a definition: `check` says what it is.
        let found = deploy::undeployed(&desk.project, desk.store.as_ref(), name)?;
        if !found.unusable.is_empty() {
            figures.broken.push(name.to_string());
        }
        if !found.is_empty() {
            figures.undeployed.push(name.to_string());
        }
    }
    Ok(figures)
}
