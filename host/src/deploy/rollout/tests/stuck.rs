//! A scheme that cannot come in, or cannot go back: what that keeps the others from, and what it does not.

use std::cell::Cell;
use std::fs::TryLockError;

use super::races::{FAILING, both_waves, deploy_fix};
use super::*;
use crate::deploy::rollout::step::{good, is_quiet};
use crate::deploy::rollout::turn::is_ours;

#[test]
fn a_wave_of_which_a_scheme_is_still_to_come_in_is_neither_good_nor_quiet() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    scene.pass(61);
    let whole = scene.state(id).1;
    assert!(is_quiet(&scene.ground(), &whole).unwrap());
    for (first, second, may_go_on) in [
        (MemberState::Superseded, MemberState::Superseded, true),
        (MemberState::Waiting, MemberState::Superseded, false),
        (MemberState::Superseded, MemberState::Waiting, false),
        (MemberState::Active, MemberState::Waiting, false),
    ] {
        let mut body = whole.clone();
        for (member, state) in body.members.iter_mut().zip([first, second]) {
            (member.wave, member.state) = (Some(0), state);
        }
        assert_eq!(
            good(&scene.ground(), &body).unwrap(),
            may_go_on,
            "{first:?}, {second:?}"
        );
        assert!(!is_quiet(&scene.ground(), &body).unwrap(), "{first:?}, {second:?}");
    }
}

/// The first wave is in force and good, and the second cannot come in.
fn second_wave_is_kept_out(scene: &mut Scene) -> u64 {
    let id = begun(scene);
    scene.step();
    scene.map(&schemes()[0], 100..120, None);
    scene.pass(61);
    std::fs::write(scene.dir.path().join(lock::FILE), "damaged").unwrap();
    for _ in 0..2 {
        step_on(&scene.ground()).unwrap_err();
        assert_eq!(running_new(scene), [true, false, false]);
        let (state, body) = scene.state(id);
        assert_eq!((state, body.wave), (State::Running, 1));
        scene.pass(61);
    }
    id
}

#[test]
fn what_is_in_force_is_judged_although_the_next_wave_cannot_come_in() {
    let mut scene = Scene::new();
    let id = second_wave_is_kept_out(&mut scene);
    scene.map(&schemes()[0], 120..123, Some(ProblemKind::Failed));
    step_on(&scene.ground()).unwrap_err();
    assert_eq!(scene.state(id).0, State::RolledBack);
    assert_eq!(running_new(&scene), [false, false, false]);
    scene.step();
}

#[test]
fn a_wave_that_comes_in_late_is_watched_from_then_on() {
    let mut scene = Scene::new();
    let id = second_wave_is_kept_out(&mut scene);
    std::fs::remove_file(scene.dir.path().join(lock::FILE)).unwrap();
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true]);
    scene.map(&schemes()[1], 100..120, None);
    scene.step();
    assert_eq!(scene.state(id).0, State::Running);
    scene.pass(61);
    scene.step();
    assert_eq!(scene.state(id).0, State::Done);
}

#[test]
fn a_scheme_that_cannot_go_back_leaves_until_somebody_deploys_there() {
    let mut scene = Scene::new();
    let (id, all) = both_waves(&mut scene);
    let (rollout, state, mut body) = find(&scene.store, id).unwrap().unwrap();
    // There is no deployment of this number.
    body.members[0].before = Some(0);
    assert!(put(&scene.ground(), &rollout, state, &body).unwrap());
    roll_back(&scene.ground(), id, 1, FAILING).unwrap_err();
    use MemberState::{Held, Leaving, RolledBack, Superseded};
    let states = |body: &Body| body.members.iter().map(|member| member.state).collect::<Vec<_>>();
    let (before, state, body) = find(&scene.store, id).unwrap().unwrap();
    assert_eq!(
        (state, states(&body)),
        (State::RollingBack, vec![Leaving, RolledBack, RolledBack, Held])
    );
    assert_eq!(running_new(&scene), [true, false, false], "the others went back");
    step_on(&scene.ground()).unwrap_err();
    let again = find(&scene.store, id).unwrap().unwrap();
    assert_eq!(
        again.0.revision, before.revision,
        "nothing is written where nothing changed"
    );
    deploy_fix(&scene, &all[0]);
    scene.step();
    let (state, body) = scene.state(id);
    assert_eq!(
        (state, states(&body)),
        (State::RolledBack, vec![Superseded, RolledBack, RolledBack, Held])
    );
    assert_eq!(scene.active(&all[0]).what.definition, "fix");
}

#[test]
fn a_turn_is_waited_for_only_where_somebody_has_it() {
    let looks = Cell::new(0);
    let nothing_can_be_locked = || {
        looks.set(looks.get() + 1);
        Err(TryLockError::Error(std::io::ErrorKind::Unsupported.into()))
    };
    assert!(!is_ours(nothing_can_be_locked));
    assert_eq!(looks.replace(0), 1);
    let somebody_has_it_twice = || {
        looks.set(looks.get() + 1);
        if looks.get() < 3 {
            Err(TryLockError::WouldBlock)
        } else {
            Ok(())
        }
    };
    assert!(is_ours(somebody_has_it_twice));
    assert_eq!(looks.get(), 3);
}
