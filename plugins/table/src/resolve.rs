//! From names to places: templates and conditions as they were written become ones over a [`Shape`], and it is checked
//! that every field has exactly one value where it is used. It reads no record.

use crate::condition::Condition;
use crate::shape::{Place, ROOT, Shape};
use crate::template::{Expr, Part, Pipe, Stage, Template};

/// What is wrong with a placeholder, for the author: a `template.*` code and a message.
pub(crate) type Wrong = (&'static str, String);

/// What a template turned out to use.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Fields, in order.
    pub(crate) places: Vec<Place>,
    /// Tables of `lookup`, in order.
    pub(crate) tables: Vec<String>,
    /// The most look-ups in one placeholder.
    pub(crate) rounds: usize,
    /// Whether a field is read outside of aggregates.
    pub(crate) per_member: bool,
    /// Whether `sum` is used.
    pub(crate) totals: bool,
    /// Whether `group.key` is used.
    pub(crate) group_key: bool,
}

/// Resolves the templates of one row.
pub(crate) struct Resolver<'s> {
    /// Where slots are made.
    pub(crate) shape: &'s mut Shape,
    /// The level whose elements the row stands for.
    pub(crate) scope: usize,
    /// What has been used so far.
    pub(crate) uses: Uses,
}

impl Resolver<'_> {
    /// The template over places.
    pub(crate) fn template(&mut self, template: Template<String>) -> Result<Template<Place>, Wrong> {
        let mut parts = Vec::with_capacity(template.parts.len());
        for part in template.parts {
            parts.push(match part {
                Part::Literal(text) => Part::Literal(text),
                Part::Placeholder(pipe) => {
                    let text = pipe.text.clone();
                    let quoted = |(code, message): Wrong| (code, format!("{text}: {message}"));
                    Part::Placeholder(self.pipe(pipe).map_err(quoted)?)
                }
            });
        }
        Ok(Template { parts })
    }

    fn pipe(&mut self, pipe: Pipe<String>) -> Result<Pipe<Place>, Wrong> {
        let aggregates = |stage: &Stage<String>| matches!(stage, Stage::First | Stage::Join(_) | Stage::Sum);
        let at = pipe.stages.iter().position(aggregates);
        if pipe.stages.iter().filter(|stage| aggregates(stage)).count() > 1 {
            return Err((
                "template.scope",
                "first(), join() and sum() yield one value; use one of them".to_owned(),
            ));
        }
        let mut inner = Vec::new();
        paths(&pipe.source, &mut inner);
        for stage in &pipe.stages[..at.unwrap_or(0)] {
            if let Stage::Or(other) = stage {
                paths(other, &mut inner);
            }
        }
        let walk = match at {
            None => self.scope,
            Some(_) if has_sum(&pipe.source) => {
                return Err(("template.scope", "sum(…) inside another total".to_owned()));
            }
            Some(at) => self.walk(&inner, stage_name(&pipe.stages[at]))?,
        };
        let outside = self.scope;
        let source = self.expr(pipe.source, walk, at.is_some())?;
        let mut stages = Vec::with_capacity(pipe.stages.len());
        let mut lookups = 0;
        for (index, stage) in pipe.stages.into_iter().enumerate() {
            let inside = at.is_some_and(|at| index < at);
            stages.push(match stage {
                Stage::Format(format) => Stage::Format(format),
                Stage::Lookup { table, column } => {
                    lookups += 1;
                    if !self.uses.tables.contains(&table) {
                        self.uses.tables.push(table.clone());
                    }
                    Stage::Lookup { table, column }
                }
                Stage::Or(other) if inside && has_sum(&other) => {
                    return Err(("template.scope", "sum(…) inside another total".to_owned()));
                }
                Stage::Or(other) => Stage::Or(self.expr(other, if inside { walk } else { outside }, inside)?),
                Stage::Archive(name) => Stage::Archive(name),
                Stage::First => Stage::First,
                Stage::Join(separator) => Stage::Join(separator),
                Stage::Sum => {
                    self.uses.totals = true;
                    Stage::Sum
                }
            });
        }
        self.uses.rounds = self.uses.rounds.max(lookups);
        Ok(Pipe {
            text: pipe.text,
            source,
            stages,
            walk: at.map(|_| walk),
        })
    }

    /// An expression of which every field must stand at `level` or enclose it.
    fn expr(&mut self, expr: Expr<String>, level: usize, aggregated: bool) -> Result<Expr<Place>, Wrong> {
        Ok(match expr {
            Expr::Path(path) => {
                let place = self.place(&path)?;
                if !self.shape.encloses(place.level, level) {
                    return Err(self.out_of_scope(&path, place, level));
                }
                self.uses.per_member |= !aggregated;
                Expr::Path(place)
            }
            Expr::GroupKey => {
                self.uses.group_key = true;
                Expr::GroupKey
            }
            Expr::Text(text) => Expr::Text(text),
            Expr::Number(text, value) => Expr::Number(text, value),
            Expr::Negate(operand) => Expr::Negate(Box::new(self.expr(*operand, level, aggregated)?)),
            Expr::Binary(operator, left, right) => Expr::Binary(
                operator,
                Box::new(self.expr(*left, level, aggregated)?),
                Box::new(self.expr(*right, level, aggregated)?),
            ),
            Expr::Sum(operand, _) => {
                if has_sum(&operand) {
                    return Err(("template.scope", "sum(…) inside another sum(…)".to_owned()));
                }
                let mut inner = Vec::new();
                paths(&operand, &mut inner);
                let walk = self.walk(&inner, "sum()")?;
                self.uses.totals = true;
                Expr::Sum(Box::new(self.expr(*operand, walk, true)?), walk)
            }
        })
    }

    /// The level that an aggregate walks: the deepest of its fields.
    fn walk(&mut self, inner: &[String], name: &str) -> Result<usize, Wrong> {
        let mut deepest: Option<usize> = None;
        for path in inner {
            let level = self.place(path)?.level;
            if deepest.is_none_or(|deepest| self.shape.encloses(deepest, level)) {
                deepest = Some(level);
            }
        }
        let Some(walk) = deepest else {
            return Err(("template.scope", format!("{name} needs a source field to walk over")));
        };
        if !self.shape.encloses(self.scope, walk) || (self.scope == walk && walk != ROOT) {
            let message = format!(
                "there is one value per line of {} already; {name} belongs to fields of a list inside it, or to a row \
                 outside of the lines",
                self.shape.levels[self.scope].path
            );
            return Err(("template.scope", message));
        }
        Ok(walk)
    }

    fn place(&mut self, path: &str) -> Result<Place, Wrong> {
        let place = self.shape.place(path).map_err(|message| ("template.path", message))?;
        self.uses.places.push(place);
        Ok(place)
    }

    fn out_of_scope(&self, path: &str, place: Place, level: usize) -> Wrong {
        let list = &self.shape.levels[place.level].path;
        if self.shape.encloses(level, place.level) {
            let message = format!(
                "{path} has a value for each element of {list}; use first(), join(', ') or sum(), or bind the row's \
                 lines to {list} with each"
            );
            return ("template.list", message);
        }
        (
            "template.scope",
            format!("{path} stands in {list}, which this row does not walk"),
        )
    }
}

/// Resolves a condition whose fields must stand at `scope` or enclose it. Answers with the deepest level it reads.
pub(crate) fn condition(
    shape: &mut Shape,
    scope: usize,
    condition: Condition<String>,
) -> Result<(Condition<Place>, usize), String> {
    let mut deepest = ROOT;
    let resolved = condition.resolve(&mut |path: String| {
        let place = shape.place(&path)?;
        if !shape.encloses(place.level, scope) {
            let list = &shape.levels[place.level].path;
            return Err(format!(
                "{path} has a value for each element of {list}, which this rule does not walk"
            ));
        }
        if shape.encloses(deepest, place.level) {
            deepest = place.level;
        }
        Ok(place)
    })?;
    Ok((resolved, deepest))
}

fn paths(expr: &Expr<String>, found: &mut Vec<String>) {
    match expr {
        Expr::Path(path) => found.push(path.clone()),
        Expr::Negate(operand) | Expr::Sum(operand, _) => paths(operand, found),
        Expr::Binary(_, left, right) => {
            paths(left, found);
            paths(right, found);
        }
        Expr::GroupKey | Expr::Text(_) | Expr::Number(..) => {}
    }
}

fn has_sum(expr: &Expr<String>) -> bool {
    match expr {
        Expr::Sum(..) => true,
        Expr::Negate(operand) => has_sum(operand),
        Expr::Binary(_, left, right) => has_sum(left) || has_sum(right),
        Expr::Path(_) | Expr::GroupKey | Expr::Text(_) | Expr::Number(..) => false,
    }
}

fn stage_name<P>(stage: &Stage<P>) -> &'static str {
    match stage {
        Stage::First => "first()",
        Stage::Join(_) => "join()",
        _ => "sum()",
    }
}
