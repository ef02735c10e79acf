//! `dukou rollback`: an earlier deployment's content comes into force again, at once and without reading a file. A running
//! host takes it up for its next batch; what is queued keeps its bytes.

use std::collections::BTreeSet;

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::DeliveryFilter;
use serde_json::json;

use super::output::{self, note, say};
use super::{Context, Failure};
use crate::compose;
use crate::deploy::evidence::How;
use crate::deploy::lock;
use crate::deploy::rollback::{Back, Impossible, find, go_back};
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::text::{clean, time};

/// Go back to an earlier deployment.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME or TENANT/NAME; may be left out where there is only one
    pub scheme: Option<String>,
    /// The deployment whose content comes back (default: what was in force before)
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<u64>,
    /// Why, kept with the deployment
    #[arg(long, default_value = "")]
    pub note: String,
    /// Leave what the version that is left rejected or failed on as it is, instead of mapping it again
    #[arg(long)]
    pub no_remap: bool,
    /// Map again what the version that is left has made and nobody has sent yet, instead of sending it
    #[arg(long)]
    pub remake_queued: bool,
    /// Taken for granted: going back asks nothing
    #[arg(long, short, hide = true)]
    pub yes: bool,
    /// Say what would come back, and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// Nothing to go back to; the store.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let scheme = desk.choose(args.scheme.as_deref())?;
    let look = desk.look(&scheme);
    let lens = desk.lens(&look);
    let impossible = |why: Impossible| {
        let (key, id, exit) = match why {
            Impossible::NothingInForce => ("gate.nothing-in-force", 0, Exit::Nothing),
            Impossible::NothingBefore => ("gate.nothing-before", 0, Exit::Nothing),
            Impossible::NoSuch(id) => ("gate.no-such-deployment", id, Exit::NotFound),
            Impossible::InForce(id) => ("gate.in-force", id, Exit::Done),
            Impossible::Overtaken => ("gate.overtaken", 0, Exit::Refused),
        };
        (context.lang.text(key, &[("scheme", &scheme), ("id", &id)]), exit)
    };
    let store = desk.store.as_ref();
    let done = if args.dry_run {
        find(store, &scheme, args.to)?.map(|(left, to)| (left.id, to, None))
    } else {
        let back = Back {
            to: args.to,
            how: How::Rollback,
            by: &compose::user(),
            note: &args.note,
            at: desk.now,
            refused_again: !args.no_remap,
            unsent_again: args.remake_queued,
        };
        go_back(store, &scheme, &back)?.map(|done| {
            let again = done.refused_again + done.unsent_again;
            (done.left, done.to, Some((done.id, again, done.unsent_again)))
        })
    };
    let (left, to, done) = match done {
        Ok(done) => done,
        Err(why) => {
            let (message, exit) = impossible(why);
            if exit == Exit::Done {
                note(context, &message);
                return Ok(exit);
            }
            return Err(Failure {
                code: "rollback.nothing",
                message,
                exit,
            }
            .into());
        }
    };
    let (id, again, remade) = match done {
        Some((id, again, remade)) => (Some(id), again, remade),
        None => (None, 0, 0),
    };
    // What is made again leaves the queue when its group is mapped, not before.
    let queued = unsent(store, &scheme, left)?.saturating_sub(usize::try_from(remade)?);
    if id.is_some() {
        lock::note_down(&desk.project, store, std::slice::from_ref(&scheme));
    }
    if context.json {
        output::json(json!({
            "scheme": scheme.to_string(), "left": left.to_string(), "to": to.id.to_string(),
            "id": id.map(|id| id.to_string()), "digest": to.what.digest.to_string(), "remapped": again,
            "queued": queued, "dry_run": args.dry_run,
        }));
        return Ok(Exit::Done);
    }
    let key = if id.is_some() {
        "gate.rolled-back"
    } else {
        "gate.would-roll-back"
    };
    say(&context.lang.text(
        key,
        &[
            ("scheme", &scheme),
            ("left", &left),
            ("id", &id.unwrap_or_default()),
            ("to", &to.id),
            ("at", &time(&lens, to.at)),
            ("by", &clean(&to.what.by)),
        ],
    ));
    if again > 0 {
        say(&context.lang.text("gate.refused-again", &[("count", &again)]));
    }
    if queued > 0 {
        say(&context
            .lang
            .text("gate.queued-stays", &[("count", &queued), ("left", &left)]));
    }
    if id.is_some() {
        note(context, &context.lang.t("gate.edited-stays"));
    }
    Ok(Exit::Done)
}

/// The most deliveries that are looked through.
const MOST_QUEUED: usize = 100_000;

/// How many groups there are of which a deployment made a document that waits and was never sent.
fn unsent(store: &dyn Store, scheme: &SchemeName, deployment: u64) -> anyhow::Result<usize> {
    let filter = DeliveryFilter {
        scheme: Some(scheme.clone()),
        states: vec![DeliveryState::Queued, DeliveryState::Held],
        limit: MOST_QUEUED,
    };
    let rows = store.deliveries(&filter)?.into_iter();
    let groups: BTreeSet<String> = rows
        .filter(|row| row.deployment == Some(deployment) && row.attempts == 0)
        .map(|row| row.group)
        .collect();
    Ok(groups.len())
}
