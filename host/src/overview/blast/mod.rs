//! After a mistake: every voucher that a version wrote, and what is wrong with it against a version that is known to be
//! good. Groups are mapped again as they were when the bytes were made. Reads only; there is no way from here to a target.

pub mod cell;
pub mod compare;
pub mod csv;
pub mod find;
pub mod json;
pub mod report;
pub mod revision;
pub mod sheet;
pub mod sum;
pub mod text;
pub mod walk;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use rust_decimal::Decimal;

use super::{Lens, Personal};

/// A voucher that is, or may be, at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// The scheme that made it.
    pub scheme: SchemeName,
    /// The deployment whose chain made its bytes.
    pub deployment: u64,
    /// Its delivery key.
    pub key: String,
    /// The target's own number, where it told one.
    pub reference: Option<String>,
    /// `delivered`, or a state in which it may be there.
    pub state: DeliveryState,
    /// When the target was known to hold it, else when it was last sent.
    pub at: Option<DateTime<Utc>>,
    /// Money.
    pub amount: Option<Decimal>,
    /// Keys of the records that it was made of.
    pub records: Vec<String>,
    /// What the good version makes of them.
    pub finding: Finding,
    /// Whether exactly what it was made of was mapped again; else the newest that was there when it was queued.
    pub exact: bool,
    /// Delivery keys that the good version makes beside it and that were never made.
    pub absent: Vec<String>,
}

/// What the good version says of a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It makes another document.
    Wrong(Differences),
    /// It makes the same document.
    Same,
    /// It does not make this document.
    NotMade {
        /// `rejected`, `failed`, `skipped` or `other-documents`.
        how: &'static str,
        /// Why, masked.
        reason: String,
    },
    /// It was not asked: there is no good version, or the records are gone.
    NotCompared {
        /// `no-good-version`, `no-records` or `undecided`.
        why: &'static str,
    },
}

impl Finding {
    /// Words of the classes, in the order people see them.
    pub const WORDS: [&'static str; 4] = ["wrong", "not-made", "not-compared", "same"];

    /// The stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Wrong(_) => "wrong",
            Self::Same => "same",
            Self::NotMade { .. } => "not-made",
            Self::NotCompared { .. } => "not-compared",
        }
    }
}

/// In what a voucher differs from the right one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// The fields, personal values masked; at most [`compare::MOST_FIELDS`].
    pub fields: Vec<Wrong>,
    /// Fields beyond those.
    pub more: u64,
    /// Numbers among them, whole lines that are too many or missing taken apart.
    pub numbers: Vec<Pair>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Path with line numbers, without the target's wrapper.
    pub path: String,
    /// JSON text of what was written; `None` if it was left out.
    pub written: Option<String>,
    /// JSON text of what is right; `None` if it does not belong there.
    pub right: Option<String>,
}

/// One number, as written and as it should be; 0 where it is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Path without line numbers, e.g. `RDRecordDetails[].BaseQuantity`.
    pub path: String,
    /// As written.
    pub written: Decimal,
    /// As it should be.
    pub right: Decimal,
}

/// The target's Chinese name of a field, where its catalogue is known.
fn label<'a>(lens: &Lens<'a>, path: &str) -> Option<&'a str> {
    let Personal::Known {
        target: Some(catalogue),
        ..
    } = lens.personal
    else {
        return None;
    };
    let field = catalogue.field(&dukou_core::catalogue::plain_path(path))?;
    Some(&field.label)
}

#[cfg(test)]
pub(in crate::overview) mod tests;
