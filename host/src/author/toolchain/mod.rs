//! How each language's own tool makes a component, and what to install when it is missing. One file per language; every
//! tool runs in the plugin's folder and has a deadline.

pub(super) mod js;
pub(super) mod python;
pub(super) mod rust;
pub(super) mod table;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dukou_plugin::Kind;
use dukou_plugin_build::tool::{self, Listener, ToolOutput};

use super::error::AuthorError;
use super::folder::PluginFolder;

/// How long a tool may take to build: a first build compiles all that the plugin stands on.
const BUILD: Duration = Duration::from_secs(1200);

/// How long a tool may take to tell its version.
const QUESTION: Duration = Duration::from_secs(60);

/// The contract's world for a kind of plugin (`wit/dukou-plugin-0.1/plugin.wit`).
fn world(kind: Kind) -> &'static str {
    match kind {
        Kind::Mapping => "mapper",
        Kind::Adjustment => "adjuster",
        Kind::Validation => "validator",
    }
}

/// Runs a tool that writes the component to `out`, and reads it. A tool that ends badly refused the source.
fn make(
    folder: &PluginFolder,
    command: &mut Command,
    out: &Path,
    listener: Option<Listener>,
) -> Result<Vec<u8>, AuthorError> {
    if let Some(parent) = out.parent() {
        std::fs::create_dir_all(parent).map_err(|source| AuthorError::Write {
            file: parent.to_owned(),
            source,
        })?;
    }
    // A tool's own stack is no help to whoever wrote the plugin.
    command.env("RUST_BACKTRACE", "0");
    let output = run(command, BUILD, listener)?;
    if !output.status.success() {
        return Err(AuthorError::Compile {
            language: folder.language,
            output: output.text(),
        });
    }
    let read = std::fs::read(out).map_err(|source| AuthorError::Read {
        file: out.to_owned(),
        source,
    });
    // What the tool wrote is not yet what `plugin build` answers.
    let _ = std::fs::remove_file(out);
    read
}

fn run(command: &mut Command, deadline: Duration, listener: Option<Listener>) -> Result<ToolOutput, AuthorError> {
    tool::run(command, deadline, listener).map_err(|source| AuthorError::Tool { source })
}
