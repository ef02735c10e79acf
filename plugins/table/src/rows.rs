//! One row of the table: its field's kind, its templates over places, and constants converted ahead of any record.

use crate::convert;
use crate::errors::Findings;
use crate::program::{Kind, Row, RowValue};
use crate::resolve::{Resolver, Uses};
use crate::settings::{RawRow, RawValue};
use crate::shape::{Place, Shape};
use crate::template::{self, Part, Template};
use dukou_sdk::date::Zone;
use dukou_sdk::environment::{Field, FieldType};

/// What rows leave behind while they are compiled.
#[derive(Debug)]
pub(crate) struct Rows<'f> {
    /// Where source fields get their places.
    pub(crate) shape: Shape,
    /// Zone of the scheme.
    pub(crate) zone: Zone,
    /// Tables that `lookup` names, in order.
    pub(crate) tables: Vec<String>,
    /// The most look-ups in one placeholder.
    pub(crate) rounds: usize,
    /// What is wrong.
    pub(crate) findings: &'f mut Findings,
}

impl Rows<'_> {
    /// Compiles a row whose lines are the elements of `scope`. `None` if something is wrong, which is told.
    pub(crate) fn row(&mut self, raw: &RawRow, field: &Field, scope: usize, api: &str) -> Option<Row> {
        let path = format!("fields.{}", raw.target);
        let kind = match kind(field) {
            Ok(kind) => kind,
            Err((code, message)) => {
                self.findings.add(path, code, message);
                return None;
            }
        };
        let (texts, shown) = match &raw.value {
            RawValue::Template(text) => (std::slice::from_ref(text), text.clone()),
            RawValue::List(texts) => (texts.as_slice(), texts.join(", ")),
            RawValue::Removed | RawValue::Wrong => return None,
        };
        if matches!(raw.value, RawValue::List(_)) && kind != Kind::Texts {
            self.findings
                .add(path, "row.type", "this field takes one value, not a list");
            return None;
        }
        let (templates, uses) = self.templates(texts, scope, &path)?;
        self.rounds = self.rounds.max(uses.rounds);
        for table in &uses.tables {
            if !self.tables.contains(table) {
                self.tables.push(table.clone());
            }
        }
        let value = self.value(templates, &kind, &path)?;
        if field.required && matches!(value, RowValue::Constant(None)) {
            self.findings.add(
                path,
                "required.empty",
                format!("{api} requires this field; give it a value"),
            );
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

    fn templates(&mut self, texts: &[String], scope: usize, path: &str) -> Option<(Vec<Template<Place>>, Uses)> {
        let mut resolver = Resolver {
            shape: &mut self.shape,
            scope,
            uses: Uses::default(),
        };
        let mut templates = Vec::with_capacity(texts.len());
        for text in texts {
            let parsed = template::parse(text).map_err(|error| (error.code, error.describe()));
            match parsed.and_then(|parsed| resolver.template(parsed)) {
                Ok(resolved) => templates.push(resolved),
                Err((code, message)) => self.findings.add(path, code, message),
            }
        }
        (templates.len() == texts.len()).then_some((templates, resolver.uses))
    }

    /// A row's value. A constant of the wrong type is an error of the settings, not of every record.
    fn value(&mut self, mut templates: Vec<Template<Place>>, kind: &Kind, path: &str) -> Option<RowValue> {
        if *kind == Kind::Texts {
            let empty = templates.iter().all(|template| template.parts.is_empty());
            return Some(if empty {
                RowValue::Constant(None)
            } else {
                RowValue::Texts(templates)
            });
        }
        let template = templates.pop()?;
        let text = match template.parts.as_slice() {
            [] => "",
            [Part::Literal(text)] => text,
            _ => return Some(RowValue::Template(template)),
        };
        if dukou_sdk::scalar::is_empty_text(text) {
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
}

/// What a field of the catalogue takes, or why a row cannot fill it.
fn kind(field: &Field) -> Result<Kind, (&'static str, &'static str)> {
    Ok(match field.kind {
        FieldType::Text => Kind::Text,
        FieldType::Integer => Kind::Integer,
        FieldType::Decimal => Kind::Decimal,
        FieldType::Date => Kind::Date,
        FieldType::Datetime => Kind::DateTime,
        FieldType::Boolean => Kind::Boolean,
        FieldType::Reference => Kind::Reference(field.by.clone().unwrap_or_else(|| "Code".to_owned())),
        FieldType::ArrayOfText => Kind::Texts,
        FieldType::Object => {
            return Err((
                "field.object",
                "this is an object; map its fields, each with its own row",
            ));
        }
        FieldType::Array | FieldType::Other => {
            return Err((
                "field.type",
                "the catalogue gives this field a type that this plugin does not know",
            ));
        }
    })
}
