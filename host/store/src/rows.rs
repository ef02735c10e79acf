//! What goes into and comes out of the store, as plain structs. Bodies are text; the store compresses and hashes them.

use chrono::{DateTime, Utc};
use dukou_core::delivery::{DeliveryState, Next};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::Shown;
use dukou_core::verdict::{Document, Omission, SourceRecord};
use dukou_core::window::WindowRange;

mod change;

pub use change::{Acceptance, Erased, ErasedRows, Rollout, Shadow, Span, StoredGroup, VerdictCounts, WrittenFilter};

/// The identity of one process's run: random, never the host's name.
pub type Owner = [u8; 16];

/// Row number of a delivery.
pub type DeliveryId = u64;

/// A window to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWindow {
    /// Both ends inclusive.
    pub range: WindowRange,
    /// False for explicit ranges (`run --from --to`) and re-scans: closing leaves the mark alone.
    pub moves_mark: bool,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A pull of one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its number within the scheme.
    pub id: u64,
    /// Both ends inclusive.
    pub range: WindowRange,
    /// See [`OpenWindow::moves_mark`].
    pub moves_mark: bool,
    /// Guards every write for the window; never reset.
    pub lease: u64,
    /// The connector's position text after the last stored page; `None` before the first.
    pub position: Option<String>,
    /// Pages stored.
    pub pages: u64,
    /// Rows seen on them.
    pub rows: u64,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was complete; `None` while open.
    pub closed_at: Option<DateTime<Utc>>,
}

/// One page to store.
#[derive(Debug, Clone)]
pub struct IngestPage {
    /// The window.
    pub window: u64,
    /// Its lease number.
    pub lease: u64,
    /// Where the next page starts, in the connector's words.
    pub position: String,
    /// The page's records.
    pub records: Vec<IngestRecord>,
    /// When the reply came.
    pub at: DateTime<Utc>,
}

/// One source row.
#[derive(Debug, Clone)]
pub struct IngestRecord {
    /// Its key.
    pub key: String,
    /// JSON text exactly as the source gave it.
    pub body: String,
    /// Digest of `body`.
    pub hash: Digest,
    /// The group it belongs to; the key itself where the scheme does not group.
    pub group: String,
    /// Other identities: kind and value, e.g. `("stockout_id", "812345")`. Kinds starting with `=` identify the same
    /// business event, so another key with an equal value is a re-issue; others are only kept for finding.
    pub aliases: Vec<(String, String)>,
    /// What people see and sum.
    pub shown: Shown,
}

/// What a page brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestCounts {
    /// Keys never seen before.
    pub new: u64,
    /// Known keys with a changed body.
    pub changed: u64,
    /// Known bodies.
    pub known: u64,
}

/// A group to transform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedGroup {
    /// Its key.
    pub key: String,
    /// Guards the settlement.
    pub lease: u64,
    /// How often it was claimed since its last verdict; 3 without a verdict means that it kills the process.
    pub claims: u32,
    /// Newest revision of each member.
    pub records: Vec<SourceRecord>,
    /// Sum of the members' amounts, for problems and deliveries.
    pub shown: Shown,
    /// The key that already carries this business event, when the member is a re-issue that nobody has accepted.
    pub reissue_of: Option<String>,
}

/// What claiming groups for a deployment gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The groups that are due, now claimed; none where nothing is.
    Groups(Vec<ClaimedGroup>),
    /// Another deployment is in force: nothing was claimed, and nothing will be for this one.
    Overtaken,
}

impl Claim {
    /// The claimed groups, none when overtaken.
    pub fn groups(self) -> Vec<ClaimedGroup> {
        match self {
            Self::Groups(groups) => groups,
            Self::Overtaken => Vec::new(),
        }
    }
}

/// One group's verdict, to be stored with its deliveries.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The group.
    pub group: String,
    /// The claimed lease number.
    pub lease: u64,
    /// Digest of the recipe that fixed the output.
    pub recipe: Digest,
    /// The deployment whose chain decided.
    pub deployment: u64,
    /// Fuel that the chain burned on it.
    pub fuel: u64,
    /// The account and API that the documents go to.
    pub target: TargetName,
    /// What was decided.
    pub outcome: Settled,
    /// What people see of the group.
    pub shown: Shown,
}

/// What was decided of a group.
#[derive(Debug, Clone)]
pub enum Settled {
    /// Documents to deliver.
    Mapped {
        /// Each with its delivery key = group key + suffix.
        documents: Vec<Document>,
        /// Left out on purpose.
        omitted: Vec<Omission>,
    },
    /// Nothing to deliver, with the reason.
    Skipped(String),
    /// A problem: rejected, failed or re-issued.
    Problem(ProblemReport),
}

/// What a settlement changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettleCounts {
    /// Deliveries queued.
    pub queued: u64,
    /// Deliveries whose bytes were replaced before any sending.
    pub replaced: u64,
    /// Documents that were the same as before.
    pub kept: u64,
    /// Documents that differ from what is or may be written: problems.
    pub changed: u64,
    /// Deliveries withdrawn before any sending.
    pub withdrawn: u64,
    /// Groups skipped.
    pub skipped: u64,
    /// Groups with a problem.
    pub problems: u64,
    /// Settlements whose lease number no longer held.
    pub stale: u64,
    /// Verdicts of a deployment that is no longer in force: not stored, their groups wait for the one that is.
    pub overtaken: u64,
}

/// A delivery claimed for sending or for a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Its row.
    pub id: DeliveryId,
    /// Guards everything that follows.
    pub lease: u64,
    /// The scheme that made it.
    pub scheme: SchemeName,
    /// Group key + suffix.
    pub key: String,
    /// The exact bytes to send (hash verified).
    pub body: String,
    /// Attempts including this one.
    pub attempts: u32,
    /// Times put off.
    pub defers: u32,
    /// Times a passing refusal was tried again.
    pub transients: u32,
    /// Intent of the last attempt.
    pub intent_at: Option<DateTime<Utc>>,
    /// Unknown because the target said it holds the key.
    pub duplicate: bool,
}

/// An intent to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptStart {
    /// The delivery.
    pub id: DeliveryId,
    /// The claimed lease number.
    pub lease: u64,
    /// What will be sent, for people: method and URL without secrets.
    pub request: String,
}

/// How an attempt or a look-up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The delivery.
    pub id: DeliveryId,
    /// The claimed lease number.
    pub lease: u64,
    /// The outcome's word, e.g. `accepted`, or `found`, `absent`, `inconclusive` for look-ups.
    pub outcome: String,
    /// The reply, bounded, without secrets; for look-ups the question and the answer.
    pub reply: String,
    /// How long it took.
    pub took_ms: u64,
    /// What follows, decided in core.
    pub next: Next,
}

/// A delivery known to exist at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlDelivery {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub body: String,
    /// When it was accepted.
    pub delivered_at: DateTime<Utc>,
}

/// What an earlier process left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Claimed deliveries, certainly unsent.
    pub requeued: u64,
    /// Sending deliveries, now unknown.
    pub unknown: u64,
    /// Claimed groups, due again.
    pub groups: u64,
}

/// What a person found out about an unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandVerdict {
    /// It is there, under this number of the target's.
    Written {
        /// The target's number.
        number: String,
        /// Who says so.
        by: String,
    },
    /// It is not there: the same bytes are queued again. Only for an unsettled delivery, never for an unknown one.
    Absent {
        /// Who says so.
        by: String,
    },
}

/// A problem that belongs to no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProblem {
    /// What is wrong.
    pub report: ProblemReport,
    /// The record or row concerned, or a digest of the row where it has no key.
    pub key: String,
    /// Money concerned.
    pub shown: Shown,
    /// The raw row, kept whole.
    pub body: Option<String>,
}

/// Which problems.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProblemFilter {
    /// Of one tenant's scheme.
    pub scheme: Option<SchemeName>,
    /// With this fingerprint.
    pub fingerprint: Option<String>,
    /// With these ids.
    pub ids: Vec<u64>,
    /// Of this record, group or delivery key.
    pub key: Option<String>,
    /// Resolved ones too.
    pub resolved_too: bool,
    /// At most so many; 0 means 1,000.
    pub limit: usize,
}

/// A stored problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemRow {
    /// Its number.
    pub id: u64,
    /// The scheme.
    pub scheme: SchemeName,
    /// Its kind.
    pub kind: ProblemKind,
    /// Groups problems with one cause.
    pub fingerprint: String,
    /// Stable or vendor code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// Path of the first cause.
    pub path: Option<String>,
    /// JSON details.
    pub details: String,
    /// The group's key, or the row's.
    pub group: String,
    /// The delivery's key, where one is concerned.
    pub delivery_key: Option<String>,
    /// Money concerned.
    pub amount: Option<rust_decimal::Decimal>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was last seen again.
    pub seen_at: DateTime<Utc>,
    /// When it was closed, by whom, with which note.
    pub resolved: Option<(DateTime<Utc>, String, String)>,
}

/// A deployment to activate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeployment {
    /// Digest of everything that decides the output and the flow.
    pub digest: Digest,
    /// JSON of the resolved scheme without secrets, as `deploy` understood it.
    pub definition: String,
    /// Plugin names and digests in chain order.
    pub plugins: Vec<(String, Digest)>,
    /// Table names and digests.
    pub tables: Vec<(String, Digest)>,
    /// Who deployed it.
    pub by: String,
    /// Why, in a person's words.
    pub note: String,
    /// On what evidence, as JSON; `{}` if there is none.
    pub evidence: String,
}

/// What becomes due again in the transaction that puts an earlier content into force again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Again {
    /// Groups whose verdict by one of these deployments is an open problem of kind rejected or failed.
    pub refused_by: Vec<u64>,
    /// Groups of which one of these deployments made a document that waits and was never sent.
    pub unsent_of: Vec<u64>,
}

/// What going back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WentBack {
    /// The new deployment's number.
    pub id: u64,
    /// Refused groups that are due again.
    pub refused: u64,
    /// Groups with unsent documents that are due again.
    pub unsent: u64,
}

/// A stored deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its number within the scheme.
    pub id: u64,
    /// What was deployed.
    pub what: NewDeployment,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Whether it is the active one.
    pub active: bool,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// The command, e.g. `problem resolve`.
    pub command: String,
    /// What it acted on, for people.
    pub subject: String,
}

/// Count and money of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Their amounts summed; absent amounts count as nothing.
    pub amount: rust_decimal::Decimal,
}

/// One scheme at a glance. Every record is counted in exactly one entry of `states`; the other figures count groups,
/// deliveries and problems, of which one record may have none or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// Records stored (newest revisions).
    pub records: Tally,
    /// Records by state (see [`RecordFilter::state`]), those that occur.
    pub states: Vec<(String, Tally)>,
    /// Groups not yet transformed.
    pub untransformed: Tally,
    /// Deliveries by state, those that occur. A group's money is counted with its first document.
    pub deliveries: Vec<(DeliveryState, Tally)>,
    /// Groups skipped, by the plugins or by a person who resolved their problem without a delivery.
    pub skipped: Tally,
    /// Open problems by kind.
    pub problems: Vec<(ProblemKind, Tally)>,
    /// Deliveries delivered through adoption.
    pub adopted: u64,
    /// Oldest delivery that is neither delivered nor dead nor held.
    pub oldest_moving: Option<DateTime<Utc>>,
    /// The mark.
    pub mark: Option<DateTime<Utc>>,
    /// Last closed window's time of closing.
    pub last_pull: Option<DateTime<Utc>>,
    /// Last delivery.
    pub last_delivery: Option<DateTime<Utc>>,
}

/// Which records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordFilter {
    /// The scheme.
    pub scheme: Option<SchemeName>,
    /// In this state: `waiting` (for its group's transform), `queued` (or being sent), `delivered`, `unknown`, `held`,
    /// `skipped`, `problem` (open, whatever else is true of it).
    pub state: Option<String>,
    /// Keys containing this text.
    pub matching: Option<String>,
    /// At most so many; 0 means 1,000.
    pub limit: usize,
}

/// A record in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The scheme.
    pub scheme: SchemeName,
    /// Its key.
    pub key: String,
    /// Its newest revision, from 1.
    pub revision: u64,
    /// See [`RecordFilter::state`].
    pub state: String,
    /// What people see.
    pub shown: Shown,
    /// When the newest revision came.
    pub received_at: DateTime<Utc>,
}

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// The scheme.
    pub scheme: Option<SchemeName>,
    /// In these states; empty means all but delivered.
    pub states: Vec<DeliveryState>,
    /// At most so many; 0 means 1,000.
    pub limit: usize,
}

/// A delivery in a list or a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its row.
    pub id: DeliveryId,
    /// The scheme that made it.
    pub scheme: SchemeName,
    /// The target it goes to.
    pub target: TargetName,
    /// Its group.
    pub group: String,
    /// Group key + suffix.
    pub key: String,
    /// Its state.
    pub state: DeliveryState,
    /// The bytes.
    pub body: String,
    /// Attempts.
    pub attempts: u32,
    /// Not before this (queued), asked at this (unknown).
    pub due_at: Option<DateTime<Utc>>,
    /// Why it waits or died, for people.
    pub reason: Option<String>,
    /// The target's own number.
    pub reference: Option<String>,
    /// Adopted by a look-up.
    pub adopted: bool,
    /// When it was made.
    pub queued_at: DateTime<Utc>,
    /// When the target was known to hold it.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Money.
    pub amount: Option<rust_decimal::Decimal>,
    /// The recipe that made it.
    pub recipe: Digest,
    /// The deployment whose chain made the bytes; `None` if that was before schema 2.
    pub deployment: Option<u64>,
}

/// One order's whole story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The newest revision.
    pub record: RecordRow,
    /// Every revision: number, when, raw body.
    pub revisions: Vec<(u64, DateTime<Utc>, String)>,
    /// Other identities.
    pub aliases: Vec<(String, String)>,
    /// The group's key.
    pub group: String,
    /// Keys of the group's members.
    pub members: Vec<String>,
    /// The verdict: `waiting`, `mapped`, `skipped`, `problem`, and the reason of a skip.
    pub verdict: (String, Option<String>),
    /// Left out on purpose.
    pub omitted: Vec<Omission>,
    /// The recipe of the verdict.
    pub recipe: Option<Digest>,
    /// The group's deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// Each attempt and look-up, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Its problems, resolved ones too.
    pub problems: Vec<ProblemRow>,
}

/// One attempt or look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The delivery's key.
    pub delivery_key: String,
    /// `send` or `lookup`.
    pub kind: String,
    /// Number within the delivery.
    pub number: u32,
    /// The intent.
    pub begun_at: DateTime<Utc>,
    /// The request, for people.
    pub request: String,
    /// When it ended; `None` if the process died or it is under way.
    pub ended_at: Option<DateTime<Utc>>,
    /// The outcome's word.
    pub outcome: Option<String>,
    /// The reply, bounded.
    pub reply: Option<String>,
    /// How long it took.
    pub took_ms: Option<u64>,
}
