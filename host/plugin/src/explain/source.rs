//! The order's own values, changed one at a time: every value in several ways of the same shape, then emptied, made
//! strange and removed; values that the plugins ask for and the order lacks, put in; the values of one column changed
//! together; keys and times beside the bodies.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Alteration, Bench, Trial};
use super::ledger::Ledger;
use dukou_core::catalogue::column_path;

use super::text::{Edit, Spot};
use super::{ExplainLimits, Origin, Untried, UntriedWhy, values};
use crate::host_state::SharedTables;

/// Values put in where the order lacks them, at most.
const MOST_MISSING: usize = 500;
/// Codes of one plugin's settings that are tried, at most.
const MOST_CODES: usize = 10;

/// The origins of a column's members, and the edits of all of them.
type Joint = (Vec<usize>, Vec<(usize, Edit)>);

/// Which values of the order take part.
pub(crate) struct Subjects {
    /// Origin, record, place among the record's values.
    tried: Vec<(usize, usize, usize)>,
    /// Origin, record, path of values that the order lacks.
    missing: Vec<(usize, usize, String)>,
    /// Columns of which some members are not tried.
    partly: BTreeSet<String>,
    /// Codes that settings compare with.
    codes: Vec<String>,
    /// Lists with elements that are not tried.
    pub(crate) untried: Vec<Untried>,
}

impl Subjects {
    /// Chooses: everything outside of lists, of each list the first elements and those that the caller looks at.
    pub(crate) fn choose(bench: &Bench<'_>, ledger: &mut Ledger<'_>, limits: &ExplainLimits) -> Self {
        let mut out = Self {
            tried: Vec::new(),
            missing: Vec::new(),
            partly: BTreeSet::new(),
            codes: bench
                .chain
                .plugins()
                .flat_map(|one| values::compared(one.settings(), MOST_CODES))
                .collect(),
            untried: Vec::new(),
        };
        let needs: Vec<String> = bench
            .chain
            .plugins()
            .flat_map(|one| one.needs().paths().to_vec())
            .collect();
        for (record, (spots, source)) in bench.base.spots.iter().zip(&bench.base.group.records).enumerate() {
            for (at, spot) in spots.all.iter().enumerate() {
                if !chosen(&spot.path, limits) {
                    out.partly.insert(column_path(&spot.path));
                    continue;
                }
                let origin = ledger.new_origin(Origin::Source {
                    record,
                    key: source.key.clone(),
                    path: spot.path.clone(),
                });
                out.tried.push((origin, record, at));
            }
            let mut lists: Vec<(&str, usize)> = spots.lists().filter(|(_, count)| *count > limits.lines).collect();
            lists.sort_unstable();
            for (path, count) in lists {
                out.untried.push(Untried {
                    what: format!("{path}[{}…{}]", limits.lines, count - 1),
                    record: Some(record),
                    why: UntriedWhy::Lines,
                });
            }
            for path in spots.missing(&needs, MOST_MISSING) {
                if chosen(&path, limits) {
                    let origin = ledger.new_origin(Origin::Source {
                        record,
                        key: source.key.clone(),
                        path: path.clone(),
                    });
                    out.missing.push((origin, record, path));
                }
            }
        }
        out
    }

    /// Whether every member of a column was tried by itself.
    pub(crate) fn complete(&self, path: &str) -> bool {
        !self.partly.contains(path)
    }

    fn spot<'b>(&self, bench: &Bench<'b>, record: usize, at: usize) -> Option<(&'b Spot, &'b str)> {
        let spot = bench.base.spots.get(record)?.all.get(at)?;
        Some((spot, spot.token(&bench.base.group.records.get(record)?.body)))
    }

    /// Trials by kind, all values with one kind before the next, so that a bound cuts off the least telling ones.
    fn trials(&self, bench: &Bench<'_>, kinds: &[Kind]) -> Vec<Trial> {
        let mut rounds: Vec<Vec<Trial>> = Vec::new();
        let mut put = |round: usize, subject: usize, edits| {
            if rounds.len() <= round {
                rounds.resize_with(round + 1, Vec::new);
            }
            if let Some(trials) = rounds.get_mut(round) {
                trials.push(Trial {
                    subject,
                    change: Alteration::Bodies(edits),
                });
            }
        };
        for (origin, record, at) in &self.tried {
            let Some((spot, token)) = self.spot(bench, *record, *at) else {
                continue;
            };
            let mut round = 0;
            for kind in kinds {
                let tokens = match kind {
                    Kind::Alike if spot.element => Vec::new(),
                    Kind::Alike => values::alike(token)
                        .into_iter()
                        .chain(values::coded(token, &self.codes))
                        .collect(),
                    Kind::Unlike if spot.element => Vec::new(),
                    Kind::Unlike => values::unlike(token),
                    Kind::Removed => {
                        put(round, *origin, vec![(*record, spot.remove())]);
                        continue;
                    }
                };
                for token in tokens {
                    put(round, *origin, vec![(*record, spot.set(&token))]);
                    round += 1;
                }
            }
        }
        for (origin, record, path) in &self.missing {
            let fills = values::alike("null");
            for (round, fill) in fills.iter().enumerate() {
                let edit = bench
                    .base
                    .spots
                    .get(*record)
                    .and_then(|spots| spots.insertion(path, fill));
                put(round, *origin, edit.into_iter().map(|edit| (*record, edit)).collect());
            }
        }
        rounds.into_iter().flatten().collect()
    }

    /// Columns with several members: path, members' origins, and the change of all of them together.
    fn columns(&self, bench: &Bench<'_>, way: usize) -> Vec<(String, Vec<usize>, Trial)> {
        let mut columns: BTreeMap<String, Joint> = BTreeMap::new();
        let tried: BTreeMap<(usize, usize), usize> = self
            .tried
            .iter()
            .map(|(origin, record, at)| ((*record, *at), *origin))
            .collect();
        for (record, (spots, source)) in bench.base.spots.iter().zip(&bench.base.group.records).enumerate() {
            for (at, spot) in spots.all.iter().enumerate().filter(|(_, spot)| !spot.element) {
                let Some(other) = values::alike(spot.token(&source.body)).into_iter().nth(way) else {
                    continue;
                };
                let (members, edits) = columns.entry(column_path(&spot.path)).or_default();
                members.extend(tried.get(&(record, at)));
                edits.push((record, spot.set(&other)));
            }
        }
        let several = columns.into_iter().filter(|(_, (_, edits))| edits.len() > 1);
        several
            .map(|(path, (members, edits))| {
                let change = Alteration::Bodies(edits);
                (path, members, Trial { subject: 0, change })
            })
            .collect()
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Alike,
    Unlike,
    Removed,
}

fn chosen(path: &str, limits: &ExplainLimits) -> bool {
    let numbers = path
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split(']').next()?.parse::<usize>().ok());
    let mut numbers = numbers;
    numbers.all(|number| number < limits.lines || limits.focus.contains(&number))
}

/// Tries everything of the order. Says whether all of it could be afforded.
pub(crate) fn try_all(
    bench: &Bench<'_>,
    ledger: &mut Ledger<'_>,
    subjects: &Subjects,
    generous: Option<&SharedTables>,
) -> bool {
    let mut afforded = true;
    let mut run = |ledger: &mut Ledger<'_>, trials: &[Trial], tables: &SharedTables| {
        for (trial, reaction) in trials.iter().zip(bench.run(trials, tables)) {
            match reaction {
                Some(reaction) => ledger.note(trial.subject, &reaction),
                None => afforded = false,
            }
        }
    };
    let mut trials = subjects.trials(bench, &[Kind::Alike, Kind::Unlike, Kind::Removed]);
    trials.extend(surroundings(bench, ledger));
    run(ledger, &trials, bench.tables);
    if let Some(tables) = generous {
        run(ledger, &subjects.trials(bench, &[Kind::Alike]), tables);
    }
    for way in [0, 1] {
        let columns = subjects.columns(bench, way);
        let trials: Vec<Trial> = columns.iter().map(|(_, _, trial)| trial.clone()).collect();
        let tables = generous.unwrap_or(bench.tables);
        for ((path, members, _), reaction) in columns.iter().zip(bench.run(&trials, tables)) {
            match reaction {
                Some(reaction) => ledger.note_joint(path, members, &reaction),
                None => afforded = false,
            }
        }
    }
    afforded
}

/// Changes of what stands beside the bodies.
fn surroundings(bench: &Bench<'_>, ledger: &mut Ledger<'_>) -> Vec<Trial> {
    const EXTRA: &str = "{\"x7\":\"◆\"}";
    let group = &bench.base.group;
    let mut out = Vec::new();
    let mut put = |origin, changes: Vec<Alteration>| {
        let subject = ledger.new_origin(origin);
        out.extend(changes.into_iter().map(|change| Trial { subject, change }));
    };
    let keys = values::texts(&group.key)
        .into_iter()
        .map(Alteration::GroupKey)
        .collect();
    put(Origin::GroupKey, keys);
    put(Origin::GroupExtra, vec![Alteration::GroupExtra(EXTRA.to_owned())]);
    for (record, source) in group.records.iter().enumerate() {
        let key = source.key.clone();
        let keys = values::texts(&key)
            .into_iter()
            .map(|text| Alteration::RecordKey(record, text))
            .collect();
        put(
            Origin::RecordKey {
                record,
                key: key.clone(),
            },
            keys,
        );
        let times = values::texts(&source.received_at).into_iter();
        let times = times.map(|text| Alteration::ReceivedAt(record, text)).collect();
        put(
            Origin::ReceivedAt {
                record,
                key: key.clone(),
            },
            times,
        );
        put(
            Origin::RecordExtra { record, key },
            vec![Alteration::RecordExtra(record, EXTRA.to_owned())],
        );
    }
    out
}
