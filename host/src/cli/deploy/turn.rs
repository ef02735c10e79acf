//! `dukou deploy --stop-rollout ID|--resume-rollout ID`: a person's word on a rollout.

use std::fmt::Display;

use serde_json::json;

use crate::cli::Context;
use crate::cli::failure;
use crate::cli::output::{self, say};
use crate::compose::{self, Host};
use crate::deploy::rollout::{self, Ground, State, Turned, step_on};
use crate::exit::Exit;

/// Stops a rollout where it is.
///
/// # Errors
/// When there is none of this number, or it is over; the store's.
pub(super) fn stop(context: &Context, host: &Host, id: u64) -> anyhow::Result<Exit> {
    let turned = rollout::stop(&Ground::of(host), id)?;
    turn(context, id, turned, State::Stopped)
}

/// Lets a rollout go on that was stopped or went back, or whose wave only waits for groups.
///
/// # Errors
/// As [`stop`].
pub(super) fn resume(context: &Context, host: &Host, id: u64) -> anyhow::Result<Exit> {
    let turned = rollout::resume(&Ground::of(host), id, &compose::user())?;
    let mut now = State::Running;
    if turned == Turned::Done {
        step_on(&Ground::of(host))?;
        // The step may have ended it.
        if let Some((_, state, _)) = rollout::find(host.store.as_ref(), id)? {
            now = state;
        }
    }
    turn(context, id, turned, now)
}

fn turn(context: &Context, id: u64, turned: Turned, now: State) -> anyhow::Result<Exit> {
    match turned {
        Turned::Done => {
            if context.json {
                output::json(json!({ "rollout": id.to_string(), "state": now.word() }));
            } else {
                let word = if now == State::Stopped { "stopped" } else { "running" };
                say(&context.lang.text(&format!("fleet.turned.{word}"), &[("id", &id)]));
                if !matches!(now, State::Stopped | State::Running) {
                    say(&format!("  {}", context.lang.t(&format!("fleet.state.{}", now.word()))));
                }
            }
            Ok(Exit::Done)
        }
        Turned::Unknown => {
            let arguments: [(&str, &dyn Display); 1] = [("id", &id)];
            Err(failure(
                context,
                "rollout.unknown",
                "fleet.no-such-rollout",
                &arguments,
                Exit::NotFound,
            ))
        }
        Turned::Busy { scheme, rollout } => {
            let arguments: [(&str, &dyn Display); 2] = [("scheme", &scheme), ("id", &rollout)];
            Err(failure(
                context,
                "rollout.busy",
                "fleet.busy",
                &arguments,
                Exit::Refused,
            ))
        }
        Turned::Not(state) => {
            let state = context.lang.t(&format!("fleet.state.{}", state.word()));
            let arguments: [(&str, &dyn Display); 2] = [("id", &id), ("state", &state)];
            Err(failure(
                context,
                "rollout.state",
                "fleet.not-in-that-state",
                &arguments,
                Exit::Refused,
            ))
        }
    }
}
