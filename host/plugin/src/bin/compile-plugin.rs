//! The child that compiles one component under limits, for this crate's tests; `dukou` has the same as a hidden
//! command.

use std::process::ExitCode;

fn main() -> ExitCode {
    dukou_plugin::compile_in_child(std::env::args_os().skip(1))
}
