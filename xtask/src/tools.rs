//! Running programs, and adding the wasm targets that plugins are built for.
#![expect(clippy::print_stderr, reason = "xtask speaks to people on stderr")]

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Targets that guests are built for.
const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip2"];

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").components().collect()
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a program and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    say(&format!("→ {shown}"));
    let status = command.status().with_context(|| format!("starting {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Builds every program and test with one set of features, so that the engine is compiled once and not once for
/// the demo and once for the tests.
pub(crate) fn build_all() -> Result<()> {
    run(cargo().args(["build", "--locked", "--workspace", "--bins", "--tests"]))
}

/// Adds the wasm targets that are missing.
pub(crate) fn add_targets() -> Result<()> {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(root())
        .output()
        .context("starting rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    for target in TARGETS {
        if !sysroot.join("lib/rustlib").join(target).exists() {
            run(Command::new("rustup")
                .args(["target", "add", target])
                .current_dir(root()))
            .with_context(|| format!("`rustup target add {target}` is needed to build plugins"))?;
        }
    }
    Ok(())
}

/// Tells people something.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
