//! Which deployment comes back, and what becomes due with it.

use dukou_core::names::TargetName;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::Shown;
use dukou_core::verdict::Document;
use dukou_core::window::WindowRange;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::{IngestPage, IngestRecord, OpenWindow, Settled, Settlement};

use super::*;

fn deploy(store: &dyn Store, scheme: &SchemeName, content: &str) -> u64 {
    let deployment = NewDeployment {
        digest: Digest::of(content.as_bytes()),
        definition: content.to_owned(),
        plugins: Vec::new(),
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    };
    store.activate(scheme, &deployment, DateTime::UNIX_EPOCH).unwrap()
}

/// Back without making anything due again.
fn leaving_all(to: Option<u64>) -> Back<'static> {
    Back {
        to,
        how: How::Rollback,
        by: "王",
        note: "",
        at: DateTime::UNIX_EPOCH,
        refused_again: false,
        unsent_again: false,
    }
}

fn back(store: &dyn Store, scheme: &SchemeName, to: Option<u64>) -> Result<(u64, String), Impossible> {
    let done = go_back(store, scheme, &leaving_all(to)).unwrap()?;
    let active = store.active(scheme).unwrap().unwrap();
    assert_eq!(active.id, done.id);
    Ok((done.to.id, active.what.definition))
}

#[test]
fn each_step_goes_further_back() {
    let store = MemoryStore::default();
    let scheme = SchemeName::new("default", "a");
    assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingInForce));
    deploy(&store, &scheme, "one");
    assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
    deploy(&store, &scheme, "two");
    deploy(&store, &scheme, "three");
    assert_eq!(back(&store, &scheme, None), Ok((2, "two".into())));
    assert_eq!(back(&store, &scheme, None), Ok((1, "one".into())));
    assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
    assert_eq!(back(&store, &scheme, Some(3)), Ok((3, "three".into())));
    assert_eq!(back(&store, &scheme, Some(3)), Err(Impossible::InForce(3)));
    assert_eq!(back(&store, &scheme, Some(9)), Err(Impossible::NoSuch(9)));
}

#[test]
fn what_a_rollback_left_comes_back_by_its_number_only() {
    let store = MemoryStore::default();
    let scheme = SchemeName::new("default", "a");
    let left = |content: &str| left_by(&store, &scheme, &Digest::of(content.as_bytes())).unwrap();
    deploy(&store, &scheme, "good");
    deploy(&store, &scheme, "bad");
    assert_eq!(back(&store, &scheme, None), Ok((1, "good".into())));
    assert_eq!(left("bad"), Some((3, String::new())));
    assert_eq!(left("good"), None);
    // Somebody insists; it goes back again, and once more means further back, never to the bad one.
    deploy(&store, &scheme, "bad");
    assert_eq!(left("bad"), None, "somebody put it into force since");
    assert_eq!(back(&store, &scheme, None), Ok((3, "good".into())));
    assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
    assert_eq!(back(&store, &scheme, Some(2)), Ok((2, "bad".into())));
}
/// Stores four orders and has `deployment` reject the first two of them and make a document of the others.
fn half_rejected(store: &dyn Store, scheme: &SchemeName, deployment: u64) {
    let at = DateTime::UNIX_EPOCH;
    let open = OpenWindow {
        range: WindowRange { start: at, end: at },
        moves_mark: true,
        at,
    };
    let window = store.open_window(scheme, Some(open)).unwrap().unwrap();
    let order = |number: u8| IngestRecord {
        key: format!("CK{number}"),
        body: "{}".into(),
        hash: Digest::of(b"{}"),
        group: format!("CK{number}"),
        aliases: Vec::new(),
        shown: Shown::default(),
    };
    let page = IngestPage {
        window: window.id,
        lease: window.lease,
        position: String::new(),
        records: (1..=4).map(order).collect(),
        at,
    };
    store.ingest(scheme, &page).unwrap();
    let claimed = store.claim_groups(scheme, deployment, [1; 16], 10).unwrap().groups();
    let settlements: Vec<Settlement> = claimed
        .into_iter()
        .map(|group| Settlement {
            lease: group.lease,
            recipe: Digest::of(b"recipe"),
            deployment,
            fuel: 1,
            target: TargetName {
                tenant: scheme.tenant.clone(),
                account: "t".into(),
                api: "/create".into(),
            },
            outcome: if group.key.as_str() < "CK3" {
                Settled::Problem(ProblemReport {
                    kind: ProblemKind::Rejected,
                    code: "required".into(),
                    message: "no".into(),
                    path: None,
                    details: "{}".into(),
                })
            } else {
                Settled::Mapped {
                    documents: vec![Document {
                        suffix: String::new(),
                        body: "{}".into(),
                        extra: "{}".into(),
                    }],
                    omitted: Vec::new(),
                }
            },
            shown: group.shown,
            group: group.key,
        })
        .collect();
    assert_eq!(store.settle(scheme, &settlements, at).unwrap().stale, 0);
}

#[test]
fn what_is_due_again_is_what_was_asked_for() {
    for (refused_again, unsent_again, due) in [
        (false, false, &[][..]),
        (true, false, &["CK1", "CK2"]),
        (false, true, &["CK3", "CK4"]),
        (true, true, &["CK1", "CK2", "CK3", "CK4"]),
    ] {
        let store = MemoryStore::default();
        let scheme = SchemeName::new("default", "a");
        deploy(&store, &scheme, "good");
        let bad = deploy(&store, &scheme, "bad");
        half_rejected(&store, &scheme, bad);
        let how = Back {
            refused_again,
            unsent_again,
            ..leaving_all(None)
        };
        let done = go_back(&store, &scheme, &how).unwrap().unwrap();
        let counts = (u64::from(refused_again) * 2, u64::from(unsent_again) * 2);
        assert_eq!((done.refused_again, done.unsent_again), counts);
        let waiting = store.peek_groups(&scheme, &[], 10).unwrap();
        let keys: Vec<&str> = waiting.iter().map(|group| group.key.as_str()).collect();
        assert_eq!(keys, due);
    }
}

#[test]
fn going_back_from_what_is_left_already_changes_nothing() {
    let store = MemoryStore::default();
    let scheme = SchemeName::new("default", "a");
    deploy(&store, &scheme, "good");
    let bad = deploy(&store, &scheme, "bad");
    let from = |number: u64| go_back_from(&store, &scheme, Some(number), &leaving_all(Some(1))).unwrap();
    assert_eq!(from(1), Err(Impossible::Overtaken));
    assert_eq!(from(bad).map(|done| done.left), Ok(bad));
    assert_eq!(store.active(&scheme).unwrap().map(|active| active.id), Some(3));
    assert_eq!(from(bad), Err(Impossible::InForce(1)));
}
