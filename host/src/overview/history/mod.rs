//! The timeline of a scheme: what was in force since when, by whom, why, on what evidence, and what it made. Reads what the
//! store keeps beside each deployment; needs no definition file. Decides nothing, changes nothing.

pub(super) mod evidence;
mod json;
mod text;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::{Deployment, NewDeployment, VerdictCounts, WrittenFilter};
use dukou_store::{Store, StoreError};

use crate::deploy::changes;
use crate::deploy::evidence::{Change, Evidence};

pub use json::{entry_json, to_json};
pub use text::{text, whole};

/// The most deployments of one scheme that are looked at.
pub const MOST: usize = 10_000;
/// Vouchers that one timeline counts; beyond, a count is "at least".
const MOST_COUNTED: u64 = 50_000;
/// Vouchers read at once while counting.
const PAGE: usize = 500;

/// Vouchers that a deployment made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// So many are, or may be, at the target.
    pub count: u64,
    /// There are more than were counted.
    pub at_least: bool,
}

/// One deployment on the timeline.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The scheme.
    pub scheme: SchemeName,
    /// What was deployed, by whom, when.
    pub deployment: Deployment,
    /// When another took its place; `None` while it is in force.
    pub until: Option<DateTime<Utc>>,
    /// What it rests on.
    pub evidence: Evidence,
    /// What differs from the one before it.
    pub changes: Vec<Change>,
    /// What its chain decided.
    pub verdicts: VerdictCounts,
    /// What it brought to the target.
    pub written: Written,
}

/// The timelines of some schemes as one, newest first, at most `limit`; and whether there is more.
///
/// # Errors
/// The store's.
pub fn read(store: &dyn Store, schemes: &[SchemeName], limit: usize) -> Result<(Vec<Entry>, bool), StoreError> {
    let mut entries = Vec::new();
    for scheme in schemes {
        // One more than is shown: each is compared with the one before it.
        let deployments = store.deployments(scheme, limit.saturating_add(1).min(MOST))?;
        entries.extend(timeline(scheme, &deployments));
    }
    entries.sort_by(|a, b| {
        (b.deployment.at, &a.scheme, b.deployment.id).cmp(&(a.deployment.at, &b.scheme, a.deployment.id))
    });
    let more = entries.len() > limit;
    entries.truncate(limit);
    count(store, schemes, &mut entries)?;
    Ok((entries, more))
}

/// One deployment.
///
/// # Errors
/// The store's.
pub fn one(store: &dyn Store, scheme: &SchemeName, number: u64) -> Result<Option<Entry>, StoreError> {
    let Some(deployment) = store.deployment(scheme, number)? else {
        return Ok(None);
    };
    let mut around = Vec::new();
    around.extend(store.deployment(scheme, number + 1)?);
    around.push(deployment);
    if let Some(before) = number.checked_sub(1) {
        around.extend(store.deployment(scheme, before)?);
    }
    let mut entries: Vec<Entry> = timeline(scheme, &around)
        .into_iter()
        .filter(|entry| entry.deployment.id == number)
        .collect();
    count(store, std::slice::from_ref(scheme), &mut entries)?;
    Ok(entries.pop())
}

/// The entries of deployments given newest first, nothing counted.
fn timeline(scheme: &SchemeName, deployments: &[Deployment]) -> Vec<Entry> {
    let mut until = None;
    let mut entries = Vec::with_capacity(deployments.len());
    for (index, deployment) in deployments.iter().enumerate() {
        let evidence = Evidence::parse(&deployment.what.evidence);
        let changes = match deployments.get(index + 1) {
            Some(before) if evidence.changes.is_empty() => between(&before.what, &deployment.what),
            _ => evidence.changes.clone(),
        };
        entries.push(Entry {
            scheme: scheme.clone(),
            until: if deployment.active { None } else { until },
            evidence,
            changes,
            verdicts: VerdictCounts::default(),
            written: Written::default(),
            deployment: deployment.clone(),
        });
        until = Some(deployment.at);
    }
    entries
}

/// What differs between two deployments, for those that kept no list of changes. Of tables only their digests are told.
fn between(before: &NewDeployment, after: &NewDeployment) -> Vec<Change> {
    let none = BTreeMap::new();
    let mut changes = changes::between(
        &changes::Side {
            definition: &before.definition,
            plugins: &before.plugins,
            tables: &none,
        },
        &changes::Side {
            definition: &after.definition,
            plugins: &after.plugins,
            tables: &none,
        },
    );
    changes.extend(tables(&before.tables, &after.tables));
    changes
}

fn tables(before: &[(String, Digest)], after: &[(String, Digest)]) -> Vec<Change> {
    let of = |tables: &[(String, Digest)], name: &str| {
        let found = tables.iter().find(|(table, _)| table == name);
        found.map(|(_, digest)| digest.short())
    };
    let gone = before.iter().filter(|(name, _)| of(after, name).is_none());
    let mut changes = Vec::new();
    for (name, _) in after.iter().chain(gone) {
        let (was, is) = (of(before, name), of(after, name));
        if was != is {
            changes.push(Change {
                what: "table".to_owned(),
                name: name.clone(),
                before: was,
                after: is,
            });
        }
    }
    changes
}

/// Fills in what each deployment made.
fn count(store: &dyn Store, schemes: &[SchemeName], entries: &mut [Entry]) -> Result<(), StoreError> {
    let mut budget = MOST_COUNTED;
    for scheme in schemes {
        let mut own: Vec<&mut Entry> = entries.iter_mut().filter(|entry| entry.scheme == *scheme).collect();
        for entry in &mut own {
            entry.verdicts = store.verdict_counts(scheme, entry.deployment.id)?;
        }
        let mut filter = WrittenFilter {
            deployments: own.iter().map(|entry| entry.deployment.id).collect(),
            limit: PAGE,
            ..WrittenFilter::default()
        };
        while !filter.deployments.is_empty() {
            let page = store.written(scheme, &filter)?;
            for row in &page {
                filter.after = filter.after.max(row.id);
                let made = own.iter_mut().find(|entry| row.deployment == Some(entry.deployment.id));
                made.into_iter().for_each(|entry| entry.written.count += 1);
            }
            budget = budget.saturating_sub(page.len() as u64);
            if page.len() < PAGE {
                break;
            }
            if budget == 0 {
                own.iter_mut().for_each(|entry| entry.written.at_least = true);
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
