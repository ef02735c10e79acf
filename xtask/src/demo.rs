//! The demo, run from sources.

use anyhow::Result;

use crate::tools::{self, add_targets, cargo};

/// Builds the host and runs `dukou demo`.
pub fn run(arguments: &[String]) -> Result<()> {
    add_targets()?;
    tools::run(cargo().args(["run", "--locked", "--quiet", "--package", "dukou", "--", "demo"]).args(arguments))
}


