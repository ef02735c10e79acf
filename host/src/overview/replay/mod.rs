//! What a replay found, for people and for machines: as text, as JSON, and as one HTML file for the one who signs. Two
//! versions of one scheme and what would change; times and rates of the replay itself are no part of it, so that the same
//! history and the same versions give the same report. It says what would map, and nothing of what the target would accept.

pub mod html;
pub mod pattern;
pub mod text;

#[cfg(test)]
mod tests;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_replay::{Comparison, Figure};
use dukou_store::rows::Deployment;
use serde_json::{Value, json};

use super::Lens;
use crate::deploy::Wanted;

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The deployment's number, where it is one.
    pub deployment: Option<u64>,
    /// Digest over all of it.
    pub digest: Digest,
    /// Plugins by name, in chain order.
    pub plugins: Vec<(String, Digest)>,
}

impl Edition {
    /// A deployment as the store keeps it.
    pub fn deployed(deployment: &Deployment) -> Self {
        Self {
            deployment: Some(deployment.id),
            digest: deployment.what.digest,
            plugins: deployment.what.plugins.clone(),
        }
    }

    /// What the files, or a plugin in the place of theirs, want.
    pub fn wanted(wanted: &Wanted) -> Self {
        Self {
            deployment: None,
            digest: wanted.digest,
            plugins: wanted.plugin_digests(),
        }
    }
}

/// What is shown.
pub struct Report<'a> {
    /// The scheme.
    pub scheme: &'a SchemeName,
    /// What is in force.
    pub before: Edition,
    /// What is wanted.
    pub after: Edition,
    /// What the replay found.
    pub comparison: &'a Comparison,
}

/// The report for machines; personal values are masked.
pub fn to_json(lens: &Lens<'_>, report: &Report<'_>) -> Value {
    let comparison = report.comparison;
    let (first, last) = comparison.received.map_or((Value::Null, Value::Null), |(first, last)| {
        (lens.stamp(first), lens.stamp(last))
    });
    let patterns: Vec<Value> = comparison
        .patterns()
        .iter()
        .map(|one| pattern::to_json(lens, one))
        .collect();
    json!({
        "scheme": report.scheme.to_string(),
        "before": edition(&report.before),
        "after": edition(&report.after),
        "received": { "first": first, "last": last },
        "would_map": {
            "all": figure(comparison.all),
            "same": figure(comparison.same),
            "changed": figure(comparison.changed),
            "newly_failing": figure(comparison.newly_failing),
            "newly_fixed": figure(comparison.newly_fixed),
        },
        "fuel": {
            "groups": comparison.fuel.groups, "before": comparison.fuel.before, "after": comparison.fuel.after,
        },
        "no_op": comparison.is_no_op(),
        "patterns": patterns,
    })
}

/// Groups and money, for machines.
pub fn figure(figure: Figure) -> Value {
    json!({ "groups": figure.groups, "amount": figure.amount.to_string() })
}

fn edition(edition: &Edition) -> Value {
    let plugins: Vec<Value> = edition
        .plugins
        .iter()
        .map(|(name, digest)| json!({ "name": name, "digest": digest.to_string() }))
        .collect();
    json!({
        "deployment": edition.deployment.map(|id| id.to_string()),
        "digest": edition.digest.to_string(),
        "plugins": plugins,
    })
}
