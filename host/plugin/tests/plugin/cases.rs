//! The harness over real components: stock plugins pass their cases, and each check finds the guest that deserves it.

use dukou_plugin::cases::{
    CaseReport, CaseSet, CheckName, CheckReport, Cost, Outcome, Status, TestOptions, TestReport, Verdict, junit, test,
};
use dukou_plugin::{Kind, Plugin, PluginError};
use dukou_stock::{TABLE, VOUCHER_CHECKS, WDT_TO_TPLUS};
use serde_json::{Value, json};

use crate::fixture::{misbehaving, runtime};
use crate::sample;

fn catalogue(name: &str) -> Option<String> {
    let environment: Value = serde_json::from_str(&sample::environment()).unwrap();
    let found = ["source", "target"]
        .into_iter()
        .find(|side| environment[side]["api"] == name)?;
    Some(environment[found].to_string())
}

/// The files of a folder of the tree.
fn folder(path: &str) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    let mut files: Vec<(String, String)> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() > 5, "{path}");
    files
}

fn read(files: &[(String, String)]) -> CaseSet {
    CaseSet::read(files, &catalogue).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// One case of a guest that does `what`; `body` is its record.
fn guest_case(what: &str, body: &str, expect: Option<Value>) -> CaseSet {
    let mut case = json!({
        "settings": { "do": what },
        "environment": { "time_zone": "Asia/Shanghai", "source": null, "target": null },
        "group": { "key": "CK1", "records": [{ "key": "CK1", "received_at": "2026-11-03T10:00:00+08:00",
            "body": serde_json::from_str::<Value>(body).unwrap() }] },
    });
    if let Some(expect) = expect {
        case["expect"] = expect;
    }
    let mate = case.to_string().replace("CK1", "CK2");
    read(&[("one.json".to_owned(), case.to_string()), ("two.json".to_owned(), mate)])
}

fn trivial() -> Value {
    json!({ "mapped": { "documents": [{ "suffix": "", "body": { "dto": { "ExternalCode": "CK1" } } }] } })
}

fn run(plugin: &Plugin, set: &CaseSet) -> TestReport {
    test(runtime(), plugin, set, &TestOptions::all()).unwrap()
}

fn run_guest(what: &str, body: &str) -> TestReport {
    run(&misbehaving(), &guest_case(what, body, Some(trivial())))
}

fn check(report: &TestReport, name: CheckName) -> &CheckReport {
    report.checks.iter().find(|check| check.name == name).unwrap()
}

fn failed_checks(report: &TestReport) -> Vec<CheckName> {
    report
        .checks
        .iter()
        .filter(|check| check.failed())
        .map(|check| check.name)
        .collect()
}

fn first(report: &TestReport) -> &CaseReport {
    &report.cases[0]
}

#[test]
fn the_reference_mapping_passes_the_cases_of_its_template_and_every_check() {
    let plugin = runtime().load(WDT_TO_TPLUS).unwrap();
    let set = read(&folder("plugins/templates/cases/mapping"));
    let report = run(&plugin, &set);
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| case.status != Status::Passed)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(report.checks.iter().all(CheckReport::passed), "{:#?}", report.checks);
    assert_eq!((report.verdict(), report.kind), (Verdict::Passed, Kind::Mapping));
    assert_eq!(report.checks.len(), 5);
    let robust = check(&report, CheckName::Robustness);
    assert!(robust.groups > 500 && robust.left_out == 0, "{robust:?}");
    assert!(check(&report, CheckName::Projection).unused_needs.is_empty());
    for case in &report.cases {
        let grown = case.grown.as_ref().unwrap();
        assert_eq!((grown.list.as_str(), grown.lines), ("details_list", 1_000));
        assert!(grown.fits() && grown.usage.fuel > case.usage.fuel && grown.shares.fuel.0 < 10_000);
        assert_eq!(case.cost, Cost::Unknown);
    }
    // The same again, packed and in a second run: nothing in the report depends on when or where.
    let packed = CaseSet::from_section(&set.to_section()).unwrap();
    assert_eq!(run(&plugin, &packed).to_json(), report.to_json());
}

#[test]
fn the_table_passes_the_same_cases_under_its_own_settings() {
    let plugin = runtime().load(TABLE).unwrap();
    let mut set = read(&folder("plugins/templates/cases/mapping"));
    set.cases.retain(|case| case.settings.is_none());
    set.defaults.settings = sample::TABLE_SETTINGS.to_owned();
    assert!(set.cases.len() > 5);
    let report = run(&plugin, &set);
    assert_eq!(report.verdict(), Verdict::Passed, "{:#?}", report.to_json());
}

#[test]
fn a_validation_is_given_what_was_made_before_and_may_pass() {
    let plugin = runtime().load(VOUCHER_CHECKS).unwrap();
    let before = |quantity: &str| {
        json!({ "documents": [{ "suffix": "", "body": { "dto": { "VoucherDate": "2026-11-03", "RDRecordDetails": [
            { "Inventory": { "Code": "2121" }, "BaseQuantity": serde_json::from_str::<Value>(quantity).unwrap() }] } } }] })
    };
    let case = |before: Option<Value>, expect: Value| {
        let mut case = json!({
            "environment": { "time_zone": "Asia/Shanghai", "source": null, "target": "/tplus/api/v2/saleDispatch/Create" },
            "group": { "key": "CK1", "records": [{ "key": "CK1", "received_at": "2026-11-03T10:00:00+08:00",
                "body": { "details_list": [{ "goods_count": "2.0000" }] } }] },
            "expect": expect,
        });
        if let Some(before) = before {
            case["before"] = before;
        }
        case.to_string()
    };
    let set = read(&[
        (
            "fits.json".to_owned(),
            case(Some(before("2")), json!({ "passed": true })),
        ),
        ("forgotten.json".to_owned(), case(None, json!({ "passed": true }))),
        (
            "wrong.json".to_owned(),
            case(Some(before("3")), json!({ "passed": true })),
        ),
    ]);
    let report = run(&plugin, &set);
    let states: Vec<_> = report
        .cases
        .iter()
        .map(|case| (case.name.as_str(), case.status))
        .collect();
    assert_eq!(
        states,
        [
            ("fits", Status::Passed),
            ("forgotten", Status::Failed),
            ("wrong", Status::Failed)
        ]
    );
    assert!(matches!(&report.cases[1].outcome, Outcome::Failed(failure) if failure.code == "case.before"));
    assert!(matches!(report.cases[2].outcome, Outcome::Rejected(_)));
    // Source and document grew alike, so a total that was right stays right.
    assert!(matches!(
        &report.cases[0].grown.as_ref().unwrap().outcome,
        Outcome::Passed
    ));
}

#[test]
fn a_wrong_expectation_fails_with_the_path() {
    let plugin = runtime().load(WDT_TO_TPLUS).unwrap();
    let files = folder("plugins/templates/cases/mapping");
    let mut set = read(&files);
    set.cases.truncate(1);
    let Some(dukou_plugin::cases::Expect::Mapped(mapped)) = &mut set.cases[0].expect else {
        panic!("the first case is mapped")
    };
    mapped.documents[0].body = mapped.documents[0].body.replace("ST1021", "ST1022");
    let report = run(&plugin, &set);
    assert_eq!(report.verdict(), Verdict::Failed);
    let difference = &first(&report).differences[0];
    assert_eq!(difference.path, "dto.VoucherType.Code");
    assert!(junit(&report).contains(r#"<failure message="dto.VoucherType.Code">"#));
}

#[test]
fn fuel_is_a_golden_number() {
    let set = guest_case("map", "{}", Some(trivial()));
    let fuel = first(&run(&misbehaving(), &set)).usage.fuel;
    let cost = |one: u64| {
        let mut set = set.clone();
        set.cases.truncate(1);
        set.cost = Some([("one".to_owned(), one), ("gone".to_owned(), 1)].into_iter().collect());
        let report = run(&misbehaving(), &set);
        assert_eq!(report.stale_cost, ["gone"]);
        (first(&report).cost.word(), report.verdict())
    };
    assert_eq!(cost(fuel), ("same", Verdict::Passed));
    assert_eq!(cost(fuel / 2), ("dearer", Verdict::Pending));
    assert_eq!(cost(fuel * 2), ("cheaper", Verdict::Pending));
}

#[test]
fn no_case_and_a_filter_that_fits_none_are_empty() {
    let plugin = misbehaving();
    assert_eq!(run(&plugin, &CaseSet::default()).verdict(), Verdict::Empty);
    let set = guest_case("map", "{}", Some(trivial()));
    let options = TestOptions {
        filter: Some("nobody".to_owned()),
        ..TestOptions::all()
    };
    let report = test(runtime(), &plugin, &set, &options).unwrap();
    assert_eq!((report.verdict(), report.filtered), (Verdict::Empty, 2));
}

#[test]
fn a_case_without_expectation_is_new_and_one_that_traps_has_failed() {
    let new = run(&misbehaving(), &guest_case("map", "{}", None));
    assert_eq!((first(&new).status, new.verdict()), (Status::New, Verdict::Pending));
    let trap = run(&misbehaving(), &guest_case("panic", "{}", None));
    assert_eq!((first(&trap).status, trap.verdict()), (Status::Failed, Verdict::Failed));
    assert!(
        first(&trap)
            .log
            .iter()
            .any(|line| line.text.contains("deliberate panic"))
    );
    let expected = run(
        &misbehaving(),
        &guest_case("panic", "{}", Some(json!({ "failed": "plugin.trap" }))),
    );
    assert_eq!(first(&expected).status, Status::Passed);
}

#[test]
fn settings_that_the_plugin_refuses_fail_the_case() {
    let report = run_guest("refuse-settings", "{}");
    assert!(matches!(&first(&report).outcome, Outcome::Failed(failure) if failure.code == "plugin.settings"));
    let expected = guest_case("refuse-settings", "{}", Some(json!({ "failed": "plugin.settings" })));
    assert_eq!(run(&misbehaving(), &expected).verdict(), Verdict::Passed);
}

#[test]
fn an_honest_guest_passes_every_check() {
    let mut set = guest_case("map", r#"{"order_no":"1"}"#, Some(trivial()));
    set.cases.truncate(1);
    let report = run(&misbehaving(), &set);
    assert_eq!(
        (report.verdict(), failed_checks(&report)),
        (Verdict::Passed, Vec::new()),
        "{:#?}",
        report.checks
    );
    // Clock, random seed and arguments are the same for every run.
    let plain = runtime().load(dukou_guests::WASI_PLAIN).unwrap();
    let mut set = guest_case("map", "{}", None);
    set.defaults.settings = "{}".to_owned();
    set.cases.iter_mut().for_each(|case| case.settings = None);
    assert!(check(&run(&plain, &set), CheckName::Determinism).passed());
}

#[test]
fn a_guest_that_counts_its_batch_is_found() {
    let report = run_guest("count-batch", r#"{"order_no":"1"}"#);
    assert_eq!(failed_checks(&report), [CheckName::Batches]);
    let finding = &check(&report, CheckName::Batches).findings[0];
    assert_eq!(
        (finding.case.as_str(), finding.detail.as_str()),
        ("one", r#"dto.Memo: "1" → "2""#)
    );
}

#[test]
fn a_guest_that_reads_what_it_did_not_ask_for_is_found() {
    let report = run_guest("peek", r#"{"order_no":"1","secret":"2"}"#);
    let projection = check(&report, CheckName::Projection);
    assert!(!projection.passed());
    assert!(
        projection.findings[0].detail.starts_with("dto.Memo: "),
        "{projection:?}"
    );
    assert!(failed_checks(&report).contains(&CheckName::Projection));
}

#[test]
fn a_guest_that_dies_of_a_null_is_found() {
    let report = run_guest("fragile", r#"{"order_no":"1"}"#);
    assert_eq!(failed_checks(&report), [CheckName::Robustness]);
    let robust = check(&report, CheckName::Robustness);
    assert_eq!(robust.findings[0].change, "order_no = null");
    assert!(robust.findings[0].detail.starts_with("plugin.trap: "), "{robust:?}");
    assert!(robust.findings.len() == 2, "each case once: {robust:?}");
}

#[test]
fn a_guest_whose_work_grows_too_fast_fails_before_production_does() {
    let report = run_guest("quadratic", r#"{"list":[{"n":1},{"n":2}]}"#);
    let case = first(&report);
    assert_eq!(case.status, Status::Failed);
    assert!(case.shares.fuel.0 < 500, "{:?}", case.shares);
    let grown = case.grown.as_ref().unwrap();
    assert_eq!((grown.list.as_str(), grown.fits()), ("list", false));
    assert!(matches!(&grown.outcome, Outcome::Failed(failure) if failure.code == "plugin.fuel"));
    assert_eq!(grown.shares.fuel.0, 10_000);
}

/// The misbehaving guest with a manifest: one more custom section at its end, instead of what it had.
fn with_manifest(manifest: &str) -> Vec<u8> {
    let name = b"dukou:manifest";
    let mut section = vec![u8::try_from(name.len()).unwrap()];
    section.extend(name);
    section.extend(manifest.as_bytes());
    let length = u8::try_from(section.len()).unwrap();
    assert!(length < 0x80, "one byte of LEB128");
    let mut component = dukou_guests::MISBEHAVING.to_vec();
    component.extend([0, length]);
    component.extend(section);
    component
}

#[test]
fn a_preset_of_the_file_lies_below_the_settings_of_the_case() {
    let manifest = r#"{"name":"mine","version":"1.0.0","preset":{"do":"count-batch","key":"k"}}"#;
    let component = with_manifest(manifest);
    let plugin = runtime().load(&component).unwrap();
    let documents = |settings: &str| {
        let mut set = guest_case("map", "{}", None);
        set.cases.truncate(1);
        set.cases[0].settings = Some(settings.to_owned());
        first(&run(&plugin, &set)).outcome.to_json().to_string()
    };
    assert!(documents("{}").contains(r#""Memo":"1""#));
    assert!(!documents(r#"{"do":"map"}"#).contains("Memo"));
    let wrong = manifest.replace(r#"{"do":"count-batch","key":"k"}"#, "[]");
    let component = with_manifest(&wrong);
    assert!(matches!(runtime().load(&component), Err(PluginError::Manifest { .. })));
}
