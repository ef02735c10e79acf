//! The checks themselves.

use anyhow::Result;

use crate::tools::{add_targets, cargo, run};

/// Format, clippy with warnings as errors, docs without warnings.
pub(crate) fn lint() -> Result<()> {
    add_targets()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo()
        .args([
            "doc",
            "--locked",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))
}

/// Every test of the workspace; more arguments go to `cargo test`.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    add_targets()?;
    run(cargo().args(["test", "--locked", "--workspace"]).args(arguments))
}

/// The benches: mapping and instantiate, store, end to end.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    add_targets()?;
    for package in ["dukou-plugin", "dukou-store", "dukou-flow"] {
        run(cargo().args(["bench", "--locked", "-p", package]).args(arguments))?;
    }
    Ok(())
}
