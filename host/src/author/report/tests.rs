//! The report for people: everything that is in it is told, in both languages, and foreign text cannot disguise itself.

use std::time::Duration;

use dukou_core::digest::Digest;
use dukou_plugin::cases::{CheckName, Failure, Finding, Grown, Growth, Shares};
use dukou_plugin::{Kind, Level, LogLine, Usage};

use super::*;

const LOOK: Look = Look {
    lang: Lang::En,
    columns: None,
    colour: false,
};

fn case(name: &str, status: Status) -> CaseReport {
    CaseReport {
        name: name.to_owned(),
        title: Some("一单两行".to_owned()),
        status,
        outcome: Outcome::Passed,
        differences: Vec::new(),
        usage: Usage {
            fuel: 1_234_567,
            peak_memory_bytes: 3 << 20,
            ..Usage::default()
        },
        shares: Shares::default(),
        cost: Cost::Unknown,
        grown: None,
        log: Vec::new(),
        time: Some(Duration::from_millis(12)),
    }
}

fn report(cases: Vec<CaseReport>) -> TestReport {
    TestReport {
        plugin: "rules".to_owned(),
        version: Some("1.2.3".to_owned()),
        kind: Kind::Validation,
        digest: Digest::of(b"x"),
        cases,
        filtered: 0,
        checks: Vec::new(),
        stale_cost: Vec::new(),
        refusals: Vec::new(),
        growth: Growth::default(),
    }
}

#[test]
fn a_passing_test_is_one_line_a_case_and_a_summary() {
    let text = render(
        &report(vec![case("one", Status::Passed), case("another", Status::Passed)]),
        LOOK,
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("rules 1.2.3 · validation · sha256:"), "{text}");
    assert_eq!(
        lines[1],
        "  PASS  one      fuel 1.23 M  0.0%  memory 3.0 MB  0.0%  12 ms  一单两行"
    );
    assert_eq!(
        lines[2],
        "  PASS  another  fuel 1.23 M  0.0%  memory 3.0 MB  0.0%  12 ms  一单两行"
    );
    assert_eq!(lines[4], "All passed  2 passed, 0 failed, 0 new");
    assert!(lines[5].contains("review --accept all"), "{text}");
}

#[test]
fn a_failure_tells_path_both_sides_trap_log_and_length() {
    let mut failed = case("one", Status::Failed);
    failed.outcome = Outcome::Failed(Failure {
        code: "plugin.trap",
        message: "it panicked\u{1b}[2J".to_owned(),
        frames: vec!["rules::map".to_owned()],
    });
    failed.differences = vec![Difference {
        path: "dto.Memo".to_owned(),
        kind: DifferenceKind::Missing,
        expected: Some("\"x\"".to_owned()),
        actual: None,
    }];
    failed.log = vec![LogLine {
        level: Level::Error,
        text: "last words".to_owned(),
    }];
    failed.grown = Some(Grown {
        list: "details_list".to_owned(),
        lines: 1_000,
        usage: Usage::default(),
        shares: Shares {
            fuel: Share(10_000),
            ..Shares::default()
        },
        outcome: failed.outcome.clone(),
    });
    let text = render(&report(vec![failed]), LOOK);
    for part in [
        "over budget at 1,000 lines (fuel)",
        "    dto.Memo  (missing)\n      - \"x\"\n",
        "in rules::map",
        "no verdict with details_list grown to 1000 lines: plugin.trap: it panicked\\u{1b}[2J",
        "log error: last words",
        "Failed  0 passed, 1 failed, 0 new",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn costs_checks_and_remarks_are_told_in_both_languages() {
    let mut dearer = case("one", Status::Passed);
    dearer.cost = Cost::Dearer { accepted: 1_000_000 };
    let mut new = case("two", Status::New);
    new.cost = Cost::New;
    let mut report = report(vec![dearer, new]);
    let mut check = CheckReport::new(CheckName::Robustness);
    check.groups = 640;
    check.left_out = 7;
    check.findings.push(Finding {
        case: "one".to_owned(),
        change: "list[0].price = null".to_owned(),
        detail: "plugin.trap: x".to_owned(),
    });
    check.unused_needs = vec!["shop_no".to_owned()];
    check.unseen_needs = vec!["memo".to_owned()];
    report.checks.push(check);
    let english = render(&report, LOOK);
    for part in [
        "dearer   one  1.00 M → 1.23 M  +23.4%",
        "not yet accepted  two",
        "groups run: 640, 7 more left out",
        "      one  list[0].price = null\n        plugin.trap: x",
        "may not be needed: shop_no",
        "no case has these fields: memo",
        "checks 0/1",
        "\"passed\": true",
    ] {
        assert!(english.contains(part), "{part} in\n{english}");
    }
    let chinese = render(&report, Look { lang: Lang::Zh, ..LOOK });
    assert!(
        chinese.contains("变贵  one") && chinese.contains("失败  经得起坏数据"),
        "{chinese}"
    );
    assert!(!chinese.contains("cases."), "a key without its text:\n{chinese}");
}

#[test]
fn a_test_without_cases_says_what_to_do() {
    assert!(render(&report(Vec::new()), LOOK).contains("dukou record capture"));
    let mut filtered = report(Vec::new());
    filtered.filtered = 3;
    assert!(render(&filtered, LOOK).contains("no case matches --filter"));
}

#[test]
fn titles_are_cut_to_the_terminal_and_colours_take_no_room() {
    let look = Look {
        columns: Some(70),
        colour: true,
        ..LOOK
    };
    let mut long = case("one", Status::Passed);
    long.title = Some("很长的标题".repeat(10));
    let text = render(&report(vec![long]), look);
    let line = text.lines().nth(1).unwrap();
    assert!(line.contains("\u{1b}[32mPASS"), "{line:?}");
    assert!(
        width(&plain(line)) <= 70 && line.contains('…'),
        "{} {line:?}",
        width(&plain(line))
    );
}

#[test]
fn amounts_and_percents_have_few_digits() {
    assert_eq!(
        [amount(999), amount(523_999), amount(2_000_000_000)],
        ["999", "523 k", "2.00 G"]
    );
    assert_eq!(
        [bytes(100), bytes(200 << 10), bytes(3 << 19)],
        ["100 B", "200 KB", "1.5 MB"]
    );
    assert_eq!(
        [percent(100, 102), percent(1_000, 877), percent(0, 1)],
        ["+2.0%", "-12.3%", "+∞"]
    );
    assert_eq!([Share(3).to_string(), Share(1_299).to_string()], ["0.0%", "12%"]);
}
