//! The author's kit as its newcomers meet it: the tutorial word for word, with npm and PyPI packages installed as it
//! says, and then what the plugins it made must agree on (`tests/flow/src/kit`). The tests of the JavaScript and Python
//! SDKs come first: they need nothing installed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::tools::{add_targets, build_all, root, run};
use crate::tutorial;

/// Builds everything once (the same build that the tests use), follows the tutorial, compares its plugins.
pub(crate) fn follow() -> Result<()> {
    add_targets()?;
    build_all()?;
    run(Command::new("node")
        .args(["--test", "plugins/sdk-js"])
        .current_dir(root()))?;
    run(Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "-s", "tests"])
        .current_dir(root().join("plugins/sdk-py")))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let programs = target.join("debug");
    let folder = target.join("tutorial");
    tutorial::follow(&root().join("docs/tutorials/first-plugin.md"), &folder, &programs)?;
    let compare = programs.join(format!("dukou-flow-kit{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(compare).arg(folder))
}
