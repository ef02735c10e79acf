//! Settings that do not compile: every error with its path, its code and what to do.

use super::{SEED_FIELDS, configure, environment, seed_with};
use crate::Table;
use dukou_sdk::{Mapping, SettingError};

fn errors(settings: &str) -> Vec<SettingError> {
    match configure(settings) {
        Ok(_) => panic!("configured: {settings}"),
        Err(errors) => errors,
    }
}

/// Each row of the seed's table that is replaced gives exactly this error.
fn row_error(target: &str, value: &str, code: &str, message: &str) {
    let found = errors(&seed_with(&format!("\"{target}\":{value}"), ""));
    assert_eq!(found.len(), 1, "{target} = {value}: {found:?}");
    assert_eq!(found[0].path, format!("fields.{target}"));
    assert_eq!(found[0].code, code, "{value}: {}", found[0].message);
    assert!(found[0].message.contains(message), "{value}: {}", found[0].message);
}

#[test]
fn bad_templates_say_where_and_what_to_write() {
    let cases = [
        (
            "\"{{cs_remark\"",
            "template.unclosed",
            "at character 1: {{ without }} after it",
        ),
        ("\"备注{{cs_remark\"", "template.unclosed", "at character 3"),
        ("\"cs_remark}}\"", "template.unopened", "at character 10"),
        ("\"{{}}\"", "template.empty", "nothing between"),
        (
            "\"{{cs_remark|dat}}\"",
            "template.format",
            "at character 13: unknown format dat; did you mean date?",
        ),
        (
            "\"{{consign_time dat}}\"",
            "template.format",
            "a blank may only stand before a format",
        ),
        (
            "\"{{cs_remark||date}}\"",
            "template.syntax",
            "expected a format after | and found |",
        ),
        ("\"{{cs_remark|}}\"", "template.syntax", "found the end"),
        ("\"{{|date}}\"", "template.syntax", "no value before |"),
        ("\"{{price/}}\"", "template.syntax", "found the end"),
        ("\"{{(price}}\"", "template.parenthesis", "expected ) and found the end"),
        ("\"{{price|round}}\"", "template.argument", "write round(2)"),
        ("\"{{price|round(x)}}\"", "template.argument", "0 to 28"),
        ("\"{{price|round(29)}}\"", "template.argument", "0 to 28"),
        ("\"{{shop_no|lookup()}}\"", "template.argument", "lookup(table)"),
        ("\"{{shop_no|lookup(a,b,c)}}\"", "template.argument", "lookup(table)"),
        ("\"{{shop_no|lookup(a}}\"", "template.argument", "( without )"),
        ("\"{{lookup(shop_no)}}\"", "template.function", "comes after the value"),
        ("\"{{max(shop_no)}}\"", "template.function", "no function max"),
        ("\"{{'x'*2}}\"", "template.number", "is a text"),
        ("\"{{order_no|or('x}}\"", "template.unclosed", "at character 1"),
        ("\"{{shop_no|upper(x)}}\"", "template.argument", "takes no argument"),
        ("\"{{shop_no｜upper}}\"", "template.character", "write the half-width |"),
        ("\"{{a..b}}\"", "template.path", "empty part"),
        ("\"{{details_list}}\"", "template.path", "is a list"),
        (
            "\"{{details_list.price}}\"",
            "template.list",
            "first(), join(', ') or sum()",
        ),
        (
            "\"{{details_list.position_list.num}}\"",
            "template.list",
            "{{details_list.position_list.num}}:",
        ),
        (
            "\"{{details_list.price|sum()|first()}}\"",
            "template.scope",
            "use one of them",
        ),
        ("\"{{1|sum()}}\"", "template.scope", "needs a source field"),
        ("\"{{sum(sum(price))}}\"", "template.scope", "sum(…) inside another"),
        ("\"_function CASE WHEN 1\"", "template.foreign", "another platform"),
        ("\"${order_no}\"", "template.foreign", "another platform"),
    ];
    for (value, code, message) in cases {
        row_error("Memo", value, code, message);
    }
    let deep = format!("\"{{{{{}price{}}}}}\"", "(".repeat(9), ")".repeat(9));
    row_error("Memo", &deep, "template.length", "parentheses");
    row_error(
        "Memo",
        &format!("\"{{{{a{}}}}}\"", "+a".repeat(40)),
        "template.length",
        "more than 40",
    );
    row_error("Memo", &format!("\"{}\"", "长".repeat(3000)), "template.length", "8192");
    row_error(
        "RDRecordDetails.Price",
        "\"{{details_list.price|sum()}}\"",
        "template.scope",
        "one value per line of details_list",
    );
    row_error(
        "RDRecordDetails.Price",
        "\"{{details_list.position_list.num}}\"",
        "template.list",
        "position_list",
    );
}

#[test]
fn rows_of_the_wrong_shape_say_what_to_write() {
    row_error("BusiType", "15", "row.number", "write \"15\" between quotes");
    row_error("Memo", "true", "row.type", "between quotes");
    row_error("Memo", "null", "row.type", "write \"\"");
    row_error("Memo", "[\"a\"]", "row.type", "one value");
    row_error("DynamicPropertyKeys", "[1]", "row.type", "strings");
    row_error(
        "RDRecordDetails.Price",
        "\"abc\"",
        "field.type",
        "\"abc\" is not a decimal number",
    );
    row_error("VoucherDate", "\"14.11.2023\"", "field.type", "not a date");
    row_error("Partnr", "\"x\"", "field.unknown", "did you mean Partner?");
    row_error(
        "RDRecordDetails.inventry",
        "\"x\"",
        "field.unknown",
        "did you mean RDRecordDetails.Inventory?",
    );
    row_error("RDRecordDetails.dataKey", "\"dto\"", "field.unknown", "delete the row");
    row_error("pubuserdefnvc1", "\"x\"", "field.unknown", "declare");
    row_error("Partner", "\"\"", "required.empty", "requires");
    row_error("Partner", "false", "required.missing", "add \"Partner\"");
    row_error("RDRecordDetails.Inventory", "false", "required.missing", "存货");
    row_error(
        "RDRecordDetails",
        "\"details list\"",
        "array.binding",
        "no name of a list",
    );
    let unquoted = errors(r#"{"fields":{"RDRecordDetails":{"Inventory":"2121"}}}"#);
    assert_eq!(unquoted[0].code, "row.unquoted");
    assert!(
        unquoted[0].message.contains("\"RDRecordDetails.Inventory\" ="),
        "{}",
        unquoted[0].message
    );
}

#[test]
fn lists_that_are_not_bound_are_told_at_each_row() {
    let found = errors(&seed_with(r#""RDRecordDetails":false"#, ""));
    assert!(
        found
            .iter()
            .any(|error| error.code == "array.unbound" && error.path == "fields.RDRecordDetails.Inventory")
    );
    assert!(
        found
            .iter()
            .any(|error| error.code == "required.missing" && error.path == "fields.RDRecordDetails")
    );
}

#[test]
fn each_binds_a_list_that_has_no_row() {
    let lines = r#","lines":{"RDRecordDetails":{"each":"details_list"}}"#;
    let without = SEED_FIELDS.replacen("\"RDRecordDetails\":\"details_list\",", "", 1);
    assert!(configure(&format!("{{\"fields\":{{{without}}}{lines}}}")).is_ok());
    let removed = errors(&seed_with(r#""RDRecordDetails":false"#, lines));
    assert!(
        removed.iter().any(|error| error.code == "required.missing"),
        "{removed:?}"
    );
}

#[test]
fn lines_and_rules_are_checked() {
    let cases = [
        (
            r#","lines":{"RDRecordDetail":{}}"#,
            "lines.RDRecordDetail",
            "lines.unknown",
        ),
        (
            r#","lines":{"RDRecordDetails":{"each":"position_list"}}"#,
            "lines.RDRecordDetails.each",
            "lines.each",
        ),
        (
            r#","lines":{"RDRecordDetails":{"eech":"x"}}"#,
            "lines.RDRecordDetails.eech",
            "settings.unknown",
        ),
        (
            r#","lines":{"RDRecordDetails":{"merge":{"by":["Inventry"]}}}"#,
            "lines.RDRecordDetails.merge.by",
            "merge.field",
        ),
        (
            r#","lines":{"RDRecordDetails":{"merge":{"by":[]}}}"#,
            "lines.RDRecordDetails.merge.by",
            "merge.by",
        ),
        (
            r#","lines":{"RDRecordDetails":{"merge":{"by":["Inventory"],"sum":["Batch"]}}}"#,
            "lines.RDRecordDetails.merge.sum",
            "merge.type",
        ),
        (
            r#","lines":{"RDRecordDetails":{"drop":[{"when":"price > ","reason":"x"}]}}"#,
            "lines.RDRecordDetails.drop[0].when",
            "when.value",
        ),
        (
            r#","lines":{"RDRecordDetails":{"drop":[{"when":"details_list.position_list.num > 0","reason":"x"}]}}"#,
            "lines.RDRecordDetails.drop[0].when",
            "when.scope",
        ),
        (
            r#","skip":[{"when":"details_list.price > 0","reason":"x"}]"#,
            "skip[0].when",
            "when.scope",
        ),
        (
            r#","skip":[{"when":"order_type != 1"}]"#,
            "skip[0].reason",
            "settings.missing",
        ),
        (r#","skip":{"when":"a = 1"}"#, "skip", "settings.type"),
        (r#","skipp":[]"#, "skipp", "settings.unknown"),
        (
            r#","declare":{"pubuserdefnvc1":{"type":"txt"}}"#,
            "declare.pubuserdefnvc1",
            "declare.type",
        ),
        (
            r#","declare":{"Memo":{"type":"decimal"}}"#,
            "declare.Memo",
            "declare.known",
        ),
    ];
    for (more, path, code) in cases {
        let found = errors(&seed_with("\"Memo\":\"x\"", more));
        assert_eq!(found.len(), 1, "{more}: {found:?}");
        assert_eq!(
            (found[0].path.as_str(), found[0].code.as_str()),
            (path, code),
            "{}",
            found[0].message
        );
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let rows = r#""Memo":"{{a","Partnr":"x","RDRecordDetails.Price":"abc","BusiType":15"#;
    let found = errors(&seed_with(rows, r#","skip":[{"when":"a","reason":"x"}]"#));
    let mut paths: Vec<&str> = found.iter().map(|error| error.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "fields.BusiType",
            "fields.Memo",
            "fields.Partnr",
            "fields.RDRecordDetails.Price",
            "skip[0].when"
        ]
    );
}

#[test]
fn declared_fields_are_mapped_like_others() {
    let settings = seed_with(
        r#""pubuserdefnvc1":"{{shop_no}}","Extra.Depth.Level":"3""#,
        r#","declare":{"pubuserdefnvc1":{"type":"text"},"Extra.Depth.Level":{"type":"integer"}}"#,
    );
    let table = configure(&settings).unwrap();
    let document = super::body(super::transform(&table, super::DIRECT));
    assert!(
        document.ends_with(r#""pubuserdefnvc1":"SHOP01","Extra":{"Depth":{"Level":3}}}}"#),
        "{document}"
    );
}

#[test]
fn fields_may_not_stand_in_one_another() {
    let found = errors(&seed_with(
        r#""Memo.Part":"x""#,
        r#","declare":{"Memo.Part":{"type":"text"}}"#,
    ));
    assert_eq!(found[0].code, "field.conflict");
}

#[test]
fn settings_that_are_no_object_and_odd_zones() {
    for settings in ["", "{", "[]", "{\"fields\":[]}", "{}", "null"] {
        assert!(configure(settings).is_err(), "{settings}");
    }
    let zone = environment().replacen("Asia/Shanghai", "Europe/Berlin", 1);
    let found = Table::configure(&format!(r#"{{"fields":{{{SEED_FIELDS}}}}}"#), &zone).unwrap_err();
    assert_eq!(found[0].path, "environment.time_zone");
}
