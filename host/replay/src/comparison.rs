//! What a replay found: totals, and differences gathered as patterns. Bounded however long the history is: so many patterns,
//! so many pairs of values each, one example. Comparisons of parts of a history can be merged; how one is
//! stored is `kept.rs`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use dukou_core::catalogue::Catalogue;
use dukou_plugin::Fate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::change::{Change, Compared, Turn, compare, shorter};
use crate::history::Stored;
use crate::key::{Key, PatternKind};
use crate::pattern::{Cause, Example, Pattern, ValueChange};
use crate::version::Version;

/// Patterns that are kept; differences beyond are counted as one of the kind `unlisted`.
const MOST_PATTERNS: usize = 500;
/// Pairs of values that are counted for one pattern; changes beyond are counted without their values.
const MOST_VALUES: usize = 64;
/// Characters of a value in a pair.
const VALUE_CHARS: usize = 200;

/// Groups and their money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figure {
    /// How many groups.
    pub groups: u64,
    /// Their amounts summed.
    pub amount: Decimal,
}

impl Figure {
    fn count(&mut self, amount: Decimal) {
        self.groups += 1;
        self.amount = self.amount.saturating_add(amount);
    }

    fn add(&mut self, other: Self) {
        self.groups += other.groups;
        self.amount = self.amount.saturating_add(other.amount);
    }
}

/// What the two versions cost, in fuel: the same on any machine. A replay measures its first batch, a shadow every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fuel {
    /// How many groups it was measured on; what editions before this kept does not say.
    #[serde(default)]
    pub groups: u64,
    /// Of the first version.
    pub before: u64,
    /// Of the second.
    pub after: u64,
}

impl Fuel {
    pub(crate) fn add(&mut self, other: Self) {
        self.groups = self.groups.saturating_add(other.groups);
        self.before = self.before.saturating_add(other.before);
        self.after = self.after.saturating_add(other.after);
    }
}

/// What would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Everything compared.
    pub all: Figure,
    /// With the same outcome.
    pub same: Figure,
    /// With another outcome; the next two are among them.
    pub changed: Figure,
    /// Mapped or skipped before, a problem after.
    pub newly_failing: Figure,
    /// A problem before, mapped or skipped after.
    pub newly_fixed: Figure,
    /// What some of it costs.
    pub fuel: Fuel,
    /// When the first and the last record compared were received.
    pub received: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub(crate) wrapper: Option<String>,
    pub(crate) gathered: BTreeMap<Key, Gathered>,
}

/// The differences of one pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gathered {
    figure: Figure,
    places: u64,
    values: Vec<ValueChange>,
    cause: Option<Cause>,
    example: Example,
}

/// What is counted of a group, without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) seq: u64,
    pub(crate) group: String,
    pub(crate) amount: Decimal,
    pub(crate) received: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Seen {
    pub(crate) fn of(stored: &Stored) -> Self {
        let times = stored
            .group
            .records
            .iter()
            .filter_map(|record| DateTime::parse_from_rfc3339(&record.received_at).ok())
            .map(|time| time.with_timezone(&Utc));
        Self {
            seq: stored.seq,
            group: stored.group.key.clone(),
            amount: stored.amount.unwrap_or_default(),
            received: times.map(|time| (time, time)).reduce(spanning),
        }
    }
}

impl Comparison {
    /// An empty one. `wrapper` is what wraps the target's documents, e.g. `dto`: paths are told without it.
    pub fn new(wrapper: Option<&str>) -> Self {
        Self {
            wrapper: wrapper.map(str::to_owned),
            ..Self::default()
        }
    }

    /// An empty one for documents of a version's target.
    pub fn of_documents_by(version: &Version) -> Self {
        let target = version.rules.target.as_ref();
        Self::new(target.and_then(|catalogue| catalogue.wrapper.as_deref()))
    }

    /// Counts one group. Groups are added in ascending `seq`. `sources`, of both versions where they differ, tell which
    /// values of the group's records are personal: these are kept masked, wherever a version put them.
    pub fn add<'a>(
        &mut self,
        stored: &Stored,
        before: &Fate,
        after: &Fate,
        sources: impl IntoIterator<Item = &'a Catalogue>,
    ) {
        let wrapper = self.wrapper.as_deref();
        let sources: Vec<&Catalogue> = sources.into_iter().collect();
        let compared = compare(&stored.group, before, after, wrapper, &sources);
        self.count(&Seen::of(stored), compared);
    }

    /// Adds what one more group cost under both versions.
    pub fn cost(&mut self, before: u64, after: u64) {
        self.fuel.add(Fuel {
            groups: 1,
            before,
            after,
        });
    }

    pub(crate) fn wrapper(&self) -> Option<&str> {
        self.wrapper.as_deref()
    }

    pub(crate) fn count(&mut self, seen: &Seen, compared: Compared) {
        self.all.count(seen.amount);
        self.received = self.received.into_iter().chain(seen.received).reduce(spanning);
        let (turn, changes) = match compared {
            Compared::Same => {
                self.same.count(seen.amount);
                return;
            }
            Compared::Different { turn, changes } => (turn, changes),
        };
        self.changed.count(seen.amount);
        match turn {
            Turn::Failing => self.newly_failing.count(seen.amount),
            Turn::Fixed => self.newly_fixed.count(seen.amount),
            Turn::None => {}
        }
        let mut counted: Vec<Key> = Vec::new();
        for change in changes {
            let key = self.gather(seen, change);
            // Independent of how many lines of a group change, the group counts once.
            if !counted.contains(&key)
                && let Some(gathered) = self.gathered.get_mut(&key)
            {
                gathered.figure.count(seen.amount);
                counted.push(key);
            }
        }
    }

    /// Keeps one change; answers under which pattern.
    fn gather(&mut self, seen: &Seen, change: Change) -> Key {
        let known = self.gathered.contains_key(&change.key) || self.gathered.len() < MOST_PATTERNS;
        let key = if known {
            change.key
        } else {
            Key::new(PatternKind::Unlisted)
        };
        let short = |text: &Option<String>| text.as_deref().map(|text| shorter(text, VALUE_CHARS));
        let pair = match (key.kind, change.left_out) {
            (PatternKind::Unlisted, _) => None,
            // What the cause speaks of, on the side that it is the cause of.
            (kind, values @ Some(_)) => Some(ValueChange::of_cause(kind, short(&values))),
            (kind, None) => kind.has_values().then(|| ValueChange {
                before: short(&change.before),
                after: short(&change.after),
                count: 1,
            }),
        };
        let gathered = self.gathered.entry(key.clone()).or_insert_with(|| Gathered {
            figure: Figure::default(),
            places: 0,
            values: Vec::new(),
            cause: change.cause,
            example: Example {
                seq: seen.seq,
                group: seen.group.clone(),
                suffix: change.suffix,
                path: change.path,
                before: change.before,
                after: change.after,
            },
        });
        gathered.places += 1;
        if let Some(pair) = pair {
            gathered.count_value(pair);
        }
        key
    }

    /// Adds what another comparison of the same two versions found. Of two examples the earlier stays.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.all, other.all),
            (&mut self.same, other.same),
            (&mut self.changed, other.changed),
            (&mut self.newly_failing, other.newly_failing),
            (&mut self.newly_fixed, other.newly_fixed),
        ] {
            mine.add(theirs);
        }
        self.fuel.add(other.fuel);
        self.received = self.received.into_iter().chain(other.received).reduce(spanning);
        if self.wrapper.is_none() {
            self.wrapper.clone_from(&other.wrapper);
        }
        for (key, theirs) in &other.gathered {
            let known = self.gathered.contains_key(key) || self.gathered.len() < MOST_PATTERNS;
            let key = if known {
                key.clone()
            } else {
                Key::new(PatternKind::Unlisted)
            };
            match self.gathered.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(theirs.clone());
                }
                Entry::Occupied(mut mine) => mine.get_mut().merge(theirs),
            }
        }
    }

    /// The differences, what newly fails first, then by groups.
    pub fn patterns(&self) -> Vec<Pattern> {
        let mut patterns: Vec<Pattern> = self
            .gathered
            .iter()
            .map(|(key, gathered)| Pattern {
                id: key.id(),
                kind: key.kind,
                path: key.path.clone(),
                types: key.types,
                cause: gathered.cause.clone(),
                groups: gathered.figure.groups,
                amount: gathered.figure.amount,
                places: gathered.places,
                values: gathered.most_frequent(),
                example: gathered.example.clone(),
            })
            .collect();
        // Stable: what is equal stays in the order of the keys.
        patterns.sort_by_key(|pattern| (!pattern.kind.is_failing(), std::cmp::Reverse(pattern.groups)));
        patterns
    }

    /// Whether something was compared and nothing differs: then the other version is a proved no-op on this history.
    pub fn is_no_op(&self) -> bool {
        self.all.groups > 0 && self.changed.groups == 0
    }
}

impl Gathered {
    fn count_value(&mut self, pair: ValueChange) {
        for known in &mut self.values {
            if known.before == pair.before && known.after == pair.after {
                known.count += pair.count;
                return;
            }
        }
        if self.values.len() < MOST_VALUES {
            self.values.push(pair);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.figure.add(other.figure);
        self.places += other.places;
        for pair in &other.values {
            self.count_value(pair.clone());
        }
        if other.example.seq < self.example.seq {
            self.example = other.example.clone();
            self.cause.clone_from(&other.cause);
        }
    }

    fn most_frequent(&self) -> Vec<ValueChange> {
        let mut values = self.values.clone();
        // Texts break ties, so that the order in which they came does not.
        values.sort_by(|a, b| (b.count, &a.before, &a.after).cmp(&(a.count, &b.before, &b.after)));
        values.truncate(Pattern::VALUES);
        values
    }
}

fn spanning(
    one: (DateTime<Utc>, DateTime<Utc>),
    other: (DateTime<Utc>, DateTime<Utc>),
) -> (DateTime<Utc>, DateTime<Utc>) {
    (one.0.min(other.0), one.1.max(other.1))
}
