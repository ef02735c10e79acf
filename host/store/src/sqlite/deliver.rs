//! TX 3a and 3b: claiming, intents, outcomes. Every write holds only under the lease number it was decided for.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::delivery::{DeliveryState, Next, QueueCause};
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::Decimal;

use super::fault::{Fault, Step};
use super::packed::{Packed, pack, unpack_text};
use super::problems::{About, Which, by_itself, close, open};
use super::transform::key_of;
use super::values::{decimal_or_none, delivery_state, int, limit, ms, time_or_none, uint, uint32};
use super::work::{GroupId, SchemeId, Work, target_id};
use crate::StoreError;
use crate::reports::{self, NOW_DELIVERED, bounded};
use crate::rows::{AttemptEnd, AttemptStart, ClaimedDelivery, DeliveryId, Owner};

pub(super) fn claim_deliveries(
    work: &mut Work<'_>,
    target: &TargetName,
    owner: Owner,
    most: usize,
    now: DateTime<Utc>,
    only: Option<&[String]>,
) -> Step<Vec<ClaimedDelivery>> {
    let Some(target) = target_id(work.sql(), target)? else {
        return Ok(Vec::new());
    };
    let due: Vec<i64> = match only {
        None => {
            let mut statement = work.sql().prepare_cached(
                "SELECT id FROM deliveries WHERE target = ?1 AND state = 'queued' AND run_at <= ?2
                 ORDER BY run_at, id LIMIT ?3",
            )?;
            let rows = statement.query_map(params![target, ms(now), limit(most)], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        }
        Some(keys) => {
            let mut statement = work.sql().prepare_cached(
                "SELECT run_at, id FROM deliveries
                 WHERE target = ?1 AND key = ?2 AND state = 'queued' AND run_at <= ?3",
            )?;
            let mut found = BTreeSet::new();
            for key in keys {
                let one: Option<(i64, i64)> = statement
                    .query_row(params![target, key, ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                found.extend(one);
            }
            found.into_iter().take(most).map(|(_, id)| id).collect()
        }
    };
    let mut claimed = Vec::with_capacity(due.len());
    for id in due {
        work.sql()
            .prepare_cached(
                "UPDATE deliveries SET state = 'claimed', owner = ?2, lease = lease + 1, attempts = attempts + 1
                 WHERE id = ?1",
            )?
            .execute(params![id, owner])?;
        let (scheme, amount, delivery) = claimed_delivery(work.sql(), id)?;
        work.moved(
            scheme,
            Some((DeliveryState::Queued, amount)),
            Some((DeliveryState::Claimed, amount)),
        );
        claimed.push(delivery);
    }
    Ok(claimed)
}

/// A delivery as its claimer sees it, with what it counts for.
pub(super) fn claimed_delivery(sql: &Connection, id: i64) -> Step<(SchemeId, Option<Decimal>, ClaimedDelivery)> {
    let mut statement = sql.prepare_cached(
        "SELECT d.lease, s.tenant, s.name, d.key, p.hash, p.body, d.attempts, d.defers, d.transients, d.intent_at,
                d.duplicate, d.scheme, d.amount
         FROM deliveries d JOIN payloads p ON p.delivery = d.id JOIN schemes s ON s.id = d.scheme
         WHERE d.id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| Fault::damaged(format!("delivery {id}")))?;
    let key: String = row.get(3)?;
    let hash: [u8; 32] = row.get(4)?;
    let packed = row.get_ref(5)?;
    let packed = packed.as_blob().map_err(rusqlite::Error::from)?;
    let body = unpack_text(packed, &hash, || format!("delivery {key}"))?;
    let delivery = ClaimedDelivery {
        id: uint(id)?,
        lease: uint(row.get(0)?)?,
        scheme: SchemeName::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?),
        key,
        body,
        attempts: uint32(row.get(6)?)?,
        defers: uint32(row.get(7)?)?,
        transients: uint32(row.get(8)?)?,
        intent_at: time_or_none(row.get(9)?)?,
        duplicate: row.get(10)?,
    };
    Ok((row.get(11)?, decimal_or_none(row.get(12)?)?, delivery))
}

/// A delivery whose lease number still holds.
pub(super) struct Guarded {
    pub(super) id: i64,
    pub(super) scheme: SchemeId,
    pub(super) group: GroupId,
    pub(super) key: String,
    pub(super) state: DeliveryState,
    pub(super) serial: i64,
    pub(super) amount: Option<Decimal>,
}

/// The delivery, if it is in `state` under this lease number.
fn guarded(sql: &Connection, id: DeliveryId, lease: u64, state: DeliveryState) -> Step<Option<Guarded>> {
    let mut statement = sql.prepare_cached(
        "SELECT id, scheme, group_id, key, state, serial, amount FROM deliveries
         WHERE id = ?1 AND lease = ?2 AND state = ?3",
    )?;
    let mut rows = statement.query(params![int(id), int(lease), state.word()])?;
    rows.next()?.map(guarded_of).transpose()
}

pub(super) fn guarded_of(row: &rusqlite::Row<'_>) -> Step<Guarded> {
    Ok(Guarded {
        id: row.get(0)?,
        scheme: row.get(1)?,
        group: row.get(2)?,
        key: row.get(3)?,
        state: delivery_state(&row.get::<_, String>(4)?)?,
        serial: row.get(5)?,
        amount: decimal_or_none(row.get(6)?)?,
    })
}

pub(super) fn begin_attempts(work: &mut Work<'_>, attempts: &[AttemptStart], at: DateTime<Utc>) -> Step<Vec<bool>> {
    let mut held = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let Some(delivery) = guarded(work.sql(), attempt.id, attempt.lease, DeliveryState::Claimed)? else {
            held.push(false);
            continue;
        };
        work.sql()
            .prepare_cached(
                "UPDATE deliveries SET state = 'sending', intent_at = ?2, ever_sent = 1, serial = ?3 WHERE id = ?1",
            )?
            .execute(params![delivery.id, ms(at), delivery.serial + 1])?;
        work.sql()
            .prepare_cached(
                "INSERT INTO attempts (delivery, number, kind, begun_at, request) VALUES (?1, ?2, 'send', ?3, ?4)",
            )?
            .execute(params![delivery.id, delivery.serial + 1, ms(at), attempt.request])?;
        work.moved(
            delivery.scheme,
            Some((DeliveryState::Claimed, delivery.amount)),
            Some((DeliveryState::Sending, delivery.amount)),
        );
        held.push(true);
    }
    Ok(held)
}

pub(super) fn release_deliveries(work: &mut Work<'_>, leases: &[(DeliveryId, u64)]) -> Step<()> {
    for (id, lease) in leases {
        if let Some(delivery) = guarded(work.sql(), *id, *lease, DeliveryState::Claimed)? {
            unclaim(work, &delivery)?;
        }
    }
    Ok(())
}

/// Claimed and certainly unsent: back to the queue, the attempt uncounted.
pub(super) fn unclaim(work: &mut Work<'_>, delivery: &Guarded) -> Step<()> {
    work.sql()
        .prepare_cached("UPDATE deliveries SET state = 'queued', owner = NULL, attempts = attempts - 1 WHERE id = ?1")?
        .execute([delivery.id])?;
    work.moved(
        delivery.scheme,
        Some((delivery.state, delivery.amount)),
        Some((DeliveryState::Queued, delivery.amount)),
    );
    Ok(())
}

/// An end with its reply already compressed.
pub(super) struct PreparedEnd {
    end: AttemptEnd,
    reply: Packed,
}

/// Compresses on the caller's thread.
pub(super) fn prepare(end: &AttemptEnd) -> Result<PreparedEnd, StoreError> {
    let reply = pack(bounded(&end.reply).as_bytes())?;
    Ok(PreparedEnd {
        end: end.clone(),
        reply,
    })
}

pub(super) fn finish_attempts(work: &mut Work<'_>, ends: &[PreparedEnd], at: DateTime<Utc>) -> Step<Vec<bool>> {
    let mut held = Vec::with_capacity(ends.len());
    for PreparedEnd { end, reply } in ends {
        let Some(delivery) = guarded(work.sql(), end.id, end.lease, DeliveryState::Sending)? else {
            held.push(false);
            continue;
        };
        work.sql()
            .prepare_cached(
                "UPDATE attempts SET ended_at = ?3, outcome = ?4, took_ms = ?5, reply_hash = ?6, reply = ?7
                 WHERE delivery = ?1 AND number = ?2",
            )?
            .execute(params![
                delivery.id,
                delivery.serial,
                ms(at),
                end.outcome,
                int(end.took_ms),
                reply.hash.as_bytes(),
                reply.bytes
            ])?;
        follow(work, &delivery, end, at)?;
        held.push(true);
    }
    Ok(held)
}

pub(super) fn finish_lookup(work: &mut Work<'_>, prepared: &PreparedEnd, at: DateTime<Utc>) -> Step<bool> {
    let PreparedEnd { end, reply } = prepared;
    let Some(delivery) = guarded(work.sql(), end.id, end.lease, DeliveryState::Unknown)? else {
        return Ok(false);
    };
    work.sql()
        .prepare_cached("UPDATE deliveries SET serial = serial + 1 WHERE id = ?1")?
        .execute([delivery.id])?;
    work.sql()
        .prepare_cached(
            "INSERT INTO attempts
                 (delivery, number, kind, begun_at, request, ended_at, outcome, took_ms, reply_hash, reply)
             VALUES (?1, ?2, 'lookup', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            delivery.id,
            delivery.serial + 1,
            ms(at).saturating_sub(int(end.took_ms)),
            delivery.key,
            ms(at),
            end.outcome,
            int(end.took_ms),
            reply.hash.as_bytes(),
            reply.bytes
        ])?;
    follow(work, &delivery, end, at)?;
    Ok(true)
}

/// Applies what was decided.
fn follow(work: &mut Work<'_>, delivery: &Guarded, end: &AttemptEnd, at: DateTime<Utc>) -> Step<()> {
    let state =
        match &end.next {
            Next::Delivered { reference, adopted } => {
                work.sql()
                    .prepare_cached(
                        "UPDATE deliveries SET state = 'delivered', owner = NULL, ask_at = NULL, duplicate = 0,
                            reason = NULL, reference = ?2, adopted = ?3, delivered_at = ?4
                     WHERE id = ?1",
                    )?
                    .execute(params![delivery.id, reference, adopted, ms(at)])?;
                let which = Which::Delivery {
                    key: &delivery.key,
                    kinds: &[ProblemKind::Refused, ProblemKind::Unsettled, ProblemKind::Conflict],
                };
                close(work, delivery.scheme, &which, &by_itself(NOW_DELIVERED, at))?;
                if *adopted {
                    work.adopted(delivery.scheme);
                }
                work.delivered(delivery.scheme, ms(at));
                DeliveryState::Delivered
            }
            Next::Queue { run_at, cause } => {
                // Whether the attempt is used up: the target did nothing with it, or it did. One given back was none, so
                // that the bytes are free again if no other was begun; a look-up has no attempt to give back.
                let (attempts, defers, transients) = match cause {
                    QueueCause::Throttled | QueueCause::Auth | QueueCause::NotSent => {
                        (i64::from(delivery.state == DeliveryState::Sending), 1, 0)
                    }
                    QueueCause::Transient => (0, 0, 1),
                    QueueCause::Resend => (0, 0, 0),
                };
                work.sql()
                .prepare_cached(
                    "UPDATE deliveries SET state = 'queued', owner = NULL, ask_at = NULL, duplicate = 0, run_at = ?2,
                            reason = ?3, attempts = max(attempts - ?4, 0), defers = defers + ?5,
                            transients = transients + ?6, ever_sent = (?4 = 0 OR attempts > ?4)
                     WHERE id = ?1",
                )?
                .execute(params![delivery.id, ms(*run_at), cause.word(), attempts, defers, transients])?;
                DeliveryState::Queued
            }
            Next::Ask {
                ask_at,
                duplicate,
                reason,
            } => {
                work.sql()
                .prepare_cached(
                    "UPDATE deliveries SET state = 'unknown', owner = NULL, ask_at = ?2, duplicate = ?3, reason = ?4
                     WHERE id = ?1",
                )?
                .execute(params![delivery.id, ms(*ask_at), duplicate, reason])?;
                DeliveryState::Unknown
            }
            Next::Dead {
                kind,
                code,
                message,
                differences,
            } => {
                work.sql()
                    .prepare_cached(
                        "UPDATE deliveries SET state = 'dead', owner = NULL, ask_at = NULL, dead_kind = ?2, reason = ?3
                     WHERE id = ?1",
                    )?
                    .execute(params![delivery.id, kind.word(), message])?;
                let group = key_of(work.sql(), delivery.group)?;
                let about = About {
                    scheme: delivery.scheme,
                    group: &group,
                    delivery_key: Some(&delivery.key),
                    amount: delivery.amount,
                    body: None,
                };
                let report = reports::dead(*kind, code, message, differences, &end.outcome, &end.reply);
                open(work, &about, &report, ms(at))?;
                DeliveryState::Dead
            }
        };
    work.moved(
        delivery.scheme,
        Some((delivery.state, delivery.amount)),
        Some((state, delivery.amount)),
    );
    work.touch_delivery(delivery.id, delivery.group)
}
