//! Which token opens whose books, over HTTP, and replies that are kept back.

use std::time::Duration;

use serde_json::json;

use super::{ACCOUNTS_KEPT, Ledgers, account};
use crate::TplusFaults;
use crate::tests::client::{Bench, create_body};

const CREATE: &str = "/tplus/api/v2/saleDispatch/Create";

#[test]
fn a_token_names_its_account() {
    for (token, named) in [
        ("own", Some("")),
        ("own-lanmao", Some("lanmao")),
        ("own-pingan-deng", Some("pingan-deng")),
        ("own-", None),
        ("owner", None),
        ("own-a b", None),
        ("lanmao", None),
        ("", None),
    ] {
        assert_eq!(account(token, "own"), named, "{token:?}");
    }
    assert_eq!(account(&format!("own-{}", "a".repeat(65)), "own"), None);
}

#[test]
fn accounts_are_bounded() {
    let mut ledgers = Ledgers::new(1, true, TplusFaults::default());
    for number in 0..ACCOUNTS_KEPT {
        assert!(ledgers.books(&number.to_string()).is_some());
    }
    assert!(ledgers.books("one more").is_none());
    assert!(ledgers.books("7").is_some());
}

#[tokio::test]
async fn one_account_sees_nothing_of_another() {
    let bench = Bench::start(|_| {}).await;
    let other = format!("{}-lanmao", bench.options.identity.open_token);
    let mut headers = bench.headers();
    headers[2] = ("openToken", &other);
    let body = create_body("CK1");
    assert_eq!(bench.create(&body).await.body, "null");
    let question = json!({"param": {"externalCode": "CK1"}}).to_string();
    let look_up = "/tplus/api/v2/SaleDispatchOpenApi/GetVoucherDTO";
    let absent = bench.tplus("POST", look_up, &headers, &question).await;
    assert_eq!(absent.json()["code"], "EXERROR0001", "{absent:?}");
    // The same code is free there, and taken afterwards.
    assert_eq!(bench.tplus("POST", CREATE, &headers, &body).await.body, "null");
    assert_eq!(bench.tplus("POST", CREATE, &headers, &body).await.status, 400);
    let found = bench.tplus("POST", look_up, &headers, &question).await;
    assert_eq!(found.json()["data"]["ExternalCode"], "CK1", "{found:?}");
    let vouchers = bench.sandbox.journal().vouchers;
    let accounts: Vec<&str> = vouchers.iter().map(|one| one.account.as_str()).collect();
    assert_eq!(accounts, ["", "lanmao"]);
    let text = serde_json::to_value(&vouchers).unwrap();
    assert_eq!((text[0].get("account"), &text[1]["account"]), (None, &json!("lanmao")));
}

#[tokio::test]
async fn a_held_reply_is_written_and_comes_when_it_is_let_go() {
    let bench = Bench::start(|_| {}).await;
    bench.sandbox.hold_replies(true);
    let body = create_body("CK1");
    let create = bench.create(&body);
    tokio::pin!(create);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut create).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(bench.sandbox.journal().vouchers.len(), 1);
    bench.sandbox.hold_replies(false);
    assert_eq!(create.await.body, "null");
}
