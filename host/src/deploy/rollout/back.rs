//! The way back: the versions before come into force again, and what the new one refused or failed on becomes due again.
//! First it is written down what shall go back, then it is done, then that it is done: whoever finds it half done goes on.
//! Only what the rollout itself put into force goes back: what a person deployed over it stays, and so do its pins.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Reach, Reason};
use dukou_store::StoreError;

use super::body::{Body, Setback, State};
use super::member::{Member, MemberState, Pinned, Runs, decided_by};
use super::{Ground, MOST_TRIES, find, put};
use crate::deploy::evidence::How;
use crate::deploy::lock;
use crate::deploy::rollback::{Back, Impossible, go_back_from};

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
        mark(ground, &mut body, wave, reason)?;
        if put(ground, &rollout, State::RollingBack, &body)? {
            tracing::warn!(rollout = id, wave = wave + 1, ?reason, "a wave goes back");
            break;
        }
    }
    finish(ground, id)
}

/// Writes down what goes back.
fn mark(ground: &Ground<'_>, body: &mut Body, wave: usize, reason: Reason) -> Result<(), StoreError> {
    let first = match reason.reach() {
        Reach::Rollout => 0,
        Reach::Wave => wave,
    };
    let current = body.wave;
    for member in body.members.iter_mut().filter(|member| member.wave.is_some()) {
        let own = member.wave.unwrap_or_default();
        if own >= first && member.in_force(current) {
            member.state = match member.runs(ground.store)? {
                Runs::New(_) | Runs::Before(_) | Runs::Back(_) => MemberState::Leaving,
                Runs::Other => MemberState::Superseded,
            };
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
    Ok(())
}

/// Does what is written down; done already, it changes nothing. A scheme that cannot go back keeps the others from
/// nothing, and leaves until it can or somebody deploys something else there.
///
/// # Errors
/// The store's; a body that another version wrote; a scheme that cannot go back.
pub(super) fn finish(ground: &Ground<'_>, id: u64) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let Some((rollout, State::RollingBack, mut body)) = find(ground.store, id)? else {
            return Ok(());
        };
        let before = body.clone();
        let (by, digest) = (body.by.clone(), body.digest);
        let mut result = Ok(());
        let (mut groups, mut due_again) = (0, 0);
        for member in body.members.iter_mut().filter(|one| one.state == MemberState::Leaving) {
            let Some(name) = member.name() else { continue };
            let again = match take_back(ground, &name, member, &by, &format!("rollout {id}")) {
                Ok(Some(again)) => again,
                Ok(None) => {
                    member.state = MemberState::Superseded;
                    continue;
                }
                Err(error) => {
                    result = result.and(Err(error));
                    continue;
                }
            };
            let cost = decided_by(ground.store, &name, &member.left)?;
            groups += cost.rejected + cost.failed;
            due_again += again;
            member.cost = Some(cost);
            member.state = MemberState::RolledBack;
            pin_again(ground, &name, &member.pins, digest);
        }
        if let Some(setback) = &mut body.setback {
            setback.groups += groups;
            setback.due_again += due_again;
        }
        let next = if result.is_ok() {
            State::RolledBack
        } else {
            State::RollingBack
        };
        if (result.is_err() && body == before) || put(ground, &rollout, next, &body)? {
            return result;
        }
    }
    anyhow::bail!("rollout {id} is changed by others all the time")
}

/// Brings a scheme's version before into force again, if the new one still is, and makes due again what any deployment of
/// the new one refused. Answers how many groups; `None` where somebody else put something into force.
fn take_back(
    ground: &Ground<'_>,
    name: &SchemeName,
    member: &mut Member,
    by: &str,
    note: &str,
) -> anyhow::Result<Option<u64>> {
    let mut due_again = 0;
    for _ in 0..MOST_TRIES {
        let numbers = member.numbers(ground.store)?;
        match member.runs(ground.store)? {
            Runs::New(number) => {
                member.deployment = Some(number);
                let back = Back {
                    to: member.before,
                    how: How::WaveRollback,
                    by,
                    note,
                    at: ground.now,
                    refused_again: true,
                    unsent_again: false,
                };
                match go_back_from(ground.store, name, Some(number), &back)? {
                    Ok(done) => due_again += done.refused_again,
                    // Somebody was faster: who, is seen by looking again.
                    Err(Impossible::Overtaken | Impossible::InForce(_)) => continue,
                    Err(impossible) => anyhow::bail!("{name}: the version before cannot come back: {impossible:?}"),
                }
            }
            Runs::Before(_) | Runs::Back(_) => {}
            Runs::Other => return Ok(None),
        }
        // It may have been in force under several numbers; and whoever died after going back has not done this.
        for number in &numbers {
            due_again += ground.store.remap_refused(name, *number)? as u64;
        }
        member.deployment = member.deployment.or(numbers.first().copied());
        member.left = numbers;
        return Ok(Some(due_again));
    }
    anyhow::bail!("{name} is deployed by others all the time")
}

/// `dukou.lock` wants again what it wanted before, unless somebody has pinned something else since. A file that cannot be
/// written stops nothing: what runs is in the store.
fn pin_again(ground: &Ground<'_>, scheme: &SchemeName, pins: &[Pinned], digest: Digest) {
    let root = &ground.project.root;
    let again = || -> anyhow::Result<()> {
        let as_before = |now: &lock::Pin| pins.iter().any(|was| was.name == now.name && was.digest == now.digest);
        let known = |now: &lock::Pin| now.digest == digest || as_before(now);
        if !lock::pins(root, scheme)?.iter().all(known) {
            return Ok(());
        }
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
    lock::note_down(ground.project, ground.store, std::slice::from_ref(scheme));
}
