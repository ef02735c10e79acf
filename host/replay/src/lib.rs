//! `dukou-replay`: what would change if another version mapped what is stored. Maps stored groups with two versions, compares
//! field by field and gathers the differences as patterns: few, counted, with the money they touch and one example each.
//!
//! It knows words and plugins only: no store, no connector, no file, no clock; what it reads and remembers comes in through
//! [`History`] and [`Memory`]. It says what *would map*, never what a target would accept. The same history and the same two
//! versions give the same [`Comparison`], byte for byte, however many threads work and whatever was remembered.

mod batch;
mod change;
mod comparison;
mod documents;
mod history;
mod kept;
mod key;
mod pattern;
mod replay;
mod version;
mod wording;

pub use comparison::{Comparison, Figure, Fuel};
pub use history::{Failure, History, Known, Memory, Options, Progress, Stored};
pub use key::{JsonType, PatternKind};
pub use pattern::{Cause, Example, Pattern, ValueChange};
pub use replay::{ReplayError, replay};
pub use version::{Tried, Undecided, Version, map};

#[cfg(test)]
mod tests;
