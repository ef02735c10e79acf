//! `dukou deploy FILE --to tag=T|--to-all-using NAME`: the matrix, promotion of what is green, and waves. What is green and
//! when waves go back is decided elsewhere.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use dukou_core::digest::Digest;
use serde_json::{Value, json};

use super::looking::Progress;
use super::order::{FleetOrder, To};
use crate::cli::output::{self, note, say};
use crate::cli::{Context, failure};
use crate::compose::{self, Host};
use crate::deploy::fleet::promote::{Fate, Promotion, promote, roll_out};
use crate::deploy::fleet::{self, Colour, Component, Look, Row, Target, Which, preview, select};
use crate::deploy::gate::Said;
use crate::deploy::rollout::{self, Ground, step_on};
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::fleet::{Matrix, text, to_json};
use crate::overview::text::{some_names, terminal_width};

/// How long a wave is watched where nobody says otherwise.
const USUAL_SOAK: Duration = Duration::from_secs(3_600);

/// Runs the command.
///
/// # Errors
/// A component that is none, schemes that are not there, the store.
pub(super) fn run(context: &Context, host: &Host, order: &FleetOrder) -> anyhow::Result<Exit> {
    if let Some(id) = order.stop_rollout {
        return super::turn::stop(context, host, id);
    }
    if let Some(id) = order.resume_rollout {
        return super::turn::resume(context, host, id);
    }
    let component = order
        .file
        .as_deref()
        .map(|file| component(context, order, file))
        .transpose()?;
    if let Some(length) = order.shadow {
        return super::shadow::begin(context, host, order, component.as_ref(), length);
    }
    let (Some(component), Some(file)) = (component, &order.file) else {
        return Err(failure(context, "usage.deploy", "fleet.need-file", &[], Exit::Usage));
    };
    let targets = targets(context, host, order, &component)?;
    let mut rows = look(context, host, order, &component, targets);
    let by = compose::user();
    if !order.accept.is_empty() {
        let said = Said {
            patterns: &order.accept,
            accepted: true,
            by: &by,
            note: &order.note,
            at: host.clock.now(),
            keep: !order.dry_run,
        };
        if let Some(pattern) = fleet::accept(host, &mut rows, &said)?.first() {
            let arguments: [(&str, &dyn Display); 1] = [("pattern", pattern)];
            return Err(failure(
                context,
                "deploy.pattern",
                "gate.no-such-pattern",
                &arguments,
                Exit::NotFound,
            ));
        }
    }
    if order.html.is_some() {
        note(context, &context.lang.t("fleet.no-html"));
    }
    let mut shown = Shown {
        lens: plain_lens(context, host),
        context,
        file: file.display().to_string(),
        digest: Digest::of(&component.bytes),
        days: order.days,
        rollout: None,
    };
    let green = rows.iter().filter(|row| row.colour() == Colour::Green).count();
    if rows.iter().all(Row::is_broken) {
        shown.print(&rows, &[], if order.dry_run { "dry-run" } else { "held" });
        note(context, &context.lang.t("fleet.none-can"));
        return Ok(Exit::Definition);
    }
    if order.dry_run {
        shown.print(&rows, &[], "dry-run");
        return Ok(if green == rows.len() { Exit::Done } else { Exit::Pending });
    }
    if green == 0 {
        shown.print(&rows, &[], "held");
        note(context, &context.lang.t("fleet.none-green"));
        return Ok(Exit::Refused);
    }
    if !order.yes {
        shown.print(&rows, &[], "needs-yes");
        note(context, &plan(context, order, green, rows.len()));
        if !agreed(context)? {
            note(context, &context.lang.t("plan.need-yes"));
            return Ok(Exit::Refused);
        }
    }
    let promotion = Promotion {
        component: &component,
        by: &by,
        note: &order.note,
    };
    let fates = match &order.waves {
        None => promote(host, &rows, &promotion)?,
        Some(waves) => {
            let soak = order.soak.unwrap_or(USUAL_SOAK);
            match roll_out(host, &rows, &promotion, waves, soak)? {
                Ok((id, fates)) => {
                    step_on(&Ground::of(host))?;
                    shown.rollout = Some(id);
                    fates
                }
                Err(rollout::Refused::Nobody) => unchanged(&rows),
                Err(refused) => return Err(refusal(context, &refused)),
            }
        }
    };
    shown.print(&rows, &fates, "promoted");
    if let Some(id) = shown.rollout {
        note(context, &context.lang.text("fleet.begun", &[("id", &id)]));
    }
    Ok(exit(&fates))
}

/// For what belongs to no scheme.
pub(super) fn plain_lens(context: &Context, host: &Host) -> Lens<'static> {
    Lens {
        width: terminal_width(),
        ..Lens::plain(context.lang, host.clock.now())
    }
}

/// All promoted, some held, or none.
fn exit(fates: &[Fate]) -> Exit {
    let held = fates.iter().filter(|fate| matches!(fate, Fate::Held(_))).count();
    match held {
        0 => Exit::Done,
        all if all == fates.len() => Exit::Refused,
        _ => Exit::Pending,
    }
}

/// Where nothing is left to roll out, what is green is in force already.
fn unchanged(rows: &[Row]) -> Vec<Fate> {
    let fate = |row: &Row| match (row.colour(), &row.looked) {
        (Colour::Green, Ok(looked)) => Fate::Unchanged(looked.examined.before.as_ref().map_or(0, |before| before.id)),
        (colour, _) => Fate::Held(colour.word()),
    };
    rows.iter().map(fate).collect()
}

fn component(context: &Context, order: &FleetOrder, file: &Path) -> anyhow::Result<Component> {
    let bytes = super::component(context, file)?;
    if let Some(To::AllUsing(name)) = &order.targets {
        // The person says which plugin it stands in for; that it is a component shows when it is loaded.
        return Ok(Component {
            names: vec![name.clone()],
            bytes,
        });
    }
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Component::named_by_itself(bytes, stem.as_deref())
}

pub(super) fn targets(
    context: &Context,
    host: &Host,
    order: &FleetOrder,
    component: &Component,
) -> anyhow::Result<Vec<Target>> {
    let which = match &order.targets {
        Some(To::Scheme(name)) => Which::One(name.clone()),
        Some(To::Tag(tag)) => Which::Tagged(tag.clone()),
        Some(To::AllUsing(_)) | None => Which::All,
    };
    if let Which::Tagged(tag) = &which
        && !host.project.tenants.values().any(|tenant| tenant.has_tag(tag))
    {
        let mut known: Vec<String> = host
            .project
            .tenants
            .values()
            .flat_map(|tenant| tenant.tags.clone())
            .collect();
        known.sort();
        known.dedup();
        let known = some_names(context.lang, &known);
        let arguments: [(&str, &dyn Display); 2] = [("tag", tag), ("known", &known)];
        return Err(failure(
            context,
            "deploy.no-tag",
            "fleet.no-such-tag",
            &arguments,
            Exit::NotFound,
        ));
    }
    let targets = select(&host.project, &which, component)?;
    if targets.is_empty() {
        let arguments: [(&str, &dyn Display); 1] = [("names", &component.names.join(", "))];
        return Err(failure(
            context,
            "deploy.no-target",
            "fleet.no-target",
            &arguments,
            Exit::NotFound,
        ));
    }
    Ok(targets)
}

fn look(context: &Context, host: &Host, order: &FleetOrder, component: &Component, targets: Vec<Target>) -> Vec<Row> {
    let progress = Progress::start(context, targets.len());
    let look = Look {
        days: order.days,
        now: host.clock.now(),
        watch: &|scheme, seen| progress.see(scheme, seen.done),
        done: &|scheme| progress.done(context, scheme),
    };
    let rows = preview(host, targets, component, &look);
    progress.finish();
    rows
}

/// The matrix as it is printed.
struct Shown<'a> {
    lens: Lens<'static>,
    context: &'a Context,
    file: String,
    digest: Digest,
    days: u32,
    rollout: Option<u64>,
}

impl Shown<'_> {
    fn print(&self, rows: &[Row], fates: &[Fate], result: &str) {
        let matrix = Matrix {
            rows,
            fates,
            file: &self.file,
            digest: self.digest,
            days: self.days,
        };
        if self.context.json {
            let mut value = json!({ "fleet": to_json(&matrix), "result": result });
            if let Some(id) = self.rollout {
                value["rollout"] = Value::from(id.to_string());
            }
            output::json(value);
        } else {
            say(text(&self.lens, &matrix).trim_end());
        }
    }
}

fn plan(context: &Context, order: &FleetOrder, green: usize, all: usize) -> String {
    let (key, waves) = match &order.waves {
        Some(waves) => ("fleet.plan-waves", waves.as_str()),
        None => ("fleet.plan", ""),
    };
    let arguments: [(&str, &dyn Display); 3] = [("green", &green), ("held", &(all - green)), ("waves", &waves)];
    context.lang.text(key, &arguments)
}

/// A person at a terminal may agree without `--yes`.
fn agreed(context: &Context) -> anyhow::Result<bool> {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !terminal || context.json || context.quiet {
        return Ok(false);
    }
    note(context, &context.lang.t("plan.ask"));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是"))
}

fn refusal(context: &Context, refused: &rollout::Refused) -> anyhow::Error {
    match refused {
        rollout::Refused::Waves(part) => {
            let arguments: [(&str, &dyn Display); 1] = [("part", part)];
            failure(context, "usage.waves", "fleet.bad-waves", &arguments, Exit::Usage)
        }
        rollout::Refused::Nobody => failure(context, "deploy.none-green", "fleet.none-green", &[], Exit::Refused),
        rollout::Refused::Busy { scheme, rollout } => {
            let arguments: [(&str, &dyn Display); 2] = [("scheme", scheme), ("id", rollout)];
            failure(context, "rollout.busy", "fleet.busy", &arguments, Exit::Refused)
        }
    }
}
