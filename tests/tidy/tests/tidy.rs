//! The house rules of DESIGN §2, checked on the sources and on `cargo metadata`. Each failure names the file and the rule.
#![expect(clippy::unwrap_used, reason = "what a test reads may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every file of the tree that git knows or would add, with one of the endings.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "git ls-files failed");
    let files: Vec<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|line| endings.iter().any(|ending| line.ends_with(ending)))
        .map(|line| root().join(line))
        .filter(|path| path.is_file())
        .collect();
    assert!(files.len() > 10, "the tree was not found");
    files
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let silent: Vec<_> = files(&[".rs"])
        .into_iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            !text.trim_start_matches('\u{feff}').starts_with("//!")
        })
        .map(|path| relative(&path))
        .collect();
    assert!(
        silent.is_empty(),
        "files must open with `//!` (what it is for, what it does not do): {silent:#?}"
    );
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let long: Vec<_> = files(&[".rs", ".py", ".js", ".ts"])
        .into_iter()
        .map(|path| (relative(&path), std::fs::read_to_string(&path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 800)
        .collect();
    assert!(long.is_empty(), "talk at 500 lines, split before 800: {long:#?}");
}

#[test]
fn files_are_named_for_what_is_in_them() {
    let nameless = ["utils", "util", "common", "helpers", "helper", "manager", "imp", "misc"];
    let found: Vec<_> = files(&[".rs"])
        .into_iter()
        .filter(|path| {
            path.components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                nameless.contains(&name.trim_end_matches(".rs"))
            })
        })
        .map(|path| relative(&path))
        .collect();
    assert!(found.is_empty(), "name the thing: {found:#?}");
}

#[test]
fn nothing_is_ignored_or_left_to_do() {
    let marks = [
        "#[ig".to_owned() + "nore",
        "to".to_owned() + "do!(",
        "unimple".to_owned() + "mented!(",
    ];
    let found: Vec<_> = files(&[".rs"])
        .into_iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            marks.iter().any(|mark| text.contains(mark.as_str()))
        })
        .map(|path| relative(&path))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Normal dependencies of each workspace package, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let names = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

/// Who must not know whom, and why (DESIGN §2, ARCHITECTURE.md).
const WALLS: &[(&str, &[&str], &str)] = &[
    (
        "dukou-core",
        &[
            "tokio",
            "reqwest",
            "rusqlite",
            "wasmtime",
            "dukou-store",
            "dukou-plugin",
            "dukou-connect",
            "dukou-sandbox",
            "dukou",
            "anyhow",
        ],
        "decisions stay testable as tables: no I/O, no async, no engine",
    ),
    (
        "dukou-store",
        &[
            "dukou-plugin",
            "dukou-connect",
            "dukou-sandbox",
            "dukou",
            "reqwest",
            "wasmtime",
            "tokio",
            "anyhow",
        ],
        "the store is told the next state; it knows no plugin, connector or retry rule",
    ),
    (
        "dukou-plugin",
        &[
            "dukou-store",
            "dukou-connect",
            "dukou-sandbox",
            "dukou",
            "reqwest",
            "rusqlite",
            "secrecy",
            "anyhow",
            "dukou-plugin-build",
        ],
        "whatever it does not hold, a guest cannot steal",
    ),
    (
        "dukou-replay",
        &[
            "dukou-store",
            "dukou-connect",
            "dukou-sandbox",
            "dukou",
            "reqwest",
            "rusqlite",
            "tokio",
            "anyhow",
        ],
        "what would change is found without a store, a network or a clock, so it is the same anywhere",
    ),
    (
        "dukou-connect",
        &[
            "dukou-store",
            "dukou-plugin",
            "dukou-sandbox",
            "dukou",
            "rusqlite",
            "wasmtime",
            "anyhow",
        ],
        "connectors name outcomes; they never touch the store or a plugin",
    ),
    (
        "dukou-sandbox",
        &[
            "dukou-core",
            "dukou-store",
            "dukou-plugin",
            "dukou-connect",
            "dukou",
            "wasmtime",
            "rusqlite",
        ],
        "a bug shared with the connectors would pass every test",
    ),
    (
        "dukou-plugin-build",
        &["wasmtime", "dukou-plugin", "dukou", "dukou-core"],
        "a build script must not need the engine; the author's kit in `dukou` calls it, not the other way round",
    ),
    (
        "dukou-sdk-derive",
        &["dukou-sdk", "dukou-core", "dukou-plugin", "dukou", "wasmtime"],
        "it is unpacked beside every author's plugin and writes code for the SDK, which alone depends on it",
    ),
    (
        "dukou-sdk",
        &["dukou-core", "dukou-plugin", "dukou", "wasmtime"],
        "the WIT is the whole contract",
    ),
    (
        "dukou-table",
        &["dukou-core", "dukou-plugin", "dukou", "wasmtime"],
        "the WIT is the whole contract",
    ),
    (
        "dukou-wdt-to-tplus",
        &["dukou-core", "dukou-plugin", "dukou", "wasmtime"],
        "the WIT is the whole contract",
    ),
    (
        "dukou-voucher-checks",
        &["dukou-core", "dukou-plugin", "dukou", "wasmtime"],
        "the WIT is the whole contract",
    ),
];

#[test]
fn the_walls_of_the_house_stand() {
    let dependencies = dependencies();
    let mut broken = Vec::new();
    for (package, forbidden, why) in WALLS {
        let known = dependencies
            .get(*package)
            .unwrap_or_else(|| panic!("{package} is not in the workspace"));
        for name in forbidden.iter().filter(|name| known.contains(**name)) {
            broken.push(format!("{package} must not know {name}: {why}"));
        }
    }
    let engine: Vec<_> = dependencies
        .iter()
        .filter(|(package, known)| {
            *package != "dukou-plugin" && known.iter().any(|name| name == "wasmtime" || name == "wasmtime-wasi")
        })
        .map(|(package, _)| format!("{package} must not know wasmtime: dukou-plugin alone does"))
        .collect();
    broken.extend(engine);
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Words that only one place may write: who names concrete parts, reads the machine's clock or the environment.
const HOMES: &[(&str, &[&str], &str)] = &[
    (
        "wdt_qimen::",
        &["host/src/compose.rs", "host/src/settings", "host/connect/"],
        "only compose.rs names concrete connectors (settings makes their configurations)",
    ),
    (
        "tplus_cloud::",
        &["host/src/compose.rs", "host/src/settings", "host/connect/"],
        "only compose.rs names concrete connectors (settings makes their configurations)",
    ),
    (
        "SqliteStore",
        &["host/src/compose.rs", "host/store/", "tests/"],
        "only compose.rs names concrete stores",
    ),
    (
        "Utc::now()",
        &["host/src/compose.rs"],
        "time comes in through the Clock trait",
    ),
    (
        "SystemTime::now()",
        &["host/src/compose.rs"],
        "time comes in through the Clock trait",
    ),
    (
        "env::var(",
        &["host/src/settings"],
        "the environment is read by settings only",
    ),
];

#[test]
fn concrete_things_are_named_at_home_only() {
    let mut broken = Vec::new();
    for path in files(&[".rs"]) {
        let name = relative(&path);
        // Build scripts and xtask talk to cargo through the environment; tests may make what they need.
        if name.contains("/tests/")
            || name.ends_with("tests.rs")
            || name.starts_with("tests/")
            || name.starts_with("xtask/")
            || (name.ends_with("build.rs") && !name.contains("/src/"))
            || name.starts_with("plugins/build/")
            || name.contains("/benches/")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (word, homes, why) in HOMES {
            let used = text
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            if used && !homes.iter().any(|home| name.starts_with(home)) {
                broken.push(format!("{name} says {word}: {why}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A dry run's own files, with what of the program each of them names. Whatever they call is one of the modules below.
const DRY: &[(&str, &[&str])] = &[
    (
        "host/src/cli/dry_run.rs",
        &[
            "super::output::",
            "super::{Context, Failure}",
            "crate::deploy;",
            "crate::exit::Exit",
            "crate::onlooker::Onlooker",
            "crate::overview::mask::",
            "crate::overview::said::",
            "crate::overview::text::",
            "crate::overview::{Lens, Personal, details}",
            "crate::pipeline::dry_run::",
            "crate::scheme::Scheme",
        ],
    ),
    ("host/src/pipeline/dry_run.rs", &["super::transform::BATCH"]),
    (
        "host/src/onlooker.rs",
        &["crate::compose;", "crate::scheme::Scheme", "crate::settings::Project"],
    ),
];

/// What they may call of modules that can do more.
const DRY_CALLS: &[(&str, &[&str])] = &[
    ("deploy::", &["wanted("]),
    (
        "compose::",
        &["open_store(", "runtime(", "clock(", "egress(", "source(", "request_of("],
    ),
];

/// The modules that those files call.
const BEHIND_DRY: &[&str] = &[
    "host/src/deploy/wanted.rs",
    "host/src/deploy/tables.rs",
    "host/src/overview/mask.rs",
    "host/src/overview/said.rs",
    "host/src/overview/text.rs",
    "host/src/overview/details.rs",
    "host/src/overview/mod.rs",
    "host/src/cli/output.rs",
];

/// Verbs of the store that read. Every other one writes, also those that come later.
const READS: &[&str] = &[
    "mark",
    "windows",
    "peek_groups",
    "control_for",
    "next_due",
    "problems",
    "next_fire",
    "blob",
    "active",
    "deployment",
    "deployments",
    "generation",
    "schemes",
    "overview",
    "records",
    "story",
    "deliveries",
    "stored_groups",
    "count_groups",
    "verdict_counts",
    "acceptances",
    "known_outcomes",
    "written",
    "rollouts",
    "shadows",
];

/// Lines of code, without tests and comments.
fn code(name: &str) -> String {
    let text = std::fs::read_to_string(root().join(name)).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The store's verbs that are not known to only read: a new one counts as writing until somebody says otherwise.
fn writing_verbs() -> Vec<String> {
    code("host/store/src/lib.rs")
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fn ")?.split_once('('))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !READS.contains(&name.as_str()))
        .collect()
}

#[test]
fn the_dry_run_has_no_way_to_a_sender() {
    let verbs = writing_verbs();
    assert!(
        ["settle", "ingest"]
            .iter()
            .all(|verb| verbs.iter().any(|known| known == verb)),
        "{verbs:?}"
    );
    let mut broken = Vec::new();
    for (name, known) in DRY {
        let code = code(name);
        for line in code.lines() {
            for start in ["crate::", "super::"] {
                let Some(at) = line.find(start) else { continue };
                if !known.iter().any(|known| line[at..].starts_with(known)) {
                    broken.push(format!("{name} names {}", line.trim()));
                }
            }
            for (module, calls) in DRY_CALLS {
                let called = line
                    .split(module)
                    .skip(1)
                    .filter(|_| !line.trim_start().starts_with("use "));
                for rest in called.filter(|rest| !calls.iter().any(|call| rest.starts_with(call))) {
                    broken.push(format!("{name} calls {module}{rest}"));
                }
            }
        }
    }
    for name in DRY.iter().map(|(name, _)| name).chain(BEHIND_DRY) {
        let code = code(name);
        let senders = [
            "dyn Target",
            "connect::Target",
            "{Target",
            "Target}",
            "SendReport",
            "dyn Inquiry",
        ];
        let calls = [
            ".target(",
            ".inquiry(",
            ".send(",
            "send_document",
            "Host::",
            "&Host",
            "Deliver",
            "::deliver",
        ];
        for word in senders.iter().chain(&calls) {
            if code.contains(word) {
                broken.push(format!("{name} says {word}"));
            }
        }
        for verb in &verbs {
            if code.contains(&format!(".{verb}(")) {
                broken.push(format!("{name} calls the store's {verb}"));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "a dry run must not be able to send or store: {broken:#?}"
    );
}

#[test]
fn a_replay_has_no_way_to_the_remote_systems() {
    let own = [
        "host/src/cli/replay/mod.rs",
        "host/src/cli/replay/wanted.rs",
        "host/src/deploy/stored.rs",
        "host/src/deploy/gate.rs",
        "host/src/deploy/gate/kept.rs",
        "host/src/deploy/gate/route.rs",
    ];
    let words = [
        "Target",
        ".target(",
        "dyn Source",
        ".source(",
        "egress",
        "crossing",
        "settle",
        "ingest",
        "remap",
    ];
    let mut broken = Vec::new();
    for path in files(&[".rs"]) {
        let name = relative(&path);
        let replays = name.starts_with("host/replay/src/") || own.contains(&name.as_str());
        if !replays || name.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let said = words
            .iter()
            .filter(|word| code.iter().any(|line| line.contains(**word)));
        broken.extend(said.map(|word| format!("{name} must not know {word}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Listing what a version wrote is for the moment after a mistake: nothing in it may make a second one.
#[test]
fn the_blast_radius_has_no_way_to_a_sender_and_changes_nothing() {
    let verbs = writing_verbs();
    let rooms = [
        "host/src/overview/blast/",
        "host/src/overview/history/",
        "host/src/cli/history",
    ];
    let own: Vec<String> = files(&[".rs"])
        .iter()
        .map(|path| relative(path))
        .filter(|name| rooms.iter().any(|room| name.starts_with(room)) && !name.ends_with("tests.rs"))
        .collect();
    assert!(own.len() >= 15, "{own:?}");
    let words = [
        "dyn Target",
        "connect::",
        "SendReport",
        "dyn Inquiry",
        "dyn Source",
        "egress",
        ".target(",
        ".inquiry(",
        ".send(",
        "Host::",
        "&Host",
        "Deliverer",
        "crossing",
        "pipeline::",
    ];
    let mut broken = Vec::new();
    for name in &own {
        let code = code(name);
        broken.extend(
            words
                .iter()
                .filter(|word| code.contains(*word))
                .map(|word| format!("{name} says {word}")),
        );
        let called = verbs.iter().filter(|verb| {
            code.contains(&format!("store.{verb}(")) || code.contains(&format!("store.as_ref().{verb}("))
        });
        broken.extend(called.map(|verb| format!("{name} calls the store's {verb}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_registry_host_and_no_shared_path_is_named() {
    let hosts = [
        "crates".to_owned() + ".io",
        "registry.npm".to_owned() + "js.org",
        "pypi".to_owned() + ".org",
        "../sha".to_owned() + "red",
    ];
    let found: Vec<_> = files(&[".rs", ".md", ".toml", ".js", ".py", ".json", ".yml"])
        .into_iter()
        .filter(|path| !relative(path).starts_with("docs/reference/systems/"))
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            hosts.iter().any(|host| text.contains(host.as_str()))
        })
        .map(|path| relative(&path))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
