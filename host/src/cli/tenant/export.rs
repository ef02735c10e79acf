//! `dukou tenant export`: a tenant's files, and everything stored of it as NDJSON, read in batches. Personal data is not
//! masked, because it is the tenant's own; secrets are left out. Changes nothing that is stored.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use dukou_core::names::{DEFAULT_TENANT, SchemeName};
use dukou_store::Store;
use dukou_store::rows::{DeliveryRow, ProblemFilter, ProblemRow, Span, Story};
use serde_json::{Value, json};

use super::stored;
use crate::cli::Context;
use crate::cli::failure;
use crate::cli::output::{self, note, say};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::settings::TENANTS;

/// Groups read at once.
const BATCH: usize = 200;
/// Most problems and deployments of a scheme; beyond, the export fails rather than leave some out.
const MOST: usize = 1_000_000;
/// Deepest folder that is copied.
const DEEPEST: usize = 8;

/// Which tenant, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tenant
    tenant: String,
    /// An empty or absent folder
    dir: PathBuf,
}

/// How much was written.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    files: u64,
    records: u64,
    verdicts: u64,
    deliveries: u64,
    problems: u64,
    deployments: u64,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let schemes = stored(&desk, &args.tenant)?;
    let dir = &args.dir;
    if dir.is_file() || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("dir", &dir.display())];
        let key = "tenant.export-occupied";
        return Err(failure(context, "export.occupied", key, &arguments, Exit::Refused));
    }
    private_folder(dir)?;
    let mut counts = Counts::default();
    for (from, to) in sources(&desk, &args.tenant) {
        copy(&from, &dir.join("files").join(to), DEEPEST, &mut counts.files)?;
    }
    for scheme in &schemes {
        export(
            desk.store.as_ref(),
            scheme,
            &dir.join("data").join(&scheme.name),
            &mut counts,
        )?;
        note(
            context,
            &context.lang.text("tenant.exported-scheme", &[("scheme", scheme)]),
        );
    }
    let summary = json!({
        "tenant": args.tenant,
        "at": instant(desk.now),
        "schemes": schemes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "files": counts.files,
        "records": counts.records,
        "verdicts": counts.verdicts,
        "deliveries": counts.deliveries,
        "problems": counts.problems,
        "deployments": counts.deployments,
        "personal_data": true,
        "secrets": false,
    });
    let mut file = private_file(&dir.join("export.json"))?;
    writeln!(file, "{}", serde_json::to_string_pretty(&summary)?)?;
    if context.json {
        let mut out = summary;
        out["dir"] = dir.display().to_string().into();
        output::json(out);
        return Ok(Exit::Done);
    }
    let arguments: [(&str, &dyn std::fmt::Display); 8] = [
        ("tenant", &args.tenant),
        ("dir", &dir.display()),
        ("files", &counts.files),
        ("records", &counts.records),
        ("verdicts", &counts.verdicts),
        ("deliveries", &counts.deliveries),
        ("problems", &counts.problems),
        ("deployments", &counts.deployments),
    ];
    say(&context.lang.text("tenant.exported", &arguments));
    Ok(Exit::Done)
}

/// The tenant's own files: its folder, or for `default` the schemes that no folder holds.
fn sources(desk: &Desk, tenant: &str) -> Vec<(PathBuf, PathBuf)> {
    let root = &desk.project.root;
    if tenant == DEFAULT_TENANT {
        return vec![(root.join("schemes"), "schemes".into())];
    }
    let folder = Path::new(TENANTS).join(tenant);
    vec![(root.join(&folder), folder)]
}

/// Copies plain files, without what is hidden, linked or a secret.
fn copy(from: &Path, to: &Path, depth: usize, count: &mut u64) -> std::io::Result<()> {
    let Ok(entries) = std::fs::read_dir(from) else {
        return Ok(());
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || (kind.is_dir() && (name == "secrets" || depth == 0)) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(&name), depth - 1, count)?;
        } else if kind.is_file() {
            private_folder(to)?;
            std::fs::copy(entry.path(), to.join(&name))?;
            *count += 1;
        }
    }
    Ok(())
}

/// The files of one scheme.
struct Lines {
    records: BufWriter<File>,
    verdicts: BufWriter<File>,
    deliveries: BufWriter<File>,
    problems: BufWriter<File>,
    deployments: BufWriter<File>,
}

fn export(store: &dyn Store, scheme: &SchemeName, dir: &Path, counts: &mut Counts) -> anyhow::Result<()> {
    private_folder(dir)?;
    let open = |name: &str| private_file(&dir.join(format!("{name}.ndjson"))).map(BufWriter::new);
    let mut lines = Lines {
        records: open("records")?,
        verdicts: open("verdicts")?,
        deliveries: open("deliveries")?,
        problems: open("problems")?,
        deployments: open("deployments")?,
    };
    let mut after = 0;
    loop {
        let page = store.stored_groups(scheme, Span::default(), after, BATCH)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for group in &page {
            let mut first = true;
            for record in &group.records {
                // A record that went while this was reading is not there any more.
                let Some(story) = store.story(scheme, &record.key)? else {
                    continue;
                };
                writeln!(lines.records, "{}", record_json(&story))?;
                counts.records += 1;
                if std::mem::take(&mut first) {
                    writeln!(lines.verdicts, "{}", verdict_json(&story))?;
                    counts.verdicts += 1;
                    for delivery in &story.deliveries {
                        writeln!(lines.deliveries, "{}", delivery_json(delivery, &story))?;
                        counts.deliveries += 1;
                    }
                }
            }
        }
    }
    let filter = ProblemFilter {
        scheme: Some(scheme.clone()),
        resolved_too: true,
        limit: MOST + 1,
        ..ProblemFilter::default()
    };
    let problems = store.problems(&filter)?;
    let deployments = store.deployments(scheme, MOST + 1)?;
    anyhow::ensure!(
        problems.len() <= MOST && deployments.len() <= MOST,
        "{scheme} has more than {MOST} problems or deployments"
    );
    for problem in problems.iter().rev() {
        writeln!(lines.problems, "{}", problem_json(problem))?;
        counts.problems += 1;
    }
    for deployment in deployments.iter().rev() {
        let named = |pairs: &[(String, dukou_core::digest::Digest)]| -> Value {
            pairs
                .iter()
                .map(|(name, digest)| json!({ "name": name, "digest": digest.to_string() }))
                .collect()
        };
        let line = json!({
            "id": deployment.id.to_string(),
            "at": instant(deployment.at),
            "by": deployment.what.by,
            "note": deployment.what.note,
            "active": deployment.active,
            "digest": deployment.what.digest.to_string(),
            "definition": deployment.what.definition,
            "plugins": named(&deployment.what.plugins),
            "tables": named(&deployment.what.tables),
        });
        writeln!(lines.deployments, "{line}")?;
        counts.deployments += 1;
    }
    let Lines {
        records,
        verdicts,
        deliveries,
        problems,
        deployments,
    } = lines;
    for mut file in [records, verdicts, deliveries, problems, deployments] {
        file.flush()?;
    }
    Ok(())
}

fn record_json(story: &Story) -> Value {
    let revisions = story
        .revisions
        .iter()
        .map(|(number, at, body)| json!({ "revision": number, "received_at": instant(*at), "body": body }));
    let aliases = story
        .aliases
        .iter()
        .map(|(kind, value)| json!({ "kind": kind, "value": value }));
    json!({
        "key": story.record.key,
        "group": story.group,
        "state": story.record.state,
        "amount": story.record.shown.amount.map(|amount| amount.to_string()),
        "quantity": story.record.shown.quantity.map(|quantity| quantity.to_string()),
        "aliases": aliases.collect::<Vec<_>>(),
        "revisions": revisions.collect::<Vec<_>>(),
    })
}

fn verdict_json(story: &Story) -> Value {
    let omitted = story
        .omitted
        .iter()
        .map(|one| json!({ "member": one.member, "path": one.path, "reason": one.reason }));
    json!({
        "group": story.group,
        "members": story.members,
        "verdict": story.verdict.0,
        "reason": story.verdict.1,
        "omitted": omitted.collect::<Vec<_>>(),
        "recipe": story.recipe.map(|recipe| recipe.to_string()),
    })
}

fn delivery_json(delivery: &DeliveryRow, story: &Story) -> Value {
    let attempts = story
        .attempts
        .iter()
        .filter(|attempt| attempt.delivery_key == delivery.key);
    let attempts = attempts.map(|attempt| {
        json!({
            "kind": attempt.kind,
            "number": attempt.number,
            "begun_at": instant(attempt.begun_at),
            "ended_at": attempt.ended_at.map(instant),
            "request": attempt.request,
            "outcome": attempt.outcome,
            "reply": attempt.reply,
        })
    });
    json!({
        "key": delivery.key,
        "group": delivery.group,
        "account": delivery.target.account,
        "api": delivery.target.api,
        "state": delivery.state.word(),
        "body": delivery.body,
        "reason": delivery.reason,
        "reference": delivery.reference,
        "adopted": delivery.adopted,
        "queued_at": instant(delivery.queued_at),
        "delivered_at": delivery.delivered_at.map(instant),
        "amount": delivery.amount.map(|amount| amount.to_string()),
        "recipe": delivery.recipe.to_string(),
        "attempts": attempts.collect::<Vec<_>>(),
    })
}

fn problem_json(problem: &ProblemRow) -> Value {
    json!({
        "id": problem.id.to_string(),
        "kind": problem.kind.word(),
        "fingerprint": problem.fingerprint,
        "code": problem.code,
        "message": problem.message,
        "path": problem.path,
        "details": problem.details,
        "group": problem.group,
        "delivery": problem.delivery_key,
        "amount": problem.amount.map(|amount| amount.to_string()),
        "opened_at": instant(problem.opened_at),
        "seen_at": instant(problem.seen_at),
        "resolved": problem.resolved.as_ref().map(|(at, by, note)| json!({ "at": instant(*at), "by": by, "note": note })),
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A folder that only its owner may open.
fn private_folder(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// A new file that only its owner may read.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
