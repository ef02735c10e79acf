//! `dukou.toml`, the environment and secrets to checked settings. The only file of the host that reads the environment;
//! secrets enter here, when a connection is opened, and are never part of a definition.

mod connection;
mod places;
mod secret;
mod shared;
mod tenant;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dukou_core::catalogue::Catalogue;
use dukou_core::names::{DEFAULT_TENANT, SchemeName, TargetName};

pub(crate) use connection::DEFAULT_TARGET_APP_KEY;
pub use connection::{Connection, ConnectionKind, Side, TplusCloudSettings, WdtQimenSettings};
pub use secret::{SecretAt, SecretRef};
pub(crate) use secret::{lint as lint_secrets, looks_like_secret};
pub(crate) use tenant::is_tag;
pub use tenant::{TENANT_FILE, TENANTS, Tenant};

use crate::scheme::{self, Code, DefinitionErrors, Diagnostic, Section, Sentence, SourceFile, not_yet};

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
    /// The connections of `dukou.toml` by name. Whoever opens one for a scheme asks [`Project::connection`].
    pub connections: BTreeMap<String, Connection>,
    /// The tenants of `tenants/` by name. `schemes/` belongs to the tenant `default`, which is not among them.
    pub tenants: BTreeMap<String, Tenant>,
    /// The project's own catalogues and additions.
    pub catalogues: Vec<Catalogue>,
    /// What looks wrong and stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// Names of all connections, those with errors included.
    named: Vec<String>,
    /// Folders of `tenants/` that name no tenant.
    strays: Vec<Diagnostic>,
}

impl Project {
    /// Loads a project's `dukou.toml`, catalogues and tenants. A tenant whose own file is wrong fails when one of its
    /// schemes is loaded, so that it stops nobody else.
    ///
    /// # Errors
    /// Everything that is wrong with `dukou.toml` and the project's catalogues.
    pub fn load(root: &Path) -> Result<Self, DefinitionErrors> {
        let (project, errors) = Self::read_shared(root)?;
        if errors.is_empty() {
            Ok(project)
        } else {
            Err(DefinitionErrors(errors))
        }
    }

    /// Reads as much of a project as can be read, with what is wrong, tenants included, so that `check` can go on to
    /// its schemes.
    ///
    /// # Errors
    /// Only when there is no project file to read.
    pub fn read(root: &Path) -> Result<(Self, Vec<Diagnostic>), DefinitionErrors> {
        let (project, mut errors) = Self::read_shared(root)?;
        errors.extend(project.tenant_errors());
        Ok((project, errors))
    }

    /// What is wrong with the tenants' own files and folders.
    pub(crate) fn tenant_errors(&self) -> Vec<Diagnostic> {
        let own = self.tenants.values().flat_map(|tenant| &tenant.errors);
        self.strays.iter().chain(own).cloned().collect()
    }

    /// The same without what is wrong with the tenants.
    ///
    /// # Errors
    /// As [`Project::read`].
    pub(crate) fn read_shared(root: &Path) -> Result<(Self, Vec<Diagnostic>), DefinitionErrors> {
        let file = SourceFile::read(root, &root.join(PROJECT_FILE)).map_err(|finding| {
            if finding.code == Code::Unreadable {
                finding.help(Sentence::new("definition.no_project_help"))
            } else {
                finding
            }
        })?;
        let parsed = scheme::parse(&file);
        let mut errors = Vec::new();
        let mut project = Self {
            root: root.to_owned(),
            auto_deploy: true,
            store: root.join(DEFAULT_STORE),
            connections: BTreeMap::new(),
            tenants: BTreeMap::new(),
            catalogues: Vec::new(),
            warnings: Vec::new(),
            named: Vec::new(),
            strays: Vec::new(),
        };
        project.read_file(&file, &parsed.table, &mut errors);
        scheme::add_broken(&mut errors, parsed.errors);
        errors.sort_by(|a, b| a.order().cmp(&b.order()));
        secret::lint(&file, &parsed.table, &mut project.warnings);
        project.catalogues = scheme::read_catalogues(root, root, &mut errors);
        (project.tenants, project.strays) = tenant::read_all(root, &project.catalogues);
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
            (self.connections, self.named) = connection::read_all(file, table, root.errors);
        }
        root.finish();
    }

    /// A connection as a tenant sees it: its own of that name, else the project's.
    ///
    /// The project's stands in for nothing that the tenant may have had: not while the tenant's file is wrong or gone, or
    /// documents would go to another account.
    ///
    /// # Errors
    /// [`Code::UnknownConnection`] with what there is, [`Code::UnknownTenant`], or what is wrong with the tenant's file.
    pub fn connection(&self, tenant: &str, name: &str) -> Result<&Connection, DefinitionErrors> {
        let own = self.tenant(tenant)?;
        if let Some(own) = own.filter(|own| !own.errors.is_empty()) {
            return Err(DefinitionErrors(own.errors.clone()));
        }
        let found = match own.filter(|own| own.names(name)) {
            Some(own) => own.connections.get(name),
            None => self.connections.get(name),
        };
        found.ok_or_else(|| self.unknown_connection(tenant, name, None).into())
    }

    /// The tenant of a name; `None` for `default`, which has no file.
    ///
    /// # Errors
    /// [`Code::UnknownTenant`] with what there is.
    pub fn tenant(&self, name: &str) -> Result<Option<&Tenant>, DefinitionErrors> {
        match self.tenants.get(name) {
            None if name != DEFAULT_TENANT => Err(Diagnostic::new(Code::UnknownTenant)
                .with("name", name)
                .did_you_mean(name, self.tenants.keys().map(String::as_str))
                .into()),
            found => Ok(found),
        }
    }

    /// Names of the connections that a tenant sees, of all or of one side.
    pub(crate) fn connection_names(&self, tenant: &str, side: Option<Side>) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .connections_of(tenant)
            .filter(|connection| side.is_none_or(|side| connection.kind.side() == side))
            .map(|connection| connection.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// The connections that a tenant sees: its own, and the project's of other names.
    pub fn connections_of<'a>(&'a self, tenant: &str) -> impl Iterator<Item = &'a Connection> + Clone {
        let own = self.tenants.get(tenant);
        let hidden = move |name: &str| own.is_some_and(|own| own.names(name));
        let shared = self
            .connections
            .values()
            .filter(move |connection| !hidden(&connection.name));
        own.into_iter().flat_map(|own| own.connections.values()).chain(shared)
    }

    /// Whether the tenant or `dukou.toml` has a connection of this name, usable or not, or may have had it.
    pub(crate) fn names_connection(&self, tenant: &str, name: &str) -> bool {
        let own = self.tenants.get(tenant);
        own.is_some_and(|own| own.names(name) || !own.errors.is_empty()) || self.named.iter().any(|named| named == name)
    }

    /// The catalogues and additions that a tenant's schemes are read with.
    pub(crate) fn catalogues_of(&self, tenant: &str) -> &[Catalogue] {
        self.tenants
            .get(tenant)
            .map_or(&self.catalogues, |tenant| &tenant.catalogues)
    }

    /// The tags of a tenant; none for `default`.
    pub fn tags(&self, tenant: &str) -> &[String] {
        self.tenants.get(tenant).map_or(&[], |tenant| &tenant.tags)
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

    /// How long an unknown delivery to a target waits, in ms: its connection's quarantine, or the longest there is.
    pub fn quarantine_ms(&self, target: &TargetName) -> u64 {
        let targets = || {
            self.connections_of(&target.tenant)
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
