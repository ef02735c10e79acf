//! The store in one SQLite file: one thread writes with group commit, a few connections read, every stored text is
//! verified on reading. Why so and what it costs: `docs/explanation` and `reliability.md` §4.1. Any number of processes may
//! have the file open; which one runs the pipeline is decided by [`crate::lock::PipelineLock`].

mod deliver;
mod deployments;
mod erase;
mod fault;
mod gate;
mod history;
mod lists;
mod open;
mod overview;
mod packed;
mod problems;
mod pull;
mod reader;
mod settle;
mod story;
mod transform;
mod unknown;
mod values;
mod work;
mod writer;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};

use self::open::Presence;
use self::reader::Readers;
use self::writer::Writer;
use crate::reports::MOST_OUTCOMES;
use crate::rows::*;
use crate::{Store, StoreError};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Reading connections, 1 to 16.
    pub readers: usize,
    /// Operations that may wait for the writing thread before callers wait to hand theirs over.
    pub queue: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 3, queue: 128 }
    }
}

/// A store in one SQLite file, with `-wal`, `-shm`, `.open` and `.lock` beside it.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    presence: Presence,
}

impl SqliteStore {
    /// Opens `path`, making it if it is not there. A file that was not closed cleanly is checked first.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`]; [`StoreError::Damaged`] when the check fails or the file is not ours;
    /// [`StoreError::Full`]; [`StoreError::Engine`].
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let mut presence = Presence::enter(path)?;
        let connection = open::writing(path, &presence)?;
        presence.checked()?;
        let readers = (0..options.readers.clamp(1, 16))
            .map(|_| open::reading(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::start(connection, options.queue)?,
            readers: Readers::new(readers),
            presence,
        })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Counts every row again and answers what differs from what is kept counted, one line each. Reads the whole store.
    ///
    /// # Errors
    /// As for any read.
    pub fn recount(&self) -> Result<Vec<String>, StoreError> {
        self.readers.run("counting again", overview::recount)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
        if let Some(connection) = self.writer.stop() {
            self.presence.leave(&connection);
        }
    }
}

impl Store for SqliteStore {
    fn mark(&self, scheme: &SchemeName) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.readers.run("reading the mark", |sql| pull::mark(sql, scheme))
    }

    fn source_account(&self, scheme: &SchemeName, account: &str) -> Result<String, StoreError> {
        let (scheme, account) = (scheme.clone(), account.to_owned());
        self.writer.run("binding a source account", move |work| {
            pull::source_account(work, &scheme, &account)
        })
    }

    fn open_window(&self, scheme: &SchemeName, range: Option<OpenWindow>) -> Result<Option<Window>, StoreError> {
        let scheme = scheme.clone();
        self.writer
            .run("opening a window", move |work| pull::open_window(work, &scheme, range))
    }

    fn ingest(&self, scheme: &SchemeName, page: &IngestPage) -> Result<IngestCounts, StoreError> {
        let (scheme, page) = (scheme.clone(), pull::prepare(page)?);
        self.writer
            .run("storing a page", move |work| pull::ingest(work, &scheme, page))
    }

    fn close_window(&self, scheme: &SchemeName, window: u64, lease: u64, at: DateTime<Utc>) -> Result<(), StoreError> {
        let scheme = scheme.clone();
        self.writer.run("closing a window", move |work| {
            pull::close_window(work, &scheme, window, lease, at)
        })
    }

    fn windows(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Window>, StoreError> {
        self.readers
            .run("reading windows", |sql| pull::windows(sql, scheme, limit))
    }

    fn claim_groups(
        &self,
        scheme: &SchemeName,
        deployment: u64,
        owner: Owner,
        limit: usize,
    ) -> Result<Claim, StoreError> {
        let scheme = scheme.clone();
        self.writer.run("claiming groups", move |work| {
            transform::claim_groups(work, &scheme, deployment, owner, limit)
        })
    }

    fn peek_groups(&self, scheme: &SchemeName, keys: &[String], limit: usize) -> Result<Vec<ClaimedGroup>, StoreError> {
        self.readers
            .run("reading groups", |sql| transform::peek_groups(sql, scheme, keys, limit))
    }

    fn settle(
        &self,
        scheme: &SchemeName,
        settlements: &[Settlement],
        at: DateTime<Utc>,
    ) -> Result<SettleCounts, StoreError> {
        let (scheme, settlements) = (scheme.clone(), settle::prepare(settlements)?);
        self.writer.run("settling verdicts", move |work| {
            settle::settle(work, &scheme, &settlements, at)
        })
    }

    fn release_groups(&self, scheme: &SchemeName, leases: &[(String, u64)]) -> Result<usize, StoreError> {
        let (scheme, leases) = (scheme.clone(), leases.to_vec());
        self.writer.run("releasing groups", move |work| {
            transform::release_groups(work, &scheme, &leases)
        })
    }

    fn remap_groups(&self, scheme: &SchemeName, keys: &[String]) -> Result<usize, StoreError> {
        let (scheme, keys) = (scheme.clone(), keys.to_vec());
        self.writer.run("making groups due", move |work| {
            transform::remap_groups(work, &scheme, &keys)
        })
    }

    fn remap_refused(&self, scheme: &SchemeName, deployment: u64) -> Result<usize, StoreError> {
        let scheme = scheme.clone();
        self.writer.run("making refused groups due", move |work| {
            transform::remap_refused(work, &scheme, deployment)
        })
    }

    fn stored_groups(
        &self,
        scheme: &SchemeName,
        received: Span,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredGroup>, StoreError> {
        self.readers.run("reading stored groups", |sql| {
            history::stored_groups(sql, scheme, received, after, limit)
        })
    }

    fn count_groups(&self, scheme: &SchemeName, received: Span) -> Result<u64, StoreError> {
        self.readers.run("counting stored groups", |sql| {
            history::count_groups(sql, scheme, received)
        })
    }

    fn verdict_counts(&self, scheme: &SchemeName, deployment: u64) -> Result<VerdictCounts, StoreError> {
        self.readers.run("reading what was decided", |sql| {
            history::verdict_counts(sql, scheme, deployment)
        })
    }

    fn known_outcomes(&self, recipes: &[Digest]) -> Result<Vec<Option<(Digest, u64)>>, StoreError> {
        let mut known = Vec::with_capacity(recipes.len());
        for page in recipes.chunks(history::OUTCOMES) {
            known.extend(
                self.readers
                    .run("recalling outcomes", |sql| history::known_outcomes(sql, page))?,
            );
        }
        Ok(known)
    }

    fn remember_outcomes(&self, outcomes: &[(Digest, Digest, u64)], at: DateTime<Utc>) -> Result<(), StoreError> {
        for page in outcomes.chunks(history::OUTCOMES) {
            let page = page.to_vec();
            self.writer.run("remembering outcomes", move |work| {
                history::remember_outcomes(work, &page, at, MOST_OUTCOMES)
            })?;
        }
        Ok(())
    }

    fn claim_deliveries(
        &self,
        target: &TargetName,
        owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
        only: Option<&[String]>,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let (target, only) = (target.clone(), only.map(<[String]>::to_vec));
        self.writer.run("claiming deliveries", move |work| {
            deliver::claim_deliveries(work, &target, owner, limit, now, only.as_deref())
        })
    }

    fn begin_attempts(&self, attempts: &[AttemptStart], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError> {
        let attempts = attempts.to_vec();
        self.writer.run("recording intents", move |work| {
            deliver::begin_attempts(work, &attempts, at)
        })
    }

    fn release_deliveries(&self, leases: &[(DeliveryId, u64)]) -> Result<(), StoreError> {
        let leases = leases.to_vec();
        self.writer.run("releasing deliveries", move |work| {
            deliver::release_deliveries(work, &leases)
        })
    }

    fn finish_attempts(&self, ends: &[AttemptEnd], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError> {
        let ends: Vec<_> = ends.iter().map(deliver::prepare).collect::<Result<_, _>>()?;
        self.writer.run("recording outcomes", move |work| {
            deliver::finish_attempts(work, &ends, at)
        })
    }

    fn claim_lookups(
        &self,
        target: &TargetName,
        _owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let target = target.clone();
        self.writer.run("claiming look-ups", move |work| {
            unknown::claim_lookups(work, &target, limit, now)
        })
    }

    fn control_for(
        &self,
        target: &TargetName,
        since: DateTime<Utc>,
        except: &str,
    ) -> Result<Option<ControlDelivery>, StoreError> {
        self.readers.run("finding a document known to exist", |sql| {
            unknown::control_for(sql, target, since, except)
        })
    }

    fn finish_lookup(&self, end: &AttemptEnd, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let end = deliver::prepare(end)?;
        self.writer.run("recording a look-up", move |work| {
            deliver::finish_lookup(work, &end, at)
        })
    }

    fn recover(&self, owner: Owner, quarantine_ms: &dyn Fn(&TargetName) -> u64) -> Result<Recovered, StoreError> {
        let targets = self.readers.run("reading targets", unknown::targets)?;
        let waits = targets
            .into_iter()
            .map(|(id, name)| (id, quarantine_ms(&name)))
            .collect();
        self.writer
            .run("recovering", move |work| unknown::recover(work, owner, &waits))
    }

    fn hold(&self, scheme: &SchemeName, keys: Option<&[String]>, held: bool) -> Result<usize, StoreError> {
        let (scheme, keys) = (scheme.clone(), keys.map(<[String]>::to_vec));
        self.writer.run("holding deliveries", move |work| {
            unknown::hold(work, &scheme, keys.as_deref(), held)
        })
    }

    fn settle_by_hand(
        &self,
        key: &str,
        scheme: &SchemeName,
        verdict: HandVerdict,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (key, scheme) = (key.to_owned(), scheme.clone());
        self.writer.run("settling by hand", move |work| {
            unknown::settle_by_hand(work, &key, &scheme, &verdict, at)
        })
    }

    fn next_due(&self, target: &TargetName) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.readers
            .run("reading what is due", |sql| unknown::next_due(sql, target))
    }

    fn open_problem(&self, scheme: &SchemeName, problem: &NewProblem, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let (scheme, problem) = (scheme.clone(), problem.clone());
        let body = problem
            .body
            .as_deref()
            .map(|body| packed::pack(body.as_bytes()))
            .transpose()?;
        self.writer.run("opening a problem", move |work| {
            let id = work.scheme(&scheme)?;
            let about = problems::About {
                scheme: id,
                group: &problem.key,
                delivery_key: None,
                amount: problem.shown.amount,
                body: body.as_ref(),
            };
            work.touch_key(id, &problem.key)?;
            problems::open(work, &about, &problem.report, values::ms(at))
        })
    }

    fn problems(&self, filter: &ProblemFilter) -> Result<Vec<ProblemRow>, StoreError> {
        self.readers.run("reading problems", |sql| problems::list(sql, filter))
    }

    fn resolve_problems(
        &self,
        scheme: &SchemeName,
        ids: &[u64],
        by: &str,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (scheme, ids) = (scheme.clone(), ids.to_vec());
        let (by, note) = (by.to_owned(), note.to_owned());
        self.writer.run("resolving problems", move |work| {
            let closing = problems::Closing {
                by: &by,
                note: &note,
                at: values::ms(at),
            };
            problems::resolve(work, &scheme, &ids, &closing)
        })
    }

    fn next_fire(&self, scheme: &SchemeName, half: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.readers
            .run("reading the next fire", |sql| deployments::next_fire(sql, scheme, half))
    }

    fn fire(
        &self,
        scheme: &SchemeName,
        half: &str,
        expected: Option<DateTime<Utc>>,
        next: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (scheme, half) = (scheme.clone(), half.to_owned());
        self.writer.run("firing", move |work| {
            deployments::fire(work, &scheme, &half, expected, next, at)
        })
    }

    fn put_blob(&self, kind: &str, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if self
            .readers
            .run("looking for a blob", |sql| deployments::known_blob(sql, &digest))?
        {
            return Ok(digest);
        }
        let (kind, body) = (kind.to_owned(), packed::pack_as(bytes, digest)?);
        self.writer
            .run("storing a blob", move |work| deployments::put_blob(work, &kind, &body))?;
        Ok(digest)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.run("reading a blob", |sql| deployments::blob(sql, digest))
    }

    fn activate_over(
        &self,
        scheme: &SchemeName,
        expected: Option<u64>,
        deployment: &NewDeployment,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError> {
        let (scheme, deployment) = (scheme.clone(), deployment.clone());
        self.writer.run("activating a deployment", move |work| {
            deployments::activate_over(work, &scheme, expected, &deployment, at)
        })
    }

    fn go_back(
        &self,
        scheme: &SchemeName,
        expected: u64,
        deployment: &NewDeployment,
        again: &Again,
        at: DateTime<Utc>,
    ) -> Result<Option<WentBack>, StoreError> {
        let (scheme, deployment, again) = (scheme.clone(), deployment.clone(), again.clone());
        self.writer.run("going back to a deployment", move |work| {
            deployments::go_back(work, &scheme, expected, &deployment, &again, at)
        })
    }

    fn active(&self, scheme: &SchemeName) -> Result<Option<Deployment>, StoreError> {
        self.readers
            .run("reading the active deployment", |sql| deployments::active(sql, scheme))
    }

    fn deployments(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Deployment>, StoreError> {
        self.readers.run("reading deployments", |sql| {
            deployments::deployments(sql, scheme, limit)
        })
    }

    fn deployment(&self, scheme: &SchemeName, id: u64) -> Result<Option<Deployment>, StoreError> {
        self.readers
            .run("reading a deployment", |sql| deployments::deployment(sql, scheme, id))
    }

    fn generation(&self) -> Result<u64, StoreError> {
        self.readers.run("reading the generation", deployments::generation)
    }

    fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.writer
            .run("recording who did what", move |work| deployments::audit(work, &entry))
    }

    fn accept(&self, scheme: &SchemeName, acceptance: &Acceptance) -> Result<(), StoreError> {
        let (scheme, acceptance) = (scheme.clone(), acceptance.clone());
        self.writer.run("taking a person's word", move |work| {
            gate::accept(work, &scheme, &acceptance)
        })
    }

    fn acceptances(&self, scheme: &SchemeName, before: &Digest, after: &Digest) -> Result<Vec<Acceptance>, StoreError> {
        self.readers.run("reading acceptances", |sql| {
            gate::acceptances(sql, scheme, before, after)
        })
    }

    fn written(&self, scheme: &SchemeName, filter: &WrittenFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        self.readers
            .run("reading what was written", |sql| gate::written(sql, scheme, filter))
    }

    fn put_rollout(
        &self,
        id: Option<u64>,
        revision: u64,
        state: &str,
        body: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError> {
        let (state, body) = (state.to_owned(), body.to_owned());
        self.writer.run("putting a rollout", move |work| {
            gate::put_rollout(work, id, revision, &state, &body, at)
        })
    }

    fn rollouts(&self, states: &[&str], limit: usize) -> Result<Vec<Rollout>, StoreError> {
        self.readers
            .run("reading rollouts", |sql| gate::rollouts(sql, states, limit))
    }

    fn put_shadow(&self, shadow: &Shadow) -> Result<bool, StoreError> {
        let shadow = shadow.clone();
        self.writer
            .run("putting a shadow", move |work| gate::put_shadow(work, &shadow))
    }

    fn shadows(&self, scheme: Option<&SchemeName>) -> Result<Vec<Shadow>, StoreError> {
        self.readers.run("reading shadows", |sql| gate::shadows(sql, scheme))
    }

    fn erase_tenant(&self, tenant: &str, at: DateTime<Utc>, by: &str) -> Result<Erased, StoreError> {
        let (name, by) = (tenant.to_owned(), by.to_owned());
        let erased = self.writer.run("erasing a tenant", move |work| {
            erase::erase_tenant(work, &name, at, &by)
        })?;
        if matches!(erased, Erased::Done(_)) {
            // Not more durable, only sooner out of the log; if it cannot be emptied now, closing the file does it.
            let _ = open::empty_log(&self.path);
        }
        Ok(erased)
    }

    fn schemes(&self) -> Result<Vec<SchemeName>, StoreError> {
        self.readers.run("reading schemes", overview::schemes)
    }

    fn overview(&self, scheme: &SchemeName) -> Result<Overview, StoreError> {
        self.readers
            .run("reading the overview", |sql| overview::overview(sql, scheme))
    }

    fn records(&self, filter: &RecordFilter) -> Result<Vec<RecordRow>, StoreError> {
        self.readers.run("reading records", |sql| lists::records(sql, filter))
    }

    fn story(&self, scheme: &SchemeName, key: &str) -> Result<Option<Story>, StoreError> {
        self.readers
            .run("reading a story", |sql| story::story(sql, scheme, key))
    }

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        self.readers
            .run("reading deliveries", |sql| lists::deliveries(sql, filter))
    }
}

#[cfg(test)]
mod tests;
