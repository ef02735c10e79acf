//! Fleets on a running host: the matrix and what it lets through, a wave that traps and goes back by itself, a healthy one
//! that reaches everybody, and a shadow that sends nothing.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::{Child, Command};

use dukou_flow::{Ended, Site, SiteOptions, ended, first_day, just_shipped};
use dukou_guests::forge::{Forge, Said, World};
use serde_json::Value;

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
const ORDERS: usize = 12;
const TENANTS: [&str; 3] = ["an", "bei", "chen"];
/// What a group may not hold, in the eyes of a guest that traps.
const MARK: &str = "TRAP";

/// A validator that has no objections to any number of groups. `name` makes its bytes its own.
fn checker(name: &str, before: &str) -> Vec<u8> {
    let mut forge = Forge::honest(World::Validator, &[Said::document("{}")]);
    let configured = forge.image.accepted(r#"{"needs":["*"],"tables":[]}"#);
    let none = forge.image.words(&[0; 2 * 64]);
    let answer = forge.image.words(&[none, 0]);
    forge.image.text(name);
    forge.configure = format!("(i32.const {configured})");
    forge.act = format!("{before} (i32.store offset=4 (i32.const {answer}) (local.get $count)) (i32.const {answer})");
    forge.forge()
}

/// The same, and it traps on every group that holds these four letters.
fn trapping(name: &str, letters: &str) -> Vec<u8> {
    let word = u32::from_le_bytes(letters.as_bytes().try_into().unwrap());
    // What it is given lies behind its own data, from the second page on.
    let scan = format!(
        "(global.set $i (i32.const 65536))
         (block $end (loop $next
           (br_if $end (i32.ge_u (i32.add (global.get $i) (i32.const 4)) (i32.mul (memory.size) (i32.const 65536))))
           (if (i32.eq (i32.load align=1 (global.get $i)) (i32.const {word})) (then (unreachable)))
           (global.set $i (i32.add (global.get $i) (i32.const 1)))
           (br $next)))"
    );
    checker(name, &scan)
}

/// Three tenants with one scheme each: the same orders, the stock mapping, and a checker behind it.
fn site() -> Site {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: ORDERS,
            ..SiteOptions::default()
        },
    );
    site.edit("dukou.toml", "auto_deploy = true", "auto_deploy = false");
    let scheme = site.read("schemes/wdt-to-tplus.toml");
    std::fs::remove_file(site.dir.path().join("schemes/wdt-to-tplus.toml")).unwrap();
    let (mapping, target) = (scheme.find("[mapping]").unwrap(), scheme.find("[target]").unwrap());
    let plugins = "[mapping]\nplugin = \"wdt-to-tplus\"\n[[validation]]\nplugin = \"plugins/checker.wasm\"\n\n";
    let scheme = format!("{}{plugins}{}", &scheme[..mapping], &scheme[target..]);
    site.write("plugins/checker.wasm", checker("one", ""));
    for (number, tenant) in TENANTS.iter().enumerate() {
        let tag = if number == 0 { "[\"vip\"]" } else { "[]" };
        site.write(
            &format!("tenants/{tenant}/tenant.toml"),
            format!("title = \"{tenant}\"\ntags = {tag}\n"),
        );
        site.write(&format!("tenants/{tenant}/schemes/sales.toml"), &scheme);
    }
    site
}

fn schemes() -> [String; 3] {
    TENANTS.map(|tenant| format!("{tenant}/sales"))
}

fn deploy_all(site: &Site) {
    let deployed = site.dukou(&["deploy", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
}

fn vouchers(site: &Site) -> BTreeMap<String, usize> {
    let mut map = BTreeMap::new();
    for voucher in site.journal().vouchers {
        *map.entry(voucher.external_code).or_default() += 1;
    }
    map
}

/// Orders that were shipped just now, with a remark.
fn put_late_orders(site: &Site, numbers: Range<usize>, remark: &str) {
    let shipped = just_shipped();
    let pattern = site.orders()[0].body.clone();
    for number in numbers {
        let mut order = pattern.clone();
        for id in ["order_no", "stockout_no", "stockout_id"] {
            order[id] = format!("99{number:04}").into();
        }
        for (place, line) in order["details_list"].as_array_mut().unwrap().iter_mut().enumerate() {
            for id in ["rec_id", "sale_order_id", "src_order_detail_id", "src_oid"] {
                line[id] = format!("77{number:04}{place}").into();
            }
        }
        order["consign_time"] = shipped.clone().into();
        order["modified"] = shipped.clone().into();
        order["cs_remark"] = remark.into();
        site.sandbox().put_order(order);
    }
}

/// The host reads the source of every scheme now, not at its next cron, until this holds. More than once: a window ends
/// with a whole second, and what was just read is not read again within it.
fn pull_until(site: &Site, what: &str, holds: impl Fn(&Site) -> bool) {
    let schemes = schemes();
    site.run_each_until(&schemes.each_ref().map(String::as_str), &[0, 5], what, holds);
}

fn serving(site: &Site) -> Child {
    let serving = site.serve();
    site.wait_until("the host serves every scheme", |site| {
        let status = status(site);
        let mut schemes = status["schemes"].as_array().unwrap().iter();
        schemes.all(|scheme| scheme["records"]["count"] == ORDERS)
    });
    pull_until(site, "the first orders arrived", |site| {
        site.journal().vouchers.len() == ORDERS * TENANTS.len()
    });
    serving
}

fn terminate(serving: Child) -> Ended {
    let id = serving.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    ended(serving)
}

fn status(site: &Site) -> Value {
    site.dukou(&["status", "--json"]).json()
}

/// The checker that each scheme runs, by the digest that `status` shows.
fn running(site: &Site) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let status = status(site);
    let schemes = status["schemes"].as_array().unwrap().iter();
    schemes
        .map(|scheme| {
            (
                text(&scheme["scheme"]),
                text(&scheme["deployment"]["plugins"][1]["digest"]),
            )
        })
        .collect()
}

fn roll_out(site: &Site, file: &str) -> Value {
    let path = site.dir.path().join(file).display().to_string();
    let arguments = [
        "deploy",
        &path,
        "--to-all-using",
        "checker",
        "--waves",
        "1,rest",
        "--soak",
        "1s",
        "--yes",
        "--json",
    ];
    let begun = site.dukou(&arguments);
    assert_eq!(begun.code, Some(0), "{begun:?}");
    begun.json()
}

#[test]
fn a_wave_that_traps_goes_back_by_itself_and_loses_nothing() {
    let site = site();
    deploy_all(&site);
    let serving = serving(&site);
    let before = running(&site);
    site.write("new.wasm", trapping("two", MARK));
    let begun = roll_out(&site, "new.wasm");
    assert_eq!(
        begun["fleet"]["totals"]["colours"]["green"], 3,
        "its history has no such order: {begun}"
    );
    let changed: Vec<String> = {
        let now = running(&site);
        now.into_iter()
            .filter(|(scheme, digest)| before[scheme] != *digest)
            .map(|(scheme, _)| scheme)
            .collect()
    };
    assert_eq!(changed.len(), 1, "the first wave is one scheme: {changed:?}");
    put_late_orders(&site, 0..40, MARK);
    pull_until(&site, "the wave went back", |site| {
        status(site)["rollouts"][0]["state"] == "rolled-back"
    });
    let rollout = status(&site)["rollouts"][0].clone();
    assert_eq!(rollout["setback"]["reason"]["cause"], "failing", "{rollout}");
    let failed = rollout["lost"]["failed"].as_u64().unwrap();
    assert!((1..=20).contains(&failed), "{rollout}");
    pull_until(&site, "every order arrived under the version before", |site| {
        site.journal().vouchers.len() == (ORDERS + 40) * TENANTS.len()
    });
    assert_eq!(running(&site), before);
    let arrived = vouchers(&site);
    assert_eq!(arrived.len(), ORDERS + 40);
    assert!(arrived.values().all(|times| *times == TENANTS.len()), "{arrived:?}");
    let told = site.dukou(&["status"]);
    assert_eq!(told.code, Some(0), "no problem is left: {told:?}");
    assert!(told.stdout.contains("went back by itself"), "{told:?}");
    let one = site.dukou(&["status", &changed[0]]);
    assert!(one.stdout.contains(&format!("It cost {failed} groups")), "{one:?}");
    let drained = terminate(serving);
    assert_eq!(drained.code, Some(0), "{drained:?}");
    // What is wanted again is what was wanted before: nothing of the new version comes back by itself.
    let again = site.dukou(&["deploy", "--json"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(running(&site), before);
}

#[test]
fn a_healthy_version_reaches_everybody_by_itself() {
    let site = site();
    deploy_all(&site);
    let serving = serving(&site);
    let before = running(&site);
    site.write("new.wasm", checker("two", ""));
    let begun = roll_out(&site, "new.wasm");
    let digest = begun["fleet"]["digest"].as_str().unwrap().to_owned();
    put_late_orders(&site, 0..25, "");
    pull_until(&site, "the rest runs it", |site| {
        running(site).values().all(|now| *now == digest)
    });
    assert!(before.values().all(|was| *was != digest));
    pull_until(&site, "every order arrived", |site| {
        site.journal().vouchers.len() == (ORDERS + 25) * TENANTS.len()
    });
    assert_eq!(status(&site)["rollouts"][0]["setback"], Value::Null);
    assert_eq!(terminate(serving).code, Some(0));
    // A deployment of the files keeps what is pinned.
    let again = site.dukou(&["deploy", "--json"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(running(&site).values().all(|now| *now == digest));
}

#[test]
fn the_matrix_shows_each_scheme_by_its_own_history_and_lets_the_green_ones_through() {
    let site = site();
    // One customer came a day later and never had the order.
    let day = first_day();
    let later = day + chrono::TimeDelta::days(1);
    let stamp = |at: chrono::NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
    site.edit("tenants/chen/schemes/sales.toml", &stamp(day), &stamp(later));
    // Four letters that stand in one early order only.
    let bodies: Vec<String> = site.orders().iter().map(|order| order.body.to_string()).collect();
    let first = site.orders()[0].order_no.clone();
    let letters = (0..bodies[0].len() - 4)
        .filter_map(|at| bodies[0].get(at..at + 4))
        .filter(|letters| letters.chars().all(|c| c.is_ascii_alphanumeric()))
        .find(|letters| bodies.iter().filter(|body| body.contains(*letters)).count() == 1)
        .unwrap();
    deploy_all(&site);
    for scheme in schemes() {
        let run = site.dukou(&["run", &scheme, "--json"]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    site.write("new.wasm", trapping("two", letters));
    let path = site.dir.path().join("new.wasm").display().to_string();
    let plan = site.dukou(&["deploy", &path, "--to-all-using", "checker", "--json"]);
    assert_eq!(plan.code, Some(9), "a plan needs --yes: {plan:?}");
    assert!(plan.stderr.contains("--yes"), "{plan:?}");
    let plan = plan.json();
    let rows = plan["fleet"]["rows"].as_array().unwrap();
    let colours: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row["scheme"].as_str().unwrap(), row["colour"].as_str().unwrap()))
        .collect();
    assert_eq!(
        colours,
        [("an/sales", "red"), ("bei/sales", "red"), ("chen/sales", "green")],
        "{plan}"
    );
    assert_eq!(rows[0]["replay"]["all"]["groups"], ORDERS);
    assert_eq!(rows[0]["replay"]["newly_failing"]["groups"], 1);
    let patterns = plan["fleet"]["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 1, "one kind of difference over both: {plan}");
    assert_eq!(patterns[0]["schemes"], 2);
    let before = running(&site);
    let text = site.dukou(&["deploy", &path, "--to-all-using", "checker", "--dry-run"]);
    assert_eq!(text.code, Some(10), "{text:?}");
    assert!(
        text.stdout
            .contains(&format!("→ dukou replay an/sales --plugin {path}")),
        "{text:?}"
    );
    assert!(!text.stdout.contains(&first), "no record is named: {text:?}");
    assert_eq!(running(&site), before, "a plan changes nothing");
    let vip = site.dukou(&["deploy", &path, "--to", "tag=vip", "--dry-run", "--json"]);
    assert_eq!(vip.code, Some(8), "the file's name is no plugin's of theirs: {vip:?}");
    site.write("checker.wasm", trapping("two", letters));
    let named = site.dir.path().join("checker.wasm").display().to_string();
    let vip = site.dukou(&["deploy", &named, "--to", "tag=vip", "--yes", "--json"]);
    assert_eq!(vip.code, Some(9), "its one row is red: {vip:?}");
    assert_eq!(vip.json()["fleet"]["rows"].as_array().unwrap().len(), 1);
    let promoted = site.dukou(&["deploy", &path, "--to-all-using", "checker", "--yes", "--json"]);
    assert_eq!(promoted.code, Some(10), "{promoted:?}");
    let now = running(&site);
    let new = plan["fleet"]["digest"].as_str().unwrap();
    assert_eq!(now["chen/sales"], new);
    assert_eq!(
        (&now["an/sales"], &now["bei/sales"]),
        (&before["an/sales"], &before["bei/sales"])
    );
}

#[test]
fn a_shadow_collects_differences_and_sends_nothing() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: ORDERS,
            ..SiteOptions::default()
        },
    );
    let serving = site.serve();
    site.run_until("the first orders arrived", |site| {
        site.journal().vouchers.len() == ORDERS
    });
    site.edit(
        "schemes/wdt-to-tplus.toml",
        "Memo = \"来自旺店通\"",
        "Memo = \"来自渡口\"",
    );
    let begun = site.dukou(&["deploy", "wdt-to-tplus", "--shadow", "1h", "--json"]);
    assert_eq!(begun.code, Some(0), "{begun:?}");
    let twice = site.dukou(&["deploy", "wdt-to-tplus", "--shadow", "1h"]);
    assert_eq!(twice.code, Some(9), "one at a time: {twice:?}");
    put_late_orders(&site, 0..7, "");
    site.run_until("the late orders arrived", |site| {
        site.journal().vouchers.len() == ORDERS + 7
    });
    site.wait_until("the shadow has compared them", |site| {
        status(site)["shadows"][0]["replay"]["changed"]["groups"] == 7
    });
    let shadow = status(&site)["shadows"][0].clone();
    assert_eq!(shadow["replay"]["all"]["groups"], 7, "{shadow}");
    assert_eq!(shadow["replay"]["newly_failing"]["groups"], 0, "{shadow}");
    assert!(
        site.journal()
            .vouchers
            .iter()
            .all(|voucher| !voucher.body.contains("来自渡口"))
    );
    let told = site.dukou(&["status"]);
    assert!(told.stdout.contains("7 groups compared, 7 changed"), "{told:?}");
    // Deployed, it is no shadow any more.
    let deployed = site.dukou(&["deploy", "wdt-to-tplus", "--accept", "all", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    put_late_orders(&site, 7..8, "");
    site.run_until("the shadow is over", |site| status(site)["shadows"][0]["over"] == true);
    assert_eq!(status(&site)["shadows"][0]["replay"]["all"]["groups"], 7);
    assert_eq!(terminate(serving).code, Some(0));
}

#[test]
fn edits_that_nobody_named_hold_a_scheme_and_options_that_fleets_do_not_know_are_refused() {
    let site = site();
    deploy_all(&site);
    for scheme in schemes() {
        assert_eq!(site.dukou(&["run", &scheme, "--json"]).code, Some(0));
    }
    let before = running(&site);
    site.write("new.wasm", checker("two", ""));
    let path = site.dir.path().join("new.wasm").display().to_string();
    let all = ["deploy", path.as_str(), "--to-all-using", "checker"];
    let with = |more: &[&str]| site.dukou(&[&all[..], more].concat());
    for option in [&["--reject", "all"][..], &["--no-gate"], &["--unpin"]] {
        for more in [&["--yes"][..], &["--yes", "--waves", "1,rest"], &["--shadow", "1h"]] {
            let refused = with(&[option, more].concat());
            assert_eq!(refused.code, Some(2), "{option:?} {more:?}: {refused:?}");
            assert!(refused.stderr.contains(option[0]), "{refused:?}");
        }
    }
    for length in ["--shadow=367d", "--shadow=400000000d"] {
        let refused = with(&[length]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
    assert_eq!(running(&site), before);

    let scheme = site.read("tenants/bei/schemes/sales.toml");
    let edited = scheme.replacen("title = \"", "title = \"另 ", 1);
    assert_ne!(edited, scheme);
    site.write("tenants/bei/schemes/sales.toml", &edited);
    let plan = with(&["--dry-run"]);
    assert_eq!(plan.code, Some(10), "{plan:?}");
    assert!(plan.stdout.contains("→ dukou deploy bei/sales\n"), "{plan:?}");
    for more in [&["--yes", "--json"][..], &["--yes", "--json", "--waves", "1,rest"]] {
        let done = with(more);
        assert!(matches!(done.code, Some(0 | 10)), "{done:?}");
        let fleet = done.json()["fleet"].clone();
        let rows = fleet["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["scheme"] == "bei/sales").unwrap();
        assert_eq!(row["colour"], "edited", "{row}");
        assert_eq!(row["result"]["why"], "edited", "{row}");
        assert_eq!(row["edits"].as_array().unwrap().len(), 1, "{row}");
        let now = running(&site);
        assert_eq!(now["bei/sales"], before["bei/sales"]);
        assert_ne!(now["an/sales"], before["an/sales"]);
    }
    assert_eq!(site.dukou(&["deploy", "bei/sales"]).code, Some(0));
    let promoted = with(&["--yes", "--json"]);
    assert_eq!(promoted.code, Some(0), "settled, it goes: {promoted:?}");
    let now = running(&site);
    assert_eq!(now["bei/sales"], now["an/sales"]);
}

#[test]
fn a_tenant_in_a_rollout_is_not_erased_and_afterwards_nothing_of_it_is_left_there() {
    let site = site();
    deploy_all(&site);
    for scheme in schemes() {
        assert_eq!(site.dukou(&["run", &scheme, "--json"]).code, Some(0));
    }
    site.write("new.wasm", checker("two", ""));
    let path = site.dir.path().join("new.wasm").display().to_string();
    let begun = site.dukou(&[
        "deploy",
        &path,
        "--to-all-using",
        "checker",
        "--waves",
        "1,rest",
        "--soak",
        "1h",
        "--yes",
        "--json",
    ]);
    assert_eq!(begun.code, Some(0), "{begun:?}");
    let id = begun.json()["rollout"].as_str().unwrap().to_owned();
    let erase = || site.dukou(&["tenant", "erase", "bei", "--confirm", "bei"]);
    let refused = erase();
    assert_eq!(refused.code, Some(9), "{refused:?}");
    assert!(refused.stderr.contains(&format!("--stop-rollout {id}")), "{refused:?}");
    assert_eq!(site.dukou(&["deploy", "--stop-rollout", &id]).code, Some(0));
    let erased = erase();
    assert_eq!(erased.code, Some(0), "{erased:?}");
    let rollout = status(&site)["rollouts"][0].clone();
    assert_eq!(rollout["members"].as_array().unwrap().len(), 2, "{rollout}");
    assert!(!rollout.to_string().contains("bei/"), "{rollout}");
}
