//! The rules of waves, as tables; the promise, as a property over any order of verdicts.

use proptest::prelude::*;

use super::*;

fn counts(mapped: u64, rejected: u64, failed: u64) -> Counts {
    Counts {
        mapped,
        skipped: 0,
        rejected,
        failed,
    }
}

fn one(seen: Counts, baseline: Counts) -> Judgement {
    judge(&[Watched { seen, baseline }], &Thresholds::default(), 500)
}

#[test]
fn a_wave_goes_on_waits_or_goes_back() {
    let clean = counts(1_000, 0, 0);
    let go = |judgement| matches!(judgement, Judgement::Go);
    let wait = |judgement| matches!(judgement, Judgement::Wait);
    let failing = |judgement| matches!(judgement, Judgement::RollBack(Reason::Failing { .. }));
    let rejecting = |judgement| matches!(judgement, Judgement::RollBack(Reason::Rejecting { .. }));

    assert!(wait(one(counts(0, 0, 0), clean)), "nothing seen");
    assert!(wait(one(counts(19, 0, 0), clean)), "too little seen");
    assert!(go(one(counts(20, 0, 0), clean)));

    assert!(
        wait(one(counts(0, 0, 1), clean)),
        "the first group may be a poison group"
    );
    assert!(wait(one(counts(0, 0, 2), clean)), "the second as well");
    assert!(failing(one(counts(0, 0, 3), clean)), "every group so far");
    assert!(wait(one(counts(1, 0, 1), clean)), "one poison group among two");
    assert!(go(one(counts(98, 0, 2), clean)), "two are no pattern");
    assert!(failing(one(counts(997, 0, 3), clean)), "three are");

    let sick = counts(900, 0, 100);
    assert!(go(one(counts(95, 0, 11), sick)), "as the version before");
    assert!(
        failing(one(counts(77, 0, 23), sick)),
        "far more than the version before"
    );
    assert!(
        wait(one(counts(0, 0, 1), counts(5, 0, 5))),
        "the version before failed as well"
    );
    assert!(failing(one(counts(0, 0, 6), counts(5, 0, 5))), "yet not every time");
    assert!(wait(one(counts(0, 0, 6), counts(0, 0, 5))), "nothing got worse");

    assert!(
        wait(one(counts(0, 19, 0), clean)),
        "rejects are judged when there are enough groups"
    );
    assert!(
        go(one(counts(95, 5, 0), clean)),
        "five in a hundred are within the slack"
    );
    assert!(rejecting(one(counts(94, 6, 0), clean)));
    let picky = counts(900, 100, 0);
    assert!(
        go(one(counts(75, 25, 0), picky)),
        "twice the rate and five in a hundred"
    );
    assert!(rejecting(one(counts(74, 26, 0), picky)));
    assert!(
        rejecting(one(counts(18, 2, 0), Counts::default())),
        "a new scheme has no excuse"
    );
}

#[test]
fn a_wave_is_judged_together_and_each_scheme_by_itself() {
    let clean = counts(1_000, 0, 0);
    let watched = |seen| Watched { seen, baseline: clean };
    let thresholds = Thresholds::default();
    let each_once = [watched(counts(9, 0, 1)); 3];
    assert!(matches!(
        judge(&each_once, &thresholds, 500),
        Judgement::RollBack(Reason::Failing {
            failed: 3,
            groups: 30,
            ..
        })
    ));
    // 30 of 1,030 in all, but 30 of 30 at one customer.
    let one_customer = [watched(counts(1_000, 0, 0)), watched(counts(0, 30, 0))];
    assert!(matches!(
        judge(&one_customer, &thresholds, 500),
        Judgement::RollBack(Reason::Rejecting {
            rejected: 30,
            groups: 30,
            ..
        })
    ));
    let few_each = [watched(counts(10, 0, 0)), watched(counts(10, 0, 0))];
    assert_eq!(judge(&few_each, &thresholds, 500), Judgement::Go);
    assert_eq!(judge(&[], &thresholds, 0), Judgement::Wait);
    // One poison group, the first that a quiet customer sees, is no reason to take it from everybody.
    let poison_first = [watched(counts(500, 0, 0)), watched(counts(0, 0, 1))];
    assert_eq!(judge(&poison_first, &thresholds, 500), Judgement::Go);
}

#[test]
fn cost_is_compared_on_the_same_groups() {
    let thresholds = Thresholds::default();
    assert_eq!(judge_cost(300, 100, 19, &thresholds), None, "too few groups");
    assert_eq!(judge_cost(200, 100, 20, &thresholds), None, "twice is allowed");
    assert!(judge_cost(201, 100, 20, &thresholds).is_some());
    assert_eq!(judge_cost(201, 0, 20, &thresholds), None, "nothing to compare with");
    assert!(judge_cost(u64::MAX, u64::MAX / 3, 20, &thresholds).is_some());
}

#[test]
fn a_trap_takes_the_rollout_back_and_the_rest_only_the_wave() {
    let failing = Reason::Failing {
        failed: 3,
        groups: 3,
        expected: 0,
    };
    let rejecting = Reason::Rejecting {
        rejected: 9,
        groups: 20,
        expected: 0,
    };
    assert_eq!(failing.reach(), Reach::Rollout);
    assert_eq!(rejecting.reach(), Reach::Wave);
}

#[test]
fn budgets_are_the_floor_or_a_share_of_the_day() {
    let thresholds = Thresholds::default();
    for (a_day, expected) in [(0, 20), (2_000, 20), (2_100, 21), (100_000, 1_000)] {
        assert_eq!(budget(&thresholds, a_day), expected, "{a_day}");
    }
}

#[test]
fn waves_are_sizes() {
    assert_eq!(waves("2,12,rest", 60), Ok(vec![2, 12, 46]));
    assert_eq!(
        waves("2, 12, rest", 5),
        Ok(vec![2, 3]),
        "a wave without a scheme is none"
    );
    assert_eq!(waves("1", 5), Ok(vec![1]));
    assert_eq!(waves("rest", 3), Ok(vec![3]));
    assert_eq!(waves("rest,2", 3), Err("rest".to_owned()));
    assert_eq!(waves("0,rest", 3), Err("0".to_owned()));
    assert_eq!(waves("", 3), Err(String::new()));
    assert_eq!(waves("-1", 3), Err("-1".to_owned()));
}

#[test]
fn a_soak_counts_from_its_beginning() {
    let at = |text: &str| text.parse().unwrap();
    let (since, hour) = (at("2026-11-01T10:00:00Z"), Duration::from_secs(3_600));
    assert!(!soaked(since, hour, at("2026-11-01T10:59:59Z")));
    assert!(soaked(since, hour, at("2026-11-01T11:00:00Z")));
    assert!(
        !soaked(since, Duration::ZERO, at("2026-11-01T09:00:00Z")),
        "a clock set back"
    );
}

/// A verdict of the new version.
#[derive(Debug, Clone, Copy)]
enum Said {
    Mapped,
    Rejected,
    Failed,
}

proptest! {
    /// Batches of any size up to the allowance, over several schemes, until the judge rolls back: the failures that the
    /// version before does not explain never exceed the budget, whatever the order of verdicts; and a version that
    /// always traps where the one before never did is rolled back after the first batch of enough groups to see a pattern.
    #[test]
    fn a_wave_that_traps_never_costs_more_than_its_budget(
        said in prop::collection::vec(prop::sample::select(vec![Said::Mapped, Said::Rejected, Said::Failed]), 0..400),
        asked in prop::collection::vec((0usize..3, 1u64..60), 1..200),
        rates in prop::collection::vec((0u64..1_000, 0u64..100), 3),
        a_day in 0u64..6_000,
        starts_trapping_after in 0usize..300,
    ) {
        let thresholds = Thresholds::default();
        let mut wave: Vec<Watched> = rates
            .iter()
            .map(|(mapped, failed)| Watched { seen: Counts::default(), baseline: counts(*mapped, 0, *failed) })
            .collect();
        let budget = budget(&thresholds, a_day);
        let mut next = 0usize;
        for (member, wanted) in asked {
            let batch = wanted.min(allowance(&wave, &thresholds, a_day));
            prop_assert!(batch >= 1, "a wave that is not rolled back always moves");
            for _ in 0..batch {
                let verdict = if next >= starts_trapping_after {
                    Said::Failed
                } else {
                    said.get(next).copied().unwrap_or(Said::Mapped)
                };
                next += 1;
                let seen = &mut wave[member].seen;
                match verdict {
                    Said::Mapped => seen.mapped += 1,
                    Said::Rejected => seen.rejected += 1,
                    Said::Failed => seen.failed += 1,
                }
            }
            prop_assert!(Sum::of(&wave).excess() <= budget);
            if let Judgement::RollBack(_) = judge(&wave, &thresholds, a_day) {
                return Ok(());
            }
            let clean = rates.iter().all(|(_, failed)| *failed == 0);
            let seen: u64 = wave.iter().map(|one| one.seen.total()).sum();
            let failed: u64 = wave.iter().map(|one| one.seen.failed).sum();
            let pattern = failed >= thresholds.failures;
            prop_assert!(!(clean && pattern && failed == seen), "a version that always traps goes back at once");
        }
    }
}
