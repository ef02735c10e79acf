//! What is tested: a plugin under the settings, environment and tables of some cases. A trait, so that the checks can
//! be proven against subjects that no sandbox lets exist, such as one that answers differently each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use dukou_core::verdict::{Candidate, Group, Mapped, SourceRecord};

use super::case::CaseTables;
use super::outcome::{Failure, Outcome};
use crate::bisect::bisect;
use crate::budget::Budgets;
use crate::host_state::{SharedTables, Tables};
use crate::inspect::Kind;
use crate::projection::Projection;
use crate::run::{Prepared, RunReport};

/// Groups in one call: an interpreter is slow to start, and a batch has one memory.
const BATCH_GROUPS: usize = 100;
/// Bytes in one call.
const BATCH_BYTES: usize = 1 << 20;

/// One group with what was made of it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) group: Group,
    pub(crate) before: Mapped,
}

impl Input {
    /// The input as the plugin's projection shows it.
    pub(crate) fn projected(&self, needs: &Projection) -> Result<Self, Failure> {
        let records = self
            .group
            .records
            .iter()
            .map(|record| {
                let body = needs.apply(&record.body).map_err(|error| Failure {
                    code: "record.malformed",
                    message: format!("the record {} is not JSON: {error}", record.key),
                    frames: Vec::new(),
                })?;
                Ok(SourceRecord { body, ..record.clone() })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Self {
            group: Group {
                records,
                ..self.group.clone()
            },
            before: self.before.clone(),
        })
    }

    fn bytes(&self) -> usize {
        let records = self.group.records.iter().map(|record| record.body.len());
        let documents = self.before.documents.iter().map(|document| document.body.len());
        records.chain(documents).sum()
    }
}

/// A plugin, ready for batches.
pub(crate) trait Subject {
    /// The parts of a record that it asks for.
    fn needs(&self) -> &Projection;

    /// What a batch may use.
    fn budgets(&self) -> &Budgets;

    /// One call with all inputs, exactly as they are.
    fn run(&self, inputs: &[Input]) -> RunReport<Vec<Outcome>>;

    /// Runs any number of inputs in bounded batches; a batch that fails is halved until the inputs that fail are
    /// alone. One outcome each, in order.
    fn run_all(&self, inputs: &[Input]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(inputs.len());
        let mut rest = inputs;
        while !rest.is_empty() {
            let (batch, left) = rest.split_at(batch_length(rest));
            rest = left;
            let answers = bisect(batch, &mut |part| self.run(part), &mut |_| {});
            outcomes.extend(answers.into_iter().map(|answer| match answer {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Failed(Failure::from(&error)),
            }));
        }
        outcomes
    }
}

fn batch_length(inputs: &[Input]) -> usize {
    let mut bytes = 0;
    let fitting = inputs.iter().take(BATCH_GROUPS).take_while(|input| {
        bytes += input.bytes();
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
}

/// A plugin with the tables of some cases.
pub(crate) struct Sandboxed {
    pub(crate) prepared: Prepared,
    pub(crate) tables: SharedTables,
}

impl Subject for Sandboxed {
    fn needs(&self) -> &Projection {
        self.prepared.needs()
    }

    fn budgets(&self) -> &Budgets {
        self.prepared.budgets()
    }

    fn run(&self, inputs: &[Input]) -> RunReport<Vec<Outcome>> {
        match self.prepared.plugin().kind() {
            Kind::Mapping => {
                let groups: Vec<Group> = inputs.iter().map(|input| input.group.clone()).collect();
                turned(self.prepared.transform(&groups, &self.tables), Outcome::of_verdict)
            }
            Kind::Adjustment => turned(
                self.prepared.adjust(&candidates(inputs), &self.tables),
                Outcome::of_verdict,
            ),
            Kind::Validation => turned(
                self.prepared.validate(&candidates(inputs), &self.tables),
                Outcome::of_judgement,
            ),
        }
    }
}

fn candidates(inputs: &[Input]) -> Vec<Candidate> {
    inputs
        .iter()
        .map(|input| Candidate {
            origin: input.group.clone(),
            mapped: input.before.clone(),
        })
        .collect()
}

fn turned<T>(report: RunReport<Vec<T>>, turn: impl Fn(T) -> Outcome) -> RunReport<Vec<Outcome>> {
    RunReport {
        result: report.result.map(|answers| answers.into_iter().map(turn).collect()),
        stage: report.stage,
        usage: report.usage,
        log: report.log,
    }
}

/// The tables of a case, as plugins see them.
pub(crate) struct TablesOfCase(BTreeMap<String, BTreeMap<String, String>>);

impl TablesOfCase {
    pub(crate) fn shared(tables: &CaseTables) -> SharedTables {
        Arc::new(Self(tables.clone()))
    }
}

impl Tables for TablesOfCase {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        self.0.get(table)?.get(key).map(String::as_str)
    }
}
