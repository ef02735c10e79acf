//! Random histories on the memory store and on SQLite: every answer and, at the end, everything that can be read must be
//! the same, and what SQLite keeps counted must be what its rows say.

use chrono::{DateTime, Utc};
use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::digest::Digest;
use dukou_core::document::FieldDiff;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;
use proptest::prelude::*;
use proptest::sample::select;

use super::scene::{at, document, mapped, range, report};
use crate::memory::MemoryStore;
use crate::rows::*;
use crate::sqlite::{SqliteOptions, SqliteStore};
use crate::{STATES, Store, StoreError};

const KEYS: [&str; 5] = ["CK1", "CK2", "CK3", "G1", "none"];

/// One call; numbers pick among what earlier calls gave.
#[derive(Debug, Clone)]
enum Call {
    Pull(usize, Vec<(usize, usize, usize, usize)>),
    Open(usize, Option<(i64, i64, bool)>),
    Page(usize, Vec<(usize, usize, usize, usize)>),
    Close(usize),
    ClaimGroups(usize, u8, usize, bool),
    Settle(Vec<(usize, Outcome, bool, u64)>),
    Remap(usize, usize),
    ClaimDeliveries(usize, u8, usize, Option<usize>),
    Begin(Vec<usize>),
    Release(usize),
    Finish(Vec<(usize, Next)>),
    ClaimLookups(usize, usize),
    FinishLookup(usize, Next),
    Recover(u8),
    Hold(usize, Option<usize>, bool),
    ByHand(usize, usize, bool),
    OpenProblem(usize, usize, usize),
    Resolve(usize, Vec<u64>),
    Fire(usize, Option<i64>, Option<i64>),
    Activate(usize),
    GoBack(usize, Vec<u64>, Vec<u64>),
    SourceAccount(usize, bool),
    RemapRefused(usize, u64),
    Accept(usize, usize, bool),
    PutRollout(Option<u64>, u64, usize),
    PutShadow(usize, usize, u64, bool),
    Remember(Vec<(usize, u64)>),
    Erase(usize),
}

#[derive(Debug, Clone)]
enum Outcome {
    Documents(Vec<(&'static str, usize)>),
    Skipped,
    Problem(ProblemKind, usize),
}

fn next() -> impl Strategy<Value = Next> {
    let second = 0..900i64;
    let difference = FieldDiff {
        path: "dto.content".into(),
        before: Some("1".into()),
        after: None,
    };
    prop_oneof![
        4 => any::<bool>().prop_map(|adopted| Next::Delivered { reference: Some("XS".into()), adopted }),
        2 => (second.clone(), select(vec![
            QueueCause::Throttled, QueueCause::Auth, QueueCause::NotSent, QueueCause::Transient, QueueCause::Resend,
        ])).prop_map(|(second, cause)| Next::Queue { run_at: at(second), cause }),
        3 => (second, any::<bool>()).prop_map(|(second, duplicate)| Next::Ask {
            ask_at: at(second), duplicate, reason: "no reply".into(),
        }),
        3 => (
            select(vec![ProblemKind::Refused, ProblemKind::Unsettled, ProblemKind::Conflict]),
            select(vec!["E1", "E2"]),
            any::<bool>(),
        ).prop_map(move |(kind, code, differs)| Next::Dead {
            kind,
            code: code.into(),
            message: "refused".into(),
            differences: if differs { vec![difference.clone()] } else { Vec::new() },
        }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => proptest::sample::subsequence(vec!["", "-p2"], 0..=2)
            .prop_flat_map(|suffixes| {
                let count = suffixes.len();
                (Just(suffixes), proptest::collection::vec(0..3usize, count))
            })
            .prop_map(|(suffixes, contents)| Outcome::Documents(suffixes.into_iter().zip(contents).collect())),
        1 => Just(Outcome::Skipped),
        2 => (select(vec![ProblemKind::Rejected, ProblemKind::Failed, ProblemKind::Reissued]), 0..2usize)
            .prop_map(|(kind, code)| Outcome::Problem(kind, code)),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let scheme = 0..3usize;
    let records = || proptest::collection::vec((0..3usize, 0..3usize, 0..2usize, 0..3usize), 0..4);
    let owner = 1..3u8;
    let deployments = || proptest::collection::vec(1..4u64, 0..3);
    prop_oneof![
        8 => (scheme.clone(), records()).prop_map(|(scheme, records)| Call::Pull(scheme, records)),
        1 => (scheme.clone(), proptest::option::of((0..50i64, 50..200i64, any::<bool>())))
            .prop_map(|(scheme, range)| Call::Open(scheme, range)),
        1 => (0..9usize, records()).prop_map(|(window, records)| Call::Page(window, records)),
        1 => (0..9usize).prop_map(Call::Close),
        8 => (scheme.clone(), owner.clone(), 1..5usize, proptest::bool::weighted(0.1))
            .prop_map(|(s, owner, limit, left)| Call::ClaimGroups(s, owner, limit, left)),
        10 => proptest::collection::vec((0..6usize, outcome(), proptest::bool::weighted(0.2), 1..4u64), 1..4)
            .prop_map(Call::Settle),
        2 => (scheme.clone(), 1..4u64).prop_map(|(scheme, deployment)| Call::RemapRefused(scheme, deployment)),
        1 => (scheme.clone(), 0..2usize, any::<bool>())
            .prop_map(|(scheme, pattern, accepted)| Call::Accept(scheme, pattern, accepted)),
        1 => (proptest::option::of(1..3u64), 0..3u64, 0..2usize)
            .prop_map(|(id, revision, state)| Call::PutRollout(id, revision, state)),
        2 => (scheme.clone(), 0..2usize, 0..3u64, any::<bool>())
            .prop_map(|(scheme, candidate, revision, ends)| Call::PutShadow(scheme, candidate, revision, ends)),
        1 => proptest::collection::vec((0..3usize, 0..9u64), 1..3).prop_map(Call::Remember),
        1 => (0..2usize).prop_map(Call::Erase),
        3 => (scheme.clone(), 0..KEYS.len()).prop_map(|(scheme, key)| Call::Remap(scheme, key)),
        8 => (0..3usize, owner.clone(), 1..4usize, proptest::option::weighted(0.2, 0..KEYS.len()))
            .prop_map(|(target, owner, limit, only)| Call::ClaimDeliveries(target, owner, limit, only)),
        8 => proptest::collection::vec(0..5usize, 1..4).prop_map(Call::Begin),
        1 => (0..5usize).prop_map(Call::Release),
        8 => proptest::collection::vec((0..5usize, next()), 1..4).prop_map(Call::Finish),
        3 => (0..3usize, 1..4usize).prop_map(|(target, limit)| Call::ClaimLookups(target, limit)),
        3 => (0..5usize, next()).prop_map(|(claim, next)| Call::FinishLookup(claim, next)),
        2 => owner.prop_map(Call::Recover),
        2 => (scheme.clone(), proptest::option::of(0..KEYS.len()), any::<bool>())
            .prop_map(|(scheme, key, held)| Call::Hold(scheme, key, held)),
        2 => (scheme.clone(), 0..KEYS.len(), any::<bool>())
            .prop_map(|(scheme, key, written)| Call::ByHand(scheme, key, written)),
        1 => (scheme.clone(), 0..KEYS.len(), 0..2usize)
            .prop_map(|(scheme, key, code)| Call::OpenProblem(scheme, key, code)),
        2 => (scheme.clone(), proptest::collection::vec(1..9u64, 1..3))
            .prop_map(|(scheme, ids)| Call::Resolve(scheme, ids)),
        1 => (scheme.clone(), proptest::option::of(0..2i64), proptest::option::of(0..2i64))
            .prop_map(|(scheme, expected, next)| Call::Fire(scheme, expected, next)),
        1 => scheme.clone().prop_map(Call::Activate),
        2 => (scheme.clone(), deployments(), deployments())
            .prop_map(|(scheme, refused, unsent)| Call::GoBack(scheme, refused, unsent)),
        1 => (scheme, any::<bool>()).prop_map(|(scheme, other)| Call::SourceAccount(scheme, other)),
    ]
}

fn scheme(index: usize) -> SchemeName {
    [
        SchemeName::new("default", "first"),
        SchemeName::new("default", "copied"),
        SchemeName::new("lanmao", "first"),
    ][index]
        .clone()
}

fn target_of(tenant: &str, other_account: bool) -> TargetName {
    TargetName {
        tenant: tenant.into(),
        account: if other_account { "tplus:B" } else { "tplus:A" }.into(),
        api: "/Create".into(),
    }
}

fn target(index: usize) -> TargetName {
    let (tenant, other_account) = [("default", false), ("lanmao", false), ("default", true)][index];
    target_of(tenant, other_account)
}

fn candidate(index: usize) -> Digest {
    Digest::of(&[index as u8])
}

fn records(list: &[(usize, usize, usize, usize)]) -> Vec<IngestRecord> {
    list.iter()
        .map(|(key, content, group, alias)| {
            let mut record =
                super::scene::order(KEYS[*key], ["a", "b", "c"][*content], ["0.10", "2", "-3.3"][*content]);
            if *group == 1 {
                record.group = "G1".into();
            }
            if *alias > 0 {
                record.aliases.push(("=stockout_id".into(), format!("{alias}")));
            }
            record
        })
        .collect()
}

/// What earlier calls gave, to be used and misused.
#[derive(Default)]
struct Given {
    windows: Vec<(SchemeName, Window)>,
    groups: Vec<(SchemeName, ClaimedGroup)>,
    deliveries: Vec<ClaimedDelivery>,
}

/// One of the most recent.
fn recent<T: Clone>(list: &[T], pick: usize) -> Option<T> {
    let back = pick % list.len().clamp(1, 6);
    list.len()
        .checked_sub(back + 1)
        .and_then(|index| list.get(index))
        .cloned()
}

/// The number of the active deployment.
fn in_force(store: &dyn Store, name: &SchemeName) -> Option<u64> {
    store.active(name).unwrap().map(|active| active.id)
}

fn some_deployment() -> NewDeployment {
    NewDeployment {
        digest: Digest::of(b"d"),
        definition: "{}".into(),
        plugins: vec![("table".into(), Digest::of(b"p"))],
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    }
}

/// Plays one call and answers what the store said, as text.
fn play(store: &dyn Store, call: &Call, given: &Given, now: DateTime<Utc>) -> (String, Given) {
    let mut gives = Given::default();
    let said = |result: Result<String, StoreError>| match result {
        Ok(text) => text,
        Err(error) => format!("{}: {error}", error.code()),
    };
    let text = match call {
        Call::Pull(index, list) => {
            let name = scheme(*index);
            let open = OpenWindow {
                range: range(0, 100),
                moves_mark: true,
                at: now,
            };
            said(store.open_window(&name, Some(open)).and_then(|window| {
                let window = window.unwrap();
                let page = IngestPage {
                    window: window.id,
                    lease: window.lease,
                    position: "next".into(),
                    records: records(list),
                    at: now,
                };
                let counts = store.ingest(&name, &page)?;
                store.close_window(&name, window.id, window.lease, now)?;
                Ok(format!("{window:?} {counts:?}"))
            }))
        }
        Call::Open(index, wanted) => {
            let name = scheme(*index);
            let open = wanted.map(|(from, to, moves_mark)| OpenWindow {
                range: range(from, to),
                moves_mark,
                at: now,
            });
            said(store.open_window(&name, open).map(|window| {
                gives.windows.extend(window.clone().map(|window| (name, window)));
                format!("{window:?}")
            }))
        }
        Call::Page(pick, list) => match recent(&given.windows, *pick) {
            None => String::new(),
            Some((name, window)) => {
                let page = IngestPage {
                    window: window.id,
                    lease: window.lease,
                    position: "next".into(),
                    records: records(list),
                    at: now,
                };
                said(store.ingest(&name, &page).map(|counts| format!("{counts:?}")))
            }
        },
        Call::Close(pick) => match recent(&given.windows, *pick) {
            None => String::new(),
            Some((name, window)) => said(
                store
                    .close_window(&name, window.id, window.lease, now)
                    .map(|()| "closed".into()),
            ),
        },
        Call::ClaimGroups(index, owner, limit, left) => {
            let deployment = in_force(store, &scheme(*index)).unwrap_or(1) + u64::from(*left);
            let claim = store.claim_groups(&scheme(*index), deployment, [*owner; 16], *limit);
            said(claim.map(|claim| {
                let text = format!("{claim:?}");
                let groups = claim.groups().into_iter();
                gives.groups.extend(groups.map(|group| (scheme(*index), group)));
                text
            }))
        }
        Call::Settle(list) => {
            let mut text = String::new();
            for (pick, outcome, other_account, deployment) in list {
                let Some((name, group)) = recent(&given.groups, *pick) else {
                    continue;
                };
                // Mostly by what is in force; the last of the three stands for whatever was left.
                let by_active = in_force(store, &name).filter(|_| *deployment < 3);
                let settlement = Settlement {
                    group: group.key.clone(),
                    lease: group.lease,
                    recipe: Digest::of(b"recipe"),
                    deployment: by_active.unwrap_or(*deployment),
                    fuel: 7 * deployment,
                    target: target_of(&name.tenant, *other_account),
                    outcome: match outcome {
                        Outcome::Documents(list) => {
                            let documents: Vec<_> = list
                                .iter()
                                .map(|(suffix, content)| document(suffix, ["a", "b", "c"][*content]))
                                .collect();
                            mapped(&documents)
                        }
                        Outcome::Skipped => Settled::Skipped("赠品".into()),
                        Outcome::Problem(kind, code) => Settled::Problem(report(*kind, ["E1", "E2"][*code])),
                    },
                    shown: group.shown.clone(),
                };
                text.push_str(&said(
                    store
                        .settle(&name, &[settlement], now)
                        .map(|counts| format!("{counts:?}")),
                ));
            }
            text
        }
        Call::Remap(index, key) => said(
            store
                .remap_groups(&scheme(*index), &[KEYS[*key].into()])
                .map(|count| count.to_string()),
        ),
        Call::ClaimDeliveries(index, owner, limit, only) => {
            let only: Option<Vec<String>> = only.map(|key| vec![KEYS[key].to_owned(), format!("{}-p2", KEYS[key])]);
            said(
                store
                    .claim_deliveries(&target(*index), [*owner; 16], *limit, now, only.as_deref())
                    .map(|claimed| {
                        let text = format!("{claimed:?}");
                        gives.deliveries.extend(claimed);
                        text
                    }),
            )
        }
        Call::Begin(picks) => {
            let starts: Vec<AttemptStart> = picks
                .iter()
                .filter_map(|pick| recent(&given.deliveries, *pick))
                .map(|delivery| AttemptStart {
                    id: delivery.id,
                    lease: delivery.lease,
                    request: "POST".into(),
                })
                .collect();
            said(store.begin_attempts(&starts, now).map(|held| format!("{held:?}")))
        }
        Call::Release(pick) => {
            let leases: Vec<(DeliveryId, u64)> = recent(&given.deliveries, *pick)
                .map(|delivery| (delivery.id, delivery.lease))
                .into_iter()
                .collect();
            said(store.release_deliveries(&leases).map(|()| String::new()))
        }
        Call::Finish(list) => {
            let ends: Vec<AttemptEnd> = list
                .iter()
                .filter_map(|(pick, next)| {
                    Some(super::scene::end(&recent(&given.deliveries, *pick)?, "x", next.clone()))
                })
                .collect();
            said(store.finish_attempts(&ends, now).map(|held| format!("{held:?}")))
        }
        Call::ClaimLookups(index, limit) => said(store.claim_lookups(&target(*index), [1; 16], *limit, now).map(
            |claimed| {
                let text = format!("{claimed:?}");
                gives.deliveries.extend(claimed);
                text
            },
        )),
        Call::FinishLookup(pick, next) => match recent(&given.deliveries, *pick) {
            None => String::new(),
            Some(delivery) => {
                let end = super::scene::end(&delivery, "x", next.clone());
                said(store.finish_lookup(&end, now).map(|held| held.to_string()))
            }
        },
        Call::Recover(owner) => said(
            store
                .recover([*owner; 16], &|_| 60_000)
                .map(|counts| format!("{counts:?}")),
        ),
        Call::Hold(index, key, held) => {
            let keys: Option<Vec<String>> = key.map(|key| vec![KEYS[key].to_owned()]);
            said(
                store
                    .hold(&scheme(*index), keys.as_deref(), *held)
                    .map(|count| count.to_string()),
            )
        }
        Call::ByHand(index, key, written) => {
            let by = "王".to_owned();
            let verdict = if *written {
                HandVerdict::Written {
                    number: "XS".into(),
                    by,
                }
            } else {
                HandVerdict::Absent { by }
            };
            said(
                store
                    .settle_by_hand(KEYS[*key], &scheme(*index), verdict, now)
                    .map(|done| done.to_string()),
            )
        }
        Call::OpenProblem(index, key, code) => {
            let problem = NewProblem {
                report: report(ProblemKind::Unreadable, ["E1", "E2"][*code]),
                key: KEYS[*key].into(),
                shown: Default::default(),
                body: Some("{}".into()),
            };
            said(
                store
                    .open_problem(&scheme(*index), &problem, now)
                    .map(|id| id.to_string()),
            )
        }
        Call::Resolve(index, ids) => said(
            store
                .resolve_problems(&scheme(*index), ids, "王", "好了", now)
                .map(|count| count.to_string()),
        ),
        Call::Fire(index, expected, next) => said(
            store
                .fire(&scheme(*index), "source", expected.map(at), next.map(at), now)
                .map(|fired| fired.to_string()),
        ),
        Call::SourceAccount(index, other) => {
            said(store.source_account(&scheme(*index), if *other { "wdt:B" } else { "wdt:A" }))
        }
        Call::RemapRefused(index, deployment) => said(
            store
                .remap_refused(&scheme(*index), *deployment)
                .map(|count| count.to_string()),
        ),
        Call::Accept(index, pattern, accepted) => {
            let acceptance = Acceptance {
                pattern: ["a1", "b2"][*pattern].into(),
                before: candidate(0),
                after: candidate(1),
                accepted: *accepted,
                by: "王".into(),
                note: String::new(),
                at: now,
            };
            said(store.accept(&scheme(*index), &acceptance).map(|()| String::new()))
        }
        Call::PutRollout(id, revision, state) => said(
            store
                .put_rollout(*id, *revision, ["running", "done"][*state], "{}", now)
                .map(|id| format!("{id:?}")),
        ),
        Call::PutShadow(index, wanted, revision, ends) => {
            let shadow = Shadow {
                scheme: scheme(*index),
                digest: candidate(*wanted),
                revision: *revision,
                until: now,
                body: "{}".into(),
                since: now,
                ended: ends.then_some(now),
            };
            said(store.put_shadow(&shadow).map(|put| put.to_string()))
        }
        Call::Remember(list) => {
            let outcomes: Vec<_> = list
                .iter()
                .map(|(recipe, fuel)| (candidate(*recipe), candidate(*fuel as usize), *fuel))
                .collect();
            said(store.remember_outcomes(&outcomes, now).map(|()| String::new()))
        }
        Call::Erase(tenant) => said(
            store
                .erase_tenant(["default", "lanmao"][*tenant], now, "王")
                .map(|erased| format!("{erased:?}")),
        ),
        Call::Activate(index) => said(
            store
                .activate(&scheme(*index), &some_deployment(), now)
                .map(|id| id.to_string()),
        ),
        Call::GoBack(index, refused, unsent) => {
            let expected = in_force(store, &scheme(*index)).unwrap_or(1);
            let again = Again {
                refused_by: refused.clone(),
                unsent_of: unsent.clone(),
            };
            said(
                store
                    .go_back(&scheme(*index), expected, &some_deployment(), &again, now)
                    .map(|back| format!("{back:?}")),
            )
        }
    };
    (text, gives)
}

/// Sums reached by other ways may carry other trailing zeros.
fn level(mut overview: Overview) -> Overview {
    let tallies = [
        &mut overview.records,
        &mut overview.untransformed,
        &mut overview.skipped,
    ]
    .into_iter()
    .chain(overview.states.iter_mut().map(|(_, tally)| tally))
    .chain(overview.deliveries.iter_mut().map(|(_, tally)| tally))
    .chain(overview.problems.iter_mut().map(|(_, tally)| tally));
    for tally in tallies {
        tally.amount = tally.amount.normalize();
    }
    overview
}

/// What the change gate reads of a scheme.
fn dump_gate(store: &dyn Store, name: &SchemeName, out: &mut Vec<String>) {
    for (from, to) in [
        (None, None),
        (Some(100), None),
        (None, Some(100)),
        (Some(50), Some(150)),
    ] {
        let span = Span {
            from: from.map(at),
            to: to.map(at),
        };
        out.push(format!(
            "{:?} {:?} {:?}",
            store.stored_groups(name, span, 0, 100).unwrap(),
            store.stored_groups(name, span, 2, 1).unwrap(),
            store.count_groups(name, span).unwrap()
        ));
        let filter = WrittenFilter {
            deployments: vec![1, 3],
            delivered: span,
            after: 1,
            limit: 3,
        };
        out.push(format!("{:?}", store.written(name, &filter).unwrap()));
    }
    for deployment in 1..4 {
        out.push(format!(
            "{:?} {:?}",
            store.verdict_counts(name, deployment).unwrap(),
            store.deployment(name, deployment).unwrap()
        ));
    }
    out.push(format!(
        "{:?} {:?}",
        store.acceptances(name, &candidate(0), &candidate(1)).unwrap(),
        store.shadows(Some(name)).unwrap()
    ));
}

/// Everything that can be read.
fn dump(store: &dyn Store) -> Vec<String> {
    let mut out = vec![format!(
        "{:?} {:?}",
        store.schemes().unwrap(),
        store.generation().unwrap()
    )];
    for index in 0..3 {
        let name = scheme(index);
        out.push(format!("{:?}", level(store.overview(&name).unwrap())));
        out.push(format!("{:?}", store.windows(&name, 9).unwrap()));
        out.push(format!(
            "{:?} {:?}",
            store.mark(&name).unwrap(),
            store.next_fire(&name, "source").unwrap()
        ));
        out.push(format!(
            "{:?} {:?}",
            store.active(&name).unwrap(),
            store.deployments(&name, 9).unwrap()
        ));
        out.push(format!("{:?}", store.peek_groups(&name, &[], 9).unwrap()));
        let keys: Vec<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
        out.push(format!("{:?}", store.peek_groups(&name, &keys, 9).unwrap()));
        for key in KEYS.into_iter().chain(["CK1-p2", "G1-p2", "1", "2", "SO-CK1"]) {
            out.push(format!("{key}: {:?}", store.story(&name, key).unwrap()));
            let filter = ProblemFilter {
                key: Some(key.into()),
                scheme: Some(name.clone()),
                ..Default::default()
            };
            out.push(format!("{key}: {:?}", store.problems(&filter).unwrap()));
        }
        for state in STATES {
            let filter = RecordFilter {
                scheme: Some(name.clone()),
                state: Some(state.into()),
                ..Default::default()
            };
            out.push(format!("{state}: {:?}", store.records(&filter).unwrap()));
        }
    }
    for index in 0..3 {
        dump_gate(store, &scheme(index), &mut out);
    }
    out.push(format!(
        "{:?} {:?} {:?}",
        store.rollouts(&[], 0).unwrap(),
        store.rollouts(&["done"], 1).unwrap(),
        store.shadows(None).unwrap()
    ));
    let recipes: Vec<Digest> = (0..4).map(candidate).collect();
    out.push(format!("{:?}", store.known_outcomes(&recipes).unwrap()));
    for index in 0..3 {
        out.push(format!("{:?}", store.next_due(&target(index)).unwrap()));
        for second in [0, 150, 10_000] {
            out.push(format!(
                "{:?}",
                store.control_for(&target(index), at(second), "CK1").unwrap()
            ));
        }
    }
    out.push(format!("{:?}", store.records(&RecordFilter::default()).unwrap()));
    for states in [Vec::new(), DeliveryState::ALL.to_vec()] {
        let filter = DeliveryFilter {
            states,
            ..Default::default()
        };
        out.push(format!("{:?}", store.deliveries(&filter).unwrap()));
    }
    let filter = ProblemFilter {
        resolved_too: true,
        ..Default::default()
    };
    out.push(format!("{:?}", store.problems(&filter).unwrap()));
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_tell_the_same_history(calls in proptest::collection::vec(call(), 1..80)) {
        let folder = super::tests::quick_folder();
        let oracle = MemoryStore::new();
        let sqlite = SqliteStore::open(&folder.path().join("dukou.db"), SqliteOptions::default()).unwrap();
        let mut given = Given::default();
        for (step, call) in (0i64..).zip(&calls) {
            let now = at(step * 10);
            let (expected, gives) = play(&oracle, call, &given, now);
            let (said, _) = play(&sqlite, call, &given, now);
            prop_assert_eq!(said, expected, "call {}: {:?}", step, call);
            given.windows.extend(gives.windows);
            given.groups.extend(gives.groups);
            given.deliveries.extend(gives.deliveries);
        }
        for (said, expected) in dump(&sqlite).into_iter().zip(dump(&oracle)) {
            prop_assert_eq!(said, expected);
        }
        prop_assert_eq!(sqlite.recount().unwrap(), Vec::<String>::new());
    }
}
