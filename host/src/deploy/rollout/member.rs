//! One scheme of a rollout: what it shall run and ran before, what is in force in it now, and under which numbers the new
//! version decided. Two processes, or a person, may have put the same content into force more than once: all of these
//! deployments are the rollout's, and none is forgotten when it is judged or taken back.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::rollout::Counts;
use dukou_store::rows::NewDeployment;
use dukou_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

use super::body::{counts, text};
use crate::deploy::evidence::{Evidence, How};

/// Deployments of a scheme that are looked through for those of the new version.
const MOST_DEPLOYMENTS: u64 = 1_000;

/// Where one scheme of a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Its wave has not come.
    Waiting,
    /// It runs the new version and is watched.
    Active,
    /// It runs the new version and its wave was judged good; it is still watched while the rollout runs.
    Done,
    /// Its wave goes back.
    Leaving,
    /// It runs the version before again.
    RolledBack,
    /// The gate did not let it in.
    Held,
    /// Somebody put something else into force: the rollout leaves it alone.
    Superseded,
}

impl MemberState {
    /// The stable word, for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Done => "done",
            Self::Leaving => "leaving",
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::Superseded => "superseded",
        }
    }
}

/// What a scheme shall run: a deployment whose bytes the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// See [`NewDeployment::digest`].
    #[serde(with = "text")]
    pub digest: Digest,
    /// The resolved scheme; empty once it is no longer needed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
    /// Plugins in chain order.
    pub plugins: Vec<Pinned>,
    /// Tables.
    pub tables: Vec<Pinned>,
    /// Why, in a person's words.
    pub note: String,
    /// What the gate saw.
    pub evidence: Evidence,
}

/// A name and the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Its name.
    pub name: String,
    /// Its bytes.
    #[serde(with = "text")]
    pub digest: Digest,
}

impl Candidate {
    /// Of a deployment that is ready to be activated.
    pub fn of(deployment: &NewDeployment, evidence: Evidence) -> Self {
        let pinned = |pairs: &[(String, Digest)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, digest)| Pinned {
                    name: name.clone(),
                    digest: *digest,
                })
                .collect()
        };
        Self {
            digest: deployment.digest,
            definition: deployment.definition.clone(),
            plugins: pinned(&deployment.plugins),
            tables: pinned(&deployment.tables),
            note: deployment.note.clone(),
            evidence,
        }
    }

    /// As the store activates it.
    pub fn deployment(&self, by: &str) -> NewDeployment {
        let pairs = |pinned: &[Pinned]| pinned.iter().map(|one| (one.name.clone(), one.digest)).collect();
        NewDeployment {
            digest: self.digest,
            definition: self.definition.clone(),
            plugins: pairs(&self.plugins),
            tables: pairs(&self.tables),
            by: by.to_owned(),
            note: self.note.clone(),
            evidence: self.evidence.to_text(),
        }
    }
}

/// One scheme of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `NAME` or `TENANT/NAME`.
    pub scheme: String,
    /// Its wave, from 0; `None` for one that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// Where it stands.
    pub state: MemberState,
    /// What it shall run; `None` for one that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Number of the deployment that was in force when the rollout began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Its digest: the same content under another number is the same version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before_digest: String,
    /// What `dukou.lock` pinned when the rollout began, and pins again if it goes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pinned>,
    /// Deployments up to this number are none of this attempt: they went back before a person let the rollout go on.
    #[serde(default)]
    pub since: u64,
    /// Number of the newest deployment that runs the new version for this rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// Deployments of the new version that went back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<u64>,
    /// What the version before decided.
    pub baseline: Counts,
    /// Fuel per group of the version before; 0 if that is not known.
    pub baseline_fuel: u64,
    /// Groups that it usually sees in a day.
    pub groups_a_day: u64,
    /// What the new version decided before it went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Counts>,
    /// Why it is held: the gate's word, or the colour of its row.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Member {
    /// Its scheme; `None` if the name is none any more.
    pub fn name(&self) -> Option<SchemeName> {
        SchemeName::parse(&self.scheme).ok()
    }

    /// Whether it runs, or may run, the new version, up to this wave.
    pub fn in_force(&self, wave: usize) -> bool {
        match self.state {
            MemberState::Active | MemberState::Done | MemberState::Leaving => true,
            // Activated, and the process died before it could say so.
            MemberState::Waiting => self.wave.is_some_and(|own| own <= wave),
            MemberState::RolledBack | MemberState::Held | MemberState::Superseded => false,
        }
    }

    /// Whether it runs the new version and is judged by what that decides.
    pub fn is_watched(&self) -> bool {
        matches!(self.state, MemberState::Active | MemberState::Done)
    }

    /// What is in force in its scheme.
    ///
    /// # Errors
    /// The store's.
    pub fn runs(&self, store: &dyn Store) -> Result<Runs, StoreError> {
        let (Some(name), Some(candidate)) = (self.name(), &self.candidate) else {
            return Ok(Runs::Other);
        };
        let Some(active) = store.active(&name)? else {
            return Ok(Runs::Other);
        };
        if active.what.digest == candidate.digest {
            return Ok(Runs::New(active.id));
        }
        let numbers = self.numbers(store)?;
        let evidence = Evidence::parse(&active.what.evidence);
        let went_back =
            evidence.how == How::WaveRollback && evidence.rollback.is_some_and(|(left, _)| numbers.contains(&left));
        Ok(if went_back {
            Runs::Back(active.id)
        } else if active.what.digest.to_string() == self.before_digest && numbers.is_empty() {
            Runs::Before(active.id)
        } else {
            Runs::Other
        })
    }

    /// Numbers of all deployments of the new version since the rollout began or was let go on; of one that went back, of
    /// those that did.
    ///
    /// # Errors
    /// The store's.
    pub fn numbers(&self, store: &dyn Store) -> Result<Vec<u64>, StoreError> {
        if self.state == MemberState::RolledBack {
            return Ok(self.went_back().collect());
        }
        let (Some(name), Some(candidate)) = (self.name(), &self.candidate) else {
            return Ok(Vec::new());
        };
        // A scheme's deployments are numbered without a gap, and the active one is the newest.
        let after = self.since.max(self.before.unwrap_or_default());
        let newest = store.active(&name)?.map_or(0, |active| active.id);
        let most = newest.saturating_sub(after).min(MOST_DEPLOYMENTS);
        let Ok(most @ 1..) = usize::try_from(most) else {
            return Ok(Vec::new());
        };
        let known = store.deployments(&name, most)?.into_iter();
        let of_it = known.filter(|one| one.id > after && one.what.digest == candidate.digest);
        Ok(of_it.map(|one| one.id).collect())
    }

    /// Numbers of the deployments that went back.
    pub fn went_back(&self) -> impl Iterator<Item = u64> {
        let recorded = self.left.iter().copied();
        recorded.chain(self.deployment.filter(|_| self.left.is_empty()))
    }

    /// What the new version decided, under all its numbers.
    ///
    /// # Errors
    /// The store's.
    pub fn decided(&self, store: &dyn Store) -> Result<Counts, StoreError> {
        let Some(name) = self.name() else {
            return Ok(Counts::default());
        };
        decided_by(store, &name, &self.numbers(store)?)
    }
}

/// What deployments of a scheme decided, added up.
///
/// # Errors
/// The store's.
pub fn decided_by(store: &dyn Store, scheme: &SchemeName, numbers: &[u64]) -> Result<Counts, StoreError> {
    let mut sum = Counts::default();
    for number in numbers {
        let one = counts(&store.verdict_counts(scheme, *number)?);
        sum.mapped += one.mapped;
        sum.skipped += one.skipped;
        sum.rejected += one.rejected;
        sum.failed += one.failed;
    }
    Ok(sum)
}

/// What is in force in a scheme of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// The new version, under this number.
    New(u64),
    /// What ran before, under this number: the new version has not come yet.
    Before(u64),
    /// What ran before, under this number: the rollout itself brought it back.
    Back(u64),
    /// What somebody else put there, or nothing.
    Other,
}
