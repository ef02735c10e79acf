//! How an order is spelt: strings or native numbers, four decimals or none, nulls, masks and escapes
//! (`docs/reference/systems/wdt.md §7`).
//!
//! The text is written directly, because tokens such as `2.0000` and `1E+1` are the point.

use std::fmt::Write;

use chrono::NaiveDateTime;

use super::catalogue::{Kind, catalogue};
use super::plan::{Flaw, Line, Plan, Positions, time_text};
use crate::chance::Dice;

/// How scalars that mean numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// `"95"`, `"1.0000"`.
    Strings,
    /// `95`, `1.0000`.
    Native,
    /// Sometimes so, sometimes so.
    Mixed,
}

/// What stands where no time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTime {
    /// `"0000-00-00 00:00:00"`.
    Zeros,
    /// `""`.
    Empty,
    /// `null`.
    Null,
    /// `0`.
    Nought,
}

/// What a reader may see of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persons {
    /// Everything.
    Shown,
    /// `******`.
    Masked,
    /// `""`.
    Withheld,
    /// `null`.
    Null,
}

/// The quirks of one order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) numbers: Numbers,
    /// `3` instead of `3.0000`.
    pub(crate) trimmed: bool,
    /// `1E+1` instead of `10.0000`.
    pub(crate) exponents: bool,
    /// `null` instead of `""`.
    pub(crate) nulls: bool,
    pub(crate) no_time: NoTime,
    pub(crate) persons: Persons,
    /// `\u4e2d` instead of 中.
    pub(crate) escaped: bool,
}

impl Style {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        Self {
            numbers: *dice.one_of(&[Numbers::Strings, Numbers::Native, Numbers::Mixed]),
            trimmed: dice.one_in(3),
            exponents: dice.one_in(4),
            nulls: dice.one_in(4),
            no_time: *dice.one_of(&[
                NoTime::Zeros,
                NoTime::Zeros,
                NoTime::Empty,
                NoTime::Null,
                NoTime::Nought,
            ]),
            persons: *dice.one_of(&[
                Persons::Shown,
                Persons::Shown,
                Persons::Masked,
                Persons::Masked,
                Persons::Withheld,
                Persons::Null,
            ]),
            escaped: dice.one_in(8),
        }
    }
}

/// Writes one order.
pub(crate) struct Writer {
    out: String,
    style: Style,
    dice: Dice,
}

impl Writer {
    pub(crate) fn new(style: Style, dice: Dice) -> Self {
        Self {
            out: String::with_capacity(9 * 1024),
            style,
            dice,
        }
    }

    /// The whole order as compact JSON.
    pub(crate) fn order(mut self, plan: &Plan) -> String {
        self.out.push('{');
        for (n, field) in catalogue().head.iter().enumerate() {
            self.key(n, &field.name);
            match field.kind {
                Kind::Array => self.lines(plan),
                kind => self.head_value(plan, &field.name, kind),
            }
        }
        self.out.push('}');
        if self.style.escaped {
            escape_non_ascii(&self.out)
        } else {
            self.out
        }
    }

    fn lines(&mut self, plan: &Plan) {
        if plan.flaw == Some(Flaw::NoLines) {
            return self.out.push_str("null");
        }
        self.out.push('[');
        for (n, line) in plan.lines.iter().enumerate() {
            if n > 0 {
                self.out.push(',');
            }
            self.out.push('{');
            for (n, field) in catalogue().line.iter().enumerate() {
                self.key(n, &field.name);
                match field.kind {
                    Kind::Array => self.positions(plan, line),
                    kind => self.line_value(plan, line, &field.name, kind),
                }
            }
            self.out.push('}');
        }
        self.out.push(']');
    }

    fn positions(&mut self, plan: &Plan, line: &Line) {
        match line.positions {
            Positions::EmptyArray => return self.out.push_str("[]"),
            Positions::Null => return self.out.push_str("null"),
            Positions::EmptyText => return self.out.push_str("\"\""),
            Positions::Full => {}
        }
        self.out.push('[');
        for (bin, quantity_e4) in line.bins.iter().enumerate() {
            if bin > 0 {
                self.out.push(',');
            }
            self.out.push('{');
            for (n, field) in catalogue().position.iter().enumerate() {
                self.key(n, &field.name);
                self.position_value(plan, line, bin as u64, *quantity_e4, &field.name, field.kind);
            }
            self.out.push('}');
        }
        self.out.push(']');
    }

    fn key(&mut self, n: usize, name: &str) {
        if n > 0 {
            self.out.push(',');
        }
        push_quoted(&mut self.out, name);
        self.out.push(':');
    }

    /// A text; an empty one is null in some styles.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() && self.style.nulls {
            self.out.push_str("null");
        } else {
            push_quoted(&mut self.out, text);
        }
    }

    /// A text about a person.
    pub(crate) fn person(&mut self, text: &str) {
        match self.style.persons {
            Persons::Shown => self.text(text),
            Persons::Masked if text.is_empty() => self.text(""),
            Persons::Masked => push_quoted(&mut self.out, "******"),
            Persons::Withheld => push_quoted(&mut self.out, ""),
            Persons::Null => self.out.push_str("null"),
        }
    }

    /// A whole number: a code, a count, or an id that fits every reader.
    pub(crate) fn integer(&mut self, number: i64) {
        self.number(&number.to_string());
    }

    /// An id.
    pub(crate) fn id(&mut self, id: u64) {
        self.number(&id.to_string());
    }

    /// Money, a price or a weight.
    pub(crate) fn amount(&mut self, e4: i64) {
        let token = self.decimal_token(e4);
        self.number(&token);
    }

    /// An amount with eight decimals as text, as costs come (`docs/reference/systems/wdt.md §7`).
    pub(crate) fn long_amount(&mut self, e4: i64) {
        let token = format!("{}.{:04}0000", e4 / 10_000, e4 % 10_000);
        push_quoted(&mut self.out, &token);
    }

    /// A quantity; round ones have an exponent in some styles.
    pub(crate) fn quantity(&mut self, e4: i64) {
        let token = match (self.style.exponents, e4) {
            (true, 100_000) => "1E+1".to_owned(),
            (true, 200_000) => "2E+1".to_owned(),
            _ => self.decimal_token(e4),
        };
        self.number(&token);
    }

    /// A time.
    pub(crate) fn time(&mut self, at: NaiveDateTime) {
        push_quoted(&mut self.out, &time_text(at));
    }

    /// No time.
    pub(crate) fn no_time(&mut self) {
        self.out.push_str(match self.style.no_time {
            NoTime::Zeros => "\"0000-00-00 00:00:00\"",
            NoTime::Empty => "\"\"",
            NoTime::Null => "null",
            NoTime::Nought => "0",
        });
    }

    /// What stands in a field that this order says nothing about.
    pub(crate) fn nothing(&mut self, kind: Kind) {
        match kind {
            Kind::Text => self.text(""),
            Kind::Integer if self.style.nulls && self.dice.one_in(4) => self.out.push_str("null"),
            Kind::Integer => self.integer(0),
            Kind::Decimal => self.amount(0),
            Kind::Datetime => self.no_time(),
            Kind::Array => self.out.push_str("[]"),
        }
    }

    /// A literal token.
    pub(crate) fn raw(&mut self, token: &str) {
        self.out.push_str(token);
    }

    fn decimal_token(&self, e4: i64) -> String {
        let mut token = String::with_capacity(12);
        // Writing to a String cannot fail.
        let _ = write!(token, "{}.{:04}", e4 / 10_000, e4 % 10_000);
        if self.style.trimmed {
            let end = token.trim_end_matches('0').trim_end_matches('.').len();
            token.truncate(end);
        }
        token
    }

    fn number(&mut self, token: &str) {
        let bare = match self.style.numbers {
            Numbers::Strings => false,
            Numbers::Native => true,
            Numbers::Mixed => self.dice.one_in(2),
        };
        if bare {
            self.out.push_str(token);
        } else {
            push_quoted(&mut self.out, token);
        }
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The same JSON in ASCII: other characters only stand in strings, where `\uXXXX` means the same.
pub(crate) fn escape_non_ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut units = [0_u16; 2];
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Whether a served text was written with `\uXXXX` escapes throughout.
pub(crate) fn is_escaped(json: &str) -> bool {
    json.is_ascii() && json.contains("\\u")
}
