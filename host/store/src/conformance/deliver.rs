//! Claims, intents, outcomes.

use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("deliveries are claimed once, oldest first", claimed_once),
    ("only the keys that are asked for", only_some_keys),
    ("an accepted delivery is delivered", accepted_is_delivered),
    ("a stale lease writes nothing", stale_leases_refuse),
    ("given back means not tried", given_back_is_not_tried),
    ("patience uses up no attempt", patience_uses_no_attempt),
    ("a refusal is a problem until it is delivered", a_refusal_is_a_problem),
    ("replies are bounded", replies_are_bounded),
    ("hold and release", hold_and_release),
    ("the next due time", next_due),
];

fn claimed_once(store: &dyn Store) {
    queued(store, "CK2", "a", 100);
    queued(store, "CK1", "b", 50);
    let first = store.claim_deliveries(&target(), ME, 1, at(100), None).unwrap();
    assert_eq!(
        (first[0].key.as_str(), first[0].lease, first[0].attempts),
        ("CK1", 1, 1)
    );
    assert_eq!(
        (first[0].intent_at, first[0].duplicate, &first[0].scheme),
        (None, false, &scheme())
    );
    assert!(
        store
            .claim_deliveries(&target(), ME, 10, at(99), None)
            .unwrap()
            .is_empty(),
        "not due yet"
    );
    assert_eq!(claim_sends(store, 100).len(), 1);
    assert!(claim_sends(store, 100).is_empty());
    let elsewhere = dukou_core::names::TargetName {
        api: "other".into(),
        ..target()
    };
    assert!(
        store
            .claim_deliveries(&elsewhere, ME, 10, at(100), None)
            .unwrap()
            .is_empty()
    );
}

fn only_some_keys(store: &dyn Store) {
    for key in ["CK1", "CK2", "CK3"] {
        queued(store, key, "a", 100);
    }
    let only = ["CK3".to_owned(), "none".to_owned(), "CK1".to_owned()];
    let claimed = store.claim_deliveries(&target(), ME, 10, at(100), Some(&only)).unwrap();
    let keys: Vec<&str> = claimed.iter().map(|delivery| delivery.key.as_str()).collect();
    assert_eq!(keys, ["CK1", "CK3"]);
}

fn accepted_is_delivered(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    assert_eq!(send_all(store, &accepted(), 200), 1);
    let row = row_of(store, "CK1").unwrap();
    assert_eq!((row.state, row.delivered_at), (DeliveryState::Delivered, Some(at(200))));
    assert_eq!(
        (row.reference.as_deref(), row.adopted, row.attempts),
        (Some("XS-1"), false, 1)
    );
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    assert_eq!(story.attempts.len(), 1);
    let attempt = &story.attempts[0];
    assert_eq!(
        (attempt.kind.as_str(), attempt.number, attempt.begun_at),
        ("send", 1, at(200))
    );
    assert_eq!(attempt.reply.as_deref(), Some("answered 回复"));
    assert_eq!((attempt.took_ms, attempt.ended_at), (Some(42), Some(at(200))));
    assert_eq!(standing(store, "CK1"), "delivered");
}

fn stale_leases_refuse(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let old = claim_sends(store, 100).remove(0);
    store.release_deliveries(&[(old.id, old.lease)]).unwrap();
    let start = |delivery: &ClaimedDelivery| AttemptStart {
        id: delivery.id,
        lease: delivery.lease,
        request: "POST".into(),
    };
    assert_eq!(
        store.begin_attempts(&[start(&old)], at(100)).unwrap(),
        [false],
        "given back"
    );
    let new = claim_sends(store, 100).remove(0);
    assert_eq!((new.lease, new.attempts), (old.lease + 1, 1));
    let ends = [end(&new, "accepted", accepted())];
    assert_eq!(
        store.finish_attempts(&ends, at(100)).unwrap(),
        [false],
        "an outcome needs an intent"
    );
    assert_eq!(
        store.begin_attempts(&[start(&old), start(&new)], at(100)).unwrap(),
        [false, true],
        "in order"
    );
    assert_eq!(
        store.begin_attempts(&[start(&new)], at(100)).unwrap(),
        [false],
        "once only"
    );
    store.release_deliveries(&[(new.id, new.lease)]).unwrap();
    assert_eq!(
        state_of(store, "CK1"),
        Some(DeliveryState::Sending),
        "an intent cannot be given back"
    );
    let ends = [end(&old, "accepted", accepted()), end(&new, "accepted", accepted())];
    assert_eq!(store.finish_attempts(&ends, at(100)).unwrap(), [false, true]);
    assert_eq!(store.finish_attempts(&ends, at(100)).unwrap(), [false, false]);
}

fn given_back_is_not_tried(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    for _ in 0..3 {
        let claimed = claim_sends(store, 100);
        assert_eq!(claimed[0].attempts, 1);
        store.release_deliveries(&[(claimed[0].id, claimed[0].lease)]).unwrap();
    }
    assert_eq!(row_of(store, "CK1").unwrap().attempts, 0);
}

fn patience_uses_no_attempt(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let later = |cause| Next::Queue { run_at: at(200), cause };
    send_all(store, &later(QueueCause::Throttled), 100);
    assert!(claim_sends(store, 199).is_empty());
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(
        (row.attempts, row.due_at, row.reason.as_deref()),
        (0, Some(at(200)), Some("throttled"))
    );
    for cause in [QueueCause::Auth, QueueCause::NotSent, QueueCause::Transient] {
        send_all(store, &later(cause), 200);
    }
    let claimed = claim_sends(store, 200).remove(0);
    assert_eq!((claimed.attempts, claimed.defers, claimed.transients), (2, 3, 1));
    assert_eq!(claimed.intent_at, Some(at(200)));
    let numbers: Vec<u32> = store
        .story(&scheme(), "CK1")
        .unwrap()
        .unwrap()
        .attempts
        .iter()
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4], "every try is on record");
}

fn a_refusal_is_a_problem(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    send_all(store, &dead(ProblemKind::Refused), 200);
    let open = open_problems(store);
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].kind, open[0].code.as_str()),
        (ProblemKind::Refused, "EXERROR0001")
    );
    assert_eq!(
        (open[0].group.as_str(), open[0].delivery_key.as_deref()),
        ("CK1", Some("CK1"))
    );
    assert_eq!(open[0].amount, Some("10.10".parse().unwrap()));
    assert!(open[0].details.contains("answered 回复"), "{}", open[0].details);
    assert_eq!(row_of(store, "CK1").unwrap().reason.as_deref(), Some("存货不存在"));
    assert_eq!(standing(store, "CK1"), "problem");
    store.remap_groups(&scheme(), &["CK1".into()]).unwrap();
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 300);
    assert_eq!(standing(store, "CK1"), "queued", "on its way again");
    send_all(store, &dead(ProblemKind::Refused), 300);
    let open = open_problems(store);
    assert_eq!((open.len(), open[0].opened_at, open[0].seen_at), (1, at(200), at(300)));
    store.remap_groups(&scheme(), &["CK1".into()]).unwrap();
    settle_all(store, &scheme(), &mapped(&[document("", "b")]), 400);
    send_all(store, &accepted(), 400);
    assert!(open_problems(store).is_empty());
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    assert_eq!(story.problems.len(), 1);
    assert_eq!(
        story.problems[0].resolved,
        Some((at(400), "dukou".into(), "delivered".into()))
    );
    assert_eq!(story.attempts.len(), 3);
}

fn replies_are_bounded(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let claimed = begin(store, 100);
    let mut long = end(&claimed[0], "accepted", accepted());
    long.reply = "渡".repeat(10_000);
    store.finish_attempts(&[long], at(100)).unwrap();
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    let kept = story.attempts[0].reply.as_ref().unwrap().len();
    assert!((16_000..=16_384).contains(&kept), "{kept}");
}

fn hold_and_release(store: &dyn Store) {
    for key in ["CK1", "CK2", "CK3"] {
        queued(store, key, "a", 100);
    }
    let before = store.generation().unwrap();
    assert_eq!(
        store
            .hold(&scheme(), Some(&["CK1".into(), "none".into()]), true)
            .unwrap(),
        1
    );
    assert_eq!(store.generation().unwrap(), before + 1);
    assert_eq!(
        store.hold(&scheme(), Some(&["CK1".into()]), true).unwrap(),
        0,
        "again is harmless"
    );
    assert_eq!(standing(store, "CK1"), "held");
    assert_eq!(claim_sends(store, 100).len(), 2);
    assert_eq!(store.hold(&scheme(), None, true).unwrap(), 0, "what is claimed goes on");
    assert_eq!(store.hold(&scheme(), None, false).unwrap(), 1);
    assert_eq!(claim_sends(store, 100)[0].key, "CK1");
}

fn next_due(store: &dyn Store) {
    assert_eq!(store.next_due(&target()).unwrap(), None);
    queued(store, "CK1", "a", 100);
    assert_eq!(store.next_due(&target()).unwrap(), Some(at(100)));
    send_all(store, &ask(900), 100);
    assert_eq!(store.next_due(&target()).unwrap(), Some(at(900)));
    queued(store, "CK2", "a", 500);
    assert_eq!(store.next_due(&target()).unwrap(), Some(at(500)));
    store.hold(&scheme(), None, true).unwrap();
    assert_eq!(
        store.next_due(&target()).unwrap(),
        Some(at(900)),
        "what is held is not due"
    );
}
