//! `dukou deploy … --shadow 24h`: a candidate runs beside what is in force. Begins it only; a running host runs it.

use std::fmt::Display;
use std::time::Duration;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use serde_json::json;

use super::fleet::{plain_lens, targets};
use super::order::{FleetOrder, To};
use crate::cli::Context;
use crate::cli::output::{self, say};
use crate::compose::{self, Host};
use crate::deploy::fleet::{Component, edits};
use crate::deploy::shadow::{self, NewShadow};
use crate::deploy::{wanted, wanted_with};
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::rollouts::shadow_text;
use crate::overview::text::time;

/// Begins a shadow in each scheme that is meant.
///
/// # Errors
/// Definitions, plugins that are refused, the store.
pub(super) fn begin(
    context: &Context,
    host: &Host,
    order: &FleetOrder,
    component: Option<&Component>,
    length: Duration,
) -> anyhow::Result<Exit> {
    let schemes = match component {
        Some(component) => targets(context, host, order, component)?
            .into_iter()
            .map(|one| one.name)
            .collect(),
        None => order.schemes.clone(),
    };
    let by = compose::user();
    let mut begun = Vec::new();
    let mut exit = Exit::Done;
    for name in &schemes {
        let scheme = host.project.load_scheme(name)?;
        let wanted = match component {
            None => wanted(&host.project, &scheme, &host.runtime)?,
            Some(component) => {
                let overrides = component.overrides();
                wanted_with(&host.project, &scheme, &host.runtime, &overrides)?
            }
        };
        // In one scheme that a person names, its edits are meant; in a fleet they are only found.
        if let (Some(component), Some(To::Tag(_) | To::AllUsing(_))) = (component, &order.targets)
            && let Some(active) = host.store.active(name)?
            && !edits::beside(&active.what, &scheme, &wanted, component).is_empty()
        {
            exit = if order.dry_run { Exit::Pending } else { Exit::Refused };
            if !context.json {
                say(&context.lang.text("fleet.shadow-edited", &[("scheme", name)]));
            }
            begun.push(json!({ "scheme": name.to_string(), "digest": wanted.digest.to_string(), "result": "edited" }));
            continue;
        }
        let new = NewShadow {
            scheme: name,
            wanted: &wanted,
            length,
            by: &by,
            note: &order.note,
        };
        if order.dry_run {
            begun.push(
                json!({ "scheme": name.to_string(), "digest": wanted.digest.to_string(), "result": "would-run" }),
            );
            continue;
        }
        let lens = plain_lens(context, host);
        let short = wanted.digest.short();
        let (result, line) = match shadow::begin(host.store.as_ref(), &new, host.clock.now())? {
            Ok(until) => {
                let until = time(&lens, until);
                let arguments: [(&str, &dyn Display); 3] = [("scheme", name), ("digest", &short), ("until", &until)];
                ("running", context.lang.text("fleet.shadow-begun", &arguments))
            }
            Err(refused) => {
                exit = Exit::Refused;
                refusal(context, &lens, name, &refused)
            }
        };
        if !context.json {
            say(&line);
        }
        begun.push(json!({ "scheme": name.to_string(), "digest": wanted.digest.to_string(), "result": result }));
    }
    if context.json {
        output::json(json!({ "shadows": begun, "dry_run": order.dry_run }));
    }
    Ok(exit)
}

/// What the newest shadow of exactly this candidate found, for a plan; a store that cannot say costs the plan nothing.
pub(super) fn found(host: &Host, lens: &Lens<'_>, scheme: &SchemeName, digest: &Digest) -> Option<String> {
    let found = shadow::figures(host.store.as_ref(), Some(scheme), Some(digest)).ok()?;
    found.first().map(|one| shadow_text(lens, one))
}

fn refusal(
    context: &Context,
    lens: &Lens<'_>,
    scheme: &SchemeName,
    refused: &shadow::Refused,
) -> (&'static str, String) {
    match refused {
        shadow::Refused::NothingInForce => {
            let text = context.lang.text("fleet.shadow-nothing", &[("scheme", scheme)]);
            ("nothing-in-force", text)
        }
        shadow::Refused::InForce(id) => {
            let text = context
                .lang
                .text("fleet.shadow-in-force", &[("scheme", scheme), ("id", id)]);
            ("in-force", text)
        }
        shadow::Refused::Running(until) => {
            let until = time(lens, *until);
            let text = context
                .lang
                .text("fleet.shadow-busy", &[("scheme", scheme), ("until", &until)]);
            ("busy", text)
        }
    }
}
