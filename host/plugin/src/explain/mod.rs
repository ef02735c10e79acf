//! Explain: which source value, table row, setting or constant made each value of a group's documents, and what made
//! the reasons of a group that has none. Found by perturbation: the chain runs again with one thing changed at a time,
//! and what comes out differently depends on it. That needs nothing from the component, so it works for any language,
//! and it is sound because a verdict depends on nothing but its recipe. What was changed and moved nothing is no origin
//! *under the changes tried*; what was not tried is named.
//!
//! `text` and `values` change the order, `bench` runs it, `tree` and `base` compare, `ledger` concludes; `source` says
//! what of the order is tried, `beside` what of tables and settings. No files, no printing.

mod align;
mod base;
mod bench;
mod beside;
mod ledger;
mod lookups;
mod report;
mod source;
mod text;
mod tree;
mod values;
mod watch;

use std::fmt;
use std::sync::Arc;

use dukou_core::verdict::{Group, Violation};

use base::Base;
pub use base::Stopped;
use bench::Bench;
use ledger::Ledger;
use report::Report;
use source::Subjects;

use crate::chain::{Chain, GroupOutcome, PluginFault};
use crate::host_state::SharedTables;
use crate::projection::MalformedJson;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A value, or an element of a list, of a record.
    Source {
        /// The record's index in the group.
        record: usize,
        /// The record's key.
        key: String,
        /// E.g. `details_list[0].price`.
        path: String,
    },
    /// Values of one field in several lines that were not told apart, e.g. `details_list[].price`.
    Column {
        /// The path without numbers.
        path: String,
    },
    /// The group's key.
    GroupKey,
    /// What the host knows beside the group.
    GroupExtra,
    /// A record's key beside its body.
    RecordKey {
        /// The record's index in the group.
        record: usize,
        /// The key.
        key: String,
    },
    /// When a record was received.
    ReceivedAt {
        /// The record's index in the group.
        record: usize,
        /// The record's key.
        key: String,
    },
    /// What the host knows beside a record's body.
    RecordExtra {
        /// The record's index in the group.
        record: usize,
        /// The record's key.
        key: String,
    },
    /// A row of a table, or that there is none.
    Lookup {
        /// The table.
        table: String,
        /// The row's key.
        key: String,
        /// The column; `None` when the row as a whole counts.
        column: Option<String>,
        /// Whether the table has the row.
        found: bool,
    },
    /// A setting of a plugin.
    Setting {
        /// The plugin's name.
        plugin: String,
        /// Path into its settings, e.g. `fields.Memo`.
        path: String,
    },
    /// The scheme's time zone.
    TimeZone,
    /// Nothing moved it: the component's own.
    Constant {
        /// The plugin's name.
        plugin: String,
        /// A setting that nobody gave and that would change it.
        setting: Option<String>,
    },
}

/// How a value depends on an origin; the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The origin's value makes the value.
    Value,
    /// It decides whether the value is there.
    Presence,
    /// It decides whether the line is there, or the line is made of it.
    Line,
    /// Another value of it is refused, naming this value.
    Refusal,
}

/// An origin and how it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where from.
    pub origin: Origin,
    /// How.
    pub effect: Effect,
}

/// A value of a document, or an element of one of its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedNode {
    /// Path below the wrapper, e.g. `RDRecordDetails[0].BaseQuantity`.
    pub path: String,
    /// JSON text; `None` for an element that holds more values, and for a value that is not there.
    pub value: Option<String>,
    /// Name of the plugin that wrote it last.
    pub written_by: String,
    /// What it comes from, the most telling first.
    pub links: Vec<Link>,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedDocument {
    /// Its suffix.
    pub suffix: String,
    /// The document.
    pub body: String,
    /// Its values and lines, in order.
    pub nodes: Vec<ExplainedNode>,
    /// Values that it lacks, and what would bring them.
    pub absent: Vec<ExplainedNode>,
}

/// Why a group has no documents to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is skipped.
    Skipped(String),
    /// It is refused.
    Violation {
        /// The plugin's name.
        by: String,
        /// What it objects to.
        violation: Violation,
    },
    /// A plugin died of it.
    Fault(PluginFault),
}

/// A reason with what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedReason {
    /// The reason.
    pub reason: Reason,
    /// What it comes from.
    pub origins: Vec<Origin>,
}

/// Something that decides whether there is a document at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// What.
    pub origin: Origin,
    /// What another value of it leads to.
    pub leads_to: Stopped,
}

/// Why something was not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntriedWhy {
    /// More lines than are tried one by one; they are known by their column.
    Lines,
    /// The bound of the explanation.
    Bound,
    /// The plugin accepts no other value of it.
    Refused,
}

/// Something that was not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untried {
    /// What.
    pub what: String,
    /// The record's index, for source values.
    pub record: Option<usize>,
    /// Why.
    pub why: UntriedWhy,
}

/// What an explanation cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Changed groups that were run.
    pub groups: usize,
    /// Runs of the chain and configurations of plugins.
    pub calls: usize,
}

/// How far an explanation may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainLimits {
    /// Changed groups.
    pub groups: usize,
    /// Text of changed groups.
    pub bytes: usize,
    /// Runs and configurations for tables and settings.
    pub calls: usize,
    /// Elements of each list whose values are tried one by one.
    pub lines: usize,
    /// Numbers of further elements that are.
    pub focus: Vec<usize>,
}

impl Default for ExplainLimits {
    fn default() -> Self {
        Self {
            groups: 20_000,
            bytes: 64 << 20,
            calls: 2_000,
            lines: 50,
            focus: Vec::new(),
        }
    }
}

/// What was found out about a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What came of the group.
    pub outcome: GroupOutcome,
    /// The documents; of a group that was refused late, those that were made before.
    pub documents: Vec<ExplainedDocument>,
    /// Why there is nothing to deliver.
    pub reasons: Vec<ExplainedReason>,
    /// What decides whether there is a document at all.
    pub gates: Vec<Gate>,
    /// What was not tried.
    pub untried: Vec<Untried>,
    /// Whether everything could be afforded; if not, a constant may be none.
    pub complete: bool,
    /// What it cost.
    pub effort: Effort,
}

/// A record of the group is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub error: MalformedJson,
}

impl UnreadableRecord {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "record.malformed"
    }
}

impl fmt::Display for UnreadableRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} is not JSON", self.key)
    }
}

impl std::error::Error for UnreadableRecord {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Explains what became of a group.
///
/// # Errors
/// [`UnreadableRecord`] when a record is no JSON.
pub fn explain(
    chain: &Chain,
    group: &Group,
    tables: &SharedTables,
    limits: &ExplainLimits,
) -> Result<Explanation, UnreadableRecord> {
    let base = Base::of(chain, group, tables).map_err(|(key, error)| UnreadableRecord { key, error })?;
    let bench = Bench::new(&base, chain, tables, limits);
    let mut ledger = Ledger::new(&base);
    let subjects = Subjects::choose(&bench, &mut ledger, limits);
    let generous = (!base.looked_up.is_empty())
        .then(|| -> SharedTables { Arc::new(watch::Generous::new(tables.clone(), &base.looked_up)) });
    let complete = source::try_all(&bench, &mut ledger, &subjects, generous.as_ref());
    let mut untried = subjects.untried.clone();
    untried.extend(lookups::try_rows(&bench, &mut ledger));
    untried.extend(beside::try_settings(&bench, &mut ledger));
    ledger.conclude(&|column| subjects.complete(column));
    let constants: Vec<usize> = (0..base.tree.nodes.len())
        .filter(|node| base.tree.nodes[*node].value.is_some() && !ledger.has_value(*node))
        .collect();
    let defaults = beside::try_defaults(&bench, &constants);
    let complete = complete && untried.iter().all(|one| one.why != UntriedWhy::Bound);
    let report = Report {
        chain,
        base: &base,
        ledger: &ledger,
        defaults: &defaults,
    };
    Ok(Explanation {
        outcome: base.trace.outcome.clone(),
        documents: report.documents(),
        reasons: report.reasons(),
        gates: report.gates(),
        untried,
        complete,
        effort: bench.effort(),
    })
}
