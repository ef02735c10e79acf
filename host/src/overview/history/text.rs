//! The timeline and one deployment for people.

use super::evidence::{change, how, line, pattern};
use super::{Entry, Written};
use crate::overview::Lens;
use crate::overview::text::{argument, clean, count, indented, short, table, time};

/// Changes and patterns that one entry of the timeline names; the rest is counted.
const MOST_LINES: usize = 4;

/// The timeline, newest first. `lens_of` says how a scheme is looked at; `named` whether each entry names its scheme.
pub fn text<'a>(lens_of: &dyn Fn(&Entry) -> Lens<'a>, entries: &[Entry], named: bool) -> String {
    let mut out = String::new();
    for entry in entries {
        let lens = lens_of(entry);
        out.push_str(&heading(&lens, entry, named));
        out.push('\n');
        out.push_str(&indented(&body(&lens, entry, Some(MOST_LINES)), 4));
    }
    out
}

/// One deployment whole.
pub fn whole(lens: &Lens<'_>, entry: &Entry) -> String {
    let lang = lens.lang;
    let what = &entry.deployment.what;
    let mut out = format!("{}\n", heading(lens, entry, true));
    out.push_str(&indented(&body(lens, entry, None), 2));
    let mut rows = vec![vec![lang.t("history.digest"), what.digest.to_string()]];
    if !entry.evidence.recipe.is_empty() {
        rows.push(vec![lang.t("history.recipe"), clean(&entry.evidence.recipe)]);
    }
    for (label, pins) in [
        ("history.what.plugin", &what.plugins),
        ("history.what.table", &what.tables),
    ] {
        for (name, digest) in pins {
            rows.push(vec![lang.t(label), format!("{} {digest}", clean(name))]);
        }
    }
    if let Some((file, digest)) = &entry.evidence.base {
        rows.push(vec![
            lang.t("history.base"),
            format!("{} {}", clean(file), clean(digest)),
        ]);
    }
    for (plugin, passed) in &entry.evidence.cases {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("plugin", &clean(plugin)), ("count", &count(*passed))];
        rows.push(vec![lang.t("history.cases"), lang.text("history.passed", &arguments)]);
    }
    if let Some((first, last)) = entry
        .evidence
        .replay
        .as_ref()
        .and_then(|replay| replay.received.as_ref())
    {
        let stamp = |text: &str| text.parse().map_or_else(|_| clean(text), |at| time(lens, at));
        rows.push(vec![
            lang.t("history.received"),
            lang.text("history.span", &[("from", &stamp(first)), ("until", &stamp(last))]),
        ]);
    }
    out.push('\n');
    out.push_str(&indented(&table(lens, &[], &rows, &[]), 2));
    out.push_str(&format!("\n{}\n", lang.t("history.next")));
    let scheme = argument(&entry.scheme.to_string());
    let mut commands = vec![format!("dukou history blast-radius {scheme}#{}", entry.deployment.id)];
    if !entry.deployment.active {
        commands.push(format!("dukou rollback {scheme} --to {}", entry.deployment.id));
    }
    for command in commands {
        out.push_str(&format!("    {command}\n"));
    }
    out
}

/// `● wdt-to-tplus #7 · since …, in force · through the gate · 王`
fn heading(lens: &Lens<'_>, entry: &Entry, named: bool) -> String {
    let lang = lens.lang;
    let deployment = &entry.deployment;
    let mark = if deployment.active { "●" } else { "○" };
    let mut parts = Vec::new();
    if named {
        parts.push(entry.scheme.to_string());
    }
    parts.push(lang.text("history.number", &[("id", &deployment.id)]));
    let since = time(lens, deployment.at);
    parts.push(match entry.until {
        _ if deployment.active => lang.text("history.in-force", &[("since", &since)]),
        None => lang.text("history.since", &[("since", &since)]),
        Some(until) => lang.text("history.span", &[("from", &since), ("until", &time(lens, until))]),
    });
    parts.push(how(lens, &entry.evidence));
    parts.push(clean(&deployment.what.by));
    format!("{mark} {}", parts.join(" · "))
}

/// Why, what changed, on what evidence, what it made. `most`: so many lines of one kind.
fn body(lens: &Lens<'_>, entry: &Entry, most: Option<usize>) -> String {
    let lang = lens.lang;
    let mut rows = Vec::new();
    let note = &entry.deployment.what.note;
    if !note.is_empty() {
        let note = if most.is_some() { short(note, 120) } else { clean(note) };
        rows.push(vec![lang.t("history.why"), note]);
    }
    let changes = entry.changes.iter().map(|one| change(lens, one)).collect();
    list(lens, &mut rows, "history.change", changes, most);
    rows.push(vec![lang.t("history.evidence"), line(lens, &entry.evidence)]);
    let patterns = entry.evidence.patterns.iter().map(|one| pattern(lens, one)).collect();
    list(lens, &mut rows, "history.patterns", patterns, most);
    rows.push(vec![lang.t("history.made"), made(lens, entry)]);
    table(lens, &[], &rows, &[])
}

/// Rows of one kind: the label stands at the first, what does not fit is counted.
fn list(lens: &Lens<'_>, rows: &mut Vec<Vec<String>>, label: &str, lines: Vec<String>, most: Option<usize>) {
    let shown = most.map_or(
        lines.len(),
        |most| if lines.len() > most { most - 1 } else { lines.len() },
    );
    let hidden = lines.len() - shown;
    let more = (hidden > 0).then(|| lens.lang.text("history.more-lines", &[("count", &hidden)]));
    for (index, line) in lines.into_iter().take(shown).chain(more).enumerate() {
        let label = if index == 0 { lens.lang.t(label) } else { String::new() };
        rows.push(vec![label, line]);
    }
}

fn made(lens: &Lens<'_>, entry: &Entry) -> String {
    let lang = lens.lang;
    let verdicts = &entry.verdicts;
    let parts: Vec<String> = [
        ("history.verdict.mapped", verdicts.mapped),
        ("history.verdict.skipped", verdicts.skipped),
        ("history.verdict.rejected", verdicts.rejected),
        ("history.verdict.failed", verdicts.failed),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(key, number)| lang.text(key, &[("count", &count(number))]))
    .collect();
    let mut out = lang.text("history.groups", &[("count", &count(verdicts.total()))]);
    if !parts.is_empty() {
        out.push_str(&format!(" ({})", parts.join(&lang.t("history.comma"))));
    }
    let Written {
        count: written,
        at_least,
    } = entry.written;
    let key = if at_least {
        "history.written-at-least"
    } else {
        "history.written"
    };
    out.push_str(&lang.text(key, &[("count", &count(written))]));
    out
}
