//! Which shadows run, while one of them is at a batch.

use std::sync::mpsc;
use std::time::Duration;

use dukou_store::memory::MemoryStore;
use dukou_store::rows::NewDeployment;
use serde_json::Value;

use super::*;
use crate::deploy::evidence::Evidence;
use crate::deploy::rollout::Candidate;

fn shadow(store: &MemoryStore, scheme: &SchemeName) {
    let deployment = NewDeployment {
        digest: Digest::of(b"new"),
        definition: "new".into(),
        plugins: Vec::new(),
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    };
    let body = Body {
        by: "王".into(),
        note: String::new(),
        beside: 1,
        candidate: Candidate::of(&deployment, Evidence::default()),
        comparison: Value::Null,
        not_run: 0,
        error: String::new(),
    };
    let row = Shadow {
        scheme: scheme.clone(),
        digest: deployment.digest,
        revision: 0,
        until: DateTime::UNIX_EPOCH + Duration::from_secs(60),
        body: to_text(&body),
        since: DateTime::UNIX_EPOCH,
        ended: None,
    };
    assert!(store.put_shadow(&row).unwrap());
}

#[test]
fn a_shadow_at_a_batch_lets_others_see_which_run() {
    let (store, shadows) = (MemoryStore::default(), Shadows::default());
    let (slow, other) = (SchemeName::new("a", "sales"), SchemeName::new("b", "sales"));
    shadow(&store, &slow);
    shadows.refresh(&store).unwrap();
    let one = shadows.running.lock().unwrap()[&slow].clone();
    let (done, is_done) = mpsc::channel();
    std::thread::scope(|scope| {
        let at_a_batch = one.running.lock().unwrap();
        let (store, shadows, other) = (&store, &shadows, &other);
        scope.spawn(move || {
            shadow(store, other);
            shadows.refresh(store).unwrap();
            done.send(shadows.running.lock().unwrap().len()).unwrap();
        });
        let seen = is_done.recv_timeout(Duration::from_secs(10));
        drop(at_a_batch);
        assert_eq!(seen, Ok(2), "it waits for the batch of a neighbour's shadow");
    });
}
