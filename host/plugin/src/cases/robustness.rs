//! Robustness: each needed field in turn holds what it should not, and the plugin must still come to a verdict, and
//! what it maps must still suit the target's catalogue. The documents of the plugins before are changed as well. Many
//! changed groups go into one call, because interpreters are slow to start; their number is bounded for all setups
//! together, and what was left out is told.

use std::collections::HashMap;

use dukou_core::catalogue::Catalogue;
use serde_json::Value;

use super::case::parsed;
use super::checks::{Subjected, suitable_before, unsuitable};
use super::mutate::{Change, Place, changed, place_of, places};
use super::outcome::Outcome;
use super::report::{CheckReport, Finding};
use super::subject::{Input, Subject};

/// Changed groups that are made at a time: a huge text each would add up.
const MADE_AT_A_TIME: usize = 200;

/// Cases with one setup, and the plugin under it.
pub(crate) struct Ground<'a> {
    pub(crate) subject: &'a dyn Subject,
    pub(crate) catalogue: Option<&'a Catalogue>,
    pub(crate) cases: &'a [Subjected<'a>],
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// The first record: one of a group stands for all.
    Record,
    /// The first document of the plugins before.
    Document,
}

/// One change to one case.
struct Try<'a> {
    /// Which ground the case stands on.
    ground: usize,
    case: &'a Subjected<'a>,
    part: Part,
    place: Place,
    change: Change,
    /// Which of the changes it is: the likeliest come first.
    nth: usize,
    /// How often the same change was planned on another case before, whatever its setup.
    round: usize,
    /// Whether what the plugins before made suits the catalogue.
    suitable: bool,
}

/// What the changes of one body have in common.
#[derive(Clone, Copy)]
struct Seed<'a> {
    ground: usize,
    case: &'a Subjected<'a>,
    part: Part,
    suitable: bool,
}

/// Runs the check over the cases of all setups, at most `most` groups together.
pub(crate) fn robustness(grounds: &[Ground<'_>], most: usize, report: &mut CheckReport) {
    let mut tries = plan(grounds);
    // Every field and change once, before any a second time on another case.
    tries.sort_by_key(|one| (one.round, one.nth));
    let left_out = tries.split_off(most.min(tries.len()));
    report.left_out += left_out.len();
    report.untried += left_out.iter().filter(|one| one.round == 0).count();
    report.groups += tries.len();
    tries.sort_by_key(|one| one.ground);
    for same in tries.chunk_by(|a, b| a.ground == b.ground) {
        let Some(ground) = same.first().and_then(|one| grounds.get(one.ground)) else {
            continue;
        };
        for part in same.chunks(MADE_AT_A_TIME) {
            run(ground, part, report);
        }
    }
}

fn run(ground: &Ground<'_>, tries: &[Try<'_>], report: &mut CheckReport) {
    let inputs: Vec<Input> = tries.iter().map(Try::input).collect();
    for (one, outcome) in tries.iter().zip(ground.subject.run_all(&inputs)) {
        let detail = match &outcome {
            Outcome::Failed(failure) => Some(format!("{}: {}", failure.code, failure.message)),
            _ if one.suitable => ground.catalogue.and_then(|catalogue| unsuitable(&outcome, catalogue)),
            _ => None,
        };
        if let Some(detail) = detail {
            report.found(Finding {
                case: one.case.name.to_owned(),
                change: one.shown(),
                detail,
            });
        }
    }
}

impl Try<'_> {
    fn input(&self) -> Input {
        let mut input = self.case.projected.clone();
        let body = match self.part {
            Part::Record => input.group.records.first_mut().map(|record| &mut record.body),
            Part::Document => input.before.documents.first_mut().map(|document| &mut document.body),
        };
        if let Some(body) = body
            && let Some(after) = changed(&parsed(body), &self.place, self.change)
        {
            *body = after.to_string();
        }
        input
    }

    /// For people; the documents are told as in a case's file.
    fn shown(&self) -> String {
        let part = match self.part {
            Part::Record => "",
            Part::Document => "before.documents[0].body.",
        };
        format!("{part}{} {}", self.place.path, self.change.shown())
    }
}

/// Rounds of each change of each place; one map for all setups.
type Rounds = HashMap<(Part, String, Change), usize>;

fn plan<'a>(grounds: &[Ground<'a>]) -> Vec<Try<'a>> {
    let mut tries: Vec<Try<'a>> = Vec::new();
    let mut rounds = Rounds::new();
    for (at, ground) in grounds.iter().enumerate() {
        for case in ground.cases.iter().filter(|case| case.outcome().is_some()) {
            plan_records(at, ground, case, &mut rounds, &mut tries);
            plan_documents(at, case, &mut rounds, &mut tries);
        }
    }
    tries
}

fn plan_records<'a>(
    at: usize,
    ground: &Ground<'a>,
    case: &'a Subjected<'a>,
    rounds: &mut Rounds,
    tries: &mut Vec<Try<'a>>,
) {
    let Some(record) = case.projected.group.records.first() else {
        return;
    };
    let body = parsed(&record.body);
    let mut all = places(&body);
    for need in ground.subject.needs().paths() {
        let place = place_of(need);
        if need != "*" && !all.iter().any(|known| known.general == place.general) {
            all.push(place);
        }
    }
    let seed = Seed {
        ground: at,
        case,
        part: Part::Record,
        suitable: ground
            .catalogue
            .is_some_and(|catalogue| suitable_before(&case.projected, catalogue)),
    };
    plan_places(seed, &body, &all, &Change::ALL, rounds, tries);
}

/// What an adjustment or a validation is given beside the record. Nobody promises it that the plugins before wrote
/// everything, so a verdict is all that is asked of it.
fn plan_documents<'a>(at: usize, case: &'a Subjected<'a>, rounds: &mut Rounds, tries: &mut Vec<Try<'a>>) {
    let Some(document) = case.projected.before.documents.first() else {
        return;
    };
    let body = parsed(&document.body);
    let seed = Seed {
        ground: at,
        case,
        part: Part::Document,
        suitable: false,
    };
    plan_places(seed, &body, &places(&body), &Change::OF_DOCUMENTS, rounds, tries);
}

fn plan_places<'a>(
    seed: Seed<'a>,
    body: &Value,
    places: &[Place],
    changes: &[Change],
    rounds: &mut Rounds,
    tries: &mut Vec<Try<'a>>,
) {
    for place in places {
        for (nth, change) in changes.iter().enumerate() {
            if changed(body, place, *change).is_none() {
                continue;
            }
            let round = rounds.entry((seed.part, place.general.clone(), *change)).or_default();
            tries.push(Try {
                place: place.clone(),
                change: *change,
                nth,
                round: *round,
                ground: seed.ground,
                case: seed.case,
                part: seed.part,
                suitable: seed.suitable,
            });
            *round += 1;
        }
    }
}

#[cfg(test)]
mod tests;
