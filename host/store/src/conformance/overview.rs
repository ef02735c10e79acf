//! Counts, lists and stories.

use dukou_core::delivery::DeliveryState;
use dukou_core::problem::ProblemKind;
use rust_decimal::Decimal;

use super::Promise;
use super::scene::*;
use crate::rows::*;
use crate::{STATES, Store};

pub(super) const PROMISES: &[Promise] = &[
    ("an unknown scheme shows nothing", nothing_of_an_unknown_scheme),
    ("every record is in exactly one state", one_state_each),
    ("sums are decimal", sums_are_decimal),
    ("records are listed newest first, by state and text", records_are_listed),
    ("deliveries are listed oldest first", deliveries_are_listed),
    (
        "a story is found by key, delivery key and other identities",
        stories_are_found,
    ),
];

fn nothing_of_an_unknown_scheme(store: &dyn Store) {
    assert_eq!(store.overview(&scheme()).unwrap(), Overview::default());
    assert!(store.schemes().unwrap().is_empty());
    assert!(store.records(&RecordFilter::default()).unwrap().is_empty());
    assert_eq!(store.story(&scheme(), "CK1").unwrap(), None);
}

/// One record in each state, by another path each.
fn one_of_each(store: &dyn Store) {
    queued(store, "delivered", "a", 100);
    send_all(store, &accepted(), 100);
    queued(store, "changed", "a", 110);
    send_all(store, &accepted(), 110);
    ingest(store, &scheme(), &[order("changed", "b", "10.10")], 120);
    settle_all(store, &scheme(), &mapped(&[document("", "b")]), 120);
    queued(store, "unknown", "a", 130);
    send_all(store, &ask(900), 130);
    queued(store, "refused", "a", 140);
    send_all(store, &dead(ProblemKind::Refused), 140);
    queued(store, "held", "a", 150);
    store.hold(&scheme(), None, true).unwrap();
    queued(store, "queued", "a", 160);
    ingest(store, &scheme(), &[order("skipped", "a", "10.10")], 170);
    settle_all(store, &scheme(), &Settled::Skipped("赠品".into()), 170);
    ingest(store, &scheme(), &[order("nothing", "a", "10.10")], 180);
    settle_all(store, &scheme(), &mapped(&[]), 180);
    ingest(store, &scheme(), &[order("rejected", "a", "10.10")], 190);
    let rejected = Settled::Problem(report(ProblemKind::Rejected, "required"));
    settle_all(store, &scheme(), &rejected, 190);
    ingest(store, &scheme(), &[order("waiting", "a", "10.10")], 200);
}

fn one_state_each(store: &dyn Store) {
    one_of_each(store);
    let overview = store.overview(&scheme()).unwrap();
    let counts: Vec<(&str, u64)> = overview
        .states
        .iter()
        .map(|(state, tally)| (state.as_str(), tally.count))
        .collect();
    let expected = [
        ("waiting", 1),
        ("queued", 1),
        ("delivered", 1),
        ("unknown", 1),
        ("held", 1),
        ("skipped", 2),
        ("problem", 3),
    ];
    assert_eq!(counts, expected);
    assert_eq!(
        counts.iter().map(|(_, count)| count).sum::<u64>(),
        overview.records.count
    );
    let money: Decimal = overview.states.iter().map(|(_, tally)| tally.amount).sum();
    assert_eq!(money, overview.records.amount);
    assert_eq!(overview.untransformed.count, 1);
    assert_eq!(overview.skipped.count, 2);
    let problems: Vec<(ProblemKind, u64)> = overview
        .problems
        .iter()
        .map(|(kind, tally)| (*kind, tally.count))
        .collect();
    assert_eq!(
        problems,
        [
            (ProblemKind::Changed, 1),
            (ProblemKind::Refused, 1),
            (ProblemKind::Rejected, 1)
        ]
    );
    let deliveries: Vec<(DeliveryState, u64)> = overview
        .deliveries
        .iter()
        .map(|(state, tally)| (*state, tally.count))
        .collect();
    use DeliveryState::{Dead, Delivered, Held, Queued, Unknown};
    assert_eq!(
        deliveries,
        [(Queued, 1), (Delivered, 2), (Unknown, 1), (Dead, 1), (Held, 1)]
    );
    assert_eq!(overview.oldest_moving, Some(at(130)));
    assert_eq!((overview.mark, overview.last_pull), (Some(at(200)), Some(at(200))));
    assert_eq!((overview.last_delivery, overview.adopted), (Some(at(110)), 0));
    for state in STATES {
        let filter = RecordFilter {
            scheme: Some(scheme()),
            state: Some(state.into()),
            ..RecordFilter::default()
        };
        let rows = store.records(&filter).unwrap();
        let count = counts.iter().find(|(word, _)| *word == state).unwrap().1;
        assert_eq!(rows.len() as u64, count, "{state}");
        assert!(rows.iter().all(|row| row.state == state));
    }
}

fn sums_are_decimal(store: &dyn Store) {
    let orders: Vec<IngestRecord> = (0..30).map(|n| order(&format!("CK{n}"), "a", "0.10")).collect();
    ingest(store, &scheme(), &orders, 100);
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 100);
    let three: Decimal = "3.00".parse().unwrap();
    let overview = store.overview(&scheme()).unwrap();
    assert_eq!(overview.records.amount, three);
    assert_eq!(
        overview.deliveries,
        [(
            DeliveryState::Queued,
            Tally {
                count: 30,
                amount: three
            }
        )]
    );
    send_all(store, &accepted(), 100);
    let overview = store.overview(&scheme()).unwrap();
    assert_eq!(
        overview.deliveries,
        [(
            DeliveryState::Delivered,
            Tally {
                count: 30,
                amount: three
            }
        )]
    );
    ingest(store, &scheme(), &[order("CK0", "b", "0.30")], 200);
    let overview = store.overview(&scheme()).unwrap();
    assert_eq!(
        overview.records.amount,
        "3.20".parse().unwrap(),
        "the newest revision counts"
    );
    assert_eq!(overview.untransformed.amount, "0.30".parse().unwrap());
}

fn records_are_listed(store: &dyn Store) {
    one_of_each(store);
    let keys = |filter: RecordFilter| -> Vec<String> {
        store.records(&filter).unwrap().into_iter().map(|row| row.key).collect()
    };
    let all = keys(RecordFilter::default());
    assert_eq!(
        (all.len(), all[0].as_str(), all[9].as_str()),
        (10, "waiting", "delivered")
    );
    let filter = RecordFilter {
        scheme: Some(scheme()),
        matching: Some("ed".into()),
        limit: 2,
        ..RecordFilter::default()
    };
    assert_eq!(keys(filter), ["rejected", "skipped"]);
    let filter = RecordFilter {
        scheme: Some(scheme()),
        state: Some("problem".into()),
        ..RecordFilter::default()
    };
    assert_eq!(keys(filter), ["rejected", "refused", "changed"]);
    let row = store.records(&RecordFilter::default()).unwrap().remove(0);
    assert_eq!((row.revision, row.received_at, row.scheme), (1, at(200), scheme()));
    assert_eq!(row.shown, order("waiting", "a", "10.10").shown);
}

fn deliveries_are_listed(store: &dyn Store) {
    one_of_each(store);
    let keys = |filter: DeliveryFilter| -> Vec<String> {
        store
            .deliveries(&filter)
            .unwrap()
            .into_iter()
            .map(|row| row.key)
            .collect()
    };
    assert_eq!(
        keys(DeliveryFilter::default()),
        ["unknown", "refused", "held", "queued"]
    );
    let filter = DeliveryFilter {
        scheme: Some(scheme()),
        states: vec![DeliveryState::Delivered, DeliveryState::Held],
        limit: 2,
    };
    assert_eq!(keys(filter), ["delivered", "changed"]);
    let other = DeliveryFilter {
        scheme: Some(dukou_core::names::SchemeName::new("default", "other")),
        ..DeliveryFilter::default()
    };
    assert!(keys(other).is_empty());
}

fn stories_are_found(store: &dyn Store) {
    let grouped = IngestRecord {
        group: "G1".into(),
        ..order("CK1", "a", "1")
    };
    ingest(store, &scheme(), &[grouped], 100);
    settle_all(store, &scheme(), &mapped(&[document("-p2", "a")]), 100);
    for key in ["CK1", "G1", "G1-p2", "SO-CK1"] {
        let story = store
            .story(&scheme(), key)
            .unwrap()
            .unwrap_or_else(|| panic!("{key} is not found"));
        assert_eq!(story.record.key, "CK1");
        assert_eq!(story.aliases, [("src_order_no".to_owned(), "SO-CK1".to_owned())]);
        assert_eq!(story.deliveries[0].key, "G1-p2");
        assert_eq!(story.deliveries[0].group, "G1");
    }
    assert_eq!(store.story(&scheme(), "CK2").unwrap(), None);
}
