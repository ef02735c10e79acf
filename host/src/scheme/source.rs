//! `[source]`: where records come from, in which rhythm and windows, with which request. Field names are checked against
//! the source's catalogue, as warnings: a source may answer more than its catalogue knows.

use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use dukou_core::catalogue::{Catalogue, closest};
use dukou_core::request::RequestValue;
use dukou_core::schedule::{Schedule, ScheduleError};
use dukou_core::window::WindowRule;

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::{SourceFile, Table};
use super::reader::{At, Section, text_of};

/// The zone of a schedule that names none: where the books are.
pub(crate) const DEFAULT_ZONE: &str = "Asia/Shanghai";
const DEFAULT_SPAN: Duration = Duration::from_secs(86_400);
const DEFAULT_OVERLAP: Duration = Duration::from_secs(900);
const DEFAULT_LAG: Duration = Duration::from_secs(120);
const DEFAULT_PAGE_SIZE: u32 = 100;
/// `docs/reference/systems/wdt.md`: 100 rows at most.
const MOST_PAGE_SIZE: u32 = 100;
/// `docs/reference/systems/wdt.md`: one query spans 30 days at most.
const LONGEST_WINDOW: Duration = Duration::from_secs(30 * 86_400);

/// The checked `[source]`.
#[derive(Debug, Clone)]
pub struct SourceDef {
    /// The connection's name in `dukou.toml`.
    pub connection: String,
    /// Whose books the connection stands for, as its connector says; `None` where an older version stored it.
    pub account: Option<String>,
    /// The API, e.g. `wdt.stockout.order.query.trade`.
    pub api: String,
    /// The field that identifies a record, e.g. `order_no`.
    pub key: String,
    /// When it is pulled.
    pub schedule: Schedule,
    /// The scheme's zone: the schedule's.
    pub zone: Tz,
    /// Which windows are pulled.
    pub window: WindowRule,
    /// Request parameters in file order.
    pub request: Vec<(String, RequestValue)>,
    /// Rows asked for per page.
    pub page_size: u32,
}

/// `[source]` with the places that later checks need.
pub(crate) struct ReadSource {
    pub(crate) connection: Option<At<String>>,
    pub(crate) api: Option<At<String>>,
    pub(crate) key: Option<At<String>>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) zone: Tz,
    pub(crate) window: Option<WindowRule>,
    pub(crate) request: Vec<(At<String>, RequestValue)>,
    pub(crate) page_size: u32,
}

impl ReadSource {
    /// The definition, when nothing is missing. `account` is the connection's.
    pub(crate) fn finish(self, account: Option<String>) -> Option<SourceDef> {
        Some(SourceDef {
            connection: self.connection?.value,
            account,
            api: self.api?.value,
            key: self.key?.value,
            schedule: self.schedule?,
            zone: self.zone,
            window: self.window?,
            request: self
                .request
                .into_iter()
                .map(|(name, value)| (name.value, value))
                .collect(),
            page_size: self.page_size,
        })
    }
}

/// Reads `[source]`.
pub(crate) fn read(mut section: Section<'_, '_>) -> ReadSource {
    let file = section.file;
    let connection = section.required_text("connection", "wdt");
    let api = section.required_text("api", "wdt.stockout.order.query.trade");
    let key = section.required_text("key", "order_no");
    let example = "schedule = { cron = \"*/5 * * * *\", time_zone = \"Asia/Shanghai\" }";
    let schedule = section
        .required_table("schedule", example)
        .and_then(|(table, span)| schedule(file, "source.schedule", table, span, DEFAULT_ZONE, section.errors));
    let zone = schedule.as_ref().map_or(chrono_tz::Asia::Shanghai, Schedule::zone);
    let example = "window = { from = \"2026-11-01 00:00:00\", span = \"1d\", overlap = \"15m\", lag = \"120s\" }";
    let window = section
        .required_table("window", example)
        .and_then(|(table, span)| window(file, table, span, zone, section.errors));
    let page_size = section.integer("page_size", 1, MOST_PAGE_SIZE);
    let request = section
        .table("request")
        .map(|(table, _)| request(file, table, section.errors))
        .unwrap_or_default();
    // A constant page size among the request's values is the page size.
    let constant = request.iter().find_map(|(name, value)| match value {
        RequestValue::Text(text) if name.value == "page_size" => text.trim().parse().ok(),
        _ => None,
    });
    let page_size = page_size
        .map(|at| at.value)
        .or(constant)
        .unwrap_or(DEFAULT_PAGE_SIZE)
        .clamp(1, MOST_PAGE_SIZE);
    section.finish();
    ReadSource {
        connection,
        api,
        key,
        schedule,
        zone,
        window,
        request,
        page_size,
    }
}

/// Reads `{ cron, time_zone }`.
pub(crate) fn schedule(
    file: &SourceFile,
    name: &str,
    table: &Table,
    span: Range<usize>,
    zone: &str,
    errors: &mut Vec<Diagnostic>,
) -> Option<Schedule> {
    let mut section = Section::new(file, name, table, span, errors);
    let cron = section.required_text("cron", "*/5 * * * *");
    let time_zone = section.text("time_zone");
    let zone = time_zone.as_ref().map_or(zone, |at| at.value.as_str());
    let result = cron.and_then(|cron| match Schedule::parse(&cron.value, zone) {
        Ok(schedule) => Some(schedule),
        Err(ScheduleError::Pattern { pattern, reason }) => {
            section.push(
                Diagnostic::at(Code::Cron, file, cron.span)
                    .with("value", pattern)
                    .with("reason", reason)
                    .help(Sentence::new("definition.cron_help")),
            );
            None
        }
        Err(ScheduleError::Zone(name)) => {
            let span = time_zone.as_ref().map_or(cron.span, |at| at.span.clone());
            let near = closest(&name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
                .map_or_else(|| DEFAULT_ZONE.to_owned(), str::to_owned);
            section.push(
                Diagnostic::at(Code::Zone, file, span)
                    .with("value", name)
                    .help(Sentence::new("definition.did_you_mean").with("name", near)),
            );
            None
        }
    });
    section.finish();
    result
}

fn window(
    file: &SourceFile,
    table: &Table,
    span: Range<usize>,
    zone: Tz,
    errors: &mut Vec<Diagnostic>,
) -> Option<WindowRule> {
    let mut section = Section::new(file, "source.window", table, span, errors);
    let from = section.required_text("from", "2026-11-01 00:00:00");
    let longest = section.duration("span");
    let overlap = section.duration("overlap");
    let lag = section.duration("lag");
    if let Some(longest) = &longest
        && (longest.value > LONGEST_WINDOW || longest.value < Duration::from_secs(1))
    {
        let finding = Diagnostic::at(Code::Span, file, longest.span.clone())
            .with("value", file.slice(&longest.span).trim_matches('"'))
            .with("days", (LONGEST_WINDOW.as_secs() / 86_400).to_string());
        section.push(finding);
    }
    // A window reaches back by the overlap within its span: with a longer overlap it would never move on.
    let back = overlap.as_ref().map_or(DEFAULT_OVERLAP, |at| at.value);
    let span = longest.as_ref().map_or(DEFAULT_SPAN, |at| at.value);
    if back >= span
        && span >= Duration::from_secs(1)
        && let Some(at) = overlap.as_ref().or(longest.as_ref())
    {
        let finding = Diagnostic::sentence(Code::Span, "definition.span_overlap");
        section.push(finding.place(file, at.span.clone()));
    }
    let from = from.and_then(|from| match time_in(&from.value, zone) {
        Some(time) => Some(time),
        None => {
            section.push(
                Diagnostic::at(Code::Time, file, from.span)
                    .with("key", "from")
                    .with("value", from.value)
                    .with("zone", zone.name())
                    .help(Sentence::new("definition.time_help")),
            );
            None
        }
    });
    section.finish();
    Some(WindowRule {
        from: from?,
        span: longest.map_or(DEFAULT_SPAN, |at| at.value),
        overlap: overlap.map_or(DEFAULT_OVERLAP, |at| at.value),
        lag: lag.map_or(DEFAULT_LAG, |at| at.value),
    })
}

/// Reads `yyyy-MM-dd HH:mm:ss` or `yyyy-MM-dd` in a zone; of an hour that a clock change doubles, the first.
pub fn time_in(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .ok()
        .or_else(|| NaiveDate::from_str(text).ok()?.and_hms_opt(0, 0, 0))?;
    zone.from_local_datetime(&local)
        .earliest()
        .map(|time| time.with_timezone(&Utc))
}

fn request(file: &SourceFile, table: &Table, errors: &mut Vec<Diagnostic>) -> Vec<(At<String>, RequestValue)> {
    let mut out = Vec::new();
    for entry in &table.entries {
        let Some(text) = text_of(file, &entry.key, &entry.node, errors) else {
            continue;
        };
        match RequestValue::parse(&text.value) {
            Ok(value) => out.push((
                At {
                    value: entry.key.clone(),
                    span: entry.key_span.clone(),
                },
                value,
            )),
            Err(error) => errors.push(
                Diagnostic::at(Code::RequestValue, file, text.span)
                    .with("key", entry.key.as_str())
                    .with("value", error.text)
                    .help(Sentence::new("definition.request_value_help")),
            ),
        }
    }
    out
}

/// Warns of request parameters that the catalogue does not have.
pub(crate) fn check_request(
    file: &SourceFile,
    request: &[(At<String>, RequestValue)],
    catalogue: &Catalogue,
    warnings: &mut Vec<Diagnostic>,
) {
    let known = catalogue.request.iter().map(|field| field.path.as_str());
    for (name, _) in request {
        if !known.clone().any(|path| path == name.value) {
            warnings.push(
                Diagnostic::at(Code::UnknownParameter, file, name.span.clone())
                    .with("key", name.value.as_str())
                    .with("api", catalogue.api.as_str())
                    .did_you_mean(&name.value, known.clone())
                    .warning(),
            );
        }
    }
}

/// The field that was probably meant: a sibling with nearly the same name, else one of the same name elsewhere.
pub(crate) fn near_field<'c>(catalogue: &'c Catalogue, path: &str) -> Option<&'c str> {
    let split = |path: &str| {
        path.rsplit_once('.')
            .map_or((String::new(), path.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
    };
    let (parent, last) = split(path);
    let siblings: Vec<(String, &str)> = catalogue
        .fields
        .iter()
        .filter_map(|field| {
            let (above, name) = split(&field.path);
            (above == parent).then_some((name, field.path.as_str()))
        })
        .collect();
    if let Some(name) = closest(&last, siblings.iter().map(|(name, _)| name.as_str())) {
        return siblings.iter().find(|(found, _)| found == name).map(|(_, path)| *path);
    }
    let namesakes: Vec<&str> = catalogue
        .fields
        .iter()
        .map(|field| field.path.as_str())
        .filter(|path| split(path).1 == last)
        .collect();
    closest(path, namesakes.iter().copied()).or_else(|| namesakes.first().copied())
}

/// Warns of a source field that the catalogue does not have.
pub(crate) fn check_field(
    file: &SourceFile,
    path: &str,
    span: Range<usize>,
    catalogue: &Catalogue,
    warnings: &mut Vec<Diagnostic>,
) {
    let plain = dukou_core::catalogue::plain_path(path);
    if catalogue.field(&plain).is_none() {
        let mut finding = Diagnostic::at(Code::UnknownSourceField, file, span)
            .with("path", plain.as_str())
            .with("api", catalogue.api.as_str())
            .warning();
        if let Some(name) = near_field(catalogue, &plain) {
            finding = finding.help(Sentence::new("definition.did_you_mean").with("name", name));
        }
        warnings.push(finding);
    }
}
