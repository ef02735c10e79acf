//! The reference validation: are quantities, dates, line counts and totals of the vouchers plausible, and do they agree
//! with the source order? It stands beside any mapping to T+ vouchers with `RDRecordDetails`.
//!
//! It reads the documents by the target catalogue's wrapper ([`document`]), sums up the source without what was omitted
//! ([`origin`]), and compares ([`checks`]). It changes nothing and looks nothing up. Codes: `quantity`, `date`, `lines`,
//! `total`, `amount`, `length`.

mod checks;
mod document;
mod origin;
mod rules;

use dukou_sdk::{Candidate, Lookups, Needs, SettingError, Validation, Violation};
use rules::Rules;

/// The configured validation.
#[derive(Debug)]
pub struct VoucherChecks {
    rules: Rules,
}

impl Validation for VoucherChecks {
    /// Settings, all optional: `allow_negative`, `not_before`, `lines`, `merged`, `quantity`, `amount`, `tolerance`,
    /// `max_text`; `plugin.json` says what they mean.
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        let rules = Rules::read(settings, environment)?;
        let needs = rules.needs();
        Ok((Self { rules }, needs))
    }

    fn validate(&self, candidates: Vec<Candidate>, _lookups: &dyn Lookups) -> Vec<Vec<Violation>> {
        candidates
            .iter()
            .map(|candidate| checks::check(&self.rules, candidate))
            .collect()
    }
}

dukou_sdk::export_validation!(VoucherChecks);

#[cfg(test)]
mod tests;
