//! A tenant's end: every row of its schemes and targets, and bytes that nothing else names, in one transaction and
//! overwritten with zeros in the file. Old pages may stay in the write-ahead log until it is used again or the last
//! process closes the file, and in pages that were freed earlier, or written before this step of the program, until they
//! are used again; what the file system, its snapshots or backups keep is out of reach.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};

use super::deployments::audit;
use super::fault::Step;
use super::open::OVERWRITING;
use super::values::uint;
use super::work::{GroupId, SchemeId, Work};
use crate::erasure;
use crate::rows::{Erased, ErasedRows};

/// Rows that hang on a scheme's deliveries, groups and records.
const HANGING: [&str; 6] = [
    "DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE scheme = ?1)",
    "DELETE FROM payloads WHERE delivery IN (SELECT id FROM deliveries WHERE scheme = ?1)",
    "DELETE FROM borrowed WHERE delivery IN (SELECT id FROM deliveries WHERE scheme = ?1)",
    "DELETE FROM borrowed WHERE group_id IN (SELECT id FROM groups WHERE scheme = ?1)",
    "DELETE FROM revisions WHERE record IN (SELECT id FROM records WHERE scheme = ?1)",
    "DELETE FROM aliases WHERE scheme = ?1",
];
/// Rows that name the scheme and are not counted.
const NAMING: [&str; 6] = [
    "DELETE FROM windows WHERE scheme = ?1",
    "DELETE FROM fires WHERE scheme = ?1",
    "DELETE FROM tallies WHERE scheme = ?1",
    "DELETE FROM verdicts WHERE scheme = ?1",
    "DELETE FROM acceptances WHERE scheme = ?1",
    "DELETE FROM shadows WHERE scheme = ?1",
];

pub(super) fn erase_tenant(work: &mut Work<'_>, tenant: &str, at: DateTime<Utc>, by: &str) -> Step<Erased> {
    let sql = work.sql();
    let schemes = schemes_of(sql, tenant)?;
    let mut count = 0;
    for (scheme, _) in &schemes {
        count += moving(sql, *scheme)?;
    }
    if count > 0 {
        return Ok(Erased::Moving { count });
    }
    let mut named = BTreeSet::new();
    for (scheme, _) in &schemes {
        named_by(sql, Some(*scheme), &mut named)?;
        for group in borrowers(sql, *scheme)? {
            work.touch(group);
        }
    }
    let mut rows = ErasedRows::default();
    {
        let _thorough = Thorough::begin(sql)?;
        for (scheme, _) in &schemes {
            wipe(sql, *scheme, &mut rows)?;
        }
        // A target that another tenant's scheme delivered to would stay; no host makes such a one.
        sql.prepare_cached("DELETE FROM targets WHERE tenant = ?1 AND id NOT IN (SELECT target FROM deliveries)")?
            .execute([tenant])?;
        let mut kept = BTreeSet::new();
        named_by(sql, None, &mut kept)?;
        for digest in named.difference(&kept) {
            rows.blobs += sql
                .prepare_cached("DELETE FROM blobs WHERE digest = ?1")?
                .execute([digest.as_bytes()])? as u64;
        }
        let names: Vec<SchemeName> = schemes.into_iter().map(|(_, name)| name).collect();
        forget_subjects(sql, tenant, &names)?;
    }
    audit(work, &erasure::entry(tenant, &rows, at, by))?;
    work.notice();
    Ok(Erased::Done(rows))
}

fn wipe(sql: &Connection, scheme: SchemeId, rows: &mut ErasedRows) -> Step<()> {
    let delete = |statement: &str| -> Step<u64> { Ok(sql.prepare_cached(statement)?.execute([scheme])? as u64) };
    for statement in HANGING {
        delete(statement)?;
    }
    rows.deliveries += delete("DELETE FROM deliveries WHERE scheme = ?1")?;
    rows.records += delete("DELETE FROM records WHERE scheme = ?1")?;
    rows.groups += delete("DELETE FROM groups WHERE scheme = ?1")?;
    rows.problems += delete("DELETE FROM problems WHERE scheme = ?1")?;
    rows.deployments += delete("DELETE FROM deployments WHERE scheme = ?1")?;
    for statement in NAMING {
        delete(statement)?;
    }
    rows.schemes += delete("DELETE FROM schemes WHERE id = ?1")?;
    Ok(())
}

fn schemes_of(sql: &Connection, tenant: &str) -> Step<Vec<(SchemeId, SchemeName)>> {
    let mut statement = sql.prepare_cached("SELECT id, tenant, name FROM schemes WHERE tenant = ?1")?;
    let rows = statement.query_map([tenant], |row| {
        let name = SchemeName::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?);
        Ok((row.get(0)?, name))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn moving(sql: &Connection, scheme: SchemeId) -> Step<u64> {
    uint(
        sql.prepare_cached(
            "SELECT count(*) FROM deliveries WHERE scheme = ?1 AND state IN ('claimed', 'sending', 'unknown')",
        )?
        .query_row([scheme], |row| row.get(0))?,
    )
}

/// Groups of other schemes that a delivery of this one carries a document for: they stand otherwise without it.
fn borrowers(sql: &Connection, scheme: SchemeId) -> Step<Vec<GroupId>> {
    let mut statement = sql.prepare_cached(
        "SELECT DISTINCT g.id FROM borrowed b JOIN deliveries d ON d.id = b.delivery
         JOIN groups g ON g.id = b.group_id JOIN schemes s ON s.id = g.scheme
         WHERE d.scheme = ?1 AND s.tenant <> (SELECT tenant FROM schemes WHERE id = ?1)",
    )?;
    let rows = statement.query_map([scheme], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Digests that a scheme's deployments and shadows name, or all schemes', and the rollouts.
fn named_by(sql: &Connection, scheme: Option<SchemeId>, named: &mut BTreeSet<Digest>) -> Step<()> {
    for query in [
        "SELECT plugins || ' ' || tables || ' ' || definition || ' ' || evidence FROM deployments
         WHERE scheme = ?1 OR ?1 IS NULL",
        "SELECT body FROM shadows WHERE scheme = ?1 OR ?1 IS NULL",
        "SELECT body FROM rollouts WHERE ?1 IS NULL",
    ] {
        let mut statement = sql.prepare_cached(query)?;
        let mut rows = statement.query(params![scheme])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?;
            erasure::named_in(text.as_str().map_err(rusqlite::Error::from)?, named);
        }
    }
    Ok(())
}

fn forget_subjects(sql: &Connection, tenant: &str, schemes: &[SchemeName]) -> Step<()> {
    let mut own: Vec<i64> = Vec::new();
    {
        let mut statement = sql.prepare_cached("SELECT id, subject FROM audit")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let subject = row.get_ref(1)?;
            if erasure::speaks_of(subject.as_str().map_err(rusqlite::Error::from)?, tenant, schemes) {
                own.push(row.get(0)?);
            }
        }
    }
    let instead = erasure::instead(tenant);
    for id in own {
        sql.prepare_cached("UPDATE audit SET subject = ?2 WHERE id = ?1")?
            .execute(params![id, instead])?;
    }
    Ok(())
}

/// While it lives, the connection overwrites what it deletes, and does not check references: that would search tables
/// without an index for it, once for every row, and what is deleted here is complete. Afterwards all is as before, also
/// when the erasing fails.
struct Thorough<'c> {
    sql: &'c Connection,
}

impl<'c> Thorough<'c> {
    fn begin(sql: &'c Connection) -> Step<Self> {
        let thorough = Self { sql };
        thorough.set(true)?;
        Ok(thorough)
    }

    fn set(&self, thorough: bool) -> rusqlite::Result<()> {
        self.sql
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, !thorough)?;
        let overwriting = if thorough { "ON" } else { OVERWRITING };
        self.sql
            .pragma_update_and_check(None, "secure_delete", overwriting, |_| Ok(()))
    }
}

impl Drop for Thorough<'_> {
    fn drop(&mut self) {
        // Setting flags of the connection cannot fail.
        let _ = self.set(false);
    }
}
