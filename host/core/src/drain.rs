//! Fix and drain: what is predicted of groups that are mapped again, whether what came is what was predicted, and when a
//! drain goes on. Pure; the pipeline predicts with the plugins and reads the records back from the store. A prediction
//! is about mapping: it says "would map", never "would succeed", since what the target decides is the target's.

use rust_decimal::Decimal;

use crate::delivery::DeliveryState;
use crate::digest::Digest;
use crate::document;
use crate::outcome::{FoundContent, LookupOutcome};
use crate::problem::ProblemKind;

/// What is foretold of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The group's key.
    pub group: String,
    /// The recipe that the fate follows from: the version and the newest records.
    pub recipe: Digest,
    /// Money concerned.
    pub amount: Option<Decimal>,
    /// What the plugins and the host's check make of it.
    pub fate: Foretold,
    /// What the target says of each document of a group that would map.
    pub at_target: Vec<AtTarget>,
}

/// The verdict that is foretold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foretold {
    /// Documents: delivery key and bytes.
    Map(Vec<(String, String)>),
    /// Skipped with this reason.
    Skip(String),
    /// A problem.
    Problem {
        /// Rejected, failed or reissued.
        kind: ProblemKind,
        /// Stable code.
        code: String,
        /// Path of the first cause.
        path: Option<String>,
        /// One sentence, personal values masked.
        message: String,
    },
    /// Could not be mapped just now, through no fault of its own.
    Undecided,
}

/// What the target says of one document before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtTarget {
    /// Nobody asked.
    NotAsked,
    /// Proved not to be there.
    Absent,
    /// It is there.
    There {
        /// The target's own number.
        reference: Option<String>,
        /// How many fields differ from what would be sent; `None` where its content could not be compared.
        differ: Option<usize>,
    },
    /// The answer proves nothing, or none came. Never counted as absent.
    Unclear(String),
}

impl AtTarget {
    /// Reads a look-up; `seen` says that something with the key was listed whatever else is unclear.
    pub fn of(outcome: &LookupOutcome, seen: bool) -> Self {
        match outcome {
            LookupOutcome::Found { reference, content } => Self::There {
                reference: reference.clone(),
                differ: Some(match content {
                    FoundContent::Same => 0,
                    FoundContent::Different(fields) => fields.len(),
                }),
            },
            LookupOutcome::Absent => Self::Absent,
            LookupOutcome::Inconclusive { .. } | LookupOutcome::Unavailable { .. } if seen => Self::There {
                reference: None,
                differ: None,
            },
            LookupOutcome::Inconclusive { reason } | LookupOutcome::Unavailable { reason, .. } => {
                Self::Unclear(reason.clone())
            }
        }
    }
}

/// The part of a prediction that a group belongs to: every group to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Would map, and nothing says that the target has it.
    Map,
    /// Would be skipped.
    Skip,
    /// Would be refused again.
    Reject,
    /// A plugin would fail again.
    Fail,
    /// Would map, and the target has a document of this key already: left alone.
    Exists,
    /// Could not be mapped just now: left alone.
    Undecided,
}

impl Part {
    /// All, in the order people see them.
    pub const ALL: [Self; 6] = [
        Self::Map,
        Self::Skip,
        Self::Reject,
        Self::Fail,
        Self::Exists,
        Self::Undecided,
    ];

    /// The stable word for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Skip => "skip",
            Self::Reject => "reject",
            Self::Fail => "fail",
            Self::Exists => "exists",
            Self::Undecided => "undecided",
        }
    }

    /// Whether draining such groups settles anything: what is refused as before is a problem as before.
    pub fn settles(self) -> bool {
        matches!(self, Self::Map | Self::Skip)
    }

    /// Whether a drain takes such groups: one that the target has already would be doubled, and one without a verdict
    /// could not be compared with anything.
    pub fn is_drained(self) -> bool {
        !matches!(self, Self::Exists | Self::Undecided)
    }
}

impl Forecast {
    /// The part of the prediction that the group belongs to.
    pub fn part(&self) -> Part {
        match &self.fate {
            Foretold::Map(_) if self.at_target.iter().any(|one| matches!(one, AtTarget::There { .. })) => Part::Exists,
            Foretold::Map(_) => Part::Map,
            Foretold::Skip(_) => Part::Skip,
            Foretold::Problem {
                kind: ProblemKind::Failed,
                ..
            } => Part::Fail,
            Foretold::Problem { .. } => Part::Reject,
            Foretold::Undecided => Part::Undecided,
        }
    }

    /// The keys of the documents that would be sent.
    pub fn delivery_keys(&self) -> impl Iterator<Item = &str> {
        let documents = match &self.fate {
            Foretold::Map(documents) => documents.as_slice(),
            _ => &[],
        };
        documents.iter().map(|(key, _)| key.as_str())
    }
}

/// What the store says of a group after it was mapped again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The recipe of its verdict.
    pub recipe: Option<Digest>,
    /// The verdict.
    pub verdict: RecordedVerdict,
}

/// A verdict as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedVerdict {
    /// None yet.
    Waiting,
    /// Documents.
    Mapped(Vec<RecordedDocument>),
    /// Skipped with this reason.
    Skipped(String),
    /// The verdict's own problem; `None` if it has none that is open.
    Problem(Option<(ProblemKind, String, Option<String>, String)>),
}

/// One stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDocument {
    /// Its delivery key.
    pub key: String,
    /// Its bytes.
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
}

/// What came of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Came {
    /// Mapped as foretold, and the target holds all of it.
    Delivered,
    /// Skipped as foretold.
    Skipped,
    /// Refused again as foretold.
    Rejected,
    /// Failed again as foretold.
    Failed,
    /// Mapped as foretold, but a document became a problem at the target.
    Refused,
    /// Mapped as foretold, and a document is held by a person.
    Held,
    /// Mapped as foretold; a document is under way, or its outcome is unknown.
    Moving,
    /// No verdict yet.
    Waiting,
    /// Something else than foretold.
    Other(Difference),
}

/// Where something else came than was foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// Another version, or a newer revision of the record, or not mapped again at all.
    Recipe,
    /// The same recipe with another kind of verdict, code, path or message.
    Verdict,
    /// The same recipe with other documents.
    Documents,
}

impl Came {
    /// All, in the order people see them.
    pub const ALL: [Self; 11] = [
        Self::Delivered,
        Self::Skipped,
        Self::Rejected,
        Self::Failed,
        Self::Refused,
        Self::Held,
        Self::Moving,
        Self::Waiting,
        Self::Other(Difference::Recipe),
        Self::Other(Difference::Verdict),
        Self::Other(Difference::Documents),
    ];

    /// The stable word for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Moving => "moving",
            Self::Waiting => "waiting",
            Self::Other(Difference::Recipe) => "other-recipe",
            Self::Other(Difference::Verdict) => "other-verdict",
            Self::Other(Difference::Documents) => "other-documents",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Moving | Self::Waiting)
    }

    /// Whether the mapping is what was foretold, whatever the target makes of it.
    pub fn is_mapped_as_foretold(self) -> bool {
        !matches!(self, Self::Waiting | Self::Other(_))
    }

    /// Whether it came to the end that was foretold.
    pub fn is_as_foretold(self) -> bool {
        matches!(self, Self::Delivered | Self::Skipped | Self::Rejected | Self::Failed)
    }
}

/// Compares what is recorded with what was foretold.
pub fn came(forecast: &Forecast, recorded: &Recorded) -> Came {
    if recorded.verdict == RecordedVerdict::Waiting {
        return Came::Waiting;
    }
    if recorded.recipe != Some(forecast.recipe) {
        return Came::Other(Difference::Recipe);
    }
    match (&forecast.fate, &recorded.verdict) {
        (Foretold::Map(documents), RecordedVerdict::Mapped(found)) if same_documents(documents, found) => {
            standing(found)
        }
        (Foretold::Map(_), RecordedVerdict::Mapped(_)) => Came::Other(Difference::Documents),
        (Foretold::Skip(reason), RecordedVerdict::Skipped(found)) if reason == found => Came::Skipped,
        (
            Foretold::Problem {
                kind,
                code,
                path,
                message,
            },
            RecordedVerdict::Problem(Some(found)),
        ) if (kind, code, path, message) == (&found.0, &found.1, &found.2, &found.3) => match kind {
            ProblemKind::Failed => Came::Failed,
            _ => Came::Rejected,
        },
        _ => Came::Other(Difference::Verdict),
    }
}

/// The same keys, each with the same document, however it is written.
fn same_documents(foretold: &[(String, String)], found: &[RecordedDocument]) -> bool {
    foretold.len() == found.len()
        && foretold.iter().all(|(key, body)| {
            found.iter().any(|document| {
                let same = || document::diff(body, &document.body).is_ok_and(|fields| fields.is_empty());
                document.key == *key && (document.body == *body || same())
            })
        })
}

/// The least settled of the documents says where their group stands.
fn standing(documents: &[RecordedDocument]) -> Came {
    let of = |document: &RecordedDocument| match document.state {
        DeliveryState::Queued | DeliveryState::Claimed | DeliveryState::Sending | DeliveryState::Unknown => {
            Came::Moving
        }
        DeliveryState::Dead => Came::Refused,
        DeliveryState::Held => Came::Held,
        DeliveryState::Delivered => Came::Delivered,
    };
    [Came::Moving, Came::Refused, Came::Held]
        .into_iter()
        .find(|came| documents.iter().any(|document| of(document) == *came))
        .unwrap_or(Came::Delivered)
}

/// Whether a drain goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    /// With the next batch.
    Yes,
    /// No: something else came than was foretold.
    Differs,
    /// No: the target does not take them.
    Refused,
    /// No: some of the batch did not come to an end in time.
    Unfinished,
}

impl GoOn {
    /// The stable word for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Differs => "differs",
            Self::Refused => "refused",
            Self::Unfinished => "unfinished",
        }
    }
}

/// After a batch. After the first, small one every group must have come to the end that was foretold; after a later one
/// the mapping must be what was foretold, and the target must have taken some of what it was sent: single refusals are
/// single problems, a batch of nothing else is a cause of its own.
pub fn go_on(first: bool, came: &[Came]) -> GoOn {
    if came.iter().any(|one| matches!(one, Came::Other(_))) {
        return GoOn::Differs;
    }
    if came.iter().any(|one| !one.is_settled()) {
        return GoOn::Unfinished;
    }
    let refused = came
        .iter()
        .filter(|one| matches!(one, Came::Refused | Came::Held))
        .count();
    let delivered = came.iter().filter(|one| matches!(one, Came::Delivered)).count();
    if refused > 0 && (first || delivered == 0) {
        return GoOn::Refused;
    }
    GoOn::Yes
}

/// The batches of a drain, as indices of the forecasts: first at most `first` that would map (of anything else if none
/// would), then the rest in batches of at most `size`, those that would map before the others.
pub fn batches(forecasts: &[Forecast], first: usize, size: usize) -> Vec<Vec<usize>> {
    let of = |maps: bool| {
        let of = forecasts.iter().enumerate();
        of.filter(move |(_, one)| one.part().is_drained() && (one.part() == Part::Map) == maps)
            .map(|(index, _)| index)
    };
    let mut order: Vec<usize> = of(true).collect();
    let maps = order.len();
    order.extend(of(false));
    let small = if maps == 0 { first } else { first.min(maps) };
    let (small, rest) = order.split_at(small.clamp(1, order.len().max(1)).min(order.len()));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    batches.extend((!small.is_empty()).then(|| small.to_vec()));
    batches.extend(rest.chunks(size.max(1)).map(<[usize]>::to_vec));
    batches
}

#[cfg(test)]
mod tests;
