//! `dukou-plugin-build`: a Rust plugin crate becomes one component file.
//!
//! Used by build scripts that embed plugins and by `dukou plugin build`. It runs cargo with its own target folder and a
//! cleaned environment, wraps the core module as a component, and appends the manifest. It never runs a plugin and must
//! never depend on an engine: whoever builds plugins need not wait for wasmtime to compile.
//!
//! Folders of the building machine are mapped away, so that a component does not tell where it was built.

mod cargo;
mod error;
mod section;
pub mod tool;

pub use cargo::{Target, shared_target_dir};
pub use error::BuildError;
pub use section::{
    CASES_SECTION, MANIFEST_SECTION, append_section, check_manifest, section, set_section, without_section,
};
pub use tool::ToolError;

use section::manifest_of;
use std::path::PathBuf;
use std::time::Duration;

/// What the name of every plugin's `configure` export begins with, whatever the contract's version.
const SETUP_EXPORT: &[u8] = b"dukou:plugin/setup@";

/// What to build and where.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Folder of the plugin crate's `Cargo.toml`.
    pub manifest_dir: PathBuf,
    /// Name of the package in that manifest.
    pub package: String,
    /// Folder for intermediate files; must not be the one a running cargo has locked.
    pub target_dir: PathBuf,
    /// Features to enable, beside the default ones.
    pub features: Vec<String>,
    /// Which kind of component to make.
    pub target: Target,
    /// The cargo to run: build scripts pass `CARGO`, others `cargo`.
    pub cargo: PathBuf,
    /// The manifest to embed, as JSON text; `None` takes `plugin.json` beside the `Cargo.toml` if there is one.
    pub manifest: Option<String>,
    /// The folder that is mapped away as `/plugin`; `None` takes the outermost folder above with a lock file. Who wants
    /// the same bytes wherever the crate lies names the crate's own folder.
    pub source_root: Option<PathBuf>,
    /// How long the compiler may take.
    pub deadline: Duration,
    /// Is told what the compiler says while it works.
    pub listener: Option<tool::Listener>,
}

impl BuildOptions {
    /// A plugin for our contract, built by `cargo`, with its own `plugin.json`.
    pub fn new(manifest_dir: impl Into<PathBuf>, package: impl Into<String>, target_dir: impl Into<PathBuf>) -> Self {
        Self {
            manifest_dir: manifest_dir.into(),
            package: package.into(),
            target_dir: target_dir.into(),
            features: Vec::new(),
            target: Target::Bare,
            cargo: PathBuf::from("cargo"),
            manifest: None,
            source_root: None,
            deadline: Duration::from_secs(1800),
            listener: None,
        }
    }
}

/// Compiles the package and returns the component's bytes, validated, with its manifest embedded.
///
/// Runs the package's build scripts and procedural macros, so build only what you trust.
pub fn build(options: &BuildOptions) -> Result<Vec<u8>, BuildError> {
    let manifest = manifest_of(options)?;
    cargo::check_target(options)?;
    let file = cargo::compile(options)?;
    let module = std::fs::read(&file).map_err(|source| BuildError::Output {
        file: file.clone(),
        source,
    })?;
    let mut component = match options.target {
        Target::Bare => componentize(&module)?,
        // This target's linker has made a component already.
        Target::Wasip2 => module,
    };
    if let Some(manifest) = manifest {
        component = set_section(&component, MANIFEST_SECTION, manifest.as_bytes())?;
    }
    Ok(component)
}

/// Wraps a core module that carries our SDK's type sections as a component.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    // A module without type sections would become an empty component, which nobody can call.
    if !module.windows(SETUP_EXPORT.len()).any(|window| window == SETUP_EXPORT) {
        return Err(BuildError::NoPlugin);
    }
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|source| BuildError::Component { source })
}

#[cfg(test)]
mod tests;
