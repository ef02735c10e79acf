//! `dukou.lock`: which base, plugins, settings and tables each scheme runs, by digest, and which plugins are pinned: a
//! plugin that `deploy FILE --to …` brought to a scheme stands in for the one that the scheme's definition names. It is
//! written by deployments and committed with the definitions; the store stays the truth of what runs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Deployment;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::wanted::stem;
use crate::author::whole;
use crate::scheme::Scheme;
use crate::settings::{PROJECT_FILE, Project};

/// The file, in the project's root.
pub const FILE: &str = "dukou.lock";
/// Where pinned plugins lie, below the project's root.
const PINNED: &str = "plugins/pinned";
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

/// A plugin that stands in for the one that a definition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The plugin's name in the definition.
    pub name: String,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Where they lie, below the project's root.
    pub file: PathBuf,
}

impl Pin {
    /// The bytes, verified.
    ///
    /// # Errors
    /// When the file is not there or holds something else.
    pub fn read(&self, root: &Path) -> anyhow::Result<Arc<[u8]>> {
        let broken = |why: &str| {
            Broken(format!(
                "{} ({}, {}): {why}",
                self.file.display(),
                self.name,
                self.digest.short()
            ))
        };
        let bytes = std::fs::read(root.join(&self.file)).map_err(|error| broken(&error.to_string()))?;
        if Digest::of(&bytes) != self.digest {
            return Err(broken("it is not what is pinned").into());
        }
        Ok(bytes.into())
    }
}

/// `dukou.lock`, or a plugin that it pins, cannot be used: what and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{FILE} cannot be used: {}", self.0)
    }
}

impl std::error::Error for Broken {}

/// Reads the file; a project without one has locked nothing.
///
/// # Errors
/// When it cannot be read.
pub fn read(root: &Path) -> anyhow::Result<Lock> {
    let path = root.join(FILE);
    if !path.is_file() {
        return Ok(Lock {
            format: FORMAT,
            ..Lock::default()
        });
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let lock: Lock = toml::from_str(&text).map_err(|error| Broken(error.to_string()))?;
    if lock.format != FORMAT {
        let why = format!("it has format {}, this version knows {FORMAT}", lock.format);
        return Err(Broken(why).into());
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

/// The plugins that are pinned for a scheme.
///
/// # Errors
/// When the file cannot be read.
pub fn pins(root: &Path, scheme: &SchemeName) -> anyhow::Result<Vec<Pin>> {
    let name = scheme.to_string();
    let lock = read(root)?;
    let found = lock.schemes.into_iter().find(|one| one.name == name);
    let plugins = found.map(|one| one.plugins).unwrap_or_default();
    plugins
        .into_iter()
        .filter_map(|plugin| Some((plugin.pinned?, plugin.name, plugin.digest)))
        .map(|(file, name, digest)| {
            let digest = digest
                .parse()
                .map_err(|_| Broken(format!("{scheme}: {digest:?} is no digest of {name}")))?;
            let inside = Path::new(&file)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside {
                return Err(Broken(format!("{scheme}: {file} is not a file below the project")).into());
            }
            Ok(Pin {
                name,
                digest,
                file: file.into(),
            })
        })
        .collect()
}

/// Pins a plugin for a scheme: its bytes are laid into the project first, then named in the file. From then on they are
/// what is wanted.
///
/// # Errors
/// When a file cannot be written.
pub fn pin(root: &Path, scheme: &SchemeName, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let digest = Digest::of(bytes);
    let file = lay(root, name, bytes)?;
    change(root, |lock| {
        let plugins = &mut lock.scheme(scheme).plugins;
        if !plugins.iter().any(|one| one.name == name) {
            plugins.push(LockedPlugin {
                name: name.to_owned(),
                ..LockedPlugin::default()
            });
        }
        for one in plugins.iter_mut().filter(|one| one.name == name) {
            one.digest = digest.to_string();
            one.pinned = Some(file.clone());
            one.settings = None;
        }
        Ok(())
    })
}

/// Lays a plugin's bytes into the project; answers where, below its root.
fn lay(root: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<String> {
    let digest = Digest::of(bytes);
    let file = format!("{PINNED}/{}-{}.wasm", stem(name), digest.short());
    if std::fs::read(root.join(&file)).map_or(true, |there| Digest::of(&there) != digest) {
        whole::replace(&root.join(&file), bytes)?;
    }
    Ok(file)
}

/// Lets the definition name the plugins of a scheme again. Answers how many pins there were.
///
/// # Errors
/// When the file cannot be written.
pub fn unpin(root: &Path, scheme: &SchemeName) -> anyhow::Result<usize> {
    let mut count = 0;
    change(root, |lock| {
        for plugin in &mut lock.scheme(scheme).plugins {
            count += usize::from(plugin.pinned.take().is_some());
        }
        Ok(())
    })?;
    Ok(count)
}

/// Whether the file says of a scheme what runs.
pub fn is_current(root: &Path, active: &Deployment, scheme: &SchemeName) -> bool {
    let name = scheme.to_string();
    read(root).is_ok_and(|lock| {
        let found = lock.schemes.iter().find(|one| one.name == name);
        found.is_some_and(|one| one.digest.as_deref() == Some(active.what.digest.to_string().as_str()))
    })
}

/// Writes down what schemes run, after their activation. A plugin that was pinned stays so, as the one that runs now; it is
/// pinned no more when it is gone from the scheme, or when the definition's own file equals it.
///
/// # Errors
/// When the store or the file fails.
pub fn record(project: &Project, store: &dyn Store, schemes: &[SchemeName]) -> anyhow::Result<()> {
    let mut active = Vec::with_capacity(schemes.len());
    for name in schemes {
        active.extend(store.active(name)?.map(|deployment| (name, deployment)));
    }
    change(&project.root, |lock| {
        for (name, deployment) in &active {
            let known = std::mem::take(&mut lock.scheme(name).plugins);
            *lock.scheme(name) = locked(project, store, name, deployment, &known)?;
        }
        Ok(())
    })
}

/// As [`record`], where it must not stop what was done already: the store is the truth of what runs.
pub fn note_down(project: &Project, store: &dyn Store, schemes: &[SchemeName]) {
    if let Err(error) = record(project, store, schemes) {
        let names: Vec<String> = schemes.iter().map(ToString::to_string).collect();
        tracing::warn!("{FILE} does not say what {} runs: {error:#}", names.join(", "));
    }
}

fn locked(
    project: &Project,
    store: &dyn Store,
    name: &SchemeName,
    deployment: &Deployment,
    known: &[LockedPlugin],
) -> anyhow::Result<Locked> {
    let evidence = Evidence::parse(&deployment.what.evidence);
    let settings = settings(&deployment.what.definition);
    let mut plugins = Vec::with_capacity(deployment.what.plugins.len());
    for (index, (plugin, digest)) in deployment.what.plugins.iter().enumerate() {
        let pin = known.iter().find(|one| one.name == *plugin && one.pinned.is_some());
        let needs_a_pin = pin.is_some() && own_digest(project, name, plugin) != Some(*digest);
        let pinned = match pin {
            Some(pin) if needs_a_pin && pin.digest == digest.to_string() => pin.pinned.clone(),
            Some(_) if needs_a_pin => match store.blob(digest)? {
                Some(bytes) => Some(lay(&project.root, plugin, &bytes)?),
                None => None,
            },
            _ => None,
        };
        plugins.push(LockedPlugin {
            name: plugin.clone(),
            digest: digest.to_string(),
            settings: settings.get(index).cloned(),
            pinned,
        });
    }
    let (base, base_digest) = evidence.base.unzip();
    Ok(Locked {
        name: name.to_string(),
        deployment: Some(deployment.id),
        digest: Some(deployment.what.digest.to_string()),
        definition: Some(Digest::of(deployment.what.definition.as_bytes()).to_string()),
        base,
        base_digest,
        plugins,
        tables: deployment
            .what
            .tables
            .iter()
            .map(|(name, digest)| LockedTable {
                name: name.clone(),
                digest: digest.to_string(),
            })
            .collect(),
    })
}

/// Digests of the settings of a stored definition's plugins, in chain order.
fn settings(definition: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Chain {
        mapping: One,
        adjustments: Vec<One>,
        validations: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        settings: Box<serde_json::value::RawValue>,
    }
    let Ok(chain) = serde_json::from_str::<Chain>(definition) else {
        return Vec::new();
    };
    std::iter::once(chain.mapping)
        .chain(chain.adjustments)
        .chain(chain.validations)
        .map(|one| Digest::of(one.settings.get().as_bytes()).to_string())
        .collect()
}

/// The digest of what the definition itself names.
fn own_digest(project: &Project, name: &SchemeName, plugin: &str) -> Option<Digest> {
    let scheme = project.load_scheme(name).ok()?;
    let plugin_use = scheme.plugin_uses().find(|one| one.name == plugin)?;
    super::wanted::digest_of(project, plugin_use)
}

impl Lock {
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

/// Reads, changes and writes the file whole; an unchanged one is left alone.
fn change(root: &Path, change: impl FnOnce(&mut Lock) -> anyhow::Result<()>) -> anyhow::Result<()> {
    // One after the other, across processes: each reads what the one before wrote.
    let turn = File::open(root.join(PROJECT_FILE)).ok();
    if let Some(turn) = &turn {
        turn.lock().with_context(|| format!("waiting for a turn at {FILE}"))?;
    }
    let before = read(root)?;
    let mut lock = before.clone();
    change(&mut lock)?;
    lock.schemes.sort_by(|a, b| a.name.cmp(&b.name));
    if lock != before {
        let text = format!("{HEAD}{}", toml::to_string(&lock).context("writing the lock as TOML")?);
        whole::replace(&root.join(FILE), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_stands_in_until_it_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let scheme = SchemeName::new("lanmao", "sales-out");
        assert_eq!(pins(dir.path(), &scheme).unwrap(), []);
        pin(dir.path(), &scheme, "plugins/sales.wasm", b"one").unwrap();
        pin(dir.path(), &scheme, "plugins/sales.wasm", b"two").unwrap();
        let found = pins(dir.path(), &scheme).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(&*found[0].read(dir.path()).unwrap(), b"two");
        assert_eq!(pins(dir.path(), &SchemeName::new("other", "sales-out")).unwrap(), []);
        std::fs::write(dir.path().join(&found[0].file), b"changed").unwrap();
        let error = found[0].read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("it is not what is pinned"), "{error}");
        assert_eq!(unpin(dir.path(), &scheme).unwrap(), 1);
        assert_eq!(pins(dir.path(), &scheme).unwrap(), []);
    }

    #[test]
    fn a_pin_outside_the_project_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Digest::of(b"x");
        let text = format!(
            "format = 1\n[[scheme]]\nname = \"a\"\n[[scheme.plugin]]\nname = \"p\"\ndigest = \"{digest}\"\npinned = \"../x.wasm\"\n"
        );
        std::fs::write(dir.path().join(FILE), text).unwrap();
        let error = pins(dir.path(), &SchemeName::new("default", "a"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("not a file below the project"), "{error}");
    }
}
