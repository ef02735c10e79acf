//! Tables of templates and what they yield, in a text, a number, a line.

use super::{body, configure, rejected, seed_with, transform};
use dukou_sdk::Verdict;

const ORDER: &str = r#"{"order_no":"CK1","consign_time":"2023-11-14 10:05:09","pay_time":1699927509000,"modified":"0000-00-00 00:00:00",
 "shop_no":"Shop01","cs_remark":"","buyer_message":"  ","receiver_address":"***","goods_total_amount":"59.7000","post_amount":0,
 "flag":true,"trade_no":" JY1 ","weight":"1E+1","currency":"中","receiver_name":{"first":"x"},"tax":"abc","bad":"2023-13-01",
 "details_list":[
  {"goods_count":"2.0000","price":"19.8000","share_amount":"39.6000","src_tid":"P1","remark":"","position_list":[{"batch_no":"B1","num":1},{"batch_no":"B2","num":"2.50"}]},
  {"goods_count":"3","price":"0","share_amount":"10","src_tid":"P2","remark":"r","position_list":[]}]}"#;

/// The `Memo` that a template gives, `None` if the key is left out.
fn memo(template: &str) -> Result<Option<String>, (String, String)> {
    field("Memo", template).map(|value| value.map(|value| value.as_str().unwrap().to_owned()))
}

fn field(target: &str, template: &str) -> Result<Option<serde_json::Value>, (String, String)> {
    let rows = format!("{}:{}", serde_json::json!(target), serde_json::json!(template));
    let table = configure(&seed_with(&rows, "")).unwrap_or_else(|errors| panic!("{template}: {errors:?}"));
    match transform(&table, ORDER) {
        Verdict::Rejected(violations) => {
            let first = &violations[0];
            assert!(
                first
                    .target_path
                    .as_deref()
                    .unwrap()
                    .contains(target.rsplit('.').next().unwrap()),
                "{first:?}"
            );
            Err((first.code.clone(), first.message.clone()))
        }
        verdict => {
            let document: serde_json::Value = serde_json::from_str(&body(verdict)).unwrap();
            let dto = &document["dto"];
            let value = match target.strip_prefix("RDRecordDetails.") {
                None => dto.get(target),
                Some(name) => dto["RDRecordDetails"][0].get(name),
            };
            Ok(value.cloned())
        }
    }
}

#[test]
fn values_of_head_templates() {
    let cases = [
        ("来自旺店通", "来自旺店通"),
        ("{{order_no}}", "CK1"),
        ("单 {{order_no}}/{{shop_no}}。", "单 CK1/Shop01。"),
        ("{{group.key}}", "CK202311140007"),
        ("{{ consign_time | date }}", "2023-11-14"),
        ("{{consign_time date}}", "2023-11-14"),
        ("{{consign_time dateTime}}", "2023-11-14 10:05:09"),
        ("{{consign_time|time}}", "10:05:09"),
        ("{{pay_time|datetime}}", "2023-11-14 10:05:09"),
        ("{{shop_no|upper}}-{{shop_no|lower}}", "SHOP01-shop01"),
        ("[{{trade_no|trim}}]", "[JY1]"),
        ("{{flag}}", "true"),
        ("{{weight}}", "1E+1"),
        ("{{goods_total_amount}}", "59.7000"),
        ("{{goods_total_amount|round(1)}}", "59.7"),
        ("{{post_amount}}", "0"),
        ("{{weight|integer}}", "10"),
        ("{{weight+1}}", "11"),
        ("{{goods_total_amount - 9.70}}", "50.0000"),
        ("{{goods_total_amount*2}}", "119.4"),
        ("{{10/4}}", "2.5"),
        ("{{-(1+2)*3}}", "-9"),
        ("{{1-1*0}}", "1"),
        ("{{2.5|round(0)}}{{-2.5|round(0)}}{{0.125|round(2)}}", "3-30.13"),
        ("{{10/3|round(6)}}", "3.333333"),
        ("{{cs_remark|or(buyer_message)|or('无')}}", "无"),
        ("{{cs_remark|or(shop_no)}}", "Shop01"),
        ("{{cs_remark|or(0)}}", "0"),
        ("{{cs_remark|or(goods_total_amount*0)}}", "0"),
        ("{{cs_remark*2|or('空')}}", "空"),
        ("{{modified|date|or('无')}}", "无"),
        ("{{shop_no|lookup(客户对照)}}", "V-Shop01"),
        ("{{shop_no|lookup(客户对照, 表)}}", "客户对照"),
        ("{{shop_no|lookup('客户对照')|lookup(第二)}}", "V-V-Shop01"),
        ("{{shop_no|lookup(客户对照,空)|or('无')}}", "无"),
        ("{{'NO1'|lookup(客户对照)|upper|or(shop_no)}}", "Shop01"),
        ("{{shop_no|in(T+存货)}}", "Shop01"),
        ("{{details_list.src_tid|first()}}", "P1"),
        ("{{details_list.remark|first()}}", "r"),
        ("{{details_list.src_tid|join(', ')}}", "P1, P2"),
        ("{{details_list.src_tid|join(,)}}", "P1,P2"),
        ("{{details_list.src_tid|lookup(单)|join('+')}}", "V-P1+V-P2"),
        ("{{details_list.share_amount|sum()}}", "49.6000"),
        (
            "{{sum(details_list.share_amount)-sum(details_list.price*details_list.goods_count)}}",
            "10.0000",
        ),
        ("{{details_list.position_list.num|sum()|round(1)}}", "3.5"),
        ("{{details_list.position_list.batch_no|join('/')}}", "B1/B2"),
        ("{{shop_no|text}}", "Shop01"),
        ("{{'}}'}}", "}}"),
    ];
    for (template, expected) in cases {
        assert_eq!(memo(template), Ok(Some(expected.to_owned())), "{template}");
    }
}

#[test]
fn empty_values_leave_the_whole_key_out() {
    for template in [
        "",
        "  ",
        "{{cs_remark}}",
        "{{missing}}",
        "{{buyer_message}}",
        "{{receiver_address}}",
        "地址{{receiver_address}}",
        "{{modified|date}}",
        "{{cs_remark|lookup(客户对照)}}",
        "{{cs_remark*2}}",
        "{{cs_remark|date|upper|round(2)}}",
        "{{details_list.suite_no|first()}}",
        "{{details_list.suite_no|join(',')}}",
        "{{details_list.suite_no|sum()}}",
        "{{shop_no}}{{cs_remark}}",
    ] {
        assert_eq!(memo(template), Ok(None), "{template}");
    }
}

#[test]
fn what_cannot_be_evaluated_rejects() {
    let cases = [
        ("{{shop_no|date}}", "date", "\"Shop01\" is not a date"),
        ("{{bad|date}}", "date", "\"2023-13-01\" is not a date"),
        ("{{tax*2}}", "expression", "tax is not a number: \"abc\""),
        ("{{shop_no|round(2)}}", "type", "\"Shop01\" is not a decimal number"),
        (
            "{{goods_total_amount|integer}}",
            "type",
            "\"59.7000\" is not a whole number",
        ),
        (
            "{{goods_total_amount/post_amount}}",
            "expression",
            "division by zero: \"59.7000 / 0\"",
        ),
        ("{{receiver_name}}", "type", "***"),
        (
            "{{details_list.price/details_list.price|sum()}}",
            "expression",
            "division by zero",
        ),
        (
            "{{'NO1'|lookup(客户对照)}}",
            "lookup.miss",
            "table 客户对照 has no row for key \"NO1\"",
        ),
        (
            "{{shop_no|lookup(客户对照,空)}}",
            "lookup.miss",
            "table 客户对照 has an empty 空 for key \"Shop01\"",
        ),
        (
            "{{shop_no|lookup(客户对照,列)|or('x')}}",
            "expression",
            "table 客户对照 has no column 列 for key",
        ),
        (
            "{{9999999999999999999999999999*9999999999}}",
            "expression",
            "too many digits",
        ),
        ("x{{tax+1}}{{shop_no}}", "expression", "tax is not a number"),
    ];
    for (template, code, message) in cases {
        let (found, text) = memo(template).unwrap_err();
        assert_eq!(found, code, "{template}: {text}");
        assert!(
            text.contains(message) && text.starts_with(template),
            "{template}: {text}"
        );
    }
}

#[test]
fn types_of_the_target_decide_how_a_value_is_written() {
    let line = |name: &str, template: &str| {
        field(&format!("RDRecordDetails.{name}"), template).map(|v| v.unwrap().to_string())
    };
    assert_eq!(
        line("BaseQuantity", "{{details_list.goods_count}}"),
        Ok("2.0000".to_owned())
    );
    assert_eq!(line("BaseQuantity", "{{weight}}"), Ok("10".to_owned()));
    assert_eq!(line("Price", "3.50"), Ok("3.50".to_owned()));
    assert_eq!(line("IsPresent", "{{flag}}"), Ok("true".to_owned()));
    assert_eq!(line("IsPresent", "{{post_amount}}"), Ok("false".to_owned()));
    assert_eq!(line("Unit", "件"), Ok(r#"{"Name":"件"}"#.to_owned()));
    assert_eq!(line("Inventory", "{{shop_no}}"), Ok(r#"{"Code":"Shop01"}"#.to_owned()));
    assert_eq!(
        line("Batch", "{{details_list.position_list.batch_no|join('/')}}"),
        Ok(r#""B1/B2""#.to_owned())
    );
    assert_eq!(line("BaseQuantity", "{{shop_no}}").unwrap_err().0, "type");
    assert_eq!(line("IsPresent", "{{shop_no}}").unwrap_err().0, "type");
    assert_eq!(field("VoucherDate", "{{pay_time}}"), Ok(Some("2023-11-14".into())));
    assert_eq!(field("VoucherDate", "{{consign_time}}"), Ok(Some("2023-11-14".into())));
    assert_eq!(field("VoucherDate", "{{shop_no}}").unwrap_err().0, "date");
}

#[test]
fn required_values_that_are_empty_reject_with_their_paths() {
    let table = configure(&seed_with(
        r#""Partner":"{{cs_remark}}","RDRecordDetails.Inventory":"{{details_list.remark}}""#,
        "",
    ))
    .unwrap();
    let violations = rejected(transform(&table, ORDER));
    let found: Vec<_> = violations
        .iter()
        .map(|v| {
            (
                v.code.as_str(),
                v.target_path.as_deref().unwrap(),
                v.source_path.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("required", "Partner", "cs_remark"),
            ("required", "RDRecordDetails[0].Inventory", "details_list[0].remark")
        ]
    );
    assert_eq!(
        violations[0].message,
        "{{cs_remark}}: the field is required and the value is empty"
    );
}

#[test]
fn lists_of_texts_keep_their_places() {
    let rows = r#""DynamicPropertyKeys":["pubuserdefnvc1","pubuserdefnvc2"],"DynamicPropertyValues":["{{shop_no}}","a,{{currency}}"]"#;
    let table = configure(&seed_with(rows, "")).unwrap();
    let document = body(transform(&table, ORDER));
    assert!(
        document.contains(r#""DynamicPropertyKeys":["pubuserdefnvc1","pubuserdefnvc2"],"#),
        "{document}"
    );
    assert!(
        document.contains(r#""DynamicPropertyValues":["Shop01","a,中"]"#),
        "{document}"
    );
    let rows = r#""DynamicPropertyValues":["{{shop_no}}","{{cs_remark}}"]"#;
    let violations = rejected(transform(&configure(&seed_with(rows, "")).unwrap(), ORDER));
    assert_eq!(violations[0].code, "expression");
    assert_eq!(violations[0].target_path.as_deref(), Some("DynamicPropertyValues"));
}

#[test]
fn long_and_personal_values_are_not_shown_whole() {
    let long = ORDER.replacen("abc", &"长".repeat(500), 1);
    let table = configure(&seed_with(
        r#""Memo":"{{tax*2}}","DispatchAddress":"{{receiver_address|date}}""#,
        "",
    ))
    .unwrap();
    let violations = rejected(transform(&table, &long.replacen("***", "某路1号", 1)));
    let text = |target: &str| {
        violations
            .iter()
            .find(|v| v.target_path.as_deref() == Some(target))
            .unwrap()
            .message
            .clone()
    };
    assert!(
        text("Memo").ends_with(&format!("\"{}…\"", "长".repeat(80))),
        "{}",
        text("Memo")
    );
    assert!(
        text("DispatchAddress").contains("*** is not a date"),
        "{}",
        text("DispatchAddress")
    );
}
