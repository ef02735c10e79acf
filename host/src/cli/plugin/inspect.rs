//! `dukou plugin inspect`: prints the permission card of a file, a stock plugin, or a plugin's folder.

use std::path::{Path, PathBuf};

use dukou_plugin::cases::CaseSet;

use super::super::Context;
use super::super::output::{json, say};
use super::test::runtime_for;
use crate::author::{AuthorError, PluginFolder, build, card, card_text, cases};
use crate::exit::Exit;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin inspect shop-rules.wasm    a file, however it came here\n  \
    dukou plugin inspect shop-rules         plugins/shop-rules.wasm of the project\n  \
    dukou plugin inspect table              a stock plugin\n  \
    dukou plugin inspect .                  the plugin in this folder, built if need be\n\n\
    Everything is proven by the component's imports or answered by its `configure` in the sandbox.\n\
    Exit codes: 0 shown, 3 no plugin of ours or damaged, 8 not found, 9 a forbidden import.\n\
    Next: dukou plugin test FILE")]
pub struct Args {
    /// A component file, a plugin's folder, or the name of a plugin
    #[arg(value_name = "FILE|NAME")]
    plugin: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`AuthorError`], or cases inside that cannot be read.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let plugin = args.plugin.as_path();
    let subject = subject(context, plugin)?;
    let runtime = runtime_for(context, plugin)?;
    let refused = |source| AuthorError::Refused {
        file: plugin.to_owned(),
        source,
    };
    let cases = match subject.cases {
        Some(cases) => cases,
        None => {
            let inspection = runtime.inspect(&subject.bytes).map_err(refused)?;
            cases::packed(inspection.cases.as_deref())?
        }
    };
    let card = card::read(&runtime, &subject.bytes, &subject.name, &cases).map_err(refused)?;
    if context.json {
        json(card.to_json());
    } else {
        say(&card_text::render(&card, context.lang));
    }
    Ok(Exit::Done)
}

struct Subject {
    name: String,
    bytes: Vec<u8>,
    /// The folder's cases; a file has its own inside.
    cases: Option<CaseSet>,
}

fn subject(context: &Context, plugin: &Path) -> anyhow::Result<Subject> {
    let name = plugin.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    if plugin.is_dir() {
        let folder = PluginFolder::open(plugin)?;
        let cases = cases::read(&folder.root)?;
        let built = build::fresh(&folder, &super::building(context), super::listener(context))?;
        return Ok(Subject {
            name: folder.name,
            bytes: built.bytes,
            cases: Some(cases),
        });
    }
    let own = context.project.join("plugins").join(plugin).with_extension("wasm");
    for file in [plugin, own.as_path()] {
        if file.is_file() {
            let bytes = std::fs::read(file).map_err(|source| AuthorError::Read {
                file: file.to_owned(),
                source,
            })?;
            return Ok(Subject {
                name,
                bytes,
                cases: None,
            });
        }
    }
    let stock = dukou_stock::all().iter().find(|(stock, _)| plugin == Path::new(stock));
    match stock {
        Some((name, bytes)) => Ok(Subject {
            name: (*name).to_owned(),
            bytes: bytes.to_vec(),
            cases: None,
        }),
        None => Err(AuthorError::NotFound {
            what: plugin.display().to_string(),
        }
        .into()),
    }
}
