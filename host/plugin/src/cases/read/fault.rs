//! What can be wrong with a case file: where, what, and what to do.

use std::fmt;

use super::MOST_CASES;

/// What is wrong with a case file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseFault {
    /// Not JSON.
    Json(String),
    /// A key that means nothing here.
    UnknownKey {
        /// The key.
        key: String,
        /// The known key that looks most like it.
        near: Option<String>,
    },
    /// A key that has to be there.
    MissingKey(&'static str),
    /// A key that is written twice.
    TwiceKey(String),
    /// Another type than wanted.
    Shape {
        /// What is wanted.
        wanted: &'static str,
    },
    /// A catalogue that this host does not have.
    Catalogue(String),
    /// A file whose name is no name of a case.
    Name,
    /// A section written by a newer `dukou`.
    Schema,
    /// More cases than one plugin may have.
    TooMany(usize),
}

/// Something wrong with a case file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseError {
    /// The file's name; the section's for packed cases.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Path in the file, e.g. `group.records[0].body`.
    pub path: String,
    /// What is wrong.
    pub fault: CaseFault,
}

impl CaseError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self.fault {
            CaseFault::Json(_) => "case.json",
            CaseFault::UnknownKey { .. } => "case.unknown-key",
            CaseFault::MissingKey(_) => "case.missing-key",
            CaseFault::TwiceKey(_) => "case.twice-key",
            CaseFault::Shape { .. } => "case.shape",
            CaseFault::Catalogue(_) => "case.catalogue",
            CaseFault::Name => "case.name",
            CaseFault::Schema => "case.schema",
            CaseFault::TooMany(_) => "case.too-many",
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        match &self.fault {
            CaseFault::Json(_) => "correct the JSON at this place".to_owned(),
            CaseFault::UnknownKey { near: Some(near), .. } => format!("did you mean `{near}`?"),
            CaseFault::UnknownKey { .. } => "remove it".to_owned(),
            CaseFault::MissingKey(key) => format!("write `{key}`"),
            CaseFault::TwiceKey(_) => "remove one of the two".to_owned(),
            CaseFault::Shape { wanted } => format!("write {wanted}"),
            CaseFault::Catalogue(_) => "name the API of a stock catalogue, or write the catalogue out".to_owned(),
            CaseFault::Name => "rename it to NAME.json".to_owned(),
            CaseFault::Schema => "use a newer dukou, or pack the plugin again".to_owned(),
            CaseFault::TooMany(_) => "remove some".to_owned(),
        }
    }

    /// The fault as one sentence fragment.
    pub fn message(&self) -> String {
        match &self.fault {
            CaseFault::Json(error) => format!("not JSON: {error}"),
            CaseFault::UnknownKey { key, .. } => format!("unknown key `{key}`"),
            CaseFault::MissingKey(key) => format!("`{key}` is missing"),
            CaseFault::TwiceKey(key) => format!("`{key}` is written twice"),
            CaseFault::Shape { wanted } => format!("must be {wanted}"),
            CaseFault::Catalogue(name) => format!("there is no catalogue `{name}`"),
            CaseFault::Name => "the file is no case".to_owned(),
            CaseFault::Schema => "the cases are of an unknown schema".to_owned(),
            CaseFault::TooMany(count) => format!("{count} cases are more than {MOST_CASES}"),
        }
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.message(), self.help())
    }
}

impl std::error::Error for CaseError {}
