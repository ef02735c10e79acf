//! What the change gate keeps: acceptances, remembered outcomes, rollouts, shadows.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::Promise;
use super::scene::*;
use crate::Store;
use crate::rows::*;

pub(super) const PROMISES: &[Promise] = &[
    ("a word on a pattern is kept until a later one", acceptances),
    ("outcomes are remembered by recipe", outcomes),
    ("a rollout is put by one at a time", rollouts),
    ("rollouts are found by their state", rollouts_by_state),
    ("one shadow runs in a scheme", one_shadow),
    ("a shadow is put by one at a time", shadows_put),
];

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn acceptances(store: &dyn Store) {
    let (before, after) = (digest("v1"), digest("v2"));
    let word = |pattern: &str, accepted: bool, note: &str| Acceptance {
        pattern: pattern.into(),
        before,
        after,
        accepted,
        by: "王".into(),
        note: note.into(),
        at: at(100),
    };
    let kept = |from: &Digest, to: &Digest| store.acceptances(&scheme(), from, to).unwrap();
    assert_eq!(kept(&before, &after), []);
    store.accept(&scheme(), &word("b1", true, "含税价")).unwrap();
    store.accept(&scheme(), &word("a1", true, "")).unwrap();
    assert_eq!(
        kept(&before, &after),
        [word("a1", true, ""), word("b1", true, "含税价")]
    );
    let later = Acceptance {
        at: at(200),
        by: "李".into(),
        ..word("b1", false, "看错了")
    };
    store.accept(&scheme(), &later).unwrap();
    assert_eq!(kept(&before, &after), [word("a1", true, ""), later], "by pattern");
    assert_eq!(kept(&after, &before), [], "the way back is another question");
    assert_eq!(kept(&before, &digest("v3")), [], "another version, too");
    let other = SchemeName::new("lanmao", "wdt-to-tplus");
    assert_eq!(store.acceptances(&other, &before, &after).unwrap(), []);
}

fn outcomes(store: &dyn Store) {
    let many: Vec<(Digest, Digest, u64)> = (0..2_500u64)
        .map(|n| (digest(&format!("recipe {n}")), digest(&format!("outcome {n}")), n))
        .collect();
    let recipes: Vec<Digest> = many.iter().map(|(recipe, ..)| *recipe).collect();
    assert_eq!(store.known_outcomes(&recipes[..2]).unwrap(), [None, None]);
    assert_eq!(store.known_outcomes(&[]).unwrap(), []);
    store.remember_outcomes(&many[1..], at(100)).unwrap();
    store.remember_outcomes(&many[1..3], at(200)).unwrap();
    let known = store.known_outcomes(&recipes).unwrap();
    assert_eq!(known.len(), recipes.len());
    assert_eq!(known[0], None);
    for ((_, outcome, fuel), known) in many.iter().zip(&known).skip(1) {
        assert_eq!(*known, Some((*outcome, *fuel)));
    }
    // Asked in any order and twice.
    let asked = [recipes[9], recipes[0], recipes[3], recipes[9]];
    assert_eq!(
        store.known_outcomes(&asked).unwrap(),
        [known[9], None, known[3], known[9]]
    );
    store
        .remember_outcomes(&[(recipes[9], digest("corrected"), 1)], at(300))
        .unwrap();
    assert_eq!(
        store.known_outcomes(&recipes[9..10]).unwrap(),
        [Some((digest("corrected"), 1))],
        "the latest counts"
    );
}

fn rollouts(store: &dyn Store) {
    let put = |id: Option<u64>, revision: u64, state: &str, second: i64| {
        let body = format!(r#"{{"wave":{second}}}"#);
        store.put_rollout(id, revision, state, &body, at(second)).unwrap()
    };
    assert_eq!(store.rollouts(&[], 0).unwrap(), []);
    assert_eq!(put(None, 1, "running", 100), None, "a new one has no revision");
    assert_eq!(put(Some(1), 0, "running", 100), None, "there is none");
    assert_eq!(store.generation().unwrap(), 0);
    let id = put(None, 0, "running", 100).unwrap();
    assert_eq!(store.generation().unwrap(), 1, "hosts notice");
    assert_eq!(put(Some(id), 0, "done", 200), None);
    assert_eq!(put(Some(id), 1, "running", 200), Some(id));
    assert_eq!(put(Some(id), 1, "rolled-back", 300), None, "another was first");
    assert_eq!(put(Some(id), 2, "done", 400), Some(id));
    assert_eq!(store.generation().unwrap(), 3);
    let stored = Rollout {
        id,
        revision: 3,
        state: "done".into(),
        body: r#"{"wave":400}"#.into(),
        at: at(100),
        changed_at: at(400),
    };
    assert_eq!(store.rollouts(&[], 0).unwrap(), [stored]);
}

fn rollouts_by_state(store: &dyn Store) {
    for (second, state) in (100i64..).zip(["running", "done", "running", "held"]) {
        store.put_rollout(None, 0, state, "{}", at(second)).unwrap().unwrap();
    }
    let found = |states: &[&str], limit: usize| -> Vec<u64> {
        let rollouts = store.rollouts(states, limit).unwrap();
        rollouts.into_iter().map(|rollout| rollout.id).collect()
    };
    assert_eq!(found(&[], 0), [4, 3, 2, 1], "newest first");
    assert_eq!(found(&["running"], 0), [3, 1]);
    assert_eq!(found(&["running", "held"], 2), [4, 3]);
    assert_eq!(found(&["none"], 0), [0; 0]);
}

fn shadow(candidate: &str, revision: u64) -> Shadow {
    Shadow {
        scheme: scheme(),
        digest: digest(candidate),
        revision,
        until: at(86_400),
        body: format!(r#"{{"groups":{revision}}}"#),
        since: at(100),
        ended: None,
    }
}

fn one_shadow(store: &dyn Store) {
    assert_eq!(store.shadows(None).unwrap(), []);
    assert!(!store.put_shadow(&shadow("v2", 1)).unwrap(), "none runs");
    assert!(store.put_shadow(&shadow("v2", 0)).unwrap());
    assert_eq!(store.generation().unwrap(), 1, "hosts notice");
    assert!(!store.put_shadow(&shadow("v2", 0)).unwrap(), "it runs");
    assert!(!store.put_shadow(&shadow("v3", 0)).unwrap(), "one runs");
    let other = Shadow {
        scheme: SchemeName::new("lanmao", "wdt-to-tplus"),
        ..shadow("v2", 0)
    };
    assert!(store.put_shadow(&other).unwrap(), "another scheme's");
    let ended = Shadow {
        ended: Some(at(500)),
        ..shadow("v2", 1)
    };
    assert!(store.put_shadow(&ended).unwrap());
    assert!(store.put_shadow(&shadow("v3", 0)).unwrap(), "the first has ended");
    let known = |scheme: Option<&SchemeName>| -> Vec<(Digest, u64, bool)> {
        let shadows = store.shadows(scheme).unwrap();
        shadows
            .into_iter()
            .map(|shadow| (shadow.digest, shadow.revision, shadow.ended.is_some()))
            .collect()
    };
    let own = [(digest("v3"), 1, false), (digest("v2"), 2, true)];
    assert_eq!(known(Some(&scheme())), own, "newest first");
    assert_eq!(known(None), [own[0], (digest("v2"), 1, false), own[1]]);
    assert_eq!(known(Some(&SchemeName::new("nobody", "nothing"))), []);
}

fn shadows_put(store: &dyn Store) {
    assert!(store.put_shadow(&shadow("v2", 0)).unwrap());
    let longer = Shadow {
        until: at(200_000),
        since: at(999),
        ..shadow("v2", 1)
    };
    assert!(store.put_shadow(&longer).unwrap());
    assert!(!store.put_shadow(&longer).unwrap(), "another was first");
    assert!(!store.put_shadow(&shadow("v3", 2)).unwrap(), "another candidate");
    assert_eq!(store.generation().unwrap(), 1, "its body is no news");
    let stored = Shadow {
        revision: 2,
        since: at(100),
        ..longer
    };
    assert_eq!(store.shadows(Some(&scheme())).unwrap(), [stored]);
    let ended = Shadow {
        ended: Some(at(700)),
        ..shadow("v2", 2)
    };
    assert!(store.put_shadow(&ended).unwrap());
    assert_eq!(store.generation().unwrap(), 2, "its end is");
    assert!(
        !store.put_shadow(&shadow("v2", 3)).unwrap(),
        "an ended one stays as it is"
    );
    assert_eq!(store.shadows(None).unwrap()[0].ended, Some(at(700)));
}
