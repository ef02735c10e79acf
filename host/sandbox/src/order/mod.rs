//! Stock-out orders of the simulated 旺店通: made from the seed, written as JSON, judged against the seed's mapping.
//!
//! An order is a [`plan::Plan`] (what was sold to whom) and a [`write::Style`] (how this answer happens to spell it).
//! Which order stands in which window is the shelf's business (`wdt/shelf.rs`).

mod catalogue;
mod head;
mod judge;
mod line;
mod plan;
mod write;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

pub(crate) use judge::{flaw_of, is_number, text_at};
pub(crate) use plan::{Facts, Planner, time_text};
pub(crate) use write::{escape_non_ascii, is_escaped};

/// What the simulated 旺店通 knows about one of its orders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderTruth {
    /// 出库单号.
    pub order_no: String,
    /// The form that was served last; before the first serving, the one that will be.
    pub body: Value,
    /// Whether the seed's mapping delivers it and T+ does not refuse it for good.
    pub deliverable: bool,
    /// Why not: `order-no`, `consign-time`, `lines`, `goods-count`, `price`, `reissued` (another number of an order
    /// that was served before), `unknown-customer` or `closed-period` (T+ refuses it for good).
    pub flaw: Option<&'static str>,
}
