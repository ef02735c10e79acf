//! The first part of the gate: the cases inside each plugin's file must pass, by the same function as `plugin test`, before
//! anything comes into force. A plugin that passed is remembered by its digest for the life of the process. Only the
//! cases: the checks on top of them are the author's affair.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use dukou_core::digest::Digest;
use dukou_plugin::Prepared;
use dukou_plugin::cases::{CaseReport, CaseSet, Outcome, Status, TestOptions, test};

use super::wanted::Wanted;
use crate::scheme::{DefinitionErrors, Diagnostic, Scheme};

/// Why a plugin does not come into force.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failing {
    case: String,
    message: String,
}

/// Runs the cases inside the plugins of a deployment. Answers how many passed, for each plugin that has any.
///
/// # Errors
/// [`DefinitionErrors`] naming plugin, case and first difference, at the line that names the plugin; other errors are
/// the machine's.
pub fn prove(scheme: &Scheme, wanted: &Wanted) -> anyhow::Result<Vec<(String, u64)>> {
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut passed = Vec::new();
    for (plugin_use, prepared) in scheme.plugin_uses().zip(wanted.chain.plugins()) {
        match run(prepared).with_context(|| plugin_use.name.clone())? {
            Ok(0) => {}
            Ok(cases) => passed.push((plugin_use.name.clone(), cases)),
            Err(failing) => errors.push(scheme.cases_error(plugin_use, &failing.case, &failing.message)),
        }
    }
    if errors.is_empty() {
        Ok(passed)
    } else {
        Err(DefinitionErrors(errors).into())
    }
}

/// How many cases a plugin passed, or the first that it does not. A plugin without cases has none that fails.
fn run(prepared: &Prepared) -> anyhow::Result<Result<u64, Failing>> {
    let plugin = prepared.plugin();
    let Some(section) = &plugin.inspection().cases else {
        return Ok(Ok(0));
    };
    if let Some(cases) = passed(plugin.digest(), None) {
        return Ok(Ok(cases));
    }
    let set = match CaseSet::from_section(section) {
        Ok(set) => set,
        Err(errors) => {
            let first = errors.first().map(|error| Failing {
                case: error.path.clone(),
                message: error.to_string(),
            });
            return Ok(first.map_or(Ok(0), Err));
        }
    };
    let report = test(&prepared.runtime(), plugin, &set, &TestOptions::default())?;
    let first = report.cases.iter().find(|case| case.status == Status::Failed);
    Ok(match first {
        Some(case) => Err(Failing {
            case: case.name.clone(),
            message: what(case),
        }),
        None => {
            let cases = report.cases.len() as u64;
            passed(plugin.digest(), Some(cases));
            Ok(cases)
        }
    })
}

fn what(case: &CaseReport) -> String {
    match (&case.outcome, case.differences.first()) {
        (Outcome::Failed(failure), _) => format!("{}: {}", failure.code, failure.message),
        (_, Some(first)) => {
            let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "∅".to_owned());
            let colon = if first.path.is_empty() { "" } else { ": " };
            let text = format!(
                "{}{colon}{} → {}",
                first.path,
                side(&first.expected),
                side(&first.actual)
            );
            crate::overview::text::short(&text, 200)
        }
        (_, None) => String::new(),
    }
}

/// How many cases a plugin passed in this process; `now` says that it just did.
fn passed(digest: Digest, now: Option<u64>) -> Option<u64> {
    static PASSED: Mutex<Option<HashMap<Digest, u64>>> = Mutex::new(None);
    let mut guard = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = guard.get_or_insert_with(HashMap::new);
    if let Some(cases) = now {
        known.insert(digest, cases);
    }
    known.get(&digest).copied()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dukou_plugin::{InProcessCompiler, Runtime, RuntimeOptions};
    use dukou_plugin_build::{CASES_SECTION, set_section};
    use dukou_stock::WDT_TO_TPLUS;

    use super::*;

    const ENVIRONMENT: &str = r#"{"time_zone":"Asia/Shanghai","source":null,"target":null}"#;

    /// The reference mapping with one case inside, which expects this code of an empty order.
    fn packed(runtime: &Runtime, code: &str) -> Prepared {
        let section = format!(
            r#"{{"schema":1,"defaults":{{"environment":{ENVIRONMENT}}},"cases":{{"empty":{{
                "group":{{"key":"CK1","records":[{{"key":"CK1","received_at":"2026-11-03T10:00:00+08:00","body":{{}}}}]}},
                "expect":{{"rejected":[{{"code":"{code}"}},{{}},{{}}]}}}}}}}}"#
        );
        prepared(runtime, &section)
    }

    fn prepared(runtime: &Runtime, section: &str) -> Prepared {
        let bytes = set_section(WDT_TO_TPLUS, CASES_SECTION, section.as_bytes()).unwrap();
        let plugin = runtime.load(&bytes).unwrap();
        runtime.configure(&plugin, "{}", ENVIRONMENT).unwrap()
    }

    #[test]
    fn a_failing_case_inside_a_plugin_is_named_and_a_passing_plugin_is_remembered() {
        let runtime = Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap();
        let wrong = packed(&runtime, "nothing");
        let found = run(&wrong).unwrap().unwrap_err();
        assert_eq!(found.case, "empty");
        assert_eq!(found.message, "rejected[0].code: \"nothing\" → \"required\"");
        assert_eq!(
            passed(wrong.plugin().digest(), None),
            None,
            "what fails is not remembered"
        );
        let right = packed(&runtime, "required");
        assert_eq!(run(&right).unwrap(), Ok(1));
        assert_eq!(passed(right.plugin().digest(), None), Some(1));
        let newer = prepared(&runtime, r#"{"schema":2}"#);
        assert!(run(&newer).unwrap().unwrap_err().message.contains("unknown schema"));
        let plugin = runtime.load(WDT_TO_TPLUS).unwrap();
        let without = runtime.configure(&plugin, "{}", ENVIRONMENT).unwrap();
        assert_eq!(run(&without).unwrap(), Ok(0));
    }
}
