//! What tests of those who look at rollouts begin with: a rollout of one scheme whose old and new version are what their
//! words say. Brings nothing into force.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::rollout::Thresholds;
use dukou_store::rows::NewDeployment;

use super::{Body, Candidate, Member, MemberState};
use crate::deploy::evidence::Evidence;

/// When it began.
pub(crate) const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// A deployment that is this word.
pub(crate) fn content(text: &str) -> NewDeployment {
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

/// A scheme of the first wave, whose deployment 1 is "old" and whose deployment 2 is "new".
pub(crate) fn member(scheme: &SchemeName, state: MemberState) -> Member {
    Member {
        wave: Some(0),
        state,
        candidate: Some(Candidate::of(&content("new"), Evidence::default())),
        before: Some(1),
        before_digest: content("old").digest.to_string(),
        deployment: Some(2),
        ..Member::held(scheme)
    }
}

/// A rollout of "new" in one wave, without a soak.
pub(crate) fn body(members: Vec<Member>) -> Body {
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
