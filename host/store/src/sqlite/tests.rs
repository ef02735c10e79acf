//! What is special to the file: settings, group commit, killed processes, flipped bytes, schema steps, the lock.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;

use dukou_core::delivery::DeliveryState;
use rusqlite::Connection;

use super::{SqliteOptions, SqliteStore};
use crate::conformance::scene::*;
use crate::rows::*;
use crate::{PipelineLock, Store, StoreError};

mod change;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).unwrap()
}

fn in_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dukou.db");
    (folder, path)
}

#[test]
fn the_file_is_set_up_for_durability() {
    let (_folder, path) = in_folder();
    drop(open(&path));
    let file = Connection::open(&path).unwrap();
    let text = |pragma: &str| -> String { file.pragma_query_value(None, pragma, |row| row.get(0)).unwrap() };
    assert_eq!(text("journal_mode"), "wal");
    let auto_vacuum: i64 = file.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(auto_vacuum, 2, "incremental");
    let store = open(&path);
    let settings = store
        .writer
        .run("reading settings", |work| {
            let number = |pragma: &str| -> rusqlite::Result<i64> {
                work.sql().pragma_query_value(None, pragma, |row| row.get(0))
            };
            Ok((
                number("synchronous")?,
                number("mmap_size").unwrap_or(0),
                number("journal_size_limit")?,
            ))
        })
        .unwrap();
    assert_eq!(settings, (2, 0, 64 << 20), "full, no mapping, 64 MB");
    let loose: i64 = file
        .query_row(
            "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND strict = 0
               AND name NOT LIKE 'sqlite_%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(loose, 0, "every table is strict");
}

#[test]
fn many_callers_share_commits_and_fail_alone() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    let window = store
        .open_window(
            &scheme(),
            Some(OpenWindow {
                range: range(0, 100),
                moves_mark: true,
                at: at(0),
            }),
        )
        .unwrap()
        .unwrap();
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        for caller in 0..16u64 {
            let (store, barrier, window) = (&store, &barrier, &window);
            scope.spawn(move || {
                barrier.wait();
                let stale = caller % 4 == 0;
                let page = IngestPage {
                    window: window.id,
                    lease: if stale { 99 } else { window.lease },
                    position: caller.to_string(),
                    records: vec![order(&format!("CK{caller}"), "a", "1")],
                    at: at(1),
                };
                assert_eq!(store.ingest(&scheme(), &page).is_err(), stale, "caller {caller}");
            });
        }
    });
    assert_eq!(store.overview(&scheme()).unwrap().records.count, 12);
    assert_eq!(store.windows(&scheme(), 1).unwrap()[0].pages, 12);
    assert!(store.recount().unwrap().is_empty());
}

#[test]
fn an_operation_that_panics_takes_nobody_with_it() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    let failed = store.writer.run("panicking", |work| -> super::fault::Step<()> {
        work.scheme(&scheme())?;
        panic!("on purpose");
    });
    assert!(matches!(failed, Err(StoreError::Engine { .. })));
    assert!(store.schemes().unwrap().is_empty(), "rolled back");
    queued(&store, "CK1", "a", 100);
    assert_eq!(state_of(&store, "CK1"), Some(DeliveryState::Queued));
}

/// Not a test of its own: the process that [`a_killed_process_loses_nothing_it_was_told`] kills.
#[test]
fn killed_child() {
    let Some(path) = std::env::var_os("DUKOU_STORE_KILLED_CHILD") else {
        return;
    };
    let store = open(Path::new(&path));
    let mut out = std::io::stdout();
    for number in 0..100_000 {
        ingest(&store, &scheme(), &[order(&format!("CK{number}"), "a", "1")], 100);
        store.claim_groups(&scheme(), 1, EARLIER, 1).unwrap();
        writeln!(out, "committed {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_it_was_told() {
    let (_folder, path) = in_folder();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::tests::killed_child", "--nocapture"])
        .env("DUKOU_STORE_KILLED_CHILD", &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let committed = lines
        .map(|line| line.unwrap())
        .filter_map(|line| line.strip_prefix("committed ").map(str::to_owned))
        .nth(20)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let told: u64 = committed.parse().unwrap();
    let store = open(&path);
    let overview = store.overview(&scheme()).unwrap();
    assert!(overview.records.count > told, "{} of {told}", overview.records.count);
    assert!(store.recount().unwrap().is_empty());
    let recovered = store.recover(ME, &|_| 0).unwrap();
    assert!(recovered.groups > told, "what it had claimed is due again");
}

#[test]
fn dropped_and_opened_again_is_the_same() {
    let (_folder, path) = in_folder();
    {
        let store = open(&path);
        queued(&store, "CK1", "a", 100);
        send_all(&store, &accepted(), 200);
    }
    let store = open(&path);
    assert_eq!(state_of(&store, "CK1"), Some(DeliveryState::Delivered));
    assert_eq!(store.mark(&scheme()).unwrap(), Some(at(100)));
    drop(store);
    let clean: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT value FROM meta WHERE name = 'clean'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(clean, 1);
}

#[test]
fn only_the_last_to_leave_marks_the_file_clean() {
    let (_folder, path) = in_folder();
    let clean = || -> i64 {
        Connection::open(&path)
            .unwrap()
            .query_row("SELECT value FROM meta WHERE name = 'clean'", [], |row| row.get(0))
            .unwrap()
    };
    let host = open(&path);
    let command = open(&path);
    assert_eq!(clean(), 0);
    drop(command);
    assert_eq!(clean(), 0, "the host still has it open");
    drop(host);
    assert_eq!(clean(), 1);
}

/// Changes one byte in the middle of a stored blob.
fn flip(path: &Path, table: &str, column: &str) {
    let file = Connection::open(path).unwrap();
    let (id, mut bytes): (i64, Vec<u8>) = file
        .query_row(
            &format!("SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1"),
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    file.execute(
        &format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2"),
        (bytes, id),
    )
    .unwrap();
}

fn damaged<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Damaged { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flipped_byte_is_never_handed_on() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    ingest(&store, &scheme(), &[order("CK1", "a", "1")], 100);
    flip(&path, "revisions", "body");
    assert_eq!(damaged(store.claim_groups(&scheme(), 1, ME, 10)), "record CK1");
    assert_eq!(damaged(store.peek_groups(&scheme(), &[], 10)), "record CK1");
    assert_eq!(damaged(store.story(&scheme(), "CK1")), "record CK1");
    queued_beside(&store);
    flip(&path, "payloads", "body");
    assert_eq!(
        damaged(store.claim_deliveries(&target(), ME, 10, at(200), None)),
        "delivery CK2"
    );
    let digest = store.put_blob("plugin", b"a plugin's bytes").unwrap();
    flip(&path, "blobs", "body");
    assert!(damaged(store.blob(&digest)).starts_with("blob "));
}

/// Queues CK2 although CK1 cannot be read any more.
fn queued_beside(store: &SqliteStore) {
    let path = store.path().to_owned();
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE groups SET state = 'empty' WHERE key = 'CK1'", [])
        .unwrap();
    queued(store, "CK2", "a", 100);
}

#[test]
fn one_process_runs_the_pipeline_and_commands_work_beside_it() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    let lock = PipelineLock::acquire(&path, "serve, since 08:00", ME).unwrap();
    match PipelineLock::acquire(&path, "run", EARLIER) {
        Err(StoreError::Locked { holder }) => {
            assert!(holder.contains("serve, since 08:00"), "{holder}");
            assert!(holder.contains(&std::process::id().to_string()), "{holder}");
            assert!(holder.ends_with("since 08:00"), "no number of the run: {holder}");
        }
        other => panic!("{other:?}"),
    }
    let command = open(&path);
    queued(&store, "CK1", "a", 100);
    assert_eq!(command.hold(&scheme(), None, true).unwrap(), 1);
    assert_eq!(state_of(&store, "CK1"), Some(DeliveryState::Held));
    assert_eq!(store.generation().unwrap(), 1, "the host notices");
    drop(lock);
    PipelineLock::acquire(&path, "run", EARLIER).unwrap();
}

#[test]
fn another_schema_is_refused() {
    let (folder, path) = in_folder();
    drop(open(&path));
    let change = |sql: &str| Connection::open(&path).unwrap().execute(sql, []).unwrap();
    change("INSERT INTO migrations (version, hash) VALUES (7, x'00')");
    match SqliteStore::open(&path, SqliteOptions::default()) {
        Err(StoreError::NewerSchema { found: 7, known: 2 }) => {}
        other => panic!("{other:?}"),
    }
    change("DELETE FROM migrations WHERE version = 7");
    change("UPDATE migrations SET hash = zeroblob(32) WHERE version = 1");
    assert!(damaged(SqliteStore::open(&path, SqliteOptions::default())).starts_with("schema step 1"));
    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute("CREATE TABLE theirs (id INTEGER)", [])
        .unwrap();
    assert!(damaged(SqliteStore::open(&foreign, SqliteOptions::default())).contains("another application"));
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "not a database, but long enough to be looked at as one".repeat(100),
    )
    .unwrap();
    damaged(SqliteStore::open(&text, SqliteOptions::default()));
}

#[test]
fn a_file_left_in_disorder_is_checked() {
    let (_folder, path) = in_folder();
    {
        let store = open(&path);
        let orders: Vec<IngestRecord> = (0..200).map(|n| order(&format!("CK{n}"), "a", "1")).collect();
        ingest(&store, &scheme(), &orders, 100);
    }
    // Swap two rows inside a page of a table: SQLite itself answers queries from such a file.
    let mut bytes = std::fs::read(&path).unwrap();
    let of_records = |page: &[u8]| page.windows(9).any(|part| part == "示例店".as_bytes());
    let leaf = (1..bytes.len() / 4096)
        .map(|number| number * 4096)
        .find(|start| bytes[*start] == 0x0d && bytes[*start + 4] > 2 && of_records(&bytes[*start..*start + 4096]))
        .unwrap();
    bytes.swap(leaf + 8, leaf + 10);
    bytes.swap(leaf + 9, leaf + 11);
    std::fs::write(&path, &bytes).unwrap();
    drop(open(&path));
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE meta SET value = 0 WHERE name = 'clean'", [])
        .unwrap();
    damaged(SqliteStore::open(&path, SqliteOptions::default()));
}

#[test]
fn a_full_disk_has_its_own_error() {
    let (_folder, path) = in_folder();
    let store = open(&path);
    queued(&store, "CK1", "a", 100);
    let set_limit = |pages: i64| {
        store
            .writer
            .run("limiting the file", move |work| {
                Ok(work
                    .sql()
                    .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
            })
            .unwrap();
    };
    set_limit(1);
    let noise: String = (0..4_000u32)
        .map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761)))
        .collect();
    let full = store.put_blob("plugin", noise.repeat(8).as_bytes());
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
    set_limit(1_000_000);
    assert_eq!(send_all(&store, &accepted(), 200), 1, "works again when space returns");
    assert!(store.recount().unwrap().is_empty());
}
