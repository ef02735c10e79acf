//! What happens when a group is mapped again: new deliveries, replaced ones, and changes that a person must see.
//! Pure; the store calls it inside the transaction that settles the verdict, so what it sees is what is.

use crate::delivery::DeliveryState;
use crate::document::{self, FieldDiff};

/// A delivery that already carries the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing<'a> {
    /// Its state.
    pub state: DeliveryState,
    /// Whether an attempt was begun that may have written: from then on the bytes never change by themselves. An attempt
    /// that certainly wrote nothing (throttled, not sent, credentials) is given back and does not count.
    pub ever_sent: bool,
    /// Dead, and it is certain that the target holds nothing of it.
    pub nothing_written: bool,
    /// Whether the same scheme and group made it.
    pub same_origin: bool,
    /// Its bytes.
    pub body: &'a str,
}

/// What becomes of one mapped document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// No delivery has the key: queue it.
    Insert,
    /// The delivery was never sent (or certainly wrote nothing): it takes the new bytes and is queued.
    Replace,
    /// The same document: nothing happens, whatever scheme it came from.
    Keep,
    /// The key was or may be written with other content: a problem, never a second sending.
    Changed(Vec<FieldDiff>),
}

/// Decides for one document.
pub fn decide(existing: Option<&Existing<'_>>, body: &str) -> Decision {
    let Some(existing) = existing else {
        return Decision::Insert;
    };
    let differences = document::diff(existing.body, body).unwrap_or_else(|_| {
        vec![FieldDiff {
            path: String::new(),
            before: Some(existing.body.to_owned()),
            after: Some(body.to_owned()),
        }]
    });
    let unsent = match existing.state {
        DeliveryState::Queued | DeliveryState::Held => !existing.ever_sent,
        DeliveryState::Dead => existing.nothing_written,
        DeliveryState::Claimed | DeliveryState::Sending | DeliveryState::Delivered | DeliveryState::Unknown => false,
    };
    match (differences.is_empty(), unsent && existing.same_origin) {
        (true, _) if existing.state == DeliveryState::Dead && existing.nothing_written && existing.same_origin => {
            Decision::Replace
        }
        (true, _) => Decision::Keep,
        (false, true) => Decision::Replace,
        (false, false) => Decision::Changed(differences),
    }
}

/// What becomes of a delivery whose group no longer makes it (now skipped, rejected, or fewer documents).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphan {
    /// Never sent: withdrawn.
    Withdraw,
    /// Written or maybe written: a problem.
    Changed,
    /// Already a problem, nothing written: withdrawn with its problem.
    Drop,
}

/// Decides for a delivery that the new verdict does not contain.
pub fn orphan(state: DeliveryState, ever_sent: bool, nothing_written: bool) -> Orphan {
    match state {
        DeliveryState::Queued | DeliveryState::Held if !ever_sent => Orphan::Withdraw,
        DeliveryState::Dead if nothing_written => Orphan::Drop,
        _ => Orphan::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn existing(state: DeliveryState, ever_sent: bool, nothing_written: bool, same_origin: bool) -> Existing<'static> {
        Existing {
            state,
            ever_sent,
            nothing_written,
            same_origin,
            body: r#"{"a":1}"#,
        }
    }

    #[test]
    fn nothing_that_may_be_written_is_ever_replaced() {
        use DeliveryState::*;
        for state in DeliveryState::ALL {
            for ever_sent in [false, true] {
                for nothing_written in [false, true] {
                    for same_origin in [false, true] {
                        let e = existing(state, ever_sent, nothing_written, same_origin);
                        let certain = match state {
                            Queued | Held => !ever_sent,
                            Dead => nothing_written,
                            _ => false,
                        };
                        let decision = decide(Some(&e), r#"{"a":2}"#);
                        assert_eq!(decision == Decision::Replace, certain && same_origin, "{e:?}");
                        if decision != Decision::Replace {
                            assert!(matches!(decision, Decision::Changed(_)), "{e:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_document_is_kept_however_it_is_written() {
        let e = existing(DeliveryState::Delivered, true, false, false);
        assert_eq!(decide(Some(&e), r#"{ "a": 1.00 }"#), Decision::Keep);
        assert_eq!(decide(None, "{}"), Decision::Insert);
        let dead = existing(DeliveryState::Dead, true, true, true);
        assert_eq!(
            decide(Some(&dead), r#"{"a":1}"#),
            Decision::Replace,
            "retry after the cause was removed"
        );
    }

    #[test]
    fn orphans_that_may_be_written_become_problems() {
        assert_eq!(orphan(DeliveryState::Queued, false, false), Orphan::Withdraw);
        assert_eq!(orphan(DeliveryState::Queued, true, false), Orphan::Changed);
        assert_eq!(orphan(DeliveryState::Delivered, true, false), Orphan::Changed);
        assert_eq!(orphan(DeliveryState::Dead, true, true), Orphan::Drop);
    }
}
