//! Patterns: what people decide on. All differences of one kind at one place, with how many groups and how much money they
//! touch, the values that changed most often, and the first example. Personal values of
//! the records are masked by value; who shows a pattern masks by path as well.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::key::{JsonType, PatternKind};

/// Differences of one kind at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Eight hex digits; the same for the same place and kind of change, whatever the history.
    pub id: String,
    /// In what way it differs.
    pub kind: PatternKind,
    /// Where, without indices and without the target's wrapper, e.g. `RDRecordDetails[].BaseQuantity`. Of an omission
    /// the path in the record. `None` where the whole group or document is concerned.
    pub path: Option<String>,
    /// The types before and after, for [`PatternKind::Type`].
    pub types: Option<(JsonType, JsonType)>,
    /// Why, for verdicts and omissions: what is said now, or for what is mapped now what was said before.
    pub cause: Option<Cause>,
    /// Groups that have it.
    pub groups: u64,
    /// Their amounts summed.
    pub amount: Decimal,
    /// Places in documents that have it: lines count one by one.
    pub places: u64,
    /// The most frequent changes of value, most frequent first; empty where values say nothing. With a cause: the values
    /// that it leaves out.
    pub values: Vec<ValueChange>,
    /// The first in the history.
    pub example: Example,
}

impl Pattern {
    /// The most changes of value that a pattern shows.
    pub const VALUES: usize = 5;
}

/// Why a group is skipped, refused or failed, or a part omitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The stable code, if there is one.
    pub code: Option<String>,
    /// The reason, for people, as it is for every group: `…` stands for numbers and quoted text. The example has it whole.
    pub message: String,
}

/// One change of value and how often it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueChange {
    /// JSON text before, cut where it is long; `None` if absent. Of another order the names of the members that moved;
    /// of a cause the values that its words leave out.
    pub before: Option<String>,
    /// JSON text after.
    pub after: Option<String>,
    /// In how many places.
    pub count: u64,
}

impl ValueChange {
    pub(crate) fn of_cause(kind: PatternKind, values: Option<String>) -> Self {
        let before = matches!(
            kind,
            PatternKind::NewlyMapped | PatternKind::NoLongerSkipped | PatternKind::NoLongerOmitted
        );
        let (before, after) = if before { (values, None) } else { (None, values) };
        Self {
            before,
            after,
            count: 1,
        }
    }
}

/// One difference, exactly where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The group's place in the history.
    pub seq: u64,
    /// The group's key.
    pub group: String,
    /// The document's suffix, where one document is concerned.
    pub suffix: Option<String>,
    /// Path with indices, without the target's wrapper.
    pub path: Option<String>,
    /// JSON text before, cut where it is long; `None` if absent. Of a verdict an object with one member that is its
    /// word: `{"mapped":1}` (documents), `{"skipped":"why"}`, `{"rejected":{"code","path","message"}}`, `{"failed":{…}}`.
    pub before: Option<String>,
    /// JSON text after.
    pub after: Option<String>,
}
