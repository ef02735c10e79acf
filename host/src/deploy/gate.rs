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
use super::rollback::left_by;
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

/// A change of where records come from, where documents go, or by what they are known: no replay shows what it does, so a
/// person says yes to it.
#[derive(Debug, Clone)]
pub struct Rerouted {
    /// Eight hex digits; the same for the same place.
    pub id: String,
    /// What changes.
    pub change: Change,
    /// What was said for exactly these two deployments.
    pub decision: Option<Acceptance>,
}

/// A content that a rollback left: [`Change::what`] of its coming back.
const LEFT: &str = "rolled-back";

/// Parts of a definition that decide no document and yet what becomes of every one.
const ROUTES: [&str; 15] = [
    "source.connection",
    "source.account",
    "source.api",
    "source.key",
    "source.request",
    "source.from",
    "source.span_ms",
    "source.overlap_ms",
    "source.lag_ms",
    "target.connection",
    "target.account",
    "target.api",
    "target.key",
    "group",
    "after_delivery",
];

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
    /// Its patterns.
    pub patterns: Vec<Judged>,
    /// Changes that no replay shows.
    pub rerouted: Vec<Rerouted>,
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
        patterns: Vec::new(),
        rerouted: Vec::new(),
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
    if let Some((rollback, note)) = left_by(store, &scheme.name, &wanted.digest)? {
        examined.changes.push(Change {
            what: LEFT.to_owned(),
            name: rollback.to_string(),
            before: (!note.is_empty()).then_some(note),
            after: None,
        });
    }
    examined.rerouted = rerouted(&examined.changes, &said);
    if old.recipe == wanted.recipe && same_rules(&old_scheme, scheme) {
        examined.standing = examined.weigh(Standing::SameRecipe);
        return Ok(examined);
    }
    let (before, after) = (old.version(&old_scheme), wanted.version(scheme));
    // A quiet shop is judged by what it has, however old.
    let span = match terms.span() {
        recent if store.count_groups(&scheme.name, recent)? > 0 => recent,
        _ => Span { from: None, to: None },
    };
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

fn rerouted(changes: &[Change], said: &[Acceptance]) -> Vec<Rerouted> {
    let routed = |change: &&Change| {
        let below = |route: &str| {
            change
                .name
                .strip_prefix(route)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        // Older versions did not write down whose books they meant: that they are known now reroutes nothing.
        let learned = change.before.is_none() && ["source.account", "target.account"].contains(&change.name.as_str());
        match change.what.as_str() {
            "definition" => !learned && ROUTES.into_iter().any(below),
            // A judge that comes or goes may say nothing of what is stored, and much of what is to come.
            "plugin" => change.before.is_none() || change.after.is_none(),
            other => other == LEFT,
        }
    };
    changes
        .iter()
        .filter(routed)
        .map(|change| {
            let digest = Digest::of_parts([change.what.as_bytes(), change.name.as_bytes()]);
            let id: String = digest.short().chars().take(8).collect();
            Rerouted {
                decision: said.iter().find(|one| one.pattern == id).cloned(),
                change: change.clone(),
                id,
            }
        })
        .collect()
}

/// The host's own check is part of what decides a verdict, though not of the chain's recipe.
fn same_rules(before: &Scheme, after: &Scheme) -> bool {
    before.target.key == after.target.key
        && before.target_catalogue == after.target_catalogue
        && before.source_catalogue == after.source_catalogue
}

impl Examined {
    /// Takes down what a person says of patterns: each id, or `all`. Answers the ids that no pattern has.
    ///
    /// # Errors
    /// The store's.
    pub fn decide(&mut self, store: &dyn Store, scheme: &Scheme, said: &Said<'_>) -> anyhow::Result<Vec<String>> {
        let (Some(before), Some(active)) = (self.before_recipe, &self.before) else {
            return Ok(said.patterns.to_vec());
        };
        let accept = |id: &str, before: Digest, after: Digest| -> anyhow::Result<Acceptance> {
            let decision = Acceptance {
                pattern: id.to_owned(),
                before,
                after,
                accepted: said.accepted,
                by: said.by.to_owned(),
                note: said.note.to_owned(),
                at: said.at,
            };
            store.accept(&scheme.name, &decision)?;
            Ok(decision)
        };
        let named = |id: &str| said.patterns.iter().any(|text| is_named(id, text));
        for one in self.patterns.iter_mut().filter(|one| named(&one.pattern.id)) {
            one.decision = Some(accept(&one.pattern.id, before, self.recipe)?);
        }
        for one in self.rerouted.iter_mut().filter(|one| named(&one.id)) {
            one.decision = Some(accept(&one.id, active.what.digest, self.digest)?);
        }
        if !self.patterns.is_empty() || !self.rerouted.is_empty() {
            self.standing = self.weigh(self.standing);
        }
        Ok(said.patterns.iter().filter(|text| !self.knows(text)).cloned().collect())
    }

    /// Whether a person means something of it by this text: `all`, or four or more digits of an id.
    pub fn knows(&self, text: &str) -> bool {
        text == "all" || self.ids().any(|(id, _)| is_named(id, text))
    }

    /// Everything that needs a person's word, with what was said.
    pub fn ids(&self) -> impl Iterator<Item = (&str, Option<&Acceptance>)> {
        let patterns = self
            .patterns
            .iter()
            .map(|one| (one.pattern.id.as_str(), one.decision.as_ref()));
        patterns.chain(self.rerouted.iter().map(|one| (one.id.as_str(), one.decision.as_ref())))
    }

    /// Where it stands; `nothing` if there is nothing that needs a person.
    fn weigh(&self, nothing: Standing) -> Standing {
        let accepted = |one: (&str, Option<&Acceptance>)| one.1.map(|decision| decision.accepted);
        if self.ids().next().is_none() {
            nothing
        } else if self.ids().any(|one| accepted(one) == Some(false)) {
            Standing::Rejected
        } else if self.ids().all(|one| accepted(one) == Some(true)) {
            Standing::Accepted
        } else {
            Standing::Pending
        }
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
            patterns: self
                .patterns
                .iter()
                .map(pattern_evidence)
                .chain(self.rerouted.iter().map(route_evidence))
                .collect(),
            rollout: None,
            rollback: None,
        }
    }
}

/// Whether a person means this id: by `all`, or by four or more of its digits.
fn is_named(id: &str, text: &str) -> bool {
    text == "all" || (text.len() >= 4 && id.starts_with(text))
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
    let pattern = &judged.pattern;
    let figure = Figure {
        groups: pattern.groups,
        amount: pattern.amount,
    };
    let (id, kind) = (pattern.id.clone(), pattern.kind.word());
    said_of(id, kind, pattern.path.clone(), figure, judged.decision.as_ref())
}

fn route_evidence(one: &Rerouted) -> PatternEvidence {
    let (id, path) = (one.id.clone(), Some(one.change.name.clone()));
    said_of(id, "route", path, Figure::default(), one.decision.as_ref())
}

fn said_of(
    id: String,
    kind: &str,
    path: Option<String>,
    figure: Figure,
    decision: Option<&Acceptance>,
) -> PatternEvidence {
    let (accepted, by, note) = match decision {
        Some(decision) => (Some(decision.accepted), decision.by.clone(), decision.note.clone()),
        None => (None, String::new(), String::new()),
    };
    PatternEvidence {
        id,
        kind: kind.to_owned(),
        path,
        figure,
        accepted,
        by,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(what: &str, name: &str) -> Change {
        Change {
            what: what.into(),
            name: name.into(),
            before: None,
            after: None,
        }
    }

    #[test]
    fn what_no_replay_shows_needs_a_word() {
        let changes = [
            change("definition", "target.connection"),
            change("definition", "target.schedule.cron"),
            change("definition", "group.by"),
            change("definition", "groups"),
            change("setting", "mapping.settings.group"),
            change("definition", "title"),
            change("plugin", "voucher-checks"),
            change(LEFT, "7"),
            change("definition", "source.request[3][1]"),
            change("definition", "source.lag_ms"),
            change("definition", "source.page_size"),
        ];
        let found: Vec<_> = rerouted(&changes, &[]).into_iter().map(|one| one.change.name).collect();
        assert_eq!(
            found,
            [
                "target.connection",
                "group.by",
                "voucher-checks",
                "7",
                "source.request[3][1]",
                "source.lag_ms"
            ]
        );
    }

    #[test]
    fn other_books_need_a_word_and_books_that_are_first_written_down_do_not() {
        for name in ["source.account", "target.account"] {
            let learned = change("definition", name);
            let moved = Change {
                before: Some("\"books of one\"".into()),
                ..learned.clone()
            };
            assert_eq!(rerouted(&[learned], &[]).len(), 0, "{name}");
            assert_eq!(rerouted(&[moved], &[]).len(), 1, "{name}");
        }
    }
}
