//! The beginning of a rollout: who takes part in which wave, and what each scheme is compared with. Puts nothing into force.

use std::time::Duration;

use chrono::TimeDelta;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::rollout::{Counts, Thresholds};
use dukou_store::Store;
use dukou_store::rows::{Deployment, NewDeployment, Span};

use super::body::{Body, State};
use super::member::{Candidate, Member, MemberState, Pinned};
use super::{Ground, OPEN, alone};
use crate::deploy::evidence::{Evidence, How};
use crate::deploy::lock;

/// Days that say how much a scheme usually sees.
const USUAL_DAYS: i64 = 7;
/// Deployments of the same content whose verdicts make a baseline.
const MOST_DEPLOYMENTS: usize = 50;
/// Groups that make a baseline.
const LEAST_BASELINE: u64 = 20;

/// A scheme that takes part.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// The scheme.
    pub scheme: SchemeName,
    /// What it shall run; its bytes are in the store.
    pub candidate: NewDeployment,
    /// What the gate saw.
    pub evidence: Evidence,
    /// What is in force.
    pub before: Deployment,
}

/// A rollout to begin.
#[derive(Debug, Clone)]
pub struct NewRollout {
    /// The plugin's name.
    pub plugin: String,
    /// Its bytes.
    pub digest: Digest,
    /// Who.
    pub by: String,
    /// Why.
    pub note: String,
    /// How long each wave is watched at least.
    pub soak: Duration,
    /// `2,12,rest`, see [`dukou_core::rollout::waves`].
    pub waves: String,
    /// The schemes that take part.
    pub entrants: Vec<Entrant>,
    /// The schemes that are held, with the reason's word.
    pub held: Vec<(SchemeName, String)>,
}

/// Why a rollout does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The waves cannot be read: this part.
    Waves(String),
    /// No scheme takes part.
    Nobody,
    /// A scheme is part of a rollout that is not over.
    Busy {
        /// The scheme.
        scheme: SchemeName,
        /// The rollout.
        rollout: u64,
    },
}

/// Begins a rollout: its first wave comes into force with the first [`super::step()`].
///
/// # Errors
/// The store's.
pub fn begin(ground: &Ground<'_>, new: &NewRollout) -> anyhow::Result<Result<u64, Refused>> {
    let _alone = alone(ground);
    if new.entrants.is_empty() {
        return Ok(Err(Refused::Nobody));
    }
    let taking_part = |scheme: &str| new.entrants.iter().any(|entrant| entrant.scheme.to_string() == scheme);
    if let Some((scheme, rollout)) = busy(ground.store, None, taking_part)? {
        return Ok(Err(Refused::Busy { scheme, rollout }));
    }
    let sizes = match dukou_core::rollout::waves(&new.waves, new.entrants.len()) {
        Ok(sizes) => sizes,
        Err(part) => return Ok(Err(Refused::Waves(part))),
    };
    let mut members = new
        .entrants
        .iter()
        .map(|entrant| member(ground, entrant))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let least = Thresholds::default().least_groups;
    members.sort_by_key(|member| going_first(member, least));
    let mut rest = members.iter_mut();
    for (wave, size) in sizes.iter().enumerate() {
        for member in rest.by_ref().take(*size) {
            member.wave = Some(wave);
        }
    }
    for member in rest {
        member.state = MemberState::Held;
        member.why = "beyond".to_owned();
        member.candidate = None;
    }
    members.extend(new.held.iter().map(|(scheme, why)| Member {
        why: why.clone(),
        ..Member::held(scheme)
    }));
    let body = Body {
        schema: Body::SCHEMA,
        by: new.by.clone(),
        note: new.note.clone(),
        plugin: new.plugin.clone(),
        digest: new.digest,
        soak_ms: u64::try_from(new.soak.as_millis()).unwrap_or(u64::MAX),
        waves: sizes.len(),
        wave: 0,
        since: ground.now,
        thresholds: Thresholds::default(),
        setback: None,
        let_on: Vec::new(),
        members,
    };
    let id = ground
        .store
        .put_rollout(None, 0, State::Running.word(), &body.to_text(), ground.now)?;
    match id {
        Some(id) => Ok(Ok(id)),
        None => anyhow::bail!("the store refuses a new rollout"),
    }
}

/// A scheme of these that is part of an open rollout other than `except`, and that rollout.
pub(super) fn busy(
    store: &dyn Store,
    except: Option<u64>,
    taking_part: impl Fn(&str) -> bool,
) -> anyhow::Result<Option<(SchemeName, u64)>> {
    for rollout in store.rollouts(&OPEN, 0)? {
        if Some(rollout.id) == except {
            continue;
        }
        let body = Body::parse(&rollout)?;
        let members = body.members.iter().filter(|member| member.wave.is_some());
        let mut found = members.filter(|member| taking_part(&member.scheme));
        if let Some(name) = found.find_map(Member::name) {
            return Ok(Some((name, rollout.id)));
        }
    }
    Ok(None)
}

/// Who goes first: those that see enough in a day to be judged by, the quietest of them first; then the quiet ones.
fn going_first(member: &Member, least: u64) -> (bool, u64, String) {
    let quiet = member.groups_a_day < least;
    let order = if quiet {
        u64::MAX - member.groups_a_day
    } else {
        member.groups_a_day
    };
    (quiet, order, member.scheme.clone())
}

fn member(ground: &Ground<'_>, entrant: &Entrant) -> anyhow::Result<Member> {
    let (store, scheme) = (ground.store, &entrant.scheme);
    let week = Span {
        from: ground.now.checked_sub_signed(TimeDelta::days(USUAL_DAYS)),
        to: None,
    };
    let (baseline, baseline_fuel) = baseline(store, scheme, &entrant.before)?;
    let pins = lock::pins(&ground.project.root, scheme).unwrap_or_default();
    let mut evidence = entrant.evidence.clone();
    evidence.how = How::Wave;
    Ok(Member {
        state: MemberState::Waiting,
        candidate: Some(Candidate::of(&entrant.candidate, evidence)),
        before: Some(entrant.before.id),
        before_digest: entrant.before.what.digest.to_string(),
        pins: pins
            .into_iter()
            .map(|pin| Pinned {
                name: pin.name,
                digest: pin.digest,
            })
            .collect(),
        baseline,
        baseline_fuel,
        groups_a_day: store.count_groups(scheme, week)?.div_ceil(USUAL_DAYS.unsigned_abs()),
        ..Member::held(scheme)
    })
}

/// What the version in force decided: counted by all deployments of the same content; where that is too little to go by,
/// what the store knows of its problems.
fn baseline(store: &dyn Store, scheme: &SchemeName, before: &Deployment) -> anyhow::Result<(Counts, u64)> {
    let (mut counts, mut fuel) = (Counts::default(), 0u64);
    for one in store.deployments(scheme, MOST_DEPLOYMENTS)? {
        if one.what.digest == before.what.digest {
            let counted = store.verdict_counts(scheme, one.id)?;
            counts.mapped += counted.mapped;
            counts.skipped += counted.skipped;
            counts.rejected += counted.rejected;
            counts.failed += counted.failed;
            fuel = fuel.saturating_add(counted.fuel);
        }
    }
    let fuel = fuel / counts.total().max(1);
    if counts.total() >= LEAST_BASELINE {
        return Ok((counts, fuel));
    }
    let overview = store.overview(scheme)?;
    let open = |kind| {
        let found = overview.problems.iter().find(|(found, _)| *found == kind);
        found.map_or(0, |(_, tally)| tally.count)
    };
    let (rejected, failed) = (open(ProblemKind::Rejected), open(ProblemKind::Failed));
    let counts = Counts {
        mapped: overview.records.count.saturating_sub(rejected + failed),
        skipped: 0,
        rejected,
        failed,
    };
    Ok((counts, fuel))
}

impl Member {
    /// One that the gate did not let in, of which nothing else is known.
    pub(super) fn held(scheme: &SchemeName) -> Self {
        Self {
            scheme: scheme.to_string(),
            wave: None,
            state: MemberState::Held,
            candidate: None,
            before: None,
            before_digest: String::new(),
            pins: Vec::new(),
            since: 0,
            deployment: None,
            left: Vec::new(),
            baseline: Counts::default(),
            baseline_fuel: 0,
            groups_a_day: 0,
            cost: None,
            why: String::new(),
        }
    }
}
