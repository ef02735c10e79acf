//! The words that the store itself puts on problems it opens (a changed record, a dead delivery) and the bounds of
//! stored texts. Pure and shared by every implementation, so that all of them say the same. Decides nothing.

use dukou_core::document::FieldDiff;
use dukou_core::problem::{ProblemKind, ProblemReport};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// The longest reply that is kept, in bytes.
pub(crate) const REPLY_BYTES: usize = 16 * 1024;
/// How many list entries `limit: 0` means.
pub(crate) const DEFAULT_LIMIT: usize = 1000;
/// How many outcomes are remembered.
pub(crate) const MOST_OUTCOMES: u64 = 2_000_000;
/// Who resolves a problem when nobody did it by hand.
pub(crate) const BY_ITSELF: &str = "dukou";
/// Why a verdict's problems close.
pub(crate) const NEWER_VERDICT: &str = "a newer verdict";
/// Why a delivery's problems close.
pub(crate) const NOW_DELIVERED: &str = "delivered";
/// Why a delivery's problems close when nothing makes it any more.
pub(crate) const NOW_WITHDRAWN: &str = "withdrawn";
/// Why a delivery found in `sending` after a restart is unknown.
pub(crate) const ENDED_WHILE_SENDING: &str = "the process ended while sending";

/// `text` cut to at most [`REPLY_BYTES`] at a character's end.
pub(crate) fn bounded(text: &str) -> &str {
    if text.len() <= REPLY_BYTES {
        return text;
    }
    &text[..text.floor_char_boundary(REPLY_BYTES)]
}

/// The limit of a filter.
pub(crate) fn limit_of(limit: usize) -> usize {
    if limit == 0 { DEFAULT_LIMIT } else { limit }
}

/// Adds money; a sum beyond what a decimal holds stays where it was.
pub(crate) fn plus(sum: Decimal, amount: Option<Decimal>) -> Decimal {
    amount.and_then(|amount| sum.checked_add(amount)).unwrap_or(sum)
}

/// A document that is or may be written differs from what the newest revision makes.
pub(crate) fn changed(delivery_key: &str, differences: &[FieldDiff]) -> ProblemReport {
    let path = differences.first().map(|first| first.path.clone());
    ProblemReport {
        kind: ProblemKind::Changed,
        code: "after-delivery.changed".to_owned(),
        message: format!(
            "the record changed after {} was or may have been written: {} fields differ",
            Value::from(delivery_key),
            differences.len()
        ),
        path,
        details: json!({ "delivery_key": delivery_key, "differences": listed(differences) }).to_string(),
    }
}

/// A document that is or may be written is not made any more.
pub(crate) fn gone(delivery_key: &str) -> ProblemReport {
    ProblemReport {
        kind: ProblemKind::Changed,
        code: "after-delivery.gone".to_owned(),
        message: format!(
            "the newest verdict no longer makes {}, which was or may have been written",
            Value::from(delivery_key)
        ),
        path: None,
        details: json!({ "delivery_key": delivery_key, "differences": [] }).to_string(),
    }
}

/// A delivery that needs a person.
pub(crate) fn dead(
    kind: ProblemKind,
    code: &str,
    message: &str,
    differences: &[FieldDiff],
    outcome: &str,
    reply: &str,
) -> ProblemReport {
    ProblemReport {
        kind,
        code: code.to_owned(),
        message: message.to_owned(),
        path: differences.first().map(|first| first.path.clone()),
        details: json!({ "outcome": outcome, "reply": bounded(reply), "differences": listed(differences) }).to_string(),
    }
}

fn listed(differences: &[FieldDiff]) -> Value {
    differences
        .iter()
        .map(|difference| {
            let mut entry = Map::new();
            entry.insert("path".to_owned(), difference.path.clone().into());
            entry.insert("before".to_owned(), difference.before.clone().into());
            entry.insert("after".to_owned(), difference.after.clone().into());
            Value::Object(entry)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_cut_at_a_character() {
        let long = "渡".repeat(REPLY_BYTES);
        let cut = bounded(&long);
        assert!(cut.len() <= REPLY_BYTES && cut.len() > REPLY_BYTES - 3);
        assert_eq!(bounded("short"), "short");
    }

    #[test]
    fn a_changed_document_names_its_first_difference() {
        let difference = FieldDiff {
            path: "dto.Memo".into(),
            before: Some("1".into()),
            after: None,
        };
        let report = changed("CK1", std::slice::from_ref(&difference));
        assert_eq!(report.path.as_deref(), Some("dto.Memo"));
        assert_eq!(report.fingerprint(), changed("CK2", &[difference]).fingerprint());
        assert!(report.details.contains(r#""after":null"#));
    }
}
