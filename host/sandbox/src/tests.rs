//! A sandbox as a whole: two ports, one journal, down and up, seen from inside and from outside.

pub(crate) mod client;

use serde_json::{Value, json};

use self::client::{Bench, create_body};
use crate::{Faults, Sandbox, WdtFaults, archive};

#[tokio::test]
async fn both_ports_are_on_loopback_and_tell_their_addresses() {
    let bench = Bench::start(|_| {}).await;
    assert!(bench.sandbox.wdt_url().starts_with("http://127.0.0.1:"));
    assert!(bench.sandbox.wdt_url().ends_with("/router/qm"));
    assert!(bench.sandbox.tplus_url().starts_with("http://127.0.0.1:"));
    assert!(!bench.sandbox.tplus_url().ends_with('/'));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let bench = Bench::start(|_| {}).await;
    let mut options = bench.options.clone();
    options.tplus_port = bench.sandbox.tplus_port.address.port();
    assert!(Sandbox::start(options).await.is_err());
}

#[tokio::test]
async fn the_journal_and_the_truth_can_be_read_from_outside() {
    let bench = Bench::start(|_| {}).await;
    bench.create(&create_body("A1")).await;
    bench.page(0, &[]).await;

    let journal = bench.tplus("GET", "/journal", &[], "").await;
    assert_eq!(journal.status, 200);
    let read: Value = serde_json::from_str(&journal.body).unwrap();
    assert_eq!(read, serde_json::to_value(bench.sandbox.journal()).unwrap());
    assert_eq!(read["vouchers"][0]["external_code"], "A1");
    assert_eq!(read["vouchers"][0]["received_at"], "2026-11-24T02:00:00.000Z");
    assert_eq!(read["requests"][0]["outcome"], "written");
    assert_eq!(read["requests"][1]["path"], "/router/qm");

    let orders = bench.wdt("GET", "/orders", &[], "").await;
    let read: Value = serde_json::from_str(&orders.body).unwrap();
    assert_eq!(read, serde_json::to_value(bench.sandbox.orders()).unwrap());
    assert_eq!(read.as_array().unwrap().len(), 250);
    assert_eq!(read[0]["deliverable"], true);
    assert_eq!(read[0]["flaw"], Value::Null);
}

#[tokio::test]
async fn a_system_that_is_down_closes_connections_at_once() {
    let bench = Bench::start(|_| {}).await;
    bench.sandbox.set_tplus_down(true);
    assert_eq!(bench.create(&create_body("A1")).await.status, 0);
    assert_eq!(bench.page(0, &[]).await.status, 200);
    bench.sandbox.set_wdt_down(true);
    assert_eq!(bench.page(0, &[]).await.status, 0);
    bench.sandbox.set_tplus_down(false);
    bench.sandbox.set_wdt_down(false);
    assert_eq!(bench.create(&create_body("A1")).await.status, 200);
    assert_eq!(bench.page(0, &[]).await.status, 200);
    assert_eq!(bench.sandbox.journal().vouchers.len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_kept_alive_is_closed_too() {
    let bench = Bench::start(|_| {}).await;
    let mut kept = bench.connect_tplus().await;
    assert_eq!(kept.create(&bench, &create_body("A1")).await, 200);
    assert_eq!(kept.create(&bench, &create_body("A2")).await, 200);
    bench.sandbox.set_tplus_down(true);
    assert_eq!(kept.create(&bench, &create_body("A3")).await, 0);
    let journal = bench.sandbox.journal();
    assert_eq!(journal.vouchers.len(), 2);
    assert_eq!(
        journal.requests.last().map(|request| (request.status, request.outcome)),
        Some((0, "down"))
    );
}

#[tokio::test]
async fn after_a_shutdown_the_ports_are_free_again() {
    let bench = Bench::start(|_| {}).await;
    let mut options = bench.options.clone();
    options.wdt_port = bench.sandbox.wdt_port.address.port();
    options.tplus_port = bench.sandbox.tplus_port.address.port();
    bench.sandbox.shutdown().await;
    let again = Sandbox::start(options).await.unwrap();
    again.shutdown().await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let bench = Bench::start(|options| {
            options.faults = Faults {
                wdt: WdtFaults {
                    delay_ms: 0,
                    ..Faults::all().wdt
                },
                ..Faults::all()
            }
        })
        .await;
        for page in 0..20 {
            bench.page(page % 3, &[]).await;
        }
        runs.push((bench.sandbox.journal(), bench.sandbox.orders()));
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].0.requests.iter().any(|request| request.outcome != "ok"));
}

#[tokio::test]
async fn generated_numbers_are_in_the_archive_of_tplus() {
    let bench = Bench::start(|_| {}).await;
    for order in bench.sandbox.orders().iter().step_by(25) {
        let mut dto: Value = serde_json::from_str(&create_body(&order.order_no)).unwrap();
        let code = |value: &Value| json!({"Code": archive::tplus_code(value.as_str().unwrap())});
        dto["dto"]["Partner"] = code(&order.body["shop_no"]);
        dto["dto"]["Customer"] = code(&order.body["shop_no"]);
        dto["dto"]["Warehouse"] = code(&order.body["warehouse_no"]);
        dto["dto"]["RDRecordDetails"][0]["Inventory"] = code(&order.body["details_list"][0]["spec_no"]);
        let answer = bench.create(&dto.to_string()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "null"));
    }
}
