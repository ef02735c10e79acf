//! An order with every field of the source catalogue, the environment of both catalogues, and the mapping table of
//! the seed. Shared by tests and benches; made from the catalogue files, so that it cannot drift from them.

use serde_json::{Map, Value, json};
use toml_edit::{DocumentMut, TableLike};

const SOURCE: &str = include_str!("../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
const TARGET: &str = include_str!("../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");

/// The seed's target table, row by row (DESIGN §5).
pub(crate) const TABLE_SETTINGS: &str = r#"{"fields":{
"ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021","Customer":"TESTCUST",
"Partner":"TESTCUST","VoucherDate":"{{consign_time|date}}","BusiType":"15","Warehouse":"TEST_CK01",
"DispatchAddress":"{{receiver_address}}","TransDocNo":"{{logistics_no}}","DeliveryCode":"{{logistics_no}}",
"Memo":"来自旺店通","RDRecordDetails":"details_list","RDRecordDetails.Inventory":"2121",
"RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}","RDRecordDetails.Batch":"",
"RDRecordDetails.origTaxSalePrice":"{{details_list.price}}",
"RDRecordDetails.DetailMemo":"来自旺店通{{details_list.stockout_id}}","RDRecordDetails.Price":"",
"RDRecordDetails.Amount":""}}"#;

/// What plugins get beside their settings.
pub(crate) fn environment() -> String {
    json!({
        "time_zone": "Asia/Shanghai",
        "source": catalogue(SOURCE),
        "target": catalogue(TARGET),
    })
    .to_string()
}

/// An order of `lines` lines with every field; two lines make about eight thousand bytes.
pub(crate) fn order(number: usize, lines: usize) -> String {
    let document: DocumentMut = SOURCE.parse().unwrap();
    let fields = document["fields"].as_table_like().unwrap();
    let mut order = object(fields, "", number, lines);
    order.insert("order_no".to_owned(), json!(format!("CK{number:012}")));
    order.insert("consign_time".to_owned(), json!("2026-11-05 13:45:12"));
    Value::Object(order).to_string()
}

fn object(fields: &dyn TableLike, prefix: &str, number: usize, lines: usize) -> Map<String, Value> {
    let mut made = Map::new();
    for (path, field) in fields.iter() {
        let Some(name) = path.strip_prefix(prefix) else {
            continue;
        };
        if name.contains('.') {
            continue;
        }
        let digits = number * 7 + name.len();
        let value = match field["type"].as_str().unwrap() {
            "decimal" if name.len() % 2 == 0 => json!(format!("{}.5000", digits % 90)),
            "decimal" => serde_json::from_str(&format!("{}.2500", digits % 90)).unwrap(),
            "integer" => json!(digits % 10),
            "datetime" => json!("2026-11-05 13:45:12"),
            "array" => {
                let below = format!("{path}.");
                let count = if prefix.is_empty() { lines } else { 1 };
                (0..count)
                    .map(|line| Value::Object(object(fields, &below, number + line, lines)))
                    .collect()
            }
            _ if name.ends_with("_id") || name.ends_with("_no") => json!(format!("{digits:08}")),
            _ if name.contains("name") || name.contains("address") => json!("浙江省杭州市西湖区某街1号"),
            _ => json!(""),
        };
        made.insert(name.to_owned(), value);
    }
    made
}

fn catalogue(text: &str) -> Value {
    let document: DocumentMut = text.parse().unwrap();
    let word = |key: &str| document.get(key).and_then(|item| item.as_str());
    let fields: Vec<Value> = document["fields"]
        .as_table_like()
        .unwrap()
        .iter()
        .map(|(path, field)| {
            let flag = |key: &str| field.get(key).and_then(|item| item.as_bool()).unwrap_or(false);
            json!({
                "path": path,
                "label": field["label"].as_str(),
                "type": field["type"].as_str(),
                "by": field.get("by").and_then(|item| item.as_str()),
                "required": flag("required"),
                "personal": flag("personal"),
            })
        })
        .collect();
    json!({
        "system": word("system"),
        "api": word("api"),
        "title": word("title"),
        "wrapper": word("wrapper"),
        "fields": fields,
    })
}
