//! The `dukou` command. Everything is in the library.

fn main() -> std::process::ExitCode {
    dukou::cli::main()
}
