//! What the plan concludes: never more than was compared, and the command that really leads there.

use dukou_core::verdict::{Group, Mapped, SourceRecord};
use dukou_plugin::Fate;
use dukou_replay::{Comparison, Stored};

use super::*;
use crate::deploy::evidence::Coverage;

/// So many groups compared, of which none differs.
fn examined(standing: Standing, groups: u64, coverage: Coverage) -> Examined {
    let same = Fate::Mapped(Mapped {
        documents: Vec::new(),
        omitted: Vec::new(),
    });
    let mut comparison = Comparison::default();
    for seq in 1..=groups {
        let record = SourceRecord {
            key: format!("CK{seq}"),
            received_at: "2026-11-01T00:00:00.000Z".into(),
            body: "{}".into(),
            extra: "{}".into(),
        };
        let stored = Stored {
            seq,
            group: Group {
                key: record.key.clone(),
                records: vec![record],
                extra: "{}".into(),
            },
            amount: None,
        };
        comparison.add(&stored, &same, &same, None);
    }
    Examined {
        before: None,
        before_recipe: None,
        recipe: Digest::of(b"recipe"),
        digest: Digest::of(b"digest"),
        changes: Vec::new(),
        cases: Vec::new(),
        comparison: Some(comparison),
        coverage: Some(coverage),
        patterns: Vec::new(),
        rerouted: Vec::new(),
        unwritten: Vec::new(),
        standing,
        base: None,
    }
}

fn plan<'a>(examined: &'a Examined, scheme: &'a SchemeName) -> Plan<'a> {
    Plan {
        scheme,
        digest: examined.digest,
        days: 30,
        examined,
        file: None,
        forgotten: false,
        shadow: None,
    }
}

#[test]
fn proved_is_said_of_everything_retained_and_of_nothing_less() {
    let covering = |days, older| Coverage { days, older };
    let told = |standing, coverage| conclusion(Lang::En, &examined(standing, 3, coverage));
    assert_eq!(
        told(Standing::NoOp, covering(None, 0)),
        "proved no-op: identical on all 3 groups retained"
    );
    assert_eq!(
        told(Standing::NoOp, covering(Some(30), 9_997)),
        "no-op: identical on the 3 groups of the last 30 days; 9,997 older ones were not compared"
    );
    let partial = told(Standing::Partial, covering(Some(7), 1));
    assert!(
        partial.starts_with("of the last 7 days only (3 groups); proves nothing of the rest"),
        "{partial}"
    );
    for standing in [Standing::NoOp, Standing::Partial, Standing::Accepted] {
        for coverage in [covering(None, 0), covering(Some(7), 5)] {
            let text = conclusion(Lang::Zh, &examined(standing, 3, coverage));
            assert!(!text.contains('{'), "{text}");
        }
    }
}

#[test]
fn machines_read_how_much_was_compared() {
    let (lens, scheme) = (
        Lens::plain(Lang::En, chrono::DateTime::UNIX_EPOCH),
        SchemeName::new("default", "s"),
    );
    let mut examined = examined(
        Standing::NoOp,
        2,
        Coverage {
            days: Some(30),
            older: 98,
        },
    );
    let shown = to_json(&lens, &plan(&examined, &scheme));
    assert_eq!(shown["compared"], json!({ "groups": 2, "days": 30, "older": 98 }));
    assert_eq!(
        shown["evidence"]["replay"]["coverage"],
        json!({ "days": 30, "older": 98 })
    );
    examined.comparison = None;
    assert_eq!(to_json(&lens, &plan(&examined, &scheme))["compared"], Value::Null);
}

#[test]
fn the_next_command_is_the_one_that_leads_there() {
    let scheme = SchemeName::new("default", "s");
    let next_of = |standing, unwritten: &[&str]| {
        let mut examined = examined(standing, 1, Coverage::default());
        examined.unwritten = unwritten.iter().map(|text| (*text).to_owned()).collect();
        next(&plan(&examined, &scheme)).join("; ")
    };
    assert_eq!(next_of(Standing::NoOp, &[]), "dukou deploy s");
    // What a dry run was told is not kept, so the real one has to be told again.
    assert_eq!(
        next_of(Standing::Accepted, &["all"]),
        "dukou deploy s --accept all --note \"…\""
    );
    assert_eq!(next_of(Standing::Partial, &[]), "dukou deploy s --dry-run");
}

#[test]
fn a_lost_pin_is_spoken_of_before_anything_else_leads_on() {
    let scheme = SchemeName::new("lanmao", "s");
    for standing in [Standing::NoOp, Standing::Pending, Standing::Partial, Standing::Accepted] {
        let examined = examined(standing, 1, Coverage::default());
        let lost = Plan {
            forgotten: true,
            ..plan(&examined, &scheme)
        };
        assert_eq!(next(&lost), ["dukou deploy --relock", "dukou deploy lanmao/s --unpin"]);
    }
}
