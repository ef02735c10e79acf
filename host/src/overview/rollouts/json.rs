//! Rollouts and shadows for machines.

use serde_json::{Value, json};

use super::{RolloutView, View};
use crate::deploy::gate::figures;
use crate::deploy::shadow::Figures;
use crate::overview::Lens;

/// Rollouts and shadows for machines: `{"rollouts": […], "shadows": […]}`.
pub fn to_json(lens: &Lens<'_>, view: &View) -> Value {
    let rollouts: Vec<Value> = view.rollouts.iter().map(|one| rollout_json(lens, one)).collect();
    let shadows: Vec<Value> = view.shadows.iter().map(|one| shadow_json(lens, one)).collect();
    json!({ "rollouts": rollouts, "shadows": shadows })
}

fn rollout_json(lens: &Lens<'_>, view: &RolloutView) -> Value {
    let body = &view.body;
    let members: Vec<Value> = body
        .members
        .iter()
        .map(|member| {
            json!({
                "scheme": member.scheme,
                "wave": member.wave.map(|wave| wave + 1),
                "state": member.state.word(),
                "before": member.before.map(|id| id.to_string()),
                "deployment": member.deployment.map(|id| id.to_string()),
                "why": member.why,
            })
        })
        .collect();
    let setback = body.setback.as_ref().map(|setback| {
        json!({
            "reason": setback.reason, "wave": setback.wave + 1, "at": lens.stamp(setback.at),
            "groups": (view.lost.rejected + view.lost.failed).max(setback.groups), "due_again": setback.due_again,
        })
    });
    let let_on: Vec<Value> = body
        .let_on
        .iter()
        .map(|one| json!({ "wave": one.wave + 1, "by": one.by, "at": lens.stamp(one.at) }))
        .collect();
    json!({
        "id": view.id.to_string(),
        "state": view.state.word(),
        "plugin": body.plugin,
        "digest": body.digest.to_string(),
        "by": body.by,
        "note": body.note,
        "at": lens.stamp(view.at),
        "changed_at": lens.stamp(view.changed_at),
        "wave": body.wave + 1,
        "waves": body.waves,
        "since": lens.stamp(body.since),
        "soak_ms": body.soak_ms,
        "seen": view.seen,
        "lost": view.lost,
        "missing": view.missing,
        "quiet": view.quiet,
        "let_on": let_on,
        "setback": setback,
        "members": members,
    })
}

/// One shadow for machines.
pub fn shadow_json(lens: &Lens<'_>, shadow: &Figures) -> Value {
    let patterns = shadow.comparison.patterns().into_iter();
    let patterns: Vec<Value> = patterns
        .map(|one| {
            json!({
                "id": one.id, "kind": one.kind.word(), "path": one.path, "groups": one.groups,
                "amount": one.amount.to_string(),
            })
        })
        .collect();
    json!({
        "scheme": shadow.scheme.to_string(),
        "digest": shadow.digest.to_string(),
        "beside": shadow.beside.to_string(),
        "by": shadow.by,
        "note": shadow.note,
        "since": lens.stamp(shadow.since),
        "until": lens.stamp(shadow.until),
        "ended": lens.stamp_or_null(shadow.ended),
        "over": shadow.is_over(lens.now),
        "replay": figures(&shadow.comparison),
        "patterns": patterns,
        "not_run": shadow.not_run,
        "error": shadow.error,
    })
}
