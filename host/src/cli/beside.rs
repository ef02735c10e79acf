//! `run` beside a running `serve`: both halves of the scheme fire now, in the process that has the pipeline's role, and
//! this one waits until nothing moves.

use std::time::Duration;

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;

use super::output::{json, say};
use super::run::{BESIDE_POLL, in_state};
use super::{Context, Failure};
use crate::compose::Host;
use crate::exit::Exit;
use crate::pipeline::serve::{SOURCE, TARGET};

/// The longest that a command waits for another process.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Fires both halves and waits for what comes of it.
///
/// # Errors
/// When the store fails, or the other process does nothing for an hour.
pub fn nudge_and_wait(context: &Context, host: &Host, name: &SchemeName) -> anyhow::Result<Exit> {
    let asked_at = host.clock.now();
    fire_now(host, name, SOURCE)?;
    fire_now(host, name, TARGET)?;
    let started = host.clock.monotonic();
    let mut quiet = 0;
    loop {
        let overview = host.store.overview(name)?;
        let moving = in_state(
            &overview,
            &[
                DeliveryState::Queued,
                DeliveryState::Claimed,
                DeliveryState::Sending,
                DeliveryState::Unknown,
            ],
        );
        let fired = host.store.next_fire(name, SOURCE)?.is_none_or(|next| next > asked_at);
        let still = fired && moving.count == 0 && overview.untransformed.count == 0;
        quiet = if still { quiet + 1 } else { 0 };
        // A deliver half that fired before the pull had anything to give fires again.
        if fired && moving.count > 0 {
            fire_now(host, name, TARGET)?;
        }
        if quiet >= 5 {
            let problems: u64 = overview.problems.iter().map(|(_, tally)| tally.count).sum();
            if context.json {
                json(serde_json::json!({ "scheme": name.to_string(), "beside": true, "problems": problems }));
            } else {
                say(&context.lang.text("run.beside-done", &[("problems", &problems)]));
            }
            return Ok(if problems > 0 { Exit::Problems } else { Exit::Done });
        }
        if host.clock.monotonic() - started > PATIENCE {
            return Err(Failure {
                code: "run.no-progress",
                message: context.lang.t("run.no-progress"),
                exit: Exit::Unavailable,
            }
            .into());
        }
        std::thread::sleep(BESIDE_POLL);
    }
}

fn fire_now(host: &Host, name: &SchemeName, half: &str) -> anyhow::Result<()> {
    let now = host.clock.now();
    let stored = host.store.next_fire(name, half)?;
    // Lost races are fine: then the half fires anyway.
    host.store.fire(name, half, stored, Some(now), now)?;
    Ok(())
}
