//! Each check fails on a subject that deserves it. No sandbox lets a component be random, so these are closures.

use std::cell::Cell;

use dukou_core::verdict::{Document, Group, Mapped, SourceRecord};

use super::*;
use crate::budget::{Budgets, Usage};
use crate::cases::report::CheckName;
use crate::error::{PluginError, Stage};
use crate::projection::Projection;

/// Answers as its closure does, which is told how many runs there were before.
pub(crate) struct Fake<F> {
    needs: Projection,
    budgets: Budgets,
    runs: Cell<usize>,
    answer: F,
}

impl<F: Fn(&[Input], usize) -> Result<Vec<Outcome>, PluginError>> Fake<F> {
    pub(crate) fn new(needs: &[&str], answer: F) -> Self {
        Self {
            needs: Projection::parse(needs).unwrap(),
            budgets: Budgets::compiled(),
            runs: Cell::new(0),
            answer,
        }
    }

    pub(crate) fn subjected<'a>(&self, cases: &[(&'a str, &str)]) -> Vec<Subjected<'a>> {
        let subjected = |(name, body): &(&'a str, &str)| {
            let whole = input(name, body);
            let projected = whole.projected(&self.needs).unwrap();
            Subjected {
                name,
                alone: self.run(std::slice::from_ref(&projected)),
                whole,
                projected,
            }
        };
        cases.iter().map(subjected).collect()
    }
}

impl<F: Fn(&[Input], usize) -> Result<Vec<Outcome>, PluginError>> Subject for Fake<F> {
    fn needs(&self) -> &Projection {
        &self.needs
    }

    fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    fn run(&self, inputs: &[Input]) -> RunReport<Vec<Outcome>> {
        let before = self.runs.replace(self.runs.get() + 1);
        RunReport {
            result: (self.answer)(inputs, before),
            stage: Stage::Groups,
            usage: Usage::default(),
            log: Vec::new(),
        }
    }
}

pub(crate) fn input(key: &str, body: &str) -> Input {
    Input {
        group: Group {
            key: key.to_owned(),
            records: vec![SourceRecord {
                key: key.to_owned(),
                received_at: "2026-11-03T10:00:00+08:00".to_owned(),
                body: body.to_owned(),
                extra: "{}".to_owned(),
            }],
            extra: "{}".to_owned(),
        },
        before: Mapped::default(),
    }
}

pub(crate) fn made(body: &str) -> Outcome {
    Outcome::Mapped(Mapped {
        documents: vec![Document {
            suffix: String::new(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }],
        omitted: Vec::new(),
    })
}

/// The record is the document.
fn echo(inputs: &[Input]) -> Vec<Outcome> {
    inputs.iter().map(|input| made(&input.group.records[0].body)).collect()
}

const CASES: [(&str, &str); 3] = [
    ("a", r#"{"no":"1","memo":"x","rest":1}"#),
    ("b", r#"{"no":"2","memo":"y","rest":2}"#),
    ("c", r#"{"no":"3","rest":3}"#),
];

fn findings(report: &CheckReport) -> Vec<(String, String)> {
    let pair = |one: &Finding| (one.case.clone(), one.detail.clone());
    report.findings.iter().map(pair).collect()
}

#[test]
fn an_honest_plugin_passes_every_check() {
    let honest = Fake::new(&["no", "memo"], |inputs, _| {
        let asked = Projection::parse(&["no", "memo"]).unwrap();
        Ok(echo(
            &inputs
                .iter()
                .map(|one| one.projected(&asked).unwrap())
                .collect::<Vec<_>>(),
        ))
    });
    let cases = honest.subjected(&CASES);
    let stranger = input("z", r#"{"no":"9"}"#);
    let mut report = CheckReport::new(CheckName::Determinism);
    determinism(&honest, &cases, &mut report);
    batches(&honest, &cases, &[&stranger], &mut report);
    let mut seen = NeedsSeen::default();
    projection(&honest, &cases, 100, &mut seen, &mut report);
    assert_eq!(report.findings, []);
    assert_eq!(seen.useful, ["no", "memo"]);
}

#[test]
fn an_answer_that_changes_from_run_to_run_is_found() {
    let random = Fake::new(&["no"], |inputs, run| {
        Ok(inputs
            .iter()
            .map(|_| made(&format!(r#"{{"dto":{{"n":{run}}}}}"#)))
            .collect())
    });
    let cases = random.subjected(&CASES[..1]);
    let mut report = CheckReport::new(CheckName::Determinism);
    determinism(&random, &cases, &mut report);
    assert_eq!(findings(&report), [("a".to_owned(), "dto.n: 0 → 1".to_owned())]);
}

#[test]
fn a_failure_that_comes_only_the_second_time_is_found() {
    let moody = Fake::new(&["no"], |inputs, run| {
        if run == 0 {
            Ok(echo(inputs))
        } else {
            Err(PluginError::Stack)
        }
    });
    let cases = moody.subjected(&CASES[..1]);
    let mut report = CheckReport::new(CheckName::Determinism);
    determinism(&moody, &cases, &mut report);
    assert!(report.findings[0].detail.contains("plugin.stack"), "{report:?}");
}

#[test]
fn an_answer_that_depends_on_the_batch_is_found() {
    let counting = Fake::new(&["no"], |inputs, _| {
        Ok(inputs
            .iter()
            .map(|_| made(&format!(r#"{{"n":{}}}"#, inputs.len())))
            .collect())
    });
    let cases = counting.subjected(&CASES);
    let mut report = CheckReport::new(CheckName::Batches);
    batches(&counting, &cases, &[], &mut report);
    assert_eq!(report.findings.len(), 9, "three cases, together and two shuffles");
    assert_eq!(report.findings[0].detail, "n: 1 → 3");
}

#[test]
fn an_answer_that_depends_on_the_order_is_found() {
    let first = Fake::new(&["no"], |inputs, _| {
        let key = inputs[0].group.key.clone();
        Ok(inputs
            .iter()
            .map(|input| made(&format!("{}", usize::from(input.group.key == key))))
            .collect())
    });
    let cases = first.subjected(&CASES);
    let mut report = CheckReport::new(CheckName::Batches);
    batches(&first, &cases, &[], &mut report);
    assert!(report.findings.iter().any(|one| one.change == "shuffled"), "{report:?}");
}

#[test]
fn a_lone_case_is_tried_beside_a_stranger_or_its_own_copy() {
    let counting = Fake::new(&["no"], |inputs, _| {
        Ok(inputs.iter().map(|_| made(&inputs.len().to_string())).collect())
    });
    let cases = counting.subjected(&CASES[..1]);
    let (stranger, same_key) = (input("z", "{}"), input("a", "{}"));
    for strangers in [&[&stranger, &same_key][..], &[&same_key], &[]] {
        let mut report = CheckReport::new(CheckName::Batches);
        batches(&counting, &cases, strangers, &mut report);
        assert_eq!(report.findings[0].detail, "documents[0].body: 1 → 2", "{strangers:?}");
        assert_eq!(
            report.groups, 7,
            "one mate alone, then three batches of two: {strangers:?}"
        );
    }
}

#[test]
fn a_batch_that_fails_as_a_whole_is_found() {
    let small = Fake::new(&["no"], |inputs, _| {
        if inputs.len() > 1 {
            Err(PluginError::Fuel { limit: 7 })
        } else {
            Ok(echo(inputs))
        }
    });
    let cases = small.subjected(&CASES);
    let mut report = CheckReport::new(CheckName::Batches);
    batches(&small, &cases, &[], &mut report);
    assert_eq!(
        findings(&report)[0],
        (
            "a, b, c".to_owned(),
            "plugin.fuel: the fuel budget of 7 is spent".to_owned()
        )
    );
}

#[test]
fn a_plugin_that_reads_what_it_did_not_ask_for_is_found() {
    let greedy = Fake::new(&["no"], |inputs, _| Ok(echo(inputs)));
    let cases = greedy.subjected(&CASES[..1]);
    let mut report = CheckReport::new(CheckName::Projection);
    projection(&greedy, &cases, 100, &mut NeedsSeen::default(), &mut report);
    assert_eq!(findings(&report), [("a".to_owned(), r#"memo: ∅ → "x""#.to_owned())]);
}

#[test]
fn needs_that_change_nothing_and_needs_that_no_case_has_are_told_apart() {
    let plugin = Fake::new(&["no", "memo", "absent", "rest"], |inputs, _| {
        let no = |input: &Input| parsed(&input.group.records[0].body)["no"].to_string();
        Ok(inputs.iter().map(|input| made(&no(input))).collect())
    });
    let cases = plugin.subjected(&CASES);
    let mut seen = NeedsSeen::default();
    let mut report = CheckReport::new(CheckName::Projection);
    projection(&plugin, &cases, 5, &mut seen, &mut report);
    assert!(report.passed());
    assert_eq!(
        (seen.useful, seen.present),
        (vec!["no".to_owned()], vec!["no".into(), "memo".into(), "rest".into()])
    );
    assert_eq!(
        (seen.untried, report.left_out),
        (vec!["rest".to_owned()], 3),
        "five groups are no room for all"
    );
}

#[test]
fn documents_are_checked_against_the_catalogue_but_not_for_their_key() {
    let environment = r#"{"target":{"system":"t","api":"/x","title":"T","wrapper":"dto","fields":[
        {"path":"Code","label":"编号","type":"text","by":null,"required":true,"personal":false}]}}"#;
    let catalogue = target_catalogue(environment).unwrap();
    assert_eq!(unsuitable(&made(r#"{"dto":{"Code":"1"}}"#), &catalogue), None);
    let wrong = unsuitable(&made(r#"{"dto":{"Code":1}}"#), &catalogue).unwrap();
    assert!(wrong.starts_with("type Code:"), "{wrong}");
    assert!(
        unsuitable(&made(r#"{"dto":{}}"#), &catalogue)
            .unwrap()
            .starts_with("required")
    );
    assert_eq!(target_catalogue(r#"{"target":null}"#), None);
    let plugin = Fake::new(&["no"], |inputs, _| Ok(echo(inputs)));
    let cases = plugin.subjected(&CASES[..1]);
    let mut report = CheckReport::new(CheckName::Documents);
    documents(&catalogue, &cases, &mut report);
    assert_eq!(report.left_out, 0);
    assert!(report.findings[0].detail.starts_with("document.wrapper"), "{report:?}");
}

#[test]
fn shuffles_are_the_same_every_time_and_keep_everything() {
    let order: Vec<usize> = (0..20).collect();
    let once = shuffled(order.clone(), 7);
    assert_eq!(once, shuffled(order.clone(), 7));
    assert_ne!(once, order);
    let mut sorted = once;
    sorted.sort_unstable();
    assert_eq!(sorted, order);
}
