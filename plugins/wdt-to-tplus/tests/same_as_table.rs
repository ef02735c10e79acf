//! The reference mapping and the stock `table` plugin under the seed's table are two ways to the same bytes.
//!
//! Orders are made of every form that a value can take; both mappings must agree on the document, and where there is
//! none, on the code and the place of every violation.

#![expect(clippy::unwrap_used, reason = "a test outside `cfg(test)`")]

use dukou_sdk::{Group, HostLookups, Mapping, SourceRecord, Verdict};
use dukou_table::Table;
use dukou_wdt_to_tplus::WdtToTplus;
use proptest::prelude::*;
use serde_json::{Value, json};

const SOURCE: &str = include_str!("../../../host/connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
const TARGET: &str = include_str!("../../../host/connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");

/// The seed's target table, row by row.
const TABLE: &str = r#"{"fields":{
    "ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021","Customer":"TESTCUST","Partner":"TESTCUST",
    "VoucherDate":"{{consign_time|date}}","BusiType":"15","Warehouse":"TEST_CK01","DispatchAddress":"{{receiver_address}}",
    "TransDocNo":"{{logistics_no}}","DeliveryCode":"{{logistics_no}}","Memo":"来自旺店通","RDRecordDetails":"details_list",
    "RDRecordDetails.Inventory":"2121","RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}",
    "RDRecordDetails.Batch":"","RDRecordDetails.origTaxSalePrice":"{{details_list.price}}",
    "RDRecordDetails.DetailMemo":"来自旺店通{{details_list.stockout_id}}","RDRecordDetails.Price":"",
    "RDRecordDetails.Amount":""}}"#;

fn catalogue(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap();
    let field = |(path, entry): (&String, &toml::Value)| {
        let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
        let flag = |key: &str| entry.get(key).and_then(toml::Value::as_bool).unwrap_or(false);
        json!({ "path": path, "label": text("label"), "type": text("type"), "by": text("by"),
            "required": flag("required"), "personal": flag("personal") })
    };
    let fields: Vec<Value> = table["fields"].as_table().unwrap().iter().map(field).collect();
    let text = |key: &str| table.get(key).and_then(toml::Value::as_str);
    json!({ "system": text("system"), "api": text("api"), "title": text("title"), "wrapper": text("wrapper"), "fields": fields })
}

fn environment() -> String {
    json!({ "time_zone": "Asia/Shanghai", "source": catalogue(SOURCE), "target": catalogue(TARGET) }).to_string()
}

/// A verdict reduced to what both must agree on.
fn essence(verdict: &Verdict) -> Value {
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

fn both(bodies: &[String]) -> (Value, Value) {
    let environment = environment();
    let (reference, _) = WdtToTplus::configure("{}", &environment).unwrap();
    let (table, _) = Table::configure(TABLE, &environment).unwrap();
    let records = || -> Vec<SourceRecord> {
        let record = |(n, body)| SourceRecord::new(format!("R{n}"), "2026-11-05T00:00:00Z", body);
        bodies.iter().enumerate().map(record).collect()
    };
    let group = || Group {
        key: "R0".to_owned(),
        records: records(),
        extra: "{}".to_owned(),
    };
    let one = |verdicts: Vec<Verdict>| essence(&verdicts[0]);
    (
        one(reference.transform(vec![group()], &HostLookups)),
        one(table.transform(vec![group()], &HostLookups)),
    )
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

fn order() -> impl Strategy<Value = String> {
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

#[test]
fn an_ordinary_order_is_mapped_by_both() {
    let body = r#"{"order_no":"CK1","consign_time":"2026-11-05 10:05:09","receiver_address":"路","logistics_no":"T1",
        "details_list":[{"goods_count":"2.0000","price":19.8,"stockout_id":"1"},{"goods_count":1E+1}]}"#;
    let (reference, table) = both(&[body.to_owned()]);
    assert_eq!(reference, table);
    assert!(
        reference["documents"][0][1]
            .as_str()
            .unwrap()
            .starts_with(r#"{"dto":{"ExternalCode":"CK1""#)
    );
}

#[test]
fn an_unreadable_record_is_refused_by_both() {
    for body in ["", "{", "[]", "5", "null", r#"{"order_no":"a"} x"#] {
        let (reference, table) = both(&[body.to_owned()]);
        assert_eq!(reference, table, "{body}");
    }
}

#[test]
fn of_members_with_one_name_the_last_counts_for_both() {
    let body = r#"{"order_no":"A","order_no":"B","consign_time":"2026-11-05","details_list":[{"goods_count":1,"goods_count":2}]}"#;
    let (reference, table) = both(&[body.to_owned()]);
    assert_eq!(reference, table);
    assert!(reference["documents"].is_array(), "{reference}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn both_ways_lead_to_the_same_bytes(body in order()) {
        let (reference, table) = both(std::slice::from_ref(&body));
        prop_assert_eq!(reference, table, "{}", body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn both_put_records_together_alike(bodies in prop::collection::vec(order(), 2..4)) {
        let (reference, table) = both(&bodies);
        prop_assert_eq!(reference, table, "{:?}", bodies);
    }
}
