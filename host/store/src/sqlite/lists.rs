//! Lists of records and deliveries.

use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::fault::Step;
use super::packed::unpack_text;
use super::values::{decimal_or_none, delivery_state, limit, shown, time, time_or_none, uint, uint32};
use super::work::{SchemeId, scheme_id};
use crate::reports::limit_of;
use crate::rows::{DeliveryFilter, DeliveryRow, RecordFilter, RecordRow};

pub(super) const RECORD: &str = "SELECT s.tenant, s.name, r.key, r.revision, g.standing, r.amount, r.quantity, r.date,
    r.columns, r.received_at, r.id, r.group_id";

pub(super) fn record_of(row: &Row<'_>) -> Step<RecordRow> {
    Ok(RecordRow {
        scheme: SchemeName::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
        key: row.get(2)?,
        revision: uint(row.get(3)?)?,
        state: row.get(4)?,
        shown: shown(row.get(5)?, row.get(6)?, row.get(7)?, &row.get::<_, String>(8)?)?,
        received_at: time(row.get(9)?)?,
    })
}

/// A state that fewer groups than this share of all are in is read from the groups' side.
const RARE: i64 = 10;

pub(super) fn records(sql: &Connection, filter: &RecordFilter) -> Step<Vec<RecordRow>> {
    let scheme = match &filter.scheme {
        None => None,
        Some(name) => match scheme_id(sql, name)? {
            Some(id) => Some(id),
            None => return Ok(Vec::new()),
        },
    };
    let from_groups = match (&filter.state, scheme) {
        (Some(state), Some(scheme)) => rare(sql, scheme, state)?,
        _ => false,
    };
    // CROSS JOIN fixes the order: newest records first and their groups beside them, or the few groups and their records.
    let mut query = RECORD.to_owned();
    query.push_str(if from_groups {
        " FROM groups g CROSS JOIN records r ON r.group_id = g.id JOIN schemes s ON s.id = g.scheme WHERE 1"
    } else {
        " FROM records r CROSS JOIN groups g ON g.id = r.group_id JOIN schemes s ON s.id = r.scheme WHERE 1"
    });
    let mut values: Vec<Value> = Vec::new();
    if let Some(scheme) = scheme {
        query.push_str(if from_groups {
            " AND g.scheme = ?"
        } else {
            " AND r.scheme = ?"
        });
        values.push(scheme.into());
    }
    if let Some(state) = &filter.state {
        query.push_str(" AND g.standing = ?");
        values.push(state.clone().into());
    }
    if let Some(matching) = &filter.matching {
        query.push_str(" AND instr(r.key, ?) > 0");
        values.push(matching.clone().into());
    }
    query.push_str(" ORDER BY r.received_at DESC, r.id DESC LIMIT ?");
    values.push(limit(limit_of(filter.limit)).into());
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(record_of(row)?);
    }
    Ok(out)
}

fn rare(sql: &Connection, scheme: SchemeId, state: &str) -> Step<bool> {
    let (these, all): (Option<i64>, Option<i64>) = sql
        .prepare_cached(
            "SELECT sum(CASE WHEN word = ?2 THEN count ELSE 0 END), sum(count) FROM tallies
             WHERE scheme = ?1 AND family = 'standing'",
        )?
        .query_row(params![scheme, state], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(these.unwrap_or(0).saturating_mul(RARE) < all.unwrap_or(0))
}

pub(super) const DELIVERY: &str = "SELECT d.id, s.tenant, s.name, t.tenant, t.account, t.api, g.key, d.key, d.state,
    p.hash, p.body, d.attempts, d.run_at, d.ask_at, d.reason, d.reference, d.adopted, d.queued_at, d.delivered_at,
    d.amount, d.recipe, d.deployment
    FROM deliveries d JOIN schemes s ON s.id = d.scheme JOIN targets t ON t.id = d.target
    JOIN groups g ON g.id = d.group_id JOIN payloads p ON p.delivery = d.id";

pub(super) fn delivery_of(row: &Row<'_>) -> Step<DeliveryRow> {
    let key: String = row.get(7)?;
    let state = delivery_state(&row.get::<_, String>(8)?)?;
    let hash: [u8; 32] = row.get(9)?;
    let packed = row.get_ref(10)?;
    let packed = packed.as_blob().map_err(rusqlite::Error::from)?;
    let body = unpack_text(packed, &hash, || format!("delivery {key}"))?;
    let due_at = match state {
        DeliveryState::Queued => Some(time(row.get(12)?)?),
        DeliveryState::Unknown => time_or_none(row.get(13)?)?,
        _ => None,
    };
    Ok(DeliveryRow {
        id: uint(row.get(0)?)?,
        scheme: SchemeName::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?),
        target: TargetName {
            tenant: row.get(3)?,
            account: row.get(4)?,
            api: row.get(5)?,
        },
        group: row.get(6)?,
        key,
        state,
        body,
        attempts: uint32(row.get(11)?)?,
        due_at,
        reason: row.get(14)?,
        reference: row.get(15)?,
        adopted: row.get(16)?,
        queued_at: time(row.get(17)?)?,
        delivered_at: time_or_none(row.get(18)?)?,
        amount: decimal_or_none(row.get(19)?)?,
        recipe: Digest::from_bytes(row.get(20)?),
        deployment: row.get::<_, Option<i64>>(21)?.map(uint).transpose()?,
    })
}

/// One delivery.
pub(super) fn delivery(sql: &Connection, id: i64) -> Step<Option<DeliveryRow>> {
    let mut statement = sql.prepare_cached(&format!("{DELIVERY} WHERE d.id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(delivery_of).transpose()
}

pub(super) fn deliveries(sql: &Connection, filter: &DeliveryFilter) -> Step<Vec<DeliveryRow>> {
    let schemes: Vec<SchemeId> = match &filter.scheme {
        Some(name) => scheme_id(sql, name)?.into_iter().collect(),
        None => {
            let mut statement = sql.prepare_cached("SELECT id FROM schemes")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        }
    };
    let wanted = |state: &DeliveryState| match filter.states.as_slice() {
        [] => *state != DeliveryState::Delivered,
        states => states.contains(state),
    };
    let most = limit_of(filter.limit);
    // Each scheme and state in its index's order; then the oldest of all.
    let mut oldest: Vec<(i64, i64)> = Vec::new();
    for scheme in schemes {
        for state in DeliveryState::ALL.iter().filter(|state| wanted(state)) {
            let mut statement = sql.prepare_cached(
                "SELECT queued_at, id FROM deliveries WHERE scheme = ?1 AND state = ?2
                 ORDER BY queued_at, id LIMIT ?3",
            )?;
            let rows = statement.query_map(params![scheme, state.word(), limit(most)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            for row in rows {
                oldest.push(row?);
            }
        }
    }
    oldest.sort_unstable();
    oldest.truncate(most);
    let mut out = Vec::with_capacity(oldest.len());
    for (_, id) in oldest {
        out.extend(delivery(sql, id)?);
    }
    Ok(out)
}

/// The delivery of the scheme with this key, if one is there.
pub(super) fn delivery_with_key(sql: &Connection, scheme: SchemeId, key: &str) -> Step<Option<i64>> {
    Ok(sql
        .prepare_cached(
            "SELECT d.id FROM targets t CROSS JOIN deliveries d ON d.target = t.id
             WHERE d.key = ?2 AND d.scheme = ?1 AND d.state <> 'withdrawn' ORDER BY d.id LIMIT 1",
        )?
        .query_row(params![scheme, key], |row| row.get(0))
        .optional()?)
}
