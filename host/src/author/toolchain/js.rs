//! JavaScript: Node runs the SDK's `build.mjs`, which calls componentize-js with all system features off.

use std::process::Command;

use dukou_plugin_build::tool::{self, Listener};

use super::super::error::AuthorError;
use super::super::folder::PluginFolder;

/// The oldest Node that componentize-js and the SDK run on.
const NODE_MAJOR: u32 = 20;

/// The SDK's part that makes the component.
const BUILD: &str = "dukou-sdk/build.mjs";

/// The package that makes the component, below the plugin's folder.
const COMPONENTIZE: &str = "node_modules/@bytecodealliance/componentize-js/package.json";

/// Where plugins have their source, the first that is there.
const SOURCES: [&str; 3] = ["src/plugin.js", "src/plugin.mjs", "src/plugin.ts"];

/// Compiles the folder's module.
pub(crate) fn compile(folder: &PluginFolder, listener: Option<Listener>) -> Result<Vec<u8>, AuthorError> {
    super::check_sdk(folder, BUILD)?;
    check_node()?;
    if !folder.root.join(COMPONENTIZE).is_file() {
        return Err(AuthorError::ToolMissing {
            tool: "@bytecodealliance/componentize-js",
            install: "npm install".to_owned(),
        });
    }
    let source = SOURCES
        .iter()
        .find(|source| folder.root.join(source).is_file())
        .ok_or_else(|| AuthorError::NotFound {
            what: SOURCES[0].to_owned(),
        })?;
    let out = format!("build/{}.js.wasm", folder.name);
    let mut command = Command::new("node");
    command
        .current_dir(&folder.root)
        .args([BUILD, "--world", super::world(folder.kind), "--source", source])
        .args(["--out", &out]);
    super::make(folder, &mut command, &folder.root.join(&out), listener)
}

fn check_node() -> Result<(), AuthorError> {
    let missing = |found: &str| AuthorError::ToolMissing {
        tool: "Node.js ≥ 20",
        install: format!("https://nodejs.org{found}"),
    };
    let answer = match tool::run(Command::new("node").arg("--version"), super::QUESTION, None) {
        Ok(answer) => answer,
        Err(error) if error.is_missing() => return Err(missing("")),
        Err(source) => return Err(AuthorError::Tool { source }),
    };
    let version = answer.text();
    let version = version.trim();
    match major(version) {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        _ => Err(missing(&format!(" ({version})"))),
    }
}

/// `v22.11.0` → 22.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn nodes_version_is_read_as_it_is_printed() {
        assert_eq!(super::major("v22.11.0"), Some(22));
        assert_eq!(super::major("v9.0.0-rc"), Some(9));
        assert_eq!(super::major("20"), None);
    }
}
