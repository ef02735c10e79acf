//! `[target]`, `[show]`, `[group]` and `[after_delivery]`: where documents go and under which key, what people see, how
//! records come together, and what may happen after a delivery.

use std::ops::Range;

use chrono::NaiveTime;
use dukou_core::catalogue::{Catalogue, FieldType};
use dukou_core::schedule::Schedule;
use dukou_core::show::{Expression, Show};
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::SourceFile;
use super::reader::{At, Section};
use super::source::schedule;

const MOST_LINES: u32 = 10_000;

/// The checked `[target]`.
#[derive(Debug, Clone)]
pub struct TargetDef {
    /// The connection's name in `dukou.toml`.
    pub connection: String,
    /// Whose books the connection stands for, as its connector says; `None` where an older version stored it.
    pub account: Option<String>,
    /// The API, e.g. `/tplus/api/v2/saleDispatch/Create`.
    pub api: String,
    /// Where the delivery key stands in the document, e.g. `dto.ExternalCode`.
    pub key: String,
    /// The write side's own rhythm.
    pub schedule: Schedule,
}

/// The checked `[group]`: records that become documents together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDef {
    /// What the records of one group share.
    pub by: Vec<GroupKey>,
    /// When a day's groups close, in the scheme's zone.
    pub close: Option<NaiveTime>,
    /// Documents are split beyond so many lines.
    pub max_lines: Option<u32>,
}

/// One part of a group's key: a source field, perhaps through a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupKey {
    /// The source field, e.g. `consign_time`.
    pub path: String,
    /// `date` for the date part.
    pub format: Option<String>,
}

/// What may happen when a record changes after its documents were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reaction {
    /// A problem with the field diff; nothing is sent.
    #[default]
    Flag,
}

/// The checked `[after_delivery]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AfterDelivery {
    /// The record was cancelled.
    pub cancelled: Reaction,
    /// Its documents come out different.
    pub changed: Reaction,
    /// Its number was issued again.
    pub reissued: Reaction,
}

/// `[target]` with the places that later checks need.
pub(crate) struct ReadTarget {
    pub(crate) connection: Option<At<String>>,
    pub(crate) api: Option<At<String>>,
    pub(crate) key: Option<At<String>>,
    pub(crate) schedule: Option<Schedule>,
}

impl ReadTarget {
    /// The definition, when nothing is missing. `account` is the connection's.
    pub(crate) fn finish(self, account: Option<String>) -> Option<TargetDef> {
        Some(TargetDef {
            connection: self.connection?.value,
            account,
            api: self.api?.value,
            key: self.key?.value,
            schedule: self.schedule?,
        })
    }
}

/// Reads `[target]`; its schedule is in `zone` unless it names its own.
pub(crate) fn read(mut section: Section<'_, '_>, zone: &str) -> ReadTarget {
    let file = section.file;
    let connection = section.required_text("connection", "tplus");
    let api = section.required_text("api", "/tplus/api/v2/saleDispatch/Create");
    let key = section.required_text("key", "dto.ExternalCode");
    let schedule = section
        .required_table("schedule", "schedule = { cron = \"* * * * *\" }")
        .and_then(|(table, span)| schedule(file, "target.schedule", table, span, zone, section.errors));
    section.finish();
    ReadTarget {
        connection,
        api,
        key,
        schedule,
    }
}

/// Checks that the delivery key stands where the catalogue has a text field.
pub(crate) fn check_key(file: &SourceFile, key: &At<String>, catalogue: &Catalogue, errors: &mut Vec<Diagnostic>) {
    let wrapper = catalogue
        .wrapper
        .as_ref()
        .map(|wrapper| format!("{wrapper}."))
        .unwrap_or_default();
    let field = key.value.strip_prefix(&wrapper);
    let good = field
        .and_then(|path| catalogue.field(path))
        .is_some_and(|field| field.kind == FieldType::Text);
    if !good {
        let known: Vec<String> = catalogue
            .fields
            .iter()
            .filter(|field| field.kind == FieldType::Text && !field.path.contains('.'))
            .map(|field| format!("{wrapper}{}", field.path))
            .collect();
        let unwrapped = format!("{wrapper}{}", key.value);
        let meant = if known.contains(&unwrapped) {
            unwrapped.as_str()
        } else {
            key.value.as_str()
        };
        errors.push(
            Diagnostic::at(Code::TargetKey, file, key.span.clone())
                .with("value", key.value.as_str())
                .with("api", catalogue.api.as_str())
                .did_you_mean(meant, known.iter().map(String::as_str)),
        );
    }
}

/// A source field that `[show]` or `[group]` reads.
pub(crate) type Read = At<String>;

/// `[show]` as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShowText {
    /// e.g. `sum(details_list.share_amount)`
    pub(crate) amount: Option<String>,
    /// e.g. `sum(details_list.goods_count)`
    pub(crate) quantity: Option<String>,
    /// e.g. `consign_time`
    pub(crate) date: Option<String>,
    /// Source fields.
    pub(crate) columns: Vec<String>,
}

impl ShowText {
    /// Compiles it; what cannot be read shows nothing.
    pub(crate) fn compile(&self) -> Show {
        let one = |text: &Option<String>| text.as_ref().and_then(|text| Expression::parse(text).ok());
        Show::new(
            one(&self.amount),
            one(&self.quantity),
            one(&self.date),
            self.columns.clone(),
        )
    }
}

/// Reads `[show]`, and which source fields it reads.
pub(crate) fn show(mut section: Section<'_, '_>) -> (Show, ShowText, Vec<Read>) {
    let mut reads = Vec::new();
    let mut text = ShowText {
        amount: expression(&mut section, "amount", &mut reads),
        quantity: expression(&mut section, "quantity", &mut reads),
        date: expression(&mut section, "date", &mut reads),
        columns: Vec::new(),
    };
    let columns = section.texts("columns").unwrap_or_default();
    for column in &columns {
        match Expression::parse(&column.value) {
            Ok(Expression::Path(_)) => reads.push(column.clone()),
            _ => bad_expression(&mut section, "columns", column.value.clone(), column.span.clone()),
        }
    }
    section.finish();
    text.columns = columns.into_iter().map(|column| column.value).collect();
    (text.compile(), text, reads)
}

fn expression(section: &mut Section<'_, '_>, key: &'static str, reads: &mut Vec<Read>) -> Option<String> {
    let text = section.text(key).filter(|text| !text.value.trim().is_empty())?;
    match Expression::parse(&text.value) {
        Ok(expression) => {
            reads.push(At {
                value: expression.path().to_owned(),
                span: text.span,
            });
            Some(text.value)
        }
        Err(_) => {
            bad_expression(section, key, text.value, text.span);
            None
        }
    }
}

fn bad_expression(section: &mut Section<'_, '_>, key: &str, value: String, span: Range<usize>) {
    let finding = Diagnostic::at(Code::Expression, section.file, span)
        .with("key", key)
        .with("value", value)
        .help(Sentence::new("definition.expression_help"));
    section.push(finding);
}

/// Reads `[group]`, and which source fields it reads.
pub(crate) fn group(mut section: Section<'_, '_>) -> (GroupDef, Vec<Read>) {
    let mut reads = Vec::new();
    let mut by = Vec::new();
    if section.table.get("by").is_none() {
        section.missing("by", "by = [\"shop_no\", \"warehouse_no\", \"consign_time|date\"]");
    }
    for part in section.texts("by").unwrap_or_default() {
        let (path, format) = match part.value.split_once('|') {
            Some((path, format)) => (path.trim(), Some(format.trim())),
            None => (part.value.trim(), None),
        };
        let good = matches!(Expression::parse(path), Ok(Expression::Path(_))) && matches!(format, None | Some("date"));
        if good {
            by.push(GroupKey {
                path: path.to_owned(),
                format: format.map(str::to_owned),
            });
            reads.push(At {
                value: path.to_owned(),
                span: part.span,
            });
        } else {
            bad_expression(&mut section, "by", part.value.clone(), part.span);
        }
    }
    let close = section
        .text("close")
        .and_then(|text| match NaiveTime::parse_from_str(&text.value, "%H:%M") {
            Ok(time) => Some(time),
            Err(_) => {
                let finding = Diagnostic::at(Code::Time, section.file, text.span)
                    .with("key", "close")
                    .with("value", text.value)
                    .with("zone", "HH:MM")
                    .help(Sentence::new("definition.close_help"));
                section.push(finding);
                None
            }
        });
    let max_lines = section.integer("max_lines", 1, MOST_LINES).map(|at| at.value);
    section.finish();
    (GroupDef { by, close, max_lines }, reads)
}

/// Reads `[after_delivery]`.
pub(crate) fn after_delivery(mut section: Section<'_, '_>) -> AfterDelivery {
    for key in ["cancelled", "changed", "reissued"] {
        section.choice(key, &["flag"]);
    }
    section.finish();
    AfterDelivery::default()
}
