//! dukou-core: the words of DESIGN §1 and every decision that needs no I/O.
//!
//! Nothing here reads a clock, a file, a socket or a database, and nothing is async: what is decided
//! here can be tested as a table. The middle crates (`store`, `plugin`, `connect`) share these words
//! and never see one another.

pub mod catalogue;
pub mod clock;
pub mod delivery;
pub mod digest;
pub mod document;
pub mod drain;
pub mod json;
pub mod mask;
pub mod names;
pub mod outcome;
pub mod problem;
pub mod rate;
pub mod recipe;
pub mod request;
pub mod revision;
pub mod rollout;
pub mod schedule;
pub mod show;
pub mod verdict;
pub mod window;
