//! The mapping run natively: the cases folder, the forms of numbers, settings.

use super::*;
use dukou_sdk::{HostLookups, SourceRecord};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::path::Path;

const ENVIRONMENT: &str = r#"{"time_zone":"Asia/Shanghai","source":null,"target":{"system":"tplus","api":"/tplus/api/v2/saleDispatch/Create","title":"","wrapper":"dto","fields":[]}}"#;

fn transform(settings: &str, bodies: &[String]) -> Verdict {
    let (mapping, _) = WdtToTplus::configure(settings, ENVIRONMENT).unwrap();
    let record = |(index, body): (usize, &String)| SourceRecord::new(format!("R{index}"), "2026-11-05T00:00:00Z", body);
    let records = bodies.iter().enumerate().map(record).collect();
    let group = Group {
        key: "G".to_owned(),
        records,
        extra: "{}".to_owned(),
    };
    mapping.transform(vec![group], &HostLookups).remove(0)
}

fn mapped(verdict: Verdict) -> String {
    match verdict {
        Verdict::Mapped(mut mapped) if mapped.documents.len() == 1 => mapped.documents.remove(0).body,
        other => panic!("not one document: {other:?}"),
    }
}

/// A verdict as the cases write it. A rejection names code, source and target of every violation, in order.
fn as_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Mapped(mapped) => {
            let bodies = mapped.documents.iter().map(|document| &document.body);
            json!({ "documents": bodies.collect::<Vec<_>>() })
        }
        Verdict::Skipped(reason) => json!({ "skipped": reason }),
        Verdict::Rejected(violations) => {
            let brief = violations.iter().map(|v| json!([v.code, v.source_path, v.target_path]));
            json!({ "rejected": brief.collect::<Vec<_>>() })
        }
    }
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        // The records stay text: a tree would still keep the digits, but not the writing of escapes.
        let case: std::collections::BTreeMap<&str, &serde_json::value::RawValue> = serde_json::from_str(&text).unwrap();
        let records: Vec<&serde_json::value::RawValue> = serde_json::from_str(case["records"].get()).unwrap();
        let bodies: Vec<String> = records.iter().map(|raw| raw.get().to_owned()).collect();
        let settings = case.get("settings").map_or("{}", |raw| raw.get());
        let expected: Value = serde_json::from_str(case["expected"].get()).unwrap();
        let found = as_json(&transform(settings, &bodies));
        assert_eq!(found, expected, "{}\n{found:#}", file.display());
        count += 1;
    }
    assert!(count >= 8, "only {count} cases found");
}

#[test]
fn needs_are_what_is_read() {
    let (_, needs) = WdtToTplus::configure("{}", ENVIRONMENT).unwrap();
    assert_eq!(needs.needs, NEEDS);
    assert!(needs.tables.is_empty());
}

#[test]
fn messages_show_the_expression_and_a_short_value() {
    let body = format!(
        r#"{{"order_no":"A","consign_time":"{}","details_list":[{{"goods_count":"x"}}]}}"#,
        "9".repeat(200)
    );
    let Verdict::Rejected(violations) = transform("{}", &[body]) else {
        panic!("mapped")
    };
    assert!(violations[0].message.starts_with("{{consign_time|date}}: \"9999"));
    assert!(violations[0].message.chars().count() < 220);
    assert_eq!(
        violations[1].message,
        r#"{{details_list.goods_count}}: "x" is not a decimal"#
    );
}

#[test]
fn every_wrong_setting_is_named() {
    let errors = WdtToTplus::configure(
        r#"{"warehous":"W","partner":"","inventory":2121}"#,
        r#"{"time_zone":"Europe/Berlin","target":{"api":"/other","wrapper":null}}"#,
    )
    .unwrap_err();
    let found: Vec<_> = errors.iter().map(|e| (e.path.as_str(), e.code.as_str())).collect();
    assert_eq!(
        found,
        [
            ("partner", "required"),
            ("inventory", "type"),
            ("environment.target", "target"),
            ("environment.time_zone", "time-zone"),
            ("warehous", "unknown"),
        ]
    );
    assert!(errors[4].message.contains("`warehouse`"));
}

#[test]
fn whatever_stands_in_place_of_the_list_is_refused_where_it_stands() {
    for list in [
        "5",
        "-5",
        "1.5",
        "98765432109876543210",
        "true",
        "\"x\"",
        "[null]",
        "[1.5]",
        "[[]]",
        "[true]",
        "[\"\"]",
    ] {
        let body = format!(r#"{{"order_no":"A","consign_time":"2026-11-05","details_list":{list}}}"#);
        let expected = json!({ "rejected": [["type", "details_list", "RDRecordDetails"]] });
        assert_eq!(as_json(&transform("{}", &[body])), expected, "{list}");
    }
}

#[test]
fn a_group_does_not_depend_on_its_neighbours() {
    let good = r#"{"order_no":"A","consign_time":"2026-11-05","details_list":{"goods_count":1}}"#;
    let alone = transform("{}", &[good.to_owned()]);
    let (mapping, _) = WdtToTplus::configure("{}", ENVIRONMENT).unwrap();
    let group = |body: &str| Group::single(SourceRecord::new("R", "2026-11-05T00:00:00Z", body));
    let verdicts = mapping.transform(vec![group("{"), group(good), group("[]")], &HostLookups);
    assert_eq!(verdicts.len(), 3);
    assert_eq!(verdicts[1], alone);
    assert!(matches!(&verdicts[0], Verdict::Rejected(_)));
    assert!(matches!(&verdicts[2], Verdict::Rejected(_)));
}

proptest! {
    /// However the source writes a quantity, the document carries its value, and a decimal its scale.
    #[test]
    fn number_forms_keep_their_value(units in 1_i64..10_000_000, scale in 0_u32..5) {
        let value = Decimal::new(units, scale);
        let forms = [
            format!("\"{value}\""),
            format!("{value}"),
            format!("{units}E-{scale}"),
            format!("\"{units}E-{scale}\""),
            format!("\" {value}\""),
            format!("\"+0{value}\""),
        ];
        for form in forms {
            let body = format!(r#"{{"order_no":"A","consign_time":"2026-11-05","details_list":[{{"goods_count":{form},"price":{form}}}]}}"#);
            let body = mapped(transform("{}", &[body]));
            let document: Value = serde_json::from_str(&body).unwrap();
            let line = &document["dto"]["RDRecordDetails"][0];
            prop_assert_eq!(&line["BaseQuantity"].to_string(), &value.to_string(), "{}", form);
            prop_assert_eq!(&line["origTaxSalePrice"].to_string(), &value.to_string());
        }
    }

    /// Any text arrives as it was.
    #[test]
    fn texts_arrive_whole(address in "(?s).{1,60}") {
        prop_assume!(!dukou_sdk::scalar::is_empty_text(&address));
        let body = json!({ "order_no": "A", "consign_time": "2026-11-05", "receiver_address": address, "details_list": [{ "goods_count": 1 }] });
        let body = mapped(transform("{}", &[body.to_string()]));
        let document: Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(document["dto"]["DispatchAddress"].as_str(), Some(address.as_str()));
        prop_assert_eq!(document.to_string(), body, "compact, as serde_json writes it");
    }

    #[test]
    fn never_panics(body in "(?s)[\\[\\]{}\",:a-z0-9. -]{0,60}") {
        transform("{}", &[body]);
    }
}
