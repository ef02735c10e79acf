//! The author's loop through the program itself: `new`, `test`, a changed rule, `review`, `pack`, `inspect`, `ls`, and a
//! project that uses the result. The table needs no tool; Rust is compiled for WebAssembly; what JavaScript and Python
//! need beyond that is installed by the tutorial, here only its absence is told.
#![expect(clippy::unwrap_used, reason = "what the desk cannot do may fail the test")]

mod said;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use said::Said;
use serde_json::Value;
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Runs dukou in a folder of the desk, in English.
    fn dukou(&self, below: &str, args: &[&str]) -> Said {
        self.said(self.command(below, args).output().unwrap())
    }

    fn command(&self, below: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dukou"));
        command
            .args(["--lang", "en"])
            .args(args)
            .current_dir(self.path(below))
            .env("DUKOU_CACHE", self.path("compiled"))
            .env("NO_COLOR", "1")
            // Where it is set, `review` does not write.
            .env_remove("CI");
        command
    }

    fn said(&self, output: Output) -> Said {
        Said::of(output)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file} lacks {from}");
        std::fs::write(self.path(file), text.replacen(from, to, 1)).unwrap();
    }
}

#[test]
fn a_table_goes_from_nothing_to_a_plugin_that_a_scheme_uses() {
    let desk = Desk::new();
    let made = desk
        .dukou(
            ".",
            &["plugin", "new", "shop-table", "--in", "table", "--title", "店铺规则"],
        )
        .ends(0);
    assert!(made.stdout.contains("dukou plugin test"), "{}", made.stdout);
    desk.dukou(".", &["plugin", "new", "shop-table", "--in", "table"])
        .ends(9);
    desk.dukou("shop-table", &["plugin", "test"]).ends(0);

    desk.edit(
        "shop-table/mapping.toml",
        "Memo = \"来自旺店通\"",
        "Memo = \"来自{{shop_name}}\"",
    );
    let failed = desk.dukou("shop-table", &["plugin", "test"]).ends(5);
    assert!(failed.stdout.contains("Memo"), "{}", failed.stdout);
    let refused = desk.dukou("shop-table", &["plugin", "pack"]).ends(5);
    assert!(refused.stderr.contains("plugin review"), "{}", refused.stderr);
    assert!(
        !desk.path("shop-table/shop-table.wasm").exists(),
        "nothing unproven is packed"
    );
    desk.dukou("shop-table", &["plugin", "review", "--accept", "all"])
        .ends(0);

    let packed = desk.dukou("shop-table", &["--json", "plugin", "pack"]).ends(0).json();
    assert_eq!((&packed["result"], &packed["cases"]), (&"packed".into(), &8.into()));
    let file = desk.path("shop-table/shop-table.wasm");
    let bytes = std::fs::read(&file).unwrap();
    let again = desk
        .dukou("shop-table", &["plugin", "pack", "--out", "again.wasm"])
        .ends(0);
    assert!(
        again.stdout.contains(packed["digest"].as_str().unwrap()),
        "{}",
        again.stdout
    );
    assert_eq!(std::fs::read(desk.path("shop-table/again.wasm")).unwrap(), bytes);

    // The one file is enough: its cases run, its card is shown, without the folder it came from.
    std::fs::copy(&file, desk.path("there.wasm")).unwrap();
    desk.dukou(".", &["plugin", "test", "there.wasm"]).ends(0);
    let card = desk
        .dukou(".", &["--json", "plugin", "inspect", "there.wasm"])
        .ends(0)
        .json();
    assert_eq!(
        (&card["name"], &card["digest"]),
        (&"shop-table".into(), &packed["digest"])
    );
    assert_eq!(card["cases"].as_array().unwrap().len(), 8);
    let reads: Vec<_> = card["reads"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["path"])
        .collect();
    assert!(reads.contains(&&Value::from("shop_name")), "{reads:?}");

    desk.dukou(".", &["init", "shop"]).ends(0);
    std::fs::create_dir_all(desk.path("shop/plugins")).unwrap();
    std::fs::copy(&file, desk.path("shop/plugins/shop-table.wasm")).unwrap();
    let scheme = std::fs::read_to_string(desk.path("shop/schemes/wdt-to-tplus.toml")).unwrap();
    let (head, rest) = scheme.split_once("[mapping]\n").unwrap();
    let after = &rest[rest.find("[[validation]]").unwrap()..];
    // The mapping comes with the file; the scheme changes one row of it.
    let scheme =
        format!("{head}[mapping]\nplugin = \"shop-table\"\n[mapping.settings.fields]\nWarehouse = \"CK02\"\n\n{after}");
    std::fs::write(desk.path("shop/schemes/wdt-to-tplus.toml"), scheme).unwrap();
    desk.dukou("shop", &["check"]).ends(0);
    let listed = desk.dukou("shop", &["--json", "plugin", "ls"]).ends(0).json();
    let own = listed["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "shop-table")
        .unwrap();
    assert_eq!(own["schemes"], serde_json::json!(["wdt-to-tplus"]));
    assert_eq!(own["digest"], packed["digest"]);
}

#[test]
fn what_is_no_plugin_ends_with_its_code() {
    let desk = Desk::new();
    std::fs::write(desk.path("text.wasm"), "no component").unwrap();
    std::fs::write(desk.path("module.wasm"), b"\0asm\x01\0\0\0").unwrap();
    for (args, code, exit) in [
        (["plugin", "inspect", "text.wasm"].as_slice(), "plugin.not-wasm", 3),
        (&["plugin", "inspect", "module.wasm"], "plugin.core-module", 3),
        (&["plugin", "inspect", "nothing"], "author.not-found", 8),
        (&["plugin", "build"], "author.not-a-plugin", 8),
        (&["plugin", "new", "Shop", "--in", "js"], "author.name", 2),
        (
            &["plugin", "new", "a", "--in", "table", "--kind", "validation"],
            "author.table-kind",
            2,
        ),
    ] {
        let mut args = args.to_vec();
        args.push("--json");
        let said = desk.dukou(".", &args).ends(exit);
        assert_eq!(said.json()["errors"][0]["code"], code, "{args:?}");
        assert!(said.stderr.contains(code), "{}", said.stderr);
    }
}

#[test]
fn a_missing_tool_is_named_with_what_installs_it() {
    let desk = Desk::new();
    for (language, advice) in [
        ("rust", "rustup target add wasm32-unknown-unknown"),
        ("js", "Node.js ≥ 20"),
        ("python", ".venv/bin/pip install -r requirements.txt"),
    ] {
        desk.dukou(".", &["plugin", "new", language, "--in", language]).ends(0);
        let mut command = desk.command(language, &["plugin", "build"]);
        command.env("PATH", desk.path("no-tools")).env_remove("RUSTC");
        let said = desk.said(command.output().unwrap()).ends(3);
        assert!(
            said.stderr.contains("author.tool-missing") && said.stderr.contains(advice),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn rust_templates_build_and_pass_their_cases() {
    let desk = Desk::new();
    // One place for every kind and every run, so that cargo compiles what the SDK stands on once: the folder's path is
    // among the compiler's options.
    let kit = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit");
    let (folder, target) = (kit.join("plugin"), kit.join("target"));
    std::fs::create_dir_all(&target).unwrap();
    let at = folder.to_str().unwrap();
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    for kind in ["validation", "adjustment", "mapping"] {
        let name = format!("shop-{kind}");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let args = ["plugin", "new", &name, "--in", "rust", "--kind", kind, "--dir", at];
        desk.dukou(".", &args).ends(0);
        // The versions that this tree has, so that nothing is fetched.
        std::fs::copy(&lock, folder.join("Cargo.lock")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&target, folder.join("target")).unwrap();
        let packed = desk.dukou(".", &["--json", "plugin", "pack", at]).ends(0).json();
        assert_eq!(packed["cases"], 8, "{kind}");
        let file = packed["file"].as_str().unwrap();
        let card = desk.dukou(".", &["--json", "plugin", "inspect", file]).ends(0).json();
        assert_eq!((&card["kind"], &card["name"]), (&kind.into(), &name.into()));
        for import in card["imports"].as_array().unwrap() {
            assert!(import.as_str().unwrap().starts_with("dukou:plugin/"), "{import}");
        }
    }
    // The compiler's own words reach the author.
    let source = folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    std::fs::write(&source, format!("{text}\ncompile_error!(\"here\");\n")).unwrap();
    let said = desk.dukou(".", &["plugin", "build", at]).ends(3);
    assert!(
        said.stderr.contains("author.compile") && said.stderr.contains("error: here"),
        "{}",
        said.stderr
    );
}
