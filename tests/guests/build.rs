//! Compiles the test guests for WebAssembly and puts them beside the crate's code.

use anyhow::Context;
use dukou_plugin_build::{BuildOptions, Target, build, shared_target_dir};
use std::env::var_os;
use std::path::PathBuf;

/// Folder of the crate, and what it is built for.
const GUESTS: [(&str, Target); 3] = [
    ("misbehaving", Target::Bare),
    ("wasi-plain", Target::Wasip2),
    ("wasi-network", Target::Wasip2),
];

fn main() -> anyhow::Result<()> {
    let out_dir = PathBuf::from(var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let cargo = PathBuf::from(var_os("CARGO").context("cargo sets CARGO")?);
    let here = PathBuf::from(var_os("CARGO_MANIFEST_DIR").context("cargo sets CARGO_MANIFEST_DIR")?);
    for (folder, target) in GUESTS {
        let manifest_dir = here.join(folder);
        println!("cargo::rerun-if-changed={}", manifest_dir.display());
        let package = format!("dukou-guest-{folder}");
        let options = BuildOptions {
            cargo: cargo.clone(),
            target,
            ..BuildOptions::new(manifest_dir, &package, shared_target_dir(&out_dir))
        };
        let component = build(&options).with_context(|| format!("test guest {package}"))?;
        std::fs::write(out_dir.join(format!("{folder}.wasm")), component)
            .with_context(|| format!("writing {folder}.wasm"))?;
    }
    for input in [
        "plugins/sdk/src",
        "plugins/sdk/Cargo.toml",
        "wit/dukou-plugin-0.1",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", here.join("../..").join(input).display());
    }
    Ok(())
}
