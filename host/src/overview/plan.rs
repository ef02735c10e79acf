//! What a bulk action would do, with counts and sums, before it does anything: the plan that `--yes` agrees to.

use std::collections::BTreeMap;

use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::{ProblemRow, Tally};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Lens;
use super::advice::{self, Retriable};
use super::text::{argument, clean, count, money, table};

/// How many keys a plan names as examples.
const EXAMPLES: usize = 10;
/// How many left-out items a plan names one by one.
const LEFT: usize = 20;

/// A bulk action before it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The action's word, a key of `[plan]` in the language files and the JSON's `action`.
    pub action: &'static str,
    /// The scheme.
    pub scheme: SchemeName,
    /// What it acts on, by cause or state.
    pub lines: Vec<Line>,
    /// Keys it acts on.
    pub keys: Vec<String>,
    /// What it was asked for and leaves alone, each with a reason.
    pub left: Vec<Left>,
    /// Everything it acts on.
    pub total: Tally,
}

/// A part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The kind or state: a full key of the language files.
    pub label: String,
    /// Code and fingerprint, where there are any.
    pub detail: String,
    /// How many and how much.
    pub tally: Tally,
}

/// Something that a plan leaves alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The problem, if it is one.
    pub id: Option<u64>,
    /// The record, group or delivery key.
    pub key: String,
    /// Why: a key of the language files.
    pub reason: String,
    /// The right command instead.
    pub command: String,
}

impl Plan {
    /// A plan without content.
    pub fn new(action: &'static str, scheme: &SchemeName) -> Self {
        Self {
            action,
            scheme: scheme.clone(),
            lines: Vec::new(),
            keys: Vec::new(),
            left: Vec::new(),
            total: Tally::default(),
        }
    }

    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.total.count == 0
    }

    /// Adds a line and its sums.
    pub fn add(&mut self, line: Line) {
        self.total.count += line.tally.count;
        self.total.amount += line.tally.amount;
        self.lines.push(line);
    }
}

/// What `problem retry` would do with these open problems. `named` says that a person named each one, which is what a
/// re-issued number needs. [`Plan::keys`] are group keys.
pub fn retry(scheme: &SchemeName, rows: &[ProblemRow], named: bool) -> Plan {
    let mut plan = Plan::new("retry", scheme);
    let (mut take, mut leave) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.resolved.is_none()) {
        match advice::retriable(row.kind) {
            Retriable::Yes => take.push(row),
            Retriable::WhenNamed if named => take.push(row),
            Retriable::WhenNamed | Retriable::No => leave.push(row),
        }
    }
    // A group with a problem that forbids mapping again is left alone whole, whatever else is wrong with it.
    let blocked = |row: &&ProblemRow| leave.iter().any(|other| other.group == row.group);
    let (beside, take): (Vec<&ProblemRow>, Vec<&ProblemRow>) = take.into_iter().partition(blocked);
    leave.extend(beside);
    for line in by_cause(&take) {
        plan.add(line);
    }
    plan.keys = take.iter().map(|row| row.group.clone()).collect();
    plan.keys.sort();
    plan.keys.dedup();
    plan.left = leave
        .into_iter()
        .map(|row| {
            let scheme = argument(&row.scheme.to_string());
            let id = row.id;
            let command = match row.kind {
                ProblemKind::Reissued => format!("dukou problem retry {scheme} --id {id} --yes"),
                ProblemKind::Unsettled => {
                    format!("dukou problem resolve {id} --written NUMBER --note TEXT --yes (or --absent)")
                }
                ProblemKind::Conflict | ProblemKind::Changed => {
                    format!("dukou problem resolve {id} --note TEXT --yes")
                }
                ProblemKind::Unreadable => format!("dukou run {scheme} --from TIME --to TIME"),
                ProblemKind::Rejected | ProblemKind::Failed | ProblemKind::Refused => {
                    format!("dukou problem show {id}")
                }
            };
            Left {
                id: Some(row.id),
                key: advice::key_of(row).to_owned(),
                reason: format!("plan.left.{}", row.kind.word()),
                command,
            }
        })
        .collect();
    plan
}

/// What `problem resolve` would do with these problems.
pub fn resolve(action: &'static str, scheme: &SchemeName, rows: &[ProblemRow]) -> Plan {
    let mut plan = Plan::new(action, scheme);
    let open: Vec<&ProblemRow> = rows.iter().filter(|row| row.resolved.is_none()).collect();
    for line in by_cause(&open) {
        plan.add(line);
    }
    plan.keys = open.iter().map(|row| advice::key_of(row).to_owned()).collect();
    plan.left = rows
        .iter()
        .filter(|row| row.resolved.is_some())
        .map(|row| Left {
            id: Some(row.id),
            key: advice::key_of(row).to_owned(),
            reason: "plan.left.resolved".to_owned(),
            command: format!("dukou problem show {}", row.id),
        })
        .collect();
    plan
}

fn by_cause(rows: &[&ProblemRow]) -> Vec<Line> {
    let mut causes: BTreeMap<(&str, &str, &str), Tally> = BTreeMap::new();
    for row in rows {
        let tally = causes
            .entry((row.kind.word(), &row.code, &row.fingerprint))
            .or_default();
        tally.count += 1;
        tally.amount += row.amount.unwrap_or(Decimal::ZERO);
    }
    causes
        .into_iter()
        .map(|((kind, code, fingerprint), tally)| Line {
            label: format!("kind.{kind}"),
            detail: format!("{code} #{fingerprint}"),
            tally,
        })
        .collect()
}

/// A plan for people.
pub fn text(lens: &Lens<'_>, plan: &Plan) -> String {
    let lang = lens.lang;
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [
        ("scheme", &plan.scheme),
        ("count", &count(plan.total.count)),
        ("amount", &money(plan.total.amount)),
    ];
    let mut out = lang.text(&format!("plan.{}", plan.action), &arguments);
    out.push('\n');
    let rows: Vec<Vec<String>> = plan
        .lines
        .iter()
        .map(|line| {
            vec![
                format!("  {}", lang.t(&line.label)),
                clean(&line.detail),
                count(line.tally.count),
                money(line.tally.amount),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&table(lens, &[], &rows, &[2, 3]));
    }
    if !plan.keys.is_empty() {
        let mut keys: Vec<String> = plan.keys.iter().take(EXAMPLES).map(|key| clean(key)).collect();
        if plan.keys.len() > EXAMPLES {
            keys.push("…".to_owned());
        }
        out.push_str(&format!("  {}\n", keys.join(" ")));
    }
    if !plan.left.is_empty() {
        out.push_str(&lang.text("plan.leaves", &[("count", &count(plan.left.len() as u64))]));
        out.push('\n');
        for left in plan.left.iter().take(LEFT) {
            let id = left.id.map_or(String::new(), |id| format!("#{id} "));
            out.push_str(&format!("  {id}{}: {}\n", clean(&left.key), lang.t(&left.reason)));
            out.push_str(&format!("    → {}\n", left.command));
        }
        if plan.left.len() > LEFT {
            out.push_str("  …\n");
        }
    }
    out
}

/// A plan for machines.
pub fn to_json(lens: &Lens<'_>, plan: &Plan) -> Value {
    let lines: Vec<Value> = plan
        .lines
        .iter()
        .map(|line| {
            let word = line.label.rsplit('.').next().unwrap_or(&line.label);
            json!({
                "what": word, "detail": line.detail,
                "count": line.tally.count, "amount": line.tally.amount.to_string(),
            })
        })
        .collect();
    let left: Vec<Value> = plan
        .left
        .iter()
        .map(|left| {
            json!({
                "id": left.id.map(|id| id.to_string()), "key": left.key,
                "reason": lens.lang.t(&left.reason), "command": left.command,
            })
        })
        .collect();
    json!({
        "action": plan.action,
        "scheme": plan.scheme.to_string(),
        "count": plan.total.count,
        "amount": plan.total.amount.to_string(),
        "parts": lines,
        "keys": plan.keys,
        "left": left,
    })
}
