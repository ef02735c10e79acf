//! `record explain` names the right source for every field of the mapping in JavaScript: nothing in the component helps it.

use std::path::Path;

use serde_json::Value;

use crate::crossing::site_with;

/// Target path, and the source path that it must be led back to; `None` is a constant of the component.
const ORIGINS: [(&str, Option<&str>); 16] = [
    ("ExternalCode", Some("order_no")),
    ("Code", Some("order_no")),
    ("VoucherType.Code", None),
    ("Customer.Code", None),
    ("Partner.Code", None),
    ("VoucherDate", Some("consign_time")),
    ("BusiType.Code", None),
    ("Warehouse.Code", None),
    ("TransDocNo", Some("logistics_no")),
    ("DeliveryCode", Some("logistics_no")),
    ("Memo", Some("shop_name")),
    ("RDRecordDetails[0]", Some("details_list[0]")),
    ("RDRecordDetails[0].Inventory.Code", None),
    ("RDRecordDetails[0].BaseQuantity", Some("details_list[0].goods_count")),
    ("RDRecordDetails[0].origTaxSalePrice", Some("details_list[0].price")),
    ("RDRecordDetails[0].DetailMemo", Some("details_list[0].stockout_id")),
];

pub(crate) fn the_javascript_mapping_is_explained(program: &str, folder: &Path) {
    let site = site_with(program, folder, "shop-js", "", 12);
    let run = site.dukou(&["run", "--json"]);
    assert!(matches!(run.code, Some(0 | 5)), "{run:?}");
    let key = site.journal().vouchers[0].external_code.clone();
    let explained = site.dukou(&["record", "explain", &key, "--json"]);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    let explained = explained.json();
    let values = explained["documents"][0]["values"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for (target, source) in ORIGINS {
        let value = values
            .iter()
            .find(|value| value["path"] == target)
            .unwrap_or_else(|| panic!("{target} is not explained: {explained}"));
        let origins: Vec<&Value> = value["origins"].as_array().into_iter().flatten().collect();
        let found = match source {
            Some(path) => origins
                .iter()
                .any(|origin| origin["kind"] == "source" && origin["path"] == path),
            None => origins
                .iter()
                .any(|origin| origin["kind"] == "constant" && origin["plugin"] == "shop-js"),
        };
        let others = origins
            .iter()
            .filter(|origin| origin["kind"] == "source" && Some(origin["path"].as_str().unwrap_or_default()) != source)
            .count();
        assert!(found && others == 0, "{target}: {value}");
    }
    println!(
        "explain on the mapping in JavaScript: the right origin for each of {} values",
        ORIGINS.len()
    );
}
