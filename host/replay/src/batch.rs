//! One batch of a replay: mapped with both versions, or remembered, and compared. Equal outcomes are equal by their digests;
//! documents are only looked at where these differ.
//!
//! Fuel is a batch's, so that what a group costs depends on its neighbours: it is never remembered, but measured on the
//! first batch of a history, whose outcomes may be remembered or not.

use std::borrow::Cow;

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::verdict::Group;
use dukou_plugin::Fate;

use crate::change::{Compared, compare};
use crate::comparison::{Fuel, Seen};
use crate::history::{Known, Memory, Stored};
use crate::replay::ReplayError;
use crate::version::{Tried, Version, map};

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
    /// Of the first batch, what it costs.
    pub(crate) fuel: Option<Fuel>,
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
    /// What mapping the batch cost, unless it was only remembered.
    fuel: Option<u64>,
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
                fuel: before.fuel,
                learnt: Vec::new(),
            }
        } else {
            self.side(self.after, &groups)?
        };
        let compared = self.compare(&groups, &before, &after)?;
        let measured = |version: &Version, side: &Side| side.fuel.unwrap_or_else(|| cost(version, &groups));
        let fuel = (job.number == 0).then(|| Fuel {
            groups: groups.len() as u64,
            before: measured(self.before, &before),
            after: measured(self.after, &after),
        });
        Ok(Done {
            number: job.number,
            fuel,
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
                    fuel: None,
                    learnt: Vec::new(),
                });
            }
        }
        let (fates, fuel) = decided(version, groups)?;
        let known: Vec<Known> = fates.iter().map(known).collect();
        Ok(Side {
            fuel: Some(fuel),
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
    let (fates, _) = decided(version, &groups)?;
    Ok(fates.into_iter().map(Cow::Owned).collect())
}

/// Maps a batch until every group has a fate; with what the batch cost.
fn decided(version: &Version, groups: &[Group]) -> Result<(Vec<Fate>, u64), ReplayError> {
    let tried = map(version, groups);
    let fuel = sum(&tried);
    let fates = tried.into_iter().zip(groups).map(|(tried, group)| match tried.fate {
        Ok(fate) => Ok(fate),
        Err(_) => alone(version, group),
    });
    Ok((fates.collect::<Result<_, _>>()?, fuel))
}

/// What mapping a batch costs.
fn cost(version: &Version, groups: &[Group]) -> u64 {
    sum(&map(version, groups))
}

fn sum(tried: &[Tried]) -> u64 {
    tried.iter().fold(0u64, |sum, one| sum.saturating_add(one.fuel))
}

fn alone(version: &Version, group: &Group) -> Result<Fate, ReplayError> {
    let mut why = None;
    for _ in 0..ATTEMPTS {
        for tried in map(version, std::slice::from_ref(group)) {
            match tried.fate {
                Ok(fate) => return Ok(fate),
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

fn known(fate: &Fate) -> Known {
    Known { outcome: fate.digest() }
}
