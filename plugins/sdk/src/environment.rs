//! The environment that the host hands to `configure`: time zone and the catalogues of both ends.
//!
//! Keys that this version does not know are ignored, because the environment may grow.

use crate::SettingError;
use crate::date::Zone;
use serde::Deserialize;

/// What surrounds a plugin in its scheme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Environment {
    /// Name of the scheme's zone, e.g. `Asia/Shanghai`.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Fields of the source API.
    #[serde(default)]
    pub source: Option<Catalogue>,
    /// Fields of the target API.
    #[serde(default)]
    pub target: Option<Catalogue>,
}

/// The fields of one API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    /// The remote system, e.g. `tplus`.
    #[serde(default)]
    pub system: String,
    /// The API, e.g. `/tplus/api/v2/saleDispatch/Create`.
    #[serde(default)]
    pub api: String,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// The key that the whole document stands under, e.g. `dto`.
    #[serde(default)]
    pub wrapper: Option<String>,
    /// The fields, in the catalogue's order.
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// One field of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Field {
    /// Dotted path without indexes, e.g. `RDRecordDetails.Inventory`.
    pub path: String,
    /// What people call it.
    #[serde(default)]
    pub label: String,
    /// What its value means.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// For references: the key that wraps the value, `Code` or `Name`.
    #[serde(default)]
    pub by: Option<String>,
    /// Whether a document without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Whether it holds personal data.
    #[serde(default)]
    pub personal: bool,
}

/// What the value of a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DD HH:MM:SS`.
    Datetime,
    /// `true` or `false`.
    Boolean,
    /// An object that names another thing by `Code` or `Name`.
    Reference,
    /// A list of objects whose fields have paths below this one.
    Array,
    /// A list of texts.
    ArrayOfText,
    /// An object whose fields have paths below this one.
    Object,
    /// A type that this version does not know.
    #[serde(other)]
    Other,
}

impl Environment {
    /// Reads the environment; an empty text or `null` is an empty environment.
    pub fn parse(json: &str) -> Result<Self, Vec<SettingError>> {
        if matches!(json.trim(), "" | "null") {
            return Ok(Self::default());
        }
        serde_json::from_str(json).map_err(|error| {
            vec![SettingError::new(
                "environment",
                "json",
                format!("cannot be read: {error}"),
            )]
        })
    }

    /// The scheme's zone; Shanghai if none is given. An error for zones that plugins cannot compute in.
    pub fn zone(&self) -> Result<Zone, SettingError> {
        match self.time_zone.as_deref() {
            None | Some("") => Ok(Zone::SHANGHAI),
            Some(name) => Zone::named(name).ok_or_else(|| {
                let message = format!("`{name}` is no zone with a fixed offset that plugins know");
                SettingError::new("environment.time_zone", "time-zone", message)
            }),
        }
    }
}

impl Catalogue {
    /// The field at a dotted path.
    pub fn field(&self, path: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_host_sends() {
        let environment = Environment::parse(
            r#"{"time_zone":"Asia/Tokyo","source":null,"target":{"system":"tplus","api":"/x","title":"创建","wrapper":"dto",
            "fields":[{"path":"A","label":"甲","type":"reference","by":"Code","required":true,"personal":false},
            {"path":"B","type":"array-of-text"},{"path":"C","type":"colour","new":1}]},"later":{}}"#,
        )
        .unwrap();
        let target = environment.target.as_ref().unwrap();
        assert_eq!(target.wrapper.as_deref(), Some("dto"));
        assert_eq!(target.field("A").unwrap().by.as_deref(), Some("Code"));
        assert_eq!(target.field("B").unwrap().kind, FieldType::ArrayOfText);
        assert_eq!(target.field("C").unwrap().kind, FieldType::Other);
        assert_eq!(environment.zone().unwrap().offset_s, 9 * 3600);
    }

    #[test]
    fn refuses_zones_it_cannot_compute_in() {
        let environment = Environment::parse(r#"{"time_zone":"Europe/Berlin"}"#).unwrap();
        assert_eq!(environment.zone().unwrap_err().code, "time-zone");
        assert_eq!(Environment::parse("").unwrap().zone(), Ok(Zone::SHANGHAI));
    }
}
