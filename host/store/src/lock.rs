//! Who runs a project's pipeline (DESIGN §3): one process at a time. Commands read and write short transactions beside
//! it without this lock. The operating system releases it when the holder dies, however it dies.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::rows::Owner;

/// What stands between a holder's description and the number of its run.
const RUN: &str = ", run ";
/// The longest description of a holder that is read, in bytes.
const DESCRIPTION_BYTES: u64 = 1024;

/// Held by the process that runs the pipeline; released on drop.
#[derive(Debug)]
pub struct PipelineLock {
    file: File,
    path: PathBuf,
}

impl PipelineLock {
    /// Takes the role. `description` is what another process is told about this one: the command and since when; the
    /// process number and `owner` are added.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the holder's description; [`StoreError::Engine`] if the lock file cannot be used.
    pub fn acquire(db_path: &Path, description: &str, owner: Owner) -> Result<Self, StoreError> {
        let path = beside(db_path, ".lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    holder: describe(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(engine(error)),
        }
        let mut text = format!("process {}, {description}{RUN}", std::process::id());
        for byte in owner {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .and_then(|()| file.flush())
            .map_err(engine)?;
        Ok(Self { file, path })
    }

    /// Where the lock is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PipelineLock {
    fn drop(&mut self) {
        // The file stays: removing it would let two processes lock two different files of one name.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// `path` with `suffix` after its whole name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens a lock file without truncating what its holder wrote.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(engine)
}

fn describe(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(DESCRIPTION_BYTES).read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    // The run's number is for who looks into the file; to a person it says nothing.
    let who = text.rsplit_once(RUN).map_or(&*text, |(who, _)| who).trim();
    match read {
        Ok(_) if !who.is_empty() => who.to_owned(),
        _ => "a process that did not say who it is".to_owned(),
    }
}

pub(crate) fn engine(error: std::io::Error) -> StoreError {
    StoreError::Engine {
        doing: "locking",
        source: Box::new(error),
    }
}
