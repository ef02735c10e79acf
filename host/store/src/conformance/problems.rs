//! Problems.

use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::show::Shown;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("the same open problem is one row", one_row_per_problem),
    (
        "a newer verdict resolves the older one's problem",
        a_newer_verdict_resolves,
    ),
    ("problems are found by scheme, fingerprint, number and key", found_by),
    ("a person resolves by number", resolved_by_number),
];

fn unreadable(key: &str) -> NewProblem {
    NewProblem {
        report: report(ProblemKind::Unreadable, "key.missing"),
        key: key.into(),
        shown: Shown {
            amount: Some("3.30".parse().unwrap()),
            ..Shown::default()
        },
        body: Some("{}".into()),
    }
}

fn one_row_per_problem(store: &dyn Store) {
    let first = store.open_problem(&scheme(), &unreadable("row-1"), at(100)).unwrap();
    let again = store.open_problem(&scheme(), &unreadable("row-1"), at(200)).unwrap();
    let other = store.open_problem(&scheme(), &unreadable("row-2"), at(300)).unwrap();
    assert_eq!(first, again);
    assert_ne!(first, other);
    let open = open_problems(store);
    assert_eq!(
        open.iter().map(|problem| problem.id).collect::<Vec<_>>(),
        [other, first],
        "newest first"
    );
    assert_eq!((open[1].opened_at, open[1].seen_at), (at(100), at(200)));
    assert_eq!(open[0].fingerprint, open[1].fingerprint, "one cause");
    store
        .resolve_problems(&scheme(), &[first], "王", "测试单", at(400))
        .unwrap();
    let new = store.open_problem(&scheme(), &unreadable("row-1"), at(500)).unwrap();
    assert_ne!(new, first, "a resolved one stays resolved");
}

fn a_newer_verdict_resolves(store: &dyn Store) {
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    let rejected = |code: &str| Settled::Problem(report(ProblemKind::Rejected, code));
    settle_all(store, &scheme(), &rejected("required"), 100);
    assert_eq!(standing(store, "CK1"), "problem");
    store.remap_groups(&scheme(), &["CK1".into()]).unwrap();
    assert_eq!(standing(store, "CK1"), "waiting");
    settle_all(store, &scheme(), &rejected("required"), 200);
    let open = open_problems(store);
    assert_eq!(
        (open.len(), open[0].opened_at, open[0].seen_at),
        (1, at(100), at(200)),
        "the same is seen again"
    );
    store.remap_groups(&scheme(), &["CK1".into()]).unwrap();
    settle_all(store, &scheme(), &rejected("type"), 300);
    let open = open_problems(store);
    assert_eq!((open.len(), open[0].code.as_str()), (1, "type"));
    store.remap_groups(&scheme(), &["CK1".into()]).unwrap();
    settle_all(store, &scheme(), &mapped(&[document("", "a")]), 400);
    assert!(open_problems(store).is_empty());
    let all = ProblemFilter {
        resolved_too: true,
        ..ProblemFilter::default()
    };
    let resolved = store.problems(&all).unwrap();
    assert_eq!(resolved.len(), 2);
    assert!(resolved.iter().all(|problem| problem.resolved.is_some()));
}

fn found_by(store: &dyn Store) {
    let copy = SchemeName::new("default", "copied");
    let first = store.open_problem(&scheme(), &unreadable("row-1"), at(100)).unwrap();
    let second = store.open_problem(&copy, &unreadable("row-1"), at(200)).unwrap();
    let grouped = IngestRecord {
        group: "G1".into(),
        ..order("CK1", "a", "1")
    };
    ingest(store, &scheme(), &[grouped], 300);
    settle_all(store, &scheme(), &mapped(&[document("-p2", "a")]), 300);
    send_all(store, &dead(ProblemKind::Refused), 300);
    let found = |filter: ProblemFilter| -> Vec<u64> {
        store
            .problems(&filter)
            .unwrap()
            .iter()
            .map(|problem| problem.id)
            .collect()
    };
    let third = *found(ProblemFilter::default()).first().unwrap();
    let by_key = |key: &str| ProblemFilter {
        key: Some(key.into()),
        ..ProblemFilter::default()
    };
    assert_eq!(found(ProblemFilter::default()), [third, second, first]);
    for key in ["CK1", "G1", "G1-p2"] {
        assert_eq!(found(by_key(key)), [third], "{key}");
    }
    assert_eq!(found(by_key("row-1")), [second, first]);
    let fingerprint = unreadable("x").report.fingerprint();
    let filter = ProblemFilter {
        scheme: Some(copy),
        fingerprint: Some(fingerprint),
        ..ProblemFilter::default()
    };
    assert_eq!(found(filter), [second]);
    let filter = ProblemFilter {
        ids: vec![first, third],
        limit: 1,
        ..ProblemFilter::default()
    };
    assert_eq!(found(filter), [third]);
}

fn resolved_by_number(store: &dyn Store) {
    let first = store.open_problem(&scheme(), &unreadable("row-1"), at(100)).unwrap();
    let before = store.generation().unwrap();
    let resolve =
        |scheme: &SchemeName, ids: &[u64]| store.resolve_problems(scheme, ids, "王", "已处理", at(200)).unwrap();
    assert_eq!(
        resolve(&SchemeName::new("lanmao", "wdt-to-tplus"), &[first]),
        0,
        "not another tenant's"
    );
    assert_eq!(resolve(&scheme(), &[first, 999]), 1);
    assert_eq!(resolve(&scheme(), &[first]), 0);
    assert_eq!(store.generation().unwrap(), before + 1);
    let all = ProblemFilter {
        resolved_too: true,
        ..ProblemFilter::default()
    };
    assert_eq!(
        store.problems(&all).unwrap()[0].resolved,
        Some((at(200), "王".into(), "已处理".into()))
    );
    queued(store, "CK1", "a", 300);
    send_all(store, &dead(ProblemKind::Unsettled), 300);
    let ids: Vec<u64> = open_problems(store).iter().map(|problem| problem.id).collect();
    assert_eq!(resolve(&scheme(), &ids), 1);
    assert_eq!(
        standing(store, "CK1"),
        "skipped",
        "a person closed it without a delivery"
    );
}
