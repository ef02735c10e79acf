//! Transform: a bounded batch of due groups through the plugin chain and the host's document check, settled with their
//! deliveries in one transaction (TX 2). A poison group costs one group: batches that die are bisected in `dukou-plugin`,
//! and a group that killed the process is not tried a third time.

use std::sync::Arc;

use dukou_core::digest::Digest;
use dukou_core::document;
use dukou_core::mask;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::verdict::{Group, Mapped, Violation};
use dukou_plugin::{GroupOutcome, PluginFault};
use dukou_store::rows::{ClaimedGroup, SettleCounts, Settled, Settlement};
use serde_json::json;

use super::counters::Counters;
use super::{Crossing, Pipeline, StageError, details};

/// Groups per batch.
pub const BATCH: usize = 50;
/// Claims without a verdict after which a group counts as deadly.
const MOST_CLAIMS: u32 = 3;

/// Transforms one batch. Answers how many groups were claimed.
///
/// # Errors
/// When the store fails.
pub async fn transform(
    pipeline: &Pipeline,
    crossing: &Arc<Crossing>,
    counters: &Counters,
) -> Result<usize, StageError> {
    // Claim.
    let (store, name, owner) = (pipeline.store.clone(), crossing.name().clone(), pipeline.owner);
    let limit = pipeline.batch(BATCH);
    let claimed = pipeline
        .blocking(move || store.claim_groups(&name, owner, limit))
        .await?;
    let count = claimed.len();
    if count == 0 {
        return Ok(0);
    }
    pipeline.failpoints.reach("transform.after-claim");
    // Act and decide.
    let acting = crossing.clone();
    let decided = pipeline.blocking(move || Ok(decide(&acting, claimed))).await?;
    pipeline.failpoints.reach("transform.after-plugins");
    let Decided { settlements, again } = decided;
    let stuck = settlements.is_empty() && !again.is_empty();
    // Settle.
    let tally = Tally::of(&settlements);
    let (store, name, at) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
    pipeline.failpoints.reach("transform.before-settle");
    let settled = pipeline
        .blocking(move || {
            let counts = store.settle(&name, &settlements, at)?;
            if !again.is_empty() {
                store.remap_groups(&name, &again)?;
            }
            Ok(counts)
        })
        .await?;
    pipeline.failpoints.reach("transform.after-settle");
    // Report.
    tally.report(&settled, counters);
    if stuck {
        // Nobody's fault, e.g. no instance came free in time: not again at once.
        pipeline.pause(std::time::Duration::from_secs(1)).await;
    }
    Ok(count)
}

struct Decided {
    settlements: Vec<Settlement>,
    /// Groups that could not be run through no fault of theirs or the plugin's.
    again: Vec<String>,
}

fn decide(crossing: &Crossing, claimed: Vec<ClaimedGroup>) -> Decided {
    let mut settlements = Vec::with_capacity(claimed.len());
    let mut again = Vec::new();
    let mut runnable = Vec::with_capacity(claimed.len());
    for group in claimed {
        match refused_unseen(&group) {
            Some(problem) => settlements.push(settlement(crossing, &group, Settled::Problem(problem))),
            None => runnable.push(group),
        }
    }
    let groups: Vec<Group> = runnable
        .iter()
        .map(|group| Group {
            key: group.key.clone(),
            records: group.records.clone(),
            extra: "{}".to_owned(),
        })
        .collect();
    let report = crossing.chain.run(&groups, &crossing.tables);
    for (group, outcome) in runnable.iter().zip(report.outcomes) {
        match judge(crossing, group, outcome) {
            Some(settled) => settlements.push(settlement(crossing, group, settled)),
            None => again.push(group.key.clone()),
        }
    }
    Decided { settlements, again }
}

/// Groups that no plugin is given: deadly ones, and re-issued numbers that nobody has accepted.
fn refused_unseen(group: &ClaimedGroup) -> Option<ProblemReport> {
    if let Some(other) = &group.reissue_of {
        return Some(ProblemReport {
            kind: ProblemKind::Reissued,
            code: "record.reissued".into(),
            message: format!(
                "{} is the same stock-out or has the same order lines as {other}, which is or may be delivered",
                group.key
            ),
            path: None,
            details: details(&[("reissue_of", other.clone().into())]),
        });
    }
    (group.claims > MOST_CLAIMS).then(|| ProblemReport {
        kind: ProblemKind::Failed,
        code: "plugin.deadly".into(),
        message: format!("the process died {MOST_CLAIMS} times while mapping {}", group.key),
        path: None,
        details: "{}".into(),
    })
}

fn settlement(crossing: &Crossing, group: &ClaimedGroup, outcome: Settled) -> Settlement {
    let mut parts: Vec<&[u8]> = vec![crossing.recipe.as_bytes().as_slice(), group.key.as_bytes()];
    parts.extend(group.records.iter().map(|record| record.body.as_bytes()));
    Settlement {
        group: group.key.clone(),
        lease: group.lease,
        recipe: Digest::of_parts(parts),
        target: crossing.target_name.clone(),
        outcome,
        shown: group.shown.clone(),
    }
}

/// `None`: not decided, to be run again.
fn judge(crossing: &Crossing, group: &ClaimedGroup, outcome: GroupOutcome) -> Option<Settled> {
    Some(match outcome {
        GroupOutcome::Mapped(mapped) => match check_documents(crossing, &group.key, &mapped) {
            violations if violations.is_empty() => Settled::Mapped {
                documents: mapped.documents,
                omitted: mapped.omitted,
            },
            violations => Settled::Problem(rejection(crossing, group, "host", None, &violations)),
        },
        GroupOutcome::Skipped(reason) => Settled::Skipped(reason),
        GroupOutcome::Rejected { by, plugin, violations } => {
            Settled::Problem(rejection(crossing, group, &by, Some(plugin), &violations))
        }
        GroupOutcome::Failed(fault) if !fault.plugins_fault => return None,
        GroupOutcome::Failed(fault) => Settled::Problem(failure(crossing, group, &fault)),
    })
}

/// The host's own check of what plugins return: at least one document, sound suffixes, keys, and the target's catalogue.
pub fn check_documents(crossing: &Crossing, group_key: &str, mapped: &Mapped) -> Vec<Violation> {
    if mapped.documents.is_empty() {
        let message = "the plugin mapped the group to no document; a group that needs none is skipped with a reason";
        return vec![Violation::at_target("document.none", "", message)];
    }
    let mut violations = Vec::new();
    for document in &mapped.documents {
        if !sound_suffix(&document.suffix) {
            let message = format!("suffix {:?} must be empty or like -p2", document.suffix);
            violations.push(Violation::at_target("document.suffix", "", message));
            continue;
        }
        if let Some(catalogue) = &crossing.scheme.target_catalogue {
            let key = format!("{group_key}{}", document.suffix);
            violations.extend(document::check(
                &document.body,
                catalogue,
                &crossing.scheme.target.key,
                &key,
            ));
        }
    }
    violations
}

fn sound_suffix(suffix: &str) -> bool {
    suffix.is_empty()
        || (suffix.starts_with('-')
            && suffix.len() <= 32
            && suffix
                .bytes()
                .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn rejection(
    crossing: &Crossing,
    group: &ClaimedGroup,
    by: &str,
    plugin: Option<Digest>,
    violations: &[Violation],
) -> ProblemReport {
    let masked = |text: &str| mask_text(crossing, group, text);
    let listed: Vec<_> = violations
        .iter()
        .map(|v| {
            json!({
                "code": v.code, "message": masked(&v.message),
                "source_path": v.source_path, "target_path": v.target_path,
            })
        })
        .collect();
    let first = violations.first();
    let more = violations.len().saturating_sub(1);
    let mut message = first.map_or_else(|| "rejected without a reason".to_owned(), |v| masked(&v.message));
    if more > 0 {
        message.push_str(&format!(" (+{more})"));
    }
    ProblemReport {
        kind: ProblemKind::Rejected,
        code: first.map_or_else(|| "plugin.no-reason".to_owned(), |v| v.code.clone()),
        message,
        path: first.and_then(|v| v.target_path.clone().or_else(|| v.source_path.clone())),
        details: details(&[
            ("by", by.into()),
            ("plugin", plugin.map(|digest| digest.to_string()).into()),
            ("violations", listed.into()),
        ]),
    }
}

fn failure(crossing: &Crossing, group: &ClaimedGroup, fault: &PluginFault) -> ProblemReport {
    let text = fault.panic_text.as_deref().map(|text| mask_text(crossing, group, text));
    let mut message = format!(
        "plugin {} failed: {}",
        fault.by,
        mask_text(crossing, group, &fault.message)
    );
    if let Some(text) = &text {
        message.push_str(&format!(": {text}"));
    }
    ProblemReport {
        kind: ProblemKind::Failed,
        code: fault.code.to_owned(),
        message,
        path: None,
        details: details(&[
            ("by", fault.by.clone().into()),
            ("plugin", fault.plugin.to_string().into()),
            ("panic", text.into()),
            ("frames", fault.frames.clone().into()),
        ]),
    }
}

fn mask_text(crossing: &Crossing, group: &ClaimedGroup, text: &str) -> String {
    let Some(catalogue) = &crossing.scheme.source_catalogue else {
        return text.to_owned();
    };
    group.records.iter().fold(text.to_owned(), |text, record| {
        mask::mask_message(&text, &record.body, catalogue)
    })
}

#[derive(Default)]
struct Tally {
    groups: u64,
    documents: u64,
    rejected: u64,
    failed: u64,
}

impl Tally {
    fn of(settlements: &[Settlement]) -> Self {
        let mut tally = Self {
            groups: settlements.len() as u64,
            ..Self::default()
        };
        for settlement in settlements {
            match &settlement.outcome {
                Settled::Mapped { documents, .. } => tally.documents += documents.len() as u64,
                Settled::Skipped(_) => {}
                Settled::Problem(report) if report.kind == ProblemKind::Failed => tally.failed += 1,
                Settled::Problem(_) => tally.rejected += 1,
            }
        }
        tally
    }

    fn report(&self, settled: &SettleCounts, counters: &Counters) {
        counters.groups.add(self.groups - settled.stale.min(self.groups));
        counters.documents.add(self.documents);
        counters.rejected.add(self.rejected);
        counters.failed.add(self.failed);
        counters.skipped.add(settled.skipped);
        counters.conflicting.add(settled.changed);
    }
}
