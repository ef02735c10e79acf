//! The plan of a deployment: what differs from what is in force, what the gate saw, and what a person can say of it. The
//! figures are the gate's; nothing is decided here.

use std::fmt::Display;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_replay::Fuel;
use dukou_store::rows::Acceptance;
use serde_json::{Value, json};

use super::Lens;
use super::history::evidence as told;
use super::replay::pattern;
use super::text::{argument, count, indented};
use crate::deploy::evidence::{How, Standing};
use crate::deploy::gate::Examined;
use crate::lang::Lang;

/// The most changes that text lists; JSON has all.
const MOST_CHANGES: usize = 20;
/// The most patterns that text lists.
const MOST_PATTERNS: usize = 30;

/// What is shown.
pub struct Plan<'a> {
    /// The scheme.
    pub scheme: &'a SchemeName,
    /// Digest of what is wanted.
    pub digest: Digest,
    /// Days of history that were asked for.
    pub days: u32,
    /// What the gate saw.
    pub examined: &'a Examined,
    /// The component file, as the person wrote it, where one stands in.
    pub file: Option<&'a str>,
    /// Whether `dukou.lock` lost a pin that this would replace: then nothing else leads on before somebody has said of it.
    pub forgotten: bool,
    /// What a shadow of exactly this found, as text.
    pub shadow: Option<String>,
}

/// The plan for people.
pub fn text(lens: &Lens<'_>, plan: &Plan<'_>) -> String {
    let (lang, examined) = (lens.lang, plan.examined);
    let before = examined.before.as_ref();
    let head: [(&str, &dyn Display); 3] = [
        ("scheme", plan.scheme),
        ("digest", &plan.digest.short()),
        (
            "before",
            &before.map_or_else(String::new, |before| before.id.to_string()),
        ),
    ];
    let key = if before.is_some() {
        "gate.head"
    } else {
        "gate.head-first"
    };
    let mut out = format!("{}\n", lang.text(key, &head));
    let evidence = examined.evidence(How::Gate);
    for change in evidence.changes.iter().take(MOST_CHANGES) {
        out.push_str(&format!("  {}\n", told::change(lens, change)));
    }
    if evidence.changes.len() > MOST_CHANGES {
        let more = evidence.changes.len() - MOST_CHANGES;
        out.push_str(&format!("  {}\n", lang.text("gate.more", &[("count", &more)])));
    }
    for (name, count) in &evidence.cases {
        let arguments: [(&str, &dyn Display); 2] = [("plugin", name), ("count", count)];
        out.push_str(&format!("  {}\n", lang.text("gate.cases", &arguments)));
    }
    out.push_str(&format!("  {}\n", told::line(lens, &evidence)));
    let compared = examined.comparison.as_ref();
    if let Some(cost) = compared.and_then(|comparison| cost(lang, comparison.fuel)) {
        out.push_str(&format!("  {cost}\n"));
    }
    if let Some(shadow) = &plan.shadow {
        out.push_str(&format!("  {}\n", lang.t("fleet.shadow-same")));
        out.push_str(&indented(shadow, 4));
    }
    for judged in examined.patterns.iter().take(MOST_PATTERNS) {
        out.push('\n');
        out.push_str(&indented(&pattern::text(lens, &judged.pattern), 2));
        out.push_str(&format!("    {}\n", said(lang, judged.decision.as_ref())));
    }
    if examined.patterns.len() > MOST_PATTERNS {
        let more = examined.patterns.len() - MOST_PATTERNS;
        out.push_str(&format!("\n  {}\n", lang.text("gate.more", &[("count", &more)])));
    }
    for one in &examined.rerouted {
        let change = told::change(lens, &one.change);
        out.push_str(&format!(
            "\n  [{}] {change}\n      {}\n",
            one.id,
            lang.t("gate.rerouted")
        ));
        out.push_str(&format!("    {}\n", said(lang, one.decision.as_ref())));
    }
    out.push_str(&format!("\n{}\n", conclusion(lang, examined)));
    for command in next(plan) {
        out.push_str(&format!("  → {command}\n"));
    }
    out
}

/// What follows, in one line, with how much was compared where that is what it rests on.
pub fn conclusion(lang: Lang, examined: &Examined) -> String {
    let open = examined
        .ids()
        .filter(|(_, said)| !said.is_some_and(|said| said.accepted))
        .count();
    let coverage = examined.coverage.unwrap_or_default();
    let groups = examined
        .comparison
        .as_ref()
        .map_or(0, |comparison| comparison.all.groups);
    let key = match examined.standing {
        Standing::NoOp if coverage.older > 0 => "gate.standing.no-op-recent".to_owned(),
        standing => format!("gate.standing.{}", standing.word()),
    };
    let arguments: [(&str, &dyn Display); 4] = [
        ("count", &open),
        ("groups", &count(groups)),
        ("days", &coverage.days.unwrap_or_default()),
        ("older", &count(coverage.older)),
    ];
    lang.text(&key, &arguments)
}

/// Fuel beside before, where it moved by more than a hundredth.
fn cost(lang: Lang, fuel: Fuel) -> Option<String> {
    let percent = fuel.after.saturating_mul(100).checked_div(fuel.before)?;
    let arguments: [(&str, &dyn Display); 2] = [("groups", &count(fuel.groups)), ("percent", &percent)];
    (!(99..=101).contains(&percent)).then(|| lang.text("gate.cost", &arguments))
}

fn said(lang: Lang, decision: Option<&Acceptance>) -> String {
    match decision {
        None => lang.t("gate.said.nothing"),
        Some(decision) => {
            let key = if decision.accepted {
                "gate.said.accepted"
            } else {
                "gate.said.rejected"
            };
            let arguments: [(&str, &dyn Display); 2] = [
                ("by", &super::text::clean(&decision.by)),
                ("note", &super::text::short(&decision.note, 80)),
            ];
            lang.text(key, &arguments).trim_end_matches([' ', ':']).to_owned()
        }
    }
}

/// The commands that come next.
fn next(plan: &Plan<'_>) -> Vec<String> {
    let scheme = plan.scheme;
    if plan.forgotten {
        return vec![
            "dukou deploy --relock".to_owned(),
            format!("dukou deploy {scheme} --unpin"),
        ];
    }
    let (replay, deploy) = match plan.file {
        Some(file) => {
            let file = argument(file);
            (
                format!("dukou replay {scheme} --plugin {file}"),
                format!("dukou deploy {file} --to {scheme}"),
            )
        }
        None => (format!("dukou replay {scheme}"), format!("dukou deploy {scheme}")),
    };
    match plan.examined.standing {
        Standing::Unchanged => Vec::new(),
        Standing::Pending | Standing::Rejected => {
            let open = plan.examined.ids().find(|(_, said)| said.is_none());
            let id = open.map_or("all", |(id, _)| id);
            vec![
                format!("{replay} --html replay.html"),
                format!("{deploy} --accept {id} --note \"…\""),
            ]
        }
        // Nothing that only a few days show leads anywhere.
        Standing::Partial => vec![format!("{deploy} --dry-run")],
        // What was accepted in passing is to be said again.
        _ if !plan.examined.unwritten.is_empty() => {
            let ids = plan.examined.unwritten.join(",");
            vec![format!("{deploy} --accept {} --note \"…\"", argument(&ids))]
        }
        _ => vec![deploy],
    }
}

/// The plan for machines.
pub fn to_json(lens: &Lens<'_>, plan: &Plan<'_>) -> Value {
    let examined = plan.examined;
    let patterns: Vec<Value> = examined
        .patterns
        .iter()
        .map(|one| {
            let mut value = pattern::to_json(lens, &one.pattern);
            value["decision"] = decision(lens, one.decision.as_ref());
            value
        })
        .collect();
    let rerouted: Vec<Value> = examined
        .rerouted
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "name": one.change.name, "before": one.change.before, "after": one.change.after,
                "decision": decision(lens, one.decision.as_ref()),
            })
        })
        .collect();
    json!({
        "scheme": plan.scheme.to_string(),
        "digest": plan.digest.to_string(),
        "days": plan.days,
        "standing": examined.standing.word(),
        "compared": compared(examined),
        "evidence": serde_json::to_value(examined.evidence(How::Gate)).unwrap_or_default(),
        "patterns": patterns,
        "rerouted": rerouted,
    })
}

/// How many groups were compared, of which days, and how many were not; null where nothing was.
fn compared(examined: &Examined) -> Value {
    let pair = examined.comparison.as_ref().zip(examined.coverage);
    pair.map_or(Value::Null, |(comparison, coverage)| {
        json!({ "groups": comparison.all.groups, "days": coverage.days, "older": coverage.older })
    })
}

fn decision(lens: &Lens<'_>, decision: Option<&Acceptance>) -> Value {
    match decision {
        None => Value::Null,
        Some(said) => json!({
            "accepted": said.accepted, "by": said.by, "note": said.note, "at": lens.stamp(said.at),
        }),
    }
}

#[cfg(test)]
mod tests;
