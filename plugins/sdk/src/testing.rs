//! Running a plugin natively: the cases of its folder under `cargo test`, and single calls for tests of one rule.
//!
//! A template's `tests/cases.rs` is
//!
//! ```no_run
//! # use dukou_sdk::prelude::*;
//! # #[derive(Settings)] pub struct ShopRules;
//! # #[derive(Source)] pub struct Order { order_no: Text }
//! # #[derive(Target)] pub struct Dispatch { code: Text }
//! # impl Mapper for ShopRules {
//! #     type Source = Order;
//! #     type Target = Dispatch;
//! #     fn map(&self, order: Order, _job: &mut Job<'_>) -> Result<Dispatch, Stop> {
//! #         Ok(Dispatch { code: order.order_no.to() })
//! #     }
//! # }
//! fn every_case_holds() {
//!     dukou_sdk::testing::mapping::<ShopRules>("cases");
//! }
//! ```
//!
//! The same cases run in the sandbox with `dukou plugin test`, which also measures, and knows the stock catalogues: here a
//! catalogue that a case only names is null. A case that expects `failed` is about the sandbox and passes here unrun.

mod case;
mod csv;
mod difference;

pub use case::{Case, read_cases};
pub use difference::differences;

use crate::editor::Editor;
use crate::environment::Environment;
use crate::settings::{FromSettings, Settings};
use crate::source::{Source, read_record};
use crate::tables::FixedTables;
use crate::target::{Target, Writer};
use crate::values::Surroundings;
use crate::{
    Adjuster, Adjustment, Candidate, Document, Group, Job, Mapped, Mapper, Mapping, SourceRecord, Typed, Validation,
    Validator, Verdict, Violation,
};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;

/// Runs the cases of a mapping; `folder` is relative to the crate. Panics with the differences of every case that does not
/// hold, and if nothing was compared at all; a case that expects nothing yet is named as new.
pub fn mapping<M: Mapper>(folder: impl AsRef<Path>) {
    run_mapping::<Typed<M>>(folder);
}

/// Runs the cases of an adjustment, as [`mapping`] does.
pub fn adjustment<A: Adjuster>(folder: impl AsRef<Path>) {
    run(folder.as_ref(), |case| {
        let (plugin, _) =
            <Typed<A> as Adjustment>::configure(&case.settings, &case.environment).map_err(settings_wrong)?;
        let verdicts = Adjustment::adjust(&plugin, vec![candidate(case)], &case.tables);
        Ok(verdict_json(&one(verdicts)))
    });
}

/// Runs the cases of a validation, as [`mapping`] does.
pub fn validation<V: Validator>(folder: impl AsRef<Path>) {
    run(folder.as_ref(), |case| {
        let (plugin, _) =
            <Typed<V> as Validation>::configure(&case.settings, &case.environment).map_err(settings_wrong)?;
        let found = one(Validation::validate(&plugin, vec![candidate(case)], &case.tables));
        Ok(if found.is_empty() {
            json!({ "passed": true })
        } else {
            verdict_json(&Verdict::Rejected(found))
        })
    });
}

/// Runs the cases of a mapping that stands on [`Mapping`] itself, as [`mapping`] does.
pub fn run_mapping<M: Mapping>(folder: impl AsRef<Path>) {
    run(folder.as_ref(), |case| {
        let (plugin, _) = M::configure(&case.settings, &case.environment).map_err(settings_wrong)?;
        let verdicts = plugin.transform(vec![case.group.clone()], &case.tables);
        Ok(verdict_json(&one(verdicts)))
    });
}

/// What a mapping says of one record, under an empty environment in Shanghai's zone.
pub fn transform<M: Mapper>(settings: &str, body: &str) -> Verdict {
    let (plugin, _) = <Typed<M> as Mapping>::configure(settings, "{}").expect("the settings of the test are sound");
    let group = Group::single(SourceRecord::new("R1", "2026-11-05T00:00:00Z", body));
    one(plugin.transform(vec![group], &FixedTables::default()))
}

/// A source struct read from JSON.
pub fn read<S: Source>(body: &str) -> S {
    match read_record(body, 0, &surroundings()) {
        Ok((object, _)) => object,
        Err(reason) => panic!("{body} cannot be read: {reason}"),
    }
}

/// The document of a target struct, or everything that is wrong with it.
pub fn write<T: Target>(document: T) -> Result<String, Vec<Violation>> {
    let group = Group::single(SourceRecord::new("R1", "2026-11-05T00:00:00Z", "{}"));
    let (around, tables) = (surroundings(), FixedTables::default());
    let mut job = Job::new(&group, &tables, &around);
    let mut writer = Writer::new(&mut job.report, 256);
    writer.document(&[(0, &document)]);
    let body = writer.body;
    match job.report.into_violations() {
        found if found.is_empty() => Ok(body),
        found => Err(found),
    }
}

/// A document to edit.
pub fn edit(body: &str) -> Editor {
    Editor::open(&Document::new(body), 0, &surroundings()).expect("the document of the test is an object")
}

/// Settings read from JSON, or everything that is wrong with them, as `path: message`.
pub fn settings<S: FromSettings>(json: &str) -> Result<S, Vec<String>> {
    let tell = |errors: Vec<crate::SettingError>| {
        errors
            .iter()
            .map(|e| format!("{}: {}", e.path, e.message))
            .collect::<Vec<_>>()
    };
    let mut settings = Settings::parse(json).map_err(tell)?;
    let read = S::from_settings(&mut settings);
    settings.finish().map_err(tell)?;
    Ok(read)
}

fn surroundings() -> Rc<Surroundings> {
    let environment = Environment::default();
    let zone = environment.zone().expect("without a name the zone is Shanghai's");
    Rc::new(Surroundings { environment, zone })
}

fn candidate(case: &Case) -> Candidate {
    Candidate {
        origin: case.group.clone(),
        mapped: case.before.clone().unwrap_or(Mapped {
            documents: Vec::new(),
            omitted: Vec::new(),
        }),
    }
}

fn settings_wrong(errors: Vec<crate::SettingError>) -> String {
    let lines = errors
        .iter()
        .map(|error| format!("  {}: {}", error.path, error.message));
    format!("the settings are refused:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// The only answer.
fn one<T>(mut answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1, "one group has one answer");
    answers.remove(0)
}

/// A verdict as case files write it.
fn verdict_json(verdict: &Verdict) -> Value {
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    match verdict {
        Verdict::Mapped(mapped) => {
            let document = |document: &Document| {
                let mut written = json!({ "suffix": document.suffix, "body": parse(&document.body) });
                if document.extra != "{}" {
                    written["extra"] = parse(&document.extra);
                }
                written
            };
            let omission = |omission: &crate::Omission| json!({ "member": omission.member, "path": omission.path, "reason": omission.reason });
            json!({ "mapped": {
                "documents": mapped.documents.iter().map(document).collect::<Vec<_>>(),
                "omitted": mapped.omitted.iter().map(omission).collect::<Vec<_>>(),
            } })
        }
        Verdict::Skipped(reason) => json!({ "skipped": reason }),
        Verdict::Rejected(violations) => {
            let violation = |violation: &Violation| {
                let mut written = json!({ "code": violation.code });
                if let Some(path) = &violation.source_path {
                    written["source_path"] = path.as_str().into();
                }
                if let Some(path) = &violation.target_path {
                    written["target_path"] = path.as_str().into();
                }
                written["message"] = violation.message.as_str().into();
                if violation.extra != "{}" {
                    written["extra"] = parse(&violation.extra);
                }
                written
            };
            json!({ "rejected": violations.iter().map(violation).collect::<Vec<_>>() })
        }
    }
}

fn run(folder: &Path, act: impl Fn(&Case) -> Result<Value, String>) {
    let cases = read_cases(folder).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cases.is_empty(), "{} has no cases", folder.display());
    let mut told = String::new();
    let mut new = Vec::new();
    let (mut compared, mut wrong) = (0, 0);
    for case in &cases {
        let Some(expected) = &case.expect else {
            new.push(case.name.as_str());
            continue;
        };
        if expected.get("failed").is_some() {
            continue;
        }
        compared += 1;
        let found = match act(case) {
            Ok(found) => differences(expected, &found),
            Err(reason) => vec![reason],
        };
        if !found.is_empty() {
            wrong += 1;
            told.push_str(&format!("\n{} {}\n", case.name, case.title));
            for line in found {
                told.push_str(&format!("  {line}\n"));
            }
        }
    }
    let new = new.join(", ");
    assert!(
        compared > 0,
        "nothing was compared: no case in {} expects a verdict. New: {new}; see `dukou plugin review`",
        folder.display()
    );
    if !new.is_empty() {
        // Not by a macro, whose words `cargo test` would keep to itself.
        let _ = writeln!(std::io::stderr(), "new, not compared: {new}; see `dukou plugin review`");
    }
    assert!(wrong == 0, "{wrong} of {} cases do not hold\n{told}", cases.len());
}

#[cfg(test)]
mod tests;
