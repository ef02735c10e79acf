//! Orders of every form that a value can take, and what two mappings must agree on about them.

use dukou_sdk::{Group, SourceRecord, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The group of records with these bodies.
pub(crate) fn group(bodies: &[String]) -> Group {
    let record = |(n, body): (usize, &String)| SourceRecord::new(format!("R{n}"), "2026-11-05T00:00:00Z", body);
    Group {
        key: "R0".to_owned(),
        records: bodies.iter().enumerate().map(record).collect(),
        extra: "{}".to_owned(),
    }
}

/// A verdict reduced to what both must agree on.
pub(crate) fn essence(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Mapped(mapped) => json!({
            "documents": mapped.documents.iter().map(|d| [&d.suffix, &d.body, &d.extra]).collect::<Vec<_>>(),
            "omitted": mapped.omitted.len(),
        }),
        Verdict::Skipped(reason) => json!(reason),
        Verdict::Rejected(violations) => violations
            .iter()
            .map(|v| json!([v.code, v.source_path, v.target_path, v.extra]))
            .collect(),
    }
}

fn value(usual: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    // Now and then what no one expects.
    let odd = [
        "null",
        r#""""#,
        r#"" ""#,
        r#""***""#,
        "true",
        "0",
        r#""0""#,
        "1E+1",
        r#""1E+1""#,
        "-0.50",
        "[]",
        "{}",
        r#""a\"b\\c\u4e2d\/\n""#,
        r#""1,000""#,
        r#"".5""#,
        r#"" 7.10 ""#,
        "12345678901234567890.123456789",
    ];
    prop_oneof![6 => prop::sample::select(usual), 1 => prop::sample::select(odd.to_vec())]
}

fn object(members: Vec<(&'static str, Option<String>)>) -> String {
    let members = members
        .iter()
        .filter_map(|(name, value)| Some(format!("\"{name}\":{}", value.as_ref()?)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn sometimes(value: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.95, value.prop_map(str::to_owned))
}

fn line() -> impl Strategy<Value = String> {
    let count = sometimes(value(&["2", "2.0000", r#""3""#, r#""1.5000""#, "1E+1"]));
    let price = sometimes(value(&["19.8", "19.8000", r#""0.0000""#, r#""7.25""#]));
    let id = sometimes(value(&[r#""812345""#, "9007199254740993", "7"]));
    (count, price, id).prop_map(|(count, price, id)| {
        object(vec![
            ("goods_count", count),
            ("price", price),
            ("stockout_id", id),
            ("spec_no", Some("\"S\"".to_owned())),
        ])
    })
}

fn lines() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => prop::collection::vec(line(), 1..4).prop_map(|lines| format!("[{}]", lines.join(","))),
        2 => line(),
        1 => prop::sample::select(vec!["null", "[]", r#""""#, r#""x""#, "5", "1.5", "true", "[null]", "[5]", "[[]]"]).prop_map(str::to_owned),
    ]
}

/// One order, as a record's body.
pub(crate) fn order() -> impl Strategy<Value = String> {
    let no = sometimes(value(&[r#""CK202611050001""#, "4503599627370497123"]));
    let time = sometimes(value(&[
        r#""2026-11-05 10:05:09""#,
        r#""2026-11-05""#,
        "1793844309000",
        r#""1793894400000""#,
        r#""2026-11-05T10:05:09""#,
        r#""0000-00-00 00:00:00""#,
        r#""2026/11/05""#,
        r#""2026-02-30""#,
    ]));
    let address = sometimes(value(&[r#""示例路 1 号""#, r#""138****0000""#, "12"]));
    let logistics = sometimes(value(&[r#""T0000000001""#, "770001"]));
    let list = prop::option::weighted(0.95, lines());
    (no, time, address, logistics, list).prop_map(|(no, time, address, logistics, list)| {
        object(vec![
            ("status", Some("95".to_owned())),
            ("order_no", no),
            ("consign_time", time),
            ("details_list", list),
            ("receiver_address", address),
            ("logistics_no", logistics),
        ])
    })
}
