//! Conditions over a handful of fields.

use super::parse;
use std::collections::BTreeMap;

fn holds(condition: &str) -> bool {
    let fields: BTreeMap<&str, &str> = BTreeMap::from([
        ("order_type", "1.0000"),
        ("shop_no", "0101"),
        ("shop_name", "蓝猫旗舰店"),
        ("list.refund_status", "3"),
        ("price", "19.80"),
        ("debt", "-2"),
        ("count", "1E+1"),
        ("id", "123456789012345678901234567890"),
        ("date", "2023-11-14"),
        ("not", "5"),
    ]);
    let parsed = parse(condition).unwrap_or_else(|error| panic!("{condition}: {error:?}"));
    let resolved = parsed
        .resolve(&mut |path: String| Ok::<_, ()>(fields.get(path.as_str()).copied().unwrap_or_default()))
        .unwrap();
    resolved.holds(&mut |text: &str| Ok(text.to_owned())).unwrap()
}

#[test]
fn compares_as_decimals_if_both_sides_are() {
    for condition in [
        "order_type = 1",
        "order_type == '1.00'",
        "not = 5",
        "order_type != 2",
        "price > 9.9",
        "price >= 19.8",
        "price < 100",
        "price <= 19.80000",
        "debt < 1",
        "debt < -1.5",
        "debt > -10",
        "count = 10",
        "id = 123456789012345678901234567890.0",
        "id != 123456789012345678901234567891",
        "list.refund_status in 2,3,4,5",
        "list.refund_status in (2, 3.0)",
        "list.refund_status not in 0,1",
        "list.refund_status NOT IN (0)",
    ] {
        assert!(holds(condition), "{condition}");
    }
    for condition in [
        "order_type != 1",
        "price > 19.8",
        "list.refund_status not in 2,3",
        "debt > 0",
        "id < 5",
    ] {
        assert!(!holds(condition), "{condition}");
    }
}

#[test]
fn compares_as_text_otherwise() {
    for condition in [
        "shop_no = 0101",
        "shop_no != 101",
        "shop_no != '101'",
        "shop_name = 蓝猫旗舰店",
        "missing = ''",
        "missing != 0",
        "date >= 2023-11-01",
        "date < '2023-12'",
    ] {
        assert!(holds(condition), "{condition}");
    }
}

#[test]
fn like_takes_percent_for_any_text() {
    for condition in [
        "shop_name like 旗舰",
        "shop_name like '蓝猫%'",
        "shop_name like %店",
        "shop_name like 蓝%舰%",
        "shop_name not like 红%",
    ] {
        assert!(holds(condition), "{condition}");
    }
    for condition in [
        "shop_name like '%蓝猫'",
        "shop_name like 蓝%蓝%",
        "shop_name not like 蓝",
        "missing like x",
    ] {
        assert!(!holds(condition), "{condition}");
    }
}

#[test]
fn and_binds_tighter_than_or() {
    assert!(holds("order_type = 1 or order_type = 2 and price = 0"));
    assert!(!holds("(order_type = 1 or order_type = 2) and price = 0"));
    assert!(holds("order_type = 2 and price = 0 or shop_no = '0101'"));
    assert!(holds("order_type = 1 AND (price = 0 OR debt = -2)"));
}

#[test]
fn errors_say_what_was_expected() {
    let cases = [
        ("", "when.syntax"),
        ("price", "when.operator"),
        ("price = ", "when.value"),
        ("price = and debt = 1", "when.value"),
        ("price ~ 1", "template.character"),
        ("price = 1 debt = 2", "when.syntax"),
        ("(price = 1", "when.parenthesis"),
        ("price in (1, 2", "when.parenthesis"),
        ("price not 1", "when.operator"),
        ("price = 'x", "when.value"),
        ("= 1", "when.syntax"),
    ];
    for (condition, code) in cases {
        let error = parse(condition).unwrap_err();
        assert_eq!(error.code, code, "{condition}: {}", error.describe());
    }
    let deep = format!("{}a = 1{}", "(".repeat(9), ")".repeat(9));
    assert_eq!(parse(&deep).unwrap_err().code, "when.length");
}
