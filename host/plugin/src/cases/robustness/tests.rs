//! Robustness finds what a field can do to a plugin, and stays within its number of groups.

use super::*;
use crate::cases::checks::target_catalogue;
use crate::cases::checks::tests::{Fake, input, made};
use crate::cases::report::CheckName;
use crate::error::PluginError;

const CASES: [(&str, &str); 2] = [
    ("a", r#"{"no":"1","list":[{"price":1.50}]}"#),
    ("b", r#"{"no":"2","list":[{"price":2}]}"#),
];

fn changes(report: &CheckReport) -> Vec<&str> {
    report.findings.iter().map(|one| one.change.as_str()).collect()
}

#[test]
fn a_plugin_that_dies_of_null_is_found_among_hundreds() {
    let fragile = Fake::new(&["no", "list[].price"], |inputs: &[Input], _| {
        if inputs
            .iter()
            .any(|one| one.group.records[0].body.contains(r#""price":null"#))
        {
            return Err(PluginError::Stack);
        }
        Ok(inputs.iter().map(|_| made("{}")).collect())
    });
    let cases = fragile.subjected(&CASES);
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&fragile, None, &cases, 1_000, &mut report);
    assert_eq!(changes(&report), ["list[0].price = null", "list[0].price = null"]);
    assert!(report.findings[0].detail.starts_with("plugin.stack: "), "{report:?}");
    assert!(report.groups > 50 && report.left_out == 0, "{} groups", report.groups);
}

#[test]
fn a_bound_leaves_second_times_out_first() {
    let plugin = Fake::new(&["no", "list[].price"], |inputs: &[Input], _| {
        Ok(inputs.iter().map(|_| made("{}")).collect())
    });
    let cases = plugin.subjected(&CASES);
    let mut all = CheckReport::new(CheckName::Robustness);
    robustness(&plugin, None, &cases, 1_000, &mut all);
    let mut half = CheckReport::new(CheckName::Robustness);
    robustness(&plugin, None, &cases, all.groups / 2, &mut half);
    assert_eq!(half.groups + half.left_out, all.groups);
    let plan = plan(&plugin, None, &cases);
    assert!(
        plan.iter().filter(|one| one.round == 0).count() <= all.groups / 2,
        "one round fits"
    );
    assert!(plan.iter().all(|one| one.round <= 1));
}

#[test]
fn a_document_that_no_longer_suits_the_catalogue_is_found() {
    let environment = r#"{"target":{"wrapper":null,"fields":[
        {"path":"Price","label":"价","type":"decimal","required":false,"personal":false}]}}"#;
    let catalogue = target_catalogue(environment).unwrap();
    // Copies whatever the price is, as a careless plugin does.
    let copying = Fake::new(&["list[].price"], |inputs: &[Input], _| {
        let price = |one: &Input| parsed(&one.group.records[0].body)["list"][0]["price"].clone();
        Ok(inputs
            .iter()
            .map(|one| made(&format!(r#"{{"Price":{}}}"#, price(one))))
            .collect())
    });
    let cases = copying.subjected(&CASES[..1]);
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&copying, Some(&catalogue), &cases, 1_000, &mut report);
    assert!(changes(&report).contains(&"list[0].price = true"), "{report:?}");
    assert!(changes(&report).contains(&"list[0].price missing"), "null is no number");
    assert!(
        !changes(&report).contains(&"list[0].price = 1E+1"),
        "a number is a number"
    );
}

#[test]
fn needs_that_a_case_lacks_are_put_in() {
    let plugin = Fake::new(&["no", "address"], |inputs: &[Input], _| {
        let with_address = |one: &Input| one.group.records[0].body.contains("address");
        if inputs.iter().any(with_address) {
            Err(PluginError::Stack)
        } else {
            Ok(vec![made("{}"); inputs.len()])
        }
    });
    let case = [("a", r#"{"no":"1"}"#)];
    let cases = plugin.subjected(&case);
    assert_eq!(cases[0].projected, input("a", r#"{"no":"1"}"#));
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&plugin, None, &cases, 1_000, &mut report);
    assert!(
        changes(&report).iter().all(|change| change.starts_with("address")),
        "{report:?}"
    );
    assert_eq!(report.findings.len(), Change::ALL.len() - 1, "it cannot go missing");
}
