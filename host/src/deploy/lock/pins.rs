//! Pins: a plugin whose bytes lie below `plugins/pinned/` stands in for the one that a definition names. A pin that an
//! activation may yet refuse can be taken back.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;

use super::broken::{Broken, Fault, Instead};
use super::{FILE, LockedPlugin, change, read};
use crate::author::whole;
use crate::deploy::wanted::{digest_of, stem};
use crate::scheme::Scheme;
use crate::settings::Project;

/// Where pinned plugins lie, below the project's root.
const PINNED: &str = "plugins/pinned";

/// A plugin that stands in for the one that a definition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The scheme.
    pub scheme: SchemeName,
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
    /// [`Broken`] when the file is not there or holds something else.
    pub fn read(&self, root: &Path) -> anyhow::Result<Arc<[u8]>> {
        let broken = |instead| Broken::Pinned {
            scheme: self.scheme.clone(),
            plugin: self.name.clone(),
            file: self.file.clone(),
            digest: self.digest,
            instead,
        };
        let bytes = std::fs::read(root.join(&self.file)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => broken(Instead::Nothing),
            _ => broken(Instead::Unreadable(error.to_string())),
        })?;
        if Digest::of(&bytes) != self.digest {
            return Err(broken(Instead::Other).into());
        }
        Ok(bytes.into())
    }
}

/// The plugins that are pinned for a scheme.
///
/// # Errors
/// [`Broken`] when the file cannot be used.
pub fn pins(root: &Path, scheme: &SchemeName) -> anyhow::Result<Vec<Pin>> {
    let name = scheme.to_string();
    let lock = read(root)?;
    let found = lock.schemes.into_iter().find(|one| one.name == name);
    let plugins = found.map(|one| one.plugins).unwrap_or_default();
    plugins
        .into_iter()
        .filter_map(|plugin| Some((plugin.pinned?, plugin.name, plugin.digest)))
        .map(|(file, plugin, digest)| {
            let entry = name.clone();
            let Ok(digest) = digest.parse() else {
                return Err(Broken::File(Fault::Digest { scheme: entry, plugin }).into());
            };
            if !is_inside(&file) {
                return Err(Broken::File(Fault::Outside { scheme: entry, file }).into());
            }
            Ok(Pin {
                scheme: scheme.clone(),
                name: plugin,
                digest,
                file: file.into(),
            })
        })
        .collect()
}

/// Whether a pinned file lies below the project's root.
fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    !file.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Whether a pin can be followed: it names a digest, and a file in the project.
pub(super) fn is_usable(plugin: &LockedPlugin) -> bool {
    let file = plugin.pinned.as_deref();
    file.is_some_and(is_inside) && plugin.digest.parse::<Digest>().is_ok()
}

/// Pinned plugins of a scheme that are other bytes than what its definition names: with them it runs what no definition
/// says.
pub fn stand_ins(project: &Project, scheme: &Scheme) -> Vec<String> {
    let pins = pins(&project.root, &scheme.name).unwrap_or_default();
    let own = |name: &str| {
        let found = scheme.plugin_uses().find(|one| one.name == name);
        found.and_then(|one| digest_of(project, one))
    };
    pins.into_iter()
        .filter(|pin| own(&pin.name) != Some(pin.digest))
        .map(|pin| pin.name)
        .collect()
}

/// What the file named for a scheme before and after a change that the activation after it may yet refuse.
#[derive(Debug)]
#[must_use = "an activation that is refused takes it back"]
pub struct Tentative {
    scheme: SchemeName,
    before: Vec<LockedPlugin>,
    after: Vec<LockedPlugin>,
}

impl Tentative {
    /// Whether anything was pinned before.
    pub fn had_pins(&self) -> bool {
        self.before.iter().any(|one| one.pinned.is_some())
    }

    /// Takes it back where the activation after it was refused or failed: else the file would want what did not come into
    /// force, and the next `run` bring it over what did.
    pub fn settle<T, R, E>(self, root: &Path, store: &dyn Store, ended: &Result<Result<T, R>, E>) {
        if matches!(ended, Ok(Ok(_))) {
            return;
        }
        let scheme = self.scheme.clone();
        if let Err(error) = self.take_back(root, store) {
            tracing::warn!(%scheme, "{FILE} still wants what was not activated: {error:#}");
        }
    }

    /// The file names again what it named before, unless somebody has said something else of the scheme since, or has
    /// brought the same into force and not written it down yet.
    ///
    /// # Errors
    /// When the store cannot say what runs, or the file cannot be written; then the file stays as it is.
    pub(super) fn take_back(self, root: &Path, store: &dyn Store) -> anyhow::Result<()> {
        change(root, |lock| {
            let plugins = &mut lock.scheme(&self.scheme).plugins;
            if *plugins != self.after {
                return Ok(());
            }
            // Read within the turn: whoever was faster writes down only after it.
            let active = store.active(&self.scheme)?;
            let running = active.map_or_else(Vec::new, |active| active.what.plugins);
            let runs = |name: &str, digest: &str| {
                let mut own = running.iter().filter(|(plugin, _)| plugin == name);
                own.any(|(_, own)| own.to_string() == digest)
            };
            // A change only appends, so that an entry and what it was stand at the same place.
            let entries = self.after.into_iter().enumerate().filter_map(|(place, now)| {
                let was = self.before.get(place);
                let stays = was == Some(&now) || (now.pinned.is_some() && runs(&now.name, &now.digest));
                if stays { Some(now) } else { was.cloned() }
            });
            *plugins = entries.collect();
            Ok(())
        })
    }
}

/// Pins a plugin for a scheme: its bytes are laid into the project first, then named in the file. From then on they are
/// what is wanted.
///
/// # Errors
/// When a file cannot be written.
pub fn pin(root: &Path, scheme: &SchemeName, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    pin_for_now(root, scheme, &[name], bytes).map(drop)
}

/// As [`pin`], the same bytes under several names, until it is clear whether they come into force.
///
/// # Errors
/// As [`pin`].
pub fn pin_for_now(root: &Path, scheme: &SchemeName, names: &[&str], bytes: &[u8]) -> anyhow::Result<Tentative> {
    let digest = Digest::of(bytes);
    let files = names
        .iter()
        .map(|name| lay(root, name, bytes))
        .collect::<anyhow::Result<Vec<_>>>()?;
    tentatively(root, scheme, |plugins| {
        for (name, file) in names.iter().zip(&files) {
            if !plugins.iter().any(|one| one.name == *name) {
                plugins.push(LockedPlugin {
                    name: (*name).to_owned(),
                    ..LockedPlugin::default()
                });
            }
            for one in plugins.iter_mut().filter(|one| one.name == *name) {
                one.digest = digest.to_string();
                one.pinned = Some(file.clone());
                one.settings = None;
            }
        }
    })
}

/// Lays a plugin's bytes into the project; answers where, below its root.
pub(super) fn lay(root: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<String> {
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
    let taken = unpin_for_now(root, scheme)?;
    Ok(taken.before.iter().filter(|one| one.pinned.is_some()).count())
}

/// As [`unpin`], until it is clear whether what the definition names comes into force.
///
/// # Errors
/// As [`unpin`].
pub fn unpin_for_now(root: &Path, scheme: &SchemeName) -> anyhow::Result<Tentative> {
    tentatively(root, scheme, |plugins| {
        for plugin in plugins {
            plugin.pinned = None;
        }
    })
}

fn tentatively(
    root: &Path,
    scheme: &SchemeName,
    edit: impl FnOnce(&mut Vec<LockedPlugin>),
) -> anyhow::Result<Tentative> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    change(root, |lock| {
        let plugins = &mut lock.scheme(scheme).plugins;
        before.clone_from(plugins);
        edit(plugins);
        after.clone_from(plugins);
        Ok(())
    })?;
    Ok(Tentative {
        scheme: scheme.clone(),
        before,
        after,
    })
}
