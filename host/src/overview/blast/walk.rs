//! From the store's deliveries to vouchers with a finding: page by page, each group as it was when the bytes were made,
//! mapped by the good version in batches of bounded size. What maps is handed in; nothing here can send or write.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::mask::Secrets;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;
use dukou_core::verdict::{Document, Group, Mapped};
use dukou_plugin::Fate;
use dukou_store::rows::{DeliveryRow, Span, Story, WrittenFilter};
use dukou_store::{Store, StoreError};

use super::compare::compare;
use super::revision::{Member, as_it_was};
use super::{Finding, Voucher};
use crate::overview::Lens;
use crate::overview::mask::{self, Side};

/// Deliveries read at once.
const PAGE: usize = 200;
/// Groups mapped at once, at most.
const BATCH: usize = 64;
/// Bytes of records mapped at once, about.
const BATCH_BYTES: usize = 8 << 20;

/// Maps a batch with the good version: one answer per group; `None` where nothing can be said through nobody's fault.
pub type Maps<'a> = &'a dyn Fn(&[Group]) -> Vec<Option<Fate>>;

/// What is asked of one scheme.
pub struct Question<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// The scheme.
    pub scheme: &'a SchemeName,
    /// The deployments whose vouchers are wanted.
    pub deployments: &'a [u64],
    /// Delivered in this time.
    pub delivered: Span,
    /// The chain's recipe of a deployment, where it is known.
    pub chain_of: &'a dyn Fn(u64) -> Option<Digest>,
    /// The good version.
    pub good: Option<Maps<'a>>,
    /// How the scheme is looked at.
    pub lens: Lens<'a>,
}

/// Hands every voucher to `each`, in the order in which they were queued first.
///
/// # Errors
/// The store's, and what `each` answers.
pub fn walk(question: &Question<'_>, each: &mut dyn FnMut(Voucher) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut filter = WrittenFilter {
        deployments: question.deployments.to_vec(),
        delivered: question.delivered,
        after: 0,
        limit: PAGE,
    };
    // Groups of which it was said what they lack: their first voucher may be of another version, or another time.
    let mut said = HashSet::new();
    loop {
        let page = question.store.written(question.scheme, &filter)?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = last.id;
        let whole = page.len() == PAGE;
        let mut batch = Batch::default();
        for row in page {
            batch.add(question, row)?;
            if batch.groups.len() >= BATCH || batch.bytes >= BATCH_BYTES {
                std::mem::take(&mut batch).judged(question, &mut said, each)?;
            }
        }
        batch.judged(question, &mut said, each)?;
        if !whole {
            return Ok(());
        }
    }
}

/// A delivery and what is known of how it came to be.
struct Known {
    row: DeliveryRow,
    sent: Option<DateTime<Utc>>,
    records: Vec<String>,
    /// Delivery keys of its group.
    carried: Vec<String>,
    /// Its place among the batch's groups, and whether that is proved.
    group: Option<(usize, bool)>,
}

#[derive(Default)]
struct Batch {
    known: Vec<Known>,
    groups: Vec<Group>,
    /// Of each group the personal values that its records ever had: where the revision is not proved, the bytes may be
    /// of another.
    secrets: Vec<Secrets>,
    places: HashMap<(String, Digest), (usize, bool)>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, question: &Question<'_>, row: DeliveryRow) -> Result<(), StoreError> {
        let Some(story) = story_of(question, &row)? else {
            self.known.push(Known {
                row,
                sent: None,
                records: Vec::new(),
                carried: Vec::new(),
                group: None,
            });
            return Ok(());
        };
        let sent = story.attempts.iter().rev();
        let sent = sent.filter(|attempt| attempt.kind == "send" && attempt.delivery_key == row.key);
        let sent = sent.map(|attempt| attempt.begun_at).next();
        let carried = story.deliveries.iter().map(|delivery| delivery.key.clone()).collect();
        let place = (row.group.clone(), row.recipe);
        let group = match self.places.get(&place) {
            Some(known) => Some(*known),
            None => {
                let chain = row.deployment.and_then(question.chain_of);
                let members = members(question, &story)?;
                as_it_was(chain, &row.recipe, &row.group, &members, row.queued_at).map(|(group, exact)| {
                    self.bytes += group.records.iter().map(|record| record.body.len()).sum::<usize>();
                    self.groups.push(group);
                    let revisions = members.iter().flat_map(|member| &member.revisions);
                    let bodies = revisions.map(|(_, body)| body.as_str());
                    self.secrets.push(mask::secrets(&question.lens, bodies));
                    let found = (self.groups.len() - 1, exact);
                    self.places.insert(place, found);
                    found
                })
            }
        };
        let group_of = group.and_then(|(index, _)| self.groups.get(index));
        let records = group_of.map(|group| group.records.iter().map(|record| record.key.clone()).collect());
        self.known.push(Known {
            row,
            sent,
            records: records.unwrap_or_default(),
            carried,
            group,
        });
        Ok(())
    }

    fn judged(
        self,
        question: &Question<'_>,
        said: &mut HashSet<Digest>,
        each: &mut dyn FnMut(Voucher) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let fates = match question.good {
            Some(maps) if !self.groups.is_empty() => maps(&self.groups),
            _ => Vec::new(),
        };
        let none = Secrets::default();
        for known in self.known {
            let group = known.group.and_then(|(index, _)| self.groups.get(index));
            let fate = known.group.and_then(|(index, _)| fates.get(index)?.as_ref());
            let finding = match (question.good, group, fate) {
                (None, ..) => Finding::NotCompared { why: "no-good-version" },
                (Some(_), None, _) => Finding::NotCompared { why: "no-records" },
                (Some(_), Some(_), None) => Finding::NotCompared { why: "undecided" },
                (Some(_), Some(group), Some(fate)) => {
                    let secrets = known.group.and_then(|(index, _)| self.secrets.get(index));
                    let secrets = secrets.unwrap_or(&none);
                    finding(&question.lens, &known, group, fate, secrets)
                }
            };
            each(Voucher {
                scheme: question.scheme.clone(),
                deployment: known.row.deployment.context("a written row names its deployment")?,
                at: known.row.delivered_at.or(known.sent),
                absent: fate.map_or_else(Vec::new, |fate| absent(&known, fate, said)),
                key: known.row.key,
                reference: known.row.reference,
                state: known.row.state,
                amount: known.row.amount,
                records: known.records,
                finding,
                exact: known.group.is_some_and(|(_, exact)| exact),
            })?;
        }
        Ok(())
    }
}

/// The story of the delivery's group: a record may carry the key of another group.
fn story_of(question: &Question<'_>, row: &DeliveryRow) -> Result<Option<Story>, StoreError> {
    for key in [&row.group, &row.key] {
        let story = question.store.story(question.scheme, key)?;
        if let Some(story) = story.filter(|story| story.group == row.group) {
            return Ok(Some(story));
        }
    }
    Ok(None)
}

/// Every member of a group with its revisions, in the group's order.
fn members(question: &Question<'_>, story: &Story) -> Result<Vec<Member>, StoreError> {
    let mut members = Vec::with_capacity(story.members.len());
    let revisions = |story: &Story| {
        let revisions = story.revisions.iter();
        revisions.map(|(_, at, body)| (*at, body.clone())).collect()
    };
    for key in &story.members {
        let revisions = if *key == story.record.key {
            revisions(story)
        } else {
            let own = question.store.story(question.scheme, key)?;
            own.filter(|own| own.record.key == *key)
                .map_or_else(Vec::new, |own| revisions(&own))
        };
        members.push(Member {
            key: key.clone(),
            revisions,
        });
    }
    Ok(members)
}

fn finding(lens: &Lens<'_>, known: &Known, group: &Group, fate: &Fate, secrets: &Secrets) -> Finding {
    let bodies: Vec<(Side, &str)> = group
        .records
        .iter()
        .map(|record| (Side::Source, record.body.as_str()))
        .collect();
    match fate {
        Fate::Mapped(mapped) => match the_same_document(known, mapped) {
            Some(document) => match compare(lens, secrets, &known.row.body, &document.body) {
                Ok(None) => Finding::Same,
                Ok(Some(differences)) => Finding::Wrong(differences),
                Err(_) => Finding::NotCompared { why: "undecided" },
            },
            None => Finding::NotMade {
                how: "other-documents",
                reason: keys(known, mapped).join(", "),
            },
        },
        Fate::Skipped(reason) => Finding::NotMade {
            how: "skipped",
            reason: mask::reply(lens, reason, &bodies),
        },
        Fate::Problem(report) => Finding::NotMade {
            how: if report.kind == ProblemKind::Failed {
                "failed"
            } else {
                "rejected"
            },
            reason: format!("{}: {}", report.code, mask::reply(lens, &report.message, &bodies)),
        },
    }
}

fn the_same_document<'a>(known: &Known, mapped: &'a Mapped) -> Option<&'a Document> {
    let suffix = known.row.key.strip_prefix(&known.row.group)?;
    mapped.documents.iter().find(|document| document.suffix == suffix)
}

/// The delivery keys that the good version makes of the group.
fn keys(known: &Known, mapped: &Mapped) -> Vec<String> {
    let documents = mapped.documents.iter();
    documents
        .map(|document| format!("{}{}", known.row.group, document.suffix))
        .collect()
}

/// Those that were never made; said once, with the first voucher of the group that is listed.
fn absent(known: &Known, fate: &Fate, said: &mut HashSet<Digest>) -> Vec<String> {
    match fate {
        Fate::Mapped(mapped) if said.insert(Digest::of(known.row.group.as_bytes())) => {
            let mut keys = keys(known, mapped);
            keys.retain(|key| *key != known.row.key && !known.carried.contains(key));
            keys
        }
        _ => Vec::new(),
    }
}
