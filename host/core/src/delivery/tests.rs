//! Tables: every outcome and every look-up answer, and what follows.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn policy(unique_key: UniqueKey) -> DeliveryPolicy {
    DeliveryPolicy {
        unique_key,
        quarantine: Duration::from_secs(300),
        max_attempts: 5,
    }
}

fn history() -> DeliveryHistory {
    DeliveryHistory {
        attempts: 1,
        defers: 0,
        intent_at: at(0),
        transients: 0,
    }
}

fn send(outcome: WriteOutcome) -> Next {
    after_send(&outcome, &history(), &policy(UniqueKey::LookupOnly), at(10))
}

#[test]
fn an_attempt_without_an_outcome_waits_out_the_quarantine_from_its_intent() {
    let next = send(WriteOutcome::Unknown { reason: "reset".into() });
    assert_eq!(
        next,
        Next::Ask {
            ask_at: at(300),
            duplicate: false,
            reason: "reset".into()
        }
    );
}

#[test]
fn patience_is_clamped_and_uses_no_attempt() {
    for (asked, waited) in [(0, 1), (7, 7), (315_360_000, 3600)] {
        let next = send(WriteOutcome::Throttled {
            retry_after: Some(Duration::from_secs(asked)),
            message: "slow down".into(),
        });
        assert_eq!(
            next,
            Next::Queue {
                run_at: at(10 + waited),
                cause: QueueCause::Throttled
            }
        );
    }
}

#[test]
fn a_passing_refusal_is_tried_once_more_then_believed() {
    let outcome = WriteOutcome::Transient {
        code: "EXSV0011".into(),
        message: "服务名不正确".into(),
    };
    assert!(matches!(
        send(outcome.clone()),
        Next::Queue {
            cause: QueueCause::Transient,
            ..
        }
    ));
    let again = DeliveryHistory {
        transients: 1,
        attempts: 2,
        ..history()
    };
    let next = after_send(&outcome, &again, &policy(UniqueKey::Enforced), at(10));
    assert!(matches!(
        next,
        Next::Dead {
            kind: ProblemKind::Refused,
            ..
        }
    ));
}

#[test]
fn a_duplicate_is_looked_up_at_once_and_never_assumed() {
    assert!(
        matches!(send(WriteOutcome::Duplicate { message: "已存在".into() }), Next::Ask { ask_at, duplicate: true, .. } if ask_at == at(10))
    );
}

#[test]
fn look_up_answers_decide_under_every_promise_of_the_target() {
    let same = LookupOutcome::Found {
        reference: Some("SO1".into()),
        content: FoundContent::Same,
    };
    let inconclusive = LookupOutcome::Inconclusive {
        reason: "filter ignored".into(),
    };
    for unique in [UniqueKey::Enforced, UniqueKey::LookupOnly, UniqueKey::None] {
        let ask =
            |answer: &LookupOutcome, duplicate| after_lookup(answer, duplicate, 1, at(0), &policy(unique), at(400));
        assert!(matches!(ask(&same, false), Next::Delivered { adopted: true, .. }));
        assert!(matches!(ask(&unavailable(true), false), Next::Ask { .. }));
        let absent = ask(&LookupOutcome::Absent, false);
        let unclear = ask(&inconclusive, false);
        let unsettled = |next: &Next| {
            matches!(
                next,
                Next::Dead {
                    kind: ProblemKind::Unsettled,
                    ..
                }
            )
        };
        let resent = |next: &Next| {
            matches!(
                next,
                Next::Queue {
                    cause: QueueCause::Resend,
                    ..
                }
            )
        };
        match unique {
            UniqueKey::Enforced => assert!(resent(&absent) && resent(&unclear)),
            UniqueKey::LookupOnly => assert!(resent(&absent) && unsettled(&unclear)),
            UniqueKey::None => assert!(unsettled(&absent) && unsettled(&unclear)),
        }
        assert!(
            unsettled(&ask(&LookupOutcome::Absent, true)),
            "a target that contradicts itself is a person's case"
        );
        assert!(unsettled(&ask(&inconclusive, true)));
    }
}

fn unavailable(answered: bool) -> LookupOutcome {
    LookupOutcome::Unavailable {
        reason: "HTTP 500".into(),
        answered,
    }
}

#[test]
fn a_target_that_is_away_is_waited_for_and_one_that_answers_nothing_of_use_is_not() {
    let day = 24 * 3600;
    let after = |answered, seconds| {
        let policy = policy(UniqueKey::LookupOnly);
        after_lookup(&unavailable(answered), false, 1, at(0), &policy, at(seconds))
    };
    assert!(matches!(after(false, 30 * day), Next::Ask { .. }), "away: waits");
    assert!(matches!(after(true, 600), Next::Ask { .. }), "not yet");
    assert!(matches!(
        after(true, day),
        Next::Dead { kind: ProblemKind::Unsettled, code, .. } if code == "lookup.no-answer"
    ));
}

#[test]
fn resending_ends() {
    let next = after_lookup(
        &LookupOutcome::Absent,
        false,
        5,
        at(0),
        &policy(UniqueKey::LookupOnly),
        at(0),
    );
    assert!(matches!(
        next,
        Next::Dead {
            kind: ProblemKind::Unsettled,
            ..
        }
    ));
}

#[test]
fn other_content_is_a_conflict() {
    let diff = FieldDiff {
        path: "Partner.Code".into(),
        before: Some("\"A\"".into()),
        after: Some("\"B\"".into()),
    };
    let found = LookupOutcome::Found {
        reference: None,
        content: FoundContent::Different(vec![diff]),
    };
    assert!(matches!(
        after_lookup(&found, true, 1, at(0), &policy(UniqueKey::Enforced), at(0)),
        Next::Dead { kind: ProblemKind::Conflict, differences, .. } if differences.len() == 1
    ));
}

#[test]
fn a_paused_worker_does_not_send() {
    let s = Duration::from_secs;
    assert!(may_send(s(100), s(60), s(30), s(130)));
    assert!(!may_send(s(100), s(60), s(30), s(131)));
}

#[test]
fn every_state_survives_its_word() {
    for state in DeliveryState::ALL {
        assert_eq!(DeliveryState::from_word(state.word()), Some(state));
    }
}
