//! A mapping table: the stock table component under the folder's own manifest, with `mapping.toml` as its preset. Nothing
//! is compiled, so every machine makes the same bytes.

use serde_json::{Map, Value};

use super::super::error::AuthorError;
use super::super::folder::{Language, PluginFolder};
use crate::scheme::{SourceFile, settings_of_file};

/// The manifest: the folder's, with the preset that the mapping table is, and the stock mapper's schema of settings
/// unless the folder has its own.
pub(crate) fn manifest(folder: &PluginFolder) -> Result<String, AuthorError> {
    let path = folder.root.join(Language::Table.marker());
    let file = SourceFile::read(&folder.root, &path).map_err(|finding| AuthorError::Definition(finding.into()))?;
    let preset = settings_of_file(&file)?;
    let wrong = |error: serde_json::Error| AuthorError::Manifest {
        reason: error.to_string(),
    };
    let mut manifest: Map<String, Value> = serde_json::from_str(&folder.manifest).map_err(wrong)?;
    if !manifest.contains_key("settings") {
        manifest.insert("settings".to_owned(), loosened(stock_schema()?));
    }
    manifest.insert("preset".to_owned(), serde_json::from_str(&preset).map_err(wrong)?);
    Ok(Value::Object(manifest).to_string())
}

/// The stock mapper's schema of settings.
pub(crate) fn stock_schema() -> Result<Value, AuthorError> {
    let section = dukou_plugin_build::section(dukou_stock::TABLE, dukou_plugin_build::MANIFEST_SECTION)
        .map_err(|source| AuthorError::Component { source })?;
    let manifest: Value =
        serde_json::from_slice(section.unwrap_or_default()).map_err(|error| AuthorError::Manifest {
            reason: error.to_string(),
        })?;
    Ok(manifest["settings"].clone())
}

/// What a scheme sets is laid over the preset, so it need not bring the mapping again.
fn loosened(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.shift_remove("required");
    }
    schema
}
