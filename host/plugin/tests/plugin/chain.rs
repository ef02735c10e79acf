//! A batch through its chain: every group comes out with exactly one outcome, whatever the plugins do.

use dukou_core::verdict::Group;
use dukou_plugin::{Chain, GroupOutcome, PluginFault, Prepared};

use crate::fixture::{group, groups, no_tables, poisoned_by, told};

fn alone(mapping: Prepared) -> Chain {
    Chain::new(mapping, Vec::new(), Vec::new()).unwrap()
}

fn faults(outcomes: &[GroupOutcome]) -> Vec<(usize, &PluginFault)> {
    outcomes
        .iter()
        .enumerate()
        .filter_map(|(index, outcome)| match outcome {
            GroupOutcome::Failed(fault) => Some((index, fault)),
            _ => None,
        })
        .collect()
}

#[test]
fn one_poison_group_costs_one_group() {
    let groups = groups(33);
    let clean = alone(told("map")).run(&groups, &no_tables());
    let report = alone(poisoned_by("g17")).run(&groups, &no_tables());
    let faults = faults(&report.outcomes);
    let [(17, fault)] = faults[..] else {
        panic!("{faults:?}")
    };
    assert_eq!(fault.code, "plugin.trap");
    assert!(fault.panic_text.as_ref().unwrap().contains("poison g17"));
    assert!(fault.plugins_fault);
    for (index, outcome) in report.outcomes.iter().enumerate() {
        if index != 17 {
            assert_eq!(outcome, &clean.outcomes[index]);
        }
    }
    assert!(report.runs.len() <= 2 * 7, "{} runs", report.runs.len());
    assert_eq!(clean.runs.len(), 1);
}

#[test]
fn a_plugin_that_always_dies_fails_every_group_and_loses_none() {
    for (what, code) in [
        ("panic", "plugin.trap"),
        ("too-few", "plugin.contract"),
        ("bad-json", "plugin.contract"),
        ("recurse", "plugin.stack"),
    ] {
        let report = alone(told(what)).run(&groups(5), &no_tables());
        let faults = faults(&report.outcomes);
        assert_eq!(faults.len(), 5, "{what}");
        assert!(faults.iter().all(|(_, fault)| fault.code == code), "{what}: {faults:?}");
        assert_eq!(report.runs.len(), 9);
    }
}

#[test]
fn a_record_that_is_no_json_costs_its_group_only() {
    let batch: Vec<Group> = vec![group("a", "{}"), group("b", "{\"x\":"), group("c", "{}")];
    let report = alone(told("map")).run(&batch, &no_tables());
    let faults = faults(&report.outcomes);
    let [(1, fault)] = faults[..] else { panic!("{faults:?}") };
    assert_eq!(fault.code, "record.malformed");
    assert!(!fault.plugins_fault);
    assert!(matches!(report.outcomes[2], GroupOutcome::Mapped(_)));
}

#[test]
fn an_empty_batch_runs_nothing() {
    let report = alone(told("panic")).run(&[], &no_tables());
    assert!(report.outcomes.is_empty() && report.runs.is_empty());
}

#[test]
fn a_plugin_in_the_wrong_place_is_refused_and_the_place_is_named() {
    let refused = |adjustments, validations| Chain::new(told("map"), adjustments, validations).err().unwrap();
    let misplaced = refused(vec![told("map")], Vec::new());
    assert_eq!((misplaced.place, misplaced.error.code()), (1, "plugin.kind"));
    let misplaced = refused(Vec::new(), vec![told("map")]);
    assert_eq!(misplaced.place, 1);
    let text = misplaced.to_string();
    assert!(
        text.contains("is a mapping, its place needs a validation") && text.contains("plugin 2 of the chain"),
        "{text}"
    );
}
