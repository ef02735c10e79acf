//! How commands talk: data on stdout, everything else on stderr; JSON with `"schema": 1`; colour and bars only on a
//! terminal. The only file that prints.
#![expect(clippy::print_stderr, reason = "this is where the command line speaks")]

use std::io::{IsTerminal as _, Write as _};

use dukou_plugin::PluginError;
use serde_json::{Map, Value};

use super::{Context, Failure};
use crate::author::cases::CaseErrors;
use crate::author::{AuthorError, refusal};
use crate::exit::Exit;

/// Logging goes to stderr: errors with `--quiet`, warnings by default, more by `DUKOU_LOG`.
pub fn start_logging(context: &Context) {
    let default = if context.quiet { "error" } else { "warn" };
    let filter = crate::settings::log_filter().unwrap_or_else(|| default.to_owned());
    // A second initialisation (tests in one process) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Prints text for people on stdout (the command's data).
pub fn say(text: &str) {
    // A reader that went away (`| head`) has seen enough; that is no failure of the command.
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("stdout: {error}");
    }
}

/// Prints a remark on stderr unless `--quiet`.
pub fn note(context: &Context, text: &str) {
    if !context.quiet {
        eprintln!("{text}");
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
        eprintln!("{line}");
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

/// Prints a failure where it belongs and answers the exit code.
pub fn failure(context: &Context, error: &anyhow::Error) -> Exit {
    if let Some(failed) = error.downcast_ref::<crate::scheme::DefinitionErrors>() {
        if context.json {
            json(serde_json::json!({ "errors": failed.to_json(context.lang) }));
        }
        eprint!("{}", failed.render(context.lang, std::io::stderr().is_terminal()));
        return failed.exit();
    }
    match error.downcast_ref::<AuthorError>() {
        Some(AuthorError::Definition(errors)) => return failure(context, &errors.clone().into()),
        Some(author) => {
            let failure = Failure {
                code: author.code(),
                message: author.sentence(context.lang),
                exit: author.exit(),
            };
            return self::failure(context, &failure.into());
        }
        None => {}
    }
    if let Some(cases) = error.downcast_ref::<CaseErrors>() {
        if context.json {
            json(serde_json::json!({ "result": "broken", "errors": cases.to_json(context.lang) }));
        }
        let head = context.lang.text("cases.broken", &[("count", &cases.0.len())]);
        eprintln!("{head}\n{}", cases.render(context.lang));
        return Exit::Definition;
    }
    if let Some(broken) = error.downcast_ref::<crate::deploy::lock::Broken>() {
        let failure = Failure {
            code: "lock.broken",
            message: context.lang.text("gate.lock-broken", &[("why", &broken.0)]),
            exit: Exit::Definition,
        };
        return self::failure(context, &failure.into());
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
        return self::failure(context, &failure.into());
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
        return self::failure(context, &failure.into());
    }
    let (code, exit) = match error.downcast_ref::<Failure>() {
        Some(failure) => (failure.code, failure.exit),
        None => match error.downcast_ref::<PluginError>() {
            Some(refused) => (refused.code(), refusal(refused)),
            None => ("internal", Exit::Internal),
        },
    };
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    if context.json {
        json(serde_json::json!({ "errors": [{ "code": code, "message": text }] }));
    }
    eprintln!("{}[{code}] {text}", context.lang.t("error.word"));
    exit
}
