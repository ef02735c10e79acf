//! What somebody has said of a pin outlives others' refusals, a scheme that fails, and writing the file anew.

use super::*;

#[test]
fn a_pin_that_another_brought_into_force_is_not_taken_back() {
    let scene = Scene::new();
    let (root, scheme) = (scene.root(), scheme());
    scene.activate(&scheme, b"files", false);
    // Both want the same; the later one is faster, and has not written it down when the other is refused.
    let slower = pin_for_now(root, &scheme, &[PLUGIN], b"same").unwrap();
    let faster = pin_for_now(root, &scheme, &[PLUGIN], b"same").unwrap();
    scene.activate(&scheme, b"same", true);
    slower.take_back(root, &scene.store).unwrap();
    assert_eq!(scene.pinned(&scheme), [Digest::of(b"same")]);
    faster.settle(root, &scene.store, &anyhow::Ok(Ok::<(), ()>(())));
    scene.record(&scheme);
    assert_eq!(scene.pinned(&scheme), [Digest::of(b"same")]);
}

#[test]
fn a_pin_stays_only_where_the_activation_after_it_came_into_force() {
    let scene = Scene::new();
    let (root, scheme) = (scene.root(), scheme());
    scene.activate(&scheme, b"files", false);
    let ends: [(anyhow::Result<Result<(), ()>>, bool); 3] = [
        (Err(anyhow::anyhow!("the disk is full")), false),
        (Ok(Err(())), false),
        (Ok(Ok(())), true),
    ];
    for (ended, stays) in ends {
        let pinned = pin_for_now(root, &scheme, &[PLUGIN], b"new").unwrap();
        pinned.settle(root, &scene.store, &ended);
        assert_eq!(!scene.pinned(&scheme).is_empty(), stays, "{ended:?}");
    }
}

#[test]
fn a_scheme_that_cannot_be_written_down_does_not_stop_the_others() {
    let scene = Scene::new();
    let (stuck, other) = (scheme(), SchemeName::new("default", "plain"));
    for name in [&stuck, &other] {
        pin(scene.root(), name, PLUGIN, b"old").unwrap();
    }
    scene.activate(&stuck, b"new", true);
    scene.activate(&other, b"old", true);
    // A folder lies where the pinned file should.
    let pinned = pins(scene.root(), &stuck).unwrap().remove(0).file;
    let (old, new) = (Digest::of(b"old").short(), Digest::of(b"new").short());
    let place = pinned.to_str().unwrap().replace(&old, &new);
    std::fs::create_dir_all(scene.root().join(place).join("x")).unwrap();
    let both = [stuck.clone(), other.clone()];
    record(&scene.project, &scene.store, &both).unwrap_err();
    let current = |name: &SchemeName| is_current(scene.root(), &scene.store.active(name).unwrap().unwrap(), name);
    assert!(!current(&stuck) && current(&other));
    assert_eq!(scene.pinned(&stuck), [Digest::of(b"old")], "it keeps its entry");
}

#[test]
fn what_somebody_unpinned_is_not_pinned_by_writing_anew() {
    let scene = Scene::new();
    let scheme = scheme();
    scene.activate(&scheme, b"pinned", true);
    pin(scene.root(), &scheme, PLUGIN, b"pinned").unwrap();
    scene.record(&scheme);
    unpin(scene.root(), &scheme).unwrap();
    for dry in [true, false] {
        let done = relock(&scene.project, &scene.store, dry).unwrap();
        assert_eq!(done[0].pinned, Vec::<String>::new(), "{dry}");
    }
    assert_eq!(scene.pinned(&scheme), []);
    // An entry of something else says nothing of what runs.
    pin(scene.root(), &scheme, PLUGIN, b"another").unwrap();
    unpin(scene.root(), &scheme).unwrap();
    relock(&scene.project, &scene.store, false).unwrap();
    assert_eq!(scene.pinned(&scheme), [Digest::of(b"pinned")]);
}
