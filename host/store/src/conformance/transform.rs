//! Claiming and looking at groups.

use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("groups are claimed once, oldest first", claimed_once),
    ("claims count until a verdict", claims_count),
    ("an undecided group is given back", an_undecided_group_is_given_back),
    ("looking changes nothing", looking_changes_nothing),
    ("a stale lease settles nothing", a_stale_lease_settles_nothing),
    ("a newer revision ends a claim", a_newer_revision_ends_a_claim),
    ("a group holds its members and their sum", members_and_sum),
    ("a member that moves leaves its group", a_member_moves),
    (
        "only groups without written documents are made due again",
        remapping_is_safe,
    ),
];

fn claimed_once(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK2", "a", "1"), order("CK1", "b", "2")], 100);
    let first = store.claim_groups(&scheme(), 1, ME, 1).unwrap().groups();
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].key.as_str(), first[0].lease, first[0].claims), ("CK2", 1, 1));
    assert_eq!(first[0].records[0].extra, "{}");
    let second = claim(store, &scheme());
    assert_eq!(
        second.iter().map(|group| group.key.as_str()).collect::<Vec<_>>(),
        ["CK1"]
    );
    assert!(claim(store, &scheme()).is_empty());
}

fn an_undecided_group_is_given_back(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1"), order("CK2", "b", "2")], 100);
    let claimed = claim(store, &scheme());
    let lease = |index: usize| (claimed[index].key.clone(), claimed[index].lease);
    let stale = (claimed[1].key.clone(), claimed[1].lease + 1);
    assert_eq!(store.release_groups(&scheme(), &[lease(0), stale]).unwrap(), 1);
    assert_eq!(store.release_groups(&scheme(), &[lease(0)]).unwrap(), 0, "only once");
    let again = claim(store, &scheme());
    assert_eq!(again.len(), 1, "the other one is still claimed");
    assert_eq!(
        (again[0].key.as_str(), again[0].claims),
        ("CK1", 1),
        "the claim is not held against it"
    );
    assert!(
        again[0].lease > claimed[0].lease,
        "whoever held it before settles nothing"
    );
}

fn claims_count(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    for claims in 1..=3 {
        let group = &store.claim_groups(&scheme(), 1, EARLIER, 10).unwrap().groups()[0];
        assert_eq!((group.claims, group.lease), (claims, u64::from(claims)));
        assert_eq!(store.recover(ME, &|_| 0).unwrap().groups, 1);
    }
    let rejected = Settled::Problem(report(ProblemKind::Failed, "plugin.trap"));
    assert_eq!(settle_all(store, &scheme(), &rejected, 200).problems, 1);
    assert_eq!(store.remap_groups(&scheme(), &["CK1".into()]).unwrap(), 1);
    let group = &claim(store, &scheme())[0];
    assert_eq!(
        (group.claims, group.lease),
        (1, 5),
        "claims start again, lease numbers never"
    );
}

fn looking_changes_nothing(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1"), order("CK2", "b", "2")], 100);
    assert_eq!(store.peek_groups(&scheme(), &[], 1).unwrap().len(), 1);
    let due = store.peek_groups(&scheme(), &[], 10).unwrap();
    assert_eq!((due.len(), due[0].lease, due[0].claims), (2, 0, 0));
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 200);
    assert!(store.peek_groups(&scheme(), &[], 10).unwrap().is_empty());
    let named = store
        .peek_groups(&scheme(), &["CK2".into(), "none".into(), "CK1".into()], 10)
        .unwrap();
    assert_eq!(
        named.iter().map(|group| group.key.as_str()).collect::<Vec<_>>(),
        ["CK1", "CK2"]
    );
    assert!(claim(store, &scheme()).is_empty());
}

fn a_stale_lease_settles_nothing(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    let stale = store.claim_groups(&scheme(), 1, EARLIER, 10).unwrap().groups();
    store.recover(ME, &|_| 0).unwrap();
    let settled = [settlement(&stale[0], mapped(&[document("", "a")]))];
    assert_eq!(
        store.settle(&scheme(), &settled, at(200)).unwrap().stale,
        1,
        "not claimed any more"
    );
    let fresh = claim(store, &scheme());
    assert_eq!(
        store.settle(&scheme(), &settled, at(200)).unwrap().stale,
        1,
        "claimed by another"
    );
    assert_eq!(state_of(store, "CK1"), None);
    let settled = [settlement(&fresh[0], mapped(&[document("", "a")]))];
    assert_eq!(store.settle(&scheme(), &settled, at(200)).unwrap().queued, 1);
    assert_eq!(
        store.settle(&scheme(), &settled, at(200)).unwrap().stale,
        1,
        "again is harmless"
    );
}

fn a_newer_revision_ends_a_claim(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    let old = claim(store, &scheme());
    ingest(store, &scheme(), &[order("CK1", "b", "2")], 200);
    let settled = [settlement(&old[0], mapped(&[document("", "a")]))];
    assert_eq!(store.settle(&scheme(), &settled, at(200)).unwrap().stale, 1);
    let new = claim(store, &scheme());
    assert_eq!(new[0].records[0].body, order("CK1", "b", "2").body);
    assert!(new[0].lease > old[0].lease);
    assert_eq!(new[0].claims, 1);
}

fn grouped(key: &str, group: &str, content: &str, amount: &str) -> IngestRecord {
    IngestRecord {
        group: group.into(),
        ..order(key, content, amount)
    }
}

fn members_and_sum(store: &dyn Store) {
    let orders = [
        grouped("CK1", "G1", "a", "0.10"),
        grouped("CK2", "G2", "b", "7"),
        grouped("CK3", "G1", "c", "0.20"),
    ];
    ingest(store, &scheme(), &orders, 100);
    let groups = claim(store, &scheme());
    assert_eq!(groups.len(), 2);
    let keys: Vec<&str> = groups[0].records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["CK1", "CK3"]);
    assert_eq!(groups[0].shown.amount, Some("0.30".parse().unwrap()));
    assert_eq!(groups[0].shown.quantity, Some("2".parse().unwrap()));
    let story = store.story(&scheme(), "CK3").unwrap().unwrap();
    assert_eq!(
        (story.group.as_str(), story.members),
        ("G1", vec!["CK1".to_owned(), "CK3".to_owned()])
    );
    let by_member = store.peek_groups(&scheme(), &["CK3".into()], 10).unwrap();
    assert_eq!(by_member[0].key, "G1");
}

fn a_member_moves(store: &dyn Store) {
    ingest(
        store,
        &scheme(),
        &[grouped("CK1", "G1", "a", "1"), grouped("CK2", "G1", "b", "2")],
        100,
    );
    settle_all(store, &scheme(), &mapped(&[document("", "ab")]), 100);
    ingest(store, &scheme(), &[grouped("CK2", "G2", "b2", "2")], 200);
    let groups = claim(store, &scheme());
    let keys: Vec<&str> = groups.iter().map(|group| group.key.as_str()).collect();
    assert_eq!(keys, ["G1", "G2"], "both groups are mapped again");
    assert_eq!(groups[0].records.len(), 1);
    let settled: Vec<Settlement> = groups
        .iter()
        .map(|group| settlement(group, mapped(&[document("", &group.key)])))
        .collect();
    let counts = store.settle(&scheme(), &settled, at(200)).unwrap();
    assert_eq!((counts.replaced, counts.queued), (1, 1));
    ingest(store, &scheme(), &[grouped("CK1", "G2", "a2", "1")], 300);
    assert_eq!(state_of(store, "G1"), None, "nobody makes it any more");
    assert_eq!(store.story(&scheme(), "CK1").unwrap().unwrap().members.len(), 2);
    assert_eq!(store.overview(&scheme()).unwrap().records.count, 2);
}

fn remapping_is_safe(store: &dyn Store) {
    let remap = |key: &str| store.remap_groups(&scheme(), &[key.into()]).unwrap();
    queued(store, "CK1", "a", 100);
    assert_eq!(remap("none"), 0);
    assert_eq!(remap("CK1"), 1, "queued and never sent");
    assert_eq!(remap("CK1"), 0, "already due");
    let generation = store.generation().unwrap();
    assert_eq!(generation, 1);
    assert_eq!(settle_all(store, &scheme(), &mapped(&[document("", "a")]), 100).kept, 1);
    let claimed = claim_sends(store, 200);
    assert_eq!(remap("CK1"), 0, "being sent");
    store.release_deliveries(&[(claimed[0].id, claimed[0].lease)]).unwrap();
    send_all(store, &dead(ProblemKind::Refused), 200);
    assert_eq!(remap("CK1"), 1, "refused: nothing is there");
    assert_eq!(
        settle_all(store, &scheme(), &mapped(&[document("", "a")]), 300).replaced,
        1
    );
    let again = begin(store, 300);
    assert_eq!(again[0].attempts, 1, "a retry starts afresh");
    let unknown = [end(&again[0], "unknown", ask(400))];
    assert_eq!(store.finish_attempts(&unknown, at(300)).unwrap(), [true]);
    assert_eq!(remap("CK1"), 0, "may be written");
}
