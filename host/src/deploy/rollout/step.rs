//! What rollouts do by themselves: a wave comes into force, is watched, and is followed by the next. Called again and again
//! by whoever runs the pipeline; each call does what can be done now.

use dukou_core::names::SchemeName;
use dukou_core::rollout::{Judgement, Watched, judge, soaked};
use dukou_store::rows::Rollout;

use super::body::{Body, Member, MemberState, State, counts};
use super::{Ground, OPEN, alone, back, put, state};
use crate::compose::Host;
use crate::deploy::lock;

/// Does what can be done of every rollout now.
///
/// # Errors
/// The store's; a body that another version wrote.
pub fn step(host: &Host) -> anyhow::Result<()> {
    step_on(&Ground::of(host))
}

/// As [`step`].
///
/// # Errors
/// As [`step`].
pub fn step_on(ground: &Ground<'_>) -> anyhow::Result<()> {
    let _alone = alone();
    let mut result = Ok(());
    for rollout in ground.store.rollouts(&OPEN, 0)? {
        // One that cannot go on stands in no other's way.
        let one = match state(&rollout) {
            Ok(State::RollingBack) => back::finish(ground, rollout.id),
            Ok(_) => go_on(ground, rollout),
            Err(error) => Err(error),
        };
        result = result.and(one);
    }
    result
}

fn go_on(ground: &Ground<'_>, mut rollout: Rollout) -> anyhow::Result<()> {
    let mut body = Body::parse(&rollout)?;
    // A wave that follows comes into force within the same call.
    for _ in 0..=body.waves {
        let before = body.clone();
        bring_into_force(ground, rollout.id, &mut body)?;
        if body != before && !move_to(ground, &mut rollout, State::Running, &body)? {
            return Ok(());
        }
        if let Some((wave, reason)) = trouble(ground, &body)? {
            return back::begin(ground, rollout.id, wave, reason);
        }
        if !good(ground, &body)? {
            return Ok(());
        }
        let wave = body.wave;
        body.move_on(wave, MemberState::Active, MemberState::Done);
        if wave + 1 >= body.waves {
            body.forget_definitions();
            tracing::info!(rollout = rollout.id, "every wave is in force");
            move_to(ground, &mut rollout, State::Done, &body)?;
            return Ok(());
        }
        body.wave = wave + 1;
        body.since = ground.now;
        tracing::info!(rollout = rollout.id, wave = body.wave + 1, "the next wave");
        if !move_to(ground, &mut rollout, State::Running, &body)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Puts the next state and keeps the row in step; false if somebody was faster.
fn move_to(ground: &Ground<'_>, rollout: &mut Rollout, state: State, body: &Body) -> anyhow::Result<bool> {
    let done = put(ground, rollout, state, body)?;
    rollout.revision += 1;
    Ok(done)
}

/// Brings everything into force that should be by now, and sees what others put into its place.
fn bring_into_force(ground: &Ground<'_>, id: u64, body: &mut Body) -> anyhow::Result<()> {
    let (wave, by, digest) = (body.wave, body.by.clone(), body.digest);
    for member in &mut body.members {
        let (Some(name), Some(candidate)) = (member.name(), member.candidate.as_mut()) else {
            continue;
        };
        let active = ground.store.active(&name)?;
        let runs_it = active.as_ref().filter(|active| active.what.digest == candidate.digest);
        match member.state {
            MemberState::Active | MemberState::Done if runs_it.is_none() => member.state = MemberState::Superseded,
            MemberState::Waiting if member.wave.is_some_and(|own| own <= wave) => {
                if let Some(active) = runs_it {
                    member.deployment = Some(active.id);
                    member.state = MemberState::Active;
                } else if active.is_some_and(|active| active.what.digest.to_string() == member.before_digest) {
                    candidate.evidence.rollout = Some(id);
                    // What is wanted first: else a `run` in between would bring the older version back.
                    for plugin in candidate.plugins.iter().filter(|plugin| plugin.digest == digest) {
                        if let Some(bytes) = ground.store.blob(&plugin.digest)? {
                            lock::pin(&ground.project.root, &name, &plugin.name, &bytes)?;
                        }
                    }
                    let deployment = candidate.deployment(&by);
                    member.deployment = Some(ground.store.activate(&name, &deployment, ground.now)?);
                    member.state = MemberState::Active;
                    write_down(ground, &name);
                } else {
                    member.state = MemberState::Superseded;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes down in `dukou.lock` what runs. The store is the truth of that, so that a file that cannot be written stops nothing.
pub(super) fn write_down(ground: &Ground<'_>, scheme: &SchemeName) {
    if let Err(error) = lock::record(ground.project, ground.store, std::slice::from_ref(scheme)) {
        tracing::warn!(%scheme, "dukou.lock does not say what runs: {error:#}");
    }
}

/// The first wave that exceeds a threshold.
fn trouble(ground: &Ground<'_>, body: &Body) -> anyhow::Result<Option<(usize, dukou_core::rollout::Reason)>> {
    for wave in 0..=body.wave {
        let (watched, groups_a_day) = watched(ground, body, wave)?;
        if let Judgement::RollBack(reason) = judge(&watched, &body.thresholds, groups_a_day) {
            return Ok(Some((wave, reason)));
        }
    }
    Ok(None)
}

/// Whether the wave in force may be followed by the next: long enough, enough seen, nothing wrong. A wave whose schemes
/// were all taken over by others has nobody left to wait for.
fn good(ground: &Ground<'_>, body: &Body) -> anyhow::Result<bool> {
    let (watched, groups_a_day) = watched(ground, body, body.wave)?;
    let seen_enough = watched.is_empty() || judge(&watched, &body.thresholds, groups_a_day) == Judgement::Go;
    Ok(seen_enough && soaked(body.since, body.soak(), ground.now))
}

fn watched(ground: &Ground<'_>, body: &Body, wave: usize) -> anyhow::Result<(Vec<Watched>, u64)> {
    let mut watched = Vec::new();
    let mut groups_a_day = 0u64;
    let running = |member: &&Member| matches!(member.state, MemberState::Active | MemberState::Done);
    for member in body.of_wave(wave).filter(running) {
        let (Some(name), Some(deployment)) = (member.name(), member.deployment) else {
            continue;
        };
        groups_a_day = groups_a_day.saturating_add(member.groups_a_day);
        watched.push(Watched {
            seen: counts(&ground.store.verdict_counts(&name, deployment)?),
            baseline: member.baseline,
        });
    }
    Ok((watched, groups_a_day))
}
