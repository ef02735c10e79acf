//! Reading a flat settings object, with every mistake reported at once.
//!
//! Unknown keys are errors with a suggestion, since a misspelt optional setting would otherwise be silently ignored.
//! Settings with structure (a mapping table) are read by their plugin. Authors derive [`FromSettings`] and need not call
//! anything here.

mod typed;

pub use typed::{FromSetting, FromSettings, Setting, one};

use crate::{Scalar, SettingError};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A settings object being read: ask for every key, then [`Settings::finish`].
#[derive(Debug)]
pub struct Settings<'a> {
    values: BTreeMap<String, &'a RawValue>,
    known: Vec<&'static str>,
    errors: Vec<SettingError>,
}

impl<'a> Settings<'a> {
    /// Parses the object; no settings at all (an empty text or `null`) are an empty object.
    pub fn parse(json: &'a str) -> Result<Self, Vec<SettingError>> {
        let values = if matches!(json.trim(), "" | "null") {
            BTreeMap::new()
        } else {
            serde_json::from_str(json).map_err(|error| {
                vec![SettingError::new(
                    "",
                    "json",
                    format!("settings are no JSON object: {error}"),
                )]
            })?
        };
        Ok(Self {
            values,
            known: Vec::new(),
            errors: Vec::new(),
        })
    }

    /// A text; numbers and booleans are not texts here, so that a bare `0101` cannot lose its zero unseen.
    pub fn text(&mut self, name: &'static str, default: &str) -> String {
        match self.take(name) {
            None => default.to_owned(),
            Some(Scalar::Text(text)) => text.into_owned(),
            Some(_) => self.wrong(name, "a string", default.to_owned()),
        }
    }

    /// A text that must not be empty.
    pub fn required_text(&mut self, name: &'static str, default: &str) -> String {
        let text = self.text(name, default);
        if crate::scalar::is_empty_text(&text) {
            self.error(name, "required", "must not be empty");
        }
        text
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Scalar::Boolean(value)) => value,
            Some(_) => self.wrong(name, "true or false", default),
        }
    }

    /// A decimal, as a number or a string.
    pub fn decimal(&mut self, name: &'static str, default: Decimal) -> Decimal {
        match self.take(name).map(|value| value.decimal_value()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => self.wrong(name, "a decimal", default),
        }
    }

    /// A count of zero or more.
    pub fn count(&mut self, name: &'static str, default: usize) -> usize {
        match self
            .take(name)
            .map(|value| value.integer().ok().and_then(|text| text.parse().ok()))
        {
            None => default,
            Some(Some(value)) => value,
            Some(None) => self.wrong(name, "a whole number", default),
        }
    }

    /// Adds an error of the plugin's own at a setting.
    pub fn error(&mut self, name: &str, code: &str, message: &str) {
        self.errors.push(SettingError::new(name, code, message));
    }

    /// Every error so far, and one for each key nobody asked for.
    pub fn finish(mut self) -> Result<(), Vec<SettingError>> {
        for name in self.values.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let message = match nearest(name, &self.known) {
                Some(known) => format!("unknown setting; did you mean `{known}`?"),
                None => format!("unknown setting; there are: {}", self.known.join(", ")),
            };
            self.errors.push(SettingError::new(name, "unknown", message));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    /// Whether the setting is given.
    fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|raw| raw.get().trim() != "null")
    }

    fn take(&mut self, name: &'static str) -> Option<Scalar<'a>> {
        self.known.push(name);
        match self.values.get(name).map(|raw| Scalar::from_json(raw.get())) {
            None | Some(Scalar::Null) => None,
            value => value,
        }
    }

    fn wrong<T>(&mut self, name: &str, wanted: &str, default: T) -> T {
        let value = self.values.get(name).map_or("", |raw| raw.get());
        let value: String = value.chars().take(40).collect();
        self.errors.push(SettingError::new(
            name,
            "type",
            format!("must be {wanted}, not {value}"),
        ));
        default
    }
}

/// The candidate closest to `name`, if it is close enough to be a slip: at most a third of its characters differ.
pub fn nearest<'c>(name: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let typed: Vec<char> = name.to_lowercase().chars().take(64).collect();
    candidates
        .iter()
        .map(|candidate| (distance(&typed, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance.
fn distance(typed: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=typed.len()).collect();
    for (line, wanted) in candidate.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, found) in typed.iter().enumerate() {
            let replaced = diagonal + usize::from(*found != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[typed.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_there_and_defaults_the_rest() {
        let mut settings = Settings::parse(r#"{"a":"x","b":true,"c":"0.05","d":3,"e":null}"#).unwrap();
        assert_eq!(settings.text("a", "y"), "x");
        assert!(settings.boolean("b", false));
        assert_eq!(settings.decimal("c", Decimal::ZERO), Decimal::new(5, 2));
        assert_eq!(settings.count("d", 9), 3);
        assert_eq!(settings.text("e", "kept"), "kept");
        assert_eq!(settings.count("f", 9), 9);
        assert_eq!(settings.finish(), Ok(()));
    }

    #[test]
    fn names_every_mistake() {
        let mut settings = Settings::parse(r#"{"custmer":"x","memo":5,"warehouse":" ","max":-1}"#).unwrap();
        settings.text("customer", "");
        settings.text("memo", "");
        settings.required_text("warehouse", "W");
        settings.count("max", 1);
        let errors = settings.finish().unwrap_err();
        let found: Vec<_> = errors.iter().map(|e| (e.path.as_str(), e.code.as_str())).collect();
        assert_eq!(
            found,
            [
                ("memo", "type"),
                ("warehouse", "required"),
                ("max", "type"),
                ("custmer", "unknown")
            ]
        );
        assert!(errors[3].message.contains("`customer`"));
    }

    #[test]
    fn no_settings_are_no_mistake() {
        for json in ["", " ", "null", "{}"] {
            assert_eq!(Settings::parse(json).unwrap().finish(), Ok(()));
        }
        assert_eq!(Settings::parse("[]").unwrap_err()[0].code, "json");
    }

    #[test]
    fn suggests_only_what_is_close() {
        let known = ["customer", "warehouse", "memo"];
        assert_eq!(nearest("Custmer", &known), Some("customer"));
        assert_eq!(nearest("warehose", &known), Some("warehouse"));
        assert_eq!(nearest("zzz", &known), None);
    }
}
