//! A test's report for machines. There is no time in it, so equal runs give equal reports.

use serde_json::{Value, json};

use super::{CaseReport, CheckReport, Grown, Growth, Share, Shares, Status, TestReport, level};
use crate::budget::Usage;
use crate::cases::diff::Difference;
use crate::cases::outcome::Outcome;

impl TestReport {
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

impl Growth {
    fn to_json(&self) -> Value {
        json!({ "cases": self.cases, "unknown_list": self.unknown_list, "near": self.near })
    }
}

impl Shares {
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
