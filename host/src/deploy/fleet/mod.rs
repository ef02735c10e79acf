//! Fleets: one component for many schemes. Which schemes, what each would become by its own history, and which of them may
//! go. Schemes are looked at side by side, each by the gate that `deploy` uses; none sees another's records. Prints nothing.
//!
//! What a fleet would run is what is in force and the component, nothing else: a scheme whose files have other edits that
//! nobody deployed is held until somebody has settled them.

pub mod edits;
pub mod promote;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_plugin::{InspectionLimits, inspect};
use dukou_replay::{Comparison, PatternKind, Progress};
use dukou_store::rows::Deployment;
use rust_decimal::Decimal;

use super::evidence::{Evidence, How, Standing};
use super::gate::{self, Examined, Judged, Said, Terms};
use super::wanted::{self, Override, Wanted, wanted_with};
use crate::compose::Host;
use crate::scheme::Scheme;
use crate::settings::Project;

/// Schemes that are looked at side by side. Each of them reads one history from one store, so that more would only wait.
const MOST_AT_ONCE: usize = 4;

/// Which schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SchemeName),
    /// Those of the tenants with this tag.
    Tagged(String),
    /// All.
    All,
}

/// A component and the plugins that it stands in for.
pub struct Component {
    /// The names, any of which a scheme may use.
    pub names: Vec<String>,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl Component {
    /// A component that stands in for plugins of its own name, or of its file's.
    ///
    /// # Errors
    /// `PluginError` when it is none.
    pub fn named_by_itself(bytes: Arc<[u8]>, stem: Option<&str>) -> anyhow::Result<Self> {
        let inspection = inspect(&bytes, &InspectionLimits::default())?;
        let mut names: Vec<String> = inspection.manifest.into_iter().map(|manifest| manifest.name).collect();
        if let Some(stem) = stem
            && !names.iter().any(|name| name == stem)
        {
            names.push(stem.to_owned());
        }
        Ok(Self { names, bytes })
    }

    /// Whether it stands in for one of a scheme's plugins.
    fn is_used_by(&self, scheme: &Scheme) -> bool {
        scheme.plugin_uses().any(|one| self.stands_in_for(one))
    }

    /// It, under each of its names.
    pub fn overrides(&self) -> Vec<Override> {
        let names = self.names.iter();
        names
            .map(|name| Override {
                name: name.clone(),
                bytes: self.bytes.clone(),
            })
            .collect()
    }

    /// Whether it stands in for this plugin.
    pub fn stands_in_for(&self, plugin_use: &crate::scheme::PluginUse) -> bool {
        self.names.iter().any(|name| wanted::names(plugin_use, name))
    }
}

/// A scheme that the component is for.
pub struct Target {
    /// Its name.
    pub name: SchemeName,
    /// Its definition; an error's text where it cannot be read, so that nobody is left out unseen.
    pub scheme: Result<Scheme, String>,
}

/// Finds the schemes that a component is for, in order of their names.
///
/// # Errors
/// When a scheme's file has no usable name.
pub fn select(project: &Project, which: &Which, component: &Component) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for name in project.scheme_names()? {
        let meant = match which {
            Which::One(one) => *one == name,
            Which::Tagged(tag) => project.tags(&name.tenant).contains(tag),
            Which::All => true,
        };
        if !meant {
            continue;
        }
        match project.load_scheme(&name) {
            Ok(scheme) if component.is_used_by(&scheme) => targets.push(Target {
                name,
                scheme: Ok(scheme),
            }),
            Ok(_) => {}
            Err(errors) => targets.push(Target {
                name,
                scheme: Err(errors.to_string()),
            }),
        }
    }
    Ok(targets)
}

/// What a row of the matrix says at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// It cannot run the new version, or something newly fails that nobody has accepted.
    Red,
    /// Differences that nobody has accepted.
    Amber,
    /// Its files have other edits that nobody deployed.
    Edited,
    /// There is no history to tell by.
    Grey,
    /// Nothing changes, or only what was accepted.
    Green,
}

impl Colour {
    /// Worst first.
    pub const ALL: [Self; 5] = [Self::Red, Self::Amber, Self::Edited, Self::Grey, Self::Green];

    /// The stable word, for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Edited => "edited",
            Self::Grey => "grey",
            Self::Green => "green",
        }
    }
}

/// What was found out about one scheme.
pub struct Looked {
    /// Its definition.
    pub scheme: Scheme,
    /// What would be deployed.
    pub wanted: Wanted,
    /// What the gate saw.
    pub examined: Examined,
}

/// Why nothing was found out about a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// Its files have edits of their own that are not in force: what they touch.
    Edited(Vec<String>),
    /// Its definition cannot be read, or it cannot run the component: the error.
    Broken(String),
}

/// One row of the matrix.
pub struct Row {
    /// The scheme.
    pub name: SchemeName,
    /// What was found out, or why nothing was.
    pub looked: Result<Looked, Unseen>,
}

impl Row {
    /// At a glance.
    pub fn colour(&self) -> Colour {
        match &self.looked {
            Ok(looked) => {
                let seen = &looked.examined;
                colour_of(seen.standing, seen.comparison.as_ref(), &seen.patterns)
            }
            Err(Unseen::Edited(_)) => Colour::Edited,
            Err(Unseen::Broken(_)) => Colour::Red,
        }
    }

    /// Whether it cannot run the new version at all.
    pub fn is_broken(&self) -> bool {
        matches!(self.looked, Err(Unseen::Broken(_)))
    }

    /// What the gate saw, as evidence; `None` where it saw nothing.
    pub fn evidence(&self, how: How) -> Option<Evidence> {
        Some(self.looked.as_ref().ok()?.examined.evidence(how))
    }

    /// How bad it is: what newly fails before what changes.
    fn badness(&self) -> (Colour, std::cmp::Reverse<(u64, u64)>, SchemeName) {
        let compared = self
            .looked
            .as_ref()
            .ok()
            .and_then(|looked| looked.examined.comparison.as_ref());
        let figures = compared.map_or((0, 0), |comparison| {
            (comparison.newly_failing.groups, comparison.changed.groups)
        });
        (self.colour(), std::cmp::Reverse(figures), self.name.clone())
    }
}

/// What the gate saw, at a glance. A person who accepts a pattern vouches for it, also where groups newly fail by it.
fn colour_of(standing: Standing, compared: Option<&Comparison>, patterns: &[Judged]) -> Colour {
    match standing {
        Standing::Unchanged | Standing::SameRecipe => Colour::Green,
        Standing::First | Standing::NotAsked | Standing::NothingStored | Standing::Partial => Colour::Grey,
        // Nothing stored, nothing proved.
        Standing::NoOp if compared.is_none_or(|comparison| comparison.all.groups == 0) => Colour::Grey,
        Standing::NoOp | Standing::Accepted => Colour::Green,
        Standing::Pending | Standing::Rejected => {
            let failing = compared.is_some_and(|comparison| comparison.newly_failing.groups > 0);
            let accepted = |one: &Judged| one.decision.as_ref().is_some_and(|said| said.accepted);
            let mut open = patterns.iter().filter(|one| !accepted(one));
            let fails = |one: &Judged| match one.pattern.kind {
                PatternKind::NewlyFailed | PatternKind::NewlyRejected => true,
                PatternKind::Unlisted => failing,
                _ => false,
            };
            if open.any(fails) { Colour::Red } else { Colour::Amber }
        }
    }
}

/// How to look.
pub struct Look<'a> {
    /// Days of history.
    pub days: u32,
    /// Now.
    pub now: DateTime<Utc>,
    /// Is told of each scheme's progress; called from several threads.
    pub watch: &'a (dyn Fn(&SchemeName, Progress) + Sync),
    /// Is told of each scheme that was looked at.
    pub done: &'a (dyn Fn(&SchemeName) + Sync),
}

/// Looks at all targets, several at a time, and puts the worst first.
pub fn preview(host: &Host, targets: Vec<Target>, component: &Component, look: &Look<'_>) -> Vec<Row> {
    let threads = gate::threads().clamp(1, MOST_AT_ONCE).min(targets.len().max(1));
    // One mapper each: schemes are the unit of work, and with fewer schemes than threads a scheme gets the rest.
    let mappers = (gate::threads() / threads).max(1);
    let next = AtomicUsize::new(0);
    let mut rows = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut rows = Vec::new();
                    while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                        rows.push(row(host, target, component, look, mappers));
                        (look.done)(&target.name);
                    }
                    rows
                })
            })
            .collect();
        let mut rows = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => rows.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        rows
    });
    rows.sort_by_cached_key(Row::badness);
    rows
}

fn row(host: &Host, target: &Target, component: &Component, look: &Look<'_>, threads: usize) -> Row {
    let looked = match &target.scheme {
        Ok(scheme) => looked(host, scheme, component, look, threads)
            .unwrap_or_else(|error| Err(Unseen::Broken(format!("{error:#}")))),
        Err(error) => Err(Unseen::Broken(error.clone())),
    };
    Row {
        name: target.name.clone(),
        looked,
    }
}

fn looked(
    host: &Host,
    scheme: &Scheme,
    component: &Component,
    look: &Look<'_>,
    threads: usize,
) -> anyhow::Result<Result<Looked, Unseen>> {
    let wanted = wanted_with(&host.project, scheme, &host.runtime, &component.overrides())?;
    let active = host.store.active(&scheme.name)?;
    if let Some(active) = &active {
        let edits = edits::beside(&active.what, scheme, &wanted, component);
        if !edits.is_empty() {
            return Ok(Err(Unseen::Edited(edits)));
        }
    }
    let terms = Terms {
        days: look.days,
        threads,
        now: look.now,
        watch: &|progress| (look.watch)(&scheme.name, progress),
    };
    let examined = gate::examine(
        &host.project,
        host.store.as_ref(),
        &host.runtime,
        scheme,
        &wanted,
        &terms,
    )?;
    let id = |deployment: &Option<Deployment>| deployment.as_ref().map(|one| one.id);
    anyhow::ensure!(
        id(&active) == id(&examined.before),
        "something else was put into force meanwhile; look again"
    );
    Ok(Ok(Looked {
        scheme: scheme.clone(),
        wanted,
        examined,
    }))
}

/// Takes down what a person accepts, in every scheme that has the pattern. Answers the ids that nobody has.
///
/// # Errors
/// The store's.
pub fn accept(host: &Host, rows: &mut [Row], said: &Said<'_>) -> anyhow::Result<Vec<String>> {
    let mut unknown: Vec<String> = said.patterns.to_vec();
    for looked in rows.iter_mut().filter_map(|row| row.looked.as_mut().ok()) {
        let here = looked.examined.decide(host.store.as_ref(), &looked.scheme.name, said)?;
        unknown.retain(|pattern| here.contains(pattern));
    }
    rows.sort_by_cached_key(Row::badness);
    Ok(unknown)
}

/// One pattern over all schemes that have it: ids, places and counts, nothing from anybody's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The pattern's id.
    pub id: String,
    /// Its kind's word.
    pub kind: &'static str,
    /// Where.
    pub path: Option<String>,
    /// Schemes that have it.
    pub schemes: u64,
    /// Groups that have it.
    pub groups: u64,
    /// Their amounts summed.
    pub amount: Decimal,
    /// Schemes in which it was accepted.
    pub accepted: u64,
}

/// The patterns of all rows, those of most schemes first.
pub fn shared(rows: &[Row]) -> Vec<Shared> {
    let mut all: BTreeMap<String, Shared> = BTreeMap::new();
    let looked = rows.iter().filter_map(|row| row.looked.as_ref().ok());
    for judged in looked.flat_map(|looked| &looked.examined.patterns) {
        let pattern = &judged.pattern;
        let shared = all.entry(pattern.id.clone()).or_insert_with(|| Shared {
            id: pattern.id.clone(),
            kind: pattern.kind.word(),
            path: pattern.path.clone(),
            schemes: 0,
            groups: 0,
            amount: Decimal::ZERO,
            accepted: 0,
        });
        shared.schemes += 1;
        shared.groups += pattern.groups;
        shared.amount = shared.amount.saturating_add(pattern.amount);
        shared.accepted += u64::from(judged.decision.as_ref().is_some_and(|said| said.accepted));
    }
    let mut all: Vec<Shared> = all.into_values().collect();
    all.sort_by(|a, b| (b.schemes, b.groups, &a.id).cmp(&(a.schemes, a.groups, &b.id)));
    all
}

#[cfg(test)]
mod tests;
