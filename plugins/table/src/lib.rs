//! `dukou-table`: the stock mapping. It interprets a flat mapping table such as the seed's, row by row, under the target
//! catalogue, and needs no code. The syntax is described for consultants in `README.md`.
//!
//! The settings are compiled once (`settings.rs` → `compile.rs` → `program.rs`); a group then is read (`record.rs`), cut
//! into lines (`lines.rs`), evaluated (`evaluate.rs`) and written (`write.rs`). A value that cannot be made rejects the
//! group with target path, expression and value: text is never passed through in its place, and nothing is guessed.
//!
//! It knows no scheme, no connector and no clock, and it never parses a number into binary floating point.

mod bind;
mod compile;
mod condition;
mod convert;
mod errors;
mod evaluate;
mod group;
mod layout;
mod lines;
mod prepare;
mod program;
mod record;
mod rejection;
mod resolve;
mod rows;
mod settings;
mod shape;
mod tables;
mod target;
mod template;
mod write;

use dukou_sdk::environment::Environment;
use dukou_sdk::{Group, Lookups, Mapping, Needs, SettingError, Verdict};
use errors::Findings;
use program::Program;
use tables::Answers;

/// A compiled mapping table.
#[derive(Debug)]
pub struct Table {
    program: Program,
}

impl Mapping for Table {
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        let environment = Environment::parse(environment)?;
        let mut findings = Findings::default();
        let raw = settings::read(settings, &mut findings);
        match compile::compile(raw, environment, &mut findings) {
            Some(program) => {
                let needs = Needs {
                    needs: program.shape.needs(),
                    tables: program.tables.clone(),
                };
                Ok((Self { program }, needs))
            }
            None => Err(findings.into_errors()),
        }
    }

    fn transform(&self, groups: Vec<Group>, lookups: &dyn Lookups) -> Vec<Verdict> {
        let program = &self.program;
        let nodes: Vec<_> = groups.iter().map(|group| prepare::read(program, group)).collect();
        let prepared: Vec<_> = groups
            .iter()
            .zip(&nodes)
            .map(|(group, nodes)| prepare::prepare(program, group, nodes))
            .collect();
        let mut answers = Answers::default();
        // Each round answers one look-up further along in a placeholder: `{{a|lookup(A)|lookup(B)}}` takes two.
        for _ in 0..program.rounds {
            prepared.iter().for_each(|group| group.note_keys(&answers));
            if !answers.fetch(lookups) {
                break;
            }
        }
        prepared.into_iter().map(|group| group.finish(&answers)).collect()
    }
}

dukou_sdk::export_mapping!(Table);

#[cfg(test)]
mod tests;
