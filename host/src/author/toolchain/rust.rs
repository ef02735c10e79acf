//! Rust: cargo compiles the crate for `wasm32-unknown-unknown`, and `dukou-plugin-build` makes a component of it.

use dukou_plugin_build::tool::Listener;
use dukou_plugin_build::{BuildError, BuildOptions};

use super::super::error::AuthorError;
use super::super::folder::{Language, PluginFolder};
use crate::scheme::{Code, Diagnostic, SourceFile};

/// The SDK's crate, and its folder in a plugin's.
const SDK: &str = "dukou-sdk";

/// What to run where rustup is not there yet.
const RUSTUP: &str = "https://rustup.rs; rustup target add wasm32-unknown-unknown";

/// Compiles the folder's crate.
pub(crate) fn compile(folder: &PluginFolder, listener: Option<Listener>) -> Result<Vec<u8>, AuthorError> {
    // Absolute, so that panic messages and digests do not depend on where dukou was started.
    let root = folder.root.canonicalize().map_err(|source| AuthorError::Read {
        file: folder.root.clone(),
        source,
    })?;
    let crate_of = package(folder)?;
    let options = BuildOptions {
        manifest: Some(folder.manifest.clone()),
        source_root: Some(root.clone()),
        deadline: super::BUILD,
        listener,
        ..BuildOptions::new(&root, crate_of, root.join("target"))
    };
    dukou_plugin_build::build(&options).map_err(|error| match error {
        BuildError::TargetMissing { target } => AuthorError::ToolMissing {
            tool: "wasm32-unknown-unknown",
            install: format!("rustup target add {target}"),
        },
        BuildError::Tool { source } if source.is_missing() => AuthorError::ToolMissing {
            tool: "cargo",
            install: RUSTUP.to_owned(),
        },
        BuildError::Tool { source } => AuthorError::Tool { source },
        BuildError::Compile { diagnostics, .. } => AuthorError::Compile {
            language: Language::Rust,
            output: diagnostics,
        },
        source => AuthorError::Component { source },
    })
}

/// The package's name in `Cargo.toml`; an SDK that it takes from the folder must be there.
fn package(folder: &PluginFolder) -> Result<String, AuthorError> {
    let file = folder.root.join(Language::Rust.marker());
    let text = std::fs::read_to_string(&file).map_err(|source| AuthorError::Read {
        file: file.clone(),
        source,
    })?;
    let manifest: Result<toml::Table, _> = text.parse();
    let needs = |manifest: &toml::Table| {
        let sdk = manifest.get("dependencies")?.get(SDK)?;
        Some(sdk.get("path")?.as_str()? == SDK)
    };
    if manifest.as_ref().ok().and_then(needs) == Some(true) {
        super::check_sdk(folder, &format!("{SDK}/Cargo.toml"))?;
    }
    let reason = match &manifest {
        Ok(manifest) => match manifest.get("package").and_then(|package| package.get("name")) {
            Some(toml::Value::String(name)) => return Ok(name.clone()),
            _ => "[package] name".to_owned(),
        },
        Err(error) => error.message().to_owned(),
    };
    let span = manifest.err().and_then(|error| error.span()).unwrap_or(0..0);
    let source = SourceFile::new(file, Language::Rust.marker().to_owned(), text);
    Err(AuthorError::Definition(
        Diagnostic::at(Code::Syntax, &source, span)
            .with("reason", reason)
            .into(),
    ))
}
