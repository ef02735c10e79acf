//! Groups of several records, lines that join, documents that are split.

use super::{Rows, configure, mapped, record, rejected, seed_with};
use crate::Table;
use dukou_sdk::{Group, Mapping, Verdict};

fn order(number: &str, shop: &str, address: &str, lines: &[(&str, &str, &str)]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|(count, price, gift)| {
            format!(r#"{{"goods_count":"{count}","price":"{price}","stockout_id":"7","gift_type":"{gift}"}}"#)
        })
        .collect();
    format!(
        r#"{{"order_no":"{number}","shop_no":"{shop}","consign_time":"2023-11-14 10:00:00","receiver_address":"{address}",
        "order_type":"1","details_list":[{}]}}"#,
        lines.join(",")
    )
}

fn group(bodies: &[String], extra: &str) -> Group {
    let records = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| record(&format!("R{index}"), body))
        .collect();
    Group {
        key: "SHOP01|2023-11-14|1".to_owned(),
        records,
        extra: extra.to_owned(),
    }
}

fn verdict(table: &Table, bodies: &[String], extra: &str) -> Verdict {
    table.transform(vec![group(bodies, extra)], &Rows).remove(0)
}

const GROUPED: &str = r#""ExternalCode":"{{group.key}}","Code":"{{group.key}}","DispatchAddress":false,"TransDocNo":false,
    "DeliveryCode":false,"Memo":"{{order_no|join(',')}}""#;

fn lines_of(document: &str) -> Vec<serde_json::Value> {
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    document["dto"]["RDRecordDetails"].as_array().unwrap().clone()
}

#[test]
fn members_join_into_one_document() {
    let table = configure(&seed_with(GROUPED, "")).unwrap();
    let bodies = [
        order("A", "S", "x", &[("1.0", "2", "0")]),
        order("B", "S", "y", &[("3", "2", "0"), ("4", "2", "0")]),
    ];
    let mapped = mapped(verdict(&table, &bodies, "{}"));
    let body = &mapped.documents[0].body;
    assert!(
        body.contains(r#""ExternalCode":"SHOP01|2023-11-14|1""#) && body.contains(r#""Memo":"A,B""#),
        "{body}"
    );
    let counts: Vec<String> = lines_of(body)
        .iter()
        .map(|line| line["BaseQuantity"].to_string())
        .collect();
    assert_eq!(counts, ["1.0", "3", "4"]);
}

#[test]
fn members_that_differ_in_a_head_field_reject() {
    let table = configure(&seed_with(
        &format!("{GROUPED},\"DispatchAddress\":\"{{{{receiver_address}}}}\""),
        "",
    ))
    .unwrap();
    let bodies = [
        order("A", "S", "x", &[("1", "2", "0")]),
        order("B", "S", "y", &[("3", "2", "0")]),
    ];
    let violations = rejected(verdict(&table, &bodies, "{}"));
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].code, "merge.disagree");
    assert_eq!(violations[0].target_path.as_deref(), Some("DispatchAddress"));
    assert_eq!(violations[0].extra, r#"{"record":"R1"}"#);
    assert!(violations[0].message.contains("first()"));
    let first = format!("{GROUPED},\"Memo\":\"{{{{receiver_address|first()}}}}\"");
    let table = configure(&seed_with(&first, "")).unwrap();
    assert!(
        mapped(verdict(&table, &bodies, "{}")).documents[0]
            .body
            .contains(r#""Memo":"x""#)
    );
}

const RULES: &str = r#","skip":[{"when":"order_type != 1 or shop_no = 'X'","reason":"非销售出库"}],
    "lines":{"RDRecordDetails":{"drop":[{"when":"details_list.gift_type != 0","reason":"赠品"}]}}"#;

#[test]
fn skipped_members_and_dropped_lines_are_omissions() {
    let table = configure(&seed_with(
        &format!("{GROUPED},\"Memo\":\"{{{{sum(details_list.goods_count)}}}}\""),
        RULES,
    ))
    .unwrap();
    let bodies = [
        order("A", "X", "x", &[("1", "2", "0")]),
        order("B", "S", "y", &[("3", "2", "0"), ("5", "0", "1")]),
        order("C", "S", "y", &[("7", "0", "1")]),
    ];
    let mapped = mapped(verdict(&table, &bodies, "{}"));
    let omitted: Vec<_> = mapped
        .omitted
        .iter()
        .map(|o| (o.member, o.path.as_str(), o.reason.as_str()))
        .collect();
    assert_eq!(
        omitted,
        [
            (0, "", "非销售出库"),
            (1, "details_list[1]", "赠品"),
            (2, "details_list[0]", "赠品")
        ]
    );
    let body = &mapped.documents[0].body;
    assert_eq!(lines_of(body).len(), 1);
    assert!(
        body.contains(r#""Memo":"3""#),
        "totals leave out what was dropped: {body}"
    );
}

#[test]
fn a_group_with_nothing_left_is_skipped_with_every_reason() {
    let table = configure(&seed_with(GROUPED, RULES)).unwrap();
    let bodies = [
        order("A", "X", "x", &[("1", "2", "0")]),
        order("B", "S", "y", &[("5", "0", "1")]),
    ];
    assert_eq!(
        verdict(&table, &bodies, "{}"),
        Verdict::Skipped("非销售出库; all 1 lines are left out: 赠品 (1)".to_owned())
    );
}

#[test]
fn a_member_without_lines_rejects_the_group() {
    let table = configure(&seed_with(GROUPED, "")).unwrap();
    for empty in ["null", "\"\"", "[]"] {
        let second = order("B", "S", "x", &[]).replace("[]", empty);
        let bodies = [order("A", "S", "x", &[("1", "2", "0")]), second];
        let violations = rejected(verdict(&table, &bodies, "{}"));
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].code, "required");
        assert_eq!(violations[0].target_path.as_deref(), Some("RDRecordDetails"));
        assert_eq!(violations[0].source_path.as_deref(), Some("details_list"));
    }
}

const MERGE: &str =
    r#","lines":{"RDRecordDetails":{"merge":{"by":["origTaxSalePrice"],"sum":["BaseQuantity","Amount"]}}}"#;

#[test]
fn lines_join_by_equal_numbers_and_keep_the_first_spelling() {
    let rows = r#""RDRecordDetails.DetailMemo":false,"RDRecordDetails.Amount":"{{details_list.amount}}""#;
    let table = configure(&seed_with(rows, MERGE)).unwrap();
    let body = order(
        "A",
        "S",
        "x",
        &[
            ("1.50", "2.0", "0"),
            ("1", "3", "0"),
            ("2", "2", "0"),
            ("-1.5", "2.000", "0"),
        ],
    );
    let mapped = mapped(verdict(&table, &[body], "{}"));
    let lines = lines_of(&mapped.documents[0].body);
    assert_eq!(
        serde_json::to_string(&lines).unwrap(),
        concat!(
            r#"[{"Inventory":{"Code":"2121"},"BaseQuantity":2.00,"origTaxSalePrice":2.0},"#,
            r#"{"Inventory":{"Code":"2121"},"BaseQuantity":1,"origTaxSalePrice":3}]"#
        )
    );
}

#[test]
fn lines_that_differ_elsewhere_reject_with_both_values() {
    let rows = r#""RDRecordDetails.DetailMemo":"{{details_list.gift_type}}""#;
    let table = configure(&seed_with(rows, MERGE)).unwrap();
    let body = order("A", "S", "x", &[("1", "2", "0"), ("1", "3", "9"), ("2", "2", "5")]);
    let violations = rejected(verdict(&table, &[body], "{}"));
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].code, "merge.disagree");
    assert_eq!(
        violations[0].target_path.as_deref(),
        Some("RDRecordDetails[2].DetailMemo")
    );
    assert_eq!(violations[0].source_path.as_deref(), Some("details_list[2].gift_type"));
    assert!(
        violations[0].message.contains("\"0\" and \"5\" differ"),
        "{}",
        violations[0].message
    );
}

#[test]
fn max_lines_splits_and_the_key_carries_the_suffix() {
    let table = configure(&seed_with(GROUPED, "")).unwrap();
    let lines = [
        ("1", "2", "0"),
        ("2", "2", "0"),
        ("3", "2", "0"),
        ("4", "2", "0"),
        ("5", "2", "0"),
    ];
    let mapped = mapped(verdict(
        &table,
        &[order("A", "S", "x", &lines)],
        r#"{"max_lines":2,"other":[]}"#,
    ));
    let parts: Vec<(String, usize, bool)> = mapped
        .documents
        .iter()
        .map(|document| {
            let key = format!("\"ExternalCode\":\"SHOP01|2023-11-14|1{}\"", document.suffix);
            (
                document.suffix.clone(),
                lines_of(&document.body).len(),
                document.body.contains(&key),
            )
        })
        .collect();
    assert_eq!(
        parts,
        [
            ("".to_owned(), 2, true),
            ("-p2".to_owned(), 2, true),
            ("-p3".to_owned(), 1, true)
        ]
    );
}

#[test]
fn totals_and_line_keys_do_not_survive_a_split() {
    let rows = format!(
        "{GROUPED},\"Memo\":\"{{{{details_list.goods_count|sum()}}}}\",\"RDRecordDetails.DetailMemo\":\"{{{{group.key}}}}\""
    );
    let table = configure(&seed_with(&rows, "")).unwrap();
    let body = order("A", "S", "x", &[("1", "2", "0"), ("2", "2", "0")]);
    assert_eq!(
        rejected(verdict(&table, std::slice::from_ref(&body), r#"{"max_lines":1}"#)).len(),
        2
    );
    assert_eq!(
        mapped(verdict(&table, &[body], r#"{"max_lines":2}"#)).documents.len(),
        1
    );
}

#[test]
fn broken_records_name_themselves() {
    let table = configure(&seed_with(GROUPED, RULES)).unwrap();
    for broken in [
        "",
        "[]",
        "{\"order_type\":1,\"details_list\":5}",
        "{\"order_type\":1,\"details_list\":[1]}",
        "{\"order_type\":{\"a\":1},\"details_list\":[{}]}",
    ] {
        let violations = rejected(verdict(&table, &[broken.to_owned()], "{}"));
        assert!(
            violations.iter().any(|violation| violation.code == "type"),
            "{broken}: {violations:?}"
        );
        assert!(violations.iter().all(|violation| violation.target_path.is_some()));
    }
    let none: [String; 0] = [];
    assert_eq!(
        rejected(verdict(&table, &none, "{}"))[0].target_path.as_deref(),
        Some("dto")
    );
    let whole = order("A", "S", "x", &[("1", "2", "0")]);
    assert_eq!(
        rejected(verdict(&table, &[whole], "{\"max_lines\":0}"))[0].code,
        "expression"
    );
}

#[test]
fn at_most_fifty_violations_are_told() {
    let table = configure(&seed_with(
        "\"RDRecordDetails.Price\":\"{{details_list.price|round(2)}}\"",
        "",
    ))
    .unwrap();
    let lines = vec![("1", "abc", "0"); 80];
    let violations = rejected(verdict(&table, &[order("A", "S", "x", &lines)], "{}"));
    assert_eq!(violations.len(), 50);
    assert!(
        violations[49].message.ends_with("(and 110 more violations)"),
        "{}",
        violations[49].message
    );
}

/// Answers nothing, or too little.
struct Silent;

impl dukou_sdk::Lookups for Silent {
    fn lookup(&self, _table: &str, _keys: &[String]) -> Vec<Option<String>> {
        Vec::new()
    }
}

#[test]
fn a_host_that_does_not_answer_rejects_even_with_or() {
    let table = configure(&seed_with("\"Memo\":\"{{shop_no|lookup(客户对照)|or('x')}}\"", "")).unwrap();
    let verdicts = table.transform(vec![group(&[order("A", "S", "x", &[("1", "2", "0")])], "{}")], &Silent);
    let violations = rejected(verdicts.into_iter().next().unwrap());
    assert_eq!((violations[0].code.as_str(), violations.len()), ("expression", 1));
}
