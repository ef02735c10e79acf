//! The connector against recorded replies: what is sent, what is reported, and settings.

use std::sync::Arc;
use std::time::Duration;

use dukou_core::clock::ManualClock;
use dukou_core::delivery::UniqueKey;
use dukou_core::outcome::{FoundContent, LookupOutcome, WriteOutcome};

use super::*;
use crate::egress::scripted::{ScriptedEgress, reply};
use crate::egress::{EgressError, HeaderValue, HttpReply};

const KEY: &str = "CK202311140007";
const BODY: &str = r#"{"dto":{"ExternalCode":"CK202311140007","VoucherDate":"2023-11-14","Partner":{"Code":"C01"},"Warehouse":{"Code":"W01"},"RDRecordDetails":[{"Inventory":{"Code":"A"},"BaseQuantity":2.0000},{"Inventory":{"Code":"B"},"BaseQuantity":1}]}}"#;

fn config() -> TplusCloudConfig {
    let auth = TplusAuth::OpenToken("open-token-in-a-test".into());
    let mut config = TplusCloudConfig::new("https://gateway.test/", "key-1", "app-secret-in-a-test".into(), auth);
    config.limits.per_second = None;
    config
}

fn target(script: impl IntoIterator<Item = Result<HttpReply, EgressError>>) -> (TplusCloud, Arc<ScriptedEgress>) {
    let egress = Arc::new(ScriptedEgress::new(script));
    let clock = Arc::new(ManualClock::at("2023-11-15T00:00:00Z".parse().unwrap()));
    (TplusCloud::new(config(), egress.clone(), clock), egress)
}

#[test]
fn shipped_catalogues_are_readable() {
    for api in APIS {
        assert_eq!(catalogue(api).unwrap().api, *api);
    }
    assert_eq!(catalogue(SALE_DISPATCH_CREATE).unwrap().wrapper.as_deref(), Some("dto"));
    assert!(catalogue("/tplus/api/v2/none/Create").is_none());
}

#[tokio::test]
async fn a_document_is_sent_as_the_bytes_it_is() {
    let (target, egress) = target([reply(200, "null")]);
    let report = target.send(SALE_DISPATCH_CREATE, KEY, BODY).await;
    assert_eq!(report.outcome, WriteOutcome::Accepted { reference: None });
    assert_eq!((report.status, report.reply.as_str()), (Some(200), "null"));
    let url = "https://gateway.test/tplus/api/v2/saleDispatch/Create".to_owned();
    assert_eq!(egress.asked(), [(url.clone(), BODY.to_owned())]);
    assert_eq!(target.request_line(SALE_DISPATCH_CREATE), format!("POST {url}"));
    let names: Vec<_> = egress.last().headers.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["appKey", "appSecret", "openToken", "Content-Type"]);
    for (name, value) in egress.last().headers {
        assert_eq!(
            matches!(value, HeaderValue::Secret(_)),
            matches!(name, "appSecret" | "openToken"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_outline_is_what_is_sent_without_its_secrets() {
    let (target, egress) = target([reply(200, "null")]);
    target.send(SALE_DISPATCH_CREATE, KEY, BODY).await;
    let (sent, config) = (egress.last(), config());
    let shown = outline(&config.url, &config.app_key, SALE_DISPATCH_CREATE);
    assert_eq!(
        (shown.method, shown.url.as_str()),
        (sent.method.word(), sent.url.as_str())
    );
    let values = sent.headers.into_iter().map(|(name, value)| match value {
        HeaderValue::Plain(text) => (name, Some(text)),
        HeaderValue::Secret(_) => (name, None),
    });
    assert_eq!(shown.headers, values.collect::<Vec<_>>());
    assert!(shown.headers.iter().any(|(_, value)| value.is_none()), "{shown:?}");
}

#[tokio::test]
async fn secrets_that_a_reply_echoes_are_blotted_out() {
    let body = r#"{"code":"EX1","message":"bad open-token-in-a-test and app-secret-in-a-test"}"#;
    let (target, _) = target([reply(400, body)]);
    let report = format!("{:?}", target.send(SALE_DISPATCH_CREATE, KEY, BODY).await);
    assert!(
        report.contains("bad *** and ***") && !report.contains("in-a-test"),
        "{report}"
    );
}

#[tokio::test]
async fn long_replies_are_cut_between_characters() {
    let (target, _) = target([reply(200, format!("x{}", "旺".repeat(10_000)))]);
    let report = target.send(SALE_DISPATCH_CREATE, KEY, BODY).await;
    assert!(report.reply.len() <= 16 * 1024 && report.reply.starts_with("x旺"));
}

#[tokio::test]
async fn without_a_reply_only_certainty_is_not_sent() {
    let (target, _) = target([
        Err(EgressError::NotSent {
            reason: "refused".to_owned(),
        }),
        Err(EgressError::NoReply {
            reason: "reset".to_owned(),
        }),
    ]);
    let outcome = target.send(SALE_DISPATCH_CREATE, KEY, BODY).await.outcome;
    assert_eq!(
        outcome,
        WriteOutcome::NotSent {
            reason: "refused".to_owned()
        }
    );
    let outcome = target.send(SALE_DISPATCH_CREATE, KEY, BODY).await.outcome;
    assert_eq!(
        outcome,
        WriteOutcome::Unknown {
            reason: "reset".to_owned()
        }
    );
}

#[tokio::test]
async fn a_throttle_tells_how_long_to_wait() {
    let mut dated = reply(429, "{}").unwrap();
    dated.retry_after = Some("Wed, 15 Nov 2023 00:00:30 GMT".to_owned());
    let mut seconds = reply(429, "").unwrap();
    seconds.retry_after = Some("12".to_owned());
    let (target, _) = target([Ok(dated), Ok(seconds)]);
    for wanted in [30, 12] {
        let outcome = target.send(SALE_DISPATCH_CREATE, KEY, BODY).await.outcome;
        let WriteOutcome::Throttled { retry_after, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(retry_after, Some(Duration::from_secs(wanted)));
    }
}

#[test]
fn the_account_is_the_same_for_every_connection_to_it() {
    let account = |url: &str| {
        TplusCloudConfig {
            url: url.to_owned(),
            ..config()
        }
        .account_name()
    };
    assert_eq!(
        account("https://openapi.chanjet.com"),
        "tplus-cloud:openapi.chanjet.com:key-1"
    );
    assert_eq!(
        account("https://OPENAPI.chanjet.com:443/"),
        "tplus-cloud:openapi.chanjet.com:key-1"
    );
    assert_eq!(account("http://127.0.0.1:8080"), "tplus-cloud:127.0.0.1:8080:key-1");
    assert_eq!(
        TplusCloudConfig {
            account: Some("books".to_owned()),
            ..config()
        }
        .account_name(),
        "books"
    );
}

#[test]
fn settings_that_cannot_work_are_named() {
    assert_eq!(config().check(), Ok(()));
    type Break = fn(&mut TplusCloudConfig);
    let broken: [(&str, Break); 5] = [
        ("url", |config| config.url = "openapi".to_owned()),
        ("app_secret", |config| config.app_secret = "".into()),
        ("auth.token", |config| config.auth = TplusAuth::OpenToken(" ".into())),
        ("quarantine", |config| config.quarantine = config.deadline),
        ("limits", |config| config.limits.in_flight = 0),
    ];
    for (key, break_it) in broken {
        let mut config = config();
        break_it(&mut config);
        assert_eq!(config.check().unwrap_err().key, key);
    }
    let (target, _) = target([]);
    assert_eq!(target.policy().unique_key, UniqueKey::LookupOnly);
    assert_eq!(
        (target.deadline(), target.policy().quarantine),
        (Duration::from_secs(30), Duration::from_secs(300))
    );
}

mod look_up;
