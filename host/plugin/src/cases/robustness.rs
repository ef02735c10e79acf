//! Robustness: each needed field in turn holds what it should not, and the plugin must still come to a verdict, and
//! what it maps must still suit the target's catalogue. Many changed groups go into one call, because interpreters are
//! slow to start; their number is bounded, and what was left out is told.

use std::collections::HashMap;

use dukou_core::catalogue::Catalogue;

use super::case::parsed;
use super::checks::{Subjected, suitable_before, unsuitable};
use super::mutate::{Change, Place, changed, place_of, places};
use super::outcome::Outcome;
use super::report::{CheckReport, Finding};
use super::subject::{Input, Subject};

/// Changed groups that are made at a time: a huge text each would add up.
const MADE_AT_A_TIME: usize = 200;

/// One change to one case.
struct Try<'a> {
    case: &'a Subjected<'a>,
    place: Place,
    change: Change,
    /// How often the same change was planned on another case before.
    round: usize,
    /// Whether what the plugins before made suits the catalogue.
    suitable: bool,
}

/// Runs the check over the cases of one setup, at most `most` groups.
pub(crate) fn robustness(
    subject: &dyn Subject,
    catalogue: Option<&Catalogue>,
    cases: &[Subjected<'_>],
    most: usize,
    report: &mut CheckReport,
) {
    let mut tries = plan(subject, catalogue, cases);
    // Every field and change once, before any a second time on another case.
    tries.sort_by_key(|one| one.round);
    report.left_out += tries.len().saturating_sub(most);
    tries.truncate(most);
    report.groups += tries.len();
    for part in tries.chunks(MADE_AT_A_TIME) {
        let inputs: Vec<Input> = part.iter().map(Try::input).collect();
        for (one, outcome) in part.iter().zip(subject.run_all(&inputs)) {
            let detail = match &outcome {
                Outcome::Failed(failure) => Some(format!("{}: {}", failure.code, failure.message)),
                _ if one.suitable => catalogue.and_then(|catalogue| unsuitable(&outcome, catalogue)),
                _ => None,
            };
            if let Some(detail) = detail {
                report.found(Finding {
                    case: one.case.name.to_owned(),
                    change: format!("{} {}", one.place.path, one.change.shown()),
                    detail,
                });
            }
        }
    }
}

impl Try<'_> {
    fn input(&self) -> Input {
        let mut input = self.case.projected.clone();
        if let Some(record) = input.group.records.first_mut()
            && let Some(body) = changed(&parsed(&record.body), &self.place, self.change)
        {
            record.body = body.to_string();
        }
        input
    }
}

fn plan<'a>(subject: &dyn Subject, catalogue: Option<&Catalogue>, cases: &'a [Subjected<'a>]) -> Vec<Try<'a>> {
    let mut tries: Vec<Try<'a>> = Vec::new();
    let mut rounds: HashMap<(String, Change), usize> = HashMap::new();
    for case in cases.iter().filter(|case| case.outcome().is_some()) {
        // One record of a group stands for all.
        let Some(record) = case.projected.group.records.first() else {
            continue;
        };
        let body = parsed(&record.body);
        let suitable = catalogue.is_some_and(|catalogue| suitable_before(&case.projected, catalogue));
        let mut all = places(&body);
        for need in subject.needs().paths() {
            let place = place_of(need);
            if need != "*" && !all.iter().any(|known| known.general == place.general) {
                all.push(place);
            }
        }
        for place in all {
            for change in Change::ALL {
                if changed(&body, &place, change).is_none() {
                    continue;
                }
                let round = rounds.entry((place.general.clone(), change)).or_default();
                tries.push(Try {
                    case,
                    place: place.clone(),
                    change,
                    round: *round,
                    suitable,
                });
                *round += 1;
            }
        }
    }
    tries
}

#[cfg(test)]
mod tests;
