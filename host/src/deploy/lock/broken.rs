//! What is wrong with `dukou.lock`, or with a plugin that it pins, in words: the file as a whole can be restored or written
//! anew, a pin can also be taken back.

use std::path::PathBuf;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::FILE;
use crate::lang::Lang;

/// `dukou.lock`, or a plugin that it pins, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The file says nothing that can be relied on.
    File(Fault),
    /// The bytes of one pinned plugin are not there.
    Pinned {
        /// The scheme that it is pinned for.
        scheme: SchemeName,
        /// The plugin's name in the definition.
        plugin: String,
        /// Where they should lie, below the project's root.
        file: PathBuf,
        /// What they should be.
        digest: Digest,
        /// What is there instead.
        instead: Instead,
    },
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is no UTF-8 text.
    NotText,
    /// It is no TOML, or not of this shape.
    NotToml {
        /// The line, from 1.
        line: usize,
        /// The parser's word for it.
        reason: String,
    },
    /// Another edition of the format.
    Format(u32),
    /// An entry names a digest that is none.
    Digest {
        /// The entry.
        scheme: String,
        /// The plugin.
        plugin: String,
    },
    /// A pinned file does not lie in the project.
    Outside {
        /// The entry.
        scheme: String,
        /// The file.
        file: String,
    },
}

/// What lies where a pinned plugin should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Nothing.
    Nothing,
    /// Other bytes.
    Other,
    /// Something that cannot be read.
    Unreadable(String),
}

impl Broken {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "lock.broken",
            Self::Pinned { .. } => "lock.pinned",
        }
    }

    /// What is wrong and what to do, in one sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::File(fault) => lang.text("lock.broken", &[("file", &FILE), ("why", &fault.words(lang))]),
            Self::Pinned {
                scheme,
                plugin,
                file,
                digest,
                instead,
            } => lang.text(
                "lock.pinned",
                &[
                    ("scheme", scheme),
                    ("plugin", plugin),
                    ("file", &file.display()),
                    ("digest", &digest.short()),
                    ("why", &instead.words(lang)),
                ],
            ),
        }
    }
}

impl Fault {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::NotText => lang.t("lock.fault.not-text"),
            Self::NotToml { line, reason } => lang.text("lock.fault.not-toml", &[("line", line), ("reason", reason)]),
            Self::Format(found) => lang.text("lock.fault.format", &[("found", found), ("known", &super::FORMAT)]),
            Self::Digest { scheme, plugin } => {
                lang.text("lock.fault.digest", &[("scheme", scheme), ("plugin", plugin)])
            }
            Self::Outside { scheme, file } => lang.text("lock.fault.outside", &[("scheme", scheme), ("pinned", file)]),
        }
    }

    /// What a parser found in the file's text.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        Self::NotToml {
            line: text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1,
            reason: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

impl Instead {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Nothing => lang.t("lock.instead.nothing"),
            Self::Other => lang.t("lock.instead.other"),
            Self::Unreadable(reason) => lang.text("lock.instead.unreadable", &[("reason", reason)]),
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence(Lang::En))
    }
}

impl std::error::Error for Broken {}
