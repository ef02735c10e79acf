//! What plugins are given and what they answer (DESIGN §4). The host's own structs: the WIT types are
//! converted once, in `dukou-plugin`.

/// One source object, cut down to what the plugin needs, or whole before projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its identity at the source, e.g. the stock-out number.
    pub key: String,
    /// When the host received it, RFC 3339.
    pub received_at: String,
    /// JSON text.
    pub body: String,
    /// JSON object of what the host knows beside the body; `{}` if nothing.
    pub extra: String,
}

/// What becomes documents together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's key; with a document's suffix it is the delivery key.
    pub key: String,
    /// One record, or all that the scheme's grouping put together.
    pub records: Vec<SourceRecord>,
    /// JSON object; `{}` if nothing.
    pub extra: String,
}

/// One object for the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Follows the group's key in the delivery key; empty for a group's only document.
    pub suffix: String,
    /// JSON text, exactly what will be sent.
    pub body: String,
    /// JSON object; `{}` if nothing.
    pub extra: String,
}

/// A part left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// Index into the group's records.
    pub member: u32,
    /// Path in that record.
    pub path: String,
    /// Why, for people.
    pub reason: String,
}

/// Why a group cannot be mapped or must not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Stable code, e.g. `required`, `type`, `lookup.miss`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Where in the source record.
    pub source_path: Option<String>,
    /// Where in the document.
    pub target_path: Option<String>,
    /// JSON object; `{}` if nothing.
    pub extra: String,
}

impl Violation {
    /// A violation of the host's own checks, at a path of the document.
    pub fn at_target(code: &str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            source_path: None,
            target_path: Some(path.into()),
            extra: "{}".to_owned(),
        }
    }
}

/// What a mapping made of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapped {
    /// The documents, in order; suffixes are unique within the group.
    pub documents: Vec<Document>,
    /// What was left out on purpose.
    pub omitted: Vec<Omission>,
}

/// One answer per group: a plugin can refuse a group, it cannot lose one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Documents to deliver.
    Mapped(Mapped),
    /// Nothing to deliver, with the reason.
    Skipped(String),
    /// Cannot be mapped, with every reason found.
    Rejected(Vec<Violation>),
}

/// A group and what the plugins before this one made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The group as the plugin's projection shows it.
    pub origin: Group,
    /// What came of it so far.
    pub mapped: Mapped,
}
