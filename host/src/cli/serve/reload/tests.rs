//! When a deployment that cannot be loaded is tried again, and when it is said.

use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut wait = None;
    let waits: Vec<u64> = (0..9)
        .map(|_| {
            let next = wait_after(wait);
            wait = Some(next);
            next.as_secs()
        })
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn a_failure_is_tried_again_when_it_is_due_and_said_once() {
    let (books, mut reloads) = (SchemeName::new("default", "books"), Reloads::default());
    assert!(reloads.may_try(&books, 2, at(0)) && !reloads.due(at(0)));
    assert!(reloads.failed(&books, 2, "no secret".into(), at(0)));
    assert!(!reloads.may_try(&books, 2, at(0)), "not before its time");
    assert!(reloads.due(at(1)) && reloads.may_try(&books, 2, at(1)));
    assert!(!reloads.failed(&books, 2, "no secret".into(), at(1)), "said already");
    assert!(!reloads.due(at(2)) && reloads.due(at(3)), "the wait doubles");
    assert!(reloads.failed(&books, 2, "no store".into(), at(3)), "another reason");
}

#[test]
fn another_deployment_is_tried_at_once_and_waits_from_the_start() {
    let (books, mut reloads) = (SchemeName::new("default", "books"), Reloads::default());
    for second in [0, 1, 3, 7] {
        reloads.failed(&books, 2, "no secret".into(), at(second));
    }
    assert!(!reloads.may_try(&books, 2, at(14)));
    assert!(reloads.may_try(&books, 3, at(8)));
    assert!(reloads.failed(&books, 3, "no secret".into(), at(8)));
    assert!(reloads.due(at(9)));
    reloads.settled(&books);
    assert!(!reloads.due(at(100)));
}

#[test]
fn a_scheme_that_is_gone_is_not_tried() {
    let (books, mut reloads) = (SchemeName::new("default", "books"), Reloads::default());
    reloads.failed(&books, 2, "no secret".into(), at(0));
    reloads.keep(&[]);
    assert!(!reloads.due(at(100)));
}
