//! Opening a store file: its settings, its schema, and whether the last process left it in order.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use dukou_core::digest::Digest;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::fault::engine;
use crate::{StoreError, lock};

/// The schema's steps, in order; a step never changes once released.
const MIGRATIONS: [&str; 2] = [include_str!("migrations/0001.sql"), include_str!("migrations/0002.sql")];
/// Marks the file as ours: `duko`.
const APPLICATION_ID: i64 = 0x6475_6b6f;
/// How long a statement waits for another process's short transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// More than the statements of this crate.
const CACHED_STATEMENTS: usize = 224;

/// Texts that move or go within a page are overwritten, which costs no writing: else erasing a tenant would leave copies
/// of them in the unused part of pages that it shares with others.
pub(super) const OVERWRITING: &str = "FAST";

/// Opens the writing connection: settings, schema, check.
pub(super) fn writing(path: &Path, presence: &Presence) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(opening)?;
    settle_plans(&connection)?;
    // Before the first page is written; later it has no effect.
    connection
        .pragma_update(None, "auto_vacuum", "INCREMENTAL")
        .map_err(opening)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(opening)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(opening)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(opening)?;
    connection
        .pragma_update(None, "journal_size_limit", 64 << 20)
        .map_err(opening)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(opening)?;
    connection
        .pragma_update_and_check(None, "secure_delete", OVERWRITING, |_| Ok(()))
        .map_err(opening)?;
    // Copies of changed pages for savepoints go to memory, not to a file that is written for nothing.
    connection
        .pragma_update(None, "temp_store", "MEMORY")
        .map_err(opening)?;
    connection.pragma_update(None, "cache_size", -32_768).map_err(opening)?;
    migrate(&mut connection)?;
    if presence.alone {
        check_if_left_in_disorder(&connection, path)?;
        set_clean(&connection, false).map_err(opening)?;
    }
    Ok(connection)
}

/// Brings the write-ahead log into the file and empties it, as far as nobody reads from it just now.
pub(super) fn empty_log(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(opening)?;
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(opening)
}

/// Opens one reading connection.
pub(super) fn reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(opening)?;
    settle_plans(&connection)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(opening)?;
    connection.pragma_update(None, "cache_size", -16_384).map_err(opening)?;
    Ok(connection)
}

/// Statements are planned once: without the stability guarantee, SQLite plans again for every value that is compared with
/// a column of a partial index.
fn settle_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
        .map_err(opening)
}

fn opening(error: rusqlite::Error) -> StoreError {
    engine(error, "opening the store")
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(opening)?;
    let ours: i64 = transaction
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(opening)?;
    if ours != APPLICATION_ID {
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(opening)?;
        if ours != 0 || tables != 0 {
            return Err(StoreError::Damaged {
                what: "the database file (it belongs to another application)".to_owned(),
            });
        }
        transaction
            .execute_batch("CREATE TABLE migrations (version INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT")
            .map_err(opening)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(opening)?;
    }
    let found: u32 = transaction
        .query_row("SELECT coalesce(max(version), 0) FROM migrations", [], |row| row.get(0))
        .map_err(opening)?;
    let known = MIGRATIONS.len() as u32;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for (version, sql) in (1u32..).zip(MIGRATIONS) {
        let hash = *Digest::of(sql.as_bytes()).as_bytes();
        let applied: Option<[u8; 32]> = transaction
            .query_row("SELECT hash FROM migrations WHERE version = ?1", [version], |row| {
                row.get(0)
            })
            .optional()
            .map_err(opening)?;
        match applied {
            Some(applied) if applied == hash => {}
            Some(_) => {
                return Err(StoreError::Damaged {
                    what: format!("schema step {version} (the file was made by another edition of it)"),
                });
            }
            None => {
                transaction.execute_batch(sql).map_err(opening)?;
                transaction
                    .execute(
                        "INSERT INTO migrations (version, hash) VALUES (?1, ?2)",
                        params![version, hash],
                    )
                    .map_err(opening)?;
            }
        }
    }
    transaction.commit().map_err(opening)
}

/// A full check of a large file takes minutes, so only a file that was not closed cleanly pays for it.
fn check_if_left_in_disorder(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let clean: i64 = connection
        .query_row("SELECT value FROM meta WHERE name = 'clean'", [], |row| row.get(0))
        .map_err(opening)?;
    if clean == 1 {
        return Ok(());
    }
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(opening)?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged {
            what: format!("{} ({found})", path.display()),
        })
    }
}

fn set_clean(connection: &Connection, clean: bool) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE meta SET value = ?1 WHERE name = 'clean'", [i64::from(clean)])
        .map(drop)
}

/// Who has the file open: every process holds a shared lock on `<db>.open`. The first to come checks whether the file
/// was left in order, the last to leave marks it so; commands beside a running host do neither. It is not a lock on the
/// database itself, whose file handle must not be opened a second time (POSIX locks end with any handle's close).
#[derive(Debug)]
pub(super) struct Presence {
    file: File,
    /// Nobody else had the file open.
    alone: bool,
}

impl Presence {
    /// Joins.
    pub(super) fn enter(path: &Path) -> Result<Self, StoreError> {
        let file = lock::open(&lock::beside(path, ".open"))?;
        let alone = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => {
                // Another process checks right now or has it open; a shared lock comes when it is done checking.
                file.lock_shared().map_err(lock::engine)?;
                false
            }
            Err(TryLockError::Error(error)) => return Err(lock::engine(error)),
        };
        Ok(Self { file, alone })
    }

    /// The check is done: others may join.
    pub(super) fn checked(&mut self) -> Result<(), StoreError> {
        if self.alone {
            self.file.unlock().map_err(lock::engine)?;
            self.file.lock_shared().map_err(lock::engine)?;
        }
        Ok(())
    }

    /// Leaves; the last one marks the file as closed cleanly.
    pub(super) fn leave(&self, connection: &Connection) {
        let last = self.file.unlock().is_ok() && self.file.try_lock().is_ok();
        if last {
            // If this fails, the next opening pays for a check: nothing is lost.
            let _ = set_clean(connection, true);
        }
    }
}
