//! Fix and drain: what would become of groups with problems under one version, what the target says of their documents
//! before anything is sent, and carrying one batch of them to its end. Foretelling reads and asks only; what a record of
//! the store means for a prediction is decided in `dukou_core::drain`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dukou_connect::{Control, Inquiry};
use dukou_core::clock::Clock;
use dukou_core::digest::Digest;
use dukou_core::drain::{AtTarget, Came, Forecast, Foretold, Recorded, RecordedDocument, RecordedVerdict, came};
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::outcome::LookupOutcome;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::rate::Limiter;
use dukou_core::recipe::group_recipe;
use dukou_core::verdict::Group;
use dukou_plugin::Fate;
use dukou_store::rows::Story;
use dukou_store::{Store, StoreError};
use tokio::sync::watch;

use super::counters::Counters;
use super::deliver::DeliverOrder;
use super::dry_run::Mapper;
use super::run::move_stored;
use super::serve::TARGET;
use super::transform::{BATCH, refused_unseen};
use super::{Crossing, Pipeline, StageError};

/// Look-ups in a row without any answer after which nobody asks on.
const MOST_UNANSWERED: usize = 3;
/// How often the store is looked at while somebody else does the work, or while an outcome is waited for.
const POLL: Duration = Duration::from_millis(200);
/// The least that a batch is waited for since something last came to an end.
const LEAST_PATIENCE: Duration = Duration::from_secs(90);

/// The version that a prediction is made with.
pub struct Basis {
    /// Maps and checks.
    pub mapper: Mapper,
    /// Digest of plugins, settings, tables and environment.
    pub recipe: Digest,
}

impl Basis {
    /// Foretells groups by key, in bounded batches. `accepted` are those whose re-issued number a retry accepts. Keys
    /// that the store has no group of are left out. Blocks; `watch` is told how many were mapped so far.
    ///
    /// # Errors
    /// When the store fails.
    pub fn foretell(
        &self,
        store: &dyn Store,
        scheme: &SchemeName,
        keys: &[String],
        accepted: &BTreeSet<String>,
        watch: &dyn Fn(usize),
    ) -> Result<Vec<Forecast>, StoreError> {
        let mut forecasts = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH) {
            let (mut mapped, mut groups) = (Vec::new(), Vec::new());
            for mut claimed in store.peek_groups(scheme, keys, keys.len())? {
                // What a retry does before the group is claimed.
                claimed.claims = 1;
                claimed.reissue_of = claimed.reissue_of.filter(|_| !accepted.contains(&claimed.key));
                let refused = refused_unseen(&claimed);
                let group = Group {
                    key: claimed.key,
                    records: claimed.records,
                    extra: "{}".to_owned(),
                };
                let forecast = Forecast {
                    recipe: group_recipe(&self.recipe, &group),
                    group: group.key.clone(),
                    amount: claimed.shown.amount,
                    fate: refused.map_or(Foretold::Undecided, problem),
                    at_target: Vec::new(),
                };
                if forecast.fate == Foretold::Undecided {
                    mapped.push(forecasts.len());
                    groups.push(group);
                }
                forecasts.push(forecast);
            }
            for (index, fate) in mapped.into_iter().zip(self.mapper.fates(&groups)) {
                let forecast = &mut forecasts[index];
                forecast.fate = fate.map_or(Foretold::Undecided, |fate| foretold(&forecast.group, fate));
                forecast.at_target = forecast.delivery_keys().map(|_| AtTarget::NotAsked).collect();
            }
            watch(forecasts.len());
        }
        Ok(forecasts)
    }
}

fn foretold(group: &str, fate: Fate) -> Foretold {
    match fate {
        Fate::Mapped(mapped) => Foretold::Map(
            mapped
                .documents
                .into_iter()
                .map(|document| (format!("{group}{}", document.suffix), document.body))
                .collect(),
        ),
        Fate::Skipped(reason) => Foretold::Skip(reason),
        Fate::Problem(report) => problem(report),
    }
}

fn problem(report: ProblemReport) -> Foretold {
    Foretold::Problem {
        kind: report.kind,
        code: report.code,
        path: report.path,
        message: report.message,
    }
}

/// Asks a target about documents before they are sent.
pub struct Asking {
    /// Whom.
    pub inquiry: Arc<dyn Inquiry>,
    /// The account and API.
    pub target: TargetName,
    /// Known deliveries prove the questions.
    pub store: Arc<dyn Store>,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// Asking ends early when this turns true.
    pub stop: watch::Receiver<bool>,
    /// The target's rate.
    pub limiter: Limiter,
}

/// How asking went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Documents asked about.
    pub asked: usize,
    /// Why it ended early, if it did.
    pub ended: Option<String>,
}

impl Asking {
    /// Asks about every document that was not asked about, at most `most`, at the target's rate.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask(
        &mut self,
        forecasts: &mut [Forecast],
        most: usize,
        watch: &dyn Fn(usize),
    ) -> Result<Asked, StageError> {
        let mut asked = Asked::default();
        let mut unanswered = 0;
        for forecast in forecasts {
            let Foretold::Map(documents) = &forecast.fate else {
                continue;
            };
            for ((key, body), at_target) in documents.iter().zip(&mut forecast.at_target) {
                if *at_target != AtTarget::NotAsked {
                    continue;
                }
                if asked.asked == most || *self.stop.borrow() {
                    return Ok(asked);
                }
                self.pace().await;
                let control = self.control(key).await?;
                let api = &self.target.api;
                let report = self.inquiry.look_up(api, key, body, control.as_ref()).await;
                *at_target = AtTarget::of(&report.outcome, report.seen);
                asked.asked += 1;
                watch(asked.asked);
                let LookupOutcome::Unavailable {
                    reason,
                    answered: false,
                } = report.outcome
                else {
                    unanswered = 0;
                    continue;
                };
                unanswered += 1;
                if unanswered == MOST_UNANSWERED {
                    asked.ended = Some(reason);
                    return Ok(asked);
                }
            }
        }
        Ok(asked)
    }

    async fn pace(&mut self) {
        while let Err(wait) = self.limiter.take(self.clock.monotonic()) {
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    async fn control(&self, key: &str) -> Result<Option<Control>, StageError> {
        let (store, target, since, key) = (
            self.store.clone(),
            self.target.clone(),
            self.clock.now(),
            key.to_owned(),
        );
        let found = tokio::task::spawn_blocking(move || store.control_for(&target, since, &key)).await;
        let found = found.map_err(|_| StageError::Panicked)??;
        Ok(found.map(|control| Control {
            key: control.key,
            body: control.body,
        }))
    }
}

/// What came of foretold groups so far, in order.
///
/// # Errors
/// When the store fails.
pub fn look(store: &dyn Store, scheme: &SchemeName, forecasts: &[Forecast]) -> Result<Vec<Came>, StoreError> {
    let looks = forecasts.iter().map(|forecast| {
        let story = store.story(scheme, &forecast.group)?;
        Ok(story.map_or(Came::Waiting, |story| came(forecast, &recorded(story))))
    });
    looks.collect()
}

fn recorded(story: Story) -> Recorded {
    let own = |kind| {
        matches!(
            kind,
            ProblemKind::Rejected | ProblemKind::Failed | ProblemKind::Reissued
        )
    };
    let verdict = match (story.verdict.0.as_str(), story.verdict.1) {
        ("mapped", _) => RecordedVerdict::Mapped(
            story
                .deliveries
                .into_iter()
                .map(|delivery| RecordedDocument {
                    key: delivery.key,
                    body: delivery.body,
                    state: delivery.state,
                })
                .collect(),
        ),
        ("skipped", reason) => RecordedVerdict::Skipped(reason.unwrap_or_default()),
        ("problem", _) => {
            let open = story.problems.into_iter().rev();
            let found = open
                .filter(|row| row.resolved.is_none() && own(row.kind))
                .map(|row| (row.kind, row.code, row.path, row.message))
                .next();
            RecordedVerdict::Problem(found)
        }
        _ => RecordedVerdict::Waiting,
    };
    Recorded {
        recipe: story.recipe,
        verdict,
    }
}

/// Who moves the records of a drain.
pub enum Mover {
    /// This process, which has the pipeline's role.
    Own {
        /// The stages' surroundings.
        pipeline: Arc<Pipeline>,
        /// The scheme in force.
        crossing: Arc<Crossing>,
        /// What was done.
        counters: Arc<Counters>,
    },
    /// Another process serves the scheme; this one waits for it.
    Beside {
        /// What both share.
        store: Arc<dyn Store>,
        /// The scheme.
        scheme: SchemeName,
        /// Now.
        clock: Arc<dyn Clock>,
        /// From the intent until a look-up has settled an unknown outcome.
        settling: Duration,
    },
}

/// How one batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// What came of each group, in order.
    pub came: Vec<Came>,
    /// Why the target took nothing any more, if that is how it ended.
    pub target: Option<String>,
    /// Because of its credentials.
    pub unauthorised: bool,
}

impl Mover {
    /// Maps a batch of groups again and waits until each has come to an end: delivered or not, skipped, or a problem.
    /// Ends early when the target takes nothing any more, or nothing has come to an end for longer than an unknown
    /// outcome takes; and, once `stop` is true, when nothing but unknown outcomes is waited for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn carry(&self, batch: &[Forecast], stop: &watch::Receiver<bool>) -> Result<Carried, StageError> {
        let keys: Vec<String> = batch.iter().map(|forecast| forecast.group.clone()).collect();
        self.with_store(move |store, scheme| store.remap_groups(scheme, &keys))
            .await?;
        let only: Vec<String> = batch
            .iter()
            .flat_map(Forecast::delivery_keys)
            .map(String::from)
            .collect();
        let forecasts: Arc<[Forecast]> = batch.into();
        let clock = self.clock().clone();
        let mut carried = Carried::default();
        let (mut settled, mut since) = (0, clock.monotonic());
        loop {
            if let Self::Own {
                pipeline,
                crossing,
                counters,
            } = self
            {
                let order = DeliverOrder {
                    only: Some(only.clone()),
                    limit: None,
                };
                let end = move_stored(pipeline, crossing, order, counters).await?;
                (carried.target, carried.unauthorised) = (end.target, end.unauthorised);
            }
            let seen = forecasts.clone();
            carried.came = self.with_store(move |store, scheme| look(store, scheme, &seen)).await?;
            let now = clock.monotonic();
            let done = carried.came.iter().filter(|one| one.is_settled()).count();
            if done > settled {
                (settled, since) = (done, now);
            }
            let late = now.saturating_sub(since) > self.patience();
            let stopped = *stop.borrow() && self.only_unknown(&carried.came);
            if done == batch.len() || carried.target.is_some() || late || stopped {
                return Ok(carried);
            }
            if matches!(self, Self::Beside { .. }) && carried.came.contains(&Came::Moving) {
                let now = clock.now();
                self.with_store(move |store, scheme| nudge(store, scheme, now)).await?;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// In this process a batch that still moves after its stages have ended waits for unknown outcomes only; beside
    /// another one, that process goes on with whatever is left.
    fn only_unknown(&self, came: &[Came]) -> bool {
        matches!(self, Self::Beside { .. }) || !came.contains(&Came::Waiting)
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        match self {
            Self::Own { pipeline, .. } => &pipeline.clock,
            Self::Beside { clock, .. } => clock,
        }
    }

    fn patience(&self) -> Duration {
        let settling = match self {
            Self::Own { crossing, .. } => {
                let target = &crossing.target_lane.target;
                target.policy().quarantine + target.deadline()
            }
            Self::Beside { settling, .. } => *settling,
        };
        settling.max(LEAST_PATIENCE)
    }

    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store, &SchemeName) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StageError> {
        let (store, scheme) = match self {
            Self::Own { pipeline, crossing, .. } => (pipeline.store.clone(), crossing.name().clone()),
            Self::Beside { store, scheme, .. } => (store.clone(), scheme.clone()),
        };
        match tokio::task::spawn_blocking(move || work(store.as_ref(), &scheme)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(StageError::Panicked),
        }
    }
}

/// Has the serving process send now instead of at its next cron. Lost races are fine: then it fires anyway.
fn nudge(store: &dyn Store, scheme: &SchemeName, now: chrono::DateTime<chrono::Utc>) -> Result<(), StoreError> {
    let stored = store.next_fire(scheme, TARGET)?;
    if stored.is_none_or(|next| next > now) {
        store.fire(scheme, TARGET, stored, Some(now), now)?;
    }
    Ok(())
}
