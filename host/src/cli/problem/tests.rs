//! What is said where nothing matches.

use std::sync::Arc;

use chrono::DateTime;
use dukou_store::memory::MemoryStore;

use super::*;
use crate::lang::Lang;
use crate::settings::Project;

#[test]
fn a_fingerprint_that_nobody_has_is_answered_with_those_that_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let text = include_str!("../../../../examples/wdt-to-tplus/dukou.toml");
    std::fs::write(dir.path().join("dukou.toml"), text).unwrap();
    let desk = Desk {
        project: Project::load(dir.path()).unwrap(),
        store: Arc::new(MemoryStore::new()),
        now: DateTime::UNIX_EPOCH,
        lang: Lang::En,
        width: None,
    };
    let scheme = SchemeName::new("default", "sales");
    let failure = no_such_cause(&desk, &scheme, "00000000").unwrap();
    assert_eq!((failure.code, failure.exit), ("problem.not-found", Exit::NotFound));
    assert!(
        failure.message.contains("00000000") && !failure.message.contains("Keys"),
        "{}",
        failure.message
    );
    let there = causes_text(
        &["9ad16783".to_owned(), "18fb9a99".to_owned()],
        &desk,
        &scheme,
        "00000000",
    );
    assert!(there.contains("There are: 9ad16783, 18fb9a99"), "{there}");
}
