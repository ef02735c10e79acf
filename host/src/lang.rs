//! Text for people, in Chinese and English from the same keys (`lang/zh.toml`, `lang/en.toml`, and beside them a pair of
//! files for each large subject). A test keeps the two languages in step. Data (JSON, codes, keys) is never translated.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The language of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// The language of a locale such as `zh_CN.UTF-8`; anything but Chinese is English.
    pub fn of_locale(locale: Option<&str>) -> Self {
        match locale {
            Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    /// The text of `key` with `{name}` replaced by the value of each argument. A key that is not there is shown as itself,
    /// which the tests do not let happen for keys written in the source.
    pub fn text(self, key: &str, arguments: &[(&str, &dyn std::fmt::Display)]) -> String {
        let Some(template) = self.file().get(key) else {
            return key.to_owned();
        };
        let mut out = template.clone();
        for (name, value) in arguments {
            out = out.replace(&format!("{{{name}}}"), &value.to_string());
        }
        out
    }

    /// The text of `key` without arguments.
    pub fn t(self, key: &str) -> String {
        self.text(key, &[])
    }

    /// Whether `key` exists.
    pub fn has(self, key: &str) -> bool {
        self.file().contains_key(key)
    }

    /// The keys that begin with `prefix`, with their texts.
    pub fn section(self, prefix: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = self.file().iter().map(|(key, text)| (key.as_str(), text.as_str()));
        all.filter(move |(key, _)| key.starts_with(prefix))
    }

    fn file(self) -> &'static BTreeMap<String, String> {
        static ZH: OnceLock<BTreeMap<String, String>> = OnceLock::new();
        static EN: OnceLock<BTreeMap<String, String>> = OnceLock::new();
        match self {
            Self::Zh => ZH.get_or_init(|| parse(&ZH_FILES)),
            Self::En => EN.get_or_init(|| parse(&EN_FILES)),
        }
    }
}

const ZH_FILES: [&str; 11] = [
    include_str!("lang/zh.toml"),
    include_str!("lang/plugin.zh.toml"),
    include_str!("lang/cases.zh.toml"),
    include_str!("lang/explain.zh.toml"),
    include_str!("lang/tenant.zh.toml"),
    include_str!("lang/replay.zh.toml"),
    include_str!("lang/gate.zh.toml"),
    include_str!("lang/fleet.zh.toml"),
    include_str!("lang/history.zh.toml"),
    include_str!("lang/drain.zh.toml"),
    include_str!("lang/said.zh.toml"),
];
const EN_FILES: [&str; 11] = [
    include_str!("lang/en.toml"),
    include_str!("lang/plugin.en.toml"),
    include_str!("lang/cases.en.toml"),
    include_str!("lang/explain.en.toml"),
    include_str!("lang/tenant.en.toml"),
    include_str!("lang/replay.en.toml"),
    include_str!("lang/gate.en.toml"),
    include_str!("lang/fleet.en.toml"),
    include_str!("lang/history.en.toml"),
    include_str!("lang/drain.en.toml"),
    include_str!("lang/said.en.toml"),
];

/// Flattens `[section] key = "…"` to `section.key`.
fn parse(files: &[&str]) -> BTreeMap<String, String> {
    fn walk(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let path = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            match value {
                toml::Value::Table(table) => walk(&path, table, out),
                toml::Value::String(text) => {
                    out.insert(path, text.clone());
                }
                _ => {}
            }
        }
    }
    let mut out = BTreeMap::new();
    // The files are compiled in and parsed by a test, so this cannot fail at run time.
    for table in files.iter().filter_map(|text| text.parse::<toml::Table>().ok()) {
        walk("", &table, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_arguments() {
        for text in ZH_FILES.iter().chain(&EN_FILES) {
            text.parse::<toml::Table>().unwrap();
        }
        let (zh, en) = (Lang::Zh.file(), Lang::En.file());
        assert!(zh.len() > 20);
        assert_eq!(zh.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>());
        for (key, text) in zh {
            let names = |text: &str| {
                let mut names: Vec<String> = text
                    .split('{')
                    .skip(1)
                    .filter_map(|rest| rest.split_once('}'))
                    .map(|(name, _)| name.to_owned())
                    .collect();
                names.sort();
                names.dedup();
                names
            };
            assert_eq!(names(text), names(&en[key]), "{key}");
        }
    }

    #[test]
    fn locales_choose() {
        assert_eq!(Lang::of_locale(Some("zh_CN.UTF-8")), Lang::Zh);
        assert_eq!(Lang::of_locale(Some("de_DE")), Lang::En);
        assert_eq!(Lang::of_locale(None), Lang::En);
    }
}
