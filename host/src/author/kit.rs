//! `plugin new`: a folder that builds and passes its cases at once, from templates, SDK, contract and cases that the
//! program carries in itself (`host/build.rs`). Written beside its place and then moved there, so it is whole or absent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dukou_core::names::is_name;
use dukou_plugin::Kind;
use serde_json::{Map, Value};

use super::error::AuthorError;
use super::folder::Language;
use super::schemas;

/// Every file the program carries, by name.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/kit/files.rs"));

/// The editor's settings, which template and kit write together.
const EDITOR: &str = ".vscode/settings.json";

/// Names that a compiler or an operating system keeps for itself, or that stock plugins have.
const TAKEN: [&str; 24] = [
    "alloc",
    "as",
    "async",
    "con",
    "core",
    "crate",
    "dukou-sdk",
    "else",
    "fn",
    "impl",
    "mod",
    "nul",
    "plugin",
    "prn",
    "proc-macro",
    "self",
    "src",
    "std",
    "struct",
    "super",
    "table",
    "test",
    "voucher-checks",
    "wdt-to-tplus",
];

/// What is to be written.
#[derive(Debug, Clone)]
pub struct NewPlugin {
    /// The plugin's name.
    pub name: String,
    /// Its title, for people.
    pub title: String,
    /// What it is written in.
    pub language: Language,
    /// What it does.
    pub kind: Kind,
}

impl NewPlugin {
    /// The files of the plugin's folder, by path, ready to be written.
    ///
    /// # Errors
    /// [`AuthorError::Name`], [`AuthorError::TableKind`].
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, AuthorError> {
        check_name(&self.name)?;
        if self.language == Language::Table && self.kind != Kind::Mapping {
            return Err(AuthorError::TableKind);
        }
        let (language, kind) = (self.language.as_str(), self.kind.as_str());
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        // Later ones replace earlier ones of the same path.
        for (from, to) in [
            ("templates/common/".to_owned(), ""),
            (format!("templates/cases/{kind}/"), "cases/"),
            (format!("templates/{language}/common/"), ""),
            (format!("templates/{language}/{kind}/"), ""),
        ] {
            for (path, bytes) in below(&from) {
                let (path, bytes) = (self.named(path), self.filled(bytes));
                let path = format!("{to}{path}");
                let bytes = match files.get(&path) {
                    Some(before) if path == EDITOR => merged(before, &bytes),
                    _ => bytes,
                };
                files.insert(path, bytes);
            }
        }
        for (from, to) in self.kit_folders() {
            files.extend(below(from).map(|(path, bytes)| (format!("{to}{path}"), bytes.to_vec())));
        }
        for (path, schema) in schemas::of(self.language, self.kind)? {
            let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
            text.push('\n');
            files.insert(format!(".vscode/{path}"), text.into_bytes());
        }
        Ok(files)
    }

    /// Which parts of the kit stand beside the template, and where.
    fn kit_folders(&self) -> &'static [(&'static str, &'static str)] {
        match self.language {
            Language::Rust => &[("sdk/rust/", "dukou-sdk/"), ("wit/", "dukou-sdk/wit/")],
            Language::JavaScript => &[("sdk/js/", "dukou-sdk/"), ("wit/", "dukou-sdk/wit/")],
            Language::Python => &[
                ("sdk/python/", "dukou-sdk/"),
                ("wit/", "dukou-sdk/wit/dukou-plugin-0.1/"),
            ],
            Language::Table => &[],
        }
    }

    /// A path with the plugin's names in place of the template's.
    fn named(&self, text: &str) -> String {
        text.replace("PluginName", &camel(&self.name))
            .replace("plugin_name", &self.name.replace('-', "_"))
            .replace("plugin-name", &self.name)
    }

    /// A template's text with the plugin's names and title; what is no text stays.
    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(bytes) {
            // The title last: it is the author's own text and may hold anything.
            Ok(text) => self.named(text).replace("插件标题", &self.title).into_bytes(),
            Err(_) => bytes.to_vec(),
        }
    }

    /// Writes the folder `dir`, which must be empty or absent; answers the paths of its files.
    ///
    /// # Errors
    /// As [`Self::files`]; [`AuthorError::Occupied`]; a file that cannot be written. Nothing is left behind then.
    pub fn write(&self, dir: &Path) -> Result<Vec<String>, AuthorError> {
        let files = self.files()?;
        let occupied = match std::fs::read_dir(dir) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        };
        if occupied {
            return Err(AuthorError::Occupied { dir: dir.to_owned() });
        }
        let beside = beside(dir);
        let written = write_all(&beside, &files).and_then(|()| moved(&beside, dir));
        if written.is_err() {
            // What is half done is of no use; the first error is the one to tell.
            let _ = std::fs::remove_dir_all(&beside);
        }
        written.map(|()| files.into_keys().collect())
    }
}

/// Whether a name can be a plugin's: a file's, a crate's and a module's name too.
///
/// # Errors
/// [`AuthorError::Name`].
pub fn check_name(name: &str) -> Result<(), AuthorError> {
    let good = is_name(name) && !name.ends_with('-') && !name.contains("--") && !TAKEN.contains(&name);
    good.then_some(())
        .ok_or_else(|| AuthorError::Name { name: name.to_owned() })
}

/// The carried files below a folder, by their path in it.
fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES
        .iter()
        .filter_map(move |(path, bytes)| Some((path.strip_prefix(folder)?, *bytes)))
}

/// `shop-rules` → `ShopRules`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.split('-').map(word).collect()
}

/// Two JSON objects as one, the second's keys over the first's.
fn merged(first: &[u8], second: &[u8]) -> Vec<u8> {
    let object = |bytes| serde_json::from_slice::<Map<String, Value>>(bytes).unwrap_or_default();
    let mut all = object(first);
    all.extend(object(second));
    let mut text = serde_json::to_vec_pretty(&all).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The folder that is filled first: hidden, and in the same place, so that moving it is one step.
fn beside(dir: &Path) -> PathBuf {
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned());
    dir.with_file_name(format!(".{}.new-{}", name.unwrap_or_default(), std::process::id()))
}

fn write_all(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), AuthorError> {
    for (path, bytes) in files {
        let file = dir.join(path);
        let parent = file.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&file, bytes))
            .and_then(|()| {
                if path.ends_with(".sh") {
                    executable(&file)
                } else {
                    Ok(())
                }
            })
            .map_err(|source| AuthorError::Write { file, source })?;
    }
    Ok(())
}

fn moved(from: &Path, to: &Path) -> Result<(), AuthorError> {
    // An empty folder may stand there; one that has filled meanwhile stops the move.
    if to.is_dir() {
        let removed = std::fs::remove_dir(to);
        removed.map_err(|_| AuthorError::Occupied { dir: to.to_owned() })?;
    }
    std::fs::rename(from, to).map_err(|source| AuthorError::Write {
        file: to.to_owned(),
        source,
    })
}

#[cfg(unix)]
fn executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn executable(_file: &Path) -> std::io::Result<()> {
    Ok(())
}
