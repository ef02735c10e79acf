//! `plugin build`: drives the language's own tool in the plugin's folder, puts the manifest in, inspects the result and
//! writes it to `build/NAME.wasm`. A digest of everything that went in lies beside it, so that nobody runs an old one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use dukou_core::digest::Digest;
use dukou_plugin::{Inspection, InspectionLimits, inspect};
use dukou_plugin_build::tool::Listener;
use dukou_plugin_build::{CASES_SECTION, MANIFEST_SECTION, set_section, without_section};

use super::error::AuthorError;
use super::folder::{Language, PluginFolder};
use super::{inputs, toolchain};

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
    let inputs = inputs::digest(folder)?;
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
    write(&built.file, &built.bytes)?;
    write(&stamp_file(folder), stamp(inputs, built.digest).as_bytes())?;
    Ok(built)
}

/// Whether the component has to be built: it is not there, or something that goes into it changed since.
///
/// # Errors
/// When the folder's files cannot be read.
pub fn is_stale(folder: &PluginFolder) -> Result<bool, AuthorError> {
    let Ok(bytes) = std::fs::read(folder.component()) else {
        return Ok(true);
    };
    let Ok(kept) = std::fs::read_to_string(stamp_file(folder)) else {
        return Ok(true);
    };
    Ok(kept != stamp(inputs::digest(folder)?, Digest::of(&bytes)))
}

/// The component as it should be: built if it is stale, else read.
///
/// # Errors
/// As [`build`].
pub fn fresh(folder: &PluginFolder, listener: Option<Listener>) -> Result<Built, AuthorError> {
    if is_stale(folder)? {
        return build(folder, listener);
    }
    let file = folder.component();
    match std::fs::read(&file) {
        Ok(bytes) => inspected(file, bytes),
        Err(source) => Err(AuthorError::Read { file, source }),
    }
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

/// Replaces a file as a whole, so that whoever reads meanwhile sees the old one or the new one.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), AuthorError> {
    let failed = |source| AuthorError::Write {
        file: file.to_owned(),
        source,
    };
    let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(failed(std::io::ErrorKind::InvalidFilename.into()));
    };
    if !parent.as_os_str().is_empty() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let beside = parent.join(format!(".{}.new", name.to_string_lossy()));
    std::fs::File::create(&beside)
        .and_then(|mut out| {
            out.write_all(bytes)?;
            out.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(failed)
}
