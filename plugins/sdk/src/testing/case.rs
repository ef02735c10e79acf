//! Reading the case files of a plugin's folder.
//!
//! Bodies stay as they are written: members in the file's order, numbers digit by digit.

use super::csv;
use crate::tables::FixedTables;
use crate::{Document, Group, Mapped, Omission, SourceRecord};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// One case, with the folder's defaults where it says nothing itself.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name without ending.
    pub name: String,
    /// For people.
    pub title: String,
    /// The plugin's settings, JSON text.
    pub settings: String,
    /// Time zone and catalogues, JSON text; a catalogue that is only named is null.
    pub environment: String,
    /// The rows of the scheme's tables.
    pub(crate) tables: FixedTables,
    /// What the plugin is given.
    pub group: Group,
    /// What the plugins before made of it.
    pub before: Option<Mapped>,
    /// The verdict that is expected; a case without one waits for a review.
    pub expect: Option<Value>,
}

/// Rows by table and key, each a JSON object.
pub(super) type Tables = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultsFile {
    settings: Option<Value>,
    environment: Option<Value>,
    tables: Option<Tables>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default)]
    title: String,
    settings: Option<Value>,
    environment: Option<Value>,
    tables: Option<Tables>,
    group: GroupFile,
    before: Option<MappedFile>,
    expect: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    key: String,
    records: Vec<RecordFile>,
    extra: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFile {
    key: String,
    received_at: String,
    body: Value,
    extra: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappedFile {
    #[serde(default)]
    documents: Vec<DocumentFile>,
    #[serde(default)]
    omitted: Vec<OmissionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentFile {
    #[serde(default)]
    suffix: String,
    body: Value,
    extra: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OmissionFile {
    member: u32,
    path: String,
    reason: String,
}

/// Every case of a folder, by name, completed from its `defaults.json` and, from the plugin's folder around it, the
/// `tables/*.csv` and the manifest's preset. The error names the file.
pub fn read_cases(folder: &Path) -> Result<Vec<Case>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let defaults = folder.join("defaults.json");
    let mut defaults: DefaultsFile = if defaults.exists() {
        read_file(&defaults)?
    } else {
        DefaultsFile::default()
    };
    let plugin = folder.parent().unwrap_or(Path::new(".."));
    let mut tables = csv::read_tables(plugin)?;
    tables.extend(defaults.tables.take().unwrap_or_default());
    defaults.tables = Some(tables);
    let manifest = plugin.join("plugin.json");
    let preset = if manifest.exists() {
        read_file::<Value>(&manifest)?.get_mut("preset").map(Value::take)
    } else {
        None
    };
    let mut cases = Vec::with_capacity(files.len());
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !matches!(name.as_str(), "defaults" | "cost") {
            cases.push(read_file::<CaseFile>(&file)?.with(name, &defaults, preset.as_ref()));
        }
    }
    Ok(cases)
}

fn read_file<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| format!("{}: {error}", file.display()))
}

/// Settings over a preset: objects merge key by key, everything else replaces.
fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(&key) {
                    Some(place) => lay_over(place, value),
                    None => {
                        under.insert(key, value);
                    }
                }
            }
        }
        (under, over) => *under = over,
    }
}

/// Compact text of an object, `{}` for none.
fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "{}".to_owned(), Value::to_string)
}

impl CaseFile {
    fn with(self, name: String, defaults: &DefaultsFile, preset: Option<&Value>) -> Case {
        let own = self.settings.or_else(|| defaults.settings.clone());
        let mut settings = preset.cloned().unwrap_or_else(|| Map::new().into());
        lay_over(&mut settings, own.unwrap_or_else(|| Map::new().into()));
        let mut environment = self.environment.or_else(|| defaults.environment.clone());
        for side in ["source", "target"] {
            let place = environment.as_mut().and_then(|environment| environment.get_mut(side));
            if let Some(place) = place.filter(|place| place.is_string()) {
                *place = Value::Null;
            }
        }
        let record = |record: RecordFile| SourceRecord {
            key: record.key,
            received_at: record.received_at,
            body: record.body.to_string(),
            extra: text(record.extra.as_ref()),
        };
        Case {
            name,
            title: self.title,
            settings: settings.to_string(),
            environment: text(environment.as_ref()),
            tables: FixedTables {
                tables: self.tables.or_else(|| defaults.tables.clone()).unwrap_or_default(),
            },
            group: Group {
                key: self.group.key,
                records: self.group.records.into_iter().map(record).collect(),
                extra: text(self.group.extra.as_ref()),
            },
            before: self.before.map(MappedFile::into_mapped),
            expect: self.expect,
        }
    }
}

impl MappedFile {
    fn into_mapped(self) -> Mapped {
        let document = |document: DocumentFile| Document {
            suffix: document.suffix,
            body: document.body.to_string(),
            extra: text(document.extra.as_ref()),
        };
        let omission = |omission: OmissionFile| Omission::new(omission.member, omission.path, omission.reason);
        Mapped {
            documents: self.documents.into_iter().map(document).collect(),
            omitted: self.omitted.into_iter().map(omission).collect(),
        }
    }
}
