//! Lines for the run report of the current batch.
//!
//! The host bounds them in bytes and lines, and a batch that writes more is stopped. Natively they go nowhere. Logs are
//! for authors; what an operator must see is a verdict, never a log line.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Only for the author's eyes.
    Debug,
    /// Worth keeping.
    Info,
    /// Something looks wrong, and the verdict stands all the same.
    Warn,
    /// The plugin itself is broken.
    Error,
}

/// Writes one line.
#[cfg(target_family = "wasm")]
pub fn log(level: Level, text: &str) {
    use crate::bindings::base::dukou::plugin::logging as host;
    let level = match level {
        Level::Debug => host::Level::Debug,
        Level::Info => host::Level::Info,
        Level::Warn => host::Level::Warn,
        Level::Error => host::Level::Error,
    };
    host::log(level, text);
}

/// Writes one line.
#[cfg(not(target_family = "wasm"))]
pub fn log(_level: Level, _text: &str) {}
