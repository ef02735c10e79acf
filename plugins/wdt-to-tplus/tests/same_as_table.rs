//! The reference mapping and the stock `table` plugin under the seed's table are two ways to the same bytes.
//!
//! Orders are made of every form that a value can take; both mappings must agree on the document, and where there is
//! none, on the code and the place of every violation.

#![expect(clippy::unwrap_used, reason = "a test outside `cfg(test)`")]

mod orders;

use dukou_sdk::{HostLookups, Mapping, Verdict};
use dukou_table::Table;
use dukou_wdt_to_tplus::WdtToTplus;
use orders::{essence, group, order};
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

fn both(bodies: &[String]) -> (Value, Value) {
    let environment = environment();
    let (reference, _) = WdtToTplus::configure("{}", &environment).unwrap();
    let (table, _) = Table::configure(TABLE, &environment).unwrap();
    let one = |verdicts: Vec<Verdict>| essence(&verdicts[0]);
    (
        one(reference.transform(vec![group(bodies)], &HostLookups)),
        one(table.transform(vec![group(bodies)], &HostLookups)),
    )
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
