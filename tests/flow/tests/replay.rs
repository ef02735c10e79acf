//! `dukou replay` over orders that were really pulled and written: one changed field is one pattern, every repeat gives the same
//! report, a recompile is a proved no-op, and nothing of it reaches the target.
#![allow(clippy::unwrap_used, reason = "what a test reads may fail it")]

use dukou_flow::{Site, SiteOptions};
use dukou_plugin_build::set_section;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");

fn site(orders: usize) -> Site {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders,
            ..SiteOptions::default()
        },
    );
    let run = site.dukou(&["run"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    site
}

#[test]
fn one_changed_field_is_one_pattern_and_every_report_is_the_same() {
    let site = site(120);
    let written = site.journal().vouchers.len();
    let unchanged = site.dukou(&["replay", "--json"]);
    assert_eq!(
        (unchanged.code, &unchanged.json()["no_op"]),
        (Some(0), &true.into()),
        "{unchanged:?}"
    );

    site.edit(
        "schemes/wdt-to-tplus.toml",
        "Memo = \"来自旺店通\"",
        "Memo = \"来自云仓\"",
    );
    let first = site.dukou(&["replay", "--json"]);
    assert_eq!(first.code, Some(10), "{first:?}");
    let report = first.json();
    let patterns = report["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 1, "{report:#}");
    assert_eq!(
        (&patterns[0]["kind"], &patterns[0]["path"]),
        (&"value".into(), &"Memo".into())
    );
    assert_eq!(patterns[0]["groups"], written);
    assert_eq!(report["would_map"]["changed"]["groups"], written);
    assert_eq!(report["would_map"]["newly_failing"]["groups"], 0);
    for round in 0..20 {
        let cache = if round % 3 == 0 { vec!["--no-cache"] } else { Vec::new() };
        let again = site.dukou(&[&["replay", "--json"], cache.as_slice()].concat());
        assert_eq!(again.stdout, first.stdout, "round {round}");
    }

    let page = site.dir.path().join("report.html");
    let with_page = site.dukou(&["replay", "--lang", "zh", "--html", page.to_str().unwrap()]);
    assert!(with_page.stdout.contains("would map"), "{with_page:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("来自云仓") && page.contains(report["before"]["digest"].as_str().unwrap()));
    assert!(!page.contains("://"), "it stands alone");

    // What was in force is named by its digest; compared with itself nothing differs.
    let digest = report["before"]["digest"].as_str().unwrap();
    let same = site.dukou(&["replay", "--json", "--plugin", &digest[..12]]);
    assert_eq!(same.code, Some(0), "{same:?}");
    assert_eq!(site.journal().vouchers.len(), written, "nothing was sent");
}

#[test]
fn a_recompile_is_a_no_op_and_what_is_not_there_has_its_own_exit() {
    let site = site(60);
    let again = set_section(dukou_stock::TABLE, "build-info", b"another compiler").unwrap();
    site.write("table.wasm", again);
    let file = site.dir.path().join("table.wasm");
    let recompiled = site.dukou(&["replay", "--json", "--plugin", file.to_str().unwrap()]);
    assert_eq!(recompiled.code, Some(0), "{recompiled:?}");
    let report = recompiled.json();
    assert_eq!(report["no_op"], true);
    assert_ne!(report["before"]["digest"], report["after"]["digest"]);
    assert_eq!(report["fuel"]["before"], report["fuel"]["after"]);
    for (arguments, code) in [
        (["nosuch", "--json"].as_slice(), 8),
        (&["--plugin", "deadbeef00"], 8),
        (&["--plugin", "dead"], 8),
        (&["--from", "2099-01-01"], 4),
        (&["--from", "yesterday"], 2),
    ] {
        let ended = site.dukou(&[["replay"].as_slice(), arguments].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        let left = ended
            .stderr
            .split_whitespace()
            .find(|word| word.starts_with('{') && word.ends_with('}'));
        assert_eq!(left, None, "every placeholder is filled: {}", ended.stderr);
    }
}
