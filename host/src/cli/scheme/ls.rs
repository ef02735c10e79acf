//! `dukou scheme ls`: one line a scheme. Reads only.

use serde_json::json;

use super::{Standing, picked};
use crate::cli::Context;
use crate::cli::output::{self, note, say};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::text::{NONE, short, table};
use crate::scheme::Scheme;

/// Which schemes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only tenants that carry this tag
    #[arg(long)]
    tag: Option<String>,
    /// Only this tenant's
    #[arg(long)]
    tenant: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let names = picked(&desk, args.tenant.as_deref(), args.tag.as_deref())?;
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    let mut broken = 0;
    for name in &names {
        let scheme = desk.project.load_scheme(name).ok();
        let standing = Standing::of(&desk, name, scheme.as_ref())?;
        let resolved = desk.project.resolve(name).ok();
        let bases: Vec<&str> = resolved
            .iter()
            .flat_map(|resolved| resolved.bases.iter().map(|(base, _)| base.as_str()))
            .collect();
        let differences = resolved
            .as_ref()
            .filter(|resolved| !resolved.bases.is_empty())
            .map(|resolved| resolved.differences().count());
        let plugins: Vec<&str> = scheme
            .iter()
            .flat_map(Scheme::plugin_uses)
            .map(|one| one.name.as_str())
            .collect();
        broken += usize::from(standing == Standing::Broken);
        let (deployment, edited) = match &standing {
            Standing::Deployed(id) => (Some(*id), Vec::new()),
            Standing::Edited(id, files) => (Some(*id), files.clone()),
            Standing::New | Standing::Broken => (None, Vec::new()),
        };
        items.push(json!({
            "scheme": name.to_string(),
            "tenant": name.tenant,
            "name": name.name,
            "title": scheme.as_ref().map(|scheme| scheme.title.as_str()),
            "bases": bases,
            "plugins": plugins,
            "differences": differences,
            "standing": standing.word(),
            "deployment": deployment.map(|id| id.to_string()),
            "undeployed": edited,
        }));
        rows.push(vec![
            name.to_string(),
            scheme
                .as_ref()
                .map_or_else(|| NONE.to_owned(), |scheme| short(&scheme.title, 40)),
            bases.first().map_or_else(|| NONE.to_owned(), |base| (*base).to_owned()),
            short(&plugins.join(", "), 40),
            differences.map_or_else(|| NONE.to_owned(), |count| count.to_string()),
            context.lang.t(&format!("scheme.standing.{}", standing.word())),
        ]);
    }
    if context.json {
        output::json(json!({ "schemes": items }));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        say(&context.lang.t("scheme.none"));
        return Ok(Exit::Done);
    }
    let header = ["scheme", "title", "base", "plugins", "differences", "standing"]
        .map(|key| context.lang.t(&format!("scheme.column.{key}")));
    say(table(&desk.plain_lens(), &header, &rows, &[4]).trim_end());
    if broken > 0 {
        note(context, &context.lang.text("scheme.some-broken", &[("count", &broken)]));
    }
    Ok(Exit::Done)
}
