//! What rollouts do by themselves: a wave comes into force, is watched, and is followed by the next. Called again and again
//! by whoever runs the pipeline; each call does what can be done now.

use dukou_core::digest::Digest;
use dukou_core::rollout::{Judgement, Watched, judge, soaked};
use dukou_store::rows::Rollout;

use super::body::{Body, State};
use super::member::{Member, MemberState, Runs};
use super::{Ground, MOST_TRIES, OPEN, alone, back, put, state};
use crate::compose::Host;
use crate::deploy::{Overtaken, lock};

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
    let _alone = alone(ground);
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
        // A scheme that cannot come in keeps nobody from judging those that are.
        let came = bring_into_force(ground, rollout.id, &mut body);
        if body != before && !move_to(ground, &mut rollout, State::Running, &body)? {
            return came;
        }
        if let Some((wave, reason)) = trouble(ground, &body)? {
            return back::begin(ground, rollout.id, wave, reason).and(came);
        }
        came?;
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

/// Brings everything into force that should be by now, and sees what others put into its place. One that fails stands in
/// no other's way, and still waits.
fn bring_into_force(ground: &Ground<'_>, id: u64, body: &mut Body) -> anyhow::Result<()> {
    let what = What {
        rollout: id,
        by: body.by.clone(),
        digest: body.digest,
    };
    let wave = body.wave;
    let mut result = Ok(());
    for member in &mut body.members {
        let one = match member.state {
            MemberState::Active | MemberState::Done => still_runs(ground, member),
            MemberState::Waiting if member.wave.is_some_and(|own| own <= wave) => {
                let came = come_in(ground, &what, member);
                if member.state == MemberState::Active {
                    // Whoever comes late is watched as long as the others were.
                    body.since = ground.now;
                }
                came
            }
            _ => Ok(()),
        };
        result = result.and(one);
    }
    result
}

/// Sees what is in force in a scheme that came in.
fn still_runs(ground: &Ground<'_>, member: &mut Member) -> anyhow::Result<()> {
    match member.runs(ground.store)? {
        Runs::New(number) => member.deployment = Some(number),
        Runs::Before(_) | Runs::Back(_) | Runs::Other => member.state = MemberState::Superseded,
    }
    Ok(())
}

/// What comes into force.
pub(super) struct What {
    pub(super) rollout: u64,
    pub(super) by: String,
    /// The bytes that are pinned.
    pub(super) digest: Digest,
}

/// Brings one scheme's new version into force, if what ran before still does. Another process that was faster with the same
/// is joined; what a person put there instead stays.
fn come_in(ground: &Ground<'_>, what: &What, member: &mut Member) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let number = match member.runs(ground.store)? {
            Runs::New(number) => Some(number),
            Runs::Before(over) | Runs::Back(over) => activate(ground, what, member, over)?,
            Runs::Other => {
                member.state = MemberState::Superseded;
                return Ok(());
            }
        };
        if let Some(number) = number {
            member.deployment = Some(number);
            member.state = MemberState::Active;
            return Ok(());
        }
    }
    // It still waits: the next step looks again.
    Ok(())
}

/// Activates a scheme's new version over this deployment; `None` where another came into force meanwhile.
pub(super) fn activate(
    ground: &Ground<'_>,
    what: &What,
    member: &mut Member,
    over: u64,
) -> anyhow::Result<Option<u64>> {
    let (Some(name), Some(candidate)) = (member.name(), member.candidate.as_mut()) else {
        return Ok(None);
    };
    candidate.evidence.rollout = Some(what.rollout);
    let root = &ground.project.root;
    // What is wanted first: else a `run` in between would bring the older version back.
    let plugins = candidate.plugins.iter().filter(|plugin| plugin.digest == what.digest);
    let names: Vec<&str> = plugins.map(|plugin| plugin.name.as_str()).collect();
    let pinned = match ground.store.blob(&what.digest)?.filter(|_| !names.is_empty()) {
        Some(bytes) => Some(lock::pin_for_now(root, &name, &names, &bytes)?),
        None => None,
    };
    let deployment = candidate.deployment(&what.by);
    let activated = ground.store.activate_over(&name, Some(over), &deployment, ground.now);
    let ended = activated.map(|number| number.ok_or(Overtaken));
    if let Some(pinned) = pinned {
        pinned.settle(root, ground.store, &ended);
    }
    if let Ok(Ok(_)) = ended {
        lock::note_down(ground.project, ground.store, std::slice::from_ref(&name));
    }
    Ok(ended?.ok())
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

/// Whether the wave in force may be followed by the next: long enough, enough seen or a person's word, nothing wrong. A wave
/// whose schemes were all taken over by others has nobody left to wait for; one of which a scheme is still to come in has.
pub(super) fn good(ground: &Ground<'_>, body: &Body) -> anyhow::Result<bool> {
    if !is_whole(body) {
        return Ok(false);
    }
    let (watched, groups_a_day) = watched(ground, body, body.wave)?;
    let seen_enough = watched.is_empty()
        || match judge(&watched, &body.thresholds, groups_a_day) {
            Judgement::Go => true,
            Judgement::Wait => body.let_on().is_some(),
            Judgement::RollBack(_) => false,
        };
    Ok(seen_enough && soaked(body.since, body.soak(), ground.now))
}

/// Whether the wave in force was watched long enough and waits for nothing but groups.
pub(super) fn is_quiet(ground: &Ground<'_>, body: &Body) -> anyhow::Result<bool> {
    if !is_whole(body) {
        return Ok(false);
    }
    let (watched, groups_a_day) = watched(ground, body, body.wave)?;
    let waits = !watched.is_empty() && judge(&watched, &body.thresholds, groups_a_day) == Judgement::Wait;
    Ok(waits && soaked(body.since, body.soak(), ground.now))
}

/// Whether nobody is still to come in, of the wave in force or one before it.
fn is_whole(body: &Body) -> bool {
    let comes =
        |member: &Member| member.state == MemberState::Waiting && member.wave.is_some_and(|own| own <= body.wave);
    !body.members.iter().any(comes)
}

fn watched(ground: &Ground<'_>, body: &Body, wave: usize) -> anyhow::Result<(Vec<Watched>, u64)> {
    let mut watched = Vec::new();
    let mut groups_a_day = 0u64;
    for member in body.of_wave(wave).filter(|member| member.is_watched()) {
        groups_a_day = groups_a_day.saturating_add(member.groups_a_day);
        watched.push(Watched {
            seen: member.decided(ground.store)?,
            baseline: member.baseline,
        });
    }
    Ok((watched, groups_a_day))
}
