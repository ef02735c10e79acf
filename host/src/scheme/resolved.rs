//! A scheme as it stands over its bases: every value with the file and line that says it, whether that differs from the
//! base and what the base said, and what holds by default. Reads files and judges nothing: a scheme with mistakes can be
//! looked at too. Values that look like secrets are withheld.

mod defaults;
mod walk;

use dukou_core::names::SchemeName;

use super::base::{self, Layers};
use super::diagnostic::DefinitionErrors;
use super::file::{Held, Node, SourceFile, parse};
use super::reader::quoted_key;
use crate::settings::{Connection, Project};

/// A place in a file, line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file, as people see the path.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// How a value stands to the scheme's base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no base: the file says it.
    Plain,
    /// The base says it and the scheme does not.
    Inherited,
    /// The scheme says another value than the base.
    Changed,
    /// The scheme says it and the base does not.
    Added,
    /// The scheme says what the base says.
    Repeated,
    /// Inside a list that the scheme has changed or added as a whole.
    Part,
    /// Nobody says it.
    Default,
}

impl Standing {
    /// The word for machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Inherited => "inherited",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Repeated => "repeated",
            Self::Part => "part",
            Self::Default => "default",
        }
    }

    /// Whether it is a difference from the base.
    pub fn differs(self) -> bool {
        matches!(self, Self::Changed | Self::Added)
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its path, e.g. `mapping.settings.fields."RDRecordDetails.Price"` or `validation[0].plugin`.
    pub path: String,
    /// The table that it stands in, as TOML writes it; empty at the top.
    pub header: String,
    /// The last key of the path, as TOML writes it.
    pub key: String,
    /// The value as TOML writes it.
    pub text: String,
    /// How many `[[…]]` tables it is, where it is such a list as a whole.
    pub tables: Option<usize>,
    /// Where it is said; `None` for a default.
    pub at: Option<Spot>,
    /// What the base says, and where.
    pub base: Option<(String, Spot)>,
    /// How it stands to the base.
    pub standing: Standing,
}

/// A connection of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedConnection {
    /// `source` or `target`.
    pub side: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it is the tenant's own.
    pub own: bool,
    /// Its keys. Secrets are references.
    pub values: Vec<Value>,
}

/// A scheme with the origin of everything it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The scheme.
    pub name: SchemeName,
    /// Its own file.
    pub file: String,
    /// The bases that it stands on, nearest first: name and file.
    pub bases: Vec<(String, String)>,
    /// Every value, tables after the keys beside them.
    pub values: Vec<Value>,
    /// The connections that it names and that are there.
    pub connections: Vec<ResolvedConnection>,
}

impl Resolved {
    /// What differs from the base. A list counts as one.
    pub fn differences(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().filter(|value| value.standing.differs())
    }

    /// The value of a path.
    pub fn value(&self, path: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.path == path)
    }
}

/// Resolves a scheme.
///
/// # Errors
/// When a file is not there, is no TOML, or a base is unknown.
pub(crate) fn resolve(project: &Project, name: &SchemeName) -> Result<Resolved, DefinitionErrors> {
    let layers = base::layers(project, &project.scheme_file(name)?);
    if !layers.errors.is_empty() {
        return Err(DefinitionErrors(layers.errors));
    }
    let defaults = defaults::of_scheme(&layers.table);
    let values = walk::values(&layers.file, &layers.table, Some(&layers), &defaults, &[]);
    let connections = ["source", "target"]
        .into_iter()
        .filter_map(|side| connection(project, name, &layers, side))
        .collect();
    Ok(Resolved {
        name: name.clone(),
        file: layers.file.shown().to_owned(),
        bases: layers
            .bases
            .iter()
            .map(|(name, file)| (name.clone(), file.shown().to_owned()))
            .collect(),
        values,
        connections,
    })
}

/// How many values of a scheme differ from its base; `None` without a base, or when it cannot be read.
pub(crate) fn differences(project: &Project, name: &SchemeName) -> Option<usize> {
    let resolved = resolve(project, name).ok()?;
    (!resolved.bases.is_empty()).then(|| resolved.differences().count())
}

fn connection(project: &Project, name: &SchemeName, layers: &Layers, side: &'static str) -> Option<ResolvedConnection> {
    let Held::Text(wanted) = &base::at(&layers.table, &[side, "connection"])?.node.value else {
        return None;
    };
    let found: &Connection = project.connection(&name.tenant, wanted).ok()?;
    let parsed = parse(&found.file);
    let Held::Table(table) = &base::at(&parsed.table, &["connections", wanted])?.node.value else {
        return None;
    };
    let defaults = defaults::of_connection(found.kind.word());
    Some(ResolvedConnection {
        side,
        name: wanted.clone(),
        own: found.tenant.is_some(),
        values: walk::values(&found.file, table, None, &defaults, &["connections", wanted]),
    })
}

/// A place, in the file that it is in.
fn spot(file: &SourceFile, byte: usize) -> Spot {
    let (part, _) = file.part(byte);
    let (line, column) = file.position(byte);
    Spot {
        file: part.shown().to_owned(),
        line,
        column,
    }
}

/// A value as TOML writes it, on one line.
fn text(file: &SourceFile, key: &str, node: &Node) -> String {
    match &node.value {
        Held::Text(text) if hidden(key, text) => "\"***\"".to_owned(),
        Held::Text(text) => quoted(text),
        Held::Integer(digits) if !digits.is_empty() => digits.clone(),
        Held::Decimal(Some(digits)) => digits.clone(),
        Held::Flag(flag) => flag.to_string(),
        Held::Integer(_) | Held::Decimal(None) | Held::Time => file.slice(&node.span).to_owned(),
        Held::List(items) => {
            let items: Vec<String> = items.iter().map(|item| text(file, key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Held::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Held::Table(table) => {
            let entry = |entry: &super::file::Entry| {
                format!("{} = {}", quoted_key(&entry.key), text(file, &entry.key, &entry.node))
            };
            let entries: Vec<String> = table.entries.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn hidden(key: &str, text: &str) -> bool {
    matches!(key, "app_secret" | "token" | "password" | "secret_key") || crate::settings::looks_like_secret(key, text)
}

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
