//! Why a plugin could not be built, with a stable code per reason.

use crate::tool::ToolError;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A failed build.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The toolchain has no standard library for the target.
    TargetMissing {
        /// The target, e.g. `wasm32-unknown-unknown`.
        target: &'static str,
    },
    /// A tool could not be started, or did not end in time.
    Tool {
        /// What happened to it.
        source: ToolError,
    },
    /// The compiler refused the crate.
    Compile {
        /// The package.
        package: String,
        /// What the compiler said.
        diagnostics: String,
    },
    /// Compiling went well and left no module.
    NoModule {
        /// The package.
        package: String,
    },
    /// The module could not be read.
    Output {
        /// The file that cargo named.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The module exports nothing of the contract.
    NoPlugin,
    /// The module cannot be wrapped as a component.
    Component {
        /// What the encoder found.
        source: anyhow::Error,
    },
    /// The bytes are no component, so that they have no sections.
    Binary {
        /// What is wrong with them.
        reason: String,
    },
    /// The manifest is not usable.
    Manifest {
        /// What is wrong with it.
        reason: String,
    },
}

impl BuildError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TargetMissing { .. } => "plugin-build.target-missing",
            Self::Tool { .. } => "plugin-build.tool",
            Self::Compile { .. } => "plugin-build.compile",
            Self::NoModule { .. } => "plugin-build.no-module",
            Self::Output { .. } => "plugin-build.output",
            Self::NoPlugin => "plugin-build.no-plugin",
            Self::Component { .. } => "plugin-build.component",
            Self::Binary { .. } => "plugin-build.binary",
            Self::Manifest { .. } => "plugin-build.manifest",
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetMissing { target } => write!(
                formatter,
                "the toolchain cannot compile for {target}; run: rustup target add {target}"
            ),
            Self::Tool { source } => match source {
                ToolError::Start { program, .. } => write!(formatter, "{} is needed", program.display()),
                ToolError::TimedOut { .. } => write!(formatter, "the compiler was ended"),
            },
            Self::Compile { package, diagnostics } => {
                write!(formatter, "package {package} does not compile\n{diagnostics}")
            }
            Self::NoModule { package } => {
                write!(formatter, "package {package} has no library target that makes a module")
            }
            Self::Output { file, .. } => write!(formatter, "cannot read {}", file.display()),
            Self::NoPlugin => write!(
                formatter,
                "the module is no plugin; does its lib.rs call one of dukou-sdk's export macros?"
            ),
            Self::Component { .. } => write!(formatter, "the module cannot become a component"),
            Self::Binary { reason } => write!(formatter, "the file is no component: {reason}"),
            Self::Manifest { reason } => write!(formatter, "plugin.json: {reason}"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Tool { source } => Some(source),
            Self::Output { source, .. } => Some(source),
            Self::Component { source } => Some(source.as_ref()),
            Self::TargetMissing { .. }
            | Self::NoPlugin
            | Self::Compile { .. }
            | Self::NoModule { .. }
            | Self::Binary { .. }
            | Self::Manifest { .. } => None,
        }
    }
}
