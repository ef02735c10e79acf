//! `dukou tenant ls|new|export|erase`: the customers of a project. What a command says of one tenant holds nothing of
//! another.

mod erase;
mod export;
mod ls;
mod new;

use clap::Subcommand;
use dukou_core::names::SchemeName;

use super::Context;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::scheme::{Code, DefinitionErrors, Diagnostic};

/// The customers of a project.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: tags, schemes, differences from the base, open problems, what is not deployed
    Ls(ls::Args),
    /// Write a new tenant's folder, with a scheme over a base
    New(new::Args),
    /// Write a tenant's files and everything stored of it to a folder, personal data included
    Export(export::Args),
    /// Delete everything stored of a tenant; its files stay
    Erase(erase::Args),
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, what is named is not there, or a confirmation is missing.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => ls::run(context, &args),
        Command::New(args) => new::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Erase(args) => erase::run(context, &args),
    }
}

/// The stored schemes of a tenant, which must have a folder or anything stored.
///
/// # Errors
/// [`Code::UnknownTenant`] with what there is.
fn stored(desk: &Desk, tenant: &str) -> anyhow::Result<Vec<SchemeName>> {
    let all = desk.store.schemes()?;
    let own: Vec<SchemeName> = all.iter().filter(|name| name.tenant == tenant).cloned().collect();
    let filed = desk.project.scheme_names()?.iter().any(|name| name.tenant == tenant);
    if own.is_empty() && !filed && !desk.project.tenants.contains_key(tenant) {
        let mut known: Vec<&str> = desk.project.tenants.keys().map(String::as_str).collect();
        known.extend(all.iter().map(|name| name.tenant.as_str()));
        known.sort_unstable();
        known.dedup();
        let finding = Diagnostic::new(Code::UnknownTenant)
            .with("name", tenant)
            .did_you_mean(tenant, known.iter().copied());
        return Err(DefinitionErrors::from(finding).into());
    }
    Ok(own)
}
