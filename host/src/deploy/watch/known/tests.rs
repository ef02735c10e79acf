//! What is known of the rollouts of a store, whatever else it holds.

use dukou_store::memory::MemoryStore;

use super::*;
use crate::deploy::rollout::Member;
use crate::deploy::rollout::scene::{AT, body, content, member};

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
