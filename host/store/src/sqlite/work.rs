//! One operation's unit of work inside the writing transaction: it finds and makes the rows that everything hangs on
//! (schemes, targets), and keeps what is counted (`groups.standing`, `tallies`) true to the rows before the savepoint ends.
//! Does not commit.

use std::collections::{BTreeMap, BTreeSet};

use dukou_core::delivery::DeliveryState;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::ProblemKind;
use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::Decimal;

use super::fault::Step;
use super::values::{decimal, decimal_or_none};
use crate::reports::plus;

/// The row of a scheme.
pub(super) type SchemeId = i64;
/// The row of a target.
pub(super) type TargetId = i64;
/// The row of a group.
pub(super) type GroupId = i64;

/// See the module.
pub(super) struct Work<'c> {
    connection: &'c Connection,
    touched: BTreeSet<GroupId>,
    deltas: BTreeMap<(SchemeId, &'static str, String), Delta>,
    last_delivery: BTreeMap<SchemeId, i64>,
    noticed: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Delta {
    count: i64,
    records: i64,
    amount: Decimal,
}

impl<'c> Work<'c> {
    /// Nothing done yet.
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            touched: BTreeSet::new(),
            deltas: BTreeMap::new(),
            last_delivery: BTreeMap::new(),
            noticed: false,
        }
    }

    /// The connection, inside the transaction.
    pub(super) fn sql(&self) -> &'c Connection {
        self.connection
    }

    /// The scheme's row, made if it is not there.
    pub(super) fn scheme(&self, scheme: &SchemeName) -> Step<SchemeId> {
        if let Some(id) = scheme_id(self.connection, scheme)? {
            return Ok(id);
        }
        Ok(self
            .connection
            .prepare_cached("INSERT INTO schemes (tenant, name) VALUES (?1, ?2) RETURNING id")?
            .query_row(params![scheme.tenant, scheme.name], |row| row.get(0))?)
    }

    /// The target's row, made if it is not there.
    pub(super) fn target(&self, target: &TargetName) -> Step<TargetId> {
        if let Some(id) = target_id(self.connection, target)? {
            return Ok(id);
        }
        Ok(self
            .connection
            .prepare_cached("INSERT INTO targets (tenant, account, api) VALUES (?1, ?2, ?3) RETURNING id")?
            .query_row(params![target.tenant, target.account, target.api], |row| row.get(0))?)
    }

    /// Something that the group's standing depends on has changed.
    pub(super) fn touch(&mut self, group: GroupId) {
        self.touched.insert(group);
    }

    /// The same for a delivery's own group and for those that borrow it.
    pub(super) fn touch_delivery(&mut self, delivery: i64, group: GroupId) -> Step<()> {
        self.touch(group);
        let mut statement = self
            .connection
            .prepare_cached("SELECT group_id FROM borrowed WHERE delivery = ?1")?;
        let borrowers = statement.query_map([delivery], |row| row.get(0))?;
        for borrower in borrowers {
            self.touched.insert(borrower?);
        }
        Ok(())
    }

    /// The same for the group with this key, if there is one.
    pub(super) fn touch_key(&mut self, scheme: SchemeId, key: &str) -> Step<()> {
        let group: Option<GroupId> = self
            .connection
            .prepare_cached("SELECT id FROM groups WHERE scheme = ?1 AND key = ?2")?
            .query_row(params![scheme, key], |row| row.get(0))
            .optional()?;
        self.touched.extend(group);
        Ok(())
    }

    /// A delivery left `from` and entered `to`; `None` outside (not made yet, withdrawn).
    pub(super) fn moved(
        &mut self,
        scheme: SchemeId,
        from: Option<(DeliveryState, Option<Decimal>)>,
        to: Option<(DeliveryState, Option<Decimal>)>,
    ) {
        for (side, sign) in [(from, -1), (to, 1)] {
            if let Some((state, amount)) = side {
                self.count(scheme, "delivery", state.word(), sign, 0, amount);
            }
        }
    }

    /// A problem opened (`1`) or closed (`-1`).
    pub(super) fn problem(&mut self, scheme: SchemeId, kind: ProblemKind, sign: i64, amount: Option<Decimal>) {
        self.count(scheme, "problem", kind.word(), sign, 0, amount);
    }

    /// A delivery was adopted.
    pub(super) fn adopted(&mut self, scheme: SchemeId) {
        self.count(scheme, "adopted", "adopted", 1, 0, None);
    }

    /// A delivery of the scheme was delivered.
    pub(super) fn delivered(&mut self, scheme: SchemeId, at: i64) {
        let last = self.last_delivery.entry(scheme).or_insert(at);
        *last = (*last).max(at);
    }

    /// A new group of one record waits; its row says so already.
    pub(super) fn waiting(&mut self, scheme: SchemeId, amount: Decimal) {
        self.count(scheme, "standing", "waiting", 1, 1, Some(amount));
    }

    /// A running host should look.
    pub(super) fn notice(&mut self) {
        self.noticed = true;
    }

    fn count(
        &mut self,
        scheme: SchemeId,
        family: &'static str,
        word: &str,
        count: i64,
        records: i64,
        amount: Option<Decimal>,
    ) {
        let delta = self.deltas.entry((scheme, family, word.to_owned())).or_default();
        delta.count += count;
        delta.records += records;
        let signed = amount.map(|amount| if count < 0 || records < 0 { -amount } else { amount });
        delta.amount = plus(delta.amount, signed);
    }

    /// Writes what is counted. Called once, after the operation succeeded.
    pub(super) fn finish(mut self) -> Step<()> {
        for group in std::mem::take(&mut self.touched) {
            self.restand(group)?;
        }
        for ((scheme, family, word), delta) in std::mem::take(&mut self.deltas) {
            self.tally(scheme, family, &word, delta)?;
        }
        for (scheme, at) in std::mem::take(&mut self.last_delivery) {
            self.connection
                .prepare_cached(
                    "UPDATE schemes SET last_delivery_at = max(coalesce(last_delivery_at, ?2), ?2) WHERE id = ?1",
                )?
                .execute(params![scheme, at])?;
        }
        if self.noticed {
            self.connection
                .prepare_cached("UPDATE meta SET value = value + 1 WHERE name = 'generation'")?
                .execute([])?;
        }
        Ok(())
    }

    fn tally(&self, scheme: SchemeId, family: &str, word: &str, delta: Delta) -> Step<()> {
        if delta.count == 0 && delta.records == 0 && delta.amount.is_zero() {
            return Ok(());
        }
        let before: Option<String> = self
            .connection
            .prepare_cached("SELECT amount FROM tallies WHERE scheme = ?1 AND family = ?2 AND word = ?3")?
            .query_row(params![scheme, family, word], |row| row.get(0))
            .optional()?;
        let before = decimal_or_none(before)?.unwrap_or_default();
        let amount = plus(before, Some(delta.amount)).to_string();
        self.connection
            .prepare_cached(
                "INSERT INTO tallies (scheme, family, word, count, records, amount) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (scheme, family, word)
                 DO UPDATE SET count = count + ?4, records = records + ?5, amount = ?6",
            )?
            .execute(params![scheme, family, word, delta.count, delta.records, amount])?;
        Ok(())
    }

    /// Brings what a group counts for up to date.
    fn restand(&mut self, group: GroupId) -> Step<()> {
        let now = Standing::of(self.connection, group)?;
        let (scheme, word, members, amount) = self
            .connection
            .prepare_cached("SELECT scheme, standing, members, amount FROM groups WHERE id = ?1")?
            .query_row([group], |row| {
                Ok((
                    row.get::<_, SchemeId>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, String>(3)?,
                ))
            })?;
        let amount = decimal(&amount)?;
        if word.as_deref() == now.word && members == now.members && amount == now.amount {
            return Ok(());
        }
        if let Some(word) = word {
            self.count(scheme, "standing", &word, -1, -members, Some(amount));
        }
        if let Some(word) = now.word {
            self.count(scheme, "standing", word, 1, now.members, Some(now.amount));
        }
        self.connection
            .prepare_cached("UPDATE groups SET standing = ?2, members = ?3, amount = ?4 WHERE id = ?1")?
            .execute(params![group, now.word, now.members, now.amount.to_string()])?;
        Ok(())
    }
}

/// What a group's records count as: see [`crate::rows::RecordFilter::state`].
pub(super) struct Standing {
    /// `None` for a group that no record belongs to any more.
    pub(super) word: Option<&'static str>,
    /// Records.
    pub(super) members: i64,
    /// Their money.
    pub(super) amount: Decimal,
}

impl Standing {
    /// Derives it from the rows.
    pub(super) fn of(connection: &Connection, group: GroupId) -> Step<Self> {
        let mut members = 0;
        let mut amount = Decimal::ZERO;
        {
            let mut statement = connection.prepare_cached("SELECT amount FROM records WHERE group_id = ?1")?;
            let mut rows = statement.query([group])?;
            while let Some(row) = rows.next()? {
                members += 1;
                amount = plus(amount, decimal_or_none(row.get(0)?)?);
            }
        }
        let word = if members == 0 {
            None
        } else {
            Some(Self::word_of(connection, group)?)
        };
        Ok(Self { word, members, amount })
    }

    fn word_of(connection: &Connection, group: GroupId) -> Step<&'static str> {
        let (waiting, problem): (bool, bool) = connection
            .prepare_cached(
                "SELECT g.state IN ('waiting', 'claimed'),
                        EXISTS (SELECT 1 FROM problems p
                                WHERE p.scheme = g.scheme AND p.group_key = g.key AND p.resolved_at IS NULL
                                  AND p.kind NOT IN ('refused', 'unsettled', 'conflict'))
                 FROM groups g WHERE g.id = ?1",
            )?
            .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if waiting {
            return Ok("waiting");
        }
        if problem {
            return Ok("problem");
        }
        let mut statement = connection.prepare_cached(
            "SELECT max(CASE
                        WHEN d.state = 'dead' THEN 6 * EXISTS (
                            SELECT 1 FROM problems p
                            WHERE p.scheme = d.scheme AND p.delivery_key = d.key AND p.resolved_at IS NULL)
                        WHEN d.state = 'unknown' THEN 5
                        WHEN d.state IN ('queued', 'claimed', 'sending') THEN 4
                        WHEN d.state = 'held' THEN 3
                        WHEN d.state = 'delivered' THEN 2
                        ELSE 0 END)
             FROM (SELECT id FROM deliveries WHERE group_id = ?1
                   UNION ALL SELECT delivery FROM borrowed WHERE group_id = ?1) own
             JOIN deliveries d ON d.id = own.id",
        )?;
        let rank: Option<i64> = statement.query_row([group], |row| row.get(0))?;
        Ok(match rank.unwrap_or(0) {
            6 => "problem",
            5 => "unknown",
            4 => "queued",
            3 => "held",
            2 => "delivered",
            _ => "skipped",
        })
    }
}

/// The scheme's row.
pub(super) fn scheme_id(connection: &Connection, scheme: &SchemeName) -> Step<Option<SchemeId>> {
    Ok(connection
        .prepare_cached("SELECT id FROM schemes WHERE tenant = ?1 AND name = ?2")?
        .query_row(params![scheme.tenant, scheme.name], |row| row.get(0))
        .optional()?)
}

/// The target's row.
pub(super) fn target_id(connection: &Connection, target: &TargetName) -> Step<Option<TargetId>> {
    Ok(connection
        .prepare_cached("SELECT id FROM targets WHERE tenant = ?1 AND account = ?2 AND api = ?3")?
        .query_row(params![target.tenant, target.account, target.api], |row| row.get(0))
        .optional()?)
}
