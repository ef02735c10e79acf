//! Running cargo and rustc: the right target, the right options, nothing inherited from a cargo that runs us.

use crate::tool::{self, ToolOutput};
use crate::{BuildError, BuildOptions};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What kind of component to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Imports nothing but the contract's own interfaces. What plugins are built for.
    #[default]
    Bare,
    /// The standard library with WASI behind it, which hosts make inert or refuse. For test guests.
    Wasip2,
}

impl Target {
    /// The compiler's name for it.
    pub fn triple(self) -> &'static str {
        match self {
            Self::Bare => "wasm32-unknown-unknown",
            Self::Wasip2 => "wasm32-wasip2",
        }
    }
}

/// Linker's stack for guests, in bytes. The default of 1 MiB lies at address 0 and would be reset for every instance.
const STACK_BYTES: u32 = 65_536;

/// How long the compiler may take to answer a question.
const QUESTION: Duration = Duration::from_secs(60);

/// Variables that a parent cargo, clippy or a coverage tool sets for *its* compilation.
const SCRUBBED: [&str; 17] = [
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_LINKER",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_INCREMENTAL",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "OUT_DIR",
    "TARGET",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "LLVM_PROFILE_FILE",
    "MIRI_SYSROOT",
];

/// The same, by prefix.
const SCRUBBED_PREFIXES: [&str; 8] = [
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "DEP_",
];

/// A folder for guest builds inside the target folder that `out_dir` (a build script's `OUT_DIR`) lies in: all build
/// scripts share it, and the running cargo has not locked it.
pub fn shared_target_dir(out_dir: &Path) -> PathBuf {
    // Cargo marks the root of a target folder for backup programs.
    let root = out_dir
        .ancestors()
        .filter(|folder| folder.join("CACHEDIR.TAG").exists())
        .last();
    root.unwrap_or(out_dir).join("guests")
}

/// Fails with advice if the toolchain lacks the target's standard library.
pub(crate) fn check_target(options: &BuildOptions) -> Result<(), BuildError> {
    let target = options.target.triple();
    let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let mut command = Command::new(&rustc);
    command.args(["--print", "target-libdir", "--target", target]);
    scrub(command.current_dir(&options.manifest_dir));
    let output = run(&mut command, QUESTION, None)?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let has_core = std::fs::read_dir(&folder).is_ok_and(|files| {
        files
            .flatten()
            .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    });
    if output.status.success() && has_core {
        Ok(())
    } else {
        Err(BuildError::TargetMissing { target })
    }
}

/// Compiles the package's library as a module and returns the file.
pub(crate) fn compile(options: &BuildOptions) -> Result<PathBuf, BuildError> {
    let mut command = Command::new(&options.cargo);
    // `cargo rustc` lets us ask for a module, so that plugin manifests need no crate-type and test natively as they are.
    command
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--release"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--target", options.target.triple(), "--package", &options.package])
        .arg("--target-dir")
        .arg(&options.target_dir);
    if !options.features.is_empty() {
        command.arg("--features").arg(options.features.join(","));
    }
    command.args(["--", "-C", &format!("link-arg=-zstack-size={STACK_BYTES}")]);
    scrub(command.current_dir(&options.manifest_dir));
    command
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
        // Debug sections go, the name section stays: traps are reported by function name.
        .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths(options));
    let output = run(&mut command, options.deadline, options.listener)?;
    if !output.status.success() {
        return Err(BuildError::Compile {
            package: options.package.clone(),
            diagnostics: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    module_file(&output.stdout, options).ok_or_else(|| BuildError::NoModule {
        package: options.package.clone(),
    })
}

fn run(command: &mut Command, deadline: Duration, listener: Option<tool::Listener>) -> Result<ToolOutput, BuildError> {
    tool::run(command, deadline, listener).map_err(|source| BuildError::Tool { source })
}

fn scrub(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if SCRUBBED.contains(&text) || SCRUBBED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Flags that take the machine's folders out of panic messages, which would otherwise change the digest and tell names.
fn remapped_paths(options: &BuildOptions) -> OsString {
    let mut flags = OsString::new();
    let mut remap = |from: &Path, to: &str| {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    };
    // Later flags win over earlier ones, so the wider folder comes first.
    let home = std::env::home_dir();
    if let Some(home) = &home {
        remap(home, "~");
    }
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| home.map(|home| home.join(".cargo")));
    if let Some(cargo_home) = cargo_home {
        remap(&cargo_home, "/cargo");
    }
    let root = options.source_root.as_deref();
    remap(root.unwrap_or_else(|| workspace_root(&options.manifest_dir)), "/plugin");
    flags
}

/// The outermost folder above the plugin that has a lock file, else the plugin's own.
fn workspace_root(manifest_dir: &Path) -> &Path {
    manifest_dir
        .ancestors()
        .filter(|folder| folder.join("Cargo.lock").exists())
        .last()
        .unwrap_or(manifest_dir)
}

/// Finds the module among cargo's messages, one JSON object a line.
fn module_file(messages: &[u8], options: &BuildOptions) -> Option<PathBuf> {
    let manifest = options.manifest_dir.join("Cargo.toml");
    let manifest = manifest.canonicalize().unwrap_or(manifest);
    let mut found = None;
    for line in messages.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        if message["reason"] != "compiler-artifact"
            || message["manifest_path"].as_str().map(Path::new) != Some(manifest.as_path())
        {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten();
        found = files
            .filter_map(Value::as_str)
            .map(PathBuf::from)
            .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
            .or(found);
    }
    found
}
