//! Differences are found where they are, told once, and told exactly.

use dukou_core::verdict::{Document, Mapped, Omission, Violation};

use super::*;
use crate::cases::{ExpectedViolation, Failure};

fn mapped(bodies: &[&str]) -> Mapped {
    let document = |(index, body): (usize, &&str)| Document {
        suffix: if index == 0 {
            String::new()
        } else {
            format!("-p{}", index + 1)
        },
        body: (*body).to_owned(),
        extra: "{}".to_owned(),
    };
    Mapped {
        documents: bodies.iter().enumerate().map(document).collect(),
        omitted: Vec::new(),
    }
}

/// `path kind expected actual` of each difference.
fn found(expected: &[&str], actual: &[&str]) -> Vec<String> {
    lines(&compare(
        &Expect::Mapped(mapped(expected)),
        &Outcome::Mapped(mapped(actual)),
    ))
}

fn lines(differences: &[Difference]) -> Vec<String> {
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "∅".to_owned());
    let line = |one: &Difference| {
        format!(
            "{} {} {} {}",
            one.path,
            one.kind.word(),
            side(&one.expected),
            side(&one.actual)
        )
    };
    differences.iter().map(line).collect()
}

fn violation(code: &str, target: &str, message: &str) -> Violation {
    Violation::at_target(code, target, message)
}

#[test]
fn equal_documents_have_no_difference_however_they_are_spaced() {
    let body = r#"{"dto":{"Code":"1","Lines":[{"Q":2.0000}]}}"#;
    let spaced = r#"{ "dto": {"Code":"1", "Lines":[ {"Q":2.0000} ]} }"#;
    assert_eq!(found(&[body], &[spaced]), Vec::<String>::new());
}

#[test]
fn a_number_is_its_digits() {
    let one = [r#"{"dto":{"Lines":[{"Q":2.0000}]}}"#];
    let other = [r#"{"dto":{"Lines":[{"Q":2}]}}"#];
    assert_eq!(found(&one, &other), ["dto.Lines[0].Q changed 2.0000 2"]);
    let text = [r#"{"dto":{"Lines":[{"Q":"2.0000"}]}}"#];
    assert_eq!(found(&one, &text), [r#"dto.Lines[0].Q changed 2.0000 "2.0000""#]);
}

#[test]
fn members_that_are_missing_and_members_nobody_expects() {
    let one = [r#"{"dto":{"A":1,"Memo":null}}"#];
    let other = [r#"{"dto":{"A":1,"B":"x"}}"#];
    assert_eq!(
        found(&one, &other),
        ["dto.Memo missing null ∅", r#"dto.B unexpected ∅ "x""#]
    );
}

#[test]
fn another_order_is_told_once_and_only_what_moved() {
    let one = [r#"{"dto":{"A":1,"B":2,"C":3,"D":4}}"#];
    let other = [r#"{"dto":{"A":1,"C":3,"B":2,"D":4}}"#];
    assert_eq!(found(&one, &other), ["dto order B, C C, B"]);
    let less = [r#"{"dto":{"A":1,"C":3,"D":4}}"#];
    assert_eq!(
        found(&one, &less),
        ["dto.B missing 2 ∅"],
        "a missing member is no other order"
    );
}

#[test]
fn one_line_more_or_less_is_one_difference() {
    let one = [r#"{"L":[{"i":1},{"i":2},{"i":3}]}"#];
    let other = [r#"{"L":[{"i":2},{"i":3}]}"#];
    assert_eq!(found(&one, &other), [r#"L[0] missing {"i":1} ∅"#]);
    assert_eq!(found(&other, &one), [r#"L[0] unexpected ∅ {"i":1}"#]);
    let twice = [r#"{"L":[{"i":1},{"i":1},{"i":2},{"i":3}]}"#];
    assert_eq!(found(&one, &twice), [r#"L[1] unexpected ∅ {"i":1}"#]);
}

#[test]
fn of_several_documents_the_path_says_which() {
    let (a, b, c) = (r#"{"dto":{"A":1}}"#, r#"{"dto":{"A":2}}"#, r#"{"dto":{"A":3}}"#);
    assert_eq!(found(&[a, b], &[a, c]), ["documents[1].dto.A changed 2 3"]);
    let missing = found(&[a, b], &[a]);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("documents[1] missing"), "{missing:?}");
}

#[test]
fn omissions_and_suffixes_count() {
    let mut expected = mapped(&["{}"]);
    let mut actual = expected.clone();
    expected.omitted.push(Omission {
        member: 0,
        path: "list[2]".to_owned(),
        reason: "赠品".to_owned(),
    });
    actual.documents[0].suffix = "-x".to_owned();
    let differences = compare(&Expect::Mapped(expected), &Outcome::Mapped(actual));
    let paths: Vec<&str> = differences.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["documents[0].suffix", "omitted[0]"]);
}

#[test]
fn of_an_expected_violation_only_what_is_written_is_compared() {
    let expect = |code: &str, message: Option<&str>| ExpectedViolation {
        code: Some(code.to_owned()),
        target_path: Some("Memo".to_owned()),
        message: message.map(str::to_owned),
        ..ExpectedViolation::default()
    };
    let actual = Outcome::Rejected(vec![violation("required", "Memo", "is empty")]);
    let compare_one = |expected| lines(&compare(&Expect::Rejected(vec![expected]), &actual));
    assert_eq!(compare_one(expect("required", None)), Vec::<String>::new());
    assert_eq!(
        compare_one(expect("required", Some("is missing"))),
        [r#"rejected[0].message changed "is missing" "is empty""#]
    );
    assert_eq!(
        compare_one(expect("type", None)),
        [r#"rejected[0].code changed "type" "required""#]
    );
}

#[test]
fn the_number_of_violations_counts() {
    let one = ExpectedViolation {
        code: Some("required".to_owned()),
        ..ExpectedViolation::default()
    };
    let two = Outcome::Rejected(vec![violation("required", "A", "x"), violation("type", "B", "y")]);
    let differences = compare(&Expect::Rejected(vec![one]), &two);
    assert_eq!(differences.len(), 1);
    assert_eq!(
        (differences[0].path.as_str(), differences[0].kind),
        ("rejected[1]", DifferenceKind::Unexpected)
    );
}

#[test]
fn another_kind_of_verdict_is_told_with_what_came_instead() {
    let rejected = Outcome::Rejected(vec![violation("required", "A", "x")]);
    let differences = compare(&Expect::Mapped(mapped(&["{}"])), &rejected);
    assert_eq!(differences[0].kind, DifferenceKind::Verdict);
    assert_eq!(differences[1].path, "rejected[0]");
    let failed = Outcome::Failed(Failure {
        code: "plugin.trap",
        message: "unreachable".to_owned(),
        frames: Vec::new(),
    });
    let differences = compare(&Expect::Passed, &failed);
    assert_eq!(lines(&differences)[1], "failed unexpected ∅ plugin.trap: unreachable");
    assert_eq!(compare(&Expect::Failed("plugin.trap".to_owned()), &failed), []);
    assert_eq!(compare(&Expect::Failed("plugin.fuel".to_owned()), &failed).len(), 1);
    assert_eq!(
        compare(&Expect::Skipped("a".to_owned()), &Outcome::Skipped("b".to_owned())).len(),
        1
    );
    assert_eq!(compare(&Expect::Passed, &Outcome::Passed), []);
}

#[test]
fn differences_are_bounded() {
    let many: Vec<String> = (0..500).map(|index| format!("\"k{index}\":{index}")).collect();
    let body = format!("{{{}}}", many.join(","));
    assert_eq!(found(&[&body], &["{}"]).len(), MOST_DIFFERENCES);
}
