//! Rolling back: an earlier deployment's content comes into force again, as a new deployment whose evidence says so. The
//! bytes are in the store, so it is one transaction and reads no file; what was edited since stays edited.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::{Again, Deployment, NewDeployment};
use dukou_store::{Store, StoreError};

use super::evidence::{Evidence, How, Standing};

/// Why there is nothing to roll back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Impossible {
    /// Nothing is in force.
    NothingInForce,
    /// Nothing else was in force before.
    NothingBefore,
    /// There is no deployment of this number.
    NoSuch(u64),
    /// It is in force already.
    InForce(u64),
    /// Something else came into force meanwhile.
    Overtaken,
}

/// What a rollback did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    /// The new deployment's number.
    pub id: u64,
    /// The one that was left.
    pub left: u64,
    /// The one whose content is in force again.
    pub to: Deployment,
    /// Groups it had refused that are due again.
    pub refused_again: u64,
    /// Groups with documents it had made and nobody had sent that are due again.
    pub unsent_again: u64,
}

/// Deployments that are looked through for the one before.
const MOST_BACK: usize = 1_000;

/// Finds the deployment to go back to: the named one, else the last other content that was in force before what is now. A
/// content that a rollback left is gone back to only by its number.
///
/// # Errors
/// The store's.
pub fn find(
    store: &dyn Store,
    scheme: &SchemeName,
    to: Option<u64>,
) -> Result<Result<(Deployment, Deployment), Impossible>, StoreError> {
    let Some(active) = store.active(scheme)? else {
        return Ok(Err(Impossible::NothingInForce));
    };
    let found = match to {
        Some(id) => match store.deployment(scheme, id)? {
            Some(found) => found,
            None => return Ok(Err(Impossible::NoSuch(id))),
        },
        None => {
            let known = store.deployments(scheme, MOST_BACK)?;
            let left = left_behind(&known);
            let from = origin(&known, &active);
            let before = known.into_iter().find(|one| {
                one.id < from && one.what.digest != active.what.digest && !left.contains_key(&one.what.digest)
            });
            match before {
                Some(found) => found,
                None => return Ok(Err(Impossible::NothingBefore)),
            }
        }
    };
    if found.what.digest == active.what.digest {
        return Ok(Err(Impossible::InForce(found.id)));
    }
    Ok(Ok((active, found)))
}

/// The deployment that first brought the content into force which a chain of rollbacks brought back. Twice back goes
/// further back, not forth again.
fn origin(known: &[Deployment], active: &Deployment) -> u64 {
    let mut id = active.id;
    while let Some(found) = known.iter().find(|one| one.id == id)
        && let Some((_, to)) = Evidence::parse(&found.what.evidence).rollback
        && to < id
    {
        id = to;
    }
    id
}

/// Contents that a rollback left and that nobody has put into force since, each with the rollback: its number and note.
/// `known` is newest first.
pub fn left_behind(known: &[Deployment]) -> HashMap<Digest, (u64, String)> {
    let mut since = HashSet::new();
    let mut left = HashMap::new();
    for one in known {
        since.insert(one.what.digest);
        let Some((of, _)) = Evidence::parse(&one.what.evidence).rollback else {
            continue;
        };
        let content = known.iter().find(|other| other.id == of).map(|other| other.what.digest);
        if let Some(content) = content.filter(|content| !since.contains(content)) {
            left.entry(content).or_insert_with(|| (one.id, one.what.note.clone()));
        }
    }
    left
}

/// The rollback that left this content, if nobody has put it into force since.
///
/// # Errors
/// The store's.
pub fn left_by(store: &dyn Store, scheme: &SchemeName, content: &Digest) -> Result<Option<(u64, String)>, StoreError> {
    Ok(left_behind(&store.deployments(scheme, MOST_BACK)?).remove(content))
}

/// How to go back.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// The deployment whose content comes back; `None`: what was in force before.
    pub to: Option<u64>,
    /// Who goes back: a person or a wave.
    pub how: How,
    /// Who.
    pub by: &'a str,
    /// Why, in a person's words.
    pub note: &'a str,
    /// Now.
    pub at: DateTime<Utc>,
    /// Groups whose verdict by the deployment that is left is an open problem (rejected, failed) become due again.
    pub refused_again: bool,
    /// Groups of which it made a document that waits and was never sent become due again.
    pub unsent_again: bool,
}

/// Brings an earlier deployment's content into force again, in one transaction with all that becomes due again: a process
/// that dies has done both or neither.
///
/// # Errors
/// The store's.
pub fn go_back(
    store: &dyn Store,
    scheme: &SchemeName,
    back: &Back<'_>,
) -> Result<Result<RolledBack, Impossible>, StoreError> {
    go_back_from(store, scheme, None, back)
}

/// As [`go_back`], only from this deployment, if one is named: what came into force over it is [`Impossible::Overtaken`].
///
/// # Errors
/// The store's.
pub fn go_back_from(
    store: &dyn Store,
    scheme: &SchemeName,
    from: Option<u64>,
    back: &Back<'_>,
) -> Result<Result<RolledBack, Impossible>, StoreError> {
    let (active, to) = match find(store, scheme, back.to)? {
        Ok(found) => found,
        Err(impossible) => return Ok(Err(impossible)),
    };
    if from.is_some_and(|from| from != active.id) {
        return Ok(Err(Impossible::Overtaken));
    }
    let known = Evidence::parse(&to.what.evidence);
    let evidence = Evidence {
        how: back.how,
        standing: Standing::NotAsked,
        before: Some(active.id),
        rollback: Some((active.id, to.id)),
        ..known
    };
    let deployment = NewDeployment {
        by: back.by.to_owned(),
        note: back.note.to_owned(),
        evidence: Evidence {
            changes: Vec::new(),
            replay: None,
            patterns: Vec::new(),
            ..evidence
        }
        .to_text(),
        ..to.what.clone()
    };
    let left = |wanted: bool| if wanted { vec![active.id] } else { Vec::new() };
    let again = Again {
        refused_by: left(back.refused_again),
        unsent_of: left(back.unsent_again),
    };
    let Some(done) = store.go_back(scheme, active.id, &deployment, &again, back.at)? else {
        return Ok(Err(Impossible::Overtaken));
    };
    Ok(Ok(RolledBack {
        id: done.id,
        left: active.id,
        to,
        refused_again: done.refused,
        unsent_again: done.unsent,
    }))
}

#[cfg(test)]
mod tests;
