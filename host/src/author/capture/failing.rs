//! How a case fails, so that a smaller one can be held against it: by which codes at which fields, and with which values
//! where the plugin says that the cause stands. Lines are not told apart: one that fails is enough.

use std::collections::BTreeMap;

use dukou_core::catalogue::plain_path;
use dukou_core::verdict::Group;
use dukou_plugin::cases::Outcome;
use serde_json::Value;

/// A code and the fields of source and document that it names, without the numbers of lines.
type Fault = (String, Option<String>, Option<String>);

/// The faults of an outcome, each once, and the values that stand at their causes; none where nothing stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failing(BTreeMap<Fault, Vec<String>>);

/// Whether an outcome is a failure that can be shrunk.
pub(super) fn is_failure(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(_) | Outcome::Rejected(_))
}

impl Failing {
    /// How a group fails.
    pub(super) fn of(outcome: &Outcome, group: &Group) -> Self {
        let mut faults: BTreeMap<Fault, Vec<String>> = BTreeMap::new();
        match outcome {
            Outcome::Failed(failure) => {
                faults.insert((failure.code.to_owned(), None, None), Vec::new());
            }
            Outcome::Rejected(violations) => {
                let bodies = group.records.iter().map(|record| serde_json::from_str(&record.body));
                let bodies: Vec<Value> = bodies.map(Result::unwrap_or_default).collect();
                let plain = |path: &Option<String>| path.as_deref().map(plain_path);
                for one in violations {
                    let fault = (one.code.clone(), plain(&one.source_path), plain(&one.target_path));
                    let values = faults.entry(fault).or_default();
                    if let Some(path) = &one.source_path {
                        values.extend(bodies.iter().filter_map(|body| at(body, path)).map(told));
                    }
                }
            }
            Outcome::Mapped(_) | Outcome::Skipped(_) | Outcome::Passed => {}
        }
        Self(faults)
    }

    /// Whether a smaller group fails by the same faults, with one of the values at the cause of each.
    pub(super) fn is_same(&self, outcome: &Outcome, group: &Group) -> bool {
        let now = Self::of(outcome, group);
        let caused =
            |wanted: &[String], now: &[String]| wanted.is_empty() || now.iter().any(|one| wanted.contains(one));
        self.0.len() == now.0.len()
            && self
                .0
                .iter()
                .all(|(fault, values)| now.0.get(fault).is_some_and(|now| caused(values, now)))
    }
}

/// A value, to be compared; lists and objects may lose what is in them.
fn told(value: &Value) -> String {
    match value {
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        scalar => scalar.to_string(),
    }
}

/// The value at a path such as `details_list[0].price`.
fn at<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    steps
        .filter(|step| !step.is_empty())
        .try_fold(body, |value, step| match value {
            Value::Object(members) => members.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
}
