//! Groups to transform: claiming, looking without claiming, and making due again.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use dukou_core::names::SchemeName;
use dukou_core::show::Shown;
use dukou_core::verdict::SourceRecord;
use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::deployments::active_id;
use super::fault::{Fault, Step};
use super::packed::unpack_text;
use super::values::{int, json, limit, shown, time, uint, uint32};
use super::work::{GroupId, SchemeId, Work, scheme_id};
use crate::reports::plus;
use crate::rows::{Claim, ClaimedGroup, Owner};

pub(super) fn claim_groups(
    work: &mut Work<'_>,
    scheme: &SchemeName,
    deployment: u64,
    owner: Owner,
    most: usize,
) -> Step<Claim> {
    let sql = work.sql();
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Claim::Groups(Vec::new()));
    };
    if active_id(sql, scheme)?.is_some_and(|active| active != deployment) {
        return Ok(Claim::Overtaken);
    }
    let mut claimed = Vec::new();
    for group in due(sql, scheme, most)? {
        // Before the claim: groups claimed earlier in this batch count as claimed, later ones as waiting.
        let reissue_of = reissue_of(sql, group)?;
        sql.prepare_cached(
            "UPDATE groups SET state = 'claimed', owner = ?2, lease = lease + 1, claims = claims + 1 WHERE id = ?1",
        )?
        .execute(params![group, owner])?;
        claimed.extend(read(sql, group, reissue_of)?);
    }
    Ok(Claim::Groups(claimed))
}

pub(super) fn peek_groups(
    sql: &Connection,
    scheme: &SchemeName,
    keys: &[String],
    most: usize,
) -> Step<Vec<ClaimedGroup>> {
    let Some(scheme) = scheme_id(sql, scheme)? else {
        return Ok(Vec::new());
    };
    let groups = if keys.is_empty() {
        due(sql, scheme, most)?
    } else {
        let mut found = std::collections::BTreeSet::new();
        for key in keys {
            found.extend(named(sql, scheme, key)?);
        }
        found.into_iter().collect()
    };
    let mut out = Vec::new();
    for group in groups {
        if out.len() == most {
            break;
        }
        out.extend(read(sql, group, reissue_of(sql, group)?)?);
    }
    Ok(out)
}

fn due(sql: &Connection, scheme: SchemeId, most: usize) -> Step<Vec<GroupId>> {
    let mut statement =
        sql.prepare_cached("SELECT id FROM groups WHERE scheme = ?1 AND state = 'waiting' ORDER BY id LIMIT ?2")?;
    let groups = statement.query_map(params![scheme, limit(most)], |row| row.get(0))?;
    Ok(groups.collect::<Result<_, _>>()?)
}

/// The group with this key, else the one that the record with this key belongs to.
pub(super) fn named(sql: &Connection, scheme: SchemeId, key: &str) -> Step<Option<GroupId>> {
    Ok(sql
        .prepare_cached(
            "SELECT coalesce((SELECT id FROM groups WHERE scheme = ?1 AND key = ?2),
                             (SELECT group_id FROM records WHERE scheme = ?1 AND key = ?2))",
        )?
        .query_row(params![scheme, key], |row| row.get(0))?)
}

/// The group as it stands; `None` if no record belongs to it any more.
fn read(sql: &Connection, group: GroupId, reissue_of: Option<String>) -> Step<Option<ClaimedGroup>> {
    let (key, lease, claims): (String, i64, i64) = sql
        .prepare_cached("SELECT key, lease, claims FROM groups WHERE id = ?1")?
        .query_row([group], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut each = sql.prepare_cached(MEMBERS)?;
    let Some((records, shown)) = members(&mut each, group)? else {
        return Ok(None);
    };
    Ok(Some(ClaimedGroup {
        key,
        lease: uint(lease)?,
        claims: uint32(claims)?,
        records,
        shown,
        reissue_of,
    }))
}

/// The newest revision of each member of a group, for [`members`].
pub(super) const MEMBERS: &str = "SELECT r.key, r.received_at, v.hash, v.body, r.amount, r.quantity, r.date, r.columns
    FROM records r JOIN revisions v ON v.record = r.id AND v.revision = r.revision
    WHERE r.group_id = ?1 ORDER BY r.id";

/// A group's records as plugins see them, and what people see of them together; `None` if it has none. `each` is
/// [`MEMBERS`], prepared once for many groups.
pub(super) fn members(each: &mut Statement<'_>, group: GroupId) -> Step<Option<(Vec<SourceRecord>, Shown)>> {
    let mut rows = each.query([group])?;
    let mut records = Vec::new();
    let mut sum: Option<Shown> = None;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let hash: [u8; 32] = row.get(2)?;
        let packed = row.get_ref(3)?;
        let packed = packed.as_blob().map_err(rusqlite::Error::from)?;
        let body = unpack_text(packed, &hash, || format!("record {key}"))?;
        records.push(SourceRecord {
            received_at: time(row.get(1)?)?.to_rfc3339_opts(SecondsFormat::Millis, true),
            key,
            body,
            extra: "{}".to_owned(),
        });
        let columns = row.get_ref(7)?;
        let columns = columns.as_str().map_err(rusqlite::Error::from)?;
        let member = shown(row.get(4)?, row.get(5)?, row.get(6)?, columns)?;
        sum = Some(match sum {
            None => member,
            Some(sum) => add(sum, &member),
        });
    }
    Ok(sum.map(|sum| (records, sum)))
}

/// Sums of the numbers; the first member's date and columns.
fn add(mut sum: Shown, member: &Shown) -> Shown {
    for (total, part) in [(&mut sum.amount, member.amount), (&mut sum.quantity, member.quantity)] {
        *total = match *total {
            Some(total) => Some(plus(total, part)),
            None => part,
        };
    }
    sum
}

/// The key that already carries this business event. A member that was let through (accepted by a person, or part of a
/// mapped verdict whose documents still count) is not asked again. Another key counts when its documents are, may be or
/// will be at the target: its group has live documents, is being transformed, or is older and waits for it. A key that
/// was skipped, or refused so that nothing is there, does not.
fn reissue_of(sql: &Connection, group: GroupId) -> Step<Option<String>> {
    let mut members = sql.prepare_cached(
        "SELECT id, scheme, mapped, aliases FROM records WHERE group_id = ?1 AND accepted = 0 ORDER BY id",
    )?;
    let mut members = members.query([group])?;
    while let Some(member) = members.next()? {
        let (record, scheme, mapped): (i64, SchemeId, bool) = (member.get(0)?, member.get(1)?, member.get(2)?);
        let aliases = member.get_ref(3)?;
        let aliases = aliases.as_str().map_err(rusqlite::Error::from)?;
        // Most schemes identify no events: do not read what cannot hold a kind that starts with `=`.
        if !aliases.contains("[\"=") {
            continue;
        }
        let others = same_event(sql, scheme, record, aliases)?;
        if others.is_empty() || (mapped && live(sql, group)?) {
            continue;
        }
        for (other, (key, its_group, state)) in others {
            let counts = if its_group == group {
                other < record
            } else {
                state == "claimed" || (state == "waiting" && other < record) || live(sql, its_group)?
            };
            if counts {
                return Ok(Some(key));
            }
        }
    }
    Ok(None)
}

/// Other records of the scheme that share an identifying alias: number to key, group and the group's state.
fn same_event(
    sql: &Connection,
    scheme: SchemeId,
    record: i64,
    aliases: &str,
) -> Step<BTreeMap<i64, (String, GroupId, String)>> {
    let aliases: Vec<(String, String)> = json(aliases, "identities of a record")?;
    let mut found = BTreeMap::new();
    for (kind, value) in aliases.iter().filter(|(kind, _)| kind.starts_with('=')) {
        let mut others = sql.prepare_cached(
            "SELECT o.id, o.key, g.id, g.state
             FROM aliases a JOIN records o ON o.id = a.record JOIN groups g ON g.id = o.group_id
             WHERE a.scheme = ?1 AND a.value = ?2 AND a.kind = ?3 AND o.id <> ?4",
        )?;
        let rows = others.query_map(params![scheme, value, kind, record], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
        })?;
        for row in rows {
            let (id, other) = row?;
            found.insert(id, other);
        }
    }
    Ok(found)
}

/// Whether a document of the group is, may be or will be at the target.
pub(super) fn live(sql: &Connection, group: GroupId) -> Step<bool> {
    Ok(sql
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM (SELECT id FROM deliveries WHERE group_id = ?1
                                UNION ALL SELECT delivery FROM borrowed WHERE group_id = ?1) own
                 JOIN deliveries d ON d.id = own.id
                 WHERE d.state <> 'withdrawn' AND NOT (d.state = 'dead' AND d.dead_kind IN ('refused', 'rejected', 'failed', 'unreadable')))",
        )?
        .query_row([group], |row| row.get(0))?)
}

pub(super) fn release_groups(work: &mut Work<'_>, scheme: &SchemeName, leases: &[(String, u64)]) -> Step<usize> {
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let mut count = 0;
    for (key, lease) in leases {
        count += usize::from(release(work.sql(), scheme, key, *lease)?);
    }
    Ok(count)
}

/// A claimed group waits again, as if it had not been claimed; answers whether it was, under this lease number. A claimed
/// group stands as a waiting one: nothing that is counted changes.
pub(super) fn release(sql: &Connection, scheme: SchemeId, key: &str, lease: u64) -> Step<bool> {
    let changed = sql
        .prepare_cached(
            "UPDATE groups SET state = 'waiting', owner = NULL, claims = claims - 1
             WHERE scheme = ?1 AND key = ?2 AND state = 'claimed' AND lease = ?3",
        )?
        .execute(params![scheme, key, int(lease)])?;
    Ok(changed > 0)
}

pub(super) fn remap_groups(work: &mut Work<'_>, scheme: &SchemeName, keys: &[String]) -> Step<usize> {
    let Some(scheme) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let mut count = 0;
    for key in keys {
        let sql = work.sql();
        let group: Option<GroupId> = sql
            .prepare_cached(
                "SELECT g.id FROM groups g
                 WHERE g.scheme = ?1 AND g.key = ?2 AND g.state IN ('mapped', 'skipped', 'problem')
                   AND NOT EXISTS (
                       SELECT 1 FROM (SELECT id FROM deliveries WHERE group_id = g.id
                                      UNION ALL SELECT delivery FROM borrowed WHERE group_id = g.id) own
                       JOIN deliveries d ON d.id = own.id
                       WHERE NOT (d.state = 'withdrawn'
                                  OR (d.state IN ('queued', 'held') AND d.ever_sent = 0)
                                  OR (d.state = 'dead' AND d.dead_kind IN ('refused', 'rejected', 'failed', 'unreadable'))))",
            )?
            .query_row(params![scheme, key], |row| row.get(0))
            .optional()?;
        let Some(group) = group else { continue };
        // A person who retries a re-issued order accepts it.
        sql.prepare_cached(
            "UPDATE records SET accepted = 1 WHERE group_id = ?1 AND EXISTS (
                 SELECT 1 FROM problems
                 WHERE scheme = ?2 AND group_key = ?3 AND kind = 'reissued' AND resolved_at IS NULL)",
        )?
        .execute(params![group, scheme, key])?;
        sql.prepare_cached("UPDATE groups SET state = 'waiting', claims = 0 WHERE id = ?1")?
            .execute([group])?;
        work.touch(group);
        count += 1;
    }
    if count > 0 {
        work.notice();
    }
    Ok(count)
}

/// Groups whose verdict by this deployment is an open problem of kind rejected or failed.
pub(super) fn remap_refused(work: &mut Work<'_>, scheme: &SchemeName, deployment: u64) -> Step<usize> {
    let Some(id) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let keys: Vec<String> = {
        let mut statement = work.sql().prepare_cached(
            "SELECT DISTINCT g.key FROM problems p JOIN groups g ON g.scheme = p.scheme AND g.key = p.group_key
             WHERE p.scheme = ?1 AND p.resolved_at IS NULL AND p.delivery_key IS NULL
               AND p.kind IN ('rejected', 'failed') AND g.state = 'problem' AND g.deployment = ?2",
        )?;
        let rows = statement.query_map(params![id, int(deployment)], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    remap_groups(work, scheme, &keys)
}

/// Groups of which this deployment made a document that waits and was never sent.
pub(super) fn remap_unsent(work: &mut Work<'_>, scheme: &SchemeName, deployment: u64) -> Step<usize> {
    let Some(id) = scheme_id(work.sql(), scheme)? else {
        return Ok(0);
    };
    let keys: Vec<String> = {
        let mut statement = work.sql().prepare_cached(
            "SELECT DISTINCT g.key FROM deliveries d JOIN groups g ON g.id = d.group_id
             WHERE d.scheme = ?1 AND d.deployment = ?2 AND d.state IN ('queued', 'held') AND d.ever_sent = 0",
        )?;
        let rows = statement.query_map(params![id, int(deployment)], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    remap_groups(work, scheme, &keys)
}

/// The group's key.
pub(super) fn key_of(sql: &Connection, group: GroupId) -> Step<String> {
    sql.prepare_cached("SELECT key FROM groups WHERE id = ?1")?
        .query_row([group], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Fault::damaged(format!("group {group}")))
}
