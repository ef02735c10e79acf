//! Hostile guests, each with the exact error it must end in. The families below list them; `memory` runs every one again
//! in a process of its own and looks at what that process took. `docs/reference/hostile-plugins.md` is their table.

mod answers;
mod budgets;
mod compiling;
mod files;
mod memory;
mod system;

use std::sync::Arc;

use dukou_core::verdict::{Candidate, Group};
use dukou_plugin::{Kind, LogLine, PluginError, Runtime, RuntimeOptions, Usage};

use crate::fixture::{ENVIRONMENT, MapTables, candidate, group, runtime};

/// The settings that every hostile guest gets.
const SETTINGS: &str = "{}";

/// How a guest must end.
enum Ends {
    /// With exactly this error.
    In(PluginError),
    /// With this code, and these words in what people read.
    With(&'static str, &'static [&'static str]),
}

/// A hostile guest.
struct Guest {
    /// What it tries.
    name: &'static str,
    component: Box<dyn Fn() -> Vec<u8>>,
    ends: Ends,
}

impl Guest {
    fn new(name: &'static str, component: impl Fn() -> Vec<u8> + 'static, ends: Ends) -> Self {
        Self {
            name,
            component: Box::new(component),
            ends,
        }
    }

    /// What is wrong with this end, if anything.
    fn fault(&self, error: &PluginError) -> Option<String> {
        let (name, text) = (self.name, error.to_string());
        // Whatever a guest puts into names, texts and errors, what people read stays readable.
        if text.len() > 8_000 {
            return Some(format!("{name}: an endless error"));
        }
        match &self.ends {
            Ends::In(expected) if error != expected => Some(format!("{name}: {error:?} instead of {expected:?}")),
            Ends::With(code, words) if error.code() != *code || words.iter().any(|word| !text.contains(word)) => Some(
                format!("{name}: {}: {text}; instead of {code} with {words:?}", error.code()),
            ),
            _ => None,
        }
    }

    fn assert_ends(&self, error: &PluginError) {
        assert_eq!(self.fault(error), None);
    }
}

/// What came of a guest that got as far as its groups.
struct Ran {
    usage: Usage,
    log: Vec<LogLine>,
}

fn one_group() -> Vec<Group> {
    vec![group("g0", r#"{"order_no":"CK1"}"#)]
}

fn candidates() -> Vec<Candidate> {
    one_group()
        .into_iter()
        .map(|group| candidate(group, r#"{"dto":{}}"#))
        .collect()
}

/// Loads, configures and runs a component over one group: the first error, or what it used.
fn run(runtime: &Runtime, component: &[u8]) -> Result<Ran, (PluginError, Option<Ran>)> {
    let early = |error| (error, None);
    let plugin = runtime.load(component).map_err(early)?;
    let prepared = runtime.configure(&plugin, SETTINGS, ENVIRONMENT).map_err(early)?;
    let tables = MapTables::shared(&[("t", "1", r#"{"k":"1","v":"one"}"#)]);
    let (result, usage, log) = match plugin.kind() {
        Kind::Mapping => {
            let report = prepared.transform(&one_group(), &tables);
            (report.result.map(drop), report.usage, report.log)
        }
        Kind::Adjustment => {
            let report = prepared.adjust(&candidates(), &tables);
            (report.result.map(drop), report.usage, report.log)
        }
        Kind::Validation => {
            let report = prepared.validate(&candidates(), &tables);
            (report.result.map(drop), report.usage, report.log)
        }
    };
    let ran = Ran { usage, log };
    match result {
        Ok(()) => Ok(ran),
        Err(error) => Err((error, Some(ran))),
    }
}

/// Runs each guest and compares how it ends.
fn assert_each_ends(guests: &[Guest]) {
    let faults: Vec<String> = guests
        .iter()
        .filter_map(|guest| match run(runtime(), &(guest.component)()) {
            Ok(_) => Some(format!("{} was let through", guest.name)),
            Err((error, _)) => guest.fault(&error),
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A runtime that compiles in a child, as the product does, with these limits.
fn limited(memory_bytes: u64, timeout: std::time::Duration) -> Runtime {
    let compiler = dukou_plugin::ChildCompiler {
        memory_bytes,
        timeout,
        ..dukou_plugin::ChildCompiler::new(env!("CARGO_BIN_EXE_compile-plugin"), [])
    };
    Runtime::new(RuntimeOptions::new(Arc::new(compiler))).unwrap()
}
