//! Windows, pages, the mark.

use super::Promise;
use super::scene::*;
use crate::rows::*;
use crate::{Store, StoreError};

pub(super) const PROMISES: &[Promise] = &[
    ("a page stores records, position and counts", a_page_is_stored),
    ("the same page again changes nothing", again_changes_nothing),
    (
        "a changed body is a new revision and due again",
        a_changed_body_is_due_again,
    ),
    (
        "a body that returns to an earlier one is a revision too",
        back_to_the_first_body,
    ),
    (
        "a taken-over window refuses its former holder",
        a_former_holder_is_refused,
    ),
    ("a closed window takes no more pages", a_closed_window_is_closed),
    ("the mark never moves backwards", the_mark_never_moves_backwards),
    ("schemes and tenants do not see one another", tenants_are_apart),
    ("the first source account stays", the_first_source_account_stays),
];

fn open(store: &dyn Store, from: i64, to: i64, moves_mark: bool) -> Window {
    let open = OpenWindow {
        range: range(from, to),
        moves_mark,
        at: at(to),
    };
    store.open_window(&scheme(), Some(open)).unwrap().unwrap()
}

fn page(window: &Window, position: &str, records: Vec<IngestRecord>) -> IngestPage {
    IngestPage {
        window: window.id,
        lease: window.lease,
        position: position.into(),
        records,
        at: at(100),
    }
}

fn a_page_is_stored(store: &dyn Store) {
    assert_eq!(store.open_window(&scheme(), None).unwrap(), None);
    let window = open(store, 0, 100, true);
    assert_eq!((window.id, window.lease, window.position.clone()), (1, 1, None));
    let orders = vec![order("CK1", "a", "1"), order("CK2", "b", "2")];
    let counts = store.ingest(&scheme(), &page(&window, "p2", orders)).unwrap();
    assert_eq!((counts.new, counts.changed, counts.known), (2, 0, 0));
    let seen = store.windows(&scheme(), 10).unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].pages, seen[0].rows, seen[0].position.as_deref()),
        (1, 2, Some("p2"))
    );
    assert_eq!(
        store.mark(&scheme()).unwrap(),
        None,
        "the mark waits for the window's end"
    );
    store.close_window(&scheme(), window.id, window.lease, at(101)).unwrap();
    assert_eq!(store.mark(&scheme()).unwrap(), Some(at(100)));
    assert_eq!(store.windows(&scheme(), 10).unwrap()[0].closed_at, Some(at(101)));
    let second = open(store, 90, 200, true);
    assert_eq!(second.id, 2);
    assert_eq!(store.windows(&scheme(), 10).unwrap()[0].id, 2, "newest first");
    assert_eq!(store.windows(&scheme(), 1).unwrap().len(), 1);
}

fn again_changes_nothing(store: &dyn Store) {
    let window = open(store, 0, 100, true);
    let page = page(&window, "p2", vec![order("CK1", "a", "1"), order("CK1", "a", "1")]);
    let counts = store.ingest(&scheme(), &page).unwrap();
    assert_eq!((counts.new, counts.known), (1, 1));
    let groups = claim(store, &scheme());
    let counts = store.ingest(&scheme(), &page).unwrap();
    assert_eq!((counts.new, counts.changed, counts.known), (0, 0, 2));
    let settled = [settlement(&groups[0], mapped(&[document("", "a")]))];
    assert_eq!(
        store.settle(&scheme(), &settled, at(100)).unwrap().queued,
        1,
        "the claim still held"
    );
    store.ingest(&scheme(), &page).unwrap();
    assert!(claim(store, &scheme()).is_empty());
    assert_eq!(store.story(&scheme(), "CK1").unwrap().unwrap().revisions.len(), 1);
}

fn a_changed_body_is_due_again(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    let counts = ingest(store, &scheme(), &[order("CK1", "b", "2")], 200);
    assert_eq!((counts.new, counts.changed, counts.known), (0, 1, 0));
    let groups = claim(store, &scheme());
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].records[0].body, order("CK1", "b", "2").body);
    assert_eq!(groups[0].records[0].received_at, "2026-11-01T00:03:20.000Z");
    assert_eq!(groups[0].shown.amount, Some("2".parse().unwrap()));
    let story = store.story(&scheme(), "CK1").unwrap().unwrap();
    assert_eq!(story.record.revision, 2);
    let bodies: Vec<(u64, String)> = story.revisions.into_iter().map(|(n, _, body)| (n, body)).collect();
    assert_eq!(
        bodies,
        [(1, order("CK1", "a", "1").body), (2, order("CK1", "b", "2").body)]
    );
}

fn back_to_the_first_body(store: &dyn Store) {
    queued(store, "CK1", "a", 100);
    ingest(store, &scheme(), &[order("CK1", "b", "2")], 200);
    let counts = ingest(store, &scheme(), &[order("CK1", "a", "1")], 300);
    assert_eq!(counts.changed, 1, "else the documents of b would stand for a");
    assert_eq!(claim(store, &scheme())[0].records[0].body, order("CK1", "a", "1").body);
}

fn a_former_holder_is_refused(store: &dyn Store) {
    let first = open(store, 0, 100, true);
    store
        .ingest(&scheme(), &page(&first, "p2", vec![order("CK1", "a", "1")]))
        .unwrap();
    let taken = store.open_window(&scheme(), None).unwrap().unwrap();
    assert_eq!((taken.id, taken.lease), (first.id, first.lease + 1));
    assert_eq!(taken.position.as_deref(), Some("p2"), "work goes on where it stopped");
    let refused = store.ingest(&scheme(), &page(&first, "p3", vec![order("CK2", "b", "2")]));
    assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    let refused = store.close_window(&scheme(), first.id, first.lease, at(100));
    assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    assert_eq!(
        store.story(&scheme(), "CK2").unwrap(),
        None,
        "nothing of a refused page stays"
    );
    let other = open(store, 500, 600, true);
    assert_eq!(
        (other.id, other.lease, other.range),
        (1, 3, range(0, 100)),
        "unfinished first"
    );
}

fn a_closed_window_is_closed(store: &dyn Store) {
    let window = open(store, 0, 100, true);
    store.close_window(&scheme(), window.id, window.lease, at(100)).unwrap();
    store.close_window(&scheme(), window.id, window.lease, at(150)).unwrap();
    assert_eq!(
        store.windows(&scheme(), 1).unwrap()[0].closed_at,
        Some(at(100)),
        "again is harmless"
    );
    let refused = store.ingest(&scheme(), &page(&window, "p2", vec![order("CK1", "a", "1")]));
    assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    let unknown = store.close_window(&scheme(), 99, 1, at(100));
    assert!(matches!(unknown, Err(StoreError::Stale { .. })), "{unknown:?}");
}

fn the_mark_never_moves_backwards(store: &dyn Store) {
    for (from, to, moves, mark) in [
        (0, 500, true, 500),
        (0, 300, true, 500),
        (0, 900, false, 500),
        (400, 600, true, 600),
    ] {
        let window = open(store, from, to, moves);
        store.close_window(&scheme(), window.id, window.lease, at(to)).unwrap();
        assert_eq!(store.mark(&scheme()).unwrap(), Some(at(mark)), "after {from}..{to}");
    }
}

fn tenants_are_apart(store: &dyn Store) {
    let other = dukou_core::names::SchemeName::new("lanmao", "wdt-to-tplus");
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    assert_eq!(store.mark(&other).unwrap(), None);
    assert_eq!(store.story(&other, "CK1").unwrap(), None);
    assert!(claim(store, &other).is_empty());
    let counts = ingest(store, &other, &[order("CK1", "a", "1")], 200);
    assert_eq!(counts.new, 1);
    assert_eq!(store.mark(&scheme()).unwrap(), Some(at(100)));
    assert_eq!(store.schemes().unwrap(), [scheme(), other]);
}

fn the_first_source_account_stays(store: &dyn Store) {
    let other = dukou_core::names::SchemeName::new("lanmao", "wdt-to-tplus");
    assert_eq!(
        store.source_account(&scheme(), "wdt:A").unwrap(),
        "wdt:A",
        "before any window"
    );
    assert_eq!(store.source_account(&scheme(), "wdt:B").unwrap(), "wdt:A");
    assert_eq!(store.source_account(&other, "wdt:B").unwrap(), "wdt:B");
    assert_eq!(store.mark(&scheme()).unwrap(), None);
    ingest(store, &scheme(), &[order("CK1", "a", "1")], 100);
    assert_eq!(store.mark(&scheme()).unwrap(), Some(at(100)));
    assert_eq!(store.source_account(&scheme(), "wdt:B").unwrap(), "wdt:A");
    assert_eq!(store.schemes().unwrap(), [scheme(), other]);
}
