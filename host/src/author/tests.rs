//! The kit without any tool: folders of every language and kind, and the table plugin from `new` to the packed file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dukou_plugin::cases::{CaseSet, TestOptions, TestReport, Verdict, test};
use dukou_plugin::{InProcessCompiler, Kind, Runtime, RuntimeOptions};
use serde_json::Value;
use tempfile::TempDir;

use super::build::{self, is_stale};
use super::cases::read;
use super::kit::{NewPlugin, check_name};
use super::pack::pack;
use super::{AuthorError, Language, PluginFolder, card, card_text, schemas, shelf};
use crate::exit::Exit;
use crate::lang::Lang;

const KINDS: [Kind; 3] = [Kind::Mapping, Kind::Adjustment, Kind::Validation];

fn new(language: Language, kind: Kind) -> NewPlugin {
    NewPlugin {
        name: "shop-rules".to_owned(),
        title: "店铺规则".to_owned(),
        language,
        kind,
    }
}

fn table_folder() -> (TempDir, PluginFolder) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("shop-rules");
    new(Language::Table, Kind::Mapping).write(&root).unwrap();
    let folder = PluginFolder::open(&root).unwrap();
    (dir, folder)
}

fn runtime() -> Runtime {
    Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap()
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{} lacks {from}", file.display());
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

fn run(runtime: &Runtime, component: &[u8], set: &CaseSet) -> TestReport {
    let plugin = runtime.load(component).unwrap();
    test(runtime, &plugin, set, &TestOptions::default()).unwrap()
}

#[test]
fn every_language_and_kind_has_a_whole_folder() {
    for language in Language::ALL {
        for kind in KINDS {
            let new = new(language, kind);
            if language == Language::Table && kind != Kind::Mapping {
                assert!(matches!(new.files(), Err(AuthorError::TableKind)));
                continue;
            }
            let files = new.files().unwrap();
            let what = format!("{language} {}", kind.as_str());
            for needed in [
                "plugin.json",
                language.marker(),
                "README.md",
                "ci.sh",
                ".github/workflows/plugin.yml",
                ".editorconfig",
                ".gitignore",
                ".vscode/settings.json",
                ".vscode/case.schema.json",
                ".vscode/plugin.schema.json",
                "cases/defaults.json",
            ] {
                assert!(files.contains_key(needed), "{what} lacks {needed}");
            }
            let cases = files.keys().filter(|path| path.starts_with("cases/")).count();
            assert_eq!(cases, 9, "{what}: eight cases and their defaults");
            for (path, bytes) in &files {
                assert!(
                    !path.starts_with('/') && !path.split('/').any(|part| part == ".."),
                    "{path}"
                );
                let Ok(text) = std::str::from_utf8(bytes) else { continue };
                for left in ["plugin-name", "plugin_name", "PluginName", "插件标题"] {
                    // The SDKs are not templates.
                    assert!(
                        path.starts_with("dukou-sdk/") || !text.contains(left),
                        "{what}: {left} in {path}"
                    );
                }
                if path.ends_with(".json") && !path.starts_with("dukou-sdk/") {
                    assert!(serde_json::from_str::<Value>(text).is_ok(), "{what}: {path}");
                }
            }
            let dir = tempfile::tempdir().unwrap();
            new.write(dir.path()).unwrap();
            let folder = PluginFolder::open(dir.path()).unwrap();
            assert_eq!((folder.language, folder.kind), (language, kind));
            assert_eq!(
                (folder.name.as_str(), folder.title.as_str()),
                ("shop-rules", "店铺规则")
            );
            assert_eq!(read(&folder.root).unwrap().cases.len(), 8, "{what}");
            assert!(is_stale(&folder).unwrap());
        }
    }
}

#[test]
fn an_sdk_needs_nothing_of_our_tree() {
    let files = new(Language::Rust, Kind::Mapping).files().unwrap();
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    for manifest in ["dukou-sdk/Cargo.toml", "dukou-sdk/derive/Cargo.toml"] {
        let manifest: toml::Table = text(manifest).parse().unwrap();
        assert!(!manifest.to_string().contains("workspace"), "{manifest}");
        assert!(!manifest.contains_key("dev-dependencies") && !manifest.contains_key("lints"));
    }
    let sdk: toml::Table = text("dukou-sdk/Cargo.toml").parse().unwrap();
    let features = &sdk["dependencies"]["serde_json"]["features"];
    assert!(
        features.to_string().contains("arbitrary_precision"),
        "numbers would pass through binary floats"
    );
    assert!(text("dukou-sdk/src/bindings.rs").contains("path: \"wit\""));
    for (language, wit) in [
        (Language::Rust, "dukou-sdk/wit/plugin.wit"),
        (Language::JavaScript, "dukou-sdk/wit/plugin.wit"),
        (Language::Python, "dukou-sdk/wit/dukou-plugin-0.1/plugin.wit"),
    ] {
        let files = new(language, Kind::Mapping).files().unwrap();
        assert!(files.contains_key(wit), "{language}");
    }
}

#[test]
fn a_good_name_is_a_files_a_crates_and_a_modules() {
    for good in ["a", "shop-rules", "t1-to-t2"] {
        assert!(check_name(good).is_ok(), "{good}");
    }
    let long = "a".repeat(64);
    for bad in [
        "",
        "A",
        "1a",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "店铺",
        "a b",
        "../a",
        "table",
        "test",
        "core",
        long.as_str(),
    ] {
        let error = check_name(bad).unwrap_err();
        assert_eq!((error.code(), error.exit()), ("author.name", Exit::Usage), "{bad}");
        assert!(error.sentence(Lang::Zh).contains("shop-rules") && error.sentence(Lang::En).contains("shop-rules"));
    }
}

#[test]
fn a_folder_that_is_not_empty_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.txt"), "mine").unwrap();
    let error = new(Language::Table, Kind::Mapping).write(dir.path()).unwrap_err();
    assert_eq!((error.code(), error.exit()), ("author.occupied", Exit::Refused));
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["mine.txt"]);
    let beside = dir.path().parent().unwrap().join(format!(
        ".{}.new-{}",
        dir.path().file_name().unwrap().to_string_lossy(),
        std::process::id()
    ));
    assert!(!beside.exists());
}

#[test]
fn a_table_is_built_anew_only_if_something_that_counts_changed() {
    let (_dir, folder) = table_folder();
    assert!(is_stale(&folder).unwrap());
    let built = build::build(&folder, None).unwrap();
    assert_eq!(built.file, folder.component());
    assert!(!is_stale(&folder).unwrap());
    assert_eq!(build::fresh(&folder, &|_| (), None).unwrap().digest, built.digest);

    // Cases are no part of the component.
    edit(&folder.cases().join("defaults.json"), "Asia/Shanghai", "Asia/Tokyo");
    assert!(!is_stale(&folder).unwrap());

    let mapping = folder.root.join("mapping.toml");
    edit(&mapping, "Memo = \"来自旺店通\"", "Memo = \"来自我们店\"");
    assert!(is_stale(&folder).unwrap());
    let changed = build::fresh(&folder, &|_| (), None).unwrap();
    assert_ne!(changed.digest, built.digest);
    edit(&mapping, "Memo = \"来自我们店\"", "Memo = \"来自旺店通\"");
    assert_eq!(
        build::fresh(&folder, &|_| (), None).unwrap().bytes,
        built.bytes,
        "the same source, the same bytes"
    );

    // Somebody else's file in the place of the component is not run.
    std::fs::write(folder.component(), dukou_stock::TABLE).unwrap();
    assert!(is_stale(&folder).unwrap());
}

#[test]
fn a_tables_preset_is_the_mapping_in_its_order() {
    let (_dir, folder) = table_folder();
    let built = build::build(&folder, None).unwrap();
    let manifest = built.inspection.manifest.unwrap();
    assert_eq!(
        (manifest.name.as_str(), manifest.version.as_str()),
        ("shop-rules", "0.1.0")
    );
    let preset: Value = serde_json::from_str(&manifest.preset.unwrap()).unwrap();
    let rows: Vec<_> = preset["fields"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(rows[..3], ["ExternalCode", "Code", "VoucherType"]);
    assert_eq!(rows.len(), 20, "the rows of the design");
    let schema: Value = serde_json::from_str(&manifest.settings_schema.unwrap()).unwrap();
    assert!(
        schema["required"].is_null(),
        "a scheme need not bring what the file brings"
    );
}

#[test]
fn what_is_wrong_with_a_mapping_is_told_with_its_place() {
    let (_dir, folder) = table_folder();
    edit(&folder.root.join("mapping.toml"), "BusiType = \"15\"", "BusiType = 015");
    match build::build(&folder, None).unwrap_err() {
        AuthorError::Definition(errors) => {
            assert!(errors.to_string().contains("mapping.toml:"), "{errors}");
            assert_eq!(errors.exit(), Exit::Definition);
        }
        other => panic!("{other}"),
    }
    assert!(!folder.component().exists());
}

#[test]
fn a_packed_table_passes_its_cases_and_says_what_it_may_do() {
    let (dir, folder) = table_folder();
    std::fs::write(folder.root.join("tables/客户对照.csv"), "店铺,客户\n0101,KH1\n").unwrap();
    let built = build::build(&folder, None).unwrap();
    let set = read(&folder.root).unwrap();
    assert_eq!(
        set.defaults.tables["客户对照"]["0101"],
        r#"{"店铺":"0101","客户":"KH1"}"#
    );
    let packed = pack(&built, &set).unwrap();
    assert_eq!(packed, pack(&built, &set).unwrap(), "the same folder, the same bytes");

    let runtime = runtime();
    let report = run(&runtime, &packed.bytes, &set);
    assert_eq!(report.verdict(), Verdict::Passed, "{:#}", report.to_json());
    let inspection = runtime.inspect(&packed.bytes).unwrap();
    let inside = CaseSet::from_section(inspection.cases.as_deref().unwrap()).unwrap();
    assert_eq!(inside.cases, set.cases);
    assert_eq!(inside.defaults.tables, set.defaults.tables);

    let card = card::read(&runtime, &packed.bytes, "file", &inside).unwrap();
    let reads: BTreeMap<_, _> = card
        .reads
        .fields
        .iter()
        .map(|field| (field.path.as_str(), field.personal))
        .collect();
    assert_eq!(reads.get("receiver_address"), Some(&true));
    assert_eq!(reads.get("details_list[].goods_count"), Some(&false));
    assert!(
        card.writes
            .iter()
            .any(|field| field.path == "RDRecordDetails.BaseQuantity")
    );
    assert!(
        card.never.iter().all(|never| never.inert.is_empty()),
        "it imports no part of the system"
    );
    assert_eq!(card.cases.len(), 8);
    for lang in [Lang::Zh, Lang::En] {
        let text = card_text::render(&card, lang);
        assert!(!text.contains("plugin.card."), "{text}");
        assert!(text.contains("sha256:") && text.contains("receiver_address"), "{text}");
    }
    assert_eq!(card.to_json()["never"][0]["because"], "not-imported");

    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::write(plugins.join("table.wasm"), &packed.bytes).unwrap();
    std::fs::write(plugins.join("cut.wasm"), &packed.bytes[..1000]).unwrap();
    let shelf = shelf::look(dir.path());
    assert_eq!(shelf.shadowed, ["table"]);
    let of = |path: &str| {
        shelf
            .plugins
            .iter()
            .find(|one| one.place.path() == Some(Path::new(path)))
            .unwrap()
    };
    assert_eq!(of("plugins/table.wasm").what.as_ref().unwrap().cases, Some(8));
    assert_eq!(of("plugins/cut.wasm").what.as_ref().unwrap_err().0, "plugin.truncated");
    assert_eq!(of("shop-rules").what.as_ref().unwrap().digest, Some(built.digest));
}

#[test]
fn without_any_row_of_the_mapping_a_case_fails() {
    let (_dir, folder) = table_folder();
    let manifest = build::build(&folder, None).unwrap().inspection.manifest.unwrap();
    let preset: Value = serde_json::from_str(&manifest.preset.unwrap()).unwrap();
    let mut set = read(&folder.root).unwrap();
    // The stock mapper is compiled once; a case with settings of its own would replace the mapping as a whole.
    set.cases.retain(|case| case.settings.is_none());
    let runtime = runtime();
    set.defaults.settings = preset.to_string();
    assert_eq!(run(&runtime, dukou_stock::TABLE, &set).verdict(), Verdict::Passed);
    for (row, value) in preset["fields"].as_object().unwrap() {
        // An empty row writes nothing.
        if value == "" {
            continue;
        }
        let mut less = preset.clone();
        less["fields"].as_object_mut().unwrap().shift_remove(row);
        set.defaults.settings = less.to_string();
        let report = run(&runtime, dukou_stock::TABLE, &set);
        assert_eq!(report.verdict(), Verdict::Failed, "nobody missed {row}");
    }
}

#[test]
fn a_folder_without_a_plugin_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let open = |root: &Path| PluginFolder::open(root).unwrap_err();
    assert_eq!(
        (open(dir.path()).code(), open(dir.path()).exit()),
        ("author.not-a-plugin", Exit::NotFound)
    );
    let (_dir, folder) = table_folder();
    std::fs::write(folder.root.join("Cargo.toml"), "").unwrap();
    assert_eq!(
        open(&folder.root).code(),
        "author.not-a-plugin",
        "two languages are none"
    );
    std::fs::remove_file(folder.root.join("Cargo.toml")).unwrap();
    edit(&folder.root.join("plugin.json"), "\"list\"", "\"lists\"");
    let error = open(&folder.root);
    assert_eq!((error.code(), error.exit()), ("author.manifest", Exit::Definition));
    assert!(error.sentence(Lang::En).contains("`lists`"));
}

#[test]
fn a_forbidden_import_is_a_refusal_and_a_broken_file_a_definition() {
    let refused = |source| AuthorError::Refused {
        file: PathBuf::from("x.wasm"),
        source,
    };
    let import = refused(dukou_plugin::PluginError::Import {
        names: vec!["wasi:sockets/tcp@0.2.0".to_owned()],
    });
    assert_eq!((import.code(), import.exit()), ("plugin.import", Exit::Refused));
    let cut = refused(dukou_plugin::PluginError::Truncated { offset: 9 });
    assert_eq!((cut.code(), cut.exit()), ("plugin.truncated", Exit::Definition));
}

#[test]
fn the_schema_of_cases_has_the_readers_keys() {
    let keys = |schema: &Value| -> Vec<String> {
        let mut keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let case = schemas::case();
    assert_eq!(
        keys(&case),
        [
            "before",
            "environment",
            "expect",
            "group",
            "settings",
            "tables",
            "title"
        ]
    );
    // Each key is one that the reader knows: with it the only complaint is about its value.
    for key in keys(&case) {
        let text = format!(r#"{{"group":{{"key":"k","records":[]}},"{key}":7}}"#);
        let errors = CaseSet::read(&[("a.json".to_owned(), text)], &|_| None)
            .err()
            .unwrap_or_default();
        assert!(
            errors.iter().all(|error| error.code() != "case.unknown-key"),
            "{key}: {errors:?}"
        );
    }
    let manifest = schemas::plugin();
    let mut text = serde_json::Map::new();
    for key in keys(&manifest) {
        let value = match key.as_str() {
            "settings" | "preset" => Value::Object(serde_json::Map::new()),
            "kind" => "mapping".into(),
            _ => "a".into(),
        };
        text.insert(key, value);
    }
    assert!(dukou_plugin_build::check_manifest(&Value::Object(text).to_string()).is_ok());
    let error = dukou_plugin_build::check_manifest(r#"{"q":1}"#)
        .unwrap_err()
        .to_string();
    for key in keys(&manifest) {
        assert!(error.contains(&key), "{error}");
    }
}
