//! The store in memory: the oracle that the SQLite store is compared with, and a store for tests. Simple before fast;
//! forgets everything when dropped.

mod change;
mod deliver;
mod deployments;
mod erase;
mod overview;
mod pull;
mod state;
mod transform;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};

use self::state::State;
use crate::rows::*;
use crate::{Store, StoreError};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn mark(&self, scheme: &SchemeName) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.state().marks.get(scheme).copied())
    }

    fn source_account(&self, scheme: &SchemeName, account: &str) -> Result<String, StoreError> {
        let mut state = self.state();
        state.schemes.insert(scheme.clone());
        let stored = state.source_accounts.entry(scheme.clone());
        Ok(stored.or_insert_with(|| account.to_owned()).clone())
    }

    fn open_window(&self, scheme: &SchemeName, range: Option<OpenWindow>) -> Result<Option<Window>, StoreError> {
        Ok(self.state().open_window(scheme, range))
    }

    fn ingest(&self, scheme: &SchemeName, page: &IngestPage) -> Result<IngestCounts, StoreError> {
        self.state().ingest(scheme, page)
    }

    fn close_window(&self, scheme: &SchemeName, window: u64, lease: u64, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.state().close_window(scheme, window, lease, at)
    }

    fn windows(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Window>, StoreError> {
        let state = self.state();
        let windows = state.windows.get(scheme).map_or(&[][..], Vec::as_slice);
        Ok(windows.iter().rev().take(limit).cloned().collect())
    }

    fn claim_groups(
        &self,
        scheme: &SchemeName,
        deployment: u64,
        owner: Owner,
        limit: usize,
    ) -> Result<Claim, StoreError> {
        Ok(self.state().claim_groups(scheme, deployment, owner, limit))
    }

    fn peek_groups(&self, scheme: &SchemeName, keys: &[String], limit: usize) -> Result<Vec<ClaimedGroup>, StoreError> {
        Ok(self.state().peek_groups(scheme, keys, limit))
    }

    fn settle(
        &self,
        scheme: &SchemeName,
        settlements: &[Settlement],
        at: DateTime<Utc>,
    ) -> Result<SettleCounts, StoreError> {
        Ok(self.state().settle(scheme, settlements, at))
    }

    fn release_groups(&self, scheme: &SchemeName, leases: &[(String, u64)]) -> Result<usize, StoreError> {
        Ok(self.state().release_groups(scheme, leases))
    }

    fn remap_groups(&self, scheme: &SchemeName, keys: &[String]) -> Result<usize, StoreError> {
        Ok(self.state().remap_groups(scheme, keys))
    }

    fn remap_refused(&self, scheme: &SchemeName, deployment: u64) -> Result<usize, StoreError> {
        Ok(self.state().remap_refused(scheme, deployment))
    }

    fn stored_groups(
        &self,
        scheme: &SchemeName,
        received: Span,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredGroup>, StoreError> {
        Ok(self.state().stored_groups(scheme, received, after, limit))
    }

    fn count_groups(&self, scheme: &SchemeName, received: Span) -> Result<u64, StoreError> {
        Ok(self.state().count_groups(scheme, received))
    }

    fn verdict_counts(&self, scheme: &SchemeName, deployment: u64) -> Result<VerdictCounts, StoreError> {
        let state = self.state();
        let counts = state.verdicts.get(&(scheme.clone(), deployment));
        Ok(counts.copied().unwrap_or_default())
    }

    fn known_outcomes(&self, recipes: &[Digest]) -> Result<Vec<Option<(Digest, u64)>>, StoreError> {
        let state = self.state();
        Ok(recipes
            .iter()
            .map(|recipe| state.outcomes.get(recipe).copied())
            .collect())
    }

    fn remember_outcomes(&self, outcomes: &[(Digest, Digest, u64)], _at: DateTime<Utc>) -> Result<(), StoreError> {
        self.state().remember_outcomes(outcomes);
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
        Ok(self.state().claim_deliveries(target, owner, limit, now, only))
    }

    fn begin_attempts(&self, attempts: &[AttemptStart], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError> {
        Ok(self.state().begin_attempts(attempts, at))
    }

    fn release_deliveries(&self, leases: &[(DeliveryId, u64)]) -> Result<(), StoreError> {
        self.state().release_deliveries(leases);
        Ok(())
    }

    fn finish_attempts(&self, ends: &[AttemptEnd], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError> {
        Ok(self.state().finish_attempts(ends, at))
    }

    fn claim_lookups(
        &self,
        target: &TargetName,
        _owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        Ok(self.state().claim_lookups(target, limit, now))
    }

    fn control_for(
        &self,
        target: &TargetName,
        since: DateTime<Utc>,
        except: &str,
    ) -> Result<Option<ControlDelivery>, StoreError> {
        Ok(self.state().control_for(target, since, except))
    }

    fn finish_lookup(&self, end: &AttemptEnd, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.state().finish_lookup(end, at))
    }

    fn recover(&self, owner: Owner, quarantine_ms: &dyn Fn(&TargetName) -> u64) -> Result<Recovered, StoreError> {
        Ok(self.state().recover(owner, quarantine_ms))
    }

    fn hold(&self, scheme: &SchemeName, keys: Option<&[String]>, held: bool) -> Result<usize, StoreError> {
        Ok(self.state().hold(scheme, keys, held))
    }

    fn settle_by_hand(
        &self,
        key: &str,
        scheme: &SchemeName,
        verdict: HandVerdict,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.state().settle_by_hand(key, scheme, &verdict, at))
    }

    fn next_due(&self, target: &TargetName) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.state().next_due(target))
    }

    fn open_problem(&self, scheme: &SchemeName, problem: &NewProblem, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.schemes.insert(scheme.clone());
        let amount = problem.shown.amount;
        Ok(state.open_problem(scheme, &problem.key, None, amount, &problem.report, at))
    }

    fn problems(&self, filter: &ProblemFilter) -> Result<Vec<ProblemRow>, StoreError> {
        Ok(self.state().list_problems(filter))
    }

    fn resolve_problems(
        &self,
        scheme: &SchemeName,
        ids: &[u64],
        by: &str,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut state = self.state();
        let closed = state.close_problems(scheme, |problem| ids.contains(&problem.id), by, note, at);
        state.generation += u64::from(closed > 0);
        Ok(closed)
    }

    fn next_fire(&self, scheme: &SchemeName, half: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let state = self.state();
        Ok(state.fires.get(&(scheme.clone(), half.to_owned())).copied().flatten())
    }

    fn fire(
        &self,
        scheme: &SchemeName,
        half: &str,
        expected: Option<DateTime<Utc>>,
        next: Option<DateTime<Utc>>,
        _at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let key = (scheme.clone(), half.to_owned());
        if state.fires.get(&key).copied().flatten() != expected {
            return Ok(false);
        }
        state.schemes.insert(scheme.clone());
        state.fires.insert(key, next);
        Ok(true)
    }

    fn put_blob(&self, _kind: &str, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        self.state().blobs.insert(digest, bytes.to_vec());
        Ok(digest)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().blobs.get(digest).cloned())
    }

    fn activate_over(
        &self,
        scheme: &SchemeName,
        expected: Option<u64>,
        deployment: &NewDeployment,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.state().activate_over(scheme, expected, deployment, at))
    }

    fn go_back(
        &self,
        scheme: &SchemeName,
        expected: u64,
        deployment: &NewDeployment,
        again: &Again,
        at: DateTime<Utc>,
    ) -> Result<Option<WentBack>, StoreError> {
        Ok(self.state().go_back(scheme, expected, deployment, again, at))
    }

    fn active(&self, scheme: &SchemeName) -> Result<Option<Deployment>, StoreError> {
        Ok(self.state().active(scheme).cloned())
    }

    fn deployments(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Deployment>, StoreError> {
        let state = self.state();
        let deployments = state.deployments.get(scheme).map_or(&[][..], Vec::as_slice);
        Ok(deployments.iter().rev().take(limit).cloned().collect())
    }

    fn deployment(&self, scheme: &SchemeName, id: u64) -> Result<Option<Deployment>, StoreError> {
        let state = self.state();
        let deployments = state.deployments.get(scheme);
        Ok(deployments.and_then(|deployments| deployments.iter().find(|deployment| deployment.id == id).cloned()))
    }

    fn generation(&self) -> Result<u64, StoreError> {
        Ok(self.state().generation)
    }

    fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.state().audit.push(entry.clone());
        Ok(())
    }

    fn accept(&self, scheme: &SchemeName, acceptance: &Acceptance) -> Result<(), StoreError> {
        let mut state = self.state();
        state.schemes.insert(scheme.clone());
        let same = (
            scheme.clone(),
            acceptance.before,
            acceptance.after,
            acceptance.pattern.clone(),
        );
        state.acceptances.insert(same, acceptance.clone());
        Ok(())
    }

    fn acceptances(&self, scheme: &SchemeName, before: &Digest, after: &Digest) -> Result<Vec<Acceptance>, StoreError> {
        let state = self.state();
        let of_both = state
            .acceptances
            .iter()
            .filter(|((of, from, to, _), _)| of == scheme && from == before && to == after);
        Ok(of_both.map(|(_, acceptance)| acceptance.clone()).collect())
    }

    fn written(&self, scheme: &SchemeName, filter: &WrittenFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(self.state().written(scheme, filter))
    }

    fn put_rollout(
        &self,
        id: Option<u64>,
        revision: u64,
        state: &str,
        body: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.state().put_rollout(id, revision, state, body, at))
    }

    fn rollouts(&self, states: &[&str], limit: usize) -> Result<Vec<Rollout>, StoreError> {
        Ok(self.state().rollouts(states, limit))
    }

    fn put_shadow(&self, shadow: &Shadow) -> Result<bool, StoreError> {
        Ok(self.state().put_shadow(shadow))
    }

    fn shadows(&self, scheme: Option<&SchemeName>) -> Result<Vec<Shadow>, StoreError> {
        Ok(self.state().shadows(scheme))
    }

    fn erase_tenant(&self, tenant: &str, at: DateTime<Utc>, by: &str) -> Result<Erased, StoreError> {
        Ok(self.state().erase_tenant(tenant, at, by))
    }

    fn schemes(&self) -> Result<Vec<SchemeName>, StoreError> {
        Ok(self.state().schemes.iter().cloned().collect())
    }

    fn overview(&self, scheme: &SchemeName) -> Result<Overview, StoreError> {
        Ok(self.state().overview(scheme))
    }

    fn records(&self, filter: &RecordFilter) -> Result<Vec<RecordRow>, StoreError> {
        Ok(self.state().list_records(filter))
    }

    fn story(&self, scheme: &SchemeName, key: &str) -> Result<Option<Story>, StoreError> {
        Ok(self.state().story(scheme, key))
    }

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(self.state().list_deliveries(filter))
    }
}
