//! What holds a row, without plugins: edits beside a component, and what a person's word makes of what newly fails.

use dukou_core::digest::Digest;
use dukou_replay::{Example, Pattern};
use dukou_store::rows::{Acceptance, NewDeployment};

use super::edits::{Content, edits};
use super::*;

const CHECKER: &str = "plugins/checker.wasm";

fn pinned(name: &str, bytes: &str) -> (String, Digest) {
    (name.to_owned(), Digest::of(bytes.as_bytes()))
}

fn active() -> NewDeployment {
    NewDeployment {
        digest: Digest::of(b"active"),
        definition: r#"{"source":{"schedule":"0 0 * * *"},"title":"a"}"#.to_owned(),
        plugins: vec![pinned("table", "stock"), pinned(CHECKER, "one")],
        tables: vec![pinned("shops", "rows"), pinned("old", "rows")],
        by: String::new(),
        note: String::new(),
        evidence: "{}".to_owned(),
    }
}

#[test]
fn a_component_alone_is_no_edit_and_whatever_comes_along_is() {
    let active = active();
    let (plugins, tables) = (active.plugins.clone(), active.tables.clone());
    let with = |definition: &str, plugins: &[(String, Digest)], tables: &[(String, Digest)]| {
        let content = Content {
            definition,
            plugins,
            tables,
        };
        edits(&active, &content, &[CHECKER])
    };
    let same = active.definition.as_str();
    let component = [pinned("table", "stock"), pinned(CHECKER, "two")];
    assert!(with(same, &plugins, &tables).is_empty());
    assert!(with(same, &component, &tables).is_empty());
    assert!(
        with(same, &component, &[pinned("shops", "rows"), pinned("new", "rows")]).is_empty(),
        "the component may need other tables"
    );
    let cron = r#"{"source":{"schedule":"0 5 * * *"},"title":"a"}"#;
    assert_eq!(with(cron, &component, &tables), ["source.schedule"]);
    let written_otherwise = r#"{"source": {"schedule":"0 0 * * *"},"title":"a"}"#;
    assert_eq!(with(written_otherwise, &component, &tables), ["definition"]);
    let other = [pinned("table", "newer"), pinned(CHECKER, "two")];
    assert_eq!(with(same, &other, &tables), ["table"]);
    let one_more = [&component[..], &[pinned("extra", "x")]].concat();
    assert_eq!(with(same, &one_more, &tables), ["extra"]);
    assert_eq!(with(same, &component[1..], &tables), ["table"]);
    assert_eq!(
        with(same, &component, &[pinned("shops", "edited"), pinned("old", "rows")]),
        ["shops"]
    );
}

fn judged(kind: PatternKind, accepted: Option<bool>) -> Judged {
    let id = format!("{kind:?}");
    let digest = Digest::of(b"recipe");
    Judged {
        decision: accepted.map(|accepted| Acceptance {
            pattern: id.clone(),
            before: digest,
            after: digest,
            accepted,
            by: "王".to_owned(),
            note: String::new(),
            at: DateTime::UNIX_EPOCH,
        }),
        pattern: Pattern {
            id,
            kind,
            path: None,
            types: None,
            cause: None,
            groups: 1,
            amount: Decimal::ONE,
            places: 1,
            values: Vec::new(),
            example: Example {
                seq: 1,
                group: "CK1".to_owned(),
                suffix: None,
                path: None,
                before: None,
                after: None,
            },
        },
    }
}

#[test]
fn what_newly_fails_is_red_until_a_person_accepts_it() {
    let mut compared = Comparison::default();
    compared.all.groups = 9;
    compared.newly_failing.groups = 1;
    let colour = |standing, patterns: &[Judged]| colour_of(standing, Some(&compared), patterns);
    let (fails, differs) = (PatternKind::NewlyRejected, PatternKind::Value);
    let both = |first, second| [judged(fails, first), judged(differs, second)];
    assert_eq!(colour(Standing::Pending, &both(None, None)), Colour::Red);
    assert_eq!(colour(Standing::Pending, &both(None, Some(true))), Colour::Red);
    assert_eq!(colour(Standing::Rejected, &both(Some(false), Some(true))), Colour::Red);
    assert_eq!(colour(Standing::Pending, &both(Some(true), None)), Colour::Amber);
    assert_eq!(
        colour(Standing::Rejected, &both(Some(true), Some(false))),
        Colour::Amber
    );
    assert_eq!(colour(Standing::Accepted, &both(Some(true), Some(true))), Colour::Green);
    let unlisted = [judged(PatternKind::Unlisted, None)];
    assert_eq!(colour(Standing::Pending, &unlisted), Colour::Red);
    assert_eq!(colour_of(Standing::First, None, &[]), Colour::Grey);
    assert_eq!(
        colour_of(Standing::NoOp, Some(&Comparison::default()), &[]),
        Colour::Grey
    );
    assert_eq!(colour(Standing::NoOp, &[]), Colour::Green);
}
