//! What a run may use, and what it did use. Budgets grow with the data of the batch, so that a plugin does not
//! meet them first with the largest order of the year. Enforcement is in `host_state` and `run`.

/// What one batch may use. Every part has its own typed stop (`plugin.fuel`, `plugin.memory`, …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Fuel of a batch whatever its size: instantiation and `configure`.
    pub fuel_base: u64,
    /// Fuel added per group.
    pub fuel_per_group: u64,
    /// Fuel added per byte handed to the plugin. Mapping an order natively compiled to wasm takes about 50.
    pub fuel_per_byte: u64,
    /// Linear memory of all the plugin's memories together.
    pub memory_bytes: usize,
    /// Table elements of all the plugin's tables together.
    pub table_elements: usize,
    /// Text of all answers of a batch.
    pub output_bytes: usize,
    /// Text of all log lines, stdout and stderr of a batch.
    pub log_bytes: usize,
    /// Number of log lines of a batch.
    pub log_lines: usize,
    /// Look-up calls plus keys, and calls of the system interface, of a batch whatever its size.
    pub host_calls_base: u64,
    /// The same, added per group.
    pub host_calls_per_group: u64,
}

impl Budgets {
    /// Budgets for plugins compiled to WebAssembly. The stock plugins use about half a million units of fuel for an
    /// order of 8 KB; an endless loop spends the budget of one group in well under a second.
    pub fn compiled() -> Self {
        Self {
            fuel_base: 50_000_000,
            fuel_per_group: 10_000_000,
            fuel_per_byte: 1_000,
            memory_bytes: 64 << 20,
            table_elements: 20_000,
            output_bytes: 16 << 20,
            log_bytes: 64 << 10,
            log_lines: 1_000,
            host_calls_base: 10_000,
            host_calls_per_group: 1_000,
        }
    }

    /// Budgets for interpreters (JavaScript, Python): more of fuel and memory, the same of everything else.
    pub fn interpreted() -> Self {
        Self {
            fuel_base: 2_000_000_000,
            fuel_per_group: 100_000_000,
            fuel_per_byte: 20_000,
            memory_bytes: 256 << 20,
            table_elements: 200_000,
            ..Self::compiled()
        }
    }

    /// Fuel of a batch of `groups` with `bytes` of text.
    pub fn fuel(&self, groups: usize, bytes: usize) -> u64 {
        self.fuel_base
            .saturating_add(self.fuel_per_group.saturating_mul(groups as u64))
            .saturating_add(self.fuel_per_byte.saturating_mul(bytes as u64))
    }

    /// Look-up calls plus keys, and calls of the system interface, of a batch of `groups`.
    pub fn host_calls(&self, groups: usize) -> u64 {
        self.host_calls_base
            .saturating_add(self.host_calls_per_group.saturating_mul(groups as u64))
    }
}

/// What a run used. Equal for equal inputs on any machine: there is no time in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Fuel used, all of the budget if it was spent.
    pub fuel: u64,
    /// Fuel budget of the batch.
    pub fuel_limit: u64,
    /// Largest sum of all linear memories.
    pub peak_memory_bytes: usize,
    /// Text of the answers.
    pub output_bytes: usize,
    /// Text of the log lines, stdout and stderr.
    pub log_bytes: usize,
    /// Look-up calls plus keys, and calls of the system interface.
    pub host_calls: u64,
}

impl Usage {
    /// Adds the use of another run: sums, and the larger of both peaks.
    pub fn add(&mut self, other: &Self) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.fuel_limit = self.fuel_limit.saturating_add(other.fuel_limit);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
        self.output_bytes = self.output_bytes.saturating_add(other.output_bytes);
        self.log_bytes = self.log_bytes.saturating_add(other.log_bytes);
        self.host_calls = self.host_calls.saturating_add(other.host_calls);
    }
}
