//! Schedules, blobs, deployments, audit.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("a fire happens once", a_fire_happens_once),
    ("blobs come back as they went in", blobs),
    ("one deployment is active, and hosts notice", one_is_active),
    (
        "a deployment replaces only what it was compared with",
        only_what_it_was_compared_with,
    ),
    ("audit entries are taken", audit),
];

fn a_fire_happens_once(store: &dyn Store) {
    let fire = |half: &str, expected: Option<i64>, next: Option<i64>| {
        store
            .fire(&scheme(), half, expected.map(at), next.map(at), at(0))
            .unwrap()
    };
    assert_eq!(store.next_fire(&scheme(), "source").unwrap(), None);
    assert!(!fire("source", Some(1), Some(300)), "nothing was planned");
    assert!(fire("source", None, Some(300)));
    assert!(!fire("source", None, Some(300)), "another was first");
    assert_eq!(store.next_fire(&scheme(), "source").unwrap(), Some(at(300)));
    assert_eq!(
        store.next_fire(&scheme(), "target").unwrap(),
        None,
        "the halves are apart"
    );
    assert!(fire("source", Some(300), Some(600)));
    assert!(!fire("source", Some(300), Some(600)));
    assert!(fire("source", Some(600), None));
    assert_eq!(store.next_fire(&scheme(), "source").unwrap(), None);
    assert_eq!(store.schemes().unwrap(), [scheme()]);
}

fn blobs(store: &dyn Store) {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let digest = store.put_blob("plugin", &bytes).unwrap();
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(store.put_blob("plugin", &bytes).unwrap(), digest);
    assert_eq!(store.blob(&digest).unwrap(), Some(bytes));
    assert_eq!(store.blob(&Digest::of(b"other")).unwrap(), None);
    let empty = store.put_blob("table", b"").unwrap();
    assert_eq!(store.blob(&empty).unwrap(), Some(Vec::new()));
}

fn deployment(note: &str) -> NewDeployment {
    NewDeployment {
        digest: Digest::of(note.as_bytes()),
        definition: r#"{"title":"旺店通"}"#.into(),
        plugins: vec![("table".into(), Digest::of(b"plugin"))],
        tables: vec![("客户对照".into(), Digest::of(b"table"))],
        by: "王".into(),
        note: note.into(),
        evidence: format!(r#"{{"accepted":"{note}"}}"#),
    }
}

fn only_what_it_was_compared_with(store: &dyn Store) {
    let over = |expected: Option<u64>, note: &str| {
        store
            .activate_over(&scheme(), expected, &deployment(note), at(100))
            .unwrap()
    };
    assert_eq!(over(Some(1), "first"), None, "nothing is in force");
    assert_eq!(store.deployments(&scheme(), 10).unwrap(), []);
    assert_eq!(over(None, "first"), Some(1));
    let generation = store.generation().unwrap();
    assert_eq!(over(None, "second"), None, "another was first");
    assert_eq!(store.generation().unwrap(), generation);
    assert_eq!(over(Some(1), "second"), Some(2));
    assert_eq!(over(Some(1), "third"), None);
    assert_eq!(store.active(&scheme()).unwrap().unwrap().what.note, "second");
}

fn one_is_active(store: &dyn Store) {
    assert_eq!(store.active(&scheme()).unwrap(), None);
    assert_eq!(store.generation().unwrap(), 0);
    assert_eq!(store.activate(&scheme(), &deployment("first"), at(100)).unwrap(), 1);
    assert_eq!(store.activate(&scheme(), &deployment("second"), at(200)).unwrap(), 2);
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    assert_eq!(store.activate(&other, &deployment("other"), at(250)).unwrap(), 1);
    assert_eq!(store.generation().unwrap(), 3);
    let active = store.active(&scheme()).unwrap().unwrap();
    assert_eq!((active.id, active.what, active.at), (2, deployment("second"), at(200)));
    store.activate(&scheme(), &deployment("first"), at(300)).unwrap();
    let first = store.deployment(&scheme(), 1).unwrap().unwrap();
    assert_eq!(
        (first.id, first.what, first.at, first.active),
        (1, deployment("first"), at(100), false)
    );
    assert_eq!(store.deployment(&scheme(), 4).unwrap(), None);
    assert_eq!(
        store.deployment(&SchemeName::new("nobody", "nothing"), 1).unwrap(),
        None
    );
    let all = store.deployments(&scheme(), 10).unwrap();
    let states: Vec<(u64, bool)> = all
        .iter()
        .map(|deployment| (deployment.id, deployment.active))
        .collect();
    assert_eq!(states, [(3, true), (2, false), (1, false)], "newest first");
    assert_eq!(store.deployments(&scheme(), 1).unwrap().len(), 1);
}

fn audit(store: &dyn Store) {
    let entry = AuditEntry {
        at: at(100),
        by: "王".into(),
        command: "problem resolve".into(),
        subject: "CK1".into(),
    };
    store.audit(&entry).unwrap();
    store.audit(&entry).unwrap();
}
