//! Problems: opening (the same open one again only counts), listing, resolving.

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::problem::{ProblemKind, ProblemReport};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use rust_decimal::Decimal;

use super::fault::Step;
use super::packed::Packed;
use super::values::{decimal_or_none, int, limit, ms, problem_kind, text, time, time_or_none, uint};
use super::work::{SchemeId, Work, scheme_id};
use crate::reports::limit_of;
use crate::rows::{ProblemFilter, ProblemRow};

/// What a problem is about.
pub(super) struct About<'a> {
    pub(super) scheme: SchemeId,
    pub(super) group: &'a str,
    pub(super) delivery_key: Option<&'a str>,
    pub(super) amount: Option<Decimal>,
    pub(super) body: Option<&'a Packed>,
}

/// Opens a problem or sees it again; answers its number. The caller touches the group.
pub(super) fn open(work: &mut Work<'_>, about: &About<'_>, report: &ProblemReport, at: i64) -> Step<u64> {
    let fingerprint = report.fingerprint();
    let sql = work.sql();
    let same: Option<(i64, Option<String>)> = sql
        .prepare_cached(
            "SELECT id, amount FROM problems
             WHERE scheme = ?1 AND group_key = ?2 AND kind = ?3 AND fingerprint = ?4
               AND coalesce(delivery_key, '') = coalesce(?5, '') AND resolved_at IS NULL",
        )?
        .query_row(
            params![
                about.scheme,
                about.group,
                report.kind.word(),
                fingerprint,
                about.delivery_key
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let hash = about.body.map(|body| body.hash.as_bytes());
    let body = about.body.map(|body| &body.bytes);
    let id = if let Some((id, amount)) = same {
        sql.prepare_cached(
            "UPDATE problems SET seen_at = ?2, times = times + 1, message = ?3, path = ?4, details = ?5, amount = ?6,
                    body_hash = ?7, body = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            at,
            report.message,
            report.path,
            report.details,
            text(about.amount),
            hash,
            body
        ])?;
        work.problem(about.scheme, report.kind, -1, decimal_or_none(amount)?);
        id
    } else {
        sql.prepare_cached(
            "INSERT INTO problems (scheme, group_key, delivery_key, kind, fingerprint, code, message, path, details,
                                   amount, body_hash, body, opened_at, seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13) RETURNING id",
        )?
        .query_row(
            params![
                about.scheme,
                about.group,
                about.delivery_key,
                report.kind.word(),
                fingerprint,
                report.code,
                report.message,
                report.path,
                report.details,
                text(about.amount),
                hash,
                body,
                at
            ],
            |row| row.get(0),
        )?
    };
    work.problem(about.scheme, report.kind, 1, about.amount);
    uint(id)
}

/// Which open problems to close.
pub(super) enum Which<'a> {
    /// Of a group's verdict: rejected, failed, re-issued; but not one that says the same.
    Verdict {
        group: &'a str,
        except: Option<(ProblemKind, String)>,
    },
    /// Of a delivery, of these kinds.
    Delivery { key: &'a str, kinds: &'a [ProblemKind] },
    /// One.
    Id(u64),
}

/// Who closes problems, and why.
pub(super) struct Closing<'a> {
    pub(super) by: &'a str,
    pub(super) note: &'a str,
    pub(super) at: i64,
}

/// Closes open problems; answers how many. Touches the groups whose key they carry.
pub(super) fn close(work: &mut Work<'_>, scheme: SchemeId, which: &Which<'_>, closing: &Closing<'_>) -> Step<usize> {
    let sql = work.sql();
    let found: Vec<(i64, String, String, Option<String>, String)> = {
        const OPEN: &str =
            "SELECT id, group_key, kind, amount, fingerprint FROM problems WHERE resolved_at IS NULL AND scheme = ?1";
        let (mut statement, value) = match which {
            Which::Verdict { group, .. } => (
                sql.prepare_cached(&format!(
                    "{OPEN} AND group_key = ?2 AND kind IN ('rejected', 'failed', 'reissued')"
                ))?,
                Value::from((*group).to_owned()),
            ),
            Which::Delivery { key, .. } => (
                sql.prepare_cached(&format!("{OPEN} AND delivery_key = ?2"))?,
                Value::from((*key).to_owned()),
            ),
            Which::Id(id) => (
                sql.prepare_cached(&format!("{OPEN} AND id = ?2"))?,
                Value::from(int(*id)),
            ),
        };
        let rows = statement.query_map(params![scheme, value], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        rows.collect::<Result<_, _>>()?
    };
    let mut closed = 0;
    for (id, group, kind, amount, fingerprint) in found {
        let kind = problem_kind(&kind)?;
        let kept = match which {
            Which::Verdict { except, .. } => except.as_ref().is_some_and(|(k, f)| *k == kind && *f == fingerprint),
            Which::Delivery { kinds, .. } => !kinds.contains(&kind),
            Which::Id(_) => false,
        };
        if kept {
            continue;
        }
        work.sql()
            .prepare_cached("UPDATE problems SET resolved_at = ?2, resolved_by = ?3, note = ?4 WHERE id = ?1")?
            .execute(params![id, closing.at, closing.by, closing.note])?;
        work.problem(scheme, kind, -1, decimal_or_none(amount)?);
        work.touch_key(scheme, &group)?;
        closed += 1;
    }
    Ok(closed)
}

/// By a person.
pub(super) fn resolve(work: &mut Work<'_>, scheme: &SchemeName, ids: &[u64], closing: &Closing<'_>) -> Step<usize> {
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let mut closed = 0;
    for id in ids {
        closed += close(work, scheme, &Which::Id(*id), closing)?;
        touch_borrowers(work, scheme, *id)?;
    }
    if closed > 0 {
        work.notice();
    }
    Ok(closed)
}

/// Groups of other schemes that borrow the delivery of a problem stand with it.
fn touch_borrowers(work: &mut Work<'_>, scheme: SchemeId, id: u64) -> Step<()> {
    let deliveries: Vec<(i64, i64)> = {
        let mut statement = work.sql().prepare_cached(
            "SELECT d.id, d.group_id FROM problems p
             JOIN groups g ON g.scheme = p.scheme AND g.key = p.group_key
             JOIN deliveries d ON d.group_id = g.id AND d.key = p.delivery_key
             WHERE p.id = ?1 AND p.scheme = ?2",
        )?;
        let rows = statement.query_map(params![int(id), scheme], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    for (delivery, group) in deliveries {
        work.touch_delivery(delivery, group)?;
    }
    Ok(())
}

pub(super) const PROBLEM: &str = "SELECT p.id, s.tenant, s.name, p.kind, p.fingerprint, p.code, p.message, p.path,
    p.details, p.group_key, p.delivery_key, p.amount, p.opened_at, p.seen_at, p.resolved_at, p.resolved_by, p.note
    FROM problems p JOIN schemes s ON s.id = p.scheme";

pub(super) fn problem_of(row: &Row<'_>) -> Step<ProblemRow> {
    let resolved: Option<DateTime<Utc>> = time_or_none(row.get(14)?)?;
    Ok(ProblemRow {
        id: uint(row.get(0)?)?,
        scheme: SchemeName::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?),
        kind: problem_kind(&row.get::<_, String>(3)?)?,
        fingerprint: row.get(4)?,
        code: row.get(5)?,
        message: row.get(6)?,
        path: row.get(7)?,
        details: row.get(8)?,
        group: row.get(9)?,
        delivery_key: row.get(10)?,
        amount: decimal_or_none(row.get(11)?)?,
        opened_at: time(row.get(12)?)?,
        seen_at: time(row.get(13)?)?,
        resolved: match resolved {
            Some(at) => Some((at, row.get(15)?, row.get(16)?)),
            None => None,
        },
    })
}

pub(super) fn list(sql: &Connection, filter: &ProblemFilter) -> Step<Vec<ProblemRow>> {
    let mut query = format!("{PROBLEM} WHERE 1");
    let mut values: Vec<Value> = Vec::new();
    if let Some(scheme) = &filter.scheme {
        let Some(id) = scheme_id(sql, scheme)? else {
            return Ok(Vec::new());
        };
        query.push_str(" AND p.scheme = ?");
        values.push(id.into());
    }
    if let Some(fingerprint) = &filter.fingerprint {
        query.push_str(" AND p.fingerprint = ?");
        values.push(fingerprint.clone().into());
    }
    if !filter.ids.is_empty() {
        let marks = vec!["?"; filter.ids.len()].join(", ");
        query.push_str(&format!(" AND p.id IN ({marks})"));
        values.extend(filter.ids.iter().map(|id| Value::from(int(*id))));
    }
    if let Some(key) = &filter.key {
        query.push_str(
            " AND (p.group_key = ? OR p.delivery_key = ? OR p.group_key =
                   (SELECT g.key FROM records r JOIN groups g ON g.id = r.group_id
                    WHERE r.scheme = p.scheme AND r.key = ?))",
        );
        values.extend(std::iter::repeat_n(Value::from(key.clone()), 3));
    }
    if !filter.resolved_too {
        query.push_str(" AND p.resolved_at IS NULL");
    }
    query.push_str(" ORDER BY p.id DESC LIMIT ?");
    values.push(limit(limit_of(filter.limit)).into());
    let mut statement = sql.prepare(&query)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(problem_of(row)?);
    }
    Ok(out)
}

/// A closing by the store itself.
pub(super) fn by_itself(note: &'static str, at: DateTime<Utc>) -> Closing<'static> {
    Closing {
        by: crate::reports::BY_ITSELF,
        note,
        at: ms(at),
    }
}
