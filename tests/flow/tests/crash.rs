//! The process dies at every failpoint of a run, as if by `kill -9`, on both answers to "does T+ enforce ExternalCode", and
//! is started again: no order lost, no voucher twice.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::BTreeMap;

use dukou::pipeline::failpoint::PLACES;
use dukou_flow::{Site, SiteOptions, ended};
use dukou_sandbox::Faults;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");

/// Dies at the n-th time that `place` is reached, restarts until nothing is left, and checks the ledger.
fn die_at(place: &str, nth: u32, unique: bool) {
    let mut faults = Faults::default();
    if place.starts_with("lookup") {
        faults.tplus.lost_after_write_per_mille = 300;
    }
    let options = SiteOptions {
        orders: 14,
        seed: 11,
        unique,
        unique_key: if unique { "enforced" } else { "lookup-only" },
        faults,
        ..SiteOptions::lossy()
    };
    let site = Site::new(DUKOU, &options);
    let failpoint = format!("{place}={}*off->return", nth - 1);
    let dead = ended(
        site.command(&["run"])
            .env("DUKOU_FAILPOINTS", failpoint)
            .spawn()
            .unwrap(),
    );
    assert_eq!(dead.code, None, "{place} was never reached: {dead:?}");
    let again = site.dukou(&["run", "--json"]);
    assert_eq!(again.code, Some(0), "{place}: {again:?}");
    let mut ledger: BTreeMap<String, u32> = BTreeMap::new();
    for voucher in site.journal().vouchers {
        *ledger.entry(voucher.external_code).or_default() += 1;
    }
    for order in site.orders() {
        assert_eq!(
            ledger.get(&order.order_no),
            Some(&1),
            "{place} ({nth}), unique={unique}: {}",
            order.order_no
        );
    }
    assert_eq!(ledger.len(), 14);
    let status = site.dukou(&["status", "--json"]);
    assert_eq!(status.code, Some(0), "{place}: {status:?}");
}

fn die_everywhere(unique: bool) {
    assert_eq!(PLACES.len(), 23);
    for place in PLACES {
        die_at(place, 1, unique);
    }
}

#[test]
fn death_anywhere_loses_nothing_and_doubles_nothing_where_the_key_is_enforced() {
    die_everywhere(true);
}

#[test]
fn death_anywhere_loses_nothing_and_doubles_nothing_where_the_key_is_not_enforced() {
    die_everywhere(false);
}

#[test]
fn death_in_the_middle_of_sending_leaves_some_sent_and_some_not() {
    for place in ["deliver.before-send", "deliver.after-send", "deliver.before-outcome"] {
        die_at(place, 3, false);
        die_at(place, 3, true);
    }
}

#[test]
fn a_plugin_that_kills_the_process_costs_one_group_at_most_three_lives() {
    // Dying while a batch is mapped, again and again, never blames more than what kills.
    let site = Site::new(DUKOU, &SiteOptions::default());
    for _ in 0..6 {
        let dead = ended(
            site.command(&["run"])
                .env("DUKOU_FAILPOINTS", "transform.after-plugins=return")
                .spawn()
                .unwrap(),
        );
        assert_eq!(dead.code, None, "{dead:?}");
    }
    let again = site.dukou(&["run", "--json"]);
    let problems = again.json()["transformed"]["failed"].as_u64().unwrap();
    assert!(problems <= 2, "{again:?}");
    let written = site.journal().vouchers.len();
    assert_eq!(written as u64 + problems, 12, "every order is written or a problem");
}
