//! What becomes of documents when a group is mapped again.

use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::verdict::Omission;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    (
        "before the first intent a document is replaced",
        replaced_before_the_first_intent,
    ),
    ("the same documents change nothing", the_same_is_kept),
    (
        "a change after the intent is a problem with the difference",
        a_change_is_a_problem,
    ),
    (
        "what nobody makes any more is withdrawn before sending",
        withdrawn_before_sending,
    ),
    ("a copied or renamed scheme never sends again", a_copied_scheme_keeps),
    ("a skipped group keeps its reason", a_skip_has_a_reason),
    ("omissions and recipes are kept", omissions_are_kept),
    (
        "an attempt given back leaves the bytes free, another does not",
        given_back_frees_the_bytes,
    ),
    ("a held document takes new bytes and stays held", held_stays_held),
    (
        "what may be written under the old account is never queued beside it",
        another_account_never_writes_twice,
    ),
    (
        "what was never sent moves to the new account",
        unsent_moves_to_the_account,
    ),
];

fn again(store: &dyn Store, key: &str, content: &str, second: i64) -> SettleCounts {
    ingest(store, &scheme(), &[order(key, content, "20.20")], second);
    settle_all(store, &scheme(), &mapped(&[document("", content)]), second)
}

fn replaced_before_the_first_intent(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let counts = again(store, "CK1", "b", 200);
    assert_eq!((counts.replaced, counts.queued, counts.changed), (1, 0, 0));
    let row = row_of(store, "CK1").unwrap();
    assert_eq!(row.body, document("", "b").body);
    assert_eq!(
        (row.state, row.queued_at, row.due_at),
        (DeliveryState::Queued, at(100), Some(at(200)))
    );
    assert_eq!(row.amount, Some("20.20".parse().unwrap()));
    let claimed = claim_sends(store, 200);
    assert_eq!(claimed[0].body, document("", "b").body);
    store.release_deliveries(&[(claimed[0].id, claimed[0].lease)]).unwrap();
    assert_eq!(
        again(store, "CK1", "c", 300).replaced,
        1,
        "claimed and given back is not sent"
    );
}

fn the_same_is_kept(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    send_all(store, &accepted(), 200);
    ingest(store, &scheme(), &[order("CK1", "status 110", "1")], 300);
    let same = settle_all(store, &scheme(), &mapped(&[document("", "a")]), 300);
    assert_eq!(same.kept, 1);
    assert_eq!(state_of(store, "CK1"), Some(DeliveryState::Delivered));
    assert!(open_problems(store).is_empty());
    assert_eq!(standing(store, "CK1"), "delivered");
}

fn a_change_is_a_problem(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    send_all(store, &accepted(), 200);
    assert_eq!(again(store, "CK1", "b", 300).changed, 1);
    let open = open_problems(store);
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].kind, open[0].delivery_key.as_deref()),
        (ProblemKind::Changed, Some("CK1"))
    );
    assert_eq!(open[0].path.as_deref(), Some("dto.content"));
    assert!(
        open[0].details.contains(r#""before":"\"a\"","after":"\"b\"""#),
        "{}",
        open[0].details
    );
    assert_eq!(
        row_of(store, "CK1").unwrap().body,
        document("", "a").body,
        "sent bytes never change"
    );
    assert_eq!(standing(store, "CK1"), "problem");
    assert_eq!(again(store, "CK1", "c", 400).changed, 1);
    let open = open_problems(store);
    assert_eq!(
        (open.len(), open[0].opened_at, open[0].seen_at),
        (1, at(300), at(400)),
        "one row, seen again"
    );
    assert!(claim_sends(store, 500).is_empty(), "never sent by itself");
    ingest(store, &scheme(), &[order("CK1", "skip", "1")], 600);
    settle_all(store, &scheme(), &Settled::Skipped("非销售出库".into()), 600);
    let open = open_problems(store);
    assert_eq!(
        (open.len(), open[0].code.as_str()),
        (1, "after-delivery.gone"),
        "the newest difference only"
    );
}

fn withdrawn_before_sending(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    let two = mapped(&[document("", "a"), document("-p2", "a2")]);
    assert_eq!(settle_all(store, &scheme(), &two, 100).queued, 2);
    assert_eq!(
        row_of(store, "CK1-p2").unwrap().amount,
        None,
        "money counts once per group"
    );
    let counts = again(store, "CK1", "b", 200);
    assert_eq!((counts.replaced, counts.withdrawn), (1, 1));
    assert_eq!(state_of(store, "CK1-p2"), None);
    send_all(store, &dead(ProblemKind::Refused), 300);
    assert_eq!(open_problems(store).len(), 1);
    ingest(store, &scheme(), &[order("CK1", "c", "1")], 400);
    let counts = settle_all(store, &scheme(), &Settled::Skipped("取消".into()), 400);
    assert_eq!((counts.withdrawn, counts.skipped), (1, 1));
    assert_eq!(state_of(store, "CK1"), None);
    assert!(open_problems(store).is_empty(), "its problem went with it");
    assert_eq!(
        store.story(&scheme(), "CK1").unwrap().unwrap().attempts.len(),
        1,
        "its attempts stay"
    );
    let counts = again(store, "CK1", "d", 500);
    assert_eq!(counts.queued, 1, "the key is free again");
}

fn a_copied_scheme_keeps(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    queued(store, "CK2", "a", 100);
    let sent = claim_sends(store, 100)
        .into_iter()
        .find(|delivery| delivery.key == "CK1")
        .unwrap();
    let start = AttemptStart {
        id: sent.id,
        lease: sent.lease,
        request: "POST".into(),
    };
    store.begin_attempts(&[start], at(100)).unwrap();
    store
        .finish_attempts(&[end(&sent, "accepted", accepted())], at(100))
        .unwrap();
    let copy = SchemeName::new("default", "copied");
    ingest(store, &copy, &[order("CK1", "a", "1"), order("CK2", "a", "1")], 200);
    let counts = settle_all(store, &copy, &mapped(&[document("", "a")]), 200);
    assert_eq!((counts.kept, counts.queued), (2, 0));
    let story = store.story(&copy, "CK1").unwrap().unwrap();
    assert_eq!((story.record.state.as_str(), story.deliveries.len()), ("delivered", 1));
    assert_eq!(story.deliveries[0].scheme, scheme());
    ingest(store, &copy, &[order("CK2", "b", "1")], 300);
    let counts = settle_all(store, &copy, &mapped(&[document("", "b")]), 300);
    assert_eq!(
        (counts.changed, counts.replaced),
        (1, 0),
        "another scheme's document is not replaced"
    );
    let other_tenant = SchemeName::new("lanmao", "wdt-to-tplus");
    ingest(store, &other_tenant, &[order("CK1", "a", "1")], 400);
    let group = claim(store, &other_tenant).remove(0);
    let mut settled = settlement(&group, mapped(&[document("", "a")]));
    settled.target.tenant = "lanmao".into();
    assert_eq!(
        store.settle(&other_tenant, &[settled], at(400)).unwrap().queued,
        1,
        "another tenant's key is its own"
    );
}

fn a_skip_has_a_reason(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "5")], 100);
    assert_eq!(
        settle_all(store, &scheme(), &Settled::Skipped("赠品".into()), 100).skipped,
        1
    );
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    assert_eq!(story.verdict, ("skipped".to_owned(), Some("赠品".to_owned())));
    assert_eq!(story.record.state, "skipped");
}

fn omissions_are_kept(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "5")], 100);
    let omitted = vec![Omission {
        member: 0,
        path: "details_list[1]".into(),
        reason: "赠品".into(),
    }];
    let outcome = Settled::Mapped {
        documents: vec![document("", "a")],
        omitted: omitted.clone(),
    };
    settle_all(store, &scheme(), &outcome, 100);
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    assert_eq!((story.omitted, story.recipe), (omitted, Some(recipe())));
    assert_eq!(story.deliveries[0].recipe, recipe());
    assert_eq!(story.verdict, ("mapped".to_owned(), None));
}

fn held_stays_held(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    assert_eq!(store.hold(&scheme(), None, true).unwrap(), 1);
    assert_eq!(again(store, "CK1", "b", 200).replaced, 1);
    assert_eq!(state_of(store, "CK1"), Some(DeliveryState::Held));
    assert!(claim_sends(store, 300).is_empty());
    assert_eq!(store.hold(&scheme(), None, false).unwrap(), 1);
    assert_eq!(claim_sends(store, 300)[0].body, document("", "b").body);
}

fn given_back_frees_the_bytes(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let later = |cause, second| Next::Queue {
        run_at: at(second),
        cause,
    };
    let causes = [QueueCause::Throttled, QueueCause::Auth, QueueCause::NotSent];
    for (step, cause) in (1..).zip(causes) {
        let content = format!("b{step}");
        send_all(store, &later(cause, 100 * step), 100 * step);
        let counts = again(store, "CK1", &content, 100 * step);
        assert_eq!((counts.changed, counts.replaced), (0, 1), "{cause:?}");
        assert_eq!(row_of(store, "CK1").unwrap().body, document("", &content).body);
        assert_eq!(standing(store, "CK1"), "queued");
    }
    send_all(store, &later(QueueCause::Transient, 400), 400);
    send_all(store, &later(QueueCause::Throttled, 500), 400);
    let counts = again(store, "CK1", "c", 500);
    assert_eq!(
        (counts.changed, counts.replaced),
        (1, 0),
        "an earlier attempt was begun"
    );
    assert_eq!(claim_sends(store, 500)[0].body, document("", "b3").body);
    assert_eq!(standing(store, "CK1"), "problem");
}

/// Maps `CK1` again after the target's account changed.
fn under_account(store: &dyn Store, account: &str, content: &str, second: i64) -> SettleCounts {
    ingest(
        store,
        &scheme(),
        &[order("CK1", &format!("{content} at {second}"), "20.20")],
        second,
    );
    let group = claim(store, &scheme()).remove(0);
    let mut settled = settlement(&group, mapped(&[document("", content)]));
    settled.target.account = account.into();
    store.settle(&scheme(), &[settled], at(second)).unwrap()
}

fn standing_deliveries(store: &dyn Store) -> Vec<DeliveryRow> {
    let filter = DeliveryFilter {
        states: DeliveryState::ALL.to_vec(),
        ..DeliveryFilter::default()
    };
    store.deliveries(&filter).unwrap()
}

fn another_account_never_writes_twice(store: &dyn Store) {
    let only_one = |counts: SettleCounts, kept: u64, changed: u64| {
        assert_eq!(
            (counts.kept, counts.changed, counts.queued, counts.withdrawn),
            (kept, changed, 0, 0)
        );
        let standing = standing_deliveries(store);
        assert_eq!(standing.len(), 1);
        assert_eq!(
            (&standing[0].target, &standing[0].body),
            (&target(), &document("", "a").body)
        );
    };
    queued(store, "CK1", "a", 100);
    let claimed = begin(store, 100);
    only_one(under_account(store, "localhost", "a", 110), 1, 0);
    store
        .finish_attempts(&[end(&claimed[0], "unknown", ask(200))], at(120))
        .unwrap();
    only_one(under_account(store, "localhost", "a", 130), 1, 0);
    for (second, next) in [(200, dead(ProblemKind::Unsettled)), (300, accepted())] {
        if let Some(asked) = store.claim_lookups(&target(), ME, 1, at(second)).unwrap().first() {
            assert!(store.finish_lookup(&end(asked, "asked", next), at(second)).unwrap());
        } else {
            let absent = HandVerdict::Absent { by: "王".into() };
            assert!(store.settle_by_hand("CK1", &scheme(), absent, at(second)).unwrap());
            only_one(under_account(store, "localhost", "a", second), 1, 0);
            send_all(store, &next, second);
        }
        only_one(under_account(store, "localhost", "a", second + 10), 1, 0);
    }
    assert!(open_problems(store).is_empty());
    assert_eq!(standing(store, "CK1"), "delivered");
    only_one(under_account(store, "localhost", "b", 400), 0, 1);
    let open = open_problems(store);
    assert_eq!((open.len(), open[0].code.as_str()), (1, "after-delivery.changed"));
    assert_eq!(open[0].path.as_deref(), Some("dto.content"));
}

fn unsent_moves_to_the_account(store: &dyn Store) {
    let moved = |counts: SettleCounts, account: &str, state: DeliveryState| {
        assert_eq!(
            (counts.queued, counts.withdrawn, counts.kept, counts.changed),
            (1, 1, 0, 0)
        );
        let standing = standing_deliveries(store);
        assert_eq!(standing.len(), 1);
        assert_eq!(
            (standing[0].target.account.as_str(), standing[0].state),
            (account, state)
        );
        assert!(open_problems(store).is_empty());
    };
    queued(store, "CK1", "a", 100);
    moved(
        under_account(store, "localhost", "a", 200),
        "localhost",
        DeliveryState::Queued,
    );
    assert!(claim_sends(store, 200).is_empty(), "not under the old account");
    store.hold(&scheme(), None, true).unwrap();
    let home = target().account;
    moved(under_account(store, &home, "b", 300), &home, DeliveryState::Held);
    store.hold(&scheme(), None, false).unwrap();
    send_all(store, &dead(ProblemKind::Refused), 300);
    assert_eq!(open_problems(store).len(), 1);
    moved(
        under_account(store, "localhost", "b", 400),
        "localhost",
        DeliveryState::Queued,
    );
    let there = dukou_core::names::TargetName {
        account: "localhost".into(),
        ..target()
    };
    let claimed = store.claim_deliveries(&there, ME, 10, at(400), None).unwrap();
    assert_eq!((claimed.len(), claimed[0].body.clone()), (1, document("", "b").body));
}
