//! One scheme at a glance, read from what the transactions keep counted; and the recount that proves it.

use std::collections::BTreeMap;

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::Decimal;

use super::fault::Step;
use super::values::{decimal, decimal_or_none, delivery_state, problem_kind, time_or_none, uint};
use super::work::{SchemeId, Standing, scheme_id};
use crate::STATES;
use crate::reports::plus;
use crate::rows::{Overview, Tally};

/// Family and word to count, records and money.
type Tallies = BTreeMap<(String, String), (i64, i64, Decimal)>;

pub(super) fn schemes(sql: &Connection) -> Step<Vec<SchemeName>> {
    let mut statement = sql.prepare_cached("SELECT tenant, name FROM schemes ORDER BY tenant, name")?;
    let rows = statement.query_map([], |row| {
        Ok(SchemeName::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn overview(sql: &Connection, scheme: &SchemeName) -> Step<Overview> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Overview::default());
    };
    let mut overview = Overview::default();
    let tallies = stored(sql, scheme)?;
    let tally = |family: &str, word: &str| -> Step<Option<(Tally, Tally)>> {
        let Some((count, records, amount)) = tallies.get(&(family.to_owned(), word.to_owned())) else {
            return Ok(None);
        };
        let amount = *amount;
        let (count, records) = (uint(*count)?, uint(*records)?);
        Ok((count > 0).then_some((Tally { count, amount }, Tally { count: records, amount })))
    };
    for state in STATES {
        let Some((groups, records)) = tally("standing", state)? else {
            continue;
        };
        overview.records.count += records.count;
        overview.records.amount = plus(overview.records.amount, Some(records.amount));
        overview.states.push((state.to_owned(), records));
        match state {
            "waiting" => overview.untransformed = groups,
            "skipped" => overview.skipped = groups,
            _ => {}
        }
    }
    for state in DeliveryState::ALL {
        if let Some((deliveries, _)) = tally("delivery", state.word())? {
            overview.deliveries.push((state, deliveries));
        }
    }
    for kind in ProblemKind::ALL {
        if let Some((problems, _)) = tally("problem", kind.word())? {
            overview.problems.push((kind, problems));
        }
    }
    overview.adopted = tally("adopted", "adopted")?.map_or(0, |(adopted, _)| adopted.count);
    let mut oldest: Option<i64> = None;
    for state in ["queued", "claimed", "sending", "unknown"] {
        let first: Option<i64> = sql
            .prepare_cached("SELECT min(queued_at) FROM deliveries WHERE scheme = ?1 AND state = ?2")?
            .query_row(params![scheme, state], |row| row.get(0))?;
        oldest = oldest.into_iter().chain(first).min();
    }
    overview.oldest_moving = time_or_none(oldest)?;
    let (mark, last_delivery): (Option<i64>, Option<i64>) = sql
        .prepare_cached("SELECT mark, last_delivery_at FROM schemes WHERE id = ?1")?
        .query_row([scheme], |row| Ok((row.get(0)?, row.get(1)?)))?;
    overview.mark = time_or_none(mark)?;
    overview.last_delivery = time_or_none(last_delivery)?;
    let last_pull: Option<i64> = sql
        .prepare_cached(
            "SELECT closed_at FROM windows WHERE scheme = ?1 AND closed_at IS NOT NULL ORDER BY id DESC LIMIT 1",
        )?
        .query_row([scheme], |row| row.get(0))
        .optional()?;
    overview.last_pull = time_or_none(last_pull)?;
    Ok(overview)
}

fn stored(sql: &Connection, scheme: SchemeId) -> Step<Tallies> {
    let mut statement =
        sql.prepare_cached("SELECT family, word, count, records, amount FROM tallies WHERE scheme = ?1")?;
    let mut rows = statement.query([scheme])?;
    let mut out = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let amount: String = row.get(4)?;
        let (count, records): (i64, i64) = (row.get(2)?, row.get(3)?);
        if (count, records) != (0, 0) {
            out.insert((row.get(0)?, row.get(1)?), (count, records, decimal(&amount)?));
        }
    }
    Ok(out)
}

/// What is counted but not what the rows say, one line each; empty when all is well. Reads every row: for `doctor` and
/// tests.
pub(super) fn recount(sql: &Connection) -> Step<Vec<String>> {
    let mut wrong = Vec::new();
    let ids: Vec<SchemeId> = {
        let mut statement = sql.prepare("SELECT id FROM schemes")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for scheme in ids {
        let mut counted: Tallies = BTreeMap::new();
        let mut add = |family: &str, word: &str, records: i64, amount: Option<Decimal>| {
            let entry = counted.entry((family.to_owned(), word.to_owned())).or_default();
            *entry = (entry.0 + 1, entry.1 + records, plus(entry.2, amount));
        };
        let mut groups = sql.prepare("SELECT id, standing FROM groups WHERE scheme = ?1")?;
        let mut rows = groups.query([scheme])?;
        while let Some(row) = rows.next()? {
            let group: i64 = row.get(0)?;
            let standing = Standing::of(sql, group)?;
            if standing.word != row.get::<_, Option<String>>(1)?.as_deref() {
                wrong.push(format!("scheme {scheme}: group {group} stands as {:?}", standing.word));
            }
            if let Some(word) = standing.word {
                add("standing", word, standing.members, Some(standing.amount));
            }
        }
        let mut deliveries =
            sql.prepare("SELECT state, amount, adopted FROM deliveries WHERE scheme = ?1 AND state <> 'withdrawn'")?;
        let mut rows = deliveries.query([scheme])?;
        while let Some(row) = rows.next()? {
            let state = delivery_state(&row.get::<_, String>(0)?)?;
            add("delivery", state.word(), 0, decimal_or_none(row.get(1)?)?);
            if row.get(2)? {
                add("adopted", "adopted", 0, None);
            }
        }
        let mut problems =
            sql.prepare("SELECT kind, amount FROM problems WHERE scheme = ?1 AND resolved_at IS NULL")?;
        let mut rows = problems.query([scheme])?;
        while let Some(row) = rows.next()? {
            let kind = problem_kind(&row.get::<_, String>(0)?)?;
            add("problem", kind.word(), 0, decimal_or_none(row.get(1)?)?);
        }
        uncounted(sql, scheme, &mut wrong)?;
        let stored = stored(sql, scheme)?;
        for key in counted.keys().chain(stored.keys()) {
            if counted.get(key) != stored.get(key) {
                wrong.push(format!(
                    "scheme {scheme}: {} {} is {:?}, counted {:?}",
                    key.0,
                    key.1,
                    stored.get(key),
                    counted.get(key)
                ));
            }
        }
    }
    Ok(wrong)
}

/// Every group that stands as mapped or skipped by a deployment was counted when that verdict was settled.
fn uncounted(sql: &Connection, scheme: SchemeId, wrong: &mut Vec<String>) -> Step<()> {
    let mut groups = sql.prepare(
        "SELECT deployment, state, count(*) FROM groups
         WHERE scheme = ?1 AND deployment IS NOT NULL AND state IN ('mapped', 'skipped') GROUP BY deployment, state",
    )?;
    let mut rows = groups.query([scheme])?;
    while let Some(row) = rows.next()? {
        let (deployment, word, stand): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let counted: Option<i64> = sql
            .prepare_cached("SELECT count FROM verdicts WHERE scheme = ?1 AND deployment = ?2 AND word = ?3")?
            .query_row(params![scheme, deployment, word], |row| row.get(0))
            .optional()?;
        if counted.unwrap_or(0) < stand {
            wrong.push(format!(
                "scheme {scheme}: {stand} groups are {word} by deployment {deployment}, counted {counted:?}"
            ));
        }
    }
    Ok(())
}
