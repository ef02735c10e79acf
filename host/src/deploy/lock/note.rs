//! Writing down what schemes run: after an activation, and anew from the store where the file is lost or damaged.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Deployment;
use serde::Deserialize;

use super::broken::Broken;
use super::forgotten::{speaks_of, stood_in};
use super::pins::{is_usable, lay};
use super::{FILE, Lock, Locked, LockedPlugin, LockedTable, change, read, turn, write};
use crate::deploy::evidence::Evidence;
use crate::deploy::wanted::digest_of;
use crate::settings::Project;

/// Writes down what schemes run, after their activation. A plugin that was pinned stays so, as the one that runs now; it is
/// pinned no more when it is gone from the scheme, or when the definition's own file equals it. A scheme that fails keeps
/// its entry, and the others are written down all the same.
///
/// # Errors
/// When the file fails; the first scheme's for which the store or a pinned file fails.
pub fn record(project: &Project, store: &dyn Store, schemes: &[SchemeName]) -> anyhow::Result<()> {
    let mut failed = None;
    change(&project.root, |lock| {
        for name in schemes {
            if let Err(error) = record_one(project, store, name, lock) {
                failed.get_or_insert(error);
            }
        }
        Ok(())
    })?;
    failed.map_or(Ok(()), Err)
}

fn record_one(project: &Project, store: &dyn Store, name: &SchemeName, lock: &mut Lock) -> anyhow::Result<()> {
    // Read within the turn: what was read before it may be older than what another process has written down since.
    if let Some(deployment) = store.active(name)? {
        let known = lock.scheme(name).plugins.clone();
        *lock.scheme(name) = locked(project, store, name, &deployment, &known)?;
    }
    Ok(())
}

/// As [`record`], where it must not stop what was done already: the store is the truth of what runs.
pub fn note_down(project: &Project, store: &dyn Store, schemes: &[SchemeName]) {
    if let Err(error) = record(project, store, schemes) {
        let names: Vec<String> = schemes.iter().map(ToString::to_string).collect();
        tracing::warn!("{FILE} does not say what {} runs: {error:#}", names.join(", "));
    }
}

/// One scheme in a file that was written anew, and its pinned plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocked {
    /// The scheme.
    pub scheme: String,
    /// Plugins that are pinned for it.
    pub pinned: Vec<String>,
}

/// Writes the file anew from what is in force, and lays the pinned plugins again; with `dry` it only says what it would
/// write. Of schemes that have nothing in force it keeps what can be followed; what somebody unpinned stays so. Changes
/// nothing that runs.
///
/// # Errors
/// When the store or a file fails.
pub fn relock(project: &Project, store: &dyn Store, dry: bool) -> anyhow::Result<Vec<Relocked>> {
    let _turn = turn(&project.root)?;
    let mut lock = match read(&project.root) {
        Ok(lock) => lock,
        Err(error) if matches!(error.downcast_ref(), Some(Broken::File(_))) => Lock::empty(),
        Err(error) => return Err(error),
    };
    for name in store.schemes()? {
        let Some(deployment) = store.active(&name)? else {
            continue;
        };
        let mut known = std::mem::take(&mut lock.scheme(&name).plugins);
        for (plugin, digest) in &deployment.what.plugins {
            if !speaks_of(&known, plugin, digest) && stood_in(store, &name, plugin, digest)? {
                known.push(LockedPlugin {
                    name: plugin.clone(),
                    digest: digest.to_string(),
                    pinned: Some(String::new()),
                    ..LockedPlugin::default()
                });
            }
        }
        *lock.scheme(&name) = if dry {
            sketched(project, &name, &deployment, &known)
        } else {
            locked(project, store, &name, &deployment, &known)?
        };
    }
    for plugin in lock.schemes.iter_mut().flat_map(|one| &mut one.plugins) {
        if !dry && !is_usable(plugin) {
            plugin.pinned = None;
        }
    }
    lock.schemes.retain(Locked::says_something);
    if !dry {
        write(&project.root, &mut lock)?;
    }
    Ok(lock
        .schemes
        .iter()
        .map(|one| Relocked {
            scheme: one.name.clone(),
            pinned: one
                .plugins
                .iter()
                .filter(|plugin| plugin.pinned.is_some())
                .map(|plugin| plugin.name.clone())
                .collect(),
        })
        .collect())
}

/// The pin that still stands in for a plugin of a scheme, beside the digest that runs.
fn standing_pin<'a>(
    project: &Project,
    name: &SchemeName,
    known: &'a [LockedPlugin],
    plugin: &str,
    digest: &Digest,
) -> Option<&'a LockedPlugin> {
    let pin = known.iter().find(|one| one.name == *plugin && one.pinned.is_some())?;
    (own_digest(project, name, plugin) != Some(*digest)).then_some(pin)
}

/// What [`locked`] would pin, without laying a file.
fn sketched(project: &Project, name: &SchemeName, deployment: &Deployment, known: &[LockedPlugin]) -> Locked {
    let plugins = deployment.what.plugins.iter().map(|(plugin, digest)| LockedPlugin {
        name: plugin.clone(),
        digest: digest.to_string(),
        settings: None,
        pinned: standing_pin(project, name, known, plugin, digest).and_then(|pin| pin.pinned.clone()),
    });
    Locked {
        name: name.to_string(),
        plugins: plugins.collect(),
        ..Locked::default()
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
        let pinned = match standing_pin(project, name, known, plugin, digest) {
            None => None,
            Some(pin) => match store.blob(digest)? {
                Some(bytes) => Some(lay(&project.root, plugin, &bytes)?),
                None => pin.pinned.clone().filter(|_| pin.digest == digest.to_string()),
            },
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
    digest_of(project, plugin_use)
}
