//! Validations over typed records and documents.

use super::{Typed, configure, read_records};
use crate::environment::Environment;
use crate::settings::FromSettings;
use crate::source::{Source, read_document};
use crate::{Candidate, Job, Lookups, Needs, SettingError, Stop, Validation, Violation};

/// Judges documents against their records, and changes nothing. The implementing struct holds the settings.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// #[derive(Settings)]
/// pub struct Checks {
///     #[setting(default = "0.01")]
///     min_price: Number,
/// }
///
/// /// What is read of a document, below its wrapper.
/// #[derive(Source)]
/// #[allow(non_snake_case)]
/// pub struct Dispatch {
///     RDRecordDetails: List<DispatchLine>,
/// }
///
/// #[derive(Source)]
/// #[allow(non_snake_case)]
/// pub struct DispatchLine {
///     origTaxSalePrice: Decimal,
/// }
///
/// impl Validator for Checks {
///     type Source = ();
///     type Document = Dispatch;
///
///     fn check(&self, _orders: &[()], documents: &[Dispatch], job: &mut Job<'_>) -> Result<(), Stop> {
///         for line in documents.iter().flat_map(|document| &document.RDRecordDetails) {
///             let price = &line.origTaxSalePrice;
///             if price.get()?.is_some_and(|number| number < self.min_price) {
///                 job.report(price.violation("price", format!("{price} is less than {}", self.min_price)));
///             }
///         }
///         Ok(())
///     }
/// }
///
/// dukou_sdk::export_validator!(Checks);
/// ```
pub trait Validator: FromSettings {
    /// What is read of a record; `()` if only documents are looked at.
    type Source: Source;
    /// What is read of a document, below its wrapper. Violations of its values name target paths.
    type Document: Source;

    /// Reports what is wrong with a group's documents. An `Err` ends the check and is told beside what was reported;
    /// [`Job::note`] goes on instead.
    fn check(&self, orders: &[Self::Source], documents: &[Self::Document], job: &mut Job<'_>) -> Result<(), Stop>;

    /// Called once, with settings that are sound: for what only the plugin can check, and for what is computed once.
    fn configured(&mut self, _environment: &Environment) -> Result<(), Vec<SettingError>> {
        Ok(())
    }
}

impl<V: Validator> Validation for Typed<V> {
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        configure::<V, V::Source>(settings, environment, None, V::configured)
    }

    fn validate(&self, candidates: Vec<Candidate>, lookups: &dyn Lookups) -> Vec<Vec<Violation>> {
        candidates
            .into_iter()
            .map(|candidate| self.violations(candidate, lookups))
            .collect()
    }
}

impl<V: Validator> Typed<V> {
    fn violations(&self, candidate: Candidate, lookups: &dyn Lookups) -> Vec<Violation> {
        let mut job = Job::new(&candidate.origin, lookups, &self.around);
        job.omitted = candidate.mapped.omitted;
        let orders = read_records(&mut job, &self.around, "");
        let mut documents = Vec::with_capacity(candidate.mapped.documents.len());
        for (member, document) in (0..).zip(&candidate.mapped.documents) {
            match read_document(&document.body, member, &document.suffix, &self.around) {
                Ok((read, root)) => {
                    documents.push(read);
                    for fault in root.faults.take() {
                        job.report(fault);
                    }
                }
                Err(reason) => {
                    let message = format!("document {:?} cannot be read: {reason}", document.suffix);
                    job.report(Violation::new("type", message).at_target("$"));
                }
            }
        }
        let outcome = self.plugin.check(&orders, &documents, &mut job);
        job.note(outcome);
        job.report.into_violations()
    }
}
