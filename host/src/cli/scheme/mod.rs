//! `dukou scheme ls|show`: every scheme of every tenant, and where each of its values comes from. Reads only.

mod ls;
mod show;

use clap::Subcommand;
use dukou_core::names::SchemeName;

use super::Context;
use crate::deploy;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::scheme::Scheme;

/// Schemes, and the file and line of every value.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: base, plugins, differences from the base, whether the files run
    Ls(ls::Args),
    /// One definition; with --resolved over its base, every value with file and line
    Show(show::Args),
}

/// Runs the command.
///
/// # Errors
/// When the project or the store cannot be read, or what is named is not there.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Ls(args) => ls::run(context, &args),
        Command::Show(args) => show::run(context, &args),
    }
}

/// Whether what a scheme's files say is what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// The files are in force, as this deployment.
    Deployed(u64),
    /// They were edited since this deployment: these.
    Edited(u64, Vec<String>),
    /// They were never brought into force.
    New,
    /// They cannot be read.
    Broken,
}

impl Standing {
    /// Finds it out.
    pub(super) fn of(desk: &Desk, name: &SchemeName, scheme: Option<&Scheme>) -> anyhow::Result<Self> {
        let Some(scheme) = scheme else {
            return Ok(Self::Broken);
        };
        let Some(active) = desk.store.active(name)? else {
            return Ok(Self::New);
        };
        let edited = deploy::undeployed(&desk.project, desk.store.as_ref(), &scheme.name)?.files();
        Ok(if edited.is_empty() {
            Self::Deployed(active.id)
        } else {
            Self::Edited(active.id, edited)
        })
    }

    /// The word for machines, and the last part of the key of the word for people.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Deployed(_) => "deployed",
            Self::Edited(..) => "edited",
            Self::New => "new",
            Self::Broken => "broken",
        }
    }
}

/// The names that `--tenant` and `--tag` leave of all schemes with a file.
///
/// # Errors
/// When there is no such tenant, or a file's name is none.
pub(super) fn picked(desk: &Desk, tenant: Option<&str>, tag: Option<&str>) -> anyhow::Result<Vec<SchemeName>> {
    if let Some(tenant) = tenant {
        desk.project.tenant(tenant)?;
    }
    let mut names = desk.project.scheme_names()?;
    names.retain(|name| tenant.is_none_or(|tenant| name.tenant == tenant));
    names.retain(|name| tag.is_none_or(|tag| desk.project.tags(&name.tenant).iter().any(|own| own == tag)));
    names.sort();
    Ok(names)
}
