//! What was mapped, to be mapped again: stored groups in pages, what each deployment's chain decided, and the outcomes
//! that are remembered by recipe. Reads are one page each, so that no snapshot stays open over a whole replay.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Step;
use super::transform::{MEMBERS, members};
use super::values::{int, limit, ms, uint};
use super::work::{GroupId, SchemeId, Work, scheme_id};
use crate::rows::{Settled, Settlement, Span, StoredGroup, VerdictCounts};

/// Outcomes looked up or remembered in one transaction.
pub(super) const OUTCOMES: usize = 1000;

/// A page's groups, in the order of the index that finds them.
pub(super) const PAGE: &str = "SELECT g.id, g.key, g.state, g.deployment
    FROM (SELECT DISTINCT group_id FROM records
          WHERE scheme = ?1 AND group_id > ?2 AND received_at BETWEEN ?3 AND ?4 ORDER BY group_id LIMIT ?5) page
    CROSS JOIN groups g ON g.id = page.group_id";
/// All pages' groups.
pub(super) const COUNT: &str = "SELECT count(*) FROM (
    SELECT DISTINCT group_id FROM records WHERE scheme = ?1 AND received_at BETWEEN ?2 AND ?3)";

/// A span as two columns' bounds.
pub(super) fn bounds(span: Span) -> (i64, i64) {
    (span.from.map_or(i64::MIN, ms), span.to.map_or(i64::MAX, ms))
}

pub(super) fn stored_groups(
    sql: &Connection,
    scheme: &SchemeName,
    received: Span,
    after: u64,
    most: usize,
) -> Step<Vec<StoredGroup>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let (from, to) = bounds(received);
    let mut page = sql.prepare_cached(PAGE)?;
    let mut rows = page.query(params![scheme, int(after), from, to, limit(most)])?;
    let mut each = sql.prepare_cached(MEMBERS)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id: GroupId = row.get(0)?;
        let Some((records, shown)) = members(&mut each, id)? else {
            continue;
        };
        let state: String = row.get(2)?;
        let deployment: Option<i64> = row.get(3)?;
        out.push(StoredGroup {
            seq: uint(id)?,
            key: row.get(1)?,
            records,
            shown,
            state: match state.as_str() {
                "mapped" | "skipped" | "problem" => state,
                _ => "waiting".to_owned(),
            },
            deployment: deployment.map(uint).transpose()?,
        });
    }
    // They come in this order, but only an outer ORDER BY would promise it, and that would sort every page.
    out.sort_unstable_by_key(|group| group.seq);
    Ok(out)
}

pub(super) fn count_groups(sql: &Connection, scheme: &SchemeName, received: Span) -> Step<u64> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(0);
    };
    let (from, to) = bounds(received);
    uint(
        sql.prepare_cached(COUNT)?
            .query_row(params![scheme, from, to], |row| row.get(0))?,
    )
}

/// What the settlements of one transaction add to [`VerdictCounts`].
#[derive(Default)]
pub(super) struct Verdicts {
    deltas: BTreeMap<(u64, &'static str), (i64, i64)>,
}

impl Verdicts {
    /// One that was settled.
    pub(super) fn count(&mut self, settlement: &Settlement) {
        let word = match &settlement.outcome {
            Settled::Mapped { .. } => "mapped",
            Settled::Skipped(_) => "skipped",
            Settled::Problem(report) => match report.kind {
                ProblemKind::Rejected => "rejected",
                ProblemKind::Failed => "failed",
                _ => return,
            },
        };
        let (count, fuel) = self.deltas.entry((settlement.deployment, word)).or_default();
        *count += 1;
        *fuel = fuel.saturating_add(int(settlement.fuel));
    }

    /// Writes them.
    pub(super) fn finish(self, sql: &Connection, scheme: SchemeId) -> Step<()> {
        for ((deployment, word), (count, fuel)) in self.deltas {
            sql.prepare_cached(
                "INSERT INTO verdicts (scheme, deployment, word, count, fuel) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (scheme, deployment, word)
                 DO UPDATE SET count = count + ?4, fuel = fuel + min(?5, 9223372036854775807 - fuel)",
            )?
            .execute(params![scheme, int(deployment), word, count, fuel])?;
        }
        Ok(())
    }
}

pub(super) fn verdict_counts(sql: &Connection, scheme: &SchemeName, deployment: u64) -> Step<VerdictCounts> {
    let mut counts = VerdictCounts::default();
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(counts);
    };
    let mut statement =
        sql.prepare_cached("SELECT word, count, fuel FROM verdicts WHERE scheme = ?1 AND deployment = ?2")?;
    let mut rows = statement.query(params![scheme, int(deployment)])?;
    while let Some(row) = rows.next()? {
        let word = row.get_ref(0)?;
        let count = match word.as_str().map_err(rusqlite::Error::from)? {
            "mapped" => &mut counts.mapped,
            "skipped" => &mut counts.skipped,
            "rejected" => &mut counts.rejected,
            _ => &mut counts.failed,
        };
        *count = uint(row.get(1)?)?;
        counts.fuel = counts.fuel.saturating_add(uint(row.get(2)?)?);
    }
    Ok(counts)
}

pub(super) fn known_outcomes(sql: &Connection, recipes: &[Digest]) -> Step<Vec<Option<(Digest, u64)>>> {
    let mut statement = sql.prepare_cached("SELECT outcome, fuel FROM outcomes WHERE recipe = ?1")?;
    let mut out = Vec::with_capacity(recipes.len());
    for recipe in recipes {
        let known: Option<([u8; 32], i64)> = statement
            .query_row([recipe.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        out.push(match known {
            Some((outcome, fuel)) => Some((Digest::from_bytes(outcome), uint(fuel)?)),
            None => None,
        });
    }
    Ok(out)
}

/// Remembers a page of outcomes and forgets the oldest beyond `most`.
pub(super) fn remember_outcomes(
    work: &mut Work<'_>,
    outcomes: &[(Digest, Digest, u64)],
    at: DateTime<Utc>,
    most: u64,
) -> Step<()> {
    let sql = work.sql();
    {
        let mut statement = sql.prepare_cached(
            "INSERT INTO outcomes (recipe, outcome, fuel, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (recipe) DO UPDATE SET outcome = ?2, fuel = ?3
                 WHERE outcome <> ?2 OR fuel <> ?3",
        )?;
        for (recipe, outcome, fuel) in outcomes {
            statement.execute(params![recipe.as_bytes(), outcome.as_bytes(), int(*fuel), ms(at)])?;
        }
    }
    // Numbers rise by one with every new row, so the highest says how many there are.
    sql.prepare_cached("DELETE FROM outcomes WHERE id <= (SELECT max(id) FROM outcomes) - ?1")?
        .execute([int(most)])?;
    Ok(())
}
