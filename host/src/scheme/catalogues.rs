//! The project's and each tenant's `catalogues/*.toml`: a customer's user-defined columns on top of a shipped catalogue, or a catalogue of
//! an API that none is shipped for. Same format as shipped ones; `api` names what a file extends.

use std::path::Path;

use dukou_core::catalogue::Catalogue;

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::{self, SourceFile};
use super::project_files;

/// Most catalogue files of a project.
const MOST_FILES: usize = 200;

/// Reads all catalogue files of a folder: the project's, or a tenant's in it.
pub(crate) fn read(folder: &Path, root: &Path, errors: &mut Vec<Diagnostic>) -> Vec<Catalogue> {
    let mut catalogues = Vec::new();
    for path in project_files(folder, "catalogues", "toml").into_iter().take(MOST_FILES) {
        match SourceFile::read(root, &path) {
            Ok(file) => catalogues.extend(parse(&file, errors)),
            Err(finding) => errors.push(finding),
        }
    }
    catalogues
}

fn parse(file: &SourceFile, errors: &mut Vec<Diagnostic>) -> Option<Catalogue> {
    // Syntax first, so that the usual slips get their own words.
    let parsed = file::parse(file);
    if !parsed.errors.is_empty() {
        errors.extend(parsed.errors);
        return None;
    }
    match Catalogue::parse(file.text()) {
        Ok(catalogue) => Some(catalogue),
        Err(error) => {
            errors.push(
                Diagnostic::at(Code::Catalogue, file, error.span().unwrap_or(0..0))
                    .with("reason", error.message())
                    .help(Sentence::new("definition.catalogue_help")),
            );
            None
        }
    }
}

/// The catalogue of an API of a kind of connection: the shipped one with the project's additions.
pub(crate) fn of(kind: &str, api: &str, own: &[Catalogue]) -> Option<Catalogue> {
    let shipped = dukou_connect::catalogue(kind, api);
    let system = kind.split('-').next().unwrap_or(kind);
    let mut result = shipped.cloned();
    for addition in own
        .iter()
        .filter(|catalogue| catalogue.api == api && catalogue.system == system)
    {
        match &mut result {
            Some(catalogue) => {
                catalogue.extend(addition.fields.clone());
                for field in &addition.request {
                    if !catalogue.request.iter().any(|known| known.path == field.path) {
                        catalogue.request.push(field.clone());
                    }
                }
            }
            None => result = Some(addition.clone()),
        }
    }
    result
}
