//! What is said before anything is sent: the dry run that cannot send, and fix and drain, whose prediction must be what
//! then comes, record by record.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::TcpListener;
use std::process::Command;

use dukou_flow::{Ended, Site, SiteOptions, ended};
use dukou_guests::forge::{Forge, Said};
use dukou_sandbox::Faults;
use serde_json::Value;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
const SCHEME: &str = "schemes/wdt-to-tplus.toml";
const TABLE: &str = "tables/客户对照.csv";

/// External codes at T+, with how often.
fn vouchers(site: &Site) -> BTreeMap<String, usize> {
    let mut map = BTreeMap::new();
    for voucher in site.journal().vouchers {
        *map.entry(voucher.external_code).or_default() += 1;
    }
    map
}

fn requests(site: &Site, service: &str) -> usize {
    let requests = site.journal().requests;
    requests
        .iter()
        .filter(|request| request.path.ends_with(service))
        .count()
}

fn creates(site: &Site) -> usize {
    requests(site, "saleDispatch/Create")
}

/// Customers come from a table by shop.
fn by_table(site: &Site) {
    site.edit(
        SCHEME,
        "Customer = \"TESTCUST\"",
        "Customer = \"{{shop_no|lookup(客户对照)}}\"",
    );
}

fn table(site: &Site, shops: &[&str]) {
    let rows: String = shops.iter().map(|shop| format!("{shop},TESTCUST\n")).collect();
    site.write(TABLE, format!("店铺编号,T+客户编码\n{rows}"));
}

/// Order numbers by shop, those with the most orders first.
fn shops(site: &Site) -> Vec<(String, Vec<String>)> {
    let mut shops: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for order in site.orders() {
        let shop = order.body["shop_no"].as_str().unwrap().to_owned();
        shops.entry(shop).or_default().push(order.order_no);
    }
    let mut shops: Vec<_> = shops.into_iter().collect();
    shops.sort_by_key(|(shop, orders)| (std::cmp::Reverse(orders.len()), shop.clone()));
    assert!(shops.len() >= 3, "{shops:?}");
    shops
}

/// A site that was run while its table had but one shop, and its shops: the orders of all others are refused.
fn lacking_shops(orders: usize) -> (Site, Vec<(String, Vec<String>)>) {
    let options = SiteOptions {
        orders,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    by_table(&site);
    let shops = shops(&site);
    table(&site, &[&shops[0].0]);
    assert_eq!(site.dukou(&["run"]).code, Some(5));
    (site, shops)
}

/// Open problems: group and code.
fn open(site: &Site) -> BTreeMap<String, String> {
    let listed = site.dukou(&["problem", "ls", "--json", "--limit", "1000"]).json();
    let problems = listed["problems"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problems.map(|one| (text(&one["group"]), text(&one["code"]))).collect()
}

/// Group to one field of a list of objects.
fn by_group<'a>(list: &'a Value, field: &str) -> BTreeMap<&'a str, &'a str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| (one["group"].as_str().unwrap(), one[field].as_str().unwrap_or_default()))
        .collect()
}

fn signal(name: &str, id: u32) {
    assert!(
        Command::new("kill")
            .args([name, &id.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_dry_run_connects_to_no_target_and_changes_nothing_in_the_store() {
    let options = SiteOptions {
        orders: 4,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    // In place of T+ a port that sees every connection, whatever would be said on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}", listener.local_addr().unwrap());
    let real = site.sandbox().tplus_url();
    site.edit("dukou.toml", &real, &elsewhere);
    let nobody = |what: &str| match listener.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        other => panic!("{what} connected to the target: {other:?}"),
    };
    // Neither are the target's secrets needed, nor is a store made.
    let mut command = site.command(&["run", "--dry-run", "--json"]);
    command.env_remove("TPLUS_APP_SECRET").env_remove("TPLUS_OPEN_TOKEN");
    let shown = ended(command.spawn().unwrap());
    assert_eq!(shown.code, Some(0), "{shown:?}");
    nobody("a first dry run");
    assert!(!site.dir.path().join("dukou.db").exists());
    let would = shown.json()["would"].as_array().unwrap().clone();
    assert_eq!(would.len(), 4);
    let request = &would[0]["requests"][0];
    assert_eq!(request["url"], format!("{elsewhere}/tplus/api/v2/saleDispatch/Create"));
    assert_eq!(
        (&request["method"], &request["key"]),
        (&"POST".into(), &would[0]["group"])
    );
    let headers = request["headers"].to_string();
    assert!(
        headers.contains(r#""openToken","value":"•••""#) && !headers.contains("sandbox-open"),
        "{headers}"
    );
    assert_eq!(request["masked"], true, "the address is personal");
    assert!(
        !shown
            .stdout
            .contains(site.orders()[0].body["receiver_address"].as_str().unwrap())
    );
    // With a store that has seen something, against the same store only opened.
    site.edit("dukou.toml", &elsewhere, &real);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    site.edit("dukou.toml", &real, &elsewhere);
    let bytes = |site: &Site| std::fs::read(site.dir.path().join("dukou.db")).unwrap();
    let before = bytes(&site);
    assert_eq!(site.dukou(&["problem", "ls"]).code, Some(0));
    let opened = bytes(&site);
    site.write("dukou.db", &before);
    for arguments in [
        &["run", "--dry-run"][..],
        &["run", "--dry-run", "--from", "2024-03-01", "--to", "2024-03-03"],
    ] {
        site.write("dukou.db", &before);
        let shown = site.dukou(arguments);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        assert!(
            bytes(&site) == opened,
            "{arguments:?} leaves the store as opening it does"
        );
        nobody("a dry run");
    }
}

#[test]
fn the_exact_body_is_shown_where_nothing_in_it_is_personal() {
    let options = SiteOptions {
        orders: 2,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    site.edit(
        SCHEME,
        "DispatchAddress = \"{{receiver_address}}\"",
        "DispatchAddress = false",
    );
    let shown = site.dukou(&["run", "--dry-run", "--json"]).json();
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    for one in shown["would"].as_array().unwrap() {
        let request = &one["requests"][0];
        assert_eq!(request["masked"], false, "{request}");
        let sent = site.journal().vouchers;
        let voucher = sent
            .iter()
            .find(|voucher| request["key"] == voucher.external_code)
            .unwrap();
        assert_eq!(request["body"], voucher.body, "byte for byte what was sent afterwards");
        assert_eq!(request["bytes"], voucher.body.len());
    }
}

#[test]
fn what_is_foretold_is_what_comes_for_every_record() {
    let options = SiteOptions {
        orders: 40,
        unique: false,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    by_table(&site);
    let shops = shops(&site);
    let all: Vec<&str> = shops.iter().map(|(shop, _)| shop.as_str()).collect();
    // One order is at T+ already: another store wrote it, when the table was whole.
    let there = shops[1].1[0].clone();
    table(&site, &all);
    site.edit("dukou.toml", "sqlite:dukou.db", "sqlite:other.db");
    assert_eq!(site.dukou(&["run", "--key", &there]).code, Some(0));
    site.edit("dukou.toml", "sqlite:other.db", "sqlite:dukou.db");
    // The table lacks all shops but one.
    table(&site, &all[..1]);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    let refused: usize = shops[1..].iter().map(|(_, orders)| orders.len()).sum();
    assert_eq!(open(&site).len(), refused);
    let groups = site.dukou(&["problem", "ls", "--json"]).json()["groups"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 1, "one cause: {groups}");
    let fingerprint = groups[0]["fingerprint"].as_str().unwrap().to_owned();
    let (before, created) = (vouchers(&site), creates(&site));
    // Repaired for all but the last shop. Not deployed yet: the plan says so, and --wanted foretells with the files.
    table(&site, &all[..all.len() - 1]);
    let plan = |more: &[&str]| -> Ended {
        let arguments = ["problem", "retry", "--fingerprint", &fingerprint, "--plan", "--json"];
        site.dukou(&[&arguments[..], more].concat())
    };
    let stale = plan(&[]);
    assert_eq!(stale.code, Some(0), "{stale:?}");
    let stale = &stale.json()["prediction"];
    assert_eq!(stale["would"]["map"]["groups"], 0, "{stale}");
    assert!(stale["undeployed"].to_string().contains("客户对照"), "{stale}");
    let wanted = plan(&["--wanted", "--no-ask"]).json()["prediction"].clone();
    let still = shops[shops.len() - 1].1.len();
    assert_eq!(wanted["would"]["map"]["groups"], refused - still, "{wanted}");
    assert_eq!(wanted["asked"], Value::Null, "nobody asked: {wanted}");
    assert_eq!(site.dukou(&["run"]).code, Some(5), "deploys the table");
    // Foretold with the version in force, and T+ asked: nothing is sent by that.
    let foretold = plan(&[]);
    assert_eq!(foretold.code, Some(0), "{foretold:?}");
    let foretold = foretold.json()["prediction"].clone();
    assert_eq!(foretold["undeployed"], serde_json::json!([]), "{foretold}");
    assert_eq!(foretold["would"]["map"]["groups"], refused - still - 1, "{foretold}");
    assert_eq!(foretold["would"]["reject"]["groups"], still, "{foretold}");
    assert_eq!(foretold["would"]["exists"]["groups"], 1, "{foretold}");
    assert_eq!(foretold["groups"], refused);
    assert_eq!(
        foretold["asked"]["absent"],
        refused - still - 1,
        "proved by a document known to be there"
    );
    assert_eq!(
        (vouchers(&site), creates(&site)),
        (before, created),
        "a plan sends nothing"
    );
    assert_eq!(open(&site).len(), refused, "and changes nothing");
    let would = by_group(&foretold["forecasts"], "would");
    assert_eq!(would[there.as_str()], "exists");
    // The drain.
    let drain = site.dukou(&[
        "problem",
        "retry",
        "--fingerprint",
        &fingerprint,
        "--first",
        "2",
        "--yes",
        "--json",
    ]);
    assert_eq!(drain.code, Some(5), "some are refused again: {drain:?}");
    let drain = drain.json();
    assert_eq!(
        drain["prediction"]["forecasts"], foretold["forecasts"],
        "the same prediction"
    );
    let drained = &drain["drain"];
    assert_eq!(drained["as_foretold"], true, "{drained}");
    assert_eq!(
        (&drained["done"], &drained["left"]),
        (&(refused - 1).into(), &0.into()),
        "{drained}"
    );
    let came = by_group(&drained["groups"], "came");
    let (after, problems) = (vouchers(&site), open(&site));
    for (group, would) in &would {
        let (came, count) = (came.get(group).copied(), after.get(*group).copied().unwrap_or_default());
        let problem = problems.get(*group).map(String::as_str);
        match *would {
            "map" => assert_eq!((came, count, problem), (Some("delivered"), 1, None), "{group}"),
            "reject" => assert_eq!(
                (came, count, problem),
                (Some("rejected"), 0, Some("lookup.miss")),
                "{group}"
            ),
            "exists" => assert_eq!((came, count, problem), (None, 1, Some("lookup.miss")), "{group}"),
            other => panic!("{group}: {other}"),
        }
    }
    assert!(after.values().all(|count| *count == 1), "none twice: {after:?}");
    assert_eq!(
        creates(&site),
        created + refused - still - 1,
        "one request for each that would map"
    );
}

#[test]
fn a_first_batch_that_the_target_refuses_stops_the_drain() {
    let mut faults = Faults::default();
    faults.tplus.vendor_500_per_mille = 1000;
    let options = SiteOptions {
        orders: 8,
        faults,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    assert_eq!(site.dukou(&["run"]).code, Some(5));
    assert_eq!((open(&site).len(), creates(&site)), (8, 8));
    let drain = site.dukou(&["problem", "retry", "--first", "2", "--yes", "--json"]);
    assert_eq!(drain.code, Some(9), "{drain:?}");
    let drained = &drain.json()["drain"];
    assert_eq!(drained["stopped"], "first-refused", "{drained}");
    assert_eq!(
        (&drained["done"], &drained["left"]),
        (&2.into(), &6.into()),
        "{drained}"
    );
    assert_eq!(
        drained["as_foretold"], true,
        "the mapping was foretold, the target's refusal was not: {drained}"
    );
    assert_eq!((open(&site).len(), creates(&site)), (8, 10));
    // Without a document known to be there nothing can be proved absent, and doubt is not absence.
    let asked = &drain.json()["prediction"]["asked"];
    assert_eq!((&asked["absent"], &asked["unclear"]), (&0.into(), &8.into()), "{asked}");
}

/// A document that lacks nothing, for a customer whom T+ does not know.
fn for_nobody(key: &str) -> String {
    let code = |code: &str| serde_json::json!({ "Code": code });
    let line = serde_json::json!({ "Inventory": code("2121"), "BaseQuantity": 1 });
    serde_json::json!({ "dto": {
        "ExternalCode": key, "Code": key, "VoucherType": code("ST1021"), "Customer": code("NOBODY"), "Partner": code("NOBODY"),
        "VoucherDate": "2024-03-01", "BusiType": code("15"), "Warehouse": code("TEST_CK01"), "RDRecordDetails": [line],
    } })
    .to_string()
}

#[test]
fn a_document_that_is_made_no_more_is_no_difference() {
    let options = SiteOptions {
        orders: 1,
        ..SiteOptions::default()
    };
    let site = Site::new(DUKOU, &options);
    let key = site.orders()[0].order_no.clone();
    // A mapping that makes two documents of the order, both of which T+ refuses.
    let documents = ["", "-p2"].map(|suffix| {
        let body = for_nobody(&format!("{key}{suffix}"));
        (suffix.to_owned(), body, "{}".to_owned())
    });
    let two = Forge::saying(&[Said::Mapped(documents.to_vec(), Vec::new())]);
    site.write("plugins/two.wasm", two.forge());
    site.write("tables/t.csv", "key,value\n1,one\n");
    let right = site.read(SCHEME);
    let (before, rest) = right.split_once("[mapping]").unwrap();
    let (_, target) = rest.split_once("[target]").unwrap();
    let wrong = format!("{before}[mapping]\nplugin = \"plugins/two.wasm\"\n\n[target]{target}");
    site.write(SCHEME, wrong);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert_eq!(
        (creates(&site), vouchers(&site).len()),
        (2, 0),
        "T+ refused both: {run:?}"
    );
    // The repaired one makes one.
    site.write(SCHEME, right);
    let deployed = site.dukou(&["deploy", "--no-gate", "--yes", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    let drain = site.dukou(&["problem", "retry", "--no-ask", "--yes", "--json"]);
    assert_eq!(drain.code, Some(0), "{drain:?}");
    let drained = &drain.json()["drain"];
    assert_eq!(
        (&drained["came"]["delivered"]["groups"], &drained["stopped"]),
        (&1.into(), &Value::Null),
        "what was withdrawn is no document of the order any more: {drained}"
    );
    assert_eq!(drained["as_foretold"], true, "{drained}");
    assert_eq!(vouchers(&site), BTreeMap::from([(key, 1)]));
    assert_eq!(open(&site), BTreeMap::new());
}

#[test]
fn a_drain_that_would_settle_nothing_is_not_begun() {
    let (site, _) = lacking_shops(12);
    let (created, before) = (creates(&site), open(&site));
    let drain = site.dukou(&["problem", "retry", "--yes"]);
    assert_eq!(drain.code, Some(4), "{drain:?}");
    assert!(drain.stderr.contains("Correct the cause"), "{drain:?}");
    assert!(!drain.stderr.contains("batch 1 of"), "{drain:?}");
    assert_eq!((creates(&site), open(&site)), (created, before));
}

#[test]
fn only_making_due_again_sends_nothing() {
    let (site, shops) = lacking_shops(12);
    let all: Vec<&str> = shops.iter().map(|(shop, _)| shop.as_str()).collect();
    let (created, refused) = (creates(&site), open(&site).len());
    let denied = site.dukou(&["problem", "retry", "--remap-only"]);
    assert_eq!(denied.code, Some(9), "needs --yes: {denied:?}");
    let done = site.dukou(&["problem", "retry", "--remap-only", "--yes", "--json"]);
    assert_eq!(
        (done.code, &done.json()["groups"]),
        (Some(0), &refused.into()),
        "{done:?}"
    );
    assert_eq!(creates(&site), created);
    table(&site, &all);
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    assert_eq!(vouchers(&site).len(), 12);
}

#[test]
fn a_drain_stops_between_batches_and_says_what_is_left() {
    let (site, shops) = lacking_shops(30);
    // Nothing that is held back below may run out of time.
    site.edit("dukou.toml", "deadline = \"10s\"", "deadline = \"100s\"");
    site.edit("dukou.toml", "quarantine = \"12s\"", "quarantine = \"120s\"");
    let all: Vec<&str> = shops.iter().map(|(shop, _)| shop.as_str()).collect();
    let (before, refused) = (vouchers(&site).len(), open(&site).len());
    assert!(refused > 5, "{refused}");
    table(&site, &all);
    assert_eq!(site.dukou(&["run"]).code, Some(5));
    // T+ answers nothing until the order to stop was heard: the first batch cannot come to its end before.
    site.sandbox().hold_replies(true);
    let mut draining = site
        .command(&["problem", "retry", "--first", "4", "--no-ask", "--yes", "--json"])
        .spawn()
        .unwrap();
    site.wait_until("something was sent", |site| vouchers(site).len() > before);
    signal("-INT", draining.id());
    let said = BufReader::new(draining.stderr.take().unwrap());
    let mut said = said.lines().map(Result::unwrap);
    assert!(
        said.any(|line| line.starts_with("Stopping after this batch")),
        "it said nothing"
    );
    site.sandbox().hold_replies(false);
    let rest: Vec<String> = said.collect();
    let stopped = ended(draining);
    assert!(!rest.iter().any(|line| line.contains("WARN")), "{rest:?}");
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    let drained = &stopped.json()["drain"];
    assert_eq!(drained["stopped"], "interrupted", "{drained}");
    assert_eq!(
        (&drained["done"], &drained["left"]),
        (&4.into(), &(refused - 4).into()),
        "{drained}"
    );
    assert_eq!((vouchers(&site).len(), open(&site).len()), (before + 4, refused - 4));
    let rest = site.dukou(&["problem", "retry", "--yes", "--json"]);
    assert_eq!(rest.code, Some(0), "{rest:?}");
    assert_eq!(vouchers(&site).len(), 30);
    assert!(vouchers(&site).values().all(|count| *count == 1));
}

#[test]
fn beside_serve_the_serving_process_does_the_work() {
    let (site, shops) = lacking_shops(20);
    let all: Vec<&str> = shops.iter().map(|(shop, _)| shop.as_str()).collect();
    table(&site, &all[..all.len() - 1]);
    assert_eq!(site.dukou(&["run"]).code, Some(5));
    let serving = site.serve();
    let drain = site.dukou(&["problem", "retry", "--first", "1", "--yes", "--json"]);
    assert_eq!(drain.code, Some(5), "{drain:?}");
    let (drained, still) = (&drain.json()["drain"], shops[shops.len() - 1].1.len());
    assert_eq!(drained["as_foretold"], true, "{drained}");
    assert_eq!(drained["came"]["rejected"]["groups"], still, "{drained}");
    assert_eq!(vouchers(&site).len(), 20 - still);
    signal("-TERM", serving.id());
    assert_eq!(ended(serving).code, Some(0));
}
