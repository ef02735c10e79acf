//! `tenants/NAME/tenant.toml`: one customer of the project, with connections, tags and catalogues of their own. A tenant
//! whose file is wrong stops nobody else: the errors are kept and told when its schemes are loaded.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use dukou_core::catalogue::Catalogue;
use dukou_core::names::{DEFAULT_TENANT, is_name};

use super::connection::{self, Connection};
use super::secret::{self, SecretAt};
use super::{Project, Side};
use crate::scheme::{self, Code, Diagnostic, Section, Sentence, SourceFile};

/// The folder of all tenants.
pub const TENANTS: &str = "tenants";
/// A tenant's own file.
pub const TENANT_FILE: &str = "tenant.toml";
/// What a tenant's folder holds.
const FOLDERS: [&str; 5] = ["schemes", "tables", "plugins", "catalogues", "secrets"];
/// Most tenants of a project.
const MOST_TENANTS: usize = 10_000;
/// Longest tag, in characters.
const LONGEST_TAG: usize = 63;

/// One customer of the project.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name: the folder's.
    pub name: String,
    /// For people; the name where the file gives none.
    pub title: String,
    /// What it is picked by, e.g. `vip`.
    pub tags: Vec<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Its own connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// The project's catalogues and additions, then its own.
    pub catalogues: Vec<Catalogue>,
    /// Its file, as people see the path.
    pub file: String,
    /// What is wrong with its file and catalogues.
    pub errors: Vec<Diagnostic>,
    /// What looks wrong and stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// Names of its own connections, those with errors included.
    named: Vec<String>,
}

impl Tenant {
    /// Whether it carries a tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// Whether it has a connection of this name of its own, usable or not.
    pub(super) fn names(&self, connection: &str) -> bool {
        self.named.iter().any(|named| named == connection)
    }

    /// Its folder, below the project's.
    pub fn folder(&self) -> PathBuf {
        Path::new(TENANTS).join(&self.name)
    }
}

impl Project {
    /// A finding that a tenant sees no connection of this name. What it lacks belongs into its own file: in `dukou.toml` the
    /// connection would be every tenant's, and all would write to one account.
    pub(crate) fn unknown_connection(&self, tenant: &str, name: &str, side: Option<Side>) -> Diagnostic {
        let known = self.connection_names(tenant, side).into_iter();
        let Some(own) = self.tenants.get(tenant) else {
            let finding = Diagnostic::new(Code::UnknownConnection).with("name", name);
            return finding.did_you_mean(name, known);
        };
        let finding = Diagnostic::sentence(Code::UnknownConnection, "definition.unknown_connection_of")
            .with("tenant", tenant)
            .with("name", name);
        match scheme::near(name, known) {
            Some(near) => finding.help(Sentence::new("definition.did_you_mean").with("name", near)),
            None => finding.help(
                Sentence::new("definition.own_connection_help")
                    .with("name", name)
                    .with("file", own.file.as_str()),
            ),
        }
    }
}

/// Reads every tenant of a project; folders that name none are strays.
pub(super) fn read_all(root: &Path, shared: &[Catalogue]) -> (BTreeMap<String, Tenant>, Vec<Diagnostic>) {
    let (mut tenants, mut strays) = (BTreeMap::new(), Vec::new());
    let entries = std::fs::read_dir(root.join(TENANTS)).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .take(MOST_TENANTS)
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if name == DEFAULT_TENANT || !is_name(&name) {
            let key = if name == DEFAULT_TENANT {
                "definition.default_tenant_help"
            } else {
                "definition.rename_help"
            };
            let shown = scheme::shown(root, &folder);
            strays.push(
                Diagnostic::new(Code::BadName)
                    .with("name", name)
                    .help(Sentence::new(key).with("file", shown)),
            );
            continue;
        }
        tenants.insert(name.clone(), read(root, &name, shared));
    }
    (tenants, strays)
}

fn read(root: &Path, name: &str, shared: &[Catalogue]) -> Tenant {
    let folder = Path::new(TENANTS).join(name);
    let path = root.join(&folder).join(TENANT_FILE);
    let mut tenant = Tenant {
        name: name.to_owned(),
        title: name.to_owned(),
        tags: Vec::new(),
        owner: None,
        connections: BTreeMap::new(),
        catalogues: shared.to_vec(),
        file: scheme::shown(root, &path),
        errors: Vec::new(),
        warnings: Vec::new(),
        named: Vec::new(),
    };
    match SourceFile::read(root, &path) {
        Ok(file) => tenant.read_file(&file),
        Err(finding) if finding.code == Code::Unreadable => {
            let help = Sentence::new("definition.no_tenant_help").with("name", name);
            tenant.errors.push(finding.help(help));
        }
        Err(finding) => tenant.errors.push(finding),
    }
    tenant.lint_folder(root, &folder);
    let own = scheme::read_catalogues(&root.join(&folder), root, &mut tenant.errors);
    tenant.catalogues.extend(own);
    tenant
}

impl Tenant {
    fn read_file(&mut self, file: &SourceFile) {
        let parsed = scheme::parse(file);
        let mut errors = Vec::new();
        let mut root = Section::new(file, file.shown(), &parsed.table, 0..0, &mut errors);
        if let Some(title) = root.text("title").filter(|title| !title.value.trim().is_empty()) {
            self.title = title.value;
        }
        for tag in root.texts("tags").unwrap_or_default() {
            if is_tag(&tag.value) {
                self.tags.push(tag.value);
            } else {
                root.push(Diagnostic::at(Code::Tag, file, tag.span).with("value", tag.value));
            }
        }
        self.owner = root
            .text("owner")
            .map(|owner| owner.value)
            .filter(|owner| !owner.trim().is_empty());
        if let Some((table, _)) = root.table("connections") {
            let (connections, named) = connection::read_all(file, table, root.errors);
            self.connections = connections;
            self.named = named;
        }
        root.finish();
        let folder = self.folder();
        for connection in self.connections.values_mut() {
            connection.tenant = Some(self.name.clone());
            for secret in connection.kind.secrets_mut() {
                secret.folder = Some(folder.clone());
                if let SecretAt::File(path) = &secret.at
                    && foreign(path, &self.name)
                {
                    errors.push(
                        Diagnostic::at(Code::ForeignSecret, file, secret.span.clone())
                            .with("key", secret.key.as_str())
                            .with("file", path.to_string_lossy().into_owned()),
                    );
                }
            }
        }
        scheme::add_broken(&mut errors, parsed.errors);
        errors.sort_by(|a, b| a.order().cmp(&b.order()));
        self.errors.extend(errors);
        secret::lint(file, &parsed.table, &mut self.warnings);
    }

    /// A folder that nobody reads is a slip that hides schemes or tables.
    fn lint_folder(&mut self, root: &Path, folder: &Path) {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.') && !FOLDERS.contains(&name.as_str()))
            .take(20)
            .collect();
        names.sort();
        for name in names {
            self.warnings.push(
                Diagnostic::new(Code::StrayFolder)
                    .with("folder", scheme::shown(root, &root.join(folder).join(&name)))
                    .did_you_mean(&name, FOLDERS.into_iter())
                    .warning(),
            );
        }
    }
}

/// Whether a text is one word that `--tag` and `tag=` can take.
pub(crate) fn is_tag(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '=' | '/');
    !text.is_empty() && text.chars().count() <= LONGEST_TAG && !text.contains(odd)
}

/// Whether a path below the project leads into another tenant's folder.
fn foreign(path: &Path, tenant: &str) -> bool {
    let mut parts = path.components().filter(|part| *part != Component::CurDir);
    parts.next() == Some(Component::Normal(TENANTS.as_ref()))
        && parts.next() != Some(Component::Normal(tenant.as_ref()))
}
