//! What the change gate reads: stored groups, whose chain decided and made what, what is or may be written.

use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("stored groups are given as claims give them", as_claims_give_them),
    ("stored groups come in pages", in_pages),
    ("a span counts the newest revision, both ends too", spans),
    ("stored groups say what was decided", what_was_decided),
    ("settled verdicts are counted with their fuel", verdicts_are_counted),
    ("bytes belong to the deployment that made them", whose_bytes),
    ("written is what is or may be there", what_is_written),
    ("written comes in pages and spans", written_pages),
    ("refused groups of a deployment become due again", refused_again),
];

const ALL: Span = Span { from: None, to: None };

fn span(from: Option<i64>, to: Option<i64>) -> Span {
    Span {
        from: from.map(at),
        to: to.map(at),
    }
}

fn stored(store: &dyn Store, received: Span) -> Vec<StoredGroup> {
    store.stored_groups(&scheme(), received, 0, 100).unwrap()
}

fn keys(groups: &[StoredGroup]) -> Vec<&str> {
    groups.iter().map(|group| group.key.as_str()).collect()
}

fn orders(count: usize) -> Vec<IngestRecord> {
    (1..=count).map(|n| order(&format!("CK{n}"), "a", "1.10")).collect()
}

/// Claims what is due and settles it by one deployment, each group by its key; what has no outcome stays claimed.
fn settle_by(
    store: &dyn Store,
    deployment: u64,
    second: i64,
    outcome: impl Fn(&str) -> Option<Settled>,
) -> SettleCounts {
    let settlements: Vec<Settlement> = claim(store, &scheme())
        .iter()
        .filter_map(|group| {
            Some(Settlement {
                deployment,
                ..settlement(group, outcome(&group.key)?)
            })
        })
        .collect();
    store.settle(&scheme(), &settlements, at(second)).unwrap()
}

fn one_document(content: &str) -> Settled {
    mapped(&[document("", content)])
}

fn as_claims_give_them(store: &dyn Store) {
    let in_group = |key: &str, amount: &str| IngestRecord {
        group: "G1".into(),
        ..order(key, "a", amount)
    };
    ingest(
        store,
        &scheme(),
        &[in_group("CK1", "0.10"), order("CK2", "a", "5"), in_group("CK3", "0.20")],
        100,
    );
    ingest(store, &scheme(), &[order("CK2", "b", "7")], 200);
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    ingest(store, &other, &[order("CK1", "theirs", "9")], 100);
    let generation = store.generation().unwrap();
    let stored_before = stored(store, ALL);
    let claimed = claim(store, &scheme());
    assert!(claimed.iter().all(|group| group.claims == 1), "looking claims nothing");
    let given: Vec<_> = claimed
        .iter()
        .map(|group| (group.key.clone(), group.records.clone(), group.shown.clone()))
        .collect();
    let told: Vec<_> = stored_before
        .iter()
        .map(|group| (group.key.clone(), group.records.clone(), group.shown.clone()))
        .collect();
    assert_eq!(told, given);
    assert_eq!(told[0].1.len(), 2, "both members");
    assert_eq!(told[1].1[0].body, order("CK2", "b", "7").body, "the newest revision");
    assert!(stored_before.iter().all(|group| group.state == "waiting"));
    assert_eq!(stored(store, ALL), stored_before, "a claim changes nothing of it");
    assert_eq!(store.generation().unwrap(), generation);
    let nobody = SchemeName::new("nobody", "nothing");
    assert_eq!(store.stored_groups(&nobody, ALL, 0, 10).unwrap(), []);
    assert_eq!(store.count_groups(&nobody, ALL).unwrap(), 0);
}

fn in_pages(store: &dyn Store) {
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    for n in 1..=7 {
        ingest(store, &scheme(), &[order(&format!("CK{n}"), "a", "1")], 100 + n);
        ingest(store, &other, &[order(&format!("CK{n}"), "a", "1")], 100 + n);
    }
    let whole = stored(store, ALL);
    assert_eq!(keys(&whole), ["CK1", "CK2", "CK3", "CK4", "CK5", "CK6", "CK7"]);
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map_or(0, |group: &StoredGroup| group.seq);
        let page = store.stored_groups(&scheme(), ALL, after, 3).unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert!(whole.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert_eq!(store.count_groups(&scheme(), ALL).unwrap(), 7);
    assert_eq!(store.stored_groups(&scheme(), ALL, 0, 0).unwrap(), []);
}

fn spans(store: &dyn Store) {
    for n in 1..=4 {
        ingest(store, &scheme(), &[order(&format!("CK{n}"), "a", "1")], n * 100);
    }
    let of = |received| {
        let groups = stored(store, received);
        assert_eq!(store.count_groups(&scheme(), received).unwrap(), groups.len() as u64);
        groups.into_iter().map(|group| group.key).collect::<Vec<_>>()
    };
    assert_eq!(of(span(Some(200), Some(300))), ["CK2", "CK3"]);
    assert_eq!(of(span(Some(201), None)), ["CK3", "CK4"]);
    assert_eq!(of(span(None, Some(199))), ["CK1"]);
    assert_eq!(of(span(Some(301), Some(399))), [""; 0]);
    ingest(store, &scheme(), &[order("CK1", "b", "1")], 500);
    assert_eq!(of(span(Some(100), Some(100))), [""; 0], "it came again later");
    assert_eq!(of(span(Some(500), Some(500))), ["CK1"]);
    // One member in the span brings the whole group.
    let late = IngestRecord {
        group: "CK2".into(),
        ..order("CK2-b", "a", "1")
    };
    ingest(store, &scheme(), &[late], 600);
    let groups = stored(store, span(Some(600), None));
    assert_eq!((keys(&groups), groups[0].records.len()), (vec!["CK2"], 2));
    assert_eq!(of(span(Some(200), Some(600))), ["CK1", "CK2", "CK3", "CK4"]);
}

fn what_was_decided(store: &dyn Store) {
    ingest(store, &scheme(), &orders(4), 100);
    settle_by(store, 3, 100, |key| match key {
        "CK1" => Some(one_document("a")),
        "CK2" => Some(Settled::Skipped("取消".into())),
        "CK3" => Some(Settled::Problem(report(ProblemKind::Rejected, "required"))),
        _ => None,
    });
    let told = |store: &dyn Store| -> Vec<(String, Option<u64>)> {
        let groups = stored(store, ALL);
        groups
            .into_iter()
            .map(|group| (group.state, group.deployment))
            .collect()
    };
    let is = |state: &str, deployment| (state.to_owned(), deployment);
    let decided = [
        is("mapped", Some(3)),
        is("skipped", Some(3)),
        is("problem", Some(3)),
        is("waiting", None),
    ];
    assert_eq!(told(store), decided);
    assert_eq!(store.remap_groups(&scheme(), &["CK3".into()]).unwrap(), 1);
    assert_eq!(told(store)[2], is("waiting", Some(3)), "the last verdict's");
    // A group that its only member left is none.
    let moved = IngestRecord {
        group: "CK1".into(),
        ..order("CK2", "b", "1")
    };
    ingest(store, &scheme(), &[moved], 200);
    assert_eq!(keys(&stored(store, ALL)), ["CK1", "CK3", "CK4"]);
    assert_eq!(store.count_groups(&scheme(), ALL).unwrap(), 3);
}

fn verdicts_are_counted(store: &dyn Store) {
    let counts = |deployment| store.verdict_counts(&scheme(), deployment).unwrap();
    assert_eq!(counts(1), VerdictCounts::default());
    ingest(store, &scheme(), &orders(5), 100);
    let first = claim(store, &scheme());
    let outcomes = [
        one_document("a"),
        Settled::Skipped("取消".into()),
        Settled::Problem(report(ProblemKind::Rejected, "required")),
        Settled::Problem(report(ProblemKind::Failed, "plugin.trap")),
        Settled::Problem(report(ProblemKind::Reissued, "record.reissued")),
    ];
    let settlements: Vec<Settlement> = first
        .iter()
        .zip(outcomes)
        .map(|(group, outcome)| settlement(group, outcome))
        .collect();
    let settled = store.settle(&scheme(), &settlements, at(100)).unwrap();
    assert_eq!((settled.queued, settled.skipped, settled.problems), (1, 1, 3));
    let once = VerdictCounts {
        mapped: 1,
        skipped: 1,
        rejected: 1,
        failed: 1,
        fuel: 40,
    };
    assert_eq!((counts(1), once.total()), (once, 4));
    assert_eq!(store.settle(&scheme(), &settlements, at(110)).unwrap().stale, 5);
    assert_eq!(counts(1), once, "stale ones are not counted");
    assert_eq!(store.remap_groups(&scheme(), &["CK1".into(), "CK3".into()]).unwrap(), 2);
    settle_by(store, 1, 200, |_| Some(one_document("a")));
    assert_eq!(
        counts(1),
        VerdictCounts {
            mapped: 3,
            fuel: 60,
            ..once
        },
        "each verdict counts"
    );
    assert_eq!(counts(2), VerdictCounts::default());
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    assert_eq!(store.verdict_counts(&other, 1).unwrap(), VerdictCounts::default());
}

fn whose_bytes(store: &dyn Store) {
    let made_by = || row_of(store, "CK1").unwrap().deployment;
    ingest(store, &scheme(), &orders(1), 100);
    settle_by(store, 1, 100, |_| Some(one_document("a")));
    assert_eq!(made_by(), Some(1));
    let again = |deployment, content: &str| {
        assert_eq!(store.remap_groups(&scheme(), &["CK1".into()]).unwrap(), 1);
        settle_by(store, deployment, 200, |_| Some(one_document(content)))
    };
    assert_eq!(again(2, "a").kept, 1);
    assert_eq!(made_by(), Some(1), "the same document is still the first one's");
    assert_eq!(stored(store, ALL)[0].deployment, Some(2), "the verdict is not");
    assert_eq!(again(3, "b").replaced, 1);
    assert_eq!(made_by(), Some(3));
    send_all(store, &accepted(), 300);
    ingest(store, &scheme(), &[order("CK1", "c", "1.10")], 400);
    assert_eq!(settle_by(store, 4, 400, |_| Some(one_document("c"))).changed, 1);
    assert_eq!(made_by(), Some(3), "what is written stays whose it is");
}

fn what_is_written(store: &dyn Store) {
    ingest(store, &scheme(), &orders(9), 100);
    settle_by(store, 1, 100, |key| (key != "CK9").then(|| one_document(key)));
    store.recover(EARLIER, &|_| 0).unwrap();
    settle_by(store, 2, 100, |_| Some(one_document("CK9")));
    let only = |key: &str| vec![key.to_owned()];
    assert_eq!(store.hold(&scheme(), Some(&only("CK8")), true).unwrap(), 1);
    // CK1 delivered, CK2 unknown, CK3 unsettled, CK4 conflict, CK5 refused, CK6 put off, CK7 being sent, CK8 held,
    // CK9 delivered by the second deployment.
    let put_off = Next::Queue {
        run_at: at(900),
        cause: QueueCause::Transient,
    };
    let nexts = [
        ("CK1", accepted()),
        ("CK2", ask(900)),
        ("CK3", dead(ProblemKind::Unsettled)),
        ("CK4", dead(ProblemKind::Conflict)),
        ("CK5", dead(ProblemKind::Refused)),
        ("CK6", put_off),
        ("CK9", accepted()),
    ];
    let ends: Vec<AttemptEnd> = begin(store, 200)
        .iter()
        .filter_map(|delivery| {
            let (_, next) = nexts.iter().find(|(key, _)| *key == delivery.key)?;
            Some(end(delivery, "answered", next.clone()))
        })
        .collect();
    assert_eq!(store.finish_attempts(&ends, at(210)).unwrap(), [true; 7]);
    assert_eq!(state_of(store, "CK7"), Some(DeliveryState::Sending));
    let written = |deployments: &[u64]| -> Vec<String> {
        let filter = WrittenFilter {
            deployments: deployments.to_vec(),
            ..WrittenFilter::default()
        };
        let rows = store.written(&scheme(), &filter).unwrap();
        assert!(rows.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(
            rows.iter()
                .all(|row| row.deployment.is_some_and(|made_by| deployments.contains(&made_by)))
        );
        rows.into_iter().map(|row| row.key).collect()
    };
    assert_eq!(written(&[1]), ["CK1", "CK2", "CK3", "CK4", "CK7"]);
    assert_eq!(written(&[2]), ["CK9"]);
    assert_eq!(written(&[2, 1, 1]), ["CK1", "CK2", "CK3", "CK4", "CK7", "CK9"]);
    assert_eq!(written(&[]), [""; 0]);
    assert_eq!(written(&[7]), [""; 0]);
}

fn written_pages(store: &dyn Store) {
    for n in 1..=5 {
        queued(store, &format!("CK{n}"), "a", n * 100);
        let next = if n == 5 { ask(900) } else { accepted() };
        send_all(store, &next, n * 100);
    }
    let written = |delivered: Span, after: u64, limit: usize| {
        let filter = WrittenFilter {
            deployments: vec![1],
            delivered,
            after,
            limit,
        };
        store.written(&scheme(), &filter).unwrap()
    };
    let whole = written(ALL, 0, 0);
    assert_eq!(whole.len(), 5);
    assert_eq!(written(ALL, 0, 2), whole[..2]);
    assert_eq!(written(ALL, whole[1].id, 2), whole[2..4]);
    assert_eq!(written(ALL, whole[4].id, 2), []);
    assert_eq!(written(span(Some(200), Some(300)), 0, 0), whole[1..3]);
    assert_eq!(
        written(span(Some(500), Some(500)), 0, 0),
        whole[4..],
        "of what is not known, the sending"
    );
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    let filter = WrittenFilter {
        deployments: vec![1],
        ..WrittenFilter::default()
    };
    assert_eq!(store.written(&other, &filter).unwrap(), []);
}

fn refused_again(store: &dyn Store) {
    ingest(store, &scheme(), &orders(1), 90);
    settle_by(store, 1, 90, |_| Some(one_document("a")));
    send_all(store, &accepted(), 90);
    // CK1 is written and its new revision rejected; CK2 rejected, CK3 failed, CK4 re-issued, CK5 mapped, CK6 rejected and
    // resolved by a person, CK7 rejected by another deployment, CK8 waits.
    let mut again = orders(8);
    again[0] = order("CK1", "b", "1.10");
    ingest(store, &scheme(), &again, 100);
    let refused = |key: &str| {
        let kind = match key {
            "CK3" => ProblemKind::Failed,
            "CK4" => ProblemKind::Reissued,
            _ => ProblemKind::Rejected,
        };
        Settled::Problem(report(kind, "required"))
    };
    settle_by(store, 2, 100, |key| match key {
        "CK7" | "CK8" => None,
        "CK5" => Some(one_document("a")),
        _ => Some(refused(key)),
    });
    store.recover(EARLIER, &|_| 0).unwrap();
    settle_by(store, 3, 110, |key| (key == "CK7").then(|| refused(key)));
    store.recover(EARLIER, &|_| 0).unwrap();
    let of_six: Vec<u64> = open_problems(store)
        .iter()
        .filter(|problem| problem.group == "CK6")
        .map(|problem| problem.id)
        .collect();
    assert_eq!(
        store
            .resolve_problems(&scheme(), &of_six, "王", "不用", at(120))
            .unwrap(),
        1
    );
    let generation = store.generation().unwrap();
    assert_eq!(store.remap_refused(&scheme(), 9).unwrap(), 0);
    assert_eq!(store.generation().unwrap(), generation);
    assert_eq!(store.remap_refused(&scheme(), 2).unwrap(), 2);
    assert_eq!(store.generation().unwrap(), generation + 1, "hosts notice");
    assert_eq!(store.remap_refused(&scheme(), 2).unwrap(), 0, "already due");
    let due: Vec<String> = claim(store, &scheme()).into_iter().map(|group| group.key).collect();
    assert_eq!(due, ["CK2", "CK3", "CK8"]);
}
