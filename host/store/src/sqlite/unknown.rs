//! What is not known: look-ups, the document they are proved by, what a dead process left, and a person's word.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, OptionalExtension, params};

use super::deliver::{Guarded, claimed_delivery, guarded_of, unclaim};
use super::fault::Step;
use super::packed::unpack_text;
use super::problems::{Closing, Which, close};
use super::values::{int, limit, ms, time, time_or_none};
use super::work::{TargetId, Work, scheme_id, target_id};
use crate::reports::ENDED_WHILE_SENDING;
use crate::rows::{ClaimedDelivery, ControlDelivery, HandVerdict, Owner, Recovered};

pub(super) fn claim_lookups(
    work: &mut Work<'_>,
    target: &TargetName,
    most: usize,
    now: DateTime<Utc>,
) -> Step<Vec<ClaimedDelivery>> {
    let sql = work.sql();
    let Some(target) = target_id(sql, target)? else {
        return Ok(Vec::new());
    };
    let due: Vec<i64> = {
        let mut statement = sql.prepare_cached(
            "SELECT id FROM deliveries WHERE target = ?1 AND state = 'unknown' AND ask_at <= ?2
             ORDER BY ask_at, id LIMIT ?3",
        )?;
        let rows = statement.query_map(params![target, ms(now), limit(most)], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    due.into_iter()
        .map(|id| {
            sql.prepare_cached("UPDATE deliveries SET lease = lease + 1 WHERE id = ?1")?
                .execute([id])?;
            claimed_delivery(sql, id).map(|(_, _, delivery)| delivery)
        })
        .collect()
}

pub(super) fn control_for(
    sql: &Connection,
    target: &TargetName,
    since: DateTime<Utc>,
    except: &str,
) -> Step<Option<ControlDelivery>> {
    let Some(target) = target_id(sql, target)? else {
        return Ok(None);
    };
    // A person's word proves less than the target's, so what was settled by hand is not used.
    const PROVEN: &str = "SELECT d.id, d.key, d.delivered_at FROM deliveries d
        WHERE d.target = ?1 AND d.state = 'delivered' AND d.settled_by IS NULL AND d.key <> ?3";
    for rest in [
        "AND d.delivered_at >= ?2 ORDER BY d.delivered_at, d.id LIMIT 1",
        "AND d.delivered_at < ?2 ORDER BY d.delivered_at DESC, d.id DESC LIMIT 1",
    ] {
        let found: Option<(i64, String, i64)> = sql
            .prepare_cached(&format!("{PROVEN} {rest}"))?
            .query_row(params![target, ms(since), except], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        if let Some((id, key, delivered_at)) = found {
            let body = payload(sql, id, &key)?;
            return Ok(Some(ControlDelivery {
                key,
                body,
                delivered_at: time(delivered_at)?,
            }));
        }
    }
    Ok(None)
}

/// A delivery's bytes.
pub(super) fn payload(sql: &Connection, id: i64, key: &str) -> Step<String> {
    let (hash, packed): ([u8; 32], Vec<u8>) = sql
        .prepare_cached("SELECT hash, body FROM payloads WHERE delivery = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    unpack_text(&packed, &hash, || format!("delivery {key}"))
}

/// Every target, so that the caller's thread can say each one's quarantine.
pub(super) fn targets(sql: &Connection) -> Step<Vec<(TargetId, TargetName)>> {
    let mut statement = sql.prepare_cached("SELECT id, tenant, account, api FROM targets")?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get(0)?,
            TargetName {
                tenant: row.get(1)?,
                account: row.get(2)?,
                api: row.get(3)?,
            },
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn recover(work: &mut Work<'_>, owner: Owner, quarantine_ms: &HashMap<TargetId, u64>) -> Step<Recovered> {
    let mut recovered = Recovered::default();
    let left: Vec<(Guarded, TargetId)> = {
        let mut left = Vec::new();
        let mut statement = work.sql().prepare_cached(
            "SELECT d.id, d.scheme, d.group_id, d.key, d.state, d.serial, d.amount, d.target
             FROM schemes s JOIN deliveries d ON d.scheme = s.id AND d.state IN ('claimed', 'sending')
             WHERE d.owner <> ?1",
        )?;
        let mut rows = statement.query([owner])?;
        while let Some(row) = rows.next()? {
            left.push((guarded_of(row)?, row.get(7)?));
        }
        left
    };
    for (delivery, target) in left {
        if delivery.state == DeliveryState::Claimed {
            recovered.requeued += 1;
            unclaim(work, &delivery)?;
        } else {
            recovered.unknown += 1;
            let wait = quarantine_ms.get(&target).copied().unwrap_or(0);
            work.sql()
                .prepare_cached(
                    "UPDATE deliveries SET state = 'unknown', owner = NULL, ask_at = intent_at + ?2, reason = ?3
                     WHERE id = ?1",
                )?
                .execute(params![delivery.id, int(wait), ENDED_WHILE_SENDING])?;
            work.moved(
                delivery.scheme,
                Some((DeliveryState::Sending, delivery.amount)),
                Some((DeliveryState::Unknown, delivery.amount)),
            );
            work.touch_delivery(delivery.id, delivery.group)?;
        }
    }
    let groups = work
        .sql()
        .prepare_cached(
            "UPDATE groups SET state = 'waiting', owner = NULL
             WHERE id IN (SELECT g.id FROM schemes s
                          JOIN groups g ON g.scheme = s.id AND g.standing = 'waiting'
                          WHERE g.state = 'claimed' AND g.owner <> ?1)",
        )?
        .execute([owner])?;
    recovered.groups = groups as u64;
    Ok(recovered)
}

pub(super) fn hold(work: &mut Work<'_>, scheme: &SchemeName, keys: Option<&[String]>, held: bool) -> Step<usize> {
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let (from, to) = if held {
        (DeliveryState::Queued, DeliveryState::Held)
    } else {
        (DeliveryState::Held, DeliveryState::Queued)
    };
    let mut found: Vec<Guarded> = Vec::new();
    const FOUND: &str = "SELECT d.id, d.scheme, d.group_id, d.key, d.state, d.serial, d.amount FROM deliveries d";
    match keys {
        None => {
            let mut statement = work
                .sql()
                .prepare_cached(&format!("{FOUND} WHERE d.scheme = ?1 AND d.state = ?2"))?;
            let mut rows = statement.query(params![scheme, from.word()])?;
            while let Some(row) = rows.next()? {
                found.push(guarded_of(row)?);
            }
        }
        Some(keys) => {
            let mut statement = work.sql().prepare_cached(&format!(
                "{FOUND} WHERE d.scheme = ?1 AND d.state = ?2
                   AND (d.key = ?3 OR d.group_id = (SELECT id FROM groups WHERE scheme = ?1 AND key = ?3))"
            ))?;
            for key in keys {
                let mut rows = statement.query(params![scheme, from.word(), key])?;
                while let Some(row) = rows.next()? {
                    let delivery = guarded_of(row)?;
                    if found.iter().all(|other| other.id != delivery.id) {
                        found.push(delivery);
                    }
                }
            }
        }
    }
    for delivery in &found {
        work.sql()
            .prepare_cached("UPDATE deliveries SET state = ?2 WHERE id = ?1")?
            .execute(params![delivery.id, to.word()])?;
        work.moved(scheme, Some((from, delivery.amount)), Some((to, delivery.amount)));
        work.touch_delivery(delivery.id, delivery.group)?;
    }
    if !found.is_empty() {
        work.notice();
    }
    Ok(found.len())
}

pub(super) fn settle_by_hand(
    work: &mut Work<'_>,
    key: &str,
    scheme: &SchemeName,
    verdict: &HandVerdict,
    at: DateTime<Utc>,
) -> Step<bool> {
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        return Ok(false);
    };
    // An unknown one is still inside its quarantine: a document may yet arrive, so that absent is not known of it.
    let written = matches!(verdict, HandVerdict::Written { .. });
    let found: Option<Guarded> = {
        let mut statement = work.sql().prepare_cached(
            "SELECT id, scheme, group_id, key, state, serial, amount FROM deliveries
             WHERE scheme = ?1 AND key = ?2
               AND ((state = 'unknown' AND ?3)
                    OR (state = 'dead' AND dead_kind = 'unsettled'
                        AND (?3 OR EXISTS (SELECT 1 FROM problems p
                                           WHERE p.scheme = ?1 AND p.delivery_key = ?2 AND p.kind = 'unsettled'
                                             AND p.resolved_at IS NULL))))
             ORDER BY id LIMIT 1",
        )?;
        let mut rows = statement.query(params![scheme, key, written])?;
        rows.next()?.map(guarded_of).transpose()?
    };
    let Some(delivery) = found else { return Ok(false) };
    let (state, by, note) = match verdict {
        HandVerdict::Written { number, by } => {
            work.sql()
                .prepare_cached(
                    "UPDATE deliveries SET state = 'delivered', lease = lease + 1, ask_at = NULL, dead_kind = NULL,
                            duplicate = 0, reason = NULL, reference = ?2, settled_by = ?3, delivered_at = ?4
                     WHERE id = ?1",
                )?
                .execute(params![delivery.id, number, by, ms(at)])?;
            work.delivered(scheme, ms(at));
            (DeliveryState::Delivered, by, format!("written: {number}"))
        }
        HandVerdict::Absent { by } => {
            work.sql()
                .prepare_cached(
                    "UPDATE deliveries SET state = 'queued', lease = lease + 1, ask_at = NULL, dead_kind = NULL,
                            duplicate = 0, reason = NULL, run_at = ?2
                     WHERE id = ?1",
                )?
                .execute(params![delivery.id, ms(at)])?;
            (DeliveryState::Queued, by, "absent".to_owned())
        }
    };
    let which = Which::Delivery {
        key,
        kinds: &[ProblemKind::Refused, ProblemKind::Unsettled, ProblemKind::Conflict],
    };
    let closing = Closing {
        by,
        note: &note,
        at: ms(at),
    };
    close(work, scheme, &which, &closing)?;
    work.moved(
        scheme,
        Some((delivery.state, delivery.amount)),
        Some((state, delivery.amount)),
    );
    work.touch_delivery(delivery.id, delivery.group)?;
    work.notice();
    Ok(true)
}

pub(super) fn next_due(sql: &Connection, target: &TargetName) -> Step<Option<DateTime<Utc>>> {
    let Some(target) = target_id(sql, target)? else {
        return Ok(None);
    };
    let (queued, unknown): (Option<i64>, Option<i64>) = sql
        .prepare_cached(
            "SELECT (SELECT min(run_at) FROM deliveries WHERE target = ?1 AND state = 'queued'),
                    (SELECT min(ask_at) FROM deliveries WHERE target = ?1 AND state = 'unknown')",
        )?
        .query_row([target], |row| Ok((row.get(0)?, row.get(1)?)))?;
    time_or_none(queued.into_iter().chain(unknown).min())
}
