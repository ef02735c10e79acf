//! The three traits an author chooses from, and small constructors for the words of the contract.
//!
//! The words themselves are generated from `wit/dukou-plugin-0.1/plugin.wit`, which documents every field. What the host
//! promises and checks stands there too; nothing here calls the host.

use crate::{Candidate, Document, Group, Lookups, Omission, SettingError, SourceRecord, Verdict, Violation};

/// What a plugin needs under its settings; the host projects source records to exactly this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Source paths such as `order_no` or `details_list[].price`; `*` is the whole record, a path that ends at an
    /// object or array takes all of it.
    pub needs: Vec<String>,
    /// Names of the tables that `lookups` will be asked for.
    pub tables: Vec<String>,
}

impl Needs {
    /// Needs of these source paths, in this order, and no table.
    pub fn of<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            needs: paths.into_iter().map(Into::into).collect(),
            tables: Vec::new(),
        }
    }

    /// The answer of `configure`: `{"needs":[…],"tables":[…]}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(64 + 24 * self.needs.len());
        out.push_str("{\"needs\":");
        push_texts(&mut out, &self.needs);
        out.push_str(",\"tables\":");
        push_texts(&mut out, &self.tables);
        out.push('}');
        out
    }
}

fn push_texts(out: &mut String, texts: &[String]) {
    out.push('[');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        crate::json::push_text(out, text);
    }
    out.push(']');
}

/// Makes documents out of groups.
pub trait Mapping: Sized {
    /// Reads the settings once per instance and says what will be needed. Errors are shown to whoever wrote the
    /// settings: name all of them, each with its path.
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>>;

    /// One verdict per group, in order. The verdict on a group must not depend on the other groups of the call.
    fn transform(&self, groups: Vec<Group>, lookups: &dyn Lookups) -> Vec<Verdict>;
}

/// Changes what a mapping made.
pub trait Adjustment: Sized {
    /// As for [`Mapping::configure`].
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>>;

    /// One verdict per candidate, in order; an untouched candidate is `Verdict::Mapped(candidate.mapped)`.
    fn adjust(&self, candidates: Vec<Candidate>, lookups: &dyn Lookups) -> Vec<Verdict>;
}

/// Judges what the other plugins made, and changes nothing.
pub trait Validation: Sized {
    /// As for [`Mapping::configure`].
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>>;

    /// The violations of each candidate, in order; an empty list passes.
    fn validate(&self, candidates: Vec<Candidate>, lookups: &dyn Lookups) -> Vec<Vec<Violation>>;
}

impl SourceRecord {
    /// A record with an empty `extra`, as tests need it.
    pub fn new(key: impl Into<String>, received_at: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            received_at: received_at.into(),
            body: body.into(),
            extra: empty(),
        }
    }
}

impl Group {
    /// The group of one record: its key is the record's.
    pub fn single(record: SourceRecord) -> Self {
        Self {
            key: record.key.clone(),
            records: vec![record],
            extra: empty(),
        }
    }
}

impl Document {
    /// The only document of its group: no suffix, nothing extra.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            suffix: String::new(),
            body: body.into(),
            extra: empty(),
        }
    }

    /// One of several documents of a group.
    pub fn with_suffix(suffix: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            suffix: suffix.into(),
            body: body.into(),
            extra: empty(),
        }
    }
}

impl Omission {
    /// Leaves out `path` of the group's record number `member`.
    pub fn new(member: u32, path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            member,
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl Violation {
    /// A violation without paths.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            source_path: None,
            target_path: None,
            extra: empty(),
        }
    }

    /// Names the source field, e.g. `details_list[0].goods_count`.
    #[must_use]
    pub fn at_source(mut self, path: impl Into<String>) -> Self {
        self.source_path = Some(path.into());
        self
    }

    /// Names the target field, e.g. `RDRecordDetails[0].BaseQuantity`.
    #[must_use]
    pub fn at_target(mut self, path: impl Into<String>) -> Self {
        self.target_path = Some(path.into());
        self
    }
}

impl SettingError {
    /// An error at `path` into the settings; the empty path is the settings as a whole.
    pub fn new(path: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

fn empty() -> String {
    "{}".to_owned()
}
