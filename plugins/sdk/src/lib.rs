//! `dukou-sdk`: what a Rust author needs to write a dukou plugin.
//!
//! A plugin implements one of [`Mapper`], [`Adjuster`] and [`Validator`] over plain structs, and one macro exports it:
//!
//! ```
//! use dukou_sdk::prelude::*;
//!
//! #[derive(Settings)]
//! pub struct ShopRules {
//!     #[setting(default = "TEST_CK01", required)]
//!     warehouse: Text,
//! }
//!
//! #[derive(Source)]
//! pub struct Order {
//!     order_no: Text,
//!     consign_time: Date,
//! }
//!
//! #[derive(Target)]
//! #[target(wrapper = "dto")]
//! #[allow(non_snake_case)]
//! pub struct Dispatch {
//!     ExternalCode: Text,
//!     VoucherDate: Date,
//!     Warehouse: Option<Code>,
//! }
//!
//! impl Mapper for ShopRules {
//!     type Source = Order;
//!     type Target = Dispatch;
//!
//!     fn map(&self, order: Order, _job: &mut Job<'_>) -> Result<Dispatch, Stop> {
//!         Ok(Dispatch {
//!             ExternalCode: order.order_no.to(),
//!             VoucherDate: order.consign_time.to(),
//!             Warehouse: self.warehouse.to(),
//!         })
//!     }
//! }
//!
//! dukou_sdk::export_mapper!(ShopRules);
//! ```
//!
//! The needed fields come from the source struct ([`source`]), the document from the target struct ([`target`]), settings
//! and tables from the plugin's own struct ([`settings`], [`Table`]). Values know where they came from, so that whatever
//! is wrong with them is told with source and target path, all at once ([`values`]). Cases run natively under `cargo test`
//! ([`testing`]).
//!
//! Below lies a layer without derives, which hands over text: [`Mapping`], [`Adjustment`], [`Validation`], with
//! [`scalar`], [`date`], [`node`] and [`json`] to read and write it. Plugins whose fields are only known from their
//! settings use it.
//!
//! The crate also compiles natively, where the export macros expand to nothing: a plugin is tested and measured like any
//! other Rust code. It holds no business rule of any system; it knows the contract (`wit/dukou-plugin-0.1`) and how
//! values of untyped sources are read. A built plugin imports `lookups` and `logging` and nothing else.

// The derives name this crate as plugins do.
extern crate self as dukou_sdk;

#[doc(hidden)]
pub mod bindings;
mod contract;
pub mod date;
#[doc(hidden)]
pub mod derive;
pub mod editor;
pub mod environment;
#[doc(hidden)]
pub mod export;
mod job;
pub mod json;
pub mod logging;
pub mod lookups;
pub mod node;
pub mod prelude;
mod report;
pub mod scalar;
pub mod settings;
pub mod source;
mod tables;
pub mod target;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod typed;
pub mod values;

pub use bindings::base::dukou::plugin::types::{
    Candidate, Document, Group, Mapped, Omission, SettingError, SourceRecord, Verdict, Violation,
};
pub use contract::{Adjustment, Mapping, Needs, Validation};
pub use job::{Job, Stop};
pub use lookups::{HostLookups, Lookups};
pub use scalar::Scalar;
pub use tables::{Row, Table};
pub use typed::{Adjuster, Documents, Mapper, Typed, Validator};
