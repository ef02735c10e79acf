//! From settings and catalogues to a [`Program`]: every row finds its field, every list its source, every rule its
//! scope. All errors are found in one pass, so that a consultant corrects a table once.

use crate::bind::{self, Binding};
use crate::condition;
use crate::errors::{Findings, hint};
use crate::layout;
use crate::program::{Kind, List, Merge, Program, Row, Rule};
use crate::resolve;
use crate::rows::Rows;
use crate::settings::{RawMerge, RawRow, RawRule, RawSettings, RawValue};
use crate::shape::{ROOT, Shape};
use crate::target::Target;
use dukou_sdk::date::Zone;
use dukou_sdk::environment::{Environment, FieldType};

/// Compiles the table. `None` if `findings` has errors afterwards.
pub(crate) fn compile(raw: RawSettings, environment: Environment, findings: &mut Findings) -> Option<Program> {
    let zone = environment.zone().unwrap_or_else(|error| {
        findings.add(error.path, &error.code, error.message);
        Zone::SHANGHAI
    });
    let target = Target::new(environment.target.unwrap_or_default(), &raw.declared, findings);
    let mut shape = Shape::new(environment.source.as_ref());
    let bindings = bind::bindings(&target, &raw.rows, raw.lines, &mut shape, findings);
    let rows = Rows {
        shape,
        zone,
        tables: Vec::new(),
        rounds: 0,
        findings,
    };
    let program = Compiler { target, rows }.program(&raw.rows, &raw.skip, bindings);
    findings.is_empty().then_some(program)
}

struct Compiler<'f> {
    target: Target,
    rows: Rows<'f>,
}

impl Compiler<'_> {
    fn program(mut self, table: &[RawRow], skip: &[RawRule], mut bindings: Vec<Binding>) -> Program {
        let mut head = Vec::new();
        for row in table {
            let Some(field) = self.target.field(&row.target).cloned() else {
                let message = self.target.unknown_field(&row.target);
                self.add(&row.target, "field.unknown", message);
                continue;
            };
            if field.kind == FieldType::Array || matches!(row.value, RawValue::Removed | RawValue::Wrong) {
                continue;
            }
            let Some(list) = self.target.list_of(&row.target) else {
                head.extend(self.rows.row(row, &field, ROOT, &self.target.api));
                continue;
            };
            match bindings.iter_mut().find(|binding| binding.target == list) {
                Some(Binding {
                    level: Some(level),
                    rows,
                    ..
                }) => {
                    rows.extend(self.rows.row(row, &field, *level, &self.target.api));
                }
                // The binding is wrong: that has been told, and nothing can be said about its rows.
                Some(_) => {}
                None => {
                    let message =
                        format!("{list} is bound to no list of the source; add {list} = \"details_list\" above it");
                    self.add(&row.target, "array.unbound", message);
                }
            }
        }
        self.required(table, &bindings);
        let mut lists = Vec::with_capacity(bindings.len());
        for binding in bindings {
            lists.extend(self.list(binding));
        }
        let skip = skip.iter().filter_map(|rule| self.rule(rule, ROOT)).collect();
        let layout = layout::document(table, &head, &lists, self.rows.findings);
        let Rows {
            shape,
            zone,
            tables,
            rounds,
            ..
        } = self.rows;
        Program {
            shape,
            zone,
            wrapper: self.target.wrapper,
            head,
            lists,
            layout,
            skip,
            tables,
            rounds,
        }
    }

    /// Every required field has a row, unless its list is not bound.
    fn required(&mut self, table: &[RawRow], bindings: &[Binding]) {
        let bound = |path: &str| bindings.iter().any(|binding| binding.target == path);
        for field in self.target.required() {
            if self.target.list_of(&field.path).is_some_and(|list| !bound(list)) || bound(&field.path) {
                continue;
            }
            let api = &self.target.api;
            let row = table.iter().find(|row| row.target == field.path);
            let (code, message) = match row.map(|row| &row.value) {
                Some(RawValue::Template(text)) if field.kind == FieldType::Array && text.trim().is_empty() => (
                    "required.empty",
                    format!("{api} requires this list; name a list of the source"),
                ),
                None | Some(RawValue::Removed) => {
                    let message = format!(
                        "{api} requires {} ({}); add \"{}\" = \"…\"",
                        field.path, field.label, field.path
                    );
                    ("required.missing", message)
                }
                Some(_) => continue,
            };
            self.rows.findings.add(format!("fields.{}", field.path), code, message);
        }
    }

    fn list(&mut self, binding: Binding) -> Option<List> {
        let Binding {
            target,
            level,
            rows,
            lines,
        } = binding;
        let level = level?;
        let drop = lines.drop.iter().filter_map(|rule| self.rule(rule, level)).collect();
        let merge = lines.merge.and_then(|merge| self.merge(&target, &rows, &merge));
        let layout = layout::line(&target, &rows, self.rows.findings);
        let required = self.target.field(&target).is_some_and(|field| field.required);
        let outermost = bind::outermost(&self.rows.shape, level);
        Some(List {
            target,
            level,
            outermost,
            required,
            rows,
            layout,
            drop,
            merge,
        })
    }

    fn merge(&mut self, target: &str, rows: &[Row], merge: &RawMerge) -> Option<Merge> {
        let path = format!("lines.{target}.merge");
        if merge.by.is_empty() {
            self.rows.findings.add(
                format!("{path}.by"),
                "merge.by",
                "by names at least one field of the line",
            );
            return None;
        }
        let prefix = format!("{target}.");
        let names: Vec<&str> = rows.iter().map(|row| &row.target[prefix.len()..]).collect();
        let find = |name: &String, key: &str, findings: &mut Findings| {
            let short = name.strip_prefix(&prefix).unwrap_or(name);
            let found = names.iter().position(|known| *known == short);
            if found.is_none() {
                let message = format!("no row {target}.{short} is mapped{}", hint(short, &names));
                findings.add(format!("{path}.{key}"), "merge.field", message);
            }
            found
        };
        let by: Vec<usize> = merge
            .by
            .iter()
            .filter_map(|name| find(name, "by", self.rows.findings))
            .collect();
        let sum: Vec<usize> = merge
            .sum
            .iter()
            .filter_map(|name| find(name, "sum", self.rows.findings))
            .collect();
        for row in &sum {
            let Row { kind, target, .. } = &rows[*row];
            if by.contains(row) {
                self.rows.findings.add(
                    format!("{path}.sum"),
                    "merge.field",
                    format!("{target} stands in by and in sum"),
                );
            } else if !matches!(kind, Kind::Decimal | Kind::Integer) {
                self.rows.findings.add(
                    format!("{path}.sum"),
                    "merge.type",
                    format!("{target} is no number and cannot be summed"),
                );
            }
        }
        Some(Merge { by, sum })
    }

    fn rule(&mut self, raw: &RawRule, scope: usize) -> Option<Rule> {
        let path = format!("{}.when", raw.path);
        let parsed = match condition::parse(&raw.when) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.rows.findings.add(path, error.code, error.describe());
                return None;
            }
        };
        match resolve::condition(&mut self.rows.shape, scope, parsed) {
            Ok((condition, level)) => Some(Rule {
                condition,
                level,
                reason: raw.reason.clone(),
                text: raw.when.clone(),
            }),
            Err(message) => {
                self.rows
                    .findings
                    .add(path, "when.scope", format!("{}: {message}", raw.when));
                None
            }
        }
    }
    fn add(&mut self, target: &str, code: &str, message: String) {
        self.rows.findings.add(format!("fields.{target}"), code, message);
    }
}
