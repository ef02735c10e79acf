//! What `plugin test` and `plugin review` are pointed at: a plugin's folder, built first where something changed, with
//! its cases; or one packed file with its cases inside. Prints nothing.

use std::path::{Path, PathBuf};

use dukou_plugin::cases::CaseSet;
use dukou_plugin::{Plugin, Runtime};
use dukou_plugin_build::tool::Listener;

use super::{AuthorError, PluginFolder, build, cases};

/// A component with its cases.
pub struct Target {
    /// The plugin's folder; `None` for a packed file.
    pub folder: Option<PathBuf>,
    /// The file of the component.
    pub component: PathBuf,
    /// The component, inspected and compiled.
    pub plugin: Plugin,
    /// Its cases.
    pub cases: CaseSet,
}

/// Loads what `path` points at. `building` is told before a build, `listener` what it says.
///
/// # Errors
/// [`cases::CaseErrors`], [`AuthorError`], the plugin's refusal.
pub fn load(
    runtime: &Runtime,
    path: &Path,
    building: &dyn Fn(&PluginFolder),
    listener: Option<Listener>,
) -> anyhow::Result<Target> {
    if path.is_dir() {
        let folder = PluginFolder::open(path)?;
        // Wrong cases are told before a build that may take a minute.
        let cases = cases::read(&folder.root)?;
        let built = build::fresh(&folder, building, listener)?;
        return Ok(Target {
            folder: Some(path.to_owned()),
            plugin: loaded(runtime, &built.file, &built.bytes)?,
            component: built.file,
            cases,
        });
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = path.display().to_string();
            return Err(AuthorError::NotFound { what }.into());
        }
        Err(source) => {
            let file = path.to_owned();
            return Err(AuthorError::Read { file, source }.into());
        }
    };
    let plugin = loaded(runtime, path, &bytes)?;
    let cases = cases::packed(plugin.inspection().cases.as_deref())?;
    Ok(Target {
        folder: None,
        component: path.to_owned(),
        plugin,
        cases,
    })
}

/// A component, ready to run; a refusal names its file.
///
/// # Errors
/// [`AuthorError::Refused`].
pub fn loaded(runtime: &Runtime, file: &Path, bytes: &[u8]) -> Result<Plugin, AuthorError> {
    runtime.load(bytes).map_err(|source| AuthorError::Refused {
        file: file.to_owned(),
        source,
    })
}
