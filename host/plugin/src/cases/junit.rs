//! A test's report as JUnit XML: one suite of cases, one of checks. A new case and a cost that nobody accepted yet are
//! skipped, not failed, as in the exit code.

use super::outcome::Outcome;
use super::report::{CaseReport, CheckReport, Status, TestReport};

/// The report as JUnit XML.
pub fn junit(report: &TestReport) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let failed = report.count(Status::Failed);
    let pending = |case: &&CaseReport| case.status == Status::New || is_cost_pending(case);
    let skipped = report.cases.iter().filter(pending).count();
    suite(&mut out, &report.plugin, report.cases.len(), failed, skipped);
    for case in &report.cases {
        write_case(&mut out, &report.plugin, case);
    }
    out.push_str("  </testsuite>\n");
    if !report.checks.is_empty() {
        let failed = report.checks.iter().filter(|check| check.failed()).count();
        let idle = report.checks.iter().filter(|check| !check.failed() && !check.passed());
        let skipped = idle.count();
        let name = format!("{}.checks", report.plugin);
        suite(&mut out, &name, report.checks.len(), failed, skipped);
        for check in &report.checks {
            write_check(&mut out, &name, check);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn is_cost_pending(case: &CaseReport) -> bool {
    case.status == Status::Passed && case.cost.is_pending()
}

fn suite(out: &mut String, name: &str, tests: usize, failures: usize, skipped: usize) {
    out.push_str(&format!(
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n",
        escaped(name)
    ));
}

fn write_case(out: &mut String, suite: &str, case: &CaseReport) {
    let time = case.time.unwrap_or_default();
    out.push_str(&format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}.{:06}\">\n",
        escaped(suite),
        escaped(&case.name),
        time.as_secs(),
        time.subsec_micros()
    ));
    match case.status {
        Status::Failed => {
            let message = match (&case.outcome, case.differences.first()) {
                (Outcome::Failed(failure), _) => failure.code.to_owned(),
                (_, Some(first)) => first.path.clone(),
                _ => "over budget at 1,000 lines".to_owned(),
            };
            let mut text = String::new();
            for one in &case.differences {
                let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "∅".to_owned());
                text.push_str(&format!(
                    "{}: {} → {}\n",
                    one.path,
                    side(&one.expected),
                    side(&one.actual)
                ));
            }
            if let Outcome::Failed(failure) = &case.outcome {
                text.push_str(&format!("{}: {}\n", failure.code, failure.message));
            }
            if let Some(grown) = case.grown.as_ref().filter(|grown| !grown.fits()) {
                text.push_str(&format!(
                    "{} lines in {}: {}\n",
                    grown.lines,
                    grown.list,
                    grown.outcome.word()
                ));
            }
            failure(out, &message, &text);
        }
        Status::New => skip(out, "nothing is expected yet"),
        Status::Passed if is_cost_pending(case) => skip(out, &format!("fuel is {}", case.cost.word())),
        Status::Passed => {}
    }
    if !case.log.is_empty() {
        let lines: Vec<&str> = case.log.iter().map(|line| line.text.as_str()).collect();
        out.push_str(&format!(
            "      <system-out>{}</system-out>\n",
            escaped(&lines.join("\n"))
        ));
    }
    out.push_str("    </testcase>\n");
}

fn write_check(out: &mut String, suite: &str, check: &CheckReport) {
    out.push_str(&format!(
        "    <testcase classname=\"{}\" name=\"{}\">\n",
        escaped(suite),
        check.name.word()
    ));
    if let Some(first) = check.findings.first() {
        let lines: Vec<String> = check
            .findings
            .iter()
            .map(|one| format!("{} {}: {}", one.case, one.change, one.detail))
            .collect();
        failure(out, &first.detail, &lines.join("\n"));
    } else if check.untried > 0 {
        skip(out, &format!("{} changes of fields were never tried", check.untried));
    } else if check.groups == 0 {
        skip(out, "there was nothing to look at");
    }
    out.push_str("    </testcase>\n");
}

fn failure(out: &mut String, message: &str, text: &str) {
    out.push_str(&format!(
        "      <failure message=\"{}\">{}</failure>\n",
        escaped(message),
        escaped(text)
    ));
}

fn skip(out: &mut String, message: &str) {
    out.push_str(&format!("      <skipped message=\"{}\"/>\n", escaped(message)));
}

/// Text for XML; signs that XML cannot hold at all become `�`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
