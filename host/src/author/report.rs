//! What a test found, for people: one line a case with its cost, differences under what failed, the checks, a summary.
//! Builds text and prints nothing; the machine's form is `TestReport::to_json`.

mod figures;

use dukou_plugin::cases::{
    CaseReport, CheckReport, Cost, Difference, DifferenceKind, Failure, Outcome, Share, Status, TestReport, Verdict,
    level,
};

use crate::lang::Lang;
use crate::overview::text::{clean, clean_block};

pub(crate) use figures::{amount, percent};
use figures::{bytes, width};

/// A share of a budget from which it is shown in yellow, in hundredths of a percent.
const NOTABLE: Share = Share(5_000);
/// Names of cases in one line.
const MOST_NAMES: usize = 12;
/// Log lines under a failed case.
const MOST_LOG_LINES: usize = 20;

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; `None` if it is none, and lines may be as long as they are.
    pub columns: Option<usize>,
    /// The language of people.
    pub lang: Lang,
    /// Whether colours are wanted.
    pub colour: bool,
}

/// A colour of the terminal.
#[derive(Clone, Copy)]
pub(crate) enum Ink {
    Red,
    Green,
    Yellow,
    Dim,
    Bold,
}

impl Look {
    pub(crate) fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Red => "31",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Dim => "2",
            Ink::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    pub(crate) fn t(self, key: &str) -> String {
        self.lang.t(&format!("cases.{key}"))
    }

    pub(crate) fn text(self, key: &str, arguments: &[(&str, &dyn std::fmt::Display)]) -> String {
        self.lang.text(&format!("cases.{key}"), arguments)
    }
}

/// The whole report.
pub fn render(report: &TestReport, look: Look) -> String {
    let mut out = vec![head(report, look)];
    out.extend(cases(report, look));
    out.extend(failures(report, look));
    out.extend(growth(report, look));
    out.extend(costs(report, look));
    if !report.checks.is_empty() {
        out.push(String::new());
        for check in &report.checks {
            out.extend(check_lines(check, look));
        }
    }
    out.push(String::new());
    out.push(summary(report, look));
    out.join("\n")
}

fn head(report: &TestReport, look: Look) -> String {
    let version = report.version.as_deref().unwrap_or("");
    let name = clean(&format!("{} {version}", report.plugin));
    let kind = look.t(&format!("kind.{}", report.kind.as_str()));
    format!(
        "{} · {kind} · sha256:{}",
        look.ink(Ink::Bold, name.trim_end()),
        report.digest.short()
    )
}

/// One line a case; columns are as wide as their widest cell.
fn cases(report: &TestReport, look: Look) -> Vec<String> {
    let rows: Vec<(&CaseReport, Vec<String>)> = report.cases.iter().map(|case| (case, cells(case, look))).collect();
    let columns = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|(_, cells)| cells.get(at))
                .map(|cell| width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|(case, cells)| {
            let mut line = format!("  {}", status(case.status, look));
            for (at, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths.get(at).copied().unwrap_or(0).saturating_sub(width(cell)));
                // Names to the left, numbers to the right.
                line.push_str(&if at == 0 {
                    format!("  {cell}{pad}")
                } else {
                    format!("  {pad}{cell}")
                });
            }
            if let Some(grown) = &case.grown {
                let (what, share) = grown.shares.largest();
                let what = look.t(&format!("share.{what}"));
                let text = if grown.fits() {
                    look.text("grown", &[("share", &share), ("what", &what)])
                } else {
                    look.text("grown_fails", &[("what", &what)])
                };
                let ink = match (grown.fits(), share >= NOTABLE) {
                    (false, _) => Ink::Red,
                    (true, true) => Ink::Yellow,
                    (true, false) => Ink::Dim,
                };
                line.push_str(&format!("  {}", look.ink(ink, &text)));
            }
            let title = case.title.as_deref().unwrap_or_default();
            line.push_str(&look.ink(Ink::Dim, &fitting(title, width(&plain(&line)), look.columns)));
            line
        })
        .collect()
}

/// As much of a title as fits behind `taken` columns, with the space before it; nothing if that is too little.
fn fitting(title: &str, taken: usize, columns: Option<usize>) -> String {
    let title = clean(title);
    let room = columns.unwrap_or(usize::MAX).saturating_sub(taken + 2);
    if title.is_empty() || room < 8 {
        return String::new();
    }
    if width(&title) <= room {
        return format!("  {title}");
    }
    let mut out = String::from("  ");
    for c in title.chars() {
        if width(&out) + width(c.encode_utf8(&mut [0; 4])) > room + 1 {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    out.extend(parts.filter_map(|part| part.split_once('m').map(|(_, rest)| rest)));
    out
}

fn cells(case: &CaseReport, look: Look) -> Vec<String> {
    let mut cells = vec![
        clean(&case.name),
        format!("{} {}", look.t("share.fuel"), amount(case.usage.fuel)),
        case.shares.fuel.to_string(),
        format!(
            "{} {}",
            look.t("share.memory"),
            bytes(case.usage.peak_memory_bytes as u64)
        ),
        case.shares.memory.to_string(),
    ];
    if let Some(time) = case.time {
        cells.push(match time.as_millis() {
            0 => format!("{} µs", time.as_micros()),
            millis => format!("{millis} ms"),
        });
    }
    cells
}

fn status(status: Status, look: Look) -> String {
    let (ink, key) = match status {
        Status::Passed => (Ink::Green, "status.passed"),
        Status::Failed => (Ink::Red, "status.failed"),
        Status::New => (Ink::Yellow, "status.new"),
    };
    look.ink(ink, &look.t(key))
}

/// Settings that the plugin refuses, once for all their cases.
fn refusals(report: &TestReport, look: Look) -> Vec<String> {
    let mut out = Vec::new();
    for refusal in &report.refusals {
        let names: Vec<&str> = refusal.cases.iter().map(String::as_str).take(MOST_NAMES).collect();
        let more = if refusal.cases.len() > MOST_NAMES { ", …" } else { "" };
        let names = format!("{}{more}", clean(&names.join(", ")));
        out.push(String::new());
        out.push(format!(
            "{}  {}",
            status(Status::Failed, look),
            look.text("refused", &[("count", &refusal.cases.len()), ("names", &names)])
        ));
        let Failure { code, message, .. } = &refusal.failure;
        out.push(format!("    {code}: {}", clean(message)));
    }
    out
}

/// What cannot be said of one case: the list that is none, and cases that have nothing to repeat.
fn growth(report: &TestReport, look: Look) -> Vec<String> {
    let text = match (&report.growth.unknown_list, &report.growth.near) {
        (Some(list), Some(near)) => look.text("list_near", &[("list", &clean(list)), ("near", &clean(near))]),
        (Some(list), None) => look.text("list_unknown", &[("list", &clean(list))]),
        (None, _) if report.growth.is_empty() => {
            return vec![
                String::new(),
                format!("  {}", look.ink(Ink::Yellow, &look.t("none_grew"))),
            ];
        }
        (None, _) => return Vec::new(),
    };
    vec![String::new(), format!("{}  {text}", status(Status::Failed, look))]
}

fn failures(report: &TestReport, look: Look) -> Vec<String> {
    let mut out = refusals(report, look);
    let refused = |case: &&CaseReport| report.refusals.iter().any(|one| one.cases.contains(&case.name));
    let wrong = report.cases.iter().filter(|case| case.status != Status::Passed);
    for case in wrong.filter(|case| !refused(case)) {
        out.push(String::new());
        let title = case
            .title
            .as_deref()
            .map(|title| format!("  {}", clean(title)))
            .unwrap_or_default();
        let name = look.ink(Ink::Bold, &clean(&case.name));
        out.push(format!("{}  {name}{title}", status(case.status, look)));
        match case.status {
            Status::New => {
                let text = serde_json::to_string_pretty(&case.outcome.to_json()).unwrap_or_default();
                out.extend(clean_block(&text).lines().map(|line| format!("    {line}")));
            }
            _ => {
                for difference in &case.differences {
                    out.extend(difference_lines(difference, look));
                }
                out.extend(trap_lines(&case.outcome, case.differences.is_empty(), look));
            }
        }
        if let Some(grown) = case.grown.as_ref().filter(|grown| !grown.fits()) {
            let code = match &grown.outcome {
                Outcome::Failed(failure) => format!("{}: {}", failure.code, clean(&failure.message)),
                _ => String::new(),
            };
            out.push(format!(
                "    {}",
                look.text(
                    "too_dear",
                    &[("lines", &grown.lines), ("list", &grown.list), ("error", &code)]
                )
            ));
        }
        for line in case.log.iter().take(MOST_LOG_LINES) {
            let text = format!("    {} {}: {}", look.t("log"), level(line), clean(&line.text));
            out.push(look.ink(Ink::Dim, &text));
        }
        if case.log.len() > MOST_LOG_LINES {
            let more = case.log.len() - MOST_LOG_LINES;
            out.push(format!("    {}", look.text("log_more", &[("count", &more)])));
        }
    }
    out
}

/// One difference: where, what was expected, what came.
pub(crate) fn difference_lines(difference: &Difference, look: Look) -> Vec<String> {
    let mut head = if difference.path.is_empty() {
        look.t("difference.verdict")
    } else {
        clean(&difference.path)
    };
    if difference.kind != DifferenceKind::Changed && difference.kind != DifferenceKind::Verdict {
        head.push_str(&format!(
            "  ({})",
            look.t(&format!("difference.{}", difference.kind.word()))
        ));
    }
    let mut out = vec![format!("    {}", look.ink(Ink::Bold, &head))];
    if let Some(expected) = &difference.expected {
        out.push(look.ink(Ink::Red, &format!("      - {}", clean(expected))));
    }
    if let Some(actual) = &difference.actual {
        out.push(look.ink(Ink::Green, &format!("      + {}", clean(actual))));
    }
    out
}

fn trap_lines(outcome: &Outcome, with_message: bool, look: Look) -> Vec<String> {
    let Outcome::Failed(failure) = outcome else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if with_message {
        out.push(format!("    {}: {}", failure.code, clean(&failure.message)));
    }
    let frames = failure.frames.iter().take(8);
    out.extend(frames.map(|frame| look.ink(Ink::Dim, &format!("      {} {}", look.t("frame"), clean(frame)))));
    out
}

/// What got dearer or cheaper since it was accepted.
fn costs(report: &TestReport, look: Look) -> Vec<String> {
    let mut out = Vec::new();
    // Without a verdict there is no cost to speak of, unless that is what the case expects.
    let with_cost = |case: &&CaseReport| case.status == Status::Passed || !matches!(case.outcome, Outcome::Failed(_));
    for case in report.cases.iter().filter(with_cost) {
        let (key, ink) = match case.cost {
            Cost::Dearer { .. } => ("cost.dearer", Ink::Yellow),
            Cost::Cheaper { .. } => ("cost.cheaper", Ink::Green),
            Cost::New => ("cost.new", Ink::Yellow),
            Cost::Same { .. } | Cost::Unknown => continue,
        };
        let accepted = case.cost.accepted().unwrap_or(0);
        let text = look.text(
            key,
            &[
                ("name", &clean(&case.name)),
                ("accepted", &amount(accepted)),
                ("fuel", &amount(case.usage.fuel)),
                ("percent", &percent(accepted, case.usage.fuel)),
            ],
        );
        out.push(format!("  {}", look.ink(ink, &text)));
    }
    if !out.is_empty() {
        out.insert(0, format!("\n{}", look.t("cost.head")));
    }
    if !report.stale_cost.is_empty() {
        let names = clean(&report.stale_cost.join(", "));
        out.push(format!("  {}", look.text("cost.stale", &[("names", &names)])));
    }
    out
}

fn check_lines(check: &CheckReport, look: Look) -> Vec<String> {
    let name = look.t(&format!("check.{}", check.name.word()));
    let state = match (check.passed(), check.failed()) {
        (_, true) => status(Status::Failed, look),
        (true, false) => status(Status::Passed, look),
        // A check that did not look at everything has proven nothing.
        (false, false) => look.ink(Ink::Dim, &look.t("status.none")),
    };
    let mut head = format!("  {state}  {name}");
    let mut detail = look.text("check.groups", &[("count", &check.groups)]);
    if check.left_out > 0 {
        detail.push_str(&look.text("check.left_out", &[("count", &check.left_out)]));
    }
    head.push_str(&format!("  {}", look.ink(Ink::Dim, &detail)));
    let mut out = vec![head];
    for finding in &check.findings {
        let change = match finding.change.as_str() {
            "" => String::new(),
            known @ ("together" | "shuffled") => format!("  {}", look.t(&format!("check.{known}"))),
            change => format!("  {}", clean(change)),
        };
        out.push(format!("      {}{change}", look.ink(Ink::Bold, &clean(&finding.case))));
        out.push(look.ink(Ink::Red, &format!("        {}", clean(&finding.detail))));
    }
    if check.more_findings > 0 {
        out.push(format!(
            "      {}",
            look.text("check.more", &[("count", &check.more_findings)])
        ));
    }
    if check.untried > 0 {
        let text = look.text("check.untried", &[("count", &check.untried)]);
        out.push(format!("      {}", look.ink(Ink::Yellow, &text)));
    }
    for (key, needs) in [
        ("check.unused", &check.unused_needs),
        ("check.unseen", &check.unseen_needs),
    ] {
        if !needs.is_empty() {
            let text = look.text(key, &[("needs", &clean(&needs.join(", ")))]);
            out.push(format!("      {}", look.ink(Ink::Yellow, &text)));
        }
    }
    out
}

fn summary(report: &TestReport, look: Look) -> String {
    let (ink, key) = match report.verdict() {
        Verdict::Passed => (Ink::Green, "summary.passed"),
        Verdict::Failed => (Ink::Red, "summary.failed"),
        Verdict::Pending => (Ink::Yellow, "summary.pending"),
        Verdict::Empty => (Ink::Red, "summary.empty"),
    };
    let mut text = look.ink(ink, &look.t(key));
    if report.verdict() != Verdict::Empty {
        let counts = look.text(
            "summary.counts",
            &[
                ("passed", &report.count(Status::Passed)),
                ("failed", &report.count(Status::Failed)),
                ("new", &report.count(Status::New)),
            ],
        );
        text.push_str(&format!("  {counts}"));
    }
    if !report.checks.is_empty() {
        let passed = report.checks.iter().filter(|check| check.passed()).count();
        let checks = look.text("summary.checks", &[("passed", &passed), ("all", &report.checks.len())]);
        text.push_str(&format!(" · {checks}"));
    }
    if report.filtered > 0 {
        text.push_str(&format!(
            " · {}",
            look.text("summary.filtered", &[("count", &report.filtered)])
        ));
    }
    let unknown = report.cases.iter().any(|case| case.cost == Cost::Unknown);
    match report.verdict() {
        Verdict::Failed if report.has_patterns() => {
            text.push_str(&format!("\n{}", look.t("summary.wanted")));
        }
        Verdict::Pending => text.push_str(&format!("\n{}", look.t("summary.review"))),
        Verdict::Passed if unknown => text.push_str(&format!("\n{}", look.ink(Ink::Dim, &look.t("summary.no_cost")))),
        Verdict::Empty if report.filtered > 0 => text.push_str(&format!("\n{}", look.t("summary.none_chosen"))),
        Verdict::Empty => text.push_str(&format!("\n{}", look.t("summary.write_some"))),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests;
