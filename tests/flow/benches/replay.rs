//! Replays of 10,000 stored orders: records a second with nothing remembered and with everything, beside the same mapping as a
//! library function of the same records. `cargo bench -p dukou-flow --bench replay`; prints ratios, because machines are
//! noisy. Checks that repeats give the same report, that one changed field is one pattern, and that a recompile is none.
#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use dukou::deploy::stored::{RememberedOutcomes, StoredHistory};
use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::show::{Expression, Show};
use dukou_core::window::WindowRange;
use dukou_flow::{Site, SiteOptions};
use dukou_plugin::{Chain, InProcessCompiler, NoTables, Rules, Runtime, RuntimeOptions};
use dukou_plugin_build::set_section;
use dukou_replay::{Comparison, Memory, Options, PatternKind, Progress, Version, replay};
use dukou_sdk::{Group, HostLookups, Mapping as _, SourceRecord};
use dukou_store::Store;
use dukou_store::rows::{IngestPage, IngestRecord, OpenWindow, Span};
use dukou_store::sqlite::{SqliteOptions, SqliteStore};
use dukou_wdt_to_tplus::WdtToTplus;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
const ORDERS: usize = 10_000;
const PAGE: usize = 100;
const BATCH: usize = 50;
/// Reports that must be the same.
const REPEATS: usize = 20;
const SOURCE: &str = include_str!("../../../host/connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
const TARGET: &str = include_str!("../../../host/connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
/// The seed's target table, row by row (DESIGN §5).
const TABLE_SETTINGS: &str = r#"{"fields":{
"ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021","Customer":"TESTCUST",
"Partner":"TESTCUST","VoucherDate":"{{consign_time|date}}","BusiType":"15","Warehouse":"TEST_CK01",
"DispatchAddress":"{{receiver_address}}","TransDocNo":"{{logistics_no}}","DeliveryCode":"{{logistics_no}}",
"Memo":"来自旺店通","RDRecordDetails":"details_list","RDRecordDetails.Inventory":"2121",
"RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}","RDRecordDetails.Batch":"",
"RDRecordDetails.origTaxSalePrice":"{{details_list.price}}",
"RDRecordDetails.DetailMemo":"来自旺店通{{details_list.stockout_id}}","RDRecordDetails.Price":"",
"RDRecordDetails.Amount":""}}"#;

fn main() {
    // `cargo test --benches` and `cargo bench -- --list` call this too; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let orders = orders();
    let bytes: usize = orders.iter().map(|(_, body)| body.len()).sum();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scheme = SchemeName::new("default", "wdt-to-tplus");
    let store = SqliteStore::open(&folder.path().join("dukou.db"), SqliteOptions::default()).expect("a store");
    fill(&store, &scheme, &orders);
    let site = Plugins::new();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!(
        "{ORDERS} stored orders of {} bytes, both versions, {threads} threads",
        bytes / ORDERS
    );

    // Other bytes, the same code.
    let recompiled = set_section(dukou_stock::WDT_TO_TPLUS, "build-info", b"another compiler").expect("a component");
    let reference = site.version(dukou_stock::WDT_TO_TPLUS, "{}");
    let same = site.version(&recompiled, "{}");
    let table = site.version(dukou_stock::TABLE, TABLE_SETTINGS);
    let changed = TABLE_SETTINGS.replace("来自旺店通{{", "来自云仓{{");
    let changed = site.version(dukou_stock::TABLE, &changed);

    let native = native(&orders);
    println!(
        "  native wdt-to-tplus, one version, one thread      {:>9} records/s",
        per_second(native)
    );
    let desk = Bench {
        store: &store,
        scheme: &scheme,
        threads,
    };
    for (name, before, after) in [
        ("wdt-to-tplus recompiled", &reference, &same),
        ("table, one field changed", &table, &changed),
    ] {
        let (cold, took, _) = desk.replay(before, after, false);
        line(&format!("replay of {name}, cold"), took, native);
        desk.replay(before, after, true);
        let (cached, took, seen) = desk.replay(before, after, true);
        line(&format!("replay of {name}, cached"), took, native);
        assert_eq!(seen.remembered, ORDERS as u64, "all of it is remembered");
        let report = cold.to_json().to_string();
        assert_eq!(cached.to_json().to_string(), report, "memory does not show");
        for round in 0..REPEATS {
            let (again, ..) = desk.replay(before, after, round % 4 != 0);
            assert_eq!(again.to_json().to_string(), report, "repeat {round}");
        }
        let patterns = cold.patterns();
        if name.ends_with("recompiled") {
            assert!(cold.is_no_op(), "{patterns:#?}");
        } else {
            assert_eq!(patterns.len(), 1, "{patterns:#?}");
            let (kind, path) = (patterns[0].kind, patterns[0].path.as_deref());
            println!(
                "    {} × {} {}",
                patterns[0].groups,
                path.unwrap_or_default(),
                kind.word()
            );
            assert_eq!((kind, path), (PatternKind::Value, Some("RDRecordDetails[].DetailMemo")));
        }
    }
    println!("  {REPEATS} repeats of each gave identical reports");
}

struct Bench<'a> {
    store: &'a SqliteStore,
    scheme: &'a SchemeName,
    threads: usize,
}

impl Bench<'_> {
    fn replay(&self, before: &Version, after: &Version, remember: bool) -> (Comparison, Duration, Progress) {
        let history = StoredHistory::new(self.store, self.scheme, Span::default());
        let memory = RememberedOutcomes::new(self.store, now());
        let last = Mutex::new(Progress::default());
        let options = Options {
            threads: self.threads,
            memory: remember.then_some(&memory as &dyn Memory),
            watch: &|progress| *last.lock().expect("nobody panics here") = progress,
        };
        let start = Instant::now();
        let comparison = replay(&history, before, after, &options).expect("a replay");
        let took = start.elapsed();
        assert_eq!(comparison.all.groups, ORDERS as u64);
        let last = *last.lock().expect("nobody panics here");
        (comparison, took, last)
    }
}

struct Plugins {
    runtime: Runtime,
    environment: String,
    rules: Rules,
}

impl Plugins {
    fn new() -> Self {
        let parse = |text: &str| Catalogue::parse(text).expect("a catalogue");
        let (source, target) = (parse(SOURCE), parse(TARGET));
        let environment = serde_json::json!({
            "time_zone": "Asia/Shanghai",
            "source": source.to_environment(),
            "target": target.to_environment(),
        });
        Self {
            runtime: Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).expect("an engine"),
            environment: environment.to_string(),
            rules: Rules {
                source: Some(source),
                target: Some(target),
                key: "dto.ExternalCode".to_owned(),
            },
        }
    }

    fn version(&self, bytes: &[u8], settings: &str) -> Version {
        let plugin = self.runtime.load(bytes).expect("a plugin");
        let prepared = self
            .runtime
            .configure(&plugin, settings, &self.environment)
            .expect("settings that are accepted");
        Version {
            recipe: Digest::of_parts([plugin.digest().as_bytes().as_slice(), settings.as_bytes()]),
            chain: Chain::new(prepared, Vec::new(), Vec::new()).expect("a chain"),
            tables: Arc::new(NoTables),
            rules: self.rules.clone(),
        }
    }
}

/// The sandbox's orders: number and body.
fn orders() -> Vec<(String, String)> {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: ORDERS,
            ..SiteOptions::default()
        },
    );
    let orders = site.orders().into_iter();
    orders.map(|order| (order.order_no, order.body.to_string())).collect()
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn fill(store: &SqliteStore, scheme: &SchemeName, orders: &[(String, String)]) {
    let show = Show::new(
        Expression::parse("sum(details_list.share_amount)").ok(),
        None,
        None,
        Vec::new(),
    );
    let range = WindowRange {
        start: now(),
        end: now(),
    };
    let open = OpenWindow {
        range,
        moves_mark: true,
        at: now(),
    };
    let window = store
        .open_window(scheme, Some(open))
        .expect("a store")
        .expect("a window");
    for (number, page) in orders.chunks(PAGE).enumerate() {
        let record = |(key, body): &(String, String)| IngestRecord {
            key: key.clone(),
            hash: Digest::of(body.as_bytes()),
            group: key.clone(),
            aliases: Vec::new(),
            shown: show.read(body),
            body: body.clone(),
        };
        let page = IngestPage {
            window: window.id,
            lease: window.lease,
            position: number.to_string(),
            records: page.iter().map(record).collect(),
            at: now(),
        };
        store.ingest(scheme, &page).expect("a page");
    }
}

/// The same mapping as a library function in this process, without sandbox, projection, host check, store or comparison.
fn native(orders: &[(String, String)]) -> Duration {
    let groups: Vec<Group> = orders
        .iter()
        .map(|(key, body)| {
            Group::single(SourceRecord::new(
                key.clone(),
                "2026-11-24T08:00:00+08:00".to_owned(),
                body.clone(),
            ))
        })
        .collect();
    let environment = r#"{"time_zone":"Asia/Shanghai","source":null,"target":null}"#;
    let Ok((plugin, _)) = WdtToTplus::configure("{}", environment) else {
        panic!("the settings are refused");
    };
    let start = Instant::now();
    for batch in groups.chunks(BATCH) {
        black_box(plugin.transform(batch.to_vec(), &HostLookups).len());
    }
    start.elapsed()
}

fn per_second(took: Duration) -> u128 {
    ORDERS as u128 * 1_000_000 / took.as_micros().max(1)
}

fn line(name: &str, took: Duration, native: Duration) {
    let tenths = took.as_micros() * 10 / native.as_micros().max(1);
    println!(
        "  {name:<50}{:>9} records/s in {took:.2?}, {}.{} x native",
        per_second(took),
        tenths / 10,
        tenths % 10
    );
}
