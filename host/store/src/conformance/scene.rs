//! The small world that the suite plays in: one shop's scheme, one account, orders CK0001 and on; short calls that
//! panic where the store fails.

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::delivery::{DeliveryState, Next};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::Shown;
use dukou_core::verdict::Document;
use dukou_core::window::WindowRange;

use crate::Store;
use crate::rows::*;

/// This process.
pub(crate) const ME: Owner = [1; 16];
/// One that ran before.
pub(crate) const EARLIER: Owner = [2; 16];

/// A second of the scene's day.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    let day: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    day + TimeDelta::seconds(second)
}

pub(crate) fn scheme() -> SchemeName {
    SchemeName::new("default", "wdt-to-tplus")
}

pub(crate) fn target() -> TargetName {
    TargetName {
        tenant: "default".into(),
        account: "tplus-cloud:openapi.chanjet.com:KEY".into(),
        api: "/tplus/api/v2/saleDispatch/Create".into(),
    }
}

pub(crate) fn recipe() -> Digest {
    Digest::of(b"recipe")
}

/// An order: its body holds `content`, it shows `amount`.
pub(crate) fn order(key: &str, content: &str, amount: &str) -> IngestRecord {
    let body = format!(r#"{{"order_no":"{key}","content":"{content}"}}"#);
    IngestRecord {
        key: key.into(),
        hash: Digest::of(body.as_bytes()),
        body,
        group: key.into(),
        aliases: vec![("src_order_no".into(), format!("SO-{key}"))],
        shown: Shown {
            amount: Some(amount.parse().unwrap()),
            quantity: Some("1".parse().unwrap()),
            date: Some("2026-11-01 08:00:00".into()),
            columns: vec!["示例店".into()],
        },
    }
}

pub(crate) fn document(suffix: &str, content: &str) -> Document {
    Document {
        suffix: suffix.into(),
        body: format!(r#"{{"dto":{{"content":"{content}"}}}}"#),
        extra: "{}".into(),
    }
}

pub(crate) fn report(kind: ProblemKind, code: &str) -> ProblemReport {
    ProblemReport {
        kind,
        code: code.into(),
        message: format!("{code} in a field"),
        path: Some("dto.Memo".into()),
        details: "{}".into(),
    }
}

pub(crate) fn range(from: i64, to: i64) -> WindowRange {
    WindowRange {
        start: at(from),
        end: at(to),
    }
}

/// Stores `orders` in a window of their own.
pub(crate) fn ingest(store: &dyn Store, scheme: &SchemeName, orders: &[IngestRecord], second: i64) -> IngestCounts {
    let open = OpenWindow {
        range: range(0, second),
        moves_mark: true,
        at: at(second),
    };
    let window = store.open_window(scheme, Some(open)).unwrap().unwrap();
    let page = IngestPage {
        window: window.id,
        lease: window.lease,
        position: "2".into(),
        records: orders.to_vec(),
        at: at(second),
    };
    let counts = store.ingest(scheme, &page).unwrap();
    store.close_window(scheme, window.id, window.lease, at(second)).unwrap();
    counts
}

pub(crate) fn claim(store: &dyn Store, scheme: &SchemeName) -> Vec<ClaimedGroup> {
    claim_for(store, scheme, 1)
}

/// Claims for a deployment: what is due, or nothing because another one is active.
pub(crate) fn claim_for(store: &dyn Store, scheme: &SchemeName, deployment: u64) -> Vec<ClaimedGroup> {
    store.claim_groups(scheme, deployment, ME, 100).unwrap().groups()
}

pub(crate) fn settlement(group: &ClaimedGroup, outcome: Settled) -> Settlement {
    Settlement {
        group: group.key.clone(),
        lease: group.lease,
        recipe: recipe(),
        deployment: 1,
        fuel: 10,
        target: target(),
        outcome,
        shown: group.shown.clone(),
    }
}

pub(crate) fn mapped(documents: &[Document]) -> Settled {
    Settled::Mapped {
        documents: documents.to_vec(),
        omitted: Vec::new(),
    }
}

/// Claims everything due of the scheme and settles all of it with one outcome.
pub(crate) fn settle_all(store: &dyn Store, scheme: &SchemeName, outcome: &Settled, second: i64) -> SettleCounts {
    let groups = claim(store, scheme);
    let settlements: Vec<Settlement> = groups.iter().map(|group| settlement(group, outcome.clone())).collect();
    store.settle(scheme, &settlements, at(second)).unwrap()
}

/// One order, mapped and queued.
pub(crate) fn queued(store: &dyn Store, key: &str, content: &str, second: i64) {
    ingest(store, &scheme(), &[order(key, content, "10.10")], second);
    let counts = settle_all(store, &scheme(), &mapped(&[document("", content)]), second);
    assert_eq!(counts.queued, 1, "{counts:?}");
}

pub(crate) fn claim_sends(store: &dyn Store, second: i64) -> Vec<ClaimedDelivery> {
    store.claim_deliveries(&target(), ME, 100, at(second), None).unwrap()
}

/// Claims what is due and records the intents.
pub(crate) fn begin(store: &dyn Store, second: i64) -> Vec<ClaimedDelivery> {
    let claimed = claim_sends(store, second);
    let starts: Vec<AttemptStart> = claimed
        .iter()
        .map(|delivery| AttemptStart {
            id: delivery.id,
            lease: delivery.lease,
            request: "POST /tplus/api/v2/saleDispatch/Create".into(),
        })
        .collect();
    let held = store.begin_attempts(&starts, at(second)).unwrap();
    assert!(held.iter().all(|held| *held));
    claimed
}

pub(crate) fn end(delivery: &ClaimedDelivery, outcome: &str, next: Next) -> AttemptEnd {
    AttemptEnd {
        id: delivery.id,
        lease: delivery.lease,
        outcome: outcome.into(),
        reply: format!("{outcome} 回复"),
        took_ms: 42,
        next,
    }
}

pub(crate) fn accepted() -> Next {
    Next::Delivered {
        reference: Some("XS-1".into()),
        adopted: false,
    }
}

pub(crate) fn dead(kind: ProblemKind) -> Next {
    Next::Dead {
        kind,
        code: "EXERROR0001".into(),
        message: "存货不存在".into(),
        differences: Vec::new(),
    }
}

pub(crate) fn ask(second: i64) -> Next {
    Next::Ask {
        ask_at: at(second),
        duplicate: false,
        reason: "no reply".into(),
    }
}

/// Sends everything that is due, all with one end.
pub(crate) fn send_all(store: &dyn Store, next: &Next, second: i64) -> usize {
    let ends: Vec<AttemptEnd> = begin(store, second)
        .iter()
        .map(|delivery| end(delivery, "answered", next.clone()))
        .collect();
    let held = store.finish_attempts(&ends, at(second)).unwrap();
    assert!(held.iter().all(|held| *held));
    held.len()
}

/// The state of the delivery with this key of the scene's scheme, if one stands.
pub(crate) fn state_of(store: &dyn Store, key: &str) -> Option<DeliveryState> {
    row_of(store, key).map(|row| row.state)
}

pub(crate) fn row_of(store: &dyn Store, key: &str) -> Option<DeliveryRow> {
    let filter = DeliveryFilter {
        states: DeliveryState::ALL.to_vec(),
        ..DeliveryFilter::default()
    };
    let rows = store.deliveries(&filter).unwrap();
    rows.into_iter().find(|row| row.key == key)
}

/// Open problems of the scene's scheme.
pub(crate) fn open_problems(store: &dyn Store) -> Vec<ProblemRow> {
    let filter = ProblemFilter {
        scheme: Some(scheme()),
        ..ProblemFilter::default()
    };
    store.problems(&filter).unwrap()
}

/// What a record counts as.
pub(crate) fn standing(store: &dyn Store, key: &str) -> String {
    store.story(&scheme(), key).unwrap().unwrap().record.state
}
