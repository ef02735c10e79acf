//! `dukou.toml`, the environment and secrets to checked settings. The only file of the host that reads the environment;
//! secrets enter here, when a connection is opened, and are never part of a definition.

mod connection;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dukou_core::catalogue::Catalogue;
use dukou_core::names::{DEFAULT_TENANT, SchemeName, TargetName, is_name};

pub use connection::{Connection, ConnectionKind, Side, TplusCloudSettings, WdtQimenSettings};
pub(crate) use secret::lint as lint_secrets;
pub use secret::{SecretAt, SecretRef};

use crate::scheme::{
    self, Code, DefinitionErrors, Diagnostic, Held, Scheme, Section, Sentence, SourceFile, TableFile, not_yet,
};

/// The project's file.
pub const PROJECT_FILE: &str = "dukou.toml";
const DEFAULT_STORE: &str = "dukou.db";
/// What an unknown delivery waits when its connection is gone.
const DEFAULT_QUARANTINE_MS: u64 = 300_000;

/// A variable of the environment that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment enters")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The locale: `DUKOU_LANG`, `LC_ALL`, `LC_MESSAGES`, `LANG`, the first that is set.
pub fn locale() -> Option<String> {
    ["DUKOU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(variable)
}

/// The log filter: `DUKOU_LOG`.
pub fn log_filter() -> Option<String> {
    variable("DUKOU_LOG")
}

/// Where tests make the process die: `DUKOU_FAILPOINTS`. Read by builds with the feature only.
pub fn failpoints() -> Option<String> {
    variable("DUKOU_FAILPOINTS")
}

/// The folder of compiled plugins, where it is not the project's own: `DUKOU_CACHE`.
pub fn cache_dir() -> Option<PathBuf> {
    variable("DUKOU_CACHE").map(PathBuf::from)
}

/// Who acts, as the machine knows them.
pub fn user() -> Option<String> {
    ["DUKOU_USER", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(variable)
}

/// Whether this is a machine that builds and tests by itself: `CI`. Nothing that people review is written there.
pub fn in_ci() -> bool {
    variable("CI").is_some_and(|value| !matches!(value.as_str(), "0" | "false"))
}

/// Whether colours are welcome: neither `NO_COLOR` nor a dumb terminal.
pub fn colour_allowed() -> bool {
    variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// A checked project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// Whether `run` deploys changed files first.
    pub auto_deploy: bool,
    /// The store's file.
    pub store: PathBuf,
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// The project's own catalogues and additions.
    pub catalogues: Vec<Catalogue>,
    /// What looks wrong and stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// Names of all connections, those with errors included.
    named: Vec<String>,
}

impl Project {
    /// Loads a project's `dukou.toml` and catalogues.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(root: &Path) -> Result<Self, DefinitionErrors> {
        let (project, errors) = Self::read(root)?;
        if errors.is_empty() {
            Ok(project)
        } else {
            Err(DefinitionErrors(errors))
        }
    }

    /// Reads as much of a project as can be read, with what is wrong, so that `check` can go on to its schemes.
    ///
    /// # Errors
    /// Only when there is no project file to read.
    pub fn read(root: &Path) -> Result<(Self, Vec<Diagnostic>), DefinitionErrors> {
        let file = SourceFile::read(root, &root.join(PROJECT_FILE)).map_err(|finding| {
            if finding.code == Code::Unreadable {
                finding.help(Sentence::new("definition.no_project_help"))
            } else {
                finding
            }
        })?;
        let parsed = scheme::parse(&file);
        let broken: Vec<usize> = parsed
            .errors
            .iter()
            .filter_map(|error| Some(error.position()?.0))
            .collect();
        let mut errors = Vec::new();
        let mut project = Self {
            root: root.to_owned(),
            auto_deploy: true,
            store: root.join(DEFAULT_STORE),
            connections: BTreeMap::new(),
            catalogues: Vec::new(),
            warnings: Vec::new(),
            named: Vec::new(),
        };
        project.read_file(&file, &parsed.table, &mut errors);
        if !broken.is_empty() {
            errors.retain(|error| {
                error.code != Code::MissingKey && !error.position().is_some_and(|(line, _)| broken.contains(&line))
            });
            errors.extend(parsed.errors);
        }
        errors.sort_by_key(Diagnostic::position);
        secret::lint(&file, &parsed.table, &mut project.warnings);
        for folder in ["tenants", "base"] {
            if root.join(folder).is_dir() {
                errors.push(Diagnostic::new(Code::NotYet).with("what", format!("{folder}/")));
            }
        }
        project.catalogues = scheme::read_catalogues(root, &mut errors);
        Ok((project, errors))
    }

    fn read_file(&mut self, file: &SourceFile, table: &scheme::Table, errors: &mut Vec<Diagnostic>) {
        let mut root = Section::new(file, PROJECT_FILE, table, 0..0, errors);
        self.auto_deploy = root.flag("auto_deploy").unwrap_or(true);
        root.later("apps", "[apps.*]");
        if let Some((table, span)) = root.table("store") {
            let mut section = Section::new(file, "[store]", table, span, root.errors);
            if let Some(url) = section.text("url") {
                match url
                    .value
                    .strip_prefix("sqlite:")
                    .map(|path| path.trim_start_matches("//"))
                {
                    Some(path) if !path.trim().is_empty() => self.store = self.root.join(path),
                    _ if url.value.starts_with("postgres") => section
                        .push(not_yet(file, url.span, "postgres").help(Sentence::new("definition.store_url_help"))),
                    _ => section.push(
                        Diagnostic::at(Code::StoreUrl, file, url.span)
                            .with("value", url.value)
                            .help(Sentence::new("definition.store_url_help")),
                    ),
                }
            }
            section.finish();
        }
        if let Some((table, _)) = root.table("connections") {
            for entry in &table.entries {
                self.named.push(entry.key.clone());
                if !is_name(&entry.key) {
                    root.push(
                        Diagnostic::at(Code::BadName, file, entry.key_span.clone()).with("name", entry.key.as_str()),
                    );
                    continue;
                }
                let Held::Table(table) = &entry.node.value else {
                    root.push(
                        Diagnostic::at(Code::WrongType, file, entry.node.span.clone())
                            .with("key", entry.key.as_str())
                            .with("expected", scheme::Arg::Word("definition.type_table"))
                            .with("found", scheme::Arg::Word(entry.node.value.word())),
                    );
                    continue;
                };
                let name = format!("[connections.{}]", entry.key);
                let section = Section::new(file, name, table, entry.node.span.clone(), root.errors);
                if let Some(connection) = connection::read(&entry.key, section) {
                    self.connections.insert(entry.key.clone(), connection);
                }
            }
        }
        root.finish();
    }

    /// A connection by name.
    ///
    /// # Errors
    /// [`Code::UnknownConnection`] with what there is.
    pub fn connection(&self, name: &str) -> Result<&Connection, DefinitionErrors> {
        self.connections.get(name).ok_or_else(|| {
            Diagnostic::new(Code::UnknownConnection)
                .with("name", name)
                .did_you_mean(name, self.connections.keys().map(String::as_str))
                .into()
        })
    }

    /// Whether `dukou.toml` has a connection of this name, usable or not.
    pub(crate) fn names_connection(&self, name: &str) -> bool {
        self.named.iter().any(|named| named == name)
    }

    /// Scheme files with the names they give, by name.
    pub fn scheme_files(&self) -> Vec<(SchemeName, PathBuf)> {
        self.files_and_strays().0
    }

    /// Names of all schemes.
    ///
    /// # Errors
    /// [`Code::BadName`] when a file's name is no scheme's name.
    pub fn scheme_names(&self) -> Result<Vec<SchemeName>, DefinitionErrors> {
        let (files, strays) = self.files_and_strays();
        if strays.is_empty() {
            Ok(files.into_iter().map(|(name, _)| name).collect())
        } else {
            Err(DefinitionErrors(strays))
        }
    }

    fn files_and_strays(&self) -> (Vec<(SchemeName, PathBuf)>, Vec<Diagnostic>) {
        let (mut files, mut strays) = (Vec::new(), Vec::new());
        for path in scheme::project_files(&self.root, "schemes", "toml") {
            let stem = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            if is_name(&stem) {
                files.push((SchemeName::new(DEFAULT_TENANT, stem), path));
            } else {
                let shown = scheme::shown(&self.root, &path);
                strays.push(
                    Diagnostic::new(Code::BadName)
                        .with("name", stem)
                        .help(Sentence::new("definition.rename_help").with("file", shown)),
                );
            }
        }
        (files, strays)
    }

    /// Where a scheme's file is.
    pub(crate) fn scheme_path(&self, name: &SchemeName) -> PathBuf {
        self.root.join("schemes").join(format!("{}.toml", name.name))
    }

    /// The scheme that a person names, or the only one when none is named.
    ///
    /// # Errors
    /// [`Code::UnknownScheme`] when there is no such scheme, or several to choose from.
    pub fn choose(&self, name: Option<&str>) -> anyhow::Result<SchemeName> {
        let names = self.scheme_names()?;
        let chosen = match name {
            Some(text) => SchemeName::parse(text).ok().filter(|name| names.contains(name)),
            None if names.len() == 1 => names.first().cloned(),
            None => None,
        };
        chosen.ok_or_else(|| {
            let known: Vec<String> = names.iter().map(ToString::to_string).collect();
            let text = name.unwrap_or_default();
            let finding = match name {
                Some(_) => Diagnostic::new(Code::UnknownScheme).with("name", text),
                None => Diagnostic::sentence(Code::UnknownScheme, "definition.which_scheme"),
            };
            DefinitionErrors::from(finding.did_you_mean(text, known.iter().map(String::as_str))).into()
        })
    }

    /// Loads one scheme.
    ///
    /// # Errors
    /// Everything that is wrong with its file, or that there is none.
    pub fn load_scheme(&self, name: &SchemeName) -> Result<Scheme, DefinitionErrors> {
        if name.tenant != DEFAULT_TENANT {
            return Err(Diagnostic::new(Code::NotYet).with("what", "tenants/").into());
        }
        let path = self.scheme_path(name);
        if !is_name(&name.name) || !path.is_file() {
            return Err(scheme::unknown_scheme(self, name).into());
        }
        scheme::load(self, name, &SourceFile::read(&self.root, &path)?)
    }

    /// Loads every scheme, with everything that is wrong with those that cannot be loaded.
    pub fn load_all(&self) -> (Vec<Scheme>, DefinitionErrors) {
        let (files, strays) = self.files_and_strays();
        let (mut schemes, mut errors) = (Vec::new(), DefinitionErrors(strays));
        for (name, _) in files {
            match self.load_scheme(&name) {
                Ok(scheme) => schemes.push(scheme),
                Err(found) => errors.0.extend(found.0),
            }
        }
        (schemes, errors)
    }

    /// Where a table's file would be; `None` for a name that is none.
    pub(crate) fn table_path(&self, name: &str) -> Option<PathBuf> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        plain.then(|| self.root.join("tables").join(format!("{name}.csv")))
    }

    /// Names of all tables.
    pub fn table_names(&self) -> Vec<String> {
        let files = scheme::project_files(&self.root, "tables", "csv").into_iter();
        files
            .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
            .collect()
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Everything that is wrong with it, or that there is none.
    pub fn table(&self, tenant: &str, name: &str) -> Result<TableFile, DefinitionErrors> {
        if tenant != DEFAULT_TENANT {
            return Err(Diagnostic::new(Code::NotYet).with("what", "tenants/").into());
        }
        match self.table_path(name).filter(|path| path.is_file()) {
            Some(path) => TableFile::read(&self.root, &path),
            None => {
                let known = self.table_names();
                let finding = Diagnostic::new(Code::UnknownTable)
                    .with("name", name)
                    .did_you_mean(name, known.iter().map(String::as_str));
                Err(finding.into())
            }
        }
    }

    /// How long an unknown delivery to a target waits, in ms: its connection's quarantine, or the longest there is.
    pub fn quarantine_ms(&self, target: &TargetName) -> u64 {
        let targets = || {
            self.connections
                .values()
                .filter_map(|connection| match &connection.kind {
                    ConnectionKind::TplusCloud(settings) => Some(settings.as_ref()),
                    ConnectionKind::WdtQimen(_) => None,
                })
        };
        let ms = |settings: &TplusCloudSettings| u64::try_from(settings.quarantine.as_millis()).unwrap_or(u64::MAX);
        let own = targets()
            .filter(|settings| settings.account_name() == target.account)
            .map(ms)
            .max();
        own.or_else(|| targets().map(ms).max()).unwrap_or(DEFAULT_QUARANTINE_MS)
    }
}
