//! Cases that change alike are one decision, and accepting one touches nothing but its expectation.

use std::time::Duration;

use dukou_core::digest::Digest;
use dukou_core::verdict::{Document, Mapped, Violation};

use super::*;
use crate::budget::Usage;
use crate::cases::diff::compare;
use crate::cases::report::Shares;
use crate::inspect::Kind;

fn mapped(body: &str) -> Mapped {
    Mapped {
        documents: vec![Document {
            suffix: String::new(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }],
        omitted: Vec::new(),
    }
}

/// A set and its report: name, expected body, body that came, fuel.
fn fixture(cases: &[(&str, Option<&str>, &str, u64)], cost: Option<&[(&str, u64)]>) -> (CaseSet, TestReport) {
    let environment = r#"{"time_zone":"UTC","source":null,"target":{"wrapper":"dto","fields":[]}}"#;
    let mut set = CaseSet::default();
    set.defaults.environment = crate::cases::Environment::whole(environment);
    set.cost = cost.map(|cost| cost.iter().map(|(name, fuel)| ((*name).to_owned(), *fuel)).collect());
    let mut reports = Vec::new();
    for (name, expected, came, fuel) in cases {
        let expect = expected.map(|body| Expect::Mapped(mapped(body)));
        let outcome = Outcome::Mapped(mapped(came));
        let differences = expect.as_ref().map(|expect| compare(expect, &outcome));
        let cost = match &set.cost {
            None => Cost::Unknown,
            Some(cost) => cost.get(*name).map_or(Cost::New, |accepted| Cost::of(*fuel, *accepted)),
        };
        reports.push(CaseReport {
            name: (*name).to_owned(),
            title: None,
            status: match &differences {
                None => Status::New,
                Some(list) if list.is_empty() => Status::Passed,
                Some(_) => Status::Failed,
            },
            outcome,
            differences: differences.unwrap_or_default(),
            usage: Usage {
                fuel: *fuel,
                ..Usage::default()
            },
            shares: Shares::default(),
            cost,
            grown: None,
            log: Vec::new(),
            time: Some(Duration::from_millis(3)),
        });
        set.cases.push(Case {
            name: (*name).to_owned(),
            title: None,
            settings: None,
            environment: None,
            tables: None,
            group: dukou_core::verdict::Group {
                key: (*name).to_owned(),
                records: Vec::new(),
                extra: "{}".to_owned(),
            },
            before: None,
            expect,
        });
    }
    let report = TestReport {
        plugin: "rules".to_owned(),
        version: None,
        kind: Kind::Mapping,
        digest: Digest::of(b"x"),
        cases: reports,
        filtered: 0,
        checks: Vec::new(),
        stale_cost: Vec::new(),
        refusals: Vec::new(),
        growth: crate::cases::Growth::default(),
    };
    (set, report)
}

#[test]
fn the_same_change_in_several_cases_is_one_pattern() {
    let (set, report) = fixture(
        &[
            (
                "a",
                Some(r#"{"dto":{"L":[{"I":1}]}}"#),
                r#"{"dto":{"L":[{"I":1,"Memo":"x"}]}}"#,
                1,
            ),
            (
                "b",
                Some(r#"{"dto":{"L":[{"I":1},{"I":2}]}}"#),
                r#"{"dto":{"L":[{"I":1,"Memo":"x"},{"I":2,"Memo":"x"}]}}"#,
                1,
            ),
            ("c", Some(r#"{"dto":{"A":1}}"#), r#"{"dto":{"A":2}}"#, 1),
            ("d", Some(r#"{"dto":{"A":1}}"#), r#"{"dto":{"A":3}}"#, 1),
            ("e", Some(r#"{"dto":{"A":1}}"#), r#"{"dto":{"A":1}}"#, 1),
        ],
        Some(&[("e", 1)]),
    );
    let patterns = patterns(&report, &set);
    assert_eq!(patterns.len(), 2);
    let memo = patterns.iter().find(|one| one.cases == ["a", "b"]).unwrap();
    let other = patterns.iter().find(|one| one.cases == ["c", "d"]).unwrap();
    let change = &memo.changes[0];
    assert_eq!(
        (change.path.as_str(), change.kind),
        ("L[].Memo", DifferenceKind::Unexpected)
    );
    assert_eq!(
        (change.expected.as_deref(), change.actual.as_deref()),
        (None, Some(r#""x""#))
    );
    let change = &other.changes[0];
    assert_eq!((change.path.as_str(), change.kind), ("A", DifferenceKind::Changed));
    assert_eq!(
        (change.expected.as_deref(), change.actual.as_deref()),
        (Some("1"), None),
        "3 and 2 differ"
    );
    assert_eq!(memo.id.len(), 8);
    assert_ne!(patterns[0].id, patterns[1].id);
}

#[test]
fn new_cases_are_grouped_by_their_outcome() {
    let (set, mut report) = fixture(
        &[("a", None, "{}", 1), ("b", None, "{}", 1), ("c", None, "{}", 1)],
        None,
    );
    report.cases[2].outcome = Outcome::Rejected(vec![Violation::at_target("type", "A", "x")]);
    let patterns = patterns(&report, &set);
    let words: Vec<_> = patterns
        .iter()
        .map(|one| (one.outcome.as_deref().unwrap(), one.cases.len()))
        .collect();
    assert_eq!(words, [("mapped (1)", 2), ("rejected (type)", 1)]);
    assert!(
        patterns
            .iter()
            .all(|one| one.is_pending && one.kind == PatternKind::New)
    );
}

#[test]
fn a_plugin_that_gives_no_verdict_is_nothing_to_accept() {
    let (set, mut report) = fixture(&[("a", Some("{}"), r#"{"A":1}"#, 1)], None);
    report.cases[0].outcome = Outcome::Failed(crate::cases::Failure {
        code: "plugin.trap",
        message: String::new(),
        frames: Vec::new(),
    });
    assert_eq!(patterns(&report, &set), []);
}

#[test]
fn two_percent_of_fuel_either_way_are_the_same() {
    assert_eq!(Cost::of(102, 100), Cost::Same { accepted: 100 });
    assert_eq!(Cost::of(103, 100), Cost::Dearer { accepted: 100 });
    assert_eq!(Cost::of(98, 100), Cost::Same { accepted: 100 });
    assert_eq!(Cost::of(97, 100), Cost::Cheaper { accepted: 100 });
    let same = [
        ("a", Some("{}"), "{}", 200),
        ("b", Some("{}"), "{}", 100),
        ("c", Some("{}"), "{}", 50),
    ];
    let (set, report) = fixture(&same, Some(&[("a", 100), ("b", 100)]));
    let kinds: Vec<_> = patterns(&report, &set)
        .iter()
        .map(|one| (one.kind, one.is_pending))
        .collect();
    assert_eq!(kinds, [(PatternKind::Dearer, true), (PatternKind::NewCost, true)]);
}

#[test]
fn the_first_cost_waits_for_nobody_and_is_accepted_as_a_whole() {
    let (set, report) = fixture(&[("a", Some("{}"), "{}", 7), ("b", Some("{}"), "{}", 9)], None);
    let patterns = patterns(&report, &set);
    assert_eq!(
        (patterns.len(), patterns[0].kind, patterns[0].is_pending),
        (1, PatternKind::NewCost, false)
    );
    let cost = accepted_cost(&report, &set, &["a".to_owned()]);
    assert_eq!(
        cost.into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), 7), ("b".to_owned(), 9)]
    );
}

#[test]
fn accepting_a_cost_keeps_the_others_and_drops_what_is_gone() {
    let (set, report) = fixture(
        &[("a", Some("{}"), "{}", 200), ("b", Some("{}"), "{}", 300)],
        Some(&[("a", 100), ("b", 100), ("gone", 1)]),
    );
    let cost = accepted_cost(&report, &set, &["a".to_owned()]);
    assert_eq!(
        cost.into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), 200), ("b".to_owned(), 100)]
    );
}

#[test]
fn accepting_rewrites_the_expectation_and_not_a_letter_beside_it() {
    let (set, report) = fixture(&[("a", Some(r#"{"dto":{"A":1}}"#), r#"{"dto":{"A":2.00}}"#, 1)], None);
    let text = "{\n  \"expect\": {\"mapped\": {\"documents\": [{\"body\":{\"dto\":{\"A\":1}}}]}},\n\n  \"group\": {\"key\":\"a\",   \"records\":[]}\n}\n";
    let new = accepted_text(text, &set.cases[0], &report.cases[0].outcome).unwrap();
    assert!(
        new.ends_with(",\n\n  \"group\": {\"key\":\"a\",   \"records\":[]}\n}\n"),
        "{new}"
    );
    let files = [("a.json".to_owned(), new)];
    let set = CaseSet::read(&files, &|_| None).unwrap();
    assert_eq!(
        set.cases[0].expect,
        Some(Expect::Mapped(mapped(r#"{"dto":{"A":2.00}}"#)))
    );
}

#[test]
fn accepting_a_new_case_adds_the_expectation_at_the_end() {
    let (set, report) = fixture(&[("a", None, r#"{"dto":{"A":1}}"#, 1)], None);
    let text = "{\n  \"title\": \"x\",\n  \"group\": {\"key\":\"a\",\"records\":[]}\n}\n";
    let new = accepted_text(text, &set.cases[0], &report.cases[0].outcome).unwrap();
    assert!(
        new.starts_with(text.trim_end().trim_end_matches('}').trim_end()),
        "{new}"
    );
    assert!(
        new.contains("\"records\":[]},\n  \"expect\": {\n    \"mapped\": {"),
        "{new}"
    );
    let set = CaseSet::read(&[("a.json".to_owned(), new)], &|_| None).unwrap();
    assert_eq!(set.cases[0].expect, Some(Expect::Mapped(mapped(r#"{"dto":{"A":1}}"#))));
    assert_eq!(accepted_text("[]", &set.cases[0], &report.cases[0].outcome), None);
}

#[test]
fn messages_are_accepted_only_where_some_were_expected() {
    let outcome = Outcome::Rejected(vec![Violation::at_target("type", "A", "must be a number")]);
    let Expect::Rejected(list) = Expect::of(&outcome, None) else {
        panic!()
    };
    assert_eq!(
        (list[0].code.as_deref(), list[0].message.as_deref()),
        (Some("type"), None)
    );
    let Expect::Rejected(list) = Expect::of(&outcome, Some(&Expect::of(&outcome, None))) else {
        panic!()
    };
    assert_eq!(list[0].message, None);
    let mut with = list;
    with[0].message = Some("old".to_owned());
    let Expect::Rejected(list) = Expect::of(&outcome, Some(&Expect::Rejected(with))) else {
        panic!()
    };
    assert_eq!(list[0].message.as_deref(), Some("must be a number"));
}
