//! `dukou plugin build`: drives the language's own tool to a component.

use std::path::PathBuf;

use dukou_plugin::PoolClass;
use serde_json::json;

use super::super::Context;
use super::super::output::{json, say};
use crate::author::build::{Built, build};
use crate::author::{PluginFolder, card, card_text};
use crate::exit::Exit;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin build                the plugin in this folder\n  \
    dukou plugin build shop-rules     the plugin in another folder\n\n\
    The language is told by the folder: Cargo.toml (Rust, cargo with target wasm32-unknown-unknown), package.json\n\
    (JavaScript, Node ≥ 20 after `npm install`), pyproject.toml (Python, componentize-py in .venv), mapping.toml (table,\n\
    no tool). What is missing is told with the command that installs it. Writes build/NAME.wasm.\n\
    Exit codes: 0 built, 3 a tool is missing or refuses the source, 8 no plugin there, 9 a forbidden import.\n\
    Next: dukou plugin test")]
pub struct Args {
    /// The plugin's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`crate::author::AuthorError`].
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let folder = PluginFolder::open(&args.dir)?;
    let built = build(&folder, super::listener(context))?;
    if context.json {
        json(json!({
            "name": folder.name,
            "language": folder.language.as_str(),
            "kind": built.inspection.kind.as_str(),
            "file": built.file.display().to_string(),
            "bytes": built.bytes.len(),
            "digest": built.digest.to_string(),
            "class": card::class(built.inspection.class()),
            "imports": built.inspection.imports,
        }));
    } else {
        say(&sentence(context, &built));
    }
    Ok(Exit::Done)
}

fn sentence(context: &Context, built: &Built) -> String {
    let class = match built.inspection.class() {
        PoolClass::Compiled => "plugin.card.compiled",
        PoolClass::Interpreted => "plugin.card.interpreted",
    };
    let arguments: [(&str, &dyn std::fmt::Display); 4] = [
        ("file", &built.file.display()),
        ("size", &card_text::bytes(built.bytes.len())),
        ("digest", &built.digest),
        ("class", &context.lang.t(class)),
    ];
    context.lang.text("plugin.build.done", &arguments)
}
