//! A scheme's plugins in their order: the mapping, adjustments over what it made, validations over that. Each sees
//! the groups through its own projection. Every group that goes in comes out, with exactly one outcome.

use std::fmt;

use dukou_core::digest::Digest;
use dukou_core::verdict::{Candidate, Group, Mapped, SourceRecord, Verdict, Violation};

use crate::bisect::bisect;
use crate::error::PluginError;
use crate::host_state::SharedTables;
use crate::inspect::Kind;
use crate::plugin::Plugin;
use crate::projection::{MalformedJson, Projection};
use crate::run::{Prepared, RunReport};

/// The plugins of one deployment.
#[derive(Clone)]
pub struct Chain {
    /// Makes documents.
    pub mapping: Prepared,
    /// Change them, in order.
    pub adjustments: Vec<Prepared>,
    /// Judge them, in order; the first that objects decides.
    pub validations: Vec<Prepared>,
}

/// A plugin in a place that needs another kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// The place in chain order: the mapping is 0, adjustments follow, then validations.
    pub place: usize,
    /// What is wrong: [`PluginError::Kind`].
    pub error: PluginError,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin {} of the chain: {}", self.place + 1, self.error)
    }
}

impl std::error::Error for Misplaced {}

impl Plugin {
    /// Checks that it is of the kind that a place needs, which can be asked before it has settings.
    ///
    /// # Errors
    /// [`PluginError::Kind`] that names both kinds.
    pub fn must_be(&self, kind: Kind) -> Result<(), PluginError> {
        if self.kind() == kind {
            return Ok(());
        }
        Err(PluginError::Kind {
            detail: format!(
                "{} is a {}, its place needs a {}",
                self.name(),
                self.kind().as_str(),
                kind.as_str()
            ),
        })
    }
}

/// What became of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupOutcome {
    /// Documents to deliver.
    Mapped(Mapped),
    /// Nothing to deliver, with the reason.
    Skipped(String),
    /// A plugin refused it.
    Rejected {
        /// The plugin's name.
        by: String,
        /// The plugin's digest.
        plugin: Digest,
        /// Why.
        violations: Vec<Violation>,
    },
    /// A plugin died of it, or could not be run.
    Failed(PluginFault),
}

/// Why there is no verdict on a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFault {
    /// Stable code: one of [`PluginError::code`], or `record.malformed`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The plugin's own last words.
    pub panic_text: Option<String>,
    /// Functions of the guest, innermost first.
    pub frames: Vec<String>,
    /// The plugin's name.
    pub by: String,
    /// The plugin's digest.
    pub plugin: Digest,
    /// Whether the plugin is to blame; if not, the group can simply be tried again.
    pub plugins_fault: bool,
}

/// One run within a chain, without its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRun {
    /// The plugin's name.
    pub by: String,
    /// The plugin's digest.
    pub plugin: Digest,
    /// How many groups it was given.
    pub groups: usize,
    /// What was used and logged, and the error if there was one.
    pub report: RunReport<()>,
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// One per group, in order.
    pub outcomes: Vec<GroupOutcome>,
    /// Every run, in order.
    pub runs: Vec<ChainRun>,
}

impl ChainReport {
    /// Fuel of all runs, shared evenly among the groups.
    pub fn fuel_per_group(&self) -> u64 {
        let fuel: u64 = self.runs.iter().map(|run| run.report.usage.fuel).sum();
        fuel / (self.outcomes.len() as u64).max(1)
    }
}

impl Chain {
    /// Checks that every plugin is of the kind its place needs.
    ///
    /// # Errors
    /// [`Misplaced`] with the first place that has another kind.
    pub fn new(mapping: Prepared, adjustments: Vec<Prepared>, validations: Vec<Prepared>) -> Result<Self, Misplaced> {
        let places = std::iter::once((&mapping, Kind::Mapping))
            .chain(adjustments.iter().map(|one| (one, Kind::Adjustment)))
            .chain(validations.iter().map(|one| (one, Kind::Validation)));
        for (place, (prepared, kind)) in places.enumerate() {
            prepared
                .plugin()
                .must_be(kind)
                .map_err(|error| Misplaced { place, error })?;
        }
        Ok(Self {
            mapping,
            adjustments,
            validations,
        })
    }

    /// The plugins in the order in which they run.
    pub fn plugins(&self) -> impl Iterator<Item = &Prepared> {
        std::iter::once(&self.mapping)
            .chain(&self.adjustments)
            .chain(&self.validations)
    }

    /// Runs a batch of whole groups. The caller bounds the batch; a group of many records counts as many.
    pub fn run(&self, groups: &[Group], tables: &SharedTables) -> ChainReport {
        self.run_watched(groups, tables, &mut |_| {})
    }

    /// As [`Self::run`]; `watch` is shown the outcomes so far after the mapping and after each adjustment.
    pub(crate) fn run_watched(
        &self,
        groups: &[Group],
        tables: &SharedTables,
        watch: &mut dyn FnMut(&[Option<GroupOutcome>]),
    ) -> ChainReport {
        let mut batch = Batch {
            groups,
            tables,
            outcomes: groups.iter().map(|_| None).collect(),
            runs: Vec::new(),
        };
        batch.map(&self.mapping);
        watch(&batch.outcomes);
        for adjustment in &self.adjustments {
            batch.adjust(adjustment);
            watch(&batch.outcomes);
        }
        for validation in &self.validations {
            batch.validate(validation);
        }
        batch.finish(&self.mapping)
    }
}

struct Batch<'a> {
    groups: &'a [Group],
    tables: &'a SharedTables,
    outcomes: Vec<Option<GroupOutcome>>,
    runs: Vec<ChainRun>,
}

impl Batch<'_> {
    fn map(&mut self, by: &Prepared) {
        let mut places = Vec::with_capacity(self.groups.len());
        let mut inputs = Vec::with_capacity(self.groups.len());
        for (place, group) in self.groups.iter().enumerate() {
            match project(by.needs(), group) {
                Ok(group) => {
                    places.push(place);
                    inputs.push(group);
                }
                Err((key, error)) => self.decide(place, malformed(by, &key, error)),
            }
        }
        let tables = self.tables;
        let verdicts = self.bisect(by, &inputs, |part| by.transform(part, tables));
        for (place, verdict) in places.into_iter().zip(verdicts) {
            self.decide(place, outcome(by, verdict));
        }
    }

    fn adjust(&mut self, by: &Prepared) {
        let (places, inputs) = self.candidates(by);
        let tables = self.tables;
        let verdicts = self.bisect(by, &inputs, |part| by.adjust(part, tables));
        for (place, verdict) in places.into_iter().zip(verdicts) {
            self.decide(place, outcome(by, verdict));
        }
    }

    fn validate(&mut self, by: &Prepared) {
        let (places, inputs) = self.candidates(by);
        let tables = self.tables;
        let judgements = self.bisect(by, &inputs, |part| by.validate(part, tables));
        for (place, judgement) in places.into_iter().zip(judgements) {
            match judgement {
                Ok(violations) if violations.is_empty() => {}
                Ok(violations) => self.decide(place, rejected(by, violations)),
                Err(error) => self.decide(place, failed(by, &error)),
            }
        }
    }

    /// The groups that are mapped so far, as `by` sees them.
    fn candidates(&mut self, by: &Prepared) -> (Vec<usize>, Vec<Candidate>) {
        let mut places = Vec::new();
        let mut candidates = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let Some(Some(GroupOutcome::Mapped(mapped))) = self.outcomes.get(place) else {
                continue;
            };
            match project(by.needs(), group) {
                Ok(origin) => {
                    places.push(place);
                    candidates.push(Candidate {
                        origin,
                        mapped: mapped.clone(),
                    });
                }
                Err((key, error)) => self.decide(place, malformed(by, &key, error)),
            }
        }
        (places, candidates)
    }

    fn bisect<I, T>(
        &mut self,
        by: &Prepared,
        inputs: &[I],
        mut run: impl FnMut(&[I]) -> RunReport<Vec<T>>,
    ) -> Vec<Result<T, PluginError>> {
        let sizes = std::cell::Cell::new(0);
        let runs = &mut self.runs;
        bisect(
            inputs,
            &mut |part| {
                sizes.set(part.len());
                run(part)
            },
            &mut |report| {
                runs.push(ChainRun {
                    by: by.plugin().name(),
                    plugin: by.plugin().digest(),
                    groups: sizes.get(),
                    report,
                });
            },
        )
    }

    fn decide(&mut self, place: usize, outcome: GroupOutcome) {
        if let Some(slot) = self.outcomes.get_mut(place) {
            *slot = Some(outcome);
        }
    }

    fn finish(self, mapping: &Prepared) -> ChainReport {
        let lost = || failed(mapping, &PluginError::contract("no verdict on this group was found"));
        ChainReport {
            outcomes: self
                .outcomes
                .into_iter()
                .map(|outcome| outcome.unwrap_or_else(lost))
                .collect(),
            runs: self.runs,
        }
    }
}

/// A group as a plugin may see it; the error names the record.
fn project(needs: &Projection, group: &Group) -> Result<Group, (String, MalformedJson)> {
    let records = group
        .records
        .iter()
        .map(|record| {
            let body = needs.apply(&record.body).map_err(|error| (record.key.clone(), error))?;
            Ok(SourceRecord {
                key: record.key.clone(),
                received_at: record.received_at.clone(),
                body,
                extra: record.extra.clone(),
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Group {
        key: group.key.clone(),
        records,
        extra: group.extra.clone(),
    })
}

fn outcome(by: &Prepared, verdict: Result<Verdict, PluginError>) -> GroupOutcome {
    match verdict {
        Ok(Verdict::Mapped(mapped)) => GroupOutcome::Mapped(mapped),
        Ok(Verdict::Skipped(reason)) => GroupOutcome::Skipped(reason),
        Ok(Verdict::Rejected(violations)) => rejected(by, violations),
        Err(error) => failed(by, &error),
    }
}

fn rejected(by: &Prepared, violations: Vec<Violation>) -> GroupOutcome {
    GroupOutcome::Rejected {
        by: by.plugin().name(),
        plugin: by.plugin().digest(),
        violations,
    }
}

fn failed(by: &Prepared, error: &PluginError) -> GroupOutcome {
    GroupOutcome::Failed(PluginFault {
        code: error.code(),
        message: error.to_string(),
        panic_text: error.panic_text().map(str::to_owned),
        frames: match error {
            PluginError::Trap(report) => report.frames.clone(),
            _ => Vec::new(),
        },
        by: by.plugin().name(),
        plugin: by.plugin().digest(),
        plugins_fault: error.is_plugins_fault(),
    })
}

fn malformed(by: &Prepared, key: &str, error: MalformedJson) -> GroupOutcome {
    GroupOutcome::Failed(PluginFault {
        code: "record.malformed",
        message: format!("the record {key} is not JSON: {error}"),
        panic_text: None,
        frames: Vec::new(),
        by: by.plugin().name(),
        plugin: by.plugin().digest(),
        plugins_fault: false,
    })
}
