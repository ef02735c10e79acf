//! Rollouts: a new version goes out in waves and goes on by itself while nothing gets worse. What is kept is in [`body`],
//! what happens by itself in [`mod@step`], the way back in [`back`]; when to do which is decided in `dukou_core::rollout`.
//!
//! Every step is a compare-and-set, on the rollout's revision and on what is in force, and can be repeated: what a process
//! left half done is seen by comparing what is in force with what should be. One at a time works on rollouts (`turn.rs`).

pub mod back;
pub mod begin;
pub mod body;
pub mod member;
#[cfg(test)]
pub(crate) mod scene;
pub mod step;
mod turn;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::rollout::Reason;
use dukou_store::Store;
use dukou_store::rows::Rollout;

pub use begin::{Entrant, NewRollout, Refused, begin};
pub use body::{Body, LetOn, Setback, State};
pub use member::{Candidate, Member, MemberState, Runs};
pub use step::{step, step_on};
use turn::alone;

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

/// What a person did to a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turned {
    /// It is as wished.
    Done,
    /// There is none of this number.
    Unknown,
    /// It is not in a state in which that can be done.
    Not(State),
    /// One of its schemes is part of another rollout that is not over.
    Busy {
        /// The scheme.
        scheme: SchemeName,
        /// The other rollout.
        rollout: u64,
    },
}

/// A person stops a rollout: what is in force stays.
///
/// # Errors
/// The store's.
pub fn stop(ground: &Ground<'_>, id: u64) -> anyhow::Result<Turned> {
    turn(ground, id, |state, _| {
        Ok(match state {
            State::Running => Ok(State::Stopped),
            other => Err(Turned::Not(other)),
        })
    })
}

/// A person lets a rollout go on: one that was stopped or went back, from the first wave that is not in force; one whose
/// wave only waits for groups, to the next wave.
///
/// # Errors
/// The store's.
pub fn resume(ground: &Ground<'_>, id: u64, by: &str) -> anyhow::Result<Turned> {
    turn(ground, id, |state, body| match state {
        State::Running if step::is_quiet(ground, body)? => {
            body.let_on.push(LetOn {
                wave: body.wave,
                by: by.to_owned(),
                at: ground.now,
            });
            Ok(Ok(State::Running))
        }
        State::Stopped | State::RolledBack => {
            let taking_part = |scheme: &str| {
                let mut members = body.members.iter().filter(|member| member.candidate.is_some());
                members.any(|member| member.scheme == scheme && member.state != MemberState::Superseded)
            };
            if let Some((scheme, rollout)) = begin::busy(ground.store, Some(id), taking_part)? {
                return Ok(Err(Turned::Busy { scheme, rollout }));
            }
            go_on_with(ground, body);
            Ok(Ok(State::Running))
        }
        other => Ok(Err(Turned::Not(other))),
    })
}

/// What went back or was held with it waits again; earlier waves stay as they are.
fn go_on_with(ground: &Ground<'_>, body: &mut Body) {
    for member in &mut body.members {
        let went_back =
            member.state == MemberState::RolledBack || member.state == MemberState::Held && member.candidate.is_some();
        if went_back {
            member.since = member.went_back().fold(member.since, u64::max);
            member.state = MemberState::Waiting;
            member.deployment = None;
            member.left.clear();
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
}

/// Times a compare-and-set is tried while somebody else is faster.
const MOST_TRIES: usize = 5;

fn turn(
    ground: &Ground<'_>,
    id: u64,
    change: impl Fn(State, &mut Body) -> anyhow::Result<Result<State, Turned>>,
) -> anyhow::Result<Turned> {
    let _alone = alone(ground);
    for _ in 0..MOST_TRIES {
        let Some((rollout, state, mut body)) = find(ground.store, id)? else {
            return Ok(Turned::Unknown);
        };
        match change(state, &mut body)? {
            Err(not) => return Ok(not),
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
    let _alone = alone(ground);
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
    known.ok_or_else(|| {
        anyhow::anyhow!(
            "rollout {} is {:?}, which this version does not know",
            rollout.id,
            rollout.state
        )
    })
}

/// The open rollout that may still put something into force for a tenant, or take it back.
///
/// # Errors
/// The store's; a body that another version wrote.
pub fn moving(store: &dyn Store, tenant: &str) -> anyhow::Result<Option<u64>> {
    for rollout in store.rollouts(&OPEN, 0)? {
        let body = Body::parse(&rollout)?;
        let moves = |member: &Member| match member.state {
            MemberState::Waiting | MemberState::Active | MemberState::Done | MemberState::Leaving => {
                of_tenant(member, tenant)
            }
            MemberState::RolledBack | MemberState::Held | MemberState::Superseded => false,
        };
        if body.members.iter().any(moves) {
            return Ok(Some(rollout.id));
        }
    }
    Ok(None)
}

/// Whether any rollout, also one that is over, holds something of a tenant.
///
/// # Errors
/// As [`moving`].
pub fn mentions(store: &dyn Store, tenant: &str) -> anyhow::Result<bool> {
    for rollout in store.rollouts(&[], 0)? {
        if Body::parse(&rollout)?
            .members
            .iter()
            .any(|member| of_tenant(member, tenant))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Drops a tenant's schemes from every rollout: their definitions, evidence and counts. What is in force stays.
///
/// # Errors
/// As [`moving`].
pub fn forget(ground: &Ground<'_>, tenant: &str) -> anyhow::Result<()> {
    for rollout in ground.store.rollouts(&[], 0)? {
        if Body::parse(&rollout)?
            .members
            .iter()
            .any(|member| of_tenant(member, tenant))
        {
            turn(ground, rollout.id, |state, body| {
                body.members.retain(|member| !of_tenant(member, tenant));
                Ok(Ok(state))
            })?;
        }
    }
    Ok(())
}

fn of_tenant(member: &Member, tenant: &str) -> bool {
    member.name().is_some_and(|name| name.tenant == tenant)
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

#[cfg(test)]
mod tests;
