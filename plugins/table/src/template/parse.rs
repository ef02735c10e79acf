//! The grammar of a placeholder: an expression, then formats, each after a `|` (or the blank of the seed's print).
//! Depth and size are bounded, because a guest's stack is small. Paths stay names here.

use super::{Expr, Format, Lexer, MAX_DEPTH, MAX_NODES, Operator, Pipe, STAGE_NAMES, Stage, TemplateError, Token};
use crate::errors::hint;
use rust_decimal::Decimal;

/// The most decimal places that `round` may ask for: what a decimal can hold.
const MAX_PLACES: u32 = 28;

/// The only sign that ends an expression and starts a format.
const PIPE: &str = "|";

/// Reads what stands between `{{` and `}}`.
pub(super) fn pipe(inner: &str) -> Result<Pipe<String>, TemplateError> {
    let mut parser = Parser {
        lexer: Lexer::new(inner),
        nodes: 0,
        depth: 0,
    };
    let text = format!("{{{{{inner}}}}}");
    parser
        .pipe()
        .map_err(|failed| TemplateError {
            quoted: text.clone(),
            ..failed
        })
        .map(|(source, stages)| Pipe {
            text: text.clone(),
            source,
            stages,
            walk: None,
        })
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    nodes: usize,
    depth: usize,
}

type Parsed<T> = Result<T, TemplateError>;

impl Parser<'_> {
    fn pipe(&mut self) -> Parsed<(Expr<String>, Vec<Stage<String>>)> {
        if self.lexer.peek()? == Token::End {
            return Err(self
                .lexer
                .error("template.empty", "nothing between {{ and }}; name a source field"));
        }
        let source = self.expression()?;
        let mut stages = Vec::new();
        loop {
            let piped = self.lexer.accept(PIPE)?;
            let position = self.lexer.position();
            match self.lexer.take()? {
                Token::End if !piped => return Ok((source, stages)),
                // The seed prints the pipe as a blank: `{{consign_time date}}`.
                Token::Name(name) => {
                    self.count(position)?;
                    stages.push(self.stage(&name, position, piped)?);
                }
                other => {
                    let message = if piped {
                        format!("expected a format after | and found {}", other.shown())
                    } else {
                        format!("expected | or an operator and found {}", other.shown())
                    };
                    return Err(self.lexer.error_at(position, "template.syntax", message));
                }
            }
        }
    }

    fn expression(&mut self) -> Parsed<Expr<String>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} parentheses inside one another");
            return Err(self.lexer.error("template.length", message));
        }
        let whole = self.terms();
        self.depth -= 1;
        whole
    }

    fn terms(&mut self) -> Parsed<Expr<String>> {
        let mut left = self.product()?;
        loop {
            let operator = match self.lexer.peek()? {
                Token::Sign("+") => Operator::Add,
                Token::Sign("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            left = self.binary(operator, left, Self::product)?;
        }
    }

    fn product(&mut self) -> Parsed<Expr<String>> {
        let mut left = self.factor()?;
        loop {
            let operator = match self.lexer.peek()? {
                Token::Sign("*") => Operator::Multiply,
                Token::Sign("/") => Operator::Divide,
                _ => return Ok(left),
            };
            left = self.binary(operator, left, Self::factor)?;
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: Expr<String>,
        operand: fn(&mut Self) -> Parsed<Expr<String>>,
    ) -> Parsed<Expr<String>> {
        let position = self.lexer.position();
        self.count(position)?;
        self.lexer.take()?;
        let right_position = self.lexer.position();
        let right = operand(self)?;
        self.numeric(&left, position)?;
        self.numeric(&right, right_position)?;
        Ok(Expr::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn factor(&mut self) -> Parsed<Expr<String>> {
        let position = self.lexer.position();
        self.count(position)?;
        match self.lexer.take()? {
            Token::Sign("-") => {
                // A second sign would need another level: `--a` is a slip, not a value.
                if self.lexer.peek()? == Token::Sign("-") {
                    return Err(self.lexer.error_at(position, "template.syntax", "two signs in a row"));
                }
                let operand = self.factor()?;
                self.numeric(&operand, position)?;
                Ok(Expr::Negate(Box::new(operand)))
            }
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.lexer.expect(")", "template.parenthesis")?;
                Ok(inner)
            }
            Token::Quoted(text) => Ok(Expr::Text(text)),
            Token::Number(text) => {
                let wrong = || format!("{text} is not a number that can be computed with");
                let value = Decimal::from_str_exact(&text)
                    .map_err(|_| self.lexer.error_at(position, "template.number", wrong()))?;
                if text.starts_with('.') || text.ends_with('.') {
                    return Err(self.lexer.error_at(position, "template.number", wrong()));
                }
                Ok(Expr::Number(text, value))
            }
            Token::Name(name) if name == "sum" && self.lexer.accept("(")? => {
                let operand = self.expression()?;
                self.numeric(&operand, position)?;
                self.lexer.expect(")", "template.parenthesis")?;
                Ok(Expr::Sum(Box::new(operand), 0))
            }
            Token::Name(name) if self.lexer.peek()? == Token::Sign("(") => {
                let message = if STAGE_NAMES.contains(&name.as_str()) {
                    format!("{name}(…) comes after the value: write {{{{field|{name}(…)}}}}")
                } else {
                    format!("there is no function {name}; only sum(…) may stand before a |")
                };
                Err(self.lexer.error_at(position, "template.function", message))
            }
            Token::Name(name) if name == "group.key" => Ok(Expr::GroupKey),
            Token::Name(name) => Ok(Expr::Path(name)),
            Token::Sign("|") => Err(self.lexer.error_at(
                position,
                "template.syntax",
                "no value before |; name a source field first",
            )),
            other => Err(self.lexer.error_at(
                position,
                "template.syntax",
                format!(
                    "expected a source field, a number or a quoted text and found {}",
                    other.shown()
                ),
            )),
        }
    }

    fn stage(&mut self, name: &str, position: usize, piped: bool) -> Parsed<Stage<String>> {
        let called = self.lexer.accept("(")?;
        let known = name.to_ascii_lowercase();
        match (known.as_str(), called) {
            ("round", true) => self.round(position),
            ("lookup", true) => self.lookup(position),
            ("or", true) => {
                let other = self.expression()?;
                self.lexer.expect(")", "template.parenthesis")?;
                Ok(Stage::Or(other))
            }
            ("in", true) => Ok(Stage::Archive(self.one_argument(position, "in(archive)")?)),
            ("join", true) => {
                let arguments = self.lexer.raw_arguments()?;
                // A bare comma as separator splits the argument in two empty ones.
                Ok(Stage::Join(
                    if arguments.iter().all(String::is_empty) && arguments.len() == 2 {
                        ",".to_owned()
                    } else if let [one] = arguments.as_slice() {
                        one.clone()
                    } else {
                        return Err(self.argument(position, "write join(', ') with the separator between quotes"));
                    },
                ))
            }
            ("first", true) => self.no_argument(position, "first()").map(|()| Stage::First),
            ("sum", true) => self.no_argument(position, "sum()").map(|()| Stage::Sum),
            ("round" | "lookup" | "or" | "in" | "join" | "first" | "sum", false) => Err(self.argument(
                position,
                match known.as_str() {
                    "round" => "write round(2) with the number of places",
                    "lookup" => "write lookup(table) or lookup(table, column)",
                    "or" => "write or(field), or('text') or or(0)",
                    "in" => "write in(archive)",
                    "join" => "write join(', ')",
                    "first" => "write first()",
                    _ => "write sum()",
                },
            )),
            (_, true) if STAGE_NAMES.contains(&known.as_str()) => {
                self.no_argument(position, name)?;
                self.format(&known, name, position, piped)
            }
            _ => self.format(&known, name, position, piped),
        }
    }

    fn format(&self, known: &str, name: &str, position: usize, piped: bool) -> Parsed<Stage<String>> {
        Ok(Stage::Format(match known {
            "date" => Format::Date,
            "datetime" => Format::DateTime,
            "time" => Format::Time,
            "integer" => Format::Integer,
            "text" => Format::Text,
            "upper" => Format::Upper,
            "lower" => Format::Lower,
            "trim" => Format::Trim,
            _ => {
                let hint = hint(name, &STAGE_NAMES);
                let message = if piped {
                    format!("unknown format {name}{hint}")
                } else {
                    format!("a blank may only stand before a format, and {name} is none{hint}")
                };
                return Err(self.lexer.error_at(position, "template.format", message));
            }
        }))
    }

    fn round(&mut self, position: usize) -> Parsed<Stage<String>> {
        let advice = "write round(2): whole places from 0 to 28";
        let argument = self.one_argument(position, advice)?;
        match argument.parse::<u32>() {
            Ok(places) if places <= MAX_PLACES => Ok(Stage::Format(Format::Round(places))),
            _ => Err(self.argument(position, advice)),
        }
    }

    fn lookup(&mut self, position: usize) -> Parsed<Stage<String>> {
        let arguments = self.lexer.raw_arguments()?;
        match arguments.as_slice() {
            [table] if !table.is_empty() => Ok(Stage::Lookup {
                table: table.clone(),
                column: None,
            }),
            [table, column] if !table.is_empty() && !column.is_empty() => Ok(Stage::Lookup {
                table: table.clone(),
                column: Some(column.clone()),
            }),
            _ => Err(self.argument(position, "write lookup(table) or lookup(table, column)")),
        }
    }

    fn one_argument(&mut self, position: usize, advice: &str) -> Parsed<String> {
        match self.lexer.raw_arguments()?.as_slice() {
            [one] if !one.is_empty() => Ok(one.clone()),
            _ => Err(self.argument(position, advice)),
        }
    }

    fn no_argument(&mut self, position: usize, name: &str) -> Parsed<()> {
        if self.lexer.accept(")")? {
            return Ok(());
        }
        Err(self.argument(position, &format!("{name} takes no argument")))
    }

    fn argument(&self, position: usize, message: &str) -> TemplateError {
        self.lexer.error_at(position, "template.argument", message)
    }

    /// A quoted text cannot be computed with, however it looks.
    fn numeric(&self, operand: &Expr<String>, position: usize) -> Parsed<()> {
        match operand {
            Expr::Text(text) => Err(self.lexer.error_at(
                position,
                "template.number",
                format!("'{text}' is a text; write a number without quotes"),
            )),
            Expr::GroupKey => Err(self
                .lexer
                .error_at(position, "template.number", "group.key is not a number")),
            _ => Ok(()),
        }
    }

    fn count(&mut self, position: usize) -> Parsed<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} operands, operators and formats in one placeholder");
            return Err(self.lexer.error_at(position, "template.length", message));
        }
        Ok(())
    }
}
