//! End to end through the sandbox: orders a second with limits off and full durability, the peak of resident memory, and the
//! time from a restart after `kill -9` to the first delivery. `cargo bench -p dukou-flow`; prints, asserts nothing about time.
#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use dukou_flow::{Site, SiteOptions, ended};
use dukou_sdk::{Group, HostLookups, Mapping as _, SourceRecord};
use dukou_wdt_to_tplus::WdtToTplus;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");

fn main() {
    // `cargo test --benches` and `cargo bench -- --list` call this too; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let orders = 5_000;
    let options = SiteOptions {
        orders,
        in_flight: 64,
        deadline: "10s",
        quarantine: "15s",
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    // The first start compiles plugins; that is not what is measured.
    let warm = site.dukou(&["deploy"]);
    assert_eq!(warm.code, Some(0), "{warm:?}");
    let start = Instant::now();
    let child = site
        .command(&["run", "--json"])
        .spawn()
        .expect("the command line starts");
    let id = child.id();
    let watch = std::thread::spawn(move || peak_of(id));
    let run = ended(child);
    let took = start.elapsed();
    let peak = watch.join().unwrap_or_default();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(site.journal().vouchers.len(), orders);
    let bodies: Vec<_> = site
        .orders()
        .into_iter()
        .map(|order| (order.order_no, order.body.to_string()))
        .collect();
    let bytes: usize = bodies.iter().map(|(_, body)| body.len()).sum();
    let native = native(&bodies);
    println!("end to end: {orders} orders of {} bytes in {took:?}", bytes / orders);
    println!(
        "  {} orders/s, limits off, synchronous=FULL, sandbox on the same two cores",
        per_second(orders, took)
    );
    println!(
        "  native mapping of the same orders: {} orders/s ({}x)",
        per_second(orders, native),
        took.as_micros() / native.as_micros().max(1)
    );
    println!("  resident memory of run, peak: {peak} kB");
    recovery();
}

/// Dies in the middle of sending, is started again, and waits for the first voucher after that.
fn recovery() {
    let options = SiteOptions {
        orders: 1_000,
        in_flight: 16,
        deadline: "1s",
        quarantine: "2s",
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    let dead = ended(
        site.command(&["run"])
            .env("DUKOU_FAILPOINTS", "deliver.after-send=200*off->return")
            .spawn()
            .expect("the command line starts"),
    );
    assert_eq!(dead.code, None, "{dead:?}");
    let before = site.journal().vouchers.len();
    let start = Instant::now();
    let child = site.command(&["run"]).spawn().expect("the command line starts");
    while site.journal().vouchers.len() == before {
        std::thread::sleep(Duration::from_millis(2));
    }
    println!(
        "after kill -9 at {before} of 1000: first delivery {:?} after the restart",
        start.elapsed()
    );
    let run = ended(child);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(site.journal().vouchers.len(), 1_000);
}

fn native(bodies: &[(String, String)]) -> Duration {
    let text = include_str!("../../../host/connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
    let catalogue = dukou_core::catalogue::Catalogue::parse(text)
        .expect("the shipped catalogue parses")
        .to_environment();
    let environment =
        serde_json::json!({ "time_zone": "Asia/Shanghai", "source": null, "target": catalogue }).to_string();
    let Ok((mapping, _)) = WdtToTplus::configure("{}", &environment) else {
        return Duration::ZERO;
    };
    let start = Instant::now();
    for (key, body) in bodies {
        let record = SourceRecord {
            key: key.clone(),
            received_at: "2026-01-01T00:00:00Z".into(),
            body: body.clone(),
            extra: "{}".into(),
        };
        let group = Group {
            key: key.clone(),
            records: vec![record],
            extra: "{}".into(),
        };
        black_box(mapping.transform(vec![group], &HostLookups));
    }
    start.elapsed()
}

fn per_second(count: usize, took: Duration) -> u128 {
    count as u128 * 1_000_000 / took.as_micros().max(1)
}

/// The highest `VmHWM` of a process, in kB, until it is gone.
fn peak_of(id: u32) -> u64 {
    let mut peak = 0;
    loop {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) else {
            return peak;
        };
        let now = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
        match now {
            Some(now) => peak = peak.max(now),
            // A zombie has no memory any more.
            None => return peak,
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
