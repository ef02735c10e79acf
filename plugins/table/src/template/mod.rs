//! Templates as they are written: text with `{{…}}` around source paths, arithmetic and formats. This module splits a
//! row into literals and placeholders and holds the syntax tree; it knows no record, no catalogue and no value.

mod lex;
mod parse;

pub(crate) use lex::{Lexer, Token};
use rust_decimal::Decimal;

/// A row's template: its parts in order. A row without placeholders is one literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template<P> {
    /// Literals and placeholders, in order.
    pub(crate) parts: Vec<Part<P>>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part<P> {
    /// Text that is copied.
    Literal(String),
    /// What stands between `{{` and `}}`.
    Placeholder(Pipe<P>),
}

/// An expression and the formats it passes through: `a/b|round(6)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pipe<P> {
    /// The placeholder as written, braces included, for messages.
    pub(crate) text: String,
    /// Where the value comes from.
    pub(crate) source: Expr<P>,
    /// What happens to it, left to right.
    pub(crate) stages: Vec<Stage<P>>,
    /// The level that an aggregate among the stages walks. Unknown (`None`) while paths are names.
    pub(crate) walk: Option<Walk>,
}

/// An expression over paths of type `P`: names while parsing, resolved places afterwards.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr<P> {
    /// A source field.
    Path(P),
    /// `group.key`, with the document's suffix.
    GroupKey,
    /// A quoted text.
    Text(String),
    /// A number as it was written, and its value.
    Number(String, Decimal),
    /// A sign in front.
    Negate(Box<Expr<P>>),
    /// Two operands.
    Binary(Operator, Box<Expr<P>>, Box<Expr<P>>),
    /// `sum(…)`: the total over the elements that the operand walks.
    Sum(Box<Expr<P>>, Walk),
}

/// Which list an aggregate walks: found out when paths are resolved. 0 is the record itself.
pub(crate) type Walk = usize;

/// Decimal arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// One step after a `|`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage<P> {
    /// A conversion of one value.
    Format(Format),
    /// `lookup(table)` or `lookup(table, column)`.
    Lookup {
        /// The table's name.
        table: String,
        /// The column to answer with; the second if unnamed.
        column: Option<String>,
    },
    /// `or(x)`: another value if there is none so far or a look-up missed.
    Or(Expr<P>),
    /// `in(archive)`: membership in an archive of the target. The value passes through unchecked.
    Archive(String),
    /// `first()`: the first value that is not empty.
    First,
    /// `join(separator)`: all values that are not empty.
    Join(String),
    /// `sum()`: the decimal total.
    Sum,
}

/// A conversion of one value into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `YYYY-MM-DD`
    Date,
    /// `YYYY-MM-DD HH:MM:SS`
    DateTime,
    /// `HH:MM:SS`
    Time,
    /// At most so many decimal places, half away from zero.
    Round(u32),
    /// A whole number.
    Integer,
    /// The text as it is.
    Text,
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// Without blanks at either end.
    Trim,
}

/// The names that may follow a `|` (or a blank).
pub(crate) const STAGE_NAMES: [&str; 15] = [
    "date", "datetime", "time", "round", "integer", "text", "upper", "lower", "trim", "lookup", "or", "in", "first",
    "join", "sum",
];

/// A template that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateError {
    /// A `template.*` code.
    pub(crate) code: &'static str,
    /// Where it goes wrong: characters from the start of the text, counted from 1.
    pub(crate) position: usize,
    /// What is wrong and how to write it.
    pub(crate) message: String,
    /// The part of the template that is quoted.
    pub(crate) quoted: String,
}

impl TemplateError {
    /// The message for the author: expression, position, what to do.
    pub(crate) fn describe(&self) -> String {
        format!("{} at character {}: {}", self.quoted, self.position, self.message)
    }
}

/// Templates longer than this are refused; so are placeholders with more than [`MAX_NODES`] operands.
const MAX_BYTES: usize = 8 * 1024;

/// Bounds the depth of every walk over an expression: a guest's stack is small.
const MAX_NODES: usize = 40;

/// The most parentheses inside one another, for the same reason.
const MAX_DEPTH: usize = 8;

/// Starts of texts that mean something on other platforms and would otherwise be sent as they stand (qeasy.md §3).
const FOREIGN: [&str; 4] = ["_function ", "_findCollection ", "_mongoQuery ", "${"];

/// Reads one row's template.
pub(crate) fn parse(text: &str) -> Result<Template<String>, TemplateError> {
    let error = |code, at: usize, message: &str| TemplateError {
        code,
        position: text[..at].chars().count() + 1,
        message: message.to_owned(),
        quoted: crate::errors::shown(text),
    };
    if text.len() > MAX_BYTES {
        return Err(error("template.length", 0, "the template is longer than 8192 bytes"));
    }
    if FOREIGN.iter().any(|start| text.trim_start().starts_with(start)) {
        return Err(error(
            "template.foreign",
            0,
            "this is an expression of another platform and would be sent as text; write it as {{…}}",
        ));
    }
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let open = rest.find("{{");
        let literal = &rest[..open.unwrap_or(rest.len())];
        if let Some(stray) = literal.find("}}") {
            return Err(error("template.unopened", at + stray, "}} without {{ before it"));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let Some(open) = open else { break };
        let start = at + open;
        let Some(end) = closing(text, start + 2) else {
            return Err(error(
                "template.unclosed",
                start,
                "{{ without }} after it; close the placeholder with }}",
            ));
        };
        let inner = &text[start + 2..end];
        let pipe = parse::pipe(inner).map_err(|mut failed| {
            failed.position += text[..start + 2].chars().count();
            failed
        })?;
        parts.push(Part::Placeholder(pipe));
        at = end + 2;
    }
    Ok(Template { parts })
}

/// The byte at which the `}}` of a placeholder stands, skipping quoted text.
fn closing(text: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, character) in text[from..].char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '}') if text[from + offset..].starts_with("}}") => return Some(from + offset),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
