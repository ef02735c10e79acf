//! The plan of `dukou deploy` where nothing is activated, and what is said beside it: schemes that cannot be deployed, pins
//! that were lost, documents that wait, schemes in force without a file. Prints only.

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use serde_json::{Value, json};

use super::candidate::{Candidate, Candidates, Failed};
use super::order::Args;
use super::shadow;
use crate::cli::Context;
use crate::cli::output::{self, complain, note, say};
use crate::compose::Host;
use crate::deploy::evidence::Standing;
use crate::deploy::lock::Forgotten;
use crate::exit::Exit;
use crate::lang::Lang;
use crate::overview::text::some_names;
use crate::overview::{self, Lens};

/// Prints the plan where nothing is activated: a dry run, differences that stop it, or named schemes of which one fails.
///
/// # Errors
/// The store's.
pub(super) fn stopped(
    context: &Context,
    host: &Host,
    all: &Candidates,
    without_file: &[SchemeName],
    args: &Args,
) -> anyhow::Result<Exit> {
    let mut plans = Vec::new();
    for one in &all.passing_by {
        let lens = Lens::of(&one.scheme, context.lang, host.clock.now());
        let shown = overview::gate::Plan {
            scheme: &one.scheme.name,
            digest: one.wanted.digest,
            days: args.days,
            examined: &one.examined,
            file: args.file_name(),
            forgotten: one.forgotten.is_some(),
            shadow: shadow::found(host, &lens, &one.scheme.name, &one.wanted.digest),
        };
        let queued = queued(host, one)?;
        if context.json {
            let mut plan = overview::gate::to_json(&lens, &shown);
            let passes = one.passes(args);
            plan["result"] = if passes { "would-activate" } else { "held" }.into();
            plan["queued"] = queued.into();
            if let Some(forgotten) = &one.forgotten {
                plan["forgotten"] = json!({
                    "plugins": forgotten.plugins, "deployment": forgotten.deployment.to_string(),
                    "rollout": forgotten.rollout.map(|id| id.to_string()),
                });
            }
            plans.push(plan);
            continue;
        }
        say(overview::gate::text(&lens, &shown).trim_end());
        if let Some(text) = queued_text(context.lang, one, queued) {
            say(&format!("  {text}"));
        }
        for line in forgotten_text(context.lang, &one.scheme.name, one.forgotten.as_ref()) {
            say(&format!("  {line}"));
        }
    }
    let held = all.passing_by.iter().filter(|one| !one.passes(args)).count();
    if context.json {
        plans.extend(all.failed.iter().map(Failed::to_json));
        output::json(json!({
            "deployments": plans, "dry_run": args.dry_run, "held": held, "failed": all.failed.len(),
            "without_file": names_json(without_file),
        }));
    } else {
        let differ =
            |one: &&Candidate| !args.no_gate && matches!(one.examined.standing, Standing::Pending | Standing::Rejected);
        let differ = all.passing_by.iter().filter(differ).count();
        if differ > 0 {
            note(context, &context.lang.text("gate.held", &[("count", &differ)]));
        }
    }
    complain_of(context, &all.failed);
    // Named ones go together; where none is named, what fails goes alone.
    if !all.failed.is_empty() && held == 0 && !args.dry_run {
        note(context, &context.lang.t("deploy.together"));
    }
    say_without_file(context, without_file);
    Ok(match (all.failed.first(), held, args.dry_run) {
        (Some(failed), _, _) => failed.told.exit,
        (None, 0, _) => Exit::Done,
        (None, _, true) => Exit::Pending,
        (None, _, false) => Exit::Refused,
    })
}

/// Where there is no scheme to deploy.
pub(super) fn nothing(context: &Context, without_file: &[SchemeName]) -> Exit {
    if context.json {
        output::json(json!({
            "deployments": [], "held": 0, "failed": 0, "without_file": names_json(without_file),
        }));
    }
    note(context, &context.lang.t("deploy.nothing"));
    say_without_file(context, without_file);
    Exit::Nothing
}

/// Says on stderr which schemes cannot be deployed, and why.
pub(super) fn complain_of(context: &Context, failed: &[Failed]) {
    for one in failed {
        let head = context.lang.text("deploy.failed", &[("scheme", &one.scheme)]);
        complain(&format!("{head}\n{}", one.told.text));
    }
    if !failed.is_empty() {
        let names: Vec<String> = failed.iter().map(|one| one.scheme.to_string()).collect();
        let names = some_names(context.lang, &names);
        note(
            context,
            &context
                .lang
                .text("deploy.some-failed", &[("count", &failed.len()), ("names", &names)]),
        );
    }
}

/// Says on stderr which schemes are in force and have no definition file.
pub(super) fn say_without_file(context: &Context, without_file: &[SchemeName]) {
    if !without_file.is_empty() {
        let names: Vec<String> = without_file.iter().map(ToString::to_string).collect();
        let names = some_names(context.lang, &names);
        note(context, &context.lang.text("deploy.without-file", &[("names", &names)]));
    }
}

/// Names of schemes, for machines.
pub(super) fn names_json(names: &[SchemeName]) -> Value {
    names.iter().map(|name| Value::from(name.to_string())).collect()
}

/// What is lost with the pins that the file forgot.
pub(super) fn forgotten_text(lang: Lang, scheme: &SchemeName, forgotten: Option<&Forgotten>) -> Vec<String> {
    let Some(forgotten) = forgotten else {
        return Vec::new();
    };
    let plugins = forgotten.plugins.join(", ");
    let mut lines = vec![lang.text(
        "lock.forgotten",
        &[("scheme", scheme), ("plugins", &plugins), ("id", &forgotten.deployment)],
    )];
    if let Some(id) = &forgotten.rollout {
        lines.push(lang.text("lock.forgotten-rollout", &[("scheme", scheme), ("id", id)]));
    }
    lines
}

/// Documents that wait and were made by the version in force, or one before: they are sent as they are.
///
/// # Errors
/// The store's.
pub(super) fn queued(host: &Host, one: &Candidate) -> anyhow::Result<u64> {
    let overview = host.store.overview(&one.scheme.name)?;
    let waits = |state: DeliveryState| matches!(state, DeliveryState::Queued | DeliveryState::Held);
    let deliveries = overview.deliveries.iter().filter(|(state, _)| waits(*state));
    Ok(deliveries.map(|(_, tally)| tally.count).sum())
}

/// That in a sentence, where the version that comes would make other documents, or nobody has seen whether it would.
pub(super) fn queued_text(lang: Lang, one: &Candidate, queued: u64) -> Option<String> {
    let same = matches!(
        one.examined.standing,
        Standing::Unchanged | Standing::First | Standing::SameRecipe | Standing::NoOp
    );
    (queued > 0 && !same).then(|| lang.text("deploy.queued", &[("count", &queued), ("scheme", &one.scheme.name)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_pin_names_both_ways_on_and_the_rollout() {
        let scheme = SchemeName::new("lanmao", "sales-out");
        assert!(forgotten_text(Lang::En, &scheme, None).is_empty());
        let forgotten = Forgotten {
            plugins: vec!["plugins/sales.wasm".to_owned()],
            deployment: 7,
            rollout: Some(3),
        };
        for lang in [Lang::Zh, Lang::En] {
            let lines = forgotten_text(lang, &scheme, Some(&forgotten)).join("\n");
            for part in ["plugins/sales.wasm", "--relock", "lanmao/sales-out --unpin", "7", "3"] {
                assert!(lines.contains(part), "{lines}");
            }
            assert!(!lines.contains('{'), "{lines}");
        }
    }
}
