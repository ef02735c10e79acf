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

fn on<'a>(subject: &'a dyn Subject, cases: &'a [Subjected<'a>]) -> Ground<'a> {
    Ground {
        subject,
        catalogue: None,
        cases,
    }
}

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
    robustness(&[on(&fragile, &cases)], 1_000, &mut report);
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
    robustness(&[on(&plugin, &cases)], 1_000, &mut all);
    let mut half = CheckReport::new(CheckName::Robustness);
    robustness(&[on(&plugin, &cases)], all.groups / 2, &mut half);
    assert_eq!(half.groups + half.left_out, all.groups);
    let grounds = [on(&plugin, &cases)];
    let plan = plan(&grounds);
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
    let ground = Ground {
        catalogue: Some(&catalogue),
        ..on(&copying, &cases)
    };
    robustness(&[ground], 1_000, &mut report);
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
    robustness(&[on(&plugin, &cases)], 1_000, &mut report);
    assert!(
        changes(&report).iter().all(|change| change.starts_with("address")),
        "{report:?}"
    );
    assert_eq!(report.findings.len(), Change::ALL.len() - 1, "it cannot go missing");
}

#[test]
fn many_setups_share_their_rounds_so_that_the_last_field_is_reached() {
    let fields: Vec<String> = (0..30).map(|n| format!("f{n}")).collect();
    let members: Vec<String> = fields.iter().map(|field| format!(r#""{field}":"x""#)).collect();
    let body = format!("{{{}}}", members.join(","));
    let needs: Vec<&str> = fields.iter().map(String::as_str).collect();
    let plugin = Fake::new(&needs, |inputs: &[Input], _| {
        if inputs
            .iter()
            .any(|one| one.group.records[0].body.contains(r#""f29":null"#))
        {
            return Err(PluginError::Stack);
        }
        Ok(vec![made("{}"); inputs.len()])
    });
    let cases = [("a", body.as_str())];
    let setups: Vec<Vec<Subjected<'_>>> = (0..20).map(|_| plugin.subjected(&cases)).collect();
    let grounds: Vec<Ground<'_>> = setups.iter().map(|cases| on(&plugin, cases)).collect();
    // Every field and change once, and not one more.
    let once = fields.len() * Change::ALL.len();
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&grounds, once, &mut report);
    assert_eq!(changes(&report), ["f29 = null"]);
    assert_eq!((report.groups, report.untried), (once, 0));
    assert_eq!(report.left_out, 19 * once);
}

#[test]
fn a_change_that_was_never_tried_is_told_and_is_no_pass() {
    let plugin = Fake::new(&["no", "memo"], |inputs: &[Input], _| {
        Ok(vec![made("{}"); inputs.len()])
    });
    let case = [("a", r#"{"no":"1","memo":"x"}"#)];
    let cases = plugin.subjected(&case);
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&[on(&plugin, &cases)], 2 * Change::ALL.len() - 1, &mut report);
    assert_eq!((report.untried, report.failed(), report.passed()), (1, false, false));
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&[on(&plugin, &cases)], 2 * Change::ALL.len(), &mut report);
    assert_eq!((report.untried, report.passed()), (0, true));
}

#[test]
fn a_plugin_that_relies_on_a_field_of_the_document_before_is_found() {
    let relying = Fake::new(&["no"], |inputs: &[Input], _| {
        let code = |one: &Input| {
            let document = parsed(&one.before.documents[0].body);
            document["dto"]["Lines"][0]["Code"].as_str().map(str::to_owned)
        };
        if inputs.iter().any(|one| code(one).is_none()) {
            return Err(PluginError::Stack);
        }
        Ok(vec![Outcome::Passed; inputs.len()])
    });
    let mut whole = input("a", r#"{"no":"1"}"#);
    let Outcome::Mapped(before) = made(r#"{"dto":{"Memo":"m","Lines":[{"Code":"C"}]}}"#) else {
        panic!("documents are made");
    };
    whole.before = before;
    let cases = [Subjected {
        name: "a",
        alone: relying.run(std::slice::from_ref(&whole)),
        projected: whole.clone(),
        whole,
    }];
    let mut report = CheckReport::new(CheckName::Robustness);
    robustness(&[on(&relying, &cases)], 1_000, &mut report);
    let found = changes(&report);
    for change in [
        "dto missing",
        "dto.Lines = null",
        "dto.Lines[0].Code missing",
        "dto.Lines[0].Code = null",
    ] {
        let change = format!("before.documents[0].body.{change}");
        assert!(found.contains(&change.as_str()), "{change} in {found:?}");
    }
    assert!(!found.iter().any(|change| change.contains("Memo")), "{found:?}");
}
