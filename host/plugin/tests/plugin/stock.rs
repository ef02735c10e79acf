//! The stock plugins on a whole order: the table and the Rust mapping make the same document, byte for byte.

use dukou_core::verdict::{Group, Mapped};
use dukou_plugin::{Chain, GroupOutcome, Prepared};
use dukou_stock::{TABLE, VOUCHER_CHECKS, WDT_TO_TPLUS};

use crate::fixture::{MapTables, group, no_tables, runtime};
use crate::sample::{TABLE_SETTINGS, environment, order};

fn prepared(component: &[u8], settings: &str) -> Prepared {
    let plugin = runtime().load(component).unwrap();
    runtime().configure(&plugin, settings, &environment()).unwrap()
}

fn chain(mapping: Prepared) -> Chain {
    Chain::new(mapping, Vec::new(), vec![prepared(VOUCHER_CHECKS, "{}")]).unwrap()
}

fn orders(count: usize) -> Vec<Group> {
    (0..count)
        .map(|number| group(&format!("CK{number:012}"), &order(number, 2)))
        .collect()
}

fn mapped(outcome: &GroupOutcome) -> &Mapped {
    match outcome {
        GroupOutcome::Mapped(mapped) => mapped,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_table_and_the_reference_mapping_agree_to_the_byte() {
    let orders = orders(20);
    let table = chain(prepared(TABLE, TABLE_SETTINGS)).run(&orders, &no_tables());
    let reference = chain(prepared(WDT_TO_TPLUS, "{}")).run(&orders, &no_tables());
    assert_eq!(table.outcomes.len(), 20);
    for (index, (left, right)) in table.outcomes.iter().zip(&reference.outcomes).enumerate() {
        let (left, right) = (mapped(left), mapped(right));
        assert_eq!(left, right);
        let key = format!(r#"{{"dto":{{"ExternalCode":"CK{index:012}""#);
        assert!(left.documents[0].body.starts_with(&key), "{}", left.documents[0].body);
    }
    // One run of the mapping and one of the validation for the whole batch.
    assert_eq!(table.runs.len(), 2);
}

#[test]
fn the_answer_to_an_order_does_not_depend_on_its_batch() {
    let orders = orders(7);
    let chain = chain(prepared(TABLE, TABLE_SETTINGS));
    let together = chain.run(&orders, &no_tables());
    for (index, order) in orders.iter().enumerate() {
        let alone = chain.run(std::slice::from_ref(order), &no_tables());
        assert_eq!(alone.outcomes[0], together.outcomes[index]);
    }
}

#[test]
fn a_projection_is_a_small_part_of_the_order() {
    let body = order(1, 2);
    assert!((7_000..10_000).contains(&body.len()), "{}", body.len());
    let prepared = prepared(TABLE, TABLE_SETTINGS);
    let cut = prepared.needs().apply(&body).unwrap();
    assert!(cut.len() * 10 < body.len(), "{} of {}", cut.len(), body.len());
    assert!(prepared.tables().is_empty());
}

#[test]
fn look_ups_are_answered_from_the_tables_and_a_miss_rejects() {
    let settings = TABLE_SETTINGS.replace(
        r#""Warehouse":"TEST_CK01""#,
        r#""Warehouse":"{{warehouse_no|lookup(仓库对照)}}""#,
    );
    let mapping = prepared(TABLE, &settings);
    assert_eq!(mapping.tables(), ["仓库对照"]);
    let chain = chain(mapping);
    let orders = orders(2);
    let order: serde_json::Value = serde_json::from_str(&orders[0].records[0].body).unwrap();
    let known = order["warehouse_no"].as_str().unwrap();
    let row = format!(r#"{{"仓库编号":"{known}","编码":"CK01"}}"#);
    let tables = MapTables::shared(&[("仓库对照", known, &row)]);
    let report = chain.run(&orders, &tables);
    let body = &mapped(&report.outcomes[0]).documents[0].body;
    assert!(body.contains(r#""Warehouse":{"Code":"CK01"}"#), "{body}");
    let GroupOutcome::Rejected { by, violations, .. } = &report.outcomes[1] else {
        panic!("{:?}", report.outcomes[1]);
    };
    assert_eq!((by.as_str(), violations[0].code.as_str()), ("table", "lookup.miss"));
    assert!(report.runs[0].report.usage.host_calls > 0);
}
