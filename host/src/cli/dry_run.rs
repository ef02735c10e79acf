//! `dukou run --dry-run`: the exact requests that would be made, and nothing else. Reads the source and maps; it is
//! handed an [`Onlooker`], which holds no target's sender and no writing verb of the store.

use dukou_connect::{Query, RequestOutline};
use dukou_core::mask::Secrets;
use dukou_core::problem::ProblemKind;
use dukou_core::window::{self, WindowRange};
use dukou_plugin::Fate;
use serde_json::{Value, json};

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::deploy;
use crate::exit::Exit;
use crate::onlooker::Onlooker;
use crate::overview::mask::{self, Side};
use crate::overview::said::said;
use crate::overview::text::{clean, clean_block, count};
use crate::overview::{Lens, Personal, details};
use crate::pipeline::dry_run::{Mapper, Preview, map, preview};
use crate::scheme::Scheme;

/// Records read without `--limit`.
const USUAL: u64 = 20;
/// What stands for a secret value.
const SECRET: &str = "•••";

/// Runs the command: the order's key or range, else the next window, else the newest records that are already stored.
///
/// # Errors
/// Definitions, the source's secrets, engine; a source that fails.
pub fn run(
    context: &Context,
    onlooker: &Onlooker,
    scheme: &Scheme,
    key: Option<String>,
    range: Option<WindowRange>,
    limit: Option<u64>,
) -> anyhow::Result<Exit> {
    let wanted = deploy::wanted(&onlooker.project, scheme, &onlooker.runtime)?;
    let outline = onlooker.outline(scheme)?;
    let now = onlooker.clock.now();
    let limit = usize::try_from(limit.unwrap_or(USUAL)).unwrap_or(usize::MAX);
    let own = key.as_ref().map(|_| WindowRange { start: now, end: now });
    let next = window::next(&scheme.source.window, onlooker.mark(&scheme.name)?, now);
    let mapper = Mapper {
        tables: wanted.shared_tables(),
        rules: scheme.rules(),
        chain: wanted.chain,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let previews = match own.or(range).or(next) {
        Some(window) => {
            let source = onlooker.source(scheme)?;
            let query = Query {
                api: scheme.source.api.clone(),
                params: scheme.source.request.clone(),
                window,
                zone: scheme.source.zone,
                page_size: scheme.source.page_size,
                key,
            };
            let (path, clock) = (&scheme.source.key, onlooker.clock.as_ref());
            runtime.block_on(preview(source.as_ref(), &query, path, &mapper, clock, limit))
        }
        None => {
            note(context, &context.lang.t("run.from-stored"));
            runtime.block_on(map(onlooker.newest(&scheme.name, limit)?, &mapper))
        }
    };
    let previews = previews.map_err(|failure| {
        let exit = if failure.passes_by_itself() {
            Exit::Unavailable
        } else {
            Exit::Secret
        };
        Failure {
            code: failure.code(),
            message: failure.to_string(),
            exit,
        }
    })?;
    let lens = Lens {
        personal: Personal::Known {
            source: scheme.source_catalogue.as_ref(),
            target: scheme.target_catalogue.as_ref(),
        },
        ..Lens::plain(context.lang, now)
    };
    if context.json {
        let shown: Vec<Value> = previews.iter().map(|one| to_json(&lens, &outline, one)).collect();
        output::json(json!({ "scheme": scheme.name.to_string(), "dry_run": true, "would": shown }));
    } else {
        if previews.iter().any(|one| matches!(one.fate, Some(Fate::Mapped(_)))) {
            say(&outline_text(&lens, &outline));
        }
        for one in &previews {
            say(&to_text(&lens, &outline, one));
        }
        say(&context.lang.text("run.dry-run-done", &[("count", &previews.len())]));
    }
    Ok(Exit::Done)
}

fn header_values(outline: &RequestOutline) -> impl Iterator<Item = (&'static str, &str)> {
    let headers = outline.headers.iter();
    headers.map(|(name, value)| (*name, value.as_deref().unwrap_or(SECRET)))
}

fn outline_text(lens: &Lens<'_>, outline: &RequestOutline) -> String {
    let mut text = lens.lang.t("dry.each");
    text.push_str(&format!("\n  {}", clean(&outline.line())));
    for (name, value) in header_values(outline) {
        text.push_str(&format!("\n  {name}: {}", clean(value)));
    }
    text
}

fn secrets(lens: &Lens<'_>, one: &Preview) -> Secrets {
    mask::secrets(lens, one.records.iter().map(String::as_str))
}

fn to_json(lens: &Lens<'_>, outline: &RequestOutline, one: &Preview) -> Value {
    let secrets = secrets(lens, one);
    match &one.fate {
        Some(Fate::Mapped(mapped)) => {
            let headers: Vec<Value> = header_values(outline)
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            let requests: Vec<Value> = mapped
                .documents
                .iter()
                .map(|document| {
                    let (masked, body) = match mask::exact(lens, Side::Target, &document.body, &secrets) {
                        Ok(body) => (false, body),
                        Err(body) => (true, body),
                    };
                    json!({
                        "key": format!("{}{}", one.key, document.suffix), "request": outline.line(),
                        "method": outline.method, "url": outline.url, "headers": headers,
                        "bytes": document.body.len(), "masked": masked, "body": body,
                    })
                })
                .collect();
            json!({ "group": one.key, "would": "send", "requests": requests })
        }
        Some(Fate::Skipped(reason)) => json!({ "group": one.key, "would": "skip", "reason": secrets.hide(reason) }),
        Some(Fate::Problem(report)) => {
            let mut value = json!({
                "group": one.key, "would": would(report.kind), "code": report.code, "path": report.path,
                "message": secrets.hide(&report.message),
            });
            if let Ok(Value::Object(details)) = serde_json::from_str::<Value>(&report.details) {
                for name in ["by", "violations"] {
                    let mut part = details.get(name).cloned().unwrap_or_default();
                    secrets.hide_value(&mut part);
                    value[name] = part;
                }
            }
            value
        }
        None => json!({ "group": one.key, "would": "undecided" }),
    }
}

fn would(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Failed => "fail",
        _ => "reject",
    }
}

fn to_text(lens: &Lens<'_>, outline: &RequestOutline, one: &Preview) -> String {
    let t = |key: &str, arguments: &[(&str, &dyn std::fmt::Display)]| lens.lang.text(key, arguments);
    let key = clean(&one.key);
    let secrets = secrets(lens, one);
    match &one.fate {
        Some(Fate::Mapped(mapped)) => {
            let documents = mapped.documents.iter().map(|document| {
                let key = clean(&format!("{}{}", one.key, document.suffix));
                let mut text = t("run.would-send", &[("key", &key), ("request", &clean(&outline.line()))]);
                let bytes = count(document.body.len() as u64);
                let body = match mask::exact(lens, Side::Target, &document.body, &secrets) {
                    Ok(body) => {
                        text.push_str(&t("dry.bytes", &[("bytes", &bytes)]));
                        body
                    }
                    Err(masked) => {
                        text.push_str(&t("dry.bytes-masked", &[("bytes", &bytes)]));
                        masked
                    }
                };
                format!("{text}\n{}", clean_block(&body))
            });
            documents.collect::<Vec<_>>().join("\n")
        }
        Some(Fate::Skipped(reason)) => t(
            "run.would-skip",
            &[
                ("key", &key),
                ("reason", &clean(&secrets.hide(&said(lens.lang, "skipped", reason)))),
            ],
        ),
        Some(Fate::Problem(report)) => {
            let details = details::read(&report.details);
            let by = details.rest.get("by").and_then(Value::as_str).unwrap_or("host");
            let mut text = match would(report.kind) {
                "fail" => t(
                    "run.would-fail",
                    &[
                        ("key", &key),
                        ("code", &report.code),
                        (
                            "message",
                            &clean(&secrets.hide(&said(lens.lang, &report.code, &report.message))),
                        ),
                    ],
                ),
                _ => t("run.would-reject", &[("key", &key), ("by", &clean(by))]),
            };
            for reason in &details.reasons {
                let path = reason.target_path.as_deref().unwrap_or("");
                text.push_str(&format!(
                    "\n  [{}] {} {}",
                    clean(&reason.code),
                    clean(path),
                    clean(&secrets.hide(&said(lens.lang, &reason.code, &reason.message)))
                ));
            }
            text
        }
        None => t("dry.undecided", &[("key", &key)]),
    }
}
