//! The guard of a running host: how many groups a version under watch may still map, and what follows from what it made of
//! them. A wave that exceeds a threshold is taken back right here, before another batch is mapped; shadows run here, after
//! their scheme's own batch was settled. When to go back is decided in `dukou_core::rollout`.
//!
//! All schemes of a process ask here before each batch. So nothing is loaded, compiled or mapped under the lock on what is
//! known: what a measurement or a shadow needs is decided under it, and done beside it.

mod known;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dukou_core::clock::Clock;
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Judgement, Reason, allowance, judge, judge_cost};
use dukou_core::verdict::Group;
use dukou_plugin::Runtime;
use dukou_replay::{Version, map};
use dukou_store::{Store, StoreError};

use self::known::{Key, Known, Measure, Under};
use super::activate::load;
use super::rollout::member::decided_by;
use super::rollout::{self, Ground};
use super::shadow::{Around, Shadows};
use crate::pipeline::Crossing;
use crate::pipeline::guard::{Guard, Seen};
use crate::settings::Project;

/// The most groups that one scheme of a wave maps before it is judged again.
const MOST_AT_ONCE: u64 = 50;
/// Watches rollouts and runs shadows. One for all schemes of a process.
pub struct Watch {
    project: Project,
    store: Arc<dyn Store>,
    runtime: Runtime,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    shadows: Shadows,
}

impl Watch {
    /// Watches a project's store.
    pub fn new(project: Project, store: Arc<dyn Store>, runtime: Runtime, clock: Arc<dyn Clock>) -> Self {
        Self {
            project,
            store,
            runtime,
            clock,
            known: Mutex::default(),
            shadows: Shadows::default(),
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            project: &self.project,
            store: self.store.as_ref(),
            now: self.clock.now(),
        }
    }

    /// What is known, read anew if anything happened since.
    fn known(&self) -> Result<MutexGuard<'_, Known>, StoreError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.store.generation()?;
        if known.generation != Some(generation) {
            known.read(self.store.as_ref())?;
            self.shadows.refresh(self.store.as_ref())?;
            known.generation = Some(generation);
        }
        Ok(known)
    }

    /// Judges a batch that was settled by the verdicts of its wave. Answers the deployment's watch where its cost has to be
    /// measured before anything more can be said.
    fn judge(&self, key: &Key, seen: &Seen<'_>) -> Result<Option<Measure>, StoreError> {
        let mut known = self.known()?;
        known.reserved.remove(key);
        let Some(under) = known.watched.get(key).cloned() else {
            return Ok(None);
        };
        let counted = decided_by(self.store.as_ref(), &key.0, &under.numbers)?;
        if let Some(under) = known.watched.get_mut(key) {
            under.watched.seen = counted;
        }
        let (wave, groups_a_day) = known.wave(&under);
        match judge(&wave, &under.thresholds, groups_a_day) {
            Judgement::RollBack(reason) => self.roll_back(&mut known, key, &under, reason),
            Judgement::Go | Judgement::Wait if seen.groups.is_empty() => {}
            Judgement::Go | Judgement::Wait => return Ok(known.to_measure(key, under, seen.fuel)),
        }
        Ok(None)
    }

    /// Measures the version before on the same groups: the batch's own cost beside what the older version pays for it. Takes
    /// as long as loading that version and mapping a batch with it, of this scheme's time only.
    fn measure(&self, key: &Key, measure: Measure, seen: &Seen<'_>) -> Result<(), StoreError> {
        let Measure { under, before } = measure;
        let loaded = before.or_else(|| self.version_before(&key.0, under.before?));
        let Some(version) = loaded else { return Ok(()) };
        let groups: Vec<Group> = seen.groups.iter().map(|(group, _)| group.clone()).collect();
        let count = groups.len() as u64;
        let before: u64 = map(&version, &groups).iter().map(|tried| tried.fuel).sum();
        let mut known = self.known()?;
        // Another process may have taken it back meanwhile.
        if !known.watched.contains_key(key) {
            return Ok(());
        }
        let cost = known.costs.entry(key.clone()).or_default();
        cost.before = Some(version);
        cost.groups += count;
        cost.fuel = cost.fuel.saturating_add(seen.fuel.saturating_mul(count));
        cost.fuel_before = cost.fuel_before.saturating_add(before);
        if let Some(reason) = judge_cost(cost.fuel, cost.fuel_before, cost.groups, &under.thresholds) {
            self.roll_back(&mut known, key, &under, reason);
        }
        Ok(())
    }

    fn roll_back(&self, known: &mut Known, key: &Key, under: &Under, reason: Reason) {
        match rollout::roll_back(&self.ground(), under.rollout, under.wave, reason) {
            Ok(()) => known.generation = None,
            Err(error) => {
                // The next step tries again; nothing more is mapped by it meanwhile.
                tracing::error!(rollout = under.rollout, "the wave could not be taken back: {error:#}");
                known.gone.push(key.clone());
            }
        }
    }

    /// The project as its files say now: tenants come while a host serves.
    fn fresh(&self) -> Project {
        Project::load(&self.project.root).unwrap_or_else(|_| self.project.clone())
    }

    fn version_before(&self, scheme: &SchemeName, id: u64) -> Option<Version> {
        let store = self.store.as_ref();
        let deployment = store.deployment(scheme, id).ok().flatten()?;
        match load(&self.fresh(), store, &self.runtime, &deployment) {
            Ok((scheme, wanted)) => Some(wanted.version(&scheme)),
            Err(error) => {
                tracing::warn!(%scheme, "what the version before costs is not known: {error:#}");
                None
            }
        }
    }
}

impl Guard for Watch {
    fn allowance(&self, crossing: &Crossing) -> Result<usize, StoreError> {
        let mut known = self.known()?;
        let key = (crossing.name().clone(), crossing.deployment);
        known.reserved.remove(&key);
        if known.gone.contains(&key) {
            return Ok(0);
        }
        let Some(under) = known.watched.get(&key).cloned() else {
            return Ok(usize::MAX);
        };
        // Nothing is reserved for a scheme that has nothing to map: its wave's others need it.
        if self.store.peek_groups(&key.0, &[], 1)?.is_empty() {
            return Ok(0);
        }
        let (wave, groups_a_day) = known.wave(&under);
        let reserved = known.reserved_by_others(&under);
        let left = allowance(&wave, &under.thresholds, groups_a_day).saturating_sub(reserved);
        let share = if wave.len() > 1 { left.div_ceil(2) } else { left };
        let allowed = share.min(MOST_AT_ONCE);
        known.reserved.insert(key, allowed);
        Ok(usize::try_from(allowed).unwrap_or(usize::MAX))
    }

    fn settled(&self, seen: &Seen<'_>) -> Result<(), StoreError> {
        let key = (seen.crossing.name().clone(), seen.crossing.deployment);
        if let Some(measure) = self.judge(&key, seen)? {
            self.measure(&key, measure, seen)?;
        }
        let around = Around {
            project: &|| self.fresh(),
            store: self.store.as_ref(),
            runtime: &self.runtime,
            now: self.clock.now(),
        };
        self.shadows.settled(&around, seen)
    }
}
