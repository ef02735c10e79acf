//! Whole tables over whole orders. The catalogues are the real ones of both APIs; orders are those of
//! `docs/reference/systems/wdt.md` §7.2 in both styles, with invented values.

mod groups;
mod properties;
mod scheme;
mod settings;
mod templates;

use crate::Table;
use dukou_sdk::{Group, Lookups, Mapped, Mapping, SettingError, SourceRecord, Verdict, Violation};

const SOURCE: &str = include_str!("../../../host/connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
const TARGET: &str = include_str!("../../../host/connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");

pub(crate) const DIRECT: &str = include_str!("../fixtures/stockout-direct.json");
pub(crate) const QIMEN: &str = include_str!("../fixtures/stockout-qimen.json");
pub(crate) const RICH: &str = include_str!("../fixtures/stockout-rich.json");

/// The seed's target table, row by row, as JSON in file order.
pub(crate) const SEED_FIELDS: &str = r#"
 "ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021","Customer":"TESTCUST","Partner":"TESTCUST",
 "VoucherDate":"{{consign_time date}}","BusiType":"15","Warehouse":"TEST_CK01","DispatchAddress":"{{receiver_address}}",
 "TransDocNo":"{{logistics_no}}","DeliveryCode":"{{logistics_no}}","Memo":"来自旺店通","RDRecordDetails":"details_list",
 "RDRecordDetails.Inventory":"2121","RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}",
 "RDRecordDetails.Batch":"","RDRecordDetails.origTaxSalePrice":"{{details_list.price}}",
 "RDRecordDetails.DetailMemo":"来自旺店通{{details_list.stockout_id}}","RDRecordDetails.Price":"","RDRecordDetails.Amount":"""#;

/// Tables with two columns; the second is `V-` and the key. Keys that begin with `NO` are missing.
pub(crate) struct Rows;

impl Lookups for Rows {
    fn lookup(&self, table: &str, keys: &[String]) -> Vec<Option<String>> {
        let row = |key: &String| {
            (!key.starts_with("NO")).then(|| format!(r#"{{"编号":"{key}","名称":"V-{key}","表":"{table}","空":""}}"#))
        };
        keys.iter().map(row).collect()
    }
}

/// The environment as the host writes it, from the catalogue files.
pub(crate) fn environment() -> String {
    format!(
        r#"{{"time_zone":"Asia/Shanghai","source":{},"target":{}}}"#,
        catalogue(SOURCE),
        catalogue(TARGET)
    )
}

fn catalogue(text: &str) -> String {
    let table: toml::Table = toml::from_str(text).unwrap();
    let mut catalogue = serde_json::to_value(&table).unwrap();
    let fields = catalogue["fields"].as_object().unwrap().clone();
    let fields = fields.into_iter().map(|(path, mut field)| {
        field["path"] = path.into();
        field
    });
    catalogue["fields"] = fields.collect();
    catalogue.to_string()
}

pub(crate) fn configure(settings: &str) -> Result<Table, Vec<SettingError>> {
    Table::configure(settings, &environment()).map(|(table, _)| table)
}

/// The seed's table with other rows and more settings: `rows` replace or follow, `more` is written beside `fields`.
pub(crate) fn seed_with(rows: &str, more: &str) -> String {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{SEED_FIELDS}}}")).unwrap();
    let rows: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&format!("{{{rows}}}")).unwrap();
    fields.extend(rows);
    format!(r#"{{"fields":{}{more}}}"#, serde_json::Value::Object(fields))
}

pub(crate) fn record(key: &str, body: &str) -> SourceRecord {
    SourceRecord::new(key, "2023-11-14T02:06:00Z", body)
}

pub(crate) fn transform(table: &Table, body: &str) -> Verdict {
    let mut verdicts = table.transform(vec![Group::single(record("CK202311140007", body))], &Rows);
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

pub(crate) fn mapped(verdict: Verdict) -> Mapped {
    match verdict {
        Verdict::Mapped(mapped) => mapped,
        Verdict::Skipped(reason) => panic!("skipped: {reason}"),
        Verdict::Rejected(violations) => panic!("rejected: {violations:?}"),
    }
}

pub(crate) fn rejected(verdict: Verdict) -> Vec<Violation> {
    match verdict {
        Verdict::Rejected(violations) => violations,
        other => panic!("not rejected: {other:?}"),
    }
}

pub(crate) fn body(verdict: Verdict) -> String {
    let mapped = mapped(verdict);
    assert_eq!(mapped.documents.len(), 1);
    mapped.documents[0].body.clone()
}
