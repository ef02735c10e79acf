//! Problems grouped by fingerprint: one cause, however many records it stopped.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::ProblemRow;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::said::said;
use super::text::{argument, clean, count, money, short, time};
use super::{Lens, advice, mask};

/// The most quoted values that text names.
const MOST_VALUES: usize = 8;
/// The most quoted values that JSON names.
const MOST_LISTED: usize = 200;

/// Problems with one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemGroup {
    /// The scheme.
    pub scheme: SchemeName,
    /// The cause's fingerprint.
    pub fingerprint: String,
    /// The newest member, which speaks for all.
    pub newest: ProblemRow,
    /// How many.
    pub count: u64,
    /// How many are still open.
    pub open: u64,
    /// Money concerned.
    pub amount: Decimal,
    /// The values that the members' messages quote, with how many members each; the most frequent first.
    pub values: Vec<(String, u64)>,
    /// When the first was opened.
    pub first: DateTime<Utc>,
    /// When one was last seen.
    pub last: DateTime<Utc>,
}

/// Groups rows by scheme and fingerprint; the most urgent kind first, then the most money.
pub fn group(rows: &[ProblemRow]) -> Vec<ProblemGroup> {
    let mut groups: BTreeMap<(&SchemeName, &str), ProblemGroup> = BTreeMap::new();
    for row in rows {
        let group = groups
            .entry((&row.scheme, &row.fingerprint))
            .or_insert_with(|| ProblemGroup {
                scheme: row.scheme.clone(),
                fingerprint: row.fingerprint.clone(),
                newest: row.clone(),
                count: 0,
                open: 0,
                amount: Decimal::ZERO,
                values: Vec::new(),
                first: row.opened_at,
                last: row.seen_at,
            });
        for value in values(row) {
            match group.values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, count)) => *count += 1,
                None => group.values.push((value, 1)),
            }
        }
        group.count += 1;
        group.open += u64::from(row.resolved.is_none());
        group.amount += row.amount.unwrap_or_default();
        group.first = group.first.min(row.opened_at);
        group.last = group.last.max(row.seen_at);
        let better = (row.resolved.is_none(), row.opened_at, row.id)
            > (group.newest.resolved.is_none(), group.newest.opened_at, group.newest.id);
        if better {
            group.newest = row.clone();
        }
    }
    let mut groups: Vec<ProblemGroup> = groups.into_values().collect();
    for group in &mut groups {
        group.values.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    }
    groups.sort_by_key(|group| {
        (
            group.open == 0,
            urgency(group.newest.kind),
            std::cmp::Reverse(group.amount),
            group.fingerprint.clone(),
        )
    });
    groups
}

/// What a problem's message quotes beside its own keys: the fingerprint leaves it out, so members of a group differ in it.
pub fn values(row: &ProblemRow) -> Vec<String> {
    let own = |text: &&str| *text != row.group && row.delivery_key.as_deref() != Some(text);
    let mut out: Vec<String> = row
        .message
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| !text.is_empty())
        .filter(own)
        .map(str::to_owned)
        .collect();
    out.sort();
    out.dedup();
    out
}

fn urgency(kind: ProblemKind) -> usize {
    ProblemKind::ALL
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(usize::MAX)
}

/// One block per group: how many and how much, what, where, since when, and the next command.
pub fn text(lens: &Lens<'_>, groups: &[ProblemGroup]) -> String {
    let mut out = String::new();
    for group in groups {
        let newest = &group.newest;
        let kind = lens.lang.t(&format!("kind.{}", newest.kind.word()));
        let path = newest
            .path
            .as_deref()
            .map_or(String::new(), |path| format!(" {}", short(path, 80)));
        out.push_str(&lens.lang.text(
            "problem.group",
            &[
                ("count", &count(group.count)),
                ("amount", &money(group.amount)),
                ("kind", &kind),
                ("code", &clean(&newest.code)),
                ("path", &path),
                ("fingerprint", &clean(&group.fingerprint)),
            ],
        ));
        if group.open < group.count {
            out.push_str(&lens.lang.text("problem.still-open", &[("open", &count(group.open))]));
        }
        out.push('\n');
        let message = said(lens.lang, &newest.code, &newest.message);
        out.push_str(&format!("  {}\n", short(&mask::message(lens, &message, &[]), 240)));
        out.push_str(&format!(
            "  {}\n",
            lens.lang.text(
                "problem.seen",
                &[("first", &time(lens, group.first)), ("last", &time(lens, group.last))],
            )
        ));
        if group.values.len() > 1 {
            let mut values: Vec<String> = group
                .values
                .iter()
                .take(MOST_VALUES)
                .map(|(value, members)| {
                    format!("{} ({})", short(&mask::message(lens, value, &[]), 40), count(*members))
                })
                .collect();
            if group.values.len() > MOST_VALUES {
                values.push("…".to_owned());
            }
            out.push_str(&format!(
                "  {}\n",
                lens.lang.text("problem.values", &[("values", &values.join(", "))])
            ));
        }
        out.push_str(&format!("  → {}\n", next_command(group)));
    }
    out
}

/// The command that tells what to do about a group.
pub fn next_command(group: &ProblemGroup) -> String {
    format!("dukou problem show {}", argument(&group.newest.id.to_string()))
}

/// The groups for machines.
pub fn to_json(lens: &Lens<'_>, groups: &[ProblemGroup]) -> Value {
    let items = groups.iter().map(|group| {
        let advice = advice::advise(lens.lang, &group.newest);
        json!({
            "scheme": group.scheme.to_string(),
            "fingerprint": group.fingerprint,
            "kind": group.newest.kind.word(),
            "code": group.newest.code,
            "path": group.newest.path,
            "message": mask::message(lens, &group.newest.message, &[]),
            "values": group.values.iter().take(MOST_LISTED)
                .map(|(value, members)| json!({ "value": value, "count": members })).collect::<Vec<_>>(),
            "count": group.count,
            "open": group.open,
            "amount": group.amount.to_string(),
            "first_seen": lens.stamp(group.first),
            "last_seen": lens.stamp(group.last),
            "example": group.newest.id.to_string(),
            "next": next_command(group),
            "advice": advice.text,
        })
    });
    Value::Array(items.collect())
}
