//! What waits for a review, grouped by pattern: cases whose outcomes differ in the same fields in the same way are one
//! decision. And what an acceptance writes: the new expectation into the case's own text, the fuel into `cost.json`.
//! Reads and writes no files.

use std::collections::BTreeMap;

use dukou_core::catalogue::column_path;
use dukou_core::digest::Digest;
use serde_json::Value;

use super::case::{Case, Expect};
use super::diff::{Difference, DifferenceKind};
use super::located::Located;
use super::outcome::Outcome;
use super::report::{CaseReport, Cost, Status, TestReport};
use super::set::CaseSet;
use super::text::pretty;

/// What a pattern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PatternKind {
    /// Cases whose outcome differs from what is expected.
    Changed,
    /// Cases that expect nothing yet.
    New,
    /// Cases that cost more than was accepted.
    Dearer,
    /// Cases that cost less.
    Cheaper,
    /// Cases without an accepted cost.
    NewCost,
}

impl PatternKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::New => "new",
            Self::Dearer => "dearer",
            Self::Cheaper => "cheaper",
            Self::NewCost => "new-cost",
        }
    }

    /// Whether only the cost is concerned.
    pub fn is_cost(self) -> bool {
        matches!(self, Self::Dearer | Self::Cheaper | Self::NewCost)
    }
}

/// One change that all cases of a pattern share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatternChange {
    /// Path without indices and without the target's wrapper, e.g. `RDRecordDetails[].Memo`.
    pub path: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What was expected, if it is the same in all cases.
    pub expected: Option<String>,
    /// What came, if it is the same in all cases.
    pub actual: Option<String>,
}

/// Cases that change alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Names it on the command line; the same as long as the same fields change in the same way.
    pub id: String,
    /// What it is about.
    pub kind: PatternKind,
    /// For new cases the word of their outcome, with its codes.
    pub outcome: Option<String>,
    /// What changes.
    pub changes: Vec<PatternChange>,
    /// The cases, in order.
    pub cases: Vec<String>,
    /// Whether the test is unfinished without a decision on it. The first cost of all is not.
    pub is_pending: bool,
}

/// Everything that waits for a review, largest groups first; costs last.
pub fn patterns(report: &TestReport, set: &CaseSet) -> Vec<Pattern> {
    let mut groups: BTreeMap<(PatternKind, String), Vec<&CaseReport>> = BTreeMap::new();
    for case in &report.cases {
        if let Some(signature) = signature(case, set) {
            groups.entry(signature).or_default().push(case);
        }
        if case.status == Status::Passed
            && let Some(kind) = cost_kind(case.cost)
        {
            groups.entry((kind, String::new())).or_default().push(case);
        }
    }
    let mut patterns: Vec<Pattern> = groups
        .into_iter()
        .map(|((kind, signature), cases)| {
            let digest = Digest::of_parts([kind.word().as_bytes(), signature.as_bytes()]).short();
            Pattern {
                id: digest.chars().take(8).collect(),
                kind,
                outcome: (kind == PatternKind::New).then_some(signature),
                changes: if kind == PatternKind::Changed {
                    common(&cases, set)
                } else {
                    Vec::new()
                },
                is_pending: kind != PatternKind::NewCost || report.cases.iter().any(|case| case.cost == Cost::New),
                cases: cases.into_iter().map(|case| case.name.clone()).collect(),
            }
        })
        .collect();
    patterns.sort_by_key(|pattern| {
        (
            pattern.kind.is_cost(),
            std::cmp::Reverse(pattern.cases.len()),
            pattern.kind,
        )
    });
    patterns
}

impl TestReport {
    /// Whether [`patterns`] has anything to show.
    pub fn has_patterns(&self) -> bool {
        self.cases.iter().any(|case| match case.status {
            Status::Passed => cost_kind(case.cost).is_some(),
            Status::New => true,
            Status::Failed => !case.differences.is_empty() && !matches!(case.outcome, Outcome::Failed(_)),
        })
    }
}

/// What a case has in common with those of its pattern.
fn signature(case: &CaseReport, set: &CaseSet) -> Option<(PatternKind, String)> {
    match case.status {
        Status::Passed => None,
        // A plugin that gives no verdict is no outcome to accept, and one that is too dear is none either.
        Status::Failed if matches!(case.outcome, Outcome::Failed(_)) || case.differences.is_empty() => None,
        Status::New => Some((PatternKind::New, outcome_words(&case.outcome))),
        Status::Failed => {
            let wrapper = wrapper_of(case, set);
            let mut places: Vec<String> = case
                .differences
                .iter()
                .map(|one| format!("{} {}", general(&one.path, wrapper.as_deref()), one.kind.word()))
                .collect();
            places.sort();
            places.dedup();
            Some((PatternKind::Changed, places.join("\n")))
        }
    }
}

fn cost_kind(cost: Cost) -> Option<PatternKind> {
    match cost {
        Cost::Unknown | Cost::New => Some(PatternKind::NewCost),
        Cost::Dearer { .. } => Some(PatternKind::Dearer),
        Cost::Cheaper { .. } => Some(PatternKind::Cheaper),
        Cost::Same { .. } => None,
    }
}

fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Mapped(mapped) => format!("mapped ({})", mapped.documents.len()),
        Outcome::Rejected(violations) => {
            let mut codes: Vec<&str> = violations.iter().map(|one| one.code.as_str()).collect();
            codes.sort_unstable();
            codes.dedup();
            format!("rejected ({})", codes.join(", "))
        }
        other => other.word().to_owned(),
    }
}

/// The changes that the cases share, with their values where these are the same.
fn common(cases: &[&CaseReport], set: &CaseSet) -> Vec<PatternChange> {
    let mut changes: Vec<PatternChange> = Vec::new();
    for case in cases {
        let wrapper = wrapper_of(case, set);
        for Difference {
            path,
            kind,
            expected,
            actual,
        } in &case.differences
        {
            let path = general(path, wrapper.as_deref());
            match changes
                .iter_mut()
                .find(|known| known.path == path && known.kind == *kind)
            {
                Some(known) => {
                    known.expected = known.expected.take().filter(|known| Some(known) == expected.as_ref());
                    known.actual = known.actual.take().filter(|known| Some(known) == actual.as_ref());
                }
                None => changes.push(PatternChange {
                    path,
                    kind: *kind,
                    expected: expected.clone(),
                    actual: actual.clone(),
                }),
            }
        }
    }
    changes
}

fn wrapper_of(case: &CaseReport, set: &CaseSet) -> Option<String> {
    let case = set.cases.iter().find(|one| one.name == case.name)?;
    let environment: Value = serde_json::from_str(&set.environment(case).text).ok()?;
    environment["target"]["wrapper"].as_str().map(str::to_owned)
}

/// `documents[1].dto.RDRecordDetails[0].Memo` → `RDRecordDetails[].Memo`.
fn general(path: &str, wrapper: Option<&str>) -> String {
    let out = column_path(path);
    let of_document = out.strip_prefix("documents[].").unwrap_or(&out);
    match wrapper.and_then(|wrapper| of_document.strip_prefix(wrapper)?.strip_prefix('.')) {
        Some(rest) => rest.to_owned(),
        None => out,
    }
}

/// The case's text with what came as its expectation; everything else keeps its writing. `None` if the text is no
/// object.
pub fn accepted_text(text: &str, case: &Case, outcome: &Outcome) -> Option<String> {
    let root = Located::root(text).ok()?;
    let members = root.members()?;
    let expect = Expect::of(outcome, case.expect.as_ref());
    // One level down, as the member of an object that is indented by two.
    let written = pretty(&expect.to_text()).replace('\n', "\n  ");
    let (before, after, between) = match members.iter().find(|(key, _)| key == "expect") {
        Some((_, old)) => (old.span().start, old.span().end, String::new()),
        None => {
            let end = members
                .last()
                .map_or(root.span().start + 1, |(_, last)| last.span().end);
            let comma = if members.is_empty() { "" } else { "," };
            (end, end, format!("{comma}\n  \"expect\": "))
        }
    };
    Some(format!(
        "{}{between}{written}{}",
        text.get(..before)?,
        text.get(after..)?
    ))
}

/// The accepted cost after accepting that of `accepted`: entries of cases that are gone go, others stay. The first time
/// every case that passed is entered, so that none is left without.
pub fn accepted_cost(report: &TestReport, set: &CaseSet, accepted: &[String]) -> BTreeMap<String, u64> {
    let exists = |name: &String| set.cases.iter().any(|case| case.name == *name);
    let mut cost: BTreeMap<String, u64> = set.cost.clone().unwrap_or_default();
    cost.retain(|name, _| exists(name));
    for case in &report.cases {
        let first = set.cost.is_none() && case.status == Status::Passed;
        if first || accepted.contains(&case.name) {
            cost.insert(case.name.clone(), case.usage.fuel);
        }
    }
    cost
}

#[cfg(test)]
mod tests;
