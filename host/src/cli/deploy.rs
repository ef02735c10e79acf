//! `dukou deploy` (发布): inspect, configure, activate. Also the hidden `compile-plugin` that the host starts as a limited child.

use std::ffi::OsString;

use dukou_plugin::compile_in_child;
use serde_json::json;

use super::Context;
use super::output::{self, say};
use crate::compose::{self, Host};
use crate::deploy::wanted::summary;
use crate::deploy::{self, Deployed};
use crate::exit::Exit;

/// Inspect plugins and bring changed files into force.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Schemes; all of the project's if none is named
    pub schemes: Vec<String>,
    /// Why, kept with the deployment
    #[arg(long, default_value = "")]
    pub note: String,
    /// Inspect, configure and run the cases inside the plugins only
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of the child that compiles.
#[derive(Debug, clap::Args)]
pub struct CompileArgs {
    /// As `dukou-plugin` passes them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// Definitions, plugins that are refused, store.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let host = Host::open(&context.project)?;
    let names = if args.schemes.is_empty() {
        host.project.scheme_names()?
    } else {
        args.schemes
            .iter()
            .map(|name| host.project.choose(Some(name)))
            .collect::<anyhow::Result<Vec<_>>>()?
    };
    // All or nothing: every scheme is inspected, configured and proven by its plugins' cases before the first is activated.
    let mut all = Vec::new();
    for name in &names {
        let scheme = host.project.load_scheme(name)?;
        let wanted = deploy::wanted(&host.project, &scheme, &host.runtime)?;
        deploy::prove(&scheme, &wanted)?;
        all.push((scheme, wanted));
    }
    let mut done = Vec::new();
    for (scheme, wanted) in &all {
        let mut entry = summary(wanted);
        entry["scheme"] = scheme.name.to_string().into();
        let text = if args.dry_run {
            entry["result"] = "would-activate".into();
            context.lang.text(
                "deploy.would",
                &[("scheme", &scheme.name), ("digest", &wanted.digest.short())],
            )
        } else {
            let by = compose::user();
            match deploy::activate(host.store.as_ref(), scheme, wanted, &by, &args.note, host.clock.now())? {
                Deployed::Unchanged { id } => {
                    entry["result"] = "unchanged".into();
                    entry["id"] = id.to_string().into();
                    context
                        .lang
                        .text("deploy.unchanged", &[("scheme", &scheme.name), ("id", &id)])
                }
                Deployed::Activated { id, .. } => {
                    entry["result"] = "activated".into();
                    entry["id"] = id.to_string().into();
                    context
                        .lang
                        .text("deploy.activated", &[("scheme", &scheme.name), ("id", &id)])
                }
            }
        };
        if !context.json {
            say(&text);
            for (name, digest) in wanted.plugin_digests() {
                say(&format!("  {name}  sha256:{}", digest.short()));
            }
        }
        done.push(entry);
    }
    if context.json {
        output::json(json!({ "deployments": done }));
    }
    Ok(Exit::Done)
}

/// Compiles one plugin under this process's own limits; the answer is the process's exit code.
pub fn compile(args: CompileArgs) -> std::process::ExitCode {
    compile_in_child(args.arguments)
}
