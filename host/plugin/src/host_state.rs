//! What the host keeps for one run: tables, log, counters, and the reason of a stop. Implements the engine's
//! limits. Lives as long as its store, which is one batch.

use std::fmt;
use std::sync::Arc;

use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

use crate::bindings::Level;
use crate::budget::Budgets;
use crate::system::System;

/// Read-only tables of a scheme in the version that its deployment pinned.
pub trait Tables: Send + Sync {
    /// The row of `key` in `table`: a JSON object of all its columns in their order, the key's column included, or
    /// nothing for a miss.
    fn row(&self, table: &str, key: &str) -> Option<&str>;
}

/// Tables for schemes that have none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTables;

impl Tables for NoTables {
    fn row(&self, _table: &str, _key: &str) -> Option<&str> {
        None
    }
}

/// The tables of a run, shared with its store.
pub type SharedTables = Arc<dyn Tables>;

/// One line that a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How grave the plugin thinks it is; stdout is [`Level::Info`], stderr [`Level::Error`].
    pub level: Level,
    /// What it said.
    pub text: String,
}

/// Why the host stopped a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Memory,
    Table,
    Log,
    HostCalls,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory budget spent"),
            Self::Table => f.write_str("table budget spent"),
            Self::Log => f.write_str("log budget spent"),
            Self::HostCalls => f.write_str("budget of host calls spent"),
        }
    }
}

impl std::error::Error for Stop {}

pub(crate) struct HostState {
    tables: SharedTables,
    /// The tables that may be looked up; empty while `configure` runs.
    pub(crate) known_tables: Arc<[String]>,
    memory_limit: usize,
    table_limit: usize,
    log_bytes_limit: usize,
    log_lines_limit: usize,
    host_calls_limit: u64,
    memory_bytes: usize,
    table_elements: usize,
    pub(crate) peak_memory_bytes: usize,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_bytes: usize,
    pub(crate) host_calls: u64,
    /// Set before the guest is stopped, so that the reason survives whatever the engine makes of the error.
    pub(crate) stop: Option<Stop>,
    /// A table that was looked up in although `configure` did not ask for it: the answers were misses, and the run
    /// does not count.
    pub(crate) unknown_table: Option<String>,
    /// The system interface, made when a guest first reaches for it.
    pub(crate) system: Option<Box<System>>,
    resources: ResourceTable,
    /// What a guest gets instead once its host calls are spent: every use of it fails.
    no_resources: ResourceTable,
}

impl HostState {
    pub(crate) fn new(budgets: &Budgets, groups: usize, tables: SharedTables) -> Self {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(1_000);
        let mut no_resources = ResourceTable::new();
        no_resources.set_max_capacity(0);
        Self {
            tables,
            known_tables: Arc::default(),
            memory_limit: budgets.memory_bytes,
            table_limit: budgets.table_elements,
            log_bytes_limit: budgets.log_bytes,
            log_lines_limit: budgets.log_lines,
            host_calls_limit: budgets.host_calls(groups),
            memory_bytes: 0,
            table_elements: 0,
            peak_memory_bytes: 0,
            log: Vec::new(),
            log_bytes: 0,
            host_calls: 0,
            stop: None,
            unknown_table: None,
            system: None,
            resources,
            no_resources,
        }
    }

    pub(crate) fn log_bytes_limit(&self) -> usize {
        self.log_bytes_limit
    }

    pub(crate) fn stopped(&mut self, stop: Stop) -> wasmtime::Error {
        self.stop = Some(stop);
        wasmtime::Error::new(stop)
    }

    /// Counts a log line of `bytes` before its text is copied out of the guest.
    pub(crate) fn admit_log(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.log_bytes = self.log_bytes.saturating_add(bytes);
        if self.log_bytes > self.log_bytes_limit || self.log.len() >= self.log_lines_limit {
            return Err(self.stopped(Stop::Log));
        }
        Ok(())
    }

    /// Counts a look-up of `keys` keys before any of them is copied out of the guest.
    pub(crate) fn admit_look_up(&mut self, keys: usize) -> wasmtime::Result<()> {
        self.admit_host_calls(1 + keys as u64)
    }

    /// Counts one call of the system interface: it costs the host time that the guest's fuel does not pay for.
    pub(crate) fn admit_system_call(&mut self) -> wasmtime::Result<()> {
        self.admit_host_calls(1)
    }

    fn admit_host_calls(&mut self, count: u64) -> wasmtime::Result<()> {
        self.host_calls = self.host_calls.saturating_add(count);
        if self.host_calls > self.host_calls_limit {
            return Err(self.stopped(Stop::HostCalls));
        }
        Ok(())
    }

    /// The resources of the system interface, for one call of it.
    pub(crate) fn counted_resources(&mut self) -> &mut ResourceTable {
        match self.admit_system_call() {
            Ok(()) => &mut self.resources,
            // The interface's own code cannot be refused entry, but finds nothing, and its error ends the run.
            Err(_) => &mut self.no_resources,
        }
    }

    pub(crate) fn system_and_resources(&mut self) -> (&mut System, &mut ResourceTable) {
        let limit = self.log_bytes_limit;
        let system = self.system.get_or_insert_with(|| Box::new(System::new(limit)));
        (system, &mut self.resources)
    }

    pub(crate) fn look_up(&mut self, table: &str, keys: &[String]) -> wasmtime::Result<Vec<Option<String>>> {
        if !self.known_tables.iter().any(|known| known == table) {
            if self.unknown_table.is_none() {
                self.unknown_table = Some(table.chars().take(80).collect());
            }
            return Ok(keys.iter().map(|_| None).collect());
        }
        let mut rows = Vec::with_capacity(keys.len());
        let mut bytes = 0usize;
        for key in keys {
            let row = self.tables.row(table, key);
            bytes = bytes.saturating_add(row.map_or(0, str::len));
            // The answer has to fit into the guest, so a larger one need not be built.
            if bytes > self.memory_limit {
                return Err(self.stopped(Stop::Memory));
            }
            rows.push(row.map(str::to_owned));
        }
        Ok(rows)
    }

    /// Moves what was written to stdout and stderr into the log. Says whether that broke the log's budget.
    pub(crate) fn collect_outputs(&mut self) -> bool {
        let Some(system) = self.system.take() else {
            return false;
        };
        for (level, bytes) in system.outputs() {
            self.log_bytes = self.log_bytes.saturating_add(bytes.len());
            let room = self.log_lines_limit.saturating_sub(self.log.len());
            let text = String::from_utf8_lossy(&bytes);
            let mut lines = text.lines().filter(|line| !line.trim().is_empty());
            self.log.extend(lines.by_ref().take(room).map(|line| LogLine {
                level,
                text: line.to_owned(),
            }));
            if lines.next().is_some() {
                self.log_bytes = self.log_bytes.max(self.log_bytes_limit + 1);
            }
        }
        self.log_bytes > self.log_bytes_limit
    }

    /// The plugin's last words: its last line at error level.
    pub(crate) fn last_words(&self) -> Option<String> {
        self.log
            .iter()
            .rev()
            .find(|line| line.level == Level::Error)
            .map(|line| line.text.clone())
    }
}

impl ResourceLimiter for HostState {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > self.memory_limit {
            return Err(self.stopped(Stop::Memory));
        }
        self.memory_bytes = total;
        self.peak_memory_bytes = self.peak_memory_bytes.max(total);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(self.stopped(Stop::Memory))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // A maximum of its own is the guest's business; the pool's is the budget, and a guest that is only told "no"
        // would ask until its fuel ends.
        if maximum.is_some_and(|maximum| desired > maximum && maximum < self.table_limit) {
            return Ok(false);
        }
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > self.table_limit {
            return Err(self.stopped(Stop::Table));
        }
        self.table_elements = total;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(self.stopped(Stop::Table))
    }

    fn instances(&self) -> usize {
        1_000
    }

    fn tables(&self) -> usize {
        1_000
    }

    fn memories(&self) -> usize {
        1_000
    }
}
