//! Running a row over a record, a line, or a group: the value as its target field takes it, or the fault that rejects.
//! Nothing is guessed and nothing passes through as text. What is skipped, dropped or joined is decided elsewhere.

use crate::convert::{self, Value};
use crate::errors::Fault;
use crate::program::{Program, Row, RowValue};
use crate::record::Chain;
use crate::shape::{Place, ROOT};
use crate::tables::Answers;
use crate::template::{Expr, Operator, Part, Pipe, Stage, Template};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Everything that a value may depend on besides its scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluator<'n> {
    /// The compiled table.
    pub(crate) program: &'n Program,
    /// Look-ups that have been answered.
    pub(crate) answers: &'n Answers,
    /// The group's key with the document's suffix.
    pub(crate) group_key: &'n str,
}

/// Where a row is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'s, 'n> {
    /// The record, or the line with everything around it.
    pub(crate) chain: Chain<'n>,
    /// The level that `chain` ends at.
    pub(crate) level: usize,
    /// Where aggregates start: every member of the group, or the line alone.
    pub(crate) starts: &'s [Chain<'n>],
}

impl<'n> Evaluator<'n> {
    /// A row's value as its field takes it. Empty leaves the key out, unless the field is required.
    pub(crate) fn row(&self, row: &'n Row, scope: Scope<'_, 'n>) -> Result<Value<'n>, Fault> {
        let cell = match &row.value {
            RowValue::Constant(constant) => return Ok(constant.as_deref().map(Cow::Borrowed)),
            RowValue::Texts(templates) => self.texts(templates, scope)?,
            RowValue::Template(template) => match self.template(template, scope)? {
                None => None,
                Some(text) => convert::convert(&row.kind, text, self.program.zone)?,
            },
        };
        if cell.is_none() && row.required {
            return Err(Fault::Required);
        }
        Ok(cell)
    }

    /// The elements as a JSON array. Lists of texts run parallel to one another, so no element may fall out of one.
    fn texts(&self, templates: &'n [Template<Place>], scope: Scope<'_, 'n>) -> Result<Value<'n>, Fault> {
        let mut json = String::from("[");
        for (index, template) in templates.iter().enumerate() {
            let Some(text) = self.template(template, scope)? else {
                let reason =
                    format!("element {index} is empty, and an element of a list cannot be left out; add |or('…')");
                return Err(Fault::Expression {
                    reason,
                    value: String::new(),
                });
            };
            if index > 0 {
                json.push(',');
            }
            dukou_sdk::json::push_text(&mut json, &text);
        }
        json.push(']');
        Ok(Some(Cow::Owned(json)))
    }

    /// A template's text. An empty placeholder empties the whole.
    fn template(&self, template: &'n Template<Place>, scope: Scope<'_, 'n>) -> Result<Value<'n>, Fault> {
        if let [Part::Placeholder(pipe)] = template.parts.as_slice() {
            return self.pipe(pipe, scope);
        }
        let mut whole = String::new();
        let (mut empty, mut failed) = (false, None);
        for part in &template.parts {
            match part {
                Part::Literal(text) => whole.push_str(text),
                // Every placeholder is tried even after a fault, so that all its look-ups are noted.
                Part::Placeholder(pipe) => match self.pipe(pipe, scope) {
                    Ok(Some(text)) => whole.push_str(&text),
                    Ok(None) => empty = true,
                    Err(fault) => failed = failed.or(Some(fault)),
                },
            }
        }
        match failed {
            Some(fault) => Err(fault),
            None => Ok(if empty {
                None
            } else {
                convert::present(Cow::Owned(whole))
            }),
        }
    }

    fn pipe(&self, pipe: &'n Pipe<Place>, scope: Scope<'_, 'n>) -> Result<Value<'n>, Fault> {
        let Some(walk) = pipe.walk else {
            return self.stages(self.expr(&pipe.source, scope), &pipe.stages, scope);
        };
        let aggregates = |stage: &Stage<Place>| matches!(stage, Stage::First | Stage::Join(_) | Stage::Sum);
        let at = pipe.stages.iter().position(aggregates).unwrap_or(pipe.stages.len());
        let (before, rest) = pipe.stages.split_at(at);
        let Some((aggregate, after)) = rest.split_first() else {
            return Err(unresolved());
        };
        let mut values = Vec::new();
        let mut pending = false;
        for chain in self.walk(walk, scope)? {
            let scope = Scope { chain, ..scope };
            match self.stages(self.expr(&pipe.source, scope), before, scope) {
                Ok(value) => values.extend(value),
                Err(Fault::Pending) => pending = true,
                Err(fault) => return Err(fault),
            }
        }
        if pending {
            return Err(Fault::Pending);
        }
        let value = match aggregate {
            Stage::First => values.into_iter().next(),
            Stage::Join(_) if values.is_empty() => None,
            Stage::Join(separator) => Some(Cow::Owned(values.join(separator.as_str()))),
            _ => {
                let mut total = None;
                for value in &values {
                    total = Some(add(total, convert::decimal(value)?)?);
                }
                total.map(|total| Cow::Owned(convert::plain(total)))
            }
        };
        self.stages(Ok(value), after, scope)
    }

    fn stages(
        &self,
        mut value: Result<Value<'n>, Fault>,
        stages: &'n [Stage<Place>],
        scope: Scope<'_, 'n>,
    ) -> Result<Value<'n>, Fault> {
        for stage in stages {
            value = match (stage, value) {
                (Stage::Or(other), Ok(None) | Err(Fault::Miss { .. })) => self.expr(other, scope),
                (_, value @ (Ok(None) | Err(_))) => value,
                (Stage::Or(_) | Stage::Archive(_), value) => value,
                (Stage::Format(format), Ok(Some(text))) => {
                    convert::format(*format, text, self.program.zone).map(|value| value.and_then(convert::present))
                }
                (Stage::Lookup { table, column }, Ok(Some(key))) => {
                    self.lookup(table, column.as_deref(), &key).map(Some)
                }
                (Stage::First | Stage::Join(_) | Stage::Sum, Ok(Some(_))) => Err(unresolved()),
            };
        }
        value
    }

    fn lookup(&self, table: &str, column: Option<&str>, key: &str) -> Result<Cow<'n, str>, Fault> {
        let answer = self.answers.find(table, key).ok_or(Fault::Pending)?;
        answer.column(column).map(Cow::Borrowed).map_err(|detail| {
            if answer.is_miss(column) {
                Fault::Miss {
                    table: table.to_owned(),
                    key: key.to_owned(),
                    detail,
                }
            } else {
                Fault::Expression {
                    reason: format!("table {table} {detail} for key"),
                    value: key.to_owned(),
                }
            }
        })
    }

    fn expr(&self, expr: &'n Expr<Place>, scope: Scope<'_, 'n>) -> Result<Value<'n>, Fault> {
        match expr {
            Expr::Path(place) => field(self.program, *place, scope.chain),
            Expr::GroupKey => Ok(convert::present(Cow::Borrowed(self.group_key))),
            Expr::Text(text) | Expr::Number(text, _) => Ok(convert::present(Cow::Borrowed(text))),
            Expr::Negate(_) | Expr::Binary(..) | Expr::Sum(..) => Ok(self
                .number(expr, scope)?
                .map(|number| Cow::Owned(convert::plain(number)))),
        }
    }

    /// An operand's number. Nothing if any part of it is empty.
    fn number(&self, expr: &'n Expr<Place>, scope: Scope<'_, 'n>) -> Result<Option<Decimal>, Fault> {
        match expr {
            Expr::Number(_, value) => Ok(Some(*value)),
            Expr::Path(place) => {
                let Some(text) = field(self.program, *place, scope.chain)? else {
                    return Ok(None);
                };
                let number = convert::decimal(&text);
                number.map(Some).map_err(|_| Fault::Expression {
                    reason: format!("{} is not a number", self.program.shape.path(*place)),
                    value: text.into_owned(),
                })
            }
            Expr::Text(_) | Expr::GroupKey => Err(unresolved()),
            Expr::Negate(operand) => Ok(self.number(operand, scope)?.map(|number| -number)),
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.number(left, scope)?, self.number(right, scope)?);
                let Some((left, right)) = left.zip(right) else {
                    return Ok(None);
                };
                compute(*operator, left, right).map(Some)
            }
            Expr::Sum(operand, walk) => {
                let mut total = None;
                for chain in self.walk(*walk, scope)? {
                    if let Some(number) = self.number(operand, Scope { chain, ..scope })? {
                        total = Some(add(total, number)?);
                    }
                }
                Ok(total)
            }
        }
    }

    /// The elements of a level below the scope's starts, without those that were dropped.
    fn walk(&self, walk: usize, scope: Scope<'_, 'n>) -> Result<Vec<Chain<'n>>, Fault> {
        let mut found = Vec::new();
        for start in scope.starts {
            self.descend(*start, scope.level, walk, &mut found)?;
        }
        Ok(found)
    }

    fn descend(&self, start: Chain<'n>, from: usize, to: usize, found: &mut Vec<Chain<'n>>) -> Result<(), Fault> {
        if from == to {
            found.push(start);
            return Ok(());
        }
        if to == ROOT {
            return Err(unresolved());
        }
        let shape = &self.program.shape;
        let mut outer = Vec::new();
        self.descend(start, from, shape.levels[to].parent, &mut outer)?;
        for chain in outer {
            let elements = chain.elements(shape, to).map_err(|wrong| Fault::Type {
                expected: format!("a list ({})", wrong.path),
                value: wrong.found,
            })?;
            let depth = shape.levels[to].depth;
            found.extend(
                elements
                    .into_iter()
                    .filter(|element| element.nodes[depth].is_some_and(|node| !node.dropped.get())),
            );
        }
        Ok(())
    }
}

/// A field's text, or nothing. An object or a list is a fault.
pub(crate) fn field<'n>(program: &Program, place: Place, chain: Chain<'n>) -> Result<Value<'n>, Fault> {
    let depth = program.shape.levels[place.level].depth;
    match chain.nodes[depth] {
        None => Ok(None),
        Some(node) => convert::from_scalar(node.scalar(place.slot)),
    }
}

fn compute(operator: Operator, left: Decimal, right: Decimal) -> Result<Decimal, Fault> {
    let (sign, result) = match operator {
        Operator::Add => ("+", left.checked_add(right)),
        Operator::Subtract => ("-", left.checked_sub(right)),
        // Products and quotients have no scale of their own worth keeping.
        Operator::Multiply => ("*", left.checked_mul(right).map(|product| product.normalize())),
        Operator::Divide if right.is_zero() => {
            let value = format!("{left} / {right}");
            return Err(Fault::Expression {
                reason: "division by zero".to_owned(),
                value,
            });
        }
        Operator::Divide => ("/", left.checked_div(right).map(|quotient| quotient.normalize())),
    };
    result.ok_or_else(|| Fault::Expression {
        reason: "the result has too many digits".to_owned(),
        value: format!("{left} {sign} {right}"),
    })
}

/// The sum so far and one more.
pub(crate) fn add(total: Option<Decimal>, number: Decimal) -> Result<Decimal, Fault> {
    compute(Operator::Add, total.unwrap_or(Decimal::ZERO), number)
}

/// What `resolve.rs` rules out. A defect there must reject and never yield a value.
fn unresolved() -> Fault {
    Fault::Expression {
        reason: "the expression was not resolved".to_owned(),
        value: String::new(),
    }
}
