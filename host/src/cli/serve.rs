//! `dukou serve`: every deployed scheme on its own crons, the stages side by side. SIGTERM drains. A new deployment is taken
//! up for the next batch, of a new scheme too; an edited file is not, and a restart changes no rule. A deployment that cannot
//! be loaded ends nothing: what ran before it delivers what is queued, and it is tried again.

mod reload;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dukou_core::names::SchemeName;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::reload::Reloads;
use super::output::{self, note};
use super::{Context, none_deployed};
use crate::compose::Host;
use crate::deploy::rollout;
use crate::exit::Exit;
use crate::pipeline::counters::Counters;
use crate::pipeline::serve::serve;
use crate::pipeline::{Crossing, StageError};
use crate::settings::Project;

/// Scheduler and pipeline of every deployed scheme.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How often the store's generation is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often rollouts and shadows are looked after.
const LOOK_AFTER: Duration = Duration::from_secs(1);

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
    let mut host = Host::open(&context.project)?;
    let (lock, suspects) = host.take_role("dukou serve")?;
    if host.project.auto_deploy {
        first_deployments(context, &host)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve_all(context, &mut host, suspects));
    // Whatever the reason to leave: while a stage of this process runs, no other may take the role.
    drop(runtime);
    drop(lock);
    result
}

/// Puts schemes into force that never were. An edited file of one that was is left to `deploy` or `run`: a restart must not
/// change a customer's rules.
fn first_deployments(context: &Context, host: &Host) -> anyhow::Result<()> {
    let names = host.project.scheme_names()?;
    let mut refused = None;
    for name in &names {
        if host.store.active(name)?.is_some() {
            continue;
        }
        // A scheme that cannot be brought into force does not stand in its neighbours' way.
        if let Err(error) = super::run::in_force(context, host, name) {
            let _ = output::failure(context, &error);
            refused.get_or_insert(error);
        }
    }
    match refused {
        Some(error) if !names.iter().any(|name| matches!(host.store.active(name), Ok(Some(_)))) => Err(error),
        _ => Ok(()),
    }
}

async fn serve_all(context: &Context, host: &mut Host, suspects: usize) -> anyhow::Result<Exit> {
    let (stop, stopping) = watch::channel(false);
    let watched = super::signals::watch_signals(stop);
    let mut running = BTreeMap::new();
    let left = go_on(context, host, &mut running, suspects, stopping).await;
    if running.is_empty() {
        watched.abort();
        return left.map(|()| Exit::Done);
    }
    // Drain: no new work; what is on the wire is waited for.
    note(context, &context.lang.t("serve.draining"));
    let mut result = left;
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

/// Takes up deployments and looks after rollouts until told to stop, or until a stage has failed.
async fn go_on(
    context: &Context,
    host: &mut Host,
    running: &mut BTreeMap<SchemeName, Running>,
    suspects: usize,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let mut reloads = Reloads::default();
    let mut generation = None;
    let mut looked_after = host.clock.monotonic();
    while !*stopping.borrow() {
        let now = host.store.generation()?;
        if generation != Some(now) || reloads.due(host.clock.monotonic()) {
            generation = Some(now);
            // Reading and configuring a deployment takes milliseconds, of this thread only.
            let refused = tokio::task::block_in_place(|| take_up(context, host, running, &mut reloads, suspects))?;
            if running.is_empty() {
                return Err(refused.unwrap_or_else(|| none_deployed(context, &"")));
            }
        }
        if running.values().any(|one| one.task.is_finished()) {
            break;
        }
        if host.clock.monotonic().saturating_sub(looked_after) >= LOOK_AFTER {
            looked_after = host.clock.monotonic();
            tokio::task::block_in_place(|| look_after(host));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
    Ok(())
}

/// Lets rollouts go on. One that cannot stops no delivery.
fn look_after(host: &Host) {
    if let Err(error) = rollout::step(host) {
        tracing::error!(%error, "a rollout cannot go on");
    }
}

/// Schemes that can be served: those of the project's files. When one came since, perhaps of a new tenant, the project is
/// read again for it. A stray file is said by `check`, and stops nothing that runs.
fn schemes(
    context: &Context,
    host: &mut Host,
    running: &BTreeMap<SchemeName, Running>,
) -> anyhow::Result<Vec<SchemeName>> {
    let names = match host.project.scheme_names() {
        Ok(names) => names,
        Err(_) if !running.is_empty() => return Ok(running.keys().cloned().collect()),
        Err(stray) => return Err(stray.into()),
    };
    let came = |name: &&SchemeName| !running.contains_key(*name) && matches!(host.store.active(name), Ok(Some(_)));
    if !running.is_empty()
        && names.iter().any(|name| came(&name))
        && let Ok(project) = Project::load(&context.project)
    {
        host.project = project;
    }
    Ok(names)
}

/// Starts what is deployed and not running, and hands the stages of what runs under an older deployment the newer one:
/// nothing is stopped for it. Answers why the first of those that cannot be loaded cannot, where nothing runs at all.
fn take_up(
    context: &Context,
    host: &mut Host,
    running: &mut BTreeMap<SchemeName, Running>,
    reloads: &mut Reloads,
    suspects: usize,
) -> anyhow::Result<Option<anyhow::Error>> {
    let names = schemes(context, host, running)?;
    reloads.keep(&names);
    let mut first = None;
    for name in &names {
        let active = match host.store.active(name)? {
            Some(active) if running.get(name).is_none_or(|one| one.deployment != active.id) => active,
            _ => {
                reloads.settled(name);
                continue;
            }
        };
        if !reloads.may_try(name, active.id, host.clock.monotonic()) {
            continue;
        }
        let mut taken = host.crossing(&active);
        // Connections may be of other books, or their secrets elsewhere, than when the settings were last read.
        if taken.is_err()
            && let Ok(project) = Project::load(&context.project)
        {
            host.project = project;
            taken = host.crossing(&active);
        }
        let crossing = match taken {
            Ok(crossing) => crossing,
            Err(error) => {
                // What ran so far is no longer in force: it maps nothing more, and delivers what is queued.
                if reloads.failed(name, active.id, format!("{error:#}"), host.clock.monotonic()) {
                    if first.is_none() && running.is_empty() {
                        first = Some((name, active.id, error));
                    } else {
                        not_loaded(context, name, active.id, &error);
                    }
                }
                continue;
            }
        };
        reloads.settled(name);
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
    if running.is_empty() {
        return Ok(first.map(|(_, _, error)| error));
    }
    if let Some((name, id, error)) = first {
        not_loaded(context, name, id, &error);
    }
    Ok(None)
}

/// Says that a scheme goes on without its deployment until that can be loaded.
fn not_loaded(context: &Context, name: &SchemeName, id: u64, error: &anyhow::Error) {
    let _ = output::failure(context, error);
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("scheme", name), ("id", &id)];
    note(context, &context.lang.text("serve.not-loaded", &arguments));
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
