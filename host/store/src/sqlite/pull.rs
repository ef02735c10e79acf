//! TX 1: windows, pages and the mark. A page's records, their groups' work and the position are one transaction, guarded
//! by the window's lease number.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::window::WindowRange;
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;

use super::fault::{Fault, Step};
use super::packed::{Packed, pack_as};
use super::values::{int, json, limit, ms, text, time, time_or_none, uint};
use super::work::{GroupId, SchemeId, Work, scheme_id};
use crate::StoreError;
use crate::rows::{IngestCounts, IngestPage, IngestRecord, OpenWindow, Window};

/// A page whose bodies are already compressed, so that the writing thread does not have to.
pub(super) struct PreparedPage {
    page: IngestPage,
    bodies: Vec<Packed>,
}

/// Compresses on the caller's thread.
pub(super) fn prepare(page: &IngestPage) -> Result<PreparedPage, StoreError> {
    let mut bodies = Vec::with_capacity(page.records.len());
    let mut records = Vec::with_capacity(page.records.len());
    for record in &page.records {
        bodies.push(pack_as(record.body.as_bytes(), record.hash)?);
        records.push(IngestRecord {
            key: record.key.clone(),
            body: String::new(),
            hash: record.hash,
            group: record.group.clone(),
            aliases: record.aliases.clone(),
            shown: record.shown.clone(),
        });
    }
    let page = IngestPage {
        window: page.window,
        lease: page.lease,
        position: page.position.clone(),
        records,
        at: page.at,
    };
    Ok(PreparedPage { page, bodies })
}

pub(super) fn mark(sql: &Connection, scheme: &SchemeName) -> Step<Option<DateTime<Utc>>> {
    let mark: Option<Option<i64>> = sql
        .prepare_cached("SELECT mark FROM schemes WHERE tenant = ?1 AND name = ?2")?
        .query_row(params![scheme.tenant, scheme.name], |row| row.get(0))
        .optional()?;
    time_or_none(mark.flatten())
}

pub(super) fn source_account(work: &mut Work<'_>, scheme: &SchemeName, account: &str) -> Step<String> {
    let scheme = work.scheme(scheme)?;
    let stored = work
        .sql()
        .prepare_cached(
            "UPDATE schemes SET source_account = coalesce(source_account, ?2) WHERE id = ?1 RETURNING source_account",
        )?
        .query_row(params![scheme, account], |row| row.get(0))?;
    Ok(stored)
}

pub(super) fn open_window(work: &mut Work<'_>, scheme: &SchemeName, range: Option<OpenWindow>) -> Step<Option<Window>> {
    let known = scheme_id(work.sql(), scheme)?;
    if let Some(scheme) = known {
        let taken: Option<i64> = work
            .sql()
            .prepare_cached(
                "UPDATE windows SET lease = lease + 1 WHERE scheme = ?1 AND closed_at IS NULL RETURNING id",
            )?
            .query_row([scheme], |row| row.get(0))
            .optional()?;
        if let Some(id) = taken {
            return window(work.sql(), scheme, id).map(Some);
        }
    }
    let Some(open) = range else { return Ok(None) };
    let scheme = work.scheme(scheme)?;
    let id: i64 = work
        .sql()
        .prepare_cached(
            "INSERT INTO windows (scheme, id, start_at, end_at, moves_mark, lease, opened_at)
             SELECT ?1, coalesce(max(id), 0) + 1, ?2, ?3, ?4, 1, ?5 FROM windows WHERE scheme = ?1
             RETURNING id",
        )?
        .query_row(
            params![
                scheme,
                ms(open.range.start),
                ms(open.range.end),
                open.moves_mark,
                ms(open.at)
            ],
            |row| row.get(0),
        )?;
    window(work.sql(), scheme, id).map(Some)
}

const WINDOW: &str =
    "SELECT id, start_at, end_at, moves_mark, lease, position, pages, rows, opened_at, closed_at FROM windows";

fn window(sql: &Connection, scheme: SchemeId, id: i64) -> Step<Window> {
    let mut statement = sql.prepare_cached(&format!("{WINDOW} WHERE scheme = ?1 AND id = ?2"))?;
    let mut rows = statement.query(params![scheme, id])?;
    let row = rows.next()?.ok_or_else(|| Fault::damaged(format!("window {id}")))?;
    window_of(row)
}

fn window_of(row: &Row<'_>) -> Step<Window> {
    Ok(Window {
        id: uint(row.get(0)?)?,
        range: WindowRange {
            start: time(row.get(1)?)?,
            end: time(row.get(2)?)?,
        },
        moves_mark: row.get(3)?,
        lease: uint(row.get(4)?)?,
        position: row.get(5)?,
        pages: uint(row.get(6)?)?,
        rows: uint(row.get(7)?)?,
        opened_at: time(row.get(8)?)?,
        closed_at: time_or_none(row.get(9)?)?,
    })
}

pub(super) fn windows(sql: &Connection, scheme: &SchemeName, most: usize) -> Step<Vec<Window>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let mut statement = sql.prepare_cached(&format!("{WINDOW} WHERE scheme = ?1 ORDER BY id DESC LIMIT ?2"))?;
    let mut rows = statement.query(params![scheme, limit(most)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(window_of(row)?);
    }
    Ok(out)
}

/// The scheme's row, if the window is open or was closed under this lease number; else stale.
fn guard(sql: &Connection, scheme: &SchemeName, id: u64, lease: u64) -> Step<(SchemeId, Window)> {
    let stale = || {
        Fault::Store(StoreError::Stale {
            what: format!("window {id}"),
        })
    };
    let scheme = scheme_id(sql, scheme)?.ok_or_else(stale)?;
    let mut statement = sql.prepare_cached(&format!("{WINDOW} WHERE scheme = ?1 AND id = ?2 AND lease = ?3"))?;
    let mut rows = statement.query(params![scheme, int(id), int(lease)])?;
    let row = rows.next()?.ok_or_else(stale)?;
    Ok((scheme, window_of(row)?))
}

pub(super) fn close_window(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    id: u64,
    lease: u64,
    at: DateTime<Utc>,
) -> Step<()> {
    let (scheme, window) = guard(work.sql(), scheme, id, lease)?;
    if window.closed_at.is_some() {
        return Ok(());
    }
    work.sql()
        .prepare_cached("UPDATE windows SET closed_at = ?3 WHERE scheme = ?1 AND id = ?2")?
        .execute(params![scheme, int(id), ms(at)])?;
    if window.moves_mark {
        work.sql()
            .prepare_cached("UPDATE schemes SET mark = max(coalesce(mark, ?2), ?2) WHERE id = ?1")?
            .execute(params![scheme, ms(window.range.end)])?;
    }
    Ok(())
}

pub(super) fn ingest(work: &mut Work<'_>, scheme: &SchemeName, prepared: PreparedPage) -> Step<IngestCounts> {
    let PreparedPage { page, bodies } = prepared;
    let (scheme, window) = guard(work.sql(), scheme, page.window, page.lease)?;
    if window.closed_at.is_some() {
        return Err(Fault::Store(StoreError::Stale {
            what: format!("window {}", page.window),
        }));
    }
    let mut counts = IngestCounts::default();
    let at = ms(page.at);
    for (record, body) in page.records.iter().zip(&bodies) {
        take_in(work, scheme, record, body, at, &mut counts)?;
    }
    work.sql()
        .prepare_cached(
            "UPDATE windows SET position = ?3, pages = pages + 1, rows = rows + ?4 WHERE scheme = ?1 AND id = ?2",
        )?
        .execute(params![
            scheme,
            int(page.window),
            page.position,
            limit(page.records.len())
        ])?;
    Ok(counts)
}

fn take_in(
    work: &mut Work<'_>,
    scheme: SchemeId,
    record: &IngestRecord,
    body: &Packed,
    at: i64,
    counts: &mut IngestCounts,
) -> Step<()> {
    let sql = work.sql();
    let known: Option<(i64, i64, [u8; 32], GroupId)> = sql
        .prepare_cached("SELECT id, revision, hash, group_id FROM records WHERE scheme = ?1 AND key = ?2")?
        .query_row(params![scheme, record.key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    if matches!(&known, Some((_, _, hash, _)) if hash == record.hash.as_bytes()) {
        counts.known += 1;
        return Ok(());
    }
    let columns = serde_json::to_string(&record.shown.columns).expect("strings are always JSON");
    let shown = &record.shown;
    let mut aliases: BTreeSet<(String, String)> = record.aliases.iter().cloned().collect();
    let (id, revision) = match known {
        None => {
            counts.new += 1;
            let group = due(work, scheme, &record.group, shown.amount.unwrap_or_default())?;
            let id: i64 = sql
                .prepare_cached(
                    "INSERT INTO records
                         (scheme, key, group_id, revision, hash, received_at, amount, quantity, date, columns, aliases)
                     VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id",
                )?
                .query_row(
                    params![
                        scheme,
                        record.key,
                        group,
                        record.hash.as_bytes(),
                        at,
                        text(shown.amount),
                        text(shown.quantity),
                        shown.date,
                        columns,
                        pairs(&aliases)
                    ],
                    |row| row.get(0),
                )?;
            (id, 1)
        }
        Some((id, revision, _, before)) => {
            counts.changed += 1;
            let group = due(work, scheme, &record.group, Decimal::ZERO)?;
            work.touch(group);
            let earlier: String = sql
                .prepare_cached("SELECT aliases FROM records WHERE id = ?1")?
                .query_row([id], |row| row.get(0))?;
            aliases.extend(json::<Vec<(String, String)>>(&earlier, "identities of a record")?);
            sql.prepare_cached(
                "UPDATE records SET group_id = ?2, revision = ?3, hash = ?4, received_at = ?5,
                        amount = ?6, quantity = ?7, date = ?8, columns = ?9, aliases = ?10
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                group,
                revision + 1,
                record.hash.as_bytes(),
                at,
                text(shown.amount),
                text(shown.quantity),
                shown.date,
                columns,
                pairs(&aliases)
            ])?;
            if before != group {
                left(work, before, at)?;
            }
            (id, revision + 1)
        }
    };
    sql.prepare_cached(
        "INSERT INTO revisions (record, revision, received_at, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, revision, at, record.hash.as_bytes(), body.bytes])?;
    for (kind, value) in &record.aliases {
        sql.prepare_cached("INSERT OR IGNORE INTO aliases (scheme, value, kind, record) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![scheme, value, kind, id])?;
    }
    Ok(())
}

/// Other identities as a JSON column.
fn pairs(aliases: &BTreeSet<(String, String)>) -> String {
    serde_json::to_string(aliases).expect("strings are always JSON")
}

/// Makes a group due, new or not. A claim on it ends: what it read is no longer the newest. A new one is counted with
/// its first record's money at once, because nearly every group is one record.
fn due(work: &mut Work<'_>, scheme: SchemeId, key: &str, amount: Decimal) -> Step<GroupId> {
    let known: Option<GroupId> = work
        .sql()
        .prepare_cached(
            "UPDATE groups SET lease = lease + (state = 'claimed'), state = 'waiting', owner = NULL, claims = 0
             WHERE scheme = ?1 AND key = ?2 RETURNING id",
        )?
        .query_row(params![scheme, key], |row| row.get(0))
        .optional()?;
    if let Some(group) = known {
        work.touch(group);
        return Ok(group);
    }
    let group = work
        .sql()
        .prepare_cached(
            "INSERT INTO groups (scheme, key, state, standing, members, amount)
             VALUES (?1, ?2, 'waiting', 'waiting', 1, ?3) RETURNING id",
        )?
        .query_row(params![scheme, key, amount.to_string()], |row| row.get(0))?;
    work.waiting(scheme, amount);
    Ok(group)
}

/// A member moved to another group: this one is mapped again, or given up if that was the last.
fn left(work: &mut Work<'_>, group: GroupId, at: i64) -> Step<()> {
    work.touch(group);
    let others: bool = work
        .sql()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM records WHERE group_id = ?1)")?
        .query_row([group], |row| row.get(0))?;
    let state = if others { "waiting" } else { "empty" };
    work.sql()
        .prepare_cached(
            "UPDATE groups SET lease = lease + (state = 'claimed'), state = ?2, owner = NULL, claims = 0 WHERE id = ?1",
        )?
        .execute(params![group, state])?;
    if !others {
        super::settle::give_up(work, group, at)?;
    }
    Ok(())
}
