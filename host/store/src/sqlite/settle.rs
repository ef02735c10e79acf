//! TX 2: verdicts and deliveries together. What becomes of each document is decided by `dukou_core::revision` on what
//! this transaction sees.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::revision::{self, Decision, Existing, Orphan};
use dukou_core::verdict::{Document, Omission};
use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::Decimal;

use super::deployments::active_id;
use super::fault::Step;
use super::history::Verdicts;
use super::packed::{Packed, pack, unpack_text};
use super::problems::{About, Which, by_itself, close, open};
use super::transform::{key_of, release};
use super::values::{decimal_or_none, delivery_state, int, ms, problem_kind, text};
use super::work::{GroupId, SchemeId, TargetId, Work, scheme_id};
use crate::StoreError;
use crate::reports::{self, NEWER_VERDICT, NOW_WITHDRAWN};
use crate::rows::{SettleCounts, Settled, Settlement};

/// Settlements with their documents already compressed.
pub(super) struct Prepared {
    settlement: Settlement,
    documents: Vec<Packed>,
}

/// Compresses on the caller's thread.
pub(super) fn prepare(settlements: &[Settlement]) -> Result<Vec<Prepared>, StoreError> {
    settlements
        .iter()
        .map(|settlement| {
            let documents = match &settlement.outcome {
                Settled::Mapped { documents, .. } => documents
                    .iter()
                    .map(|document| pack(document.body.as_bytes()))
                    .collect::<Result<_, _>>()?,
                Settled::Skipped(_) | Settled::Problem(_) => Vec::new(),
            };
            Ok(Prepared {
                settlement: settlement.clone(),
                documents,
            })
        })
        .collect()
}

pub(super) fn settle(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    settlements: &[Prepared],
    at: DateTime<Utc>,
) -> Step<SettleCounts> {
    let mut counts = SettleCounts::default();
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        counts.stale = settlements.len() as u64;
        return Ok(counts);
    };
    let active = active_id(work.sql(), scheme)?;
    let mut verdicts = Verdicts::default();
    for prepared in settlements {
        let Settlement {
            group,
            lease,
            deployment,
            ..
        } = &prepared.settlement;
        if active.is_some_and(|active| active != *deployment) {
            if release(work.sql(), scheme, group, *lease)? {
                counts.overtaken += 1;
            } else {
                counts.stale += 1;
            }
            continue;
        }
        if one(work, scheme, prepared, at, &mut counts)? {
            verdicts.count(&prepared.settlement);
        }
    }
    verdicts.finish(work.sql(), scheme)?;
    Ok(counts)
}

/// Settles one group; answers whether its lease number still held.
fn one(
    work: &mut Work<'_>,
    scheme: SchemeId,
    prepared: &Prepared,
    at: DateTime<Utc>,
    counts: &mut SettleCounts,
) -> Step<bool> {
    let settlement = &prepared.settlement;
    let group: Option<GroupId> = work
        .sql()
        .prepare_cached("SELECT id FROM groups WHERE scheme = ?1 AND key = ?2 AND state = 'claimed' AND lease = ?3")?
        .query_row(params![scheme, settlement.group, int(settlement.lease)], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(group) = group else {
        counts.stale += 1;
        return Ok(false);
    };
    work.touch(group);
    let mut settling = Settling {
        scheme,
        group,
        key: &settlement.group,
        at,
        amount: settlement.shown.amount,
        counts,
    };
    let except = match &settlement.outcome {
        Settled::Problem(report) => Some((report.kind, report.fingerprint())),
        Settled::Mapped { .. } | Settled::Skipped(_) => None,
    };
    let verdict = Which::Verdict {
        group: &settlement.group,
        except,
    };
    close(work, scheme, &verdict, &by_itself(NEWER_VERDICT, at))?;
    work.sql()
        .prepare_cached("DELETE FROM borrowed WHERE group_id = ?1")?
        .execute([group])?;
    let mut made = BTreeSet::new();
    let (state, reason, omitted): (&str, Option<&str>, Option<String>) = match &settlement.outcome {
        Settled::Mapped { documents, omitted } => {
            let target = work.target(&settlement.target)?;
            for (index, (document, packed)) in documents.iter().zip(&prepared.documents).enumerate() {
                let amount = if index == 0 { settlement.shown.amount } else { None };
                let made_by = MadeBy {
                    recipe: settlement.recipe,
                    deployment: settlement.deployment,
                };
                made.insert(settling.document(work, target, document, packed, amount, made_by)?);
            }
            work.sql()
                .prepare_cached("UPDATE records SET mapped = 1 WHERE group_id = ?1 AND mapped = 0")?
                .execute([group])?;
            ("mapped", None, Some(omissions(omitted)))
        }
        Settled::Skipped(reason) => {
            settling.counts.skipped += 1;
            ("skipped", Some(reason), None)
        }
        Settled::Problem(report) => {
            settling.counts.problems += 1;
            let about = About {
                scheme,
                group: &settlement.group,
                delivery_key: None,
                amount: settlement.shown.amount,
                body: None,
            };
            open(work, &about, report, ms(at))?;
            ("problem", None, None)
        }
    };
    settling.orphans(work, &made)?;
    work.sql()
        .prepare_cached(
            "UPDATE groups SET state = ?2, owner = NULL, claims = 0, reason = ?3, recipe = ?4, omitted = ?5,
                    settled_at = ?6, deployment = ?7
             WHERE id = ?1",
        )?
        .execute(params![
            group,
            state,
            reason,
            settlement.recipe.as_bytes(),
            omitted,
            ms(at),
            int(settlement.deployment)
        ])?;
    Ok(true)
}

/// A group that no record belongs to any more makes nothing.
pub(super) fn give_up(work: &mut Work<'_>, group: GroupId, at: i64) -> Step<()> {
    let key = key_of(work.sql(), group)?;
    let scheme: SchemeId = work
        .sql()
        .prepare_cached("SELECT scheme FROM groups WHERE id = ?1")?
        .query_row([group], |row| row.get(0))?;
    let at = super::values::time(at)?;
    let verdict = Which::Verdict {
        group: &key,
        except: None,
    };
    close(work, scheme, &verdict, &by_itself(NEWER_VERDICT, at))?;
    work.sql()
        .prepare_cached("DELETE FROM borrowed WHERE group_id = ?1")?
        .execute([group])?;
    let mut counts = SettleCounts::default();
    let mut settling = Settling {
        scheme,
        group,
        key: &key,
        at,
        amount: None,
        counts: &mut counts,
    };
    settling.orphans(work, &BTreeSet::new())
}

/// A delivery that already carries a key.
struct Found {
    id: i64,
    scheme: SchemeId,
    group: GroupId,
    state: DeliveryState,
    ever_sent: bool,
    nothing_written: bool,
    amount: Option<Decimal>,
}

impl Found {
    fn orphaned(&self) -> Orphan {
        revision::orphan(self.state, self.ever_sent, self.nothing_written)
    }
}

/// What makes a document's bytes.
#[derive(Clone, Copy)]
struct MadeBy {
    recipe: Digest,
    deployment: u64,
}

/// One group being settled.
struct Settling<'a> {
    scheme: SchemeId,
    group: GroupId,
    key: &'a str,
    at: DateTime<Utc>,
    amount: Option<Decimal>,
    counts: &'a mut SettleCounts,
}

impl Settling<'_> {
    /// Settles one document; answers the delivery that carries it.
    fn document(
        &mut self,
        work: &mut Work<'_>,
        target: TargetId,
        document: &Document,
        packed: &Packed,
        amount: Option<Decimal>,
        made_by: MadeBy,
    ) -> Step<i64> {
        let key = format!("{}{}", self.key, document.suffix);
        let mut found = carrying(work.sql(), target, &key, packed, &document.body)?;
        let mut state = DeliveryState::Queued;
        if found.is_none() {
            found = self.elsewhere(work.sql(), target, &key, packed, &document.body)?;
            // What certainly is not there moves to the new account; a held one stays held.
            if let Some((unsent, _)) = found.take_if(|(found, _)| found.orphaned() != Orphan::Changed) {
                if unsent.state == DeliveryState::Held {
                    state = DeliveryState::Held;
                }
                self.withdraw(work, &unsent, &key)?;
            }
        }
        let decision = {
            let existing = found.as_ref().map(|(found, body)| Existing {
                state: found.state,
                ever_sent: found.ever_sent,
                nothing_written: found.nothing_written,
                same_origin: found.group == self.group,
                body,
            });
            revision::decide(existing.as_ref(), &document.body)
        };
        let at = ms(self.at);
        let Some((found, _)) = found else {
            self.counts.queued += 1;
            let id: i64 = work
                .sql()
                .prepare_cached(
                    "INSERT INTO deliveries
                         (scheme, group_id, target, key, state, run_at, queued_at, amount, recipe, deployment)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9) RETURNING id",
                )?
                .query_row(
                    params![
                        self.scheme,
                        self.group,
                        target,
                        key,
                        state.word(),
                        at,
                        text(amount),
                        made_by.recipe.as_bytes(),
                        int(made_by.deployment)
                    ],
                    |row| row.get(0),
                )?;
            work.sql()
                .prepare_cached("INSERT INTO payloads (delivery, hash, body) VALUES (?1, ?2, ?3)")?
                .execute(params![id, packed.hash.as_bytes(), packed.bytes])?;
            work.moved(self.scheme, None, Some((state, amount)));
            return Ok(id);
        };
        match decision {
            Decision::Insert | Decision::Keep => self.counts.kept += 1,
            Decision::Replace => {
                self.counts.replaced += 1;
                self.replace(work, &found, packed, amount, made_by)?;
            }
            Decision::Changed(differences) => {
                self.counts.changed += 1;
                self.changed(work, &key, &reports::changed(&key, &differences))?;
            }
        }
        if found.group != self.group {
            work.sql()
                .prepare_cached("INSERT OR IGNORE INTO borrowed (group_id, delivery) VALUES (?1, ?2)")?
                .execute(params![self.group, found.id])?;
        }
        Ok(found.id)
    }

    /// New bytes under the same key; a refused one starts afresh, a held one stays held.
    fn replace(
        &self,
        work: &mut Work<'_>,
        found: &Found,
        packed: &Packed,
        amount: Option<Decimal>,
        made_by: MadeBy,
    ) -> Step<()> {
        let state = if found.state == DeliveryState::Held {
            DeliveryState::Held
        } else {
            DeliveryState::Queued
        };
        work.sql()
            .prepare_cached(
                "UPDATE deliveries SET state = ?2, run_at = ?3, amount = ?4, recipe = ?5, deployment = ?6, ever_sent = 0,
                        attempts = 0, defers = 0, transients = 0, duplicate = 0, reason = NULL, dead_kind = NULL
                 WHERE id = ?1",
            )?
            .execute(params![
                found.id,
                state.word(),
                ms(self.at),
                text(amount),
                made_by.recipe.as_bytes(),
                int(made_by.deployment)
            ])?;
        work.sql()
            .prepare_cached("UPDATE payloads SET hash = ?2, body = ?3 WHERE delivery = ?1")?
            .execute(params![found.id, packed.hash.as_bytes(), packed.bytes])?;
        work.moved(found.scheme, Some((found.state, found.amount)), Some((state, amount)));
        work.touch_delivery(found.id, found.group)
    }

    /// One open problem of this kind per delivery: the newest difference.
    fn changed(
        &self,
        work: &mut Work<'_>,
        delivery_key: &str,
        report: &dukou_core::problem::ProblemReport,
    ) -> Step<()> {
        let about = About {
            scheme: self.scheme,
            group: self.key,
            delivery_key: Some(delivery_key),
            amount: self.amount,
            body: None,
        };
        let opened = open(work, &about, report, ms(self.at))?;
        let superseded: Vec<i64> = {
            let mut statement = work.sql().prepare_cached(
                "SELECT id FROM problems WHERE scheme = ?1 AND delivery_key = ?2 AND kind = 'changed'
                   AND resolved_at IS NULL AND id <> ?3",
            )?;
            let rows = statement.query_map(params![self.scheme, delivery_key, int(opened)], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for id in superseded {
            let which = Which::Id(super::values::uint(id)?);
            close(work, self.scheme, &which, &by_itself(NEWER_VERDICT, self.at))?;
        }
        Ok(())
    }

    /// The group's own delivery of the document under another account of the target's tenant and api, and its bytes: the
    /// target's account changed since.
    fn elsewhere(
        &self,
        sql: &Connection,
        target: TargetId,
        key: &str,
        packed: &Packed,
        body: &str,
    ) -> Step<Option<(Found, String)>> {
        let mut statement = sql.prepare_cached(&format!(
            "{FOUND} WHERE group_id = ?1 AND key = ?2 AND state <> 'withdrawn' AND target IN (
                 SELECT other.id FROM targets named JOIN targets other
                     ON other.tenant = named.tenant AND other.api = named.api AND other.id <> named.id
                 WHERE named.id = ?3)
             ORDER BY id LIMIT 1"
        ))?;
        let mut rows = statement.query(params![self.group, key, target])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        with_bytes(sql, found_of(row)?, key, packed, body).map(Some)
    }

    /// Certainly not at the target, and no longer wanted there.
    fn withdraw(&mut self, work: &mut Work<'_>, found: &Found, key: &str) -> Step<()> {
        self.counts.withdrawn += 1;
        work.sql()
            .prepare_cached("UPDATE deliveries SET state = 'withdrawn', dead_kind = NULL, reason = NULL WHERE id = ?1")?
            .execute([found.id])?;
        let which = Which::Delivery {
            key,
            kinds: &ProblemKind::ALL,
        };
        close(work, found.scheme, &which, &by_itself(NOW_WITHDRAWN, self.at))?;
        work.moved(found.scheme, Some((found.state, found.amount)), None);
        work.touch_delivery(found.id, found.group)
    }

    /// What becomes of the group's deliveries that it no longer makes.
    fn orphans(&mut self, work: &mut Work<'_>, made: &BTreeSet<i64>) -> Step<()> {
        let own: Vec<(i64, String)> = {
            let mut statement = work.sql().prepare_cached(
                "SELECT id, key FROM deliveries WHERE group_id = ?1 AND state <> 'withdrawn' ORDER BY id",
            )?;
            let rows = statement.query_map([self.group], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (id, key) in own {
            if made.contains(&id) {
                continue;
            }
            let found = by_id(work.sql(), id)?;
            match found.orphaned() {
                Orphan::Withdraw | Orphan::Drop => self.withdraw(work, &found, &key)?,
                Orphan::Changed => {
                    self.counts.changed += 1;
                    self.changed(work, &key, &reports::gone(&key))?;
                }
            }
        }
        Ok(())
    }
}

const FOUND: &str = "SELECT id, scheme, group_id, state, ever_sent, dead_kind, amount FROM deliveries";

fn found_of(row: &rusqlite::Row<'_>) -> Step<Found> {
    let state: String = row.get(3)?;
    let dead: Option<String> = row.get(5)?;
    let dead = dead.as_deref().map(problem_kind).transpose()?;
    Ok(Found {
        id: row.get(0)?,
        scheme: row.get(1)?,
        group: row.get(2)?,
        state: delivery_state(&state)?,
        ever_sent: row.get(4)?,
        nothing_written: dead.is_some_and(ProblemKind::nothing_written),
        amount: decimal_or_none(row.get(6)?)?,
    })
}

fn by_id(sql: &Connection, id: i64) -> Step<Found> {
    let mut statement = sql.prepare_cached(&format!("{FOUND} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    found_of(row)
}

/// The delivery that carries the key, whatever scheme made it, and its bytes.
fn carrying(
    sql: &Connection,
    target: TargetId,
    key: &str,
    packed: &Packed,
    body: &str,
) -> Step<Option<(Found, String)>> {
    let mut statement = sql.prepare_cached(&format!(
        "{FOUND} WHERE target = ?1 AND key = ?2 AND state <> 'withdrawn'"
    ))?;
    let mut rows = statement.query(params![target, key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    with_bytes(sql, found_of(row)?, key, packed, body).map(Some)
}

/// The delivery and its bytes; `body` itself where they are the same.
fn with_bytes(sql: &Connection, found: Found, key: &str, packed: &Packed, body: &str) -> Step<(Found, String)> {
    let (hash, stored): ([u8; 32], Vec<u8>) = sql
        .prepare_cached("SELECT hash, body FROM payloads WHERE delivery = ?1")?
        .query_row([found.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored = if &hash == packed.hash.as_bytes() {
        body.to_owned()
    } else {
        unpack_text(&stored, &hash, || format!("delivery {key}"))?
    };
    Ok((found, stored))
}

/// Omissions as a JSON column: member, path, reason.
fn omissions(omitted: &[Omission]) -> String {
    let entries: Vec<(u32, &str, &str)> = omitted
        .iter()
        .map(|omission| (omission.member, omission.path.as_str(), omission.reason.as_str()))
        .collect();
    serde_json::to_string(&entries).expect("numbers and strings are always JSON")
}

/// A JSON column as omissions.
pub(super) fn omissions_of(text: &str) -> Step<Vec<Omission>> {
    let entries: Vec<(u32, String, String)> = super::values::json(text, "omissions of a verdict")?;
    Ok(entries
        .into_iter()
        .map(|(member, path, reason)| Omission { member, path, reason })
        .collect())
}
