//! What case files may say, and that every fault is told with its place.

use super::*;
use crate::cases::CaseSet as Set;

const DEFAULTS: &str = r#"{
  "settings": {"memo": "来自旺店通"},
  "environment": {"time_zone": "Asia/Shanghai", "source": null, "target": "/x/Create"},
  "tables": {"仓库对照": {"WH01": {"value": "CK01"}}}
}"#;

const CASE: &str = r#"{
  "title": "一单两行",
  "settings": {"memo": ""},
  "environment": {"time_zone": "Asia/Shanghai", "source": "a.b", "target": {"fields": []}},
  "tables": {},
  "group": {
    "key": "CK1",
    "records": [
      {"key": "CK1", "received_at": "2026-11-03T10:00:00+08:00", "body": {"n": 2.0000, "e": 1E+1, "a": "x"}, "extra": {"h": 1}}
    ]
  },
  "before": {"documents": [{"suffix": "-p2", "body": {"dto": {}}}], "omitted": [{"member": 0, "path": "l[1]", "reason": "赠品"}]},
  "expect": {"rejected": [{"code": "required", "target_path": "Memo"}]}
}"#;

fn catalogue(name: &str) -> Option<String> {
    matches!(name, "/x/Create" | "a.b").then(|| format!(r#"{{"api":"{name}","fields":[]}}"#))
}

fn read(files: &[(&str, &str)]) -> Result<Set, Vec<CaseError>> {
    let files: Vec<(String, String)> = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Set::read(&files, &catalogue)
}

/// `line path code` of each error in one case file.
fn wrong(text: &str) -> Vec<String> {
    let errors = read(&[("one.json", text)]).unwrap_err();
    errors
        .iter()
        .map(|error| format!("{} {} {}", error.line, error.path, error.code()))
        .collect()
}

#[test]
fn a_case_is_read_and_written_as_it_was() {
    let set = read(&[("defaults.json", DEFAULTS), ("one.json", CASE)]).unwrap();
    let case = &set.cases[0];
    assert_eq!((case.name.as_str(), case.title.as_deref()), ("one", Some("一单两行")));
    assert_eq!(set.settings(case), r#"{"memo":""}"#);
    assert!(set.tables(case).is_empty());
    assert_eq!(case.group.records[0].body, r#"{"n":2.0000,"e":1E+1,"a":"x"}"#);
    assert_eq!(
        (case.group.records[0].extra.as_str(), case.group.extra.as_str()),
        (r#"{"h":1}"#, "{}")
    );
    assert_eq!(case.before.as_ref().unwrap().documents[0].suffix, "-p2");
    let environment = set.environment(case);
    assert!(
        environment.text.contains(r#""source":{"api":"a.b""#),
        "{}",
        environment.text
    );
    assert!(environment.written.contains(r#""source":"a.b""#));
    let again = read(&[
        ("defaults.json", &set.defaults.to_file_text()),
        ("one.json", &case.to_file_text()),
    ]);
    assert_eq!(again.unwrap(), set);
    let keys: Vec<usize> = [
        "title",
        "settings",
        "environment",
        "tables",
        "group",
        "before",
        "expect",
    ]
    .iter()
    .map(|key| case.to_file_text().find(&format!("\n  \"{key}\"")).unwrap())
    .collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn what_a_case_does_not_say_comes_from_the_defaults() {
    let set = read(&[
        ("defaults.json", DEFAULTS),
        ("one.json", r#"{"group":{"key":"k","records":[]}}"#),
    ])
    .unwrap();
    let case = &set.cases[0];
    assert_eq!(set.settings(case), r#"{"memo":"来自旺店通"}"#);
    assert_eq!(set.tables(case)["仓库对照"]["WH01"], r#"{"value":"CK01"}"#);
    assert!(set.environment(case).text.contains("/x/Create"));
    assert_eq!(case.expect, None);
    assert_eq!(set.cost, None);
}

#[test]
fn the_section_needs_nothing_beside_it() {
    let cost = r#"{"cases":{"one":{"fuel":123}}}"#;
    let set = read(&[("defaults.json", DEFAULTS), ("one.json", CASE), ("cost.json", cost)]).unwrap();
    let section = set.to_section();
    assert!(!section.contains('\n'));
    let back = Set::from_section(&section).unwrap();
    assert_eq!(back.cost.as_ref().unwrap()["one"], 123);
    assert_eq!(back.cases[0].group, set.cases[0].group);
    assert_eq!(
        back.environment(&back.cases[0]).text,
        set.environment(&set.cases[0]).text
    );
    assert_eq!(back.to_section(), section);
    assert_eq!(
        Set::from_section(r#"{"schema":2}"#).unwrap_err()[0].code(),
        "case.schema"
    );
    assert_eq!(Set::from_section("{").unwrap_err()[0].code(), "case.json");
    let unknown = r#"{"schema":1,"defaults":{"environment":{"time_zone":"UTC","target":"/x/Create"}}}"#;
    assert_eq!(Set::from_section(unknown).unwrap_err()[0].code(), "case.catalogue");
}

#[test]
fn every_fault_is_told_at_its_place_and_all_at_once() {
    let text = "{\n\"tite\": \"x\",\n\"group\": {\"key\": 1,\n\"records\": [\n{\"key\":\"a\",\"received_at\":\"t\"}]},\n\"expect\": {\"mapped\": {}}}";
    assert_eq!(
        wrong(text),
        [
            "2 tite case.unknown-key",
            "6 expect.mapped case.missing-key",
            "3 group.key case.shape",
            "5 group.records[0] case.missing-key",
        ]
    );
    let errors = read(&[("one.json", text)]).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "one.json:2:9: tite: unknown key `tite`; did you mean `title`?"
    );
}

#[test]
fn broken_json_names_line_and_column() {
    let errors = read(&[("one.json", "{\n  \"group\": {,}\n}")]).unwrap_err();
    assert_eq!(
        (errors[0].line, errors[0].column, errors[0].code()),
        (2, 13, "case.json")
    );
    assert!(!errors[0].message().contains("line"), "{}", errors[0].message());
}

#[test]
fn a_verdict_is_exactly_one_of_the_five() {
    let expect = |expect: &str| format!(r#"{{"group":{{"key":"k","records":[]}},"expect":{expect}}}"#);
    for good in [
        r#"{"skipped":"r"}"#,
        r#"{"passed":true}"#,
        r#"{"failed":"plugin.fuel"}"#,
        r#"{"mapped":{"documents":[]}}"#,
    ] {
        assert!(read(&[("one.json", &expect(good))]).is_ok(), "{good}");
    }
    for bad in [
        "{}",
        r#"{"skipped":"r","passed":true}"#,
        r#"{"passed":false}"#,
        r#"{"rejected":[]}"#,
        "1",
    ] {
        assert!(wrong(&expect(bad))[0].ends_with("case.shape"), "{bad}");
    }
    assert!(wrong(&expect(r#"{"maped":{}}"#))[0].ends_with("case.unknown-key"));
}

#[test]
fn catalogues_twice_written_keys_costs_and_file_names_are_checked() {
    let environment = r#"{"group":{"key":"k","records":[]},"environment":{"time_zone":"UTC","target":"nobody"}}"#;
    assert_eq!(wrong(environment), ["1 environment.target case.catalogue"]);
    let twice = r#"{"group":{"key":"k","key":"l","records":[]}}"#;
    assert_eq!(wrong(twice), ["1 group.key case.twice-key"]);
    let cost = read(&[("cost.json", r#"{"cases":{"one":{"fuel":1.5}}}"#)]).unwrap_err();
    assert_eq!(
        (cost[0].path.as_str(), cost[0].code()),
        ("cases.one.fuel", "case.shape")
    );
    let name = read(&[("README.md", "1")]).unwrap_err();
    assert_eq!(name[0].code(), "case.name");
}
