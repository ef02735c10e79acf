//! What is known of the rollouts of a store, as of one of its generations: which deployments are under watch, and which went
//! back and map nothing more. Reads the store and decides; loads and maps nothing.

use std::collections::HashMap;

use dukou_core::names::SchemeName;
use dukou_core::rollout::{Thresholds, Watched};
use dukou_replay::Version;
use dukou_store::{Store, StoreError};

use crate::deploy::rollout::member::decided_by;
use crate::deploy::rollout::{self, Body, MemberState, OPEN, Runs, State};

/// Rollouts that went back and are looked at for what is mapped no more: the newest of them. Open ones are all looked at.
const MOST_PAST: usize = 20;

/// A scheme and the deployment that maps it.
pub(super) type Key = (SchemeName, u64);

/// What is known of the rollouts, as of a generation of the store.
#[derive(Default)]
pub(super) struct Known {
    pub(super) generation: Option<u64>,
    pub(super) watched: HashMap<Key, Under>,
    /// What went back: nothing is mapped by it any more.
    pub(super) gone: Vec<Key>,
    /// Groups that are being mapped now.
    pub(super) reserved: HashMap<Key, u64>,
    pub(super) costs: HashMap<Key, Cost>,
}

/// A deployment under watch.
#[derive(Debug, Clone)]
pub(super) struct Under {
    pub(super) rollout: u64,
    pub(super) wave: usize,
    pub(super) before: Option<u64>,
    /// Numbers of all deployments of the new version.
    pub(super) numbers: Vec<u64>,
    pub(super) watched: Watched,
    /// Fuel per group of the version before; 0 if that is not known.
    pub(super) usual_fuel: u64,
    pub(super) groups_a_day: u64,
    pub(super) thresholds: Thresholds,
}

/// A batch whose cost is measured.
pub(super) struct Measure {
    pub(super) under: Under,
    /// The version before, if it was loaded already.
    pub(super) before: Option<Version>,
}

/// What a version and the one before it cost on the same groups.
#[derive(Default)]
pub(super) struct Cost {
    pub(super) before: Option<Version>,
    pub(super) groups: u64,
    pub(super) fuel: u64,
    pub(super) fuel_before: u64,
}

impl Known {
    pub(super) fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.watched.clear();
        self.gone.clear();
        let open = store.rollouts(&OPEN, 0)?;
        let past = store.rollouts(&[State::RolledBack.word()], MOST_PAST)?;
        for rollout in open.into_iter().chain(past) {
            let (Ok(body), Ok(state)) = (Body::parse(&rollout), rollout::state(&rollout)) else {
                continue;
            };
            match state {
                State::Running => self.watch(store, rollout.id, &body)?,
                State::RollingBack | State::RolledBack => self.leave(store, &body)?,
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
            let (Some(name), Some(wave)) = (member.name(), member.wave) else {
                continue;
            };
            // What is in force decides, whether or not the rollout's own memory has caught up with it.
            let Runs::New(active) = member.runs(store)? else {
                continue;
            };
            let numbers = member.numbers(store)?;
            let under = Under {
                rollout,
                wave,
                before: member.before,
                watched: Watched {
                    seen: decided_by(store, &name, &numbers)?,
                    baseline: member.baseline,
                },
                numbers,
                usual_fuel: member.baseline_fuel,
                groups_a_day: member.groups_a_day,
                thresholds: body.thresholds,
            };
            self.watched.insert((name, active), under);
        }
        Ok(())
    }

    fn leave(&mut self, store: &dyn Store, body: &Body) -> Result<(), StoreError> {
        let leaves = |state| matches!(state, MemberState::Leaving | MemberState::RolledBack);
        for member in body.members.iter().filter(|member| leaves(member.state)) {
            let Some(name) = member.name() else { continue };
            let numbers = member.numbers(store)?;
            self.gone
                .extend(numbers.into_iter().map(|number| (name.clone(), number)));
        }
        Ok(())
    }

    /// What is needed to measure a batch of this fuel per group, if it looks expensive or nothing is known of what the version before costs.
    pub(super) fn to_measure(&self, key: &Key, under: Under, fuel: u64) -> Option<Measure> {
        let cost = self.costs.get(key);
        let measured = cost.map_or(0, |cost| cost.groups);
        let most = u128::from(under.usual_fuel) * u128::from(under.thresholds.fuel_per_mille);
        let dear = under.usual_fuel > 0 && u128::from(fuel) * 1_000 > most;
        let unknown = under.usual_fuel == 0 && measured < under.thresholds.least_groups;
        if !(dear || unknown) {
            return None;
        }
        let before = cost.and_then(|cost| cost.before.clone());
        Some(Measure { under, before })
    }

    /// The schemes of a wave, and what they all see in a day.
    pub(super) fn wave(&self, of: &Under) -> (Vec<Watched>, u64) {
        let same = |under: &&Under| under.rollout == of.rollout && under.wave == of.wave;
        let wave = self.watched.values().filter(same);
        wave.fold((Vec::new(), 0), |(mut all, a_day), under| {
            all.push(under.watched);
            (all, a_day.saturating_add(under.groups_a_day))
        })
    }

    pub(super) fn reserved_by_others(&self, of: &Under) -> u64 {
        let same = |key: &Key| {
            let under = self.watched.get(key);
            under.is_some_and(|under| under.rollout == of.rollout && under.wave == of.wave)
        };
        let reserved = self.reserved.iter().filter(|(key, _)| same(key));
        reserved.map(|(_, groups)| groups).sum()
    }
}

#[cfg(test)]
mod tests;
