//! 运行概况 for machines.

use dukou_core::delivery::DeliveryState;
use dukou_core::problem::ProblemKind;
use dukou_store::rows::Tally;
use serde_json::{Value, json};

use super::super::records::{self, Proof};
use super::super::{Lens, groups};
use super::StatusView;

/// One scheme for machines.
pub fn to_json(lens: &Lens<'_>, view: &StatusView) -> Value {
    let overview = &view.overview;
    let tally = |tally: Tally| json!({ "count": tally.count, "amount": tally.amount.to_string() });
    let states: serde_json::Map<String, Value> = DeliveryState::ALL
        .into_iter()
        .map(|state| {
            let (sum, oldest) = view.state(&[state]);
            let mut entry = tally(sum);
            entry["oldest"] = lens.stamp_or_null(oldest);
            (state.word().to_owned(), entry)
        })
        .collect();
    let kinds: serde_json::Map<String, Value> = ProblemKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let (_, found) = overview.problems.iter().find(|(found, _)| *found == kind)?;
            Some((kind.word().to_owned(), tally(*found)))
        })
        .collect();
    let places: serde_json::Map<String, Value> = records::STATES
        .into_iter()
        .map(|state| {
            let (_, found) = overview
                .states
                .iter()
                .find(|(word, _)| word == state)
                .cloned()
                .unwrap_or_default();
            (state.to_owned(), tally(found))
        })
        .collect();
    let proof = match &view.proof {
        Proof::Proved => json!({ "state": "proved" }),
        Proof::Alarm { placed, elsewhere } => json!({ "state": "alarm", "placed": placed, "elsewhere": elsewhere }),
        Proof::TooMany => json!({ "state": "too-many" }),
        Proof::Moving => json!({ "state": "moving" }),
    };
    let windows = view.open_windows.iter().map(|window| {
        json!({
            "start": lens.stamp(window.range.start), "end": lens.stamp(window.range.end),
            "pages": window.pages, "rows": window.rows, "opened_at": lens.stamp(window.opened_at),
        })
    });
    let deployment = view.deployment.as_ref().map(|deployment| {
        let named = |pairs: &[(String, dukou_core::digest::Digest)]| {
            pairs
                .iter()
                .map(|(name, digest)| json!({ "name": name, "digest": digest.to_string() }))
                .collect::<Vec<_>>()
        };
        json!({
            "id": deployment.id.to_string(), "at": lens.stamp(deployment.at), "by": deployment.what.by,
            "note": deployment.what.note, "digest": deployment.what.digest.to_string(),
            "plugins": named(&deployment.what.plugins), "tables": named(&deployment.what.tables),
        })
    });
    json!({
        "scheme": view.scheme.to_string(),
        "title": view.title,
        "records": tally(overview.records),
        "states": places,
        "proof": proof,
        "untransformed": tally(overview.untransformed),
        "skipped": tally(overview.skipped),
        "deliveries": states,
        "adopted": overview.adopted,
        "problems": { "total": tally(view.problems()), "kinds": kinds, "groups": groups::to_json(lens, &view.groups) },
        "windows": { "closed_until": lens.stamp_or_null(overview.mark), "open": windows.collect::<Vec<_>>() },
        "last_pull": lens.stamp_or_null(overview.last_pull),
        "last_delivery": lens.stamp_or_null(overview.last_delivery),
        "next_pull": lens.stamp_or_null(view.next_pull),
        "next_delivery": lens.stamp_or_null(view.next_delivery),
        "oldest_moving": lens.stamp_or_null(overview.oldest_moving),
        "deployment": deployment,
        "undeployed": view.undeployed,
        "unusable": view.unusable,
        "gone": view.gone,
    })
}
