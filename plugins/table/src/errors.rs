//! What can be wrong: [`Findings`] gathers every setting error of a table before any of them is answered, and [`Fault`]
//! is why one value of one record could not be made. It decides no rule; it words them.

use dukou_sdk::SettingError;

/// The most characters of a source value that a message shows.
const SHOWN_CHARS: usize = 80;

/// Setting errors in the order in which they were found, so that a consultant sees all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    errors: Vec<SettingError>,
}

impl Findings {
    /// Adds one error. `path` leads into the settings (`fields.RDRecordDetails.Price`), `code` is stable and dotted.
    pub(crate) fn add(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.errors.push(SettingError {
            path: path.into(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// Whether nothing was found so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that was found.
    pub(crate) fn into_errors(self) -> Vec<SettingError> {
        self.errors
    }
}

/// Why an expression has no value. [`Fault::Pending`] is no failure: the host has not been asked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A look-up whose key has been noted for the next call to the host.
    Pending,
    /// A look-up without a usable row; `|or(…)` may still answer.
    Miss {
        /// The table that was asked.
        table: String,
        /// The key that it lacks, as it was asked.
        key: String,
        /// What exactly is missing, as a fragment after the key.
        detail: String,
    },
    /// A value that is no date of a known form.
    Date(String),
    /// A value of the wrong type for where it stands.
    Type {
        /// What was expected, e.g. `a decimal`.
        expected: String,
        /// What came.
        value: String,
    },
    /// An expression that cannot be computed.
    Expression {
        /// Why, as a fragment.
        reason: String,
        /// The operand or value at fault; empty if there is none.
        value: String,
    },
    /// A required value that is empty.
    Required,
    /// Members or lines that must agree and do not.
    Disagree {
        /// What would settle it, as a fragment.
        advice: &'static str,
        /// The value that came first.
        first: String,
        /// The value that differs.
        other: String,
    },
}

impl Fault {
    /// The stable code of the violation that this fault becomes.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Fault::Miss { .. } => "lookup.miss",
            Fault::Date(_) => "date",
            Fault::Type { .. } => "type",
            Fault::Pending | Fault::Expression { .. } => "expression",
            Fault::Required => "required",
            Fault::Disagree { .. } => "merge.disagree",
        }
    }

    /// The fault in words. With `masked` no source value is shown, because the field is personal.
    pub(crate) fn describe(&self, masked: bool) -> String {
        let show = |value: &str| if masked { "***".to_owned() } else { shown(value) };
        match self {
            Fault::Pending => "the host did not answer the look-up".to_owned(),
            Fault::Miss { table, key, detail } => format!("table {table} {detail} for key {}", show(key)),
            Fault::Date(value) => format!(
                "{} is not a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds",
                show(value)
            ),
            Fault::Type { expected, value } => format!("{} is not {expected}", show(value)),
            Fault::Expression { reason, value } if value.is_empty() => reason.clone(),
            Fault::Expression { reason, value } => format!("{reason}: {}", show(value)),
            Fault::Required => "the field is required and the value is empty".to_owned(),
            Fault::Disagree { advice, first, other } => format!("{} and {} differ; {advice}", show(first), show(other)),
        }
    }
}

/// A value between quotes, cut to 80 characters.
pub(crate) fn shown(value: &str) -> String {
    format!("\"{}\"", cut(value))
}

/// A text cut to 80 characters.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// `; did you mean X?` or nothing.
pub(crate) fn hint(word: &str, candidates: &[&str]) -> String {
    dukou_sdk::settings::nearest(word, candidates).map_or_else(String::new, |found| format!("; did you mean {found}?"))
}
