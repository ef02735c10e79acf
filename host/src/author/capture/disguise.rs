//! A group in disguise: pseudonyms in place of personal values, chosen so that the plugin's verdict is the same with the
//! same replacement made. Where none does, the fields are named.

use dukou_core::verdict::Candidate;
use dukou_plugin::Prepared;
use dukou_plugin::cases::{CaseTables, Outcome};

use super::personal::{PersonalValue, Substitution, personal_values};
use super::{Before, Refusal, Subject, one, pseudonym, rows};

/// Replaces personal values and proves that it changes nothing else.
pub(super) struct Disguise<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) before: &'a Before,
    pub(super) prepared: &'a Prepared,
    pub(super) original: &'a Candidate,
    pub(super) rows: CaseTables,
    pub(super) outcome: &'a Outcome,
}

impl Disguise<'_> {
    /// The candidate and its rows with pseudonyms, and the fields that got some.
    pub(super) fn put_on(&self) -> Result<(Candidate, CaseTables, Vec<String>), Refusal> {
        let values = personal_values(&self.original.origin, self.subject.catalogue);
        let mut chosen: Vec<(&PersonalValue, u32)> = values.iter().map(|value| (value, 0)).collect();
        if !self.holds(&chosen) {
            chosen = self.one_by_one(&values)?;
        }
        let substitution = Substitution::new(self.subject.pseudonyms, &chosen);
        let mut replaced: Vec<String> = values.iter().flat_map(|value| value.paths.clone()).collect();
        replaced.sort();
        replaced.dedup();
        Ok((self.disguised(&substitution), substitution.tables(&self.rows), replaced))
    }

    /// Adds one value after the other, each with the first pseudonym under which the verdict stays.
    fn one_by_one<'v>(&self, values: &'v [PersonalValue]) -> Result<Vec<(&'v PersonalValue, u32)>, Refusal> {
        let mut chosen: Vec<(&PersonalValue, u32)> = Vec::new();
        let mut paths = Vec::new();
        for value in values {
            let fitting = (0..pseudonym::ATTEMPTS).find(|attempt| {
                let mut trial = chosen.clone();
                trial.push((value, *attempt));
                self.holds(&trial)
            });
            match fitting {
                Some(attempt) => chosen.push((value, attempt)),
                None => paths.extend(value.paths.clone()),
            }
        }
        if paths.is_empty() {
            Ok(chosen)
        } else {
            Err(Refusal::Personal { paths })
        }
    }

    fn disguised(&self, substitution: &Substitution) -> Candidate {
        Candidate {
            origin: substitution.group(&self.original.origin),
            mapped: substitution.mapped(&self.original.mapped),
        }
    }

    /// Whether the plugin, and those before it, say the same of the disguised group with the same replacement made.
    fn holds(&self, chosen: &[(&PersonalValue, u32)]) -> bool {
        let substitution = Substitution::new(self.subject.pseudonyms, chosen);
        let candidate = self.disguised(&substitution);
        let tables = rows::shared(&substitution.tables(&self.rows));
        let now = one(self.prepared, &candidate, &tables);
        if Substitution::default().comparable(&now) != substitution.comparable(self.outcome) {
            return false;
        }
        // Rows that plugins before look up are not part of the case, so they answer as they are.
        let made = self.before.make(&candidate.origin, self.subject.tables);
        match made {
            Ok(made) => Outcome::Mapped(made).to_json() == Outcome::Mapped(candidate.mapped).to_json(),
            Err(_) => false,
        }
    }
}
