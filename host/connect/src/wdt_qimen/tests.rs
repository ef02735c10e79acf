//! The connector against recorded replies: what is asked, and what is handed on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dukou_core::clock::ManualClock;
use dukou_core::outcome::ReadFailure;
use dukou_core::request::RequestValue;
use dukou_core::window::WindowRange;
use proptest::prelude::*;

use super::*;
use crate::PulledRecord;
use crate::egress::scripted::{ScriptedEgress, reply};
use crate::egress::{EgressError, HttpReply, HttpRequest};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2023-11-15T00:00:00Z".parse().unwrap()))
}

fn config() -> WdtQimenConfig {
    WdtQimenConfig::new(
        "http://gateway.test/router/qm",
        "12345678",
        "testsecret".into(),
        "apidevtest2",
    )
}

fn query(page_size: u32) -> Query {
    let preset = [
        ("start_time", "{{LAST_SYNC_TIME|datetime}}"),
        ("end_time", "{{CURRENT_TIME|datetime}}"),
        ("status", ""),
        ("shop_no", "旗舰店A"),
        ("page_size", "{{PAGINATION_PAGE_SIZE}}"),
        ("page_no", "{{PAGINATION_START_PAGE}}"),
    ];
    Query {
        api: STOCKOUT_ORDER_QUERY_TRADE.to_owned(),
        params: preset
            .iter()
            .map(|(name, value)| ((*name).to_owned(), RequestValue::parse(value).unwrap()))
            .collect(),
        window: WindowRange {
            start: "2023-11-13T16:00:00Z".parse().unwrap(),
            end: "2023-11-14T15:59:59Z".parse().unwrap(),
        },
        zone: chrono_tz::Asia::Shanghai,
        page_size,
        key: None,
    }
}

fn form_of(request: &HttpRequest) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

async fn one(
    script: Result<HttpReply, EgressError>,
    query: &Query,
) -> (Result<Page, ReadFailure>, BTreeMap<String, String>) {
    let egress = Arc::new(ScriptedEgress::new([script]));
    let page = WdtQimen::new(config(), egress.clone(), clock()).read(query, None).await;
    assert_eq!(egress.left(), 0);
    (page, form_of(&egress.last()))
}

const EMPTY: &str = r#"{"response":{"errorcode":0,"message":"ok","total_count":0}}"#;

#[test]
fn shipped_catalogues_are_readable() {
    for api in APIS {
        assert_eq!(catalogue(api).unwrap().api, *api);
    }
    assert!(catalogue("wdt.trade.query").is_none());
    let catalogue = catalogue(STOCKOUT_ORDER_QUERY_TRADE).unwrap();
    for (kind, path) in STOCKOUT_ALIASES {
        assert!(
            catalogue.field(path).is_some(),
            "{kind}: {path} is not in the catalogue"
        );
    }
}

#[tokio::test]
async fn a_request_is_the_signed_form_of_the_domain_page() {
    let (page, form) = one(reply(200, EMPTY), &query(100)).await;
    assert_eq!(page.unwrap().next, None);
    let expected = [
        ("app_key", "12345678"),
        ("end_time", "2023-11-14 23:59:59"),
        ("format", "json"),
        ("method", "wdt.stockout.order.query.trade"),
        ("page_no", "0"),
        ("page_size", "100"),
        ("shop_no", "旗舰店A"),
        ("sid", "apidevtest2"),
        ("sign_method", "hmac-sha256"),
        ("start_time", "2023-11-14 00:00:00"),
        ("target_app_key", "21363512"),
        // GMT+8 of the clock's midnight.
        ("timestamp", "2023-11-15 08:00:00"),
        ("v", "2.0"),
    ];
    let mut unsigned = form;
    let signature = unsigned.remove("sign").unwrap();
    assert_eq!(
        unsigned,
        expected
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    );
    assert_eq!(
        signature,
        sign::sign(&unsigned, &"testsecret".into(), SignMethod::HmacSha256)
    );
}

#[tokio::test]
async fn a_key_is_asked_for_without_times() {
    let mut query = query(100);
    query.key = Some("CK202311140007".to_owned());
    query
        .params
        .push(("is_by_modified".to_owned(), RequestValue::Text("1".to_owned())));
    let (_, form) = one(reply(200, EMPTY), &query).await;
    assert_eq!(form["stockout_no"], "CK202311140007");
    for absent in ["start_time", "end_time", "is_by_modified"] {
        assert!(!form.contains_key(absent), "{absent}");
    }
    assert_eq!(form["shop_no"], "旗舰店A");
}

#[tokio::test]
async fn a_scheme_cannot_change_who_asks_and_may_preset_the_page_size() {
    let mut query = query(100);
    for (name, value) in [
        ("sid", "other"),
        ("app_key", "other"),
        ("sign", "other"),
        ("page_no", "9"),
    ] {
        query
            .params
            .push((name.to_owned(), RequestValue::Text(value.to_owned())));
    }
    query.params[4].1 = RequestValue::Text("40".to_owned());
    let (_, form) = one(reply(200, EMPTY), &query).await;
    assert_eq!(
        (form["sid"].as_str(), form["app_key"].as_str()),
        ("apidevtest2", "12345678")
    );
    assert_eq!((form["page_no"].as_str(), form["page_size"].as_str()), ("0", "40"));
    assert_eq!(form["sign"].len(), 64);
    query.params[4].1 = RequestValue::Text("500".to_owned());
    assert_eq!(one(reply(200, EMPTY), &query).await.1["page_size"], "100");
}

#[tokio::test]
async fn a_page_carries_rows_total_and_clock_skew() {
    let row = r#"{ "stockout_id":812345 , "goods_count":3.0000,"price":1E+1,"name":"\u65d7舰"}"#;
    let body =
        format!("\u{feff}{{\"response\":{{\"errorcode\":0,\"total_count\":\"2\",\"stockout_list\":[ {row} ,{row}]}}}}");
    let mut answer = reply(200, body).unwrap();
    answer.date = Some("Wed, 15 Nov 2023 00:00:07 GMT".to_owned());
    let page = one(Ok(answer), &query(100)).await.0.unwrap();
    assert_eq!(page.records, vec![PulledRecord { body: row.to_owned() }; 2]);
    assert_eq!(
        (page.total, page.next, page.clock_skew_seconds),
        (Some(2), None, Some(7))
    );
}

#[tokio::test]
async fn no_reply_and_not_sent_are_both_unavailable_without_secrets() {
    for error in [
        EgressError::NotSent {
            reason: "POST http://gateway.test/router/qm: refused".to_owned(),
        },
        EgressError::NoReply {
            reason: "POST http://gateway.test/router/qm: timed out".to_owned(),
        },
    ] {
        let failure = one(Err(error), &query(100)).await.0.unwrap_err();
        assert!(
            matches!(&failure, ReadFailure::Unavailable { reason } if !reason.contains("testsecret")),
            "{failure}"
        );
    }
}
mod windows;

#[test]
fn settings_that_cannot_work_are_named() {
    assert_eq!(config().check(), Ok(()));
    type Break = fn(&mut WdtQimenConfig);
    let broken: [(&str, Break); 5] = [
        ("url", |config| config.url = "gateway.test".to_owned()),
        ("url", |config| config.url = "http://user:pass@gateway.test/".to_owned()),
        ("app_secret", |config| config.app_secret = "".into()),
        ("sid", |config| config.sid = " ".to_owned()),
        ("deadline", |config| config.deadline = Duration::ZERO),
    ];
    for (key, break_it) in broken {
        let mut config = config();
        break_it(&mut config);
        assert_eq!(config.check().unwrap_err().key, key);
    }
}

proptest! {
    #[test]
    fn any_stored_position_is_survived(text in "\\PC{0,60}") {
        let _ = paging::Position::parse(&text);
    }
}
