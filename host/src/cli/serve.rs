//! `dukou serve`: every deployed scheme on its own crons, the stages side by side. SIGTERM drains. A new deployment is taken
//! up for the next batch; an edited file is not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dukou_core::names::SchemeName;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::output::{self, note};
use super::{Context, Failure};
use crate::compose::Host;
use crate::exit::Exit;
use crate::pipeline::{Crossing, StageError};
use crate::pipeline::counters::Counters;
use crate::pipeline::serve::serve;

/// Scheduler and pipeline of every deployed scheme.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How often the store's generation is looked at.
const LOOK: Duration = Duration::from_millis(100);

struct Running {
    deployment: u64,
    in_force: watch::Sender<Arc<Crossing>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), StageError>>,
}

/// Runs the command.
///
/// # Errors
/// Definitions, secrets, store, engine; nothing deployed.
pub fn run(context: &Context, _args: Args) -> anyhow::Result<Exit> {
    let host = Host::open(&context.project)?;
    let (lock, suspects) = host.take_role("dukou serve")?;
    let names = host.project.scheme_names()?;
    if host.project.auto_deploy {
        let mut refused = None;
        for name in &names {
            // A scheme that cannot be brought into force does not stand in its neighbours' way: its older deployment goes on.
            if let Err(error) = super::run::in_force(context, &host, name) {
                let _ = output::failure(context, &error);
                refused.get_or_insert(error);
            }
        }
        if let Some(error) = refused
            && !names.iter().any(|name| matches!(host.store.active(name), Ok(Some(_))))
        {
            return Err(error);
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve_all(context, &host, &names, suspects));
    drop(lock);
    result
}

async fn serve_all(context: &Context, host: &Host, names: &[SchemeName], suspects: usize) -> anyhow::Result<Exit> {
    let (stop, stopping) = watch::channel(false);
    let watched = super::signals::watch_signals(stop);
    let mut running: BTreeMap<SchemeName, Running> = BTreeMap::new();
    let mut generation = None;
    while !*stopping.borrow() {
        let now = host.store.generation()?;
        if generation != Some(now) {
            generation = Some(now);
            // Reading and configuring a deployment takes milliseconds, of this thread only.
            tokio::task::block_in_place(|| take_up(context, host, names, &mut running, suspects))?;
            if running.is_empty() {
                return Err(Failure {
                    code: "deploy.none",
                    message: context.lang.text("deploy.none", &[("scheme", &"")]),
                    exit: Exit::Refused,
                }
                .into());
            }
        }
        if running.values().any(|one| one.task.is_finished()) {
            break;
        }
        let mut stopped = stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
    // Drain: no new work; what is on the wire is waited for.
    note(context, &context.lang.t("serve.draining"));
    let mut result = Ok(());
    for one in running.values() {
        let _ = one.stop.send(true);
    }
    for (_, one) in running {
        result = result.and(join(one.task).await);
    }
    watched.abort();
    result?;
    note(context, &context.lang.t("serve.drained"));
    Ok(Exit::Done)
}

/// Starts what is deployed and not running, and hands the stages of what runs under an older deployment the newer one:
/// nothing is stopped for it.
fn take_up(
    context: &Context,
    host: &Host,
    names: &[SchemeName],
    running: &mut BTreeMap<SchemeName, Running>,
    suspects: usize,
) -> anyhow::Result<()> {
    for name in names {
        let Some(active) = host.store.active(name)? else {
            continue;
        };
        if running.get(name).is_some_and(|one| one.deployment == active.id) {
            continue;
        }
        let crossing = match host.crossing(&active) {
            Ok(crossing) => crossing,
            Err(error) if names.len() > 1 => {
                // What ran so far is no longer in force: it maps nothing more, and delivers what is queued.
                let _ = output::failure(context, &error);
                continue;
            }
            Err(error) => return Err(error),
        };
        note(
            context,
            &context
                .lang
                .text("serve.serving", &[("scheme", name), ("id", &active.id)]),
        );
        match running.get_mut(name) {
            Some(one) => {
                one.deployment = active.id;
                one.in_force.send_replace(crossing);
            }
            None => {
                running.insert(name.clone(), start(host, active.id, crossing, suspects));
            }
        }
    }
    Ok(())
}

fn start(host: &Host, deployment: u64, crossing: Arc<Crossing>, suspects: usize) -> Running {
    let (stop, stopping) = watch::channel(false);
    let (in_force, taken) = watch::channel(crossing);
    let pipeline = host.pipeline(stopping, suspects);
    let counters = Arc::new(Counters::default());
    let task = tokio::spawn(async move { serve(&pipeline, &taken, &counters).await });
    Running {
        deployment,
        in_force,
        stop,
        task,
    }
}

async fn join(task: JoinHandle<Result<(), StageError>>) -> anyhow::Result<()> {
    match task.await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StageError::Panicked.into()),
    }
}
