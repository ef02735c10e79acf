//! The report of a replay as one HTML file: no script, nothing from elsewhere, prints on white paper, can be sent by mail.
//! Everything foreign in it is escaped and personal values are masked.

use std::fmt::Display;

use dukou_replay::{Figure, Pattern};
use serde_json::Value;

use super::super::Lens;
use super::super::text::{clean, clean_block, count, money, time};
use super::text::{cost, name};
use super::{Edition, Report, pattern};
use crate::lang::Lang;

const STYLE: &str = "
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: #fff; color: #1a1a1a;
  font: 15px/1.5 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { border: 1px solid #bbb; padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f2f2f2; font-weight: 600; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.45 ui-monospace, 'SFMono-Regular', Consolas, monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.before { background: #fdf1ee; } .after { background: #eef7ee; }
.limits { border-left: 4px solid #a60; background: #fdf6e8; padding: .5rem .8rem; }
.bad { color: #a00; font-weight: 600; } .good { color: #060; font-weight: 600; }
a { color: inherit; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } section, tr { break-inside: avoid; } }
";

/// The whole file.
pub fn page(lens: &Lens<'_>, report: &Report<'_>) -> String {
    let lang = lens.lang;
    let title = lang.text("replay.title", &[("scheme", report.scheme)]);
    let patterns = report.comparison.patterns();
    let mut out = String::new();
    let language = match lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    out.push_str(&format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escaped(&title)
    ));
    out.push_str(&format!("<h1>{}</h1>\n", escaped(&title)));
    out.push_str(&format!(
        "<p class=\"limits\">{}</p>\n",
        escaped(&lang.t("replay.limits"))
    ));
    evidence(lens, report, &mut out);
    totals(lens, report, &mut out);
    if report.comparison.is_no_op() {
        out.push_str(&format!("<p class=\"good\">{}</p>\n", escaped(&lang.t("replay.no-op"))));
    }
    if !patterns.is_empty() {
        overview(lens, &patterns, &mut out);
        for one in &patterns {
            section(lens, one, &mut out);
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// What was compared: versions, plugins, records.
fn evidence(lens: &Lens<'_>, report: &Report<'_>, out: &mut String) {
    let lang = lens.lang;
    out.push_str(&format!("<h2>{}</h2>\n<table>\n", escaped(&lang.t("replay.evidence"))));
    let heads = ["replay.column.before", "replay.column.after"].map(|key| escaped(&lang.t(key)));
    out.push_str(&format!(
        "<tr><th></th><th>{}</th><th>{}</th></tr>\n",
        heads[0], heads[1]
    ));
    let both = |edition: &Edition| format!("{}<br><code>{}</code>", escaped(&name(lang, edition)), edition.digest);
    out.push_str(&format!(
        "<tr><th>{}</th><td>{}</td><td>{}</td></tr>\n",
        escaped(&lang.t("replay.version")),
        both(&report.before),
        both(&report.after)
    ));
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in report.after.plugins.iter().chain(&report.before.plugins) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let digest = |edition: &Edition| {
            let found = edition.plugins.iter().find(|(other, _)| other == name);
            found.map_or_else(|| pattern::ABSENT.to_owned(), |(_, digest)| format!("sha256:{digest}"))
        };
        out.push_str(&format!(
            "<tr><th>{} {}</th><td><code>{}</code></td><td><code>{}</code></td></tr>\n",
            escaped(&lang.t("replay.plugin")),
            escaped(name),
            digest(&report.before),
            digest(&report.after)
        ));
    }
    let fuel = [report.comparison.fuel.before, report.comparison.fuel.after].map(count);
    let change = cost(report).map_or_else(String::new, |change| format!(" ({change})"));
    out.push_str(&format!(
        "<tr><th>{}</th><td>{}</td><td>{}{change}</td></tr>\n</table>\n",
        escaped(&lang.text("replay.fuel", &[("groups", &count(report.comparison.fuel.groups))])),
        fuel[0],
        fuel[1]
    ));
    if let Some((first, last)) = report.comparison.received {
        let zone = lens.zone.to_string();
        let arguments: [(&str, &dyn Display); 3] = [
            ("first", &time(lens, first)),
            ("last", &time(lens, last)),
            ("zone", &zone),
        ];
        out.push_str(&format!(
            "<p>{}</p>\n",
            escaped(&lang.text("replay.records", &arguments))
        ));
    }
}

fn totals(lens: &Lens<'_>, report: &Report<'_>, out: &mut String) {
    let (lang, comparison) = (lens.lang, report.comparison);
    let heads = ["replay.column.groups", "replay.column.amount"].map(|key| escaped(&lang.t(key)));
    out.push_str(&format!(
        "<h2>{}</h2>\n<table>\n<tr><th></th><th class=\"n\">{}</th><th class=\"n\">{}</th></tr>\n",
        escaped(&lang.t("replay.result")),
        heads[0],
        heads[1]
    ));
    let rows: [(&str, Figure, &str); 5] = [
        ("replay.row.all", comparison.all, ""),
        ("replay.row.same", comparison.same, ""),
        ("replay.row.changed", comparison.changed, ""),
        ("replay.row.newly-failing", comparison.newly_failing, "bad"),
        ("replay.row.newly-fixed", comparison.newly_fixed, "good"),
    ];
    for (key, figure, class) in rows {
        let class = if figure.groups > 0 { class } else { "" };
        out.push_str(&format!(
            "<tr><th class=\"{class}\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            escaped(&lang.t(key)),
            count(figure.groups),
            money(figure.amount)
        ));
    }
    out.push_str("</table>\n");
}

/// The table of patterns.
fn overview(lens: &Lens<'_>, patterns: &[Pattern], out: &mut String) {
    let lang = lens.lang;
    let head = |key: &str, class: &str| format!("<th class=\"{class}\">{}</th>", escaped(&lang.t(key)));
    out.push_str(&format!(
        "<h2>{}</h2>\n<table>\n<tr>",
        escaped(&lang.t("replay.patterns"))
    ));
    out.push_str(&head("replay.column.id", ""));
    out.push_str(&head("replay.column.what", ""));
    for key in ["replay.column.groups", "replay.column.places", "replay.column.amount"] {
        out.push_str(&head(key, "n"));
    }
    out.push_str("</tr>\n");
    for one in patterns {
        let class = if one.kind.is_failing() { "bad" } else { "" };
        out.push_str(&format!(
            "<tr><td><a href=\"#p{id}\"><code>{id}</code></a></td><td class=\"{class}\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            escaped(&pattern::what(lens, one)),
            count(one.groups),
            count(one.places),
            money(one.amount),
            id = one.id,
        ));
    }
    out.push_str("</table>\n");
}

/// One pattern: its most frequent changes and its example, side by side.
fn section(lens: &Lens<'_>, one: &Pattern, out: &mut String) {
    let lang = lens.lang;
    out.push_str(&format!(
        "<section id=\"p{id}\">\n<h3><code>{id}</code> {}</h3>\n<table>\n",
        escaped(&pattern::headline(lens, one)),
        id = one.id
    ));
    let heads =
        ["replay.column.before", "replay.column.after", "replay.column.places"].map(|key| escaped(&lang.t(key)));
    out.push_str(&format!(
        "<tr><th></th><th>{}</th><th>{}</th><th class=\"n\">{}</th></tr>\n",
        heads[0], heads[1], heads[2]
    ));
    for change in &one.values {
        let mut sides = pattern::values(lens, one, change);
        if one.cause.is_some() {
            // The values of one side; the other has no cause that they could belong to.
            let other = if sides.before.is_some() {
                &mut sides.after
            } else {
                &mut sides.before
            };
            other.get_or_insert_default();
        }
        row(&escaped(&lang.t("replay.frequent")), &sides, &count(change.count), out);
    }
    let place = format!(
        "{}<br>{}",
        escaped(&lang.t("replay.first")),
        escaped(&pattern::place(lens, one))
    );
    row(&place, &pattern::example(lens, one), "", out);
    out.push_str("</table>\n</section>\n");
}

fn row(head: &str, sides: &pattern::Sides, number: &str, out: &mut String) {
    let side = |text: &Option<String>| escaped(&text.as_deref().map_or_else(|| pattern::ABSENT.to_owned(), readable));
    out.push_str(&format!(
        "<tr><td>{head}</td><td class=\"before\"><pre>{}</pre></td><td class=\"after\"><pre>{}</pre></td><td class=\"n\">{number}</td></tr>\n",
        side(&sides.before),
        side(&sides.after),
    ));
}

/// Objects and lists with line breaks, all else as it is.
fn readable(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => {
            clean_block(&serde_json::to_string_pretty(&value).unwrap_or_else(|_| text.to_owned()))
        }
        _ => clean(text),
    }
}

/// Text that cannot become markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean_block(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
