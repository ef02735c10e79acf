//! The gate: what is wanted beside what is in force, on everything retained. The plugins' own cases first, then a replay of
//! the stored history; every pattern of difference needs a person's acceptance, which expires when a recipe changes. The
//! same output everywhere is a proved no-op and needs nobody. Activates nothing, sends nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use dukou_core::digest::Digest;
use dukou_plugin::Runtime;
use dukou_replay::{Comparison, Options, Pattern, Progress, replay};
use dukou_store::Store;
use dukou_store::rows::{Acceptance, Deployment, Span};

use super::activate::{self, load};
use super::changes::{self, Side};
use super::evidence::{Change, Evidence, Figure, How, PatternEvidence, ReplayFigures, Standing};
use super::stored::{RememberedOutcomes, StoredHistory};
use super::wanted::Wanted;
use super::{base_of, prove};
use crate::scheme::Scheme;
use crate::settings::Project;

/// Days of history that a deployment is judged by where nobody says otherwise.
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
    /// What differs in the definition, the plugins and the tables.
    pub changes: Vec<Change>,
    /// Cases that passed, by plugin.
    pub cases: Vec<(String, u64)>,
    /// What the replay found; `None` where there was nothing to compare.
    pub comparison: Option<Comparison>,
    /// Its patterns.
    pub patterns: Vec<Judged>,
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
    let cases = prove(scheme, wanted)?;
    let before = store.active(&scheme.name)?;
    let standing = match &before {
        None => Standing::First,
        Some(active) if active.what.digest == wanted.digest => Standing::Unchanged,
        Some(_) => Standing::NotAsked,
    };
    let mut examined = Examined {
        changes: Vec::new(),
        before_recipe: None,
        recipe: wanted.recipe,
        cases,
        comparison: None,
        patterns: Vec::new(),
        standing,
        base: base_of(project, scheme),
        before,
    };
    if let Some(active) = &examined.before {
        let tables = activate::tables_of(store, active)?;
        examined.changes = changed(active, &tables, wanted);
    }
    Ok(examined)
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
    let cases = prove(scheme, wanted)?;
    let mut examined = Examined {
        before: store.active(&scheme.name)?,
        before_recipe: None,
        recipe: wanted.recipe,
        changes: Vec::new(),
        cases,
        comparison: None,
        patterns: Vec::new(),
        standing: Standing::First,
        base: base_of(project, scheme),
    };
    let Some(active) = examined.before.clone() else {
        return Ok(examined);
    };
    if active.what.digest == wanted.digest {
        examined.before_recipe = Some(wanted.recipe);
        examined.standing = Standing::Unchanged;
        return Ok(examined);
    }
    let (old_scheme, old) = load(project, store, runtime, &active)?;
    examined.before_recipe = Some(old.recipe);
    examined.changes = changed(&active, &old.tables, wanted);
    if old.recipe == wanted.recipe && same_rules(&old_scheme, scheme) {
        examined.standing = Standing::SameRecipe;
        return Ok(examined);
    }
    let (before, after) = (old.version(&old_scheme), wanted.version(scheme));
    let history = StoredHistory::new(store, &scheme.name, terms.span());
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
    examined.standing = standing(&examined.patterns);
    examined.comparison = Some(comparison);
    Ok(examined)
}

/// The host's own check is part of what decides a verdict, though not of the chain's recipe.
fn same_rules(before: &Scheme, after: &Scheme) -> bool {
    before.target.key == after.target.key
        && before.target_catalogue == after.target_catalogue
        && before.source_catalogue == after.source_catalogue
}

fn standing(patterns: &[Judged]) -> Standing {
    let said = |accepted: bool| {
        move |one: &Judged| {
            one.decision
                .as_ref()
                .is_some_and(|decision| decision.accepted == accepted)
        }
    };
    if patterns.is_empty() {
        Standing::NoOp
    } else if patterns.iter().any(said(false)) {
        Standing::Rejected
    } else if patterns.iter().all(said(true)) {
        Standing::Accepted
    } else {
        Standing::Pending
    }
}

impl Examined {
    /// Takes down what a person says of patterns: each id, or `all`. Answers the ids that no pattern has.
    ///
    /// # Errors
    /// The store's.
    pub fn decide(&mut self, store: &dyn Store, scheme: &Scheme, said: &Said<'_>) -> anyhow::Result<Vec<String>> {
        let Some(before) = self.before_recipe else {
            return Ok(said.patterns.to_vec());
        };
        for one in &mut self.patterns {
            if !said.patterns.iter().any(|text| is_named(&one.pattern, text)) {
                continue;
            }
            let decision = Acceptance {
                pattern: one.pattern.id.clone(),
                before,
                after: self.recipe,
                accepted: said.accepted,
                by: said.by.to_owned(),
                note: said.note.to_owned(),
                at: said.at,
            };
            store.accept(&scheme.name, &decision)?;
            one.decision = Some(decision);
        }
        if self.comparison.is_some() {
            self.standing = standing(&self.patterns);
        }
        let known = |text: &String| text == "all" || self.patterns.iter().any(|one| is_named(&one.pattern, text));
        Ok(said.patterns.iter().filter(|text| !known(text)).cloned().collect())
    }

    /// What a deployment of it rests on.
    pub fn evidence(&self, how: How) -> Evidence {
        Evidence {
            how,
            standing: self.standing,
            before: self.before.as_ref().map(|before| before.id),
            recipe: self.recipe.to_string(),
            base: self.base.clone(),
            changes: self.changes.clone(),
            cases: self.cases.clone(),
            replay: self.comparison.as_ref().map(figures),
            patterns: self.patterns.iter().map(pattern_evidence).collect(),
            rollout: None,
            rollback: None,
        }
    }
}

/// Whether a person means this pattern: by `all`, or by four or more digits of its id.
pub fn is_named(pattern: &Pattern, text: &str) -> bool {
    text == "all" || (text.len() >= 4 && pattern.id.starts_with(text))
}

/// What a person says of patterns.
pub struct Said<'a> {
    /// Ids (their first four digits and more will do), or `all`.
    pub patterns: &'a [String],
    /// Accepted or rejected.
    pub accepted: bool,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub note: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// The figures of a comparison that are kept as evidence.
pub fn figures(comparison: &Comparison) -> ReplayFigures {
    ReplayFigures {
        all: comparison.all,
        same: comparison.same,
        changed: comparison.changed,
        newly_failing: comparison.newly_failing,
        newly_fixed: comparison.newly_fixed,
        fuel: (comparison.fuel.before, comparison.fuel.after),
        received: comparison
            .received
            .map(|(first, last)| (first.to_rfc3339(), last.to_rfc3339())),
    }
}

fn pattern_evidence(judged: &Judged) -> PatternEvidence {
    let (accepted, by, note) = match &judged.decision {
        Some(decision) => (Some(decision.accepted), decision.by.clone(), decision.note.clone()),
        None => (None, String::new(), String::new()),
    };
    PatternEvidence {
        id: judged.pattern.id.clone(),
        kind: judged.pattern.kind.word().to_owned(),
        path: judged.pattern.path.clone(),
        figure: Figure {
            groups: judged.pattern.groups,
            amount: judged.pattern.amount,
        },
        accepted,
        by,
        note,
    }
}
