//! The four mappings cross the sandbox's orders, and a two-line rule over one of them.

use std::collections::BTreeMap;
use std::path::Path;

use dukou_flow::{Site, SiteOptions};
use dukou_sandbox::Faults;
use dukou_sdk::{Group, HostLookups, Mapping as _, SourceRecord, Verdict};
use dukou_wdt_to_tplus::WdtToTplus;

/// The tutorial's mappings.
pub(crate) const MAPPINGS: [(&str, &str); 4] = [
    ("rust", "shop-rust"),
    ("table", "shop-table"),
    ("javascript", "shop-js"),
    ("python", "shop-python"),
];
/// The tutorial's rule.
pub(crate) const RULE: &str = "shop-memo";

/// A site whose scheme maps with a plugin file and nothing else.
pub(crate) fn site_with(program: &str, folder: &Path, mapping: &str, more: &str, orders: usize) -> Site {
    let mut faults = Faults::default();
    faults.wdt.flawed_per_mille = 100;
    let options = SiteOptions {
        orders,
        seed: 2_611,
        faults,
        ..SiteOptions::default()
    };
    let site = Site::new(program, &options);
    let file = folder.join(mapping).join(format!("{mapping}.wasm"));
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    site.write(&format!("plugins/{mapping}.wasm"), bytes);
    let scheme = site.read("schemes/wdt-to-tplus.toml");
    let (before, rest) = scheme.split_once("[mapping]").expect("a scheme has a mapping");
    let (_, target) = rest.split_once("[target]").expect("a scheme has a target");
    site.write(
        "schemes/wdt-to-tplus.toml",
        format!("{before}[mapping]\nplugin = \"plugins/{mapping}.wasm\"\n{more}\n[target]{target}"),
    );
    site
}

fn vouchers(site: &Site) -> BTreeMap<String, String> {
    site.journal()
        .vouchers
        .into_iter()
        .map(|voucher| (voucher.external_code, voucher.body))
        .collect()
}

/// What the reference mapping makes of every deliverable order, with the memo that the tutorial gave it.
fn reference(site: &Site) -> BTreeMap<String, String> {
    let (mapping, _) = WdtToTplus::configure("{}", "").unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut documents = BTreeMap::new();
    for order in site.orders() {
        let group = Group::single(SourceRecord::new(
            &order.order_no,
            "2026-01-01T00:00:00Z",
            order.body.to_string(),
        ));
        if let Some(Verdict::Mapped(mapped)) = mapping.transform(vec![group], &HostLookups).pop() {
            let shop = order.body["shop_name"].as_str().unwrap_or_default();
            let memo = format!("\"Memo\":\"来自{shop}\"");
            let document = mapped.documents[0].body.replacen("\"Memo\":\"来自旺店通\"", &memo, 1);
            documents.insert(order.order_no, document);
        }
    }
    documents
}

/// Byte-equal documents for every order that can be delivered, problems for the same others.
pub(crate) fn four_languages_write_the_same_documents(program: &str, folder: &Path) {
    const ORDERS: usize = 300;
    let mut refused = Vec::new();
    for (language, mapping) in MAPPINGS {
        let site = site_with(program, folder, mapping, "", ORDERS);
        let ended = site.dukou(&["run", "--json"]);
        assert_eq!(ended.code, Some(5), "{language}: {ended:?}");
        let (expected, arrived) = (reference(&site), vouchers(&site));
        for (key, document) in &expected {
            assert_eq!(arrived.get(key), Some(document), "{language}: {key}");
        }
        assert_eq!(arrived.len(), expected.len(), "{language}: nothing else arrived");
        let summary = ended.json();
        let rejected = summary["transformed"]["rejected"].as_u64().unwrap_or_default();
        assert_eq!(summary["transformed"]["failed"], 0, "{language}: {summary}");
        refused.push(rejected);
        println!(
            "{language}: {} documents byte-equal to the reference, {rejected} orders refused",
            expected.len()
        );
        assert!(expected.len() > ORDERS / 2 && rejected > 0, "{language}: {summary}");
    }
    assert!(refused.windows(2).all(|pair| pair[0] == pair[1]), "{refused:?}");
}

/// The rule changes what it says and nothing else; the mapping's file is the one that the tutorial made.
pub(crate) fn a_rule_in_javascript_over_the_mapping_in_rust(program: &str, folder: &Path) {
    let file = folder.join(RULE).join(format!("{RULE}.wasm"));
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let adjustment =
        format!("[[adjustment]]\nplugin = \"plugins/{RULE}.wasm\"\n[adjustment.settings]\nwarehouse_table = \"\"\n");
    let site = site_with(program, folder, "shop-rust", &adjustment, 60);
    site.write(&format!("plugins/{RULE}.wasm"), bytes);
    let ended = site.dukou(&["run", "--json"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    let (expected, arrived) = (reference(&site), vouchers(&site));
    let mut changed = 0;
    for order in site.orders() {
        let Some(document) = expected.get(&order.order_no) else {
            continue;
        };
        let shop = order.body["shop_name"].as_str().unwrap_or_default();
        let document = document.replacen(
            &format!("\"Memo\":\"来自{shop}\""),
            &format!("\"Memo\":\"来自{shop} {shop}\""),
            1,
        );
        assert_eq!(arrived.get(&order.order_no), Some(&document), "{}", order.order_no);
        changed += 1;
    }
    assert!(changed > 30, "{changed}");
    println!(
        "a rule in JavaScript over the mapping in Rust: {changed} documents changed in their memo and nowhere else"
    );
}
