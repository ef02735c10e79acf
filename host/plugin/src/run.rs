//! One run: a fresh store and instance, `configure`, then one call with all groups of a batch, under budgets.
//! Whatever happens inside comes out as a typed result with what was used and what was logged. Nothing is kept:
//! an instance that trapped is never entered again.

use std::sync::Arc;

use dukou_core::verdict::{Candidate, Group, Verdict, Violation};
use serde::Deserialize;
use wasmtime::component::Instance;
use wasmtime::{Store, Trap, WasmBacktrace};

use crate::bindings;
use crate::bindings::{CandidateParam, GroupParam, SettingErrorResult, VerdictResult, ViolationResult};
use crate::budget::{Budgets, Usage};
use crate::check;
use crate::error::{PluginError, SettingError, Stage, TrapReport, shortened};
use crate::host_state::{HostState, LogLine, NoTables, SharedTables, Stop};
use crate::inspect::Kind;
use crate::plugin::Plugin;
use crate::preset;
use crate::projection::Projection;
use crate::runtime::{Runtime, RuntimeInner};

/// Bytes beside the text of an answer that the engine may copy out of a guest in one call.
const ANSWER_OVERHEAD_BYTES: usize = 1 << 20;
/// Signs of a function's name in a report; names come from the file and may have any length.
const FRAME_SIGNS: usize = 200;
/// Bytes of last words in a report.
const LAST_WORDS_BYTES: usize = 2_000;
/// Tables one plugin may ask for.
const MAX_TABLES: usize = 200;
/// Bytes of what `configure` answers.
const CONFIGURE_BYTES: usize = 1 << 20;
/// Errors in its settings that are kept of one plugin.
const MAX_SETTING_ERRORS: usize = 200;

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport<T> {
    /// The typed answer, or why there is none.
    pub result: Result<T, PluginError>,
    /// Which step was reached.
    pub stage: Stage,
    /// What was used.
    pub usage: Usage,
    /// What was logged.
    pub log: Vec<LogLine>,
}

impl<T> RunReport<T> {
    /// The answer apart from the rest of the report, which keeps the error.
    pub(crate) fn split(self) -> (Result<T, PluginError>, RunReport<()>) {
        let rest = RunReport {
            result: self.result.as_ref().map(drop).map_err(Clone::clone),
            stage: self.stage,
            usage: self.usage,
            log: self.log,
        };
        (self.result, rest)
    }
}

/// A plugin with its settings, ready for batches.
#[derive(Clone)]
pub struct Prepared {
    plugin: Plugin,
    runtime: Arc<RuntimeInner>,
    settings: Arc<str>,
    environment: Arc<str>,
    answer: Arc<str>,
    needs: Projection,
    tables: Arc<[String]>,
    configured: Usage,
    configure_log: Arc<[LogLine]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    needs: Vec<String>,
    #[serde(default)]
    tables: Vec<String>,
}

type Configured = Result<String, Vec<SettingErrorResult>>;

impl Runtime {
    /// Hands a plugin its settings and environment, both JSON text, and reads what it needs under them. Settings are
    /// laid over those that the plugin's own file brings ([`crate::Manifest::preset`]).
    pub fn configure(&self, plugin: &Plugin, settings: &str, environment: &str) -> Result<Prepared, PluginError> {
        for (what, text) in [("settings", settings), ("environment", environment)] {
            crate::projection::scan::check(text).map_err(|error| {
                PluginError::Settings(vec![SettingError {
                    path: String::new(),
                    code: "json".to_owned(),
                    message: format!("the {what} are not JSON: {error}"),
                }])
            })?;
        }
        let laid = plugin.preset().map(|preset| preset::lay_over(preset, settings));
        let settings = laid.as_deref().unwrap_or(settings);
        let run = Run {
            runtime: &self.inner,
            plugin,
            settings,
            environment,
            tables: Arc::new(NoTables),
            known_tables: Arc::default(),
            groups: 0,
            bytes: 0,
        };
        let report = run.execute(|_, _, answer| Ok(answer?));
        let answer = report.result?;
        if answer.len() > CONFIGURE_BYTES {
            return Err(PluginError::Output { limit: CONFIGURE_BYTES });
        }
        let parsed: Answer = serde_json::from_str(&answer)
            .map_err(|error| PluginError::contract(format!("the answer of `configure` cannot be read: {error}")))?;
        let needs = Projection::parse(&parsed.needs)
            .map_err(|error| PluginError::contract(format!("the answer of `configure`: {error}")))?;
        if parsed.tables.len() > MAX_TABLES {
            return Err(PluginError::contract("more tables than a plugin may use"));
        }
        Ok(Prepared {
            plugin: plugin.clone(),
            runtime: Arc::clone(&self.inner),
            settings: settings.into(),
            environment: environment.into(),
            answer: answer.into(),
            needs,
            tables: parsed.tables.into(),
            configured: report.usage,
            configure_log: report.log.into(),
        })
    }
}

impl Prepared {
    /// The plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Its settings as the plugin gets them, JSON text.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// Its environment, JSON text.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The same plugin under other settings and environment.
    ///
    /// # Errors
    /// As [`Runtime::configure`].
    pub fn reconfigured(&self, settings: &str, environment: &str) -> Result<Self, PluginError> {
        let runtime = Runtime {
            inner: Arc::clone(&self.runtime),
        };
        runtime.configure(&self.plugin, settings, environment)
    }

    /// What it runs in.
    pub fn runtime(&self) -> Runtime {
        Runtime {
            inner: Arc::clone(&self.runtime),
        }
    }

    /// The parts of a record it needs.
    pub fn needs(&self) -> &Projection {
        &self.needs
    }

    /// The tables it looks up in.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// What `configure` used.
    pub fn configured(&self) -> &Usage {
        &self.configured
    }

    /// What `configure` logged.
    pub fn configure_log(&self) -> &[LogLine] {
        &self.configure_log
    }

    /// Makes an instance and drops it without a call: what a fresh sandbox costs by itself, and whether there is room for one.
    ///
    /// # Errors
    /// `plugin.busy` when no place came free in time, `plugin.engine` when the engine cannot.
    pub fn instantiate(&self, tables: &SharedTables) -> Result<(), PluginError> {
        let class = self.plugin.inspection().class();
        let budgets = self.runtime.budgets(class);
        let pool = self.runtime.pool(class)?;
        let _permit = pool.permits.acquire(self.runtime.options.wait)?;
        let mut store = Store::new(&pool.engine, HostState::new(budgets, 0, tables.clone()));
        store.limiter(|state| state);
        store
            .set_fuel(budgets.fuel(0, 0))
            .and_then(|()| self.plugin.inner.pre.instantiate(&mut store))
            .map(|_| ())
            .map_err(|error| PluginError::engine("instantiate", &error))
    }

    /// Maps a batch of groups, whose records are projected already: one verdict per group, in order.
    pub fn transform(&self, groups: &[Group], tables: &SharedTables) -> RunReport<Vec<Verdict>> {
        if let Err(error) = self.must_be(Kind::Mapping) {
            return refused(error);
        }
        let bytes = groups.iter().map(group_bytes).sum();
        let run = self.run(groups.len(), bytes, tables);
        let output_limit = self.output_limit();
        let report = run.execute(|store, instance, _| {
            let call = instance
                .get_typed_func::<(&[GroupParam<'_>],), (Vec<VerdictResult>,)>(&mut *store, &self.plugin.inner.act)?;
            let params = bindings::groups(groups);
            let (verdicts,) = call.call(&mut *store, (&params,))?;
            Ok(bindings::verdicts(verdicts))
        });
        check::verdicts(report, output_limit, groups.len(), |index| {
            groups.get(index).map_or(0, |group| group.records.len())
        })
    }

    /// Changes a batch of candidates: one verdict per candidate, in order.
    pub fn adjust(&self, candidates: &[Candidate], tables: &SharedTables) -> RunReport<Vec<Verdict>> {
        if let Err(error) = self.must_be(Kind::Adjustment) {
            return refused(error);
        }
        let run = self.run(candidates.len(), candidate_bytes(candidates), tables);
        let output_limit = self.output_limit();
        let report = run.execute(|store, instance, _| {
            let call = instance.get_typed_func::<(&[CandidateParam<'_>],), (Vec<VerdictResult>,)>(
                &mut *store,
                &self.plugin.inner.act,
            )?;
            let params = bindings::candidates(candidates);
            let (verdicts,) = call.call(&mut *store, (&params,))?;
            Ok(bindings::verdicts(verdicts))
        });
        check::verdicts(report, output_limit, candidates.len(), |index| {
            candidates
                .get(index)
                .map_or(0, |candidate| candidate.origin.records.len())
        })
    }

    /// Judges a batch of candidates: a list of violations for each, in order; an empty one passes.
    pub fn validate(&self, candidates: &[Candidate], tables: &SharedTables) -> RunReport<Vec<Vec<Violation>>> {
        if let Err(error) = self.must_be(Kind::Validation) {
            return refused(error);
        }
        let run = self.run(candidates.len(), candidate_bytes(candidates), tables);
        let output_limit = self.output_limit();
        let report = run.execute(|store, instance, _| {
            let call = instance.get_typed_func::<(&[CandidateParam<'_>],), (Vec<Vec<ViolationResult>>,)>(
                &mut *store,
                &self.plugin.inner.act,
            )?;
            let params = bindings::candidates(candidates);
            let (judgements,) = call.call(&mut *store, (&params,))?;
            Ok(judgements.into_iter().map(bindings::violations).collect())
        });
        check::judgements(report, output_limit, candidates.len())
    }

    /// What a batch of this plugin may use.
    pub(crate) fn budgets(&self) -> &Budgets {
        self.runtime.budgets(self.plugin.inspection().class())
    }

    fn output_limit(&self) -> usize {
        self.budgets().output_bytes
    }

    fn must_be(&self, kind: Kind) -> Result<(), PluginError> {
        if self.plugin.kind() == kind {
            return Ok(());
        }
        Err(PluginError::Kind {
            detail: format!(
                "{} is a {}, wanted is a {}",
                self.plugin.name(),
                self.plugin.kind().as_str(),
                kind.as_str()
            ),
        })
    }

    fn run(&self, groups: usize, bytes: usize, tables: &SharedTables) -> PreparedRun<'_> {
        PreparedRun {
            prepared: self,
            run: Run {
                runtime: &self.runtime,
                plugin: &self.plugin,
                settings: &self.settings,
                environment: &self.environment,
                tables: Arc::clone(tables),
                known_tables: Arc::clone(&self.tables),
                groups,
                bytes,
            },
        }
    }
}

/// A run whose `configure` must answer as it did before.
struct PreparedRun<'a> {
    prepared: &'a Prepared,
    run: Run<'a>,
}

impl PreparedRun<'_> {
    fn execute<T>(self, act: impl FnOnce(&mut Store<HostState>, Instance, ()) -> wasmtime::Result<T>) -> RunReport<T> {
        let expected = &self.prepared.answer;
        self.run.execute(|store, instance, answer| {
            if answer? != **expected {
                return Err(
                    PluginError::contract("`configure` answers differently from one instance to the next").into(),
                );
            }
            Ok(act(store, instance, ())?)
        })
    }
}

struct Run<'a> {
    runtime: &'a RuntimeInner,
    plugin: &'a Plugin,
    settings: &'a str,
    environment: &'a str,
    tables: SharedTables,
    known_tables: Arc<[String]>,
    groups: usize,
    bytes: usize,
}

/// An error on the way to an answer: the engine's, still to be understood, or ours.
enum Failure {
    Engine(wasmtime::Error),
    Ours(PluginError),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        Self::Ours(error)
    }
}

impl Run<'_> {
    /// Instance, `configure`, then `act` with what `configure` answered.
    fn execute<T>(
        self,
        act: impl FnOnce(&mut Store<HostState>, Instance, Result<String, PluginError>) -> Result<T, Failure>,
    ) -> RunReport<T> {
        let class = self.plugin.inspection().class();
        let budgets = self.runtime.budgets(class);
        let pool = match self.runtime.pool(class) {
            Ok(pool) => pool,
            Err(error) => return refused(error),
        };
        let _permit = match pool.permits.acquire(self.runtime.options.wait) {
            Ok(permit) => permit,
            Err(error) => return refused(error),
        };
        let fuel_limit = budgets.fuel(self.groups, self.bytes + self.settings.len() + self.environment.len());
        let mut store = Store::new(&pool.engine, HostState::new(budgets, self.groups, self.tables));
        store.limiter(|state| state);
        store.set_hostcall_fuel(budgets.output_bytes.saturating_add(ANSWER_OVERHEAD_BYTES));
        let mut stage = Stage::Instantiate;
        let outcome = (|| {
            store.set_fuel(fuel_limit)?;
            let instance = self.plugin.inner.pre.instantiate(&mut store)?;
            stage = Stage::Configure;
            let configure =
                instance.get_typed_func::<(&str, &str), (Configured,)>(&mut store, &self.plugin.inner.configure)?;
            let (answer,) = configure.call(&mut store, (self.settings, self.environment))?;
            let answer = answer.map_err(setting_errors);
            if answer.is_ok() {
                store.data_mut().known_tables = self.known_tables;
                stage = Stage::Groups;
            }
            act(&mut store, instance, answer)
        })();
        let fuel_left = store.get_fuel().unwrap_or(0);
        let mut state = store.into_data();
        let flooded = state.collect_outputs();
        let log_full = PluginError::Log {
            limit_bytes: budgets.log_bytes,
            limit_lines: budgets.log_lines,
        };
        let result = match outcome {
            Ok(_) if flooded => Err(log_full),
            Ok(_) if state.unknown_table.is_some() => Err(PluginError::contract(format!(
                "look-up in `{}`, which `configure` did not ask for",
                state.unknown_table.as_deref().unwrap_or_default()
            ))),
            Ok(answer) => Ok(answer),
            Err(Failure::Ours(error)) => Err(error),
            Err(Failure::Engine(error)) => Err(match state.stop.take() {
                Some(Stop::Memory) => PluginError::Memory {
                    limit: budgets.memory_bytes,
                },
                Some(Stop::Table) => PluginError::Table {
                    limit: budgets.table_elements,
                },
                Some(Stop::HostCalls) => PluginError::HostCalls {
                    limit: budgets.host_calls(self.groups),
                },
                Some(Stop::Log) => log_full,
                None if flooded => log_full,
                None => understand(&error, &state, fuel_limit, budgets.output_bytes),
            }),
        };
        RunReport {
            result,
            stage,
            usage: Usage {
                fuel: fuel_limit.saturating_sub(fuel_left),
                fuel_limit,
                peak_memory_bytes: state.peak_memory_bytes,
                output_bytes: 0,
                log_bytes: state.log_bytes,
                host_calls: state.host_calls,
            },
            log: state.log,
        }
    }
}

/// Makes a typed reason out of what the engine says.
fn understand(error: &wasmtime::Error, state: &HostState, fuel_limit: u64, output_limit: usize) -> PluginError {
    let trap = error.downcast_ref::<Trap>();
    match trap {
        Some(Trap::OutOfFuel) => return PluginError::Fuel { limit: fuel_limit },
        Some(Trap::StackOverflow) => return PluginError::Stack,
        _ => {}
    }
    let exit = error
        .downcast_ref::<wasmtime_wasi::I32Exit>()
        .map(|exit| format!("the plugin exited with {}", exit.0));
    if trap.is_none() && exit.is_none() {
        let detail = error.root_cause().to_string();
        // The engine has no type for this one.
        if detail.contains("fuel allocated for hostcalls has been exhausted") {
            return PluginError::Output { limit: output_limit };
        }
        // What is left are answers that do not lift: bad pointers, bad UTF-8, unknown cases, wrong types.
        return PluginError::contract(detail);
    }
    let frames = error
        .downcast_ref::<WasmBacktrace>()
        .map(|backtrace| {
            backtrace
                .frames()
                .iter()
                .take(TrapReport::FRAMES)
                .map(|frame| match frame.func_name() {
                    Some(name) => name.chars().take(FRAME_SIGNS).collect(),
                    None => format!("function {}", frame.func_index()),
                })
                .collect()
        })
        .unwrap_or_default();
    PluginError::Trap(Box::new(TrapReport {
        reason: exit.or_else(|| trap.map(ToString::to_string)).unwrap_or_default(),
        panic_text: state.last_words().map(|mut text| {
            text.truncate(text.floor_char_boundary(LAST_WORDS_BYTES));
            text
        }),
        frames,
    }))
}

fn setting_errors(errors: Vec<SettingErrorResult>) -> PluginError {
    PluginError::Settings(
        errors
            .into_iter()
            .take(MAX_SETTING_ERRORS)
            .map(|error| SettingError {
                path: shortened(error.path),
                code: shortened(error.code),
                message: shortened(error.message),
            })
            .collect(),
    )
}

fn refused<T>(error: PluginError) -> RunReport<T> {
    RunReport {
        result: Err(error),
        stage: Stage::Instantiate,
        usage: Usage::default(),
        log: Vec::new(),
    }
}

fn group_bytes(group: &Group) -> usize {
    group
        .records
        .iter()
        .map(|record| record.key.len() + record.body.len() + record.extra.len())
        .sum::<usize>()
        + group.key.len()
        + group.extra.len()
}

fn candidate_bytes(candidates: &[Candidate]) -> usize {
    candidates
        .iter()
        .map(|candidate| {
            group_bytes(&candidate.origin)
                + candidate
                    .mapped
                    .documents
                    .iter()
                    .map(|document| document.body.len() + document.extra.len())
                    .sum::<usize>()
        })
        .sum()
}
