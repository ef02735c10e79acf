//! Compiles the stock plugins for WebAssembly and puts them beside the crate's code.
//!
//! Every plugin crate is a leaf of the workspace, compiled by a cargo of its own in a target folder of its own.

use anyhow::Context;
use dukou_plugin_build::{BuildOptions, build, shared_target_dir};
use std::env::var_os;
use std::path::PathBuf;

/// Folder of the crate, package, file to write.
const PLUGINS: [(&str, &str, &str); 3] = [
    ("table", "dukou-table", "table.wasm"),
    ("wdt-to-tplus", "dukou-wdt-to-tplus", "wdt-to-tplus.wasm"),
    ("voucher-checks", "dukou-voucher-checks", "voucher-checks.wasm"),
];

fn main() -> anyhow::Result<()> {
    let out_dir = PathBuf::from(var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let cargo = PathBuf::from(var_os("CARGO").context("cargo sets CARGO")?);
    let here = PathBuf::from(var_os("CARGO_MANIFEST_DIR").context("cargo sets CARGO_MANIFEST_DIR")?);
    let plugins = here.parent().context("the crate lies in plugins/")?;
    for (folder, package, file) in PLUGINS {
        let manifest_dir = plugins.join(folder);
        for input in ["src", "Cargo.toml", "plugin.json"] {
            println!("cargo::rerun-if-changed={}", manifest_dir.join(input).display());
        }
        let options = BuildOptions {
            cargo: cargo.clone(),
            ..BuildOptions::new(manifest_dir, package, shared_target_dir(&out_dir))
        };
        let component = build(&options).with_context(|| format!("stock plugin {package}"))?;
        std::fs::write(out_dir.join(file), component).with_context(|| format!("writing {file}"))?;
    }
    for input in [
        "sdk/src",
        "sdk/Cargo.toml",
        "../wit/dukou-plugin-0.1",
        "../rust-toolchain.toml",
        "../Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", plugins.join(input).display());
    }
    Ok(())
}
