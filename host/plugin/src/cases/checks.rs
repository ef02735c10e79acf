//! The checks that an author gets for free, each over the cases of one setup: determinism, batch independence,
//! soundness of the projection, documents that suit the catalogue. Robustness is a file of its own.

use dukou_core::catalogue::{Catalogue, Field};
use dukou_core::document;
use serde_json::Value;

use super::case::{Expect, parsed};
use super::diff::{Difference, compare, cut};
use super::mutate;
use super::outcome::{Failure, Outcome};
use super::report::{CheckReport, Finding};
use super::subject::{Input, Subject};
use crate::run::RunReport;

/// Groups of strangers that join a batch.
const MOST_MATES: usize = 8;
/// Seeds of the two shuffles; fixed, so that a finding can be repeated.
const SHUFFLES: [u64; 2] = [0x00D0_C0DE, 0x5EED];

/// A case that ran, as the checks see it.
pub(crate) struct Subjected<'a> {
    pub(crate) name: &'a str,
    /// Whole, as the case has it.
    pub(crate) whole: Input,
    /// As the plugin's projection shows it.
    pub(crate) projected: Input,
    /// What came of it alone.
    pub(crate) alone: RunReport<Vec<Outcome>>,
}

impl Subjected<'_> {
    /// The verdict; `None` if the plugin failed.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.alone.result.as_ref().ok().and_then(|outcomes| outcomes.first())
    }
}

/// Two runs are equal to the byte: verdict, fuel, memory, log.
pub(crate) fn determinism(subject: &dyn Subject, cases: &[Subjected<'_>], report: &mut CheckReport) {
    for case in cases {
        let again = subject.run(std::slice::from_ref(&case.projected));
        report.groups += 1;
        if again == case.alone {
            continue;
        }
        let detail = match (&case.alone.result, &again.result) {
            (Ok(first), Ok(second)) if first != second => match (first.first(), second.first()) {
                (Some(first), Some(second)) => describe(first, second),
                _ => "another number of verdicts".to_owned(),
            },
            (Err(first), Err(second)) if first != second => format!("{first}; then {second}"),
            (Ok(_), Err(error)) => format!("the second run ended with {}: {error}", error.code()),
            (Err(error), Ok(_)) => format!("only the first run ended with {}: {error}", error.code()),
            _ if case.alone.usage.fuel != again.usage.fuel => {
                format!("fuel {} → {}", case.alone.usage.fuel, again.usage.fuel)
            }
            _ if case.alone.log != again.log => "another log".to_owned(),
            _ => format!("usage {:?} → {:?}", case.alone.usage, again.usage),
        };
        report.found(Finding {
            case: case.name.to_owned(),
            change: String::new(),
            detail,
        });
    }
}

/// Alone, together, and in other orders: the same verdicts. `strangers` are groups of other setups that join in; a case
/// that is still alone is joined by its own copy under another key.
pub(crate) fn batches(subject: &dyn Subject, cases: &[Subjected<'_>], strangers: &[&Input], report: &mut CheckReport) {
    let cases: Vec<&Subjected<'_>> = cases.iter().filter(|case| case.outcome().is_some()).collect();
    if cases.is_empty() {
        return;
    }
    let mates = mates(subject, &cases, strangers);
    report.groups += mates.len();
    let together: Vec<usize> = (0..cases.len() + mates.len()).collect();
    if together.len() < 2 {
        return;
    }
    let mut orders = vec![("together", together.clone())];
    for seed in SHUFFLES {
        orders.push(("shuffled", shuffled(together.clone(), seed)));
    }
    for (how, order) in orders {
        for part in order.chunks(100) {
            let inputs: Vec<Input> = part
                .iter()
                .filter_map(|index| match cases.get(*index) {
                    Some(case) => Some(case.projected.clone()),
                    None => mates.get(index - cases.len()).cloned(),
                })
                .collect();
            report.groups += inputs.len();
            let run = subject.run(&inputs);
            match run.result {
                Ok(outcomes) => {
                    for (index, outcome) in part.iter().zip(&outcomes) {
                        let Some(case) = cases.get(*index) else { continue };
                        let Some(alone) = case.outcome() else { continue };
                        if alone != outcome {
                            report.found(Finding {
                                case: case.name.to_owned(),
                                change: how.to_owned(),
                                detail: describe(alone, outcome),
                            });
                        }
                    }
                }
                Err(error) => {
                    let names = part.iter().filter_map(|index| cases.get(*index)).map(|case| case.name);
                    report.found(Finding {
                        case: names.collect::<Vec<_>>().join(", "),
                        change: how.to_owned(),
                        detail: format!("{}: {error}", error.code()),
                    });
                }
            }
        }
    }
}

/// Groups that this setup gives a verdict on, with keys that no case has.
fn mates(subject: &dyn Subject, cases: &[&Subjected<'_>], strangers: &[&Input]) -> Vec<Input> {
    let mut keys: Vec<&str> = cases.iter().map(|case| case.projected.group.key.as_str()).collect();
    let mut candidates = Vec::new();
    for stranger in strangers {
        let key = stranger.group.key.as_str();
        if candidates.len() == MOST_MATES || keys.contains(&key) {
            continue;
        }
        if let Ok(projected) = stranger.projected(subject.needs()) {
            keys.push(key);
            candidates.push(projected);
        }
    }
    if let ([only], true) = (cases, candidates.is_empty()) {
        let mut twin = only.projected.clone();
        twin.group.key.push_str("-twin");
        candidates.push(twin);
    }
    let outcomes = subject.run_all(&candidates);
    let pairs = candidates.into_iter().zip(outcomes);
    pairs
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Failed(_)))
        .map(|(candidate, _)| candidate)
        .collect()
}

fn shuffled(mut order: Vec<usize>, seed: u64) -> Vec<usize> {
    let mut state = seed;
    for last in (1..order.len()).rev() {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let other = usize::try_from(mixed % (last as u64 + 1)).unwrap_or(0);
        order.swap(last, other);
    }
    order
}

/// The needs of one setup: which of them made a difference, and which were in any case at all.
#[derive(Default)]
pub(crate) struct NeedsSeen {
    /// Every need of any setup, in order.
    pub(crate) all: Vec<String>,
    pub(crate) useful: Vec<String>,
    pub(crate) present: Vec<String>,
    /// Needs that were not tried on every case, to bound the time.
    pub(crate) untried: Vec<String>,
}

/// The whole record and the projected one give the same verdict; and which needs matter.
pub(crate) fn projection(
    subject: &dyn Subject,
    cases: &[Subjected<'_>],
    most: usize,
    seen: &mut NeedsSeen,
    report: &mut CheckReport,
) {
    let needs = subject.needs();
    if needs.is_whole() {
        return;
    }
    let cases: Vec<&Subjected<'_>> = cases.iter().filter(|case| case.outcome().is_some()).collect();
    let wholes: Vec<Input> = cases.iter().map(|case| case.whole.clone()).collect();
    report.groups += wholes.len();
    for (case, whole) in cases.iter().zip(subject.run_all(&wholes)) {
        if let Some(projected) = case.outcome()
            && *projected != whole
        {
            report.found(Finding {
                case: case.name.to_owned(),
                change: String::new(),
                detail: describe(projected, &whole),
            });
        }
    }
    let mut tries = Vec::new();
    for need in needs.paths() {
        remember(&mut seen.all, need);
        let without: Vec<(usize, Input)> = cases
            .iter()
            .enumerate()
            .filter_map(|(index, case)| Some((index, without(&case.projected, need)?)))
            .collect();
        if without.is_empty() {
            continue;
        }
        remember(&mut seen.present, need);
        if tries.len() + without.len() > most {
            report.left_out += without.len();
            remember(&mut seen.untried, need);
            continue;
        }
        tries.extend(without.into_iter().map(|(index, input)| (need, index, input)));
    }
    let inputs: Vec<Input> = tries.iter().map(|(_, _, input)| input.clone()).collect();
    report.groups += inputs.len();
    for ((need, index, _), outcome) in tries.iter().zip(subject.run_all(&inputs)) {
        if cases.get(*index).and_then(|case| case.outcome()) != Some(&outcome) {
            remember(&mut seen.useful, need);
        }
    }
}

fn remember(list: &mut Vec<String>, path: &str) {
    if !list.iter().any(|known| known == path) {
        list.push(path.to_owned());
    }
}

fn without(input: &Input, need: &str) -> Option<Input> {
    let mut out = input.clone();
    let mut found = false;
    for record in &mut out.group.records {
        if let Some(body) = mutate::without(&parsed(&record.body), need) {
            record.body = body.to_string();
            found = true;
        }
    }
    found.then_some(out)
}

/// The target's catalogue out of an environment, if it has one that can be read.
pub(crate) fn target_catalogue(environment: &str) -> Option<Catalogue> {
    let environment: Value = serde_json::from_str(environment).ok()?;
    let target = environment.get("target")?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let fields = target
        .get("fields")?
        .as_array()?
        .iter()
        .map(|field| {
            Some(Field {
                path: text(field, "path")?,
                label: text(field, "label").unwrap_or_default(),
                kind: serde_json::from_value(field.get("type")?.clone()).ok()?,
                by: text(field, "by"),
                required: flag(field, "required"),
                personal: flag(field, "personal"),
            })
        })
        .collect::<Option<_>>()?;
    Some(Catalogue {
        system: text(target, "system").unwrap_or_default(),
        api: text(target, "api").unwrap_or_default(),
        title: text(target, "title").unwrap_or_default(),
        wrapper: text(target, "wrapper"),
        request: Vec::new(),
        fields,
    })
}

/// What the host's own check says of the documents of `outcome`; the delivery key is the scheme's business, so it is
/// not asked for.
pub(crate) fn unsuitable(outcome: &Outcome, catalogue: &Catalogue) -> Option<String> {
    let Outcome::Mapped(mapped) = outcome else { return None };
    mapped.documents.iter().find_map(|made| {
        document::check(&made.body, catalogue, "", "")
            .into_iter()
            .find(|violation| violation.code != "document.key")
            .map(|violation| {
                let path = violation.target_path.unwrap_or_default();
                format!("{} {path}: {}", violation.code, violation.message)
            })
    })
}

/// Whether what the plugins before made suits the catalogue, so that what this one makes of it must as well.
pub(crate) fn suitable_before(input: &Input, catalogue: &Catalogue) -> bool {
    unsuitable(&Outcome::Mapped(input.before.clone()), catalogue).is_none()
}

/// Documents suit the target's catalogue.
pub(crate) fn documents(catalogue: &Catalogue, cases: &[Subjected<'_>], report: &mut CheckReport) {
    for case in cases {
        let Some(outcome) = case.outcome() else { continue };
        if !suitable_before(&case.projected, catalogue) {
            report.left_out += 1;
            continue;
        }
        report.groups += 1;
        if let Some(detail) = unsuitable(outcome, catalogue) {
            report.found(Finding {
                case: case.name.to_owned(),
                change: String::new(),
                detail,
            });
        }
    }
}

/// The first difference between two outcomes of the same group, in words.
pub(crate) fn describe(first: &Outcome, second: &Outcome) -> String {
    if let Outcome::Failed(Failure { code, message, .. }) = second {
        return format!("{code}: {message}");
    }
    let differences = compare(&with_everything(first), second);
    match differences.first() {
        Some(Difference {
            path, expected, actual, ..
        }) => {
            let side = |text: &Option<String>| text.as_deref().map_or_else(|| "∅".to_owned(), |text| cut(text, 120));
            let colon = if path.is_empty() { "" } else { ": " };
            format!("{path}{colon}{} → {}", side(expected), side(actual))
        }
        // Spaces within a document are no difference to people.
        None => "the same values in another writing".to_owned(),
    }
}

fn with_everything(outcome: &Outcome) -> Expect {
    let mut expect = Expect::of(outcome, None);
    if let (Expect::Rejected(list), Outcome::Rejected(violations)) = (&mut expect, outcome) {
        for (expected, violation) in list.iter_mut().zip(violations) {
            expected.message = Some(violation.message.clone());
        }
    }
    expect
}

#[cfg(test)]
pub(crate) mod tests;
