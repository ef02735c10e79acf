//! Reviewing what changed: how a pattern looks to people and machines, and writing what was accepted. Decides nothing;
//! questions are asked by `cli/plugin/review.rs`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dukou_plugin::cases::{
    COST_FILE, CaseSet, DifferenceKind, Pattern, PatternChange, PatternKind, TestReport, accepted_cost, accepted_text,
};
use serde_json::{Value, json};

use super::report::{Ink, Look, amount, difference_lines, percent};
use super::{cases, whole};
use crate::overview::text::{clean, clean_block};

/// Changes of a pattern that are listed.
const MOST_CHANGES: usize = 8;
/// Names of cases that are listed.
const MOST_NAMES: usize = 12;

/// One pattern: how many cases, what changes, one example in full.
pub fn render(pattern: &Pattern, report: &TestReport, look: Look) -> String {
    let what = match pattern.kind {
        PatternKind::New => {
            let outcome = clean(pattern.outcome.as_deref().unwrap_or_default());
            look.text("review.case_new", &[("outcome", &outcome)])
        }
        PatternKind::Changed => look.t("review.case_changed"),
        PatternKind::Dearer => look.t("review.cost_dearer"),
        PatternKind::Cheaper => look.t("review.cost_cheaper"),
        PatternKind::NewCost => look.t("review.cost_new"),
    };
    let head = look.text(
        "review.pattern",
        &[("id", &pattern.id), ("count", &pattern.cases.len()), ("what", &what)],
    );
    let mut out = vec![look.ink(Ink::Bold, &head)];
    for change in pattern.changes.iter().take(MOST_CHANGES) {
        out.push(format!("    {}", change_line(change, look)));
    }
    if pattern.changes.len() > MOST_CHANGES {
        let more = pattern.changes.len() - MOST_CHANGES;
        out.push(format!("    {}", look.text("review.more_changes", &[("count", &more)])));
    }
    let mut names: Vec<&str> = pattern.cases.iter().map(String::as_str).take(MOST_NAMES).collect();
    if pattern.cases.len() > MOST_NAMES {
        names.push("…");
    }
    let names = clean(&names.join(", "));
    out.push(look.ink(
        Ink::Dim,
        &format!("    {}", look.text("review.cases", &[("names", &names)])),
    ));
    out.extend(example(pattern, report, look));
    out.join("\n")
}

/// `RDRecordDetails[].Memo: absent → "x"`.
fn change_line(change: &PatternChange, look: Look) -> String {
    let absent = || look.t("review.absent");
    // A value that is not the same in all cases is not told.
    let side = |value: &Option<String>| value.as_deref().map_or_else(|| "…".to_owned(), clean);
    let path = if change.path.is_empty() {
        look.t("difference.verdict")
    } else {
        clean(&change.path)
    };
    match change.kind {
        DifferenceKind::Missing => format!("{path}: {} → {}", side(&change.expected), absent()),
        DifferenceKind::Unexpected => format!("{path}: {} → {}", absent(), side(&change.actual)),
        DifferenceKind::Order => format!("{path}: {}", look.t("difference.order")),
        _ => format!("{path}: {} → {}", side(&change.expected), side(&change.actual)),
    }
}

fn example(pattern: &Pattern, report: &TestReport, look: Look) -> Vec<String> {
    let find = |name: &String| report.cases.iter().find(|case| case.name == *name);
    if pattern.kind.is_cost() {
        return pattern
            .cases
            .iter()
            .filter_map(find)
            .take(MOST_NAMES)
            .map(|case| match case.cost.accepted() {
                Some(accepted) => format!(
                    "    {}  {} → {}  {}",
                    clean(&case.name),
                    amount(accepted),
                    amount(case.usage.fuel),
                    percent(accepted, case.usage.fuel)
                ),
                None => format!("    {}  {}", clean(&case.name), amount(case.usage.fuel)),
            })
            .collect();
    }
    let Some(case) = pattern.cases.first().and_then(find) else {
        return Vec::new();
    };
    let mut out = vec![format!(
        "    {}",
        look.text("review.example", &[("name", &clean(&case.name))])
    )];
    if pattern.kind == PatternKind::New {
        let text = serde_json::to_string_pretty(&case.outcome.to_json()).unwrap_or_default();
        out.extend(clean_block(&text).lines().map(|line| format!("      {line}")));
    } else {
        for difference in &case.differences {
            out.extend(
                difference_lines(difference, look)
                    .into_iter()
                    .map(|line| format!("  {line}")),
            );
        }
    }
    out
}

/// A pattern for machines.
pub fn to_json(pattern: &Pattern) -> Value {
    let changes: Vec<Value> = pattern
        .changes
        .iter()
        .map(|one| json!({ "path": one.path, "kind": one.kind.word(), "expected": one.expected, "actual": one.actual }))
        .collect();
    json!({
        "id": pattern.id,
        "kind": pattern.kind.word(),
        "pending": pattern.is_pending,
        "outcome": pattern.outcome,
        "changes": changes,
        "cases": pattern.cases,
    })
}

/// Writes what was accepted: the expectation into each case's file, and the cost. Answers the files that changed.
///
/// # Errors
/// When a file cannot be read or written; files before it are written then.
pub fn accept(
    plugin_folder: &Path,
    set: &CaseSet,
    report: &TestReport,
    accepted: &[&Pattern],
) -> anyhow::Result<Vec<PathBuf>> {
    let folder = cases::folder(plugin_folder);
    let mut written = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for pattern in accepted {
        names.extend(pattern.cases.iter().cloned());
        if pattern.kind.is_cost() {
            continue;
        }
        for name in &pattern.cases {
            let path = folder.join(format!("{name}.json"));
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let case = set.cases.iter().find(|case| case.name == *name);
            let outcome = report
                .cases
                .iter()
                .find(|case| case.name == *name)
                .map(|case| &case.outcome);
            let new = case
                .zip(outcome)
                .and_then(|(case, outcome)| accepted_text(&text, case, outcome));
            let new = new.with_context(|| format!("{}: changed while it was reviewed", path.display()))?;
            if new != text {
                whole::replace(&path, new.as_bytes())?;
                written.push(path);
            }
        }
    }
    if !names.is_empty() {
        let cost = accepted_cost(report, set, &names);
        if set.cost.as_ref() != Some(&cost) {
            let path = folder.join(COST_FILE);
            whole::replace(&path, CaseSet::cost_file_text(&cost).as_bytes())?;
            written.push(path);
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
