//! How commands talk: data on stdout, everything else on stderr; JSON with `"schema": 1`; colour and bars only on a
//! terminal. The only file that prints. A reader that went away (`| head`) has seen enough: no command fails for it.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use dukou_plugin::PluginError;
use serde_json::{Map, Value};

use super::{Context, Failure};
use crate::author::cases::CaseErrors;
use crate::author::{AuthorError, refusal};
use crate::exit::Exit;

/// Prints text for people on stdout (the command's data).
pub fn say(text: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        complain(&format!("stdout: {error}\n"));
    }
}

/// Prints a remark on stderr unless `--quiet`.
pub fn note(context: &Context, text: &str) {
    if !context.quiet {
        complain(&format!("{text}\n"));
    }
}

/// Prints what a language's tool says of its progress on stderr. Complaints are not shown here but with the failure.
pub fn tool_line(line: &str) {
    const STEPS: [&str; 9] = [
        "Updating",
        "Locking",
        "Adding",
        "Downloading",
        "Downloaded",
        "Compiling",
        "Building",
        "Blocking",
        "Finished",
    ];
    let first = line.split_whitespace().next().unwrap_or_default();
    if STEPS.contains(&first) {
        complain(&format!("{line}\n"));
    }
}

/// Prints one JSON object with `"schema": 1` in front.
pub fn json(value: Value) {
    let mut object = Map::new();
    object.insert("schema".into(), 1.into());
    match value {
        Value::Object(fields) => object.extend(fields),
        other => {
            object.insert("items".into(), other);
        }
    }
    say(&Value::Object(object).to_string());
}

/// A failure in words.
pub struct Told {
    /// For machines: what the object on stdout says of it.
    pub json: Value,
    /// For people, with its line break.
    pub text: String,
    /// How the process ends.
    pub exit: Exit,
}

/// Prints a failure where it belongs and answers the exit code.
pub fn failure(context: &Context, error: &anyhow::Error) -> Exit {
    let told = told(context, error);
    if context.json {
        json(told.json);
    }
    complain(&told.text);
    told.exit
}

/// Prints what went wrong on stderr, as it is. There is nobody to tell where that does not work.
pub fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Puts a failure into words, for commands that go on after it.
pub fn told(context: &Context, error: &anyhow::Error) -> Told {
    if let Some(failed) = error.downcast_ref::<crate::scheme::DefinitionErrors>() {
        return Told {
            json: serde_json::json!({ "errors": failed.to_json(context.lang) }),
            text: failed.render(context.lang, std::io::stderr().is_terminal()),
            exit: failed.exit(),
        };
    }
    match error.downcast_ref::<AuthorError>() {
        Some(AuthorError::Definition(errors)) => return told(context, &errors.clone().into()),
        Some(author) => {
            let failure = Failure {
                code: author.code(),
                message: author.sentence(context.lang),
                exit: author.exit(),
            };
            return told(context, &failure.into());
        }
        None => {}
    }
    if let Some(cases) = error.downcast_ref::<CaseErrors>() {
        let head = context.lang.text("cases.broken", &[("count", &cases.0.len())]);
        return Told {
            json: serde_json::json!({ "result": "broken", "errors": cases.to_json(context.lang) }),
            text: format!("{head}\n{}\n", cases.render(context.lang)),
            exit: Exit::Definition,
        };
    }
    if let Some(broken) = error.downcast_ref::<crate::deploy::lock::Broken>() {
        let failure = Failure {
            code: broken.code(),
            message: broken.sentence(context.lang),
            exit: Exit::Definition,
        };
        return told(context, &failure.into());
    }
    if let Some(changed) = error.downcast_ref::<crate::compose::SourceChanged>() {
        let arguments: [(&str, &dyn std::fmt::Display); 3] = [
            ("scheme", &changed.scheme),
            ("bound", &changed.bound),
            ("now", &changed.now),
        ];
        let message = context.lang.text("run.source-changed", &arguments);
        let failure = Failure {
            code: "source.changed",
            message,
            exit: Exit::Refused,
        };
        return told(context, &failure.into());
    }
    if let Some(changed) = error.downcast_ref::<crate::compose::AccountChanged>() {
        let arguments: [(&str, &dyn std::fmt::Display); 4] = [
            ("scheme", &changed.scheme),
            ("connection", &changed.connection),
            ("deployed", &changed.deployed),
            ("now", &changed.now),
        ];
        let message = context.lang.text("run.account-changed", &arguments);
        let failure = Failure {
            code: "account.changed",
            message,
            exit: Exit::Refused,
        };
        return told(context, &failure.into());
    }
    let (code, exit) = match error.downcast_ref::<Failure>() {
        Some(failure) => (failure.code, failure.exit),
        None => match error.downcast_ref::<PluginError>() {
            Some(refused) => (refused.code(), refusal(refused)),
            None if is_of_a_file(error) => ("file", Exit::Usage),
            None => ("internal", Exit::Internal),
        },
    };
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    Told {
        json: serde_json::json!({ "errors": [{ "code": code, "message": text }] }),
        text: format!("{}[{code}] {text}\n", context.lang.t("error.word")),
        exit,
    }
}

/// Whether a file or folder that somebody named is not there or cannot be used; nothing of that is wrong in here.
fn is_of_a_file(error: &anyhow::Error) -> bool {
    let kinds = [
        ErrorKind::NotFound,
        ErrorKind::PermissionDenied,
        ErrorKind::AlreadyExists,
        ErrorKind::NotADirectory,
        ErrorKind::IsADirectory,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::StorageFull,
    ];
    let io =
        |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    error.chain().filter_map(io).any(|kind| kinds.contains(&kind))
}

#[cfg(test)]
mod tests;
