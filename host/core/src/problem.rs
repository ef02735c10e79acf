//! Problems: anything that needs a person (DESIGN §1), grouped by a fingerprint of what went wrong, not of where.

use crate::catalogue::column_path;
use crate::digest::Digest;

/// What kind of problem, which decides what a person may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A plugin or the host's document check refused the group. Nothing was written.
    Rejected,
    /// A plugin died on the group. Nothing was written.
    Failed,
    /// A source row without a readable key.
    Unreadable,
    /// The target refused the document. Nothing was written.
    Refused,
    /// The target holds other content under our key.
    Conflict,
    /// Nobody could settle whether the document was written.
    Unsettled,
    /// The record changed after its delivery, and its documents differ.
    Changed,
    /// An order number re-issued for the same stock-out or the same order lines.
    Reissued,
}

impl ProblemKind {
    /// All kinds, in the order people see them.
    pub const ALL: [Self; 8] = [
        Self::Unsettled,
        Self::Conflict,
        Self::Changed,
        Self::Reissued,
        Self::Refused,
        Self::Rejected,
        Self::Failed,
        Self::Unreadable,
    ];

    /// The stable word for storage, JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Unsettled => "unsettled",
            Self::Changed => "changed",
            Self::Reissued => "reissued",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it is certain that the target holds nothing of this group because of us, so that mapping again
    /// and sending is safe (`problem retry`).
    pub fn nothing_written(self) -> bool {
        matches!(self, Self::Rejected | Self::Failed | Self::Unreadable | Self::Refused)
    }
}

/// A problem as a stage states it; the store adds identity and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemReport {
    /// Its kind.
    pub kind: ProblemKind,
    /// Stable code of the first cause, e.g. `required`, `plugin.fuel`, `EXERROR0001`.
    pub code: String,
    /// One sentence: what, where, why. No secrets; personal values already masked.
    pub message: String,
    /// Path of the first cause in the document or record, if any.
    pub path: Option<String>,
    /// JSON: all violations, the field diff, the vendor's reply; what `problem show` prints.
    pub details: String,
}

impl ProblemReport {
    /// Groups problems with one cause: kind, code, path without indices, and the message without digits and quoted values.
    pub fn fingerprint(&self) -> String {
        let path = column_path(self.path.as_deref().unwrap_or(""));
        let message = without_values(&self.message);
        let digest = Digest::of_parts([
            self.kind.word().as_bytes(),
            self.code.as_bytes(),
            path.as_bytes(),
            message.as_bytes(),
        ]);
        let mut text = digest.to_string();
        text.truncate(8);
        text
    }
}

fn without_values(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut quoted = false;
    for c in message.chars() {
        if c == '"' {
            quoted = !quoted;
            out.push(c);
        } else if !quoted && !c.is_ascii_digit() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(path: &str, message: &str) -> ProblemReport {
        ProblemReport {
            kind: ProblemKind::Rejected,
            code: "type".into(),
            message: message.into(),
            path: Some(path.into()),
            details: "{}".into(),
        }
    }

    #[test]
    fn one_cause_has_one_fingerprint() {
        let a = report("RDRecordDetails[0].BaseQuantity", "CK0001: \"3箱\" is not a number");
        let b = report("RDRecordDetails[12].BaseQuantity", "CK0977: \"两件\" is not a number");
        assert_eq!(a.fingerprint(), b.fingerprint());
        let c = report("RDRecordDetails[0].Price", "CK0001: \"3箱\" is not a number");
        assert_ne!(a.fingerprint(), c.fingerprint());
    }

    #[test]
    fn every_kind_survives_its_word() {
        for kind in ProblemKind::ALL {
            assert_eq!(ProblemKind::from_word(kind.word()), Some(kind));
        }
    }
}
