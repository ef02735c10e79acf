//! A plugin's folder: which language it is written in, its checked manifest, and where its files are. Reads; builds and
//! writes nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use dukou_plugin::Kind;
use dukou_plugin::cases::CaseTables;
use dukou_plugin_build::check_manifest;

use super::error::AuthorError;
use crate::scheme::{DefinitionErrors, TableFile, project_files};

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Language {
    /// Rust
    Rust,
    /// JavaScript
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    /// Python
    Python,
    /// A mapping table, no code
    Table,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::Table];

    /// The word, as in `--in` and in the folder of templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::Table => "table",
        }
    }

    /// The file that tells the language of a folder.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
            Self::Table => "mapping.toml",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A plugin's folder, opened.
#[derive(Debug, Clone)]
pub struct PluginFolder {
    /// The folder.
    pub root: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// The plugin's name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Its title, in Chinese.
    pub title: String,
    /// What it does.
    pub kind: Kind,
    /// `plugin.json`, checked: compact JSON, keys in their order.
    pub manifest: String,
}

impl PluginFolder {
    /// Opens the folder of a plugin.
    ///
    /// # Errors
    /// [`AuthorError::NotAPlugin`] without `plugin.json` or without exactly one marker of a language; a manifest that
    /// cannot be used.
    pub fn open(root: &Path) -> Result<Self, AuthorError> {
        let not_a_plugin = || AuthorError::NotAPlugin { dir: root.to_owned() };
        let file = root.join("plugin.json");
        if !file.is_file() {
            return Err(not_a_plugin());
        }
        let text = std::fs::read_to_string(&file).map_err(|source| AuthorError::Read { file, source })?;
        let wrong = |reason: String| AuthorError::Manifest { reason };
        let manifest = check_manifest(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let text = error.to_string();
            wrong(text.strip_prefix("plugin.json: ").unwrap_or(&text).to_owned())
        })?;
        let value: serde_json::Value = serde_json::from_str(&manifest).map_err(|error| wrong(error.to_string()))?;
        let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let kind = [Kind::Mapping, Kind::Adjustment, Kind::Validation]
            .into_iter()
            .find(|kind| value["kind"] == kind.as_str())
            .ok_or_else(not_a_plugin)?;
        let markers: Vec<_> = Language::ALL
            .into_iter()
            .filter(|language| root.join(language.marker()).is_file())
            .collect();
        let [language] = markers[..] else {
            return Err(not_a_plugin());
        };
        if language == Language::Table && kind != Kind::Mapping {
            return Err(AuthorError::TableKind);
        }
        Ok(Self {
            root: root.to_owned(),
            language,
            name: word("name"),
            version: word("version"),
            title: word("title"),
            kind,
            manifest,
        })
    }

    /// Whether a folder looks like a plugin's, for lists.
    pub fn is_one(root: &Path) -> bool {
        root.join("plugin.json").is_file()
            && Language::ALL
                .iter()
                .any(|language| root.join(language.marker()).is_file())
    }

    /// What `plugin build` writes: component and manifest.
    pub fn component(&self) -> PathBuf {
        self.below("build").join(format!("{}.wasm", self.name))
    }

    /// What `plugin pack` writes: component, manifest and cases.
    pub fn packed(&self) -> PathBuf {
        self.below(&format!("{}.wasm", self.name))
    }

    /// A path in the folder, as people would write it: without `./` in front.
    fn below(&self, path: &str) -> PathBuf {
        if self.root == Path::new(".") {
            PathBuf::from(path)
        } else {
            self.root.join(path)
        }
    }

    /// The folder of cases.
    pub fn cases(&self) -> PathBuf {
        super::cases::folder(&self.root)
    }
}

/// The tables in `tables/*.csv` of a plugin's folder, as cases see them.
///
/// # Errors
/// All that is wrong with the files, by line.
pub fn tables(root: &Path) -> Result<CaseTables, DefinitionErrors> {
    let mut found: CaseTables = BTreeMap::new();
    let mut errors = Vec::new();
    for path in project_files(root, "tables", "csv") {
        match TableFile::read(root, &path) {
            Ok(table) => {
                found.insert(table.name, table.rows);
            }
            Err(wrong) => errors.extend(wrong.0),
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(DefinitionErrors(errors))
    }
}
