//! Every way the author's kit can end without a plugin, each with a stable code, a sentence in both languages and an
//! exit code. What the language's own tool said is kept and shown as it is. Cases that fail are no error but a report.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use dukou_plugin::PluginError;
use dukou_plugin_build::{BuildError, ToolError};

use super::folder::Language;
use crate::exit::Exit;
use crate::lang::Lang;
use crate::scheme::DefinitionErrors;

/// Why there is no folder, no component or no packed file.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthorError {
    /// A name that no plugin may have.
    Name {
        /// The name that was given.
        name: String,
    },
    /// A folder that is not empty, where a new one was to be made.
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// `table` makes mappings only.
    TableKind,
    /// A folder without a plugin in it.
    NotAPlugin {
        /// The folder.
        dir: PathBuf,
    },
    /// A file that is not there.
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// A file that cannot be read.
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be written.
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder with more or larger files than a plugin has.
    TooLarge {
        /// The folder.
        dir: PathBuf,
        /// The most files, or the most bytes.
        limit: u64,
    },
    /// `plugin.json` cannot be used.
    Manifest {
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the project is wrong: `mapping.toml`, a table, `Cargo.toml`.
    Definition(DefinitionErrors),
    /// A tool that is not installed, or too old.
    ToolMissing {
        /// The tool.
        tool: &'static str,
        /// What to run, word for word.
        install: String,
    },
    /// The SDK that lay in the plugin's folder is not there any more.
    SdkMissing {
        /// The language it is of.
        language: Language,
    },
    /// A tool that could not be run to its end.
    Tool {
        /// What happened to it.
        source: ToolError,
    },
    /// The language's tool refuses the source.
    Compile {
        /// The language.
        language: Language,
        /// What the tool said.
        output: String,
    },
    /// The tool ended well and the result is no component of ours.
    Component {
        /// What is wrong with it.
        source: BuildError,
    },
    /// The component may not run here.
    Refused {
        /// The file.
        file: PathBuf,
        /// Why.
        source: PluginError,
    },
}

impl AuthorError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "author.name",
            Self::Occupied { .. } => "author.occupied",
            Self::TableKind => "author.table-kind",
            Self::NotAPlugin { .. } => "author.not-a-plugin",
            Self::NotFound { .. } => "author.not-found",
            Self::Read { .. } => "author.read",
            Self::Write { .. } => "author.write",
            Self::TooLarge { .. } => "author.too-large",
            Self::Manifest { .. } => "author.manifest",
            Self::Definition(_) => "author.definition",
            Self::ToolMissing { .. } | Self::SdkMissing { .. } => "author.tool-missing",
            Self::Tool { .. } => "author.tool",
            Self::Compile { .. } => "author.compile",
            Self::Component { .. } => "author.component",
            Self::Refused { source, .. } => source.code(),
        }
    }

    /// How a process ends that stops at it (`docs/reference/exit-codes.md`).
    pub fn exit(&self) -> Exit {
        match self {
            Self::Name { .. } | Self::TableKind => Exit::Usage,
            Self::Occupied { .. } => Exit::Refused,
            Self::NotAPlugin { .. } | Self::NotFound { .. } => Exit::NotFound,
            Self::Read { .. } | Self::Write { .. } => Exit::Internal,
            Self::TooLarge { .. }
            | Self::Manifest { .. }
            | Self::ToolMissing { .. }
            | Self::SdkMissing { .. }
            | Self::Tool { .. }
            | Self::Compile { .. }
            | Self::Component { .. } => Exit::Definition,
            Self::Definition(errors) => errors.exit(),
            Self::Refused { source, .. } => refusal(source),
        }
    }

    /// The sentence for people: what happened and what to do next.
    pub fn sentence(&self, lang: Lang) -> String {
        let text =
            |key: &str, arguments: &[(&str, &dyn fmt::Display)]| lang.text(&format!("plugin.error.{key}"), arguments);
        match self {
            Self::Name { name } => text("name", &[("name", name)]),
            Self::Occupied { dir } => text("occupied", &[("dir", &dir.display())]),
            Self::TableKind => text("table-kind", &[]),
            Self::NotAPlugin { dir } => text("not-a-plugin", &[("dir", &dir.display())]),
            Self::NotFound { what } => text("not-found", &[("what", what)]),
            Self::Read { file, source } => text("read", &[("file", &file.display()), ("reason", source)]),
            Self::Write { file, source } => text("write", &[("file", &file.display()), ("reason", source)]),
            Self::TooLarge { dir, limit } => text("too-large", &[("dir", &dir.display()), ("limit", limit)]),
            Self::Manifest { reason } => text("manifest", &[("reason", reason)]),
            Self::Definition(errors) => errors.render(lang, false),
            Self::ToolMissing { tool, install } => text("tool-missing", &[("tool", tool), ("install", install)]),
            Self::SdkMissing { language } => text("sdk-missing", &[("language", &language.as_str())]),
            Self::Tool { source } => match source {
                ToolError::TimedOut {
                    program,
                    seconds,
                    output,
                } => text(
                    "tool-time",
                    &[("tool", &program.display()), ("seconds", seconds), ("output", output)],
                ),
                ToolError::Start { program, source } => {
                    text("tool-start", &[("tool", &program.display()), ("reason", source)])
                }
            },
            Self::Compile { language, output } => text(
                "compile",
                &[("language", &language.as_str()), ("output", &output.trim_end())],
            ),
            Self::Component { source } => text("component", &[("reason", &chain(source))]),
            Self::Refused { file, source } => text("refused", &[("file", &file.display()), ("reason", source)]),
        }
    }
}

/// How a process ends when a plugin is refused: for safety, or because it is no plugin of ours.
pub fn refusal(error: &PluginError) -> Exit {
    match error {
        PluginError::Import { .. } => Exit::Refused,
        error if error.is_plugins_fault() => Exit::Definition,
        PluginError::Compile { .. } => Exit::Definition,
        _ => Exit::Internal,
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for AuthorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(f, "`{name}` is no name of a plugin"),
            Self::Occupied { dir } => write!(f, "{} is not empty", dir.display()),
            Self::TableKind => f.write_str("a table is always a mapping"),
            Self::NotAPlugin { dir } => write!(f, "{} holds no plugin", dir.display()),
            Self::NotFound { what } => write!(f, "{what} is not there"),
            Self::Read { file, .. } => write!(f, "cannot read {}", file.display()),
            Self::Write { file, .. } => write!(f, "cannot write {}", file.display()),
            Self::TooLarge { dir, limit } => write!(f, "{} holds more than {limit}", dir.display()),
            Self::Manifest { reason } => write!(f, "plugin.json: {reason}"),
            Self::Definition(errors) => errors.fmt(f),
            Self::ToolMissing { tool, install } => write!(f, "{tool} is missing; run: {install}"),
            Self::SdkMissing { language } => write!(f, "the {} SDK in dukou-sdk/ is missing", language.as_str()),
            Self::Tool { .. } => f.write_str("a tool did not end"),
            Self::Compile { language, output } => {
                write!(f, "the {} source does not compile\n{output}", language.as_str())
            }
            Self::Component { .. } => f.write_str("the tool made no plugin"),
            Self::Refused { file, .. } => write!(f, "{} may not run here", file.display()),
        }
    }
}

impl Error for AuthorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source),
            Self::Tool { source } => Some(source),
            Self::Component { source } => Some(source),
            Self::Refused { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<DefinitionErrors> for AuthorError {
    fn from(errors: DefinitionErrors) -> Self {
        Self::Definition(errors)
    }
}
