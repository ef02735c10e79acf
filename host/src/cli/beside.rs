//! `run` beside a running `serve`: both halves of the scheme fire now, in the process that has the pipeline's role, and
//! this one waits until all that could be read when it was asked is read and nothing moves.

use std::time::Duration;

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::window::{self, WindowRule};
use dukou_store::rows::{DeliveryFilter, Deployment, Overview};

use super::output::{json, say};
use super::run::{MOVING, in_state, moving, note_elsewhere};
use super::{Context, failure, none_deployed};
use crate::compose::Host;
use crate::exit::Exit;
use crate::pipeline::serve::{SOURCE, TARGET};
use crate::scheme::Scheme;

/// How often the other process's progress is looked at.
const POLL: Duration = Duration::from_millis(200);
/// How long a `serve` that has just begun takes at most for its first deployments.
const FIRST_DEPLOYMENT: Duration = Duration::from_secs(30);
/// How long nothing may change before the command gives up waiting: what waits at the target has an unknown outcome's
/// quarantine or a throttled account before it.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How long the source may give nothing: a page and its retries take less.
const SOURCE_PATIENCE: Duration = Duration::from_secs(120);

/// The most waiting documents that are looked at one by one.
const MOST_WAITING: usize = 10_000;

/// Where the other process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// The source is not read up to what was there when this command asked.
    Reading,
    /// Groups wait for their transform, or documents for the target.
    Moving,
    /// All that waits seems to wait for another account than the one in force, which nobody sends to.
    Elsewhere,
    /// Nothing is left to do.
    Done,
}

/// Fires both halves and waits for what comes of it.
///
/// # Errors
/// When the store fails, when nothing is in force, or the other process makes no progress.
pub fn nudge_and_wait(context: &Context, host: &Host, name: &SchemeName) -> anyhow::Result<Exit> {
    let Some(active) = active(host, name)? else {
        return Err(none_deployed(context, name));
    };
    let scheme = Scheme::from_definition(&host.project, &active.what.definition)?;
    let (here, rule) = (target_of(&scheme), scheme.source.window);
    let asked_at = host.clock.now();
    fire_now(host, name, SOURCE, asked_at)?;
    fire_now(host, name, TARGET, asked_at)?;
    let mut seen = None;
    let mut changed_at = host.clock.monotonic();
    loop {
        let due_here = here.as_ref().map(|here| host.store.next_due(here)).transpose()?;
        let overview = host.store.overview(name)?;
        let stands = stands(&overview, &rule, asked_at, due_here == Some(None));
        // A page of known records changes no tally, but moves the window on.
        let now = (overview, host.store.windows(name, 1)?);
        let steady = seen.as_ref() == Some(&now);
        let patience = match stands {
            // The mark may be newer than the tallies before it: only what stands still is over.
            Stands::Done if steady => return Ok(done(context, name, &now.0)),
            Stands::Elsewhere if steady && waits_elsewhere(host, name, here.as_ref())? => {
                done(context, name, &now.0);
                note_elsewhere(context, moving(&now.0).count);
                return Ok(Exit::Unavailable);
            }
            Stands::Done => PATIENCE,
            Stands::Reading => SOURCE_PATIENCE,
            Stands::Moving | Stands::Elsewhere => PATIENCE,
        };
        // A deliver half that fired before the pull had anything to give fires again.
        if moving(&now.0).count > 0 {
            fire_now(host, name, TARGET, host.clock.now())?;
        }
        if !steady {
            seen = Some(now);
            changed_at = host.clock.monotonic();
        }
        if host.clock.monotonic().saturating_sub(changed_at) > patience {
            return Err(stalled(context, name, stands));
        }
        std::thread::sleep(POLL);
    }
}

/// What is in force, waited for where the other process brings a new scheme into force just now.
fn active(host: &Host, name: &SchemeName) -> anyhow::Result<Option<Deployment>> {
    let started = host.clock.monotonic();
    loop {
        let active = host.store.active(name)?;
        let waited = host.clock.monotonic().saturating_sub(started);
        if active.is_some() || !host.project.auto_deploy || waited > FIRST_DEPLOYMENT {
            return Ok(active);
        }
        std::thread::sleep(POLL);
    }
}

/// Where the deployed scheme's documents go; `None` if an older version deployed it, which stored no account.
fn target_of(scheme: &Scheme) -> Option<TargetName> {
    Some(TargetName {
        tenant: scheme.name.tenant.clone(),
        account: scheme.target.account.clone()?,
        api: scheme.target.api.clone(),
    })
}

/// Where the other process stands, by what the store shows. `none_due_here`: nothing is queued or unknown at the account in
/// force.
fn stands(overview: &Overview, rule: &WindowRule, asked_at: DateTime<Utc>, none_due_here: bool) -> Stands {
    let under_way = in_state(overview, &[DeliveryState::Claimed, DeliveryState::Sending]);
    if window::next(rule, overview.mark, asked_at).is_some() {
        Stands::Reading
    } else if overview.untransformed.count + under_way.count > 0 {
        Stands::Moving
    } else if moving(overview).count == 0 {
        Stands::Done
    } else if none_due_here {
        Stands::Elsewhere
    } else {
        Stands::Moving
    }
}

/// Whether every document of the scheme that waits is for another account: asked of the rows themselves, since a claim
/// that was given back looks the same in two tallies.
fn waits_elsewhere(host: &Host, name: &SchemeName, here: Option<&TargetName>) -> anyhow::Result<bool> {
    let filter = DeliveryFilter {
        scheme: Some(name.clone()),
        states: MOVING.to_vec(),
        limit: MOST_WAITING,
    };
    let waiting = host.store.deliveries(&filter)?;
    Ok(waiting.iter().all(|delivery| Some(&delivery.target) != here))
}

fn done(context: &Context, name: &SchemeName, overview: &Overview) -> Exit {
    let problems: u64 = overview.problems.iter().map(|(_, tally)| tally.count).sum();
    if context.json {
        json(serde_json::json!({ "scheme": name.to_string(), "beside": true, "problems": problems }));
    } else {
        say(&context.lang.text("run.beside-done", &[("problems", &problems)]));
    }
    if problems > 0 { Exit::Problems } else { Exit::Done }
}

fn stalled(context: &Context, name: &SchemeName, stands: Stands) -> anyhow::Error {
    let key = match stands {
        Stands::Reading => "run.source-silent",
        Stands::Moving | Stands::Elsewhere | Stands::Done => "run.no-progress",
    };
    failure(context, "run.no-progress", key, &[("scheme", name)], Exit::Unavailable)
}

fn fire_now(host: &Host, name: &SchemeName, half: &str, at: DateTime<Utc>) -> anyhow::Result<()> {
    let stored = host.store.next_fire(name, half)?;
    // Lost races are fine: then the half fires anyway.
    host.store.fire(name, half, stored, Some(at), at)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use dukou_store::rows::Tally;

    use super::*;

    #[test]
    fn done_is_what_was_read_to_where_it_could_be_and_moves_no_more() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let rule = WindowRule {
            from: at("2026-11-01T00:00:00Z"),
            span: Duration::from_secs(86_400),
            overlap: Duration::from_secs(900),
            lag: Duration::from_secs(120),
        };
        let asked_at = at("2026-11-01T12:00:00.4Z");
        let one = Tally {
            count: 1,
            ..Tally::default()
        };
        let (read, unread) = (Some(at("2026-11-01T11:58:00Z")), Some(at("2026-11-01T11:57:59Z")));
        for (mark, untransformed, waiting, none_due_here, expected) in [
            (None, 0, None, true, Stands::Reading),
            (unread, 0, None, true, Stands::Reading),
            (unread, 1, Some(DeliveryState::Queued), true, Stands::Reading),
            (read, 1, None, true, Stands::Moving),
            (read, 0, Some(DeliveryState::Queued), false, Stands::Moving),
            (read, 0, None, true, Stands::Done),
            (read, 0, None, false, Stands::Done),
            (read, 0, Some(DeliveryState::Queued), true, Stands::Elsewhere),
            (read, 0, Some(DeliveryState::Unknown), true, Stands::Elsewhere),
            (read, 1, Some(DeliveryState::Queued), true, Stands::Moving),
            (read, 0, Some(DeliveryState::Sending), true, Stands::Moving),
        ] {
            let mut overview = Overview {
                mark,
                ..Overview::default()
            };
            overview.untransformed.count = untransformed;
            overview.deliveries.extend(waiting.map(|state| (state, one)));
            assert_eq!(
                stands(&overview, &rule, asked_at, none_due_here),
                expected,
                "{mark:?} {untransformed} {waiting:?} {none_due_here}"
            );
        }
    }
}
