//! A folder of cases as files: read, and written by a review. What the files mean is `dukou_plugin::cases`; nothing is
//! printed here.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dukou_plugin::cases::{CaseError, CaseFault, CaseSet};
use serde_json::{Value, json};

use crate::lang::Lang;

/// Bytes of one case file.
const MOST_BYTES: u64 = 8 << 20;

/// Everything that is wrong with the cases of a plugin.
#[derive(Debug)]
pub struct CaseErrors(pub Vec<CaseError>);

impl fmt::Display for CaseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cases cannot be used")?;
        for error in &self.0 {
            write!(f, "; {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CaseErrors {}

impl CaseErrors {
    /// For people, one line each.
    pub fn render(&self, lang: Lang) -> String {
        let line = |error: &CaseError| {
            let (what, help) = sentences(lang, error);
            let place = format!("{}:{}:{}", error.file, error.line, error.column);
            let path = if error.path.is_empty() {
                String::new()
            } else {
                format!(" {}", error.path)
            };
            format!("{place}{path}  {what}\n    {help}")
        };
        let lines: Vec<String> = self.0.iter().map(line).collect();
        lines.join("\n")
    }

    /// For machines.
    pub fn to_json(&self, lang: Lang) -> Value {
        let one = |error: &CaseError| {
            let (what, help) = sentences(lang, error);
            json!({
                "code": error.code(),
                "file": error.file,
                "line": error.line,
                "column": error.column,
                "path": error.path,
                "message": what,
                "help": help,
            })
        };
        self.0.iter().map(one).collect()
    }
}

/// What is wrong and what to do.
fn sentences(lang: Lang, error: &CaseError) -> (String, String) {
    let word = error.code().trim_start_matches("case.").replace('-', "_");
    let (value, near) = match &error.fault {
        CaseFault::Json(reason) => (reason.clone(), None),
        CaseFault::UnknownKey { key, near } => (key.clone(), near.clone()),
        CaseFault::MissingKey(key) => ((*key).to_owned(), None),
        CaseFault::TwiceKey(key) => (key.clone(), None),
        CaseFault::Shape { wanted } => (shape(lang, wanted), None),
        CaseFault::Catalogue(name) => (name.clone(), None),
        CaseFault::Name | CaseFault::Schema => (String::new(), None),
        CaseFault::TooMany(count) => (count.to_string(), None),
    };
    let what = lang.text(&format!("cases.wrong.{word}"), &[("value", &value)]);
    let help = match &near {
        Some(near) => lang.text("cases.wrong.near", &[("value", near)]),
        None => lang.text(&format!("cases.wrong.{word}_help"), &[("value", &value)]),
    };
    (what, help)
}

/// The words for a shape; the library names them in English.
fn shape(lang: Lang, wanted: &str) -> String {
    let word = match wanted {
        "an object" => "object",
        "a list" => "list",
        "a text" => "text",
        "a whole number" => "integer",
        "true" => "true",
        "a list with at least one violation" => "violations",
        _ => "verdict",
    };
    lang.t(&format!("cases.shape.{word}"))
}

/// The JSON of a stock catalogue, as plugins get it, by the name of its API.
pub fn stock_catalogue(api: &str) -> Option<String> {
    dukou_connect::KINDS
        .iter()
        .find(|(_, apis)| apis.contains(&api))
        .and_then(|(kind, _)| dukou_connect::catalogue(kind, api))
        .map(|catalogue| catalogue.to_environment().to_string())
}

/// The case files of a folder, by name, as file name and text. A folder that is not there has none; files other than
/// `*.json` are not looked at.
///
/// # Errors
/// When a file cannot be read, is no text, or is too large.
pub fn files(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if !name.ends_with(".json") || name.starts_with('.') || !path.is_file() {
            continue;
        }
        let bytes = std::fs::metadata(&path)
            .with_context(|| path.display().to_string())?
            .len();
        anyhow::ensure!(bytes <= MOST_BYTES, "{}: more than {MOST_BYTES} bytes", path.display());
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        files.push((name.to_owned(), text));
    }
    files.sort();
    Ok(files)
}

/// The cases of a plugin's folder; its `tables/*.csv` stand beside the tables of `defaults.json`, which win.
///
/// # Errors
/// [`CaseErrors`] if files cannot be used, other errors if they cannot be read.
pub fn read(plugin_folder: &Path) -> anyhow::Result<CaseSet> {
    let files = files(&folder(plugin_folder))?;
    let mut set = CaseSet::read(&files, &stock_catalogue).map_err(CaseErrors)?;
    for (name, rows) in super::folder::tables(plugin_folder)? {
        set.defaults.tables.entry(name).or_insert(rows);
    }
    Ok(set)
}

/// The cases inside a packed component.
///
/// # Errors
/// [`CaseErrors`] if they cannot be used.
pub fn packed(section: Option<&str>) -> anyhow::Result<CaseSet> {
    match section {
        Some(text) => CaseSet::from_section(text).map_err(|errors| CaseErrors(errors).into()),
        None => Ok(CaseSet::default()),
    }
}

/// Where a plugin's cases are.
pub fn folder(plugin_folder: &Path) -> PathBuf {
    plugin_folder.join("cases")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_sentences_in_both_languages() {
        let faults = [
            CaseFault::Json("x".into()),
            CaseFault::UnknownKey {
                key: "x".into(),
                near: None,
            },
            CaseFault::UnknownKey {
                key: "x".into(),
                near: Some("y".into()),
            },
            CaseFault::MissingKey("x"),
            CaseFault::TwiceKey("x".into()),
            CaseFault::Shape { wanted: "a list" },
            CaseFault::Catalogue("x".into()),
            CaseFault::Name,
            CaseFault::Schema,
            CaseFault::TooMany(3),
        ];
        for lang in [Lang::Zh, Lang::En] {
            for fault in faults.clone() {
                let error = CaseError {
                    file: "a.json".into(),
                    line: 3,
                    column: 1,
                    path: "group".into(),
                    fault,
                };
                let text = CaseErrors(vec![error]).render(lang);
                assert!(text.starts_with("a.json:3:1 group  "), "{text}");
                assert!(!text.contains("cases."), "{text}");
            }
        }
    }

    #[test]
    fn stock_catalogues_are_known_by_their_api() {
        assert!(
            stock_catalogue("/tplus/api/v2/saleDispatch/Create")
                .unwrap()
                .contains("RDRecordDetails")
        );
        assert!(stock_catalogue("wdt.stockout.order.query.trade").is_some());
        assert_eq!(stock_catalogue("nothing"), None);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_cases() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), CaseSet::default());
        std::fs::create_dir(folder.path().join("cases")).unwrap();
        std::fs::write(folder.path().join("cases/README.md"), "no case").unwrap();
        let case = folder.path().join("cases/one.json");
        std::fs::write(&case, r#"{"group":{"key":"k","records":[]}}"#).unwrap();
        assert_eq!(read(folder.path()).unwrap().cases.len(), 1);
        std::fs::write(&case, "{").unwrap();
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.downcast::<CaseErrors>().unwrap().0[0].code(), "case.json");
    }
}
