//! The permission card of a component: what it is, what it imports, what it may read and write, what it can never do, its
//! settings and cases. Everything is read from the bytes or answered by `configure`; nothing is believed that the
//! imports do not prove. Printing is `card_text`.

mod reading;

use dukou_core::digest::Digest;
use dukou_plugin::{Budgets, Inspection, PoolClass};
use serde_json::{Value, json};

pub use reading::read;

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
