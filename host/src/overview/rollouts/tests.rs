//! What `status` says of rollouts.

use dukou_core::digest::Digest;
use dukou_core::rollout::Thresholds;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::NewDeployment;

use super::*;
use crate::deploy::evidence::Evidence;
use crate::deploy::rollout::{Candidate, Member};
use crate::lang::Lang;
use crate::overview::Personal;

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

fn lens(lang: Lang, now: DateTime<Utc>) -> Lens<'static> {
    Lens {
        lang,
        zone: chrono_tz::Asia::Shanghai,
        now,
        width: None,
        personal: Personal::Withheld,
        columns: &[],
    }
}

/// One scheme runs the new version since 1970, and has seen nothing.
fn quiet(store: &MemoryStore) -> Body {
    let (scheme, at) = (SchemeName::new("a", "sales"), DateTime::UNIX_EPOCH);
    store.activate(&scheme, &content("old"), at).unwrap();
    store.activate(&scheme, &content("new"), at).unwrap();
    let member = Member {
        scheme: scheme.to_string(),
        wave: Some(0),
        state: MemberState::Active,
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
    };
    Body {
        schema: Body::SCHEMA,
        by: "王".into(),
        note: String::new(),
        plugin: "sales".into(),
        digest: Digest::of(b"new"),
        soak_ms: 60_000,
        waves: 2,
        wave: 0,
        since: at,
        thresholds: Thresholds::default(),
        setback: None,
        let_on: Vec::new(),
        members: vec![member],
    }
}

#[test]
fn a_quiet_wave_says_what_it_waits_for_and_what_a_person_can_do() {
    let store = MemoryStore::default();
    let mut body = quiet(&store);
    let since = body.since;
    let id = store
        .put_rollout(None, 0, State::Running.word(), &body.to_text(), since)
        .unwrap()
        .unwrap();
    // However many are newer.
    for _ in 0..2 * MOST {
        let over = Body {
            members: Vec::new(),
            ..body.clone()
        };
        store
            .put_rollout(None, 0, State::Done.word(), &over.to_text(), since)
            .unwrap();
    }
    let told = |seconds: i64| {
        let now = since + chrono::TimeDelta::seconds(seconds);
        let view = read(&store, Some(&SchemeName::new("a", "sales")), now).unwrap();
        let texts = [Lang::Zh, Lang::En].map(|lang| text(&lens(lang, now), &view));
        (texts, to_json(&lens(Lang::En, now), &view)["rollouts"][0].clone())
    };
    let go_on = format!("→ dukou deploy --resume-rollout {id}\n");
    let stop = format!("→ dukou deploy --stop-rollout {id}\n");
    for (seconds, is_quiet) in [(59, false), (60, true)] {
        let (texts, json) = told(seconds);
        for text in &texts {
            assert!(text.contains("20") && text.contains("1970-01-01"), "{text}");
            assert_eq!(text.contains(&go_on), is_quiet, "{text}");
            assert!(text.contains(&stop), "{text}");
        }
        assert_eq!((&json["missing"], &json["quiet"]), (&20.into(), &is_quiet.into()));
    }
    body.let_on.push(LetOn {
        wave: 0,
        by: "李".into(),
        at: since,
    });
    assert!(
        store
            .put_rollout(Some(id), 1, State::Running.word(), &body.to_text(), since)
            .unwrap()
            .is_some()
    );
    let (texts, json) = told(60);
    assert!(
        texts.iter().all(|text| text.contains("李") && !text.contains(&go_on)),
        "{texts:?}"
    );
    assert_eq!((&json["missing"], &json["let_on"][0]["by"]), (&0.into(), &"李".into()));
}
