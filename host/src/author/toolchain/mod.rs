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

/// The folder's SDK must have a file that the tool will ask for.
fn check_sdk(folder: &PluginFolder, file: &str) -> Result<(), AuthorError> {
    if folder.root.join(file).is_file() {
        return Ok(());
    }
    Err(AuthorError::SdkMissing {
        language: folder.language,
    })
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

#[cfg(test)]
mod tests {
    use super::super::folder::Language;
    use super::super::kit::NewPlugin;
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn without_its_sdk_a_folder_is_told_how_to_get_it_back() {
        for language in [Language::Rust, Language::JavaScript, Language::Python] {
            let dir = tempfile::tempdir().unwrap();
            let new = NewPlugin {
                name: "shop-rules".to_owned(),
                title: "店铺规则".to_owned(),
                language,
                kind: Kind::Mapping,
            };
            new.write(dir.path()).unwrap();
            std::fs::remove_dir_all(dir.path().join("dukou-sdk")).unwrap();
            let folder = PluginFolder::open(dir.path()).unwrap();
            let compiled = match language {
                Language::JavaScript => js::compile(&folder, None),
                Language::Python => python::compile(&folder, None),
                _ => rust::compile(&folder, None),
            };
            let error = compiled.unwrap_err();
            assert!(matches!(error, AuthorError::SdkMissing { .. }), "{error}");
            let advice = format!("dukou plugin new sdk-copy --in {language} --dir ../sdk-copy");
            for lang in [Lang::Zh, Lang::En] {
                assert!(error.sentence(lang).contains(&advice), "{}", error.sentence(lang));
            }
        }
    }
}
