//! What the change gate keeps: acceptances, rollouts, shadows; and what is or may be written by a deployment's chain.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::fault::Step;
use super::history::bounds;
use super::lists::delivery;
use super::values::{int, limit, ms, time, time_or_none, uint};
use super::work::{Work, scheme_id};
use crate::reports::limit_of;
use crate::rows::{Acceptance, DeliveryRow, Rollout, Shadow, WrittenFilter};

pub(super) fn accept(work: &mut Work<'_>, scheme: &SchemeName, acceptance: &Acceptance) -> Step<()> {
    let scheme = work.scheme(scheme)?;
    work.sql()
        .prepare_cached(
            "INSERT OR REPLACE INTO acceptances
                 (scheme, before_recipe, after_recipe, pattern, accepted, by, note, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            scheme,
            acceptance.before.as_bytes(),
            acceptance.after.as_bytes(),
            acceptance.pattern,
            acceptance.accepted,
            acceptance.by,
            acceptance.note,
            ms(acceptance.at)
        ])?;
    Ok(())
}

pub(super) fn acceptances(
    sql: &Connection,
    scheme: &SchemeName,
    before: &Digest,
    after: &Digest,
) -> Step<Vec<Acceptance>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let mut statement = sql.prepare_cached(
        "SELECT pattern, accepted, by, note, at FROM acceptances
         WHERE scheme = ?1 AND before_recipe = ?2 AND after_recipe = ?3 ORDER BY pattern",
    )?;
    let mut rows = statement.query(params![scheme, before.as_bytes(), after.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(Acceptance {
            pattern: row.get(0)?,
            before: *before,
            after: *after,
            accepted: row.get(1)?,
            by: row.get(2)?,
            note: row.get(3)?,
            at: time(row.get(4)?)?,
        });
    }
    Ok(out)
}

pub(super) fn written(sql: &Connection, scheme: &SchemeName, filter: &WrittenFilter) -> Step<Vec<DeliveryRow>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let most = limit_of(filter.limit);
    let (from, to) = bounds(filter.delivered);
    // Each deployment in its index's order; then the first of all.
    let mut found: BTreeSet<i64> = BTreeSet::new();
    for made_by in filter.deployments.iter().collect::<BTreeSet<_>>() {
        let mut statement = sql.prepare_cached(
            "SELECT id FROM deliveries
             WHERE scheme = ?1 AND deployment = ?2 AND id > ?3
               AND (state IN ('delivered', 'sending', 'unknown')
                    OR (state = 'dead' AND dead_kind IN ('unsettled', 'conflict')))
               AND coalesce(delivered_at, intent_at) BETWEEN ?4 AND ?5
             ORDER BY id LIMIT ?6",
        )?;
        let rows = statement.query_map(
            params![scheme, int(*made_by), int(filter.after), from, to, limit(most)],
            |row| row.get(0),
        )?;
        for row in rows {
            found.insert(row?);
        }
    }
    let mut out = Vec::with_capacity(found.len().min(most));
    for id in found.into_iter().take(most) {
        out.extend(delivery(sql, id)?);
    }
    Ok(out)
}

pub(super) fn put_rollout(
    work: &mut Work<'_>,
    id: Option<u64>,
    revision: u64,
    state: &str,
    body: &str,
    at: DateTime<Utc>,
) -> Step<Option<u64>> {
    let put: Option<i64> = match id {
        None if revision == 0 => work
            .sql()
            .prepare_cached(
                "INSERT INTO rollouts (revision, state, body, at, changed_at) VALUES (1, ?1, ?2, ?3, ?3) RETURNING id",
            )?
            .query_row(params![state, body, ms(at)], |row| row.get(0))
            .optional()?,
        None => None,
        Some(id) => work
            .sql()
            .prepare_cached(
                "UPDATE rollouts SET revision = revision + 1, state = ?3, body = ?4, changed_at = ?5
                 WHERE id = ?1 AND revision = ?2 RETURNING id",
            )?
            .query_row(params![int(id), int(revision), state, body, ms(at)], |row| row.get(0))
            .optional()?,
    };
    if put.is_some() {
        work.notice();
    }
    put.map(uint).transpose()
}

pub(super) fn rollouts(sql: &Connection, states: &[&str], most: usize) -> Step<Vec<Rollout>> {
    let mut query = "SELECT id, revision, state, body, at, changed_at FROM rollouts".to_owned();
    let mut values: Vec<Value> = states.iter().map(|state| Value::from((*state).to_owned())).collect();
    if !states.is_empty() {
        let marks = vec!["?"; states.len()].join(", ");
        query.push_str(&format!(" WHERE state IN ({marks})"));
    }
    query.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(limit(limit_of(most)).into());
    let mut statement = sql.prepare(&query)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(Rollout {
            id: uint(row.get(0)?)?,
            revision: uint(row.get(1)?)?,
            state: row.get(2)?,
            body: row.get(3)?,
            at: time(row.get(4)?)?,
            changed_at: time(row.get(5)?)?,
        });
    }
    Ok(out)
}

pub(super) fn put_shadow(work: &mut Work<'_>, shadow: &Shadow) -> Step<bool> {
    let begins = shadow.revision == 0;
    let put = if begins {
        let scheme = match scheme_id(work.sql(), &shadow.scheme)? {
            Some(id) => id,
            None => work.scheme(&shadow.scheme)?,
        };
        work.sql()
            .prepare_cached(
                "INSERT INTO shadows (scheme, digest, revision, since, until, ended, body)
                 SELECT ?1, ?2, 1, ?3, ?4, ?5, ?6
                 WHERE NOT EXISTS (SELECT 1 FROM shadows WHERE scheme = ?1 AND ended IS NULL)",
            )?
            .execute(params![
                scheme,
                shadow.digest.as_bytes(),
                ms(shadow.since),
                ms(shadow.until),
                shadow.ended.map(ms),
                shadow.body
            ])?
    } else {
        let Some(scheme) = scheme_id(work.sql(), &shadow.scheme)? else {
            return Ok(false);
        };
        work.sql()
            .prepare_cached(
                "UPDATE shadows SET revision = revision + 1, until = ?4, ended = ?5, body = ?6
                 WHERE scheme = ?1 AND ended IS NULL AND digest = ?2 AND revision = ?3",
            )?
            .execute(params![
                scheme,
                shadow.digest.as_bytes(),
                int(shadow.revision),
                ms(shadow.until),
                shadow.ended.map(ms),
                shadow.body
            ])?
    };
    if put > 0 && (begins || shadow.ended.is_some()) {
        work.notice();
    }
    Ok(put > 0)
}

const SHADOW: &str = "SELECT s.tenant, s.name, w.digest, w.revision, w.until, w.body, w.since, w.ended
    FROM shadows w JOIN schemes s ON s.id = w.scheme";

fn shadow_of(row: &Row<'_>) -> Step<Shadow> {
    Ok(Shadow {
        scheme: SchemeName::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
        digest: Digest::from_bytes(row.get(2)?),
        revision: uint(row.get(3)?)?,
        until: time(row.get(4)?)?,
        body: row.get(5)?,
        since: time(row.get(6)?)?,
        ended: time_or_none(row.get(7)?)?,
    })
}

pub(super) fn shadows(sql: &Connection, scheme: Option<&SchemeName>) -> Step<Vec<Shadow>> {
    let most = limit(limit_of(0));
    let mut statement;
    let mut rows = match scheme {
        None => {
            statement = sql.prepare_cached(&format!("{SHADOW} ORDER BY w.id DESC LIMIT ?1"))?;
            statement.query([most])?
        }
        Some(scheme) => {
            let Some(scheme) = scheme_id(sql, scheme)? else {
                return Ok(Vec::new());
            };
            statement = sql.prepare_cached(&format!("{SHADOW} WHERE w.scheme = ?1 ORDER BY w.id DESC LIMIT ?2"))?;
            statement.query([scheme, most])?
        }
    };
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(shadow_of(row)?);
    }
    Ok(out)
}
