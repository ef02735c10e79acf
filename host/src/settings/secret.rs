//! Secrets: references in files, values only when a connection is opened. Also the lint for values that look like
//! secrets where none belongs.

use std::ops::Range;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::scheme::{Code, DefinitionErrors, Diagnostic, Held, Section, Sentence, SourceFile, Table};

/// Longest secret, in bytes.
const MOST_BYTES: usize = 16 << 10;

/// Where a secret's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretAt {
    /// A variable of the environment.
    Env(String),
    /// A file, relative to the project.
    File(PathBuf),
    /// `secrets/NAME` of the tenant whose connection it is, else of the project.
    Secret(String),
}

/// A reference to a secret, with its place.
#[derive(Debug, Clone)]
pub struct SecretRef {
    /// Where the value is.
    pub at: SecretAt,
    /// The key it stands under, e.g. `app_secret`.
    pub key: String,
    /// The file that names it.
    pub file: SourceFile,
    /// Where it is named.
    pub span: Range<usize>,
    /// The folder of the tenant whose connection it is, below the project; `None` for the project's own.
    pub folder: Option<PathBuf>,
}

/// Where a value is read from, once tenants and folders are settled. Two that are equal have one value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found<'a> {
    /// A variable of the environment.
    Variable(&'a str),
    /// A file.
    File(PathBuf),
}

impl SecretRef {
    /// Reads the value.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] or [`Code::SecretExposed`], at the place that names it; both end in exit 7.
    pub fn resolve(&self, root: &Path) -> Result<SecretString, DefinitionErrors> {
        let path = match self.place(root) {
            Found::Variable(name) => {
                return match super::variable(name) {
                    Some(value) => Ok(SecretString::from(value)),
                    None => {
                        let help = Sentence::new("definition.secret_env_help").with("name", name);
                        Err(self.finding(Code::SecretMissing, name).help(help).into())
                    }
                };
            }
            Found::File(path) => path,
        };
        let shown = crate::scheme::shown(root, &path);
        let missing = || {
            let help = Sentence::new("definition.secret_file_help").with("file", shown.as_str());
            DefinitionErrors::from(self.finding(Code::SecretMissing, &shown).help(help))
        };
        let metadata = std::fs::metadata(&path).map_err(|_| missing())?;
        if exposed(&metadata) {
            let help = Sentence::new("definition.secret_exposed_help").with("file", shown.as_str());
            return Err(self.finding(Code::SecretExposed, &shown).help(help).into());
        }
        let text = std::fs::read_to_string(&path).map_err(|_| missing())?;
        let value = text.trim();
        if value.is_empty() || value.len() > MOST_BYTES {
            return Err(missing());
        }
        Ok(SecretString::from(value.to_owned()))
    }

    /// Where the value is read from.
    pub(super) fn place(&self, root: &Path) -> Found<'_> {
        Found::File(match &self.at {
            SecretAt::Env(name) => return Found::Variable(name),
            SecretAt::File(path) => root.join(path),
            SecretAt::Secret(name) => {
                let shared = root.join("secrets").join(name);
                match &self.folder {
                    Some(folder) if !shared.is_file() || root.join(folder).join("secrets").join(name).exists() => {
                        root.join(folder).join("secrets").join(name)
                    }
                    _ => shared,
                }
            }
        })
    }

    fn finding(&self, code: Code, place: &str) -> Diagnostic {
        Diagnostic::at(code, &self.file, self.span.clone())
            .with("key", self.key.as_str())
            .with("place", place)
    }
}

#[cfg(unix)]
fn exposed(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o006 != 0
}

#[cfg(not(unix))]
fn exposed(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// Reads `{ env = … }`, `{ file = … }` or `{ secret = … }`. `label` is the key with its table, e.g. `app_secret`.
pub(super) fn read(section: &mut Section<'_, '_>, key: &'static str, label: &str, variable: &str) -> Option<SecretRef> {
    let file = section.file;
    let Some(entry) = section.take(key) else {
        section.missing(key, &format!("{key} = {{ env = \"{variable}\" }}"));
        return None;
    };
    let span = entry.node.span.clone();
    let help = || {
        Sentence::new("definition.secret_help")
            .with("key", key)
            .with("variable", variable)
    };
    let Held::Table(table) = &entry.node.value else {
        section.push(
            Diagnostic::at(Code::LiteralSecret, file, span)
                .with("key", label)
                .help(help()),
        );
        return None;
    };
    let mut inner = Section::new(file, label, table, span.clone(), section.errors);
    let env = inner.text("env").map(|at| SecretAt::Env(at.value));
    let path = inner.text("file").map(|at| SecretAt::File(at.value.into()));
    let secret = inner.text("secret").map(|at| SecretAt::Secret(at.value));
    let given = table.entries.len();
    inner.finish();
    let plain = |at: &SecretAt| match at {
        SecretAt::Env(name) => !name.is_empty() && !name.contains(['=', '\0', ' ']),
        SecretAt::File(path) => !path.as_os_str().is_empty(),
        SecretAt::Secret(name) => !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']),
    };
    match (env, path, secret) {
        (Some(at), None, None) | (None, Some(at), None) | (None, None, Some(at)) if plain(&at) => Some(SecretRef {
            at,
            key: label.to_owned(),
            file: file.clone(),
            span,
            folder: None,
        }),
        // Unknown keys and wrong types were reported already.
        (None, None, None) if given > 0 => None,
        _ => {
            section.push(
                Diagnostic::at(Code::SecretReference, file, span)
                    .with("key", label)
                    .help(help()),
            );
            None
        }
    }
}

/// Warns of texts that look like secrets, wherever they stand.
pub(crate) fn lint(file: &SourceFile, table: &Table, warnings: &mut Vec<Diagnostic>) {
    for entry in &table.entries {
        lint_value(file, &entry.key, &entry.node.value, &entry.node.span, warnings);
    }
}

fn lint_value(file: &SourceFile, key: &str, value: &Held, span: &Range<usize>, warnings: &mut Vec<Diagnostic>) {
    match value {
        Held::Text(text) if looks_like_secret(key, text) => warnings.push(
            Diagnostic::at(Code::LooksLikeSecret, file, span.clone())
                .with("key", key)
                .help(Sentence::new("definition.looks_like_secret_help"))
                .warning(),
        ),
        Held::List(items) => {
            for item in items {
                lint_value(file, key, &item.value, &item.span, warnings);
            }
        }
        Held::Table(table) => lint(file, table, warnings),
        _ => {}
    }
}

/// Long, without gaps, letters and digits well mixed: keys and tokens look so, codes and templates do not.
pub(crate) fn looks_like_secret(key: &str, text: &str) -> bool {
    if matches!(key, "env" | "file" | "secret" | "url") {
        return false;
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let mut distinct: Vec<u8> = text.bytes().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mixed = (24..=512).contains(&text.len()) && digits >= 4 && letters >= 4 && distinct.len() >= 10;
    plain && (mixed || text.starts_with("AKIA") && text.len() == 20 || text.starts_with("eyJ") && text.len() > 40)
}
