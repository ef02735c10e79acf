//! Plugins as they really are: compiled components, run through the public front door.

#![allow(clippy::unwrap_used, reason = "tests, also outside of test functions")]

mod cases;
mod chain;
mod compiled_code;
mod explain;
mod fixture;
mod hostile;
mod inspection;
mod runs;
#[path = "../sample/mod.rs"]
mod sample;
mod stock;
mod system;
