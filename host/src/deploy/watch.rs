//! The guard of a running host: how many groups a version under watch may still map, and what follows from what it made of
//! them. A wave that exceeds a threshold is taken back right here, before another batch is mapped; shadows run here, after
//! their scheme's own batch was settled. When to go back is decided in `dukou_core::rollout`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dukou_core::clock::Clock;
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Judgement, Reason, Thresholds, Watched, allowance, judge, judge_cost};
use dukou_core::verdict::Group;
use dukou_plugin::Runtime;
use dukou_replay::{Version, map};
use dukou_store::{Store, StoreError};

use super::activate::load;
use super::rollout::body::counts;
use super::rollout::{self, Body, Ground, MemberState, State};
use super::shadow::{Around, Shadows};
use crate::pipeline::Crossing;
use crate::pipeline::guard::{Guard, Seen};
use crate::settings::Project;

/// The most groups that one scheme of a wave maps before it is judged again.
const MOST_AT_ONCE: u64 = 50;
/// Rollouts that are looked at for what went back: the newest of them.
const MOST_PAST: usize = 20;

/// Watches rollouts and runs shadows. One for all schemes of a process.
pub struct Watch {
    project: Project,
    store: Arc<dyn Store>,
    runtime: Runtime,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    shadows: Shadows,
}

/// A scheme and the deployment that maps it.
type Key = (SchemeName, u64);

/// What is known of the rollouts, as of a generation of the store.
#[derive(Default)]
struct Known {
    generation: Option<u64>,
    watched: HashMap<Key, Under>,
    /// What went back: nothing is mapped by it any more.
    gone: Vec<Key>,
    /// Groups that are being mapped now.
    reserved: HashMap<Key, u64>,
    costs: HashMap<Key, Cost>,
}

/// A deployment under watch.
#[derive(Debug, Clone)]
struct Under {
    rollout: u64,
    wave: usize,
    before: Option<u64>,
    watched: Watched,
    /// Fuel per group of the version before; 0 if that is not known.
    usual_fuel: u64,
    groups_a_day: u64,
    thresholds: Thresholds,
}

/// What a version and the one before it cost on the same groups.
#[derive(Default)]
struct Cost {
    before: Option<Version>,
    groups: u64,
    fuel: u64,
    fuel_before: u64,
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

    /// Measures the version before on the same groups, if this batch looks expensive or nothing is known of it. Who is
    /// measured: the batch's own cost beside what the older version pays for it.
    fn cost(&self, known: &mut Known, key: &Key, under: &Under, seen: &Seen<'_>) -> Option<Reason> {
        let cost = known.costs.entry(key.clone()).or_default();
        let most = u128::from(under.usual_fuel) * u128::from(under.thresholds.fuel_per_mille);
        let dear = under.usual_fuel > 0 && u128::from(seen.fuel) * 1_000 > most;
        let unknown = under.usual_fuel == 0 && cost.groups < under.thresholds.least_groups;
        if !(dear || unknown) || seen.groups.is_empty() {
            return None;
        }
        if cost.before.is_none() {
            cost.before = self.version_before(&key.0, under.before?);
        }
        let groups: Vec<Group> = seen.groups.iter().map(|(group, _)| group.clone()).collect();
        let count = groups.len() as u64;
        let before: u64 = map(cost.before.as_ref()?, &groups).iter().map(|tried| tried.fuel).sum();
        cost.groups += count;
        cost.fuel = cost.fuel.saturating_add(seen.fuel.saturating_mul(count));
        cost.fuel_before = cost.fuel_before.saturating_add(before);
        judge_cost(cost.fuel, cost.fuel_before, cost.groups, &under.thresholds)
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
        let mut known = self.known()?;
        known.reserved.remove(&key);
        if known.gone.contains(&key) {
            // It went back while this batch was mapped: what was refused in it is due again as well.
            self.store.remap_refused(&key.0, key.1)?;
        } else if let Some(under) = known.watched.get(&key).cloned() {
            let counted = counts(&self.store.verdict_counts(&key.0, key.1)?);
            if let Some(under) = known.watched.get_mut(&key) {
                under.watched.seen = counted;
            }
            let (wave, groups_a_day) = known.wave(&under);
            let reason = match judge(&wave, &under.thresholds, groups_a_day) {
                Judgement::RollBack(reason) => Some(reason),
                Judgement::Go | Judgement::Wait => self.cost(&mut known, &key, &under, seen),
            };
            if let Some(reason) = reason {
                known.generation = None;
                if let Err(error) = rollout::roll_back(&self.ground(), under.rollout, under.wave, reason) {
                    // The next step tries again; nothing more is mapped by it meanwhile.
                    tracing::error!(rollout = under.rollout, "the wave could not be taken back: {error:#}");
                    known.gone.push(key.clone());
                }
            }
        }
        drop(known);
        let around = Around {
            project: &|| self.fresh(),
            store: self.store.as_ref(),
            runtime: &self.runtime,
            now: self.clock.now(),
        };
        self.shadows.settled(&around, seen)
    }
}

impl Known {
    fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.watched.clear();
        self.gone.clear();
        for rollout in store.rollouts(&[], MOST_PAST)? {
            let (Ok(body), Ok(state)) = (Body::parse(&rollout), rollout::state(&rollout)) else {
                continue;
            };
            match state {
                State::Running => self.watch(store, rollout.id, &body)?,
                State::RollingBack | State::RolledBack => self.gone.extend(gone(&body)),
                State::Stopped | State::Done => {}
            }
        }
        let watched = &self.watched;
        self.reserved.retain(|key, _| watched.contains_key(key));
        self.costs.retain(|key, _| watched.contains_key(key));
        Ok(())
    }

    fn watch(&mut self, store: &dyn Store, rollout: u64, body: &Body) -> Result<(), StoreError> {
        for member in body.members.iter().filter(|member| member.in_force(body.wave)) {
            let (Some(name), Some(candidate), Some(wave)) = (member.name(), &member.candidate, member.wave) else {
                continue;
            };
            // What is in force decides, whether or not the rollout's own memory has caught up with it.
            let active = store.active(&name)?;
            let Some(active) = active.filter(|active| active.what.digest == candidate.digest) else {
                continue;
            };
            let under = Under {
                rollout,
                wave,
                before: member.before,
                watched: Watched {
                    seen: counts(&store.verdict_counts(&name, active.id)?),
                    baseline: member.baseline,
                },
                usual_fuel: member.baseline_fuel,
                groups_a_day: member.groups_a_day,
                thresholds: body.thresholds,
            };
            self.watched.insert((name, active.id), under);
        }
        Ok(())
    }

    /// The schemes of a wave, and what they all see in a day.
    fn wave(&self, of: &Under) -> (Vec<Watched>, u64) {
        let same = |under: &&Under| under.rollout == of.rollout && under.wave == of.wave;
        let wave = self.watched.values().filter(same);
        wave.fold((Vec::new(), 0), |(mut all, a_day), under| {
            all.push(under.watched);
            (all, a_day.saturating_add(under.groups_a_day))
        })
    }

    fn reserved_by_others(&self, of: &Under) -> u64 {
        let same = |key: &Key| {
            let under = self.watched.get(key);
            under.is_some_and(|under| under.rollout == of.rollout && under.wave == of.wave)
        };
        let reserved = self.reserved.iter().filter(|(key, _)| same(key));
        reserved.map(|(_, groups)| groups).sum()
    }
}

fn gone(body: &Body) -> impl Iterator<Item = Key> {
    body.members
        .iter()
        .filter(|member| matches!(member.state, MemberState::Leaving | MemberState::RolledBack))
        .filter_map(|member| Some((member.name()?, member.deployment?)))
}
