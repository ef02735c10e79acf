//! One finding about a definition: code, sentence, place, help. The sentence is a key with arguments, so that it exists
//! in both languages; how findings look on a terminal is `render`'s affair.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use dukou_core::names::SchemeName;
use serde_json::{Value, json};

use super::code::{Code, Severity};
use super::file::SourceFile;
use crate::exit::Exit;
use crate::lang::Lang;

/// Findings about one table file or settings are cut off here; the rest would say the same.
pub(crate) const MOST_PER_FILE: usize = 50;

/// An argument of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Shown as it is.
    Text(String),
    /// A key of the language files, e.g. the word for "text".
    Word(&'static str),
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A sentence: key and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Key of the language files.
    pub key: &'static str,
    /// What stands in its braces.
    pub args: Vec<(&'static str, Arg)>,
}

impl Sentence {
    /// A sentence without arguments.
    pub(crate) fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    /// Adds an argument.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// The text in a language.
    pub fn text(&self, lang: Lang) -> String {
        let values: Vec<(&'static str, String)> = self
            .args
            .iter()
            .map(|(name, arg)| match arg {
                Arg::Text(text) => (*name, text.clone()),
                Arg::Word(key) => (*name, lang.t(key)),
            })
            .collect();
        let arguments: Vec<(&str, &dyn fmt::Display)> = values
            .iter()
            .map(|(name, value)| (*name, value as &dyn fmt::Display))
            .collect();
        lang.text(self.key, &arguments)
    }
}

/// The known word that was most likely meant, if one is near.
pub(crate) fn near<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    // Two letters that changed places are one slip, which counts as two in a short word.
    dukou_core::catalogue::closest(word, known.clone())
        .or_else(|| known.clone().find(|name| letters(name) == letters(word)))
}

/// Where a finding stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file with its text.
    pub file: SourceFile,
    /// Byte range in the text.
    pub span: Range<usize>,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What it is about.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: Sentence,
    /// What to do.
    pub help: Option<Box<Sentence>>,
    /// Where; `None` when it is about a file that cannot be read.
    pub place: Option<Place>,
    /// The schemes it was found for, where it stands in a file that they share.
    pub found_for: Vec<String>,
}

impl Diagnostic {
    /// An error with the code's own sentence.
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: Sentence::new(code.key()),
            help: None,
            place: None,
            found_for: Vec::new(),
        }
    }

    /// An error with another sentence than the code's own.
    pub(crate) fn sentence(code: Code, key: &'static str) -> Self {
        Self {
            message: Sentence::new(key),
            ..Self::new(code)
        }
    }

    /// An error at a place.
    pub(crate) fn at(code: Code, file: &SourceFile, span: Range<usize>) -> Self {
        Self::new(code).place(file, span)
    }

    /// Sets the place; of several files joined, in the one that it is in.
    pub(crate) fn place(mut self, file: &SourceFile, span: Range<usize>) -> Self {
        let (file, start) = file.part(span.start);
        self.place = Some(Place {
            file: file.clone(),
            span: span.start - start..span.end.saturating_sub(start),
        });
        self
    }

    /// Adds an argument of the message.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.message = self.message.with(name, value);
        self
    }

    /// Sets the help.
    pub(crate) fn help(mut self, help: Sentence) -> Self {
        self.help = Some(Box::new(help));
        self
    }

    /// Sets the help to "did you mean", or to the list of what there is.
    pub(crate) fn did_you_mean<'a>(self, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let near = near(word, known.clone());
        match near {
            Some(name) => {
                let help = Sentence::new("definition.did_you_mean").with("name", name);
                self.help(help)
            }
            None => {
                let names: Vec<&str> = known.take(24).collect();
                if names.is_empty() {
                    return self;
                }
                let help = Sentence::new("definition.there_is").with("names", names.join(", "));
                self.help(help)
            }
        }
    }

    /// Names the scheme, where the place is in another file than the scheme's own: a base is many schemes' file.
    pub(crate) fn found_for(mut self, scheme: &SchemeName, own: &Path) -> Self {
        if self.place.as_ref().is_some_and(|place| place.file.path() != own) {
            self.found_for = vec![scheme.to_string()];
        }
        self
    }

    /// Makes it a warning.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Line and column, both from 1, in characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| place.file.position(place.span.start))
    }

    /// File, line and column, to sort by.
    pub(crate) fn order(&self) -> Option<(&str, usize, usize)> {
        let (line, column) = self.position()?;
        Some((self.place.as_ref()?.file.shown(), line, column))
    }

    /// How a process ends that stops at it.
    pub fn exit(&self) -> Exit {
        self.code.exit()
    }

    /// The machine form.
    pub fn to_json(&self, lang: Lang) -> Value {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = json!({
            "code": self.code.id(),
            "severity": severity,
            "message": self.message.text(lang),
            "help": self.help.as_ref().map(|help| help.text(lang)),
        });
        if let Some(place) = &self.place {
            let (line, column) = place.file.position(place.span.start);
            let (end_line, end_column) = place.file.position(place.span.end);
            out["file"] = place.file.shown().into();
            out["line"] = line.into();
            out["column"] = column.into();
            out["end_line"] = end_line.into();
            out["end_column"] = end_column.into();
        }
        if !self.found_for.is_empty() {
            out["schemes"] = self.found_for.clone().into();
        }
        out["doc"] = self.doc().into();
        out
    }

    /// Where the code is explained.
    pub(crate) fn doc(&self) -> String {
        format!("docs/reference/errors.md#{}", self.code.id().to_lowercase())
    }
}

/// Why definitions cannot be used: all findings of all files at once.
#[derive(Debug, Clone, Default)]
pub struct DefinitionErrors(pub Vec<Diagnostic>);

impl DefinitionErrors {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The report for people, in the shape of the reference.
    pub fn render(&self, lang: Lang, colour: bool) -> String {
        super::render::all(&self.0, lang, colour)
    }

    /// The machine form: an array.
    pub fn to_json(&self, lang: Lang) -> Value {
        self.0.iter().map(|diagnostic| diagnostic.to_json(lang)).collect()
    }

    /// How the process ends: a missing secret before a refused plugin before an invalid definition.
    pub fn exit(&self) -> Exit {
        let rank = |exit: &Exit| match exit {
            Exit::Secret => 4,
            Exit::Refused => 3,
            Exit::NotFound => 1,
            _ => 2,
        };
        self.0
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(Diagnostic::exit)
            .max_by_key(rank)
            .unwrap_or(Exit::Definition)
    }
}

impl From<Diagnostic> for DefinitionErrors {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for DefinitionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}", diagnostic.code.id())?;
            if let (Some(place), Some((line, column))) = (&diagnostic.place, diagnostic.position()) {
                write!(f, " {}:{line}:{column}", place.file.shown())?;
            }
            write!(f, " {}", diagnostic.message.text(Lang::En))?;
        }
        Ok(())
    }
}

impl std::error::Error for DefinitionErrors {}
