//! What a plugin costs: projecting, instantiating, mapping, each per record and beside the same work in native code.
//! Prints ratios, because machines are noisy; run with `cargo bench -p dukou-plugin`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a report for people"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use dukou_core::verdict::Group;
use dukou_plugin::explain::{ExplainLimits, explain};
use dukou_plugin::{Chain, InProcessCompiler, NoTables, Prepared, Runtime, RuntimeOptions, SharedTables};
use dukou_sdk::{HostLookups, Mapping};
use measure::{BATCH, ROUNDS, best, for_sdk, group, line, micros};
use serde::Deserialize;

mod measure;
#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() {
    let orders: Vec<String> = (0..BATCH).map(|number| sample::order(number, 2)).collect();
    let bytes: usize = orders.iter().map(String::len).sum();
    let groups: Vec<Group> = orders.iter().enumerate().map(|(n, body)| group(n, body)).collect();
    let environment = sample::environment();
    let tables: SharedTables = Arc::new(NoTables);

    let runtime = Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap();
    println!("{}", runtime.mode());
    println!(
        "{BATCH} orders of {} bytes on average, one thread; best of {ROUNDS} rounds",
        bytes / BATCH
    );
    let prepare = |component: &[u8], settings: &str| {
        let plugin = runtime.load(component).unwrap();
        runtime.configure(&plugin, settings, &environment).unwrap()
    };
    let table = prepare(dukou_stock::TABLE, sample::TABLE_SETTINGS);
    let reference = prepare(dukou_stock::WDT_TO_TPLUS, "{}");
    let misbehaving = prepare(dukou_guests::MISBEHAVING, "{}");
    let plain = prepare(dukou_guests::WASI_PLAIN, "{}");

    println!("\nprojection");
    let cut = best(|| {
        orders
            .iter()
            .map(|body| table.needs().apply(body).unwrap().len())
            .sum::<usize>()
    });
    let rate = bytes as f64 / cut.as_secs_f64() / 1e6;
    println!(
        "  {:<50}{:>9.2} us/record  {rate:>8.0} MB/s",
        "of the seed's table",
        micros(cut, BATCH)
    );

    println!("\nfresh store and instance, no call");
    for (name, prepared) in [
        ("wdt-to-tplus", &reference),
        ("table", &table),
        ("with the inert system", &plain),
    ] {
        let time = best(|| {
            for _ in 0..BATCH {
                prepared.instantiate(&tables).unwrap();
            }
            0
        });
        println!("  {name:<50}{:>9.2} us/instance", micros(time, BATCH));
    }

    println!("\nfresh store, instance and configure, without groups");
    let bare = r#"{"time_zone":"Asia/Shanghai","source":null,"target":null}"#;
    let plugin = runtime.load(dukou_guests::MISBEHAVING).unwrap();
    let empty = runtime.configure(&plugin, "{}", bare).unwrap();
    for (name, prepared) in [
        ("smallest plugin, environment without catalogues", &empty),
        ("smallest plugin", &misbehaving),
        ("smallest plugin with the inert system", &plain),
        ("wdt-to-tplus", &reference),
        ("table, compiling its settings", &table),
    ] {
        let time = best(|| {
            for _ in 0..BATCH {
                black_box(prepared.transform(&[], &tables).result.as_ref().map(Vec::len).ok());
            }
            0
        });
        println!("  {name:<50}{:>9.2} us/batch", micros(time, BATCH));
    }

    println!("\nmapping with projection, whole chain of one plugin, batches of {BATCH}");
    let floor = best(|| orders.iter().map(|body| typed(body).len()).sum());
    line("native: typed serde, no checks", floor, floor);
    let native_reference = native::<dukou_wdt_to_tplus::WdtToTplus>("{}", &environment, &groups);
    line("native: wdt-to-tplus", native_reference, floor);
    let native_table = native::<dukou_table::Table>(sample::TABLE_SETTINGS, &environment, &groups);
    line("native: table", native_table, floor);
    let sandboxed = chained(&reference, &groups, &tables);
    line("plugin: wdt-to-tplus", sandboxed, floor);
    ratio("wdt-to-tplus", sandboxed, native_reference);
    let sandboxed = chained(&table, &groups, &tables);
    line("plugin: table", sandboxed, floor);
    ratio("table", sandboxed, native_table);

    println!("\nthe same, one record per batch");
    for (name, prepared) in [("plugin: wdt-to-tplus", &reference), ("plugin: table", &table)] {
        let chain = Chain::new(prepared.clone(), Vec::new(), Vec::new()).unwrap();
        let time = best(|| {
            groups
                .iter()
                .map(|group| chain.run(std::slice::from_ref(group), &tables).outcomes.len())
                .sum()
        });
        line(name, time, floor);
    }
    for (name, prepared) in [("wdt-to-tplus", &reference), ("table", &table)] {
        let report = prepared.transform(&groups, &tables);
        println!(
            "fuel of {name}: {} per record, {} of the budget; peak memory {} KiB",
            report.usage.fuel / BATCH as u64,
            format_args!(
                "{:.2} %",
                report.usage.fuel as f64 * 100.0 / report.usage.fuel_limit as f64
            ),
            report.usage.peak_memory_bytes >> 10
        );
    }
    explaining(&[("wdt-to-tplus", &reference), ("table", &table)], &tables);
}

/// Where every value of an order comes from, found by running it again with one thing changed at a time.
fn explaining(mappings: &[(&str, &Prepared)], tables: &SharedTables) {
    println!("\nexplain, all threads");
    for lines in [2, 38] {
        let order = group(7, &sample::order(7, lines));
        for (name, prepared) in mappings {
            let read = leaves(&prepared.needs().apply(&order.records[0].body).unwrap());
            let chain = Chain::new((*prepared).clone(), Vec::new(), Vec::new()).unwrap();
            let explained = || explain(&chain, &order, tables, &ExplainLimits::default()).unwrap();
            let effort = explained().effort;
            let time = best(|| explained().documents.len());
            println!(
                "  {name:<14}{:>5} leaves, {read:>4} read{:>9.1} ms  {:>6} groups in {} calls",
                leaves(&order.records[0].body),
                micros(time, 1) / 1e3,
                effort.groups,
                effort.calls
            );
        }
    }
}

fn leaves(text: &str) -> usize {
    fn count(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Array(items) => items.iter().map(count).sum(),
            serde_json::Value::Object(members) => members.values().map(count).sum(),
            _ => 1,
        }
    }
    count(&serde_json::from_str(text).unwrap())
}

/// The plugin's code in this process, without sandbox or projection.
fn native<P: Mapping>(settings: &str, environment: &str, groups: &[Group]) -> Duration {
    let Ok((plugin, _)) = P::configure(settings, environment) else {
        panic!("the settings are refused");
    };
    let inputs = for_sdk(groups);
    best(|| plugin.transform(inputs.clone(), &HostLookups).len())
}

fn chained(prepared: &Prepared, groups: &[Group], tables: &SharedTables) -> Duration {
    let chain = Chain::new(prepared.clone(), Vec::new(), Vec::new()).unwrap();
    best(|| chain.run(groups, tables).outcomes.len())
}

fn ratio(name: &str, sandboxed: Duration, native: Duration) {
    let ratio = sandboxed.as_secs_f64() / native.as_secs_f64();
    println!("  {name}: {ratio:.2} x native");
}

/// The floor: what a programmer would write by hand for this one order, with no rule checked.
fn typed(body: &str) -> String {
    #[derive(Deserialize)]
    struct Order<'a> {
        order_no: &'a str,
        consign_time: &'a str,
        receiver_address: &'a str,
        logistics_no: &'a str,
        #[serde(borrow)]
        details_list: Vec<Line<'a>>,
    }
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        goods_count: &'a serde_json::value::RawValue,
        #[serde(borrow)]
        price: &'a serde_json::value::RawValue,
        stockout_id: &'a str,
    }
    use std::fmt::Write;
    let order: Order<'_> = serde_json::from_str(body).unwrap();
    let mut out = String::with_capacity(1_024);
    let (no, date) = (order.order_no, &order.consign_time[..10]);
    write!(
        out,
        r#"{{"dto":{{"ExternalCode":"{no}","Code":"{no}","VoucherType":{{"Code":"ST1021"}},"Customer":{{"Code":"TESTCUST"}},"Partner":{{"Code":"TESTCUST"}},"VoucherDate":"{date}","BusiType":{{"Code":"15"}},"Warehouse":{{"Code":"TEST_CK01"}},"DispatchAddress":"{}","TransDocNo":"{}","DeliveryCode":"{}","Memo":"来自旺店通","RDRecordDetails":["#,
        order.receiver_address, order.logistics_no, order.logistics_no
    )
    .unwrap();
    for (index, detail) in order.details_list.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write!(
            out,
            r#"{{"Inventory":{{"Code":"2121"}},"BaseQuantity":{},"origTaxSalePrice":{},"DetailMemo":"来自旺店通{}"}}"#,
            detail.goods_count.get().trim_matches('"'),
            detail.price.get().trim_matches('"'),
            detail.stockout_id
        )
        .unwrap();
    }
    out.push_str("]}}");
    out
}
