//! The report of a replay as text: the two versions, the totals, the patterns.

use std::fmt::Display;

use super::super::Lens;
use super::super::text::{count, indented, money, time};
use super::{Edition, Report, pattern};
use crate::lang::Lang;

/// The most patterns that text lists; JSON and HTML have all.
const MOST_PATTERNS: usize = 50;

/// The report for people.
pub fn text(lens: &Lens<'_>, report: &Report<'_>) -> String {
    let (lang, comparison) = (lens.lang, report.comparison);
    let head: [(&str, &dyn Display); 3] = [
        ("scheme", report.scheme),
        ("before", &name(lang, &report.before)),
        ("after", &name(lang, &report.after)),
    ];
    let mut out = format!("{}\n", lang.text("replay.head", &head));
    for line in plugins(report) {
        out.push_str(&format!("  {line}\n"));
    }
    out.push_str(&format!("{}\n", totals(lens, report)));
    let patterns = comparison.patterns();
    for one in patterns.iter().take(MOST_PATTERNS) {
        out.push('\n');
        out.push_str(&indented(&pattern::text(lens, one), 2));
    }
    if patterns.len() > MOST_PATTERNS {
        let more = patterns.len() - MOST_PATTERNS;
        out.push_str(&format!("\n  {}\n", lang.text("replay.more", &[("count", &more)])));
    }
    if comparison.is_no_op() {
        out.push_str(&format!("\n{}\n", lang.t("replay.no-op")));
    }
    out.push_str(&format!("\n{}\n", lang.t("replay.limits")));
    out
}

/// A version's name: its deployment's number, or that it is wanted, and its digest.
pub fn name(lang: Lang, edition: &Edition) -> String {
    let digest = edition.digest.short();
    match edition.deployment {
        Some(id) => lang.text("replay.deployment", &[("id", &id), ("digest", &digest)]),
        None => lang.text("replay.wanted", &[("digest", &digest)]),
    }
}

/// Plugins that differ between the two, and those that do not, in chain order.
pub fn plugins(report: &Report<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, digest) in &report.after.plugins {
        let was = report.before.plugins.iter().find(|(other, _)| other == name);
        lines.push(match was {
            Some((_, was)) if was == digest => format!("{name}  sha256:{}", digest.short()),
            Some((_, was)) => format!("{name}  sha256:{} → sha256:{}", was.short(), digest.short()),
            None => format!("{name}  {} → sha256:{}", pattern::ABSENT, digest.short()),
        });
    }
    for (name, digest) in &report.before.plugins {
        if !report.after.plugins.iter().any(|(other, _)| other == name) {
            lines.push(format!("{name}  sha256:{} → {}", digest.short(), pattern::ABSENT));
        }
    }
    lines
}

/// How many groups, how many of them the same, how much money the others are.
pub fn totals(lens: &Lens<'_>, report: &Report<'_>) -> String {
    let (lang, comparison) = (lens.lang, report.comparison);
    let span = comparison.received.map_or_else(String::new, |(first, last)| {
        let arguments: [(&str, &dyn Display); 2] = [("first", &time(lens, first)), ("last", &time(lens, last))];
        lang.text("replay.span", &arguments)
    });
    let arguments: [(&str, &dyn Display); 5] = [
        ("all", &count(comparison.all.groups)),
        ("span", &span),
        ("same", &count(comparison.same.groups)),
        ("changed", &count(comparison.changed.groups)),
        ("amount", &money(comparison.changed.amount)),
    ];
    let mut out = lang.text("replay.totals", &arguments);
    for (key, figure) in [
        ("replay.newly-failing", comparison.newly_failing),
        ("replay.newly-fixed", comparison.newly_fixed),
    ] {
        if figure.groups > 0 {
            let arguments: [(&str, &dyn Display); 2] =
                [("groups", &count(figure.groups)), ("amount", &money(figure.amount))];
            out.push_str(&lang.text(key, &arguments));
        }
    }
    if let Some(cost) = cost(report) {
        let arguments: [(&str, &dyn Display); 2] = [("groups", &count(comparison.fuel.groups)), ("change", &cost)];
        out.push_str(&lang.text("replay.cost", &arguments));
    }
    out
}

/// By how much a group costs more or less, in tenths of a percent; nothing where that is too little to say.
pub fn cost(report: &Report<'_>) -> Option<String> {
    let (before, after) = (report.comparison.fuel.before, report.comparison.fuel.after);
    let tenths = u128::from(before.abs_diff(after)) * 1_000 / u128::from(before.max(1));
    let sign = if after > before { '+' } else { '-' };
    (before > 0 && tenths >= 10).then(|| format!("{sign}{}.{} %", tenths / 10, tenths % 10))
}
