//! What `status` says of rollouts.

use dukou_store::memory::MemoryStore;

use super::*;
use crate::deploy::rollout::scene::{AT, body, content, member};
use crate::lang::Lang;
use crate::overview::Personal;

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
    let scheme = SchemeName::new("a", "sales");
    store.activate(&scheme, &content("old"), AT).unwrap();
    store.activate(&scheme, &content("new"), AT).unwrap();
    Body {
        soak_ms: 60_000,
        waves: 2,
        ..body(vec![member(&scheme, MemberState::Active)])
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
