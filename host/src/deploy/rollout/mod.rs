//! Rollouts: a new version goes out in waves and goes on by itself while nothing gets worse. What is kept is in [`body`],
//! what happens by itself in [`step`], the way back in [`back`]; when to do which is decided in `dukou_core::rollout`.
//!
//! Every step is a compare-and-set on the rollout's revision and can be repeated: what a process left half done is seen by
//! comparing what is in force with what should be. Within a process one thread at a time works on rollouts.

pub mod back;
pub mod body;
pub mod step;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::rollout::{Counts, Reason, Thresholds};
use dukou_store::Store;
use dukou_store::rows::{Deployment, NewDeployment, Rollout, Span};

pub use body::{Body, Candidate, Member, MemberState, Setback, State};
pub use step::{step, step_on};

use super::evidence::{Evidence, How};
use super::lock;
use crate::settings::Project;

/// What rollouts work on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The project, for `dukou.lock`.
    pub project: &'a Project,
    /// Its store.
    pub store: &'a dyn Store,
    /// Now.
    pub now: DateTime<Utc>,
}

impl<'a> Ground<'a> {
    /// Of a host.
    pub fn of(host: &'a crate::compose::Host) -> Self {
        Self {
            project: &host.project,
            store: host.store.as_ref(),
            now: host.clock.now(),
        }
    }
}

/// States of which a running host has something to do.
pub const OPEN: [&str; 2] = ["running", "rolling-back"];
/// Days that say how much a scheme usually sees.
const USUAL_DAYS: i64 = 7;
/// Deployments of the same content whose verdicts make a baseline.
const MOST_DEPLOYMENTS: usize = 50;
/// Groups that make a baseline.
const LEAST_BASELINE: u64 = 20;

/// One thread at a time works on rollouts; it is never held across a batch.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A scheme that takes part.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// The scheme.
    pub scheme: SchemeName,
    /// What it shall run; its bytes are in the store.
    pub candidate: NewDeployment,
    /// What the gate saw.
    pub evidence: Evidence,
    /// What is in force.
    pub before: Deployment,
}

/// A rollout to begin.
#[derive(Debug, Clone)]
pub struct NewRollout {
    /// The plugin's name.
    pub plugin: String,
    /// Its bytes.
    pub digest: Digest,
    /// Who.
    pub by: String,
    /// Why.
    pub note: String,
    /// How long each wave is watched at least.
    pub soak: Duration,
    /// `2,12,rest`, see [`dukou_core::rollout::waves`].
    pub waves: String,
    /// The schemes that take part.
    pub entrants: Vec<Entrant>,
    /// The schemes that are held, with the reason's word.
    pub held: Vec<(SchemeName, String)>,
}

/// Why a rollout does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The waves cannot be read: this part.
    Waves(String),
    /// No scheme takes part.
    Nobody,
    /// A scheme is part of a rollout that is not over.
    Busy {
        /// The scheme.
        scheme: SchemeName,
        /// The rollout.
        rollout: u64,
    },
}

/// Begins a rollout: its first wave comes into force with the first [`step`].
///
/// # Errors
/// The store's.
pub fn begin(ground: &Ground<'_>, new: &NewRollout) -> anyhow::Result<Result<u64, Refused>> {
    let _alone = alone();
    if new.entrants.is_empty() {
        return Ok(Err(Refused::Nobody));
    }
    for rollout in ground.store.rollouts(&OPEN, 0)? {
        let body = Body::parse(&rollout)?;
        for member in body.members.iter().filter(|member| member.wave.is_some()) {
            let taking_part = |entrant: &&Entrant| entrant.scheme.to_string() == member.scheme;
            if let Some(entrant) = new.entrants.iter().find(taking_part) {
                return Ok(Err(Refused::Busy {
                    scheme: entrant.scheme.clone(),
                    rollout: rollout.id,
                }));
            }
        }
    }
    let sizes = match dukou_core::rollout::waves(&new.waves, new.entrants.len()) {
        Ok(sizes) => sizes,
        Err(part) => return Ok(Err(Refused::Waves(part))),
    };
    let mut members = new
        .entrants
        .iter()
        .map(|entrant| member(ground, entrant))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let least = Thresholds::default().least_groups;
    members.sort_by_key(|member| going_first(member, least));
    let mut rest = members.iter_mut();
    for (wave, size) in sizes.iter().enumerate() {
        for member in rest.by_ref().take(*size) {
            member.wave = Some(wave);
        }
    }
    for member in rest {
        member.state = MemberState::Held;
        member.why = "beyond".to_owned();
        member.candidate = None;
    }
    members.extend(new.held.iter().map(|(scheme, why)| Member {
        why: why.clone(),
        ..Member::held(scheme)
    }));
    let body = Body {
        schema: Body::SCHEMA,
        by: new.by.clone(),
        note: new.note.clone(),
        plugin: new.plugin.clone(),
        digest: new.digest,
        soak_ms: u64::try_from(new.soak.as_millis()).unwrap_or(u64::MAX),
        waves: sizes.len(),
        wave: 0,
        since: ground.now,
        thresholds: Thresholds::default(),
        setback: None,
        members,
    };
    let id = ground
        .store
        .put_rollout(None, 0, State::Running.word(), &body.to_text(), ground.now)?;
    match id {
        Some(id) => Ok(Ok(id)),
        None => anyhow::bail!("the store refuses a new rollout"),
    }
}

/// Who goes first: those that see enough in a day to be judged by, the quietest of them first; then the quiet ones.
fn going_first(member: &Member, least: u64) -> (bool, u64, String) {
    let quiet = member.groups_a_day < least;
    let order = if quiet {
        u64::MAX - member.groups_a_day
    } else {
        member.groups_a_day
    };
    (quiet, order, member.scheme.clone())
}

fn member(ground: &Ground<'_>, entrant: &Entrant) -> anyhow::Result<Member> {
    let (store, scheme) = (ground.store, &entrant.scheme);
    let week = Span {
        from: ground.now.checked_sub_signed(TimeDelta::days(USUAL_DAYS)),
        to: None,
    };
    let (baseline, baseline_fuel) = baseline(store, scheme, &entrant.before)?;
    let pins = lock::pins(&ground.project.root, scheme).unwrap_or_default();
    let mut evidence = entrant.evidence.clone();
    evidence.how = How::Wave;
    Ok(Member {
        state: MemberState::Waiting,
        candidate: Some(Candidate::of(&entrant.candidate, evidence)),
        before: Some(entrant.before.id),
        before_digest: entrant.before.what.digest.to_string(),
        pins: pins
            .into_iter()
            .map(|pin| body::Pinned {
                name: pin.name,
                digest: pin.digest,
            })
            .collect(),
        baseline,
        baseline_fuel,
        groups_a_day: store.count_groups(scheme, week)?.div_ceil(USUAL_DAYS.unsigned_abs()),
        ..Member::held(scheme)
    })
}

/// What the version in force decided: counted by all deployments of the same content; where that is too little to go by,
/// what the store knows of its problems.
fn baseline(store: &dyn Store, scheme: &SchemeName, before: &Deployment) -> anyhow::Result<(Counts, u64)> {
    let (mut counts, mut fuel) = (Counts::default(), 0u64);
    for one in store.deployments(scheme, MOST_DEPLOYMENTS)? {
        if one.what.digest == before.what.digest {
            let counted = store.verdict_counts(scheme, one.id)?;
            counts.mapped += counted.mapped;
            counts.skipped += counted.skipped;
            counts.rejected += counted.rejected;
            counts.failed += counted.failed;
            fuel = fuel.saturating_add(counted.fuel);
        }
    }
    let fuel = fuel / counts.total().max(1);
    if counts.total() >= LEAST_BASELINE {
        return Ok((counts, fuel));
    }
    let overview = store.overview(scheme)?;
    let open = |kind| {
        let found = overview.problems.iter().find(|(found, _)| *found == kind);
        found.map_or(0, |(_, tally)| tally.count)
    };
    let (rejected, failed) = (open(ProblemKind::Rejected), open(ProblemKind::Failed));
    let counts = Counts {
        mapped: overview.records.count.saturating_sub(rejected + failed),
        skipped: 0,
        rejected,
        failed,
    };
    Ok((counts, fuel))
}

/// What a person did to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// It is as wished.
    Done,
    /// There is none of this number.
    Unknown,
    /// It is not in a state in which that can be done.
    Not(State),
}

/// A person stops a rollout: what is in force stays.
///
/// # Errors
/// The store's.
pub fn stop(ground: &Ground<'_>, id: u64) -> anyhow::Result<Turned> {
    turn(ground, id, |state, _| match state {
        State::Running => Ok(State::Stopped),
        other => Err(other),
    })
}

/// A person lets a rollout go on that was stopped or went back: from the first wave that is not in force.
///
/// # Errors
/// The store's.
pub fn resume(ground: &Ground<'_>, id: u64) -> anyhow::Result<Turned> {
    turn(ground, id, |state, body| {
        if !matches!(state, State::Stopped | State::RolledBack) {
            return Err(state);
        }
        for member in &mut body.members {
            let went_back = member.state == MemberState::RolledBack
                || member.state == MemberState::Held && member.candidate.is_some();
            if went_back {
                member.state = MemberState::Waiting;
                member.deployment = None;
                member.cost = None;
                member.why.clear();
            }
        }
        let first = body
            .members
            .iter()
            .filter(|member| member.state == MemberState::Waiting)
            .filter_map(|member| member.wave)
            .min();
        // What is already in force in an earlier wave than the first to come stays in that wave.
        body.wave = first.unwrap_or(body.wave).min(body.wave);
        body.since = ground.now;
        Ok(State::Running)
    })
}

/// Times a compare-and-set is tried while somebody else is faster.
const MOST_TRIES: usize = 5;

fn turn(
    ground: &Ground<'_>,
    id: u64,
    change: impl Fn(State, &mut Body) -> Result<State, State>,
) -> anyhow::Result<Turned> {
    let _alone = alone();
    for _ in 0..MOST_TRIES {
        let Some((rollout, state, mut body)) = find(ground.store, id)? else {
            return Ok(Turned::Unknown);
        };
        match change(state, &mut body) {
            Err(state) => return Ok(Turned::Not(state)),
            Ok(next) if put(ground, &rollout, next, &body)? => return Ok(Turned::Done),
            Ok(_) => {}
        }
    }
    anyhow::bail!("rollout {id} is changed by others all the time")
}

/// Takes a rollout back because of what happened in one of its waves, at once: when this returns, nothing new is mapped by
/// what went back.
///
/// # Errors
/// The store's; a body that another version wrote.
pub fn roll_back(ground: &Ground<'_>, id: u64, wave: usize, reason: Reason) -> anyhow::Result<()> {
    let _alone = alone();
    back::begin(ground, id, wave, reason)
}

/// A rollout by number.
///
/// # Errors
/// The store's; a body that another version wrote.
pub fn find(store: &dyn Store, id: u64) -> anyhow::Result<Option<(Rollout, State, Body)>> {
    let all = store.rollouts(&[], 0)?;
    let Some(rollout) = all.into_iter().find(|one| one.id == id) else {
        return Ok(None);
    };
    let body = Body::parse(&rollout)?;
    let state = state(&rollout)?;
    Ok(Some((rollout, state, body)))
}

/// A rollout's state.
///
/// # Errors
/// For a word that this version does not know.
pub fn state(rollout: &Rollout) -> anyhow::Result<State> {
    let known = State::ALL.into_iter().find(|state| state.word() == rollout.state);
    known.ok_or_else(|| anyhow::anyhow!("rollout {} is {:?}, which this version does not know", rollout.id, rollout.state))
}

/// Puts a rollout's next state, if nobody was faster.
fn put(ground: &Ground<'_>, rollout: &Rollout, state: State, body: &Body) -> anyhow::Result<bool> {
    let put = ground.store.put_rollout(
        Some(rollout.id),
        rollout.revision,
        state.word(),
        &body.to_text(),
        ground.now,
    )?;
    Ok(put.is_some())
}

impl Member {
    fn held(scheme: &SchemeName) -> Self {
        Self {
            scheme: scheme.to_string(),
            wave: None,
            state: MemberState::Held,
            candidate: None,
            before: None,
            before_digest: String::new(),
            pins: Vec::new(),
            deployment: None,
            baseline: Counts::default(),
            baseline_fuel: 0,
            groups_a_day: 0,
            cost: None,
            why: String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
