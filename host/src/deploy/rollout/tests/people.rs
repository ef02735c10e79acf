//! A person's word on a rollout.

use super::*;

#[test]
fn a_rollout_does_not_go_on_beside_a_newer_one_of_the_same_scheme() {
    let scene = Scene::new();
    let id = begun(&scene);
    assert_eq!(stop(&scene.ground(), id).unwrap(), Turned::Done);
    let newer = begin(&scene.ground(), &wished(&scene)).unwrap().unwrap();
    let busy = Turned::Busy {
        scheme: schemes()[0].clone(),
        rollout: newer,
    };
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), busy);
    assert_eq!(scene.state(id).0, State::Stopped);
    assert_eq!(stop(&scene.ground(), newer).unwrap(), Turned::Done);
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
}

#[test]
fn a_wave_that_waits_for_groups_goes_on_by_a_persons_word() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    let running = Turned::Not(State::Running);
    assert_eq!(
        resume(&scene.ground(), id, "李").unwrap(),
        running,
        "not watched long enough"
    );
    scene.pass(61);
    scene.map(&schemes()[0], 100..103, None);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false], "three groups are too few");
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true]);
    let body = scene.state(id).1;
    let said: Vec<_> = body
        .let_on
        .iter()
        .map(|one| (one.wave, one.by.as_str(), one.at))
        .collect();
    assert_eq!(said, [(0, "李", scene.now)]);
    // The word was for that wave only.
    scene.pass(61);
    scene.step();
    assert_eq!(scene.state(id).0, State::Running);
    // What fails goes back all the same.
    scene.map(&schemes()[1], 100..103, Some(ProblemKind::Failed));
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Not(State::Running));
    scene.step();
    assert_eq!(scene.state(id).0, State::RolledBack);
}

#[test]
fn the_last_wave_is_done_by_a_persons_word_as_well() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    for _ in 0..2 {
        scene.pass(61);
        assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
        scene.step();
    }
    assert_eq!(scene.state(id).0, State::Done);
}
