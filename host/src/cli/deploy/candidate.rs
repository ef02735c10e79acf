//! Schemes on their way through the gate: what each would become, and which cannot be deployed at all. One that cannot
//! stands in nobody's way to a plan. Activates nothing.

use dukou_core::names::SchemeName;
use dukou_store::StoreError;
use serde_json::{Value, json};

use super::order::{Args, Order};
use crate::cli::output::{Told, told};
use crate::cli::progress::Replaying;
use crate::cli::{Context, failure};
use crate::compose::{self, Host};
use crate::deploy::gate::{self, Examined, Said, Terms};
use crate::deploy::lock::{self, Forgotten};
use crate::deploy::wanted::own_plugins;
use crate::deploy::{self, Wanted};
use crate::exit::Exit;
use crate::scheme::Scheme;

/// One scheme on its way through the gate.
pub(super) struct Candidate {
    pub(super) scheme: Scheme,
    pub(super) wanted: Wanted,
    pub(super) examined: Examined,
    /// Pins that `dukou.lock` lost, and nobody took back.
    pub(super) forgotten: Option<Forgotten>,
}

impl Candidate {
    /// Whether it may come into force.
    pub(super) fn passes(&self, args: &Args) -> bool {
        args.no_gate || (self.examined.standing.passes() && self.forgotten.is_none())
    }
}

/// One scheme that cannot be deployed: its files, its plugins, or somebody was faster.
pub(super) struct Failed {
    pub(super) scheme: SchemeName,
    pub(super) told: Told,
}

impl Failed {
    /// With the error in the person's language.
    pub(super) fn of(context: &Context, scheme: &SchemeName, error: &anyhow::Error) -> Self {
        Self {
            scheme: scheme.clone(),
            told: told(context, error),
        }
    }

    /// Its row, for machines.
    pub(super) fn to_json(&self) -> Value {
        json!({ "scheme": self.scheme.to_string(), "result": "failed", "errors": self.told.json["errors"] })
    }
}

/// All schemes that are meant.
pub(super) struct Candidates {
    pub(super) passing_by: Vec<Candidate>,
    pub(super) failed: Vec<Failed>,
}

/// Looks at every scheme that is meant.
///
/// # Errors
/// What concerns them all: the store, `dukou.lock`; of a single scheme its own error.
pub(super) fn examine_all(context: &Context, host: &Host, order: &Order, args: &Args) -> anyhow::Result<Candidates> {
    // Said once here, not by every scheme.
    lock::read(&host.project.root)?;
    let (mut passing_by, mut failed) = (Vec::new(), Vec::new());
    for name in &order.schemes {
        match examine(context, host, name, order, args) {
            Ok(one) => passing_by.push(one),
            Err(error) if order.schemes.len() == 1 || concerns_all(&error) => return Err(error),
            Err(error) => failed.push(Failed::of(context, name, &error)),
        }
    }
    Ok(Candidates { passing_by, failed })
}

/// Whether the next scheme would meet the same.
fn concerns_all(error: &anyhow::Error) -> bool {
    let store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
    store.is_some_and(|error| !matches!(error, StoreError::Damaged { .. }))
}

fn examine(context: &Context, host: &Host, name: &SchemeName, order: &Order, args: &Args) -> anyhow::Result<Candidate> {
    let (project, store) = (&host.project, host.store.as_ref());
    let scheme = project.load_scheme(name)?;
    let overrides = match &order.file {
        Some(file) => vec![file.clone()],
        None if args.unpin => own_plugins(project, &scheme)?,
        None => Vec::new(),
    };
    let wanted = deploy::wanted_with(project, &scheme, &host.runtime, &overrides)?;
    let examined = if args.no_gate {
        gate::unasked(project, store, &scheme, &wanted)?
    } else {
        let replaying = Replaying::start(context, name);
        let terms = Terms {
            days: args.days,
            threads: gate::threads(),
            now: host.clock.now(),
            watch: &|progress| replaying.see(progress),
        };
        let examined = gate::examine(project, store, &host.runtime, &scheme, &wanted, &terms);
        replaying.finish();
        examined?
    };
    let forgotten = match &examined.before {
        Some(active) if order.file.is_none() && !args.unpin => {
            lock::forgotten(&project.root, store, name, active, &wanted.plugin_digests())?
        }
        _ => None,
    };
    Ok(Candidate {
        scheme,
        wanted,
        examined,
        forgotten,
    })
}

/// Takes down what the person says of the differences.
///
/// # Errors
/// An id that no difference has; the store's.
pub(super) fn decide(context: &Context, host: &Host, all: &mut [Candidate], args: &Args) -> anyhow::Result<()> {
    let by = compose::user();
    let mut unknown: Vec<String> = args.accept.iter().chain(&args.reject).cloned().collect();
    for one in all.iter_mut() {
        for (patterns, accepted) in [(&args.accept, true), (&args.reject, false)] {
            if patterns.is_empty() {
                continue;
            }
            let said = Said {
                patterns,
                accepted,
                by: &by,
                note: &args.note,
                at: host.clock.now(),
                keep: !args.dry_run,
            };
            one.examined.decide(host.store.as_ref(), &one.scheme.name, &said)?;
        }
        unknown.retain(|text| !one.examined.knows(text));
    }
    match unknown.first() {
        // Where no scheme could be looked at, that is what is said.
        Some(pattern) if !all.is_empty() => Err(failure(
            context,
            "deploy.pattern",
            "gate.no-such-pattern",
            &[("pattern", pattern)],
            Exit::NotFound,
        )),
        _ => Ok(()),
    }
}
