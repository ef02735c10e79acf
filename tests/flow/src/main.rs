//! The product's command line with failpoints compiled in, for the tests of this package.

fn main() -> std::process::ExitCode {
    dukou::cli::main()
}
