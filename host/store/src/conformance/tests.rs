//! The suite on both stores.

use std::path::Path;

use crate::Store;
use crate::memory::MemoryStore;
use crate::sqlite::{SqliteOptions, SqliteStore};

/// A folder in memory where there is one: these tests are about what is stored, not about how long a disk takes.
pub(crate) fn quick_folder() -> tempfile::TempDir {
    let shared_memory = Path::new("/dev/shm");
    if shared_memory.is_dir() {
        tempfile::tempdir_in(shared_memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

#[test]
fn the_memory_store_keeps_every_promise() {
    super::all(&|| Box::new(MemoryStore::new()));
}

#[test]
fn the_sqlite_store_keeps_every_promise() {
    let folder = quick_folder();
    let made = std::cell::Cell::new(0);
    super::all(&|| {
        made.set(made.get() + 1);
        let path = folder.path().join(format!("{}.db", made.get()));
        let store: Box<dyn Store> = Box::new(SqliteStore::open(&path, SqliteOptions::default()).unwrap());
        store
    });
}
