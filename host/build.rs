//! Puts what `dukou plugin new` writes into the program: templates, SDKs and the contract, so that a published `dukou`
//! needs no sources. The Rust SDK is rewritten on the way: inside the workspace its manifest and its path to the WIT
//! lean on the tree around it, in an author's folder they must stand alone.

use std::collections::BTreeMap;
use std::env::var_os;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use toml_edit::{DocumentMut, InlineTable, Item, Value};

/// Folder of the tree, and what its files are called in the program.
const FOLDERS: [(&str, &str); 6] = [
    ("plugins/templates", "templates"),
    ("plugins/sdk", "sdk/rust"),
    ("plugins/sdk-derive", "sdk/rust/derive"),
    ("plugins/sdk-js", "sdk/js"),
    ("plugins/sdk-py", "sdk/python"),
    ("wit/dukou-plugin-0.1", "wit"),
];

/// What tools leave behind, and what only we run.
const SKIPPED: [&str; 11] = [
    "target",
    "build",
    "node_modules",
    "__pycache__",
    ".venv",
    "venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    "Cargo.lock",
    ".DS_Store",
];

/// Beyond these, in the folders of SDKs: their own tests.
const SKIPPED_IN_SDKS: [&str; 5] = ["tests", "test", "tests.rs", "benches", "fixtures"];

/// Where the Rust SDK finds the contract inside the workspace, and in an author's folder.
const WIT_PATHS: (&str, &str) = ("\"../../wit/dukou-plugin-0.1\"", "\"wit\"");

fn main() -> Result<()> {
    let out = PathBuf::from(var_os("OUT_DIR").context("cargo sets OUT_DIR")?).join("kit");
    let host = PathBuf::from(var_os("CARGO_MANIFEST_DIR").context("cargo sets CARGO_MANIFEST_DIR")?);
    let root = host.parent().context("the crate lies in the workspace")?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    let workspace = read(&root.join("Cargo.toml"))?.parse::<DocumentMut>()?;

    let mut files = BTreeMap::new();
    for (folder, name) in FOLDERS {
        let folder = root.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        ensure!(folder.is_dir(), "{} is missing", folder.display());
        collect(&folder, name, &mut files)?;
    }
    for (name, file) in &mut files {
        if !name.starts_with("sdk/rust/") {
            continue;
        }
        let text = read(file)?;
        let alone = if name.ends_with("Cargo.toml") {
            stand_alone(&text, &workspace).with_context(|| file.display().to_string())?
        } else {
            text.replace("#[cfg(test)]\nmod tests;\n", "")
                .replace(WIT_PATHS.0, WIT_PATHS.1)
        };
        ensure!(!alone.contains("../../"), "{} reaches out of the SDK", file.display());
        if alone != text {
            *file = out.join(name.as_str());
            std::fs::create_dir_all(file.parent().context("a file has a folder")?)?;
            std::fs::write(&*file, alone)?;
        }
    }

    let mut table = String::from("&[\n");
    for (name, file) in &files {
        writeln!(
            table,
            "    ({name:?}, include_bytes!({:?})),",
            file.display().to_string()
        )?;
    }
    table.push_str("]\n");
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("files.rs"), table)?;
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

/// Adds the files below a folder under their names in the program.
fn collect(folder: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(part) = file_name.to_str() else {
            bail!("{} is not UTF-8", entry.path().display());
        };
        let is_sdk = name.starts_with("sdk/");
        let skipped = SKIPPED.contains(&part)
            || part.ends_with(".pyc")
            || part.ends_with(".egg-info")
            || (is_sdk && SKIPPED_IN_SDKS.contains(&part));
        if skipped {
            continue;
        }
        let inner = format!("{name}/{part}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &inner, files)?;
        } else {
            files.insert(inner, entry.path());
        }
    }
    Ok(())
}

/// A member's manifest without its workspace.
fn stand_alone(text: &str, workspace: &DocumentMut) -> Result<String> {
    let mut manifest = text.parse::<DocumentMut>()?;
    for section in ["lints", "dev-dependencies", "bench", "test", "example"] {
        manifest.remove(section);
    }
    let shared = &workspace["workspace"];
    if let Some(package) = manifest.get_mut("package").and_then(Item::as_table_like_mut) {
        let inherited: Vec<String> = package
            .iter()
            .filter(|(_, item)| inherits(item))
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in inherited {
            let value = shared["package"].get(&key).and_then(Item::as_value);
            let value = value.with_context(|| format!("[workspace.package] has no {key}"))?;
            package.remove(&key);
            package.insert(&key, Item::Value(bare(value)));
        }
    }
    let Some(dependencies) = manifest.get_mut("dependencies").and_then(Item::as_table_like_mut) else {
        return Ok(manifest.to_string());
    };
    let names: Vec<String> = dependencies.iter().map(|(key, _)| key.to_owned()).collect();
    for name in names {
        let Some(own) = dependencies.get(&name).filter(|item| inherits(item)).cloned() else {
            continue;
        };
        let common = shared["dependencies"].get(&name).and_then(Item::as_value);
        let common = common.with_context(|| format!("[workspace.dependencies] has no {name}"))?;
        dependencies.remove(&name);
        dependencies.insert(&name, Item::Value(dependency(&name, &own, common)?));
    }
    Ok(manifest.to_string())
}

/// Whether a value says `workspace = true`.
fn inherits(item: &Item) -> bool {
    let says = item.as_table_like().and_then(|table| table.get("workspace"));
    says.and_then(Item::as_bool) == Some(true)
}

/// What the workspace says of a dependency, with what the member adds to it.
fn dependency(name: &str, own: &Item, common: &Value) -> Result<Value> {
    let mut table = match common {
        Value::InlineTable(table) => table.clone(),
        version => InlineTable::from_iter([("version", bare(version))]),
    };
    if table.contains_key("path") {
        ensure!(name == "dukou-sdk-derive", "{name} has no place in an author's folder");
        table.insert("path", "derive".into());
    }
    let added = own.as_table_like().context("an inherited dependency is a table")?;
    for (key, item) in added.iter().filter(|(key, _)| *key != "workspace") {
        let value = item.as_value().with_context(|| format!("{name}.{key}"))?;
        match (key, table.get_mut("features"), value) {
            ("features", Some(Value::Array(all)), Value::Array(more)) => all.extend(more.iter().cloned()),
            _ => {
                table.insert(key, bare(value));
            }
        }
    }
    table.fmt();
    Ok(Value::InlineTable(table))
}

/// A value without the comments and blanks around it.
fn bare(value: &Value) -> Value {
    let mut value = value.clone();
    value.decor_mut().clear();
    value
}
