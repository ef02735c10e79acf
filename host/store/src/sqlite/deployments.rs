//! Schedules, blobs, deployments, the generation and the audit.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::Step;
use super::packed::{Packed, unpack};
use super::transform::{remap_refused, remap_unsent};
use super::values::{digests_named, int, limit, ms, named_digests, time, time_or_none, uint};
use super::work::{SchemeId, Work, scheme_id};
use crate::rows::{Again, AuditEntry, Deployment, NewDeployment, WentBack};

pub(super) fn next_fire(sql: &Connection, scheme: &SchemeName, half: &str) -> Step<Option<DateTime<Utc>>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(None);
    };
    let next: Option<Option<i64>> = sql
        .prepare_cached("SELECT next_at FROM fires WHERE scheme = ?1 AND half = ?2")?
        .query_row(params![scheme, half], |row| row.get(0))
        .optional()?;
    time_or_none(next.flatten())
}

pub(super) fn fire(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    half: &str,
    expected: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Step<bool> {
    if next_fire(work.sql(), scheme, half)?.map(ms) != expected.map(ms) {
        return Ok(false);
    }
    let scheme = work.scheme(scheme)?;
    work.sql()
        .prepare_cached(
            "INSERT INTO fires (scheme, half, next_at, fired_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (scheme, half) DO UPDATE SET next_at = ?3, fired_at = ?4",
        )?
        .execute(params![scheme, half, next.map(ms), ms(at)])?;
    Ok(true)
}

pub(super) fn put_blob(work: &mut Work<'_>, kind: &str, body: &Packed) -> Step<()> {
    work.sql()
        .prepare_cached("INSERT OR IGNORE INTO blobs (digest, kind, body) VALUES (?1, ?2, ?3)")?
        .execute(params![body.hash.as_bytes(), kind, body.bytes])?;
    Ok(())
}

pub(super) fn known_blob(sql: &Connection, digest: &Digest) -> Step<bool> {
    Ok(sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE digest = ?1)")?
        .query_row([digest.as_bytes()], |row| row.get(0))?)
}

pub(super) fn blob(sql: &Connection, digest: &Digest) -> Step<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> = sql
        .prepare_cached("SELECT body FROM blobs WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| row.get(0))
        .optional()?;
    packed
        .map(|packed| unpack(&packed, digest.as_bytes(), || format!("blob {}", digest.short())))
        .transpose()
}

pub(super) fn activate_over(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    expected: Option<u64>,
    deployment: &NewDeployment,
    at: DateTime<Utc>,
) -> Step<Option<u64>> {
    let known = scheme_id(work.sql(), scheme)?;
    let active = known.map(|scheme| active_id(work.sql(), scheme)).transpose()?.flatten();
    if active != expected {
        return Ok(None);
    }
    let scheme = work.scheme(scheme)?;
    work.sql()
        .prepare_cached("UPDATE deployments SET active = 0 WHERE scheme = ?1 AND active = 1")?
        .execute([scheme])?;
    let id: i64 = work
        .sql()
        .prepare_cached(
            "INSERT INTO deployments (scheme, id, digest, definition, plugins, tables, by, note, at, active, evidence)
             SELECT ?1, coalesce(max(id), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9 FROM deployments WHERE scheme = ?1
             RETURNING id",
        )?
        .query_row(
            params![
                scheme,
                deployment.digest.as_bytes(),
                deployment.definition,
                named_digests(&deployment.plugins),
                named_digests(&deployment.tables),
                deployment.by,
                deployment.note,
                ms(at),
                deployment.evidence
            ],
            |row| row.get(0),
        )?;
    work.notice();
    Ok(Some(uint(id)?))
}

pub(super) fn go_back(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    expected: u64,
    deployment: &NewDeployment,
    again: &Again,
    at: DateTime<Utc>,
) -> Step<Option<WentBack>> {
    let Some(id) = activate_over(work, scheme, Some(expected), deployment, at)? else {
        return Ok(None);
    };
    let (mut refused, mut unsent) = (0, 0);
    for left in &again.refused_by {
        refused += remap_refused(work, scheme, *left)? as u64;
    }
    for left in &again.unsent_of {
        unsent += remap_unsent(work, scheme, *left)? as u64;
    }
    Ok(Some(WentBack { id, refused, unsent }))
}

/// The number of the active deployment.
pub(super) fn active_id(sql: &Connection, scheme: SchemeId) -> Step<Option<u64>> {
    let id: Option<i64> = sql
        .prepare_cached("SELECT id FROM deployments WHERE scheme = ?1 AND active = 1")?
        .query_row([scheme], |row| row.get(0))
        .optional()?;
    id.map(uint).transpose()
}

const DEPLOYMENT: &str =
    "SELECT id, digest, definition, plugins, tables, by, note, at, active, evidence FROM deployments";

fn deployment_of(row: &Row<'_>) -> Step<Deployment> {
    Ok(Deployment {
        id: uint(row.get(0)?)?,
        what: NewDeployment {
            digest: Digest::from_bytes(row.get(1)?),
            definition: row.get(2)?,
            plugins: digests_named(&row.get::<_, String>(3)?)?,
            tables: digests_named(&row.get::<_, String>(4)?)?,
            by: row.get(5)?,
            note: row.get(6)?,
            evidence: row.get(9)?,
        },
        at: time(row.get(7)?)?,
        active: row.get(8)?,
    })
}

pub(super) fn active(sql: &Connection, scheme: &SchemeName) -> Step<Option<Deployment>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(None);
    };
    let mut statement = sql.prepare_cached(&format!("{DEPLOYMENT} WHERE scheme = ?1 AND active = 1"))?;
    let mut rows = statement.query([scheme])?;
    rows.next()?.map(deployment_of).transpose()
}

pub(super) fn deployment(sql: &Connection, scheme: &SchemeName, id: u64) -> Step<Option<Deployment>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(None);
    };
    let mut statement = sql.prepare_cached(&format!("{DEPLOYMENT} WHERE scheme = ?1 AND id = ?2"))?;
    let mut rows = statement.query(params![scheme, int(id)])?;
    rows.next()?.map(deployment_of).transpose()
}

pub(super) fn deployments(sql: &Connection, scheme: &SchemeName, most: usize) -> Step<Vec<Deployment>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let mut statement = sql.prepare_cached(&format!("{DEPLOYMENT} WHERE scheme = ?1 ORDER BY id DESC LIMIT ?2"))?;
    let mut rows = statement.query(params![scheme, limit(most)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(deployment_of(row)?);
    }
    Ok(out)
}

pub(super) fn generation(sql: &Connection) -> Step<u64> {
    uint(
        sql.prepare_cached("SELECT value FROM meta WHERE name = 'generation'")?
            .query_row([], |row| row.get(0))?,
    )
}

pub(super) fn audit(work: &mut Work<'_>, entry: &AuditEntry) -> Step<()> {
    work.sql()
        .prepare_cached("INSERT INTO audit (at, by, command, subject) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![ms(entry.at), entry.by, entry.command, entry.subject])?;
    Ok(())
}
