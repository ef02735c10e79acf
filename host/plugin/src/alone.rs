//! One plugin by itself, on groups with what the plugins before it made: what a case of it would come to. For whoever
//! makes cases; the pipeline runs whole chains.

use dukou_core::verdict::{Candidate, Group, SourceRecord};

use crate::bisect::bisect;
use crate::cases::{Failure, Outcome};
use crate::error::PluginError;
use crate::host_state::SharedTables;
use crate::inspect::Kind;
use crate::run::{Prepared, RunReport};

/// Candidates of one call.
const BATCH: usize = 100;
/// Bytes of one call, unless one candidate has more.
const BATCH_BYTES: usize = 1 << 20;

impl Prepared {
    /// Runs candidates through this plugin alone, whatever its kind; a mapping sees only their groups. Records are cut
    /// down to what the plugin asks for. One outcome each, in order; a candidate that kills its batch costs itself only.
    pub fn alone(&self, candidates: &[Candidate], tables: &SharedTables) -> Vec<Outcome> {
        let projected: Vec<Result<Candidate, Failure>> = candidates.iter().map(|one| self.projected(one)).collect();
        let inputs: Vec<Candidate> = projected.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
        let mut answers = Vec::with_capacity(inputs.len());
        let mut rest = inputs.as_slice();
        while !rest.is_empty() {
            let (batch, left) = rest.split_at(batch_length(rest));
            rest = left;
            answers.extend(bisect(batch, &mut |part| self.judged(part, tables), &mut |_| {}));
        }
        let mut answers = answers.into_iter();
        projected
            .into_iter()
            .map(|one| match one {
                Err(failure) => Outcome::Failed(failure),
                Ok(_) => match answers.next() {
                    Some(Ok(outcome)) => outcome,
                    Some(Err(error)) => Outcome::Failed(Failure::from(&error)),
                    None => Outcome::Failed(Failure::from(&PluginError::contract(
                        "no verdict on this group was found",
                    ))),
                },
            })
            .collect()
    }

    fn judged(&self, part: &[Candidate], tables: &SharedTables) -> RunReport<Vec<Outcome>> {
        match self.plugin().kind() {
            Kind::Mapping => {
                let groups: Vec<Group> = part.iter().map(|one| one.origin.clone()).collect();
                turned(self.transform(&groups, tables), Outcome::of_verdict)
            }
            Kind::Adjustment => turned(self.adjust(part, tables), Outcome::of_verdict),
            Kind::Validation => turned(self.validate(part, tables), Outcome::of_judgement),
        }
    }

    fn projected(&self, candidate: &Candidate) -> Result<Candidate, Failure> {
        let records = candidate.origin.records.iter().map(|record| {
            let body = self.needs().apply(&record.body).map_err(|error| Failure {
                code: "record.malformed",
                message: format!("the record {} is not JSON: {error}", record.key),
                frames: Vec::new(),
            })?;
            Ok(SourceRecord { body, ..record.clone() })
        });
        Ok(Candidate {
            origin: Group {
                records: records.collect::<Result<_, Failure>>()?,
                ..candidate.origin.clone()
            },
            mapped: candidate.mapped.clone(),
        })
    }
}

fn turned<T>(report: RunReport<Vec<T>>, turn: impl Fn(T) -> Outcome) -> RunReport<Vec<Outcome>> {
    RunReport {
        result: report.result.map(|answers| answers.into_iter().map(turn).collect()),
        stage: report.stage,
        usage: report.usage,
        log: report.log,
    }
}

fn batch_length(rest: &[Candidate]) -> usize {
    let mut bytes = 0;
    let fitting = rest.iter().take(BATCH).take_while(|one| {
        bytes += one.origin.records.iter().map(|record| record.body.len()).sum::<usize>();
        bytes += one
            .mapped
            .documents
            .iter()
            .map(|document| document.body.len())
            .sum::<usize>();
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
}
