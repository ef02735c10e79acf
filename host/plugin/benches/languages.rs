//! The same mapping in four languages: what a record costs in each, beside the same rules in native code, and whether
//! all answer with the same bytes. Run with `cargo xtask bench`, which lets the tutorial make the components first.
//! Not for comparing engines: every figure is one engine, one thread, fresh instances.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a report for people"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dukou_core::verdict::{Group, Verdict};
use dukou_plugin::{Chain, InProcessCompiler, NoTables, Runtime, RuntimeOptions, SharedTables};
use dukou_sdk::{HostLookups, Mapping};
use measure::{BATCH, best, for_sdk, group, line, micros};

mod measure;
#[path = "../tests/sample/mod.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod sample;

/// Name and file of each component, as `docs/tutorials/first-plugin.md` makes them.
const COMPONENTS: [(&str, &str); 4] = [
    ("rust", "shop-rust/shop-rust.wasm"),
    ("table", "shop-table/shop-table.wasm"),
    ("javascript", "shop-js/shop-js.wasm"),
    ("python", "shop-python/shop-python.wasm"),
];

fn main() {
    let folder = std::env::var_os("DUKOU_TUTORIAL").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/tutorial"),
        PathBuf::from,
    );
    let environment = sample::environment();
    let tables: SharedTables = Arc::new(NoTables);
    let runtime = Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap();
    let orders: Vec<String> = (0..BATCH).map(|number| sample::order(number, 2)).collect();
    let groups: Vec<Group> = orders.iter().enumerate().map(|(n, body)| group(n, body)).collect();

    println!("{BATCH} orders, one thread, a fresh instance per batch; native is the reference mapping's own code");
    let (plugin, _) = dukou_wdt_to_tplus::WdtToTplus::configure("{}", &environment).expect("the defaults are good");
    let inputs = for_sdk(&groups);
    let native = best(|| plugin.transform(inputs.clone(), &HostLookups).len());
    line("native", native, native);
    let expected: Vec<String> = plugin
        .transform(inputs, &HostLookups)
        .into_iter()
        .zip(&orders)
        .map(|(verdict, order)| match verdict {
            dukou_sdk::Verdict::Mapped(mapped) => as_in_the_tutorial(&mapped.documents[0].body, order),
            other => panic!("the reference refuses a sample: {other:?}"),
        })
        .collect();

    for (name, file) in COMPONENTS {
        let path = folder.join(file);
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask tutorial` makes it", path.display()));
        let start = Instant::now();
        let plugin = runtime.load(&bytes).unwrap();
        let compiled = start.elapsed();
        let prepared = runtime.configure(&plugin, "{}", &environment).unwrap();
        let chain = Chain::new(prepared.clone(), Vec::new(), Vec::new()).unwrap();
        let time = best(|| chain.run(&groups, &tables).outcomes.len());
        line(&format!("{name}, batches of {BATCH}"), time, native);
        let alone = best(|| chain.run(&groups[..1], &tables).outcomes.len());
        let idle = best(|| prepared.transform(&[], &tables).result.as_ref().map_or(0, Vec::len));
        let projected: Vec<Group> = groups
            .iter()
            .map(|group| {
                let mut group = group.clone();
                group.records[0].body = prepared.needs().apply(&group.records[0].body).unwrap();
                group
            })
            .collect();
        let report = prepared.transform(&projected, &tables);
        let verdicts = report.result.unwrap();
        let equal = verdicts
            .iter()
            .zip(&expected)
            .filter(|(verdict, expected)| matches!(verdict, Verdict::Mapped(mapped) if mapped.documents[0].body == **expected))
            .count();
        println!(
            "    {} bytes, loaded in {:.0} ms; a batch without records {:.0} us, of one record {:.0} us; fuel {} per record, peak memory {} KiB",
            bytes.len(),
            compiled.as_secs_f64() * 1e3,
            micros(idle, 1),
            micros(alone, 1),
            report.usage.fuel / BATCH as u64,
            report.usage.peak_memory_bytes >> 10,
        );
        assert_eq!(equal, BATCH, "{name}: documents that differ from the native ones");
        println!("    byte-equal to native: {equal} of {BATCH}");
    }
}

/// The reference document with the memo that the tutorial's reader gives it.
fn as_in_the_tutorial(body: &str, order: &str) -> String {
    let order: serde_json::Value = serde_json::from_str(order).unwrap();
    let memo = format!("来自{}", order["shop_name"].as_str().unwrap());
    body.replacen("来自旺店通", &memo, 1)
}
