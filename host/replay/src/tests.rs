//! Patterns and totals as tables and properties: what differs is told once, whole and exactly; parts make the same whole.

use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::verdict::{Document, Group, Mapped, Omission, SourceRecord};
use dukou_plugin::Fate;
use proptest::prelude::*;

use super::*;

fn stored(seq: u64, amount: &str) -> Stored {
    let record = SourceRecord {
        key: format!("CK{seq}"),
        received_at: format!("2026-11-{:02}T08:00:00+08:00", 1 + seq % 28),
        body: "{}".to_owned(),
        extra: "{}".to_owned(),
    };
    Stored {
        seq,
        group: Group {
            key: format!("CK{seq}"),
            records: vec![record],
            extra: "{}".to_owned(),
        },
        amount: amount.parse().ok(),
    }
}

fn documents(bodies: &[(&str, &str)]) -> Fate {
    let document = |(suffix, body): &(&str, &str)| Document {
        suffix: (*suffix).to_owned(),
        body: (*body).to_owned(),
        extra: "{}".to_owned(),
    };
    Fate::Mapped(Mapped {
        documents: bodies.iter().map(document).collect(),
        omitted: Vec::new(),
    })
}

fn mapped(body: &str) -> Fate {
    documents(&[("", body)])
}

fn problem(kind: ProblemKind, code: &str, path: Option<&str>, message: &str) -> Fate {
    Fate::Problem(ProblemReport {
        kind,
        code: code.to_owned(),
        message: message.to_owned(),
        path: path.map(str::to_owned),
        details: "{}".to_owned(),
    })
}

fn skipped(reason: &str) -> Fate {
    Fate::Skipped(reason.to_owned())
}

fn compared(pairs: &[(Fate, Fate)]) -> Comparison {
    let mut comparison = Comparison::new(Some("dto"));
    for (seq, (before, after)) in (1..).zip(pairs) {
        comparison.add(&stored(seq, "10.50"), before, after, None);
    }
    comparison
}

/// `kind path [types] groups/places` of each pattern.
fn lines(comparison: &Comparison) -> Vec<String> {
    let line = |one: &Pattern| {
        let types = one
            .types
            .map_or(String::new(), |(a, b)| format!(" {}→{}", a.word(), b.word()));
        format!(
            "{} {}{types} {}/{}",
            one.kind.word(),
            one.path.as_deref().unwrap_or("-"),
            one.groups,
            one.places
        )
    };
    comparison.patterns().iter().map(line).collect()
}

#[test]
fn every_kind_of_change_of_a_document_has_its_pattern() {
    let line = |members: &str| format!(r#"{{"dto":{{"Code":"1","L":[{{{members}}}]}}}}"#);
    for (before, after, expected) in [
        (
            line(r#""Q":"1.0000""#),
            line(r#""Q":1.0000"#),
            "type L[].Q text→number 1/1",
        ),
        (line(r#""Q":null"#), line(r#""Q":1"#), "type L[].Q null→number 1/1"),
        (line(r#""Q":1.0000"#), line(r#""Q":1"#), "scale L[].Q 1/1"),
        (line(r#""Q":1E+1"#), line(r#""Q":10"#), "scale L[].Q 1/1"),
        (line(r#""Q":"1.0000""#), line(r#""Q":"1""#), "scale L[].Q 1/1"),
        (line(r#""Q":"0101""#), line(r#""Q":"101""#), "value L[].Q 1/1"),
        (line(r#""Q":"1e1""#), line(r#""Q":"10""#), "value L[].Q 1/1"),
        (line(r#""Q":1"#), line(r#""Q":2"#), "value L[].Q 1/1"),
        (line(r#""Q":1"#), line(r#""Q":1,"R":2"#), "added L[].R 1/1"),
        (line(r#""Q":1,"R":2"#), line(r#""Q":1"#), "removed L[].R 1/1"),
        (line(r#""Q":1,"R":2"#), line(r#""R":2,"Q":1"#), "order L[] 1/1"),
        (line(r#""Q":1"#), line(r#""Q": 1"#), "writing - 1/1"),
        (line(r#""Q":1"#), line(r#""Q":1},{"Q":2"#), "line-added L[] 1/1"),
        (
            line(r#""Q":1},{"Q":2},{"Q":3"#),
            line(r#""Q":1},{"Q":3"#),
            "line-removed L[] 1/1",
        ),
    ] {
        let found = compared(&[(mapped(&before), mapped(&after))]);
        assert_eq!(lines(&found), [expected], "{before} {after}");
        assert_eq!((found.changed.groups, found.same.groups), (1, 0));
    }
}

#[test]
fn documents_are_paired_by_suffix() {
    let (a, b) = (r#"{"dto":{"A":1}}"#, r#"{"dto":{"A":2}}"#);
    let split = compared(&[(documents(&[("", a)]), documents(&[("-p1", a), ("-p2", b)]))]);
    assert_eq!(lines(&split), ["document-added - 1/2", "document-removed - 1/1"]);
    let second = compared(&[(documents(&[("", a), ("-p2", a)]), documents(&[("", a), ("-p2", b)]))]);
    assert_eq!(lines(&second), ["value A 1/1"]);
    let example = &second.patterns()[0].example;
    assert_eq!(example.suffix.as_deref(), Some("-p2"));
    assert_eq!(
        (example.before.as_deref(), example.after.as_deref()),
        (Some("1"), Some("2"))
    );
    let turned = compared(&[(documents(&[("-a", a), ("-b", b)]), documents(&[("-b", b), ("-a", a)]))]);
    assert_eq!(lines(&turned), ["order - 1/1"]);
}

#[test]
fn what_the_host_is_told_beside_the_body_counts() {
    let with = |extra: &str, omitted: Vec<Omission>| {
        Fate::Mapped(Mapped {
            documents: vec![Document {
                suffix: String::new(),
                body: "{}".to_owned(),
                extra: extra.to_owned(),
            }],
            omitted,
        })
    };
    let omission = |path: &str, reason: &str| Omission {
        member: 0,
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let extra = compared(&[(with("{}", vec![]), with(r#"{"a":1}"#, vec![]))]);
    assert_eq!(lines(&extra), ["added extra:a 1/1"]);
    let (gift, refund) = (omission("list[1]", "赠品"), omission("list[2]", "退款"));
    let other = compared(&[(with("{}", vec![gift.clone()]), with("{}", vec![refund.clone()]))]);
    assert_eq!(
        lines(&other),
        ["newly-omitted list[] 1/1", "no-longer-omitted list[] 1/1"]
    );
    assert_eq!(other.patterns()[0].cause.as_ref().unwrap().message, "退款");
    let turned = compared(&[(
        with("{}", vec![gift.clone(), refund.clone()]),
        with("{}", vec![refund, gift]),
    )]);
    assert_eq!(lines(&turned), ["order omitted 1/1"]);
}

#[test]
fn verdicts_change_from_each_to_each() {
    let missing = |n: u32| {
        problem(
            ProblemKind::Rejected,
            "required",
            Some("dto.L[3].Q"),
            &format!("CK{n} lacks Q"),
        )
    };
    let died = || problem(ProblemKind::Failed, "plugin.trap", None, "plugin x failed");
    let fine = || mapped("{}");
    let all = [
        ((fine(), missing(1)), "newly-rejected L[].Q 1/1", (1, 0)),
        ((fine(), died()), "newly-failed - 1/1", (1, 0)),
        ((fine(), skipped("赠品")), "newly-skipped - 1/1", (0, 0)),
        ((skipped("赠品"), fine()), "no-longer-skipped - 1/1", (0, 0)),
        ((skipped("赠品"), missing(1)), "newly-rejected L[].Q 1/1", (1, 0)),
        ((skipped("赠品"), skipped("退款")), "other-reason - 1/1", (0, 0)),
        ((missing(1), fine()), "newly-mapped L[].Q 1/1", (0, 1)),
        ((missing(1), skipped("赠品")), "newly-skipped - 1/1", (0, 1)),
        ((missing(1), died()), "other-reason - 1/1", (0, 0)),
        ((died(), missing(1)), "other-reason L[].Q 1/1", (0, 0)),
    ];
    for (pair, expected, turned) in all {
        let found = compared(std::slice::from_ref(&pair));
        assert_eq!(lines(&found), [expected], "{pair:?}");
        let counted = (found.newly_failing.groups, found.newly_fixed.groups);
        assert_eq!(counted, turned, "{pair:?}");
    }
    let two = compared(&[(fine(), missing(1)), (fine(), missing(22))]);
    assert_eq!(
        lines(&two),
        ["newly-rejected L[].Q 2/2"],
        "one cause, whatever its values"
    );
    let cause = two.patterns()[0].cause.clone().unwrap();
    assert_eq!(
        (cause.code.as_deref(), cause.message.as_str()),
        (Some("required"), "CK… lacks Q")
    );
    assert_eq!(two.newly_failing.amount, "21.00".parse().unwrap());
}

#[test]
fn a_cause_says_what_is_true_of_every_group_and_lists_its_values() {
    let fine = || mapped("{}");
    let sums = |lines: &str, source: &str| {
        let message = format!("the lines sum up to {lines}, the source to {source}");
        problem(ProblemKind::Rejected, "sum", None, &message)
    };
    let found = compared(&[
        (fine(), sums("30", "3")),
        (fine(), sums("110.50", "11.5")),
        (fine(), sums("30", "3")),
    ]);
    assert_eq!(
        lines(&found),
        ["newly-rejected - 3/3"],
        "a decimal point is no other cause"
    );
    let pattern = &found.patterns()[0];
    let cause = pattern.cause.as_ref().unwrap();
    assert_eq!(cause.message, "the lines sum up to …, the source to …");
    let values: Vec<_> = pattern
        .values
        .iter()
        .map(|one| (one.after.as_deref(), one.count))
        .collect();
    assert_eq!(values, [(Some("30, 3"), 2), (Some("110.50, 11.5"), 1)]);
    let example = pattern.example.after.as_deref().unwrap();
    assert!(example.contains("the lines sum up to 30, the source to 3"), "{example}");

    let missing = |shop: &str| {
        problem(
            ProblemKind::Rejected,
            "lookup",
            Some("Partner"),
            &format!("no row for \"{shop}\""),
        )
    };
    let fixed = compared(&[
        (missing("SHOP04"), fine()),
        (missing("SHOP05"), skipped("赠品 2")),
        (missing("A"), fine()),
    ]);
    assert_eq!(lines(&fixed), ["newly-mapped Partner 2/2", "newly-skipped - 1/1"]);
    let values: Vec<_> = fixed.patterns()[0]
        .values
        .iter()
        .map(|one| one.before.clone().unwrap())
        .collect();
    assert_eq!(values, ["\"A\"", "\"SHOP04\""]);
    assert_eq!(fixed.patterns()[1].values[0].after.as_deref(), Some("2"));
}

#[test]
fn another_edition_that_refuses_for_the_same_reason_changes_nothing() {
    let by = |plugin: &str| {
        Fate::Problem(ProblemReport {
            kind: ProblemKind::Rejected,
            code: "required".to_owned(),
            message: "missing".to_owned(),
            path: None,
            details: format!(r#"{{"by":"checks","plugin":"{plugin}","violations":[]}}"#),
        })
    };
    assert!(compared(&[(by("a1"), by("b2"))]).is_no_op());
}

#[test]
fn independent_changes_do_not_multiply() {
    let body = |memo: u32, price: u32| {
        mapped(&format!(
            r#"{{"dto":{{"Memo":"{memo}","L":[{{"P":{price}}},{{"P":{price}}}]}}}}"#
        ))
    };
    let found = compared(&[
        (body(1, 1), body(2, 1)),
        (body(1, 1), body(1, 2)),
        (body(1, 1), body(2, 2)),
        (body(1, 1), body(1, 1)),
    ]);
    assert_eq!(lines(&found), ["value L[].P 2/4", "value Memo 2/2"]);
    let price = &found.patterns()[0];
    assert_eq!(
        price.amount,
        "21.00".parse().unwrap(),
        "a group counts once, however many lines"
    );
    assert_eq!(price.values[0].count, 4);
    assert_eq!((price.example.seq, price.example.path.as_deref()), (2, Some("L[0].P")));
    assert_eq!((found.all.groups, found.same.groups, found.changed.groups), (4, 1, 3));
}

#[test]
fn what_is_kept_is_bounded_and_nothing_beyond_is_silent() {
    let body = |n: u32, after: u32| mapped(&format!(r#"{{"dto":{{"F{n}":{after}}}}}"#));
    let pairs: Vec<(Fate, Fate)> = (0..600).map(|n| (body(n, 0), body(n, 1))).collect();
    let found = compared(&pairs);
    assert_eq!(found.patterns().len(), 501);
    let rest = found
        .patterns()
        .into_iter()
        .find(|one| one.kind == PatternKind::Unlisted)
        .unwrap();
    assert_eq!(rest.groups, 100);
    let long = "字".repeat(5_000);
    let many: Vec<(Fate, Fate)> = (0..200)
        .map(|n| {
            (
                mapped(r#"{"dto":{"M":""}}"#),
                mapped(&format!(r#"{{"dto":{{"M":"{n}{long}"}}}}"#)),
            )
        })
        .collect();
    let found = compared(&many);
    let pattern = &found.patterns()[0];
    assert_eq!((pattern.groups, pattern.values.len()), (200, Pattern::VALUES));
    assert!(found.to_json().to_string().len() < 120_000);
    let after = pattern.example.after.clone().unwrap();
    assert!(
        after.chars().count() < 1_010 && serde_json::from_str::<String>(&after).is_ok(),
        "a cut text is a text"
    );
}

#[test]
fn ids_are_stable() {
    let quantity = |q: &str| mapped(&format!(r#"{{"dto":{{"RDRecordDetails":[{{"BaseQuantity":{q}}}]}}}}"#));
    let found = compared(&[(quantity("\"1.0000\""), quantity("1"))]);
    let pattern = &found.patterns()[0];
    assert_eq!(pattern.path.as_deref(), Some("RDRecordDetails[].BaseQuantity"));
    assert_eq!(pattern.id, "3be5afd3");
    let rejected = compared(&[(
        quantity("1"),
        problem(ProblemKind::Rejected, "required", Some("Code"), "missing"),
    )]);
    assert_eq!(rejected.patterns()[0].id, "191f5d9f");
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("1.00".to_owned()),
        Just("\"1\"".to_owned()),
        Just("\"a\"".to_owned()),
        Just("null".to_owned()),
        Just("{\"Code\":\"x\"}".to_owned()),
    ];
    let line = proptest::collection::btree_map("[A-C]", value.clone(), 0..3);
    let body = (
        proptest::collection::btree_map("[D-F]", value, 0..3),
        proptest::collection::vec(line, 0..4),
    )
        .prop_map(|(fields, lines)| {
            let object = |members: std::collections::BTreeMap<String, String>| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                members.join(",")
            };
            let lines: Vec<String> = lines.into_iter().map(|line| format!("{{{}}}", object(line))).collect();
            let mut fields = object(fields);
            if !fields.is_empty() {
                fields.push(',');
            }
            format!("{{\"dto\":{{{fields}\"L\":[{}]}}}}", lines.join(","))
        });
    let suffix = prop_oneof![Just(String::new()), Just("-p2".to_owned())];
    prop_oneof![
        8 => proptest::collection::btree_map(suffix, body, 1..3).prop_map(|all| {
            let all: Vec<(&str, &str)> = all.iter().map(|(suffix, body)| (suffix.as_str(), body.as_str())).collect();
            documents(&all)
        }),
        1 => "[ab]".prop_map(|reason| skipped(&reason)),
        1 => "[ab]".prop_map(|code| problem(ProblemKind::Rejected, &code, None, "no")),
        1 => "[ab]".prop_map(|code| problem(ProblemKind::Failed, &code, None, "died")),
    ]
}

fn any_history() -> impl Strategy<Value = Vec<(Stored, Fate, Fate)>> {
    let pair = prop_oneof![
        1 => any_fate().prop_map(|fate| (fate.clone(), fate)),
        2 => (any_fate(), any_fate()),
    ];
    proptest::collection::vec((pair, 0..10_000u32), 0..12).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(seq, ((before, after), cents))| (stored(seq, &format!("{cents}.25")), before, after))
            .collect()
    })
}

fn of(history: &[(Stored, Fate, Fate)]) -> Comparison {
    let mut comparison = Comparison::new(Some("dto"));
    for (stored, before, after) in history {
        comparison.add(stored, before, after, None);
        comparison.cost(3, 5);
    }
    comparison
}

proptest! {
    #[test]
    fn a_thing_is_the_same_as_itself_and_other_outcomes_always_have_a_pattern(before in any_fate(), after in any_fate()) {
        prop_assert!(compared(&[(before.clone(), before.clone())]).is_no_op());
        let found = compared(&[(before.clone(), after.clone())]);
        prop_assert_eq!(found.is_no_op(), before.digest() == after.digest());
        prop_assert_eq!(found.patterns().is_empty(), found.is_no_op());
        // The other way round the same places differ.
        let back = compared(&[(after, before)]);
        prop_assert_eq!(found.changed, back.changed);
        prop_assert_eq!(found.newly_failing, back.newly_fixed);
    }

    #[test]
    fn parts_make_the_same_whole(history in any_history(), cut in 0..12usize) {
        let whole = of(&history);
        let (first, second) = history.split_at(cut.min(history.len()));
        let (first, second) = (of(first), of(second));
        let mut forward = first.clone();
        forward.merge(&second);
        let mut backward = second;
        backward.merge(&first);
        prop_assert_eq!(&forward, &whole);
        for (a, b) in [(&forward, &whole), (&backward, &whole)] {
            prop_assert_eq!((a.all, a.same, a.changed, a.fuel, a.received), (b.all, b.same, b.changed, b.fuel, b.received));
            prop_assert_eq!((a.newly_failing, a.newly_fixed), (b.newly_failing, b.newly_fixed));
            prop_assert_eq!(a.patterns(), b.patterns());
        }
        prop_assert_eq!(whole.all.groups, whole.same.groups + whole.changed.groups);
        prop_assert!(whole.patterns().iter().all(|one| one.groups <= whole.changed.groups && one.groups <= one.places));
    }

    #[test]
    fn nothing_is_lost_in_storage(history in any_history()) {
        let whole = of(&history);
        let text = whole.to_json().to_string();
        let back = Comparison::from_json(serde_json::from_str(&text).unwrap()).unwrap();
        prop_assert_eq!(back.to_json().to_string(), text);
        prop_assert_eq!(back, whole);
    }
}

#[test]
fn personal_values_of_the_record_are_kept_nowhere() {
    let source = dukou_core::catalogue::Catalogue::parse(include_str!(
        "../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
    ))
    .unwrap();
    let mut one = stored(1, "1");
    one.group.records[0].body = r#"{"receiver_name":"戊先生","receiver_mobile":"10000027780"}"#.to_owned();
    let body = |memo: &str, code: &str| mapped(&format!(r#"{{"dto":{{"Memo":"{memo}","Code":"{code}"}}}}"#));
    let before = body("甲", "CK12");
    // Behind so many characters a value is cut in the middle of the name.
    let long = format!("{}戊先生", "字".repeat(998));
    let fates = [
        body("戊先生 10000027780", "CK13"),
        skipped("戊先生 10000027780"),
        problem(ProblemKind::Rejected, "long", None, "戊先生 10000027780 is too long"),
        documents(&[("-p2", r#"{"Memo":"戊先生 10000027780"}"#)]),
        mapped("戊先生 10000027780"),
        body(&long, "CK12"),
    ];
    let mut comparison = Comparison::new(Some("dto"));
    for after in &fates {
        comparison.add(&one, &before, after, Some(&source));
        comparison.add(&one, after, &before, Some(&source));
    }
    let kept = comparison.to_json().to_string();
    for secret in ["戊先", "10000027780"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    // Where two versions know the source differently, one that calls it personal is enough, whichever it is.
    let mut blank = source.clone();
    blank.fields.clear();
    for sources in [[&source, &blank], [&blank, &source]] {
        let mut comparison = Comparison::new(Some("dto"));
        comparison.add(&one, &before, &fates[0], sources);
        assert!(!comparison.to_json().to_string().contains("戊先"));
    }
    let mut comparison = Comparison::new(Some("dto"));
    comparison.add(&one, &before, &fates[0], Some(&source));
    let patterns = comparison.patterns();
    let of = |path: &str| patterns.iter().find(|one| one.path.as_deref() == Some(path)).unwrap();
    assert_eq!(of("Memo").values[0].after.as_deref(), Some("\"戊** 1**\""));
    assert_eq!(of("Memo").example.after.as_deref(), Some("\"戊** 1**\""));
    assert_eq!(of("Code").example.after.as_deref(), Some("\"CK13\""));
}
