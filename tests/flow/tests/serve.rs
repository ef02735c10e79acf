//! `serve`: schedules, draining on SIGTERM, taking up a deployment, and `run` beside it.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::io::{BufRead as _, BufReader};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dukou_flow::{Site, SiteOptions, ended};

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");

fn terminate(id: u32) {
    let status = Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap();
    assert!(status.success());
}

fn requests_to_create(site: &Site) -> usize {
    site.journal()
        .requests
        .iter()
        .filter(|request| request.path.ends_with("saleDispatch/Create"))
        .count()
}

#[test]
fn serve_delivers_drains_and_goes_on_where_it_stood() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 10,
            ..SiteOptions::default()
        },
    );
    // Nobody nudges it: its own schedules do all of it.
    let serving = site.command(&["serve"]).spawn().unwrap();
    let id = serving.id();
    site.wait_until("all orders arrived", |site| site.journal().vouchers.len() == 10);
    terminate(id);
    let drained = ended(serving);
    assert_eq!(drained.code, Some(0), "{drained:?}");
    // A second process finds nothing in doubt and nothing to do.
    let again = site.dukou(&["run", "--json"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(requests_to_create(&site), 10);
}

#[test]
fn a_run_beside_serve_has_it_do_the_work_and_waits() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 6,
            ..SiteOptions::default()
        },
    );
    let serving = site.serve();
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["beside"], true, "{run:?}");
    assert_eq!(site.journal().vouchers.len(), 6);
    // Commands read and write beside it.
    assert_eq!(site.dukou(&["status", "--json"]).code, Some(0));
    terminate(serving.id());
    assert_eq!(ended(serving).code, Some(0));
}

#[test]
fn a_deployment_is_taken_up_without_a_restart_and_an_edited_file_is_not() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 3,
            ..SiteOptions::default()
        },
    );
    let serving = site.serve();
    site.run_until("the first orders arrived", |site| site.journal().vouchers.len() == 3);
    site.edit(
        "schemes/wdt-to-tplus.toml",
        "Memo = \"来自旺店通\"",
        "Memo = \"来自渡口\"",
    );
    let status = site.dukou(&["status"]);
    assert!(
        status.stdout.contains("wdt-to-tplus.toml"),
        "edited and not deployed is shown: {status:?}"
    );
    let deployed = site.dukou(&["deploy", "--accept", "all", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    site.ship(990_001);
    site.run_until("the late order arrived", |site| site.journal().vouchers.len() == 4);
    let late = site
        .journal()
        .vouchers
        .into_iter()
        .find(|voucher| voucher.external_code == "990001")
        .unwrap();
    assert!(late.body.contains("来自渡口"), "{}", late.body);
    terminate(serving.id());
    assert_eq!(ended(serving).code, Some(0));
}

#[test]
fn serve_outlives_a_deployment_that_cannot_be_loaded() {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: 3,
            ..SiteOptions::default()
        },
    );
    let mut serving = site.command(&["serve"]).spawn().unwrap();
    let said = Arc::new(Mutex::new(String::new()));
    let (stderr, heard) = (serving.stderr.take().unwrap(), said.clone());
    let listener = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let mut heard = heard.lock().unwrap();
            heard.push_str(&line.unwrap());
            heard.push('\n');
        }
    });
    let says = |text: &str| said.lock().unwrap().contains(text);
    site.wait_until("the first orders arrived", |site| site.journal().vouchers.len() == 3);

    // Other books are accepted; then what was deployed for the first ones comes back, while the settings name the others.
    let url = site.sandbox().tplus_url();
    site.edit(
        "dukou.toml",
        &format!("url = \"{url}\""),
        &format!("url = \"{url}\"\naccount = \"books-b\""),
    );
    let deployed = site.dukou(&["deploy", "--accept", "all", "--json"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    site.wait_until("the other books are served", |_| says("(deployment 2)"));
    assert_eq!(site.dukou(&["rollback"]).code, Some(0));
    site.wait_until("the refusal is said", |_| says("account.changed"));
    // It is tried again after one and after two seconds, and not said again.
    std::thread::sleep(Duration::from_secs(4));
    assert!(serving.try_wait().unwrap().is_none(), "{}", said.lock().unwrap());
    assert_eq!(said.lock().unwrap().matches("account.changed").count(), 1);

    site.edit(
        "schemes/wdt-to-tplus.toml",
        "Memo = \"来自旺店通\"",
        "Memo = \"来自渡口\"",
    );
    let good = site.dukou(&["deploy", "--accept", "all", "--json"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    site.wait_until("the good one is served", |_| says("(deployment 4)"));
    site.ship(990_001);
    site.run_until("the late order arrived", |site| site.journal().vouchers.len() == 4);
    terminate(serving.id());
    let drained = ended(serving);
    listener.join().unwrap();
    let said = said.lock().unwrap();
    assert_eq!(drained.code, Some(0), "{said}");
    assert!(said.contains("Stopping") && said.contains("Stopped"), "{said}");
}
