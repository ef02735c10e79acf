//! An explanation for machines. Paths, codes and names are never translated; personal values are masked as everywhere.

use dukou_core::verdict::Violation;
use dukou_plugin::GroupOutcome;
use dukou_plugin::explain::{Effect, ExplainedNode, Gate, Link, Origin, Reason, Stopped, UntriedWhy};
use serde_json::{Map, Value, json};

use super::View;
use crate::overview::mask::Side;

/// The object that `--json` prints, without `schema`.
pub fn to_json(view: &View<'_>) -> Value {
    let explanation = view.explanation;
    let outcome = match &explanation.outcome {
        GroupOutcome::Mapped(_) => "mapped",
        GroupOutcome::Skipped(_) => "skipped",
        GroupOutcome::Rejected { .. } => "rejected",
        GroupOutcome::Failed(_) => "failed",
    };
    let documents: Vec<Value> = explanation
        .documents
        .iter()
        .map(|document| {
            json!({
                "key": format!("{}{}", view.group.key, document.suffix),
                "suffix": document.suffix,
                "values": view.nodes(document).iter().map(|one| node(view, one)).collect::<Vec<_>>(),
                "absent": view.wanted(&document.absent).iter().map(|one| node(view, one)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let reasons: Vec<Value> = explanation
        .reasons
        .iter()
        .map(|one| {
            let mut out = reason(view, &one.reason);
            let origins = one.origins.iter().map(|one| Value::Object(origin(view, one)));
            out["origins"] = origins.collect();
            out
        })
        .collect();
    let untried = explanation.untried.iter().map(|one| {
        let why = match one.why {
            UntriedWhy::Lines => "lines",
            UntriedWhy::Bound => "bound",
            UntriedWhy::Refused => "refused",
        };
        let record = one.record.and_then(|record| view.group.records.get(record));
        json!({ "what": one.what, "record": record.map(|record| &record.key), "why": why })
    });
    json!({
        "group": view.group.key,
        "records": view.group.records.iter().map(|record| &record.key).collect::<Vec<_>>(),
        "deployment": view.deployment,
        "outcome": outcome,
        "documents": documents,
        "reasons": reasons,
        "decides": explanation.gates.iter().map(|one| gate(view, one)).collect::<Vec<_>>(),
        "untried": untried.collect::<Vec<_>>(),
        "complete": explanation.complete,
        "effort": { "groups": explanation.effort.groups, "calls": explanation.effort.calls },
    })
}

fn node(view: &View<'_>, node: &ExplainedNode) -> Value {
    let masked = node
        .value
        .as_ref()
        .map(|value| view.masked(Side::Target, &node.path, value));
    json!({
        "path": node.path,
        "label": view.label(Side::Target, &node.path),
        "value": masked.map(parsed),
        "written_by": Some(&node.written_by).filter(|name| !name.is_empty()),
        "origins": node.links.iter().map(|one| link(view, one)).collect::<Vec<_>>(),
    })
}

fn link(view: &View<'_>, link: &Link) -> Value {
    let mut out = origin(view, &link.origin);
    let effect = match link.effect {
        Effect::Value => "value",
        Effect::Presence => "presence",
        Effect::Line => "line",
        Effect::Refusal => "refusal",
    };
    out.insert("effect".to_owned(), effect.into());
    Value::Object(out)
}

fn origin(view: &View<'_>, origin: &Origin) -> Map<String, Value> {
    let value = match origin {
        Origin::Source { record, key, path } => json!({
            "kind": "source", "record": key, "path": path, "label": view.label(Side::Source, path),
            "value": view.source_value(*record, path).map(parsed),
        }),
        Origin::Column { path } => {
            json!({ "kind": "column", "path": path, "label": view.label(Side::Source, path) })
        }
        Origin::GroupKey => json!({ "kind": "group-key" }),
        Origin::GroupExtra => json!({ "kind": "group-extra" }),
        Origin::RecordKey { key, .. } => json!({ "kind": "record-key", "record": key }),
        Origin::ReceivedAt { key, .. } => json!({ "kind": "received-at", "record": key }),
        Origin::RecordExtra { key, .. } => json!({ "kind": "record-extra", "record": key }),
        Origin::Lookup {
            table,
            key,
            column,
            found,
        } => {
            json!({ "kind": "lookup", "table": table, "key": view.without_personal(key), "column": column, "found": found })
        }
        Origin::Setting { plugin, path } => json!({ "kind": "setting", "plugin": plugin, "path": path }),
        Origin::TimeZone => json!({ "kind": "time-zone", "zone": view.lens.zone.name() }),
        Origin::Constant { plugin, setting } => {
            json!({ "kind": "constant", "plugin": plugin, "setting": setting })
        }
    };
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn reason(view: &View<'_>, reason: &Reason) -> Value {
    match reason {
        Reason::Skipped(reason) => json!({ "kind": "skipped", "message": view.without_personal(reason) }),
        Reason::Violation { by, violation } => {
            let Violation {
                code,
                message,
                source_path,
                target_path,
                ..
            } = violation;
            json!({
                "kind": "violation", "by": by, "code": code, "source_path": source_path, "target_path": target_path,
                "message": view.without_personal(message),
            })
        }
        Reason::Fault(fault) => json!({
            "kind": "fault", "by": fault.by, "code": fault.code, "message": view.without_personal(&fault.message),
        }),
    }
}

fn gate(view: &View<'_>, gate: &Gate) -> Value {
    let mut out = origin(view, &gate.origin);
    let word = match gate.leads_to {
        Stopped::Skipped => "skipped",
        Stopped::Rejected => "rejected",
        Stopped::Failed => "failed",
    };
    out.insert("leads_to".to_owned(), word.into());
    Value::Object(out)
}

fn parsed(json: String) -> Value {
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}
