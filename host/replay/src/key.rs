//! What makes two differences one pattern: the kind of change, the place without numbers of lines, and for verdicts the
//! cause without values. Independent changes stay apart, so that they do not multiply.

use dukou_core::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// In what way something differs. The order is the one in which people see patterns of equal weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternKind {
    /// A plugin would die of it.
    NewlyFailed,
    /// It would be refused.
    NewlyRejected,
    /// It would be skipped, and was not.
    NewlySkipped,
    /// It would be mapped, and was skipped.
    NoLongerSkipped,
    /// It would be mapped, and was a problem.
    NewlyMapped,
    /// Refused, failed or skipped as before, for another reason.
    OtherReason,
    /// One document more.
    DocumentAdded,
    /// One document less.
    DocumentRemoved,
    /// One line more in a list.
    LineAdded,
    /// One line less in a list.
    LineRemoved,
    /// A field that was not there.
    Added,
    /// A field that is gone.
    Removed,
    /// Another type, e.g. text before and a number now.
    Type,
    /// Another value.
    Value,
    /// The same decimal in other digits, e.g. `1.0000` and `1`.
    Scale,
    /// The same members or documents in another order.
    Order,
    /// The same values in other bytes: spaces, escapes.
    Writing,
    /// A part of a record is left out that was not.
    NewlyOmitted,
    /// A part of a record that was left out is not any more.
    NoLongerOmitted,
    /// Differences beyond the number of patterns that a comparison keeps.
    Unlisted,
}

impl PatternKind {
    /// The stable word, for storage, JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::NewlyFailed => "newly-failed",
            Self::NewlyRejected => "newly-rejected",
            Self::NewlySkipped => "newly-skipped",
            Self::NoLongerSkipped => "no-longer-skipped",
            Self::NewlyMapped => "newly-mapped",
            Self::OtherReason => "other-reason",
            Self::DocumentAdded => "document-added",
            Self::DocumentRemoved => "document-removed",
            Self::LineAdded => "line-added",
            Self::LineRemoved => "line-removed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Type => "type",
            Self::Value => "value",
            Self::Scale => "scale",
            Self::Order => "order",
            Self::Writing => "writing",
            Self::NewlyOmitted => "newly-omitted",
            Self::NoLongerOmitted => "no-longer-omitted",
            Self::Unlisted => "unlisted",
        }
    }

    /// Whether it is a change of verdict, not of documents.
    pub fn is_verdict(self) -> bool {
        self <= Self::OtherReason
    }

    /// Whether the group became a problem.
    pub fn is_failing(self) -> bool {
        matches!(self, Self::NewlyFailed | Self::NewlyRejected)
    }

    /// Whether pairs of values say something: those of whole lines and documents hardly repeat.
    pub(crate) fn has_values(self) -> bool {
        matches!(
            self,
            Self::Added | Self::Removed | Self::Type | Self::Value | Self::Scale | Self::Order
        )
    }
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JsonType {
    /// Text.
    Text,
    /// A number.
    Number,
    /// true or false.
    Boolean,
    /// null.
    Null,
    /// A list.
    List,
    /// An object.
    Object,
}

impl JsonType {
    /// The type of `value`.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            Value::Null => Self::Null,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::List => "list",
            Self::Object => "object",
        }
    }
}

/// What the differences of one pattern share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: PatternKind,
    /// Without indices and without the target's wrapper.
    pub(crate) path: Option<String>,
    /// Before and after, for [`PatternKind::Type`].
    pub(crate) types: Option<(JsonType, JsonType)>,
    /// Fingerprint of the cause; empty where the place says all.
    pub(crate) cause: String,
}

impl Key {
    pub(crate) fn new(kind: PatternKind) -> Self {
        Self {
            kind,
            path: None,
            types: None,
            cause: String::new(),
        }
    }

    pub(crate) fn at(kind: PatternKind, path: String) -> Self {
        Self {
            path: (!path.is_empty()).then_some(path),
            ..Self::new(kind)
        }
    }

    /// Eight hex digits that name the pattern for people; the same for the same place and kind of change.
    pub(crate) fn id(&self) -> String {
        let (before, after) = self
            .types
            .map_or(("", ""), |(before, after)| (before.word(), after.word()));
        let digest = Digest::of_parts(
            [
                self.kind.word(),
                self.path.as_deref().unwrap_or_default(),
                before,
                after,
                &self.cause,
            ]
            .map(str::as_bytes),
        );
        let mut id = digest.to_string();
        id.truncate(8);
        id
    }
}
