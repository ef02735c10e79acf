//! A definition file's text and its TOML as a tree in which every key and value knows its place. Reads as much as it
//! can from a broken file, so that one run shows every error. Knows no key by name.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};

/// Longest definition file, in bytes.
const MOST_BYTES: u64 = 4 << 20;

/// A file with its text, cheap to clone. A scheme over a base is several files as one text ([`SourceFile::joined`]), so
/// that the places of all its values can stand side by side; findings name the file that their place is in.
#[derive(Debug, Clone)]
pub struct SourceFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    shown: String,
    text: String,
    /// Where each file begins, if there are several.
    parts: Vec<(usize, SourceFile)>,
}

impl SourceFile {
    /// A file whose text is already here. `shown` is how people see the path, e.g. `schemes/wdt-to-tplus.toml`.
    pub fn new(path: PathBuf, shown: String, text: String) -> Self {
        Self(Arc::new(Inner {
            path,
            shown,
            text,
            parts: Vec::new(),
        }))
    }

    /// Several files as one, named after the last, with the byte that each begins at.
    pub(crate) fn joined(files: &[Self]) -> (Self, Vec<usize>) {
        let (mut text, mut starts) = (String::new(), Vec::new());
        for file in files {
            starts.push(text.len());
            text.push_str(file.text());
            // No line and no word reaches from one file into the next.
            text.push('\n');
        }
        let last = files.last();
        let joined = Self(Arc::new(Inner {
            path: last.map_or_else(PathBuf::new, |file| file.path().to_owned()),
            shown: last.map_or_else(String::new, |file| file.shown().to_owned()),
            text,
            parts: starts.iter().copied().zip(files.iter().cloned()).collect(),
        }));
        (joined, starts)
    }

    /// The file that a byte is in, and where that file begins.
    pub(crate) fn part(&self, byte: usize) -> (&Self, usize) {
        let after = self.0.parts.partition_point(|(start, _)| *start <= byte);
        match after.checked_sub(1).and_then(|at| self.0.parts.get(at)) {
            Some((start, file)) => (file, *start),
            None => (self, 0),
        }
    }

    /// Reads a UTF-8 file below the project's root; a byte order mark is dropped.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self, Diagnostic> {
        let shown = shown(root, path);
        let text = String::from_utf8(read_bytes(path, &shown)?).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
            Diagnostic::new(Code::NotUtf8)
                .with("file", shown.as_str())
                .with("line", line.to_string())
                .help(Sentence::new("definition.not_utf8_help"))
        })?;
        let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
        Ok(Self::new(path.to_owned(), shown, text))
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The path as people see it.
    pub fn shown(&self) -> &str {
        &self.0.shown
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line and column of a byte in its own file, both from 1; columns are characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let (file, start) = self.part(byte);
        if !self.0.parts.is_empty() {
            return file.position(byte - start);
        }
        let before = &self.0.text[..self.boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    /// The nearest character boundary at or before `byte`.
    pub(crate) fn boundary(&self, byte: usize) -> usize {
        let mut at = byte.min(self.0.text.len());
        while !self.0.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// The text of a span.
    pub(crate) fn slice(&self, span: &Range<usize>) -> &str {
        &self.0.text[self.boundary(span.start)..self.boundary(span.end)]
    }
}

/// The bytes of a file, bounded.
pub(crate) fn read_bytes(path: &Path, shown: &str) -> Result<Vec<u8>, Diagnostic> {
    let unreadable = |reason: String| {
        Diagnostic::new(Code::Unreadable)
            .with("file", shown)
            .with("reason", reason)
    };
    let length = std::fs::metadata(path)
        .map_err(|error| unreadable(error.to_string()))?
        .len();
    if length > MOST_BYTES {
        return Err(unreadable(format!("{length} bytes > {MOST_BYTES}")));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}

/// A path below the root, with forward slashes.
pub(crate) fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// A table in file order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Its entries.
    pub(crate) entries: Vec<Entry>,
}

impl Table {
    /// The entry with a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Moves every place in it by so many bytes.
    pub(crate) fn shift(&mut self, by: usize) {
        for entry in &mut self.entries {
            entry.key_span = entry.key_span.start + by..entry.key_span.end + by;
            entry.node.shift(by);
        }
    }
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_span: Range<usize>,
    /// The value.
    pub(crate) node: Node,
}

/// A value with its place. A table's place is its header.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What it holds.
    pub(crate) value: Held,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

impl Node {
    fn shift(&mut self, by: usize) {
        self.span = self.span.start + by..self.span.end + by;
        match &mut self.value {
            Held::List(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Held::Table(table) => table.shift(by),
            _ => {}
        }
    }
}

/// What a value holds. Numbers stay text.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// A string.
    Text(String),
    /// A whole number in decimal digits, with `-` where needed.
    Integer(String),
    /// A decimal number as JSON would write it, or `None` for nan and inf.
    Decimal(Option<String>),
    /// true or false.
    Flag(bool),
    /// A date or time.
    Time,
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Held {
    /// Whether two values say the same, wherever they stand.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) | (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Flag(a), Self::Flag(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.value.same(&b.value))
            }
            (Self::Table(a), Self::Table(b)) => {
                let equal = |a: &Entry| b.get(&a.key).is_some_and(|b| a.node.value.same(&b.node.value));
                a.entries.len() == b.entries.len() && a.entries.iter().all(equal)
            }
            _ => false,
        }
    }

    /// The key of the word for its type.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "definition.type_text",
            Self::Integer(_) | Self::Decimal(_) => "definition.type_number",
            Self::Flag(_) => "definition.type_flag",
            Self::Time => "definition.type_time",
            Self::List(_) => "definition.type_list",
            Self::Table(_) => "definition.type_table",
        }
    }
}

/// What a TOML file holds.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// As much of it as could be read.
    pub(crate) table: Table,
    /// Syntax errors.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Parses a file, with all its syntax errors.
pub(crate) fn parse(file: &SourceFile) -> Parsed {
    let (table, failures) = DeTable::parse_recoverable(file.text());
    let mut errors: Vec<Diagnostic> = failures
        .iter()
        .take(super::diagnostic::MOST_PER_FILE)
        .map(|error| syntax(file, error))
        .collect();
    // One slip may be reported twice (a key that is both unquoted and known already).
    errors.sort_by_key(|error| error.position());
    errors.dedup_by_key(|error| error.position());
    Parsed {
        table: own_table(table.get_ref()),
        errors,
    }
}

fn own_table(table: &DeTable<'_>) -> Table {
    let entries = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().clone().into_owned(),
            key_span: key.span(),
            node: own(value.get_ref(), value.span()),
        })
        .collect();
    Table { entries }
}

fn own(value: &DeValue<'_>, span: Range<usize>) -> Node {
    let value = match value {
        DeValue::String(text) => Held::Text(text.clone().into_owned()),
        DeValue::Integer(integer) => {
            let digits = integer.as_str();
            if integer.radix() == 10 {
                Held::Integer(digits.strip_prefix('+').unwrap_or(digits).to_owned())
            } else {
                Held::Integer(u64::from_str_radix(digits, integer.radix()).map_or(String::new(), |n| n.to_string()))
            }
        }
        DeValue::Float(float) => {
            let text = float.as_str();
            let text = text.strip_prefix('+').unwrap_or(text);
            let finite = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            Held::Decimal(finite.then(|| text.to_owned()))
        }
        DeValue::Boolean(flag) => Held::Flag(*flag),
        DeValue::Datetime(_) => Held::Time,
        DeValue::Array(items) => Held::List(items.iter().map(|item| own(item.get_ref(), item.span())).collect()),
        DeValue::Table(table) => Held::Table(own_table(table)),
    };
    Node { value, span }
}

/// Turns a TOML error into a finding, the usual slips into findings of their own.
fn syntax(file: &SourceFile, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let word = bare_word(file.text(), file.boundary(span.start));
    let bare = message.starts_with("unexpected leading zero") || message.starts_with("string values must be quoted");
    if bare && !word.is_empty() {
        let value = file.slice(&word).to_owned();
        let key = key_before(file.text(), word.start);
        return bare_value(file, word, &key, &value);
    }
    if message.starts_with("cannot extend value of type") && message.contains("dotted key") {
        let start = file.boundary(span.start);
        let path: String = file.text()[start..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
            .collect();
        return dotted(file, start..start + path.len(), &path);
    }
    Diagnostic::at(Code::Syntax, file, span)
        .with("reason", message)
        .help(Sentence::new("definition.syntax_help"))
}

/// The finding for a value without quotes.
pub(crate) fn bare_value(file: &SourceFile, span: Range<usize>, key: &str, value: &str) -> Diagnostic {
    let quoted = format!("\"{value}\"");
    let example = if key.is_empty() {
        quoted
    } else {
        format!("{key} = {quoted}")
    };
    Diagnostic::at(Code::BareValue, file, span)
        .with("key", if key.is_empty() { "…" } else { key })
        .with("value", value)
        .help(Sentence::new("definition.bare_value_help").with("example", example))
}

/// The finding for a target path with a dot that is not quoted.
pub(crate) fn dotted(file: &SourceFile, span: Range<usize>, path: &str) -> Diagnostic {
    Diagnostic::at(Code::DottedTarget, file, span)
        .with("path", path)
        .help(Sentence::new("definition.dotted_target_help").with("path", path))
}

/// The run of letters, digits and signs around a byte.
fn bare_word(text: &str, byte: usize) -> Range<usize> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | ':');
    let start = text[..byte]
        .char_indices()
        .rev()
        .take_while(|(_, c)| part(*c))
        .last()
        .map_or(byte, |(at, _)| at);
    let end = text[byte..].find(|c| !part(c)).map_or(text.len(), |at| byte + at);
    start..end
}

/// The key on the line of a value, as written.
fn key_before(text: &str, byte: usize) -> String {
    let line_start = text[..byte].rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..byte].trim_end();
    let Some(key) = before.strip_suffix('=') else {
        return String::new();
    };
    key.rsplit(['{', ',', '[']).next().unwrap_or_default().trim().to_owned()
}
