//! Tables of what counts as foretold and when a drain goes on.

use super::*;

const BODY: &str = r#"{"dto":{"Code":"1","Amount":2.00}}"#;

fn forecast(fate: Foretold) -> Forecast {
    Forecast {
        group: "CK1".into(),
        recipe: Digest::of(b"version and record"),
        amount: None,
        fate,
        at_target: Vec::new(),
    }
}

fn maps() -> Forecast {
    forecast(Foretold::Map(vec![("CK1".into(), BODY.into())]))
}

fn rejects(message: &str) -> Forecast {
    forecast(Foretold::Problem {
        kind: ProblemKind::Rejected,
        code: "lookup.miss".into(),
        path: Some("Customer".into()),
        message: message.into(),
    })
}

fn recorded(verdict: RecordedVerdict) -> Recorded {
    Recorded {
        recipe: Some(Digest::of(b"version and record")),
        verdict,
    }
}

fn holds(body: &str, states: &[DeliveryState]) -> Recorded {
    let documents = states.iter().enumerate().map(|(index, state)| RecordedDocument {
        key: if index == 0 {
            "CK1".into()
        } else {
            format!("CK1-p{}", index + 1)
        },
        body: body.into(),
        state: *state,
    });
    recorded(RecordedVerdict::Mapped(documents.collect()))
}

fn problem(kind: ProblemKind, message: &str) -> Recorded {
    let found = (
        kind,
        "lookup.miss".to_owned(),
        Some("Customer".to_owned()),
        message.to_owned(),
    );
    recorded(RecordedVerdict::Problem(Some(found)))
}

#[test]
fn what_came_is_told_from_what_was_foretold() {
    use DeliveryState::{Claimed, Dead, Delivered, Held, Queued, Sending, Unknown};
    let both = || {
        forecast(Foretold::Map(vec![
            ("CK1".into(), BODY.into()),
            ("CK1-p2".into(), BODY.into()),
        ]))
    };
    let skips = || forecast(Foretold::Skip("not a sale".into()));
    let skipped = |reason: &str| recorded(RecordedVerdict::Skipped(reason.into()));
    let other_recipe = Recorded {
        recipe: Some(Digest::of(b"another")),
        ..holds(BODY, &[Delivered])
    };
    let table = [
        (maps(), recorded(RecordedVerdict::Waiting), Came::Waiting),
        (maps(), holds(BODY, &[Queued]), Came::Moving),
        (maps(), holds(BODY, &[Unknown]), Came::Moving),
        (maps(), holds(BODY, &[Delivered]), Came::Delivered),
        (
            maps(),
            holds(r#"{ "dto": { "Code": "1", "Amount": 2 } }"#, &[Delivered]),
            Came::Delivered,
        ),
        (maps(), holds(BODY, &[Dead]), Came::Refused),
        (maps(), holds(BODY, &[Held]), Came::Held),
        (both(), holds(BODY, &[Delivered, Held]), Came::Held),
        (both(), holds(BODY, &[Held, Dead]), Came::Refused),
        (both(), holds(BODY, &[Dead, Claimed]), Came::Moving),
        (both(), holds(BODY, &[Sending, Delivered]), Came::Moving),
        (maps(), holds("{}", &[Delivered]), Came::Other(Difference::Documents)),
        (
            maps(),
            holds(BODY, &[Delivered, Delivered]),
            Came::Other(Difference::Documents),
        ),
        (maps(), holds(BODY, &[]), Came::Other(Difference::Documents)),
        (maps(), other_recipe, Came::Other(Difference::Recipe)),
        (
            maps(),
            problem(ProblemKind::Rejected, "no row A"),
            Came::Other(Difference::Verdict),
        ),
        (skips(), skipped("not a sale"), Came::Skipped),
        (skips(), skipped("a gift"), Came::Other(Difference::Verdict)),
        (skips(), holds(BODY, &[Delivered]), Came::Other(Difference::Verdict)),
        (
            rejects("no row A"),
            problem(ProblemKind::Rejected, "no row A"),
            Came::Rejected,
        ),
        (
            rejects("no row A"),
            problem(ProblemKind::Rejected, "no row B"),
            Came::Other(Difference::Verdict),
        ),
        (
            rejects("no row A"),
            problem(ProblemKind::Failed, "no row A"),
            Came::Other(Difference::Verdict),
        ),
        (
            rejects("no row A"),
            recorded(RecordedVerdict::Problem(None)),
            Came::Other(Difference::Verdict),
        ),
        (
            rejects("no row A"),
            holds(BODY, &[Delivered]),
            Came::Other(Difference::Verdict),
        ),
    ];
    for (forecast, recorded, expected) in table {
        assert_eq!(came(&forecast, &recorded), expected, "{forecast:?} {recorded:?}");
    }
}

#[test]
fn a_drain_goes_on_only_from_a_first_batch_that_came_as_foretold() {
    use Came::*;
    let other = Other(Difference::Documents);
    let table: &[(&[Came], GoOn, GoOn)] = &[
        (&[Delivered, Skipped, Rejected, Failed], GoOn::Yes, GoOn::Yes),
        (&[], GoOn::Yes, GoOn::Yes),
        (&[Delivered, other], GoOn::Differs, GoOn::Differs),
        (&[Moving, other], GoOn::Differs, GoOn::Differs),
        (&[Delivered, Moving], GoOn::Unfinished, GoOn::Unfinished),
        (&[Delivered, Waiting], GoOn::Unfinished, GoOn::Unfinished),
        (&[Delivered, Refused], GoOn::Refused, GoOn::Yes),
        (&[Delivered, Held], GoOn::Refused, GoOn::Yes),
        (&[Refused, Rejected], GoOn::Refused, GoOn::Refused),
    ];
    for (came, first, later) in table {
        assert_eq!(go_on(true, came), *first, "{came:?}");
        assert_eq!(go_on(false, came), *later, "{came:?}");
    }
}

#[test]
fn what_the_target_has_or_may_have_is_never_drained_and_doubt_is_never_absence() {
    let found = |content| LookupOutcome::Found {
        reference: Some("XS-1".into()),
        content,
    };
    let unclear = || LookupOutcome::Inconclusive {
        reason: "filter".into(),
    };
    let away = || LookupOutcome::Unavailable {
        reason: "away".into(),
        answered: false,
    };
    let differing = vec![document::FieldDiff {
        path: "dto.Memo".into(),
        before: None,
        after: None,
    }];
    let table = [
        (found(FoundContent::Same), true, Part::Exists),
        (found(FoundContent::Different(differing)), true, Part::Exists),
        (unclear(), true, Part::Exists),
        (away(), true, Part::Exists),
        (unclear(), false, Part::Map),
        (away(), false, Part::Map),
        (LookupOutcome::Absent, false, Part::Map),
    ];
    for (outcome, seen, part) in table {
        let at_target = AtTarget::of(&outcome, seen);
        assert_eq!(
            at_target == AtTarget::Absent,
            outcome == LookupOutcome::Absent,
            "{outcome:?}"
        );
        let mut forecast = maps();
        forecast.at_target = vec![AtTarget::NotAsked, at_target];
        assert_eq!(forecast.part(), part, "{outcome:?}");
        assert_eq!(forecast.part().is_drained(), part != Part::Exists);
    }
    assert!(!forecast(Foretold::Undecided).part().is_drained());
}

#[test]
fn every_drained_group_is_in_one_batch_and_those_that_map_go_first() {
    for total in 0..9usize {
        for bits in 0..(1u32 << total) {
            let all: Vec<Forecast> = (0..total)
                .map(|index| {
                    if bits & (1 << index) == 0 {
                        maps()
                    } else {
                        rejects("no row")
                    }
                })
                .collect();
            for first in [1, 3, 20] {
                let batches = batches(&all, first, 4);
                let mut seen: Vec<usize> = batches.iter().flatten().copied().collect();
                let order: Vec<bool> = seen.iter().map(|index| all[*index].part() != Part::Map).collect();
                assert!(order.is_sorted(), "{order:?}");
                let maps = order.iter().filter(|other| !**other).count();
                if let Some(small) = batches.first() {
                    assert!(!small.is_empty() && small.len() <= first);
                    assert!(maps == 0 || small.iter().all(|index| all[*index].part() == Part::Map));
                }
                assert!(batches.iter().skip(1).all(|batch| (1..=4).contains(&batch.len())));
                seen.sort_unstable();
                assert_eq!(seen, (0..total).collect::<Vec<_>>());
            }
        }
    }
    let mut there = maps();
    there.at_target = vec![AtTarget::There {
        reference: None,
        differ: None,
    }];
    assert!(batches(&[there, forecast(Foretold::Undecided)], 5, 4).is_empty());
}

#[test]
fn only_what_maps_or_is_skipped_settles_anything() {
    for part in Part::ALL {
        assert_eq!(part.settles(), matches!(part.word(), "map" | "skip"), "{part:?}");
        assert!(part.is_drained() || !part.settles(), "{part:?}");
    }
}

#[test]
fn words_are_different() {
    let mut words: Vec<&str> = Came::ALL.into_iter().map(Came::word).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Came::ALL.len());
}
