//! The file over the in-memory store: pins and their way back, turns, damage, writing it anew.

use std::path::Path;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_store::Store;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::NewDeployment;

use super::broken::Instead;
use super::*;
use crate::deploy::evidence::{Evidence, How};
use crate::lang::Lang;
use crate::settings::Project;

mod said;

const PLUGIN: &str = "plugins/sales.wasm";

struct Scene {
    dir: tempfile::TempDir,
    project: Project,
    store: MemoryStore,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(PROJECT_FILE), "").unwrap();
        Self {
            project: Project::load(dir.path()).unwrap(),
            dir,
            store: MemoryStore::default(),
        }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Brings bytes into force, as a pin or as what the files name.
    fn activate(&self, scheme: &SchemeName, bytes: &[u8], pinned: bool) {
        let evidence = Evidence {
            how: How::Gate,
            pinned: pinned.then(|| PLUGIN.to_owned()).into_iter().collect(),
            ..Evidence::default()
        };
        let what = NewDeployment {
            digest: Digest::of_parts([b"content".as_slice(), bytes]),
            definition: "{}".to_owned(),
            plugins: vec![(PLUGIN.to_owned(), self.store.put_blob("plugin", bytes).unwrap())],
            tables: Vec::new(),
            by: "w".to_owned(),
            note: String::new(),
            evidence: evidence.to_text(),
        };
        self.store.activate(scheme, &what, DateTime::<Utc>::UNIX_EPOCH).unwrap();
    }

    fn record(&self, scheme: &SchemeName) {
        record(&self.project, &self.store, std::slice::from_ref(scheme)).unwrap();
    }

    fn pinned(&self, scheme: &SchemeName) -> Vec<Digest> {
        let pins = pins(self.root(), scheme).unwrap();
        pins.into_iter().map(|pin| pin.digest).collect()
    }
}

fn scheme() -> SchemeName {
    SchemeName::new("lanmao", "sales-out")
}

fn broken(error: &anyhow::Error) -> &Broken {
    error.downcast_ref().unwrap()
}

#[test]
fn a_pin_stands_in_until_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let scheme = scheme();
    assert_eq!(pins(dir.path(), &scheme).unwrap(), []);
    pin(dir.path(), &scheme, PLUGIN, b"one").unwrap();
    pin(dir.path(), &scheme, PLUGIN, b"two").unwrap();
    let found = pins(dir.path(), &scheme).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].read(dir.path()).unwrap(), b"two");
    assert_eq!(pins(dir.path(), &SchemeName::new("other", "sales-out")).unwrap(), []);
    for (change, instead) in [(true, Instead::Other), (false, Instead::Nothing)] {
        let file = dir.path().join(&found[0].file);
        if change {
            std::fs::write(&file, b"changed").unwrap();
        } else {
            std::fs::remove_file(&file).unwrap();
        }
        let error = found[0].read(dir.path()).unwrap_err();
        let Broken::Pinned { instead: found, .. } = broken(&error) else {
            panic!("{error}");
        };
        assert_eq!(*found, instead);
        for lang in [Lang::Zh, Lang::En] {
            let said = broken(&error).sentence(lang);
            assert!(said.contains("dukou deploy lanmao/sales-out --unpin"), "{said}");
            assert!(said.contains("--relock") && !said.contains('{'), "{said}");
        }
    }
    assert_eq!(unpin(dir.path(), &scheme).unwrap(), 1);
    assert_eq!(pins(dir.path(), &scheme).unwrap(), []);
}

#[test]
fn a_pin_that_did_not_come_into_force_gives_way_to_the_earlier_one() {
    let dir = tempfile::tempdir().unwrap();
    let (root, scheme, store) = (dir.path(), scheme(), MemoryStore::default());
    let digests = || -> Vec<Digest> { pins(root, &scheme).unwrap().iter().map(|pin| pin.digest).collect() };
    pin_for_now(root, &scheme, &[PLUGIN], b"first")
        .unwrap()
        .take_back(root, &store)
        .unwrap();
    assert_eq!(digests(), []);
    pin(root, &scheme, PLUGIN, b"one").unwrap();
    let two = pin_for_now(root, &scheme, &[PLUGIN], b"two").unwrap();
    assert_eq!(digests(), [Digest::of(b"two")]);
    two.take_back(root, &store).unwrap();
    assert_eq!(digests(), [Digest::of(b"one")]);
    unpin_for_now(root, &scheme).unwrap().take_back(root, &store).unwrap();
    assert_eq!(digests(), [Digest::of(b"one")]);
    // What somebody else pinned meanwhile is theirs.
    let two = pin_for_now(root, &scheme, &[PLUGIN], b"two").unwrap();
    pin(root, &scheme, PLUGIN, b"three").unwrap();
    two.take_back(root, &store).unwrap();
    assert_eq!(digests(), [Digest::of(b"three")]);
}

#[test]
fn what_is_written_down_is_what_runs_when_the_turn_comes() {
    let scene = Scene::new();
    let scheme = scheme();
    scene.activate(&scheme, b"five", true);
    pin(scene.root(), &scheme, PLUGIN, b"five").unwrap();
    // One process has the turn while another, which would have read 5 by now, waits for it.
    std::thread::scope(|scope| {
        let held = turn(scene.root()).unwrap();
        let waiting = scope.spawn(|| scene.record(&scheme));
        std::thread::sleep(std::time::Duration::from_millis(200));
        scene.activate(&scheme, b"six", true);
        drop(held);
        waiting.join().unwrap();
    });
    assert_eq!(scene.pinned(&scheme), [Digest::of(b"six")]);
    let active = scene.store.active(&scheme).unwrap().unwrap();
    assert!(is_current(scene.root(), &active, &scheme));
}

#[test]
fn a_file_that_cannot_be_read_is_said_in_one_sentence_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE);
    let digest = Digest::of(b"x");
    let entry = |digest: &str, file: &str| {
        format!(
            "format = 1\n[[scheme]]\nname = \"a\"\n[[scheme.plugin]]\nname = \"p\"\ndigest = \"{digest}\"\npinned = \"{file}\"\n"
        )
    };
    let cases: [(Vec<u8>, &str); 7] = [
        (b"format = 1\n\nx = = 2\ny = 1\n".to_vec(), "line 3"),
        (b"format = ".to_vec(), "line 1"),
        (vec![b'#', 0xff, 0xfe], "UTF-8"),
        (b"format = 9\n".to_vec(), "format 9"),
        (entry("12", "plugins/pinned/x.wasm").into_bytes(), "no digest"),
        (
            entry(&digest.to_string(), "../x.wasm").into_bytes(),
            "../x.wasm, which is no file of the project",
        ),
        (
            entry(&digest.to_string(), "").into_bytes(),
            "which is no file of the project",
        ),
    ];
    for (text, expected) in cases {
        std::fs::write(&file, text).unwrap();
        let error = pins(dir.path(), &SchemeName::new("default", "a")).unwrap_err();
        let said = broken(&error).sentence(Lang::En);
        assert!(said.contains(expected), "{said}");
        assert!(matches!(broken(&error), Broken::File(_)));
        for said in [said, broken(&error).sentence(Lang::Zh)] {
            assert!(said.contains("dukou deploy --relock"), "{said}");
            assert!(!said.contains("--unpin"), "that would say the same again: {said}");
            assert!(!said.contains('\n') && !said.contains('{'), "{said}");
        }
    }
}

#[test]
fn a_lost_file_is_written_anew_with_its_pins_and_changes_nothing_that_runs() {
    let scene = Scene::new();
    let (fleet, plain) = (scheme(), SchemeName::new("default", "plain"));
    scene.activate(&fleet, b"pinned", true);
    scene.activate(&plain, b"as its file says", false);
    pin(scene.root(), &fleet, PLUGIN, b"pinned").unwrap();
    scene.record(&fleet);
    scene.record(&plain);
    let good = std::fs::read(scene.root().join(FILE)).unwrap();
    let pinned = scene.root().join(&pins(scene.root(), &fleet).unwrap()[0].file);
    let generation = scene.store.generation().unwrap();
    for damage in [Some(&b"format = "[..]), Some(&[0xff][..]), None, Some(&good[..])] {
        match damage {
            Some(bytes) => std::fs::write(scene.root().join(FILE), bytes).unwrap(),
            None => std::fs::remove_file(scene.root().join(FILE)).unwrap(),
        }
        std::fs::remove_file(&pinned).unwrap();
        let would = relock(&scene.project, &scene.store, true).unwrap();
        assert!(!pinned.is_file(), "a dry run lays nothing");
        let done = relock(&scene.project, &scene.store, false).unwrap();
        assert_eq!(would, done);
        let names: Vec<_> = done.iter().map(|one| (one.scheme.as_str(), one.pinned.len())).collect();
        assert_eq!(names, [("lanmao/sales-out", 1), ("plain", 0)]);
        assert_eq!(std::fs::read(scene.root().join(FILE)).unwrap(), good);
        assert_eq!(std::fs::read(&pinned).unwrap(), b"pinned");
    }
    assert_eq!(scene.store.generation().unwrap(), generation);
}

#[test]
fn a_pin_that_is_lost_with_the_file_is_not_forgotten_in_silence() {
    let scene = Scene::new();
    let scheme = scheme();
    scene.activate(&scheme, b"files", false);
    scene.activate(&scheme, b"pinned", true);
    pin(scene.root(), &scheme, PLUGIN, b"pinned").unwrap();
    scene.record(&scheme);
    let found = |bytes: &[u8]| {
        let active = scene.store.active(&scheme).unwrap().unwrap();
        let wanted = [(PLUGIN.to_owned(), Digest::of(bytes))];
        forgotten(scene.root(), &scene.store, &scheme, &active, &wanted).unwrap()
    };
    assert_eq!(found(b"files"), None, "it is pinned");
    let before = std::fs::read(scene.root().join(FILE)).unwrap();
    std::fs::remove_file(scene.root().join(FILE)).unwrap();
    let lost = found(b"files").unwrap();
    assert_eq!((lost.plugins, lost.rollout), (vec![PLUGIN.to_owned()], None));
    assert_eq!(found(b"pinned"), None, "nothing is replaced");
    std::fs::write(scene.root().join(FILE), before).unwrap();
    unpin(scene.root(), &scheme).unwrap();
    assert_eq!(found(b"files"), None, "somebody unpinned it");
    std::fs::remove_file(scene.root().join(FILE)).unwrap();
    scene.activate(&scheme, b"edited", false);
    assert_eq!(found(b"files"), None, "the files brought it");
}
