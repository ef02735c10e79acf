//! One version at a time: what an activation ends, and going back with everything that belongs to it.

use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("only what is in force claims", only_what_is_in_force_claims),
    (
        "a verdict of a version that was left is not stored",
        verdicts_of_the_left,
    ),
    ("only its own scheme's activation ends a claim", other_schemes),
    ("going back makes due what was refused", going_back_with_refused),
    ("going back makes due what was not sent", going_back_with_unsent),
    ("going back is over what was expected, or nothing", going_back_late),
];

fn content(text: &str) -> NewDeployment {
    NewDeployment {
        digest: Digest::of(text.as_bytes()),
        definition: "{}".into(),
        plugins: Vec::new(),
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    }
}

fn activate(store: &dyn Store, text: &str) -> u64 {
    store.activate(&scheme(), &content(text), at(50)).unwrap()
}

fn take(store: &dyn Store, deployment: u64, limit: usize) -> Claim {
    store.claim_groups(&scheme(), deployment, ME, limit).unwrap()
}

fn by(deployment: u64, group: &ClaimedGroup, outcome: Settled) -> Settlement {
    Settlement {
        deployment,
        ..settlement(group, outcome)
    }
}

fn rejected() -> Settled {
    Settled::Problem(report(ProblemKind::Rejected, "required"))
}

fn due(store: &dyn Store) -> Vec<String> {
    let waiting = store.peek_groups(&scheme(), &[], 100).unwrap();
    waiting.into_iter().map(|group| group.key).collect()
}

fn only_what_is_in_force_claims(store: &dyn Store) {
    assert_eq!(take(store, 7, 10), Claim::Groups(Vec::new()), "nobody knows the scheme");
    ingest(
        store,
        &scheme(),
        &[order("CK1", "a", "1"), order("CK2", "a", "1"), order("CK3", "a", "1")],
        40,
    );
    assert_eq!(take(store, 7, 1).groups().len(), 1, "nothing is in force");
    assert_eq!(activate(store, "old"), 1);
    assert_eq!(take(store, 7, 1), Claim::Overtaken);
    assert_eq!(take(store, 1, 1).groups().len(), 1);
    assert_eq!(activate(store, "new"), 2);
    assert_eq!(take(store, 1, 1), Claim::Overtaken);
    assert_eq!(take(store, 1, 0), Claim::Overtaken, "whatever the limit");
    assert_eq!(due(store), ["CK3"], "nothing was claimed");
    assert_eq!(take(store, 2, 0), Claim::Groups(Vec::new()));
    assert_eq!(take(store, 2, 10).groups()[0].key, "CK3");
    assert_eq!(take(store, 1, 10), Claim::Overtaken, "even where nothing is due");
}

fn verdicts_of_the_left(store: &dyn Store) {
    activate(store, "old");
    let orders = [order("CK1", "a", "1"), order("CK2", "a", "1"), order("CK3", "a", "1")];
    ingest(store, &scheme(), &orders, 100);
    let claimed = take(store, 1, 10).groups();
    activate(store, "new");
    let stale = Settlement {
        lease: claimed[2].lease + 1,
        ..by(1, &claimed[2], rejected())
    };
    let late = [
        by(1, &claimed[0], mapped(&[document("", "old")])),
        by(1, &claimed[1], rejected()),
        stale,
    ];
    let generation = store.generation().unwrap();
    let counts = store.settle(&scheme(), &late, at(110)).unwrap();
    let expected = SettleCounts {
        overtaken: 2,
        stale: 1,
        ..SettleCounts::default()
    };
    assert_eq!(counts, expected);
    assert_eq!(store.generation().unwrap(), generation);
    assert_eq!(store.verdict_counts(&scheme(), 1).unwrap(), VerdictCounts::default());
    assert_eq!(open_problems(store), []);
    assert_eq!(state_of(store, "CK1"), None);
    assert_eq!(due(store), ["CK1", "CK2"], "the third is still claimed");
    let again = take(store, 2, 10).groups();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|group| group.claims == 1), "held against nobody");
    let counts = store.settle(&scheme(), &late, at(120)).unwrap();
    assert_eq!((counts.overtaken, counts.stale), (0, 3), "their leases are gone");
    let settled: Vec<Settlement> = again
        .iter()
        .map(|group| by(2, group, mapped(&[document("", "new")])))
        .collect();
    assert_eq!(store.settle(&scheme(), &settled, at(130)).unwrap().queued, 2);
    assert_eq!(row_of(store, "CK1").unwrap().deployment, Some(2));
}

fn other_schemes(store: &dyn Store) {
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    for name in [scheme(), other.clone()] {
        store.activate(&name, &content("old"), at(50)).unwrap();
        ingest(store, &name, &[order("CK1", "a", "1")], 100);
    }
    let claimed = take(store, 1, 10).groups();
    store.activate(&other, &content("new"), at(110)).unwrap();
    let settled = [by(1, &claimed[0], mapped(&[document("", "a")]))];
    assert_eq!(store.settle(&scheme(), &settled, at(120)).unwrap().queued, 1);
    assert_eq!(store.claim_groups(&other, 1, ME, 1).unwrap(), Claim::Overtaken);
}

/// Settles what is due by the deployment in force, each group by its key.
fn settle_each(store: &dyn Store, deployment: u64, outcome: impl Fn(&str) -> Settled) {
    let claimed = take(store, deployment, 100).groups();
    let settled: Vec<Settlement> = claimed
        .iter()
        .map(|group| by(deployment, group, outcome(&group.key)))
        .collect();
    store.settle(&scheme(), &settled, at(110)).unwrap();
}

fn going_back_with_refused(store: &dyn Store) {
    activate(store, "old");
    ingest(store, &scheme(), &[order("CK1", "a", "1"), order("CK2", "a", "1")], 100);
    settle_each(store, 1, |key| {
        if key == "CK1" {
            rejected()
        } else {
            mapped(&[document("", "a")])
        }
    });
    activate(store, "new");
    ingest(
        store,
        &scheme(),
        &[order("CK3", "a", "1"), order("CK4", "a", "1"), order("CK5", "a", "1")],
        105,
    );
    let in_flight = take(store, 2, 1).groups();
    settle_each(store, 2, |_| rejected());
    let again = Again {
        refused_by: vec![2],
        unsent_of: Vec::new(),
    };
    let generation = store.generation().unwrap();
    let back = store.go_back(&scheme(), 2, &content("old"), &again, at(120)).unwrap();
    let expected = WentBack {
        id: 3,
        refused: 2,
        unsent: 0,
    };
    assert_eq!(back, Some(expected));
    assert_eq!(store.generation().unwrap(), generation + 1, "hosts notice once");
    assert_eq!(due(store), ["CK4", "CK5"], "what the version before refused stays");
    // The batch under way was not settled yet: it is nobody's problem either.
    let late = [by(2, &in_flight[0], rejected())];
    assert_eq!(store.settle(&scheme(), &late, at(130)).unwrap().overtaken, 1);
    assert_eq!(due(store), ["CK3", "CK4", "CK5"]);
    settle_each(store, 3, |_| mapped(&[document("", "a")]));
    let open = open_problems(store);
    assert_eq!((open.len(), open[0].group.as_str()), (1, "CK1"));
}

fn going_back_with_unsent(store: &dyn Store) {
    activate(store, "old");
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 90);
    settle_each(store, 1, |_| mapped(&[document("", "a")]));
    activate(store, "new");
    let orders = ["CK2", "CK3", "CK4", "CK5"].map(|key| order(key, "a", "1"));
    ingest(store, &scheme(), &orders, 100);
    settle_each(store, 2, |key| match key {
        "CK5" => rejected(),
        _ => mapped(&[document("", "b"), document("-p2", "b")]),
    });
    let only = |key: &str| vec![key.to_owned()];
    assert_eq!(store.hold(&scheme(), Some(&only("CK2")), true).unwrap(), 2);
    let claimed = store
        .claim_deliveries(&target(), ME, 1, at(115), Some(&only("CK3")))
        .unwrap();
    let start = AttemptStart {
        id: claimed[0].id,
        lease: claimed[0].lease,
        request: "POST".into(),
    };
    assert_eq!(store.begin_attempts(&[start], at(115)).unwrap(), [true]);
    let again = Again {
        refused_by: Vec::new(),
        unsent_of: vec![2],
    };
    let back = store.go_back(&scheme(), 2, &content("old"), &again, at(120)).unwrap();
    let expected = WentBack {
        id: 3,
        refused: 0,
        unsent: 2,
    };
    assert_eq!(back, Some(expected), "one of CK3's documents may be written");
    assert_eq!(due(store), ["CK2", "CK4"]);
    settle_each(store, 3, |_| mapped(&[document("", "c")]));
    assert_eq!(
        state_of(store, "CK2"),
        Some(DeliveryState::Held),
        "what a person held stays held"
    );
    assert_eq!(state_of(store, "CK4-p2"), None, "not made any more");
    assert_eq!(row_of(store, "CK4").unwrap().deployment, Some(3));
    assert_eq!(row_of(store, "CK1").unwrap().deployment, Some(1));
}

fn going_back_late(store: &dyn Store) {
    let again = Again {
        refused_by: vec![1],
        unsent_of: vec![1],
    };
    let back = |expected: u64| {
        store
            .go_back(&scheme(), expected, &content("old"), &again, at(120))
            .unwrap()
    };
    assert_eq!(back(1), None, "nothing is in force");
    activate(store, "old");
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    settle_each(store, 1, |_| rejected());
    activate(store, "other");
    let generation = store.generation().unwrap();
    assert_eq!(back(1), None, "another came into force");
    assert_eq!(store.generation().unwrap(), generation);
    assert_eq!(due(store), [""; 0], "and nothing became due");
    assert_eq!(back(2).map(|back| (back.id, back.refused)), Some((3, 1)));
}
