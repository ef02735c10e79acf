//! Unknown outcomes: look-ups, recovery, a person's word.

use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("an unknown outcome waits, then is asked", asked_after_the_quarantine),
    ("a look-up adopts, resends or asks a person", lookup_decides),
    ("a former look-up is refused", a_former_lookup_is_refused),
    ("the document known to exist", control),
    ("what a dead process left is taken up", recovered),
    ("a person settles it", by_hand),
    ("absent is no word on an unknown one", absent_only_when_unsettled),
];

fn asked_after_the_quarantine(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    send_all(store, &ask(400), 100);
    assert_eq!(standing(store, "CK1"), "unknown");
    assert!(claim_sends(store, 1000).is_empty(), "never sent again by itself");
    assert!(store.claim_lookups(&target(), ME, 10, at(399)).unwrap().is_empty());
    let asked = store.claim_lookups(&target(), ME, 10, at(400)).unwrap();
    assert_eq!((asked.len(), asked[0].lease, asked[0].attempts), (1, 2, 1));
    assert_eq!((asked[0].intent_at, asked[0].duplicate), (Some(at(100)), false));
    assert_eq!(state_of(store, "CK1"), Some(DeliveryState::Unknown));
    let later = Next::Ask {
        ask_at: at(500),
        duplicate: true,
        reason: "not available".into(),
    };
    assert!(
        store
            .finish_lookup(&end(&asked[0], "unavailable", later), at(400))
            .unwrap()
    );
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(
        (row.due_at, row.reason.as_deref()),
        (Some(at(500)), Some("not available"))
    );
    assert!(store.claim_lookups(&target(), ME, 10, at(500)).unwrap()[0].duplicate);
}

fn lookup_decides(store: &dyn Store) {
    for key in ["CK1", "CK2", "CK3"] {
        queued(store, key, "a", 100);
    }
    send_all(store, &ask(400), 100);
    let asked = store.claim_lookups(&target(), ME, 10, at(400)).unwrap();
    let adopted = Next::Delivered {
        reference: Some("XS-9".into()),
        adopted: true,
    };
    let resend = Next::Queue {
        run_at: at(400),
        cause: QueueCause::Resend,
    };
    for (delivery, next) in asked.iter().zip([adopted, resend, dead(ProblemKind::Unsettled)]) {
        assert!(store.finish_lookup(&end(delivery, "asked", next), at(401)).unwrap());
    }
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(
        (row.state, row.adopted, row.reference.as_deref()),
        (DeliveryState::Delivered, true, Some("XS-9"))
    );
    let again = claim_sends(store, 400);
    assert_eq!(
        (again[0].key.as_str(), again[0].body.clone()),
        ("CK2", document("", "a").body)
    );
    assert_eq!(again[0].attempts, 2);
    assert_eq!(state_of(store, "CK3"), Some(DeliveryState::Dead));
    assert_eq!(open_problems(store)[0].kind, ProblemKind::Unsettled);
    let attempts = store.story(&scheme(), "CK1").unwrap().unwrap().attempts;
    assert_eq!(
        (attempts[1].kind.as_str(), attempts[1].number, attempts[1].ended_at),
        ("lookup", 2, Some(at(401)))
    );
    let overview = store.overview(&scheme()).unwrap();
    assert_eq!((overview.adopted, overview.last_delivery), (1, Some(at(401))));
    ingest(store, &scheme(), &[order("CK2", "b", "1")], 500);
    let changed = settle_all(store, &scheme(), &mapped(&[document("", "b")]), 500);
    assert_eq!(changed.changed, 1, "once intended, bytes never change by themselves");
}

fn a_former_lookup_is_refused(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let sent = begin(store, 100);
    let unknown = [end(&sent[0], "unknown", ask(400))];
    store.finish_attempts(&unknown, at(100)).unwrap();
    let first = store.claim_lookups(&target(), ME, 10, at(400)).unwrap();
    let second = store.claim_lookups(&target(), ME, 10, at(400)).unwrap();
    assert!(
        !store
            .finish_lookup(&end(&first[0], "found", accepted()), at(400))
            .unwrap()
    );
    assert_eq!(
        store.finish_attempts(&unknown, at(400)).unwrap(),
        [false],
        "a late reply changes nothing"
    );
    assert!(
        store
            .finish_lookup(&end(&second[0], "found", accepted()), at(400))
            .unwrap()
    );
    assert!(
        !store
            .finish_lookup(&end(&second[0], "found", accepted()), at(400))
            .unwrap()
    );
}

fn control(store: &dyn Store) {
    assert_eq!(store.control_for(&target(), at(0), "CK1").unwrap(), None);
    for (key, second) in [("CK1", 100), ("CK2", 200), ("CK3", 300)] {
        queued(store, key, key, second);
        send_all(store, &accepted(), second);
    }
    let key = |since: i64, except: &str| {
        let control = store.control_for(&target(), at(since), except).unwrap().unwrap();
        assert_eq!(control.body, document("", &control.key).body);
        (control.key, control.delivered_at)
    };
    assert_eq!(key(150, "none"), ("CK2".into(), at(200)), "the earliest after");
    assert_eq!(key(200, "CK2"), ("CK3".into(), at(300)), "never the one in question");
    assert_eq!(key(400, "none"), ("CK3".into(), at(300)), "else the latest before");
    assert_eq!(key(400, "CK3"), ("CK2".into(), at(200)));
    queued(store, "CK4", "a", 500);
    send_all(store, &ask(500), 500);
    let written = HandVerdict::Written {
        number: "XS-4".into(),
        by: "王".into(),
    };
    assert!(store.settle_by_hand("CK4", &scheme(), written, at(600)).unwrap());
    assert_eq!(key(550, "none"), ("CK3".into(), at(300)), "a person's word is no proof");
}

fn recovered(store: &dyn Store) {
    for key in ["CK1", "CK2", "CK3"] {
        queued(store, key, "a", 100);
    }
    let claimed = store.claim_deliveries(&target(), EARLIER, 2, at(100), None).unwrap();
    let start = AttemptStart {
        id: claimed[1].id,
        lease: claimed[1].lease,
        request: "POST".into(),
    };
    store.begin_attempts(&[start], at(150)).unwrap();
    let mine = claim_sends(store, 160);
    assert_eq!(mine[0].key, "CK3");
    ingest(store, &scheme(), &[order("CK4", "a", "1")], 170);
    store.claim_groups(&scheme(), 1, EARLIER, 10).unwrap();
    let quarantine = |name: &dukou_core::names::TargetName| if *name == target() { 300_000 } else { 0 };
    let counts = store.recover(ME, &quarantine).unwrap();
    assert_eq!((counts.requeued, counts.unknown, counts.groups), (1, 1, 1));
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(
        (row.state, row.attempts),
        (DeliveryState::Queued, 0),
        "certainly unsent"
    );
    let row = row_of(store, "CK2").unwrap();
    assert_eq!((row.state, row.due_at), (DeliveryState::Unknown, Some(at(450))));
    assert_eq!(
        state_of(store, "CK3"),
        Some(DeliveryState::Claimed),
        "this process's own goes on"
    );
    let late = [end(&claimed[1], "accepted", accepted())];
    assert_eq!(store.finish_attempts(&late, at(200)).unwrap(), [false]);
    assert_eq!(store.recover(ME, &quarantine).unwrap(), Recovered::default());
    assert_eq!(
        store.story(&scheme(), "CK2").unwrap().unwrap().attempts[0].ended_at,
        None
    );
}

fn by_hand(store: &dyn Store) {
    for key in ["CK1", "CK2", "CK3"] {
        queued(store, key, "a", 100);
    }
    send_all(store, &ask(400), 100);
    let asked = store.claim_lookups(&target(), ME, 1, at(400)).unwrap();
    store
        .finish_lookup(&end(&asked[0], "absent", dead(ProblemKind::Unsettled)), at(400))
        .unwrap();
    let before = store.generation().unwrap();
    let written = HandVerdict::Written {
        number: "XS-1".into(),
        by: "王".into(),
    };
    assert!(
        !store
            .settle_by_hand("none", &scheme(), written.clone(), at(500))
            .unwrap()
    );
    assert!(
        store
            .settle_by_hand("CK1", &scheme(), written.clone(), at(500))
            .unwrap()
    );
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(
        (row.state, row.reference.as_deref(), row.adopted),
        (DeliveryState::Delivered, Some("XS-1"), false)
    );
    assert!(open_problems(store).is_empty());
    assert!(
        !store.settle_by_hand("CK1", &scheme(), written, at(600)).unwrap(),
        "settled is settled"
    );
    let asked = store.claim_lookups(&target(), ME, 1, at(500)).unwrap();
    let written = HandVerdict::Written {
        number: "XS-2".into(),
        by: "王".into(),
    };
    assert!(store.settle_by_hand("CK2", &scheme(), written, at(500)).unwrap());
    assert!(
        !store
            .finish_lookup(&end(&asked[0], "found", accepted()), at(500))
            .unwrap(),
        "the person was first"
    );
    assert_eq!(state_of(store, "CK2"), Some(DeliveryState::Delivered));
    assert_eq!(store.generation().unwrap(), before + 2);
    let problem = &store.story(&scheme(), "CK1").unwrap().unwrap().problems[0];
    assert_eq!(problem.resolved, Some((at(500), "王".into(), "written: XS-1".into())));
}

fn absent_only_when_unsettled(store: &dyn Store) {
    for key in ["CK1", "CK2"] {
        queued(store, key, "a", 100);
    }
    send_all(store, &ask(400), 100);
    let absent = |key: &str, second: i64| {
        let verdict = HandVerdict::Absent { by: "王".into() };
        store.settle_by_hand(key, &scheme(), verdict, at(second)).unwrap()
    };
    let before = (row_of(store, "CK1"), store.generation().unwrap());
    assert!(!absent("CK1", 200), "inside its quarantine");
    assert_eq!((row_of(store, "CK1"), store.generation().unwrap()), before);
    assert!(claim_sends(store, 300).is_empty());
    for asked in store.claim_lookups(&target(), ME, 2, at(400)).unwrap() {
        let unsettled = end(&asked, "inconclusive", dead(ProblemKind::Unsettled));
        assert!(store.finish_lookup(&unsettled, at(400)).unwrap());
    }
    let of_second = open_problems(store)
        .into_iter()
        .find(|problem| problem.delivery_key.as_deref() == Some("CK2"))
        .unwrap();
    store
        .resolve_problems(&scheme(), &[of_second.id], "王", "不补", at(450))
        .unwrap();
    assert!(!absent("CK2", 500), "nobody asks any more");
    assert_eq!(state_of(store, "CK2"), Some(DeliveryState::Dead));
    assert!(absent("CK1", 500));
    assert!(!absent("CK1", 500), "settled is settled");
    assert!(open_problems(store).is_empty());
    let again = claim_sends(store, 500);
    assert_eq!((again.len(), again[0].key.as_str()), (1, "CK1"));
    assert_eq!(again[0].body, document("", "a").body);
}
