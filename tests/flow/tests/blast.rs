//! After a mistake: a version with a wrong constant and a wrong quantity wrote vouchers for a while. What is listed must be
//! what the simulated T+ holds of it, field by field and to the fen, and nothing is sent while it is listed.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use dukou_flow::{Site, SiteOptions};
use rust_decimal::Decimal;
use serde_json::Value;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
const SCHEME: &str = "schemes/wdt-to-tplus.toml";
/// Everything again, so that orders which came late are seen.
const AGAIN: [&str; 6] = ["run", "--json", "--from", "2024-03-01", "--to", "2024-03-04"];
const RIGHT: (&str, &str) = (
    "Memo = \"来自旺店通\"",
    "BaseQuantity\" = \"{{details_list.goods_count}}\"",
);
const WRONG: (&str, &str) = (
    "Memo = \"来自旺店铺\"",
    "BaseQuantity\" = \"{{details_list.share_amount}}\"",
);

/// Orders that come later: as those that were there, under other numbers.
fn more_orders(site: &Site, series: u32) -> Vec<String> {
    let known: Vec<Value> = site.orders().into_iter().take(4).map(|order| order.body).collect();
    let mut keys = Vec::new();
    for (index, mut order) in known.into_iter().enumerate() {
        let key = format!("CK2024030{series}09{index:02}");
        for id in ["order_no", "stockout_no"] {
            order[id] = key.clone().into();
        }
        order["stockout_id"] = format!("99{series}000{index:02}").into();
        order["consign_time"] = format!("2024-03-02 23:{series}0:{index:02}").into();
        for (line, detail) in order["details_list"].as_array_mut().unwrap().iter_mut().enumerate() {
            for id in ["rec_id", "sale_order_id", "src_order_detail_id", "src_oid"] {
                detail[id] = format!("7{series}{index:02}{line:03}").into();
            }
        }
        site.sandbox().put_order(order);
        keys.push(key);
    }
    keys
}

fn run(site: &Site, arguments: &[&str]) -> Value {
    let ended = site.dukou(arguments);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    ended.json()
}

/// A number as the sandbox's orders write it, or as JSON writes it.
fn decimal(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let decimal = dukou_core::json::decimal(&text).unwrap_or_else(|| panic!("{value}"));
    decimal.normalize().to_string()
}

fn number(text: &str) -> Decimal {
    dukou_core::json::decimal(text).unwrap_or_else(|| panic!("{text}"))
}

/// Vouchers at T+ by external code.
fn journal(site: &Site) -> BTreeMap<String, Value> {
    let vouchers = site.journal().vouchers.into_iter();
    vouchers
        .map(|voucher| (voucher.external_code, serde_json::from_str(&voucher.body).unwrap()))
        .collect()
}

#[test]
fn the_list_is_what_the_target_holds_of_the_bad_version() {
    let site = Site::new(DUKOU, &SiteOptions::default());
    // A customer without the validation that would have caught it.
    site.edit(SCHEME, "[[validation]]\nplugin = \"voucher-checks\"\n", "");
    run(&site, &["run", "--json"]);
    let first = journal(&site);
    assert_eq!(first.len(), 12);

    // The mistake.
    site.edit(SCHEME, RIGHT.0, WRONG.0);
    site.edit(SCHEME, RIGHT.1, WRONG.1);
    let by_bad: BTreeSet<String> = more_orders(&site, 2).into_iter().collect();
    run(&site, &AGAIN);
    // An order changes after its voucher was written: what is right is told by what it was then.
    let changed = by_bad.first().unwrap().clone();
    let orders = site.orders();
    let then = |key: &str| orders.iter().find(|order| order.order_no == key).unwrap().body.clone();
    site.sandbox().change_order(&changed, |order| {
        for line in order["details_list"].as_array_mut().unwrap() {
            line["goods_count"] = "77.0000".into();
        }
    });
    run(&site, &AGAIN);

    // Back, and more orders.
    let back = site.dukou(&["rollback", "--note", "数量写错", "--json"]);
    assert_eq!(back.code, Some(0), "{back:?}");
    site.edit(SCHEME, WRONG.0, RIGHT.0);
    site.edit(SCHEME, WRONG.1, RIGHT.1);
    let after: BTreeSet<String> = more_orders(&site, 3).into_iter().collect();
    run(&site, &AGAIN);

    let held = journal(&site);
    let wrong: BTreeMap<&String, &Value> = held
        .iter()
        .filter(|(_, voucher)| voucher["dto"]["Memo"] == "来自旺店铺")
        .collect();
    assert_eq!(
        wrong.keys().map(|key| (*key).clone()).collect::<BTreeSet<_>>(),
        by_bad,
        "the mistake was written"
    );
    assert!(after.iter().all(|key| held[key]["dto"]["Memo"] == "来自旺店通"));
    let sent = site.journal().requests.len();

    let timeline = site.dukou(&["history", "--json"]).json();
    let timeline = timeline["deployments"].as_array().unwrap();
    let numbers: Vec<&str> = timeline.iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["3", "2", "1"], "{timeline:?}");
    assert_eq!(timeline[0]["rollback"], serde_json::json!({ "left": "2", "to": "1" }));
    let written = timeline.iter().map(|one| one["written"]["count"].as_u64().unwrap());
    assert_eq!(written.collect::<Vec<_>>(), [4, 4, 12]);

    // By number, and by the beginning of its digest.
    let digest = timeline[1]["digest"].as_str().unwrap();
    let (csv, xlsx) = (site.dir.path().join("坏单.csv"), site.dir.path().join("坏单.xlsx"));
    let files = ["--csv", csv.to_str().unwrap(), "--xlsx", xlsx.to_str().unwrap()];
    let listed = [
        run(&site, &["history", "blast-radius", "wdt-to-tplus#2", "--json"]),
        run(
            &site,
            &[["history", "blast-radius", &digest[..9], "--json"].as_slice(), &files].concat(),
        ),
    ];
    assert_eq!(listed[0]["vouchers"], listed[1]["vouchers"]);
    let list = &listed[1];
    assert_eq!(list["schemes"][0]["good"]["number"], "1", "{list}");
    let vouchers = list["vouchers"].as_array().unwrap();
    let keys: BTreeSet<String> = vouchers
        .iter()
        .map(|one| one["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys, by_bad, "neither more nor less than the target holds");
    let mut total = number("0");
    for voucher in vouchers {
        let key = voucher["key"].as_str().unwrap();
        let (order, document) = (then(key), &wrong[&key.to_owned()]["dto"]);
        assert_eq!(
            (&voucher["finding"], &voucher["exact"]),
            (&"wrong".into(), &true.into()),
            "{voucher}"
        );
        assert_eq!(voucher["state"], "delivered");
        assert_eq!(voucher["records"], serde_json::json!([key]));
        let lines = order["details_list"].as_array().unwrap();
        let amounts = lines.iter().map(|line| number(&decimal(&line["share_amount"])));
        let amount: Decimal = amounts.sum();
        assert_eq!(number(voucher["amount"].as_str().unwrap()), amount, "{key}");
        total += amount;
        let mut found = BTreeMap::new();
        for field in voucher["fields"].as_array().unwrap() {
            let side = |name: &str| serde_json::from_str::<Value>(field[name].as_str().unwrap()).unwrap();
            found.insert(field["path"].as_str().unwrap(), (side("written"), side("right")));
        }
        assert_eq!(found.remove("Memo"), Some(("来自旺店铺".into(), "来自旺店通".into())));
        for (index, line) in lines.iter().enumerate() {
            let written = decimal(&document["RDRecordDetails"][index]["BaseQuantity"]);
            let right = decimal(&line["goods_count"]);
            let path = format!("RDRecordDetails[{index}].BaseQuantity");
            let listed = found.remove(path.as_str());
            let listed = listed.map(|(written, right)| (decimal(&written), decimal(&right)));
            assert_eq!(listed, (written != right).then_some((written, right)), "{key} {path}");
        }
        assert_eq!(found, BTreeMap::new(), "nothing else is wrong with {key}");
    }
    assert_eq!(number(list["total"]["vouchers"]["amount"].as_str().unwrap()), total);

    // The files say the same.
    let text = std::fs::read_to_string(&csv).unwrap();
    let text = text
        .strip_prefix('\u{feff}')
        .expect("a spreadsheet knows UTF-8 by its byte order mark");
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let from_csv: BTreeSet<String> = rows.iter().map(|row| row[3].to_owned()).collect();
    assert_eq!(from_csv, by_bad);
    let amounts = rows.iter().filter(|row| !row[7].is_empty()).map(|row| number(row[7]));
    assert_eq!(amounts.sum::<Decimal>(), total);
    let mut book = zip::ZipArchive::new(std::fs::File::open(&xlsx).unwrap()).unwrap();
    let mut texts = String::new();
    book.by_name("xl/sharedStrings.xml")
        .unwrap()
        .read_to_string(&mut texts)
        .unwrap();
    assert!(by_bad.iter().all(|key| texts.contains(key.as_str())), "{texts}");
    assert!(
        first.keys().all(|key| !texts.contains(key.as_str())),
        "nobody else's voucher"
    );

    // Another good version, the time, and everything that the stock plugin ever made.
    let good = run(&site, &["history", "blast-radius", "#2", "--good", "3", "--json"]);
    assert_eq!(good["vouchers"], list["vouchers"], "the third is the first again");
    let none = run(
        &site,
        &["history", "blast-radius", "#2", "--to", "2024-03-01", "--json"],
    );
    assert_eq!(none["total"]["vouchers"]["count"], 0);
    let plugin = timeline[0]["plugins"][0]["digest"].as_str().unwrap();
    let all = run(&site, &["history", "blast-radius", &plugin[..16], "--json"]);
    assert_eq!(all["total"]["findings"]["not_compared"]["count"], 20);
    assert_eq!(all["schemes"][0]["deployments"].as_array().unwrap().len(), 3);
    for (arguments, code) in [
        (["history", "blast-radius", "#9"], 8),
        (["history", "blast-radius", "00000000"], 8),
        (["history", "blast-radius", "1234567"], 2),
        (["history", "wdt-to-tplus", "9"], 8),
    ] {
        assert_eq!(site.dukou(&arguments).code, Some(code), "{arguments:?}");
    }
    // What is deployed is enough: no file need be readable.
    site.write(SCHEME, "nonsense");
    let blind = run(&site, &["history", "blast-radius", "#2", "--json"]);
    assert_eq!(blind["vouchers"], list["vouchers"]);
    assert_eq!(site.dukou(&["history"]).code, Some(0));
    assert_eq!(site.journal().requests.len(), sent, "nothing was sent meanwhile");
}
