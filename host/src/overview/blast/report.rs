//! What was asked and what came of it, without the vouchers themselves: those are handed on one by one.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::{DeliveryFilter, VerdictCounts};
use dukou_store::{Store, StoreError};

use dukou_core::delivery::DeliveryState;

use super::find::{Kind, Made};
use super::sum::Sum;

/// The most waiting deliveries that are looked through.
const MOST_WAITING: usize = 10_000;

/// The version, and each scheme in which it was in force.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether a plugin or a deployment was asked for.
    pub kind: Kind,
    /// Its digest.
    pub digest: Digest,
    /// The plugin's name; empty for a deployment.
    pub name: String,
    /// `--from` and `--to` as they were written.
    pub asked_times: (Option<String>, Option<String>),
    /// By scheme.
    pub parts: Vec<Part>,
}

/// One scheme.
#[derive(Debug, Clone)]
pub struct Part {
    /// The scheme.
    pub scheme: SchemeName,
    /// The deployments that used the version.
    pub deployments: Vec<Made>,
    /// What its vouchers are compared with.
    pub good: Good,
    /// What they come to.
    pub sum: Sum,
    /// What the version decided in all: skipped and refused groups wrote nothing, so they are not in the sum.
    pub verdicts: VerdictCounts,
    /// Deliveries with its bytes that are still to be sent, and whether there are more.
    pub waiting: (u64, bool),
}

/// The version that is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Good {
    /// This deployment.
    Version {
        /// Its number.
        id: u64,
        /// Its whole digest.
        digest: Digest,
        /// Since when it was in force.
        since: DateTime<Utc>,
        /// Whether a person named it; else it is the one before.
        named: bool,
    },
    /// There was none before, or none of the scheme fits what was named.
    None,
    /// It is kept and cannot be run any more.
    Unusable {
        /// Its number.
        id: u64,
        /// Why.
        reason: String,
    },
}

impl Report {
    /// All schemes together.
    pub fn total(&self) -> Sum {
        let mut total = Sum::default();
        for part in &self.parts {
            total.merge(&part.sum);
        }
        total
    }
}

/// Deliveries of a scheme that are still to be sent with the bytes of these deployments, and whether there may be more.
///
/// # Errors
/// The store's.
pub fn waiting(store: &dyn Store, scheme: &SchemeName, deployments: &[u64]) -> Result<(u64, bool), StoreError> {
    let rows = store.deliveries(&DeliveryFilter {
        scheme: Some(scheme.clone()),
        states: vec![DeliveryState::Queued, DeliveryState::Claimed, DeliveryState::Held],
        limit: MOST_WAITING,
    })?;
    let ours = rows
        .iter()
        .filter(|row| row.deployment.is_some_and(|id| deployments.contains(&id)));
    Ok((ours.count() as u64, rows.len() == MOST_WAITING))
}
