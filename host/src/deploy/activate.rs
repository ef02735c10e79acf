//! Activation: what is wanted becomes what runs, in one store transaction. The same thing again changes nothing. Whether it
//! may is the gate's affair.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_plugin::Runtime;
use dukou_store::Store;
use dukou_store::rows::{Deployment, NewDeployment};

use super::evidence::Evidence;
use super::tables;
use super::wanted::{Wanted, assemble};
use crate::scheme::Scheme;
use crate::settings::Project;

/// What activation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deployed {
    /// It was in force already.
    Unchanged {
        /// The active deployment's number.
        id: u64,
    },
    /// It is in force now.
    Activated {
        /// Its number.
        id: u64,
        /// What it replaced.
        before: Option<u64>,
    },
}

/// Something else came into force since it was compared: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

/// Why and on what a deployment comes into force.
#[derive(Debug, Clone, Copy)]
pub struct Reason<'a> {
    /// Who.
    pub by: &'a str,
    /// Why, in a person's words.
    pub note: &'a str,
    /// What it rests on.
    pub evidence: &'a Evidence,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Brings what is wanted into force.
///
/// # Errors
/// The store's.
pub fn activate(
    store: &dyn Store,
    scheme: &Scheme,
    wanted: &Wanted,
    reason: &Reason<'_>,
) -> anyhow::Result<Result<Deployed, Overtaken>> {
    let active = store.active(&scheme.name)?;
    if let Some(active) = &active
        && active.what.digest == wanted.digest
    {
        return Ok(Ok(Deployed::Unchanged { id: active.id }));
    }
    let deployment = keep(store, wanted, reason)?;
    // Only over what it was compared with: what came meanwhile was compared by nobody.
    let before = reason.evidence.before;
    let id = store.activate_over(&scheme.name, before, &deployment, reason.at)?;
    Ok(id.map(|id| Deployed::Activated { id, before }).ok_or(Overtaken))
}

/// Lays everything that a deployment names into the store, so that activating it needs nothing else: an activation never
/// names bytes that the store does not hold.
///
/// # Errors
/// The store's.
pub fn keep(store: &dyn Store, wanted: &Wanted, reason: &Reason<'_>) -> anyhow::Result<NewDeployment> {
    let mut plugins = Vec::new();
    for (name, bytes) in &wanted.plugins {
        plugins.push((name.clone(), store.put_blob("plugin", bytes)?));
    }
    let mut pinned = Vec::new();
    for (name, rows) in &wanted.tables {
        pinned.push((name.clone(), store.put_blob("table", &tables::to_bytes(rows))?));
    }
    Ok(NewDeployment {
        digest: wanted.digest,
        definition: wanted.definition.clone(),
        plugins,
        tables: pinned,
        by: reason.by.to_owned(),
        note: reason.note.to_owned(),
        evidence: reason.evidence.to_text(),
    })
}

/// Loads a deployment: its scheme, plugins and tables, all from the store.
///
/// # Errors
/// When bytes are missing or damaged, or the definition can no longer be read.
pub fn load(
    project: &Project,
    store: &dyn Store,
    runtime: &Runtime,
    deployment: &Deployment,
) -> anyhow::Result<(Scheme, Wanted)> {
    let scheme = Scheme::from_definition(project, &deployment.what.definition)
        .context("the deployed definition cannot be read; deploy the scheme again")?;
    let blob = |digest: &Digest, name: &str| -> anyhow::Result<Vec<u8>> {
        store
            .blob(digest)?
            .with_context(|| format!("the store lacks the bytes of {name} ({})", digest.short()))
    };
    let plugins = deployment
        .what
        .plugins
        .iter()
        .map(|(name, digest)| Ok((name.clone(), Arc::from(blob(digest, name)?))))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let wanted = assemble(&scheme, runtime, plugins, &mut |name| {
        let (_, digest) = deployment
            .what
            .tables
            .iter()
            .find(|(table, _)| table == name)
            .with_context(|| format!("the deployment does not pin table {name}"))?;
        Ok(tables::from_bytes(&blob(digest, name)?)?)
    })?;
    Ok((scheme, wanted))
}

/// The tables that a deployment pins, as far as the store still has them.
///
/// # Errors
/// The store's.
pub fn tables_of(
    store: &dyn Store,
    deployment: &Deployment,
) -> anyhow::Result<BTreeMap<String, BTreeMap<String, String>>> {
    let mut found = BTreeMap::new();
    for (name, digest) in &deployment.what.tables {
        if let Some(bytes) = store.blob(digest)? {
            found.insert(name.clone(), tables::from_bytes(&bytes)?);
        }
    }
    Ok(found)
}
