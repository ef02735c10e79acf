//! One scheme file, with its bases, to a [`Scheme`]: the sections are read, then checked against the tenant's and the
//! project's connections and catalogues. Nothing is returned unless nothing is wrong.

use std::ops::Range;

use dukou_core::names::{DEFAULT_TENANT, SchemeName};
use dukou_core::show::Show;

use super::Scheme;
use super::base::{self, Layers};
use super::catalogues;
use super::code::{Code, Severity};
use super::diagnostic::{DefinitionErrors, Diagnostic, Sentence};
use super::fields::Checker;
use super::file::{Held, SourceFile};
use super::plugin::{self, PluginUse};
use super::reader::{At, Section, not_yet, wrong_type};
use super::source::{self, ReadSource, check_field};
use super::target::{self, AfterDelivery, ShowText};
use crate::settings::{Project, Side};

/// A finding that the project has no such scheme.
pub(crate) fn unknown_scheme(project: &Project, name: &SchemeName) -> Diagnostic {
    let known: Vec<String> = project
        .scheme_files()
        .into_iter()
        .map(|(name, _)| name.to_string())
        .collect();
    let shown = name.to_string();
    Diagnostic::new(Code::UnknownScheme)
        .with("name", shown.as_str())
        .did_you_mean(&shown, known.iter().map(String::as_str))
}

/// Loads a scheme file.
pub(crate) fn load(project: &Project, name: &SchemeName, file: &SourceFile) -> Result<Scheme, DefinitionErrors> {
    let layers = base::layers(project, file);
    let mut findings = Vec::new();
    base::lint(&layers, &mut findings);
    let scheme = read(project, name, &layers, false, &mut findings);
    let (mut errors, mut warnings): (Vec<Diagnostic>, Vec<Diagnostic>) = findings
        .into_iter()
        .map(|finding| finding.found_for(name, file.path()))
        .partition(|finding| finding.severity == Severity::Error);
    let broken = layers.errors.into_iter();
    add_broken(
        &mut errors,
        broken.map(|finding| finding.found_for(name, file.path())).collect(),
    );
    errors.sort_by(|a, b| a.order().cmp(&b.order()));
    warnings.sort_by(|a, b| a.order().cmp(&b.order()));
    match scheme {
        Some(mut scheme) if errors.is_empty() => {
            scheme.warnings = warnings;
            scheme.bases = layers.bases.into_iter().map(|(name, _)| name).collect();
            Ok(scheme)
        }
        _ => {
            errors.extend(warnings);
            Err(DefinitionErrors(errors))
        }
    }
}

/// Adds what broke a file's reading, and takes back what that alone made wrong.
pub(crate) fn add_broken(errors: &mut Vec<Diagnostic>, broken: Vec<Diagnostic>) {
    if broken.is_empty() {
        return;
    }
    let line = |finding: &Diagnostic| finding.order().map(|(file, line, _)| (file.to_owned(), line));
    let lines: Vec<_> = broken.iter().filter_map(line).collect();
    // What a broken line lost is not missing.
    errors.retain(|error| error.code != Code::MissingKey && !line(error).is_some_and(|at| lines.contains(&at)));
    errors.extend(broken);
}

/// What is wrong with a base by itself. What its schemes add is not missing; `used` says that there are such, by which
/// everything that a tenant may bring is judged.
pub(crate) fn check_base(project: &Project, name: &str, file: &SourceFile, used: bool) -> Vec<Diagnostic> {
    let layers = base::layers(project, file);
    let mut findings = Vec::new();
    base::lint(&layers, &mut findings);
    read(
        project,
        &SchemeName::new(DEFAULT_TENANT, name),
        &layers,
        true,
        &mut findings,
    );
    findings.retain(|finding| match finding.code {
        Code::MissingKey | Code::UnknownConnection => false,
        Code::UnknownTable | Code::UnknownPlugin | Code::UnknownTargetField | Code::NotYet => !used,
        _ => true,
    });
    add_broken(&mut findings, layers.errors);
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings
}

fn read(
    project: &Project,
    name: &SchemeName,
    layers: &Layers,
    alone: bool,
    findings: &mut Vec<Diagnostic>,
) -> Option<Scheme> {
    let (file, table) = (&layers.file, &layers.table);
    let mut warnings = Vec::new();
    crate::settings::lint_secrets(file, table, &mut warnings);
    let mut root = Section::new(file, file.shown(), table, layers.start..layers.start, findings);
    // It was taken out when the bases were read.
    root.take("base");
    let title = root.text("title").map_or_else(|| name.to_string(), |title| title.value);

    let source = root
        .required_table("source", "[source]")
        .map(|(table, span)| source::read(Section::new(file, "[source]", table, span, root.errors)));
    let zone = source
        .as_ref()
        .map_or(source::DEFAULT_ZONE, |source| source.zone.name());
    let target = root
        .required_table("target", "[target]")
        .map(|(table, span)| target::read(Section::new(file, "[target]", table, span, root.errors), zone));
    let (show, show_text, mut reads) = match root.table("show") {
        Some((table, span)) => target::show(Section::new(file, "[show]", table, span, root.errors)),
        None => (Show::new(None, None, None, Vec::new()), ShowText::default(), Vec::new()),
    };
    let group = root.table("group").map(|(table, span)| {
        warnings.push(
            not_yet(file, span.clone(), "[group]")
                .help(Sentence::new("definition.group_help"))
                .warning(),
        );
        let (group, group_reads) = target::group(Section::new(file, "[group]", table, span, root.errors));
        reads.extend(group_reads);
        group
    });
    let after_delivery = root
        .table("after_delivery")
        .map_or_else(AfterDelivery::default, |(table, span)| {
            target::after_delivery(Section::new(file, "[after_delivery]", table, span, root.errors))
        });
    let mapping = root
        .required_table("mapping", "[mapping]\nplugin = \"table\"")
        .and_then(|(table, span)| {
            let section = Section::new(file, "[mapping]", table, span, root.errors);
            plugin::read(section, "mapping".into(), project, &name.tenant)
        });
    let adjustments = plugins(&mut root, "adjustment", project, &name.tenant);
    let validations = plugins(&mut root, "validation", project, &name.tenant);
    root.finish();

    let mut cross = Cross {
        project,
        tenant: &name.tenant,
        alone,
        file,
        errors: findings,
        warnings: &mut warnings,
    };
    let source_catalogue = source.as_ref().and_then(|source| cross.source(source, &reads));
    let target_catalogue = target.as_ref().and_then(|target| {
        let catalogue = cross.catalogue(Side::Target, target.connection.as_ref(), target.api.as_ref())?;
        if let Some(key) = &target.key {
            target::check_key(file, key, &catalogue, cross.errors);
        }
        Some(catalogue)
    });
    if let Some((mapping, Some(settings))) = &mapping
        && mapping.name == "table"
    {
        let mut checker = Checker::new(
            file,
            source_catalogue.as_ref(),
            target_catalogue.as_ref(),
            cross.errors,
            cross.warnings,
        );
        checker.settings(settings);
        let tables = std::mem::take(&mut checker.tables);
        for table in tables {
            cross.table(&table);
        }
    }
    findings.append(&mut warnings);
    let account = |connection: Option<&At<String>>| {
        let found = project.connection(&name.tenant, &connection?.value).ok()?;
        Some(found.kind.account_name())
    };
    let (source, target) = (source?, target?);
    let source_account = account(source.connection.as_ref());
    let target_account = account(target.connection.as_ref());

    Some(Scheme {
        name: name.clone(),
        title,
        file: file.path().to_owned(),
        source: source.finish(source_account)?,
        show,
        show_text,
        group,
        mapping: mapping?.0,
        adjustments: adjustments?,
        validations: validations?,
        target: target.finish(target_account)?,
        after_delivery,
        source_catalogue,
        target_catalogue,
        bases: Vec::new(),
        warnings: Vec::new(),
    })
}

/// `[[adjustment]]` or `[[validation]]`.
fn plugins(root: &mut Section<'_, '_>, key: &'static str, project: &Project, tenant: &str) -> Option<Vec<PluginUse>> {
    let Some(entry) = root.take(key) else {
        return Some(Vec::new());
    };
    let file = root.file;
    let Held::List(items) = &entry.node.value else {
        root.push(wrong_type(file, key, &entry.node, "definition.type_tables"));
        return None;
    };
    let mut uses = Some(Vec::new());
    for (index, item) in items.iter().enumerate() {
        let read = match &item.value {
            Held::Table(table) => {
                let section = Section::new(file, format!("[[{key}]]"), table, item.span.clone(), root.errors);
                plugin::read(section, format!("{key}[{index}]"), project, tenant)
            }
            _ => {
                root.push(wrong_type(file, key, item, "definition.type_table"));
                None
            }
        };
        match (read, &mut uses) {
            (Some((plugin_use, _)), Some(uses)) => uses.push(plugin_use),
            _ => uses = None,
        }
    }
    uses
}

/// Checks against the rest of the project.
struct Cross<'a> {
    project: &'a Project,
    tenant: &'a str,
    /// A base by itself: its connections may be the tenants'.
    alone: bool,
    file: &'a SourceFile,
    errors: &'a mut Vec<Diagnostic>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Cross<'_> {
    fn source(&mut self, source: &ReadSource, reads: &[At<String>]) -> Option<dukou_core::catalogue::Catalogue> {
        let catalogue = self.catalogue(Side::Source, source.connection.as_ref(), source.api.as_ref())?;
        source::check_request(self.file, &source.request, &catalogue, self.warnings);
        for read in source.key.iter().chain(reads) {
            check_field(self.file, &read.value, self.narrow(read), &catalogue, self.warnings);
        }
        Some(catalogue)
    }

    /// The place of a path inside the string that holds it.
    fn narrow(&self, read: &At<String>) -> Range<usize> {
        match self.file.slice(&read.span).find(&read.value) {
            Some(at) => read.span.start + at..read.span.start + at + read.value.len(),
            None => read.span.clone(),
        }
    }

    fn catalogue(
        &mut self,
        side: Side,
        connection: Option<&At<String>>,
        api: Option<&At<String>>,
    ) -> Option<dukou_core::catalogue::Catalogue> {
        let connection = connection?;
        let Ok(found) = self.project.connection(self.tenant, &connection.value) else {
            // A connection whose own definition is wrong is reported there.
            if !self.project.names_connection(self.tenant, &connection.value) {
                let finding = self
                    .project
                    .unknown_connection(self.tenant, &connection.value, Some(side));
                self.errors.push(finding.place(self.file, connection.span.clone()));
            }
            let api = api.filter(|_| self.alone)?;
            let kind = dukou_connect::KINDS
                .iter()
                .find(|(_, apis)| apis.contains(&api.value.as_str()))?;
            return catalogues::of(kind.0, &api.value, &self.project.catalogues);
        };
        if found.kind.side() != side {
            self.errors.push(
                Diagnostic::at(Code::WrongSide, self.file, connection.span.clone())
                    .with("name", connection.value.as_str())
                    .with("kind", found.kind.word())
                    .with("side", super::diagnostic::Arg::Word(side.word())),
            );
            return None;
        }
        let api = api?;
        let catalogue = catalogues::of(found.kind.word(), &api.value, self.project.catalogues_of(self.tenant));
        if catalogue.is_none() {
            let shipped = dukou_connect::KINDS
                .iter()
                .filter(|(kind, _)| *kind == found.kind.word());
            let known = shipped.flat_map(|(_, apis)| apis.iter().copied());
            self.warnings.push(
                Diagnostic::at(Code::UnknownApi, self.file, api.span.clone())
                    .with("api", api.value.as_str())
                    .with("kind", found.kind.word())
                    .did_you_mean(&api.value, known)
                    .warning(),
            );
        }
        catalogue
    }

    /// A table that an expression looks up in must be there.
    fn table(&mut self, table: &At<String>) {
        if self.project.table_path(self.tenant, &table.value).is_some() {
            return;
        }
        let known = self.project.table_names(self.tenant);
        self.errors.push(
            Diagnostic::at(Code::UnknownTable, self.file, table.span.clone())
                .with("name", table.value.as_str())
                .did_you_mean(&table.value, known.iter().map(String::as_str)),
        );
    }
}
