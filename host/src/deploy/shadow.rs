//! Shadows: a candidate runs beside the version in force on the same live groups, and what it would have made is compared.
//! Nothing is sent or settled. A candidate's failures are its own: they are counted as what they are, and cost the pipeline
//! no more than the candidate's own run of the batch, within its budgets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_plugin::Runtime;
use dukou_replay::{Comparison, Stored, Version, map};
use dukou_store::rows::{Deployment, Shadow};
use dukou_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::activate::{Reason, keep, load};
use super::evidence::Evidence;
use super::rollout::Candidate;
use super::wanted::Wanted;
use crate::pipeline::guard::Seen;
use crate::settings::Project;

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

/// The shadows that run in this process, each loaded once.
#[derive(Default)]
pub struct Shadows {
    running: Mutex<HashMap<SchemeName, Arc<Mutex<Running>>>>,
}

struct Running {
    row: Shadow,
    body: Body,
    comparison: Comparison,
    /// `None` before the first batch.
    version: Option<Version>,
}

impl Shadows {
    /// Sees which shadows began or ended.
    ///
    /// # Errors
    /// The store's.
    pub fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let rows = store.shadows(None)?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|scheme, known| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let same = |row: &Shadow| row.digest == known.row.digest && row.since == known.row.since;
            rows.iter()
                .any(|row| row.scheme == *scheme && row.ended.is_none() && same(row))
        });
        for row in rows.into_iter().filter(|row| row.ended.is_none()) {
            if running.contains_key(&row.scheme) {
                continue;
            }
            let Ok(body) = serde_json::from_str::<Body>(&row.body) else {
                tracing::warn!(scheme = %row.scheme, "a shadow was begun by another version of dukou and does not run");
                continue;
            };
            let comparison = Comparison::from_json(body.comparison.clone()).unwrap_or_default();
            let one = Running {
                comparison,
                version: None,
                body,
                row,
            };
            running.insert(one.row.scheme.clone(), Arc::new(Mutex::new(one)));
        }
        Ok(())
    }

    /// Runs the shadow of a scheme on a batch that was settled.
    ///
    /// # Errors
    /// The store's. What is wrong with the candidate ends the shadow and nothing else.
    pub fn settled(&self, around: &Around<'_>, seen: &Seen<'_>) -> Result<(), StoreError> {
        let found = {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.get(seen.crossing.name()).cloned()
        };
        let Some(found) = found else { return Ok(()) };
        let mut one = found.lock().unwrap_or_else(PoisonError::into_inner);
        if one.row.ended.is_some() {
            return Ok(());
        }
        if one.row.until <= around.now || one.body.beside != seen.crossing.deployment {
            one.row.ended = Some(around.now);
        } else {
            match one.load(around) {
                Ok(version) => one.compare(&version, seen),
                Err(error) => {
                    tracing::warn!(scheme = %seen.crossing.name(), "the shadow cannot run: {error:#}");
                    one.body.error = format!("{error:#}");
                    one.row.ended = Some(around.now);
                }
            }
        }
        one.save(around.store)
    }
}

/// What a shadow is loaded with.
pub struct Around<'a> {
    /// Reads the project: only what is loaded needs it.
    pub project: &'a dyn Fn() -> Project,
    /// Its store.
    pub store: &'a dyn Store,
    /// The engine of plugins.
    pub runtime: &'a Runtime,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Running {
    fn load(&mut self, around: &Around<'_>) -> anyhow::Result<Version> {
        if let Some(version) = &self.version {
            return Ok(version.clone());
        }
        let deployment = Deployment {
            id: 0,
            what: self.body.candidate.deployment(&self.body.by),
            at: self.row.since,
            active: false,
        };
        let (scheme, wanted) = load(&(around.project)(), around.store, around.runtime, &deployment)?;
        let version = wanted.version(&scheme);
        if self.body.comparison.is_null() {
            self.comparison = Comparison::of_documents_by(&version);
        }
        self.version = Some(version.clone());
        Ok(version)
    }

    fn compare(&mut self, version: &Version, seen: &Seen<'_>) {
        let groups: Vec<Group> = seen.groups.iter().map(|(group, _)| group.clone()).collect();
        let tried = map(version, &groups);
        for (((group, amount), before), after) in seen.groups.iter().zip(seen.fates).zip(tried) {
            let Some(before) = before else { continue };
            let Ok(fate) = after.fate else {
                self.body.not_run += 1;
                continue;
            };
            let stored = Stored {
                seq: self.comparison.all.groups + 1,
                group: group.clone(),
                amount: *amount,
            };
            self.comparison
                .add(&stored, before, &fate, version.rules.source.as_ref());
            self.comparison.cost(seen.fuel, after.fuel);
        }
        self.body.comparison = self.comparison.to_json();
    }

    /// Keeps what was found. If somebody else put it meanwhile (ended it), theirs stands.
    fn save(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.row.body = to_text(&self.body);
        if store.put_shadow(&self.row)? {
            self.row.revision += 1;
        } else {
            let rows = store.shadows(Some(&self.row.scheme))?;
            let same = |row: &Shadow| row.digest == self.row.digest && row.since == self.row.since;
            match rows.into_iter().find(same) {
                Some(row) => self.row = row,
                None => self.row.ended = Some(self.row.until),
            }
        }
        Ok(())
    }
}
