//! The author's kit: a plugin's folder, its templates and SDKs, its build and its pack. What cases mean is decided in
//! `dukou-plugin`; what is printed is `cli`'s business.

pub mod build;
pub mod capture;
pub mod card;
pub mod card_text;
pub mod cases;
pub mod cases_target;
pub mod cases_watch;
mod error;
pub mod folder;
mod inputs;
pub mod kit;
pub mod pack;
pub mod report;
pub mod review;
pub mod schemas;
pub mod shelf;
#[cfg(test)]
mod tests;
mod toolchain;
pub(crate) mod whole;

pub use error::{AuthorError, refusal};
pub use folder::{Language, PluginFolder};
