//! The blast radius for machines: complete, untranslated, personal values masked.

use dukou_core::names::SchemeName;
use dukou_store::rows::Tally;
use serde_json::{Map, Value, json};

use super::report::{Good, Part, Report};
use super::sum::Sum;
use super::{Finding, Voucher};
use crate::overview::Lens;

/// What was asked and what it comes to.
pub fn report<'a>(report: &Report, lens_of: &dyn Fn(&SchemeName) -> Lens<'a>) -> Value {
    let parts = report.parts.iter().map(|part| part_json(&lens_of(&part.scheme), part));
    let total = report.total();
    json!({
        "version": {
            "kind": report.kind.word(),
            "digest": report.digest.to_string(),
            "name": (!report.name.is_empty()).then_some(&report.name),
        },
        "from": report.asked_times.0,
        "to": report.asked_times.1,
        "total": sum(&total),
        "schemes": parts.collect::<Vec<_>>(),
    })
}

fn part_json(lens: &Lens<'_>, part: &Part) -> Value {
    let deployments = part.deployments.iter().map(|made| {
        json!({
            "number": made.id.to_string(), "digest": made.digest.to_string(),
            "since": lens.stamp(made.since), "until": lens.stamp_or_null(made.until),
        })
    });
    let good = match &part.good {
        Good::None => Value::Null,
        Good::Version {
            id,
            digest,
            since,
            named,
        } => json!({
            "number": id.to_string(), "digest": digest.to_string(), "since": lens.stamp(*since), "named": named,
        }),
        Good::Unusable { id, reason } => json!({ "number": id.to_string(), "unusable": reason }),
    };
    let mut out = sum(&part.sum);
    out["scheme"] = part.scheme.to_string().into();
    out["deployments"] = deployments.collect();
    out["good"] = good;
    out["first"] = lens.stamp_or_null(part.sum.times.map(|(first, _)| first));
    out["last"] = lens.stamp_or_null(part.sum.times.map(|(_, last)| last));
    out["waiting"] = json!({ "count": part.waiting.0, "at_least": part.waiting.1 });
    out["wrote_nothing"] = json!({
        "skipped": part.verdicts.skipped, "rejected": part.verdicts.rejected, "failed": part.verdicts.failed,
    });
    out
}

fn tally(tally: Tally) -> Value {
    json!({ "count": tally.count, "amount": tally.amount.to_string() })
}

fn sum(sum: &Sum) -> Value {
    let classes: Map<String, Value> = Finding::WORDS
        .iter()
        .map(|word| (word.replace('-', "_"), tally(sum.class(word))))
        .collect();
    let fields = sum.by_weight().into_iter().map(|(path, field)| {
        json!({
            "path": path,
            "vouchers": field.vouchers.count,
            "places": field.places,
            "amount": field.vouchers.amount.to_string(),
            "written": field.numbers.map(|(written, _)| written.to_string()),
            "right": field.numbers.map(|(_, right)| right.to_string()),
            "difference": field.difference().map(|difference| difference.to_string()),
        })
    });
    json!({
        "vouchers": tally(sum.all),
        "may_be_there": tally(sum.may_be),
        "findings": classes,
        "fields": fields.collect::<Vec<_>>(),
        "absent": sum.absent,
        "not_exact": sum.not_exact,
    })
}

/// One voucher.
pub fn voucher(lens: &Lens<'_>, voucher: &Voucher) -> Value {
    let (fields, more) = match &voucher.finding {
        Finding::Wrong(differences) => {
            let fields = differences
                .fields
                .iter()
                .map(|wrong| json!({ "path": wrong.path, "written": wrong.written, "right": wrong.right }));
            (fields.collect(), differences.more)
        }
        _ => (Vec::new(), 0),
    };
    let (why, reason) = match &voucher.finding {
        Finding::NotMade { how, reason } => (Some(*how), Some(reason)),
        Finding::NotCompared { why } => (Some(*why), None),
        Finding::Wrong(_) | Finding::Same => (None, None),
    };
    json!({
        "tenant": voucher.scheme.tenant,
        "scheme": voucher.scheme.to_string(),
        "deployment": voucher.deployment.to_string(),
        "key": voucher.key,
        "reference": voucher.reference,
        "state": voucher.state.word(),
        "at": lens.stamp_or_null(voucher.at),
        "amount": voucher.amount.map(|amount| amount.to_string()),
        "records": voucher.records,
        "finding": voucher.finding.word(),
        "why": why,
        "reason": reason,
        "fields": fields,
        "more_fields": more,
        "absent": voucher.absent,
        "exact": voucher.exact,
    })
}
