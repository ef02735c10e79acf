//! The version that vouchers are compared with: the one a person named, else what was in force before the first that used
//! the bad one. It is loaded from the store and maps in memory; nothing is stored and nothing can be sent.

use std::collections::BTreeMap;

use anyhow::Context as _;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_plugin::{Fate, Runtime};
use dukou_store::rows::Deployment;

use super::version::{Bad, not_found, only, search};
use super::{Chains, usage};
use crate::cli::Context;
use crate::compose;
use crate::deploy::activate;
use crate::deploy::evidence::Evidence;
use crate::overview::blast::find::Asked;
use crate::overview::blast::report;
use crate::overview::desk::Desk;
use crate::overview::text::clean;
use crate::scheme::Scheme;

/// Maps a batch, one answer per group.
type Maps = Box<dyn Fn(&[Group]) -> Vec<Option<Fate>>>;

/// One scheme's good version.
pub(super) struct Good {
    /// What people are told of it.
    pub(super) what: report::Good,
    /// Its definition.
    pub(super) scheme: Option<Scheme>,
    /// How it maps.
    pub(super) maps: Option<Maps>,
}

/// Which deployment is good in each scheme, and the engine that runs them.
pub(super) struct Goods {
    chosen: BTreeMap<SchemeName, u64>,
    named: bool,
    runtime: Option<Runtime>,
}

impl Goods {
    /// Finds out which deployments are good.
    ///
    /// # Errors
    /// Usage or not found when what a person named is not one, or is the bad one.
    pub(super) fn find(context: &Context, desk: &Desk, bad: &Bad, named: Option<&str>) -> anyhow::Result<Self> {
        let chosen = match named {
            Some(text) => by_name(context, desk, bad, text)?,
            None => bad
                .used
                .iter()
                .filter_map(|(scheme, used)| {
                    Some((scheme.clone(), used.first()?.id.checked_sub(1).filter(|id| *id > 0)?))
                })
                .collect(),
        };
        Ok(Self {
            chosen,
            named: named.is_some(),
            runtime: None,
        })
    }

    /// Loads a scheme's good version. That it cannot be run any more is no error: its vouchers are listed all the same.
    ///
    /// # Errors
    /// The store's and the engine's.
    pub(super) fn take(&mut self, desk: &Desk, scheme: &SchemeName) -> anyhow::Result<Good> {
        let none = Good {
            what: report::Good::None,
            scheme: None,
            maps: None,
        };
        let Some(id) = self.chosen.get(scheme).copied() else {
            return Ok(none);
        };
        let Some(deployment) = desk.store.deployment(scheme, id)? else {
            return Ok(none);
        };
        match self.load(desk, &deployment) {
            Ok((scheme, maps)) => Ok(Good {
                what: report::Good::Version {
                    id,
                    digest: deployment.what.digest,
                    since: deployment.at,
                    named: self.named,
                },
                scheme: Some(scheme),
                maps: Some(maps),
            }),
            Err(error) => Ok(Good {
                what: report::Good::Unusable {
                    id,
                    reason: format!("{error:#}"),
                },
                ..none
            }),
        }
    }

    /// The chains' recipes, by which a voucher's own records are known again.
    ///
    /// # Errors
    /// The store's.
    pub(super) fn chains(&mut self, desk: &Desk, scheme: &SchemeName, ids: &[u64]) -> anyhow::Result<Chains> {
        let mut chains = Chains::new();
        for id in ids {
            let Some(deployment) = desk.store.deployment(scheme, *id)? else {
                continue;
            };
            let kept = Evidence::parse(&deployment.what.evidence).recipe.parse::<Digest>().ok();
            // A version that cannot be loaded has no recipe; its vouchers are compared by the newest records.
            let recipe = kept.or_else(|| {
                let runtime = self.runtime(desk).ok()?;
                let loaded = activate::load(&desk.project, desk.store.as_ref(), runtime, &deployment);
                Some(loaded.ok()?.1.recipe)
            });
            chains.extend(recipe.map(|recipe| (*id, recipe)));
        }
        Ok(chains)
    }

    fn load(&mut self, desk: &Desk, deployment: &Deployment) -> anyhow::Result<(Scheme, Maps)> {
        let store = desk.store.as_ref();
        let (scheme, wanted) = activate::load(&desk.project, store, self.runtime(desk)?, deployment)?;
        let version = wanted.version(&scheme);
        let maps = move |groups: &[Group]| {
            let once = |groups: &[Group]| -> Vec<Option<Fate>> {
                let tried = dukou_replay::map(&version, groups).into_iter();
                tried.map(|tried| tried.fate.ok()).collect()
            };
            let mut fates = once(groups);
            for (group, fate) in groups.iter().zip(&mut fates) {
                // The machine was to blame, not the group: once more, alone.
                if fate.is_none() {
                    *fate = once(std::slice::from_ref(group)).pop().flatten();
                }
            }
            fates
        };
        Ok((scheme, Box::new(maps)))
    }

    /// Made when it is needed first: a list without a comparison starts no engine.
    fn runtime(&mut self, desk: &Desk) -> anyhow::Result<&Runtime> {
        if self.runtime.is_none() {
            self.runtime = Some(compose::runtime(&desk.project.root)?);
        }
        self.runtime.as_ref().context("the engine was just made")
    }
}

/// The deployment that a person named, in each scheme that has it.
fn by_name(context: &Context, desk: &Desk, bad: &Bad, text: &str) -> anyhow::Result<BTreeMap<SchemeName, u64>> {
    let lang = context.lang;
    let shown = clean(text);
    let missing = || not_found(lang.text("blast.good-not-found", &[("text", &shown)]));
    let asked = Asked::parse(text, true).ok_or_else(missing)?;
    let concerned: Vec<SchemeName> = bad.used.keys().cloned().collect();
    let schemes = match (&asked, concerned.as_slice()) {
        (Asked::Number(Some(named), _), _) => vec![desk.choose(Some(named))?],
        (Asked::Number(None, _), [only]) => vec![only.clone()],
        (Asked::Number(None, _), _) => {
            let names: Vec<String> = concerned.iter().map(ToString::to_string).collect();
            let message = lang.text("blast.good-which-scheme", &[("schemes", &names.join(", "))]);
            return Err(usage("usage.good", message));
        }
        (Asked::Digest(_), _) => concerned,
    };
    let (_, found) = only(context, &shown, search(desk, &schemes, &asked)?)?.ok_or_else(missing)?;
    let mut chosen = BTreeMap::new();
    for (scheme, used) in found.used {
        let is_bad = |id: u64| {
            bad.used
                .get(&scheme)
                .is_some_and(|bad| bad.iter().any(|made| made.id == id))
        };
        // The latest that is not the bad one itself: a good plugin may have stood beside a bad one.
        match used.iter().rev().find(|made| !is_bad(made.id)) {
            Some(made) => chosen.insert(scheme, made.id),
            None => {
                let number = used.last().map_or(0, |made| made.id);
                let message = lang.text("blast.good-is-bad", &[("number", &number)]);
                return Err(usage("usage.good", message));
            }
        };
    }
    Ok(chosen)
}
