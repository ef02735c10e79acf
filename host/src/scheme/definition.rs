//! The resolved definition as the store keeps it, and back: what runs is what was deployed, catalogues included, whatever
//! the files say now. Without secrets, without comments, the same text for the same definition.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use dukou_core::catalogue::{Catalogue, Field, FieldType};
use dukou_core::names::SchemeName;
use dukou_core::request::{RequestValue, TimeFormat};
use dukou_core::schedule::Schedule;
use dukou_core::window::WindowRule;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Scheme;
use super::file::SourceFile;
use super::plugin::{Origin, PluginAt, PluginUse};
use super::source::SourceDef;
use super::target::{AfterDelivery, GroupDef, GroupKey, ShowText, TargetDef};
use crate::settings::Project;

const FORMAT: u32 = 1;

/// Why a stored definition cannot be read: it was written by another version, or is damaged.
#[derive(Debug)]
pub enum StoredError {
    /// Not the JSON of this format.
    Json(serde_json::Error),
    /// A part that no longer parses.
    Part {
        /// Which, e.g. `source.schedule`.
        part: &'static str,
        /// What it says.
        text: String,
    },
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(_) => f.write_str("stored definition is not of this version"),
            Self::Part { part, text } => write!(f, "stored definition has a {part} that cannot be read: {text:?}"),
        }
    }
}

impl std::error::Error for StoredError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Part { .. } => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    scheme: String,
    title: String,
    source: StoredSource,
    show: ShowText,
    group: Option<StoredGroup>,
    mapping: StoredPlugin,
    adjustments: Vec<StoredPlugin>,
    validations: Vec<StoredPlugin>,
    target: StoredTarget,
    after_delivery: StoredAfter,
    source_catalogue: Option<StoredCatalogue>,
    target_catalogue: Option<StoredCatalogue>,
}

#[derive(Serialize, Deserialize)]
struct StoredSchedule {
    cron: String,
    time_zone: String,
}

#[derive(Serialize, Deserialize)]
struct StoredSource {
    connection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    api: String,
    key: String,
    schedule: StoredSchedule,
    from: String,
    span_ms: u64,
    overlap_ms: u64,
    lag_ms: u64,
    page_size: u32,
    request: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct StoredGroup {
    by: Vec<(String, Option<String>)>,
    close: Option<String>,
    max_lines: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct StoredPlugin {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stock: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    settings: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
struct StoredTarget {
    connection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    api: String,
    key: String,
    schedule: StoredSchedule,
}

#[derive(Serialize, Deserialize)]
struct StoredAfter {
    cancelled: String,
    changed: String,
    reissued: String,
}

#[derive(Serialize, Deserialize)]
struct StoredCatalogue {
    system: String,
    api: String,
    title: String,
    wrapper: Option<String>,
    request: Vec<StoredField>,
    fields: Vec<StoredField>,
}

#[derive(Serialize, Deserialize)]
struct StoredField {
    path: String,
    label: String,
    #[serde(rename = "type")]
    kind: FieldType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    personal: bool,
}

impl Scheme {
    /// The resolved definition, for the deployment and its digest.
    pub fn definition_json(&self) -> String {
        let source = &self.source;
        let stored = Stored {
            format: FORMAT,
            scheme: self.name.to_string(),
            title: self.title.clone(),
            source: StoredSource {
                connection: source.connection.clone(),
                account: source.account.clone(),
                api: source.api.clone(),
                key: source.key.clone(),
                schedule: store_schedule(&source.schedule),
                from: source.window.from.to_rfc3339(),
                span_ms: millis(source.window.span),
                overlap_ms: millis(source.window.overlap),
                lag_ms: millis(source.window.lag),
                page_size: source.page_size,
                request: source
                    .request
                    .iter()
                    .map(|(name, value)| (name.clone(), request_text(value)))
                    .collect(),
            },
            show: self.show_text.clone(),
            group: self.group.as_ref().map(|group| StoredGroup {
                by: group
                    .by
                    .iter()
                    .map(|key| (key.path.clone(), key.format.clone()))
                    .collect(),
                close: group.close.map(|time| time.format("%H:%M").to_string()),
                max_lines: group.max_lines,
            }),
            mapping: store_plugin(&self.mapping),
            adjustments: self.adjustments.iter().map(store_plugin).collect(),
            validations: self.validations.iter().map(store_plugin).collect(),
            target: StoredTarget {
                connection: self.target.connection.clone(),
                account: self.target.account.clone(),
                api: self.target.api.clone(),
                key: self.target.key.clone(),
                schedule: store_schedule(&self.target.schedule),
            },
            after_delivery: StoredAfter {
                cancelled: "flag".into(),
                changed: "flag".into(),
                reissued: "flag".into(),
            },
            source_catalogue: self.source_catalogue.as_ref().map(store_catalogue),
            target_catalogue: self.target_catalogue.as_ref().map(store_catalogue),
        };
        serde_json::to_string(&stored).expect("texts, numbers and raw JSON always serialise")
    }

    /// Reads back what [`Scheme::definition_json`] wrote. Places of settings are not known any more.
    ///
    /// # Errors
    /// [`StoredError`] when another version wrote it.
    pub fn from_definition(project: &Project, definition: &str) -> Result<Self, StoredError> {
        let stored: Stored = serde_json::from_str(definition).map_err(StoredError::Json)?;
        let part = |part: &'static str, text: &str| StoredError::Part {
            part,
            text: text.to_owned(),
        };
        if stored.format != FORMAT {
            return Err(part("format", &stored.format.to_string()));
        }
        let name = SchemeName::parse(&stored.scheme).map_err(|_| part("scheme", &stored.scheme))?;
        let schedule = |which, stored: &StoredSchedule| {
            Schedule::parse(&stored.cron, &stored.time_zone).map_err(|_| part(which, &stored.cron))
        };
        let path = project.scheme_path(&name);
        let file = SourceFile::new(path.clone(), super::shown(&project.root, &path), String::new());
        let plugins = |plugins: Vec<StoredPlugin>, table: &str| -> Vec<PluginUse> {
            let each = plugins.into_iter().enumerate();
            each.map(|(index, plugin)| load_plugin(plugin, &file, format!("{table}[{index}]")))
                .collect()
        };
        let from = DateTime::parse_from_rfc3339(&stored.source.from)
            .map_err(|_| part("source.window.from", &stored.source.from))?
            .with_timezone(&Utc);
        let source_schedule = schedule("source.schedule", &stored.source.schedule)?;
        let request = stored
            .source
            .request
            .into_iter()
            .map(|(name, text)| match RequestValue::parse(&text) {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(part("source.request", &text)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            title: stored.title,
            file: path,
            source: SourceDef {
                connection: stored.source.connection,
                account: stored.source.account,
                api: stored.source.api,
                key: stored.source.key,
                zone: source_schedule.zone(),
                schedule: source_schedule,
                window: WindowRule {
                    from,
                    span: Duration::from_millis(stored.source.span_ms),
                    overlap: Duration::from_millis(stored.source.overlap_ms),
                    lag: Duration::from_millis(stored.source.lag_ms),
                },
                request,
                page_size: stored.source.page_size,
            },
            show: stored.show.compile(),
            show_text: stored.show,
            group: stored.group.map(|group| GroupDef {
                by: group
                    .by
                    .into_iter()
                    .map(|(path, format)| GroupKey { path, format })
                    .collect(),
                close: group
                    .close
                    .and_then(|text| NaiveTime::parse_from_str(&text, "%H:%M").ok()),
                max_lines: group.max_lines,
            }),
            mapping: load_plugin(stored.mapping, &file, "mapping".into()),
            adjustments: plugins(stored.adjustments, "adjustment"),
            validations: plugins(stored.validations, "validation"),
            target: TargetDef {
                connection: stored.target.connection,
                account: stored.target.account,
                api: stored.target.api,
                key: stored.target.key,
                schedule: schedule("target.schedule", &stored.target.schedule)?,
            },
            after_delivery: AfterDelivery::default(),
            source_catalogue: stored.source_catalogue.map(load_catalogue),
            target_catalogue: stored.target_catalogue.map(load_catalogue),
            bases: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn store_schedule(schedule: &Schedule) -> StoredSchedule {
    StoredSchedule {
        cron: schedule.pattern().to_owned(),
        time_zone: schedule.zone().name().to_owned(),
    }
}

fn store_plugin(plugin_use: &PluginUse) -> StoredPlugin {
    let (stock, file) = match &plugin_use.at {
        PluginAt::Stock(name) => (Some(name.clone()), None),
        PluginAt::File(path) => (None, Some(path.to_string_lossy().replace('\\', "/"))),
    };
    let settings = RawValue::from_string(plugin_use.settings.clone()).expect("settings were written as JSON");
    StoredPlugin {
        name: plugin_use.name.clone(),
        stock,
        file,
        settings,
    }
}

fn load_plugin(stored: StoredPlugin, file: &SourceFile, path: String) -> PluginUse {
    let at = match (stored.stock, stored.file) {
        (_, Some(file)) => PluginAt::File(file.into()),
        (Some(name), None) => PluginAt::Stock(name),
        (None, None) => PluginAt::Stock(stored.name.clone()),
    };
    let origin = Origin {
        file: file.clone(),
        path,
        plugin: 0..0,
        settings: 0..0,
        places: Vec::new(),
    };
    PluginUse {
        name: stored.name,
        at,
        settings: stored.settings.get().to_owned(),
        origin,
    }
}

fn store_catalogue(catalogue: &Catalogue) -> StoredCatalogue {
    let fields = |fields: &[Field]| {
        let each = fields.iter().cloned();
        each.map(
            |Field {
                 path,
                 label,
                 kind,
                 by,
                 required,
                 personal,
             }| StoredField {
                path,
                label,
                kind,
                by,
                required,
                personal,
            },
        )
        .collect()
    };
    StoredCatalogue {
        system: catalogue.system.clone(),
        api: catalogue.api.clone(),
        title: catalogue.title.clone(),
        wrapper: catalogue.wrapper.clone(),
        request: fields(&catalogue.request),
        fields: fields(&catalogue.fields),
    }
}

fn load_catalogue(stored: StoredCatalogue) -> Catalogue {
    let fields = |fields: Vec<StoredField>| {
        let each = fields.into_iter();
        each.map(
            |StoredField {
                 path,
                 label,
                 kind,
                 by,
                 required,
                 personal,
             }| Field {
                path,
                label,
                kind,
                by,
                required,
                personal,
            },
        )
        .collect()
    };
    Catalogue {
        system: stored.system,
        api: stored.api,
        title: stored.title,
        wrapper: stored.wrapper,
        request: fields(stored.request),
        fields: fields(stored.fields),
    }
}

/// The canonical spelling of a request value.
fn request_text(value: &RequestValue) -> String {
    let format = |format: &TimeFormat| match format {
        TimeFormat::Datetime => "datetime",
        TimeFormat::Date => "date",
        TimeFormat::Timestamp => "timestamp",
        TimeFormat::TimestampMs => "timestamp_ms",
    };
    match value {
        RequestValue::Text(text) => text.clone(),
        RequestValue::WindowStart(time) => format!("{{{{LAST_SYNC_TIME|{}}}}}", format(time)),
        RequestValue::WindowEnd(time) => format!("{{{{CURRENT_TIME|{}}}}}", format(time)),
        RequestValue::DaysAgo(days, time) => format!("{{{{DAYS_AGO_{days}|{}}}}}", format(time)),
        RequestValue::PageSize => "{{PAGINATION_PAGE_SIZE}}".to_owned(),
        RequestValue::PageNumber => "{{PAGINATION_START_PAGE}}".to_owned(),
    }
}
