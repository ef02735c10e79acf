//! Shadows: a candidate runs beside the version in force on the same live groups, and what it would have made is compared.
//! Nothing is sent or settled. A candidate's failures are its own: they are counted as what they are, and cost the pipeline
//! no more than the candidate's own run of the batch, within its budgets.

mod live;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_replay::Comparison;
use dukou_store::rows::Shadow;
use dukou_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::live::{Around, Shadows};
use super::activate::{Reason, keep};
use super::evidence::Evidence;
use super::rollout::Candidate;
use super::wanted::Wanted;

/// The longest that a shadow runs, and that a wave is watched.
pub const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// A shadow's own memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Body {
    by: String,
    note: String,
    /// The deployment that it runs beside.
    beside: u64,
    candidate: Candidate,
    /// Differences so far; empty before the first batch.
    #[serde(default)]
    comparison: Value,
    /// Groups that could not be run through nobody's fault.
    #[serde(default)]
    not_run: u64,
    /// Why it ended before its time, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    error: String,
}

/// What a shadow has found.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The scheme.
    pub scheme: SchemeName,
    /// The candidate.
    pub digest: Digest,
    /// Its plugins.
    pub plugins: Vec<(String, Digest)>,
    /// Who began it.
    pub by: String,
    /// Why.
    pub note: String,
    /// The deployment that it ran beside.
    pub beside: u64,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ends, or would have.
    pub until: DateTime<Utc>,
    /// When it ended; `None` while it runs.
    pub ended: Option<DateTime<Utc>>,
    /// Differences.
    pub comparison: Comparison,
    /// Groups that could not be run through nobody's fault.
    pub not_run: u64,
    /// Why it ended before its time.
    pub error: String,
}

impl Figures {
    /// Whether nothing is compared any more: it was ended, or its time is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_some() || self.until <= now
    }
}

/// Why a shadow does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is in force that it could run beside.
    NothingInForce,
    /// It is what is in force.
    InForce(u64),
    /// Another one runs, until then.
    Running(DateTime<Utc>),
}

/// A shadow to begin.
pub struct NewShadow<'a> {
    /// The scheme.
    pub scheme: &'a SchemeName,
    /// What would be deployed.
    pub wanted: &'a Wanted,
    /// For how long: [`LONGEST`] at most.
    pub length: Duration,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub note: &'a str,
}

/// Begins a shadow. Answers when it ends.
///
/// # Errors
/// The store's.
pub fn begin(
    store: &dyn Store,
    new: &NewShadow<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<Result<DateTime<Utc>, Refused>> {
    let Some(active) = store.active(new.scheme)? else {
        return Ok(Err(Refused::NothingInForce));
    };
    if active.what.digest == new.wanted.digest {
        return Ok(Err(Refused::InForce(active.id)));
    }
    end_overdue(store, new.scheme, now)?;
    let evidence = Evidence::default();
    let reason = Reason {
        by: new.by,
        note: new.note,
        evidence: &evidence,
        at: now,
    };
    let deployment = keep(store, new.wanted, &reason)?;
    let body = Body {
        by: new.by.to_owned(),
        note: new.note.to_owned(),
        beside: active.id,
        candidate: Candidate::of(&deployment, evidence),
        comparison: Value::Null,
        not_run: 0,
        error: String::new(),
    };
    let length = TimeDelta::from_std(new.length.min(LONGEST)).unwrap_or_default();
    let until = now.checked_add_signed(length).unwrap_or(now);
    let shadow = Shadow {
        scheme: new.scheme.clone(),
        digest: new.wanted.digest,
        revision: 0,
        until,
        body: to_text(&body),
        since: now,
        ended: None,
    };
    if store.put_shadow(&shadow)? {
        return Ok(Ok(until));
    }
    let running = store.shadows(Some(new.scheme))?;
    let running = running.into_iter().find(|one| one.ended.is_none());
    Ok(Err(Refused::Running(running.map_or(now, |one| one.until))))
}

/// Ends a shadow whose time is over, whether or not its scheme still moves.
fn end_overdue(store: &dyn Store, scheme: &SchemeName, now: DateTime<Utc>) -> Result<(), StoreError> {
    for shadow in store.shadows(Some(scheme))? {
        if shadow.ended.is_none() && shadow.until <= now {
            // A process that puts a batch into it meanwhile ends it itself.
            store.put_shadow(&Shadow {
                ended: Some(now),
                ..shadow
            })?;
        }
    }
    Ok(())
}

/// What a scheme's shadows found, newest first; of one candidate, if its digest is named.
///
/// # Errors
/// The store's.
pub fn figures(
    store: &dyn Store,
    scheme: Option<&SchemeName>,
    digest: Option<&Digest>,
) -> Result<Vec<Figures>, StoreError> {
    let shadows = store.shadows(scheme)?.into_iter();
    let named = shadows.filter(|shadow| digest.is_none_or(|digest| shadow.digest == *digest));
    Ok(named.filter_map(read).collect())
}

/// `None` for a body that another version wrote.
fn read(shadow: Shadow) -> Option<Figures> {
    let body: Body = serde_json::from_str(&shadow.body).ok()?;
    Some(Figures {
        scheme: shadow.scheme,
        digest: shadow.digest,
        plugins: body
            .candidate
            .plugins
            .into_iter()
            .map(|one| (one.name, one.digest))
            .collect(),
        by: body.by,
        note: body.note,
        beside: body.beside,
        since: shadow.since,
        until: shadow.until,
        ended: shadow.ended,
        comparison: Comparison::from_json(body.comparison).unwrap_or_default(),
        not_run: body.not_run,
        error: body.error,
    })
}

fn to_text(body: &Body) -> String {
    // Texts, numbers and lists of them: this cannot fail.
    serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned())
}
