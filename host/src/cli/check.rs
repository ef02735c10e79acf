//! `dukou check`: every definition at once: project, catalogues, tables, schemes, secrets, plugins with their settings;
//! with `--live` also the remote systems. Changes nothing.

use std::io::IsTerminal as _;

use chrono::TimeDelta;
use dukou_connect::Query;
use dukou_core::names::DEFAULT_TENANT;
use dukou_core::window::WindowRange;
use serde_json::json;

use super::output::{json, note, say};
use super::{Context, Failure};
use crate::exit::Exit;
use crate::scheme::{DefinitionErrors, Diagnostic, Scheme, Severity};
use crate::settings::{Connection, Project};

/// Lint every definition.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this scheme (NAME or TENANT/NAME)
    scheme: Option<String>,
    /// Also sign in to both systems and read one page
    #[arg(long)]
    live: bool,
}

/// Runs the command.
///
/// # Errors
/// Only what is not the definitions' fault, or a remote system with `--live`.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mut findings = Vec::new();
    let mut counts = Counts::default();
    let mut live = Vec::new();
    match Project::read_shared(&context.project) {
        Err(errors) => findings = errors.0,
        Ok((project, errors)) => {
            findings.extend(errors);
            findings.extend(project.warnings.iter().cloned());
            findings.extend(of_tenants(&project, args.scheme.as_deref()));
            let schemes = definitions(&project, args.scheme.as_deref(), &mut findings)?;
            counts.schemes = schemes.len();
            counts.connections = secrets(&project, args.scheme.is_some().then_some(&schemes), &mut findings);
            plugins(&project, &schemes, &mut findings)?;
            if args.live && findings.iter().all(|finding| finding.severity == Severity::Warning) {
                live = ask(context, &project, &schemes)?;
            }
        }
    }
    dedup(&mut findings);
    let (errors, warnings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.severity == Severity::Error);
    counts.errors = errors.len();
    counts.warnings = warnings.len();
    let exit = match (counts.errors, counts.schemes) {
        (0, 0) => Exit::Nothing,
        (0, _) => Exit::Done,
        _ => DefinitionErrors(errors.clone()).exit(),
    };
    report(context, errors, warnings, &counts, &live, exit);
    Ok(exit)
}

#[derive(Default)]
struct Counts {
    schemes: usize,
    connections: usize,
    errors: usize,
    warnings: usize,
}

/// What the tenants' own files are to be told; of one scheme's tenant only, when one is chosen.
fn of_tenants(project: &Project, chosen: Option<&str>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let chosen = chosen.map(|chosen| chosen.split_once('/').map_or(DEFAULT_TENANT, |(tenant, _)| tenant));
    if chosen.is_none() {
        findings.extend(project.tenant_errors());
    }
    for tenant in project.tenants.values() {
        if chosen.is_none_or(|chosen| chosen == tenant.name) {
            findings.extend(tenant.warnings.iter().cloned());
        }
    }
    findings
}

/// Schemes, and tables when everything is checked.
fn definitions(project: &Project, chosen: Option<&str>, findings: &mut Vec<Diagnostic>) -> anyhow::Result<Vec<Scheme>> {
    let (schemes, errors) = match chosen {
        Some(name) => match project.choose(Some(name)) {
            Ok(name) => match project.load_scheme(&name) {
                Ok(scheme) => (vec![scheme], DefinitionErrors::default()),
                Err(errors) => (Vec::new(), errors),
            },
            Err(error) => (Vec::new(), error.downcast::<DefinitionErrors>()?),
        },
        None => {
            let tenants = project.tenants.keys().map(String::as_str);
            for tenant in std::iter::once(DEFAULT_TENANT).chain(tenants) {
                for name in project.table_names(tenant) {
                    if let Err(errors) = project.table(tenant, &name) {
                        findings.extend(errors.0);
                    }
                }
            }
            findings.extend(project.check_bases());
            let (schemes, errors) = project.load_all();
            findings.extend(project.shared_accounts(&schemes));
            (schemes, errors)
        }
    };
    findings.extend(errors.0);
    findings.extend(schemes.iter().flat_map(|scheme| scheme.warnings.iter().cloned()));
    Ok(schemes)
}

/// Secrets of the chosen scheme's connections, or of all. Answers how many connections there are, or are used.
fn secrets(project: &Project, schemes: Option<&Vec<Scheme>>, findings: &mut Vec<Diagnostic>) -> usize {
    let connections: Vec<&Connection> = match schemes {
        None => {
            let own = project.tenants.values().flat_map(|tenant| tenant.connections.values());
            project.connections.values().chain(own).collect()
        }
        Some(schemes) => {
            let used = schemes.iter().flat_map(|scheme| {
                let names = [&scheme.source.connection, &scheme.target.connection];
                names.map(|name| project.connection(&scheme.name.tenant, name))
            });
            used.filter_map(Result::ok).collect()
        }
    };
    for secret in connections.iter().flat_map(|connection| connection.kind.secrets()) {
        if let Err(errors) = secret.resolve(&project.root) {
            findings.extend(errors.0);
        }
    }
    connections.len()
}

/// Inspects the plugins and configures them with their settings.
fn plugins(project: &Project, schemes: &[Scheme], findings: &mut Vec<Diagnostic>) -> anyhow::Result<()> {
    if schemes.is_empty() {
        return Ok(());
    }
    let runtime = crate::compose::runtime(&project.root)?;
    // Without its connections a scheme has no catalogues, and its plugins would complain of that alone.
    let whole = |scheme: &&Scheme| {
        [&scheme.source.connection, &scheme.target.connection]
            .iter()
            .all(|name| project.connection(&scheme.name.tenant, name).is_ok())
    };
    for scheme in schemes.iter().filter(whole) {
        findings.extend(crate::deploy::check_plugins(project, scheme, &runtime)?);
    }
    Ok(())
}

/// Asks both systems of each scheme: one page of the source's newest window, and the target's probe.
fn ask(context: &Context, project: &Project, schemes: &[Scheme]) -> anyhow::Result<Vec<(String, String)>> {
    let (egress, clock) = (crate::compose::egress()?, crate::compose::clock());
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut answers = Vec::new();
    for scheme in schemes {
        let name = &scheme.source.connection;
        let source = crate::compose::source(project, &scheme.name.tenant, name, &egress, &clock)?;
        let end = clock.now();
        let span = TimeDelta::from_std(scheme.source.window.span).unwrap_or(TimeDelta::days(1));
        let query = Query {
            api: scheme.source.api.clone(),
            params: scheme.source.request.clone(),
            window: WindowRange { start: end - span, end },
            zone: scheme.source.zone,
            page_size: scheme.source.page_size,
            key: None,
        };
        let page = executor
            .block_on(source.read(&query, None))
            .map_err(|failure| refused(context, name, failure.code(), &failure.to_string()))?;
        let rows = page.total.unwrap_or(page.records.len() as u64);
        answers.push((name.clone(), format!("{} {rows}", source.account())));
        let name = &scheme.target.connection;
        let target = crate::compose::target(project, &scheme.name.tenant, name, &egress, &clock)?;
        let answer = executor
            .block_on(target.probe())
            .map_err(|reason| refused(context, name, "target.probe", &reason))?;
        answers.push((name.clone(), answer));
    }
    Ok(answers)
}

fn refused(context: &Context, connection: &str, code: &'static str, reason: &str) -> Failure {
    let message = context
        .lang
        .text("check.live", &[("connection", &connection), ("answer", &reason)]);
    Failure {
        code,
        message,
        exit: Exit::Unavailable,
    }
}

/// A table missing both in a template's scan and in a plugin's needs is one finding, and so is what several schemes have
/// from one base. What is the base's own fault names no scheme.
fn dedup(findings: &mut Vec<Diagnostic>) {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        let same = kept.iter_mut().find(|known| {
            let places = (known.place.as_ref(), finding.place.as_ref());
            let there = match places {
                (Some(one), Some(other)) => one.file.shown() == other.file.shown() && one.span == other.span,
                (None, None) => true,
                _ => false,
            };
            there && known.code == finding.code && known.message == finding.message
        });
        match same {
            None => kept.push(finding),
            Some(known) if known.found_for.is_empty() => {}
            Some(known) => {
                for scheme in finding.found_for {
                    if !known.found_for.contains(&scheme) {
                        known.found_for.push(scheme);
                    }
                }
            }
        }
    }
    *findings = kept;
}

fn report(
    context: &Context,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    counts: &Counts,
    live: &[(String, String)],
    exit: Exit,
) {
    let (errors, warnings) = (DefinitionErrors(errors), DefinitionErrors(warnings));
    if context.json {
        let live: Vec<_> = live
            .iter()
            .map(|(connection, answer)| json!({ "connection": connection, "answer": answer }))
            .collect();
        json(json!({
            "ok": exit == Exit::Done,
            "schemes": counts.schemes,
            "connections": counts.connections,
            "errors": errors.to_json(context.lang),
            "warnings": warnings.to_json(context.lang),
            "live": live,
        }));
        return;
    }
    let colour = std::io::stderr().is_terminal();
    if !errors.is_empty() {
        // Errors are shown even with --quiet.
        let loud = Context {
            quiet: false,
            ..context.clone()
        };
        note(&loud, &errors.render(context.lang, colour));
    }
    if !warnings.is_empty() {
        note(context, &warnings.render(context.lang, colour));
    }
    for (connection, answer) in live {
        say(&context
            .lang
            .text("check.live", &[("connection", connection), ("answer", answer)]));
    }
    let key = match exit {
        Exit::Done => "check.fine",
        Exit::Nothing => "check.none",
        _ => "check.failed",
    };
    let arguments: [(&str, &dyn std::fmt::Display); 4] = [
        ("schemes", &counts.schemes),
        ("connections", &counts.connections),
        ("errors", &counts.errors),
        ("warnings", &counts.warnings),
    ];
    say(&context.lang.text(key, &arguments));
}

#[cfg(test)]
mod tests;
