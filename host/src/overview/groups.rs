//! Problems grouped by fingerprint: one cause, however many records it stopped.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::ProblemRow;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::text::{argument, clean, count, money, short, time};
use super::{Lens, advice, mask};

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
                first: row.opened_at,
                last: row.seen_at,
            });
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
        out.push_str(&format!(
            "  {}\n",
            short(&mask::message(lens, &newest.message, &[]), 240)
        ));
        out.push_str(&format!(
            "  {}\n",
            lens.lang.text(
                "problem.seen",
                &[("first", &time(lens, group.first)), ("last", &time(lens, group.last))],
            )
        ));
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
