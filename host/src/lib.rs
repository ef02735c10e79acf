//! dukou 渡口: the host as a library. `main.rs` only starts [`cli::main`].
//!
//! `compose` is the only file that names concrete connectors and stores; `settings` the only one that reads the
//! environment and secrets. See ARCHITECTURE.md for the path of one record.

pub mod author;
pub mod cli;
pub mod compose;
pub mod deploy;
pub mod exit;
pub mod lang;
pub mod onlooker;
pub mod overview;
pub mod pipeline;
pub mod scheme;
pub mod settings;
