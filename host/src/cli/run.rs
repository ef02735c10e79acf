//! `dukou run`: pull, transform, deliver until nothing can move; then the summary, in numbers and money.

use std::sync::Arc;
use std::time::Duration;

use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_core::window::{WindowRange, split};
use dukou_store::StoreError;
use dukou_store::rows::{Overview, Tally};
use serde_json::json;
use tokio::sync::watch;

use super::deploy::{pins_lost, put_into_force};
use super::output::{self, note, say};
use super::{Context, Failure, none_deployed};
use crate::compose::Host;
use crate::deploy::evidence::How;
use crate::deploy::rollback::left_by;
use crate::deploy::{self, Deployed, gate, lock};
use crate::exit::Exit;
use crate::onlooker::Onlooker;
use crate::overview::text::money;
use crate::pipeline::counters::{Counters, Counts};
use crate::pipeline::deliver::DeliverOrder;
use crate::pipeline::pull::PullOrder;
use crate::pipeline::run::{RunEnd, RunOrder, run as run_crossing};
use crate::pipeline::{Crossing, StageError};
use crate::scheme::Scheme;

/// Pull, transform, deliver until nothing can move.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME or TENANT/NAME; may be left out where there is only one
    pub scheme: Option<String>,
    /// Read again from this time (the scheme's zone), without moving the mark
    #[arg(long, value_name = "TIME", requires = "to")]
    pub from: Option<String>,
    /// … up to this time
    #[arg(long, value_name = "TIME", requires = "from")]
    pub to: Option<String>,
    /// Only this record
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub key: Option<String>,
    /// Stop after about so many records read and so many documents sent
    #[arg(long)]
    pub limit: Option<u64>,
    /// Read and map, show what would be sent, and stop: nothing is stored or sent
    #[arg(long)]
    pub dry_run: bool,
}

/// The most windows of one `--from --to`.
const MOST_WINDOWS: usize = 10_000;

/// Runs the command.
///
/// # Errors
/// Definitions, secrets, store, engine.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if args.dry_run {
        let onlooker = Onlooker::open(&context.project)?;
        let scheme = onlooker
            .project
            .load_scheme(&onlooker.project.choose(args.scheme.as_deref())?)?;
        let range = range_of(context, &scheme, &args)?;
        return super::dry_run::run(context, &onlooker, &scheme, args.key, range, args.limit);
    }
    let host = Host::open(&context.project)?;
    let name = host.project.choose(args.scheme.as_deref())?;
    let (lock, suspects) = match host.take_role(&format!("dukou run {name}")) {
        Ok(taken) => taken,
        Err(error) => return beside(context, &host, &name, &args, error),
    };
    if let Err(error) = deploy::rollout::step(&host) {
        tracing::warn!("a rollout cannot go on: {error:#}");
    }
    let crossing = in_force(context, &host, &name)?;
    let order = order(context, &crossing.scheme, &args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let before = host.clock.monotonic();
    let counters = Arc::new(Counters::default());
    let end = runtime.block_on(async {
        let (stop, stopping) = watch::channel(false);
        let pipeline = host.pipeline(stopping, suspects);
        let watched = super::signals::watch_signals(stop);
        let progress = super::progress::Progress::start(context, &crossing, counters.clone());
        let end = run_crossing(&pipeline, &crossing, &order, &counters).await;
        progress.finish();
        watched.abort();
        match end {
            // Why it cannot be made ready is what a person acts on.
            Err(StageError::NotLoaded(error)) => Err(error),
            end => Ok(end?),
        }
    })?;
    drop(lock);
    let crossing = end.newer.as_ref().unwrap_or(&crossing);
    let took = host.clock.monotonic() - before;
    let overview = host.store.overview(&name)?;
    report(context, crossing, counters.read(), &overview, &end, took)?;
    // All that this account's queue held was moved or waited for: what still waits belongs to another account.
    let whole = args.key.is_none() && args.limit.is_none() && !end.stopped;
    if whole && end.target.is_none() && moving(&overview).count > 0 {
        note_elsewhere(context, moving(&overview).count);
        return Ok(Exit::Unavailable);
    }
    Ok(exit(&end, &overview))
}

/// Deploys changed files where the project says so, and loads what is in force.
///
/// # Errors
/// As [`run`].
pub fn in_force(context: &Context, host: &Host, name: &SchemeName) -> anyhow::Result<Arc<Crossing>> {
    if host.project.auto_deploy {
        let scheme = host.project.load_scheme(name)?;
        let wanted = deploy::wanted(&host.project, &scheme, &host.runtime)?;
        let active = host.store.active(name)?;
        if let Some(active) = active.filter(|active| active.what.digest == wanted.digest) {
            // A process that died between activation and this file left it behind.
            if !lock::is_current(&host.project.root, &active, name) {
                lock::note_down(&host.project, host.store.as_ref(), std::slice::from_ref(name));
            }
        } else if let Some((rollback, _)) = left_by(host.store.as_ref(), name, &wanted.digest)? {
            // Somebody went back from exactly this: a run must not bring it forth again.
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("scheme", name), ("id", &rollback)];
            note(context, &context.lang.text("gate.rolled-back-stays", &arguments));
        } else if let Some(lines) = pins_lost(context, host, name, &wanted)? {
            // A pin that went with the file was taken back by nobody.
            for line in lines {
                note(context, &line);
            }
        } else {
            let examined = gate::unasked(&host.project, host.store.as_ref(), &scheme, &wanted)?;
            let evidence = examined.evidence(How::Auto);
            if let Deployed::Activated { id, .. } = put_into_force(context, host, &scheme, &wanted, "", &evidence)? {
                lock::note_down(&host.project, host.store.as_ref(), std::slice::from_ref(name));
                host.reach("deploy.after-lock");
                let text = context.lang.text("deploy.activated", &[("scheme", name), ("id", &id)]);
                note(context, &text);
            }
        }
    }
    let Some(active) = host.store.active(name)? else {
        return Err(none_deployed(context, name));
    };
    host.crossing(&active)
}

fn order(context: &Context, scheme: &Scheme, args: &Args) -> anyhow::Result<RunOrder> {
    let mut order = RunOrder {
        pull: PullOrder {
            range: None,
            key: args.key.clone(),
            limit: args.limit,
        },
        ranges: Vec::new(),
        deliver: DeliverOrder {
            only: args.key.clone().map(|key| vec![key]),
            limit: args.limit,
        },
    };
    if let Some(range) = range_of(context, scheme, args)? {
        order.ranges = split(range, scheme.source.window.span, MOST_WINDOWS);
    }
    Ok(order)
}

fn range_of(context: &Context, scheme: &Scheme, args: &Args) -> anyhow::Result<Option<WindowRange>> {
    let (Some(from), Some(to)) = (&args.from, &args.to) else {
        return Ok(None);
    };
    let zone = scheme.source.zone;
    let range = WindowRange {
        start: time_of(context, from, zone)?,
        end: time_of(context, to, zone)?,
    };
    if range.start >= range.end {
        return Err(wrong_time(context, &format!("{from} … {to}")).into());
    }
    Ok(Some(range))
}

fn time_of(context: &Context, text: &str, zone: chrono_tz::Tz) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    crate::scheme::time_in(text, zone).ok_or_else(|| wrong_time(context, text).into())
}

fn wrong_time(context: &Context, text: &str) -> Failure {
    Failure {
        code: "run.time",
        message: context.lang.text("run.wrong-time", &[("text", &text)]),
        exit: Exit::Usage,
    }
}

/// Another process has the pipeline's role: it does the work, this one waits for it.
fn beside(
    context: &Context,
    host: &Host,
    name: &SchemeName,
    args: &Args,
    error: anyhow::Error,
) -> anyhow::Result<Exit> {
    let holder = match error.downcast_ref::<StoreError>() {
        Some(StoreError::Locked { holder }) => holder.clone(),
        _ => return Err(error),
    };
    let serving = holder.contains("dukou serve");
    if !serving || args.from.is_some() || args.key.is_some() || args.limit.is_some() {
        return Err(Failure {
            code: "store.locked",
            message: context.lang.text("run.locked", &[("holder", &holder)]),
            exit: Exit::Refused,
        }
        .into());
    }
    note(context, &context.lang.text("run.beside", &[("holder", &holder)]));
    super::beside::nudge_and_wait(context, host, name)
}

fn exit(end: &RunEnd, overview: &Overview) -> Exit {
    if end.stopped {
        Exit::Interrupted
    } else if end.unauthorised {
        Exit::Secret
    } else if end.source.is_some() || end.target.is_some() {
        Exit::Unavailable
    } else if overview.problems.iter().any(|(_, tally)| tally.count > 0) {
        Exit::Problems
    } else {
        Exit::Done
    }
}

/// The tally of one delivery state.
pub fn in_state(overview: &Overview, states: &[DeliveryState]) -> Tally {
    let mut sum = Tally::default();
    for (state, tally) in &overview.deliveries {
        if states.contains(state) {
            sum.count += tally.count;
            sum.amount += tally.amount;
        }
    }
    sum
}

/// The states of what is neither delivered nor a problem nor held.
pub const MOVING: [DeliveryState; 4] = [
    DeliveryState::Queued,
    DeliveryState::Claimed,
    DeliveryState::Sending,
    DeliveryState::Unknown,
];

/// What is neither delivered nor a problem nor held.
pub fn moving(overview: &Overview) -> Tally {
    in_state(overview, &MOVING)
}

/// Says that what still waits waits for another account than the one in force.
pub fn note_elsewhere(context: &Context, waiting: u64) {
    note(context, &context.lang.text("run.elsewhere", &[("waiting", &waiting)]));
}

fn report(
    context: &Context,
    crossing: &Crossing,
    counts: Counts,
    overview: &Overview,
    end: &RunEnd,
    took: Duration,
) -> anyhow::Result<()> {
    let seconds = seconds(took);
    let held = in_state(overview, &[DeliveryState::Held]);
    let waiting = moving(overview);
    if context.json {
        let mut value = counts.to_json(held.count, waiting.count);
        value["scheme"] = crossing.name().to_string().into();
        value["plugins"] = crossing
            .plugins
            .iter()
            .map(|(name, digest)| json!({"name": name, "digest": digest.to_string()}))
            .collect();
        value["seconds"] = serde_json::Number::from_string_unchecked(seconds).into();
        output::json(value);
    } else {
        say(&summary(context, crossing, counts, overview, &seconds));
    }
    if let Some(failure) = &end.source {
        note(context, &context.lang.text("run.source-away", &[("reason", failure)]));
    }
    if let Some(reason) = &end.target {
        note(
            context,
            &context
                .lang
                .text("run.target-away", &[("reason", reason), ("waiting", &waiting.count)]),
        );
    }
    Ok(())
}

fn summary(context: &Context, crossing: &Crossing, counts: Counts, overview: &Overview, seconds: &str) -> String {
    let t = |key: &str, arguments: &[(&str, &dyn std::fmt::Display)]| context.lang.text(key, arguments);
    let delivered = in_state(overview, &[DeliveryState::Delivered]);
    let problems = overview
        .problems
        .iter()
        .fold(Tally::default(), |sum, (_, tally)| Tally {
            count: sum.count + tally.count,
            amount: sum.amount + tally.amount,
        });
    let mut lines = vec![
        t(
            "run.title",
            &[("title", &crossing.scheme.title), ("scheme", crossing.name())],
        ),
        t(
            "run.pulled",
            &[
                ("windows", &counts.windows),
                ("pages", &counts.pages),
                ("records", &counts.records),
                ("new", &counts.new),
                ("changed", &counts.changed),
                ("known", &counts.known),
            ],
        ),
        t(
            "run.transformed",
            &[
                ("groups", &counts.groups),
                ("documents", &counts.documents),
                ("skipped", &counts.skipped),
                ("rejected", &(counts.rejected + counts.conflicting)),
                ("failed", &counts.failed),
            ],
        ),
        t(
            "run.delivered",
            &[
                ("accepted", &counts.accepted),
                ("adopted", &counts.adopted),
                ("unknown", &counts.unknown),
                ("problems", &counts.problems()),
            ],
        ),
        t(
            "run.holds",
            &[("count", &delivered.count), ("amount", &money(delivered.amount))],
        ),
    ];
    if problems.count > 0 {
        lines.push(t(
            "run.problems",
            &[
                ("count", &problems.count),
                ("amount", &money(problems.amount)),
                ("scheme", crossing.name()),
            ],
        ));
    }
    lines.push(t("run.seconds", &[("seconds", &seconds)]));
    lines.join("\n")
}

/// `12.345`, without passing through a float.
fn seconds(took: Duration) -> String {
    format!("{}.{:03}", took.as_secs(), took.subsec_millis())
}
