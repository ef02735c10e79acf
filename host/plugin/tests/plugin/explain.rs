//! Explain on real components: the right origin for every value of the seed's mapping, by hand from its table.

use dukou_core::verdict::Group;
use dukou_guests::forge::{Forge, Said, World};
use dukou_plugin::explain::{
    Effect, ExplainLimits, ExplainedNode, Explanation, Link, Origin, Reason, Stopped, UntriedWhy, explain,
};
use dukou_plugin::{Chain, GroupOutcome, Prepared, SharedTables};
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

fn table(settings: &str) -> Chain {
    chain(prepared(TABLE, settings))
}

fn two_lines() -> Group {
    group("CK000000000003", &order(3, 2))
}

fn explained(chain: &Chain, group: &Group, tables: &SharedTables) -> Explanation {
    explain(chain, group, tables, &ExplainLimits::default()).unwrap()
}

fn node<'e>(explanation: &'e Explanation, path: &str) -> &'e ExplainedNode {
    let nodes = &explanation.documents[0].nodes;
    nodes
        .iter()
        .find(|node| node.path == path)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// Source values that make a value.
fn sources(node: &ExplainedNode) -> Vec<&str> {
    let made = |link: &&Link| link.effect == Effect::Value;
    let paths = node.links.iter().filter(made).filter_map(|link| match &link.origin {
        Origin::Source { path, .. } => Some(path.as_str()),
        _ => None,
    });
    paths.collect()
}

/// Settings that make a value.
fn settings(node: &ExplainedNode) -> Vec<&str> {
    let paths = node.links.iter().filter_map(|link| match &link.origin {
        Origin::Setting { path, .. } if link.effect == Effect::Value => Some(path.as_str()),
        _ => None,
    });
    paths.collect()
}

fn constant(node: &ExplainedNode) -> Option<(&str, Option<&str>)> {
    node.links.iter().find_map(|link| match &link.origin {
        Origin::Constant { plugin, setting } => Some((plugin.as_str(), setting.as_deref())),
        _ => None,
    })
}

/// The seed's target table: target value, source value ("" for a constant), the reference mapping's setting for it.
const SEED: [(&str, &str, &str); 20] = [
    ("ExternalCode", "order_no", ""),
    ("Code", "order_no", ""),
    ("VoucherType.Code", "", "voucher_type"),
    ("Customer.Code", "", "customer"),
    ("Partner.Code", "", "partner"),
    ("VoucherDate", "consign_time", ""),
    ("BusiType.Code", "", "busi_type"),
    ("Warehouse.Code", "", "warehouse"),
    ("DispatchAddress", "receiver_address", ""),
    ("TransDocNo", "logistics_no", ""),
    ("DeliveryCode", "logistics_no", ""),
    ("Memo", "", "memo"),
    ("RDRecordDetails[0].Inventory.Code", "", "inventory"),
    ("RDRecordDetails[0].BaseQuantity", "details_list[0].goods_count", ""),
    ("RDRecordDetails[0].origTaxSalePrice", "details_list[0].price", ""),
    ("RDRecordDetails[0].DetailMemo", "details_list[0].stockout_id", ""),
    ("RDRecordDetails[1].Inventory.Code", "", "inventory"),
    ("RDRecordDetails[1].BaseQuantity", "details_list[1].goods_count", ""),
    ("RDRecordDetails[1].origTaxSalePrice", "details_list[1].price", ""),
    ("RDRecordDetails[1].DetailMemo", "details_list[1].stockout_id", ""),
];

fn check_sources(explanation: &Explanation, by: &str) {
    assert!(explanation.complete, "{:?}", explanation.untried);
    let values = explanation.documents[0]
        .nodes
        .iter()
        .filter(|node| node.value.is_some());
    assert_eq!(values.count(), SEED.len());
    for (target, source, _) in SEED {
        let node = node(explanation, target);
        let expected: Vec<&str> = Some(source).filter(|path| !path.is_empty()).into_iter().collect();
        assert_eq!(sources(node), expected, "{target}: {:?}", node.links);
        assert_eq!(node.written_by, by);
        // Nothing else of the order has a say in it.
        let others = node
            .links
            .iter()
            .filter(|link| matches!(&link.origin, Origin::Source { path, .. } if path != source));
        assert_eq!(others.count(), 0, "{target}: {:?}", node.links);
    }
    for number in 0..2 {
        let line = node(explanation, &format!("RDRecordDetails[{number}]"));
        let expected = Origin::Source {
            record: 0,
            key: "CK000000000003".to_owned(),
            path: format!("details_list[{number}]"),
        };
        let from: Vec<&Origin> = line.links.iter().map(|link| &link.origin).collect();
        assert_eq!(from, [&expected]);
        assert_eq!(line.links[0].effect, Effect::Line);
    }
}

#[test]
fn the_table_names_source_and_setting_of_every_value() {
    let explanation = explained(&table(TABLE_SETTINGS), &two_lines(), &no_tables());
    check_sources(&explanation, "table");
    for (target, _, _) in SEED {
        let node = node(&explanation, target);
        let plain: String = target.replace("[0]", "").replace("[1]", "");
        let row = format!("fields.{}", plain.trim_end_matches(".Code"));
        assert_eq!(settings(node), [row.as_str()], "{target}: {:?}", node.links);
        assert_eq!(constant(node), None);
    }
    let refused: Vec<&str> = explanation.untried.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(refused, ["table fields.RDRecordDetails"]);
    assert_eq!(explanation.untried[0].why, UntriedWhy::Refused);
}

#[test]
fn the_reference_mapping_has_constants_of_its_own_until_settings_are_given() {
    let explanation = explained(&chain(prepared(WDT_TO_TPLUS, "{}")), &two_lines(), &no_tables());
    check_sources(&explanation, "wdt-to-tplus");
    for (target, source, setting) in SEED {
        let node = node(&explanation, target);
        let expected = source.is_empty().then_some(("wdt-to-tplus", Some(setting)));
        assert_eq!(constant(node), expected, "{target}: {:?}", node.links);
        assert!(settings(node).is_empty(), "{target}");
    }
    let given = r#"{"voucher_type":"ST1021","customer":"C","partner":"P","busi_type":"15","warehouse":"W","inventory":"I","memo":"M"}"#;
    let explanation = explained(&chain(prepared(WDT_TO_TPLUS, given)), &two_lines(), &no_tables());
    check_sources(&explanation, "wdt-to-tplus");
    for (target, source, setting) in SEED {
        let node = node(&explanation, target);
        assert_eq!(constant(node), None, "{target}: {:?}", node.links);
        // What a line's memo begins with is a setting too.
        let expected = if target.ends_with("DetailMemo") {
            "memo"
        } else {
            setting
        };
        assert_eq!(settings(node).join(","), expected, "{target} {source}");
    }
}

#[test]
fn a_look_up_names_the_row_and_the_value_that_is_looked_up() {
    let settings = TABLE_SETTINGS.replace(
        r#""Warehouse":"TEST_CK01""#,
        r#""Warehouse":"{{warehouse_no|lookup(仓库对照)}}""#,
    );
    let order = two_lines();
    let body: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    let key = body["warehouse_no"].as_str().unwrap();
    let row = format!(r#"{{"仓库编号":"{key}","编码":"CK01"}}"#);
    let tables = MapTables::shared(&[("仓库对照", key, &row), ("仓库对照", "other", &row)]);
    let explanation = explained(&table(&settings), &order, &tables);
    let warehouse = node(&explanation, "Warehouse.Code");
    assert_eq!(sources(warehouse), ["warehouse_no"], "{:?}", warehouse.links);
    let row = Origin::Lookup {
        table: "仓库对照".to_owned(),
        key: key.to_owned(),
        column: Some("编码".to_owned()),
        found: true,
    };
    assert!(
        warehouse.links.contains(&Link {
            origin: row,
            effect: Effect::Value
        }),
        "{:?}",
        warehouse.links
    );
    assert_eq!(
        sources(node(&explanation, "TransDocNo")),
        ["logistics_no"],
        "equal values are not confused"
    );
    // Without a row the group is refused, and the missing row is the reason.
    let explanation = explained(&table(&settings), &order, &no_tables());
    let [reason] = &explanation.reasons[..] else {
        panic!("{:?}", explanation.reasons)
    };
    assert!(
        matches!(&reason.reason, Reason::Violation { by, violation } if by == "table" && violation.code == "lookup.miss")
    );
    let miss = |origin: &Origin| matches!(origin, Origin::Lookup { table, found: false, .. } if table == "仓库对照");
    let source = |origin: &Origin| matches!(origin, Origin::Source { path, .. } if path == "warehouse_no");
    assert!(
        reason.origins.iter().any(miss) && reason.origins.iter().any(source),
        "{:?}",
        reason.origins
    );
}

#[test]
fn conditions_decide_lines_and_documents_without_making_values() {
    let settings = TABLE_SETTINGS.strip_suffix('}').unwrap().to_owned()
        + r#","skip":[{"when":"trade_status = 95","reason":"no"}],
            "lines":{"RDRecordDetails":{"drop":[{"when":"details_list.gift_type != 0","reason":"gift"}]}}}"#;
    let mut order = two_lines();
    let mut body: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    body["trade_status"] = 5.into();
    let first = body["details_list"][0].clone();
    // Three lines, the first two alike in every value.
    body["details_list"].as_array_mut().unwrap().insert(0, first);
    for line in body["details_list"].as_array_mut().unwrap() {
        line["gift_type"] = 0.into();
    }
    order.records[0].body = body.to_string();
    let explanation = explained(&table(&settings), &order, &no_tables());
    for number in 0..3 {
        let line = node(&explanation, &format!("RDRecordDetails[{number}]"));
        let from: Vec<&str> = line
            .links
            .iter()
            .map(|link| match &link.origin {
                Origin::Source { path, .. } => path.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            from,
            [
                format!("details_list[{number}]"),
                format!("details_list[{number}].gift_type")
            ]
        );
        let quantity = node(&explanation, &format!("RDRecordDetails[{number}].BaseQuantity"));
        assert_eq!(
            sources(quantity),
            [format!("details_list[{number}].goods_count")],
            "{:?}",
            quantity.links
        );
    }
    // 95 is no neighbour of 5: it is tried because a setting compares with it.
    let gate = explanation
        .gates
        .iter()
        .find(|gate| gate.leads_to == Stopped::Skipped)
        .unwrap();
    assert!(
        matches!(&gate.origin, Origin::Source { path, .. } if path == "trade_status"),
        "{gate:?}"
    );
}

#[test]
fn merged_lines_come_from_all_their_parts() {
    let settings = TABLE_SETTINGS.strip_suffix('}').unwrap().to_owned()
        + r#","lines":{"RDRecordDetails":{"merge":{"by":["Inventory","origTaxSalePrice","DetailMemo"],"sum":["BaseQuantity"]}}}}"#;
    let mut order = two_lines();
    let mut body: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    body["details_list"][1] = body["details_list"][0].clone();
    order.records[0].body = body.to_string();
    let explanation = explained(
        &Chain::new(prepared(TABLE, &settings), vec![], vec![]).unwrap(),
        &order,
        &no_tables(),
    );
    assert_eq!(
        explanation.documents[0]
            .nodes
            .iter()
            .filter(|node| node.value.is_none())
            .count(),
        1
    );
    let both = |field: &str| vec![format!("details_list[0].{field}"), format!("details_list[1].{field}")];
    assert_eq!(
        sources(node(&explanation, "RDRecordDetails[0].BaseQuantity")),
        both("goods_count")
    );
    assert_eq!(
        sources(node(&explanation, "RDRecordDetails[0].origTaxSalePrice")),
        both("price")
    );
}

#[test]
fn what_is_missing_and_what_is_wrong_is_explained_too() {
    let mut order = two_lines();
    let mut body: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    body["logistics_no"] = "".into();
    body.as_object_mut().unwrap().remove("receiver_address");
    order.records[0].body = body.to_string();
    let chain = table(TABLE_SETTINGS);
    let explanation = explained(&chain, &order, &no_tables());
    let absent = |path: &str| -> Vec<&Origin> {
        let nodes = &explanation.documents[0].absent;
        let node = nodes
            .iter()
            .find(|node| node.path == path)
            .unwrap_or_else(|| panic!("no {path}"));
        node.links.iter().map(|link| &link.origin).collect()
    };
    let from = |path: &str| Origin::Source {
        record: 0,
        key: order.key.clone(),
        path: path.to_owned(),
    };
    assert!(absent("TransDocNo").contains(&&from("logistics_no")));
    assert!(absent("DispatchAddress").contains(&&from("receiver_address")));

    body["details_list"][1]["goods_count"] = "3箱".into();
    body["consign_time"] = "0000-00-00 00:00:00".into();
    order.records[0].body = body.to_string();
    let explanation = explained(&chain, &order, &no_tables());
    assert!(explanation.documents.is_empty());
    let causes: Vec<(String, Vec<&str>)> = explanation
        .reasons
        .iter()
        .map(|one| match &one.reason {
            Reason::Violation { violation, .. } => {
                let paths = one.origins.iter().filter_map(|origin| match origin {
                    Origin::Source { path, .. } => Some(path.as_str()),
                    _ => None,
                });
                (violation.target_path.clone().unwrap(), paths.collect())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let cause = |path: &str| {
        causes
            .iter()
            .find(|(target, _)| target == path)
            .map(|(_, paths)| paths.clone())
    };
    assert_eq!(cause("VoucherDate"), Some(vec!["consign_time"]), "{causes:?}");
    assert_eq!(
        cause("RDRecordDetails[1].BaseQuantity"),
        Some(vec!["details_list[1].goods_count"]),
        "{causes:?}"
    );
}

#[test]
fn what_the_source_masked_is_explained_as_missing() {
    let mut order = two_lines();
    let mut body: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    body["receiver_address"] = "******".into();
    order.records[0].body = body.to_string();
    for chain in [table(TABLE_SETTINGS), chain(prepared(WDT_TO_TPLUS, "{}"))] {
        let explanation = explained(&chain, &order, &no_tables());
        let absent = &explanation.documents[0].absent;
        let address = absent.iter().find(|node| node.path == "DispatchAddress").unwrap();
        let from = |link: &Link| matches!(&link.origin, Origin::Source { path, .. } if path == "receiver_address");
        assert!(address.links.iter().any(from), "{:?}", address.links);
    }
}

#[test]
fn a_fault_is_not_blamed_on_what_an_earlier_plugin_refuses() {
    let mut forge = Forge::honest(World::Validator, &[]);
    forge.act = format!("unreachable {}", forge.act);
    let trap = prepared(&forge.forge(), "{}");
    let chain = Chain::new(
        prepared(WDT_TO_TPLUS, "{}"),
        vec![],
        vec![prepared(VOUCHER_CHECKS, "{}"), trap],
    )
    .unwrap();
    let explanation = explained(&chain, &two_lines(), &no_tables());
    assert!(
        matches!(&explanation.reasons[0].reason, Reason::Fault(_)),
        "{:?}",
        explanation.reasons
    );
    let source = |origin: &&Origin| matches!(origin, Origin::Source { .. });
    assert_eq!(
        explanation.reasons[0].origins.iter().filter(source).count(),
        0,
        "{:?}",
        explanation.reasons
    );
}

#[test]
fn a_refusing_validation_leaves_the_documents_explained() {
    let strict = prepared(VOUCHER_CHECKS, r#"{"max_text":5}"#);
    let chain = Chain::new(prepared(WDT_TO_TPLUS, "{}"), vec![], vec![strict]).unwrap();
    let explanation = explained(&chain, &two_lines(), &no_tables());
    assert!(matches!(explanation.outcome, GroupOutcome::Rejected { .. }));
    assert_eq!(sources(node(&explanation, "DispatchAddress")), ["receiver_address"]);
    let limit = |origin: &Origin| matches!(origin, Origin::Setting { plugin, path } if plugin == "voucher-checks" && path == "max_text");
    assert!(
        explanation.reasons.iter().any(|one| one.origins.iter().any(limit)),
        "{:?}",
        explanation.reasons
    );
}

#[test]
fn the_work_is_bounded_and_what_was_left_out_is_named() {
    let order = group("CK1", &order(1, 60));
    let chain = Chain::new(prepared(WDT_TO_TPLUS, "{}"), vec![], vec![]).unwrap();
    let limits = ExplainLimits {
        lines: 3,
        focus: vec![41],
        ..ExplainLimits::default()
    };
    let explanation = explain(&chain, &order, &no_tables(), &limits).unwrap();
    assert_eq!(explanation.untried[0].what, "details_list[3…59]");
    assert_eq!(explanation.untried[0].why, UntriedWhy::Lines);
    for number in [0, 2, 41] {
        let node = node(&explanation, &format!("RDRecordDetails[{number}].BaseQuantity"));
        assert_eq!(sources(node), [format!("details_list[{number}].goods_count")]);
    }
    let other = node(&explanation, "RDRecordDetails[17].BaseQuantity");
    let column = Origin::Column {
        path: "details_list[].goods_count".to_owned(),
    };
    assert_eq!(
        other.links,
        [Link {
            origin: column,
            effect: Effect::Value
        }]
    );
    let tight = ExplainLimits {
        groups: 100,
        calls: 3,
        ..ExplainLimits::default()
    };
    let explanation = explain(&chain, &order, &no_tables(), &tight).unwrap();
    assert!(!explanation.complete);
    assert!(explanation.effort.groups <= 110, "{:?}", explanation.effort);
}

#[test]
fn an_adjustment_is_named_where_it_wrote_last() {
    // A component made by hand: it answers every order with the same document, two of its values the mapping's own.
    let body = r#"{"dto":{"ExternalCode":"CK1","Memo":"by hand","VoucherDate":"2026-11-05"}}"#;
    let forged = Forge::honest(World::Adjuster, &[Said::document(body)]).forge();
    let mut order = two_lines();
    order.key = "CK1".to_owned();
    let mut record: serde_json::Value = serde_json::from_str(&order.records[0].body).unwrap();
    record["order_no"] = "CK1".into();
    record["details_list"].as_array_mut().unwrap().truncate(1);
    order.records[0].body = record.to_string();
    let adjusting = prepared(&forged, "{}");
    let name = adjusting.plugin().name();
    let chain = Chain::new(prepared(WDT_TO_TPLUS, "{}"), vec![adjusting], vec![]).unwrap();
    let explanation = explained(&chain, &order, &no_tables());
    for path in ["ExternalCode", "Memo", "VoucherDate"] {
        // Equal to what the mapping made or not: with other orders it stays, so it is the adjustment's.
        let node = node(&explanation, path);
        assert_eq!(constant(node), Some((name.as_str(), None)), "{path}: {:?}", node.links);
        assert_eq!(node.written_by, name, "{path}");
    }
}
