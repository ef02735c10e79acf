//! The two schemes of the design: the seed's, and the richer one with its base written out.

use super::{DIRECT, QIMEN, RICH, Rows, SEED_FIELDS, body, configure, environment, mapped, transform};
use crate::Table;
use dukou_sdk::{Group, Mapping, Verdict};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const EXPECTED: &str = concat!(
    r#"{"dto":{"ExternalCode":"CK202311140007","Code":"CK202311140007","VoucherType":{"Code":"ST1021"},"#,
    r#""Customer":{"Code":"TESTCUST"},"Partner":{"Code":"TESTCUST"},"VoucherDate":"2023-11-14","BusiType":{"Code":"15"},"#,
    r#""Warehouse":{"Code":"TEST_CK01"},"TransDocNo":"T0000000001","DeliveryCode":"T0000000001","Memo":"来自旺店通","#,
    r#""RDRecordDetails":[{"Inventory":{"Code":"2121"},"BaseQuantity":2.0000,"origTaxSalePrice":19.8000,"#,
    r#""DetailMemo":"来自旺店通812345"},{"Inventory":{"Code":"2121"},"BaseQuantity":1.0000,"origTaxSalePrice":0.0000,"#,
    r#""DetailMemo":"来自旺店通812345"}]}}"#
);

#[test]
fn the_seed_gives_the_same_document_for_both_styles() {
    let table = configure(&format!(r#"{{"fields":{{{SEED_FIELDS}}}}}"#)).unwrap();
    for style in [DIRECT, QIMEN] {
        assert_eq!(body(transform(&table, style)), EXPECTED);
    }
}

#[test]
fn the_seed_needs_what_it_reads_and_no_more() {
    let (_, needs) = Table::configure(&format!(r#"{{"fields":{{{SEED_FIELDS}}}}}"#), &environment()).unwrap();
    assert_eq!(
        needs.needs,
        [
            "order_no",
            "consign_time",
            "receiver_address",
            "logistics_no",
            "details_list[].goods_count",
            "details_list[].price",
            "details_list[].stockout_id"
        ]
    );
    assert!(needs.tables.is_empty());
}

#[test]
fn an_order_of_one_detail_may_come_as_an_object() {
    let table = configure(&format!(r#"{{"fields":{{{SEED_FIELDS}}}}}"#)).unwrap();
    let order = r#"{"order_no":"A","consign_time":1699927509000,"logistics_no":null,"receiver_address":"路1号",
        "details_list":{"goods_count":"1E+1","price":"2E-1","stockout_id":9007199254740993123}}"#;
    assert_eq!(
        body(transform(&table, order)),
        concat!(
            r#"{"dto":{"ExternalCode":"A","Code":"A","VoucherType":{"Code":"ST1021"},"Customer":{"Code":"TESTCUST"},"#,
            r#""Partner":{"Code":"TESTCUST"},"VoucherDate":"2023-11-14","BusiType":{"Code":"15"},"#,
            r#""Warehouse":{"Code":"TEST_CK01"},"DispatchAddress":"路1号","Memo":"来自旺店通","RDRecordDetails":["#,
            r#"{"Inventory":{"Code":"2121"},"BaseQuantity":10,"origTaxSalePrice":0.2,"#,
            r#""DetailMemo":"来自旺店通9007199254740993123"}]}}"#
        )
    );
}

/// The richer scheme over its base, key by key: overridden rows keep their place.
const RICHER: &str = r#"{
 "fields":{
 "ExternalCode":"{{group.key}}","Code":"{{group.key}}","VoucherType":"ST1021","Customer":"{{shop_no|lookup(客户对照)}}",
 "Partner":"{{shop_no|lookup(客户对照)}}","VoucherDate":"{{consign_time|date}}","BusiType":"15",
 "Warehouse":"{{warehouse_no|lookup(仓库对照)}}","DispatchAddress":false,"TransDocNo":false,"DeliveryCode":false,
 "Memo":"来自旺店通","RDRecordDetails":"details_list",
 "RDRecordDetails.Inventory":"{{details_list.spec_no|lookup(存货对照)|in(T+存货)}}",
 "RDRecordDetails.BaseQuantity":"{{details_list.position_list.position_goods_count|or(details_list.goods_count)}}",
 "RDRecordDetails.Batch":"{{details_list.position_list.batch_no}}",
 "RDRecordDetails.origTaxSalePrice":"{{details_list.share_amount/details_list.goods_count|round(6)}}",
 "RDRecordDetails.DetailMemo":false,"RDRecordDetails.Price":"","RDRecordDetails.Amount":""},
 "skip":[{"when":"order_type != 1","reason":"非销售出库"}],
 "lines":{"RDRecordDetails":{"each":"details_list.position_list",
  "drop":[{"when":"details_list.gift_type != 0","reason":"赠品"},
          {"when":"details_list.refund_status in 2,3,4,5","reason":"退款"}],
  "merge":{"by":["Inventory","Batch","origTaxSalePrice"],"sum":["BaseQuantity"]}}}}"#;

#[test]
fn the_richer_scheme_takes_positions_drops_gifts_and_refunds_and_merges() {
    let table = configure(RICHER).unwrap();
    let mapped = mapped(transform(&table, RICH));
    assert_eq!(
        mapped.documents[0].body,
        concat!(
            r#"{"dto":{"ExternalCode":"CK202311140007","Code":"CK202311140007","VoucherType":{"Code":"ST1021"},"#,
            r#""Customer":{"Code":"V-SHOP01"},"Partner":{"Code":"V-SHOP01"},"VoucherDate":"2023-11-14","#,
            r#""BusiType":{"Code":"15"},"Warehouse":{"Code":"V-0101"},"Memo":"来自旺店通","RDRecordDetails":["#,
            r#"{"Inventory":{"Code":"V-SKU-A"},"BaseQuantity":4.0000,"Batch":"B1","origTaxSalePrice":19.8},"#,
            r#"{"Inventory":{"Code":"V-SKU-A"},"BaseQuantity":1,"Batch":"B2","origTaxSalePrice":19.8},"#,
            r#"{"Inventory":{"Code":"V-SKU-B"},"BaseQuantity":3,"origTaxSalePrice":3.333333}]}}"#
        )
    );
    let omitted: Vec<_> = mapped
        .omitted
        .iter()
        .map(|o| (o.member, o.path.as_str(), o.reason.as_str()))
        .collect();
    assert_eq!(
        omitted,
        [(0, "details_list[2]", "赠品"), (0, "details_list[3]", "退款")]
    );
}

#[test]
fn the_richer_scheme_needs_its_tables_but_no_archive() {
    let (_, needs) = Table::configure(RICHER, &environment()).unwrap();
    assert_eq!(needs.tables, ["客户对照", "仓库对照", "存货对照"]);
    assert!(
        needs
            .needs
            .contains(&"details_list[].position_list[].batch_no".to_owned())
    );
    assert!(needs.needs.contains(&"details_list[].gift_type".to_owned()));
    assert!(needs.needs.contains(&"order_type".to_owned()));
}

#[test]
fn the_richer_scheme_skips_other_orders_and_orders_of_gifts() {
    let table = configure(RICHER).unwrap();
    let other = RICH.replacen(r#""order_type":"1""#, r#""order_type":2"#, 1);
    assert_eq!(transform(&table, &other), Verdict::Skipped("非销售出库".to_owned()));
    let gifts = r#"{"order_type":"1.0000","details_list":[{"gift_type":1},{"gift_type":0,"refund_status":2},{"gift_type":"2"}]}"#;
    assert_eq!(
        transform(&table, gifts),
        Verdict::Skipped("all 3 lines are left out: 赠品 (2), 退款 (1)".to_owned())
    );
}

#[test]
fn a_verdict_does_not_depend_on_its_neighbours() {
    let table = configure(RICHER).unwrap();
    let group = |key: &str, body: &str| Group::single(super::record(key, body));
    let bad = RICH.replacen("SHOP01", "NOSHOP", 1);
    let alone: Vec<Verdict> = [RICH, bad.as_str()]
        .into_iter()
        .flat_map(|body| table.transform(vec![group("CK202311140007", body)], &Rows))
        .collect();
    let together = table.transform(
        vec![group("CK202311140007", RICH), group("CK202311140007", &bad)],
        &Rows,
    );
    assert_eq!(alone, together);
    let Verdict::Rejected(violations) = &together[1] else {
        panic!("a miss rejects")
    };
    assert_eq!(violations.len(), 2);
    assert_eq!(violations[0].code, "lookup.miss");
    assert_eq!(violations[0].target_path.as_deref(), Some("Customer"));
    assert_eq!(violations[0].source_path.as_deref(), Some("shop_no"));
    assert_eq!(
        violations[0].message,
        "{{shop_no|lookup(客户对照)}}: table 客户对照 has no row for key \"NOSHOP\""
    );
}

/// What `wdt-to-tplus` is held to holds for the seed's table too, byte for byte and violation for violation.
#[test]
fn the_seed_agrees_with_the_cases_of_the_reference_mapping() {
    let table = configure(&format!(r#"{{"fields":{{{SEED_FIELDS}}}}}"#)).unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wdt-to-tplus/vectors");
    let mut compared = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let case: BTreeMap<&str, &RawValue> = serde_json::from_str(&text).unwrap();
        if case.contains_key("settings") {
            continue;
        }
        let records: Vec<&RawValue> = serde_json::from_str(case["records"].get()).unwrap();
        let records = records.iter().map(|raw| super::record("CK1", raw.get())).collect();
        let group = Group {
            key: "CK1".to_owned(),
            records,
            extra: "{}".to_owned(),
        };
        let found = match table.transform(vec![group], &Rows).remove(0) {
            Verdict::Mapped(mapped) => {
                let bodies: Vec<String> = mapped.documents.into_iter().map(|document| document.body).collect();
                json!({ "documents": bodies })
            }
            Verdict::Skipped(reason) => json!({ "skipped": reason }),
            Verdict::Rejected(violations) => {
                let brief = violations.iter().map(|v| json!([v.code, v.source_path, v.target_path]));
                json!({ "rejected": brief.collect::<Vec<_>>() })
            }
        };
        let expected: serde_json::Value = serde_json::from_str(case["expected"].get()).unwrap();
        assert_eq!(found, expected, "{}", case["about"].get());
        compared += 1;
    }
    assert!(compared >= 6, "only {compared} cases found");
}
