//! What is kept of an examination as evidence beside the deployment.

use dukou_replay::Comparison;
use dukou_store::rows::Acceptance;

use super::{Examined, Judged, Rerouted};
use crate::deploy::evidence::{Evidence, Figure, How, PatternEvidence, ReplayFigures};

impl Examined {
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
            replay: self.comparison.as_ref().map(|comparison| ReplayFigures {
                coverage: self.coverage,
                ..figures(comparison)
            }),
            patterns: self
                .patterns
                .iter()
                .map(pattern_evidence)
                .chain(self.rerouted.iter().map(route_evidence))
                .collect(),
            rollout: None,
            rollback: None,
            pinned: Vec::new(),
        }
    }
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
        coverage: None,
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
