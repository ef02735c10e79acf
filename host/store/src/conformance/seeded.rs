//! A suite that cannot fail proves nothing: each bug here is put into a SQLite store by a trigger, and the suite must
//! notice it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use super::tests::quick_folder;
use crate::Store;
use crate::sqlite::{SqliteOptions, SqliteStore};

/// What is wrong, and the trigger that makes it so.
const BUGS: [(&str, &str); 33] = [
    (
        "delivery lease numbers start again",
        "AFTER UPDATE OF lease ON deliveries WHEN new.lease > 1
         BEGIN UPDATE deliveries SET lease = 1 WHERE id = new.id; END",
    ),
    (
        "group lease numbers start again",
        "AFTER UPDATE OF lease ON groups WHEN new.lease > 1
         BEGIN UPDATE groups SET lease = 1 WHERE id = new.id; END",
    ),
    (
        "window lease numbers stand still",
        "AFTER UPDATE OF lease ON windows BEGIN
         UPDATE windows SET lease = 1 WHERE scheme = new.scheme AND id = new.id; END",
    ),
    (
        "the mark follows every window",
        "AFTER UPDATE OF closed_at ON windows BEGIN UPDATE schemes SET mark = new.end_at WHERE id = new.scheme; END",
    ),
    (
        "the mark moves backwards",
        "AFTER UPDATE OF mark ON schemes BEGIN UPDATE schemes SET mark =
             (SELECT end_at FROM windows WHERE scheme = new.id ORDER BY id DESC LIMIT 1) WHERE id = new.id; END",
    ),
    (
        "an attempt that was none stays counted",
        "AFTER UPDATE OF attempts ON deliveries WHEN new.attempts < old.attempts
         BEGIN UPDATE deliveries SET attempts = old.attempts WHERE id = new.id; END",
    ),
    (
        "an intent is forgotten when the delivery is queued again",
        "AFTER UPDATE OF state ON deliveries WHEN new.state = 'queued'
         BEGIN UPDATE deliveries SET ever_sent = 0 WHERE id = new.id; END",
    ),
    (
        "an attempt given back fixes the bytes",
        "AFTER UPDATE OF ever_sent ON deliveries WHEN new.ever_sent < old.ever_sent AND new.defers > old.defers
         BEGIN UPDATE deliveries SET ever_sent = 1 WHERE id = new.id; END",
    ),
    (
        "the source account follows every call",
        "AFTER UPDATE OF source_account ON schemes WHEN old.source_account IS NOT NULL
         BEGIN UPDATE schemes SET source_account = 'wdt:B' WHERE id = new.id; END",
    ),
    (
        "claims are not counted",
        "AFTER UPDATE OF claims ON groups WHEN new.claims > 1 BEGIN UPDATE groups SET claims = 1 WHERE id = new.id; END",
    ),
    (
        "claims never start again",
        "AFTER UPDATE OF claims ON groups WHEN new.claims = 0 AND old.claims > 0
         BEGIN UPDATE groups SET claims = old.claims WHERE id = new.id; END",
    ),
    (
        "a person's acceptance is lost",
        "AFTER UPDATE OF accepted ON records WHEN new.accepted = 1
         BEGIN UPDATE records SET accepted = 0 WHERE id = new.id; END",
    ),
    (
        "what was mapped is asked again",
        "AFTER UPDATE OF mapped ON records WHEN new.mapped = 1
         BEGIN UPDATE records SET mapped = 0 WHERE id = new.id; END",
    ),
    (
        "waiting is cut short",
        "AFTER UPDATE OF run_at ON deliveries WHEN new.run_at > old.run_at
         BEGIN UPDATE deliveries SET run_at = old.run_at WHERE id = new.id; END",
    ),
    (
        "the quarantine is cut short",
        "AFTER UPDATE OF ask_at ON deliveries WHEN new.ask_at > new.intent_at
         BEGIN UPDATE deliveries SET ask_at = new.intent_at WHERE id = new.id; END",
    ),
    (
        "copied schemes lose their documents",
        "BEFORE INSERT ON borrowed BEGIN SELECT raise(IGNORE); END",
    ),
    (
        "other identities are not kept",
        "BEFORE INSERT ON aliases BEGIN SELECT raise(IGNORE); END",
    ),
    (
        "hosts do not notice",
        "AFTER UPDATE OF value ON meta WHEN new.name = 'generation'
         BEGIN UPDATE meta SET value = 0 WHERE name = 'generation'; END",
    ),
    (
        "a person's word becomes proof",
        "AFTER UPDATE OF settled_by ON deliveries WHEN new.settled_by IS NOT NULL
         BEGIN UPDATE deliveries SET settled_by = NULL WHERE id = new.id; END",
    ),
    (
        "a resolved problem opens again",
        "AFTER UPDATE OF resolved_at ON problems WHEN new.resolved_at IS NOT NULL
         BEGIN UPDATE problems SET resolved_at = NULL, resolved_by = NULL, note = NULL WHERE id = new.id; END",
    ),
    (
        "a problem seen again does not say so",
        "AFTER UPDATE OF seen_at ON problems WHEN new.seen_at > old.seen_at
         BEGIN UPDATE problems SET seen_at = old.seen_at WHERE id = new.id; END",
    ),
    (
        "counts drift",
        "AFTER UPDATE OF count ON tallies WHEN new.family = 'delivery' AND new.count < old.count
         BEGIN UPDATE tallies SET count = old.count
             WHERE scheme = new.scheme AND family = new.family AND word = new.word; END",
    ),
    (
        "two deployments fight for being active",
        "AFTER INSERT ON deployments WHEN new.id > 1
         BEGIN UPDATE deployments SET active = 0 WHERE scheme = new.scheme AND id = new.id; END",
    ),
    (
        "withdrawn documents are sent",
        "AFTER UPDATE OF state ON deliveries WHEN new.state = 'withdrawn'
         BEGIN UPDATE deliveries SET state = 'queued' WHERE id = new.id; END",
    ),
    (
        "a kept document becomes the last deployment's",
        "AFTER UPDATE OF deployment ON groups WHEN old.deployment IS NOT NULL
         BEGIN UPDATE deliveries SET deployment = new.deployment WHERE group_id = new.id; END",
    ),
    (
        "new bytes stay the first deployment's",
        "AFTER UPDATE OF deployment ON deliveries WHEN new.deployment <> old.deployment
         BEGIN UPDATE deliveries SET deployment = old.deployment WHERE id = new.id; END",
    ),
    (
        "verdicts are counted once",
        "AFTER UPDATE OF count ON verdicts BEGIN UPDATE verdicts SET count = 1
             WHERE scheme = new.scheme AND deployment = new.deployment AND word = new.word; END",
    ),
    (
        "a rollout's revision stands still",
        "AFTER UPDATE OF revision ON rollouts BEGIN UPDATE rollouts SET revision = 1 WHERE id = new.id; END",
    ),
    (
        "an ended shadow runs on",
        "AFTER UPDATE OF ended ON shadows WHEN new.ended IS NOT NULL
         BEGIN UPDATE shadows SET ended = NULL WHERE id = new.id; END",
    ),
    (
        "a word cannot be taken back",
        "AFTER INSERT ON acceptances WHEN new.accepted = 0 BEGIN UPDATE acceptances SET accepted = 1
             WHERE scheme = new.scheme AND pattern = new.pattern; END",
    ),
    (
        "outcomes are never corrected",
        "BEFORE UPDATE ON outcomes BEGIN SELECT raise(IGNORE); END",
    ),
    (
        "problems outlive their tenant",
        "BEFORE DELETE ON problems BEGIN SELECT raise(IGNORE); END",
    ),
    (
        "bytes outlive their tenant",
        "BEFORE DELETE ON blobs BEGIN SELECT raise(IGNORE); END",
    ),
];

#[test]
fn every_seeded_bug_is_noticed() {
    let folder = quick_folder();
    let made = Cell::new(0);
    let mut missed = Vec::new();
    for (bug, trigger) in BUGS {
        let broken = || -> Box<dyn Store> {
            made.set(made.get() + 1);
            let path = folder.path().join(format!("{}.db", made.get()));
            let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
            Connection::open(&path)
                .unwrap()
                .execute_batch(&format!("CREATE TRIGGER bug {trigger};"))
                .unwrap_or_else(|error| panic!("{bug}: {error}"));
            Box::new(store)
        };
        if catch_unwind(AssertUnwindSafe(|| super::all(&broken))).is_ok() {
            missed.push(bug);
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:#?}");
}
