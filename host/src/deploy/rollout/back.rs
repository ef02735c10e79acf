//! The way back: the versions before come into force again, and what the new one refused or failed on becomes due again.
//! First it is written down what shall go back, then it is done, then that it is done: whoever finds it half done goes on.

use dukou_core::names::SchemeName;
use dukou_core::rollout::{Reach, Reason};

use super::body::{Body, MemberState, Setback, State, counts};
use super::{Ground, MOST_TRIES, find, put};
use crate::deploy::evidence::How;
use crate::deploy::{lock, rollback};

/// Takes a rollout back because of what happened in a wave, as far as the reason reaches. Another thread or process that
/// does the same is joined.
///
/// # Errors
/// The store's; a body that another version wrote.
pub(super) fn begin(ground: &Ground<'_>, id: u64, wave: usize, reason: Reason) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let Some((rollout, state, mut body)) = find(ground.store, id)? else {
            return Ok(());
        };
        match state {
            State::Running => {}
            State::RollingBack => break,
            State::RolledBack | State::Stopped | State::Done => return Ok(()),
        }
        mark(ground, &mut body, wave, reason);
        if put(ground, &rollout, State::RollingBack, &body)? {
            tracing::warn!(rollout = id, wave = wave + 1, ?reason, "a wave goes back");
            break;
        }
    }
    finish(ground, id)
}

/// Writes down what goes back.
fn mark(ground: &Ground<'_>, body: &mut Body, wave: usize, reason: Reason) {
    let first = match reason.reach() {
        Reach::Rollout => 0,
        Reach::Wave => wave,
    };
    let current = body.wave;
    for member in body.members.iter_mut().filter(|member| member.wave.is_some()) {
        let own = member.wave.unwrap_or_default();
        if own >= first && member.in_force(current) {
            member.state = MemberState::Leaving;
        } else if member.state == MemberState::Waiting {
            member.state = MemberState::Held;
            member.why = State::RolledBack.word().to_owned();
        }
    }
    body.setback = Some(Setback {
        reason,
        wave,
        at: ground.now,
        groups: 0,
        due_again: 0,
    });
}

/// Does what is written down; done already, it changes nothing.
///
/// # Errors
/// The store's; a body that another version wrote.
pub(super) fn finish(ground: &Ground<'_>, id: u64) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let Some((rollout, State::RollingBack, mut body)) = find(ground.store, id)? else {
            return Ok(());
        };
        let (mut groups, mut due_again) = (0, 0);
        for member in &mut body.members {
            if member.state != MemberState::Leaving {
                continue;
            }
            let (Some(name), Some(candidate)) = (member.name(), &member.candidate) else {
                continue;
            };
            let active = ground.store.active(&name)?;
            if let Some(active) = active.filter(|active| active.what.digest == candidate.digest) {
                member.deployment.get_or_insert(active.id);
                let note = format!("rollout {id}");
                let back = rollback(
                    ground.store,
                    &name,
                    member.before,
                    How::WaveRollback,
                    &body.by,
                    &note,
                    ground.now,
                )?;
                if let Err(impossible) = back {
                    tracing::error!(scheme = %name, ?impossible, "the version before cannot come back");
                }
            }
            if let Some(deployment) = member.deployment {
                let cost = counts(&ground.store.verdict_counts(&name, deployment)?);
                groups += cost.rejected + cost.failed;
                due_again += ground.store.remap_refused(&name, deployment)? as u64;
                member.cost = Some(cost);
            }
            member.state = MemberState::RolledBack;
            pin_again(ground, &name, &member.pins);
        }
        if let Some(setback) = &mut body.setback {
            setback.groups = groups;
            setback.due_again = due_again;
        }
        if put(ground, &rollout, State::RolledBack, &body)? {
            return Ok(());
        }
    }
    anyhow::bail!("rollout {id} is changed by others all the time")
}

/// `dukou.lock` wants again what it wanted before. A file that cannot be written stops nothing: what runs is in the store.
fn pin_again(ground: &Ground<'_>, scheme: &SchemeName, pins: &[super::body::Pinned]) {
    let root = &ground.project.root;
    let again = || -> anyhow::Result<()> {
        lock::unpin(root, scheme)?;
        for pin in pins {
            if let Some(bytes) = ground.store.blob(&pin.digest)? {
                lock::pin(root, scheme, &pin.name, &bytes)?;
            }
        }
        Ok(())
    };
    if let Err(error) = again() {
        tracing::warn!(%scheme, "dukou.lock still wants the version that went back: {error:#}");
    }
    super::step::write_down(ground, scheme);
}
