//! `dukou deploy` through the program itself: what one scheme's fault means for the others, and `dukou.lock` lost, damaged
//! and written anew. Nothing is pulled or sent.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

#[path = "../../xtask/src/fleet.rs"]
#[expect(dead_code, reason = "the differences are looked for by the tests of tenants")]
mod fleet;
mod on_a_project;
mod said;

use std::path::Path;

use on_a_project::dukou;
use said::Said;
use serde_json::{Value, json};

const LANMAO: &str = "lanmao/sales-out";

/// A project of so many tenants.
fn fleet_of(tenants: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fleet::write(dir.path(), &fleet::fleet(tenants)).unwrap();
    dir
}

/// The stock mapper in other bytes: a custom section more.
fn other_table(root: &Path) -> String {
    let (_, bytes) = dukou_stock::all().iter().find(|(name, _)| *name == "table").unwrap();
    let file = root.join("table.wasm");
    std::fs::write(&file, [bytes, &b"\x00\x08\x07another"[..]].concat()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Result by scheme.
fn results(said: &Said) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = said.json();
    let mut rows: Vec<_> = said["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["scheme"]), text(&row["result"])))
        .collect();
    rows.sort();
    rows
}

fn count(said: &Said, result: &str) -> usize {
    results(said).iter().filter(|(_, own)| own == result).count()
}

#[test]
fn a_tenant_that_is_half_set_up_stops_nobody_else() {
    let dir = fleet_of(3);
    let root = dir.path();
    let new = ["tenant", "new", "newco", "--title", "New", "--base", "sales-out"];
    dukou(root, &new).ends(0);
    let plan = dukou(root, &["deploy", "--dry-run", "--json"]).ends(3);
    assert_eq!((count(&plan, "would-activate"), count(&plan, "failed")), (3, 1));
    assert!(
        plan.stderr.contains("newco/sales-out cannot be deployed"),
        "{}",
        plan.stderr
    );

    // Named together they go together: the plan is shown, and nothing is done.
    let named = dukou(root, &["deploy", LANMAO, "newco/sales-out"]).ends(3);
    assert!(named.stdout.contains(LANMAO) && named.stderr.contains("nothing was deployed"));

    let deployed = dukou(root, &["deploy", "--json"]).ends(3);
    assert_eq!((count(&deployed, "activated"), count(&deployed, "failed")), (3, 1));
    let failed = deployed.json()["deployments"][3].clone();
    assert_eq!(failed["scheme"], "newco/sales-out");
    assert!(
        failed["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
        "{failed}"
    );
    let again = dukou(root, &["deploy", LANMAO, "--json"]).ends(0);
    assert_eq!(count(&again, "unchanged"), 1);
}

#[test]
fn a_lock_that_is_lost_or_damaged_is_written_anew_and_no_pin_goes_in_silence() {
    let dir = fleet_of(2);
    let root = dir.path();
    dukou(root, &["deploy"]).ends(0);
    let file = other_table(root);
    let pinned = dukou(root, &["deploy", &file, "--to", LANMAO, "--json"]).ends(0);
    assert_eq!(pinned.json()["deployments"][0]["evidence"]["pinned"], json!(["table"]));
    let lock = root.join("dukou.lock");
    let good = std::fs::read_to_string(&lock).unwrap();
    assert!(good.contains("pinned = "), "{good}");

    for damage in [&b"format = "[..], &[0xff, 0xfe]] {
        std::fs::write(&lock, damage).unwrap();
        for args in [&["deploy"][..], &["deploy", LANMAO, "--unpin"]] {
            let said = dukou(root, args).ends(3);
            assert!(said.stderr.contains("dukou deploy --relock"), "{}", said.stderr);
            assert_eq!(said.stderr.trim().lines().count(), 1, "{}", said.stderr);
        }
        dukou(root, &["deploy", "--relock"]).ends(0);
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), good);
    }

    // The bytes are gone: the others are still shown, and both ways on are named.
    std::fs::remove_dir_all(root.join("plugins/pinned")).unwrap();
    let missing = dukou(root, &["deploy", "--json"]).ends(3);
    assert_eq!((count(&missing, "unchanged"), count(&missing, "failed")), (1, 1));
    assert!(missing.stderr.contains("--unpin") && missing.stderr.contains("--relock"));
    dukou(root, &["deploy", "--relock"]).ends(0);
    assert_eq!(count(&dukou(root, &["deploy", "--json"]).ends(0), "unchanged"), 2);

    // The file is gone: its pin is not replaced by what the definition names until somebody says so.
    std::fs::remove_file(&lock).unwrap();
    let held = dukou(root, &["deploy", "--json"]).ends(9);
    assert_eq!(count(&held, "held"), 1);
    let row = held.json()["deployments"].as_array().unwrap().clone();
    let row = row.iter().find(|row| row["scheme"] == LANMAO).unwrap().clone();
    assert_eq!(row["forgotten"]["plugins"], json!(["table"]), "{row}");
    let said = dukou(root, &["deploy", LANMAO]).ends(9);
    assert!(
        said.stdout.contains("--relock") && said.stdout.contains("--unpin"),
        "{}",
        said.stdout
    );
    let unpinned = dukou(root, &["deploy", LANMAO, "--unpin", "--json"]).ends(0);
    assert_eq!(count(&unpinned, "activated"), 1);
    dukou(root, &["deploy"]).ends(0);
}

#[test]
fn a_scheme_without_a_file_is_named_and_nothing_is_no_success() {
    let dir = fleet_of(1);
    let root = dir.path();
    dukou(root, &["deploy"]).ends(0);
    std::fs::remove_file(root.join("tenants/lanmao/schemes/sales-out.toml")).unwrap();
    let said = dukou(root, &["deploy", "--json"]).ends(4);
    assert_eq!(said.json()["without_file"], json!([LANMAO]));
    assert!(said.stderr.contains(LANMAO), "{}", said.stderr);
}

#[test]
fn a_fleet_says_which_tag_is_unknown_and_that_nobody_can_run_it() {
    let dir = fleet_of(2);
    let root = dir.path();
    dukou(root, &["deploy"]).ends(0);
    let file = other_table(root);
    let said = dukou(root, &["deploy", &file, "--to", "tag=none", "--dry-run"]).ends(8);
    assert!(said.stderr.contains("tag none"), "{}", said.stderr);
    // A name that component and file share is said once.
    let mapper = root.join("wdt-to-tplus.wasm");
    std::fs::write(&mapper, dukou_stock::WDT_TO_TPLUS).unwrap();
    let said = dukou(root, &["deploy", mapper.to_str().unwrap(), "--to", LANMAO]).ends(8);
    assert!(!said.stderr.contains("wdt-to-tplus, wdt-to-tplus"), "{}", said.stderr);
    let broken = root.join("broken.wasm");
    std::fs::write(&broken, b"no component").unwrap();
    let broken = broken.to_str().unwrap();
    for more in [&["--dry-run"][..], &[]] {
        let args = [&["deploy", broken, "--to-all-using", "table"][..], more].concat();
        dukou(root, &args).ends(3);
    }
}
