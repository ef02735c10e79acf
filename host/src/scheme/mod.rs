//! Definition files to a checked [`Scheme`]. Every finding points at file, line and column and says what to do; all
//! findings of a file come at once. Reads files; resolves no secret, opens no connection, runs no plugin.

mod base;
mod catalogues;
pub mod code;
mod definition;
pub mod diagnostic;
mod fields;
pub mod file;
mod load;
mod plugin;
mod reader;
mod render;
mod resolved;
mod source;
mod table;
mod target;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use dukou_core::catalogue::Catalogue;
use dukou_core::names::SchemeName;
use dukou_core::show::Show;
use dukou_plugin::Kind;

pub use code::{Code, Severity};
pub use diagnostic::{Arg, DefinitionErrors, Diagnostic, Place, Sentence};
pub use file::SourceFile;
pub use plugin::{Origin, PluginAt, PluginUse};
pub use resolved::{Resolved, ResolvedConnection, Spot, Standing, Value};
pub use source::{SourceDef, time_in};
pub use table::TableFile;
pub use target::{AfterDelivery, GroupDef, GroupKey, Reaction, TargetDef};

pub(crate) use base::bases;
pub(crate) use catalogues::read as read_catalogues;
pub(crate) use diagnostic::near;
pub(crate) use file::{Held, Table, parse, shown};
pub(crate) use load::{add_broken, check_base, load, unknown_scheme};
pub(crate) use plugin::settings_of_file;
pub(crate) use reader::{At, Section, duration, not_yet};
pub(crate) use render::cells;
pub(crate) use resolved::{differences, quoted, resolve};

/// One configured flow, checked.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// Its name: the file's.
    pub name: SchemeName,
    /// For people.
    pub title: String,
    /// Its file.
    pub file: PathBuf,
    /// Where records come from.
    pub source: SourceDef,
    /// What people see of a record.
    pub show: Show,
    /// How records come together; `None` is one record each.
    pub group: Option<GroupDef>,
    /// Makes documents.
    pub mapping: PluginUse,
    /// Change them, in order.
    pub adjustments: Vec<PluginUse>,
    /// Judge them, in order.
    pub validations: Vec<PluginUse>,
    /// Where documents go.
    pub target: TargetDef,
    /// What may happen after a delivery.
    pub after_delivery: AfterDelivery,
    /// The source API's fields, with the project's additions.
    pub source_catalogue: Option<Catalogue>,
    /// The target API's fields, with the project's additions.
    pub target_catalogue: Option<Catalogue>,
    /// Names of the bases that it stands on, nearest first; empty for what was read back from the store.
    pub bases: Vec<String>,
    /// What looks wrong and does not stop the scheme.
    pub warnings: Vec<Diagnostic>,
    /// `[show]` as it was written, for the stored definition.
    show_text: target::ShowText,
}

impl Scheme {
    /// The JSON that plugins get beside their settings in `configure` (`wit/README.md`).
    pub fn environment(&self) -> String {
        let catalogue = |catalogue: &Option<Catalogue>| {
            catalogue
                .as_ref()
                .map_or(serde_json::Value::Null, Catalogue::to_environment)
        };
        serde_json::json!({
            "time_zone": self.source.zone.name(),
            "source": catalogue(&self.source_catalogue),
            "target": catalogue(&self.target_catalogue),
        })
        .to_string()
    }

    /// What the host checks of the documents that the plugins make.
    pub fn rules(&self) -> dukou_plugin::Rules {
        dukou_plugin::Rules {
            source: self.source_catalogue.clone(),
            target: self.target_catalogue.clone(),
            key: self.target.key.clone(),
        }
    }

    /// All plugins in chain order: the mapping, the adjustments, the validations.
    pub fn plugin_uses(&self) -> impl Iterator<Item = &PluginUse> {
        std::iter::once(&self.mapping)
            .chain(&self.adjustments)
            .chain(&self.validations)
    }

    /// All plugins in chain order with the kind that each place needs.
    pub fn places(&self) -> impl Iterator<Item = (&PluginUse, Kind)> {
        std::iter::once((&self.mapping, Kind::Mapping))
            .chain(self.adjustments.iter().map(|one| (one, Kind::Adjustment)))
            .chain(self.validations.iter().map(|one| (one, Kind::Validation)))
    }

    /// A plugin's complaint about a setting, at that setting's line. `path` is the plugin's path into its settings,
    /// e.g. `fields.RDRecordDetails.Price`.
    pub fn setting_error(&self, plugin_use: &PluginUse, path: &str, code: &str, message: &str) -> Diagnostic {
        let origin = &plugin_use.origin;
        Diagnostic::at(Code::PluginSetting, &origin.file, origin.span_of(path))
            .with("path", origin.definition_path(path))
            .with("plugin", plugin_use.name.as_str())
            .with("code", code)
            .with("message", message)
            .found_for(&self.name, &self.file)
    }

    /// What the definition asks for and this version does not do, as errors: such a scheme parses and is not deployed.
    pub fn not_in_this_version(&self) -> Vec<Diagnostic> {
        let missing = self.warnings.iter().filter(|warning| warning.code == Code::NotYet);
        missing
            .map(|warning| Diagnostic {
                severity: Severity::Error,
                ..warning.clone()
            })
            .collect()
    }

    /// A plugin file that cannot be read.
    pub fn plugin_file_error(&self, plugin_use: &PluginUse, path: &Path, error: &std::io::Error) -> Diagnostic {
        let origin = &plugin_use.origin;
        Diagnostic::at(Code::Unreadable, &origin.file, origin.plugin_span())
            .with("file", path.display().to_string())
            .with("reason", error.to_string())
            .found_for(&self.name, &self.file)
    }

    /// A plugin that cannot be used: refused for what it imports (exit 9), or no component of ours (exit 3). `code` is
    /// `dukou_plugin::PluginError::code`.
    pub fn plugin_error(&self, plugin_use: &PluginUse, code: &str, message: &str) -> Diagnostic {
        let origin = &plugin_use.origin;
        let (kind, help) = match code {
            "plugin.import" => (Code::PluginRefused, "definition.plugin_refused_help"),
            "plugin.kind" => (Code::NotAComponent, "definition.plugin_kind_help"),
            _ => (Code::NotAComponent, "definition.not_a_component_help"),
        };
        Diagnostic::at(kind, &origin.file, origin.plugin_span())
            .with("plugin", plugin_use.name.as_str())
            .with("code", code)
            .with("message", message)
            .help(Sentence::new(help))
            .found_for(&self.name, &self.file)
    }

    /// A case inside a plugin's file that does not pass, at the line that names the plugin.
    pub fn cases_error(&self, plugin_use: &PluginUse, case: &str, message: &str) -> Diagnostic {
        let origin = &plugin_use.origin;
        Diagnostic::at(Code::CasesFail, &origin.file, origin.plugin_span())
            .with("plugin", plugin_use.name.as_str())
            .with("case", case)
            .with("message", message)
            .help(Sentence::new("definition.cases_fail_help"))
            .found_for(&self.name, &self.file)
    }
}

/// Files of a folder of the project with an extension, by name. A folder that is not there has none.
pub(crate) fn project_files(root: &Path, folder: &str, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension) && path.is_file())
        .collect();
    paths.sort();
    paths
}
