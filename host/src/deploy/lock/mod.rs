//! `dukou.lock`: which base, plugins, settings and tables each scheme runs, by digest, and which plugins are pinned: a
//! plugin that `deploy FILE --to …` brought to a scheme stands in for the one that the scheme's definition names. It is
//! written by deployments and committed with the definitions; the store stays the truth of what runs.

pub mod broken;
pub mod forgotten;
pub mod note;
pub mod pins;

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use dukou_core::names::SchemeName;
use dukou_store::rows::Deployment;
use serde::{Deserialize, Serialize};

use self::broken::Fault;
use crate::author::whole;
use crate::scheme::Scheme;
use crate::settings::PROJECT_FILE;

pub use self::broken::Broken;
pub use self::forgotten::{Forgotten, forgotten};
pub use self::note::{Relocked, note_down, record, relock};
pub use self::pins::{Pin, Tentative, pin, pin_for_now, pins, stand_ins, unpin, unpin_for_now};

/// The file, in the project's root.
pub const FILE: &str = "dukou.lock";
const FORMAT: u32 = 1;
const HEAD: &str = "\
# 各方案正在运行的版本。由 dukou deploy 写成, 请勿手改, 请与定义一起提交。
# What each scheme runs. Written by `dukou deploy`: do not edit, commit it with the definitions.

";

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    format: u32,
    /// Schemes by name.
    #[serde(default, rename = "scheme", skip_serializing_if = "Vec::is_empty")]
    pub schemes: Vec<Locked>,
}

/// One scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// TENANT/NAME, or NAME.
    pub name: String,
    /// The deployment in force; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// Digest of everything that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Digest of its resolved definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The base's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Digest of the base's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_digest: Option<String>,
    /// Its plugins in chain order.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<LockedPlugin>,
    /// Its tables.
    #[serde(default, rename = "table", skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<LockedTable>,
}

/// One plugin of a scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedPlugin {
    /// As the definition names it.
    pub name: String,
    /// Digest of its bytes.
    pub digest: String,
    /// Digest of its settings; absent for one that is pinned and not yet deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// The file that stands in for what the definition names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
}

/// One table of a scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedTable {
    /// Its name.
    pub name: String,
    /// Digest of its rows.
    pub digest: String,
}

/// Reads the file; a project without one has locked nothing.
///
/// # Errors
/// [`Broken`] when it cannot be used.
pub fn read(root: &Path) -> anyhow::Result<Lock> {
    let path = root.join(FILE);
    if !path.is_file() {
        return Ok(Lock::empty());
    }
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let broken = |fault| anyhow::Error::from(Broken::File(fault));
    let text = String::from_utf8(bytes).map_err(|_| broken(Fault::NotText))?;
    let lock: Lock = toml::from_str(&text).map_err(|error| broken(Fault::of_toml(&text, &error)))?;
    if lock.format != FORMAT {
        return Err(broken(Fault::Format(lock.format)));
    }
    Ok(lock)
}

/// Whether a scheme was deployed over its base as it was before: then an edit of the base is what is not deployed.
pub(super) fn base_was_other(root: &Path, scheme: &Scheme, now: &str) -> bool {
    let name = scheme.name.to_string();
    let locked = read(root)
        .ok()
        .and_then(|lock| lock.schemes.into_iter().find(|one| one.name == name));
    locked.and_then(|one| one.base_digest).is_some_and(|was| was != now)
}

/// Whether the file says of a scheme what runs.
pub fn is_current(root: &Path, active: &Deployment, scheme: &SchemeName) -> bool {
    let name = scheme.to_string();
    read(root).is_ok_and(|lock| {
        let found = lock.schemes.iter().find(|one| one.name == name);
        found.is_some_and(|one| one.digest.as_deref() == Some(active.what.digest.to_string().as_str()))
    })
}

impl Lock {
    /// That of a project which has locked nothing.
    fn empty() -> Self {
        Self {
            format: FORMAT,
            ..Self::default()
        }
    }

    /// The scheme's entry, made in its place if there is none.
    fn scheme(&mut self, name: &SchemeName) -> &mut Locked {
        let name = name.to_string();
        let place = self.schemes.partition_point(|one| one.name < name);
        if self.schemes.get(place).is_none_or(|one| one.name != name) {
            self.schemes.insert(
                place,
                Locked {
                    name,
                    ..Locked::default()
                },
            );
        }
        &mut self.schemes[place]
    }
}

impl Locked {
    /// Whether it says anything of its scheme.
    fn says_something(&self) -> bool {
        self.deployment.is_some() || !self.plugins.is_empty()
    }
}

/// One after the other, across processes: each reads what the one before wrote. It lasts until it is dropped.
fn turn(root: &Path) -> anyhow::Result<Option<File>> {
    let turn = File::open(root.join(PROJECT_FILE)).ok();
    if let Some(turn) = &turn {
        turn.lock().with_context(|| format!("waiting for a turn at {FILE}"))?;
    }
    Ok(turn)
}

/// Reads, changes and writes the file whole; an unchanged one is left alone.
fn change(root: &Path, change: impl FnOnce(&mut Lock) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let _turn = turn(root)?;
    let before = read(root)?;
    let mut lock = before.clone();
    change(&mut lock)?;
    lock.schemes.retain(Locked::says_something);
    if lock != before {
        write(root, &mut lock)?;
    }
    Ok(())
}

fn write(root: &Path, lock: &mut Lock) -> anyhow::Result<()> {
    lock.schemes.sort_by(|a, b| a.name.cmp(&b.name));
    let text = format!("{HEAD}{}", toml::to_string(lock).context("writing the lock as TOML")?);
    whole::replace(&root.join(FILE), text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
