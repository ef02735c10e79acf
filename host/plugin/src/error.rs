//! Every way a plugin can be refused or stopped, each with a stable code, and the report of a trap.
//! Not for a plugin's own answers: skipped and rejected groups are verdicts, not errors.

use std::error::Error;
use std::fmt;

/// One thing wrong with a plugin's settings, by path into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// Path into the settings, e.g. `fields.Memo`.
    pub path: String,
    /// Stable code of the plugin's own.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What a trap left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrapReport {
    /// The engine's reason, e.g. ``wasm `unreachable` instruction executed``.
    pub reason: String,
    /// The plugin's own last words: its last error log line, or the end of its stderr.
    pub panic_text: Option<String>,
    /// Names of the guest's functions, innermost first; at most [`TrapReport::FRAMES`].
    pub frames: Vec<String>,
}

impl TrapReport {
    /// How many frames a report keeps.
    pub const FRAMES: usize = 16;
}

/// Which step of a run was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Making the instance.
    Instantiate,
    /// The `configure` call, before any group was handed over.
    Configure,
    /// The call that carries groups: only here can one group be to blame.
    Groups,
}

/// Why a plugin was refused or stopped. [`PluginError::code`] is stable; messages are not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PluginError {
    /// The bytes are no WebAssembly at all.
    NotWasm,
    /// A core module where a component is expected.
    CoreModule,
    /// The file ends before its contents do.
    Truncated {
        /// Where the parser stood, in bytes.
        offset: usize,
    },
    /// WebAssembly, but not valid.
    Malformed {
        /// The validator's words.
        detail: String,
    },
    /// Compiled machine code: never accepted from outside, because it would run unchecked.
    Precompiled,
    /// More bytes than allowed.
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// Too much of something that makes compiling or linking expensive.
    TooComplex {
        /// What there is too much of, e.g. `functions`.
        what: &'static str,
        /// How many were counted before giving up.
        found: u64,
        /// The most that is accepted.
        limit: u64,
    },
    /// Imports outside the allowed list, or ones this host cannot satisfy.
    Import {
        /// Every offending import by name.
        names: Vec<String>,
    },
    /// Exports under the contract's name that the contract does not have.
    Export {
        /// Every offending export by name.
        names: Vec<String>,
    },
    /// Built for another version of the contract.
    Version {
        /// What the component was built for.
        found: String,
        /// What this host runs.
        supported: &'static str,
    },
    /// Not exactly one of mapping, adjustment and validation, or not the kind a caller needs.
    Kind {
        /// What is wrong.
        detail: String,
    },
    /// The manifest in the component cannot be read or contradicts the component.
    Manifest {
        /// What is wrong.
        detail: String,
    },
    /// Compiling failed, or ran into its memory or time limit.
    Compile {
        /// Why.
        reason: String,
    },
    /// The folder of compiled code is not safe to use, or cannot be written.
    Cache {
        /// What is wrong.
        detail: String,
    },
    /// No instance became free in time.
    Busy {
        /// How long was waited.
        waited_ms: u64,
    },
    /// The engine itself failed; no fault of the plugin.
    Engine {
        /// Why.
        detail: String,
    },
    /// The plugin refuses its settings.
    Settings(Vec<SettingError>),
    /// The fuel budget is spent.
    Fuel {
        /// The budget of the batch.
        limit: u64,
    },
    /// The memory budget is spent.
    Memory {
        /// The budget in bytes.
        limit: usize,
    },
    /// The budget of table elements, which are memory of another kind, is spent.
    Table {
        /// The budget in elements.
        limit: usize,
    },
    /// The call stack is exhausted.
    Stack,
    /// More answered, or handed over in one call, than the output budget allows.
    Output {
        /// The budget in bytes.
        limit: usize,
    },
    /// More logged than the log budget allows.
    Log {
        /// The budget in bytes.
        limit_bytes: usize,
        /// The budget in lines.
        limit_lines: usize,
    },
    /// More look-ups and calls of the system interface than the budget allows.
    HostCalls {
        /// The budget of the batch.
        limit: u64,
    },
    /// The guest trapped: a panic, a failed assertion, an exit.
    Trap(Box<TrapReport>),
    /// The plugin broke the contract: wrong number of verdicts, malformed JSON, duplicate suffixes.
    Contract {
        /// What is wrong.
        detail: String,
    },
}

impl PluginError {
    /// Stable code, as in `dukou explain-error CODE`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWasm => "plugin.not-wasm",
            Self::CoreModule => "plugin.core-module",
            Self::Truncated { .. } => "plugin.truncated",
            Self::Malformed { .. } => "plugin.malformed",
            Self::Precompiled => "plugin.precompiled",
            Self::TooLarge { .. } => "plugin.too-large",
            Self::TooComplex { .. } => "plugin.too-complex",
            Self::Import { .. } => "plugin.import",
            Self::Export { .. } => "plugin.export",
            Self::Version { .. } => "plugin.version",
            Self::Kind { .. } => "plugin.kind",
            Self::Manifest { .. } => "plugin.manifest",
            Self::Compile { .. } => "plugin.compile",
            Self::Cache { .. } => "plugin.cache",
            Self::Busy { .. } => "plugin.busy",
            Self::Engine { .. } => "plugin.engine",
            Self::Settings(_) => "plugin.settings",
            Self::Fuel { .. } => "plugin.fuel",
            Self::Memory { .. } | Self::Table { .. } => "plugin.memory",
            Self::Stack => "plugin.stack",
            Self::Output { .. } => "plugin.output",
            Self::Log { .. } => "plugin.log",
            Self::HostCalls { .. } => "plugin.host-calls",
            Self::Trap(_) => "plugin.trap",
            Self::Contract { .. } => "plugin.contract",
        }
    }

    /// The plugin's own last words, where there are any.
    pub fn panic_text(&self) -> Option<&str> {
        match self {
            Self::Trap(report) => report.panic_text.as_deref(),
            _ => None,
        }
    }

    /// Whether the plugin is to blame, so that running the same groups in smaller batches can find the one that hurts.
    pub fn is_plugins_fault(&self) -> bool {
        !matches!(
            self,
            Self::Busy { .. } | Self::Engine { .. } | Self::Cache { .. } | Self::Compile { .. }
        )
    }

    pub(crate) fn contract(detail: impl Into<String>) -> Self {
        Self::Contract {
            detail: shortened(detail.into()),
        }
    }

    pub(crate) fn cache(what: &str, error: &std::io::Error) -> Self {
        Self::Cache {
            detail: format!("{what}: {error}"),
        }
    }

    pub(crate) fn engine(what: &str, error: &wasmtime::Error) -> Self {
        Self::Engine {
            detail: format!("{what}: {error:#}"),
        }
    }
}

/// Bytes of what a plugin's own text may add to an error.
const DETAIL_BYTES: usize = 1_000;

/// The beginning of a text that a plugin had a hand in.
pub(crate) fn shortened(mut text: String) -> String {
    if text.len() > DETAIL_BYTES {
        text.truncate(text.floor_char_boundary(DETAIL_BYTES));
        text.push('…');
    }
    text
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWasm => f.write_str("the file is no WebAssembly component"),
            Self::CoreModule => {
                f.write_str("the file is a core module; a plugin is a component (wit/README.md says how to make one)")
            }
            Self::Truncated { offset } => {
                write!(f, "the component ends too early, at byte {offset}")
            }
            Self::Malformed { detail } => write!(f, "the component is not valid: {detail}"),
            Self::Precompiled => {
                f.write_str("the file is compiled machine code; deploy the component it was made from")
            }
            Self::TooLarge { bytes, limit } => {
                write!(f, "the component has {bytes} bytes, the limit is {limit}")
            }
            Self::TooComplex { what, found, limit } => {
                write!(f, "the component has {found} {what}, the limit is {limit}")
            }
            Self::Import { names } => {
                write!(f, "imports that plugins may not use: {}", names.join(", "))
            }
            Self::Export { names } => {
                write!(f, "exports that the contract does not have: {}", names.join(", "))
            }
            Self::Version { found, supported } => {
                write!(f, "built for `{found}`, this host runs `{supported}`")
            }
            Self::Kind { detail } => write!(f, "kind of plugin: {detail}"),
            Self::Manifest { detail } => write!(f, "manifest: {detail}"),
            Self::Compile { reason } => write!(f, "the component cannot be compiled: {reason}"),
            Self::Cache { detail } => write!(f, "folder of compiled plugins: {detail}"),
            Self::Busy { waited_ms } => {
                write!(f, "no instance became free within {waited_ms} ms")
            }
            Self::Engine { detail } => write!(f, "engine: {detail}"),
            Self::Settings(errors) => {
                write!(f, "the plugin refuses its settings")?;
                for error in errors.iter().take(3) {
                    write!(f, "; {}: {}", error.path, error.message)?;
                }
                if errors.len() > 3 {
                    write!(f, "; and {} more", errors.len() - 3)?;
                }
                Ok(())
            }
            Self::Fuel { limit } => write!(f, "the fuel budget of {limit} is spent"),
            Self::Memory { limit } => write!(f, "the memory budget of {limit} bytes is spent"),
            Self::Table { limit } => write!(f, "the memory budget of {limit} table elements is spent"),
            Self::Stack => f.write_str("the call stack is exhausted"),
            Self::Output { limit } => {
                write!(f, "more answered than the budget of {limit} bytes")
            }
            Self::Log {
                limit_bytes,
                limit_lines,
            } => write!(
                f,
                "more logged than the budget of {limit_bytes} bytes and {limit_lines} lines"
            ),
            Self::HostCalls { limit } => {
                write!(f, "more look-ups than the budget of {limit} host calls")
            }
            Self::Trap(report) => {
                write!(f, "the plugin trapped: {}", report.reason)?;
                if let Some(text) = &report.panic_text {
                    write!(f, ": {text}")?;
                }
                Ok(())
            }
            Self::Contract { detail } => write!(f, "the plugin broke the contract: {detail}"),
        }
    }
}

impl Error for PluginError {}
