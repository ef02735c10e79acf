//! Every rule and every fault of T+, over HTTP.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::tests::client::{Answer, Bench, create_body};
use crate::{FAULTS_IN_A_ROW, FAULTY_ATTEMPTS, Faults, TplusFaults};

async fn with(tplus: TplusFaults) -> Bench {
    Bench::start(|options| {
        options.faults = Faults {
            tplus,
            ..Faults::default()
        }
    })
    .await
}

async fn loose(tplus: TplusFaults) -> Bench {
    Bench::start(|options| {
        options.unique = false;
        options.faults = Faults {
            tplus,
            ..Faults::default()
        };
    })
    .await
}

fn refused(answer: &Answer, status: u16, code: &str, part: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["code"], code, "{answer:?}");
    assert!(json["message"].as_str().unwrap().contains(part), "{answer:?}");
    assert_eq!(json["data"]["Code"], code);
    assert!(json["data"]["StatusCode"].is_number());
    assert_eq!(json["data"]["islogerror"], "1");
}

fn outcomes(bench: &Bench) -> Vec<&'static str> {
    bench
        .sandbox
        .journal()
        .requests
        .iter()
        .map(|request| request.outcome)
        .collect()
}

#[tokio::test]
async fn a_good_document_is_written_and_answered_with_null() {
    let bench = Bench::start(|_| {}).await;
    let body = create_body("CK1");
    let answer = bench.create(&body).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "null"));
    let journal = bench.sandbox.journal();
    assert_eq!(journal.vouchers.len(), 1);
    let voucher = &journal.vouchers[0];
    assert_eq!(
        (voucher.external_code.as_str(), voucher.voucher_code.as_str()),
        ("CK1", "CK1")
    );
    assert_eq!(voucher.body, body, "the exact text");
    let request = &journal.requests[0];
    assert_eq!(request.external_code.as_deref(), Some("CK1"));
    assert_eq!((request.status, request.outcome), (200, "written"));
}

#[tokio::test]
async fn credentials_token_and_content_type_are_checked() {
    let bench = Bench::start(|_| {}).await;
    let cases = [
        ("appKey", "wrong", 401, "50003"),
        ("appSecret", "", 401, "50003"),
        ("openToken", "wrong", 403, "50107"),
        ("Content-Type", "text/plain", 415, "EXERROR0001"),
    ];
    for path in [
        "saleDispatch/Create",
        "SaleDispatchOpenApi/FindVoucherList",
        "SaleDispatchOpenApi/GetVoucherDTO",
    ] {
        for (name, value, status, code) in cases {
            let mut headers = bench.headers();
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
            let answer = bench
                .tplus("POST", &format!("/tplus/api/v2/{path}"), &headers, &create_body("A"))
                .await;
            refused(&answer, status, code, "");
        }
    }
    assert!(bench.sandbox.journal().vouchers.is_empty());
    let unknown = bench
        .tplus("POST", "/tplus/api/v2/saleDispatch/Query", &bench.headers(), "{}")
        .await;
    refused(&unknown, 400, "EXSV0011", "服务名不正确");
}

#[tokio::test]
async fn bad_documents_are_refused() {
    let bench = Bench::start(|_| {}).await;
    let change = |path: &[&str], value: Value| {
        let mut body: Value = serde_json::from_str(&create_body("CK1")).unwrap();
        let mut at = &mut body;
        for step in &path[..path.len() - 1] {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[*step],
            };
        }
        let last = path[path.len() - 1];
        if value == json!("absent") {
            at.as_object_mut().unwrap().remove(last);
        } else {
            at[last] = value;
        }
        body.to_string()
    };
    let no_row = "在位置 0 处没有任何行。";
    let null_reference = "未将对象引用设置到对象的实例。";
    let bad_number = "输入字符串的格式不正确。";
    let head = |name: &'static str, value: Value| change(&["dto", name], value);
    let line = |name: &'static str, value: Value| change(&["dto", "RDRecordDetails", "0", name], value);
    let cases = [
        ("{dto:{}}".to_owned(), "JSON"),
        ("[]".to_owned(), "JSON"),
        (head("ExternalCode", json!("absent")), "外部系统数据编号不能为空"),
        (head("ExternalCode", json!("")), "外部系统数据编号不能为空"),
        (head("ExternalCode", json!(7)), "外部系统数据编号不能为空"),
        (head("VoucherType", json!("ST1021")), null_reference),
        (head("VoucherType", json!("absent")), null_reference),
        (head("BusiType", json!("15")), "索引超出范围"),
        (head("BusiType", json!("absent")), "索引超出范围"),
        (head("Partner", json!("absent")), no_row),
        (head("Partner", json!("TESTCUST")), no_row),
        (head("Partner", json!({"Code": ""})), no_row),
        (head("Partner", json!({"Code": "NOBODY"})), no_row),
        (head("Customer", json!({"Code": "NOBODY"})), no_row),
        (head("Customer", json!("TESTCUST")), no_row),
        (head("Warehouse", json!("TEST_CK01")), null_reference),
        (head("Warehouse", json!({"Code": "WH01"})), "NoAuthOrData"),
        (head("Clerk", json!("YG003")), null_reference),
        (head("Memo", json!({"Code": "x"})), bad_number),
        (head("Code", json!(5)), bad_number),
        (head("VoucherDate", json!("2026-11-01 10:00:00")), "DateTime"),
        (head("VoucherDate", json!("2026-11-31")), "DateTime"),
        (head("RDRecordDetails", json!([])), "明细"),
        (head("RDRecordDetails", json!("absent")), "明细"),
        (head("RDRecordDetails", json!("x")), null_reference),
        (head("RDRecordDetails", json!([1])), null_reference),
        (line("Inventory", json!("2121")), null_reference),
        (line("Inventory", json!({"Code": "9999"})), "NoAuthOrData"),
        (line("BaseQuantity", json!("absent")), "数量"),
        (line("BaseQuantity", json!("3箱")), bad_number),
        (line("BaseQuantity", json!(null)), bad_number),
        (line("BaseQuantity", json!("")), bad_number),
        (line("origTaxSalePrice", json!("面议")), bad_number),
        (line("Price", json!(true)), bad_number),
        (line("Amount", json!({})), bad_number),
        (line("Unit", json!("件")), null_reference),
    ];
    for (body, part) in cases {
        let answer = bench.create(&body).await;
        refused(&answer, 400, "EXERROR0001", part);
    }
    for body in [
        create_body("CK1").replacen("dto", "param", 1),
        r#"{"dto":[]}"#.to_owned(),
        head("VoucherType", json!({"Code": "ST1024"})),
    ] {
        refused(&bench.create(&body).await, 400, "EXSV0011", "服务名不正确");
    }
    assert!(bench.sandbox.journal().vouchers.is_empty());
    // Nothing of this was written, so the number is still free; a return and an own unit are fine.
    let mut fine: Value = serde_json::from_str(&line("Unit", json!({"Name": "件"}))).unwrap();
    fine["dto"]["BusiType"]["Code"] = json!("16");
    fine["dto"]["RDRecordDetails"][0]["BaseQuantity"] = json!("-1.5");
    assert_eq!(bench.create(&fine.to_string()).await.body, "null");
}

#[tokio::test]
async fn tplus_numbers_a_voucher_that_brings_no_code() {
    let bench = Bench::start(|_| {}).await;
    for number in ["CK1", "CK2"] {
        let body = create_body(number).replacen(&format!(r#""Code":"{number}","#), "", 1);
        assert_eq!(bench.create(&body).await.body, "null");
    }
    let codes: Vec<String> = bench
        .sandbox
        .journal()
        .vouchers
        .into_iter()
        .map(|voucher| voucher.voucher_code)
        .collect();
    assert_eq!(codes, ["XSCK00000001", "XSCK00000002"]);
}

#[tokio::test]
async fn with_unique_on_a_second_voucher_is_refused() {
    let bench = Bench::start(|_| {}).await;
    bench.create(&create_body("CK1")).await;
    refused(
        &bench.create(&create_body("CK1")).await,
        400,
        "EXERROR0001",
        "外部系统数据编号 CK1 已存在",
    );
    let other = create_body("CK2").replacen(r#""Code":"CK2""#, r#""Code":"CK1""#, 1);
    refused(&bench.create(&other).await, 400, "EXERROR0001", "单据编码 CK1 已存在");
    assert_eq!(bench.sandbox.journal().vouchers.len(), 1);
    assert_eq!(outcomes(&bench), ["written", "duplicate", "duplicate"]);
}

#[tokio::test]
async fn with_unique_off_it_is_written_twice() {
    let bench = loose(TplusFaults::default()).await;
    for _ in 0..2 {
        assert_eq!(bench.create(&create_body("CK1")).await.body, "null");
    }
    let journal = bench.sandbox.journal();
    assert_eq!(journal.vouchers.len(), 2);
    assert!(journal.vouchers.iter().all(|voucher| voucher.external_code == "CK1"));
}

#[tokio::test]
async fn a_lost_reply_may_or_may_not_have_been_written() {
    let after = with(TplusFaults {
        lost_after_write_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    assert_eq!(after.create(&create_body("CK1")).await.status, 0);
    assert_eq!(after.sandbox.journal().vouchers.len(), 1);
    refused(&after.create(&create_body("CK1")).await, 400, "EXERROR0001", "已存在");
    assert_eq!(outcomes(&after), ["lost_after_write", "duplicate"]);

    let before = with(TplusFaults {
        lost_before_write_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    for _ in 0..FAULTY_ATTEMPTS {
        assert_eq!(before.create(&create_body("CK1")).await.status, 0);
        assert!(before.sandbox.journal().vouchers.is_empty());
    }
    assert_eq!(before.create(&create_body("CK1")).await.body, "null");
    let journal = before.sandbox.journal();
    assert_eq!(
        (journal.requests[0].status, journal.requests[0].outcome),
        (0, "lost_before_write")
    );
}

#[tokio::test]
async fn a_slow_reply_was_written_first() {
    let bench = with(TplusFaults {
        slow_per_mille: 1000,
        slow_ms: 3_600_000,
        ..TplusFaults::default()
    })
    .await;
    let body = create_body("CK1");
    tokio::select! {
        answer = bench.create(&body) => panic!("answered within the hour: {answer:?}"),
        () = async {
            while bench.sandbox.journal().vouchers.is_empty() {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    let quick = with(TplusFaults {
        slow_per_mille: 1000,
        slow_ms: 5,
        ..TplusFaults::default()
    })
    .await;
    assert_eq!(quick.create(&body).await.body, "null");
    assert_eq!(outcomes(&quick), ["slow"]);
}

#[tokio::test]
async fn each_other_fault_strikes_and_passes_without_a_write() {
    let cases = [
        (
            TplusFaults {
                html_500_per_mille: 1000,
                ..TplusFaults::default()
            },
            "html_500",
        ),
        (
            TplusFaults {
                network_999_per_mille: 1000,
                ..TplusFaults::default()
            },
            "network_999",
        ),
        (
            TplusFaults {
                throttled_429_per_mille: 1000,
                ..TplusFaults::default()
            },
            "throttled_429",
        ),
    ];
    for (faults, outcome) in cases {
        let bench = with(faults).await;
        for _ in 0..FAULTY_ATTEMPTS {
            let answer = bench.create(&create_body("CK1")).await;
            match outcome {
                "html_500" => assert!(answer.status == 500 && answer.body.starts_with("<html>"), "{answer:?}"),
                "network_999" => refused(&answer, 400, "999", "网络异常"),
                _ => assert!(
                    answer.status == 429 && answer.head.contains("retry-after: 1"),
                    "{answer:?}"
                ),
            }
        }
        assert!(bench.sandbox.journal().vouchers.is_empty());
        assert_eq!(bench.create(&create_body("CK1")).await.body, "null", "{outcome}");
        assert_eq!(outcomes(&bench)[0], outcome);
    }
    let faults = TplusFaults {
        throttled_429_per_mille: 1000,
        retry_after: Some("Wed, 01 Jan 2036 00:00:00 GMT".to_owned()),
        ..TplusFaults::default()
    };
    let odd = with(faults).await.create(&create_body("CK1")).await;
    assert!(odd.head.contains("retry-after: wed, 01 jan 2036"), "{odd:?}");
}

#[tokio::test]
async fn the_service_fault_strikes_once_a_code() {
    let bench = with(TplusFaults {
        exsv0011_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    for code in ["CK1", "CK2"] {
        refused(&bench.create(&create_body(code)).await, 400, "EXSV0011", "服务名不正确");
        assert_eq!(bench.create(&create_body(code)).await.body, "null");
    }
    assert_eq!(outcomes(&bench), ["exsv0011", "written", "exsv0011", "written"]);
}

#[tokio::test]
async fn some_codes_are_refused_for_good() {
    let unknown = with(TplusFaults {
        unknown_customer_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    let closed = with(TplusFaults {
        vendor_500_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    for _ in 0..FAULTY_ATTEMPTS + 2 {
        refused(
            &unknown.create(&create_body("CK1")).await,
            400,
            "EXERROR0001",
            "在位置 0 处没有任何行。",
        );
        refused(
            &closed.create(&create_body("CK1")).await,
            500,
            "EXERROR0001",
            "会计期间",
        );
    }
    assert!(unknown.sandbox.journal().vouchers.is_empty() && closed.sandbox.journal().vouchers.is_empty());
}

#[tokio::test]
async fn a_refusal_may_come_with_http_200() {
    let bench = with(TplusFaults {
        refused_with_200_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    bench.create(&create_body("CK1")).await;
    let answer = bench.create(&create_body("CK1")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["message"].as_str().unwrap().contains("已存在"));
    assert_eq!(answer.json()["data"]["StatusCode"], 400);
}

#[tokio::test]
async fn a_token_expires_and_is_accepted_again() {
    let bench = with(TplusFaults {
        expire_token_after: 2,
        expired_token_for: 3,
        ..TplusFaults::default()
    })
    .await;
    let mut statuses = Vec::new();
    for n in 0..10 {
        statuses.push(bench.create(&create_body(&format!("CK{n}"))).await.status);
    }
    assert_eq!(statuses, [200, 200, 403, 403, 403, 200, 200, 403, 403, 403]);
    assert_eq!(bench.sandbox.journal().vouchers.len(), 4);
    assert_eq!(outcomes(&bench)[2], "expired");
}

#[tokio::test]
async fn the_affected_set_does_not_depend_on_the_order_of_arrival() {
    let codes: Vec<String> = (0..120).map(|n| format!("CK{n:04}")).collect();
    let faults = TplusFaults {
        lost_after_write_per_mille: 100,
        lost_before_write_per_mille: 100,
        html_500_per_mille: 100,
        network_999_per_mille: 100,
        throttled_429_per_mille: 100,
        exsv0011_per_mille: 100,
        refused_with_200_per_mille: 500,
        ..TplusFaults::default()
    };
    let mut runs: Vec<BTreeMap<String, Vec<(u16, &'static str)>>> = Vec::new();
    for backwards in [false, true] {
        let bench = with(faults.clone()).await;
        for _ in 0..3 {
            let mut order: Vec<&String> = codes.iter().collect();
            if backwards {
                order.reverse();
            }
            for code in order {
                bench.create(&create_body(code)).await;
            }
        }
        let mut by_code: BTreeMap<String, Vec<(u16, &'static str)>> = BTreeMap::new();
        for request in bench.sandbox.journal().requests {
            by_code
                .entry(request.external_code.unwrap())
                .or_default()
                .push((request.status, request.outcome));
        }
        runs.push(by_code);
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0].len(), 120);
}

#[tokio::test]
async fn a_list_is_a_table_filtered_by_external_code() {
    let bench = Bench::start(|_| {}).await;
    for number in ["CK1", "CK2", "CK3"] {
        bench.create(&create_body(number)).await;
    }
    for key in ["externalCode", "ExternalCode"] {
        for page in [0, 1] {
            let question = json!({
                "selectFields": ["code", "RDRecord.VoucherDate", "strange"], "paramDic": {key: "CK2"},
                "pageIndex": page, "pageSize": 10,
            });
            let answer = bench.look_up("FindVoucherList", &question).await.json();
            assert_eq!(answer["code"], "0");
            assert_eq!(answer["message"], "");
            let data = &answer["data"];
            assert_eq!(
                data["Columns"],
                json!(["id", "code", "externalcode", "ts", "RDRecord.VoucherDate", "strange"])
            );
            assert_eq!(
                data["Rows"],
                json!([[2, "CK2", "CK2", "0000000000000002", "2026-11-01", null]])
            );
            assert_eq!((&data["TotalCount"], &data["TotalPageNum"]), (&json!(1), &json!(1)));
        }
    }
    let all = json!({"selectFields": [], "paramDic": {}, "pageIndex": 2, "pageSize": 2});
    let data = bench.look_up("FindVoucherList", &all).await.json()["data"].clone();
    assert_eq!(data["Rows"].as_array().unwrap().len(), 1);
    assert_eq!((&data["TotalCount"], &data["TotalPageNum"]), (&json!(3), &json!(2)));
    let nobody = json!({"selectFields": [], "paramDic": {"externalCode": "CK9"}, "pageIndex": 1, "pageSize": 2});
    let data = bench.look_up("FindVoucherList", &nobody).await.json()["data"].clone();
    assert_eq!((&data["Rows"], &data["TotalCount"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_voucher_is_found_by_each_key() {
    let bench = Bench::start(|_| {}).await;
    bench.create(&create_body("CK1")).await;
    for param in [
        json!({"externalCode": "CK1"}),
        json!({"voucherCode": "CK1"}),
        json!({"voucherID": 1}),
        json!({"voucherID": "1"}),
    ] {
        let answer = bench.look_up("GetVoucherDTO", &json!({"param": param})).await.json();
        assert_eq!(answer["code"], "0");
        let data = &answer["data"];
        assert_eq!(
            (&data["ID"], &data["Code"], &data["ExternalCode"]),
            (&json!(1), &json!("CK1"), &json!("CK1"))
        );
        assert_eq!(data["VoucherDate"], "2026-11-01");
        assert_eq!(data["VoucherState"]["Code"], "00");
        assert_eq!(data["Partner"]["Code"], "TESTCUST");
        assert_eq!(data["Warehouse"]["Code"], "TEST_CK01");
        let line = &data["RDRecordDetails"][0];
        assert_eq!(line["Inventory"]["Code"], "2121");
        assert_eq!(line["Quantity"].to_string(), "2.0000");
        assert_eq!(line["Unit"]["Name"], "件");
    }
    let nobody = bench
        .look_up("GetVoucherDTO", &json!({"param": {"externalCode": "CK9"}}))
        .await;
    assert_eq!(nobody.status, 200);
    assert_eq!(nobody.json()["message"], "单据不存在");
    assert_ne!(nobody.json()["code"], "0");
    let unwrapped = bench.look_up("GetVoucherDTO", &json!({"externalCode": "CK1"})).await;
    refused(&unwrapped, 400, "EXSV0011", "");
    refused(
        &bench.look_up("GetVoucherDTO", &json!({"param": {}})).await,
        400,
        "EXERROR0001",
        "",
    );
}

#[tokio::test]
async fn look_ups_lag_by_the_clock() {
    let bench = with(TplusFaults {
        lookup_lag_ms: 30_000,
        ..TplusFaults::default()
    })
    .await;
    bench.create(&create_body("CK1")).await;
    let list = json!({"selectFields": [], "paramDic": {"externalCode": "CK1"}, "pageIndex": 1, "pageSize": 10});
    let one = json!({"param": {"externalCode": "CK1"}});
    bench.advance(TimeDelta::milliseconds(29_999));
    assert_eq!(
        bench.look_up("FindVoucherList", &list).await.json()["data"]["TotalCount"],
        0
    );
    assert_eq!(bench.look_up("GetVoucherDTO", &one).await.json()["data"], Value::Null);
    bench.advance(TimeDelta::milliseconds(1));
    assert_eq!(
        bench.look_up("FindVoucherList", &list).await.json()["data"]["TotalCount"],
        1
    );
    assert_eq!(bench.look_up("GetVoucherDTO", &one).await.json()["data"]["Code"], "CK1");
}

#[tokio::test]
async fn a_list_may_ignore_its_filter() {
    let bench = with(TplusFaults {
        lookup_ignores_filter: true,
        ..TplusFaults::default()
    })
    .await;
    for number in ["CK1", "CK2", "CK3"] {
        bench.create(&create_body(number)).await;
    }
    let question = json!({"selectFields": [], "paramDic": {"externalCode": "CK9"}, "pageIndex": 1, "pageSize": 2});
    let data = bench.look_up("FindVoucherList", &question).await.json()["data"].clone();
    assert_eq!(
        (data["Rows"].as_array().unwrap().len(), &data["TotalCount"]),
        (2, &json!(3))
    );
}

#[tokio::test]
async fn look_ups_fail_now_and_then() {
    let bench = with(TplusFaults {
        lookup_fails_per_mille: 1000,
        ..TplusFaults::default()
    })
    .await;
    let list = json!({"selectFields": [], "paramDic": {}, "pageIndex": 1, "pageSize": 10});
    for _ in 0..FAULTS_IN_A_ROW {
        assert_eq!(bench.look_up("FindVoucherList", &list).await.json()["code"], "999");
    }
    assert_eq!(bench.look_up("FindVoucherList", &list).await.json()["code"], "0");
    let one = json!({"param": {"externalCode": "CK1"}});
    assert_eq!(bench.look_up("GetVoucherDTO", &one).await.json()["code"], "999");
}

#[tokio::test]
async fn two_vouchers_of_one_code_are_both_listed() {
    let bench = loose(TplusFaults::default()).await;
    bench.create(&create_body("CK1")).await;
    bench.create(&create_body("CK1")).await;
    let list = json!({"selectFields": [], "paramDic": {"externalCode": "CK1"}, "pageIndex": 0, "pageSize": 10});
    assert_eq!(
        bench.look_up("FindVoucherList", &list).await.json()["data"]["TotalCount"],
        2
    );
}
