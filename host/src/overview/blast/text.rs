//! The blast radius for people: what it comes to first, then the vouchers.

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;

use super::find::Kind;
use super::report::{Good, Part, Report};
use super::{Finding, Voucher, label};
use crate::lang::Lang;
use crate::overview::Lens;
use crate::overview::said::{said, said_with_code};
use crate::overview::text::{argument, clean, count, indented, money, money_or_none, short, table, time};

/// Fields that text names of one voucher; files name all.
const MOST_FIELDS: usize = 8;

/// Everything that was found, without the vouchers.
pub fn summary<'a>(lens: &Lens<'_>, report: &Report, lens_of: &dyn Fn(&SchemeName) -> Lens<'a>) -> String {
    let total = report.total();
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [
        ("version", &version_text(lens, report)),
        ("vouchers", &count(total.all.count)),
        ("amount", &money(total.all.amount)),
    ];
    let mut out = format!("{}\n", lens.lang.text("blast.headline", &arguments));
    if total.may_be.count > 0 {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [
            ("count", &count(total.may_be.count)),
            ("amount", &money(total.may_be.amount)),
        ];
        out.push_str(&format!("{}\n", lens.lang.text("blast.of-which-may-be", &arguments)));
    }
    for part in &report.parts {
        out.push('\n');
        out.push_str(&part_text(&lens_of(&part.scheme), part));
    }
    out
}

/// The version that was asked for.
pub(super) fn version_text(lens: &Lens<'_>, report: &Report) -> String {
    let key = match report.kind {
        Kind::Plugin => "blast.plugin",
        Kind::Deployment => "blast.deployment",
    };
    let digest = report.digest.short();
    lens.lang
        .text(key, &[("name", &clean(&report.name)), ("digest", &digest)])
}

fn part_text(lens: &Lens<'_>, part: &Part) -> String {
    let lang = lens.lang;
    let deployments: Vec<String> = part
        .deployments
        .iter()
        .map(|made| {
            let since = time(lens, made.since);
            let span = match made.until {
                Some(until) => lang.text("history.span", &[("from", &since), ("until", &time(lens, until))]),
                None => lang.text("history.in-force", &[("since", &since)]),
            };
            format!("{} ({span})", lang.text("history.number", &[("id", &made.id)]))
        })
        .collect();
    let mut out = format!("{} · {}\n", part.scheme, deployments.join(", "));
    let mut body = format!("{}\n", good_text(lens, part));
    if let Some((first, last)) = part.sum.times {
        let arguments: [(&str, &dyn std::fmt::Display); 2] =
            [("from", &time(lens, first)), ("until", &time(lens, last))];
        body.push_str(&format!("{}\n", lang.text("blast.written-in", &arguments)));
    }
    if part.sum.all.count > 0 {
        let rows: Vec<Vec<String>> = Finding::WORDS
            .iter()
            .map(|word| (word, part.sum.class(word)))
            .filter(|(_, tally)| tally.count > 0)
            .map(|(word, tally)| {
                vec![
                    lang.t(&format!("blast.finding.{word}")),
                    count(tally.count),
                    money(tally.amount),
                ]
            })
            .collect();
        let header = ["finding", "vouchers", "amount"].map(|key| lang.t(&format!("blast.column.{key}")));
        body.push_str(&format!("\n{}", table(lens, &header, &rows, &[1, 2])));
    } else {
        body.push_str(&format!("{}\n", lang.t("blast.nothing")));
    }
    body.push_str(&fields_text(lens, part));
    let remarks = waiting_text(lens, part);
    if !remarks.is_empty() {
        body.push_str(&format!("\n{}\n", remarks.join("\n")));
    }
    out.push_str(&indented(&body, 2));
    out
}

fn fields_text(lens: &Lens<'_>, part: &Part) -> String {
    if part.sum.fields.is_empty() {
        return String::new();
    }
    let columns = [
        "wrong-field",
        "vouchers",
        "places",
        "amount",
        "written-sum",
        "right-sum",
        "difference",
    ];
    let header = columns.map(|key| lens.lang.t(&format!("blast.column.{key}")));
    let rows: Vec<Vec<String>> = part
        .sum
        .by_weight()
        .into_iter()
        .map(|(path, field)| {
            let mut row = vec![
                labelled(lens, path),
                count(field.vouchers.count),
                count(field.places),
                money(field.vouchers.amount),
            ];
            match (field.numbers, field.difference()) {
                (Some((written, right)), Some(difference)) => {
                    row.extend([money(written), money(right), money(difference)]);
                }
                _ => row.extend([String::new(), String::new(), String::new()]),
            }
            row
        })
        .collect();
    format!("\n{}", table(lens, &header, &rows, &[1, 2, 3, 4, 5, 6]))
}

/// What the vouchers of a scheme are compared with.
pub(super) fn good_text(lens: &Lens<'_>, part: &Part) -> String {
    let lang = lens.lang;
    match &part.good {
        Good::Version {
            id,
            digest,
            since,
            named,
        } => {
            let key = if *named {
                "blast.good-named"
            } else {
                "blast.good-before"
            };
            let arguments: [(&str, &dyn std::fmt::Display); 3] =
                [("id", id), ("digest", &digest.short()), ("since", &time(lens, *since))];
            lang.text(key, &arguments)
        }
        Good::None => lang.t("blast.good-none"),
        Good::Unusable { id, reason } => {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("id", id), ("reason", &short(reason, 200))];
            lang.text("blast.good-unusable", &arguments)
        }
    }
}

/// What else must be known: what is still to be sent, what wrote nothing, what is not proved.
pub(super) fn waiting_text(lens: &Lens<'_>, part: &Part) -> Vec<String> {
    let lang = lens.lang;
    let mut out = Vec::new();
    let (waiting, more) = part.waiting;
    if waiting > 0 || more {
        let key = if more {
            "blast.waiting-at-least"
        } else {
            "blast.waiting"
        };
        let scheme = argument(&part.scheme.to_string());
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("count", &count(waiting)), ("scheme", &scheme)];
        out.push(lang.text(key, &arguments));
    }
    if part.sum.absent > 0 {
        out.push(lang.text("blast.absent", &[("count", &count(part.sum.absent))]));
    }
    if part.sum.not_exact > 0 {
        out.push(lang.text("blast.not-exact", &[("count", &count(part.sum.not_exact))]));
    }
    let verdicts = &part.verdicts;
    let nothing = verdicts.skipped + verdicts.rejected + verdicts.failed;
    if nothing > 0 {
        let arguments: [(&str, &dyn std::fmt::Display); 3] = [
            ("skipped", &count(verdicts.skipped)),
            ("rejected", &count(verdicts.rejected)),
            ("failed", &count(verdicts.failed)),
        ];
        out.push(lang.text("blast.wrote-nothing", &arguments));
    }
    out
}

/// Vouchers, each with its wrong fields.
pub fn vouchers<'a>(lens_of: &dyn Fn(&SchemeName) -> Lens<'a>, vouchers: &[Voucher], named: bool) -> String {
    let mut out = String::new();
    for voucher in vouchers {
        let lens = lens_of(&voucher.scheme);
        let mut parts = Vec::new();
        if named {
            parts.push(voucher.scheme.to_string());
        }
        parts.push(clean(&voucher.key));
        parts.extend(voucher.reference.as_deref().map(clean));
        parts.push(state_text(&lens, voucher));
        parts.extend(voucher.at.map(|at| time(&lens, at)));
        parts.push(format!("¥{}", money_or_none(voucher.amount)));
        if !matches!(voucher.records.as_slice(), [only] if *only == voucher.key) && !voucher.records.is_empty() {
            let records = short(&voucher.records.join(" "), 80);
            parts.push(lens.lang.text("blast.of-records", &[("records", &records)]));
        }
        out.push_str(&format!("{}\n", parts.join(" · ")));
        out.push_str(&indented(&finding_text(&lens, voucher), 4));
    }
    out
}

fn finding_text(lens: &Lens<'_>, voucher: &Voucher) -> String {
    let lang = lens.lang;
    let mut out = String::new();
    match &voucher.finding {
        Finding::Wrong(differences) => {
            let rows: Vec<Vec<String>> = differences
                .fields
                .iter()
                .take(MOST_FIELDS)
                .map(|wrong| {
                    let side =
                        |text: &Option<String>| text.as_ref().map_or_else(|| "∅".to_owned(), |text| short(text, 60));
                    let change = format!("{} → {}", side(&wrong.written), side(&wrong.right));
                    vec![labelled(lens, &wrong.path), change]
                })
                .collect();
            out.push_str(&table(lens, &[], &rows, &[]));
            let hidden = differences.fields.len().saturating_sub(MOST_FIELDS) as u64 + differences.more;
            if hidden > 0 {
                out.push_str(&format!("{}\n", lang.text("blast.more-fields", &[("count", &hidden)])));
            }
        }
        Finding::Same => out.push_str(&format!("{}\n", lang.t("blast.finding.same"))),
        Finding::NotMade { .. } | Finding::NotCompared { .. } => {
            out.push_str(&format!("{}\n", short(&reason_text(lens, voucher), 200)));
        }
    }
    if !voucher.absent.is_empty() {
        let keys = short(&voucher.absent.join(" "), 120);
        out.push_str(&format!("{}\n", lang.text("blast.also-makes", &[("keys", &keys)])));
    }
    if !voucher.exact && !matches!(voucher.finding, Finding::NotCompared { .. }) {
        out.push_str(&format!("{}\n", lang.t(basis_key(voucher))));
    }
    out
}

/// Whether it is there, or may be.
pub(super) fn state_text(lens: &Lens<'_>, voucher: &Voucher) -> String {
    let state = lens.lang.t(&format!("state.{}", voucher.state.word()));
    match voucher.state {
        DeliveryState::Delivered => state,
        _ => lens.lang.text("blast.may-be", &[("state", &state)]),
    }
}

/// Why it is not made by the good version, or was not compared; empty for others.
pub(super) fn reason_text(lens: &Lens<'_>, voucher: &Voucher) -> String {
    let lang = lens.lang;
    match &voucher.finding {
        Finding::NotMade { how, reason } => {
            let reason = match *how {
                "skipped" => said(lang, how, reason),
                _ => said_with_code(lang, reason),
            };
            let reason = clean(&reason);
            lang.text(&format!("blast.not-made.{how}"), &[("reason", &reason)])
        }
        Finding::NotCompared { why } => lang.t(&format!("blast.not-compared.{why}")),
        Finding::Wrong(_) | Finding::Same => String::new(),
    }
}

/// What the good version was given.
pub(super) fn basis_key(voucher: &Voucher) -> &'static str {
    match (&voucher.finding, voucher.exact) {
        (Finding::NotCompared { .. }, _) => "blast.basis.none",
        (_, true) => "blast.basis.exact",
        (_, false) => "blast.basis.newest",
    }
}

/// A path, with the field's Chinese name for those who read Chinese.
fn labelled(lens: &Lens<'_>, path: &str) -> String {
    let shown = short(path, 80);
    match label(lens, path).filter(|_| lens.lang == Lang::Zh) {
        Some(label) => format!("{shown} ({label})"),
        None => shown,
    }
}
