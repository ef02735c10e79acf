//! What is explained: the group as its plugins see it, what came of it after each plugin, and how another run of a
//! changed group is compared with that.

use std::cmp::Ordering;
use std::sync::Arc;

use dukou_core::digest::Digest;
use dukou_core::verdict::{Group, Mapped, Violation};

use super::text::Spots;
use super::tree::{Change, Comparison, Difference, Tree};
use super::watch::{RowAt, Watched};
use crate::chain::{Chain, GroupOutcome};
use crate::host_state::SharedTables;
use crate::projection::{MalformedJson, Projection};

/// One run of one group: what the mapping and each adjustment made, and what came of it in the end.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// By plugin; `None` from the one on that refused it.
    pub(crate) stages: Vec<Option<Mapped>>,
    pub(crate) outcome: GroupOutcome,
}

/// How a changed group came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reaction {
    /// Whether there were documents to compare.
    pub(crate) made: bool,
    /// Values that came out differently.
    pub(crate) differences: Vec<Difference>,
    /// Values that only this run has.
    pub(crate) appeared: Vec<(usize, String, String)>,
    /// Values that a refusal by the mapping or an adjustment names.
    pub(crate) refused: Vec<usize>,
    /// The group was skipped, or was refused with no value of the documents named.
    pub(crate) stopped: Option<Stopped>,
    /// Reasons of the group's own verdict that went away or changed.
    pub(crate) reasons: Vec<usize>,
    /// Values that a plugin of the chain made otherwise than the one before: node and plugin.
    pub(crate) writers: Vec<(usize, usize)>,
}

/// How a changed group ended without documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A plugin skipped it.
    Skipped,
    /// A plugin refused it.
    Rejected,
    /// A plugin died of it.
    Failed,
}

impl Reaction {
    /// Whether a value of the documents or a reason changed with it.
    pub(crate) fn tells(&self) -> bool {
        !self.reasons.is_empty() || self.differences.iter().any(|one| one.change == Change::Value)
    }
}

/// The group as it is.
pub(crate) struct Base {
    /// Cut down to what the plugins ask for.
    pub(crate) group: Group,
    /// The values of each record.
    pub(crate) spots: Vec<Spots>,
    pub(crate) trace: Trace,
    /// The documents that are explained: of the last plugin that made some.
    pub(crate) tree: Tree,
    /// That plugin's index.
    stage: Option<usize>,
    /// Rows that were looked up.
    pub(crate) looked_up: Vec<RowAt>,
    wrapper: Option<String>,
    /// The plugins, in order.
    plugins: Vec<Digest>,
}

impl Base {
    pub(crate) fn of(chain: &Chain, group: &Group, tables: &SharedTables) -> Result<Self, (String, MalformedJson)> {
        let needs: Vec<&str> = chain
            .plugins()
            .flat_map(|one| one.needs().paths())
            .map(String::as_str)
            .collect();
        // The paths were read before, so they can be read again.
        let needs = Projection::parse(&needs).unwrap_or_else(|_| Projection::whole());
        let mut group = group.clone();
        let mut spots = Vec::new();
        for record in &mut group.records {
            let cut = needs.apply(&record.body).map_err(|error| (record.key.clone(), error))?;
            spots.push(Spots::of(&cut).map_err(|error| (record.key.clone(), error))?);
            record.body = cut;
        }
        let watched = Arc::new(Watched::new(tables.clone()));
        let shared: SharedTables = watched.clone();
        let trace = traces(chain, std::slice::from_ref(&group), &shared)
            .pop()
            .unwrap_or_else(|| Trace {
                stages: Vec::new(),
                outcome: GroupOutcome::Skipped(String::new()),
            });
        let stage = trace.stages.iter().rposition(Option::is_some);
        let wrapper = wrapper_of(chain);
        let documents = stage.and_then(|stage| trace.stages.get(stage)?.as_ref());
        let tree = Tree::of(
            documents.map_or(&[], |mapped| mapped.documents.as_slice()),
            wrapper.as_deref(),
        );
        Ok(Self {
            group,
            spots,
            tree,
            stage,
            trace,
            looked_up: watched.seen(),
            wrapper,
            plugins: chain.plugins().map(|one| one.plugin().digest()).collect(),
        })
    }

    /// How the plugin that wrote each value is found: the last that made it otherwise than the one before.
    pub(crate) fn writers(&self) -> Vec<usize> {
        let mut writers = vec![0; self.tree.nodes.len()];
        for (node, plugin) in self.written(&self.trace) {
            if let Some(writer) = writers.get_mut(node) {
                *writer = plugin.max(*writer);
            }
        }
        writers
    }

    fn written(&self, trace: &Trace) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        // Only plugins up to the one whose documents are explained.
        let last = self.stage.unwrap_or(0);
        for (plugin, pair) in trace.stages.windows(2).enumerate().take(last) {
            let [Some(before), Some(after)] = pair else { continue };
            if before.documents == after.documents {
                continue;
            }
            let tree = Tree::of(&after.documents, self.wrapper.as_deref());
            for one in tree.compare(&before.documents).differences {
                let Some(node) = tree.nodes.get(one.node) else { continue };
                out.extend(self.tree.node(node.document, &node.path).map(|node| (node, plugin + 1)));
            }
        }
        out
    }

    /// Compares another run with the group's own.
    pub(crate) fn react(&self, trace: &Trace) -> Reaction {
        let mut reaction = Reaction {
            reasons: self.reasons_moved(trace),
            ..Reaction::default()
        };
        let Some(stage) = self.stage else { return reaction };
        match trace.stages.get(stage) {
            Some(Some(mapped)) => {
                let Comparison {
                    differences,
                    appeared,
                    reshaped,
                } = self.tree.compare(&mapped.documents);
                (reaction.differences, reaction.appeared) = (differences, appeared);
                reaction.made = true;
                if !reshaped {
                    reaction.writers = self.written(trace);
                }
            }
            _ => match &trace.outcome {
                GroupOutcome::Rejected { violations, .. } => {
                    reaction.refused = violations.iter().flat_map(|one| self.named(one)).collect();
                    reaction.refused.sort_unstable();
                    reaction.refused.dedup();
                    if reaction.refused.is_empty() {
                        reaction.stopped = Some(Stopped::Rejected);
                    }
                }
                GroupOutcome::Skipped(_) => reaction.stopped = Some(Stopped::Skipped),
                GroupOutcome::Failed(_) | GroupOutcome::Mapped(_) => reaction.stopped = Some(Stopped::Failed),
            },
        }
        reaction
    }

    fn named(&self, violation: &Violation) -> Vec<usize> {
        let Some(path) = violation.target_path.as_deref() else {
            return Vec::new();
        };
        let wrapper = self.wrapper.as_deref().unwrap_or_default();
        let inner = path.strip_prefix(wrapper).and_then(|rest| rest.strip_prefix('.'));
        self.tree.named(inner.filter(|_| !wrapper.is_empty()).unwrap_or(path))
    }

    /// The place in the chain of the plugin that stopped a group; behind all when none did.
    fn stopper(&self, outcome: &GroupOutcome, trace: &Trace) -> usize {
        let place = |digest: &Digest| self.plugins.iter().position(|one| one == digest);
        match outcome {
            GroupOutcome::Mapped(_) => self.plugins.len(),
            GroupOutcome::Skipped(_) => trace.stages.iter().take_while(|stage| stage.is_some()).count(),
            GroupOutcome::Rejected { plugin, .. } => place(plugin).unwrap_or(0),
            GroupOutcome::Failed(fault) => place(&fault.plugin).unwrap_or(0),
        }
    }

    /// Which reasons of a group that has no documents to deliver are gone or different in another outcome.
    fn reasons_moved(&self, trace: &Trace) -> Vec<usize> {
        let order = self
            .stopper(&trace.outcome, trace)
            .cmp(&self.stopper(&self.trace.outcome, &self.trace));
        if order == Ordering::Less {
            // A plugin before stopped it first, so nothing is known of these reasons.
            return Vec::new();
        }
        match (&self.trace.outcome, &trace.outcome) {
            (GroupOutcome::Skipped(reason), other) => {
                let same = matches!(other, GroupOutcome::Skipped(now) if now == reason);
                if same { Vec::new() } else { vec![0] }
            }
            (GroupOutcome::Failed(fault), other) => {
                let same = matches!(other, GroupOutcome::Failed(now) if (now.code, &now.by) == (fault.code, &fault.by));
                if same { Vec::new() } else { vec![0] }
            }
            (GroupOutcome::Rejected { by, violations, .. }, other) => {
                let now: &[Violation] = match other {
                    GroupOutcome::Mapped(_) => &[],
                    GroupOutcome::Rejected {
                        by: other,
                        violations: now,
                        ..
                    } if other == by => now,
                    // A later plugin got it, so this one had nothing to say.
                    _ if order == Ordering::Greater => &[],
                    _ => return Vec::new(),
                };
                let kept = |one: &Violation| now.iter().any(|other| other == one);
                let reasons = violations.iter().enumerate();
                reasons.filter(|(_, one)| !kept(one)).map(|(at, _)| at).collect()
            }
            (GroupOutcome::Mapped(_), _) => Vec::new(),
        }
    }
}

/// Runs a batch and keeps what each plugin made of it.
pub(crate) fn traces(chain: &Chain, groups: &[Group], tables: &SharedTables) -> Vec<Trace> {
    let mut stages: Vec<Vec<Option<Mapped>>> = groups.iter().map(|_| Vec::new()).collect();
    let report = chain.run_watched(groups, tables, &mut |outcomes| {
        for (stages, outcome) in stages.iter_mut().zip(outcomes) {
            stages.push(match outcome {
                Some(GroupOutcome::Mapped(mapped)) => Some(mapped.clone()),
                _ => None,
            });
        }
    });
    stages
        .into_iter()
        .zip(report.outcomes)
        .map(|(stages, outcome)| Trace { stages, outcome })
        .collect()
}

/// The key that wraps documents, by the environment of the mapping.
fn wrapper_of(chain: &Chain) -> Option<String> {
    let environment: serde_json::Value = serde_json::from_str(chain.mapping.environment()).ok()?;
    Some(environment.get("target")?.get("wrapper")?.as_str()?.to_owned())
}
