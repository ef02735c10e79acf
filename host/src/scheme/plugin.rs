//! `[mapping]`, `[[adjustment]]`, `[[validation]]`: which plugin serves with which settings. The settings become compact
//! JSON in file order; every path in them remembers its place, so that a plugin's own complaint points into the file.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::code::Code;
use super::diagnostic::{DefinitionErrors, Diagnostic, Sentence};
use super::file::{Held, Node, SourceFile, Table};
use super::reader::{At, Section};
use crate::settings::Project;

/// One plugin of a scheme.
#[derive(Debug, Clone)]
pub struct PluginUse {
    /// As the scheme writes it: `table`, or the path of a file below the project.
    pub name: String,
    /// Where its bytes are.
    pub at: PluginAt,
    /// Compact JSON, keys in file order; `{}` without settings.
    pub settings: String,
    /// Where the settings stand.
    pub origin: Origin,
}

/// Where a plugin's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginAt {
    /// A stock plugin by name.
    Stock(String),
    /// A file, relative to the project's root.
    File(PathBuf),
}

/// Where a plugin and each of its settings stand.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The definition file.
    pub file: SourceFile,
    /// The path of the plugin's table in it, e.g. `validation[0]`.
    pub path: String,
    pub(crate) plugin: Range<usize>,
    pub(crate) settings: Range<usize>,
    pub(crate) places: Vec<(String, Range<usize>)>,
}

impl Origin {
    /// Where the plugin is named.
    pub fn plugin_span(&self) -> Range<usize> {
        self.plugin.clone()
    }

    /// The place of a settings path such as `fields.RDRecordDetails.Price` or `skip[0].when`; of the nearest table above
    /// it when it is not in the file.
    pub fn span_of(&self, path: &str) -> Range<usize> {
        let mut path = normal(path);
        loop {
            if let Some((_, span)) = self.places.iter().find(|(known, _)| *known == path) {
                return span.clone();
            }
            match path.rfind(['.', '[']) {
                Some(at) => path.truncate(at),
                None => return self.settings.clone(),
            }
        }
    }

    /// The path in the definition file, e.g. `mapping.settings.fields.Code`.
    pub fn definition_path(&self, path: &str) -> String {
        if path.is_empty() {
            format!("{}.settings", self.path)
        } else {
            format!("{}.settings.{path}", self.path)
        }
    }
}

/// `skip.0.when` as `skip[0].when`; `fields["RDRecordDetails.Price"]` as `fields.RDRecordDetails.Price`.
fn normal(path: &str) -> String {
    let path = path.trim_start_matches(['$', '.', '/']).replace(['"', '\''], "");
    let mut out = String::with_capacity(path.len());
    for (index, step) in path.split('.').enumerate() {
        if !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&format!("[{step}]"));
        } else {
            if index > 0 {
                out.push('.');
            }
            out.push_str(step);
        }
    }
    // A key in brackets is a key, a number in brackets an index.
    let mut result = String::with_capacity(out.len());
    let mut rest = out.as_str();
    while let Some((before, after)) = rest.split_once('[') {
        result.push_str(before);
        let (inner, behind) = after.split_once(']').unwrap_or((after, ""));
        if inner.bytes().all(|b| b.is_ascii_digit()) {
            result.push_str(&format!("[{inner}]"));
        } else {
            result.push_str(&format!(".{inner}"));
        }
        rest = behind;
    }
    result.push_str(rest);
    result
}

/// Reads one plugin table. `path` is where it stands, e.g. `mapping`; the settings table comes back too, for checks.
pub(crate) fn read<'a>(
    mut section: Section<'a, '_>,
    path: String,
    project: &Project,
    tenant: &str,
) -> Option<(PluginUse, Option<&'a Table>)> {
    let file = section.file;
    let header = section.span.clone();
    let plugin = section.required_text("plugin", "table");
    let settings = section.table("settings");
    let mut json = String::new();
    let mut places = Vec::new();
    let settings_span = settings.as_ref().map_or(header, |(_, span)| span.clone());
    match &settings {
        Some((table, _)) => write_table(file, table, "", &mut json, &mut places, section.errors),
        None => json.push_str("{}"),
    }
    let at = plugin
        .as_ref()
        .and_then(|plugin| resolve(plugin, project, tenant, file, section.errors));
    section.finish();
    let plugin = plugin?;
    let origin = Origin {
        file: file.clone(),
        path,
        plugin: plugin.span,
        settings: settings_span,
        places,
    };
    Some((
        PluginUse {
            name: plugin.value,
            at: at?,
            settings: json,
            origin,
        },
        settings.map(|(table, _)| table),
    ))
}

/// The settings that a whole file is: compact JSON, keys in file order. For a plugin's own `mapping.toml`.
pub(crate) fn settings_of_file(file: &SourceFile) -> Result<String, DefinitionErrors> {
    let parsed = super::file::parse(file);
    let mut errors = parsed.errors;
    let (mut json, mut places) = (String::new(), Vec::new());
    write_table(file, &parsed.table, "", &mut json, &mut places, &mut errors);
    if errors.is_empty() {
        Ok(json)
    } else {
        Err(DefinitionErrors(errors))
    }
}

/// A name is `plugins/NAME.wasm` of the tenant or of the project if it is there, else a stock plugin; a path is a file
/// below the tenant's folder or below the project.
fn resolve(
    plugin: &At<String>,
    project: &Project,
    tenant: &str,
    file: &SourceFile,
    errors: &mut Vec<Diagnostic>,
) -> Option<PluginAt> {
    let name = plugin.value.as_str();
    let is_path = name.contains(['/', '\\']) || name.ends_with(".wasm");
    let wanted = if is_path {
        PathBuf::from(name)
    } else {
        Path::new("plugins").join(format!("{name}.wasm"))
    };
    let inside = wanted
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if (is_path || dukou_core::names::is_name(name)) && inside {
        let mut folders = project.folders(tenant).into_iter();
        if let Some(found) = folders.find_map(|folder| {
            let path = folder.join(&wanted);
            project.root.join(&path).is_file().then_some(path)
        }) {
            return Some(PluginAt::File(found));
        }
    }
    if !is_path && dukou_stock::all().iter().any(|(stock, _)| *stock == name) {
        return Some(PluginAt::Stock(name.to_owned()));
    }
    let mut known: Vec<String> = dukou_stock::all()
        .iter()
        .map(|(stock, _)| (*stock).to_owned())
        .collect();
    for folder in project.folders(tenant) {
        known.extend(plugins_in(&project.root.join(folder), is_path));
    }
    errors.push(
        Diagnostic::at(Code::UnknownPlugin, file, plugin.span.clone())
            .with("name", name)
            .with("path", wanted.to_string_lossy().replace('\\', "/"))
            .did_you_mean(name, known.iter().map(String::as_str)),
    );
    None
}

/// The plugins of a folder, by name or by path.
fn plugins_in(root: &Path, as_path: bool) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join("plugins")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .take(1000)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| {
            let stem = name.strip_suffix(".wasm")?;
            Some(if as_path {
                format!("plugins/{name}")
            } else {
                stem.to_owned()
            })
        })
        .collect();
    names.sort();
    names
}

fn write_table(
    file: &SourceFile,
    table: &Table,
    path: &str,
    json: &mut String,
    places: &mut Vec<(String, Range<usize>)>,
    errors: &mut Vec<Diagnostic>,
) {
    json.push('{');
    for (index, entry) in table.entries.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_text(&entry.key, json);
        json.push(':');
        let path = if path.is_empty() {
            entry.key.clone()
        } else {
            format!("{path}.{}", entry.key)
        };
        let span = match &entry.node.value {
            Held::Table(_) => entry.key_span.clone(),
            _ => entry.node.span.clone(),
        };
        places.push((path.clone(), span));
        write_node(file, &entry.key, &entry.node, &path, json, places, errors);
    }
    json.push('}');
}

fn write_node(
    file: &SourceFile,
    key: &str,
    node: &Node,
    path: &str,
    json: &mut String,
    places: &mut Vec<(String, Range<usize>)>,
    errors: &mut Vec<Diagnostic>,
) {
    match &node.value {
        Held::Text(text) => write_text(text, json),
        Held::Integer(digits) if !digits.is_empty() => json.push_str(digits),
        Held::Decimal(Some(text)) => json.push_str(text),
        Held::Flag(flag) => json.push_str(if *flag { "true" } else { "false" }),
        Held::Time => {
            errors.push(super::file::bare_value(
                file,
                node.span.clone(),
                key,
                file.slice(&node.span),
            ));
            json.push_str("null");
        }
        Held::Integer(_) | Held::Decimal(None) => {
            errors.push(
                Diagnostic::at(Code::SettingValue, file, node.span.clone())
                    .with("key", key)
                    .with("value", file.slice(&node.span))
                    .help(Sentence::new("definition.setting_value_help")),
            );
            json.push_str("null");
        }
        Held::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                let path = format!("{path}[{index}]");
                places.push((path.clone(), item.span.clone()));
                write_node(file, key, item, &path, json, places, errors);
            }
            json.push(']');
        }
        Held::Table(table) => write_table(file, table, path, json, places, errors),
    }
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}
