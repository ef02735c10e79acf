//! All cases of a plugin: with their defaults and the accepted cost, as a folder of files or as the section of a
//! packed component. Knows no files, only their names and texts.

use std::collections::BTreeMap;

use dukou_core::verdict::Mapped;
use serde_json::{Value, json};

use super::case::{Case, CaseTables, Environment, tables_text};
use super::read::{self, CaseError};
use super::text::{ObjectText, pretty};

/// The file of the defaults.
pub const DEFAULTS_FILE: &str = "defaults.json";
/// The file of the accepted cost.
pub const COST_FILE: &str = "cost.json";

/// What cases have in common unless they say otherwise; each part is replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The plugin's settings, JSON text.
    pub settings: String,
    /// Time zone and catalogues.
    pub environment: Environment,
    /// Look-up tables.
    pub tables: CaseTables,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            settings: "{}".to_owned(),
            environment: Environment::whole(r#"{"time_zone":"Asia/Shanghai","source":null,"target":null}"#),
            tables: CaseTables::new(),
        }
    }
}

impl Defaults {
    /// `defaults.json`.
    pub fn to_file_text(&self) -> String {
        let mut text = pretty(&self.to_text(false));
        text.push('\n');
        text
    }

    fn to_text(&self, whole: bool) -> String {
        let environment = if whole {
            &self.environment.text
        } else {
            &self.environment.written
        };
        ObjectText::new()
            .raw("settings", &self.settings)
            .raw("environment", environment)
            .raw("tables", &tables_text(&self.tables))
            .finish()
    }
}

/// All cases of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseSet {
    /// What cases have in common.
    pub defaults: Defaults,
    /// The cases, by name.
    pub cases: Vec<Case>,
    /// Accepted fuel by case; `None` if no cost was ever accepted.
    pub cost: Option<BTreeMap<String, u64>>,
}

impl CaseSet {
    /// Reads the files of a folder of cases, given as file name and text. `catalogue` answers the JSON of a stock
    /// catalogue by the name of its API.
    ///
    /// # Errors
    /// Everything that is wrong, by file, line and path.
    pub fn read(
        files: &[(String, String)],
        catalogue: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<CaseError>> {
        read::files(files, catalogue)
    }

    /// Reads the section of a packed component.
    ///
    /// # Errors
    /// Everything that is wrong, by line and path.
    pub fn from_section(text: &str) -> Result<Self, Vec<CaseError>> {
        read::section(text)
    }

    /// The section of a packed component: compact JSON with whole catalogues, so that it needs nothing beside it.
    pub fn to_section(&self) -> String {
        let mut cases = ObjectText::new();
        for case in &self.cases {
            cases.raw(&case.name, &case.to_text(true));
        }
        let mut object = ObjectText::new();
        object
            .raw("schema", "1")
            .raw("defaults", &self.defaults.to_text(true))
            .raw("cases", &cases.finish());
        if let Some(cost) = &self.cost {
            object.raw("cost", &cost_entries(cost).to_string());
        }
        object.finish()
    }

    /// `cost.json`: the accepted fuel of each case.
    pub fn cost_file_text(cost: &BTreeMap<String, u64>) -> String {
        let mut text = serde_json::to_string_pretty(&json!({ "cases": cost_entries(cost) })).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The settings of a case, JSON text.
    pub fn settings<'a>(&'a self, case: &'a Case) -> &'a str {
        case.settings.as_deref().unwrap_or(&self.defaults.settings)
    }

    /// The environment of a case.
    pub fn environment<'a>(&'a self, case: &'a Case) -> &'a Environment {
        case.environment.as_ref().unwrap_or(&self.defaults.environment)
    }

    /// The tables of a case.
    pub fn tables<'a>(&'a self, case: &'a Case) -> &'a CaseTables {
        case.tables.as_ref().unwrap_or(&self.defaults.tables)
    }
}

impl Case {
    /// What the plugins before made of the group; nothing if the case does not say.
    pub(crate) fn made_before(&self) -> Mapped {
        self.before.clone().unwrap_or_default()
    }
}

fn cost_entries(cost: &BTreeMap<String, u64>) -> Value {
    Value::Object(
        cost.iter()
            .map(|(name, fuel)| (name.clone(), json!({ "fuel": fuel })))
            .collect(),
    )
}
