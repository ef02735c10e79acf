//! The digest of everything that decides a plugin's component: its sources, its manifest, the SDK beside them, and this
//! version of dukou. Times do not count, so copying, checking out or touching files builds nothing anew.

use std::path::{Path, PathBuf};

use dukou_core::digest::Digest;

use super::error::AuthorError;
use super::folder::{Language, PluginFolder};

/// Most files that a plugin is made of.
const MOST_FILES: u64 = 20_000;

/// Most bytes of all its files together.
const MOST_BYTES: u64 = 256 << 20;

/// Folders at the plugin's root that no component is made from.
const NOT_SOURCES: [&str; 7] = ["build", "target", "node_modules", "venv", "cases", "tests", "test"];

/// The digest of what goes into the component.
pub(super) fn digest(folder: &PluginFolder) -> Result<Digest, AuthorError> {
    let mut parts: Vec<Vec<u8>> = vec![
        env!("CARGO_PKG_VERSION").as_bytes().to_vec(),
        folder.manifest.as_bytes().to_vec(),
    ];
    if folder.language == Language::Table {
        parts.push(Digest::of(dukou_stock::TABLE).as_bytes().to_vec());
        parts.push(read(&folder.root.join(Language::Table.marker()))?);
    } else {
        for (name, path) in sources(&folder.root)? {
            parts.push(name.into_bytes());
            parts.push(read(&path)?);
        }
    }
    Ok(Digest::of_parts(parts.iter().map(Vec::as_slice)))
}

/// The source files by their path below the root, sorted.
fn sources(root: &Path) -> Result<Vec<(String, PathBuf)>, AuthorError> {
    let mut found = Vec::new();
    let (mut files, mut bytes) = (0u64, 0u64);
    let mut folders = vec![root.to_owned()];
    while let Some(dir) = folders.pop() {
        let unreadable = |source| AuthorError::Read {
            file: dir.clone(),
            source,
        };
        for entry in std::fs::read_dir(&dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(unreadable)?;
            let at_root = dir == root;
            if name.starts_with('.') || name == "__pycache__" || (at_root && NOT_SOURCES.contains(&name.as_str())) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && !(at_root && (name.ends_with(".wasm") || name.ends_with(".md"))) {
                files += 1;
                bytes += entry.metadata().map_err(unreadable)?.len();
                for (count, limit) in [(files, MOST_FILES), (bytes, MOST_BYTES)] {
                    if count > limit {
                        let dir = root.to_owned();
                        return Err(AuthorError::TooLarge { dir, limit });
                    }
                }
                let path = entry.path();
                let below = path.strip_prefix(root).unwrap_or(&path);
                found.push((below.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, AuthorError> {
    std::fs::read(file).map_err(|source| AuthorError::Read {
        file: file.to_owned(),
        source,
    })
}
