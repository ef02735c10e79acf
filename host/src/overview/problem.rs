//! One problem in full (what, where, why, what to do next) and the members of a list.

use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::{ProblemFilter, ProblemRow, Story};
use dukou_store::{Store, StoreError};
use serde_json::{Value, json};

use super::mask::{self, Side};
use super::said::said;
use super::text::{clean, clean_block, indented, money_or_none, short, table, time};
use super::{Lens, advice, details, groups, records, story};

/// Longer details stand on lines of their own.
const MOST_INLINE: usize = 80;
/// The most problems that one command reads.
pub const MOST: usize = 10_000;

/// A problem with the record that it is about, where there is one.
#[derive(Debug, Clone)]
pub struct ProblemView {
    /// The problem.
    pub row: ProblemRow,
    /// Its details, read.
    pub details: details::Details,
    /// The record's story: its bodies tell which values in a message are personal.
    pub story: Option<Story>,
}

/// Problems by number, or by record, group or delivery key; resolved ones too, open ones first.
///
/// # Errors
/// The store's.
pub fn find(store: &dyn Store, scheme: Option<&SchemeName>, wanted: &str) -> Result<Vec<ProblemRow>, StoreError> {
    let filter = ProblemFilter {
        scheme: scheme.cloned(),
        resolved_too: true,
        limit: MOST,
        ..ProblemFilter::default()
    };
    let mut rows = match wanted.parse::<u64>() {
        Ok(id) => store.problems(&ProblemFilter {
            ids: vec![id],
            ..filter.clone()
        })?,
        Err(_) => Vec::new(),
    };
    if rows.is_empty() {
        rows = store.problems(&ProblemFilter {
            key: Some(wanted.to_owned()),
            ..filter
        })?;
    }
    rows.sort_by_key(|row| {
        (
            row.resolved.is_some(),
            std::cmp::Reverse(row.opened_at),
            std::cmp::Reverse(row.id),
        )
    });
    Ok(rows)
}

/// Adds what the store knows about the problem's record.
///
/// # Errors
/// The store's.
pub fn view(store: &dyn Store, row: ProblemRow) -> Result<ProblemView, StoreError> {
    let story = match store.story(&row.scheme, advice::key_of(&row))? {
        Some(story) => Some(story),
        None => store.story(&row.scheme, &row.group)?,
    };
    Ok(ProblemView {
        details: details::read(&row.details),
        row,
        story,
    })
}

/// The bodies whose personal values must not show in messages about this record.
pub fn bodies(story: &Story) -> Vec<(Side, &str)> {
    let raw = story.revisions.iter().map(|(_, _, body)| (Side::Source, body.as_str()));
    let documents = story
        .deliveries
        .iter()
        .map(|delivery| (Side::Target, delivery.body.as_str()));
    raw.chain(documents).collect()
}

/// What the two sides of a problem's difference are.
fn sides(kind: ProblemKind) -> [&'static str; 2] {
    match kind {
        ProblemKind::Conflict => ["problem.ours", "problem.theirs"],
        _ => ["problem.before", "problem.after"],
    }
}

/// One problem for people.
pub fn text(lens: &Lens<'_>, view: &ProblemView) -> String {
    let (lang, row) = (lens.lang, &view.row);
    let known = view.story.as_ref().map(bodies).unwrap_or_default();
    let say = |code: &str, message: &str| clean(&mask::message(lens, &said(lang, code, message), &known));
    let kind = lang.t(&format!("kind.{}", row.kind.word()));
    let mut out = format!(
        "{} #{} · {kind} [{}]\n\n",
        lang.t("problem.one"),
        row.id,
        clean(&row.code)
    );

    let mut facts = vec![
        (lang.t("problem.what"), say(&row.code, &row.message)),
        (lang.t("problem.scheme"), row.scheme.to_string()),
        (lang.t("problem.key"), clean(advice::key_of(row))),
    ];
    if row.delivery_key.as_ref().is_some_and(|key| *key != row.group) {
        facts.push((lang.t("problem.of-group"), clean(&row.group)));
    }
    if let Some(path) = &row.path {
        facts.push((lang.t("problem.where"), mask::labelled(lens, Side::Target, path)));
    }
    facts.push((lang.t("problem.amount"), money_or_none(row.amount)));
    if let Some(story) = &view.story {
        let columns = mask::columns(lens, &story.record.shown.columns);
        facts.extend(
            columns
                .iter()
                .map(|(name, value)| (records::column_heading(lens, name), clean(value))),
        );
    }
    facts.push((
        lang.t("problem.when"),
        lang.text(
            "problem.seen",
            &[
                ("first", &time(lens, row.opened_at)),
                ("last", &time(lens, row.seen_at)),
            ],
        ),
    ));
    facts.push((lang.t("problem.fingerprint"), clean(&row.fingerprint)));
    if let Some((at, by, note)) = &row.resolved {
        let arguments: [(&str, &dyn std::fmt::Display); 3] =
            [("at", &time(lens, *at)), ("by", &clean(by)), ("note", &clean(note))];
        facts.push((lang.t("problem.resolved"), lang.text("problem.resolved-by", &arguments)));
    }
    let facts: Vec<Vec<String>> = facts.into_iter().map(|(name, value)| vec![name, value]).collect();
    out.push_str(&table(lens, &[], &facts, &[]));

    let details = &view.details;
    if !details.reasons.is_empty() {
        out.push_str(&format!("\n{}\n", lang.t("problem.why")));
        let header = [
            "problem.code",
            "problem.document-path",
            "problem.record-path",
            "problem.what",
        ]
        .map(|key| lang.t(key));
        let path = |side: Side, path: &Option<String>| {
            path.as_ref()
                .map_or_else(|| "-".to_owned(), |path| mask::labelled(lens, side, path))
        };
        let rows: Vec<Vec<String>> = details
            .reasons
            .iter()
            .map(|reason| {
                let (target, source) = (
                    path(Side::Target, &reason.target_path),
                    path(Side::Source, &reason.source_path),
                );
                vec![clean(&reason.code), target, source, say(&reason.code, &reason.message)]
            })
            .collect();
        out.push_str(&indented(&table(lens, &header, &rows, &[]), 2));
    }
    if !details.differences.is_empty() {
        out.push_str(&format!("\n{}\n", lang.t("problem.differences")));
        let rows = details::differences_text(lens, Side::Target, &details.differences, sides(row.kind));
        out.push_str(&indented(&rows, 2));
    }
    for (name, value) in &details.rest {
        let label = format!("problem.detail.{name}");
        let label = if lang.has(&label) { lang.t(&label) } else { clean(name) };
        let value = match (name.as_str(), value) {
            ("outcome", Value::String(word)) => story::outcome(lens, word),
            _ => clean_block(&masked_detail(lens, name, &plain(value), &known)),
        };
        if value.contains('\n') || value.chars().count() > MOST_INLINE {
            out.push_str(&format!("\n{label}\n{}", indented(&value, 2)));
        } else {
            out.push_str(&format!("\n{label}: {value}\n"));
        }
    }
    if row.resolved.is_none() {
        let advice = advice::advise(lang, row);
        out.push_str(&format!("\n{}\n{}", lang.t("problem.next"), indented(&advice.text, 2)));
        for command in &advice.commands {
            out.push_str(&format!("    {command}\n"));
        }
    }
    out
}

/// A detail without quotes: text as it is, a list of texts line by line, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// A detail without personal values. Only the host's own words are shown where nothing tells which those are.
fn masked_detail(lens: &Lens<'_>, name: &str, text: &str, known: &[(Side, &str)]) -> String {
    match name {
        "by" | "plugin" | "hash" | "outcome" | "reissue_of" | "class" => mask::message(lens, text, known),
        _ => mask::reply(lens, text, known),
    }
}

/// One problem for machines.
pub fn to_json(lens: &Lens<'_>, view: &ProblemView) -> Value {
    let known = view.story.as_ref().map(bodies).unwrap_or_default();
    let say = |message: &str| mask::message(lens, message, &known);
    let mut out = row_json(lens, &view.row);
    let details = &view.details;
    let reasons: Vec<Value> = details
        .reasons
        .iter()
        .map(|r| {
            json!({
                "code": r.code, "message": say(&r.message),
                "source_path": r.source_path, "target_path": r.target_path,
            })
        })
        .collect();
    let mut rest = details.rest.clone();
    for (name, value) in &mut rest {
        let masked = masked_detail(lens, name, &value.to_string(), &known);
        *value = serde_json::from_str(&masked).unwrap_or(Value::String(masked));
    }
    let advice = view
        .row
        .resolved
        .is_none()
        .then(|| advice::advise(lens.lang, &view.row));
    let commands = advice
        .as_ref()
        .map(|advice| advice.commands.clone())
        .unwrap_or_default();
    let fields = [
        ("message", Value::String(say(&view.row.message))),
        ("violations", Value::Array(reasons)),
        (
            "differences",
            details::differences_json(lens, Side::Target, &details.differences),
        ),
        ("details", Value::Object(rest)),
        (
            "retriable",
            Value::Bool(advice::retriable(view.row.kind) != advice::Retriable::No),
        ),
        (
            "advice",
            advice.map_or(Value::Null, |advice| Value::String(advice.text)),
        ),
        ("commands", json!(commands)),
    ];
    if let Value::Object(object) = &mut out {
        object.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    }
    out
}

/// A row for machines, without details.
pub fn row_json(lens: &Lens<'_>, row: &ProblemRow) -> Value {
    let resolved = row
        .resolved
        .as_ref()
        .map(|(at, by, note)| json!({ "at": lens.stamp(*at), "by": by, "note": note }));
    json!({
        "id": row.id.to_string(),
        "scheme": row.scheme.to_string(),
        "kind": row.kind.word(),
        "fingerprint": row.fingerprint,
        "code": row.code,
        "message": mask::message(lens, &row.message, &[]),
        "path": row.path,
        "group": row.group,
        "delivery_key": row.delivery_key,
        "amount": row.amount.map(|amount| amount.to_string()),
        "opened_at": lens.stamp(row.opened_at),
        "seen_at": lens.stamp(row.seen_at),
        "resolved": resolved,
    })
}

/// A table of problems.
pub fn rows_text(lens: &Lens<'_>, rows: &[ProblemRow]) -> String {
    let header = [
        "problem.number",
        "problem.key",
        "problem.amount",
        "problem.state",
        "problem.opened",
        "problem.cause",
        "problem.value",
    ]
    .map(|key| lens.lang.t(key));
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let state = if row.resolved.is_some() {
                "problem.resolved"
            } else {
                "problem.open"
            };
            let kind = lens.lang.t(&format!("kind.{}", row.kind.word()));
            vec![
                row.id.to_string(),
                clean(advice::key_of(row)),
                money_or_none(row.amount),
                lens.lang.t(state),
                time(lens, row.opened_at),
                format!("{kind} #{}", clean(&row.fingerprint)),
                short(&mask::message(lens, &groups::values(row).join(", "), &[]), 40),
            ]
        })
        .collect();
    table(lens, &header, &rows, &[0, 2])
}
