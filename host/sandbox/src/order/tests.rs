//! Orders: complete, alike for the same seed, adding up, and as quirky as the real ones.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::plan::{Facts, Made, Planner};
use super::{escape_non_ascii, flaw_of, is_escaped, text_at};

fn planner(seed: u64, flawed_per_mille: u32) -> Planner {
    let from = NaiveDate::from_ymd_opt(2026, 11, 1)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    Planner {
        seed,
        from,
        days: 2,
        orders: 400,
        flawed_per_mille,
    }
}

fn made(seed: u64, flawed_per_mille: u32) -> Vec<(Made, Map<String, Value>)> {
    let planner = planner(seed, flawed_per_mille);
    (0..400)
        .map(|index| {
            let made = planner.make(index);
            let Value::Object(body) = serde_json::from_str(&made.text).unwrap() else {
                panic!("no object")
            };
            (made, body)
        })
        .collect()
}

fn lines(body: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    body["details_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_object().unwrap())
        .collect()
}

/// Ten-thousandths of a decimal token, exponents included.
fn e4(text: &str) -> i64 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let part = format!("{part:0<4}");
    let e4: i64 = whole.parse::<i64>().unwrap() * 10_000 + part[..4].parse::<i64>().unwrap();
    e4 * 10_i64.pow(exponent.trim_start_matches('+').parse().unwrap())
}

#[test]
fn every_catalogue_field_is_in_every_order() {
    // Read independently of `catalogue.rs`: the keys before ` = { label`.
    let file = include_str!("../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
    let fields: BTreeSet<&str> = file
        .split("[fields]")
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(" = { label"))
        .map(|(path, _)| path.trim_matches('"'))
        .collect();
    assert_eq!(fields.len(), 231);
    for (made, body) in made(3, 0) {
        let mut found = BTreeSet::new();
        for (key, value) in &body {
            found.insert(key.clone());
            for line in value.as_array().into_iter().flatten() {
                for (key, value) in line.as_object().unwrap() {
                    found.insert(format!("details_list.{key}"));
                    for position in value.as_array().into_iter().flatten() {
                        for key in position.as_object().unwrap().keys() {
                            found.insert(format!("details_list.position_list.{key}"));
                        }
                    }
                }
            }
        }
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, fields, "{}", made.text);
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let text = |seed| {
        made(seed, 50)
            .into_iter()
            .map(|(made, _)| made.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn numbers_are_unique_and_times_rise_over_the_span() {
    let orders = made(4, 0);
    let numbers: HashSet<String> = orders.iter().map(|(_, body)| text_at(body, "order_no")).collect();
    assert_eq!(numbers.len(), 400);
    assert_eq!(text_at(&orders[0].1, "order_no"), "CK20261101000001");
    assert!(orders.is_sorted_by_key(|(made, _)| made.consigned));
    assert_eq!(text_at(&orders[0].1, "consign_time"), "2026-11-01 00:00:00");
    assert_eq!(text_at(&orders[200].1, "consign_time"), "2026-11-02 00:00:00");
    assert!(text_at(&orders[399].1, "consign_time").starts_with("2026-11-02 23:5"));
}

#[test]
fn amounts_add_up() {
    for (_, body) in made(5, 0) {
        let lines = lines(&body);
        let sum = |key: &str| lines.iter().map(|line| e4(&text_at(line, key))).sum::<i64>();
        assert_eq!(sum("share_amount"), e4(&text_at(&body, "receivable")));
        assert_eq!(sum("total_amount"), e4(&text_at(&body, "goods_total_amount")));
        assert_eq!(sum("discount"), e4(&text_at(&body, "discount")));
        assert_eq!(sum("goods_count"), e4(&text_at(&body, "goods_count")));
        for line in lines {
            let product = e4(&text_at(line, "share_price")) * e4(&text_at(line, "goods_count"));
            assert_eq!(product, e4(&text_at(line, "share_amount")) * 10_000);
            if let Some(positions) = line["position_list"].as_array().filter(|all| !all.is_empty()) {
                let bins: i64 = positions
                    .iter()
                    .map(|bin| e4(&text_at(bin.as_object().unwrap(), "position_goods_count")))
                    .sum();
                assert_eq!(bins, e4(&text_at(line, "goods_count")));
            }
        }
    }
}

#[test]
fn every_quirk_appears() {
    let orders = made(6, 0);
    let any =
        |wanted: &dyn Fn(&Made, &Map<String, Value>) -> bool| orders.iter().any(|(made, body)| wanted(made, body));
    let line = |wanted: &dyn Fn(&Map<String, Value>) -> bool| {
        orders.iter().any(|(_, body)| lines(body).into_iter().any(wanted))
    };
    assert!(any(
        &|_, body| body["status"].is_string() && body["receivable"].is_string()
    ));
    assert!(any(
        &|_, body| body["status"].is_number() && body["stockout_id"].is_number()
    ));
    assert!(any(
        &|_, body| body["status"].is_number() && body["stockout_id"].is_string()
    ));
    assert!(any(&|made, _| made.text.contains("1E+1")));
    assert!(line(&|line| text_at(line, "goods_count").ends_with(".0000")));
    assert!(line(&|line| text_at(line, "goods_count") == "2"));
    assert!(line(&|line| line["price"].is_null()));
    assert!(any(&|_, body| body["receiver_address"] == "******"));
    assert!(any(&|_, body| body["receiver_address"] == ""));
    assert!(any(&|_, body| body["receiver_address"].is_null()));
    assert!(any(&|_, body| body["remark"].is_null()));
    assert!(any(&|_, body| body["to_deliver_time"] == "0000-00-00 00:00:00"));
    assert!(any(&|_, body| body["to_deliver_time"].is_number()));
    assert!(any(&|made, _| is_escaped(&made.text)));
    assert!(any(&|made, _| made.text.contains('销')));
    assert!(line(&|line| line["position_list"] == Value::Array(Vec::new())));
    assert!(line(&|line| line["position_list"].is_null()));
    assert!(line(&|line| line["position_list"] == ""));
    assert!(orders.iter().any(|(_, body)| lines(body).len() == 5));
    assert!(orders.iter().any(|(_, body)| lines(body).len() == 1));
}

#[test]
fn an_order_has_the_size_of_a_real_one() {
    let bytes: usize = made(7, 0).iter().map(|(made, _)| made.text.len()).sum();
    assert!(
        (6_500..9_000).contains(&(bytes / 400)),
        "{} bytes on average",
        bytes / 400
    );
}

#[test]
fn the_judge_finds_what_was_made_and_no_other_flaw() {
    let mut seen = HashSet::new();
    for (made, body) in made(8, 200) {
        assert_eq!(Facts::of(&body), made.facts);
        assert_eq!(flaw_of(&body), made.flaw, "{}", made.text);
        seen.insert(made.flaw);
    }
    assert_eq!(seen.len(), 5);
}

#[test]
fn the_judge_follows_the_value_rules() {
    let judge = |text: &str| flaw_of(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
    let with = |time: &str, lines: &str| {
        judge(&format!(
            r#"{{"order_no":"A","consign_time":{time},"details_list":{lines}}}"#
        ))
    };
    let line = r#"[{"goods_count":"1E+1"}]"#;
    assert_eq!(with("\"2026-11-01\"", line), None);
    assert_eq!(with("\"2026-11-01T10:00:00\"", line), None);
    assert_eq!(with("1700000000000", line), None);
    assert_eq!(with("\"2026-11-31\"", line), Some("consign-time"));
    assert_eq!(with("0", line), Some("consign-time"));
    assert_eq!(with("null", line), Some("consign-time"));
    let today = "\"2026-11-01 10:00:00\"";
    assert_eq!(with(today, r#"{"goods_count":2.50,"price":""}"#), None);
    assert_eq!(with(today, "\"\""), Some("lines"));
    assert_eq!(with(today, "[]"), Some("lines"));
    assert_eq!(
        with(today, r#"[{"goods_count":1},{"goods_count":null}]"#),
        Some("goods-count")
    );
    assert_eq!(with(today, r#"[{"goods_count":"1,000"}]"#), Some("goods-count"));
    assert_eq!(with(today, r#"[{"goods_count":1,"price":"1.2.3"}]"#), Some("price"));
    assert_eq!(judge(r#"{"order_no":" "}"#), Some("order-no"));
}

#[test]
fn escapes_mean_the_same() {
    let text = r#"{"a":"中文 \" 😀","b":1}"#;
    let escaped = escape_non_ascii(text);
    assert!(escaped.is_ascii() && is_escaped(&escaped) && !is_escaped(text));
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        serde_json::from_str::<Value>(&escaped).unwrap()
    );
}
