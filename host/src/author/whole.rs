//! Files written whole or not at all: beside their place first, then moved there, so that whoever reads meanwhile sees
//! the old one or the new one.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::AuthorError;

static TURN: AtomicU64 = AtomicU64::new(0);

/// Replaces a file, or makes it and the folders it lies in.
///
/// # Errors
/// [`AuthorError::Write`]; the old file is as it was then.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<(), AuthorError> {
    let failed = |source| AuthorError::Write {
        file: file.to_owned(),
        source,
    };
    let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(failed(std::io::ErrorKind::InvalidFilename.into()));
    };
    if !parent.as_os_str().is_empty() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    // Of its own for each writer: two that write the same file at once must not move each other's half.
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let beside = parent.join(format!(".{}.{}-{turn}.new", name.to_string_lossy(), std::process::id()));
    std::fs::File::create(&beside)
        .and_then(|mut out| {
            out.write_all(bytes)?;
            out.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(failed)
}
