//! Settings as a struct: `#[derive(Settings)]`.
//!
//! ```
//! use dukou_sdk::prelude::*;
//! use dukou_sdk::settings::{self, FromSettings};
//!
//! #[derive(Settings, Debug)]
//! struct Rules {
//!     #[setting(default = "ST1021", required)]      // must not be empty
//!     voucher_type: Text,
//!     #[setting(default = "0.01")]
//!     tolerance: Number,
//!     #[setting(default = 3)]
//!     days_ahead: u32,
//!     merged: bool,                                 // false unless it is given
//!     #[setting(rename = "仓库", default = "仓库对照")]
//!     warehouse_table: Table,                       // tells the host which table is read
//! }
//!
//! let mut given = settings::Settings::parse(r#"{"days_ahead": 5, "voucher_typ": "ST1022"}"#).unwrap();
//! let rules = Rules::from_settings(&mut given);
//! assert_eq!((rules.days_ahead, rules.merged), (5, false));
//! let errors = given.finish().unwrap_err();
//! assert_eq!(errors[0].message, "unknown setting; did you mean `voucher_type`?");
//! ```

use super::Settings;
use crate::values::{Content, Number, Text, Value};
use crate::{SettingError, Table};

/// A struct that is read from the settings. Derive it.
pub trait FromSettings: Sized {
    /// Reads the struct; what is wrong is noted in `settings`, where defaults stand in.
    #[doc(hidden)]
    fn from_settings(settings: &mut Settings<'_>) -> Self;

    /// Appends the names of the tables that the settings name.
    #[doc(hidden)]
    fn tables(&self, _names: &mut Vec<String>) {}

    /// Name, default and whether it is required, of every setting.
    #[doc(hidden)]
    const SETTINGS: &'static [Setting] = &[];
}

/// A setting as the derive knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is where it is not given, as text.
    pub default: Option<&'static str>,
    /// Whether it must not be empty, or must be given if there is no default.
    pub required: bool,
}

/// A type that a setting can have.
pub trait FromSetting: Sized {
    /// Reads the setting.
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self;

    /// Appends the table that it names, if it names one.
    #[doc(hidden)]
    fn table(&self, _names: &mut Vec<String>) {}
}

/// The default as a `T`; a default that is none is an error of the plugin, told like any other.
fn default<T: std::str::FromStr>(setting: &Setting, none: T, settings: &mut Settings<'_>) -> T {
    match setting.default.map(str::parse) {
        None if setting.required && !settings.has(setting.name) => {
            settings.error(setting.name, "required", "must be given");
            none
        }
        None => none,
        Some(Ok(value)) => value,
        Some(Err(_)) => {
            let text = setting.default.unwrap_or_default();
            settings.error(
                setting.name,
                "default",
                &format!("the plugin's default `{text}` has the wrong type"),
            );
            none
        }
    }
}

impl FromSetting for String {
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
        let default = setting.default.unwrap_or_default();
        if setting.required {
            settings.required_text(setting.name, default)
        } else {
            settings.text(setting.name, default)
        }
    }
}

impl FromSetting for Text {
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
        let text = String::from_setting(setting, settings);
        // Judged once, here, and not for every line that it is written to.
        if crate::scalar::is_empty_text(&text) {
            Self::from(text)
        } else {
            Self(Value {
                content: Content::Made(text.into()),
                origin: None,
            })
        }
    }
}

impl FromSetting for Table {
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
        Self {
            name: String::from_setting(setting, settings),
        }
    }

    fn table(&self, names: &mut Vec<String>) {
        if self.is_set() && !names.contains(&self.name) {
            names.push(self.name.clone());
        }
    }
}

impl FromSetting for bool {
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
        let default = default(setting, false, settings);
        settings.boolean(setting.name, default)
    }
}

impl FromSetting for Number {
    fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
        let default = default(setting, Self::ZERO, settings);
        settings.decimal(setting.name, default)
    }
}

macro_rules! counts {
    ($($type:ident)*) => { $(
        impl FromSetting for $type {
            fn from_setting(setting: &Setting, settings: &mut Settings<'_>) -> Self {
                let default = default(setting, 0_usize, settings);
                let count = settings.count(setting.name, default);
                Self::try_from(count).unwrap_or_else(|_| {
                    settings.error(setting.name, "type", "is too large");
                    Self::default()
                })
            }
        }
    )* };
}

counts!(u32 usize);

/// Any other type by hand: an error of its own is told with the setting's name.
impl Setting {
    /// Reads the setting as text and hands it to `read`; the error says what would be right.
    pub fn read_with<T: Default>(
        &self,
        settings: &mut Settings<'_>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let text = String::from_setting(self, settings);
        read(&text).unwrap_or_else(|message| {
            settings.error(self.name, "value", &message);
            T::default()
        })
    }
}

/// What a plugin's own check of its settings found: `Err(one("max", "range", "must not exceed 200"))`.
pub fn one(path: &str, code: &str, message: &str) -> Vec<SettingError> {
    vec![SettingError::new(path, code, message)]
}
