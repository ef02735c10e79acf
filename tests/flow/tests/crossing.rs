//! The seed's scheme from end to end: exact bodies, once each, and nothing again.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::BTreeMap;
use std::net::TcpListener;

use dukou_flow::{Site, SiteOptions};
use dukou_sandbox::Faults;
use dukou_sdk::{Group, HostLookups, Mapping as _, SourceRecord, Verdict};
use dukou_wdt_to_tplus::WdtToTplus;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");

/// What the typed Rust mapping, run natively, makes of an order.
fn typed(order_no: &str, body: &str) -> Option<String> {
    let catalogue = dukou_connect_catalogue();
    let environment =
        serde_json::json!({ "time_zone": "Asia/Shanghai", "source": null, "target": catalogue }).to_string();
    let (mapping, _) = WdtToTplus::configure("{}", &environment)
        .map_err(|errors| errors.len())
        .unwrap();
    let record = SourceRecord {
        key: order_no.into(),
        received_at: "2026-01-01T00:00:00Z".into(),
        body: body.into(),
        extra: "{}".into(),
    };
    let group = Group {
        key: order_no.into(),
        records: vec![record],
        extra: "{}".into(),
    };
    match mapping.transform(vec![group], &HostLookups).pop().unwrap() {
        Verdict::Mapped(mapped) => Some(mapped.documents[0].body.clone()),
        _ => None,
    }
}

fn dukou_connect_catalogue() -> serde_json::Value {
    let text = include_str!("../../../host/connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
    dukou_core::catalogue::Catalogue::parse(text).unwrap().to_environment()
}

fn vouchers(site: &Site) -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for voucher in site.journal().vouchers {
        map.entry(voucher.external_code).or_default().push(voucher.body);
    }
    map
}

#[test]
fn the_seeds_table_yields_exactly_its_body() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 0,
            ..SiteOptions::default()
        },
    );
    let order = serde_json::json!({
        "order_no": "CK202403010001", "stockout_id": "812345", "consign_time": "2024-03-01 10:05:09", "status": "95",
        "receiver_address": "示例路1号", "logistics_no": "T0000000001", "modified": "2024-03-01 10:05:09",
        "details_list": [
            { "stockout_id": "812345", "rec_id": "1", "goods_count": "2.0000", "price": "19.8000" },
            { "stockout_id": "812345", "rec_id": "2", "goods_count": "1E+1", "price": null },
        ],
    });
    site.sandbox().put_order(order);
    let ended = site.dukou(&["run", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = concat!(
        r#"{"dto":{"ExternalCode":"CK202403010001","Code":"CK202403010001","VoucherType":{"Code":"ST1021"},"#,
        r#""Customer":{"Code":"TESTCUST"},"Partner":{"Code":"TESTCUST"},"VoucherDate":"2024-03-01","BusiType":{"Code":"15"},"#,
        r#""Warehouse":{"Code":"TEST_CK01"},"DispatchAddress":"示例路1号","TransDocNo":"T0000000001","DeliveryCode":"T0000000001","#,
        r#""Memo":"来自旺店通","RDRecordDetails":[{"Inventory":{"Code":"2121"},"BaseQuantity":2.0000,"origTaxSalePrice":19.8000,"#,
        r#""DetailMemo":"来自旺店通812345"},{"Inventory":{"Code":"2121"},"BaseQuantity":10,"DetailMemo":"来自旺店通812345"}]}}"#,
    );
    assert_eq!(vouchers(&site)["CK202403010001"], [expected]);
}

#[test]
fn every_deliverable_order_arrives_once_as_the_typed_mapping_says() {
    let mut faults = Faults::all();
    faults.wdt.flawed_per_mille = 60;
    // Longer than the deadline, and written before the quarantine ends.
    faults.tplus.slow_ms = 2_400;
    for unique in [true, false] {
        let options = SiteOptions {
            orders: 150,
            unique,
            faults: faults.clone(),
            ..SiteOptions::lossy()
        };
        let site = Site::new(DUKOU, &options);
        let ended = site.dukou(&["run", "--json"]);
        assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
        let arrived = vouchers(&site);
        let problems = site.dukou(&["problem", "ls", "--all", "--json"]).stdout;
        let mut deliverable = 0;
        for order in site.orders() {
            let got = arrived.get(&order.order_no).cloned().unwrap_or_default();
            if order.deliverable {
                deliverable += 1;
                assert_eq!(
                    got,
                    [typed(&order.order_no, &order.body.to_string()).unwrap()],
                    "{}",
                    order.order_no
                );
            } else {
                assert_eq!(got, Vec::<String>::new(), "{}: {:?}", order.order_no, order.flaw);
                assert!(
                    problems.contains(&order.order_no),
                    "{} ({:?}) has no problem",
                    order.order_no,
                    order.flaw
                );
            }
        }
        assert!((100..150).contains(&deliverable), "{deliverable}");
        assert_eq!(arrived.len(), deliverable, "nothing else arrived");
        // A second run has nothing to do.
        let again = site.dukou(&["run", "--json"]).json();
        assert_eq!(again["pulled"]["new"], 0, "{again}");
        assert_eq!(again["delivered"]["accepted"], 0, "{again}");
        assert_eq!(vouchers(&site), arrived);
    }
}

#[test]
fn a_changed_plugin_file_changes_the_next_run_and_redelivers_nothing() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 5,
            ..SiteOptions::default()
        },
    );
    let (old, new) = ("来自旺店通", "来自旺店铺");
    site.write("plugins/mapping.wasm", dukou_stock::WDT_TO_TPLUS);
    let text = site.read("schemes/wdt-to-tplus.toml");
    let start = text.find("[mapping]").unwrap();
    let end = text.find("[[validation]]").unwrap();
    site.write(
        "schemes/wdt-to-tplus.toml",
        format!(
            "{}[mapping]\nplugin = \"plugins/mapping.wasm\"\n\n{}",
            &text[..start],
            &text[end..]
        ),
    );
    let ended = site.dukou(&["run", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let first = vouchers(&site);
    assert_eq!(first.len(), 5);
    assert!(first.values().all(|bodies| bodies[0].contains(old)));

    // Another plugin file: one word of its data differs.
    let changed = replace_bytes(dukou_stock::WDT_TO_TPLUS, old.as_bytes(), new.as_bytes());
    site.write("plugins/mapping.wasm", changed);
    let mut order = site.orders()[0].body.clone();
    order["order_no"] = "CK202403020099".into();
    order["stockout_no"] = "CK202403020099".into();
    order["stockout_id"] = "99000099".into();
    for line in order["details_list"].as_array_mut().unwrap() {
        for id in ["rec_id", "sale_order_id", "src_order_detail_id", "src_oid"] {
            line[id] = format!("77{}", line[id].to_string().trim_matches('"')).into();
        }
    }
    order["consign_time"] = "2024-03-02 23:00:00".into();
    site.sandbox().put_order(order);
    let ended = site.dukou(&[
        "run",
        "--json",
        "--from",
        "2024-03-01 00:00:00",
        "--to",
        "2024-03-03 00:00:00",
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut second = vouchers(&site);
    assert!(second.remove("CK202403020099").unwrap()[0].contains(new));
    assert_eq!(second, first, "nothing of before was sent again");
}

fn replace_bytes(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut found = 0;
    for start in 0..=bytes.len() - from.len() {
        if &bytes[start..start + from.len()] == from {
            out[start..start + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "the plugin has no such text");
    out
}

#[test]
fn a_renamed_or_copied_scheme_redelivers_nothing() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 8,
            ..SiteOptions::default()
        },
    );
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    let before = vouchers(&site);
    assert_eq!(before.len(), 8);
    let scheme = site.read("schemes/wdt-to-tplus.toml");
    site.write("schemes/copied.toml", &scheme);
    let copied = site.dukou(&["run", "copied", "--json"]);
    assert_eq!(copied.code, Some(0), "{copied:?}");
    assert_eq!(copied.json()["pulled"]["new"], 8);
    assert_eq!(copied.json()["delivered"]["accepted"], 0);
    // Renamed: also the connection.
    std::fs::remove_file(site.dir.path().join("schemes/copied.toml")).unwrap();
    std::fs::remove_file(site.dir.path().join("schemes/wdt-to-tplus.toml")).unwrap();
    site.edit("dukou.toml", "[connections.tplus]", "[connections.books]");
    site.write(
        "schemes/renamed.toml",
        scheme.replace("connection = \"tplus\"", "connection = \"books\""),
    );
    let renamed = site.dukou(&["run", "renamed", "--json"]);
    assert_eq!(renamed.code, Some(0), "{renamed:?}");
    assert_eq!(renamed.json()["delivered"]["accepted"], 0);
    assert_eq!(vouchers(&site), before);
    let sent = site
        .journal()
        .requests
        .iter()
        .filter(|request| request.path.ends_with("saleDispatch/Create"))
        .count();
    assert_eq!(sent, 8, "not one request more");
}

#[test]
fn a_change_after_delivery_is_a_problem_with_the_difference_and_is_not_sent() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 3,
            ..SiteOptions::default()
        },
    );
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    let before = vouchers(&site);
    let key = site.orders()[0].order_no.clone();
    // 95 → 110 happens to nearly every order: nothing follows from it.
    site.sandbox().change_order(&key, |order| {
        order.insert("status".into(), "110".into());
    });
    let range = [
        "run",
        "--json",
        "--from",
        "2024-03-01 00:00:00",
        "--to",
        "2024-03-03 00:00:00",
    ];
    let quiet = site.dukou(&range);
    assert_eq!(
        (quiet.code, &quiet.json()["pulled"]["changed"]),
        (Some(0), &1.into()),
        "{quiet:?}"
    );
    // A changed address is another voucher.
    site.sandbox().change_order(&key, |order| {
        order.insert("receiver_address".into(), "新地址九号".into());
    });
    let changed = site.dukou(&range);
    assert_eq!(changed.code, Some(5), "{changed:?}");
    assert_eq!(vouchers(&site), before, "never sent by itself");
    let shown = site.dukou(&["problem", "show", &key]);
    assert!(shown.stdout.contains("DispatchAddress"), "{shown:?}");
    assert!(
        !shown.stdout.contains("新地址九号"),
        "personal values are masked: {shown:?}"
    );
}

#[test]
fn a_dry_run_shows_the_requests_and_leaves_nothing_behind() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 4,
            ..SiteOptions::default()
        },
    );
    let shown = site.dukou(&["run", "--dry-run", "--json"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(shown.json()["would"].as_array().unwrap().len(), 4);
    assert!(site.journal().vouchers.is_empty());
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.json()["pulled"]["new"], 4, "{run:?}");
}

#[test]
fn one_key_is_fetched_and_delivered_alone() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 6,
            ..SiteOptions::default()
        },
    );
    let key = site.orders()[4].order_no.clone();
    let ended = site.dukou(&["run", "--key", &key, "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(vouchers(&site).into_keys().collect::<Vec<_>>(), [key]);
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    assert_eq!(vouchers(&site).len(), 6);
}

#[test]
fn a_key_order_never_closes_a_window_that_was_left_unfinished() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 250,
            ..SiteOptions::default()
        },
    );
    assert_eq!(site.dukou(&["run", "--limit", "5"]).code, Some(0));
    let key = site.orders()[120].order_no.clone();
    assert_eq!(site.dukou(&["run", "--key", &key]).code, Some(0));
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    assert_eq!(vouchers(&site).len(), 250);
    assert!(vouchers(&site).values().all(|bodies| bodies.len() == 1));
}

#[test]
fn another_spelling_of_the_target_address_writes_nothing_twice() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 10,
            ..SiteOptions::default()
        },
    );
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    let before = vouchers(&site);
    let url = site.sandbox().tplus_url();
    site.edit("dukou.toml", &url, &url.replace("127.0.0.1", "localhost"));
    for order in site.orders() {
        site.sandbox().change_order(&order.order_no, |order| {
            order.insert("status".into(), "110".into());
        });
    }
    let again = site.dukou(&["run", "--json", "--from", "2024-03-01", "--to", "2024-03-03"]);
    assert_eq!(
        (again.code, &again.json()["pulled"]["changed"]),
        (Some(0), &10.into()),
        "{again:?}"
    );
    assert_eq!(vouchers(&site), before);
}

#[test]
fn a_change_while_the_target_is_away_is_what_arrives() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 4,
            ..SiteOptions::default()
        },
    );
    let url = site.sandbox().tplus_url();
    // A port that was free a moment ago: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    site.edit(
        "dukou.toml",
        &format!("url = \"{url}\""),
        &format!("url = \"{closed}\"\naccount = \"books\""),
    );
    let away = site.dukou(&["run", "--json"]);
    assert_eq!(
        (away.code, &away.json()["delivered"]["waiting"]),
        (Some(6), &4.into()),
        "{away:?}"
    );
    let key = site.orders()[0].order_no.clone();
    site.sandbox().change_order(&key, |order| {
        order.insert("receiver_address".into(), "新地址九号".into());
    });
    // Read while the target is still away: both stages run side by side, so that otherwise either could come first.
    let seen = site.dukou(&["run", "--json", "--from", "2024-03-01", "--to", "2024-03-03"]);
    assert_eq!(
        (seen.code, &seen.json()["pulled"]["changed"]),
        (Some(6), &1.into()),
        "{seen:?}"
    );
    site.edit("dukou.toml", &closed, &url);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let arrived = vouchers(&site);
    assert_eq!(arrived.len(), 4);
    assert!(
        arrived[&key][0].contains("新地址九号"),
        "the stale content is not what is sent"
    );
}

#[test]
fn another_source_account_is_refused_instead_of_skipping_its_history() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 2,
            ..SiteOptions::default()
        },
    );
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    site.edit("dukou.toml", "sid = \"apidevtest2\"", "sid = \"another\"");
    let refused = site.dukou(&["run"]);
    assert_eq!(refused.code, Some(9), "{refused:?}");
    assert!(refused.stderr.contains("another"), "{refused:?}");
}
