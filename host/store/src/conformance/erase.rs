//! A tenant's end.

use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("a tenant's end takes all of it and nothing else", all_and_nothing_else),
    ("what moves keeps the tenant", what_moves),
    ("bytes that others name stay", shared_bytes),
    ("an erased tenant begins afresh", afresh),
    ("nobody is erased too", nobody),
];

fn theirs() -> SchemeName {
    SchemeName::new("lanmao", "wdt-to-tplus")
}

fn their_target() -> TargetName {
    TargetName {
        tenant: "lanmao".into(),
        ..target()
    }
}

/// One order of theirs, mapped and queued.
fn theirs_queued(store: &dyn Store, scheme: &SchemeName, key: &str, second: i64) {
    ingest(store, scheme, &[order(key, "theirs", "20")], second);
    let settlements: Vec<Settlement> = claim(store, scheme)
        .iter()
        .map(|group| Settlement {
            target: their_target(),
            ..settlement(group, mapped(&[document("", "theirs")]))
        })
        .collect();
    let counts = store.settle(scheme, &settlements, at(second)).unwrap();
    assert_eq!(
        (counts.stale, counts.queued + counts.kept),
        (0, settlements.len() as u64)
    );
}

fn their_sends(store: &dyn Store, second: i64) -> Vec<ClaimedDelivery> {
    store
        .claim_deliveries(&their_target(), ME, 100, at(second), None)
        .unwrap()
}

fn deployment(plugin: &Digest, table: &Digest) -> NewDeployment {
    NewDeployment {
        digest: Digest::of(b"deployment"),
        definition: "{}".into(),
        plugins: vec![("table".into(), *plugin)],
        tables: vec![("客户对照".into(), *table)],
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    }
}

fn all_and_nothing_else(store: &dyn Store) {
    queued(store, "CK1", "ours", 100);
    send_all(store, &accepted(), 100);
    let copied = SchemeName::new("lanmao", "copied");
    theirs_queued(store, &theirs(), "CK1", 100);
    theirs_queued(store, &theirs(), "CK2", 110);
    // The copy carries what the first scheme made.
    theirs_queued(store, &copied, "CK1", 120);
    ingest(store, &theirs(), &[order("CK3", "theirs", "1")], 130);
    settle_all(
        store,
        &theirs(),
        &Settled::Problem(report(ProblemKind::Rejected, "required")),
        130,
    );
    store.fire(&theirs(), "source", None, Some(at(300)), at(130)).unwrap();
    store.source_account(&theirs(), "wdt:B").unwrap();
    let (plugin, table) = (Digest::of(b"plugin"), Digest::of(b"table"));
    store
        .activate(&theirs(), &deployment(&plugin, &table), at(130))
        .unwrap();
    let word = Acceptance {
        pattern: "a1".into(),
        before: plugin,
        after: table,
        accepted: true,
        by: "王".into(),
        note: String::new(),
        at: at(130),
    };
    store.accept(&theirs(), &word).unwrap();
    store
        .put_shadow(&Shadow {
            scheme: theirs(),
            digest: plugin,
            revision: 0,
            until: at(900),
            body: "{}".into(),
            since: at(130),
            ended: None,
        })
        .unwrap();
    store.put_rollout(None, 0, "running", "{}", at(130)).unwrap();
    let ours = |store: &dyn Store| {
        (
            store.overview(&scheme()).unwrap(),
            store.story(&scheme(), "CK1").unwrap(),
            store.windows(&scheme(), 10).unwrap(),
            store.verdict_counts(&scheme(), 1).unwrap(),
            store.rollouts(&[], 0).unwrap(),
        )
    };
    let before = ours(store);
    let generation = store.generation().unwrap();
    let erased = store.erase_tenant("lanmao", at(400), "王").unwrap();
    let rows = ErasedRows {
        schemes: 2,
        records: 4,
        groups: 4,
        deliveries: 2,
        problems: 1,
        deployments: 1,
        blobs: 0,
    };
    assert_eq!(erased, Erased::Done(rows));
    assert_eq!(store.generation().unwrap(), generation + 1, "hosts notice");
    assert_eq!(store.schemes().unwrap(), [scheme()]);
    assert_eq!(ours(store), before);
    for gone in [theirs(), copied] {
        assert_eq!(store.overview(&gone).unwrap(), Overview::default());
        assert_eq!(store.story(&gone, "CK1").unwrap(), None);
        assert_eq!(store.mark(&gone).unwrap(), None);
        assert_eq!(store.windows(&gone, 10).unwrap(), []);
        assert_eq!(store.stored_groups(&gone, Span::default(), 0, 10).unwrap(), []);
        assert_eq!(store.next_fire(&gone, "source").unwrap(), None);
        assert_eq!(store.active(&gone).unwrap(), None);
        assert_eq!(store.acceptances(&gone, &plugin, &table).unwrap(), []);
        assert_eq!(store.verdict_counts(&gone, 1).unwrap(), VerdictCounts::default());
    }
    assert_eq!(store.shadows(None).unwrap(), []);
    let keys = |rows: Vec<RecordRow>| rows.into_iter().map(|row| row.scheme).collect::<Vec<_>>();
    assert_eq!(keys(store.records(&RecordFilter::default()).unwrap()), [scheme()]);
    let every = DeliveryFilter {
        states: DeliveryState::ALL.to_vec(),
        ..DeliveryFilter::default()
    };
    assert_eq!(store.deliveries(&every).unwrap().len(), 1);
    let resolved_too = ProblemFilter {
        resolved_too: true,
        ..ProblemFilter::default()
    };
    assert_eq!(store.problems(&resolved_too).unwrap(), []);
    assert_eq!(their_sends(store, 900), []);
    assert_eq!(store.next_due(&their_target()).unwrap(), None);
}

fn what_moves(store: &dyn Store) {
    theirs_queued(store, &theirs(), "CK1", 100);
    let claimed = their_sends(store, 200);
    let moving = Erased::Moving { count: 1 };
    let erase = || store.erase_tenant("lanmao", at(300), "王").unwrap();
    let generation = store.generation().unwrap();
    assert_eq!(erase(), moving, "claimed");
    let intent = AttemptStart {
        id: claimed[0].id,
        lease: claimed[0].lease,
        request: "POST".into(),
    };
    assert_eq!(store.begin_attempts(&[intent], at(200)).unwrap(), [true]);
    assert_eq!(erase(), moving, "being sent");
    let unknown = [end(&claimed[0], "unknown", ask(500))];
    assert_eq!(store.finish_attempts(&unknown, at(210)).unwrap(), [true]);
    assert_eq!(erase(), moving, "unknown");
    assert_eq!(store.generation().unwrap(), generation, "nothing happened");
    assert_eq!(store.story(&theirs(), "CK1").unwrap().unwrap().attempts.len(), 1);
    let written = HandVerdict::Written {
        number: "XS-1".into(),
        by: "王".into(),
    };
    assert!(store.settle_by_hand("CK1", &theirs(), written, at(400)).unwrap());
    assert!(matches!(erase(), Erased::Done(ErasedRows { deliveries: 1, .. })));
}

fn shared_bytes(store: &dyn Store) {
    let put = |bytes: &[u8]| store.put_blob("table", bytes).unwrap();
    let (shared, own, waiting) = (put(b"shared"), put(b"own"), put(b"waiting"));
    let (shadowed, unnamed) = (put(b"shadowed"), put(b"unnamed"));
    store
        .activate(&scheme(), &deployment(&shared, &shared), at(100))
        .unwrap();
    store.activate(&theirs(), &deployment(&shared, &own), at(100)).unwrap();
    store
        .activate(&theirs(), &deployment(&shared, &waiting), at(200))
        .unwrap();
    let rollout = format!(r#"{{"plugin":"{waiting}"}}"#);
    store.put_rollout(None, 0, "running", &rollout, at(200)).unwrap();
    let candidate = Shadow {
        scheme: theirs(),
        digest: Digest::of(b"candidate"),
        revision: 0,
        until: at(900),
        body: format!(r#"{{"tables":["sha256:{shadowed}"]}}"#),
        since: at(200),
        ended: None,
    };
    assert!(store.put_shadow(&candidate).unwrap());
    let rows = ErasedRows {
        schemes: 1,
        deployments: 2,
        blobs: 2,
        ..ErasedRows::default()
    };
    assert_eq!(store.erase_tenant("lanmao", at(300), "王").unwrap(), Erased::Done(rows));
    let there = |digest: &Digest| store.blob(digest).unwrap().is_some();
    assert!(there(&shared), "another deployment's");
    assert!(there(&waiting), "a rollout's");
    assert!(there(&unnamed), "nobody's, and not theirs");
    assert!(!there(&own) && !there(&shadowed), "theirs alone");
}

fn afresh(store: &dyn Store) {
    theirs_queued(store, &theirs(), "CK1", 100);
    assert!(matches!(
        store.erase_tenant("lanmao", at(200), "王").unwrap(),
        Erased::Done(_)
    ));
    theirs_queued(store, &theirs(), "CK1", 300);
    let story = store.story(&theirs(), "CK1").unwrap().unwrap();
    assert_eq!((story.revisions.len(), story.deliveries.len()), (1, 1));
    assert_eq!(store.verdict_counts(&theirs(), 1).unwrap().mapped, 1);
    assert_eq!(their_sends(store, 400).len(), 1);
}

fn nobody(store: &dyn Store) {
    queued(store, "CK1", "ours", 100);
    let erased = store.erase_tenant("nobody", at(200), "王").unwrap();
    assert_eq!(erased, Erased::Done(ErasedRows::default()));
    assert_eq!(state_of(store, "CK1"), Some(DeliveryState::Queued));
}
