//! The work on one group: what surrounds it, and what is noted along the way.

use crate::date::Moment;
use crate::environment::Environment;
use crate::report::Report;
use crate::values::{Fault, Surroundings};
use crate::{Group, Lookups, Omission, SourceRecord, Violation};

/// Why a group makes no document. Handed on with `?` or returned as `Err`.
///
/// ```
/// # use dukou_sdk::prelude::*;
/// # fn map(order_type: &Text) -> Result<(), Stop> {
/// if !order_type.is("1") {
///     return Err(Stop::skip("非销售出库"));
/// }
/// # Ok(()) }
/// # assert!(map(&Text::from("2")).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing is to be written, on purpose. Nobody is asked to do anything.
    Skip(String),
    /// Something is wrong: all reasons. A person is asked to look.
    Reject(Vec<Violation>),
}

impl Stop {
    /// Nothing is to be written, for this reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::Skip(reason.into())
    }

    /// Something is wrong.
    pub fn reject(code: &str, message: impl Into<String>) -> Self {
        Self::Reject(vec![Violation::new(code, message)])
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Reject(vec![violation])
    }
}

impl From<Vec<Violation>> for Stop {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Reject(violations)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::from(Violation::from(fault))
    }
}

/// The work on one group: its records as the host knows them, environment and tables, and the place to note what was
/// left out and what is wrong.
pub struct Job<'j> {
    pub(crate) group: &'j Group,
    pub(crate) lookups: &'j dyn Lookups,
    pub(crate) around: &'j Surroundings,
    pub(crate) report: Report<'j>,
    pub(crate) omitted: Vec<Omission>,
    /// Index of the record that is worked on, where it is one.
    pub(crate) member: Option<u32>,
    /// Indexes of the records that could be read.
    pub(crate) readable: Vec<u32>,
}

impl<'j> Job<'j> {
    pub(crate) fn new(group: &'j Group, lookups: &'j dyn Lookups, around: &'j Surroundings) -> Self {
        Self {
            group,
            lookups,
            around,
            report: Report::new(group),
            omitted: Vec::new(),
            member: None,
            readable: Vec::with_capacity(group.records.len()),
        }
    }

    /// The group as the host handed it over: its key, its records with their bodies as text, and `extra`.
    pub fn group(&self) -> &'j Group {
        self.group
    }

    /// The record that is worked on; the group's first where it is worked on as a whole.
    pub fn record(&self) -> &'j SourceRecord {
        &self.group.records[self.member.unwrap_or(0) as usize]
    }

    /// When the record that is worked on was received, in the scheme's zone: the only time that a plugin knows.
    pub fn received(&self) -> Result<Moment, Fault> {
        let record = self.record();
        Moment::from_rfc3339(&record.received_at, self.around.zone)
            .map_err(|_| Fault::new("date", format!("record {} has no readable time of receipt", record.key)))
    }

    /// Time zone and catalogues of both ends.
    pub fn environment(&self) -> &'j Environment {
        &self.around.environment
    }

    /// Index in the group of the record that the order number `position` was read from. They differ where a record could
    /// not be read; the group is rejected then, whatever is made of the others.
    pub fn member_of(&self, position: usize) -> u32 {
        self.readable.get(position).copied().unwrap_or(0)
    }

    /// The scheme's tables, for questions that [`Table`](crate::Table) does not ask.
    pub fn lookups(&self) -> &'j dyn Lookups {
        self.lookups
    }

    /// Notes that something was left out on purpose.
    pub fn omit(&mut self, omission: Omission) {
        self.omitted.push(omission);
    }

    /// What was left out so far, by this plugin or, for adjustments and validations, by those before it.
    pub fn omitted(&self) -> &[Omission] {
        &self.omitted
    }

    /// Notes that something is wrong and goes on, so that the group is rejected with everything that is.
    pub fn report(&mut self, violation: impl Into<Violation>) {
        self.report.add(violation.into(), self.member);
    }

    /// Notes what a part of the work ended with and goes on; the value of a part that went well.
    pub fn note<T, E: Into<Stop>>(&mut self, outcome: Result<T, E>) -> Option<T> {
        match outcome.map_err(Into::into) {
            Ok(value) => Some(value),
            Err(Stop::Reject(violations)) => {
                for violation in violations {
                    self.report(violation);
                }
                None
            }
            Err(Stop::Skip(reason)) => {
                self.report(Violation::new("skip", reason));
                None
            }
        }
    }

    /// A line in the run's report, for authors only.
    pub fn log(&self, text: &str) {
        crate::logging::log(crate::logging::Level::Info, text);
    }
}
