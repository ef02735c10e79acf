//! `plugin build`: drives the language's own tool in the plugin's folder, puts the manifest in, inspects the result and
//! writes it to `build/NAME.wasm`. A digest of everything that went in lies beside it, so that nobody runs an old one.

use std::path::PathBuf;

use dukou_core::digest::Digest;
use dukou_plugin::{Inspection, InspectionLimits, inspect};
use dukou_plugin_build::tool::Listener;
use dukou_plugin_build::{CASES_SECTION, MANIFEST_SECTION, set_section, without_section};

use super::error::AuthorError;
use super::folder::{Language, PluginFolder};
use super::{inputs, toolchain, whole};

/// A component, built and inspected.
#[derive(Debug, Clone)]
pub struct Built {
    /// Where it is: `build/NAME.wasm`.
    pub file: PathBuf,
    /// Its bytes, with the manifest and without cases.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub inspection: Inspection,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// Builds the component, whether or not it is there already. `listener` is told what the tool says while it works.
///
/// # Errors
/// Everything in [`AuthorError`] but that the folder is no plugin's; a component that may not run here is refused and
/// not written.
pub fn build(folder: &PluginFolder, listener: Option<Listener>) -> Result<Built, AuthorError> {
    make(folder, inputs::digest(folder)?, listener)
}

fn make(folder: &PluginFolder, inputs: Digest, listener: Option<Listener>) -> Result<Built, AuthorError> {
    let (raw, manifest) = match folder.language {
        Language::Rust => (toolchain::rust::compile(folder, listener)?, folder.manifest.clone()),
        Language::JavaScript => (toolchain::js::compile(folder, listener)?, folder.manifest.clone()),
        Language::Python => (toolchain::python::compile(folder, listener)?, folder.manifest.clone()),
        Language::Table => (dukou_stock::TABLE.to_vec(), toolchain::table::manifest(folder)?),
    };
    let dressed = without_section(&raw, CASES_SECTION)
        .and_then(|bytes| set_section(&bytes, MANIFEST_SECTION, manifest.as_bytes()))
        .map_err(|source| AuthorError::Component { source })?;
    let file = folder.component();
    let built = inspected(file, dressed)?;
    whole::replace(&built.file, &built.bytes)?;
    whole::replace(&stamp_file(folder), stamp(inputs, built.digest).as_bytes())?;
    Ok(built)
}

/// The component as it should be: read, or built if it is not there or something that goes into it changed since.
/// `building` is told before a build, which may take minutes.
///
/// # Errors
/// As [`build`].
pub fn fresh(
    folder: &PluginFolder,
    building: &dyn Fn(&PluginFolder),
    listener: Option<Listener>,
) -> Result<Built, AuthorError> {
    let inputs = inputs::digest(folder)?;
    match kept(folder, inputs) {
        Some(bytes) => inspected(folder.component(), bytes),
        None => {
            building(folder);
            make(folder, inputs, listener)
        }
    }
}

/// The component that was made of these inputs, if it is still as it was made.
fn kept(folder: &PluginFolder, inputs: Digest) -> Option<Vec<u8>> {
    let bytes = std::fs::read(folder.component()).ok()?;
    let kept = std::fs::read_to_string(stamp_file(folder)).ok()?;
    (kept == stamp(inputs, Digest::of(&bytes))).then_some(bytes)
}

/// Whether the component has to be built.
#[cfg(test)]
pub(super) fn is_stale(folder: &PluginFolder) -> Result<bool, AuthorError> {
    Ok(kept(folder, inputs::digest(folder)?).is_none())
}

fn inspected(file: PathBuf, bytes: Vec<u8>) -> Result<Built, AuthorError> {
    match inspect(&bytes, &InspectionLimits::default()) {
        Ok(inspection) => Ok(Built {
            digest: Digest::of(&bytes),
            file,
            bytes,
            inspection,
        }),
        Err(source) => Err(AuthorError::Refused { file, source }),
    }
}

fn stamp_file(folder: &PluginFolder) -> PathBuf {
    folder.component().with_extension("inputs")
}

/// What is kept beside a component: what went in, what came out.
fn stamp(inputs: Digest, output: Digest) -> String {
    format!("{inputs}\n{output}\n")
}
