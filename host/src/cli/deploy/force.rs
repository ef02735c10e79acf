//! Bringing candidates into force: pins first, then the activation, then `dukou.lock`. Whatever ends it in the middle, what
//! was done is written down.

use dukou_core::names::SchemeName;
use serde_json::{Value, json};

use super::candidate::{Candidate, Candidates, Failed};
use super::order::{Args, Order};
use super::plan::{complain_of, forgotten_text, names_json, queued, queued_text, say_without_file};
use crate::cli::output::{self, note, say};
use crate::cli::{Context, failure};
use crate::compose::{self, Host};
use crate::deploy::activate::Reason;
use crate::deploy::evidence::{Evidence, How};
use crate::deploy::lock::Tentative;
use crate::deploy::wanted::summary;
use crate::deploy::{self, Deployed, Overtaken, Wanted, lock};
use crate::exit::Exit;
use crate::overview;
use crate::scheme::Scheme;

/// Brings every candidate into force. Of several, one that cannot be is told in its row.
///
/// # Errors
/// That of a single scheme.
pub(super) fn force(
    context: &Context,
    host: &Host,
    all: Candidates,
    without_file: &[SchemeName],
    (order, args): (&Order, &Args),
) -> anyhow::Result<Exit> {
    let Candidates { passing_by, failed } = all;
    let names: Vec<&SchemeName> = passing_by.iter().map(|one| &one.scheme.name).collect();
    let turns = Turns {
        names: &names,
        alone: order.schemes.len() == 1,
        failed,
    };
    let became = turns.take(context, |place| {
        bring_into_force(context, host, &passing_by[place], order, args)
    })?;
    lock::note_down(&host.project, host.store.as_ref(), &became.done);
    host.reach("deploy.after-lock");
    let (mut rows, failed) = (became.rows, became.failed);
    if context.json {
        rows.extend(failed.iter().map(Failed::to_json));
        output::json(json!({
            "deployments": rows, "failed": failed.len(), "without_file": names_json(without_file),
        }));
    }
    complain_of(context, &failed);
    say_without_file(context, without_file);
    let first = failed.first().map(|one| one.told.exit);
    Ok(became.stopped.or(first).unwrap_or(Exit::Done))
}

/// Schemes that come into force one after the other.
struct Turns<'a> {
    names: &'a [&'a SchemeName],
    /// Whether a single scheme was meant: then what stops it is the command's own error.
    alone: bool,
    /// Those that failed before.
    failed: Vec<Failed>,
}

/// What became of them.
struct Became {
    rows: Vec<Value>,
    done: Vec<SchemeName>,
    failed: Vec<Failed>,
    /// How the process ends where an error left those after it as they were.
    stopped: Option<Exit>,
}

impl Turns<'_> {
    /// Brings one after the other. An error ends it, and is told of its scheme beside what was done before.
    fn take(
        self,
        context: &Context,
        mut bring: impl FnMut(usize) -> anyhow::Result<Result<Value, Overtaken>>,
    ) -> anyhow::Result<Became> {
        let mut became = Became {
            rows: Vec::new(),
            done: Vec::new(),
            failed: self.failed,
            stopped: None,
        };
        for (place, name) in self.names.iter().enumerate() {
            let (error, ends) = match bring(place) {
                Ok(Ok(row)) => {
                    became.rows.push(row);
                    became.done.push((*name).clone());
                    continue;
                }
                Ok(Err(Overtaken)) => (overtaken(context, name), false),
                Err(error) => (error, true),
            };
            if self.alone {
                return Err(error);
            }
            let failed = Failed::of(context, name, &error);
            let exit = failed.told.exit;
            became.failed.push(failed);
            if ends {
                became.stopped = Some(exit);
                break;
            }
        }
        Ok(became)
    }
}

fn bring_into_force(
    context: &Context,
    host: &Host,
    one: &Candidate,
    order: &Order,
    args: &Args,
) -> anyhow::Result<Result<Value, Overtaken>> {
    let scheme = &one.scheme;
    let queued = queued(host, one)?;
    let pinned = pin(host, scheme, order, args)?;
    let how = if args.no_gate { How::Forced } else { How::Gate };
    let evidence = Evidence {
        pinned: lock::stand_ins(&host.project, scheme),
        ..one.examined.evidence(how)
    };
    let had_pins = pinned.as_ref().is_some_and(Tentative::had_pins);
    let ended = activate(host, scheme, &one.wanted, &args.note, &evidence);
    if let Some(pinned) = pinned {
        pinned.settle(&host.project.root, host.store.as_ref(), &ended);
    }
    let Ok(deployed) = ended? else {
        return Ok(Err(Overtaken));
    };
    let mut entry = summary(&one.wanted);
    entry["scheme"] = scheme.name.to_string().into();
    entry["standing"] = one.examined.standing.word().into();
    let (text, result, id) = match deployed {
        Deployed::Unchanged { id } => ("deploy.unchanged", "unchanged", id),
        Deployed::Activated { id, .. } => ("deploy.activated", "activated", id),
    };
    entry["result"] = result.into();
    entry["id"] = id.to_string().into();
    entry["evidence"] = serde_json::to_value(&evidence).unwrap_or_default();
    entry["queued"] = queued.into();
    if !context.json {
        say(&context.lang.text(text, &[("scheme", &scheme.name), ("id", &id)]));
        for (name, digest) in one.wanted.plugin_digests() {
            say(&format!("  {name}  sha256:{}", digest.short()));
        }
        if result == "activated" {
            say(&format!(
                "  {}",
                overview::gate::conclusion(context.lang, &one.examined)
            ));
            if let Some(text) = queued_text(context.lang, one, queued) {
                say(&format!("  {text}"));
            }
        }
    }
    if args.unpin && had_pins {
        note(
            context,
            &context.lang.text("gate.unpinned", &[("scheme", &scheme.name)]),
        );
    }
    for line in forgotten_text(context.lang, &scheme.name, one.forgotten.as_ref()) {
        note(context, &line);
    }
    Ok(Ok(entry))
}

/// What is wanted is written down first: a process that dies in between leaves a file that is not deployed yet.
fn pin(host: &Host, scheme: &Scheme, order: &Order, args: &Args) -> anyhow::Result<Option<Tentative>> {
    let root = &host.project.root;
    if let Some(file) = &order.file {
        let named = scheme
            .plugin_uses()
            .filter(|plugin_use| deploy::wanted::names(plugin_use, &file.name));
        let names: Vec<&str> = named.map(|plugin_use| plugin_use.name.as_str()).collect();
        return Ok(Some(lock::pin_for_now(root, &scheme.name, &names, &file.bytes)?));
    }
    if args.unpin {
        return Ok(Some(lock::unpin_for_now(root, &scheme.name)?));
    }
    Ok(None)
}

/// Activates what is wanted, under the name of who acts.
///
/// # Errors
/// The store's; something else that came into force since it was compared.
pub fn put_into_force(
    context: &Context,
    host: &Host,
    scheme: &Scheme,
    wanted: &Wanted,
    note: &str,
    evidence: &Evidence,
) -> anyhow::Result<Deployed> {
    let evidence = Evidence {
        pinned: lock::stand_ins(&host.project, scheme),
        ..evidence.clone()
    };
    let deployed = activate(host, scheme, wanted, note, &evidence)?;
    deployed.map_err(|Overtaken| overtaken(context, &scheme.name))
}

/// What is said of pins that `dukou.lock` lost, where what is wanted would replace them; `None` where it lost none.
///
/// # Errors
/// The store's; a file that cannot be read.
pub fn pins_lost(
    context: &Context,
    host: &Host,
    scheme: &SchemeName,
    wanted: &Wanted,
) -> anyhow::Result<Option<Vec<String>>> {
    let (root, store) = (&host.project.root, host.store.as_ref());
    let Some(active) = store.active(scheme)? else {
        return Ok(None);
    };
    let forgotten = lock::forgotten(root, store, scheme, &active, &wanted.plugin_digests())?;
    Ok(forgotten.map(|forgotten| forgotten_text(context.lang, scheme, Some(&forgotten))))
}

fn activate(
    host: &Host,
    scheme: &Scheme,
    wanted: &Wanted,
    note: &str,
    evidence: &Evidence,
) -> anyhow::Result<Result<Deployed, Overtaken>> {
    host.reach("deploy.before-activate");
    let by = compose::user();
    let reason = Reason {
        by: &by,
        note,
        evidence,
        at: host.clock.now(),
    };
    let deployed = deploy::activate(host.store.as_ref(), scheme, wanted, &reason)?;
    host.reach("deploy.after-activate");
    Ok(deployed)
}

fn overtaken(context: &Context, scheme: &SchemeName) -> anyhow::Error {
    let arguments: [(&str, &dyn std::fmt::Display); 1] = [("scheme", scheme)];
    failure(context, "deploy.overtaken", "gate.overtaken", &arguments, Exit::Refused)
}

#[cfg(test)]
mod tests;
