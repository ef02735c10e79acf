//! `base = "NAME"`: a scheme's own file over `base/schemes/NAME.toml`. Tables merge key by key, everything else replaces;
//! overridden keys keep their place and new ones follow. Knows no other key by name and judges no value.

use std::ops::Range;

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::{Entry, Held, Parsed, SourceFile, Table, parse};
use super::reader::text_of;
use crate::settings::Project;

/// Most files that a scheme consists of.
const MOST_LAYERS: usize = 8;

/// A scheme's file with its bases, merged.
pub(crate) struct Layers {
    /// All files as one text; the scheme's own is the last.
    pub(crate) file: SourceFile,
    /// What they say together, without `base`.
    pub(crate) table: Table,
    /// What the scheme's own file says.
    pub(crate) own: Table,
    /// What its bases say together; `None` without a base.
    pub(crate) below: Option<Table>,
    /// The bases' names and files, nearest first.
    pub(crate) bases: Vec<(String, SourceFile)>,
    /// Where the scheme's own file begins.
    pub(crate) start: usize,
    /// Syntax errors, and what is wrong with `base`: what these lost is not missing.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Reads a scheme's file and its bases.
pub(crate) fn layers(project: &Project, file: &SourceFile) -> Layers {
    let Parsed { table, mut errors } = parse(file);
    let mut tables = vec![table];
    let mut files = vec![file.clone()];
    let mut bases: Vec<(String, SourceFile)> = Vec::new();
    while let Some((name, span)) = named(&files[files.len() - 1], &mut tables[bases.len()], &mut errors) {
        let from = &files[files.len() - 1];
        match open(project, from, &name, span, &files) {
            Ok(base) => {
                let parsed = parse(&base);
                errors.extend(parsed.errors);
                tables.push(parsed.table);
                files.push(base.clone());
                bases.push((name, base));
            }
            Err(finding) => {
                errors.push(finding);
                break;
            }
        }
    }
    files.reverse();
    tables.reverse();
    if bases.is_empty() {
        let table = tables.pop().unwrap_or_default();
        return Layers {
            file: file.clone(),
            own: table.clone(),
            table,
            below: None,
            bases,
            start: 0,
            errors,
        };
    }
    let (joined, starts) = SourceFile::joined(&files);
    for (table, start) in tables.iter_mut().zip(&starts) {
        table.shift(*start);
    }
    let own = tables.pop().unwrap_or_default();
    let below = tables.into_iter().fold(Table::default(), over);
    Layers {
        file: joined,
        table: over(below.clone(), own.clone()),
        own,
        below: Some(below),
        bases,
        start: starts.last().copied().unwrap_or_default(),
        errors,
    }
}

/// Names of the bases that a scheme's file stands on, nearest first.
pub(crate) fn bases(project: &Project, file: &SourceFile) -> Vec<String> {
    layers(project, file).bases.into_iter().map(|(name, _)| name).collect()
}

/// Takes `base` out of a file's table.
fn named(file: &SourceFile, table: &mut Table, errors: &mut Vec<Diagnostic>) -> Option<(String, Range<usize>)> {
    let at = table.entries.iter().position(|entry| entry.key == "base")?;
    let entry = table.entries.remove(at);
    let name = text_of(file, "base", &entry.node, errors)?;
    Some((name.value, name.span))
}

fn open(
    project: &Project,
    from: &SourceFile,
    name: &str,
    span: Range<usize>,
    files: &[SourceFile],
) -> Result<SourceFile, Diagnostic> {
    let known = project.base_names();
    if !known.iter().any(|base| base == name) {
        let finding = Diagnostic::at(Code::UnknownBase, from, span).with("name", name);
        return Err(if known.is_empty() {
            finding.help(Sentence::new("definition.no_base_help").with("name", name))
        } else {
            finding.did_you_mean(name, known.iter().map(String::as_str))
        });
    }
    let path = project.base_path(name);
    if files.len() >= MOST_LAYERS || files.iter().any(|file| file.path() == path) {
        let mut chain: Vec<&str> = files.iter().map(SourceFile::shown).collect();
        let shown = super::shown(&project.root, &path);
        chain.push(&shown);
        return Err(Diagnostic::at(Code::BaseCycle, from, span).with("chain", chain.join(" → ")));
    }
    SourceFile::read(&project.root, &path)
}

/// A table over another.
fn over(mut below: Table, own: Table) -> Table {
    for entry in own.entries {
        match below.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => replace(known, entry),
            None => below.entries.push(entry),
        }
    }
    below
}

/// A merged table keeps the base's header: what it lacks, the base lacks.
fn replace(known: &mut Entry, own: Entry) {
    match (std::mem::replace(&mut known.node.value, Held::Time), own.node.value) {
        (Held::Table(below), Held::Table(table)) => known.node.value = Held::Table(over(below, table)),
        (_, value) => {
            known.key_span = own.key_span;
            known.node.span = own.node.span;
            known.node.value = value;
        }
    }
}

/// A value of a file's own, by path; a list is one value.
pub(crate) struct Leaf<'a> {
    /// The keys that lead to it.
    pub(crate) path: Vec<&'a str>,
    /// The value with its key.
    pub(crate) entry: &'a Entry,
}

/// Every value of a table, in order.
pub(crate) fn leaves(table: &Table) -> Vec<Leaf<'_>> {
    fn walk<'a>(table: &'a Table, above: &[&'a str], out: &mut Vec<Leaf<'a>>) {
        for entry in &table.entries {
            let mut path = above.to_vec();
            path.push(&entry.key);
            match &entry.node.value {
                Held::Table(inner) if !inner.entries.is_empty() => walk(inner, &path, out),
                _ => out.push(Leaf { path, entry }),
            }
        }
    }
    let mut out = Vec::new();
    walk(table, &[], &mut out);
    out
}

/// The entry that a path leads to.
pub(crate) fn at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Entry> {
    let (last, above) = path.split_last()?;
    let mut table = table;
    for key in above {
        match &table.get(key)?.node.value {
            Held::Table(inner) => table = inner,
            _ => return None,
        }
    }
    table.get(last)
}

/// Warns of what a file says exactly as its base does: it would stay when the base changes.
pub(crate) fn lint(layers: &Layers, warnings: &mut Vec<Diagnostic>) {
    let Some(below) = &layers.below else { return };
    for leaf in leaves(&layers.own) {
        let same = at(below, &leaf.path).filter(|base| base.node.value.same(&leaf.entry.node.value));
        if let Some(base) = same {
            let (file, start) = layers.file.part(base.key_span.start);
            let line = file.position(base.key_span.start - start).0;
            warnings.push(
                Diagnostic::at(Code::SameAsBase, &layers.file, leaf.entry.key_span.clone())
                    .with("key", super::reader::path_text(&leaf.path))
                    .with("place", format!("{}:{line}", file.shown()))
                    .help(Sentence::new("definition.same_as_base_help"))
                    .warning(),
            );
        }
    }
}
