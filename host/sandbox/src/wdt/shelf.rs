//! The orders on the shelf: which of them a question finds, and what serving them does to them.
//!
//! Rows are kept sorted by their true shipping time, which a flawed body may not show. Every text is written once and
//! shared; a page is a list of shared texts.

use std::sync::Arc;

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::query::Query;
use crate::chance::{hits, pick, roll};
use crate::faults::{Doom, FAULTS_IN_A_ROW, Faults, WdtFault};
use crate::order::{Facts, OrderTruth, Planner, escape_non_ascii, flaw_of, is_escaped, text_at, time_text};

/// How often page 0 of the same question is asked until a row that moved away is back.
const ASKS_AWAY: u8 = 2;

/// Whether a row can be found at present.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Presence {
    Here,
    /// Not until page 0 of this question was read once.
    Late,
    /// Left the window of this question.
    Away {
        question: Arc<str>,
        asks: u8,
    },
    /// Issued again under another number.
    Gone,
}

struct Row {
    facts: Facts,
    consigned: NaiveDateTime,
    modified: NaiveDateTime,
    text: Arc<str>,
    served: Option<Arc<str>>,
    flaw: Option<&'static str>,
    presence: Presence,
    moved: bool,
    reissue: bool,
}

/// One answer: the number of rows that match, and this page's texts.
pub(crate) struct Answer {
    pub(crate) total: usize,
    pub(crate) rows: Vec<Arc<str>>,
}

/// All orders of one sandbox.
pub(crate) struct Shelf {
    seed: u64,
    faults: Faults,
    from: NaiveDateTime,
    rows: Vec<Row>,
    requests: u64,
    failed_in_a_row: u32,
}

impl Shelf {
    /// Makes all orders of the planner.
    pub(crate) fn fill(planner: &Planner, faults: Faults) -> Self {
        let mut shelf = Self {
            seed: planner.seed,
            faults,
            from: planner.from,
            rows: Vec::with_capacity(planner.orders),
            requests: 0,
            failed_in_a_row: 0,
        };
        for index in 0..planner.orders {
            let made = planner.make(index);
            let (at, text) = (made.consigned, made.text.into());
            let mut row = shelf.row(made.facts, made.flaw, text, at, at);
            if shelf.strikes("late", shelf.faults.wdt.late_rows_per_mille, &row.facts.order_no) {
                row.presence = Presence::Late;
            }
            shelf.rows.push(row);
        }
        shelf
    }

    /// Counts a request and decides whether a fault strikes it.
    pub(crate) fn next_fault(&mut self) -> Option<WdtFault> {
        self.requests += 1;
        let roll = roll(self.seed, "wdt request", "", self.requests);
        let fault = match pick(&self.faults.wdt.of_requests(), roll) {
            Some(fault) if fault != WdtFault::Delayed && self.failed_in_a_row >= FAULTS_IN_A_ROW => None,
            other => other,
        };
        if matches!(fault, None | Some(WdtFault::Delayed)) {
            self.failed_in_a_row = 0;
        } else {
            self.failed_in_a_row += 1;
        }
        fault
    }

    /// The number of requests that were counted.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Answers a question and does to the served rows what the faults say.
    pub(crate) fn answer(&mut self, query: &Query, now: NaiveDateTime) -> Answer {
        let question: Arc<str> = query.identity().into();
        if query.page_no == 0 {
            self.bring_back(&question);
        }
        let (found, late) = self.find(query);
        let many = found.len() > query.page_size && query.window.is_some();
        let list = if many {
            found
        } else {
            self.merge(found, &late, query.by_modified)
        };
        let start = query.page_no.saturating_mul(query.page_size).min(list.len());
        let end = (start + query.page_size).min(list.len());
        let page = &list[start..end];

        let mut rows = Vec::with_capacity(page.len());
        let mut reissued = Vec::new();
        for at in page {
            self.serve(*at, query, now, &mut rows);
            if many && query.page_no == 0 {
                self.maybe_move(*at, &question);
            }
            reissued.extend(self.maybe_reissue(*at));
        }
        if !many || query.page_no == 0 {
            for at in late {
                self.rows[at].presence = Presence::Here;
            }
        }
        for row in reissued {
            self.insert(row);
        }
        Answer {
            total: list.len(),
            rows,
        }
    }

    /// The truth about every order, in shipping order.
    pub(crate) fn truths(&self) -> Vec<OrderTruth> {
        self.rows
            .iter()
            .map(|row| OrderTruth {
                order_no: row.facts.order_no.clone(),
                body: Value::Object(object(row.served.as_ref().unwrap_or(&row.text))),
                deliverable: row.flaw.is_none(),
                flaw: row.flaw,
            })
            .collect()
    }

    /// Changes an order as 旺店通 would: `modified` becomes `now` unless the change sets it. True if there is one.
    pub(crate) fn change(
        &mut self,
        order_no: &str,
        now: NaiveDateTime,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> bool {
        let found = self
            .rows
            .iter()
            .position(|row| row.facts.order_no == order_no && row.presence != Presence::Gone);
        let Some(at) = found else { return false };
        let old = self.rows.remove(at);
        let mut body = object(&old.text);
        let before = body.get("modified").cloned();
        change(&mut body);
        if body.get("modified") == before.as_ref() && before.is_some() {
            body.insert("modified".to_owned(), Value::String(time_text(now)));
        }
        let mut row = self.read(&body, spell(&body, &old.text), old.consigned, now);
        row.served = old.served;
        row.moved = old.moved;
        row.reissue = old.reissue;
        if row.reissue {
            row.flaw = row.flaw.or(Some("reissued"));
        }
        self.insert(row);
        true
    }

    /// Adds an order, or replaces the one of the same number.
    pub(crate) fn put(&mut self, body: &Map<String, Value>, now: NaiveDateTime) {
        let order_no = text_at(body, "order_no");
        self.rows.retain(|row| row.facts.order_no != order_no);
        let text = Value::Object(body.clone()).to_string();
        let row = self.read(body, text.into(), self.from, now);
        self.insert(row);
    }

    /// A row from a body that was not made here: its times are the body's where it has readable ones.
    fn read(
        &self,
        body: &Map<String, Value>,
        text: Arc<str>,
        consigned: NaiveDateTime,
        modified: NaiveDateTime,
    ) -> Row {
        let time = |key: &str| super::protocol::read_time(&text_at(body, key));
        let consigned = time("consign_time").unwrap_or(consigned);
        let modified = time("modified").unwrap_or(modified);
        self.row(Facts::of(body), flaw_of(body), text, consigned, modified)
    }

    fn row(
        &self,
        facts: Facts,
        flaw: Option<&'static str>,
        text: Arc<str>,
        consigned: NaiveDateTime,
        modified: NaiveDateTime,
    ) -> Row {
        let doom = self.faults.tplus.doom(self.seed, &facts.order_no);
        Row {
            facts,
            consigned,
            modified,
            text,
            served: None,
            flaw: flaw.or(doom.map(Doom::flaw)),
            presence: Presence::Here,
            moved: false,
            reissue: false,
        }
    }

    fn insert(&mut self, row: Row) {
        let at = self.rows.partition_point(|other| {
            (other.consigned, other.facts.order_no.as_str()) <= (row.consigned, row.facts.order_no.as_str())
        });
        self.rows.insert(at, row);
    }

    /// Page 0 is asked: rows that left for another question are back, those of this one after some more asks.
    fn bring_back(&mut self, question: &Arc<str>) {
        for row in &mut self.rows {
            if let Presence::Away { question: left, asks } = &mut row.presence {
                *asks = asks.saturating_sub(1);
                if *asks == 0 || left != question {
                    row.presence = Presence::Here;
                }
            }
        }
    }

    /// The rows that match: those to be seen, and those that come late.
    fn find(&self, query: &Query) -> (Vec<usize>, Vec<usize>) {
        let range = match query.window {
            Some((start, end)) if !query.by_modified => {
                let first = self.rows.partition_point(|row| row.consigned < start);
                let last = self.rows.partition_point(|row| row.consigned <= end);
                first..last
            }
            _ => 0..self.rows.len(),
        };
        let (mut found, mut late) = (Vec::new(), Vec::new());
        for at in range {
            let row = &self.rows[at];
            if row.matches(query) {
                match row.presence {
                    Presence::Here => found.push(at),
                    Presence::Late => late.push(at),
                    Presence::Away { .. } | Presence::Gone => {}
                }
            }
        }
        self.sort(&mut found, query.by_modified);
        (found, late)
    }

    fn merge(&self, mut found: Vec<usize>, late: &[usize], by_modified: bool) -> Vec<usize> {
        found.extend(late);
        found.sort_unstable();
        self.sort(&mut found, by_modified);
        found
    }

    fn sort(&self, found: &mut [usize], by_modified: bool) {
        if by_modified {
            found.sort_by_key(|at| self.rows[*at].modified);
        }
    }

    fn serve(&mut self, at: usize, query: &Query, now: NaiveDateTime, rows: &mut Vec<Arc<str>>) {
        let wdt = &self.faults.wdt;
        let (twice, completes) = (wdt.duplicate_rows_per_mille, wdt.completes_per_mille);
        let twice = self.strikes("twice", twice, &self.rows[at].facts.order_no);
        let completes = self.strikes("completes", completes, &self.rows[at].facts.order_no);
        let row = &mut self.rows[at];
        let shown = if query.without_positions {
            without_positions(&row.text)
        } else {
            Arc::clone(&row.text)
        };
        if twice {
            rows.push(Arc::clone(&shown));
        }
        rows.push(shown);
        row.served = Some(Arc::clone(&row.text));
        if completes && row.facts.status == 95 {
            row.complete(now);
        }
    }

    fn maybe_move(&mut self, at: usize, question: &Arc<str>) {
        let rate = self.faults.wdt.moving_rows_per_mille;
        if !self.rows[at].moved && self.strikes("moves", rate, &self.rows[at].facts.order_no) {
            let row = &mut self.rows[at];
            row.moved = true;
            row.presence = Presence::Away {
                question: Arc::clone(question),
                asks: ASKS_AWAY,
            };
        }
    }

    fn maybe_reissue(&mut self, at: usize) -> Option<Row> {
        let rate = self.faults.wdt.reissues_per_mille;
        let row = &self.rows[at];
        if row.reissue || row.presence == Presence::Gone || !self.strikes("reissue", rate, &row.facts.order_no) {
            return None;
        }
        let mut body = object(&row.text);
        for key in ["order_no", "stockout_no"] {
            let number = format!("{}-1", text_at(&body, key));
            body.insert(key.to_owned(), Value::String(number));
        }
        let mut new = self.read(&body, spell(&body, &row.text), row.consigned, row.modified);
        new.reissue = true;
        new.flaw = Some("reissued");
        self.rows[at].presence = Presence::Gone;
        Some(new)
    }

    fn strikes(&self, purpose: &str, per_mille: u32, order_no: &str) -> bool {
        per_mille > 0 && hits(per_mille, roll(self.seed, purpose, order_no, 0))
    }
}

impl Row {
    fn matches(&self, query: &Query) -> bool {
        let status = match query.status {
            Some(status) => self.facts.status == status,
            // Asked for by number, an order is found whatever its state.
            None => self.facts.status >= 95 || query.names_an_order(),
        };
        let at = if query.by_modified {
            self.modified
        } else {
            self.consigned
        };
        let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        status
            && query.window.is_none_or(|(start, end)| start <= at && at <= end)
            && is(&query.src_order_no, &self.facts.src_order_no)
            && is(&query.stockout_no, &self.facts.stockout_no)
            && is(&query.warehouse_no, &self.facts.warehouse_no)
            && query
                .src_tid
                .as_ref()
                .is_none_or(|wanted| self.facts.tids.split(',').any(|tid| tid == wanted))
            && (query.shops.is_empty() || query.shops.contains(&self.facts.shop_no))
    }

    /// 95 → 110: another body with the same business content.
    fn complete(&mut self, now: NaiveDateTime) {
        let mut body = object(&self.text);
        for key in ["status", "trade_status"] {
            let done = match body.get(key) {
                Some(Value::String(_)) => Value::from("110"),
                _ => Value::from(110),
            };
            body.insert(key.to_owned(), done);
        }
        body.insert("modified".to_owned(), Value::String(time_text(now)));
        self.text = spell(&body, &self.text);
        self.facts.status = 110;
        self.modified = now;
    }
}

/// The object of a text that this crate wrote.
fn object(text: &str) -> Map<String, Value> {
    match serde_json::from_str(text) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    }
}

/// A changed body in the spelling of the old text.
fn spell(body: &Map<String, Value>, old: &str) -> Arc<str> {
    let text = serde_json::to_string(body).expect("a JSON object with text keys can be written");
    if is_escaped(old) {
        escape_non_ascii(&text).into()
    } else {
        text.into()
    }
}

fn without_positions(text: &str) -> Arc<str> {
    let mut body = object(text);
    if let Some(Value::Array(lines)) = body.get_mut("details_list") {
        for line in lines.iter_mut().filter_map(Value::as_object_mut) {
            line.shift_remove("position_list");
        }
    }
    spell(&body, text)
}
