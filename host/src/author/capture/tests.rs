//! Capture over the stock plugins: the verdict stays, the person goes, what cannot fail is taken out.

use std::sync::{Arc, OnceLock};

use dukou_core::verdict::SourceRecord;
use dukou_plugin::{InProcessCompiler, NoTables, Runtime, RuntimeOptions};
use dukou_stock::{TABLE, VOUCHER_CHECKS};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::deploy::tables::PinnedTables;

fn source() -> Catalogue {
    Catalogue::parse(include_str!(
        "../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
    ))
    .unwrap()
}

fn target() -> Catalogue {
    Catalogue::parse(include_str!(
        "../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
    ))
    .unwrap()
}

fn environment() -> String {
    json!({
        "time_zone": "Asia/Shanghai", "source": source().to_environment(), "target": target().to_environment(),
    })
    .to_string()
}

fn prepared(component: &[u8], settings: &Value) -> Prepared {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap());
    let plugin = runtime.load(component).unwrap();
    runtime
        .configure(&plugin, &settings.to_string(), &environment())
        .unwrap()
}

fn fields() -> Value {
    json!({
        "ExternalCode": "{{order_no}}", "Code": "{{order_no}}", "VoucherType": "ST1021", "Partner": "P",
        "VoucherDate": "{{consign_time|date}}", "BusiType": "15", "Warehouse": "W",
        "DispatchAddress": "{{receiver_address}}", "Memo": "{{receiver_name}} {{buyer_message}}",
        "RDRecordDetails": "details_list", "RDRecordDetails.Inventory": "2121",
        "RDRecordDetails.BaseQuantity": "{{details_list.goods_count}}",
        "RDRecordDetails.origTaxSalePrice": "{{details_list.price}}",
    })
}

fn group(change: impl FnOnce(&mut Value)) -> Group {
    let mut body = json!({
        "order_no": "CK1", "consign_time": "2026-11-05 13:45:12", "receiver_name": "张三丰",
        "receiver_address": "浙江省杭州市西湖路18号", "receiver_mobile": "13812345678", "buyer_message": "请送到门口, 谢谢",
        "cs_remark": "张三丰 13812345678 来电", "nick_name": "***", "customer_name": "", "shop_name": "山月茶坊",
        "details_list": [
            { "goods_count": serde_json::from_str::<Value>("2.0000").unwrap(), "price": "16.90", "goods_name": "茶" },
            { "goods_count": 1, "price": 3, "goods_name": "杯" },
        ],
    });
    change(&mut body);
    Group {
        key: "CK1".to_owned(),
        records: vec![SourceRecord {
            key: "CK1".to_owned(),
            received_at: "2026-11-05T18:00:00+08:00".to_owned(),
            body: body.to_string(),
            extra: "{}".to_owned(),
        }],
        extra: "{}".to_owned(),
    }
}

fn captured(chain: &Chain, tables: &SharedTables, plugin: usize, group: &Group) -> Result<Captured, Refusal> {
    let subject = Subject {
        chain,
        tables,
        catalogue: &source(),
        settings: &[],
        defaults: &Defaults::default(),
        pseudonyms: &Pseudonyms::new(b"salt"),
    };
    capture(&subject, plugin, group)
}

fn table(settings: &Value) -> Chain {
    Chain::new(prepared(TABLE, settings), Vec::new(), Vec::new()).unwrap()
}

fn no_tables() -> SharedTables {
    Arc::new(NoTables)
}

const SECRETS: [&str; 5] = ["张三丰", "杭州", "西湖", "13812345678", "谢谢"];

#[test]
fn a_case_keeps_the_verdict_and_loses_the_person() {
    let chain = table(&json!({ "fields": fields() }));
    let captured = captured(&chain, &no_tables(), 0, &group(|_| ())).unwrap();
    let text = captured.case.to_file_text();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(
        text.contains("山月茶坊") && text.contains("2.0000") && text.contains("***"),
        "{text}"
    );
    assert!(
        text.contains(r#""source": "wdt.stockout.order.query.trade""#),
        "catalogues by name"
    );
    let expected = [
        "buyer_message",
        "cs_remark",
        "receiver_address",
        "receiver_mobile",
        "receiver_name",
    ];
    assert_eq!(captured.replaced, expected);
    let Outcome::Mapped(mapped) = &captured.outcome else {
        panic!("{:?}", captured.outcome)
    };
    let body: Value = serde_json::from_str(&captured.case.group.records[0].body).unwrap();
    let document: Value = serde_json::from_str(&mapped.documents[0].body).unwrap();
    assert_eq!(document["dto"]["DispatchAddress"], body["receiver_address"]);
    let address = body["receiver_address"].as_str().unwrap();
    assert!(
        address.ends_with('号') && address.contains('省') && address.chars().count() == 12,
        "{address}"
    );
    // The remark names the same pseudonyms, and so would the next record.
    let name = body["receiver_name"].as_str().unwrap();
    let remark = body["cs_remark"].as_str().unwrap();
    assert!(
        remark.starts_with(name) && remark.contains(body["receiver_mobile"].as_str().unwrap()),
        "{remark}"
    );
    assert_eq!(captured.values.0, captured.values.1, "what does not fail is kept whole");
}

#[test]
fn free_texts_and_unknown_fields_lose_the_person_too() {
    let chain = table(&json!({ "fields": fields() }));
    let order = group(|body| {
        body["receiver_name"] = "王小明".into();
        body["cs_remark"] = "客户改址: 杭州市西湖区文三路9号 李雷 13912345678; 小明收".into();
        body["print_remark"] = "收件人王小明 138 0013 8000".into();
        body["remark"] = "韩梅梅 137****4444 浦东".into();
        body["invoice_content"] = "给韩梅梅".into();
        body["details_list"][0]["remark"] = "李雷转韩梅梅".into();
        body["salesman_name"] = "欧阳锋".into();
        body["contact_who"] =
            json!({ "who": ["欧阳娜 13612345678"], "number": serde_json::from_str::<Value>("13512345678").unwrap() });
        body["sort_code"] = "3".into();
        body["logistics_no"] = "13312345678".into();
    });
    let captured = captured(&chain, &no_tables(), 0, &order).unwrap();
    let text = captured.case.to_file_text();
    let secrets = [
        "王小明",
        "小明",
        "李雷",
        "13912345678",
        "文三",
        "138 0013 8000",
        "韩梅梅",
        "浦东",
        "137",
        "4444",
        "欧阳",
        "13612345678",
        "13512345678",
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let body: Value = serde_json::from_str(&captured.case.group.records[0].body).unwrap();
    assert_eq!(body["sort_code"], "3", "short codes stay");
    assert_eq!(body["logistics_no"], "13312345678", "numbers of papers stay");
    let name = body["receiver_name"].as_str().unwrap();
    assert!(body["print_remark"].as_str().unwrap().contains(name), "{body}");
    assert!(body["remark"].as_str().unwrap().contains("****"), "{body}");
    assert!(
        captured.replaced.contains(&"contact_who.who".to_owned()),
        "{:?}",
        captured.replaced
    );
}

#[test]
fn a_phone_or_identity_card_that_is_left_refuses_with_its_path() {
    let chain = table(&json!({ "fields": fields() }));
    for number in [
        "139 1234-5678",
        "8613912345678",
        "11010519491231002X",
        "１３９１２３４５６７８",
    ] {
        let order = group(|body| body["details_list"][0]["goods_name"] = format!("茶({number})").into());
        let Err(Refusal::Residue { paths }) = captured(&chain, &no_tables(), 0, &order) else {
            panic!("{number} is left");
        };
        assert_eq!(paths.len(), 1, "{paths:?}");
        assert!(
            paths[0].starts_with("group.") && paths[0].ends_with("details_list[0].goods_name"),
            "{paths:?}"
        );
    }
    for number in [
        "2026-11-05 13:45:12",
        "139123456789",
        "4501234567890123456",
        "12912345678",
    ] {
        let order = group(|body| body["details_list"][0]["goods_name"] = number.into());
        captured(&chain, &no_tables(), 0, &order).unwrap();
    }
}

#[test]
fn a_failing_case_is_shrunk_until_nothing_can_go() {
    let chain = table(&json!({ "fields": fields() }));
    let group = group(|body| body["details_list"][1]["goods_count"] = "3箱".into());
    let captured = captured(&chain, &no_tables(), 0, &group).unwrap();
    let body: Value = serde_json::from_str(&captured.case.group.records[0].body).unwrap();
    let expected = json!({
        "order_no": "CK1", "consign_time": "2026-11-05 13:45:12", "details_list": [{ "goods_count": "3箱" }],
    });
    assert_eq!(body, expected);
    assert_eq!(captured.values.1, 3);
    assert!(matches!(&captured.case.expect, Some(Expect::Rejected(list)) if list.len() == 1));
}

#[test]
fn a_shrunk_case_keeps_the_culprit_and_one_faulty_line() {
    let chain = table(&json!({ "fields": fields() }));
    let order = group(|body| {
        body["consign_time"] = "0000-00-00 00:00:00".into();
        body["details_list"][0]["goods_count"] = "".into();
        body["details_list"][1]["goods_count"] = "".into();
    });
    let captured = captured(&chain, &no_tables(), 0, &order).unwrap();
    let body: Value = serde_json::from_str(&captured.case.group.records[0].body).unwrap();
    let expected = json!({
        "order_no": "CK1", "consign_time": "0000-00-00 00:00:00", "details_list": [{ "goods_count": "" }],
    });
    assert_eq!(body, expected);
    assert!(matches!(&captured.case.expect, Some(Expect::Rejected(list)) if list.len() == 2));
}

#[test]
fn a_validation_gets_what_was_made_before() {
    let checks = prepared(VOUCHER_CHECKS, &json!({ "max_text": 6 }));
    let chain = Chain::new(
        prepared(TABLE, &json!({ "fields": fields() })),
        Vec::new(),
        vec![checks],
    )
    .unwrap();
    let group = group(|_| ());
    let subject = Subject {
        chain: &chain,
        tables: &no_tables(),
        catalogue: &source(),
        settings: &[],
        defaults: &Defaults::default(),
        pseudonyms: &Pseudonyms::new(b"salt"),
    };
    assert_eq!(decider(&subject, &group), 1);
    let captured = capture(&subject, 1, &group).unwrap();
    let text = captured.case.to_file_text();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let before = captured.case.before.unwrap();
    assert!(before.documents[0].body.contains("DispatchAddress"), "{before:?}");
    assert!(
        !before.documents[0].body.contains("Warehouse"),
        "documents are shrunk too: {before:?}"
    );
    // The mapping refuses this one, so the validation never sees it.
    let refused = capture(&subject, 1, &self::group(|body| body["consign_time"] = "".into())).unwrap_err();
    assert_eq!(refused, Refusal::NotReached { by: "table".to_owned() });
}

#[test]
fn a_verdict_that_depends_on_the_person_is_not_captured() {
    let settings =
        json!({ "fields": fields(), "skip": [{ "when": "receiver_mobile = 13812345678", "reason": "own" }] });
    let refused = captured(&table(&settings), &no_tables(), 0, &group(|_| ())).unwrap_err();
    let paths = vec!["receiver_mobile".to_owned()];
    assert_eq!(refused, Refusal::Personal { paths });
}

#[test]
fn rows_that_were_looked_up_come_along_with_their_keys_disguised() {
    let mut fields = fields();
    fields["Partner"] = "{{receiver_name|lookup(客户对照)}}".into();
    fields["Warehouse"] = "{{shop_name|lookup(仓库对照)}}".into();
    let mut pinned = PinnedTables::default();
    let row = |key: &str, value: &str| (key.to_owned(), json!({ "名称": key, "编码": value }).to_string());
    pinned.insert(
        "客户对照".into(),
        [row("张三丰", "C7"), row("李四", "C8")].into_iter().collect(),
    );
    pinned.insert(
        "仓库对照".into(),
        [row("山月茶坊", "W1"), row("别家", "W2")].into_iter().collect(),
    );
    let tables: SharedTables = Arc::new(pinned);
    let captured = captured(&table(&json!({ "fields": fields })), &tables, 0, &group(|_| ())).unwrap();
    let text = captured.case.to_file_text();
    assert!(
        !text.contains("张三丰") && !text.contains("李四") && !text.contains("别家"),
        "{text}"
    );
    assert!(text.contains("C7") && text.contains("W1"), "{text}");
    let name = serde_json::from_str::<Value>(&captured.case.group.records[0].body).unwrap()["receiver_name"].clone();
    assert!(captured.case.tables.unwrap()["客户对照"].contains_key(name.as_str().unwrap()));
}

proptest! {
    #[test]
    fn pseudonyms_are_stable_and_keep_the_shape(
        value in "[a-zA-Z0-9王李张路号省， .-]{1,16}|1[3-9][0-9]{9}|[王李张刘][伟芳娜]{1,2}",
        attempt in 0u32..6,
    ) {
        let pseudonyms = Pseudonyms::new(b"project");
        let made = pseudonyms.of(&value, attempt);
        prop_assert_eq!(&made, &Pseudonyms::new(b"project").of(&value, attempt));
        prop_assert_eq!(made.chars().count(), value.chars().count());
        prop_assert_eq!(made.len(), value.len());
        let class = |c: char| match c {
            '0'..='9' => 'd',
            'a'..='z' => 'l',
            'A'..='Z' => 'u',
            '\u{4e00}'..='\u{9fff}' => 'h',
            other => other,
        };
        prop_assert_eq!(made.chars().map(class).collect::<String>(), value.chars().map(class).collect::<String>());
        let changeable = value.chars().any(|c| matches!(class(c), 'd' | 'l' | 'u')) || value.contains(['王', '李', '张', '刘']);
        prop_assert!(!changeable || made != value, "{}", value);
    }

    #[test]
    fn shrinking_keeps_the_failure_and_nothing_else(tree in any_json(), needles in proptest::collection::btree_set("[a-d]", 1..3)) {
        let needed = |value: &Value| needles.iter().all(|needle| value.to_string().contains(&format!("\"{needle}\"")));
        let mut fails = |candidates: &[Vec<Value>]| -> Vec<bool> { candidates.iter().map(|one| needed(&one[0])).collect() };
        let left = shrink::shrink(vec![tree.clone()], &mut fails);
        if needed(&tree) {
            prop_assert!(needed(&left[0]));
            prop_assert!(shrink::is_minimal(&left, &mut fails), "{}", left[0]);
        } else {
            prop_assert_eq!(&left[0], &tree, "what does not fail is not touched");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        "[a-f]".prop_map(Value::from),
        (0u32..9).prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-f]", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
