//! The gate: what is wanted beside what is in force, on the stored groups of the last days, or on everything retained. The
//! plugins' own cases first, then a replay; every pattern of difference needs a person's acceptance, which expires when a
//! recipe changes. The same output everywhere needs nobody; how much was compared is told with it. Activates nothing, sends
//! nothing.

mod kept;
mod route;
mod span;
mod word;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use dukou_core::digest::Digest;
use dukou_plugin::Runtime;
use dukou_replay::{Comparison, Options, Pattern, Progress, replay};
use dukou_store::Store;
use dukou_store::rows::{Acceptance, Deployment, Span};

use self::route::{comes_back, rerouted};
use super::activate::{self, load};
use super::changes::{self, Side};
use super::evidence::{Change, Coverage, Standing};
use super::stored::{RememberedOutcomes, StoredHistory};
use super::wanted::Wanted;
use super::{base_of, prove};
use crate::scheme::Scheme;
use crate::settings::Project;

pub use self::kept::figures;
pub use self::route::Rerouted;
pub use self::span::is_short;
pub use self::word::Said;

/// Days of history that a deployment is judged by where nobody asks for more. Fewer only show, see [`is_short`].
pub const USUAL_DAYS: u32 = 30;

/// How to ask.
pub struct Terms<'a> {
    /// Days of history.
    pub days: u32,
    /// Threads that map.
    pub threads: usize,
    /// Now.
    pub now: DateTime<Utc>,
    /// Called as the replay goes on.
    pub watch: &'a (dyn Fn(Progress) + Sync),
}

impl Terms<'_> {
    /// The records that are replayed: those received since so many days.
    pub fn span(&self) -> Span {
        Span {
            from: self.now.checked_sub_days(Days::new(self.days.into())),
            to: None,
        }
    }
}

/// A pattern and what a person said of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What differs.
    pub pattern: Pattern,
    /// What was said for exactly these two recipes.
    pub decision: Option<Acceptance>,
}

/// What the gate saw.
pub struct Examined {
    /// What is in force.
    pub before: Option<Deployment>,
    /// The chain's recipe in force; `None` before the first deployment.
    pub before_recipe: Option<Digest>,
    /// The wanted chain's recipe.
    pub recipe: Digest,
    /// Digest of everything wanted.
    pub digest: Digest,
    /// What differs in the definition, the plugins and the tables.
    pub changes: Vec<Change>,
    /// Cases that passed, by plugin.
    pub cases: Vec<(String, u64)>,
    /// What the replay found; `None` where there was nothing to compare.
    pub comparison: Option<Comparison>,
    /// How much of what is retained that is.
    pub coverage: Option<Coverage>,
    /// Its patterns.
    pub patterns: Vec<Judged>,
    /// Changes that no replay shows.
    pub rerouted: Vec<Rerouted>,
    /// What was accepted for this look only, see [`Said::keep`].
    pub unwritten: Vec<String>,
    /// Where that leaves it.
    pub standing: Standing,
    /// The base scheme's file and digest.
    pub base: Option<(String, String)>,
}

/// Threads that a replay maps on: those of the machine.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What is wanted beside what is in force, without a replay: the plugins' own cases and what differs.
///
/// # Errors
/// As [`examine`].
pub fn unasked(project: &Project, store: &dyn Store, scheme: &Scheme, wanted: &Wanted) -> anyhow::Result<Examined> {
    let mut examined = begin(project, store, scheme, wanted)?;
    if examined.standing == Standing::Pending {
        examined.standing = Standing::NotAsked;
    }
    if let Some(active) = &examined.before {
        let tables = activate::tables_of(store, active)?;
        examined.changes = changed(active, &tables, wanted);
    }
    Ok(examined)
}

/// What can be told before anything is compared: `First`, `Unchanged`, or still open (`Pending`). The plugins' own cases
/// have passed.
fn begin(project: &Project, store: &dyn Store, scheme: &Scheme, wanted: &Wanted) -> anyhow::Result<Examined> {
    let cases = prove(scheme, wanted)?;
    let before = store.active(&scheme.name)?;
    Ok(Examined {
        standing: match &before {
            None => Standing::First,
            Some(active) if active.what.digest == wanted.digest => Standing::Unchanged,
            Some(_) => Standing::Pending,
        },
        before,
        before_recipe: None,
        recipe: wanted.recipe,
        digest: wanted.digest,
        changes: Vec::new(),
        cases,
        comparison: None,
        coverage: None,
        patterns: Vec::new(),
        rerouted: Vec::new(),
        unwritten: Vec::new(),
        base: base_of(project, scheme),
    })
}

fn changed(active: &Deployment, tables: &BTreeMap<String, BTreeMap<String, String>>, wanted: &Wanted) -> Vec<Change> {
    changes::between(
        &Side {
            definition: &active.what.definition,
            plugins: &active.what.plugins,
            tables,
        },
        &Side {
            definition: &wanted.definition,
            plugins: &wanted.plugin_digests(),
            tables: &wanted.tables,
        },
    )
}

/// Looks at a wanted version of a scheme.
///
/// # Errors
/// A case that fails (`DefinitionErrors`), a version in force that can no longer be read, the store, the engine.
pub fn examine(
    project: &Project,
    store: &dyn Store,
    runtime: &Runtime,
    scheme: &Scheme,
    wanted: &Wanted,
    terms: &Terms<'_>,
) -> anyhow::Result<Examined> {
    let mut examined = begin(project, store, scheme, wanted)?;
    let Some(active) = examined.before.clone() else {
        return Ok(examined);
    };
    if examined.standing == Standing::Unchanged {
        examined.before_recipe = Some(wanted.recipe);
        return Ok(examined);
    }
    let (old_scheme, old) = load(project, store, runtime, &active)?;
    examined.before_recipe = Some(old.recipe);
    examined.changes = changed(&active, &old.tables, wanted);
    let said = store.acceptances(&scheme.name, &active.what.digest, &wanted.digest)?;
    examined.changes.extend(comes_back(store, scheme, wanted)?);
    examined.rerouted = rerouted(&examined.changes, &said);
    if old.recipe == wanted.recipe && same_rules(&old_scheme, scheme) {
        examined.standing = examined.weigh(Standing::SameRecipe);
        return Ok(examined);
    }
    let (before, after) = (old.version(&old_scheme), wanted.version(scheme));
    let (span, coverage) = span::of(store, &scheme.name, terms)?;
    examined.coverage = Some(coverage);
    let history = StoredHistory::new(store, &scheme.name, span);
    let memory = RememberedOutcomes::new(store, terms.now);
    let options = Options {
        threads: terms.threads,
        memory: Some(&memory),
        watch: terms.watch,
    };
    let comparison = replay(&history, &before, &after, &options)?;
    let said = store.acceptances(&scheme.name, &old.recipe, &wanted.recipe)?;
    examined.patterns = comparison
        .patterns()
        .into_iter()
        .map(|pattern| Judged {
            decision: said.iter().find(|one| one.pattern == pattern.id).cloned(),
            pattern,
        })
        .collect();
    examined.standing = examined.weigh(match comparison.all.groups {
        0 => Standing::NothingStored,
        _ => Standing::NoOp,
    });
    examined.comparison = Some(comparison);
    Ok(examined)
}

/// The host's own check is part of what decides a verdict, though not of the chain's recipe.
fn same_rules(before: &Scheme, after: &Scheme) -> bool {
    before.target.key == after.target.key
        && before.target_catalogue == after.target_catalogue
        && before.source_catalogue == after.source_catalogue
}
