//! The program on a project's folder, for the tests that start it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::said::Said;

/// One folder of compiled code for all tests of this process: compiling is not what they are about.
fn compiled() -> &'static Path {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// Runs dukou on a project, in English.
pub(crate) fn dukou(project: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_dukou"))
        .args(["--lang", "en", "-C"])
        .arg(project)
        .args(args)
        .env("NO_COLOR", "1")
        .env("DUKOU_CACHE", compiled().join("compiled"))
        .output()
        .unwrap();
    Said::of(output)
}
