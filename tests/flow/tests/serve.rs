//! `serve`: schedules, draining on SIGTERM, taking up a deployment, and `run` beside it.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::process::Command;

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
    let serving = site.command(&["serve"]).spawn().unwrap();
    site.wait_until("the first orders arrived", |site| site.journal().vouchers.len() == 6);
    let run = site.dukou(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["beside"], true, "{run:?}");
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
    let serving = site.command(&["serve"]).spawn().unwrap();
    site.wait_until("the first orders arrived", |site| site.journal().vouchers.len() == 3);
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
