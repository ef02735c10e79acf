//! Pins that were lost with the file: a scheme runs a plugin that was put in place of what its definition names, and
//! `dukou.lock` knows nothing of it. Deploying the files would replace that plugin, and nobody has said so.

use std::path::Path;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Deployment;

use super::{LockedPlugin, read};
use crate::deploy::evidence::{Evidence, How};
use crate::deploy::rollout::{Body, MemberState, OPEN};

/// Deployments of one scheme that are looked through.
const MOST_DEPLOYMENTS: usize = 10_000;

/// What the file forgot of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Plugins that run, were pinned, and would be replaced.
    pub plugins: Vec<String>,
    /// The deployment that runs them.
    pub deployment: u64,
    /// The open rollout that the scheme takes part in.
    pub rollout: Option<u64>,
}

/// What the file forgot of a scheme whose wanted plugins are these; `None` if nothing.
///
/// # Errors
/// When the file or the store cannot be read.
pub fn forgotten(
    root: &Path,
    store: &dyn Store,
    scheme: &SchemeName,
    active: &Deployment,
    wanted: &[(String, Digest)],
) -> anyhow::Result<Option<Forgotten>> {
    let (name, lock) = (scheme.to_string(), read(root)?);
    let entry = lock.schemes.iter().find(|one| one.name == name);
    let mut plugins = Vec::new();
    for (plugin, digest) in &active.what.plugins {
        let known = entry.is_some_and(|entry| speaks_of(&entry.plugins, plugin, digest));
        let stays = wanted.iter().any(|(other, now)| other == plugin && now == digest);
        if !known && !stays && stood_in(store, scheme, plugin, digest)? {
            plugins.push(plugin.clone());
        }
    }
    if plugins.is_empty() {
        return Ok(None);
    }
    Ok(Some(Forgotten {
        plugins,
        deployment: active.id,
        rollout: open_rollout(store, scheme)?,
    }))
}

/// Whether entries say of a running plugin what is to become of it: one that names what runs without a pin was unpinned by
/// somebody; another pin is somebody's word, too.
pub(super) fn speaks_of(entries: &[LockedPlugin], plugin: &str, digest: &Digest) -> bool {
    let mut own = entries.iter().filter(|one| one.name == plugin);
    own.any(|one| one.pinned.is_some() || one.digest == digest.to_string())
}

/// Whether these bytes came into force as a pin; the newest deployment that brought them says so. A rollback brings
/// nothing of its own.
pub(super) fn stood_in(store: &dyn Store, scheme: &SchemeName, plugin: &str, digest: &Digest) -> anyhow::Result<bool> {
    let deployments = store.deployments(scheme, MOST_DEPLOYMENTS)?;
    let runs_it = |one: &Deployment| {
        let mut plugins = one.what.plugins.iter();
        plugins.any(|(name, own)| name == plugin && own == digest)
    };
    let brought = deployments
        .iter()
        .filter(|one| runs_it(one))
        .map(|one| Evidence::parse(&one.what.evidence))
        .find(|evidence| !matches!(evidence.how, How::Rollback | How::WaveRollback));
    Ok(brought.is_some_and(|evidence| evidence.pinned.iter().any(|name| name == plugin)))
}

/// The open rollout that may still put something into force for a scheme, or take it back.
fn open_rollout(store: &dyn Store, scheme: &SchemeName) -> anyhow::Result<Option<u64>> {
    let takes_part = |state| {
        matches!(
            state,
            MemberState::Waiting | MemberState::Active | MemberState::Done | MemberState::Leaving
        )
    };
    for rollout in store.rollouts(&OPEN, 0)? {
        let members = Body::parse(&rollout)?.members;
        let own = members.iter().find(|member| member.name().as_ref() == Some(scheme));
        if own.is_some_and(|member| takes_part(member.state)) {
            return Ok(Some(rollout.id));
        }
    }
    Ok(None)
}
