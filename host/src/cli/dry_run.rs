//! `dukou run --dry-run`: the exact requests that would be sent, and nothing else. Reads the source; stores and sends nothing.

use dukou_connect::Query;
use dukou_core::mask::mask_json;
use dukou_core::verdict::Group;
use dukou_core::window::{self, WindowRange};
use dukou_plugin::GroupOutcome;
use dukou_store::rows::{ClaimedGroup, RecordFilter};
use serde_json::{Value, json};

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::compose::Host;
use crate::deploy;
use crate::exit::Exit;
use crate::pipeline::dry_run::{Preview, map, preview};
use crate::scheme::Scheme;

/// Records read without `--limit`.
const USUAL: u64 = 20;

/// Runs the command: the order's key or range, else the next window, else the newest records that are already stored.
///
/// # Errors
/// Definitions, secrets, engine; a source that fails.
pub fn run(
    context: &Context,
    host: &Host,
    scheme: &Scheme,
    key: Option<String>,
    range: Option<WindowRange>,
    limit: Option<u64>,
) -> anyhow::Result<Exit> {
    let wanted = deploy::wanted(&host.project, scheme, &host.runtime)?;
    let now = host.clock.now();
    let limit = usize::try_from(limit.unwrap_or(USUAL)).unwrap_or(usize::MAX);
    let own = key.as_ref().map(|_| WindowRange { start: now, end: now });
    let next = window::next(&scheme.source.window, host.store.mark(&scheme.name)?, now);
    let tables = wanted.shared_tables();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let previews = match own.or(range).or(next) {
        Some(window) => {
            let source = host.source(scheme)?;
            let query = Query {
                api: scheme.source.api.clone(),
                params: scheme.source.request.clone(),
                window,
                zone: scheme.source.zone,
                page_size: scheme.source.page_size,
                key,
            };
            let (path, clock) = (&scheme.source.key, host.clock.as_ref());
            runtime.block_on(preview(
                source.as_ref(),
                &query,
                path,
                &wanted.chain,
                &tables,
                clock,
                limit,
            ))
        }
        None => {
            note(context, &context.lang.t("run.from-stored"));
            runtime.block_on(map(stored(host, scheme, limit)?, &wanted.chain, &tables))
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
    let line = host.target(scheme)?.request_line(&scheme.target.api);
    let shown: Vec<Value> = previews.iter().map(|one| to_json(scheme, &line, one)).collect();
    if context.json {
        output::json(json!({ "scheme": scheme.name.to_string(), "dry_run": true, "would": shown }));
    } else {
        for one in &previews {
            say(&to_text(context, scheme, &line, one));
        }
        say(&context.lang.text("run.dry-run-done", &[("count", &previews.len())]));
    }
    Ok(Exit::Done)
}

/// The newest records that the store holds, as groups.
fn stored(host: &Host, scheme: &Scheme, limit: usize) -> anyhow::Result<Vec<Group>> {
    let filter = RecordFilter {
        scheme: Some(scheme.name.clone()),
        limit,
        ..RecordFilter::default()
    };
    let keys: Vec<String> = host
        .store
        .records(&filter)?
        .into_iter()
        .map(|record| record.key)
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let groups = host.store.peek_groups(&scheme.name, &keys, limit)?;
    let group = |group: ClaimedGroup| Group {
        key: group.key,
        records: group.records,
        extra: "{}".to_owned(),
    };
    Ok(groups.into_iter().map(group).collect())
}

fn to_json(scheme: &Scheme, line: &str, one: &Preview) -> Value {
    let masked = |body: &str| mask_json(body, scheme.target_catalogue.as_ref());
    match &one.outcome {
        GroupOutcome::Mapped(mapped) => {
            let requests: Vec<_> = mapped
                .documents
                .iter()
                .map(|document| json!({ "key": format!("{}{}", one.key, document.suffix), "request": line, "body": masked(&document.body) }))
                .collect();
            json!({ "group": one.key, "would": "send", "requests": requests })
        }
        GroupOutcome::Skipped(reason) => json!({ "group": one.key, "would": "skip", "reason": reason }),
        GroupOutcome::Rejected { by, violations, .. } => {
            let reasons: Vec<_> = violations
                .iter()
                .map(|v| json!({ "code": v.code, "message": mask_message(scheme, one, &v.message), "target_path": v.target_path }))
                .collect();
            json!({ "group": one.key, "would": "reject", "by": by, "violations": reasons })
        }
        GroupOutcome::Failed(fault) => {
            json!({ "group": one.key, "would": "fail", "code": fault.code, "message": fault.message })
        }
    }
}

fn mask_message(scheme: &Scheme, one: &Preview, message: &str) -> String {
    match &scheme.source_catalogue {
        Some(catalogue) => dukou_core::mask::mask_message(message, &one.body, catalogue),
        None => message.to_owned(),
    }
}

fn to_text(context: &Context, scheme: &Scheme, line: &str, one: &Preview) -> String {
    let t = |key: &str, arguments: &[(&str, &dyn std::fmt::Display)]| context.lang.text(key, arguments);
    match &one.outcome {
        GroupOutcome::Mapped(mapped) => mapped
            .documents
            .iter()
            .map(|document| {
                let key = format!("{}{}", one.key, document.suffix);
                let head = t("run.would-send", &[("key", &key), ("request", &line)]);
                format!(
                    "{head}\n{}",
                    mask_json(&document.body, scheme.target_catalogue.as_ref())
                )
            })
            .collect::<Vec<_>>()
            .join("\n"),
        GroupOutcome::Skipped(reason) => t("run.would-skip", &[("key", &one.key), ("reason", reason)]),
        GroupOutcome::Rejected { by, violations, .. } => {
            let mut text = t("run.would-reject", &[("key", &one.key), ("by", by)]);
            for v in violations {
                let path = v.target_path.as_deref().unwrap_or("");
                text.push_str(&format!(
                    "\n  [{}] {path} {}",
                    v.code,
                    mask_message(scheme, one, &v.message)
                ));
            }
            text
        }
        GroupOutcome::Failed(fault) => t(
            "run.would-fail",
            &[("key", &one.key), ("code", &fault.code), ("message", &fault.message)],
        ),
    }
}
