//! The Rust template that `dukou plugin new` writes is the reference mapping by another road: derives instead of a
//! reader and a writer by hand. Both must agree on the document, byte for byte, and where there is none, on the code and
//! the place of every violation.

#![expect(clippy::unwrap_used, reason = "a test outside `cfg(test)`")]

mod orders;
#[path = "../../templates/rust/mapping/src/lib.rs"]
#[expect(unreachable_pub, reason = "a crate of its own, as its author sees it")]
mod template;

use dukou_sdk::{HostLookups, Mapping, Typed, Verdict};
use dukou_wdt_to_tplus::WdtToTplus;
use orders::{essence, group, order};
use proptest::prelude::*;
use serde_json::Value;

type Template = Typed<template::PluginName>;

const ENVIRONMENT: &str = r#"{"time_zone":"Asia/Shanghai","source":null,
    "target":{"system":"tplus","api":"/tplus/api/v2/saleDispatch/Create","title":"","wrapper":"dto","fields":[]}}"#;

fn both_under(settings: &str, bodies: &[String]) -> (Value, Value) {
    let (reference, _) = WdtToTplus::configure(settings, ENVIRONMENT).unwrap();
    let (template, _) = Template::configure(settings, ENVIRONMENT).unwrap();
    let one = |verdicts: Vec<Verdict>| essence(&verdicts[0]);
    (
        one(reference.transform(vec![group(bodies)], &HostLookups)),
        one(template.transform(vec![group(bodies)], &HostLookups)),
    )
}

fn both(bodies: &[String]) -> (Value, Value) {
    both_under("{}", bodies)
}

#[test]
fn both_need_the_same_fields() {
    let (_, reference) = WdtToTplus::configure("{}", ENVIRONMENT).unwrap();
    let (_, template) = Template::configure("{}", ENVIRONMENT).unwrap();
    assert_eq!(template, reference);
}

#[test]
fn both_refuse_the_same_settings() {
    let settings = r#"{"warehous":"W","partner":"","inventory":2121}"#;
    let environment = r#"{"time_zone":"Europe/Berlin","target":{"api":"/other","wrapper":null}}"#;
    let reference = WdtToTplus::configure(settings, environment).unwrap_err();
    let template = Template::configure(settings, environment).err().unwrap();
    let places = |errors: &[dukou_sdk::SettingError]| -> Vec<(String, String)> {
        errors
            .iter()
            .map(|error| (error.path.clone(), error.code.clone()))
            .collect()
    };
    assert_eq!(places(&template), places(&reference));
}

#[test]
fn both_refuse_what_is_no_order() {
    for body in [
        "",
        "{",
        "[]",
        "5",
        "null",
        r#"{"order_no":"a"} x"#,
        r#"{"details_list":5}"#,
    ] {
        let (reference, template) = both(&[body.to_owned()]);
        assert_eq!(template, reference, "{body}");
        assert!(reference.is_array(), "{body} is mapped");
    }
    let readable = r#"{"order_no":"A","consign_time":"2026-11-05","details_list":[{"goods_count":1}]}"#;
    let (reference, template) = both(&["{".to_owned(), readable.to_owned(), "[]".to_owned()]);
    assert_eq!(template, reference);
}

#[test]
fn of_members_with_one_name_the_last_counts_for_both() {
    let body = r#"{"order_no":"A","order_no":"B","consign_time":"2026-11-05","details_list":[{"goods_count":1,"goods_count":2}],
        "details_list":{"goods_count":3}}"#;
    let (reference, template) = both(&[body.to_owned()]);
    assert_eq!(template, reference);
    assert!(reference["documents"].is_array(), "{reference}");
}

#[test]
fn both_tell_as_many_violations() {
    let lines = r#"{"goods_count":"x","price":"y"},"#.repeat(60);
    let body = format!(r#"{{"order_no":"A","consign_time":"2026-11-05","details_list":[{lines}{{"goods_count":1}}]}}"#);
    let (reference, template) = both(&[body]);
    assert_eq!(template, reference);
    assert_eq!(reference.as_array().map(Vec::len), Some(50));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn both_write_the_same_bytes(body in order()) {
        let (reference, template) = both(std::slice::from_ref(&body));
        prop_assert_eq!(template, reference, "{}", body);
    }

    #[test]
    fn both_follow_the_settings(body in order(), memo in "[来自\" *]{0,4}", customer in prop::sample::select(vec!["", "***", "C"])) {
        let settings = serde_json::json!({ "memo": memo, "customer": customer }).to_string();
        let (reference, template) = both_under(&settings, &[body]);
        prop_assert_eq!(template, reference, "{}", settings);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn both_put_records_together_alike(bodies in prop::collection::vec(order(), 2..4)) {
        let (reference, template) = both(&bodies);
        prop_assert_eq!(template, reference, "{:?}", bodies);
    }
}
