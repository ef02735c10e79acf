//! Transform: a bounded batch of due groups through the plugin chain and the host's document check, settled with their
//! deliveries in one transaction (TX 2). The store claims and settles only for what is in force, so that from the moment
//! of an activation nothing more is decided by the version before. A poison group costs one group: batches that die are bisected in `dukou-plugin`,
//! and a group that killed the process is not tried a third time.

use std::sync::Arc;

use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::recipe::group_recipe;
use dukou_core::verdict::Group;
use dukou_plugin::Fate;
use dukou_store::rows::{Claim, ClaimedGroup, SettleCounts, Settled, Settlement};

use rust_decimal::Decimal;

use super::counters::Counters;
use super::guard::Seen;
use super::{Crossing, Pipeline, StageError, details};

/// Groups per batch.
pub const BATCH: usize = 50;
/// Claims without a verdict after which a group counts as deadly.
const MOST_CLAIMS: u32 = 3;

/// How one batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// So many groups were claimed; none where nothing is due, or nothing may be mapped now.
    Groups(usize),
    /// Another deployment is in force: nothing was decided by this one, and nothing will be.
    Overtaken,
}

/// Transforms one batch.
///
/// # Errors
/// When the store fails.
pub async fn transform(
    pipeline: &Pipeline,
    crossing: &Arc<Crossing>,
    counters: &Counters,
) -> Result<Batch, StageError> {
    // Claim.
    let (store, owner) = (pipeline.store.clone(), pipeline.owner);
    let (guard, acting) = (pipeline.guard.clone(), crossing.clone());
    let limit = pipeline.batch(BATCH);
    let claimed = pipeline
        .blocking(move || {
            // Asked even where nothing may be mapped: a deployment that was left must learn of it.
            let limit = limit.min(guard.allowance(&acting)?);
            store.claim_groups(acting.name(), acting.deployment, owner, limit)
        })
        .await?;
    let claimed = match claimed {
        Claim::Overtaken => return Ok(Batch::Overtaken),
        Claim::Groups(claimed) if claimed.is_empty() => return Ok(Batch::Groups(0)),
        Claim::Groups(claimed) => claimed,
    };
    let count = claimed.len();
    pipeline.failpoints.reach("transform.after-claim");
    // Act and decide.
    let acting = crossing.clone();
    let decided = pipeline.blocking(move || Ok(decide(&acting, claimed))).await?;
    pipeline.failpoints.reach("transform.after-plugins");
    let stuck = decided.settlements.is_empty();
    // Settle.
    let tally = Tally::of(&decided.settlements);
    let (store, guard, at) = (pipeline.store.clone(), pipeline.guard.clone(), pipeline.clock.now());
    let acting = crossing.clone();
    pipeline.failpoints.reach("transform.before-settle");
    let settled = pipeline
        .blocking(move || {
            let counts = store.settle(acting.name(), &decided.settlements, at)?;
            if !decided.again.is_empty() {
                store.release_groups(acting.name(), &decided.again)?;
            }
            if counts.overtaken > 0 {
                return Ok(counts);
            }
            guard.settled(&Seen {
                crossing: &acting,
                groups: &decided.groups,
                fates: &decided.fates,
                fuel: decided.fuel,
            })?;
            Ok(counts)
        })
        .await?;
    pipeline.failpoints.reach("transform.after-settle");
    if settled.overtaken > 0 {
        return Ok(Batch::Overtaken);
    }
    // Report.
    tally.report(&settled, counters);
    if stuck {
        // Nobody's fault, e.g. no instance came free in time: not again at once.
        pipeline.pause(std::time::Duration::from_secs(1)).await;
    }
    Ok(Batch::Groups(count))
}

struct Decided {
    settlements: Vec<Settlement>,
    /// Groups that could not be run through no fault of theirs or the plugin's, with their lease numbers.
    again: Vec<(String, u64)>,
    /// What plugins were given, with its money.
    groups: Vec<(Group, Option<Decimal>)>,
    /// What became of each.
    fates: Vec<Option<Fate>>,
    /// Fuel per group.
    fuel: u64,
}

fn decide(crossing: &Crossing, claimed: Vec<ClaimedGroup>) -> Decided {
    let mut settlements = Vec::with_capacity(claimed.len());
    let mut again = Vec::new();
    let mut runnable = Vec::with_capacity(claimed.len());
    let mut groups = Vec::with_capacity(claimed.len());
    for mut group in claimed {
        let whole = Group {
            key: group.key.clone(),
            records: std::mem::take(&mut group.records),
            extra: "{}".to_owned(),
        };
        match refused_unseen(&group) {
            Some(problem) => settlements.push(settlement(crossing, &group, &whole, Fate::Problem(problem), 0)),
            None => {
                runnable.push(group);
                groups.push(whole);
            }
        }
    }
    let report = crossing.chain.run(&groups, &crossing.tables);
    let fuel = report.fuel_per_group();
    let mut fates = Vec::with_capacity(groups.len());
    for ((group, whole), outcome) in runnable.iter().zip(&groups).zip(report.outcomes) {
        let fate = crossing.rules.judge(whole, outcome);
        match &fate {
            Some(fate) => settlements.push(settlement(crossing, group, whole, fate.clone(), fuel)),
            None => again.push((group.key.clone(), group.lease)),
        }
        fates.push(fate);
    }
    let amounts = runnable.iter().map(|group| group.shown.amount);
    Decided {
        settlements,
        again,
        groups: groups.into_iter().zip(amounts).collect(),
        fates,
        fuel,
    }
}

/// Groups that no plugin is given: deadly ones, and re-issued numbers that nobody has accepted.
pub(super) fn refused_unseen(group: &ClaimedGroup) -> Option<ProblemReport> {
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

fn settlement(crossing: &Crossing, group: &ClaimedGroup, whole: &Group, fate: Fate, fuel: u64) -> Settlement {
    Settlement {
        group: group.key.clone(),
        lease: group.lease,
        recipe: group_recipe(&crossing.recipe, whole),
        deployment: crossing.deployment,
        fuel,
        target: crossing.target_name.clone(),
        outcome: match fate {
            Fate::Mapped(mapped) => Settled::Mapped {
                documents: mapped.documents,
                omitted: mapped.omitted,
            },
            Fate::Skipped(reason) => Settled::Skipped(reason),
            Fate::Problem(report) => Settled::Problem(report),
        },
        shown: group.shown.clone(),
    }
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
