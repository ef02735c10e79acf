//! Adjustments over typed records and documents that are edited in place.

use super::{Typed, configure, joined, read_records};
use crate::editor::{self, Editor};
use crate::environment::Environment;
use crate::settings::FromSettings;
use crate::source::Source;
use crate::{Adjustment, Candidate, Job, Lookups, Mapped, Needs, SettingError, Stop, Verdict, Violation};

/// Changes documents that a mapping made: a customer's two lines over a shared mapping. The implementing struct holds the
/// settings.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// #[derive(Settings)]
/// pub struct ShopRules {
///     #[setting(default = "仓库对照")]
///     warehouse_table: Table,
/// }
///
/// #[derive(Source)]
/// pub struct Order {
///     warehouse_no: Text,
/// }
///
/// impl Adjuster for ShopRules {
///     type Source = Order;
///
///     fn adjust(&self, order: &Order, document: &mut Editor, job: &mut Job<'_>) -> Result<(), Stop> {
///         let code: Code = self.warehouse_table.value(&order.warehouse_no, job).to();
///         document.set("Warehouse", &code);
///         Ok(())
///     }
/// }
///
/// dukou_sdk::export_adjuster!(ShopRules);
/// ```
pub trait Adjuster: FromSettings {
    /// What is read of a record; `()` if only documents are looked at.
    type Source: Source;

    /// Changes one document. It is called for every document of the group.
    ///
    /// For a larger group `order` is all its records as one: lists follow one another, and a value on which the records
    /// differ is a fault (`merge.disagree`) where it is used.
    fn adjust(&self, order: &Self::Source, document: &mut Editor, job: &mut Job<'_>) -> Result<(), Stop>;

    /// Changes all documents of a group: override it to see the records one by one, or to add and take away documents.
    fn adjust_group(
        &self,
        orders: Vec<Self::Source>,
        documents: &mut Vec<Editor>,
        job: &mut Job<'_>,
    ) -> Result<(), Stop> {
        let Some(order) = joined(orders) else { return Ok(()) };
        for document in documents {
            self.adjust(&order, document, job)?;
        }
        Ok(())
    }

    /// Called once, with settings that are sound: for what only the plugin can check, and for what is computed once.
    fn configured(&mut self, _environment: &Environment) -> Result<(), Vec<SettingError>> {
        Ok(())
    }
}

impl<A: Adjuster> Adjustment for Typed<A> {
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        configure::<A, A::Source>(settings, environment, None, A::configured)
    }

    fn adjust(&self, candidates: Vec<Candidate>, lookups: &dyn Lookups) -> Vec<Verdict> {
        candidates
            .into_iter()
            .map(|candidate| self.adjusted(candidate, lookups))
            .collect()
    }
}

impl<A: Adjuster> Typed<A> {
    fn adjusted(&self, candidate: Candidate, lookups: &dyn Lookups) -> Verdict {
        let mut job = Job::new(&candidate.origin, lookups, &self.around);
        job.omitted = candidate.mapped.omitted;
        let orders = read_records(&mut job, &self.around, "");
        let mut editors = Vec::with_capacity(candidate.mapped.documents.len());
        for (member, document) in (0..).zip(&candidate.mapped.documents) {
            match Editor::open(document, member, &self.around) {
                Ok(editor) => editors.push(editor),
                Err(reason) => {
                    let message = format!("document {:?} cannot be read: {reason}", document.suffix);
                    job.report.add(Violation::new("type", message).at_target("$"), None);
                }
            }
        }
        match self.plugin.adjust_group(orders, &mut editors, &mut job) {
            Ok(()) => {}
            Err(Stop::Skip(reason)) if job.report.count() == 0 => return Verdict::Skipped(reason),
            Err(stop) => drop(job.note::<(), _>(Err(stop))),
        }
        let documents = editor::collect(editors, &mut job.report);
        if job.report.count() > 0 {
            return Verdict::Rejected(job.report.into_violations());
        }
        if documents.is_empty() {
            return Verdict::Skipped("nothing to write".to_owned());
        }
        Verdict::Mapped(Mapped {
            documents,
            omitted: job.omitted,
        })
    }
}
