//! Two processes, or a process and a person, at the same scheme: what one of them read is not what is in force any more
//! when it acts.

use super::*;
use crate::deploy::rollout::step::{What, activate};

fn what(scene: &Scene, id: u64) -> What {
    let body = scene.state(id).1;
    What {
        rollout: id,
        by: body.by,
        digest: body.digest,
    }
}

/// What a stepper has read: the first scheme, and the deployment that is in force there.
fn looked(scene: &Scene, id: u64) -> (Member, u64) {
    let member = scene.state(id).1.members[0].clone();
    let Runs::Before(over) = member.runs(&scene.store).unwrap() else {
        panic!("it has not come into force yet");
    };
    (member, over)
}

/// A person pins a plugin for a scheme and deploys it, as `deploy FILE --to SCHEME` does.
pub(super) fn deploy_fix(scene: &Scene, scheme: &SchemeName) {
    lock::pin(scene.dir.path(), scheme, PLUGIN, b"fix").unwrap();
    scene.store.activate(scheme, &content("fix"), scene.now).unwrap();
    lock::record(&scene.project, &scene.store, std::slice::from_ref(scheme)).unwrap();
}

pub(super) fn pinned(scene: &Scene, scheme: &SchemeName) -> Vec<Digest> {
    let pins = lock::pins(scene.dir.path(), scheme).unwrap();
    pins.into_iter().map(|pin| pin.digest).collect()
}

#[test]
fn two_steppers_that_read_the_same_bring_a_version_into_force_once() {
    let scene = Scene::new();
    let id = begun(&scene);
    let first = schemes()[0].clone();
    let (mut mine, over) = looked(&scene, id);
    let (mut theirs, _) = looked(&scene, id);
    let (ground, what) = (scene.ground(), what(&scene, id));
    let number = activate(&ground, &what, &mut mine, over).unwrap();
    assert_eq!(number, Some(2));
    assert_eq!(activate(&ground, &what, &mut theirs, over).unwrap(), None);
    scene.step();
    assert_eq!(scene.store.deployments(&first, 100).unwrap().len(), 2);
    let member = &scene.state(id).1.members[0];
    assert_eq!((member.state, member.deployment), (MemberState::Active, number));
    assert_eq!(pinned(&scene, &first), [Digest::of(b"new")]);
}

#[test]
fn what_a_person_deploys_between_a_look_and_the_activation_stays_with_its_pin() {
    let scene = Scene::new();
    let id = begun(&scene);
    let first = schemes()[0].clone();
    let (mut member, over) = looked(&scene, id);
    deploy_fix(&scene, &first);
    let what = what(&scene, id);
    assert_eq!(activate(&scene.ground(), &what, &mut member, over).unwrap(), None);
    assert_eq!(pinned(&scene, &first), [Digest::of(b"fix")]);
    scene.step();
    assert_eq!(scene.active(&first).what.definition, "fix");
    assert_eq!(scene.state(id).1.members[0].state, MemberState::Superseded);
    assert_eq!(pinned(&scene, &first), [Digest::of(b"fix")]);
}

#[test]
fn a_version_that_came_into_force_twice_is_judged_and_taken_back_under_both_numbers() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    let first = schemes()[0].clone();
    scene.step();
    scene.map(&first, 100..112, None);
    scene.store.activate(&first, &content("new"), scene.now).unwrap();
    scene.map(&first, 112..120, None);
    scene.pass(61);
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true], "12 and 8 are 20");
    assert_eq!(scene.state(id).1.members[0].deployment, Some(3));
    scene.map(&first, 120..122, Some(ProblemKind::Failed));
    scene.store.activate(&first, &content("new"), scene.now).unwrap();
    scene.map(&first, 122..123, Some(ProblemKind::Failed));
    scene.step();
    assert_eq!(running_new(&scene), [false, false, false]);
    let (state, body) = scene.state(id);
    assert_eq!(state, State::RolledBack);
    assert_eq!(body.members[0].left, [4, 3, 2]);
    assert_eq!(
        body.members[0].cost.map(|cost| (cost.mapped, cost.failed)),
        Some((20, 3))
    );
    let setback = body.setback.unwrap();
    assert_eq!((setback.groups, setback.due_again), (3, 3));
    assert_eq!(scene.settle(&first, None), 3);
    // What went back does not count against it when a person lets it go on.
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false]);
    assert_eq!(scene.state(id).1.members[0].decided(&scene.store).unwrap().total(), 0);
}

/// Both waves are in force; the third scheme had a pin of its own before.
pub(super) fn both_waves(scene: &mut Scene) -> (u64, [SchemeName; 3]) {
    let all: [SchemeName; 3] = schemes().try_into().unwrap();
    lock::pin(scene.dir.path(), &all[2], PLUGIN, b"old").unwrap();
    let id = begun(scene);
    scene.step();
    scene.map(&all[0], 100..120, None);
    scene.pass(61);
    scene.step();
    assert_eq!(running_new(scene), [true, true, true]);
    assert_eq!(pinned(scene, &all[1]), [Digest::of(b"new")]);
    (id, all)
}

pub(super) const FAILING: Reason = Reason::Failing {
    failed: 3,
    groups: 3,
    expected: 0,
};

fn only_the_persons_stays(scene: &Scene, id: u64, all: &[SchemeName; 3]) {
    let [first, second, third] = all;
    let (state, body) = scene.state(id);
    assert_eq!(state, State::RolledBack);
    let states: Vec<MemberState> = body.members.iter().map(|member| member.state).collect();
    use MemberState::{Held, RolledBack, Superseded};
    assert_eq!(states, [RolledBack, Superseded, RolledBack, Held]);
    assert_eq!(scene.active(second).what.definition, "fix");
    assert_eq!(pinned(scene, second), [Digest::of(b"fix")]);
    for (scheme, pins) in [(first, vec![]), (third, vec![Digest::of(b"old")])] {
        assert_eq!(scene.active(scheme).what.definition, "old");
        assert_eq!(pinned(scene, scheme), pins, "{scheme}");
    }
}

#[test]
fn a_wave_that_goes_back_leaves_what_a_person_deployed_since_and_its_pin() {
    let mut scene = Scene::new();
    let (id, all) = both_waves(&mut scene);
    deploy_fix(&scene, &all[1]);
    roll_back(&scene.ground(), id, 1, FAILING).unwrap();
    only_the_persons_stays(&scene, id, &all);
}

#[test]
fn what_a_person_deploys_while_a_wave_goes_back_stays_too() {
    let mut scene = Scene::new();
    let (id, all) = both_waves(&mut scene);
    // It is written down what goes back, and the process died.
    let (rollout, _, mut body) = find(&scene.store, id).unwrap().unwrap();
    for member in body.members.iter_mut().filter(|member| member.wave.is_some()) {
        member.state = MemberState::Leaving;
    }
    assert!(put(&scene.ground(), &rollout, State::RollingBack, &body).unwrap());
    deploy_fix(&scene, &all[1]);
    scene.step();
    only_the_persons_stays(&scene, id, &all);
}
