//! From settings and catalogues to a [`Program`]: every row finds its field, every template its places, every rule its
//! list. All errors are found in one pass, so that a consultant corrects a table once.

use crate::condition;
use crate::convert;
use crate::errors::{Findings, hint};
use crate::layout;
use crate::program::{Kind, List, Merge, Program, Row, RowValue, Rule};
use crate::resolve::{self, Resolver, Uses};
use crate::settings::{RawLines, RawMerge, RawRow, RawRule, RawSettings, RawValue};
use crate::shape::{ROOT, Shape};
use crate::template::{self, Part, Template};
use dukou_sdk::date::Zone;
use dukou_sdk::environment::{Catalogue, Environment, Field, FieldType};

/// Compiles the table. `None` if `findings` got errors that leave no program.
pub(crate) fn compile(raw: RawSettings, environment: &Environment, findings: &mut Findings) -> Option<Program> {
    let zone = environment.zone().unwrap_or_else(|error| {
        findings.add(error.path, &error.code, error.message);
        Zone::SHANGHAI
    });
    let target = environment.target.clone().unwrap_or_default();
    let fields = target_fields(&target, &raw.declared, findings);
    let mut compiler = Compiler {
        wrapper: target.wrapper.clone().filter(|wrapper| !wrapper.is_empty()),
        api: target.api,
        fields,
        shape: Shape::new(environment.source.as_ref()),
        zone,
        tables: Vec::new(),
        rounds: 0,
        broken: Vec::new(),
        findings,
    };
    let program = compiler.program(raw);
    findings.is_empty().then_some(program)
}

/// The catalogue's fields and the declared ones.
fn target_fields(target: &Catalogue, declared: &[Field], findings: &mut Findings) -> Vec<Field> {
    let mut fields = target.fields.clone();
    for field in declared {
        match target.field(&field.path) {
            None => fields.push(field.clone()),
            Some(known) if known.kind == field.kind && (field.by.is_none() || known.by == field.by) => {}
            Some(_) => findings.add(
                format!("declare.{}", field.path),
                "declare.known",
                "the catalogue has this field with another type; delete the declaration",
            ),
        }
    }
    fields
}

struct Compiler<'f> {
    wrapper: Option<String>,
    api: String,
    fields: Vec<Field>,
    shape: Shape,
    zone: Zone,
    tables: Vec<String>,
    rounds: usize,
    /// Lists whose binding is wrong and has been told; nothing more is said about their rows.
    broken: Vec<String>,
    findings: &'f mut Findings,
}

/// A list of the target while its rows are gathered.
struct Binding {
    target: String,
    level: usize,
    required: bool,
    rows: Vec<Row>,
    lines: RawLines,
}

impl Compiler<'_> {
    fn program(&mut self, mut raw: RawSettings) -> Program {
        let mut bindings = self.bindings(&raw.rows, &mut raw.lines);
        let mut head = Vec::new();
        for row in &raw.rows {
            let Some(field) = self.field(row) else { continue };
            if matches!(field.kind, FieldType::Array) || matches!(row.value, RawValue::Removed | RawValue::Wrong) {
                continue;
            }
            match self.list_of(&row.target) {
                None => head.extend(self.row(row, &field, ROOT)),
                Some(list) => match bindings.iter().position(|binding| binding.target == list) {
                    Some(index) => {
                        let level = bindings[index].level;
                        let row = self.row(row, &field, level);
                        bindings[index].rows.extend(row);
                    }
                    None => self.unbound(&list, &row.target),
                },
            }
        }
        self.required(&raw.rows, &bindings);
        let mut lists = Vec::with_capacity(bindings.len());
        for binding in bindings {
            lists.push(self.list(binding));
        }
        let skip = raw.skip.iter().filter_map(|rule| self.rule(rule, ROOT)).collect();
        let layout = layout::document(&raw.rows, &head, &lists, self.findings);
        Program {
            shape: std::mem::replace(&mut self.shape, Shape::new(None)),
            zone: self.zone,
            wrapper: self.wrapper.clone(),
            head,
            lists,
            layout,
            skip,
            tables: std::mem::take(&mut self.tables),
            rounds: self.rounds,
        }
    }

    /// The rows that bind a list of the target to one of the source, before anything else is resolved: they say which
    /// source paths are lists.
    fn bindings(&mut self, rows: &[RawRow], lines: &mut Vec<(String, RawLines)>) -> Vec<Binding> {
        let mut bound: Vec<(String, String, RawLines)> = Vec::new();
        for row in rows {
            let Some(field) = self.fields.iter().find(|field| field.path == row.target) else {
                continue;
            };
            if field.kind != FieldType::Array {
                continue;
            }
            let path = format!("fields.{}", row.target);
            if self.list_of(&row.target).is_some() {
                self.findings.add(
                    path,
                    "array.nested",
                    "a list inside another list of the target is not supported",
                );
                continue;
            }
            match &row.value {
                RawValue::Removed => {}
                RawValue::Wrong => self.broken.push(row.target.clone()),
                RawValue::Template(text) if text.trim().is_empty() => {}
                RawValue::Template(text) => {
                    let name = text.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
                    bound.push((row.target.clone(), name.to_owned(), RawLines::default()));
                }
                RawValue::List(_) => {
                    self.broken.push(row.target.clone());
                    self.findings.add(
                        path,
                        "array.binding",
                        "write the name of the source's list: \"details_list\"",
                    );
                }
            }
        }
        for (target, settings) in std::mem::take(lines) {
            if let Some(binding) = bound.iter_mut().find(|binding| binding.0 == target) {
                binding.2 = settings;
            } else if let (Some(FieldType::Array), Some(each)) = (self.kind_of(&target), settings.each.clone()) {
                bound.push((target, each, settings));
            } else {
                self.unknown_lines(&target);
            }
        }
        let walked = |binding: &(String, String, RawLines)| binding.2.each.clone().unwrap_or_else(|| binding.1.clone());
        for binding in &bound {
            for path in [&binding.1, &walked(binding)] {
                if plain_path(path) {
                    self.shape.declare_list(path);
                }
            }
        }
        bound
            .into_iter()
            .filter_map(|(target, source, lines)| self.binding(target, &source, lines))
            .collect()
    }

    fn binding(&mut self, target: String, source: &str, lines: RawLines) -> Option<Binding> {
        match self.walked_level(&target, source, lines.each.as_deref()) {
            Ok(level) => {
                let required = self.fields.iter().any(|field| field.path == target && field.required);
                Some(Binding {
                    target,
                    level,
                    required,
                    rows: Vec::new(),
                    lines,
                })
            }
            Err((path, code, message)) => {
                self.findings.add(path, code, message);
                self.broken.push(target);
                None
            }
        }
    }

    /// The level of the list that `each` names, or the row if there is no `each`.
    fn walked_level(
        &mut self,
        target: &str,
        source: &str,
        each: Option<&str>,
    ) -> Result<usize, (String, &'static str, String)> {
        if !plain_path(source) {
            let message = format!("{source} is no name of a list of the source; write it like \"details_list\"");
            return Err((format!("fields.{target}"), "array.binding", message));
        }
        let path = format!("lines.{target}.each");
        let each = each.unwrap_or(source);
        let inside = each
            .strip_prefix(source)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if !plain_path(each) || !inside {
            let message =
                format!("each names {source}, to which the row binds the lines, or a list inside it: {source}.…");
            return Err((path, "lines.each", message));
        }
        self.shape.list(each).map_err(|message| (path, "lines.each", message))
    }

    fn list(&mut self, binding: Binding) -> List {
        let Binding {
            target,
            level,
            required,
            rows,
            lines,
        } = binding;
        let drop = lines.drop.iter().filter_map(|rule| self.rule(rule, level)).collect();
        let merge = lines.merge.and_then(|merge| self.merge(&target, &rows, &merge));
        let layout = layout::line(&target, &rows, self.findings);
        List {
            target,
            level,
            required,
            rows,
            layout,
            drop,
            merge,
        }
    }

    fn merge(&mut self, target: &str, rows: &[Row], merge: &RawMerge) -> Option<Merge> {
        let path = format!("lines.{target}.merge");
        if merge.by.is_empty() {
            self.findings.add(
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
            .filter_map(|name| find(name, "by", self.findings))
            .collect();
        let sum: Vec<usize> = merge
            .sum
            .iter()
            .filter_map(|name| find(name, "sum", self.findings))
            .collect();
        for row in &sum {
            let Row { kind, target, .. } = &rows[*row];
            if by.contains(row) {
                self.findings.add(
                    format!("{path}.sum"),
                    "merge.field",
                    format!("{target} stands in by and in sum"),
                );
            } else if !matches!(kind, Kind::Decimal | Kind::Integer) {
                self.findings.add(
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
                self.findings.add(path, error.code, error.describe());
                return None;
            }
        };
        match resolve::condition(&mut self.shape, scope, parsed) {
            Ok((condition, level)) => Some(Rule {
                condition,
                level,
                reason: raw.reason.clone(),
                text: raw.when.clone(),
            }),
            Err(message) => {
                self.findings
                    .add(path, "when.scope", format!("{}: {message}", raw.when));
                None
            }
        }
    }

    fn row(&mut self, raw: &RawRow, field: &Field, scope: usize) -> Option<Row> {
        let path = format!("fields.{}", raw.target);
        let kind = match field.kind {
            FieldType::Text => Kind::Text,
            FieldType::Integer => Kind::Integer,
            FieldType::Decimal => Kind::Decimal,
            FieldType::Date => Kind::Date,
            FieldType::Datetime => Kind::DateTime,
            FieldType::Boolean => Kind::Boolean,
            FieldType::Reference => Kind::Reference(field.by.clone().unwrap_or_else(|| "Code".to_owned())),
            FieldType::ArrayOfText => Kind::Texts,
            FieldType::Object => {
                let message = "this is an object; map its fields, each with its own row";
                self.findings.add(path, "field.object", message);
                return None;
            }
            FieldType::Array | FieldType::Other => {
                self.findings.add(
                    path,
                    "field.type",
                    "the catalogue gives this field a type that this plugin does not know",
                );
                return None;
            }
        };
        let (texts, shown) = match &raw.value {
            RawValue::Template(text) => (vec![text.as_str()], text.clone()),
            RawValue::List(texts) => (texts.iter().map(String::as_str).collect(), texts.join(", ")),
            RawValue::Removed | RawValue::Wrong => return None,
        };
        if matches!(raw.value, RawValue::List(_)) && kind != Kind::Texts {
            self.findings
                .add(path, "row.type", "this field takes one value, not a list");
            return None;
        }
        let mut resolver = Resolver {
            shape: &mut self.shape,
            scope,
            uses: Uses::default(),
        };
        let mut templates = Vec::with_capacity(texts.len());
        let mut wrong = Vec::new();
        for text in texts {
            match template::parse(text) {
                Ok(parsed) => match resolver.template(parsed) {
                    Ok(resolved) => templates.push(resolved),
                    Err((code, message)) => wrong.push((code, message)),
                },
                Err(error) => wrong.push((error.code, error.describe())),
            }
        }
        let uses = resolver.uses;
        let failed = !wrong.is_empty();
        for (code, message) in wrong {
            self.findings.add(path.clone(), code, message);
        }
        if failed {
            return None;
        }
        self.rounds = self.rounds.max(uses.rounds);
        for table in &uses.tables {
            if !self.tables.contains(table) {
                self.tables.push(table.clone());
            }
        }
        let value = self.value(templates, &kind, &path)?;
        if field.required && matches!(value, RowValue::Constant(None)) {
            let message = format!("{} requires this field; give it a value", self.api);
            self.findings.add(path, "required.empty", message);
            return None;
        }
        Some(Row {
            target: raw.target.clone(),
            kind,
            required: field.required,
            personal: field.personal || uses.places.iter().any(|place| self.shape.is_personal(*place)),
            value,
            source: uses.places.first().copied(),
            text: shown,
            per_member: uses.per_member,
            looks_up: uses.rounds > 0,
            group_key: uses.group_key,
            totals: uses.totals,
        })
    }

    /// A row's value; constants are converted here, so that a constant of the wrong type is an error of the settings.
    fn value(
        &mut self,
        mut templates: Vec<Template<crate::shape::Place>>,
        kind: &Kind,
        path: &str,
    ) -> Option<RowValue> {
        if *kind == Kind::Texts {
            let empty = templates.iter().all(|template| template.parts.is_empty());
            return Some(if empty {
                RowValue::Constant(None)
            } else {
                RowValue::Texts(templates)
            });
        }
        let template = templates.pop()?;
        let constant = match template.parts.as_slice() {
            [] => Some(String::new()),
            [Part::Literal(text)] => Some(text.clone()),
            _ => None,
        };
        let Some(text) = constant else {
            return Some(RowValue::Template(template));
        };
        if dukou_sdk::scalar::is_empty_text(&text) {
            return Some(RowValue::Constant(None));
        }
        match convert::convert(kind, text.into(), self.zone) {
            Ok(cell) => Some(RowValue::Constant(cell.map(std::borrow::Cow::into_owned))),
            Err(fault) => {
                self.findings.add(path, "field.type", fault.describe(false));
                None
            }
        }
    }

    /// The catalogue's entry for a row, or an error that says what to write.
    fn field(&mut self, row: &RawRow) -> Option<Field> {
        if let Some(field) = self.fields.iter().find(|field| field.path == row.target) {
            return Some(field.clone());
        }
        let last = row.target.rsplit('.').next().unwrap_or_default();
        let message = if last == "dataKey" {
            format!(
                "dataKey is a parameter of another platform's adapter, not a field; delete the row, the catalogue wraps \
                 the document in {} already",
                self.wrapper.as_deref().unwrap_or("what the API wants")
            )
        } else {
            let known: Vec<&str> = self.fields.iter().map(|field| field.path.as_str()).collect();
            format!(
                "{} has no field {}{}; correct the name, or declare the field under catalogues/ or in \
                 [mapping.settings.declare] as {{ type = \"text\" }}",
                if self.api.is_empty() {
                    "the target's catalogue"
                } else {
                    &self.api
                },
                row.target,
                hint(&row.target, &known)
            )
        };
        self.findings
            .add(format!("fields.{}", row.target), "field.unknown", message);
        None
    }

    /// Every required field has a row, unless its list is not bound.
    fn required(&mut self, rows: &[RawRow], bindings: &[Binding]) {
        for field in self.fields.iter().filter(|field| field.required) {
            let path = format!("fields.{}", field.path);
            let inside = self.list_of(&field.path);
            if inside.is_some_and(|list| !bindings.iter().any(|binding| binding.target == list)) {
                continue;
            }
            let row = rows.iter().find(|row| row.target == field.path);
            let bound = bindings.iter().any(|binding| binding.target == field.path);
            match row.map(|row| &row.value) {
                _ if bound => {}
                Some(RawValue::Template(text)) if field.kind == FieldType::Array && text.trim().is_empty() => {
                    let message = format!("{} requires this list; name a list of the source", self.api);
                    self.findings.add(path, "required.empty", message);
                }
                None | Some(RawValue::Removed) => {
                    let message = format!(
                        "{} requires {} ({}); add \"{}\" = \"…\"",
                        self.api, field.path, field.label, field.path
                    );
                    self.findings.add(path, "required.missing", message);
                }
                Some(_) => {}
            }
        }
    }

    fn unbound(&mut self, list: &str, row: &str) {
        if self.broken.iter().any(|broken| broken == list) {
            return;
        }
        let message = format!("{list} is bound to no list of the source; add {list} = \"details_list\" above it");
        self.findings.add(format!("fields.{row}"), "array.unbound", message);
    }

    fn unknown_lines(&mut self, target: &str) {
        let lists: Vec<&str> = self
            .fields
            .iter()
            .filter(|field| field.kind == FieldType::Array)
            .map(|field| field.path.as_str())
            .collect();
        let message = format!(
            "{target} is no list of the target that a row binds{}",
            hint(target, &lists)
        );
        self.findings.add(format!("lines.{target}"), "lines.unknown", message);
    }

    fn kind_of(&self, target: &str) -> Option<FieldType> {
        self.fields
            .iter()
            .find(|field| field.path == target)
            .map(|field| field.kind)
    }

    /// The list of the target that a path stands in.
    fn list_of(&self, path: &str) -> Option<String> {
        let is_list = |outer: &str| self.kind_of(outer) == Some(FieldType::Array);
        path.match_indices('.')
            .map(|(dot, _)| &path[..dot])
            .find(|outer| is_list(outer))
            .map(str::to_owned)
    }
}

/// Whether a text can name a source path: names and dots.
fn plain_path(text: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    text.split('.').all(plain)
}
