//! The change gate from end to end: what stops a deployment and what lets it through, a deployment under full load, and
//! death at every point of one.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use dukou_flow::{Ended, Site, SiteOptions, ended};
use dukou_plugin_build::append_section;
use dukou_stock::WDT_TO_TPLUS;
use serde_json::Value;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
const SCHEME: &str = "schemes/wdt-to-tplus.toml";
const OLD: &str = "Memo = \"来自旺店通\"";
const NEW: &str = "Memo = \"来自渡口\"";

fn site(orders: usize) -> Site {
    Site::new(
        DUKOU,
        &SiteOptions {
            orders,
            ..SiteOptions::default()
        },
    )
}

/// Deployed and run once, and gated from then on.
fn settled(orders: usize) -> Site {
    let site = site(orders);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    site.edit("dukou.toml", "auto_deploy = true", "auto_deploy = false");
    site
}

fn in_force(site: &Site) -> Value {
    site.dukou(&["status", "--json"]).json()["schemes"][0]["deployment"].clone()
}

fn standing(ended: &Ended) -> String {
    ended.json()["deployments"][0]["standing"].as_str().unwrap().to_owned()
}

#[test]
fn differences_stop_a_deployment_until_somebody_accepts_exactly_these() {
    let site = settled(12);
    let before = in_force(&site);
    site.edit(SCHEME, OLD, NEW);
    let stopped = site.dukou(&["deploy", "--json"]);
    assert_eq!(stopped.code, Some(9), "{stopped:?}");
    assert_eq!(standing(&stopped), "pending");
    let patterns = stopped.json()["deployments"][0]["patterns"].clone();
    assert_eq!(patterns.as_array().unwrap().len(), 1, "{patterns}");
    assert_eq!(patterns[0]["path"], "Memo");
    assert_eq!(patterns[0]["groups"], 12);
    assert_eq!(in_force(&site), before, "nothing came into force");
    let pattern = patterns[0]["id"].as_str().unwrap();

    // A dry run says what would be, and takes nothing down: not what is accepted in passing either.
    let dry = site.dukou(&["deploy", "--dry-run", "--json"]);
    assert_eq!(dry.code, Some(10), "{dry:?}");
    let dry = site.dukou(&["deploy", "--dry-run", "--accept", pattern, "--json"]);
    assert_eq!((dry.code, standing(&dry).as_str()), (Some(0), "accepted"), "{dry:?}");
    assert_eq!(dry.json()["deployments"][0]["result"], "would-activate");
    assert_eq!(site.dukou(&["deploy"]).code, Some(9));

    // A rejected pattern stops it as well, and says so.
    let rejected = site.dukou(&["deploy", "--reject", pattern, "--note", "not before January", "--json"]);
    assert_eq!((rejected.code, standing(&rejected).as_str()), (Some(9), "rejected"));

    let accepted = site.dukou(&["deploy", "--accept", &pattern[..4], "--note", "agreed", "--json"]);
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
    assert_eq!(standing(&accepted), "accepted");
    let now = in_force(&site);
    assert_eq!(now["id"], "2");

    // Another value of the same field is another recipe: what was accepted has expired.
    site.edit(SCHEME, NEW, "Memo = \"别的\"");
    let expired = site.dukou(&["deploy", "--json"]);
    assert_eq!((expired.code, standing(&expired).as_str()), (Some(9), "pending"));
    assert_eq!(in_force(&site), now);

    // Back again, at once; what was edited stays edited.
    let back = site.dukou(&["rollback", "--json"]);
    assert_eq!(back.code, Some(0), "{back:?}");
    let again = in_force(&site);
    assert_eq!((again["id"].as_str(), &again["digest"]), (Some("3"), &before["digest"]));
    assert!(site.read(SCHEME).contains("别的"));

    // What somebody went back from does not come back by itself, though every pattern of it was accepted once.
    site.edit(SCHEME, "Memo = \"别的\"", NEW);
    let forth = site.dukou(&["deploy", "--json"]);
    assert_eq!(
        (forth.code, standing(&forth).as_str()),
        (Some(9), "pending"),
        "{forth:?}"
    );
    site.edit("dukou.toml", "auto_deploy = false", "auto_deploy = true");
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    assert_eq!(in_force(&site)["id"], "3", "a run does not bring it back either");
    let insisted = site.dukou(&["deploy", "--accept", "all", "--json"]);
    assert_eq!(insisted.code, Some(0), "{insisted:?}");
    site.edit("dukou.toml", "auto_deploy = true", "auto_deploy = false");
    site.edit(SCHEME, NEW, "Memo = \"别的\"");
    let none = site.dukou(&["deploy", "--accept", "ffff"]);
    assert_eq!(none.code, Some(8), "an unknown pattern is no acceptance: {none:?}");
}

#[test]
fn a_recompiled_plugin_and_a_row_that_nobody_looks_up_are_proved_no_ops() {
    let site = site(8);
    site.edit(
        SCHEME,
        "Customer = \"TESTCUST\"",
        "Customer = \"{{shop_no|lookup(客户对照)|or(TESTCUST)}}\"",
    );
    site.write("tables/客户对照.csv", "店铺编号,T+客户编码\n0101,TESTCUST\n");
    assert_eq!(site.dukou(&["run"]).code, Some(0));
    site.edit("dukou.toml", "auto_deploy = true", "auto_deploy = false");
    site.write(
        "tables/客户对照.csv",
        "店铺编号,T+客户编码\n0101,TESTCUST\n9999,TESTCUST\n",
    );
    // A few days only show: they prove nothing, and nothing comes into force by them.
    let few = site.dukou(&["deploy", "--dry-run", "--days", "1", "--json"]);
    assert_eq!((few.code, standing(&few).as_str()), (Some(10), "partial"), "{few:?}");
    assert_eq!(site.dukou(&["deploy", "--days", "1"]).code, Some(2));
    let rows = site.dukou(&["deploy", "--json"]);
    assert_eq!((rows.code, standing(&rows).as_str()), (Some(0), "no-op"), "{rows:?}");

    // The same code in other bytes, as another compiler leaves it.
    let mut table = dukou_stock::all()
        .iter()
        .find(|(name, _)| *name == "table")
        .unwrap()
        .1
        .to_vec();
    append_section(&mut table, "producers-of-another-day", b"1");
    site.write("build/table.wasm", &table);
    let file = site.dir.path().join("build/table.wasm");
    let file = file.to_str().unwrap();
    let deployed = site.dukou(&["deploy", file, "--to", "wdt-to-tplus", "--json"]);
    assert_eq!(
        (deployed.code, standing(&deployed).as_str()),
        (Some(0), "no-op"),
        "{deployed:?}"
    );
    let lock = site.read("dukou.lock");
    assert!(lock.contains("pinned = \"plugins/pinned/table-"), "{lock}");
    // The pin is what is wanted now: nothing is edited, and deploying again changes nothing.
    let status = site.dukou(&["status", "--json"]).json();
    assert_eq!(status["schemes"][0]["undeployed"], serde_json::json!([]), "{status}");
    let same = site.dukou(&["deploy", "--json"]);
    assert_eq!(standing(&same), "unchanged", "{same:?}");
    let unpinned = site.dukou(&["deploy", "--unpin", "--json"]);
    assert_eq!(
        (unpinned.code, standing(&unpinned).as_str()),
        (Some(0), "no-op"),
        "{unpinned:?}"
    );
    assert!(!site.read("dukou.lock").contains("pinned"));

    // Two pins and a rollback between them: what is pinned is what runs.
    for edition in ["2", "3"] {
        append_section(&mut table, "producers-of-another-day", edition.as_bytes());
        site.write("build/table.wasm", &table);
        assert_eq!(site.dukou(&["deploy", file, "--to", "wdt-to-tplus"]).code, Some(0));
    }
    assert_eq!(site.dukou(&["rollback"]).code, Some(0));
    assert_eq!(site.dukou(&["check"]).code, Some(0));
    let same = site.dukou(&["deploy", "--json"]);
    assert_eq!(
        (same.code, standing(&same).as_str()),
        (Some(0), "unchanged"),
        "{same:?}"
    );
    // A lock that cannot be read stops what comes, not what was done.
    let lock = site.read("dukou.lock");
    site.write("dukou.lock", "format = ");
    assert_eq!(site.dukou(&["deploy"]).code, Some(3));
    let back = site.dukou(&["rollback", "--json"]);
    assert_eq!(back.code, Some(0), "{back:?}");
    site.write("dukou.lock", lock);

    // A plugin that maps otherwise is stopped, whatever brought it.
    site.write("build/table.wasm", WDT_TO_TPLUS);
    let wrong = site.dukou(&["deploy", file, "--to", "wdt-to-tplus"]);
    assert_ne!(wrong.code, Some(0), "{wrong:?}");
}

#[test]
fn a_judge_that_is_used_once_more_or_less_needs_a_word() {
    let site = settled(3);
    let once = site.read(SCHEME);
    site.write(SCHEME, format!("{once}\n[[validation]]\nplugin = \"voucher-checks\"\n"));
    let rerouted = |ended: &Ended| ended.json()["deployments"][0]["rerouted"].clone();
    let comes = site.dukou(&["deploy", "--json"]);
    assert_eq!(
        (comes.code, standing(&comes).as_str()),
        (Some(9), "pending"),
        "{comes:?}"
    );
    assert_eq!(rerouted(&comes)[0]["name"], "voucher-checks (validations[1])");
    assert_eq!(site.dukou(&["deploy", "--accept", "all"]).code, Some(0));
    site.write(SCHEME, once);
    let goes = site.dukou(&["deploy", "--json"]);
    assert_eq!((goes.code, standing(&goes).as_str()), (Some(9), "pending"), "{goes:?}");
    assert_eq!(rerouted(&goes).as_array().unwrap().len(), 1, "{goes:?}");
}

#[test]
fn a_deployment_under_load_splits_the_vouchers_between_two_versions_and_loses_none() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 400,
            in_flight: 8,
            ..SiteOptions::default()
        },
    );
    // The source gives its orders over twenty seconds, so that the deployment comes while they are being mapped.
    site.edit(SCHEME, "key = \"order_no\"", "key = \"order_no\"\npage_size = 10");
    site.edit(
        "dukou.toml",
        "limits = { per_second = 0 }",
        "limits = { per_second = 2 }",
    );
    let serving = site.serve();
    let running = site.command(&["run", "--json"]).spawn().unwrap();
    site.wait_until("some orders arrived", |site| site.journal().vouchers.len() >= 20);
    site.edit(SCHEME, OLD, NEW);
    let deployed = site.dukou(&["deploy", "--no-gate", "--yes", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    let run = ended(running);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["beside"], true, "{run:?}");
    site.run_until("everything arrived", |site| site.journal().vouchers.len() >= 400);
    let status = Command::new("kill")
        .args(["-TERM", &serving.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(ended(serving).code, Some(0));

    let mut ledger: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for voucher in site.journal().vouchers {
        ledger.entry(voucher.external_code).or_default().push(voucher.body);
    }
    assert_eq!(ledger.len(), 400, "none is lost");
    let mut versions = BTreeSet::new();
    for (code, bodies) in &ledger {
        let [body] = bodies.as_slice() else {
            panic!("{code} was written {} times", bodies.len());
        };
        let by = (body.contains("来自旺店通\""), body.contains("来自渡口\""));
        assert!(
            matches!(by, (true, false) | (false, true)),
            "{code} is of one version: {body}"
        );
        versions.insert(by);
    }
    assert_eq!(versions.len(), 2, "both versions made vouchers of one stream of orders");
}

#[test]
fn death_at_any_point_of_a_deployment_leaves_the_old_or_the_new_version() {
    for place in ["deploy.before-activate", "deploy.after-activate", "deploy.after-lock"] {
        let site = settled(3);
        let before = in_force(&site);
        site.edit(SCHEME, OLD, NEW);
        let dead = ended(
            site.command(&["deploy", "--accept", "all"])
                .env("DUKOU_FAILPOINTS", format!("{place}=return"))
                .spawn()
                .unwrap(),
        );
        assert_eq!(dead.code, None, "{place} was never reached: {dead:?}");
        let after = in_force(&site);
        match place {
            "deploy.before-activate" => assert_eq!(after, before, "{place}: the old one stays"),
            _ => assert_eq!(after["id"], "2", "{place}: the new one is in force"),
        }
        // What was accepted is remembered, and the rest is done by saying it again.
        let again = site.dukou(&["deploy", "--json"]);
        assert_eq!(again.code, Some(0), "{place}: {again:?}");
        assert_eq!(in_force(&site)["id"], "2", "{place}");
        let digest = in_force(&site)["digest"].as_str().unwrap().to_owned();
        assert!(site.read("dukou.lock").contains(&digest), "{place}");
    }
}

#[test]
fn other_books_are_not_written_to_before_somebody_accepts_them() {
    let site = settled(3);
    let before = in_force(&site);
    let edited = |site: &Site| site.dukou(&["status", "--json"]).json()["schemes"][0]["undeployed"].clone();
    assert_eq!(edited(&site), serde_json::json!([]));
    let asked = site.journal().requests.len();
    let url = site.sandbox().tplus_url();
    site.edit(
        "dukou.toml",
        &format!("url = \"{url}\""),
        &format!("url = \"{url}\"\naccount = \"books of another\""),
    );
    assert_eq!(edited(&site), serde_json::json!(["dukou.toml"]));
    for command in [&["run"][..], &["serve"]] {
        let refused = site.dukou(command);
        assert_eq!(refused.code, Some(9), "{refused:?}");
        assert!(
            refused.stderr.contains("account.changed") && refused.stderr.contains("books of another"),
            "{refused:?}"
        );
    }
    assert_eq!(site.journal().requests.len(), asked, "nobody was asked anything");

    let stopped = site.dukou(&["deploy", "--json"]);
    assert_eq!((stopped.code, standing(&stopped).as_str()), (Some(9), "pending"));
    let rerouted = &stopped.json()["deployments"][0]["rerouted"];
    assert_eq!(
        (rerouted.as_array().unwrap().len(), &rerouted[0]["name"]),
        (1, &"target.account".into()),
        "{rerouted}"
    );
    assert_eq!(in_force(&site), before);
    let accepted = site.dukou(&["deploy", "--accept", "all", "--note", "moved", "--json"]);
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
    assert_eq!(edited(&site), serde_json::json!([]));
    assert_eq!(site.dukou(&["run"]).code, Some(0));

    // Back to what was deployed before, while the settings name the new books: refused as well.
    assert_eq!(site.dukou(&["rollback"]).code, Some(0));
    assert_eq!(site.dukou(&["run"]).code, Some(9));
}

#[test]
fn other_books_are_not_read_before_somebody_accepts_them() {
    let site = site(2);
    site.edit("dukou.toml", "auto_deploy = true", "auto_deploy = false");
    assert_eq!(site.dukou(&["deploy"]).code, Some(0));
    // Nothing was read yet: no mark is bound to anything.
    site.edit("dukou.toml", "sid = \"apidevtest2\"", "sid = \"another\"");
    let refused = site.dukou(&["run"]);
    assert_eq!(refused.code, Some(9), "{refused:?}");
    assert!(refused.stderr.contains("account.changed"), "{refused:?}");
    site.edit("dukou.toml", "sid = \"another\"", "sid = \"apidevtest2\"");
    let run = site.dukou(&["run"]);
    assert_eq!(run.code, Some(0), "the refused account was not bound: {run:?}");
    // From here on the mark is the old account's, whatever is deployed.
    site.edit("dukou.toml", "sid = \"apidevtest2\"", "sid = \"another\"");
    let bound = site.dukou(&["run"]);
    assert_eq!(bound.code, Some(9), "{bound:?}");
    assert!(bound.stderr.contains("source.changed"), "{bound:?}");
}

#[test]
fn a_restart_changes_no_rule() {
    let site = site(3);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let before = in_force(&site);
    site.edit(SCHEME, OLD, NEW);
    let serving = site.serve();
    site.ship(990_001);
    site.run_until("the late order arrived", |site| site.journal().vouchers.len() == 4);
    let status = Command::new("kill")
        .args(["-TERM", &serving.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(ended(serving).code, Some(0));
    assert_eq!(in_force(&site), before);
    let late = site
        .journal()
        .vouchers
        .into_iter()
        .find(|one| one.external_code == "990001");
    assert!(late.unwrap().body.contains("来自旺店通"));
}

#[test]
fn a_run_under_way_maps_nothing_more_by_a_version_that_was_left() {
    const ORDERS: u64 = 180;
    let site = site(180);
    // The old version has said what it makes of the second batch, and not stored it yet, until the new one is in force.
    let go = site.dir.path().join("go");
    let running = site
        .command(&["run", "--json"])
        .env(
            "DUKOU_FAILPOINTS",
            format!("transform.before-settle=hold(1,{})", go.display()),
        )
        .spawn()
        .unwrap();
    let mapped = |site: &Site| {
        let status = site.dukou(&["status", "--json"]);
        let status: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
        let count = |of: &str| status["schemes"][0][of]["count"].as_u64().unwrap_or_default();
        count("records") - count("untransformed")
    };
    site.wait_until("the first batch is mapped", |site| mapped(site) > 0);
    let by_the_old = mapped(&site);
    site.edit(SCHEME, OLD, NEW);
    let deployed = site.dukou(&["deploy", "--no-gate", "--yes", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    assert_eq!(mapped(&site), by_the_old, "the second batch is still under way");
    std::fs::write(&go, "").unwrap();
    let run = ended(running);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        run.json()["transformed"]["groups"],
        ORDERS,
        "each was decided once: {run:?}"
    );

    let (mut codes, mut old) = (BTreeSet::new(), 0);
    for voucher in site.journal().vouchers {
        let by = (
            voucher.body.contains("来自旺店通\""),
            voucher.body.contains("来自渡口\""),
        );
        assert!(matches!(by, (true, false) | (false, true)), "{}", voucher.body);
        old += u64::from(by.0);
        assert!(codes.insert(voucher.external_code.clone()), "{}", voucher.external_code);
    }
    assert_eq!(codes.len() as u64, ORDERS, "none is lost");
    assert!(by_the_old < ORDERS, "both versions had something to map");
    assert_eq!(old, by_the_old, "after the activation the old version maps nothing");
}

#[test]
fn a_killed_rollback_leaves_the_one_version_or_the_other() {
    let site = settled(3);
    let digest = |site: &Site| in_force(site)["digest"].clone();
    let old = digest(&site);
    site.edit(SCHEME, OLD, NEW);
    assert_eq!(site.dukou(&["deploy", "--accept", "all"]).code, Some(0));
    let new = digest(&site);
    assert_ne!(old, new);
    for milliseconds in [0, 5, 20, 50, 100, 200, 400] {
        let mut child = site.command(&["rollback"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        // It may have ended before: then it was not killed, and what it did stands.
        let _ = child.kill();
        let dead = ended(child);
        let now = digest(&site);
        assert!(now == old || now == new, "{milliseconds}: {now} {dead:?}");
        assert!(dead.code != Some(0) || now == old, "{milliseconds}: {now} {dead:?}");
        if now == old {
            let forth = site.dukou(&["deploy", "--accept", "all"]);
            assert_eq!(forth.code, Some(0), "{milliseconds}: {forth:?}");
            assert_eq!(digest(&site), new, "{milliseconds}");
        }
    }
    let back = site.dukou(&["rollback"]);
    assert_eq!(back.code, Some(0), "{back:?}");
    assert_eq!(digest(&site), old);
    assert_eq!(site.dukou(&["run"]).code, Some(0));
}
