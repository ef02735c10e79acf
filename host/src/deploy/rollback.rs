//! Rolling back: an earlier deployment's content comes into force again, as a new deployment whose evidence says so. The
//! bytes are in the store, so it is one transaction and reads no file; what was edited since stays edited.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::{Deployment, NewDeployment};
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

/// Brings an earlier deployment's content into force again.
///
/// # Errors
/// The store's.
pub fn rollback(
    store: &dyn Store,
    scheme: &SchemeName,
    to: Option<u64>,
    how: How,
    by: &str,
    note: &str,
    at: DateTime<Utc>,
) -> Result<Result<RolledBack, Impossible>, StoreError> {
    let (active, to) = match find(store, scheme, to)? {
        Ok(found) => found,
        Err(impossible) => return Ok(Err(impossible)),
    };
    let known = Evidence::parse(&to.what.evidence);
    let evidence = Evidence {
        how,
        standing: Standing::NotAsked,
        before: Some(active.id),
        rollback: Some((active.id, to.id)),
        ..known
    };
    let deployment = NewDeployment {
        by: by.to_owned(),
        note: note.to_owned(),
        evidence: Evidence {
            changes: Vec::new(),
            replay: None,
            patterns: Vec::new(),
            ..evidence
        }
        .to_text(),
        ..to.what.clone()
    };
    let Some(id) = store.activate_over(scheme, Some(active.id), &deployment, at)? else {
        return Ok(Err(Impossible::Overtaken));
    };
    Ok(Ok(RolledBack {
        id,
        left: active.id,
        to,
    }))
}

#[cfg(test)]
mod tests {
    use dukou_store::memory::MemoryStore;

    use super::*;

    fn deploy(store: &dyn Store, scheme: &SchemeName, content: &str) -> u64 {
        let deployment = NewDeployment {
            digest: Digest::of(content.as_bytes()),
            definition: content.to_owned(),
            plugins: Vec::new(),
            tables: Vec::new(),
            by: "王".into(),
            note: String::new(),
            evidence: "{}".into(),
        };
        store.activate(scheme, &deployment, DateTime::UNIX_EPOCH).unwrap()
    }

    fn back(store: &dyn Store, scheme: &SchemeName, to: Option<u64>) -> Result<(u64, String), Impossible> {
        let done = rollback(store, scheme, to, How::Rollback, "王", "", DateTime::UNIX_EPOCH).unwrap()?;
        let active = store.active(scheme).unwrap().unwrap();
        assert_eq!(active.id, done.id);
        Ok((done.to.id, active.what.definition))
    }

    #[test]
    fn each_step_goes_further_back() {
        let store = MemoryStore::default();
        let scheme = SchemeName::new("default", "a");
        assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingInForce));
        deploy(&store, &scheme, "one");
        assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
        deploy(&store, &scheme, "two");
        deploy(&store, &scheme, "three");
        assert_eq!(back(&store, &scheme, None), Ok((2, "two".into())));
        assert_eq!(back(&store, &scheme, None), Ok((1, "one".into())));
        assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
        assert_eq!(back(&store, &scheme, Some(3)), Ok((3, "three".into())));
        assert_eq!(back(&store, &scheme, Some(3)), Err(Impossible::InForce(3)));
        assert_eq!(back(&store, &scheme, Some(9)), Err(Impossible::NoSuch(9)));
    }

    #[test]
    fn what_a_rollback_left_comes_back_by_its_number_only() {
        let store = MemoryStore::default();
        let scheme = SchemeName::new("default", "a");
        let left = |content: &str| left_by(&store, &scheme, &Digest::of(content.as_bytes())).unwrap();
        deploy(&store, &scheme, "good");
        deploy(&store, &scheme, "bad");
        assert_eq!(back(&store, &scheme, None), Ok((1, "good".into())));
        assert_eq!(left("bad"), Some((3, String::new())));
        assert_eq!(left("good"), None);
        // Somebody insists; it goes back again, and once more means further back, never to the bad one.
        deploy(&store, &scheme, "bad");
        assert_eq!(left("bad"), None, "somebody put it into force since");
        assert_eq!(back(&store, &scheme, None), Ok((3, "good".into())));
        assert_eq!(back(&store, &scheme, None), Err(Impossible::NothingBefore));
        assert_eq!(back(&store, &scheme, Some(2)), Ok((2, "bad".into())));
    }
}
