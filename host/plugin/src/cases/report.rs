//! What a test found, as data: for people (`host/src/author`), for machines (`json`) and for JUnit.

mod json;
mod shares;

use std::time::Duration;

use dukou_core::digest::Digest;

use super::diff::Difference;
use super::outcome::{Failure, Outcome};
use crate::budget::Usage;
use crate::host_state::LogLine;
use crate::inspect::Kind;

pub use shares::{Cost, Share, Shares};

/// How a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// As expected.
    Passed,
    /// Not as expected, or too dear at 1,000 lines.
    Failed,
    /// There is nothing expected yet.
    New,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::New => "new",
        }
    }
}

/// The same case with many lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// The list that was grown, e.g. `details_list`.
    pub list: String,
    /// How many elements it has now.
    pub lines: usize,
    /// What the run used.
    pub usage: Usage,
    /// Its shares of the budgets.
    pub shares: Shares,
    /// What came of it: any verdict is fine.
    pub outcome: Outcome,
}

impl Grown {
    /// Whether a case of this length can run at all.
    pub fn fits(&self) -> bool {
        !matches!(self.outcome, Outcome::Failed(_))
    }
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// How it stands.
    pub status: Status,
    /// What came of it.
    pub outcome: Outcome,
    /// What is not as expected.
    pub differences: Vec<Difference>,
    /// What the run used.
    pub usage: Usage,
    /// Its shares of the budgets.
    pub shares: Shares,
    /// The accepted cost.
    pub cost: Cost,
    /// The same case with 1,000 lines; `None` if it has no list, or growing was not asked for.
    pub grown: Option<Grown>,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Time, for people only.
    pub time: Option<Duration>,
}

/// One of the checks that come for free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckName {
    /// Two runs are equal to the byte, fuel included.
    Determinism,
    /// Alone, together and shuffled: the same verdicts.
    Batches,
    /// The whole record and the projected one give the same verdict.
    Projection,
    /// Whatever a field holds, there is a verdict.
    Robustness,
    /// Documents suit the target's catalogue.
    Documents,
}

impl CheckName {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Determinism => "determinism",
            Self::Batches => "batches",
            Self::Projection => "projection",
            Self::Robustness => "robustness",
            Self::Documents => "documents",
        }
    }
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The case on which it was found.
    pub case: String,
    /// What was done to the case, e.g. `details_list[0].price = null`; empty if nothing.
    pub change: String,
    /// What came of it.
    pub detail: String,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Which check.
    pub name: CheckName,
    /// Groups that were run for it.
    pub groups: usize,
    /// Groups that were left out to bound the time.
    pub left_out: usize,
    /// Changes of fields that no case was ever tried with, to bound the time; with any, nothing is proven.
    pub untried: usize,
    /// What is wrong; empty if it passed. At most [`CheckReport::FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: usize,
    /// Needed fields whose absence changes the verdict on no case: a remark that fails nothing.
    pub unused_needs: Vec<String>,
    /// Needed fields that no case has: a remark that fails nothing.
    pub unseen_needs: Vec<String>,
}

impl CheckReport {
    /// How many findings are listed.
    pub const FINDINGS: usize = 20;

    /// A check that found nothing yet.
    pub fn new(name: CheckName) -> Self {
        Self {
            name,
            groups: 0,
            left_out: 0,
            untried: 0,
            findings: Vec::new(),
            more_findings: 0,
            unused_needs: Vec::new(),
            unseen_needs: Vec::new(),
        }
    }

    /// Whether it looked at everything that it should, and found nothing. A check that had nothing to look at has
    /// proven nothing.
    pub fn passed(&self) -> bool {
        !self.failed() && self.groups > 0 && self.untried == 0
    }

    /// Whether it found something.
    pub fn failed(&self) -> bool {
        !self.findings.is_empty()
    }

    pub(crate) fn found(&mut self, finding: Finding) {
        if self.findings.len() < Self::FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// The plugin's name.
    pub plugin: String,
    /// Its version, if it has a manifest.
    pub version: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The cases, in order.
    pub cases: Vec<CaseReport>,
    /// Cases that the filter left out.
    pub filtered: usize,
    /// The checks, in order.
    pub checks: Vec<CheckReport>,
    /// Cases with an accepted cost that are there no more.
    pub stale_cost: Vec<String>,
    /// Settings that the plugin refuses, once each.
    pub refusals: Vec<Refusal>,
    /// What can be said of the 1,000 lines as a whole.
    pub growth: Growth,
}

/// Settings that a plugin refuses, although its cases expect otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How `configure` ended.
    pub failure: Failure,
    /// The cases with these settings, in order.
    pub cases: Vec<String>,
}

/// Whether the 1,000 lines could be tried at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Growth {
    /// Cases that were tried with 1,000 lines; `None` if that was not asked for or no case came to a verdict.
    pub cases: Option<usize>,
    /// The manifest's `list`, if there is no such list.
    pub unknown_list: Option<String>,
    /// The list that was probably meant.
    pub near: Option<String>,
}

impl Growth {
    /// Whether the manifest names a list that is not there.
    pub fn is_wrong(&self) -> bool {
        self.unknown_list.is_some()
    }

    /// Whether the 1,000 lines were asked for and nothing could grow.
    pub fn is_empty(&self) -> bool {
        self.cases == Some(0)
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All as expected.
    Passed,
    /// Something is not as expected.
    Failed,
    /// Nothing failed, but something waits for a review.
    Pending,
    /// There was no case at all.
    Empty,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Empty => "empty",
        }
    }
}

impl TestReport {
    /// How the test ended.
    pub fn verdict(&self) -> Verdict {
        let failed = |case: &CaseReport| case.status == Status::Failed;
        if self.cases.is_empty() {
            Verdict::Empty
        } else if self.cases.iter().any(failed) || self.checks.iter().any(CheckReport::failed) || self.growth.is_wrong()
        {
            Verdict::Failed
        } else if self
            .cases
            .iter()
            .any(|case| case.status == Status::New || case.cost.is_pending())
        {
            Verdict::Pending
        } else {
            Verdict::Passed
        }
    }

    /// How many cases stand like this.
    pub fn count(&self, status: Status) -> usize {
        self.cases.iter().filter(|case| case.status == status).count()
    }
}

/// The word for a log line's level.
pub fn level(line: &LogLine) -> &'static str {
    match line.level {
        crate::bindings::Level::Debug => "debug",
        crate::bindings::Level::Info => "info",
        crate::bindings::Level::Warn => "warn",
        crate::bindings::Level::Error => "error",
    }
}
