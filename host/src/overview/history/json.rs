//! The timeline for machines: complete, untranslated.

use dukou_core::digest::Digest;
use serde_json::{Value, json};

use super::Entry;
use crate::deploy::evidence::{Figure, PatternEvidence};
use crate::overview::Lens;

/// The timeline, newest first.
pub fn to_json<'a>(lens_of: &dyn Fn(&Entry) -> Lens<'a>, entries: &[Entry]) -> Vec<Value> {
    entries.iter().map(|entry| entry_json(&lens_of(entry), entry)).collect()
}

/// One deployment with everything that is kept of it.
pub fn entry_json(lens: &Lens<'_>, entry: &Entry) -> Value {
    let (deployment, evidence) = (&entry.deployment, &entry.evidence);
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let pins = |pins: &[(String, Digest)]| -> Vec<Value> {
        let pins = pins.iter();
        pins.map(|(name, digest)| json!({ "name": name, "digest": digest.to_string() }))
            .collect()
    };
    let changes = entry.changes.iter().map(
        |change| json!({ "what": change.what, "name": change.name, "before": change.before, "after": change.after }),
    );
    let replay = evidence.replay.as_ref().map(|replay| {
        json!({
            "all": figure(replay.all), "same": figure(replay.same), "changed": figure(replay.changed),
            "newly_failing": figure(replay.newly_failing), "newly_fixed": figure(replay.newly_fixed),
            "days": replay.coverage.and_then(|coverage| coverage.days),
            "older": replay.coverage.map(|coverage| coverage.older),
            "received": replay.received.as_ref().map(|(first, last)| json!({ "first": first, "last": last })),
        })
    });
    let verdicts = &entry.verdicts;
    json!({
        "scheme": entry.scheme.to_string(),
        "number": deployment.id.to_string(),
        "since": lens.stamp(deployment.at),
        "until": lens.stamp_or_null(entry.until),
        "in_force": deployment.active,
        "by": deployment.what.by,
        "note": deployment.what.note,
        "how": evidence.how.word(),
        "rollback": evidence.rollback.map(|(left, to)| json!({ "left": left.to_string(), "to": to.to_string() })),
        "rollout": number(evidence.rollout),
        "digest": deployment.what.digest.to_string(),
        "recipe": (!evidence.recipe.is_empty()).then_some(&evidence.recipe),
        "base": evidence.base.as_ref().map(|(file, digest)| json!({ "file": file, "digest": digest })),
        "plugins": pins(&deployment.what.plugins),
        "tables": pins(&deployment.what.tables),
        "changes": changes.collect::<Vec<_>>(),
        "standing": evidence.standing.word(),
        "before": number(evidence.before),
        "cases": evidence.cases.iter().map(|(plugin, passed)| json!({ "plugin": plugin, "passed": passed })).collect::<Vec<_>>(),
        "replay": replay,
        "patterns": evidence.patterns.iter().map(pattern).collect::<Vec<_>>(),
        "verdicts": {
            "total": verdicts.total(), "mapped": verdicts.mapped, "skipped": verdicts.skipped,
            "rejected": verdicts.rejected, "failed": verdicts.failed, "fuel": verdicts.fuel,
        },
        "written": { "count": entry.written.count, "at_least": entry.written.at_least },
    })
}

fn figure(figure: Figure) -> Value {
    json!({ "groups": figure.groups, "amount": figure.amount.to_string() })
}

fn pattern(pattern: &PatternEvidence) -> Value {
    json!({
        "id": pattern.id, "kind": pattern.kind, "path": pattern.path,
        "groups": pattern.figure.groups, "amount": pattern.figure.amount.to_string(),
        "accepted": pattern.accepted, "by": pattern.by, "note": pattern.note,
    })
}
