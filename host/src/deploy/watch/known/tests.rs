//! What is known of the rollouts of a store, whatever else it holds.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Counts, Thresholds};
use dukou_store::memory::MemoryStore;
use dukou_store::rows::NewDeployment;

use super::*;
use crate::deploy::evidence::Evidence;
use crate::deploy::rollout::{Candidate, Member};

const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn content(text: &str) -> NewDeployment {
    NewDeployment {
        digest: Digest::of(text.as_bytes()),
        definition: text.to_owned(),
        plugins: Vec::new(),
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    }
}

fn body(members: Vec<Member>) -> Body {
    Body {
        schema: Body::SCHEMA,
        by: "王".into(),
        note: String::new(),
        plugin: "sales".into(),
        digest: Digest::of(b"new"),
        soak_ms: 0,
        waves: 1,
        wave: 0,
        since: AT,
        thresholds: Thresholds::default(),
        setback: None,
        let_on: Vec::new(),
        members,
    }
}

fn member(scheme: &SchemeName, state: MemberState) -> Member {
    Member {
        scheme: scheme.to_string(),
        wave: Some(0),
        state,
        candidate: Some(Candidate::of(&content("new"), Evidence::default())),
        before: Some(1),
        before_digest: content("old").digest.to_string(),
        pins: Vec::new(),
        since: 0,
        deployment: Some(2),
        left: Vec::new(),
        baseline: Counts::default(),
        baseline_fuel: 0,
        groups_a_day: 0,
        cost: None,
        why: String::new(),
    }
}

#[test]
fn an_open_rollout_is_watched_however_many_are_newer() {
    let (store, scheme) = (MemoryStore::default(), SchemeName::new("a", "sales"));
    store.activate(&scheme, &content("old"), AT).unwrap();
    store.activate(&scheme, &content("new"), AT).unwrap();
    let put = |state: State, body: &Body| {
        let put = store.put_rollout(None, 0, state.word(), &body.to_text(), AT).unwrap();
        assert!(put.is_some());
    };
    put(State::Running, &body(vec![member(&scheme, MemberState::Active)]));
    for _ in 0..2 * MOST_PAST {
        put(State::RolledBack, &body(Vec::new()));
    }
    let mut known = Known::default();
    known.read(&store).unwrap();
    let watched: Vec<&Key> = known.watched.keys().collect();
    assert_eq!(watched, [&(scheme.clone(), 2)]);
    // The same content under another number is under watch as well, and both are counted.
    store.activate(&scheme, &content("new"), AT).unwrap();
    known.read(&store).unwrap();
    let under = &known.watched[&(scheme.clone(), 3)];
    assert_eq!((under.numbers.as_slice(), known.watched.len()), (&[3, 2][..], 1));
    // A person's deployment is not.
    store.activate(&scheme, &content("fix"), AT).unwrap();
    known.read(&store).unwrap();
    assert!(known.watched.is_empty() && known.gone.is_empty());
}

#[test]
fn only_what_went_back_is_gone() {
    let (store, scheme) = (MemoryStore::default(), SchemeName::new("a", "sales"));
    for text in ["old", "new", "new", "old", "new"] {
        store.activate(&scheme, &content(text), AT).unwrap();
    }
    let went_back = Member {
        left: vec![3, 2],
        ..member(&scheme, MemberState::RolledBack)
    };
    let text = body(vec![went_back]).to_text();
    store.put_rollout(None, 0, State::RolledBack.word(), &text, AT).unwrap();
    let mut known = Known::default();
    known.read(&store).unwrap();
    // What a person put into force after that, by its own number, is mapped.
    assert_eq!(known.gone, [(scheme.clone(), 3), (scheme, 2)]);
}
