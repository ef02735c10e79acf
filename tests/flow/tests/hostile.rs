//! Hostile plugins in schemes of one project, beside an honest one: theirs end in problems with the plugin's code, or are
//! refused when they are deployed; the honest scheme delivers each of its orders once, and every run ends.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command};

use dukou_flow::{Site, SiteOptions, ended};
use dukou_guests::forge::{Forge, Said, World};
use dukou_guests::{MISBEHAVING, WASI_NETWORK};

const DUKOU: &str = env!("CARGO_BIN_EXE_dukou-flow-host");
/// The honest scheme.
const HONEST: &str = "wdt-to-tplus";
const ORDERS: usize = 6;

/// A scheme with a hostile plugin in it.
struct Scheme {
    name: &'static str,
    /// The tables of its plugins.
    plugins: String,
    /// What every one of its orders ends in.
    code: &'static str,
}

/// The compiled guest as the mapping.
fn misbehaving(name: &'static str, what: &str, code: &'static str) -> Scheme {
    Scheme {
        name,
        plugins: format!("[mapping]\nplugin = \"plugins/misbehaving.wasm\"\n[mapping.settings]\ndo = \"{what}\""),
        code,
    }
}

/// A forged guest as the mapping; its file has the scheme's name.
fn forged(site: &Site, name: &'static str, forge: &Forge, code: &'static str) -> Scheme {
    site.write(&format!("plugins/{name}.wasm"), forge.forge());
    Scheme {
        name,
        plugins: format!("[mapping]\nplugin = \"plugins/{name}.wasm\""),
        code,
    }
}

/// A forged guest behind the stock mapping.
fn behind(site: &Site, name: &'static str, world: World, forge: &Forge, code: &'static str) -> Scheme {
    site.write(&format!("plugins/{name}.wasm"), forge.forge());
    let place = match world {
        World::Adjuster => "adjustment",
        _ => "validation",
    };
    Scheme {
        name,
        plugins: format!("[mapping]\nplugin = \"wdt-to-tplus\"\n[[{place}]]\nplugin = \"plugins/{name}.wasm\""),
        code,
    }
}

fn site() -> Site {
    let site = Site::new(
        DUKOU,
        &SiteOptions {
            orders: ORDERS,
            ..SiteOptions::default()
        },
    );
    site.write("plugins/misbehaving.wasm", MISBEHAVING);
    site
}

/// One scheme for each way to be hostile that only shows when orders are handed over.
fn add_hostile_schemes(site: &Site) -> Vec<Scheme> {
    let trapping = |world| {
        let mut forge = Forge::honest(world, &[Said::document("{}")]);
        forge.act = "(unreachable)".to_owned();
        forge
    };
    let table_bomb = {
        let mut forge = Forge::doing("(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l))");
        forge.fields = "(table $t 1 funcref)".to_owned();
        forge
    };
    // What a mapping answers is the same whatever it is asked: one verdict, so one order at a time can be right.
    let schemes = vec![
        misbehaving("loop", "loop", "plugin.fuel"),
        misbehaving("memory", "allocate", "plugin.memory"),
        forged(site, "table-bomb", &table_bomb, "plugin.memory"),
        misbehaving("recursion", "recurse", "plugin.stack"),
        misbehaving("panic", "panic", "plugin.trap"),
        misbehaving("log", "log-flood", "plugin.log"),
        misbehaving("lookups", "lookup-flood", "plugin.host-calls"),
        misbehaving("too-few", "too-few", "plugin.contract"),
        misbehaving("too-many", "too-many", "plugin.contract"),
        misbehaving("bad-json", "bad-json", "plugin.contract"),
        misbehaving("same-suffix", "same-suffix", "plugin.contract"),
        forged(
            site,
            "two-keys",
            &Forge::saying(&[Said::document(r#"{"dto":{"ExternalCode":"a","ExternalCode":"b"}}"#)]),
            "plugin.contract",
        ),
        // Well-formed, but another order's: the host's own check, which is a rejection.
        forged(
            site,
            "wrong-key",
            &Forge::saying(&[Said::document(r#"{"dto":{"ExternalCode":"CK000000000000"}}"#)]),
            "document.key",
        ),
        behind(
            site,
            "bad-adjuster",
            World::Adjuster,
            &trapping(World::Adjuster),
            "plugin.trap",
        ),
        behind(
            site,
            "bad-validator",
            World::Validator,
            &trapping(World::Validator),
            "plugin.trap",
        ),
    ];
    site.write("tables/table.csv", "key,value\n1,one\n");
    site.write("tables/t.csv", "key,value\n1,one\n");
    for scheme in &schemes {
        site.add_scheme(scheme.name, &scheme.plugins);
    }
    schemes
}

/// The groups of a scheme's open problems, by code.
fn problems(site: &Site, scheme: &str) -> BTreeMap<String, BTreeSet<String>> {
    let listed = site.dukou(&["problem", "ls", scheme, "--json"]).json();
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for problem in listed["problems"].as_array().unwrap() {
        let word = |key: &str| problem[key].as_str().unwrap().to_owned();
        let kind = if word("code").starts_with("plugin.") {
            "failed"
        } else {
            "rejected"
        };
        assert_eq!(word("kind"), kind, "{problem}");
        codes.entry(word("code")).or_default().insert(word("group"));
    }
    codes
}

fn terminate(serving: &Child) {
    let status = Command::new("kill")
        .args(["-TERM", &serving.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn order_numbers(site: &Site) -> BTreeSet<String> {
    site.orders().into_iter().map(|order| order.order_no).collect()
}

/// Every order of the honest scheme has arrived once, and nothing else has.
fn assert_all_arrived_once(site: &Site) {
    let arrived: Vec<String> = site
        .journal()
        .vouchers
        .into_iter()
        .map(|voucher| voucher.external_code)
        .collect();
    assert_eq!(arrived.len(), ORDERS, "{arrived:?}");
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), order_numbers(site));
}

fn assert_ends_in_its_code(site: &Site, scheme: &Scheme) {
    let expected = BTreeMap::from([(scheme.code.to_owned(), order_numbers(site))]);
    assert_eq!(problems(site, scheme.name), expected, "{}", scheme.name);
}

#[test]
fn each_hostile_scheme_ends_in_its_problems_and_the_honest_one_beside_it_delivers() {
    let site = site();
    let schemes = add_hostile_schemes(&site);
    for scheme in &schemes {
        let run = site.dukou(&["run", scheme.name, "--json"]);
        assert_eq!(run.code, Some(5), "{}: {run:?}", scheme.name);
        assert_eq!(run.json()["delivered"]["accepted"], 0, "{run:?}");
        assert_ends_in_its_code(&site, scheme);
    }
    assert!(site.journal().vouchers.is_empty());
    let honest = site.dukou(&["run", HONEST, "--json"]);
    assert_eq!(honest.code, Some(0), "{honest:?}");
    assert_all_arrived_once(&site);
    for scheme in &schemes {
        // Again: nothing is tried again by itself, nothing is sent.
        let again = site.dukou(&["run", scheme.name, "--json"]);
        assert_eq!(again.code, Some(5), "{}: {again:?}", scheme.name);
        assert_eq!(again.json()["transformed"]["groups"], 0, "{again:?}");
    }
    assert_all_arrived_once(&site);
}

#[test]
fn serve_carries_the_honest_scheme_among_all_the_hostile_ones() {
    let site = site();
    let schemes = add_hostile_schemes(&site);
    let serving = site.serve();
    site.wait_until("the hostile ones are at work", |site| {
        !problems(site, schemes[0].name).is_empty()
    });
    // The process that serves them all does it, and says so.
    site.run_each_until(&[HONEST], &[0], "the honest one has delivered", |site| {
        site.journal().vouchers.len() == ORDERS
    });
    let honest = site.dukou(&["run", HONEST, "--json"]);
    assert_eq!(honest.code, Some(0), "{honest:?}");
    assert_eq!(honest.json()["beside"], true, "{honest:?}");
    assert_all_arrived_once(&site);
    for scheme in &schemes {
        site.wait_until(scheme.name, |site| {
            problems(site, scheme.name).values().map(BTreeSet::len).sum::<usize>() == ORDERS
        });
        assert_ends_in_its_code(&site, scheme);
    }
    terminate(&serving);
    let drained = ended(serving);
    assert_eq!(drained.code, Some(0), "{drained:?}");
    assert!(problems(&site, HONEST).is_empty());
    assert_all_arrived_once(&site);
}

#[test]
fn a_poisonous_order_costs_one_order() {
    let site = site();
    let key = site.orders()[2].order_no.clone();
    let dying = "do = \"poison\"".to_owned() + &format!("\nkey = \"{key}\"");
    site.add_scheme(
        "poisoned",
        &format!("[mapping]\nplugin = \"plugins/misbehaving.wasm\"\n[mapping.settings]\n{dying}"),
    );
    let run = site.dukou(&["run", "poisoned", "--json"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    let found = problems(&site, "poisoned");
    assert_eq!(found["plugin.trap"], BTreeSet::from([key]), "{found:?}");
    // What the guest makes of the others is well-formed and lacks what T+ requires: that is for the host's own check. Every
    // order is a problem, and the plugin's death is blamed on one.
    let all: BTreeSet<String> = found.values().flatten().cloned().collect();
    assert_eq!(all, order_numbers(&site), "{found:?}");
    let plugins: Vec<&String> = found.keys().filter(|code| code.starts_with("plugin.")).collect();
    assert_eq!(plugins, ["plugin.trap"], "{found:?}");
}

#[test]
fn what_is_no_plugin_is_refused_when_it_is_deployed_and_its_neighbour_delivers() {
    let site = site();
    let older = Forge {
        version: "0.2.0".to_owned(),
        ..Forge::mapper()
    };
    let mut looping = Forge::mapper();
    looping.configure = format!("(loop $l (br $l)) {}", looping.configure);
    let refused: [(&str, Vec<u8>, i32, &str); 6] = [
        ("network", WASI_NETWORK.to_vec(), 9, "plugin.import"),
        ("older", older.forge(), 3, "plugin.version"),
        ("cut", MISBEHAVING[..50_000].to_vec(), 3, "plugin.truncated"),
        ("module", b"\0asm\x01\0\0\0".to_vec(), 3, "plugin.core-module"),
        ("unsettled", Forge::configured("{").forge(), 3, "plugin.contract"),
        ("looping", looping.forge(), 3, "plugin.fuel"),
    ];
    let codes = refused.each_ref().map(|(_, _, _, code)| *code);
    for (name, bytes, exit, code) in refused {
        site.write(&format!("plugins/{name}.wasm"), bytes);
        site.add_scheme(name, &format!("[mapping]\nplugin = \"plugins/{name}.wasm\""));
        for command in ["deploy", "run"] {
            let ended = site.dukou(&[command, name, "--json"]);
            assert_eq!(ended.code, Some(exit), "{command} {name}: {ended:?}");
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(said.contains(code), "{command} {name}: {ended:?}");
        }
    }
    // A process that serves the whole project names them and serves the rest.
    let serving = site.serve();
    site.run_each_until(&[HONEST], &[0], "the honest scheme is served", |site| {
        site.journal().vouchers.len() == order_numbers(site).len()
    });
    terminate(&serving);
    let served = ended(serving);
    assert_eq!(served.code, Some(0), "{served:?}");
    for code in codes {
        assert!(served.stderr.contains(code), "{code}: {served:?}");
    }
    assert_all_arrived_once(&site);
}
