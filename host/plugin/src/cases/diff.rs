//! What is not as expected, by JSON path: exact number tokens (`2.0000` is not `2`), order of members included. Of
//! expected violations only what is written is compared. Does not say how a difference looks; that is `host/src/author`.

use dukou_core::document::join;
use serde_json::{Map, Value, json};

use super::case::Expect;
use super::lines;
use super::outcome::Outcome;

/// The most differences that are listed for one case.
const MOST_DIFFERENCES: usize = 200;
/// Characters of a value in a difference.
const SHOWN_CHARS: usize = 400;

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Another kind of verdict.
    Verdict,
    /// Another value.
    Changed,
    /// Expected and not there.
    Missing,
    /// There and not expected.
    Unexpected,
    /// The same members in another order.
    Order,
}

impl DifferenceKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::Order => "order",
        }
    }
}

/// One place that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Path with indices, e.g. `dto.RDRecordDetails[0].Memo`, `omitted[0].reason`, `rejected[1].code`; that of several
    /// documents begins with `documents[i]`.
    pub path: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// JSON text of what is expected; for another order the names of the members.
    pub expected: Option<String>,
    /// JSON text of what came.
    pub actual: Option<String>,
}

impl Difference {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "path": self.path,
            "kind": self.kind.word(),
            "expected": self.expected,
            "actual": self.actual,
        })
    }
}

/// Everything in which `outcome` is not as expected; empty if it is.
pub fn compare(expect: &Expect, outcome: &Outcome) -> Vec<Difference> {
    let mut diff = Diff::default();
    match (expect, outcome) {
        (Expect::Mapped(_), Outcome::Mapped(_)) => {
            let (expected, actual) = (expect.to_json(), outcome.to_json());
            diff.value(&mut String::new(), expected.get("mapped"), actual.get("mapped"));
            let single = documents(&expected) == 1 && documents(&actual) == 1;
            for difference in &mut diff.found {
                difference.path = document_path(&difference.path, single);
            }
        }
        (Expect::Skipped(expected), Outcome::Skipped(actual)) => {
            let (expected, actual) = (Value::from(expected.as_str()), Value::from(actual.as_str()));
            diff.value(&mut "skipped".to_owned(), Some(&expected), Some(&actual));
        }
        (Expect::Rejected(_), Outcome::Rejected(_)) => {
            let expected = expect.to_json();
            let mut actual = outcome.to_json();
            keep_what_is_written(&expected, &mut actual);
            diff.value(
                &mut "rejected".to_owned(),
                expected.get("rejected"),
                actual.get("rejected"),
            );
        }
        (Expect::Failed(expected), Outcome::Failed(failure)) => {
            let (expected, actual) = (Value::from(expected.as_str()), Value::from(failure.code));
            diff.value(&mut "failed".to_owned(), Some(&expected), Some(&actual));
        }
        (Expect::Passed, Outcome::Passed) => {}
        _ => diff.verdict(expect, outcome),
    }
    diff.found
}

fn documents(outcome: &Value) -> usize {
    outcome["mapped"]["documents"].as_array().map_or(0, Vec::len)
}

/// `documents[0].body.dto.Memo` → `dto.Memo`, or `documents[0].dto.Memo` where there are several.
fn document_path(path: &str, single: bool) -> String {
    let Some((document, rest)) = path.split_once("].body") else {
        return path.to_owned();
    };
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    match (single, rest.is_empty()) {
        (true, false) => rest.to_owned(),
        (false, false) => format!("{document}].{rest}"),
        (_, true) => path.to_owned(),
    }
}

/// Drops from each violation that came what the expected one at its place does not write. What is beyond the expected
/// ones is kept whole.
fn keep_what_is_written(expected: &Value, actual: &mut Value) {
    let Some(expected) = expected["rejected"].as_array() else {
        return;
    };
    let Some(Value::Array(actual)) = actual.get_mut("rejected") else {
        return;
    };
    for (expected, actual) in expected.iter().zip(actual) {
        if let (Value::Object(expected), Value::Object(actual)) = (expected, actual) {
            actual.retain(|key, _| expected.contains_key(key));
        }
    }
}

#[derive(Default)]
struct Diff {
    found: Vec<Difference>,
}

impl Diff {
    fn push(&mut self, path: &str, kind: DifferenceKind, expected: Option<String>, actual: Option<String>) {
        if self.found.len() < MOST_DIFFERENCES {
            self.found.push(Difference {
                path: path.to_owned(),
                kind,
                expected,
                actual,
            });
        }
    }

    /// Another kind of verdict, and what came instead.
    fn verdict(&mut self, expect: &Expect, outcome: &Outcome) {
        let expected = match expect {
            Expect::Mapped(_) => "mapped",
            Expect::Skipped(_) => "skipped",
            Expect::Rejected(_) => "rejected",
            Expect::Passed => "passed",
            Expect::Failed(_) => "failed",
        };
        let kind = DifferenceKind::Verdict;
        self.push("", kind, Some(expected.to_owned()), Some(outcome.word().to_owned()));
        let instead = outcome.to_json();
        match outcome {
            Outcome::Rejected(_) => {
                for (index, one) in instead["rejected"].as_array().into_iter().flatten().enumerate() {
                    self.push(
                        &format!("rejected[{index}]"),
                        DifferenceKind::Unexpected,
                        None,
                        Some(short(one)),
                    );
                }
            }
            Outcome::Skipped(_) => self.push(
                "skipped",
                DifferenceKind::Unexpected,
                None,
                Some(short(&instead["skipped"])),
            ),
            Outcome::Failed(failure) => self.push(
                "failed",
                DifferenceKind::Unexpected,
                None,
                Some(format!("{}: {}", failure.code, failure.message)),
            ),
            Outcome::Mapped(_) | Outcome::Passed => {}
        }
    }

    fn value(&mut self, path: &mut String, expected: Option<&Value>, actual: Option<&Value>) {
        let mut found = |place: Place<'_>| {
            let text = |side: Option<&Value>| {
                side.map(|value| match (place.kind, value) {
                    (DifferenceKind::Order, Value::String(names)) => names.clone(),
                    _ => short(value),
                })
            };
            self.push(place.path, place.kind, text(place.expected), text(place.actual));
        };
        Walk { found: &mut found }.value(path, expected, actual);
    }
}

/// One place where two values differ, as [`each_difference`] comes to it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Path with indices; empty at the root.
    pub path: &'a str,
    /// How it differs; never [`DifferenceKind::Verdict`].
    pub kind: DifferenceKind,
    /// The first side, if it is there; for another order a text with the names of the members that moved.
    pub expected: Option<&'a Value>,
    /// The second side.
    pub actual: Option<&'a Value>,
}

/// Shows `found` every place where two values differ, in the order of the first: exact number tokens, order of members
/// included, lists of different length aligned. Nothing is left out, however many there are.
pub fn each_difference(expected: &Value, actual: &Value, found: &mut dyn FnMut(Place<'_>)) {
    Walk { found }.value(&mut String::new(), Some(expected), Some(actual));
}

struct Walk<'f> {
    found: &'f mut dyn FnMut(Place<'_>),
}

impl Walk<'_> {
    fn value(&mut self, path: &mut String, expected: Option<&Value>, actual: Option<&Value>) {
        match (expected, actual) {
            (Some(Value::Object(expected)), Some(Value::Object(actual))) => self.object(path, expected, actual),
            (Some(Value::Array(expected)), Some(Value::Array(actual))) => self.array(path, expected, actual),
            (Some(expected), Some(actual)) if expected == actual => {}
            (None, None) => {}
            (expected, actual) => {
                let kind = match (expected, actual) {
                    (Some(_), Some(_)) => DifferenceKind::Changed,
                    (Some(_), None) => DifferenceKind::Missing,
                    _ => DifferenceKind::Unexpected,
                };
                (self.found)(Place {
                    path,
                    kind,
                    expected,
                    actual,
                });
            }
        }
    }

    fn object(&mut self, path: &mut String, expected: &Map<String, Value>, actual: &Map<String, Value>) {
        let new = actual.keys().filter(|key| !expected.contains_key(*key));
        for key in expected.keys().chain(new) {
            let length = path.len();
            *path = join(path, key);
            self.value(path, expected.get(key), actual.get(key));
            path.truncate(length);
        }
        let common = |from: &Map<String, Value>, other: &Map<String, Value>| -> Vec<String> {
            from.keys().filter(|key| other.contains_key(*key)).cloned().collect()
        };
        let (expected, actual) = (common(expected, actual), common(actual, expected));
        if expected != actual {
            // Only the part that moved: what is the same before and after says nothing.
            let before = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
            let after = expected
                .iter()
                .rev()
                .zip(actual.iter().rev())
                .take_while(|(a, b)| a == b)
                .count();
            let moved =
                |keys: &[String]| Value::from(keys.get(before..keys.len() - after).unwrap_or_default().join(", "));
            (self.found)(Place {
                path,
                kind: DifferenceKind::Order,
                expected: Some(&moved(&expected)),
                actual: Some(&moved(&actual)),
            });
        }
    }

    /// Lists of one length are compared line by line. Others are aligned first, so that one line more or less is one
    /// difference, wherever it is.
    fn array(&mut self, path: &mut String, expected: &[Value], actual: &[Value]) {
        let pairs: Vec<(Option<usize>, Option<usize>)> = if expected.len() == actual.len() {
            (0..expected.len()).map(|index| (Some(index), Some(index))).collect()
        } else {
            lines::paired(expected, actual)
        };
        for (left, right) in pairs {
            // A line that went away stands where it was, all others where they are.
            let Some(index) = right.or(left) else { continue };
            let length = path.len();
            path.push_str(&format!("[{index}]"));
            let (left, right) = (
                left.and_then(|at| expected.get(at)),
                right.and_then(|at| actual.get(at)),
            );
            self.value(path, left, right);
            path.truncate(length);
        }
    }
}

/// A value as JSON text, cut where it becomes unreadable.
pub(crate) fn short(value: &Value) -> String {
    cut(&value.to_string(), SHOWN_CHARS)
}

/// A text of at most `chars` characters.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
