//! The same business event under another order number.

use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("a second number for one event is marked", a_second_number_is_marked),
    ("both in one page: only the later is marked", both_at_once),
    ("only kinds that identify count", only_identifying_kinds),
    (
        "a skipped or refused number does not count",
        what_is_not_there_does_not_count,
    ),
    ("whichever number goes first, the other is marked", whichever_goes_first),
    ("a person's retry lets it through", a_retry_accepts),
];

fn of_event(key: &str, kind: &str, event: &str) -> IngestRecord {
    IngestRecord {
        aliases: vec![(kind.into(), event.into())],
        ..order(key, key, "1")
    }
}

fn reissue_of(store: &dyn Store) -> Vec<Option<String>> {
    claim(store, &scheme())
        .into_iter()
        .map(|group| group.reissue_of)
        .collect()
}

fn a_second_number_is_marked(store: &dyn Store) {
    ingest(store, &scheme(), &[of_event("CK1", "=stockout_id", "81")], 100);
    assert_eq!(
        settle_all(store, &scheme(), &mapped(&[document("", "a")]), 100).queued,
        1
    );
    send_all(store, &accepted(), 100);
    ingest(store, &scheme(), &[of_event("CK2", "=stockout_id", "81")], 200);
    let peeked = store.peek_groups(&scheme(), &[], 10).unwrap();
    assert_eq!(peeked[0].reissue_of.as_deref(), Some("CK1"));
    assert_eq!(reissue_of(store), [Some("CK1".to_owned())]);
    ingest(
        store,
        &scheme(),
        &[IngestRecord {
            aliases: vec![],
            ..order("CK1", "new", "1")
        }],
        300,
    );
    assert_eq!(reissue_of(store), [None], "the first number is not asked again");
}

fn both_at_once(store: &dyn Store) {
    let orders = [
        of_event("CK1", "=stockout_id", "81"),
        of_event("CK2", "=stockout_id", "81"),
    ];
    ingest(store, &scheme(), &orders, 100);
    assert_eq!(reissue_of(store), [None, Some("CK1".to_owned())]);
}

fn only_identifying_kinds(store: &dyn Store) {
    let orders = [
        of_event("CK1", "src_order_no", "81"),
        of_event("CK2", "src_order_no", "81"),
        of_event("CK3", "=stockout_id", "81"),
        of_event("CK4", "=line", "81"),
    ];
    ingest(store, &scheme(), &orders, 100);
    assert_eq!(reissue_of(store), [None, None, None, None]);
}

fn what_is_not_there_does_not_count(store: &dyn Store) {
    ingest(store, &scheme(), &[of_event("CK1", "=stockout_id", "81")], 100);
    settle_all(store, &scheme(), &Settled::Skipped("取消".into()), 100);
    ingest(store, &scheme(), &[of_event("CK2", "=stockout_id", "81")], 200);
    assert_eq!(
        settle_all(store, &scheme(), &mapped(&[document("", "a")]), 200).queued,
        1
    );
    send_all(store, &dead(ProblemKind::Refused), 200);
    ingest(store, &scheme(), &[of_event("CK3", "=stockout_id", "81")], 300);
    assert_eq!(reissue_of(store), [None]);
    assert_eq!(store.recover(EARLIER, &|_| 0).unwrap().groups, 1);
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 300);
    send_all(store, &dead(ProblemKind::Unsettled), 300);
    ingest(store, &scheme(), &[of_event("CK4", "=stockout_id", "81")], 400);
    assert_eq!(
        reissue_of(store),
        [Some("CK3".to_owned())],
        "an unsettled one may be there"
    );
}

fn whichever_goes_first(store: &dyn Store) {
    ingest(store, &scheme(), &[of_event("CK1", "=stockout_id", "81")], 100);
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 100);
    send_all(store, &dead(ProblemKind::Refused), 100);
    ingest(store, &scheme(), &[of_event("CK2", "=stockout_id", "81")], 200);
    assert_eq!(
        settle_all(store, &scheme(), &mapped(&[document("", "b")]), 200).queued,
        1
    );
    assert_eq!(store.remap_groups(&scheme(), &["CK1".into()]).unwrap(), 1);
    assert_eq!(
        reissue_of(store),
        [Some("CK2".to_owned())],
        "the second number is on its way"
    );
}

fn a_retry_accepts(store: &dyn Store) {
    a_second_number_is_marked(store);
    store.recover(EARLIER, &|_| 0).unwrap();
    let reissued = Settled::Problem(report(ProblemKind::Reissued, "reissued"));
    assert_eq!(settle_all(store, &scheme(), &reissued, 400).problems, 2);
    assert_eq!(store.remap_groups(&scheme(), &["CK2".into()]).unwrap(), 1);
    assert_eq!(reissue_of(store), [None]);
    store.recover(EARLIER, &|_| 0).unwrap();
    assert_eq!(
        settle_all(store, &scheme(), &mapped(&[document("", "b")]), 500).queued,
        1
    );
    assert!(open_problems(store).iter().all(|problem| problem.group != "CK2"));
}
