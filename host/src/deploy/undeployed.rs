//! What of a scheme's files is not what is in force: edited, not usable as it is, or gone. A file that cannot be read is
//! never taken for one that did not change. Reads files only; a plugin file is compared by its digest.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Deployment;

use super::lock::{self, Pin};
use super::tables;
use crate::scheme::{DefinitionErrors, PluginAt, PluginUse, Scheme, Severity, shown};
use crate::settings::Project;

/// What of a scheme's files is not what is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undeployed {
    /// Files that say something else.
    pub edited: Vec<String>,
    /// Files that cannot be used as they are: no deployment would take them.
    pub unusable: Vec<String>,
    /// The scheme's own file, where it is gone and something is in force.
    pub gone: Option<String>,
}

impl Undeployed {
    /// Whether the files are what is in force.
    pub fn is_empty(&self) -> bool {
        self.edited.is_empty() && self.unusable.is_empty() && self.gone.is_none()
    }

    /// All of these files.
    pub fn files(&self) -> Vec<String> {
        let all = self.edited.iter().chain(&self.unusable).chain(&self.gone);
        all.cloned().collect()
    }
}

/// Compares the files of a scheme, readable or not, with what is in force.
///
/// # Errors
/// When the store fails.
pub fn undeployed(project: &Project, store: &dyn Store, name: &SchemeName) -> anyhow::Result<Undeployed> {
    let active = store.active(name)?;
    let file = shown(&project.root, &project.scheme_path(name));
    if !project.scheme_path(name).is_file() {
        return Ok(Undeployed {
            gone: active.map(|_| file),
            ..Undeployed::default()
        });
    }
    Ok(match (project.load_scheme(name), active) {
        (Err(errors), _) => Undeployed {
            unusable: files_of(&errors, file),
            ..Undeployed::default()
        },
        (Ok(_), None) => Undeployed {
            edited: vec![file],
            ..Undeployed::default()
        },
        (Ok(scheme), Some(active)) => compared(project, &scheme, &active),
    })
}

/// The files that errors stand in; the scheme's own where they stand in none.
fn files_of(errors: &DefinitionErrors, own: String) -> Vec<String> {
    let wrong = errors.0.iter().filter(|error| error.severity == Severity::Error);
    let mut files: Vec<String> = Vec::new();
    for place in wrong.filter_map(|error| error.place.as_ref()) {
        add(&mut files, place.file.shown().to_owned());
    }
    if files.is_empty() {
        files.push(own);
    }
    files
}

fn compared(project: &Project, scheme: &Scheme, active: &Deployment) -> Undeployed {
    let mut found = Undeployed::default();
    let (beside, moved) = accounts_apart(project, scheme, &active.what.definition);
    if active.what.definition != beside.definition_json() {
        let base = super::base_of(project, scheme).filter(|(_, now)| lock::base_was_other(&project.root, scheme, now));
        let own = || shown(&project.root, &scheme.file);
        found.edited.push(base.map_or_else(own, |(file, _)| file));
    }
    found.edited.extend(moved);
    match lock::pins(&project.root, &scheme.name) {
        Ok(pins) => plugins(project, scheme, active, &pins, &mut found),
        // What is pinned cannot be told, so no plugin can be said to be the one that runs.
        Err(_) => found.unusable.push(lock::FILE.to_owned()),
    }
    for (name, digest) in &active.what.tables {
        let path = project.table_path(&scheme.name.tenant, name);
        // What an edit no longer looks up in may be gone.
        if path.is_none() && !found.edited.is_empty() {
            continue;
        }
        let file = path.map_or_else(|| format!("tables/{name}.csv"), |path| shown(&project.root, &path));
        match project.table(&scheme.name.tenant, name) {
            Ok(table) if Digest::of(&tables::to_bytes(&table.rows)) == *digest => {}
            Ok(_) => add(&mut found.edited, file),
            Err(_) => add(&mut found.unusable, file),
        }
    }
    found
}

fn plugins(project: &Project, scheme: &Scheme, active: &Deployment, pins: &[Pin], found: &mut Undeployed) {
    for (plugin_use, (_, digest)) in scheme.plugin_uses().zip(&active.what.plugins) {
        let pin = pins.iter().find(|pin| pin.name == plugin_use.name);
        let now = match pin {
            Some(pin) => pin.read(&project.root).ok().map(|_| pin.digest),
            None => super::wanted::digest_of(project, plugin_use),
        };
        match now {
            Some(now) if now == *digest => {}
            Some(_) => add(&mut found.edited, plugin_use.name.clone()),
            None => add(&mut found.unusable, file_of(project, plugin_use, pin)),
        }
    }
}

fn file_of(project: &Project, plugin_use: &PluginUse, pin: Option<&Pin>) -> String {
    match (pin, &plugin_use.at) {
        (Some(pin), _) => shown(&project.root, &project.root.join(&pin.file)),
        (None, PluginAt::File(path)) => shown(&project.root, &project.root.join(path)),
        (None, PluginAt::Stock(name)) => name.clone(),
    }
}

fn add(files: &mut Vec<String>, file: String) {
    if !files.contains(&file) {
        files.push(file);
    }
}

/// A scheme as it would be with the accounts that a stored definition names, and the files where those are others now.
fn accounts_apart(project: &Project, scheme: &Scheme, definition: &str) -> (Scheme, Vec<String>) {
    let (mut beside, mut moved) = (scheme.clone(), Vec::new());
    let Ok(deployed) = Scheme::from_definition(project, definition) else {
        return (beside, moved);
    };
    let sides = [
        (
            (&deployed.source.connection, deployed.source.account),
            (&scheme.source.connection, &mut beside.source.account),
        ),
        (
            (&deployed.target.connection, deployed.target.account),
            (&scheme.target.connection, &mut beside.target.account),
        ),
    ];
    for ((was_at, was), (is_at, is)) in sides {
        // An older version stored none; another connection is the scheme file's own edit.
        if was.is_some()
            && was != *is
            && was_at == is_at
            && let Ok(connection) = project.connection(&scheme.name.tenant, is_at)
        {
            add(&mut moved, connection.file.shown().to_owned());
        }
        *is = was;
    }
    (beside, moved)
}

#[cfg(test)]
mod tests;
