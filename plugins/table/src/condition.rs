//! Conditions of `skip` and `drop`: `details_list.refund_status in 2,3,4,5 and price > 0`. Both sides are compared as
//! decimals if both are decimals, else as text; a field that is absent, empty or masked is the empty text. It reads and
//! judges; where a field's text comes from is the caller's matter.

use crate::errors::Fault;
use crate::template::{Lexer, TemplateError, Token};
use std::cmp::Ordering;

/// A condition over paths of type `P`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition<P> {
    /// Any of them holds.
    Any(Vec<Condition<P>>),
    /// All of them hold.
    All(Vec<Condition<P>>),
    /// One comparison.
    Test(P, Test, Vec<String>),
}

/// How a field is compared with the values beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// `=`, `==`, `in`: one of the values.
    In,
    /// `!=`, `not in`: none of the values.
    NotIn,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `like`: `%` stands for any text; without a `%` the value is contained.
    Like,
    /// `not like`
    NotLike,
}

/// The most comparisons in one condition, and the most parentheses inside one another.
const MAX_TESTS: usize = 64;
const MAX_DEPTH: usize = 8;

/// Reads a condition.
pub(crate) fn parse(text: &str) -> Result<Condition<String>, TemplateError> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        tests: 0,
        depth: 0,
    };
    let condition = parser.any()?;
    match parser.lexer.peek()? {
        Token::End => Ok(condition),
        other => Err(parser.lexer.error(
            "when.syntax",
            format!("expected and, or, or the end and found {}", other.shown()),
        )),
    }
}

impl<P> Condition<P> {
    /// The same condition over other paths.
    pub(crate) fn resolve<Q, E>(self, place: &mut impl FnMut(P) -> Result<Q, E>) -> Result<Condition<Q>, E> {
        let mut each = |conditions: Vec<Condition<P>>| -> Result<Vec<Condition<Q>>, E> {
            let mut resolved = Vec::with_capacity(conditions.len());
            for condition in conditions {
                resolved.push(condition.resolve_boxed(place)?);
            }
            Ok(resolved)
        };
        Ok(match self {
            Condition::Any(conditions) => Condition::Any(each(conditions)?),
            Condition::All(conditions) => Condition::All(each(conditions)?),
            Condition::Test(path, test, values) => Condition::Test(place(path)?, test, values),
        })
    }

    /// Keeps the recursion on one type of closure.
    fn resolve_boxed<Q, E>(self, place: &mut dyn FnMut(P) -> Result<Q, E>) -> Result<Condition<Q>, E> {
        self.resolve(&mut |path| place(path))
    }
}

impl<P: Copy> Condition<P> {
    /// Whether it holds, where `text` answers with a field's text. A field that cannot be read is a fault, even if the
    /// rest would settle the matter: the verdict must not depend on the order of writing.
    pub(crate) fn holds(&self, text: &mut dyn FnMut(P) -> Result<String, Fault>) -> Result<bool, Fault> {
        match self {
            Condition::Any(conditions) => {
                let mut any = false;
                for condition in conditions {
                    any |= condition.holds(text)?;
                }
                Ok(any)
            }
            Condition::All(conditions) => {
                let mut all = true;
                for condition in conditions {
                    all &= condition.holds(text)?;
                }
                Ok(all)
            }
            Condition::Test(path, test, values) => Ok(judge(&text(*path)?, *test, values)),
        }
    }
}

fn judge(field: &str, test: Test, values: &[String]) -> bool {
    let against = |wanted: fn(Ordering) -> bool| values.iter().any(|value| wanted(compare(field, value)));
    match test {
        Test::In => against(Ordering::is_eq),
        Test::NotIn => !against(Ordering::is_eq),
        Test::Less => against(Ordering::is_lt),
        Test::LessOrEqual => against(Ordering::is_le),
        Test::Greater => against(Ordering::is_gt),
        Test::GreaterOrEqual => against(Ordering::is_ge),
        Test::Like => values.iter().any(|value| like(field, value)),
        Test::NotLike => !values.iter().any(|value| like(field, value)),
    }
}

/// As decimals if both are decimals, else as text.
fn compare(left: &str, right: &str) -> Ordering {
    match (digits(left), digits(right)) {
        (Some(left), Some(right)) => left.compare(&right),
        _ => left.cmp(right),
    }
}

/// A decimal of any length: ids of 30 digits must not lose the last ones on the way to a comparison.
struct Digits {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Digits {
    fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (negative, _) => {
                let sizes = self.whole.len().cmp(&other.whole.len());
                let order = sizes
                    .then_with(|| self.whole.cmp(&other.whole))
                    .then(self.fraction.cmp(&other.fraction));
                if negative { order.reverse() } else { order }
            }
        }
    }
}

/// The digits of a decimal. Codes such as `0101` are no decimals: a zero in front means something in a code.
fn digits(text: &str) -> Option<Digits> {
    let written = text.trim().trim_start_matches(['+', '-']).as_bytes();
    if let [b'0', b'0'..=b'9', ..] = written {
        return None;
    }
    let plain = dukou_sdk::scalar::plain_number(text).ok()?;
    let (negative, unsigned) = plain
        .strip_prefix('-')
        .map_or((false, plain.as_ref()), |rest| (true, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (
        whole.trim_start_matches('0').to_owned(),
        fraction.trim_end_matches('0').to_owned(),
    );
    let zero = whole.is_empty() && fraction.is_empty();
    Some(Digits {
        negative: negative && !zero,
        whole,
        fraction,
    })
}

/// `%` stands for any text; a pattern without one is contained.
fn like(field: &str, pattern: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('%').collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return field.contains(pattern);
    };
    let Some(mut rest) = field.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
    }
    rest.ends_with(last)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    tests: usize,
    depth: usize,
}

type Parsed<T> = Result<T, TemplateError>;

impl Parser<'_> {
    fn any(&mut self) -> Parsed<Condition<String>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.error(
                "when.length",
                format!("more than {MAX_DEPTH} parentheses in one another"),
            ));
        }
        let mut either = vec![self.all()?];
        while self.word("or")? {
            either.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if either.len() == 1 {
            either.remove(0)
        } else {
            Condition::Any(either)
        })
    }

    fn all(&mut self) -> Parsed<Condition<String>> {
        let mut both = vec![self.test()?];
        while self.word("and")? {
            both.push(self.test()?);
        }
        Ok(if both.len() == 1 {
            both.remove(0)
        } else {
            Condition::All(both)
        })
    }

    fn test(&mut self) -> Parsed<Condition<String>> {
        if self.lexer.accept("(")? {
            let inner = self.any()?;
            self.lexer.expect(")", "when.parenthesis")?;
            return Ok(inner);
        }
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(self.lexer.error(
                "when.length",
                format!("more than {MAX_TESTS} comparisons in one condition"),
            ));
        }
        let position = self.lexer.position();
        let path = match self.lexer.take()? {
            Token::Name(name) => name,
            other => {
                let message = format!("expected a source field and found {}", other.shown());
                return Err(self.lexer.error_at(position, "when.syntax", message));
            }
        };
        let (test, many) = self.operator()?;
        let values = if many { self.values()? } else { vec![self.value()?] };
        Ok(Condition::Test(path, test, values))
    }

    /// The comparison, and whether a list of values may follow.
    fn operator(&mut self) -> Parsed<(Test, bool)> {
        let position = self.lexer.position();
        let found = self.lexer.take()?;
        Ok(match &found {
            Token::Sign("=" | "==") => (Test::In, false),
            Token::Sign("!=") => (Test::NotIn, false),
            Token::Sign("<") => (Test::Less, false),
            Token::Sign("<=") => (Test::LessOrEqual, false),
            Token::Sign(">") => (Test::Greater, false),
            Token::Sign(">=") => (Test::GreaterOrEqual, false),
            Token::Name(name) if name.eq_ignore_ascii_case("in") => (Test::In, true),
            Token::Name(name) if name.eq_ignore_ascii_case("like") => (Test::Like, false),
            Token::Name(name) if name.eq_ignore_ascii_case("not") && self.word("in")? => (Test::NotIn, true),
            Token::Name(name) if name.eq_ignore_ascii_case("not") && self.word("like")? => (Test::NotLike, false),
            _ => {
                let message = format!(
                    "expected one of = != < <= > >= in, not in, like, not like and found {}",
                    found.shown()
                );
                return Err(self.lexer.error_at(position, "when.operator", message));
            }
        })
    }

    fn values(&mut self) -> Parsed<Vec<String>> {
        let enclosed = self.lexer.accept("(")?;
        let mut values = vec![self.value()?];
        while self.lexer.accept(",")? {
            values.push(self.value()?);
        }
        if enclosed {
            self.lexer.expect(")", "when.parenthesis")?;
        }
        Ok(values)
    }

    /// A quoted text or a bare word. `and` and `or` are no values unless quoted, so a forgotten value is an error.
    fn value(&mut self) -> Parsed<String> {
        let position = self.lexer.position();
        if let Ok(Token::Quoted(_)) = self.lexer.peek()
            && let Token::Quoted(text) = self.lexer.take()?
        {
            return Ok(text);
        }
        match self.lexer.bare_word() {
            Some(word) if !word.eq_ignore_ascii_case("and") && !word.eq_ignore_ascii_case("or") => Ok(word),
            _ => Err(self
                .lexer
                .error_at(position, "when.value", "expected a value; write '' for an empty field")),
        }
    }

    fn word(&mut self, wanted: &str) -> Parsed<bool> {
        let found = matches!(self.lexer.peek(), Ok(Token::Name(name)) if name.eq_ignore_ascii_case(wanted));
        if found {
            self.lexer.take()?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
