//! Look-ups: found, other content, absent, and every answer that proves nothing.

use proptest::prelude::*;

use super::*;
use crate::tplus_cloud::{compare, question};

const OTHER: &str = "CK-OTHER";

fn control() -> Control {
    Control {
        key: "CK-KNOWN".to_owned(),
        body: String::new(),
    }
}

/// An answer of `FindVoucherList`: id, number, external code.
fn list(rows: &[(u32, &str, &str)], total: Option<u32>) -> Result<HttpReply, EgressError> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, code, key)| serde_json::json!([id, key, code, "ts"]))
        .collect();
    let mut data = serde_json::json!({ "Columns": ["ID", "ExternalCode", "Code", "Ts"], "Rows": rows });
    if let Some(total) = total {
        data["TotalCount"] = total.into();
    }
    reply(
        200,
        serde_json::json!({ "code": "0", "message": "", "data": data }).to_string(),
    )
}

fn voucher(fields: &str) -> Result<HttpReply, EgressError> {
    reply(200, format!("{{\"code\":\"0\",\"data\":{{{fields}}}}}"))
}

const SAME: &str = r#""ID":7,"Code":"SO-7","VoucherDate":"2023-11-14T00:00:00","Partner":{"Code":"C01"},"Warehouse":{"code":"W01"},
 "RDRecordDetails":[{"Inventory":{"Code":"A"},"Quantity":"2.00000000"},{"Inventory":{"Code":"B"},"Quantity":1.0}]"#;

async fn ask(
    script: impl IntoIterator<Item = Result<HttpReply, EgressError>>,
    control: Option<Control>,
) -> (LookupOutcome, Vec<(String, String)>) {
    let (target, egress) = target(script);
    let report = target.look_up(SALE_DISPATCH_CREATE, KEY, BODY, control.as_ref()).await;
    assert_eq!(egress.left(), 0, "questions not asked: {report:?}");
    assert_eq!(report.transcript.matches("POST ").count(), egress.asked().len());
    match report.outcome {
        LookupOutcome::Found { .. } => assert!(report.seen, "{report:?}"),
        LookupOutcome::Absent => assert!(!report.seen, "{report:?}"),
        _ => {}
    }
    (report.outcome, egress.asked())
}

fn reason(outcome: &LookupOutcome, word: &str) -> String {
    match (outcome, word) {
        (LookupOutcome::Inconclusive { reason }, "inconclusive")
        | (LookupOutcome::Unavailable { reason, .. }, "unavailable") => reason.clone(),
        _ => panic!("not {word}: {outcome:?}"),
    }
}

#[tokio::test]
async fn found_with_the_same_content() {
    let (outcome, asked) = ask([list(&[(7, "SO-7", KEY)], Some(1)), voucher(SAME)], None).await;
    assert_eq!(
        outcome,
        LookupOutcome::Found {
            reference: Some("SO-7".to_owned()),
            content: FoundContent::Same
        }
    );
    assert_eq!(
        asked[0].0,
        "https://gateway.test/tplus/api/v2/SaleDispatchOpenApi/FindVoucherList"
    );
    let question: serde_json::Value = serde_json::from_str(&asked[0].1).unwrap();
    assert_eq!(question["paramDic"], serde_json::json!({ "externalcode": KEY }));
    assert_eq!(question["pageIndex"], 0);
    assert_eq!(
        asked[1].0,
        "https://gateway.test/tplus/api/v2/SaleDispatchOpenApi/GetVoucherDTO"
    );
    assert_eq!(asked[1].1, r#"{"param":{"voucherCode":"SO-7"}}"#);
}

#[tokio::test]
async fn found_where_pages_start_at_one() {
    // Page 0 is empty, or refused.
    for first in [
        list(&[], Some(1)),
        reply(200, r#"{"code":"EX1","message":"pageIndex"}"#),
    ] {
        let (outcome, _) = ask([first, list(&[(7, "SO-7", KEY)], Some(1)), voucher(SAME)], None).await;
        assert!(
            matches!(
                outcome,
                LookupOutcome::Found {
                    content: FoundContent::Same,
                    ..
                }
            ),
            "{outcome:?}"
        );
    }
    // Page 1 repeats page 0: one document all the same.
    let row = [(7, "SO-7", KEY)];
    let (outcome, _) = ask([list(&row, None), list(&row, None), voucher(SAME)], None).await;
    assert!(
        matches!(
            outcome,
            LookupOutcome::Found {
                content: FoundContent::Same,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn found_without_a_number_is_asked_for_by_id() {
    let (outcome, asked) = ask([list(&[(7, "", KEY)], Some(1)), voucher(SAME)], None).await;
    assert_eq!(asked[1].1, r#"{"param":{"voucherID":"7"}}"#);
    assert_eq!(
        outcome,
        LookupOutcome::Found {
            reference: Some("7".to_owned()),
            content: FoundContent::Same
        }
    );
}

#[tokio::test]
async fn found_with_other_content_says_what_differs() {
    let shown = SAME
        .replace("2.00000000", "3")
        .replace("\"Code\":\"C01\"", "\"Code\":\"C02\"")
        .replace("11-14T", "11-15T");
    let (outcome, _) = ask([list(&[(7, "SO-7", KEY)], Some(1)), voucher(&shown)], None).await;
    let LookupOutcome::Found {
        content: FoundContent::Different(differences),
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    let shown: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            r#"dto.VoucherDate: "2023-11-14" → "2023-11-15T00:00:00""#,
            r#"dto.Partner.Code: "C01" → "C02""#,
            r#"dto.RDRecordDetails[0].BaseQuantity: 2.0000 → "3""#,
        ]
    );
}

#[test]
fn content_is_compared_by_value_in_order() {
    let differ = |shown: &str| -> Vec<String> {
        compare::differences(BODY, &format!("{{{shown}}}"))
            .unwrap()
            .iter()
            .map(|diff| diff.path.clone())
            .collect()
    };
    assert_eq!(differ(SAME), Vec::<String>::new());
    // What the target leaves out is not compared.
    assert_eq!(
        differ(&SAME.replace("VoucherDate", "X").replace("Warehouse", "Y")),
        Vec::<String>::new()
    );
    assert_eq!(
        differ(&SAME.replace("{\"code\":\"W01\"}", "null")),
        Vec::<String>::new()
    );
    let swapped = SAME
        .replace("\"A\"", "\"X\"")
        .replace("\"B\"", "\"A\"")
        .replace("\"X\"", "\"B\"");
    assert_eq!(
        differ(&swapped),
        [
            "dto.RDRecordDetails[0].Inventory.Code",
            "dto.RDRecordDetails[1].Inventory.Code"
        ]
    );
    assert_eq!(differ(&SAME.replace("W01", "W02")), ["dto.Warehouse.Code"]);
    let shorter = SAME.replace(r#",{"Inventory":{"Code":"B"},"Quantity":1.0}"#, "");
    assert_eq!(differ(&shorter), ["dto.RDRecordDetails.length"]);
    assert_eq!(
        differ(&SAME.replace("\"Quantity\":1.0", "\"Quantity\":null")),
        ["dto.RDRecordDetails[1].BaseQuantity"]
    );
    assert!(compare::differences(BODY, "{}").is_err());
    assert!(compare::differences("x", "{}").is_err());
    let large = r#"{"RDRecordDetails":[{"Inventory":{"Code":"A"},"BaseQuantity":12345678901234567.0001}]}"#;
    let shown = r#"{"RDRecordDetails":[{"Inventory":{"Code":"A"},"Quantity":"12,345,678,901,234,567.0001"}]}"#;
    assert!(compare::differences(large, shown).unwrap().is_empty());
    assert_eq!(
        compare::differences(large, &shown.replace("0001", "0002"))
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_voucher_that_is_not_shown_is_asked_for_later_unless_the_target_refuses() {
    for (trouble, word) in [
        (reply(200, r#"{"code":"999","message":"失败"}"#), "unavailable"),
        (reply(502, "<html>"), "unavailable"),
        (
            Err(EgressError::NoReply {
                reason: "reset".to_owned(),
            }),
            "unavailable",
        ),
        // Asking again changes nothing: a person has to see it.
        (reply(200, r#"{"code":"EX1","message":"失败"}"#), "inconclusive"),
        (reply(200, r#"{"code":"0","data":null}"#), "inconclusive"),
    ] {
        let (outcome, _) = ask([list(&[(7, "SO-7", KEY)], Some(1)), trouble], None).await;
        assert!(reason(&outcome, word).contains("SO-7"));
    }
}

#[tokio::test]
async fn what_contradicts_itself_needs_a_person() {
    let (outcome, _) = ask([list(&[(7, "SO-7", KEY), (8, "SO-8", KEY)], Some(2))], None).await;
    let why = reason(&outcome, "inconclusive");
    assert!(why.contains("SO-7") && why.contains("SO-8"), "{why}");
    let other = format!("\"ExternalCode\":\"{OTHER}\",{SAME}");
    let (outcome, _) = ask([list(&[(7, "SO-7", KEY)], Some(1)), voucher(&other)], None).await;
    assert!(reason(&outcome, "inconclusive").contains(OTHER));
    let (outcome, _) = ask([list(&[(7, "SO-7", KEY)], Some(1)), voucher(r#""ID":7"#)], None).await;
    assert!(reason(&outcome, "inconclusive").contains("no lines"));
}

#[tokio::test]
async fn absent_only_after_the_same_question_found_what_is_known() {
    let known = [(3, "SO-3", "CK-KNOWN")];
    let (outcome, asked) = ask(
        [list(&[], Some(0)), list(&[], Some(0)), list(&known, Some(1))],
        Some(control()),
    )
    .await;
    assert_eq!(outcome, LookupOutcome::Absent);
    let (first, last) = (&asked[0].1, &asked[2].1);
    assert_eq!(first.replace(KEY, "CK-KNOWN"), *last, "the same question");
}

#[tokio::test]
async fn nothing_found_proves_nothing_by_itself() {
    let nothing = || list(&[], Some(0));
    let (outcome, _) = ask([nothing(), nothing()], None).await;
    assert!(reason(&outcome, "inconclusive").contains("no document known to exist"));
    // The key itself proves nothing either.
    let same = Control {
        key: KEY.to_owned(),
        body: String::new(),
    };
    let (outcome, _) = ask([nothing(), nothing()], Some(same)).await;
    assert!(reason(&outcome, "inconclusive").contains("no document known to exist"));
    // The list lags, or the filter matches nothing at all.
    let (outcome, _) = ask([nothing(), nothing(), nothing(), nothing()], Some(control())).await;
    assert!(reason(&outcome, "inconclusive").contains("CK-KNOWN"));
    let (outcome, _) = ask(
        [nothing(), nothing(), list(&[(9, "SO-9", OTHER)], Some(1))],
        Some(control()),
    )
    .await;
    assert!(reason(&outcome, "inconclusive").contains("other documents"));
    let twice = [(3, "SO-3", "CK-KNOWN"), (4, "SO-4", "CK-KNOWN")];
    let (outcome, _) = ask([nothing(), nothing(), list(&twice, Some(2))], Some(control())).await;
    assert!(reason(&outcome, "inconclusive").contains("2 times"));
}

#[tokio::test]
async fn an_ignored_filter_is_noticed_and_the_whole_list_read() {
    let ignored = || list(&[(9, "SO-9", OTHER), (3, "SO-3", "CK-KNOWN")], Some(3));
    // Found among all.
    let script = [ignored(), ignored(), list(&[(7, "SO-7", KEY)], Some(3)), voucher(SAME)];
    let (outcome, asked) = ask(script, Some(control())).await;
    assert!(
        matches!(
            outcome,
            LookupOutcome::Found {
                content: FoundContent::Same,
                ..
            }
        ),
        "{outcome:?}"
    );
    let scan: serde_json::Value = serde_json::from_str(&asked[1].1).unwrap();
    assert_eq!(
        (&scan["paramDic"], &scan["pageSize"]),
        (&serde_json::json!({}), &200.into())
    );
    // Absent: all read, the control among them; page 1 repeats page 0 where pages start at 1.
    let script = [ignored(), ignored(), ignored(), list(&[(5, "SO-5", "")], Some(3))];
    assert_eq!(ask(script, Some(control())).await.0, LookupOutcome::Absent);
    // All read without the control.
    let only = || list(&[(9, "SO-9", OTHER)], Some(1));
    assert!(reason(&ask([only(), only()], Some(control())).await.0, "inconclusive").contains("lacks CK-KNOWN"));
    assert!(reason(&ask([only(), only()], None).await.0, "inconclusive").contains("no document known"));
    // Not all read: the list ends before its total, or tells none.
    for total in [Some(9), None] {
        let page = || list(&[(9, "SO-9", OTHER), (3, "SO-3", "CK-KNOWN")], total);
        let (outcome, _) = ask([page(), page(), list(&[], total)], Some(control())).await;
        assert!(
            reason(&outcome, "inconclusive").contains("ignores the filter"),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn reading_the_whole_list_is_bounded() {
    let mut script = vec![list(&[(1, "SO-1", OTHER)], Some(9000))];
    script.extend((0..20).map(|page| list(&[(page + 1, "", &format!("K{page}"))], Some(9000))));
    let (outcome, asked) = ask(script, Some(control())).await;
    assert!(reason(&outcome, "inconclusive").contains("20 of 9000"), "{outcome:?}");
    assert_eq!(asked.len(), 21);
}

#[tokio::test]
async fn a_filter_that_matches_parts_still_finds() {
    let rows = [(6, "SO-6", "CK2023111400071"), (7, "SO-7", KEY)];
    let (outcome, _) = ask([list(&rows, Some(2)), voucher(SAME)], None).await;
    assert!(
        matches!(
            outcome,
            LookupOutcome::Found {
                content: FoundContent::Same,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_asked_later() {
    for trouble in [
        Err(EgressError::NotSent {
            reason: "refused".to_owned(),
        }),
        Err(EgressError::NoReply {
            reason: "timed out".to_owned(),
        }),
        reply(500, ""),
        reply(502, "<html>"),
        reply(200, "<html>"),
        reply(429, "{}"),
        reply(401, "{}"),
        reply(403, r#"{"code":"50107","message":"openToken"}"#),
        reply(200, r#"{"code":"50107","message":"openToken"}"#),
        reply(200, r#"{"code":"999","message":"失败"}"#),
        reply(200, r#"{"code":"EXERROR0001","message":"网络异常"}"#),
        reply(500, r#"{"code":500,"message":"Internal Server Error"}"#),
        reply(200, r#"{"code":"0","data":"x"}"#),
        reply(
            200,
            r#"{"code":"0","data":{"Columns":["id","externalcode"],"Rows":"x"}}"#,
        ),
        reply(
            200,
            r#"{"code":"0","data":{"Columns":["id","externalcode"],"Rows":[7]}}"#,
        ),
    ] {
        let told = format!("{trouble:?}");
        let (outcome, _) = ask([trouble], Some(control())).await;
        assert!(
            matches!(outcome, LookupOutcome::Unavailable { .. }),
            "{told}: {outcome:?}"
        );
    }
    // Trouble while proving is trouble too.
    let script = [list(&[], Some(0)), list(&[], Some(0)), reply(429, "")];
    reason(&ask(script, Some(control())).await.0, "unavailable");
}

#[tokio::test]
async fn a_question_that_is_refused_twice_needs_a_person() {
    let refused = || reply(200, r#"{"code":"EXSV0011","message":"服务名不正确"}"#);
    let (outcome, _) = ask([refused(), refused()], Some(control())).await;
    assert!(reason(&outcome, "inconclusive").contains("EXSV0011"));
    let blind = || {
        reply(
            200,
            r#"{"code":"0","data":{"Columns":["id","code"],"Rows":[["7","SO-7"]],"TotalCount":1}}"#,
        )
    };
    let (outcome, _) = ask([blind(), blind()], Some(control())).await;
    assert!(reason(&outcome, "inconclusive").contains("no external codes"));
}

#[tokio::test]
async fn an_unknown_api_cannot_be_asked_about() {
    let (target, _) = target([]);
    let report = target.look_up("Create", KEY, BODY, None).await;
    assert!(matches!(report.outcome, LookupOutcome::Inconclusive { .. }));
}

#[test]
fn the_listing_service_follows_from_the_api() {
    let service = |api: &str| question::service(api);
    assert_eq!(service(SALE_DISPATCH_CREATE).as_deref(), Some("SaleDispatchOpenApi"));
    assert_eq!(
        service("/tplus/api/v2/saleDelivery/Create").as_deref(),
        Some("SaleDeliveryOpenApi")
    );
    assert_eq!(
        service("/tplus/api/v2/SaleDispatchOpenApi/Create").as_deref(),
        Some("SaleDispatchOpenApi")
    );
    assert_eq!(service("Create"), None);
    assert_eq!(service("//Create"), None);
}

#[test]
fn lists_are_read_in_every_shape() {
    for data in [
        r#"{"Columns":["id","code","externalcode"],"Rows":[["7","SO-7","K1"]],"TotalCount":"1"}"#,
        r#"{"columns":["RDRecord.ExternalCode","RDRecord.Id","RDRecord.Code"],"rows":[["K1",7,"SO-7"]],"totalCount":1}"#,
        r#"{"Columns":[{"Name":"ID"},{"Name":"EXTERNALCODE"},{"Name":"CODE"}],"Rows":[[7,"K1","SO-7"]],"TotalCount":1}"#,
        r#"{"Rows":[{"ID":7,"ExternalCode":"K1","Code":"SO-7"}],"TotalCount":1}"#,
    ] {
        let listing = question::listing(Some(data)).unwrap();
        assert_eq!(listing.total, Some(1), "{data}");
        let row = &listing.rows[0];
        assert_eq!(
            (row.id.as_str(), row.code.as_str(), row.key.as_str()),
            ("7", "SO-7", "K1"),
            "{data}"
        );
    }
    assert_eq!(question::listing(None), Ok(question::Listing::default()));
    assert!(
        question::listing(Some(r#"{"Columns":null,"Rows":null}"#))
            .unwrap()
            .rows
            .is_empty()
    );
}

#[tokio::test]
async fn a_probe_tells_what_it_reached() {
    let (target, egress) = target([
        list(&[(1, "SO-1", "")], Some(41)),
        reply(401, "{}"),
        reply(200, r#"{"code":"EX1","message":"无权"}"#),
    ]);
    assert_eq!(target.probe().await.unwrap(), "https://gateway.test/: 41 documents");
    assert!(target.probe().await.unwrap_err().contains("HTTP 401"));
    assert!(target.probe().await.unwrap_err().contains("EX1"));
    assert!(egress.asked()[0].1.contains("\"pageSize\":1"));
}

proptest! {
    #[test]
    fn reading_lists_never_panics(status in 100u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(data) = question::data(status, &body) {
            let _ = question::listing(data.as_deref());
        }
    }

    #[test]
    fn tables_of_any_shape_are_survived(columns in prop::collection::vec("(id|code|externalcode|x)", 0..4), rows in prop::collection::vec(prop::collection::vec("\\PC{0,4}", 0..5), 0..3)) {
        let data = serde_json::json!({ "Columns": columns, "Rows": rows }).to_string();
        let _ = question::listing(Some(&data));
    }
}

#[tokio::test]
async fn what_is_listed_is_seen_even_where_nothing_can_be_made_of_it() {
    let refused = || reply(200, r#"{"code":"EX1","message":"失败"}"#);
    let twice = [(7, "SO-7", KEY), (8, "SO-8", KEY)];
    for (script, seen) in [
        (vec![list(&[(7, "SO-7", KEY)], Some(1)), refused()], true),
        (vec![list(&twice, Some(2))], true),
        (vec![list(&[], Some(0)), list(&[], Some(0))], false),
    ] {
        let (target, _) = target(script);
        let report = target.look_up(SALE_DISPATCH_CREATE, KEY, BODY, None).await;
        assert!(
            matches!(report.outcome, LookupOutcome::Inconclusive { .. }),
            "{report:?}"
        );
        assert_eq!(report.seen, seen, "{report:?}");
    }
}
