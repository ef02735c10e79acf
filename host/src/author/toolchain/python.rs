//! Python: componentize-py from the folder's own virtual environment (or the path), with every system interface stubbed.

use std::path::PathBuf;
use std::process::Command;

use dukou_plugin_build::tool::{self, Listener};

use super::super::error::AuthorError;
use super::super::folder::PluginFolder;

/// What puts componentize-py into the plugin's folder.
const INSTALL: &str = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";

/// Where the contract lies in the plugin's folder.
const WIT: &str = "dukou-sdk/wit/dukou-plugin-0.1";

/// Where a virtual environment has its programs, the first that is there.
const PROGRAMS: [&str; 4] = [
    ".venv/bin/componentize-py",
    "venv/bin/componentize-py",
    ".venv/Scripts/componentize-py.exe",
    "venv/Scripts/componentize-py.exe",
];

/// Compiles the folder's module `plugin` (`plugins/sdk-py/README.md`).
pub(crate) fn compile(folder: &PluginFolder, listener: Option<Listener>) -> Result<Vec<u8>, AuthorError> {
    super::check_sdk(folder, &format!("{WIT}/plugin.wit"))?;
    super::check_sdk(folder, "dukou-sdk/dukou_sdk/component.py")?;
    let program = program(folder)?;
    let out = format!("build/{}.py.wasm", folder.name);
    let mut command = Command::new(program);
    command
        .current_dir(&folder.root)
        // Another environment's packages are none of this plugin's.
        .env_remove("VIRTUAL_ENV")
        .args([
            "-q",
            "-d",
            WIT,
            "-w",
            super::world(folder.kind),
            "componentize",
            "--stub-wasi",
        ])
        // The SDK's module imports the author's. The folder itself is no place to look: it holds `.venv` and `build`.
        .args(["-p", "src", "-p", "dukou-sdk", "dukou_sdk.component", "-o", &out]);
    super::make(folder, &mut command, &folder.root.join(&out), listener)
}

fn program(folder: &PluginFolder) -> Result<PathBuf, AuthorError> {
    let own = PROGRAMS
        .iter()
        .map(|path| folder.root.join(path))
        .find(|path| path.is_file());
    if let Some(own) = own {
        // The command runs in the plugin's folder, so its own path must not depend on where dukou was started.
        return own
            .canonicalize()
            .map_err(|source| AuthorError::Read { file: own, source });
    }
    match tool::run(Command::new("componentize-py").arg("--version"), super::QUESTION, None) {
        Ok(_) => Ok(PathBuf::from("componentize-py")),
        Err(error) if error.is_missing() => Err(AuthorError::ToolMissing {
            tool: "componentize-py",
            install: INSTALL.to_owned(),
        }),
        Err(source) => Err(AuthorError::Tool { source }),
    }
}
