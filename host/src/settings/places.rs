//! Where the files of a project are: schemes, bases, tables and plugins, of a tenant first and then of all. Knows their
//! places, not what is in them.

use std::path::{Path, PathBuf};

use dukou_core::names::{DEFAULT_TENANT, SchemeName, is_name};

use super::{Project, TENANTS};
use crate::scheme::{self, Code, DefinitionErrors, Diagnostic, Resolved, Scheme, Sentence, SourceFile, TableFile};

impl Project {
    /// The folders that a tenant's files are looked for in, below the project's, in order.
    pub(crate) fn folders(&self, tenant: &str) -> Vec<PathBuf> {
        let own = self.tenants.get(tenant).map(super::Tenant::folder);
        own.into_iter().chain([PathBuf::new()]).collect()
    }

    /// Scheme files with the names they give, by name: `schemes/` first, then each tenant's.
    pub fn scheme_files(&self) -> Vec<(SchemeName, PathBuf)> {
        self.files_and_strays().0
    }

    /// Names of all schemes of all tenants.
    ///
    /// # Errors
    /// [`Code::BadName`] when the name of a file of `schemes/` is no scheme's name.
    pub fn scheme_names(&self) -> Result<Vec<SchemeName>, DefinitionErrors> {
        let (files, strays, _) = self.files_and_strays();
        if strays.is_empty() {
            Ok(files.into_iter().map(|(name, _)| name).collect())
        } else {
            Err(DefinitionErrors(strays))
        }
    }

    /// Files of `schemes/`, then of the tenants; and what is no scheme's name, in `schemes/` and of a tenant: what is
    /// wrong at one tenant must not stop the others.
    fn files_and_strays(&self) -> (Vec<(SchemeName, PathBuf)>, Vec<Diagnostic>, Vec<Diagnostic>) {
        let (mut files, mut strays, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
        let tenants = self
            .tenants
            .values()
            .map(|tenant| (tenant.name.as_str(), tenant.folder()));
        for (tenant, folder) in std::iter::once((DEFAULT_TENANT, PathBuf::new())).chain(tenants) {
            for path in scheme::project_files(&self.root.join(folder), "schemes", "toml") {
                match self.named_by(&path) {
                    Ok(stem) => files.push((SchemeName::new(tenant, stem), path)),
                    Err(stray) if tenant == DEFAULT_TENANT => strays.push(stray),
                    Err(stray) => foreign.push(stray),
                }
            }
        }
        (files, strays, foreign)
    }

    fn named_by(&self, path: &Path) -> Result<String, Diagnostic> {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let stem = stem.unwrap_or_default();
        if is_name(&stem) {
            return Ok(stem);
        }
        let shown = scheme::shown(&self.root, path);
        Err(Diagnostic::new(Code::BadName)
            .with("name", stem)
            .help(Sentence::new("definition.rename_help").with("file", shown)))
    }

    /// Where a scheme's file is.
    pub fn scheme_path(&self, name: &SchemeName) -> PathBuf {
        let folder = if name.tenant == DEFAULT_TENANT {
            self.root.clone()
        } else {
            self.root.join(TENANTS).join(&name.tenant)
        };
        folder.join("schemes").join(format!("{}.toml", name.name))
    }

    /// Loads one scheme, over its base if it has one.
    ///
    /// # Errors
    /// Everything that is wrong with its files and its tenant's, or that there is none.
    pub fn load_scheme(&self, name: &SchemeName) -> Result<Scheme, DefinitionErrors> {
        let wrong = self.tenants.get(&name.tenant).map(|tenant| tenant.errors.clone());
        match (wrong.unwrap_or_default(), self.load_file(name)) {
            (wrong, Ok(scheme)) if wrong.is_empty() => Ok(scheme),
            (wrong, Ok(_)) => Err(DefinitionErrors(wrong)),
            (mut wrong, Err(errors)) => {
                wrong.extend(errors.0);
                Err(DefinitionErrors(wrong))
            }
        }
    }

    fn load_file(&self, name: &SchemeName) -> Result<Scheme, DefinitionErrors> {
        scheme::load(self, name, &self.scheme_file(name)?)
    }

    /// A scheme's own file.
    ///
    /// # Errors
    /// That there is none, or that it cannot be read.
    pub(crate) fn scheme_file(&self, name: &SchemeName) -> Result<SourceFile, DefinitionErrors> {
        let known = name.tenant == DEFAULT_TENANT || self.tenants.contains_key(&name.tenant);
        let path = self.scheme_path(name);
        if !known || !is_name(&name.name) || !path.is_file() {
            return Err(scheme::unknown_scheme(self, name).into());
        }
        Ok(SourceFile::read(&self.root, &path)?)
    }

    /// A scheme as it stands over its base, every value with its origin. Checks nothing.
    ///
    /// # Errors
    /// When a file is not there, is no TOML, or a base is unknown.
    pub fn resolve(&self, name: &SchemeName) -> Result<Resolved, DefinitionErrors> {
        scheme::resolve(self, name)
    }

    /// How many values of a scheme differ from its base; `None` without a base, or when it cannot be read.
    pub fn differences(&self, name: &SchemeName) -> Option<usize> {
        scheme::differences(self, name)
    }

    /// Loads every scheme of every tenant, with everything that is wrong with those that cannot be loaded. What is wrong
    /// with a tenant's own file comes with [`Project::read`].
    pub fn load_all(&self) -> (Vec<Scheme>, DefinitionErrors) {
        let (files, strays, foreign) = self.files_and_strays();
        let (mut schemes, mut errors) = (Vec::new(), DefinitionErrors(strays));
        errors.0.extend(foreign);
        for (name, _) in files {
            match self.load_file(&name) {
                Ok(scheme) => schemes.push(scheme),
                Err(found) => errors.0.extend(found.0),
            }
        }
        (schemes, errors)
    }

    /// Names of all bases.
    pub fn base_names(&self) -> Vec<String> {
        let files = scheme::project_files(&self.root.join("base"), "schemes", "toml").into_iter();
        files.filter_map(|path| self.named_by(&path).ok()).collect()
    }

    /// Where a base's file is.
    pub(crate) fn base_path(&self, name: &str) -> PathBuf {
        self.root.join("base").join("schemes").join(format!("{name}.toml"))
    }

    /// What is wrong with the bases by themselves, those that no scheme uses included.
    pub fn check_bases(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let used: Vec<String> = self
            .scheme_files()
            .iter()
            .flat_map(|(_, path)| self.bases_of(path))
            .collect();
        for path in scheme::project_files(&self.root.join("base"), "schemes", "toml") {
            match (self.named_by(&path), SourceFile::read(&self.root, &path)) {
                (Ok(name), Ok(file)) => {
                    findings.extend(scheme::check_base(self, &name, &file, used.contains(&name)));
                }
                (Err(stray), _) | (_, Err(stray)) => findings.push(stray),
            }
        }
        findings
    }

    fn bases_of(&self, path: &Path) -> Vec<String> {
        match SourceFile::read(&self.root, path) {
            Ok(file) => scheme::bases(self, &file),
            Err(_) => Vec::new(),
        }
    }

    /// Where a table's file is: the tenant's, else the project's; `None` when neither has it.
    pub fn table_path(&self, tenant: &str, name: &str) -> Option<PathBuf> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        let mut folders = self.folders(tenant).into_iter().filter(|_| plain);
        folders.find_map(|folder| {
            let path = self.root.join(folder).join("tables").join(format!("{name}.csv"));
            path.is_file().then_some(path)
        })
    }

    /// Names of all tables that a tenant sees.
    pub fn table_names(&self, tenant: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .folders(tenant)
            .iter()
            .flat_map(|folder| scheme::project_files(&self.root.join(folder), "tables", "csv"))
            .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Reads a table: the tenant's of that name, else the project's.
    ///
    /// # Errors
    /// Everything that is wrong with it, or that there is none.
    pub fn table(&self, tenant: &str, name: &str) -> Result<TableFile, DefinitionErrors> {
        match self.table_path(tenant, name) {
            Some(path) => TableFile::read(&self.root, &path),
            None => {
                let known = self.table_names(tenant);
                let finding = Diagnostic::new(Code::UnknownTable)
                    .with("name", name)
                    .did_you_mean(name, known.iter().map(String::as_str));
                Err(finding.into())
            }
        }
    }
}
