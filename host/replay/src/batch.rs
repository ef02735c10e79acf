//! One batch of a replay: mapped with both versions, or remembered, and compared. Equal outcomes are equal by their digests;
//! documents are only looked at where these differ.
//!
//! A batch is mapped whole or not at all: fuel is a batch's, shared evenly, and must not depend on what was remembered.

use std::borrow::Cow;

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::verdict::Group;
use dukou_plugin::Fate;

use crate::change::{Compared, compare};
use crate::comparison::{Fuel, Seen};
use crate::history::{Known, Memory, Stored};
use crate::replay::ReplayError;
use crate::version::{Version, map};

/// Attempts at a group that the machine, not a plugin, gives no verdict on.
pub(crate) const ATTEMPTS: usize = 3;

/// Some groups of the history.
pub(crate) struct Job {
    pub(crate) number: usize,
    pub(crate) batch: Vec<Stored>,
}

/// What came of them.
pub(crate) struct Done {
    pub(crate) number: usize,
    pub(crate) groups: Vec<(Seen, Compared)>,
    pub(crate) fuel: Fuel,
    pub(crate) learnt: Vec<(Digest, Known)>,
    pub(crate) remembered: bool,
}

/// Where one batch is mapped and compared.
pub(crate) struct Bench<'a> {
    pub(crate) before: &'a Version,
    pub(crate) after: &'a Version,
    pub(crate) memory: Option<&'a dyn Memory>,
    pub(crate) wrapper: Option<String>,
}

/// What is known of a batch under one version.
struct Side {
    known: Vec<Known>,
    /// The fates, unless they were only remembered.
    fates: Option<Vec<Fate>>,
    /// What was not remembered before.
    learnt: Vec<(Digest, Known)>,
}

impl Bench<'_> {
    pub(crate) fn batch(&self, job: Job) -> Result<Done, ReplayError> {
        let (seen, groups): (Vec<Seen>, Vec<Group>) =
            job.batch.into_iter().map(|one| (Seen::of(&one), one.group)).unzip();
        let before = self.side(self.before, &groups)?;
        let after = if self.before.remembered_as() == self.after.remembered_as() {
            // One recipe has one outcome.
            Side {
                known: before.known.clone(),
                fates: None,
                learnt: Vec::new(),
            }
        } else {
            self.side(self.after, &groups)?
        };
        let compared = self.compare(&groups, &before, &after)?;
        let sum = |side: &Side| side.known.iter().fold(0u64, |sum, one| sum.saturating_add(one.fuel));
        Ok(Done {
            number: job.number,
            fuel: Fuel {
                before: sum(&before),
                after: sum(&after),
            },
            remembered: before.learnt.is_empty() && after.learnt.is_empty(),
            groups: seen.into_iter().zip(compared).collect(),
            learnt: before.learnt.into_iter().chain(after.learnt).collect(),
        })
    }

    fn side(&self, version: &Version, groups: &[Group]) -> Result<Side, ReplayError> {
        let recipes = version.recipes(groups.iter());
        if let Some(memory) = self.memory {
            let known = memory.known(&recipes).map_err(ReplayError::Memory)?;
            let known: Option<Vec<Known>> = known.into_iter().collect();
            if let Some(known) = known.filter(|known| known.len() == groups.len()) {
                return Ok(Side {
                    known,
                    fates: None,
                    learnt: Vec::new(),
                });
            }
        }
        let (fates, known): (Vec<Fate>, Vec<Known>) = decided(version, groups)?.into_iter().unzip();
        Ok(Side {
            learnt: recipes.into_iter().zip(known.iter().copied()).collect(),
            known,
            fates: Some(fates),
        })
    }

    fn compare(&self, groups: &[Group], before: &Side, after: &Side) -> Result<Vec<Compared>, ReplayError> {
        let pairs = before.known.iter().zip(&after.known);
        let differs: Vec<bool> = pairs.map(|(was, is)| was.outcome != is.outcome).collect();
        let mut was = fates(self.before, before, groups, &differs)?.into_iter();
        let mut is = fates(self.after, after, groups, &differs)?.into_iter();
        // Two versions may know the source differently: what either calls personal is.
        let mut sources: Vec<&Catalogue> = self.before.source_catalogue().into_iter().collect();
        sources.extend(self.after.source_catalogue().filter(|source| !sources.contains(source)));
        let wrapper = self.wrapper.as_deref();
        let each = groups.iter().zip(&differs).map(|(group, differs)| {
            let pair = differs.then(|| was.next().zip(is.next())).flatten();
            pair.map_or(Compared::Same, |(was, is)| compare(group, &was, &is, wrapper, &sources))
        });
        Ok(each.collect())
    }
}

/// The fates of the groups that differ, in order. Where only their digests are remembered, these groups are mapped for them.
fn fates<'a>(
    version: &Version,
    side: &'a Side,
    groups: &[Group],
    differs: &[bool],
) -> Result<Vec<Cow<'a, Fate>>, ReplayError> {
    if let Some(fates) = &side.fates {
        let differing = fates.iter().zip(differs).filter(|(_, differs)| **differs);
        return Ok(differing.map(|(fate, _)| Cow::Borrowed(fate)).collect());
    }
    let differing = groups.iter().zip(differs).filter(|(_, differs)| **differs);
    let groups: Vec<Group> = differing.map(|(group, _)| group.clone()).collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let decided = decided(version, &groups)?;
    Ok(decided.into_iter().map(|(fate, _)| Cow::Owned(fate)).collect())
}

/// Maps a batch until every group has a fate.
fn decided(version: &Version, groups: &[Group]) -> Result<Vec<(Fate, Known)>, ReplayError> {
    map(version, groups)
        .into_iter()
        .zip(groups)
        .map(|(tried, group)| match tried.fate {
            Ok(fate) => Ok(known(fate, tried.fuel)),
            Err(_) => alone(version, group),
        })
        .collect()
}

fn alone(version: &Version, group: &Group) -> Result<(Fate, Known), ReplayError> {
    let mut why = None;
    for _ in 0..ATTEMPTS {
        for tried in map(version, std::slice::from_ref(group)) {
            match tried.fate {
                Ok(fate) => return Ok(known(fate, tried.fuel)),
                Err(undecided) => why = Some(undecided),
            }
        }
    }
    let why = why.unwrap_or_default();
    Err(ReplayError::Undecided {
        group: group.key.clone(),
        code: why.code,
        message: why.message,
    })
}

fn known(fate: Fate, fuel: u64) -> (Fate, Known) {
    let outcome = fate.digest();
    (fate, Known { outcome, fuel })
}
