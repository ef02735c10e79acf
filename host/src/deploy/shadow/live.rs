//! The shadows that run in this process: loaded once, given each batch that was settled, and kept after it. Whoever asks
//! which shadows run waits for none of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_plugin::Runtime;
use dukou_replay::{Comparison, Stored, Version, map};
use dukou_store::rows::{Deployment, Shadow};
use dukou_store::{Store, StoreError};

use super::{Body, to_text};
use crate::deploy::activate::load;
use crate::pipeline::guard::Seen;
use crate::settings::Project;

/// The shadows that run in this process, each loaded once.
#[derive(Default)]
pub struct Shadows {
    running: Mutex<HashMap<SchemeName, Arc<One>>>,
}

/// A shadow, and which one it is: that is asked while a batch of it runs, and must not wait for it.
struct One {
    digest: Digest,
    since: DateTime<Utc>,
    running: Mutex<Running>,
}

struct Running {
    row: Shadow,
    body: Body,
    comparison: Comparison,
    /// `None` before the first batch.
    version: Option<Version>,
}

impl Shadows {
    /// Sees which shadows began or ended. Waits for none that runs.
    ///
    /// # Errors
    /// The store's.
    pub fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let rows = store.shadows(None)?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|scheme, known| {
            let same = |row: &Shadow| row.digest == known.digest && row.since == known.since;
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
            let scheme = row.scheme.clone();
            let one = One {
                digest: row.digest,
                since: row.since,
                running: Mutex::new(Running {
                    comparison,
                    version: None,
                    body,
                    row,
                }),
            };
            running.insert(scheme, Arc::new(one));
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
        let mut one = found.running.lock().unwrap_or_else(PoisonError::into_inner);
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
            // Two versions may know the source differently: what either calls personal is.
            let known = seen.crossing.rules.source.as_ref();
            let sources = known.into_iter().chain(&version.rules.source);
            self.comparison.add(&stored, before, &fate, sources);
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

#[cfg(test)]
mod tests;
