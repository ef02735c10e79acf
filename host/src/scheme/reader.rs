//! Reading one table of a definition: typed values by key, a finding for everything missing, mistyped or unknown. A
//! section knows which keys were asked for, so whatever is left over in the file is an unknown key.

use std::ops::Range;
use std::time::Duration;

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::{Entry, Held, Node, SourceFile, Table, bare_value};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

/// A table being read.
pub(crate) struct Section<'a, 'e> {
    /// The file.
    pub(crate) file: &'a SourceFile,
    /// What people call it, e.g. `[source]`.
    pub(crate) name: String,
    /// Its entries.
    pub(crate) table: &'a Table,
    /// Its header.
    pub(crate) span: Range<usize>,
    /// What was found.
    pub(crate) errors: &'e mut Vec<Diagnostic>,
    known: Vec<&'static str>,
    later: Vec<&'static str>,
}

impl<'a, 'e> Section<'a, 'e> {
    /// Starts reading a table.
    pub(crate) fn new(
        file: &'a SourceFile,
        name: impl Into<String>,
        table: &'a Table,
        span: Range<usize>,
        errors: &'e mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            file,
            name: name.into(),
            table,
            span,
            errors,
            known: Vec::new(),
            later: Vec::new(),
        }
    }

    /// The entry with a key, marking the key as known.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Text, or nothing.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<At<String>> {
        let entry = self.take(key)?;
        text_of(self.file, &entry.key, &entry.node, self.errors)
    }

    /// Text that must be there and not empty.
    pub(crate) fn required_text(&mut self, key: &'static str, example: &str) -> Option<At<String>> {
        if self.table.get(key).is_none() {
            self.known.push(key);
            self.missing(key, &format!("{key} = \"{example}\""));
            return None;
        }
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            self.push(Diagnostic::at(Code::Empty, self.file, text.span).with("key", key));
            return None;
        }
        Some(text)
    }

    /// true or false, or nothing.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let entry = self.take(key)?;
        match &entry.node.value {
            Held::Flag(flag) => Some(*flag),
            _ => self.wrong_type(entry, "definition.type_flag"),
        }
    }

    /// A whole number within bounds, or nothing.
    pub(crate) fn integer(&mut self, key: &'static str, low: u32, high: u32) -> Option<At<u32>> {
        let entry = self.take(key)?;
        let Held::Integer(digits) = &entry.node.value else {
            return self.wrong_type(entry, "definition.type_number");
        };
        match digits.parse::<u32>() {
            Ok(value) if (low..=high).contains(&value) => Some(At {
                value,
                span: entry.node.span.clone(),
            }),
            _ => {
                self.push(
                    Diagnostic::at(Code::Range, self.file, entry.node.span.clone())
                        .with("key", key)
                        .with("value", digits.as_str())
                        .with("low", low.to_string())
                        .with("high", high.to_string()),
                );
                None
            }
        }
    }

    /// A duration such as `30s`, or nothing.
    pub(crate) fn duration(&mut self, key: &'static str) -> Option<At<Duration>> {
        let text = self.text(key)?;
        match duration(&text.value) {
            Some(value) => Some(At { value, span: text.span }),
            None => {
                self.push(
                    Diagnostic::at(Code::Duration, self.file, text.span)
                        .with("key", key)
                        .with("value", text.value)
                        .help(Sentence::new("definition.duration_help")),
                );
                None
            }
        }
    }

    /// One of some words, or nothing.
    pub(crate) fn choice(&mut self, key: &'static str, words: &'static [&'static str]) -> Option<At<&'static str>> {
        let text = self.text(key)?;
        match words.iter().find(|word| **word == text.value) {
            Some(word) => Some(At {
                value: word,
                span: text.span,
            }),
            None => {
                self.push(
                    Diagnostic::at(Code::Choice, self.file, text.span)
                        .with("key", key)
                        .with("value", text.value)
                        .help(Sentence::new("definition.there_is").with("names", words.join(", "))),
                );
                None
            }
        }
    }

    /// A list of texts, or nothing.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Vec<At<String>>> {
        let entry = self.take(key)?;
        let Held::List(items) = &entry.node.value else {
            return self.wrong_type(entry, "definition.type_list");
        };
        Some(
            items
                .iter()
                .filter_map(|item| text_of(self.file, key, item, self.errors))
                .collect(),
        )
    }

    /// A table, or nothing.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<(&'a Table, Range<usize>)> {
        let entry = self.take(key)?;
        match &entry.node.value {
            Held::Table(table) => Some((table, entry.node.span.clone())),
            _ => self.wrong_type(entry, "definition.type_table"),
        }
    }

    /// A table that must be there.
    pub(crate) fn required_table(&mut self, key: &'static str, example: &str) -> Option<(&'a Table, Range<usize>)> {
        if self.table.get(key).is_none() {
            self.known.push(key);
            self.missing(key, example);
            return None;
        }
        self.table(key)
    }

    /// A key that the design has and this version has not.
    pub(crate) fn later(&mut self, key: &'static str, what: &str) {
        self.later.push(key);
        if let Some(entry) = self.table.get(key) {
            self.push(not_yet(self.file, entry.key_span.clone(), what));
        }
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self) {
        for entry in &self.table.entries {
            if !self.known.contains(&entry.key.as_str()) && !self.later.contains(&entry.key.as_str()) {
                let finding = Diagnostic::at(Code::UnknownKey, self.file, entry.key_span.clone())
                    .with("section", self.name.as_str())
                    .with("key", entry.key.as_str())
                    .did_you_mean(&entry.key, self.known.iter().copied());
                self.errors.push(finding);
            }
        }
    }

    /// Adds a finding.
    pub(crate) fn push(&mut self, finding: Diagnostic) {
        self.errors.push(finding);
    }

    /// Reports a missing key at the table's header.
    pub(crate) fn missing(&mut self, key: &str, example: &str) {
        let finding = Diagnostic::at(Code::MissingKey, self.file, self.span.clone())
            .with("section", self.name.as_str())
            .with("key", key)
            .help(Sentence::new("definition.missing_key_help").with("example", example));
        self.errors.push(finding);
    }

    fn wrong_type<T>(&mut self, entry: &Entry, expected: &'static str) -> Option<T> {
        let finding = wrong_type(self.file, &entry.key, &entry.node, expected);
        self.errors.push(finding);
        None
    }
}

/// Text; a bare number, boolean or date is told to take quotes.
pub(crate) fn text_of(file: &SourceFile, key: &str, node: &Node, errors: &mut Vec<Diagnostic>) -> Option<At<String>> {
    match &node.value {
        Held::Text(text) => Some(At {
            value: text.clone(),
            span: node.span.clone(),
        }),
        Held::Integer(_) | Held::Decimal(_) | Held::Flag(_) | Held::Time => {
            errors.push(bare_value(
                file,
                node.span.clone(),
                &quoted_key(key),
                file.slice(&node.span),
            ));
            None
        }
        Held::List(_) | Held::Table(_) => {
            errors.push(wrong_type(file, key, node, "definition.type_text"));
            None
        }
    }
}

/// A key as TOML takes it: quoted when it is more than letters, digits, `-` and `_`.
pub(crate) fn quoted_key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_owned() } else { format!("\"{key}\"") }
}

/// A path of keys as TOML writes it, e.g. `mapping.settings.fields."RDRecordDetails.Price"`.
pub(crate) fn path_text(path: &[&str]) -> String {
    let keys: Vec<String> = path.iter().map(|key| quoted_key(key)).collect();
    keys.join(".")
}

/// The finding for a value of the wrong type.
pub(crate) fn wrong_type(file: &SourceFile, key: &str, node: &Node, expected: &'static str) -> Diagnostic {
    use super::diagnostic::Arg;
    Diagnostic::at(Code::WrongType, file, node.span.clone())
        .with("key", key)
        .with("expected", Arg::Word(expected))
        .with("found", Arg::Word(node.value.word()))
}

/// The finding for something that the design has and this version has not.
pub(crate) fn not_yet(file: &SourceFile, span: Range<usize>, what: &str) -> Diagnostic {
    Diagnostic::at(Code::NotYet, file, span).with("what", what)
}

/// Reads `500ms`, `30s`, `15m`, `2h`, `1d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    // A hundred years bound every sum of two durations.
    Some(Duration::from_millis(
        number.checked_mul(ms).filter(|ms| *ms <= 3_153_600_000_000)?,
    ))
}
