//! The permission card of a component: what it is, what it imports, what it may read and write, what it can never do, its
//! settings and cases. Everything is read from the bytes or answered by `configure`; nothing is believed that the
//! imports do not prove. Printing is `card_text`.

use std::collections::BTreeSet;

use dukou_core::catalogue::plain_path;
use dukou_core::digest::Digest;
use dukou_core::document::join;
use dukou_plugin::cases::{CaseSet, Expect};
use dukou_plugin::{Budgets, Inspection, Kind, PluginError, PoolClass, Runtime};
use serde_json::{Value, json};

use super::cases::stock_catalogue;

/// The pair of APIs that needs are asked under where no case names any.
const USUAL: (&str, &str) = ("wdt.stockout.order.query.trade", "/tplus/api/v2/saleDispatch/Create");

/// Most setups (settings and environment of a case) that needs are asked under.
const MOST_SETUPS: usize = 50;

/// Most rows of a preset that are told one by one.
const MOST_ROWS: usize = 200;

/// What a component may and can never do.
#[derive(Debug, Clone)]
pub struct Card {
    /// What it is called: its manifest's name, else the file's.
    pub name: String,
    /// Digest of the bytes.
    pub digest: Digest,
    /// What the bytes say of themselves.
    pub inspection: Inspection,
    /// What it reads, under its presets and the settings and environments of its cases.
    pub reads: Reads,
    /// Target fields that its cases' expected documents have; for mappings.
    pub writes: Vec<FieldLine>,
    /// What it can never do, and why.
    pub never: Vec<Never>,
    /// Its settings.
    pub settings: Vec<SettingLine>,
    /// What one batch may use.
    pub budgets: Budgets,
    /// The cases inside.
    pub cases: Vec<CaseLine>,
}

/// What a component asks for.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Whether it takes whole records.
    pub whole: bool,
    /// The source fields, in catalogue order where the catalogue knows them.
    pub fields: Vec<FieldLine>,
    /// The tables.
    pub tables: Vec<String>,
    /// Why it could not be asked: it refuses the settings it would have without a scheme.
    pub unknown: Option<String>,
}

/// A field with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    /// Path, e.g. `details_list[].price`.
    pub path: String,
    /// The catalogue's label, if it knows the field.
    pub label: Option<String>,
    /// Personal data, in the field or below it.
    pub personal: bool,
}

/// Something that the component cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never {
    /// Key of what: `network`, `files`, `clock`, `random`, `environment`, `others`.
    pub what: &'static str,
    /// Imports that ask for it and are answered with nothing; empty if it does not even ask.
    pub inert: Vec<String>,
}

/// One setting of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingLine {
    /// Path into the settings.
    pub path: String,
    /// The schema's type.
    pub kind: String,
    /// What applies if a scheme says nothing: the preset, else the schema's default; compact JSON.
    pub default: Option<String>,
    /// Whether a scheme has to say it.
    pub required: bool,
    /// The schema's title.
    pub title: Option<String>,
    /// The schema's description.
    pub description: Option<String>,
}

/// A case inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLine {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// What is expected: `mapped`, `skipped`, `rejected`, `passed`, `failed`, or `new`.
    pub expects: &'static str,
    /// Accepted fuel.
    pub fuel: Option<u64>,
}

/// Reads the card of a component. `file_name` stands in where it has no manifest.
///
/// # Errors
/// [`PluginError`] if the component is refused or cannot be compiled.
pub fn read(runtime: &Runtime, bytes: &[u8], file_name: &str, set: &CaseSet) -> Result<Card, PluginError> {
    let plugin = runtime.load(bytes)?;
    let inspection = plugin.inspection().clone();
    let manifest = inspection.manifest.as_ref();
    let parsed = |text: Option<&String>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let schema = parsed(manifest.and_then(|manifest| manifest.settings_schema.as_ref()));
    let preset = parsed(manifest.and_then(|manifest| manifest.preset.as_ref())).unwrap_or_default();
    let mut settings = Vec::new();
    if let Some(schema) = &schema {
        list_settings("", schema, &preset, 0, &mut settings);
    }
    Ok(Card {
        name: manifest.map_or_else(|| file_name.to_owned(), |manifest| manifest.name.clone()),
        digest: plugin.digest(),
        reads: reads(runtime, &plugin, set)?,
        writes: if inspection.kind == Kind::Mapping {
            writes(set)
        } else {
            Vec::new()
        },
        never: never(&inspection.imports),
        settings,
        budgets: match inspection.class() {
            PoolClass::Compiled => Budgets::compiled(),
            PoolClass::Interpreted => Budgets::interpreted(),
        },
        cases: cases(set),
        inspection,
    })
}

/// Asks the component under every setup that its cases have.
fn reads(runtime: &Runtime, plugin: &dukou_plugin::Plugin, set: &CaseSet) -> Result<Reads, PluginError> {
    let mut setups = BTreeSet::new();
    if set.cases.is_empty() {
        let side = |api: &str| stock_catalogue(api).unwrap_or_else(|| "null".to_owned());
        let environment = format!(
            r#"{{"time_zone":"Asia/Shanghai","source":{},"target":{}}}"#,
            side(USUAL.0),
            side(USUAL.1)
        );
        setups.insert(("{}".to_owned(), environment));
    } else {
        setups.insert((set.defaults.settings.clone(), set.defaults.environment.text.clone()));
        for case in set.cases.iter().take(MOST_SETUPS) {
            setups.insert((set.settings(case).to_owned(), set.environment(case).text.clone()));
        }
    }
    let (mut found, mut paths) = (Reads::default(), BTreeSet::new());
    let mut answered = false;
    let mut fields = Vec::new();
    for (settings, environment) in &setups {
        match runtime.configure(plugin, settings, environment) {
            Ok(prepared) => {
                answered = true;
                found.whole |= prepared.needs().is_whole();
                paths.extend(prepared.needs().paths().iter().cloned());
                found.tables.extend(prepared.tables().iter().cloned());
            }
            Err(PluginError::Settings(errors)) => {
                let first = errors.first();
                found.unknown =
                    Some(first.map_or_else(String::new, |error| format!("{}: {}", error.path, error.message)));
            }
            Err(error) => return Err(error),
        }
        let environment: Value = serde_json::from_str(environment).unwrap_or_default();
        fields.extend(known_fields(&environment["source"]));
    }
    if answered {
        found.unknown = None;
    }
    found.tables.sort();
    found.tables.dedup();
    if found.whole {
        paths = fields
            .iter()
            .filter(|field| field.personal)
            .map(|field| field.path.clone())
            .collect();
    }
    found.fields = paths.iter().map(|path| labelled(path, &fields)).collect();
    let place = |line: &FieldLine| {
        let plain = plain_path(&line.path);
        fields
            .iter()
            .position(|field| field.path == plain)
            .unwrap_or(usize::MAX)
    };
    found.fields.sort_by_key(|line| place(line));
    Ok(found)
}

/// The fields of a catalogue as plugins get it.
fn known_fields(catalogue: &Value) -> Vec<FieldLine> {
    let text = |field: &Value, key: &str| field[key].as_str().map(str::to_owned);
    let fields = catalogue["fields"].as_array().into_iter().flatten();
    fields
        .filter_map(|field| {
            Some(FieldLine {
                path: text(field, "path")?,
                label: text(field, "label"),
                personal: field["personal"] == true,
            })
        })
        .collect()
}

/// A path with its label; personal if it, or anything below it, is.
fn labelled(path: &str, fields: &[FieldLine]) -> FieldLine {
    let plain = plain_path(path);
    let below = format!("{plain}.");
    let known = fields.iter().find(|field| field.path == plain);
    FieldLine {
        path: path.to_owned(),
        label: known.and_then(|field| field.label.clone()),
        personal: fields
            .iter()
            .any(|field| field.personal && (field.path == plain || field.path.starts_with(&below))),
    }
}

/// The target fields of all expected documents, in catalogue order.
fn writes(set: &CaseSet) -> Vec<FieldLine> {
    let mut lines: Vec<FieldLine> = Vec::new();
    let mut known = Vec::new();
    for case in &set.cases {
        let Some(Expect::Mapped(mapped)) = &case.expect else {
            continue;
        };
        let environment: Value = serde_json::from_str(&set.environment(case).text).unwrap_or_default();
        let target = &environment["target"];
        let fields = known_fields(target);
        for document in &mapped.documents {
            let body: Value = serde_json::from_str(&document.body).unwrap_or_default();
            let inner = match target["wrapper"].as_str() {
                Some(wrapper) => &body[wrapper],
                None => &body,
            };
            list_fields("", inner, &fields, &mut lines);
        }
        known = fields;
    }
    let place = |line: &FieldLine| {
        known
            .iter()
            .position(|field| field.path == line.path)
            .unwrap_or(usize::MAX)
    };
    lines.sort_by_key(|line| place(line));
    lines
}

fn list_fields(path: &str, value: &Value, known: &[FieldLine], lines: &mut Vec<FieldLine>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = join(path, key);
                let line = labelled(&path, known);
                let is_known = known.iter().any(|field| field.path == path);
                if is_known || !value.is_object() {
                    if !lines.iter().any(|other| other.path == path) {
                        lines.push(line);
                    }
                    // A reference's `{"Code": …}` is one field.
                    if value.is_object() {
                        continue;
                    }
                }
                list_fields(&path, value, known, lines);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| list_fields(path, item, known, lines)),
        _ => {}
    }
}

/// What the imports prove. The host refuses every import beyond tables, log and the inert system interface before a
/// component can run, so what is not imported cannot be reached, and what is inert answers nothing real.
fn never(imports: &[String]) -> Vec<Never> {
    let of = |packages: &[&str]| -> Vec<String> {
        imports
            .iter()
            .filter(|import| packages.iter().any(|package| import.starts_with(package)))
            .cloned()
            .collect()
    };
    [
        ("network", of(&["wasi:sockets/", "wasi:http/"])),
        ("files", of(&["wasi:filesystem/"])),
        ("clock", of(&["wasi:clocks/"])),
        ("random", of(&["wasi:random/"])),
        ("environment", of(&["wasi:cli/environment"])),
        ("others", Vec::new()),
    ]
    .into_iter()
    .map(|(what, inert)| Never { what, inert })
    .collect()
}

/// Lists a schema's properties, two levels deep.
fn list_settings(path: &str, schema: &Value, preset: &Value, depth: usize, lines: &mut Vec<SettingLine>) {
    let required = |key: &str| {
        let names = schema["required"].as_array().into_iter().flatten();
        names.clone().any(|name| name == key)
    };
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = join(path, key);
        let own = &preset[key.as_str()];
        let text = |key: &str| property[key].as_str().map(str::to_owned);
        let inner = property["properties"].is_object() && depth == 0;
        // A preset of free keys, such as a mapping table, is told row by row.
        let rows = own.as_object().filter(|rows| !inner && depth == 0 && !rows.is_empty());
        lines.push(SettingLine {
            kind: text("type").unwrap_or_else(|| "*".to_owned()),
            default: [own, &property["default"]]
                .into_iter()
                .find(|value| !value.is_null() && !inner && rows.is_none())
                .map(Value::to_string),
            required: required(key) && own.is_null(),
            title: text("title"),
            description: text("description"),
            path: path.clone(),
        });
        if inner {
            list_settings(&path, property, own, depth + 1, lines);
        }
        for (key, value) in rows.into_iter().flatten().take(MOST_ROWS) {
            lines.push(SettingLine {
                path: format!("{path}.{key}"),
                kind: String::new(),
                default: Some(value.to_string()),
                required: false,
                title: None,
                description: None,
            });
        }
    }
}

fn cases(set: &CaseSet) -> Vec<CaseLine> {
    let fuel = |name: &str| set.cost.as_ref().and_then(|cost| cost.get(name).copied());
    set.cases
        .iter()
        .map(|case| CaseLine {
            name: case.name.clone(),
            title: case.title.clone(),
            expects: match &case.expect {
                Some(Expect::Mapped(_)) => "mapped",
                Some(Expect::Skipped(_)) => "skipped",
                Some(Expect::Rejected(_)) => "rejected",
                Some(Expect::Passed) => "passed",
                Some(Expect::Failed(_)) => "failed",
                None => "new",
            },
            fuel: fuel(&case.name),
        })
        .collect()
}

impl Card {
    /// The card for machines, without a schema number.
    pub fn to_json(&self) -> Value {
        let manifest = self.inspection.manifest.as_ref();
        let parsed = |text: Option<&String>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        json!({
            "name": self.name,
            "version": manifest.map(|manifest| &manifest.version),
            "kind": self.inspection.kind.as_str(),
            "title": manifest.and_then(|manifest| manifest.title.as_ref()),
            "title_en": manifest.and_then(|manifest| manifest.title_en.as_ref()),
            "digest": self.digest.to_string(),
            "bytes": self.inspection.bytes,
            "contract": self.inspection.contract,
            "class": class(self.inspection.class()),
            "imports": self.inspection.imports,
            "reads": {
                "whole": self.reads.whole,
                "fields": self.reads.fields.iter().map(FieldLine::to_json).collect::<Vec<_>>(),
                "tables": self.reads.tables,
                "unknown": self.reads.unknown,
            },
            "writes": self.writes.iter().map(FieldLine::to_json).collect::<Vec<_>>(),
            "never": self.never.iter().map(|never| json!({
                "what": never.what,
                "because": if never.inert.is_empty() { "not-imported" } else { "inert" },
                "imports": never.inert,
            })).collect::<Vec<_>>(),
            "settings": self.settings.iter().map(|line| json!({
                "path": line.path,
                "type": line.kind,
                "default": line.default.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
                "required": line.required,
                "title": line.title,
                "description": line.description,
            })).collect::<Vec<_>>(),
            "settings_schema": parsed(manifest.and_then(|manifest| manifest.settings_schema.as_ref())),
            "list": manifest.and_then(|manifest| manifest.list.as_ref()),
            "budgets": {
                "fuel_base": self.budgets.fuel_base,
                "fuel_per_group": self.budgets.fuel_per_group,
                "fuel_per_byte": self.budgets.fuel_per_byte,
                "memory_bytes": self.budgets.memory_bytes,
                "output_bytes": self.budgets.output_bytes,
                "log_bytes": self.budgets.log_bytes,
                "host_calls_base": self.budgets.host_calls_base,
                "host_calls_per_group": self.budgets.host_calls_per_group,
            },
            "cases": self.cases.iter().map(|case| json!({
                "name": case.name, "title": case.title, "expects": case.expects, "fuel": case.fuel,
            })).collect::<Vec<_>>(),
        })
    }
}

impl FieldLine {
    fn to_json(&self) -> Value {
        json!({ "path": self.path, "label": self.label, "personal": self.personal })
    }
}

/// The word for a class of instances.
pub fn class(class: PoolClass) -> &'static str {
    match class {
        PoolClass::Compiled => "compiled",
        PoolClass::Interpreted => "interpreted",
    }
}
