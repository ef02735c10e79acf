//! Exhaustive search of the delivery protocol (`reliability.md` Appendix A): one order, two workers, a network that delays,
//! drops and loses replies, crashes anywhere. Every reachable state is visited; the unsafe variants must fail.

use std::collections::{BTreeSet, HashSet, VecDeque};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Policy {
    Blind,
    LookUp,
    QuarantineAndLookUp,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Row {
    Pending,
    InFlight,
    Ambiguous,
    Done,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    row: Row,
    lease: u8,
    /// Each worker's lease number and whether it has sent.
    workers: [Option<(u8, bool)>; 2],
    requests: BTreeSet<(usize, u8)>,
    replies: BTreeSet<(usize, u8)>,
    vouchers: u8,
    sends: u8,
}

fn successors(s: &State, unique: bool, policy: Policy, self_fence: bool, fenced: bool) -> Vec<State> {
    let mut next = Vec::new();
    for w in 0..2 {
        match s.workers[w] {
            None if s.row == Row::Pending && s.lease < 3 => {
                let mut n = s.clone();
                (n.row, n.lease, n.workers[w]) = (Row::InFlight, s.lease + 1, Some((s.lease + 1, false)));
                next.push(n);
            }
            Some((lease, false)) if s.sends < 2 && (!self_fence || (s.row == Row::InFlight && s.lease == lease)) => {
                let mut n = s.clone();
                n.workers[w] = Some((lease, true));
                n.requests.insert((w, lease));
                n.sends += 1;
                next.push(n);
            }
            _ => {}
        }
        if s.workers[w].is_some() {
            let mut n = s.clone();
            n.workers[w] = None;
            n.replies.retain(|(owner, _)| *owner != w);
            next.push(n);
        }
    }
    for &(w, lease) in &s.requests {
        let mut dropped = s.clone();
        dropped.requests.remove(&(w, lease));
        let mut lost = dropped.clone();
        if !(unique && s.vouchers > 0) {
            lost.vouchers += 1;
        }
        next.push(dropped);
        if s.workers[w].is_some_and(|(l, _)| l == lease) {
            let mut replied = lost.clone();
            replied.replies.insert((w, lease));
            next.push(replied);
        }
        next.push(lost);
    }
    for &(w, lease) in &s.replies {
        if s.workers[w].is_some_and(|(l, _)| l == lease) {
            let mut n = s.clone();
            n.replies.remove(&(w, lease));
            n.workers[w] = None;
            if !fenced || (s.row == Row::InFlight && s.lease == lease) {
                n.row = Row::Done;
            }
            next.push(n);
        }
    }
    if s.row == Row::InFlight {
        let mut n = s.clone();
        n.row = if policy == Policy::Blind {
            Row::Pending
        } else {
            Row::Ambiguous
        };
        next.push(n);
    }
    let settled = policy == Policy::LookUp || (policy == Policy::QuarantineAndLookUp && s.requests.is_empty());
    if s.row == Row::Ambiguous && settled {
        let mut n = s.clone();
        n.row = if s.vouchers > 0 { Row::Done } else { Row::Pending };
        next.push(n);
    }
    next
}

/// Number of states, and whether a state with two vouchers, or one done without a voucher, can be reached.
fn search(unique: bool, policy: Policy, self_fence: bool, fenced: bool) -> (usize, bool, bool) {
    let start = State {
        row: Row::Pending,
        lease: 0,
        workers: [None, None],
        requests: BTreeSet::new(),
        replies: BTreeSet::new(),
        vouchers: 0,
        sends: 0,
    };
    let mut seen = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([start]);
    let (mut twice, mut lost) = (false, false);
    while let Some(state) = queue.pop_front() {
        for next in successors(&state, unique, policy, self_fence, fenced) {
            if seen.insert(next.clone()) {
                twice |= next.vouchers > 1;
                lost |= next.row == Row::Done && next.vouchers == 0;
                queue.push_back(next);
            }
        }
    }
    (seen.len(), twice, lost)
}

#[test]
fn only_quarantine_look_up_and_self_fence_together_are_safe_without_a_unique_key() {
    for unique in [true, false] {
        for policy in [Policy::Blind, Policy::LookUp, Policy::QuarantineAndLookUp] {
            for self_fence in [false, true] {
                for fenced in [false, true] {
                    let (states, twice, lost) = search(unique, policy, self_fence, fenced);
                    let safe = unique || (policy == Policy::QuarantineAndLookUp && self_fence);
                    let variant = format!("unique={unique} {policy:?} self_fence={self_fence} fenced={fenced}");
                    assert!(states > 300, "{variant}: only {states} states visited");
                    assert_eq!(twice, !safe, "{variant}");
                    assert!(!lost, "{variant}");
                }
            }
        }
    }
}
