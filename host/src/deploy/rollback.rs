//! Rolling back: an earlier deployment's content comes into force again, as a new deployment whose evidence says so. The
//! bytes are in the store, so it is one transaction and reads no file; what was edited since stays edited.

use chrono::{DateTime, Utc};
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

/// Finds the deployment to go back to: the named one, else the last other content that was in force before what is now.
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
            let earlier = store.deployments(scheme, MOST_BACK)?;
            // Twice back after a rollback goes further back, not forth again: from what is in force now, whose content
            // came from an earlier one, to what was in force before that one.
            let from = Evidence::parse(&active.what.evidence)
                .rollback
                .map_or(active.id, |(_, to)| to);
            let before = earlier
                .into_iter()
                .find(|one| one.id < from && one.what.digest != active.what.digest);
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
    let id = store.activate(scheme, &deployment, at)?;
    Ok(Ok(RolledBack {
        id,
        left: active.id,
        to,
    }))
}

#[cfg(test)]
mod tests {
    use dukou_core::digest::Digest;
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
}
