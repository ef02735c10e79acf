//! Every rule and every fault of 旺店通, over HTTP.

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::journal::locked;
use crate::tests::client::{Answer, Bench, FORM, form, signed};
use crate::{FAULTS_IN_A_ROW, Faults, TplusFaults, WdtFaults};

async fn with(wdt: WdtFaults) -> Bench {
    Bench::start(|options| {
        options.faults = Faults {
            wdt,
            ..Faults::default()
        }
    })
    .await
}

/// The code of a refusal, wherever the envelope has it.
fn code(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    let json = answer.json();
    let code = [
        &json["error_response"]["code"],
        &json["response"]["code"],
        &json["response"]["errorcode"],
    ];
    code.into_iter()
        .find(|code| !code.is_null())
        .unwrap_or(&Value::Null)
        .to_string()
}

/// All order numbers by pages 0, 1, 2, … until a short one.
async fn forward(bench: &Bench, changes: &[(&str, &str)]) -> Vec<String> {
    let mut all = Vec::new();
    for page in 0.. {
        let numbers = bench.page(page, changes).await.numbers();
        let short = numbers.len() < 100;
        all.extend(numbers);
        if short {
            break;
        }
    }
    all
}

#[tokio::test]
async fn every_protocol_parameter_is_demanded() {
    let bench = Bench::start(|_| {}).await;
    let cases = [
        ("method", "21"),
        ("sign", "24"),
        ("app_key", "28"),
        ("timestamp", "30"),
        ("v", "32"),
        ("sign_method", "40"),
        ("target_app_key", "40"),
    ];
    for (name, expected) in cases {
        let mut params = signed(bench.params(&[]), "sandbox-wdt-secret");
        params.remove(name);
        let answer = bench.wdt("POST", "/router/qm", &[FORM], &form(&params)).await;
        assert_eq!(code(&answer), expected, "{name}");
        let error = &answer.json()["error_response"];
        assert_eq!(error["sub_code"], format!("isv.missing-parameter:{name}"));
        assert!(error["msg"].is_string() && error["sub_msg"].is_string() && error["request_id"].is_string());
    }
    assert!(
        bench
            .sandbox
            .journal()
            .requests
            .iter()
            .all(|request| request.outcome == "unauthorized")
    );
}

#[tokio::test]
async fn wrong_protocol_values_are_refused() {
    let bench = Bench::start(|_| {}).await;
    let cases = [
        ("method", "wdt.trade.query", "22"),
        ("format", "xml", "23"),
        ("app_key", "87654321", "29"),
        ("timestamp", "1700000000", "31"),
        ("v", "1.0", "33"),
        ("sign_method", "sha1", "41"),
        ("target_app_key", "21363513", "\"client.protocol.invalid-argument\""),
    ];
    for (name, value, expected) in cases {
        assert_eq!(code(&bench.ask(&[(name, value)]).await), expected, "{name}");
    }
    let wrong_secret = signed(bench.params(&[]), "not-the-secret");
    let answer = bench.wdt("POST", "/router/qm", &[FORM], &form(&wrong_secret)).await;
    let response = &answer.json()["response"];
    assert_eq!(response["flag"], "failure");
    assert_eq!(response["code"], 25);
    assert_eq!(response["message"], "Invalid signature");
}

#[tokio::test]
async fn all_placements_methods_and_paths_are_accepted() {
    let bench = Bench::start(|_| {}).await;
    for sign_method in ["md5", "hmac", "hmac-sha256"] {
        assert_eq!(
            bench.ask(&[("sign_method", sign_method)]).await.total(),
            Some(250),
            "{sign_method}"
        );
    }
    assert_eq!(
        bench
            .ask(&[("method", "hu3cgwt0tc.wdt.stockout.order.query.trade")])
            .await
            .total(),
        Some(250)
    );
    assert_eq!(bench.ask(&[("format", "")]).await.total(), Some(250));

    let params = signed(
        bench.params(&[("shop_no", "旗舰店A"), ("partner_id", "x")]),
        "sandbox-wdt-secret",
    );
    let all = form(&params);
    let get = bench.wdt("GET", &format!("/router/qm?{all}"), &[], "").await;
    assert_eq!(get.total(), Some(0));
    let post = bench.wdt("POST", "/router/qmtest", &[FORM], &all).await;
    assert_eq!(post.total(), Some(0));
    let mut business = params.clone();
    business.retain(|name, _| name.contains("time") && name != "timestamp" || name.starts_with("page"));
    let mut protocol = params;
    protocol.retain(|name, _| !business.contains_key(name));
    let mixed = bench
        .wdt(
            "POST",
            &format!("/router/qm?{}", form(&protocol)),
            &[FORM],
            &form(&business),
        )
        .await;
    assert_eq!(mixed.total(), Some(0));
    assert!(
        mixed.head.contains("date: tue, 24 nov 2026 02:00:00 gmt"),
        "{}",
        mixed.head
    );
    // A body that is no form is not read.
    let json = bench
        .wdt("POST", "/router/qm", &[("Content-Type", "application/json")], &all)
        .await;
    assert_eq!(code(&json), "21");
}

#[tokio::test]
async fn a_blank_parameter_is_not_signed() {
    let bench = Bench::start(|_| {}).await;
    let mut params = signed(bench.params(&[]), "sandbox-wdt-secret");
    params.insert("status".to_owned(), " ".to_owned());
    params.insert("src_tid".to_owned(), String::new());
    assert_eq!(
        bench.wdt("POST", "/router/qm", &[FORM], &form(&params)).await.total(),
        Some(250)
    );
}

#[tokio::test]
async fn the_clock_may_be_ten_minutes_off() {
    let bench = Bench::start(|_| {}).await;
    // The bench's clock shows 10:00:00 in Shanghai.
    for (timestamp, fine) in [
        ("2026-11-24 09:50:00", true),
        ("2026-11-24 09:49:59", false),
        ("2026-11-24 10:10:00", true),
        ("2026-11-24 10:10:01", false),
        ("2026-11-24 02:00:00", false),
    ] {
        let answer = bench.ask(&[("timestamp", timestamp)]).await;
        assert_eq!(answer.total().is_some(), fine, "{timestamp}");
        assert!(fine || code(&answer) == "31");
    }
}

#[tokio::test]
async fn business_rules_have_their_codes() {
    let bench = Bench::start(|_| {}).await;
    let cases: [(&[(&str, &str)], &str); 16] = [
        (&[("sid", "")], "2900"),
        (&[("sid", "somebody")], "100"),
        (&[("page_size", "0")], "2220"),
        (&[("page_size", "101")], "2220"),
        (&[("page_size", "many")], "2220"),
        (&[("page_no", "-1")], "1"),
        (&[("start_time", ""), ("end_time", "")], "2900"),
        (&[("start_time", "")], "2900"),
        (&[("end_time", "")], "2900"),
        (&[("start_time", "2026-11-01")], "1"),
        (&[("start_time", "2026-11-02 00:00:00")], "1"),
        (&[("start_time", "2026-10-02 23:59:58")], "1"),
        (&[("start_time", "2026-10-02 23:59:59")], "0"),
        (&[("status", "95,110")], "1"),
        (
            &[
                ("start_time", ""),
                ("end_time", ""),
                ("stockout_no", "CK20261101000001"),
            ],
            "0",
        ),
        (&[("page_size", "100")], "0"),
    ];
    for (changes, expected) in cases {
        let answer = bench.ask(changes).await;
        assert_eq!(code(&answer), expected, "{changes:?}");
        assert!(answer.json()["response"]["message"].is_string());
        assert!(answer.json()["response"]["request_id"].is_string());
    }
}

#[tokio::test]
async fn pages_count_from_zero_and_the_total_stands_on_the_first() {
    let bench = Bench::start(|_| {}).await;
    let first = bench.ask(&[("page_no", "")]).await;
    assert_eq!((first.total(), first.numbers().len()), (Some(250), 100));
    assert_eq!(first.json()["response"]["errorcode"], 0);
    assert_eq!(first.json()["response"]["message"], "ok");
    let later = bench.page(2, &[]).await;
    assert_eq!(later.numbers().len(), 50);
    assert!(later.json()["response"].get("total_count").is_none());
    let beyond = bench.page(3, &[]).await;
    assert_eq!(code(&beyond), "0");
    assert!(beyond.json()["response"].get("stockout_list").is_none());
    assert_eq!(bench.ask(&[("page_size", "")]).await.numbers().len(), 40);

    let all = forward(&bench, &[]).await;
    let truth: Vec<String> = bench.sandbox.orders().into_iter().map(|order| order.order_no).collect();
    assert_eq!(all, truth);
}

#[tokio::test]
async fn both_ends_of_a_window_belong_to_it() {
    let bench = Bench::start(|options| options.orders = 24).await;
    let count = async |start: &str, end: &str| {
        let (start, end) = (format!("2026-11-01 {start}"), format!("2026-11-01 {end}"));
        bench
            .ask(&[("start_time", &start), ("end_time", &end)])
            .await
            .numbers()
            .len()
    };
    assert_eq!(count("01:00:00", "03:00:00").await, 3);
    assert_eq!(count("01:00:01", "02:59:59").await, 1);
    assert_eq!(count("01:00:00", "01:00:00").await, 1);
    assert_eq!(count("01:00:01", "01:59:59").await, 0);
}

#[tokio::test]
async fn filters_find_what_they_name() {
    let bench = Bench::start(|_| {}).await;
    let orders = bench.sandbox.orders();
    let wanted = &orders[17];
    let number = |key: &str| wanted.body[key].as_str().unwrap().to_owned();
    let alone = |name: &'static str, value: String| {
        let bench = &bench;
        async move {
            bench
                .ask(&[("start_time", ""), ("end_time", ""), (name, &value)])
                .await
                .numbers()
        }
    };
    let only = vec![wanted.order_no.clone()];
    assert_eq!(alone("stockout_no", number("stockout_no")).await, only);
    assert_eq!(alone("src_order_no", number("src_order_no")).await, only);
    for tid in number("src_tids").split(',') {
        assert_eq!(alone("src_tid", tid.to_owned()).await, only);
    }
    assert!(alone("src_tid", "P".to_owned()).await.is_empty());

    let by = |key: &'static str, value: &'static str| -> Vec<String> {
        let has = orders.iter().filter(|order| order.body[key] == value);
        has.map(|order| order.order_no.clone()).collect()
    };
    assert_eq!(forward(&bench, &[("shop_no", "SHOP02")]).await, by("shop_no", "SHOP02"));
    assert_eq!(
        forward(&bench, &[("warehouse_no", "WH03")]).await,
        by("warehouse_no", "WH03")
    );
    let both: BTreeSet<String> = [by("shop_no", "SHOP01"), by("shop_no", "SHOP03")]
        .concat()
        .into_iter()
        .collect();
    let found: BTreeSet<String> = forward(&bench, &[("shop_nos", "SHOP01,SHOP03")])
        .await
        .into_iter()
        .collect();
    assert_eq!(found, both);
    assert!(!both.is_empty());
}

#[tokio::test]
async fn the_status_decides_which_time_counts() {
    let bench = Bench::start(|_| {}).await;
    let orders = bench.sandbox.orders();
    let (shipped, cancelled) = (&orders[3].order_no, &orders[4].order_no);
    // Both are edited today, 2026-11-24 10:00:00; one is cancelled.
    bench.sandbox.change_order(cancelled, |order| {
        order.insert("status".to_owned(), json!(5));
    });
    bench.sandbox.change_order(shipped, |order| {
        order.insert("status".to_owned(), json!("95"));
    });
    let today = [
        ("start_time", "2026-11-24 10:00:00"),
        ("end_time", "2026-11-24 10:00:00"),
    ];
    let ask = async |window: &[(&str, &str)], more: &[(&str, &str)]| forward(&bench, &[window, more].concat()).await;

    let by_shipping = ask(&[], &[]).await;
    assert_eq!(by_shipping.len(), 249);
    assert!(by_shipping.contains(shipped) && !by_shipping.contains(cancelled));
    let with_status = ask(&[], &[("status", "95")]).await;
    assert!(with_status.contains(shipped) && with_status.len() < 249 && with_status.len() > 100);
    assert!(ask(&today, &[]).await.is_empty());
    assert!(ask(&today, &[("status", "95")]).await.is_empty());
    assert_eq!(ask(&today, &[("status", "5")]).await, vec![cancelled.clone()]);
    assert!(ask(&[], &[("status", "5")]).await.is_empty());
    assert_eq!(
        ask(&today, &[("status", "95"), ("is_by_modified", "1")]).await,
        vec![shipped.clone()]
    );
    assert_eq!(ask(&today, &[("is_by_modified", "1")]).await, vec![shipped.clone()]);
    // By number it is found whatever its state.
    let number = [
        ("start_time", ""),
        ("end_time", ""),
        ("stockout_no", cancelled.as_str()),
    ];
    assert_eq!(ask(&number, &[]).await, vec![cancelled.clone()]);
}

#[tokio::test]
async fn positions_can_be_left_out() {
    let bench = Bench::start(|_| {}).await;
    let plain = bench.ask(&[]).await.body;
    assert!(plain.contains("position_list"));
    let without = bench.ask(&[("is_no_position", "1")]).await;
    assert_eq!(without.numbers().len(), 100);
    assert!(!without.body.contains("position_list") && without.body.contains("details_list"));
}

#[tokio::test]
async fn what_is_served_is_the_truth() {
    let bench = Bench::start(|_| {}).await;
    let truth = bench.sandbox.orders();
    assert!(truth.iter().all(|order| order.deliverable && order.flaw.is_none()));
    let rows = bench.ask(&[]).await.rows();
    for (row, order) in rows.iter().zip(&truth) {
        assert_eq!(row, &order.body);
    }
}

#[tokio::test]
async fn each_fault_of_a_request_strikes_and_passes() {
    let cases: [(WdtFaults, &str); 5] = [
        (
            WdtFaults {
                throttled_per_mille: 1000,
                ..WdtFaults::default()
            },
            "throttled",
        ),
        (
            WdtFaults {
                banned_per_mille: 1000,
                ..WdtFaults::default()
            },
            "banned",
        ),
        (
            WdtFaults {
                provider_per_mille: 1000,
                ..WdtFaults::default()
            },
            "provider",
        ),
        (
            WdtFaults {
                bad_gateway_per_mille: 1000,
                ..WdtFaults::default()
            },
            "bad_gateway",
        ),
        (
            WdtFaults {
                html_per_mille: 1000,
                ..WdtFaults::default()
            },
            "html",
        ),
    ];
    for (faults, outcome) in cases {
        let bench = with(faults).await;
        for _ in 0..FAULTS_IN_A_ROW {
            let answer = bench.ask(&[]).await;
            let json = answer.json();
            let (top, gateway) = (&json["error_response"], &json["response"]);
            let sub_code = [&top["sub_code"], &gateway["sub_code"]]
                .into_iter()
                .find_map(|code| code.as_str());
            let fits = match outcome {
                "throttled" => gateway["errorcode"] == 1012,
                "banned" => {
                    sub_code == Some("accesscontrol.limited-by-app-access-count")
                        && (top["code"] == 7 || gateway["code"] == 7)
                        && answer.body.contains("This ban will last for 1 more seconds")
                }
                "provider" => sub_code.is_some_and(|code| code.starts_with("isp.")),
                "bad_gateway" => answer.status == 502 && answer.head.contains("text/html"),
                _ => answer.status == 200 && answer.body.starts_with("<!DOCTYPE html>"),
            };
            assert!(fits, "{outcome}: {answer:?}");
        }
        assert_eq!(bench.ask(&[]).await.total(), Some(250), "{outcome}");
        let journal = bench.sandbox.journal();
        assert_eq!(journal.requests[0].outcome, outcome);
        assert_eq!(journal.requests.last().unwrap().outcome, "ok");
    }
}

#[tokio::test]
async fn both_envelopes_of_a_ban_occur() {
    let bench = with(WdtFaults {
        banned_per_mille: 1000,
        ..WdtFaults::default()
    })
    .await;
    let (first, second) = (bench.ask(&[]).await.json(), bench.ask(&[]).await.json());
    assert_eq!(first["response"]["flag"], "failure");
    assert_eq!(second["error_response"]["code"], 7);
}

#[tokio::test]
async fn a_delayed_reply_is_a_good_one_that_comes_later() {
    let delayed = |delay_ms| WdtFaults {
        delayed_per_mille: 1000,
        delay_ms,
        ..WdtFaults::default()
    };
    let bench = with(delayed(3_600_000)).await;
    tokio::select! {
        answer = bench.ask(&[]) => panic!("answered within the hour: {answer:?}"),
        () = async {
            while locked(&bench.sandbox.wdt.shelf).requests() == 0 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    assert!(bench.sandbox.journal().requests.is_empty());

    let bench = with(delayed(1)).await;
    for _ in 0..=FAULTS_IN_A_ROW {
        assert_eq!(bench.ask(&[]).await.total(), Some(250));
    }
    assert!(
        bench
            .sandbox
            .journal()
            .requests
            .iter()
            .all(|request| request.outcome == "delayed")
    );
}

#[tokio::test]
async fn late_rows_make_the_total_grow_while_paging() {
    let bench = with(WdtFaults {
        late_rows_per_mille: 50,
        ..WdtFaults::default()
    })
    .await;
    let before = bench.page(0, &[]).await.total().unwrap();
    let after = bench.page(0, &[]).await.total().unwrap();
    assert!(before < 250 && after == 250, "{before} {after}");
    // A window of one page shows everything at once.
    let small = with(WdtFaults {
        late_rows_per_mille: 1000,
        ..WdtFaults::default()
    })
    .await;
    let hour = [("end_time", "2026-11-01 01:00:00")];
    let first = small.page(0, &hour).await;
    assert_eq!(first.total(), Some(first.numbers().len() as i64));
    assert!(!first.numbers().is_empty());
}

#[tokio::test]
async fn moving_rows_cost_a_forward_reader_orders_and_a_backward_reader_none() {
    let bench = with(WdtFaults {
        moving_rows_per_mille: 40,
        ..WdtFaults::default()
    })
    .await;
    let truth: HashSet<String> = bench.sandbox.orders().into_iter().map(|order| order.order_no).collect();
    let forward: HashSet<String> = forward(&bench, &[]).await.into_iter().collect();
    assert!(forward.len() < truth.len(), "a forward reader misses rows");

    // Last page first, then page 0 again; anew while the total changes.
    let bench = with(WdtFaults {
        moving_rows_per_mille: 40,
        late_rows_per_mille: 40,
        ..WdtFaults::default()
    })
    .await;
    let mut found = HashSet::new();
    let mut total = bench.page(0, &[]).await.total().unwrap();
    let mut rounds = 0;
    loop {
        rounds += 1;
        for page in (1..=usize::try_from(total).unwrap() / 100).rev() {
            found.extend(bench.page(page, &[]).await.numbers());
        }
        let last = bench.page(0, &[]).await;
        found.extend(last.numbers());
        if last.total() == Some(total) {
            break;
        }
        total = last.total().unwrap();
    }
    assert_eq!(found, truth);
    assert!((2..=4).contains(&rounds), "{rounds}");
}

#[tokio::test]
async fn duplicate_rows_stand_twice_in_one_answer() {
    let bench = with(WdtFaults {
        duplicate_rows_per_mille: 100,
        ..WdtFaults::default()
    })
    .await;
    let answer = bench.page(0, &[]).await;
    let numbers = answer.numbers();
    let distinct: HashSet<&String> = numbers.iter().collect();
    assert_eq!(distinct.len(), 100);
    assert!(numbers.len() > 100);
    assert_eq!(answer.total(), Some(250));
}

#[tokio::test]
async fn odd_totals_stand_on_later_pages() {
    let bench = with(WdtFaults {
        odd_totals: true,
        ..WdtFaults::default()
    })
    .await;
    assert_eq!(bench.page(0, &[]).await.total(), Some(250));
    assert_eq!(bench.page(1, &[]).await.json()["response"]["total_count"], 0);
    assert_eq!(bench.page(2, &[]).await.json()["response"]["total_count"], -1);
    assert_eq!(bench.page(3, &[]).await.json()["response"]["total_count"], "");
}

#[tokio::test]
async fn an_order_completes_after_it_was_served() {
    let bench = with(WdtFaults {
        completes_per_mille: 1000,
        ..WdtFaults::default()
    })
    .await;
    let first = bench.page(0, &[]).await.rows();
    assert_eq!(
        first[0],
        bench.sandbox.orders()[0].body,
        "the truth is the form that was served"
    );
    let second = bench.page(0, &[]).await.rows();
    let mut changed = 0;
    for (mut old, mut new) in first.into_iter().zip(second) {
        let status = old["status"].to_string();
        if status.trim_matches('"') != "95" {
            assert_eq!(old, new);
            continue;
        }
        changed += 1;
        assert_eq!(
            new["status"].to_string(),
            status.replace("95", "110"),
            "text stays text, a number a number"
        );
        assert_eq!(new["modified"], "2026-11-24 10:00:00");
        for body in [&mut old, &mut new] {
            for key in ["status", "trade_status", "modified"] {
                body.as_object_mut().unwrap().remove(key);
            }
        }
        assert_eq!(old, new);
    }
    assert!(changed > 50);
}

#[tokio::test]
async fn a_reissue_has_another_number_and_the_same_id() {
    let bench = with(WdtFaults {
        reissues_per_mille: 1000,
        ..WdtFaults::default()
    })
    .await;
    let hour = [("end_time", "2026-11-01 01:00:00")];
    let first = bench.page(0, &hour).await.rows();
    let second = bench.page(0, &hour).await.rows();
    assert_eq!(first.len(), second.len());
    for (old, new) in first.iter().zip(&second) {
        assert_eq!(new["order_no"], format!("{}-1", old["order_no"].as_str().unwrap()));
        assert_eq!(new["stockout_id"], old["stockout_id"]);
        assert_eq!(new["details_list"], old["details_list"]);
    }
    assert_eq!(bench.page(0, &hour).await.rows(), second, "once is enough");
    let truth = bench.sandbox.orders();
    let reissued: Vec<_> = truth.iter().filter(|order| order.flaw == Some("reissued")).collect();
    assert_eq!(reissued.len(), first.len());
    assert!(
        reissued
            .iter()
            .all(|order| !order.deliverable && order.order_no.ends_with("-1"))
    );
}

#[tokio::test]
async fn flawed_orders_are_found_by_their_true_time() {
    let bench = with(WdtFaults {
        flawed_per_mille: 200,
        ..WdtFaults::default()
    })
    .await;
    assert_eq!(forward(&bench, &[]).await.len(), 250);
    let flaws: BTreeSet<_> = bench.sandbox.orders().iter().filter_map(|order| order.flaw).collect();
    assert_eq!(flaws, BTreeSet::from(["consign-time", "lines", "goods-count", "price"]));
    let zero = bench
        .sandbox
        .orders()
        .into_iter()
        .find(|order| order.flaw == Some("consign-time"))
        .unwrap();
    assert!(!zero.deliverable);
    assert_eq!(zero.body["consign_time"], "0000-00-00 00:00:00");
}

#[tokio::test]
async fn an_order_that_tplus_refuses_for_good_is_not_deliverable() {
    let tplus = TplusFaults {
        unknown_customer_per_mille: 100,
        vendor_500_per_mille: 100,
        ..TplusFaults::default()
    };
    let bench = Bench::start(|options| options.faults.tplus = tplus).await;
    let orders = bench.sandbox.orders();
    for flaw in ["unknown-customer", "closed-period"] {
        let hit = orders.iter().filter(|order| order.flaw == Some(flaw)).count();
        assert!((5..60).contains(&hit), "{flaw}: {hit}");
    }
    assert!(orders.iter().all(|order| order.deliverable == order.flaw.is_none()));
}

#[tokio::test]
async fn orders_can_be_changed_and_put() {
    let bench = Bench::start(|_| {}).await;
    let number = bench.sandbox.orders()[0].order_no.clone();
    bench.advance(TimeDelta::minutes(5));
    bench.sandbox.change_order(&number, |order| {
        order.insert("remark".to_owned(), json!("改单"));
        order.insert("consign_time".to_owned(), json!("0000-00-00 00:00:00"));
    });
    bench.sandbox.change_order("nobody", |order| order.clear());
    let row = bench.page(0, &[]).await.rows().swap_remove(0);
    assert_eq!(row["order_no"], number.as_str());
    assert_eq!(row["remark"], "改单");
    assert_eq!(row["modified"], "2026-11-24 10:05:00");
    assert_eq!(bench.sandbox.orders()[0].flaw, Some("consign-time"));
    bench.sandbox.change_order(&number, |order| {
        order.insert("consign_time".to_owned(), json!("2026-11-01 12:00:00"));
    });
    assert!(
        bench
            .sandbox
            .orders()
            .iter()
            .any(|order| order.order_no == number && order.deliverable)
    );

    let new = json!({
        "order_no": "CK-NEW", "stockout_no": "CK-NEW", "status": 95, "consign_time": "2026-11-03 08:00:00",
        "details_list": {"goods_count": "1", "price": "2.5"},
    });
    bench.sandbox.put_order(new.clone());
    bench.sandbox.put_order(json!("no order"));
    let window = [
        ("start_time", "2026-11-03 08:00:00"),
        ("end_time", "2026-11-03 08:00:00"),
    ];
    assert_eq!(bench.page(0, &window).await.rows(), vec![new.clone()]);
    assert_eq!(bench.sandbox.orders().len(), 251);
    let mut other = new;
    other["details_list"]["goods_count"] = json!("两");
    bench.sandbox.put_order(other.clone());
    assert_eq!(bench.page(0, &window).await.rows(), [other]);
    assert_eq!(bench.sandbox.orders().last().unwrap().flaw, Some("goods-count"));
}
