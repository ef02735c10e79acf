//! Foreign toolchains get a system with nothing in it.

use dukou_core::verdict::Verdict;
use dukou_plugin::{Level, RunReport};

use crate::fixture::{ENVIRONMENT, groups, no_tables, runtime};

fn run() -> RunReport<Vec<Verdict>> {
    let plugin = runtime().load(dukou_guests::WASI_PLAIN).unwrap();
    let prepared = runtime().configure(&plugin, "{}", ENVIRONMENT).unwrap();
    prepared.transform(&groups(2), &no_tables())
}

#[test]
fn a_plain_program_finds_nothing_and_what_it_prints_is_log() {
    let report = run();
    let verdicts = report.result.unwrap();
    let Verdict::Mapped(mapped) = &verdicts[0] else {
        panic!("{verdicts:?}")
    };
    let body = &mapped.documents[0].body;
    for fact in [
        r#""arguments":"0""#,
        r#""variables":"0""#,
        r#""now_s":"0""#,
        r#""file":"false""#,
    ] {
        assert!(body.contains(fact), "{fact} in {body}");
    }
    let log: Vec<_> = report.log.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(
        log,
        [
            (Level::Info, "to standard output: 2 groups"),
            (Level::Error, "to standard error: 2 groups"),
        ]
    );
}

#[test]
fn it_finds_the_same_every_time() {
    assert_eq!(run(), run());
}
