//! Everything about one record.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Step;
use super::lists::{RECORD, delivery, delivery_with_key, record_of};
use super::packed::unpack_text;
use super::problems::{PROBLEM, problem_of};
use super::settle::omissions_of;
use super::values::{json, time, time_or_none, uint, uint32};
use super::work::{GroupId, SchemeId, scheme_id};
use crate::rows::{AttemptRow, DeliveryRow, ProblemRow, Story};

pub(super) fn story(sql: &Connection, scheme: &SchemeName, key: &str) -> Step<Option<Story>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(None);
    };
    let Some(id) = found(sql, scheme, key)? else {
        return Ok(None);
    };
    let (record, group_id) = {
        let mut statement = sql.prepare_cached(&format!(
            "{RECORD} FROM records r JOIN groups g ON g.id = r.group_id JOIN schemes s ON s.id = r.scheme
             WHERE r.id = ?1"
        ))?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        (record_of(row)?, row.get::<_, GroupId>(11)?)
    };
    let (group, state, reason, recipe, omitted) = sql
        .prepare_cached("SELECT key, state, reason, recipe, omitted FROM groups WHERE id = ?1")?
        .query_row([group_id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get::<_, Option<[u8; 32]>>(3)?,
                row.get::<_, Option<String>>(4)?,
            ))
        })?;
    let verdict = match state.as_str() {
        "mapped" => ("mapped".to_owned(), None),
        "skipped" => ("skipped".to_owned(), reason),
        "problem" => ("problem".to_owned(), None),
        _ => ("waiting".to_owned(), None),
    };
    let carried: Vec<i64> = ids(
        sql,
        "SELECT id FROM deliveries WHERE group_id = ?1
         UNION SELECT delivery FROM borrowed WHERE group_id = ?1 ORDER BY 1",
        group_id,
    )?;
    Ok(Some(Story {
        revisions: revisions(sql, id, &record.key)?,
        record,
        aliases: aliases(sql, id)?,
        members: members(sql, group_id)?,
        verdict,
        omitted: omitted.as_deref().map(omissions_of).transpose()?.unwrap_or_default(),
        recipe: recipe.map(Digest::from_bytes),
        deliveries: deliveries(sql, &carried)?,
        attempts: attempts(sql, &carried)?,
        problems: problems(sql, scheme, &group)?,
        group,
    }))
}

/// The record meant: its key, its group's or delivery's key (the first member), or another identity's value (the newest).
fn found(sql: &Connection, scheme: SchemeId, key: &str) -> Step<Option<i64>> {
    let record: Option<i64> = sql
        .prepare_cached("SELECT id FROM records WHERE scheme = ?1 AND key = ?2")?
        .query_row(params![scheme, key], |row| row.get(0))
        .optional()?;
    if record.is_some() {
        return Ok(record);
    }
    let mut groups: Vec<GroupId> = Vec::new();
    if let Some(delivery) = delivery_with_key(sql, scheme, key)? {
        groups.extend(ids(sql, "SELECT group_id FROM deliveries WHERE id = ?1", delivery)?);
    }
    let group: Option<GroupId> = sql
        .prepare_cached("SELECT id FROM groups WHERE scheme = ?1 AND key = ?2")?
        .query_row(params![scheme, key], |row| row.get(0))
        .optional()?;
    groups.extend(group);
    for group in groups {
        let member: Option<i64> = sql
            .prepare_cached("SELECT min(id) FROM records WHERE group_id = ?1")?
            .query_row([group], |row| row.get(0))?;
        if member.is_some() {
            return Ok(member);
        }
    }
    Ok(sql
        .prepare_cached("SELECT max(record) FROM aliases WHERE scheme = ?1 AND value = ?2")?
        .query_row(params![scheme, key], |row| row.get(0))?)
}

fn ids(sql: &Connection, query: &str, of: i64) -> Step<Vec<i64>> {
    let mut statement = sql.prepare_cached(query)?;
    let rows = statement.query_map([of], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn revisions(sql: &Connection, record: i64, key: &str) -> Step<Vec<(u64, chrono::DateTime<chrono::Utc>, String)>> {
    let mut statement = sql.prepare_cached(
        "SELECT revision, received_at, hash, body FROM revisions WHERE record = ?1 ORDER BY revision",
    )?;
    let mut rows = statement.query([record])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let hash: [u8; 32] = row.get(2)?;
        let packed: Vec<u8> = row.get(3)?;
        let body = unpack_text(&packed, &hash, || format!("record {key}"))?;
        out.push((uint(row.get(0)?)?, time(row.get(1)?)?, body));
    }
    Ok(out)
}

fn aliases(sql: &Connection, record: i64) -> Step<Vec<(String, String)>> {
    let aliases: String = sql
        .prepare_cached("SELECT aliases FROM records WHERE id = ?1")?
        .query_row([record], |row| row.get(0))?;
    json(&aliases, "identities of a record")
}

fn members(sql: &Connection, group: GroupId) -> Step<Vec<String>> {
    let mut statement = sql.prepare_cached("SELECT key FROM records WHERE group_id = ?1 ORDER BY id")?;
    let rows = statement.query_map([group], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those that stand; withdrawn ones only keep their attempts.
fn deliveries(sql: &Connection, carried: &[i64]) -> Step<Vec<DeliveryRow>> {
    let mut out = Vec::new();
    for id in carried {
        let stands: bool = sql
            .prepare_cached("SELECT state <> 'withdrawn' FROM deliveries WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        if stands {
            out.extend(delivery(sql, *id)?);
        }
    }
    Ok(out)
}

fn attempts(sql: &Connection, carried: &[i64]) -> Step<Vec<AttemptRow>> {
    let mut out = Vec::new();
    for id in carried {
        let mut statement = sql.prepare_cached(
            "SELECT d.key, a.kind, a.number, a.begun_at, a.request, a.ended_at, a.outcome, a.took_ms, a.reply_hash,
                    a.reply
             FROM attempts a JOIN deliveries d ON d.id = a.delivery WHERE a.delivery = ?1 ORDER BY a.number",
        )?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            let number: i64 = row.get(2)?;
            let hash: Option<[u8; 32]> = row.get(8)?;
            let reply: Option<Vec<u8>> = row.get(9)?;
            let reply = match (reply, hash) {
                (Some(reply), Some(hash)) => Some(unpack_text(&reply, &hash, || {
                    format!("reply {number} of delivery {key}")
                })?),
                _ => None,
            };
            out.push(AttemptRow {
                delivery_key: key,
                kind: row.get(1)?,
                number: uint32(number)?,
                begun_at: time(row.get(3)?)?,
                request: row.get(4)?,
                ended_at: time_or_none(row.get(5)?)?,
                outcome: row.get(6)?,
                reply,
                took_ms: row.get::<_, Option<i64>>(7)?.map(uint).transpose()?,
            });
        }
    }
    // Stable: within one delivery the numbers keep their order.
    out.sort_by_key(|attempt| attempt.begun_at);
    Ok(out)
}

fn problems(sql: &Connection, scheme: SchemeId, group: &str) -> Step<Vec<ProblemRow>> {
    let mut statement = sql.prepare_cached(&format!(
        "{PROBLEM} WHERE p.scheme = ?1 AND p.group_key = ?2 ORDER BY p.id"
    ))?;
    let mut rows = statement.query(params![scheme, group])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(problem_of(row)?);
    }
    Ok(out)
}
