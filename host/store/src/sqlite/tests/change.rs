//! What is special to the file in the change gate: files of schema 1, a bounded memory, pages without sorting, and what
//! erasing leaves in the file.

use std::path::Path;

use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, params};

use super::{damaged, in_folder, open};
use crate::Store;
use crate::conformance::scene::*;
use crate::rows::*;
use crate::sqlite::packed::pack;
use crate::sqlite::values::ms;
use crate::sqlite::{SqliteOptions, SqliteStore, history, open as opening};

const FIRST_STEP: &str = include_str!("../migrations/0001.sql");

/// A file as schema 1 left it: one order, mapped and delivered under one deployment.
fn made_by_schema_1(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "application_id", 0x6475_6b6f).unwrap();
    file.execute_batch("CREATE TABLE migrations (version INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT")
        .unwrap();
    file.execute_batch(FIRST_STEP).unwrap();
    let hash = *Digest::of(FIRST_STEP.as_bytes()).as_bytes();
    file.execute("INSERT INTO migrations (version, hash) VALUES (1, ?1)", [hash])
        .unwrap();
    let (name, target, order) = (scheme(), target(), order("CK1", "a", "10.10"));
    file.execute(
        "INSERT INTO schemes (id, tenant, name) VALUES (1, ?1, ?2)",
        params![name.tenant, name.name],
    )
    .unwrap();
    file.execute(
        "INSERT INTO targets (id, tenant, account, api) VALUES (1, ?1, ?2, ?3)",
        params![target.tenant, target.account, target.api],
    )
    .unwrap();
    let bytes = *recipe().as_bytes();
    file.execute(
        "INSERT INTO groups (id, scheme, key, state, recipe, settled_at, standing, members, amount)
         VALUES (1, 1, 'CK1', 'mapped', ?1, ?2, 'delivered', 1, '10.10')",
        params![bytes, ms(at(100))],
    )
    .unwrap();
    let body = pack(order.body.as_bytes()).unwrap();
    file.execute(
        "INSERT INTO records (id, scheme, key, group_id, revision, hash, received_at, amount, columns, aliases)
         VALUES (1, 1, 'CK1', 1, 1, ?1, ?2, '10.10', '[]', '[]')",
        params![body.hash.as_bytes(), ms(at(100))],
    )
    .unwrap();
    file.execute(
        "INSERT INTO revisions (record, revision, received_at, hash, body) VALUES (1, 1, ?1, ?2, ?3)",
        params![ms(at(100)), body.hash.as_bytes(), body.bytes],
    )
    .unwrap();
    file.execute(
        "INSERT INTO deliveries (id, scheme, group_id, target, key, state, ever_sent, run_at, intent_at, queued_at,
                                 delivered_at, amount, recipe)
         VALUES (1, 1, 1, 1, 'CK1', 'delivered', 1, ?1, ?1, ?1, ?1, '10.10', ?2)",
        params![ms(at(100)), bytes],
    )
    .unwrap();
    let document = pack(document("", "a").body.as_bytes()).unwrap();
    file.execute(
        "INSERT INTO payloads (delivery, hash, body) VALUES (1, ?1, ?2)",
        params![document.hash.as_bytes(), document.bytes],
    )
    .unwrap();
    file.execute(
        "INSERT INTO deployments (scheme, id, digest, definition, plugins, tables, by, note, at, active)
         VALUES (1, 1, ?1, '{}', '[]', '[]', '王', '', ?2, 1)",
        params![bytes, ms(at(50))],
    )
    .unwrap();
    file.execute_batch(
        "INSERT INTO tallies (scheme, family, word, count, records, amount)
         VALUES (1, 'standing', 'delivered', 1, 1, '10.10'), (1, 'delivery', 'delivered', 1, 0, '10.10')",
    )
    .unwrap();
}

#[test]
fn a_file_of_schema_1_opens_and_goes_on() {
    assert_eq!(
        Digest::of(FIRST_STEP.as_bytes()).to_string(),
        "cae8df9562cc6a74b66361d63e5523189ee1e72dea076fccd8cfef5e3fff44e1",
        "a released step never changes"
    );
    let (_folder, path) = in_folder();
    made_by_schema_1(&path);
    for _ in 0..2 {
        let store = open(&path);
        assert_eq!(store.recount().unwrap(), Vec::<String>::new());
        let row = row_of(&store, "CK1").unwrap();
        assert_eq!((row.deployment, row.reference), (None, None));
        let active = store.active(&scheme()).unwrap().unwrap();
        assert_eq!((active.id, active.what.evidence.as_str()), (1, "{}"));
        let groups = store.stored_groups(&scheme(), Span::default(), 0, 10).unwrap();
        assert_eq!((groups.len(), groups[0].deployment), (1, None));
        assert_eq!(groups[0].records[0].body, order("CK1", "a", "10.10").body);
        let filter = WrittenFilter {
            deployments: vec![1],
            ..WrittenFilter::default()
        };
        assert_eq!(
            store.written(&scheme(), &filter).unwrap(),
            [],
            "nobody knows whose it is"
        );
        assert_eq!(store.verdict_counts(&scheme(), 1).unwrap().total(), 0);
    }
    let store = open(&path);
    ingest(&store, &scheme(), &[order("CK1", "b", "10.10")], 200);
    let counts = settle_all(&store, &scheme(), &mapped(&[document("", "a")]), 200);
    assert_eq!(
        (counts.kept, store.verdict_counts(&scheme(), 1).unwrap().mapped),
        (1, 1)
    );
    assert_eq!(row_of(&store, "CK1").unwrap().deployment, None, "kept");
    assert_eq!(store.recount().unwrap(), Vec::<String>::new());
}

#[test]
fn the_memory_of_outcomes_is_bounded() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    let remember = |numbers: std::ops::Range<u64>| {
        let outcomes: Vec<(Digest, Digest, u64)> = numbers
            .map(|n| (Digest::of(&n.to_le_bytes()), Digest::of(b"outcome"), n))
            .collect();
        let page = outcomes.clone();
        store
            .writer
            .run("remembering", move |work| {
                history::remember_outcomes(work, &page, at(0), 10)
            })
            .unwrap();
        let recipes: Vec<Digest> = outcomes.iter().map(|(recipe, ..)| *recipe).collect();
        store.known_outcomes(&recipes).unwrap().iter().flatten().count()
    };
    assert_eq!(remember(0..8), 8);
    assert_eq!(remember(4..8), 4, "known ones make no room");
    assert_eq!(remember(8..14), 6);
    let recipes: Vec<Digest> = (0..14u64).map(|n| Digest::of(&n.to_le_bytes())).collect();
    let known: Vec<bool> = store
        .known_outcomes(&recipes)
        .unwrap()
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(known, [[false; 4].as_slice(), &[true; 10]].concat(), "the oldest went");
    assert_eq!(remember(20..45), 10, "of one page, too");
}

#[test]
fn what_was_decided_is_counted_again() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    queued(&store, "CK1", "a", 100);
    assert_eq!(store.recount().unwrap(), Vec::<String>::new());
    Connection::open(&path)
        .unwrap()
        .execute("DELETE FROM verdicts", [])
        .unwrap();
    assert_eq!(store.recount().unwrap().len(), 1);
}

#[test]
fn pages_of_stored_groups_are_neither_sorted_nor_searched_for() {
    let (_folder, path) = in_folder();
    drop(open(&path));
    let file = Connection::open(&path).unwrap();
    let plan = |query: &str| -> Vec<String> {
        let mut statement = file.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let parameters = statement.parameter_count();
        let rows = statement.query_map(rusqlite::params_from_iter(vec![1; parameters]), |row| row.get(3));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    for query in [history::PAGE, history::COUNT] {
        let steps = plan(query).join("; ");
        assert!(steps.contains("COVERING INDEX records_stored"), "{steps}");
        assert!(!steps.contains("TEMP B-TREE"), "{steps}");
    }
}

fn theirs() -> SchemeName {
    SchemeName::new("lanmao", "wdt-to-tplus")
}

/// Orders of both tenants side by side, delivered; some of theirs rejected. Theirs carry `LANMAO` in every text.
fn two_tenants(store: &SqliteStore) {
    let target_of = |scheme: &SchemeName| TargetName {
        tenant: scheme.tenant.clone(),
        ..target()
    };
    for round in 0..30i64 {
        for name in [scheme(), theirs()] {
            let mark = if name == theirs() { "LANMAO" } else { "OURS" };
            let orders: Vec<IngestRecord> = (0..10)
                .map(|n| {
                    let mut order = order(&format!("CK-{mark}-{round}-{n}"), mark, "1.10");
                    order.shown.columns = vec![format!("{mark} 示例店")];
                    order
                })
                .collect();
            ingest(store, &name, &orders, 100 + round);
            let settlements: Vec<Settlement> = claim(store, &name)
                .iter()
                .map(|group| {
                    let outcome = if group.key.ends_with('7') {
                        let message = format!("{mark} has no customer");
                        Settled::Problem(dukou_core::problem::ProblemReport {
                            message,
                            ..report(ProblemKind::Rejected, "required")
                        })
                    } else {
                        mapped(&[document("", mark)])
                    };
                    Settlement {
                        target: target_of(&name),
                        ..settlement(group, outcome)
                    }
                })
                .collect();
            store.settle(&name, &settlements, at(100 + round)).unwrap();
            let claimed = store
                .claim_deliveries(&target_of(&name), ME, 100, at(100 + round), None)
                .unwrap();
            let starts: Vec<AttemptStart> = claimed
                .iter()
                .map(|delivery| AttemptStart {
                    id: delivery.id,
                    lease: delivery.lease,
                    request: format!("POST {mark}"),
                })
                .collect();
            store.begin_attempts(&starts, at(100 + round)).unwrap();
            let ends: Vec<AttemptEnd> = claimed
                .iter()
                .map(|delivery| end(delivery, "accepted", accepted()))
                .collect();
            store.finish_attempts(&ends, at(100 + round)).unwrap();
        }
    }
}

/// How often the file and its log hold `text`.
fn held(path: &Path, text: &str) -> usize {
    let log = crate::lock::beside(path, "-wal");
    [path, &log]
        .into_iter()
        .filter_map(|file| std::fs::read(file).ok())
        .map(|bytes| {
            bytes
                .windows(text.len())
                .filter(|part| *part == text.as_bytes())
                .count()
        })
        .sum()
}

#[test]
fn erasing_leaves_nothing_in_the_file() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    two_tenants(&store);
    for subject in [
        "lanmao/wdt-to-tplus: CK-LANMAO-1-1",
        "lanmao/wdt-to-tplus",
        "wdt-to-tplus: CK-OURS-1-1",
    ] {
        let entry = AuditEntry {
            at: at(300),
            by: "王".into(),
            command: "problem retry".into(),
            subject: subject.into(),
        };
        store.audit(&entry).unwrap();
    }
    opening::empty_log(&path).unwrap();
    let (theirs_before, ours_before) = (held(&path, "LANMAO"), held(&path, "OURS"));
    assert!(
        theirs_before > 1_000 && ours_before > 1_000,
        "{theirs_before} {ours_before}"
    );
    let overview = store.overview(&scheme()).unwrap();
    let Erased::Done(rows) = store.erase_tenant("lanmao", at(400), "王").unwrap() else {
        panic!("nothing moves");
    };
    assert_eq!(
        (rows.schemes, rows.records, rows.deliveries, rows.problems),
        (1, 300, 270, 30)
    );
    assert_eq!(held(&path, "LANMAO"), 0);
    assert!(held(&path, "OURS") > 1_000);
    assert_eq!(store.overview(&scheme()).unwrap(), overview);
    assert_eq!(store.recount().unwrap(), Vec::<String>::new());
    let file = Connection::open(&path).unwrap();
    let astray: i64 = file
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(astray, 0, "every reference leads somewhere");
    let mut subjects = file.prepare("SELECT command, subject FROM audit ORDER BY id").unwrap();
    let subjects: Vec<(String, String)> = subjects
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let texts: Vec<&str> = subjects.iter().map(|(_, subject)| subject.as_str()).collect();
    assert_eq!(
        texts[..3],
        ["lanmao: erased", "lanmao: erased", "wdt-to-tplus: CK-OURS-1-1"]
    );
    assert_eq!((subjects.len(), subjects[3].0.as_str()), (4, "tenant erase"));
    assert!(texts[3].starts_with("lanmao: 1 schemes, 300 records"), "{}", texts[3]);
}

/// Whether the writing connection checks references, and whether it overwrites everything that it deletes.
fn flags(store: &SqliteStore) -> (i64, i64) {
    store
        .writer
        .run("reading flags", |work| {
            let number = |pragma: &str| work.sql().pragma_query_value(None, pragma, |row| row.get(0));
            Ok((number("foreign_keys")?, number("secure_delete")?))
        })
        .unwrap()
}

#[test]
fn an_erasing_that_fails_changes_nothing() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    let usual = flags(&store);
    assert_eq!(usual.0, 1);
    two_tenants(&store);
    let before = (store.overview(&theirs()).unwrap(), store.generation().unwrap());
    let file = Connection::open(&path).unwrap();
    file.execute_batch("CREATE TRIGGER late BEFORE DELETE ON schemes BEGIN SELECT raise(ABORT, 'on purpose'); END;")
        .unwrap();
    assert!(store.erase_tenant("lanmao", at(400), "王").is_err());
    assert_eq!(flags(&store), usual);
    assert_eq!(
        (store.overview(&theirs()).unwrap(), store.generation().unwrap()),
        before
    );
    assert_eq!(store.recount().unwrap(), Vec::<String>::new());
    file.execute_batch("DROP TRIGGER late").unwrap();
    assert!(matches!(
        store.erase_tenant("lanmao", at(400), "王").unwrap(),
        Erased::Done(_)
    ));
    assert_eq!(flags(&store), usual);
}

#[test]
fn a_flipped_byte_is_never_replayed() {
    let (_folder, path) = in_folder();
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    ingest(&store, &scheme(), &[order("CK1", "a", "1")], 100);
    super::flip(&path, "revisions", "body");
    assert_eq!(
        damaged(store.stored_groups(&scheme(), Span::default(), 0, 10)),
        "record CK1"
    );
}
