//! The demo, run from sources.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::tools::{self, add_targets, build_all, root};

/// Builds everything once (the same build that the tests use) and runs `dukou demo`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    add_targets()?;
    build_all()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target
        .join("debug")
        .join(format!("dukou{}", std::env::consts::EXE_SUFFIX));
    tools::run(Command::new(program).arg("demo").args(arguments))
}
