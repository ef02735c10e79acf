//! Capture: a stored group becomes a case of one plugin. Personal values give way to stable pseudonyms, and the plugin's
//! verdict is proven to be the same with the same replacement made; a failing case is shrunk until nothing can go. Runs
//! plugins in memory; `place` is the only part that touches files.

mod disguise;
mod failing;
mod personal;
pub mod place;
mod pseudonym;
mod residue;
mod rows;
mod shrink;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use dukou_core::catalogue::Catalogue;
use dukou_core::verdict::{Candidate, Group, Mapped};
use dukou_plugin::cases::{Case, Defaults, Environment, Expect, Outcome};
use dukou_plugin::{Chain, GroupOutcome, Prepared, SharedTables};
use serde_json::Value;

use disguise::Disguise;
use failing::Failing;
use personal::personal_values;
pub use pseudonym::Pseudonyms;
use rows::Noted;

/// What a capture needs of a scheme.
pub struct Subject<'a> {
    /// The plugins in force.
    pub chain: &'a Chain,
    /// Their tables.
    pub tables: &'a SharedTables,
    /// What tells personal fields of records.
    pub catalogue: &'a Catalogue,
    /// The settings of each plugin as the scheme gives them, in chain order.
    pub settings: &'a [String],
    /// What the cases of the plugin have in common already.
    pub defaults: &'a Defaults,
    /// Makes pseudonyms.
    pub pseudonyms: &'a Pseudonyms,
}

/// A case, and what was done to the record for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Captured {
    /// The case, without name and title.
    pub case: Case,
    /// What the plugin said.
    pub outcome: Outcome,
    /// Fields with pseudonyms.
    pub replaced: Vec<String>,
    /// Values that the record and the documents before it had, and how many are left.
    pub values: (usize, usize),
}

/// Why a record cannot become a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A plugin before it ends the group's way.
    NotReached {
        /// That plugin's name.
        by: String,
    },
    /// The verdict depends on who the person is: it is another one with pseudonyms in these fields.
    Personal {
        /// Paths of the fields.
        paths: Vec<String>,
    },
    /// A phone or an identity card of the record would be left in the case.
    Residue {
        /// JSON paths into the case.
        paths: Vec<String>,
    },
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotReached { .. } => "capture.not-reached",
            Self::Personal { .. } => "capture.personal",
            Self::Residue { .. } => "capture.residue",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached { by } => write!(f, "the plugin {by} ends the group's way before"),
            Self::Personal { paths } => write!(f, "the verdict changes with pseudonyms in {}", paths.join(", ")),
            Self::Residue { paths } => write!(f, "a phone or identity card would be left at {}", paths.join(", ")),
        }
    }
}

impl std::error::Error for Refusal {}

/// The plugin that decided what became of a group, by its place in the chain; the mapping when nobody objected.
pub fn decider(subject: &Subject<'_>, group: &Group) -> usize {
    let report = subject.chain.run(std::slice::from_ref(group), subject.tables);
    let digest = match report.outcomes.first() {
        Some(GroupOutcome::Rejected { plugin, .. }) => Some(*plugin),
        Some(GroupOutcome::Failed(fault)) => Some(fault.plugin),
        _ => None,
    };
    let at = digest.and_then(|digest| subject.chain.plugins().position(|one| one.plugin().digest() == digest));
    at.unwrap_or(0)
}

/// Makes a case of a group for the plugin at a place of the chain.
///
/// # Errors
/// [`Refusal`], naming what stands in the way.
pub fn capture(subject: &Subject<'_>, plugin: usize, group: &Group) -> Result<Captured, Refusal> {
    let Some(prepared) = subject.chain.plugins().nth(plugin) else {
        let by = String::new();
        return Err(Refusal::NotReached { by });
    };
    let before = Before::of(subject.chain, plugin);
    let mapped = before.make(group, subject.tables)?;
    let original = Candidate {
        origin: group.clone(),
        mapped,
    };
    let noted = Arc::new(Noted::new(subject.tables.clone()));
    let tables: SharedTables = noted.clone();
    let outcome = one(prepared, &original, &tables);
    let disguise = Disguise {
        subject,
        before: &before,
        prepared,
        original: &original,
        rows: noted.rows(),
        outcome: &outcome,
    };
    let (candidate, rows, replaced) = disguise.put_on()?;
    let had = count(&candidate);
    let candidate = if failing::is_failure(&outcome) {
        shrunk(prepared, candidate, &rows::shared(&rows))
    } else {
        candidate
    };
    let noted = Noted::new(rows::shared(&rows));
    let noted = Arc::new(noted);
    let tables: SharedTables = noted.clone();
    let outcome = one(prepared, &candidate, &tables);
    let values = (had, count(&candidate));
    // A field that is shrunk away needs no word.
    let left = personal_values(&candidate.origin, subject.catalogue);
    let replaced = replaced
        .into_iter()
        .filter(|path| left.iter().any(|value| value.paths.contains(path)))
        .collect();
    let case = Case {
        name: String::new(),
        title: None,
        settings: own_settings(subject, plugin, prepared),
        environment: own_environment(subject, prepared),
        tables: (!noted.same_in(&subject.defaults.tables)).then(|| noted.rows()),
        expect: Some(Expect::of(&outcome, None)),
        before: (plugin > 0).then_some(candidate.mapped),
        group: candidate.origin,
    };
    let left = residue::left_over(&case.to_file_text(), group, &disguise.rows, subject.catalogue);
    if !left.is_empty() {
        return Err(Refusal::Residue { paths: left });
    }
    Ok(Captured {
        case,
        outcome,
        replaced,
        values,
    })
}

fn one(prepared: &Prepared, candidate: &Candidate, tables: &SharedTables) -> Outcome {
    let mut outcomes = prepared.alone(std::slice::from_ref(candidate), tables);
    outcomes.pop().expect("one candidate has one outcome")
}

/// The plugins before the one that is captured.
struct Before {
    chain: Option<Chain>,
}

impl Before {
    fn of(chain: &Chain, plugin: usize) -> Self {
        let adjustments = chain.adjustments.len().min(plugin.saturating_sub(1));
        let validations = plugin.saturating_sub(1 + chain.adjustments.len());
        let chain = (plugin > 0).then(|| Chain {
            mapping: chain.mapping.clone(),
            adjustments: chain.adjustments.iter().take(adjustments).cloned().collect(),
            validations: chain.validations.iter().take(validations).cloned().collect(),
        });
        Self { chain }
    }

    /// What they make of a group.
    fn make(&self, group: &Group, tables: &SharedTables) -> Result<Mapped, Refusal> {
        let Some(chain) = &self.chain else {
            return Ok(Mapped::default());
        };
        match chain.run(std::slice::from_ref(group), tables).outcomes.pop() {
            Some(GroupOutcome::Mapped(mapped)) => Ok(mapped),
            Some(GroupOutcome::Rejected { by, .. }) => Err(Refusal::NotReached { by }),
            Some(GroupOutcome::Failed(fault)) => Err(Refusal::NotReached { by: fault.by }),
            Some(GroupOutcome::Skipped(_)) | None => Err(Refusal::NotReached {
                by: chain.mapping.plugin().name(),
            }),
        }
    }
}

/// The candidate without anything that can go while the plugin fails as before.
fn shrunk(prepared: &Prepared, candidate: Candidate, tables: &SharedTables) -> Candidate {
    let wanted = Failing::of(&one(prepared, &candidate, tables), &candidate.origin);
    let fails = |candidate: &Candidate| wanted.is_same(&one(prepared, candidate, tables), &candidate.origin);
    let mut current = candidate;
    // Whole records and documents first; a group keeps one record.
    for at in (0..current.origin.records.len()).rev() {
        let mut smaller = current.clone();
        smaller.origin.records.remove(at);
        let known = current.mapped.omitted.is_empty() && !smaller.origin.records.is_empty();
        if known && fails(&smaller) {
            current = smaller;
        }
    }
    for at in (0..current.mapped.documents.len()).rev() {
        let mut smaller = current.clone();
        smaller.mapped.documents.remove(at);
        if fails(&smaller) {
            current = smaller;
        }
    }
    let frame = current.clone();
    let values = bodies(&current);
    let values = shrink::shrink(values, &mut |candidates| {
        let candidates: Vec<Candidate> = candidates.iter().map(|values| with_bodies(&frame, values)).collect();
        let outcomes = prepared.alone(&candidates, tables);
        let both = outcomes.iter().zip(&candidates);
        both.map(|(outcome, candidate)| wanted.is_same(outcome, &candidate.origin))
            .collect()
    });
    with_bodies(&frame, &values)
}

/// Bodies of records, then of documents.
fn bodies(candidate: &Candidate) -> Vec<Value> {
    let records = candidate.origin.records.iter().map(|record| &record.body);
    let documents = candidate.mapped.documents.iter().map(|document| &document.body);
    records
        .chain(documents)
        .map(|body| serde_json::from_str(body).unwrap_or(Value::Null))
        .collect()
}

fn with_bodies(frame: &Candidate, values: &[Value]) -> Candidate {
    let mut out = frame.clone();
    let records = out.origin.records.iter_mut().map(|record| &mut record.body);
    let documents = out.mapped.documents.iter_mut().map(|document| &mut document.body);
    for (body, value) in records.chain(documents).zip(values) {
        *body = value.to_string();
    }
    out
}

/// Single values in the bodies.
fn count(candidate: &Candidate) -> usize {
    fn leaves(value: &Value) -> usize {
        match value {
            Value::Object(members) => members.values().map(leaves).sum(),
            Value::Array(items) => items.iter().map(leaves).sum(),
            _ => 1,
        }
    }
    bodies(candidate).iter().map(leaves).sum()
}

/// The scheme's settings, unless the defaults come to the same.
fn own_settings(subject: &Subject<'_>, plugin: usize, prepared: &Prepared) -> Option<String> {
    let settings = subject
        .settings
        .get(plugin)
        .map_or_else(|| prepared.settings(), String::as_str);
    let default = prepared.reconfigured(&subject.defaults.settings, prepared.environment());
    let same = default.is_ok_and(|default| as_json(default.settings()) == as_json(prepared.settings()));
    (!same).then(|| settings.to_owned())
}

/// The scheme's environment with stock catalogues by their name, unless the defaults come to the same.
fn own_environment(subject: &Subject<'_>, prepared: &Prepared) -> Option<Environment> {
    let whole = as_json(prepared.environment());
    if whole == as_json(&subject.defaults.environment.text) {
        return None;
    }
    let mut written = whole;
    for side in ["source", "target"] {
        let Some(place) = written.get_mut(side) else { continue };
        let api = place.get("api").and_then(Value::as_str).unwrap_or_default().to_owned();
        if super::cases::stock_catalogue(&api).is_some_and(|stock| as_json(&stock) == *place) {
            *place = Value::String(api);
        }
    }
    Some(Environment {
        text: prepared.environment().to_owned(),
        written: written.to_string(),
    })
}

fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
