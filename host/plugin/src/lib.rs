//! `dukou-plugin`: runs plugins, and is the only crate that knows the engine.
//!
//! A component goes through [`Runtime::load`] (inspected, compiled by a limited child, linked), then
//! [`Runtime::configure`] (settings in, needs out), then batches through [`Chain::run`]: projection, mapping,
//! adjustments, validations, each batch in a fresh instance under budgets. A batch that dies is bisected.
//!
//! It does no I/O beside its folder of compiled code, knows no store and no connector, and never lets the
//! engine's types out. Calls block the calling thread.

mod alone;
mod bindings;
mod bisect;
mod budget;
mod cache;
pub mod cases;
mod chain;
mod check;
mod compile;
mod effort;
mod ends;
mod engine;
mod error;
pub mod explain;
mod host_state;
mod inspect;
mod judge;
mod link;
mod plugin;
mod preset;
mod projection;
mod run;
mod runtime;
mod system;

pub use bindings::Level;
pub use budget::{Budgets, Usage};
pub use chain::{Chain, ChainReport, ChainRun, GroupOutcome, Misplaced, PluginFault};
pub use compile::{ChildCompiler, CompileFailure, Compiler, InProcessCompiler, compile_in_child};
pub use error::{PluginError, SettingError, Stage, TrapReport};
pub use host_state::{LogLine, NoTables, SharedTables, Tables};
pub use inspect::{CASES_SECTION, Inspection, InspectionLimits, Kind, MANIFEST_SECTION, Manifest, PoolClass, inspect};
pub use judge::{Fate, Rules};
pub use plugin::Plugin;
pub use projection::{BadPath, MalformedJson, Projection};
pub use run::{Prepared, RunReport};
pub use runtime::{Runtime, RuntimeOptions};
