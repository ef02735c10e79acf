//! The two halves of `dukou problem retry`: the prediction before anything is sent, and the drain in batches, alone or
//! beside a running `serve`. When a drain goes on is decided in `dukou_core::drain`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dukou_core::digest::Digest;
use dukou_core::drain::{Came, Forecast, GoOn, batches, go_on};
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::rate::Limiter;
use dukou_store::{PipelineLock, StoreError};
use serde_json::json;
use tokio::sync::watch;

use super::confirm::agreed;
use super::retry::Args;
use super::{Agreed, audit};
use crate::cli::output::{self, note, say};
use crate::cli::signals::watch_signals_saying;
use crate::cli::{Context, Failure, none_deployed};
use crate::compose::Host;
use crate::deploy;
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::desk::Desk;
use crate::overview::drain::{self as shown, Drained, Outlook, Stop};
use crate::overview::plan::{self, Plan};
use crate::pipeline::counters::Counters;
use crate::pipeline::drain::{Asked, Asking, Basis, Carried, Mover, look};
use crate::pipeline::dry_run::Mapper;
use crate::scheme::Scheme;

/// Documents that a plan asks about; a drain asks about the others right before their batch.
const MOST_ASKED: usize = 500;
/// Groups per batch after the first: so few that a stop is soon heard.
const BATCH: usize = 20;
/// How often a long step says how far it is.
const STEP: usize = 500;
/// What an unknown outcome is waited for where the target's own figures cannot be had.
const SETTLING: Duration = Duration::from_secs(600);

/// The problems that are meant, as groups.
pub(super) struct Selected {
    pub(super) scheme: SchemeName,
    pub(super) plan: Plan,
    /// How many problems matched.
    pub(super) problems: u64,
    /// An open problem of each group.
    pub(super) ids: BTreeMap<String, u64>,
    /// Groups whose re-issued number is accepted by retrying.
    pub(super) accepted: BTreeSet<String>,
}

/// What a prediction is made with.
struct Version {
    scheme: Scheme,
    basis: Basis,
    /// `None`: the files as they are.
    deployment: Option<u64>,
    undeployed: Vec<String>,
}

/// Foretells, asks, and with agreement drains.
///
/// # Errors
/// Definitions, secrets, store, engine; nothing deployed; no agreement.
pub(super) fn run(
    context: &Context,
    args: &Args,
    host: &Host,
    desk: &Desk,
    selected: &Selected,
) -> anyhow::Result<Exit> {
    if args.first == 0 {
        return Err(failure(context, "usage.first", "drain.need-first", Exit::Usage).into());
    }
    let version = version(context, host, &selected.scheme, args.wanted)?;
    let look = desk.look(&selected.scheme);
    let lens = desk.lens(&look);
    let told = Told::new(context, "drain.mapping", selected.plan.keys.len());
    let mut forecasts = version.basis.foretell(
        host.store.as_ref(),
        &selected.scheme,
        &selected.plan.keys,
        &selected.accepted,
        &|done| told.step(done),
    )?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (order, stop) = watch::channel(false);
        let (told, stopping) = (context.clone(), context.lang.t("drain.stopping"));
        let watched = watch_signals_saying(order, move || note(&told, &stopping));
        let result = plan_and_drain(
            context,
            args,
            host,
            desk,
            &lens,
            selected,
            &version,
            &mut forecasts,
            &stop,
        )
        .await;
        watched.abort();
        result
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "one command's own steps share what it has read"
)]
async fn plan_and_drain(
    context: &Context,
    args: &Args,
    host: &Host,
    desk: &Desk,
    lens: &Lens<'_>,
    selected: &Selected,
    version: &Version,
    forecasts: &mut [Forecast],
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<Exit> {
    let mut asked = None;
    let mut asking = None;
    if !args.no_ask {
        match inquiry(host, version, stop) {
            Ok(mut one) => {
                let documents: usize = forecasts.iter().map(|forecast| forecast.at_target.len()).sum();
                let told = Told::new(context, "drain.asking", documents.min(MOST_ASKED));
                asked = Some(one.ask(forecasts, MOST_ASKED, &|done| told.step(done)).await?);
                asking = Some(one);
            }
            // A drain needs the same secrets: it fails with this error instead of asking nobody.
            Err(error) if !args.plan => return Err(error),
            Err(error) => {
                asked = Some(Asked {
                    asked: 0,
                    ended: Some(error.to_string()),
                });
            }
        }
    }
    let drained = forecasts.iter().any(|forecast| forecast.part().is_drained());
    let settles = forecasts.iter().any(|forecast| forecast.part().settles());
    let outlook = Outlook {
        plan: &selected.plan,
        problems: selected.problems,
        deployment: version.deployment,
        recipe: version.basis.recipe,
        undeployed: &version.undeployed,
        ids: &selected.ids,
        gone: (selected.plan.keys.len() - forecasts.len().min(selected.plan.keys.len())) as u64,
        asked: asked.as_ref(),
        forecasts,
    };
    let prediction = shown::to_json(lens, &outlook);
    let text = shown::whole_text(lens, &outlook);
    if *stop.borrow() {
        return Ok(Exit::Interrupted);
    }
    if args.plan || !settles {
        if context.json {
            let plan = plan::to_json(lens, &selected.plan);
            output::json(json!({ "plan": plan, "dry_run": args.plan, "prediction": prediction }));
        } else {
            say(text.trim_end());
        }
        let why = match (args.plan, drained) {
            (true, _) => "drain.planned",
            (false, true) => "drain.as-before",
            (false, false) => "drain.nothing",
        };
        note(context, &context.lang.t(why));
        return Ok(if args.plan { Exit::Done } else { Exit::Nothing });
    }
    note(context, text.trim_end());
    if let Agreed::No(exit) = agreed(context, args.yes)? {
        return Ok(exit);
    }
    let (mover, _role) = mover(context, host, version, asking.as_ref())?;
    audit(desk, "problem retry", &selected.scheme, &selected.plan.keys)?;
    let mut drain = Drain {
        context,
        mover: &mover,
        asking: asking.as_mut(),
        came: vec![None; forecasts.len()],
        stopped: None,
        last: Carried::default(),
    };
    drain.batches(forecasts, args.first, stop).await?;
    let Drain {
        mut came,
        stopped,
        last,
        ..
    } = drain;
    // What was under way when its batch was left may have come to an end since.
    let begun: Vec<usize> = (0..came.len()).filter(|index| came[*index].is_some()).collect();
    let members: Vec<Forecast> = begun.iter().map(|index| forecasts[*index].clone()).collect();
    for (index, now) in begun.into_iter().zip(look_again(host, &selected.scheme, &members)?) {
        came[index] = Some(now);
    }
    let groups: Vec<(&Forecast, Option<Came>)> = forecasts
        .iter()
        .zip(came)
        .filter(|(forecast, came)| forecast.part().is_drained() || came.is_some())
        .collect();
    let ended = Drained {
        groups: &groups,
        stopped,
        target: last.target.as_deref(),
    };
    if context.json {
        output::json(json!({
            "scheme": selected.scheme.to_string(), "action": "retry", "prediction": prediction,
            "drain": shown::drained_json(lens, &ended),
        }));
    } else {
        say(shown::drained_text(lens, &ended, &selected.scheme.to_string()).trim_end());
    }
    let clean = groups.len() == forecasts.len() && selected.plan.left.is_empty();
    Ok(exit(&ended, &last, clean))
}

fn look_again(host: &Host, scheme: &SchemeName, members: &[Forecast]) -> Result<Vec<Came>, StoreError> {
    look(host.store.as_ref(), scheme, members)
}

fn exit(ended: &Drained<'_>, last: &Carried, clean: bool) -> Exit {
    match ended.stopped {
        Some(Stop::Person) => Exit::Interrupted,
        Some(Stop::Batch(GoOn::Unfinished, _)) if last.unauthorised => Exit::Secret,
        Some(Stop::Batch(GoOn::Unfinished, _)) if last.target.is_some() => Exit::Unavailable,
        Some(Stop::Batch(..)) => Exit::Refused,
        None => {
            let well = |came: &Came| matches!(came, Came::Delivered | Came::Skipped);
            let all = ended.groups.iter().all(|(_, came)| came.as_ref().is_some_and(well));
            if all && clean { Exit::Done } else { Exit::Problems }
        }
    }
}

/// One drain under way.
struct Drain<'a> {
    context: &'a Context,
    mover: &'a Mover,
    asking: Option<&'a mut Asking>,
    came: Vec<Option<Came>>,
    stopped: Option<Stop>,
    last: Carried,
}

impl Drain<'_> {
    async fn batches(
        &mut self,
        forecasts: &mut [Forecast],
        first: usize,
        stop: &watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let all = batches(forecasts, first, BATCH);
        let total = all.len();
        let mut is_first = true;
        for (number, batch) in (1usize..).zip(all) {
            if *stop.borrow() {
                self.stopped = Some(Stop::Person);
                return Ok(());
            }
            if let Some(asking) = &mut self.asking {
                let mut members: Vec<Forecast> = batch.iter().map(|index| forecasts[*index].clone()).collect();
                asking.ask(&mut members, usize::MAX, &|_| ()).await?;
                for (index, member) in batch.iter().zip(members) {
                    forecasts[*index] = member;
                }
            }
            let batch: Vec<usize> = batch
                .into_iter()
                .filter(|index| forecasts[*index].part().is_drained())
                .collect();
            if batch.is_empty() {
                continue;
            }
            let arguments: [(&str, &dyn std::fmt::Display); 3] =
                [("number", &number), ("total", &total), ("groups", &batch.len())];
            note(self.context, &self.context.lang.text("drain.batch", &arguments));
            let members: Vec<Forecast> = batch.iter().map(|index| forecasts[*index].clone()).collect();
            self.last = self.mover.carry(&members, stop).await?;
            for (index, came) in batch.iter().zip(&self.last.came) {
                self.came[*index] = Some(*came);
            }
            match go_on(is_first, &self.last.came) {
                GoOn::Yes => {}
                GoOn::Unfinished if *stop.borrow() => {
                    self.stopped = Some(Stop::Person);
                    return Ok(());
                }
                why => {
                    self.stopped = Some(Stop::Batch(why, is_first));
                    return Ok(());
                }
            }
            is_first = false;
        }
        Ok(())
    }
}

fn version(context: &Context, host: &Host, name: &SchemeName, with_files: bool) -> anyhow::Result<Version> {
    let store = host.store.as_ref();
    let file = host.project.load_scheme(name);
    let undeployed = deploy::undeployed(&host.project, store, name)?.files();
    let (scheme, wanted, deployment) = if with_files {
        let scheme = file?;
        let wanted = deploy::wanted(&host.project, &scheme, &host.runtime)?;
        (scheme, wanted, None)
    } else {
        let Some(active) = store.active(name)? else {
            return Err(none_deployed(context, name));
        };
        let (scheme, wanted) = deploy::activate::load(&host.project, store, &host.runtime, &active)?;
        (scheme, wanted, Some(active.id))
    };
    let recipe: Digest = wanted.recipe;
    let mapper = Mapper {
        tables: wanted.shared_tables(),
        rules: scheme.rules(),
        chain: wanted.chain,
    };
    Ok(Version {
        basis: Basis { mapper, recipe },
        scheme,
        deployment,
        undeployed,
    })
}

fn inquiry(host: &Host, version: &Version, stop: &watch::Receiver<bool>) -> anyhow::Result<Asking> {
    let inquiry = host.inquiry(&version.scheme)?;
    Ok(Asking {
        target: TargetName {
            tenant: version.scheme.name.tenant.clone(),
            account: inquiry.account(),
            api: version.scheme.target.api.clone(),
        },
        limiter: Limiter::per_second(inquiry.limits().per_second),
        store: host.store.clone(),
        clock: host.clock.clone(),
        stop: stop.clone(),
        inquiry,
    })
}

/// The pipeline's role, and the order to end that nobody gives: without its sender every pause would end at once.
type Role = (PipelineLock, watch::Sender<bool>);

/// Takes the pipeline's role, or finds that a serving process has it and does the work.
fn mover(
    context: &Context,
    host: &Host,
    version: &Version,
    asking: Option<&Asking>,
) -> anyhow::Result<(Mover, Option<Role>)> {
    let name = &version.scheme.name;
    match host.take_role(&format!("dukou problem retry {name}")) {
        Ok((lock, suspects)) => {
            let Some(active) = host.store.active(name)? else {
                anyhow::bail!("the deployment of {name} is gone");
            };
            // A batch is finished before a stop is heard, so that what is left is whole groups.
            let (end, ending) = watch::channel(false);
            let mover = Mover::Own {
                pipeline: host.pipeline(ending, suspects),
                crossing: host.crossing(&active)?,
                counters: Arc::new(Counters::default()),
            };
            Ok((mover, Some((lock, end))))
        }
        Err(error) => {
            let holder = match error.downcast_ref::<StoreError>() {
                Some(StoreError::Locked { holder }) => holder.clone(),
                _ => return Err(error),
            };
            if !holder.contains("dukou serve") {
                let message = context.lang.text("run.locked", &[("holder", &holder)]);
                return Err(Failure {
                    code: "store.locked",
                    message,
                    exit: Exit::Refused,
                }
                .into());
            }
            note(context, &context.lang.text("drain.beside", &[("holder", &holder)]));
            let settling = asking.map(|asking| asking.inquiry.policy().quarantine + asking.inquiry.deadline());
            let mover = Mover::Beside {
                store: host.store.clone(),
                scheme: name.clone(),
                clock: host.clock.clone(),
                settling: settling.unwrap_or(SETTLING),
            };
            Ok((mover, None))
        }
    }
}

fn failure(context: &Context, code: &'static str, key: &str, exit: Exit) -> Failure {
    Failure {
        code,
        message: context.lang.t(key),
        exit,
    }
}

/// Says how far a long step is, on stderr.
struct Told<'a> {
    context: &'a Context,
    key: &'static str,
    total: usize,
}

impl<'a> Told<'a> {
    fn new(context: &'a Context, key: &'static str, total: usize) -> Self {
        Self { context, key, total }
    }

    fn step(&self, done: usize) {
        if done > 0 && done.is_multiple_of(STEP) && !self.context.json {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("done", &done), ("total", &self.total)];
            note(self.context, &self.context.lang.text(self.key, &arguments));
        }
    }
}
