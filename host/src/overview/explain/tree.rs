//! The tree: per document, each value with what it comes from.

use dukou_plugin::explain::{ExplainedNode, Explanation, Gate, Link, Origin, Reason, Stopped, UntriedWhy};

use super::{VALUE, View};
use crate::overview::mask::Side;
use crate::overview::said::said;
use crate::overview::text::{clean, short};

/// Columns before the arrow at most.
const LEFT: usize = 58;
/// Things of one kind that the remarks name.
const NAMED: usize = 8;

/// An explanation for people.
pub fn text(view: &View<'_>) -> String {
    let explanation = view.explanation;
    let mut out = String::new();
    reasons(view, &mut out);
    for document in &explanation.documents {
        let (nodes, absent) = (view.nodes(document), view.absent(document));
        if view.filter.is_some() && nodes.is_empty() && absent.is_empty() {
            continue;
        }
        let key = clean(&format!("{}{}", view.group.key, document.suffix));
        out.push_str(&format!(
            "{}\n",
            view.lens.lang.text("explain.document", &[("key", &key)])
        ));
        let rows: Vec<(String, Vec<String>)> = nodes
            .iter()
            .map(|node| row(view, node, &value(view, node)))
            .chain(
                absent
                    .iter()
                    .map(|node| row(view, node, &view.lens.lang.t("explain.absent"))),
            )
            .collect();
        let left = rows
            .iter()
            .map(|(left, _)| width(left))
            .filter(|width| *width <= LEFT)
            .max()
            .unwrap_or(0);
        for (text, origins) in &rows {
            let room = " ".repeat(left.saturating_sub(width(text)));
            let mut origins = origins.iter();
            match origins.next() {
                Some(first) => out.push_str(&format!("  {text}{room}  ← {first}\n")),
                None => out.push_str(&format!("  {text}\n")),
            }
            for origin in origins {
                out.push_str(&format!("  {}    {origin}\n", " ".repeat(left.max(width(text)))));
            }
        }
    }
    gates(view, &mut out);
    remarks(view, &mut out);
    out
}

/// A value: its place, indented by its line, and its origins.
fn row(view: &View<'_>, node: &ExplainedNode, value: &str) -> (String, Vec<String>) {
    let (line, name) = match node.path.rfind("].") {
        Some(at) => (node.path.matches("].").count(), &node.path[at + 2..]),
        None => (0, node.path.as_str()),
    };
    let mut left = format!("{}{}", "  ".repeat(line), short(name, 60));
    left.push_str(&view.label_behind(Side::Target, &node.path));
    if !value.is_empty() {
        left.push_str(&format!(" = {value}"));
    }
    let mut origins: Vec<String> = view.makers(node).map(|link| view.link(link)).collect();
    let by = view.writer(node).filter(|_| node.value.is_some());
    let by = by.map(|writer| view.lens.lang.text("explain.written-by", &[("plugin", &clean(writer))]));
    for remark in [view.rule(node), by].into_iter().flatten() {
        match origins.first_mut() {
            Some(first) => first.push_str(&format!(" {remark}")),
            None => origins.push(remark),
        }
    }
    (left, origins)
}

fn value(view: &View<'_>, node: &ExplainedNode) -> String {
    let masked = node
        .value
        .as_ref()
        .map(|value| view.masked(Side::Target, &node.path, value));
    masked.map_or(String::new(), |value| short(&value, VALUE))
}

/// Why there is nothing to deliver, with what made it.
pub(super) fn reasons(view: &View<'_>, out: &mut String) {
    let lang = view.lens.lang;
    for one in &view.explanation.reasons {
        let line = match &one.reason {
            Reason::Skipped(reason) => {
                let reason = view.without_personal(&said(lang, "skipped", reason));
                lang.text("explain.skipped", &[("reason", &clean(&reason))])
            }
            Reason::Violation { by, violation } => {
                let message = said(lang, &violation.code, &violation.message);
                let arguments: [(&str, &dyn std::fmt::Display); 4] = [
                    ("by", &clean(by)),
                    ("code", &clean(&violation.code)),
                    ("path", &clean(violation.target_path.as_deref().unwrap_or_default())),
                    ("message", &clean(&view.without_personal(&message))),
                ];
                lang.text("explain.rejected", &arguments)
            }
            Reason::Fault(fault) => {
                let message = clean(&view.without_personal(&fault.message));
                let arguments: [(&str, &dyn std::fmt::Display); 3] =
                    [("by", &clean(&fault.by)), ("code", &fault.code), ("message", &message)];
                lang.text("explain.failed", &arguments)
            }
        };
        out.push_str(&format!("{line}\n"));
        for origin in &one.origins {
            out.push_str(&format!("  ← {}\n", view.origin(origin)));
        }
        if one.origins.is_empty() {
            out.push_str(&format!("  {}\n", lang.t("explain.no-cause")));
        }
    }
}

fn gates(view: &View<'_>, out: &mut String) {
    let lang = view.lens.lang;
    let gates = &view.explanation.gates;
    if gates.is_empty() || view.filter.is_some() {
        return;
    }
    out.push_str(&format!("{}\n", lang.t("explain.gates")));
    let (first, more) = gates.split_at(gates.len().min(NAMED));
    for Gate { origin, leads_to } in first {
        let word = match leads_to {
            Stopped::Skipped => "explain.leads-to-skipped",
            Stopped::Rejected => "explain.leads-to-rejected",
            Stopped::Failed => "explain.leads-to-failed",
        };
        out.push_str(&format!("  {} → {}\n", view.origin(origin), lang.t(word)));
    }
    if !more.is_empty() {
        out.push_str(&format!("  {}\n", lang.text("explain.more", &[("count", &more.len())])));
    }
}

fn remarks(view: &View<'_>, out: &mut String) {
    let Explanation {
        untried,
        effort,
        complete,
        ..
    } = view.explanation;
    let lang = view.lens.lang;
    for (why, word) in [
        (UntriedWhy::Lines, "explain.untried-lines"),
        (UntriedWhy::Bound, "explain.untried-bound"),
        (UntriedWhy::Refused, "explain.untried-refused"),
    ] {
        let what: Vec<String> = untried
            .iter()
            .filter(|one| one.why == why)
            .map(|one| clean(&one.what))
            .collect();
        // What a plugin accepts no other value of is news for the whole document only.
        if what.is_empty() || (why == UntriedWhy::Refused && view.filter.is_some()) {
            continue;
        }
        let mut named = what.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if what.len() > NAMED {
            named.push_str(&format!(
                " {}",
                lang.text("explain.more", &[("count", &(what.len() - NAMED))])
            ));
        }
        out.push_str(&format!("{}\n", lang.text(word, &[("what", &named)])));
    }
    if !complete && !untried.iter().any(|one| one.why == UntriedWhy::Bound) {
        out.push_str(&format!("{}\n", lang.t("explain.incomplete")));
    }
    let mut shown = view.explanation.documents.iter().flat_map(|one| view.nodes(one));
    let is_constant = |link: &Link| matches!(link.origin, Origin::Constant { setting: None, .. });
    if *complete && shown.any(|node| node.links.iter().any(is_constant)) {
        out.push_str(&format!("{}\n", lang.t("explain.constants")));
    }
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("groups", &effort.groups), ("calls", &effort.calls)];
    out.push_str(&format!("{}\n", lang.text("explain.effort", &arguments)));
}

/// Columns that a text takes in a terminal: Chinese characters take two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
}
