//! Noticing that a plugin's files changed: times and sizes of the files below a folder, compared from one look to the
//! next. What builds leave behind is not looked at, and the number of files is bounded.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Files that are looked at.
const MOST_FILES: usize = 5_000;
/// Folders that hold what is made, not what is written.
const NOT_WATCHED: [&str; 5] = ["target", "node_modules", "build", "__pycache__", "venv"];
/// How long between two looks.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// The files as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look(Vec<(PathBuf, Option<SystemTime>, u64)>);

/// Looks at a folder, or at one file.
pub fn look(path: &Path) -> Look {
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            found.push(state(folder));
            continue;
        };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let made = NOT_WATCHED.contains(&name.as_ref()) || name.starts_with('.');
            // Links could lead anywhere, back into this folder too.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !made => folders.push(path),
                Ok(kind) if kind.is_file() && !name.starts_with('.') => found.push(state(path)),
                _ => {}
            }
            if found.len() >= MOST_FILES {
                folders.clear();
                break;
            }
        }
    }
    found.sort();
    Look(found)
}

fn state(path: PathBuf) -> (PathBuf, Option<SystemTime>, u64) {
    let data = std::fs::metadata(&path).ok();
    let modified = data.as_ref().and_then(|data| data.modified().ok());
    (path, modified, data.map_or(0, |data| data.len()))
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn changed_new_and_removed_files_are_noticed_and_builds_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cases")).unwrap();
        let case = folder.path().join("cases/one.json");
        std::fs::write(&case, "{}").unwrap();
        let first = look(folder.path());
        assert_eq!(look(folder.path()), first);
        std::fs::write(&case, "{ }").unwrap();
        let second = look(folder.path());
        assert_ne!(second, first);
        std::fs::create_dir(folder.path().join("build")).unwrap();
        std::fs::write(folder.path().join("build/x.wasm"), "x").unwrap();
        assert_eq!(look(folder.path()), second);
        std::fs::remove_file(&case).unwrap();
        assert_ne!(look(folder.path()), second);
        assert_ne!(look(&case), look(&folder.path().join("build/x.wasm")));
    }
}
