//! Reads a permission card: from the component's bytes, from what `configure` answers under the settings of its cases, and
//! from what its cases expect.

use std::collections::BTreeSet;

use dukou_core::catalogue::plain_path;
use dukou_core::document::join;
use dukou_plugin::cases::{CaseSet, Expect};
use dukou_plugin::{Budgets, Kind, PluginError, PoolClass, Runtime};
use serde_json::Value;

use super::{Card, CaseLine, FieldLine, Never, Reads, SettingLine};
use crate::author::cases::stock_catalogue;

/// The pair of APIs that needs are asked under where no case names any.
const USUAL: (&str, &str) = ("wdt.stockout.order.query.trade", "/tplus/api/v2/saleDispatch/Create");

/// Most setups (settings and environment of a case) that needs are asked under.
const MOST_SETUPS: usize = 50;

/// Most rows of a preset that are told one by one.
const MOST_ROWS: usize = 200;

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
