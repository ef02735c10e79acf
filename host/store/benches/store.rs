//! How many orders a second the SQLite store takes in and delivers, with full durability on the disk under the
//! temporary folder, beside a plain loop of the same rows with one commit per page: `cargo bench -p dukou-store`.

#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark prints rates")]

use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::delivery::Next;
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::show::Shown;
use dukou_core::verdict::Document;
use dukou_core::window::WindowRange;
use dukou_store::Store;
use dukou_store::rows::*;
use dukou_store::sqlite::{SqliteOptions, SqliteStore};
use rusqlite::{Connection, params};

const ORDERS: usize = 20_000;
const PAGE: usize = 100;
const BODY_BYTES: usize = 7_500;
const DOCUMENT_BYTES: usize = 1_200;
const OWNER: Owner = [1; 16];

type Done = Result<(), Box<dyn std::error::Error>>;

/// Text of about `bytes` that compresses like orders do: repeating names, changing values.
fn body(key: &str, number: usize, bytes: usize) -> String {
    let mut text = format!(r#"{{"order_no":"{key}","details_list":["#);
    let mut seed = number as u64 + 1;
    while text.len() < bytes {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!(
            r#"{{"rec_id":"{}","spec_no":"SP{:05}","goods_name":"示例货品","goods_count":"{}.0000","share_amount":"{}.{:02}","gift_type":"0","refund_status":"0","batch_no":"B{:08x}"}},"#,
            seed >> 33,
            (seed >> 20) % 5_000,
            seed % 9 + 1,
            seed % 500,
            seed % 100,
            (seed >> 11) as u32
        ));
    }
    text.push_str("null]}");
    text
}

fn rate(name: &str, orders: usize, started: Instant) -> f64 {
    let rate = orders as f64 / started.elapsed().as_secs_f64();
    println!("{name:<44} {rate:>9.0} orders/s");
    rate
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn store(path: &Path) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let store = SqliteStore::open(path, SqliteOptions::default())?;
    let scheme = SchemeName::new("default", "wdt-to-tplus");
    let target = TargetName {
        tenant: "default".into(),
        account: "tplus-cloud:openapi.chanjet.com:KEY".into(),
        api: "/tplus/api/v2/saleDispatch/Create".into(),
    };
    let range = WindowRange {
        start: now(),
        end: now(),
    };
    let open = OpenWindow {
        range,
        moves_mark: true,
        at: now(),
    };
    let window = store.open_window(&scheme, Some(open))?.ok_or("no window")?;
    let pages: Vec<IngestPage> = (0..ORDERS / PAGE)
        .map(|page| IngestPage {
            window: window.id,
            lease: window.lease,
            position: page.to_string(),
            records: (page * PAGE..(page + 1) * PAGE)
                .map(|number| {
                    let key = format!("CK{number:012}");
                    let body = body(&key, number, BODY_BYTES);
                    IngestRecord {
                        hash: Digest::of(body.as_bytes()),
                        group: key.clone(),
                        aliases: vec![
                            ("=stockout_id".into(), format!("{}", 800_000 + number)),
                            ("src_order_no".into(), format!("JY{number:012}")),
                        ],
                        shown: Shown {
                            amount: Some("199.90".parse().unwrap_or_default()),
                            quantity: Some("3".parse().unwrap_or_default()),
                            date: Some("2026-11-01 08:00:00".into()),
                            columns: vec!["示例店".into(), "示例仓".into()],
                        },
                        key,
                        body,
                    }
                })
                .collect(),
            at: now(),
        })
        .collect();
    let started = Instant::now();
    for page in &pages {
        store.ingest(&scheme, page)?;
    }
    let ingest = rate("store: ingest, page 100, 7.5 KB", ORDERS, started);
    let started = Instant::now();
    loop {
        let groups = store.claim_groups(&scheme, 1, OWNER, PAGE)?.groups();
        if groups.is_empty() {
            break;
        }
        let settlements: Vec<Settlement> = groups
            .iter()
            .map(|group| Settlement {
                group: group.key.clone(),
                lease: group.lease,
                recipe: Digest::of(b"recipe"),
                deployment: 1,
                fuel: 10,
                target: target.clone(),
                outcome: Settled::Mapped {
                    documents: vec![Document {
                        suffix: String::new(),
                        body: body(&group.key, 1, DOCUMENT_BYTES),
                        extra: "{}".into(),
                    }],
                    omitted: Vec::new(),
                },
                shown: group.shown.clone(),
            })
            .collect();
        store.settle(&scheme, &settlements, now())?;
    }
    rate("store: claim + settle groups, batch 100", ORDERS, started);
    let started = Instant::now();
    loop {
        let claimed = store.claim_deliveries(&target, OWNER, PAGE, now(), None)?;
        if claimed.is_empty() {
            break;
        }
        let starts: Vec<AttemptStart> = claimed
            .iter()
            .map(|delivery| AttemptStart {
                id: delivery.id,
                lease: delivery.lease,
                request: "POST https://openapi.chanjet.com/tplus/api/v2/saleDispatch/Create".into(),
            })
            .collect();
        store.begin_attempts(&starts, now())?;
        let ends: Vec<AttemptEnd> = claimed
            .iter()
            .map(|delivery| AttemptEnd {
                id: delivery.id,
                lease: delivery.lease,
                outcome: "accepted".into(),
                reply: r#"{"code":"0","message":"","data":{"ID":"123456","Code":"XS-2026-11-0001"}}"#.into(),
                took_ms: 120,
                next: Next::Delivered {
                    reference: Some("XS-2026-11-0001".into()),
                    adopted: false,
                },
            })
            .collect();
        store.finish_attempts(&ends, now())?;
    }
    let deliver = rate("store: claim + begin + finish, batch 100", ORDERS, started);
    let started = Instant::now();
    let overview = store.overview(&scheme)?;
    println!(
        "store: overview of {} records in {:?}",
        overview.records.count,
        started.elapsed()
    );
    let started = Instant::now();
    let mut after = 0;
    let mut stored = 0;
    loop {
        let page = store.stored_groups(&scheme, Span::default(), after, 500)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        stored += page.len();
    }
    rate("store: stored groups, page 500, 7.5 KB", stored, started);
    let outcomes: Vec<(Digest, Digest, u64)> = (0..ORDERS)
        .map(|number| (Digest::of(&number.to_le_bytes()), Digest::of(b"outcome"), 1))
        .collect();
    let started = Instant::now();
    store.remember_outcomes(&outcomes, now())?;
    rate("store: remember outcomes", ORDERS, started);
    let recipes: Vec<Digest> = outcomes.iter().map(|(recipe, ..)| *recipe).collect();
    let started = Instant::now();
    let known = store.known_outcomes(&recipes)?.into_iter().flatten().count();
    rate("store: known outcomes", known, started);
    let started = Instant::now();
    for state in ["delivered", "problem"] {
        let filter = RecordFilter {
            scheme: Some(scheme.clone()),
            state: Some(state.into()),
            matching: Some("777".into()),
            limit: 50,
        };
        store.records(&filter)?;
    }
    println!("store: two searches over the records in {:?}", started.elapsed());
    let started = Instant::now();
    let erased = store.erase_tenant("default", now(), "bench")?;
    println!("store: erase {erased:?} in {:?}", started.elapsed());
    Ok((ingest, deliver))
}

/// The same rows, bodies as they are, one commit per page and per step of a batch.
fn plain(path: &Path) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let mut sql = Connection::open(path)?;
    sql.pragma_update(None, "journal_mode", "WAL")?;
    sql.pragma_update(None, "synchronous", "FULL")?;
    sql.execute_batch(
        "CREATE TABLE record (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
         CREATE TABLE work (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, state TEXT NOT NULL);
         CREATE TABLE delivery (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
                                run_at INTEGER NOT NULL, body TEXT NOT NULL);
         CREATE INDEX due ON delivery (run_at, id) WHERE state = 'queued';
         CREATE TABLE attempt (delivery INTEGER NOT NULL, number INTEGER NOT NULL, reply TEXT,
                               PRIMARY KEY (delivery, number)) WITHOUT ROWID;",
    )?;
    let bodies: Vec<(String, String)> = (0..ORDERS)
        .map(|number| {
            let key = format!("CK{number:012}");
            let body = body(&key, number, BODY_BYTES);
            (key, body)
        })
        .collect();
    let started = Instant::now();
    for page in bodies.chunks(PAGE) {
        let transaction = sql.transaction()?;
        for (key, body) in page {
            transaction
                .prepare_cached("INSERT INTO record (key, body) VALUES (?1, ?2)")?
                .execute(params![key, body])?;
            transaction
                .prepare_cached("INSERT INTO work (record, state) VALUES (last_insert_rowid(), 'waiting')")?
                .execute([])?;
        }
        transaction.commit()?;
    }
    let ingest = rate("plain: ingest, page 100, 7.5 KB", ORDERS, started);
    for page in bodies.chunks(PAGE) {
        let transaction = sql.transaction()?;
        for (key, _) in page {
            transaction
                .prepare_cached("INSERT INTO delivery (key, state, run_at, body) VALUES (?1, 'queued', 1, ?2)")?
                .execute(params![key, body(key, 1, DOCUMENT_BYTES)])?;
        }
        transaction.commit()?;
    }
    let started = Instant::now();
    loop {
        let ids: Vec<i64> = {
            let transaction = sql.transaction()?;
            let ids: Vec<i64> = {
                let mut due = transaction.prepare_cached(
                    "UPDATE delivery SET state = 'claimed' WHERE id IN
                         (SELECT id FROM delivery WHERE state = 'queued' ORDER BY run_at, id LIMIT ?1)
                     RETURNING id",
                )?;
                let rows = due.query_map([PAGE as i64], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            transaction.commit()?;
            ids
        };
        if ids.is_empty() {
            break;
        }
        for (state, attempt) in [
            ("sending", "INSERT INTO attempt (delivery, number) VALUES (?1, 1)"),
            (
                "delivered",
                "UPDATE attempt SET reply = '{}' WHERE delivery = ?1 AND number = 1",
            ),
        ] {
            let transaction = sql.transaction()?;
            for id in &ids {
                transaction
                    .prepare_cached("UPDATE delivery SET state = ?2 WHERE id = ?1")?
                    .execute(params![id, state])?;
                transaction.prepare_cached(attempt)?.execute([id])?;
            }
            transaction.commit()?;
        }
    }
    let deliver = rate("plain: claim + begin + finish, batch 100", ORDERS, started);
    Ok((ingest, deliver))
}

fn main() -> Done {
    let folder = tempfile::tempdir()?;
    let ours = store(&folder.path().join("store.db"))?;
    let plain = plain(&folder.path().join("plain.db"))?;
    println!("{:<44} {:>9.2}", "ratio: ingest", ours.0 / plain.0);
    println!("{:<44} {:>9.2}", "ratio: deliver", ours.1 / plain.1);
    Ok(())
}
