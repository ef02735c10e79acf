//! Which failures are of a file that somebody named.

use anyhow::Context as _;

use super::*;

#[test]
fn a_file_that_is_not_there_is_no_internal_error() {
    let missing = std::fs::read("/nowhere/at/all").unwrap_err();
    assert!(is_of_a_file(&missing.into()));
    let under = std::fs::create_dir("/proc/version/below").context("making a project");
    assert!(is_of_a_file(&under.unwrap_err()));
    assert!(!is_of_a_file(&anyhow::anyhow!("a number is wrong")));
    assert!(!is_of_a_file(&std::io::Error::from(ErrorKind::TimedOut).into()));
}
