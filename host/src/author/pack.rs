//! `plugin pack`: component, manifest and cases become one file. The same folder makes the same bytes. Whether the cases
//! pass is for the caller to find out first.

use dukou_core::digest::Digest;
use dukou_plugin::cases::CaseSet;
use dukou_plugin_build::{CASES_SECTION, set_section};

use super::build::Built;
use super::error::AuthorError;
use super::whole;

/// One file with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest: the plugin's name everywhere.
    pub digest: Digest,
    /// How many cases are in it.
    pub cases: usize,
}

/// Puts the cases into a built component.
///
/// # Errors
/// [`AuthorError::Component`] if the component's sections cannot be read.
pub fn pack(built: &Built, set: &CaseSet) -> Result<Packed, AuthorError> {
    let bytes = set_section(&built.bytes, CASES_SECTION, set.to_section().as_bytes())
        .map_err(|source| AuthorError::Component { source })?;
    Ok(Packed {
        digest: Digest::of(&bytes),
        bytes,
        cases: set.cases.len(),
    })
}

/// Writes the packed file, whole or not at all.
///
/// # Errors
/// [`AuthorError::Write`].
pub fn write(packed: &Packed, file: &std::path::Path) -> Result<(), AuthorError> {
    whole::replace(file, &packed.bytes)
}
