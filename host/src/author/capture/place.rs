//! Where captured cases go and what they are called, and where the project keeps the salt of its pseudonyms. The only
//! part of capture that touches files.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dukou_core::clock::Randomness;
use dukou_plugin::cases::{CaseSet, Defaults};

use super::Pseudonyms;
use crate::author::{PluginFolder, cases, whole};

/// Characters of a case's name.
const NAME_CHARS: usize = 80;

/// The folder that cases go to.
pub struct Place {
    /// The folder of case files.
    pub cases: PathBuf,
    /// The plugin whose folder it is, if it is one's.
    pub plugin: Option<String>,
    /// What its cases have in common.
    pub defaults: Defaults,
    taken: BTreeSet<String>,
}

impl Place {
    /// Looks at a folder: a plugin's, then its cases are meant, or any other, which need not exist yet.
    ///
    /// # Errors
    /// When the plugin's manifest or its defaults cannot be used.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        if !dir.join("plugin.json").is_file() {
            let set = beside(dir)?;
            return Ok(Self {
                cases: dir.to_owned(),
                plugin: None,
                defaults: set.defaults,
                taken: BTreeSet::new(),
            });
        }
        let folder = PluginFolder::open(dir)?;
        Ok(Self {
            cases: folder.cases(),
            plugin: Some(folder.name),
            defaults: cases::read(dir)?.defaults,
            taken: BTreeSet::new(),
        })
    }

    /// The file for a key: its name in the folder, and whether it is there already.
    pub fn file(&mut self, key: &str) -> (PathBuf, bool) {
        let mut name = stem(key);
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{}-{number}", stem(key));
            number += 1;
        }
        let file = self.cases.join(format!("{name}.json"));
        let exists = file.exists();
        (file, exists)
    }

    /// Writes a case as a whole.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path, text: &str) -> anyhow::Result<()> {
        Ok(whole::replace(file, text.as_bytes())?)
    }
}

/// A folder of cases that is no plugin's may still hold defaults.
fn beside(dir: &Path) -> anyhow::Result<CaseSet> {
    let mut files = cases::files(dir)?;
    files.retain(|(name, _)| name == dukou_plugin::cases::DEFAULTS_FILE);
    Ok(CaseSet::read(&files, &cases::stock_catalogue).map_err(cases::CaseErrors)?)
}

/// A name for a case: the key's letters, digits and dashes.
fn stem(key: &str) -> String {
    let plain: String = key
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .take(NAME_CHARS)
        .collect();
    match plain.trim_matches('-') {
        "" | "defaults" | "cost" => format!("case-{plain}"),
        trimmed => trimmed.to_owned(),
    }
}

/// The project's pseudonyms. Their salt is made once and kept in `.dukou/`, which is not shared with the cases: without
/// it nobody can try names until one fits. `dry_run` makes none.
///
/// # Errors
/// When the salt cannot be read or kept.
pub fn pseudonyms(root: &Path, randomness: &dyn Randomness, dry_run: bool) -> anyhow::Result<Pseudonyms> {
    let file = root.join(".dukou").join("pseudonyms.salt");
    match std::fs::read_to_string(&file) {
        Ok(text) if !text.trim().is_empty() => return Ok(Pseudonyms::new(text.trim().as_bytes())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    }
    let salt: String = [randomness.bytes16(), randomness.bytes16()]
        .as_flattened()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if !dry_run {
        whole::replace(&file, format!("{salt}\n").as_bytes())?;
        only_ours(&file).with_context(|| file.display().to_string())?;
    }
    Ok(Pseudonyms::new(salt.as_bytes()))
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
fn only_ours(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn only_ours(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Randomness for Fixed {
        fn bytes16(&self) -> [u8; 16] {
            [7; 16]
        }
    }

    struct Other;

    impl Randomness for Other {
        fn bytes16(&self) -> [u8; 16] {
            [8; 16]
        }
    }

    #[test]
    fn the_salt_is_made_once_and_never_by_a_dry_run() {
        let root = tempfile::tempdir().unwrap();
        pseudonyms(root.path(), &Fixed, true).unwrap();
        assert!(!root.path().join(".dukou").exists());
        let first = pseudonyms(root.path(), &Fixed, false).unwrap();
        let later = pseudonyms(root.path(), &Other, false).unwrap();
        assert_eq!(first.of("张三丰", 0), later.of("张三丰", 0));
        let elsewhere = tempfile::tempdir().unwrap();
        let other = pseudonyms(elsewhere.path(), &Other, false).unwrap();
        assert_ne!(first.of("13812345678", 0), other.of("13812345678", 0));
    }

    #[test]
    fn files_are_named_by_their_key_and_never_twice() {
        let dir = tempfile::tempdir().unwrap();
        let mut place = Place::open(dir.path()).unwrap();
        for (key, name) in [
            ("CK1", "CK1"),
            ("a/../b", "a----b"),
            ("CK1", "CK1-2"),
            ("defaults", "case-defaults"),
            ("//", "case---"),
        ] {
            let (file, exists) = place.file(key);
            assert_eq!(file, dir.path().join(format!("{name}.json")));
            assert!(!exists);
        }
        place.write(&dir.path().join("x.json"), "{}").unwrap();
        assert!(place.file("x").1);
    }
}
