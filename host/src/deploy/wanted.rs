//! What the files want: plugin bytes, settings and tables of a scheme, inspected and configured. Writes nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use anyhow::Context as _;
use dukou_core::digest::Digest;
use dukou_plugin::{Chain, Kind, Plugin, PluginError, Prepared, Runtime, SharedTables};
use serde_json::json;

use super::lock;
use super::tables::{self, PinnedTables};
use crate::scheme::{DefinitionErrors, Diagnostic, PluginAt, PluginUse, Scheme};
use crate::settings::Project;

/// A scheme with everything that a deployment pins.
pub struct Wanted {
    /// Digest over all of it.
    pub digest: Digest,
    /// Digest of what decides documents: plugins, settings, tables, environment.
    pub recipe: Digest,
    /// What the store keeps of the definition.
    pub definition: String,
    /// Name and bytes of each plugin, in chain order.
    pub plugins: Vec<(String, Arc<[u8]>)>,
    /// Name and rows of each table that a plugin needs.
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    /// The plugins, configured.
    pub chain: Chain,
}

impl Wanted {
    /// The tables as plugins see them.
    pub fn shared_tables(&self) -> SharedTables {
        let mut pinned = PinnedTables::default();
        for (name, rows) in &self.tables {
            pinned.insert(name.clone(), rows.clone());
        }
        Arc::new(pinned)
    }

    /// What a replay needs of it.
    pub fn version(&self, scheme: &Scheme) -> dukou_replay::Version {
        dukou_replay::Version {
            recipe: self.recipe,
            chain: self.chain.clone(),
            tables: self.shared_tables(),
            rules: scheme.rules(),
        }
    }

    /// Plugin names and digests, in chain order.
    pub fn plugin_digests(&self) -> Vec<(String, Digest)> {
        self.plugins
            .iter()
            .map(|(name, bytes)| (name.clone(), Digest::of(bytes)))
            .collect()
    }
}

/// A plugin that stands in for the one that the files name.
#[derive(Clone)]
pub struct Override {
    /// The name that it stands in for, see [`names`].
    pub name: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Whether a scheme's plugin goes by this name: as the scheme writes it, or the stem of the file that it writes.
pub fn names(plugin_use: &PluginUse, name: &str) -> bool {
    plugin_use.name == name || stem(&plugin_use.name) == name
}

/// `plugins/sales-out.wasm` → `sales-out`
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".wasm").unwrap_or(file)
}

/// Reads, inspects, compiles and configures what a scheme's files want. What `dukou.lock` pins stands in for what the
/// definition names.
///
/// # Errors
/// [`DefinitionErrors`] at the file and line that names the plugin or the setting; other errors are the machine's.
pub fn wanted(project: &Project, scheme: &Scheme, runtime: &Runtime) -> anyhow::Result<Wanted> {
    wanted_with(project, scheme, runtime, &[])
}

/// As [`wanted`], with other plugins in the place of some.
///
/// # Errors
/// As [`wanted`].
pub fn wanted_with(
    project: &Project,
    scheme: &Scheme,
    runtime: &Runtime,
    overrides: &[Override],
) -> anyhow::Result<Wanted> {
    let pins = lock::pins(&project.root, &scheme.name)?;
    let plugin_bytes = scheme
        .plugin_uses()
        .map(|plugin_use| {
            let stands_in = overrides.iter().find(|one| names(plugin_use, &one.name));
            let bytes = match (stands_in, pins.iter().find(|pin| pin.name == plugin_use.name)) {
                (Some(other), _) => other.bytes.clone(),
                (None, Some(pin)) => pin.read(&project.root)?,
                (None, None) => bytes_of(project, scheme, plugin_use)?,
            };
            Ok((plugin_use.name.clone(), bytes))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    assemble(scheme, runtime, plugin_bytes, &mut |name| {
        let file = project.table(&scheme.name.tenant, name)?;
        Ok(file.rows.into_iter().collect())
    })
}

/// The plugins that the definition itself names, whatever is pinned.
///
/// # Errors
/// When a file cannot be read.
pub fn own_plugins(project: &Project, scheme: &Scheme) -> anyhow::Result<Vec<Override>> {
    scheme
        .plugin_uses()
        .map(|plugin_use| {
            Ok(Override {
                name: plugin_use.name.clone(),
                bytes: bytes_of(project, scheme, plugin_use)?,
            })
        })
        .collect()
}

/// Configures a scheme with given plugin bytes and tables, wherever they come from.
///
/// # Errors
/// As [`wanted`].
pub fn assemble(
    scheme: &Scheme,
    runtime: &Runtime,
    plugins: Vec<(String, Arc<[u8]>)>,
    table: &mut dyn FnMut(&str) -> anyhow::Result<BTreeMap<String, String>>,
) -> anyhow::Result<Wanted> {
    // A scheme that asks for more than this version does is never run as if it asked for less.
    let missing: Vec<_> = scheme.not_in_this_version();
    if !missing.is_empty() {
        return Err(DefinitionErrors(missing).into());
    }
    let environment = scheme.environment();
    let mut errors = Vec::new();
    let mut prepared = Vec::new();
    for ((plugin_use, kind), (_, bytes)) in scheme.places().zip(&plugins) {
        match configure(runtime, plugin_use, kind, bytes, &environment) {
            Ok(one) => prepared.push(one),
            Err(PluginError::Settings(wrong)) => errors.extend(
                wrong
                    .iter()
                    .map(|error| scheme.setting_error(plugin_use, &error.path, &error.code, &error.message)),
            ),
            Err(error) => errors.push(plugin_error(scheme, plugin_use, &error)),
        }
    }
    if !errors.is_empty() {
        return Err(DefinitionErrors(errors).into());
    }
    let mut tables_needed = BTreeMap::new();
    for name in prepared.iter().flat_map(|one: &Prepared| one.tables().to_vec()) {
        if let Entry::Vacant(place) = tables_needed.entry(name) {
            let rows = table(place.key())?;
            place.insert(rows);
        }
    }
    let adjustments = 1..1 + scheme.adjustments.len();
    let validations = adjustments.end..prepared.len();
    let mapping = prepared.first().cloned().context("a scheme has one mapping")?;
    let chain = Chain::new(mapping, prepared[adjustments].to_vec(), prepared[validations].to_vec());
    let chain = chain.map_err(|misplaced| {
        let blamed = scheme.plugin_uses().nth(misplaced.place).unwrap_or(&scheme.mapping);
        DefinitionErrors(vec![plugin_error(scheme, blamed, &misplaced.error)])
    })?;
    let recipe = recipe(scheme, &environment, &plugins, &tables_needed);
    let definition = scheme.definition_json();
    let digest = Digest::of_parts([recipe.as_bytes().as_slice(), definition.as_bytes()]);
    Ok(Wanted {
        digest,
        recipe,
        definition,
        plugins,
        tables: tables_needed,
        chain,
    })
}

fn configure(
    runtime: &Runtime,
    plugin_use: &PluginUse,
    kind: Kind,
    bytes: &[u8],
    environment: &str,
) -> Result<Prepared, PluginError> {
    let plugin: Plugin = runtime.load(bytes)?;
    // Before its settings: a plugin of another kind would complain of settings that were never meant for it.
    plugin.must_be(kind)?;
    runtime.configure(&plugin, &plugin_use.settings, environment)
}

fn recipe(
    scheme: &Scheme,
    environment: &str,
    plugins: &[(String, Arc<[u8]>)],
    tables: &BTreeMap<String, BTreeMap<String, String>>,
) -> Digest {
    let mut parts: Vec<Vec<u8>> = vec![environment.as_bytes().to_vec()];
    for (plugin_use, (_, bytes)) in scheme.plugin_uses().zip(plugins) {
        parts.push(Digest::of(bytes).as_bytes().to_vec());
        parts.push(plugin_use.settings.as_bytes().to_vec());
    }
    for (name, rows) in tables {
        parts.push(name.as_bytes().to_vec());
        parts.push(tables::to_bytes(rows));
    }
    Digest::of_parts(parts.iter().map(Vec::as_slice))
}

fn bytes_of(project: &Project, scheme: &Scheme, plugin_use: &PluginUse) -> anyhow::Result<Arc<[u8]>> {
    match &plugin_use.at {
        PluginAt::Stock(name) => {
            let found = dukou_stock::all().iter().find(|(stock, _)| stock == name);
            let (_, bytes) = found.with_context(|| format!("no stock plugin {name}"))?;
            Ok(Arc::from(*bytes))
        }
        PluginAt::File(path) => {
            let path = project.root.join(path);
            match std::fs::read(&path) {
                Ok(bytes) => Ok(Arc::from(bytes)),
                Err(error) => Err(DefinitionErrors(vec![scheme.plugin_file_error(plugin_use, &path, &error)]).into()),
            }
        }
    }
}

fn plugin_error(scheme: &Scheme, plugin_use: &PluginUse, error: &PluginError) -> Diagnostic {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    scheme.plugin_error(plugin_use, error.code(), &message)
}

/// The errors of a scheme's plugins and settings, for `check`.
///
/// # Errors
/// Only what is not the definition's fault.
pub fn check_plugins(project: &Project, scheme: &Scheme, runtime: &Runtime) -> anyhow::Result<Vec<Diagnostic>> {
    match wanted(project, scheme, runtime) {
        Ok(_) => Ok(Vec::new()),
        Err(error) => match error.downcast::<DefinitionErrors>() {
            Ok(errors) => Ok(errors.0),
            Err(error) => Err(error),
        },
    }
}

/// A short remark about what a deployment consists of.
pub fn summary(wanted: &Wanted) -> serde_json::Value {
    json!({
        "digest": wanted.digest.to_string(),
        "recipe": wanted.recipe.to_string(),
        "plugins": wanted.plugin_digests().iter().map(|(name, digest)| json!({"name": name, "digest": digest.to_string()})).collect::<Vec<_>>(),
        "tables": wanted.tables.keys().collect::<Vec<_>>(),
    })
}

/// The digest of the plugin that the files name now, if it can be read.
pub fn digest_of(project: &Project, plugin_use: &PluginUse) -> Option<Digest> {
    match &plugin_use.at {
        PluginAt::Stock(name) => dukou_stock::all()
            .iter()
            .find(|(stock, _)| stock == name)
            .map(|(_, bytes)| Digest::of(bytes)),
        PluginAt::File(path) => std::fs::read(project.root.join(path))
            .ok()
            .map(|bytes| Digest::of(&bytes)),
    }
}

#[cfg(test)]
mod tests;
