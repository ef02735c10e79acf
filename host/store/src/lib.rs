//! dukou-store: what the host remembers, behind one trait of whole business verbs (DESIGN §3, `reliability.md` §4).
//!
//! The store is told the next state; it does not choose it. The one exception is deliberate: [`Store::settle`] calls
//! `dukou_core::revision` inside its transaction, so that what the decision saw is what is. Knows no plugin, connector
//! or retry rule. Calls block: use them from blocking threads.
//!
//! Two implementations: [`sqlite`] for real, [`memory`] as the oracle that the suite in `conformance` compares it with.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod erasure;
pub mod error;
pub mod lock;
pub mod memory;
mod reports;
pub mod rows;
pub mod sqlite;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};

pub use error::StoreError;
pub use lock::PipelineLock;
use rows::*;

/// What a record can be said to be ([`RecordFilter::state`]), in the order people see it.
pub const STATES: [&str; 7] = [
    "waiting",
    "queued",
    "delivered",
    "unknown",
    "held",
    "skipped",
    "problem",
];

/// Everything that the host remembers. Every write is one transaction; re-running any call is harmless.
pub trait Store: Send + Sync {
    // ── Pull ────────────────────────────────────────────────────────────────────────────────────────────────

    /// The end of the last complete window; `None` before the first.
    fn mark(&self, scheme: &SchemeName) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Binds the scheme's reading to a source account: the first call stores it, later calls answer what is stored.
    /// The mark belongs to it.
    fn source_account(&self, scheme: &SchemeName, account: &str) -> Result<String, StoreError>;

    /// Takes over the scheme's unfinished window under a new lease number, or opens `range` if there is none.
    /// `range: None` only takes over. The returned lease number guards every write for the window.
    fn open_window(&self, scheme: &SchemeName, range: Option<OpenWindow>) -> Result<Option<Window>, StoreError>;

    /// TX 1: records, their groups' work and the page position together. Rows whose body is the newest one stored under
    /// the key count as known and change nothing; any other body is a new revision and makes its group due again (a body that
    /// returns to an earlier one too: else the documents of the one between would stand for it). A new key whose
    /// alias another key of the scheme already carries is stored and marked re-issued. Refused with
    /// [`StoreError::Stale`] when the window's lease number is not `lease`.
    fn ingest(&self, scheme: &SchemeName, page: &IngestPage) -> Result<IngestCounts, StoreError>;

    /// Closes the window; when `moves_mark` the scheme's mark becomes the window's end, never backwards.
    fn close_window(&self, scheme: &SchemeName, window: u64, lease: u64, at: DateTime<Utc>) -> Result<(), StoreError>;

    /// Windows, newest first.
    fn windows(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Window>, StoreError>;

    // ── Transform ───────────────────────────────────────────────────────────────────────────────────────────

    /// Up to `limit` groups that are due, oldest first, with the newest revision of each member's body (hash verified;
    /// a body that fails is [`StoreError::Damaged`] naming the key). Claims them for `owner`: each claim raises `claims`,
    /// so a group that kills the process is seen to. Claims for `deployment`: [`Claim::Overtaken`], whatever the limit and
    /// whether or not anything is due, once another one is active. Where none is active, anybody may claim.
    fn claim_groups(
        &self,
        scheme: &SchemeName,
        deployment: u64,
        owner: Owner,
        limit: usize,
    ) -> Result<Claim, StoreError>;

    /// The same reading without claiming or changing anything, of groups in any state when `keys` names them, else of due ones.
    fn peek_groups(&self, scheme: &SchemeName, keys: &[String], limit: usize) -> Result<Vec<ClaimedGroup>, StoreError>;

    /// TX 2: verdicts and deliveries together. For each document `dukou_core::revision::decide` says what becomes of it;
    /// deliveries of the group that the verdict no longer contains go through `revision::orphan`. A document that the group
    /// already delivers under another account of the same tenant and api (the target's account changed) is never queued
    /// beside it: what is or may be written there stands for it (kept or `Changed`), what certainly is not moves to the new
    /// account. Applies only where the
    /// group's lease number still is the claimed one; others are counted as stale. Problems of the group of kinds
    /// rejected, failed and reissued are resolved by a newer verdict; `Changed` opens one with the field diff.
    ///
    /// A verdict of a deployment that is not active while another one is, is not stored: its group is released as by
    /// [`Store::release_groups`] and counted as overtaken. So every verdict stored after an activation is by what was
    /// activated, or by something newer.
    fn settle(
        &self,
        scheme: &SchemeName,
        settlements: &[Settlement],
        at: DateTime<Utc>,
    ) -> Result<SettleCounts, StoreError>;

    /// Claimed but not decided after all, through nobody's fault: due again, the claim uncounted, where the lease number
    /// still is the claimed one. Answers how many.
    fn release_groups(&self, scheme: &SchemeName, leases: &[(String, u64)]) -> Result<usize, StoreError>;

    /// Makes groups due again (re-transform), e.g. after `problem retry`. Only where nothing of the group is written or
    /// may be written; answers how many.
    fn remap_groups(&self, scheme: &SchemeName, keys: &[String]) -> Result<usize, StoreError>;

    /// The same for every group whose verdict by this deployment is an open problem of kind rejected or failed, e.g. after
    /// the deployment was rolled back. What a person resolved stays resolved.
    fn remap_refused(&self, scheme: &SchemeName, deployment: u64) -> Result<usize, StoreError>;

    /// Stored groups with a member whose newest revision was received in the span, in the order of their row numbers,
    /// after `after`, at most `limit`; records and sums exactly as [`Store::claim_groups`] gives them. Changes nothing.
    fn stored_groups(
        &self,
        scheme: &SchemeName,
        received: Span,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredGroup>, StoreError>;

    /// How many groups all pages of [`Store::stored_groups`] hold.
    fn count_groups(&self, scheme: &SchemeName, received: Span) -> Result<u64, StoreError>;

    /// What a deployment's chain decided so far. [`Store::settle`] counts inside its transaction; stale settlements are
    /// not counted.
    fn verdict_counts(&self, scheme: &SchemeName, deployment: u64) -> Result<VerdictCounts, StoreError>;

    /// Remembered outcomes by group recipe, in order: the outcome's digest and its fuel.
    fn known_outcomes(&self, recipes: &[Digest]) -> Result<Vec<Option<(Digest, u64)>>, StoreError>;

    /// Remembers outcomes: group recipe, outcome's digest, fuel. At most 2,000,000 are kept, the latest. Not one
    /// transaction but one for each thousand: half of a memory is one, too.
    fn remember_outcomes(&self, outcomes: &[(Digest, Digest, u64)], at: DateTime<Utc>) -> Result<(), StoreError>;

    // ── Deliver ─────────────────────────────────────────────────────────────────────────────────────────────

    /// Queued deliveries of the target due at `now`, oldest first, at most `limit`, now `claimed` by `owner` under a new
    /// lease number. Attempt counts rise here. `only` restricts to some delivery keys.
    fn claim_deliveries(
        &self,
        target: &TargetName,
        owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
        only: Option<&[String]>,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// TX 3a: claimed → sending with the intent, before the wire. Answers, in order, whether the lease number still held.
    fn begin_attempts(&self, attempts: &[AttemptStart], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError>;

    /// Claimed but not sent after all (limit, shutdown): back to queued, the attempt uncounted.
    fn release_deliveries(&self, leases: &[(DeliveryId, u64)]) -> Result<(), StoreError>;

    /// TX 3b: outcomes and next states, each only if the lease number still holds; answers in order whether it did.
    /// An attempt that wrote nothing (throttled, auth, not sent) is given back: if no other was begun, a newer revision
    /// replaces the document as if nothing had been sent.
    /// Opens a problem for `Next::Dead`, resolves open ones of the delivery for `Next::Delivered`.
    fn finish_attempts(&self, ends: &[AttemptEnd], at: DateTime<Utc>) -> Result<Vec<bool>, StoreError>;

    /// Unknown deliveries whose `ask_at` has come, under a new lease number each (state stays unknown).
    fn claim_lookups(
        &self,
        target: &TargetName,
        owner: Owner,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// A delivery known to exist at the target, to prove a look-up by: the earliest accepted at or after `since`, else the
    /// latest before it. Never `except`.
    fn control_for(
        &self,
        target: &TargetName,
        since: DateTime<Utc>,
        except: &str,
    ) -> Result<Option<ControlDelivery>, StoreError>;

    /// A look-up's decision, guarded by the lease number; answers whether it still held.
    fn finish_lookup(&self, end: &AttemptEnd, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Everything that an earlier process left `claimed` goes back to queued, everything it left `sending` becomes unknown
    /// with `ask_at` = its intent + `quarantine_ms`; claimed groups become due. `owner` is this process.
    fn recover(&self, owner: Owner, quarantine_ms: &dyn Fn(&TargetName) -> u64) -> Result<Recovered, StoreError>;

    /// queued ↔ held. Answers how many changed.
    fn hold(&self, scheme: &SchemeName, keys: Option<&[String]>, held: bool) -> Result<usize, StoreError>;

    /// A person settles a delivery. Written (with the target's number): an unknown or unsettled one. Absent (queued
    /// again): only one that is dead with an open `unsettled` problem; an unknown one is still inside its quarantine,
    /// where sending again makes a second document, so that nothing changes. Answers whether anything did.
    fn settle_by_hand(
        &self,
        key: &str,
        scheme: &SchemeName,
        verdict: HandVerdict,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// When the next queued or unknown delivery of the target becomes due; `None` if none waits.
    fn next_due(&self, target: &TargetName) -> Result<Option<DateTime<Utc>>, StoreError>;

    // ── Problems ────────────────────────────────────────────────────────────────────────────────────────────

    /// Opens a problem that belongs to no verdict, e.g. an unreadable source row; the same one again only counts.
    fn open_problem(&self, scheme: &SchemeName, problem: &NewProblem, at: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Problems that match, newest first.
    fn problems(&self, filter: &ProblemFilter) -> Result<Vec<ProblemRow>, StoreError>;

    /// Closes problems by id with a note; answers how many were open.
    fn resolve_problems(
        &self,
        scheme: &SchemeName,
        ids: &[u64],
        by: &str,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError>;

    // ── Schedules, deployments, audit ───────────────────────────────────────────────────────────────────────

    /// The stored next fire of one half (`"source"`, `"target"`).
    fn next_fire(&self, scheme: &SchemeName, half: &str) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Compare-and-set of the next fire; false if another fired it.
    fn fire(
        &self,
        scheme: &SchemeName,
        half: &str,
        expected: Option<DateTime<Utc>>,
        next: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Stores bytes by digest (plugins, tables, catalogues); known digests cost nothing.
    fn put_blob(&self, kind: &str, bytes: &[u8]) -> Result<Digest, StoreError>;

    /// Bytes by digest, verified.
    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Makes a deployment the scheme's active one if `expected` is (`None`: none is); raises the generation. Answers the
    /// deployment's number, or `None` where another came into force meanwhile.
    fn activate_over(
        &self,
        scheme: &SchemeName,
        expected: Option<u64>,
        deployment: &NewDeployment,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError>;

    /// As [`Store::activate_over`], and in the same transaction what `again` names becomes due again, as by
    /// [`Store::remap_groups`]: a process that dies has gone back with all that belongs to it, or not at all. A group that
    /// is both refused and unsent counts as refused.
    fn go_back(
        &self,
        scheme: &SchemeName,
        expected: u64,
        deployment: &NewDeployment,
        again: &Again,
        at: DateTime<Utc>,
    ) -> Result<Option<WentBack>, StoreError>;

    /// As [`Store::activate_over`], whatever is active.
    fn activate(&self, scheme: &SchemeName, deployment: &NewDeployment, at: DateTime<Utc>) -> Result<u64, StoreError> {
        loop {
            let active = self.active(scheme)?.map(|active| active.id);
            // Another one in between means that somebody got on, so this ends.
            if let Some(id) = self.activate_over(scheme, active, deployment, at)? {
                return Ok(id);
            }
        }
    }

    /// The active deployment.
    fn active(&self, scheme: &SchemeName) -> Result<Option<Deployment>, StoreError>;

    /// Deployments, newest first.
    fn deployments(&self, scheme: &SchemeName, limit: usize) -> Result<Vec<Deployment>, StoreError>;

    /// One deployment by its number.
    fn deployment(&self, scheme: &SchemeName, id: u64) -> Result<Option<Deployment>, StoreError>;

    /// Rises with every activation, hold, release, retry and resolve, every step of a rollout, every shadow begun or
    /// ended, every tenant erased: what a running host watches.
    fn generation(&self) -> Result<u64, StoreError>;

    /// Who did what.
    fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    // ── The change gate ─────────────────────────────────────────────────────────────────────────────────────

    /// Takes a person's word on a pattern; a later one on the same pattern of the same two versions replaces it.
    fn accept(&self, scheme: &SchemeName, acceptance: &Acceptance) -> Result<(), StoreError>;

    /// What was said of differences between these two versions, by pattern.
    fn acceptances(&self, scheme: &SchemeName, before: &Digest, after: &Digest) -> Result<Vec<Acceptance>, StoreError>;

    /// Deliveries that are (delivered) or may be (sending, unknown, dead as unsettled or conflict) at the target and
    /// whose bytes one of these deployments' chains made, in the order of their row numbers.
    fn written(&self, scheme: &SchemeName, filter: &WrittenFilter) -> Result<Vec<DeliveryRow>, StoreError>;

    /// Makes a rollout (`id` none, `revision` 0) or puts its next state if its revision still is `revision`; it then is
    /// `revision` + 1. Answers its number, `None` if the revision was another. Raises the generation.
    fn put_rollout(
        &self,
        id: Option<u64>,
        revision: u64,
        state: &str,
        body: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError>;

    /// Rollouts in one of these states, newest first; in any when there are none named. `limit` 0 means 1,000.
    fn rollouts(&self, states: &[&str], limit: usize) -> Result<Vec<Rollout>, StoreError>;

    /// Begins a shadow (`revision` 0), unless one runs in the scheme, or puts the running one of the same digest if its
    /// revision still is `revision`: its end, its body, whether it ended. Its beginning stays, an ended one too. Answers
    /// whether it was put. Raises the generation when one begins or ends.
    fn put_shadow(&self, shadow: &Shadow) -> Result<bool, StoreError>;

    /// Shadows, running or ended, newest first, at most 1,000.
    fn shadows(&self, scheme: Option<&SchemeName>) -> Result<Vec<Shadow>, StoreError>;

    /// Erases everything of a tenant's schemes and targets in one transaction: records, verdicts, deliveries, problems,
    /// deployments and what the gate keeps; plugins and tables that nothing else names. Refused while deliveries are
    /// claimed, sending or unknown. Audit entries stay, their subjects (`TENANT/…`) do not; one entry says how much went.
    /// Rollouts stay, and so do remembered outcomes, which are digests. Nothing may run the tenant meanwhile: lease
    /// numbers start again. What backups hold is not reached.
    fn erase_tenant(&self, tenant: &str, at: DateTime<Utc>, by: &str) -> Result<Erased, StoreError>;

    // ── Overview ────────────────────────────────────────────────────────────────────────────────────────────

    /// Schemes that have anything stored.
    fn schemes(&self) -> Result<Vec<SchemeName>, StoreError>;

    /// Counts, sums and ages of one scheme.
    fn overview(&self, scheme: &SchemeName) -> Result<Overview, StoreError>;

    /// Records that match, newest first.
    fn records(&self, filter: &RecordFilter) -> Result<Vec<RecordRow>, StoreError>;

    /// Everything about one record: revisions, group, verdict, deliveries, attempts, problems. `key` may be the record's
    /// key, a delivery key, or an alias value (stockout_id, src_order_no).
    fn story(&self, scheme: &SchemeName, key: &str) -> Result<Option<Story>, StoreError>;

    /// Deliveries that match, oldest first.
    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError>;
}
