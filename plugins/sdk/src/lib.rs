//! `dukou-sdk`: what a Rust author needs to write a dukou plugin, besides `serde`.
//!
//! A plugin implements one of [`Mapping`], [`Adjustment`] and [`Validation`] and exports it with one macro:
//!
//! ```
//! use dukou_sdk::{Document, Group, Lookups, Mapped, Mapping, Needs, SettingError, Verdict};
//!
//! struct Copy;
//!
//! impl Mapping for Copy {
//!     fn configure(_settings: &str, _environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
//!         Ok((Copy, Needs::of(["*"])))
//!     }
//!     fn transform(&self, groups: Vec<Group>, _lookups: &dyn Lookups) -> Vec<Verdict> {
//!         let copy = |group: Group| {
//!             let documents = group.records.into_iter().map(|record| Document::new(record.body)).collect();
//!             Verdict::Mapped(Mapped { documents, omitted: Vec::new() })
//!         };
//!         groups.into_iter().map(copy).collect()
//!     }
//! }
//!
//! dukou_sdk::export_mapping!(Copy);
//! ```
//!
//! The crate also compiles natively, where the macros expand to nothing: a mapping is tested and measured like any
//! other Rust code. It holds no business rule of any system; it knows the contract (`wit/dukou-plugin-0.1`), how values
//! of untyped sources are read ([`scalar`], [`date`], [`node`]), and how settings and environment are read
//! ([`settings`], [`environment`]). A built plugin imports `lookups` and `logging` and nothing else.

#[doc(hidden)]
pub mod bindings;
mod contract;
pub mod date;
pub mod environment;
#[doc(hidden)]
pub mod export;
pub mod json;
pub mod logging;
pub mod lookups;
pub mod node;
pub mod scalar;
pub mod settings;

pub use bindings::base::dukou::plugin::types::{
    Candidate, Document, Group, Mapped, Omission, SettingError, SourceRecord, Verdict, Violation,
};
pub use contract::{Adjustment, Mapping, Needs, Validation};
pub use lookups::{HostLookups, Lookups};
pub use scalar::Scalar;
