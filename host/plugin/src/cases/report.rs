//! What a test found, as data: for people (`host/src/author`), for machines (`to_json`) and for JUnit.
//! Shares are counted in hundredths of a percent, because nothing here passes through a float.

use std::time::Duration;

use dukou_core::digest::Digest;
use serde_json::{Value, json};

use super::diff::Difference;
use super::outcome::{Failure, Outcome};
use crate::budget::{Budgets, Usage};
use crate::host_state::LogLine;
use crate::inspect::Kind;

/// A share of a budget in hundredths of a percent: 10,000 is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share(pub u64);

impl Share {
    /// How much `used` is of `limit`; all of it if there is no limit to speak of.
    pub fn of(used: u64, limit: u64) -> Self {
        if limit == 0 {
            return Self(if used == 0 { 0 } else { 10_000 });
        }
        let share = u128::from(used) * 10_000 / u128::from(limit);
        Self(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

impl std::fmt::Display for Share {
    /// `0.3%`, `12%`: whole percents from ten on.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 >= 1_000 {
            write!(f, "{}%", self.0 / 100)
        } else {
            write!(f, "{}.{}%", self.0 / 100, self.0 / 10 % 10)
        }
    }
}

/// What a run used, as shares of its budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Of the fuel.
    pub fuel: Share,
    /// Of the memory.
    pub memory: Share,
    /// Of the text of answers.
    pub output: Share,
    /// Of the look-ups.
    pub host_calls: Share,
    /// Of the log.
    pub log: Share,
}

impl Shares {
    /// The shares of a run over `groups` groups.
    pub fn of(usage: &Usage, budgets: &Budgets, groups: usize) -> Self {
        Self {
            fuel: Share::of(usage.fuel, usage.fuel_limit),
            memory: Share::of(usage.peak_memory_bytes as u64, budgets.memory_bytes as u64),
            output: Share::of(usage.output_bytes as u64, budgets.output_bytes as u64),
            host_calls: Share::of(usage.host_calls, budgets.host_calls(groups)),
            log: Share::of(usage.log_bytes as u64, budgets.log_bytes as u64),
        }
    }

    /// The largest share and its word.
    pub fn largest(&self) -> (&'static str, Share) {
        let all = [
            ("fuel", self.fuel),
            ("memory", self.memory),
            ("output", self.output),
            ("host_calls", self.host_calls),
            ("log", self.log),
        ];
        all.into_iter()
            .max_by_key(|(_, share)| *share)
            .unwrap_or(("fuel", self.fuel))
    }

    /// Percents as decimal text, e.g. `12.34`.
    fn to_json(self) -> Value {
        let percent = |share: Share| format!("{}.{:02}", share.0 / 100, share.0 % 100);
        json!({
            "fuel": percent(self.fuel),
            "memory": percent(self.memory),
            "output": percent(self.output),
            "host_calls": percent(self.host_calls),
            "log": percent(self.log),
        })
    }
}

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

/// A case's fuel beside the accepted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// No cost of the whole set was ever accepted.
    Unknown,
    /// Others have an accepted cost, this case has none.
    New,
    /// Within two percent.
    Same {
        /// The accepted fuel.
        accepted: u64,
    },
    /// More than two percent more.
    Dearer {
        /// The accepted fuel.
        accepted: u64,
    },
    /// More than two percent less.
    Cheaper {
        /// The accepted fuel.
        accepted: u64,
    },
}

impl Cost {
    /// Compares `fuel` with what was accepted; two percent either way are the same.
    pub fn of(fuel: u64, accepted: u64) -> Self {
        let slack = accepted / 50;
        if fuel > accepted.saturating_add(slack) {
            Self::Dearer { accepted }
        } else if fuel < accepted.saturating_sub(slack) {
            Self::Cheaper { accepted }
        } else {
            Self::Same { accepted }
        }
    }

    /// Whether somebody has to accept it.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::New | Self::Dearer { .. } | Self::Cheaper { .. })
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::New => "new",
            Self::Same { .. } => "same",
            Self::Dearer { .. } => "dearer",
            Self::Cheaper { .. } => "cheaper",
        }
    }

    /// The accepted fuel, if there is one.
    pub fn accepted(self) -> Option<u64> {
        match self {
            Self::Unknown | Self::New => None,
            Self::Same { accepted } | Self::Dearer { accepted } | Self::Cheaper { accepted } => Some(accepted),
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

    fn to_json(&self) -> Value {
        json!({ "cases": self.cases, "unknown_list": self.unknown_list, "near": self.near })
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

    /// The report for machines, without a schema number. There is no time in it, so equal runs give equal reports.
    pub fn to_json(&self) -> Value {
        json!({
            "plugin": self.plugin,
            "version": self.version,
            "kind": self.kind.as_str(),
            "digest": self.digest.to_string(),
            "result": self.verdict().word(),
            "passed": self.count(Status::Passed),
            "failed": self.count(Status::Failed),
            "new": self.count(Status::New),
            "filtered": self.filtered,
            "cases": self.cases.iter().map(CaseReport::to_json).collect::<Vec<_>>(),
            "checks": self.checks.iter().map(CheckReport::to_json).collect::<Vec<_>>(),
            "stale_cost": self.stale_cost,
            "refusals": self.refusals.iter().map(|one| json!({
                "code": one.failure.code, "message": one.failure.message, "cases": one.cases,
            })).collect::<Vec<_>>(),
            "growth": self.growth.to_json(),
        })
    }
}

impl CaseReport {
    fn to_json(&self) -> Value {
        let mut object = json!({
            "name": self.name,
            "title": self.title,
            "status": self.status.word(),
            "outcome": self.outcome.to_json(),
            "differences": self.differences.iter().map(Difference::to_json).collect::<Vec<_>>(),
            "usage": usage_to_json(&self.usage),
            "shares_percent": self.shares.to_json(),
            "cost": { "change": self.cost.word(), "accepted": self.cost.accepted() },
            "grown": self.grown.as_ref().map(Grown::to_json),
            "log": self.log.iter().map(|line| json!({ "level": level(line), "text": line.text })).collect::<Vec<_>>(),
        });
        if let Outcome::Failed(failure) = &self.outcome {
            object["failure"] = json!({ "code": failure.code, "message": failure.message, "frames": failure.frames });
        }
        object
    }
}

impl Grown {
    fn to_json(&self) -> Value {
        json!({
            "list": self.list,
            "lines": self.lines,
            "fits": self.fits(),
            "outcome": self.outcome.word(),
            "code": match &self.outcome { Outcome::Failed(failure) => Some(failure.code), _ => None },
            "usage": usage_to_json(&self.usage),
            "shares_percent": self.shares.to_json(),
        })
    }
}

impl CheckReport {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name.word(),
            "passed": self.passed(),
            "failed": self.failed(),
            "groups": self.groups,
            "left_out": self.left_out,
            "untried": self.untried,
            "findings": self.findings.iter().map(|one| json!({
                "case": one.case, "change": one.change, "detail": one.detail,
            })).collect::<Vec<_>>(),
            "more_findings": self.more_findings,
            "unused_needs": self.unused_needs,
            "unseen_needs": self.unseen_needs,
        })
    }
}

fn usage_to_json(usage: &Usage) -> Value {
    json!({
        "fuel": usage.fuel,
        "fuel_limit": usage.fuel_limit,
        "peak_memory_bytes": usage.peak_memory_bytes,
        "output_bytes": usage.output_bytes,
        "log_bytes": usage.log_bytes,
        "host_calls": usage.host_calls,
    })
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
