//! One plugin by itself, on groups with what the plugins before it made: what a case of it would come to. For whoever
//! makes cases; it runs them as the harness does, and the pipeline runs whole chains.

use dukou_core::verdict::Candidate;

use crate::cases::subject::{Input, Sandboxed, Subject as _};
use crate::cases::{Failure, Outcome};
use crate::error::PluginError;
use crate::host_state::SharedTables;
use crate::run::Prepared;

impl Prepared {
    /// Runs candidates through this plugin alone, whatever its kind; a mapping sees only their groups. Records are cut
    /// down to what the plugin asks for. One outcome each, in order; a candidate that kills its batch costs itself only.
    pub fn alone(&self, candidates: &[Candidate], tables: &SharedTables) -> Vec<Outcome> {
        let projected: Vec<Result<Input, Failure>> = candidates
            .iter()
            .map(|one| {
                let input = Input {
                    group: one.origin.clone(),
                    before: one.mapped.clone(),
                };
                input.projected(self.needs())
            })
            .collect();
        let inputs: Vec<Input> = projected.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
        let subject = Sandboxed {
            prepared: self.clone(),
            tables: tables.clone(),
        };
        let mut outcomes = subject.run_all(&inputs).into_iter();
        let lost = || {
            Outcome::Failed(Failure::from(&PluginError::contract(
                "no verdict on this group was found",
            )))
        };
        projected
            .into_iter()
            .map(|one| match one {
                Err(failure) => Outcome::Failed(failure),
                Ok(_) => outcomes.next().unwrap_or_else(lost),
            })
            .collect()
    }
}
