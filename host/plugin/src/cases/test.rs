//! The one test of a plugin: its cases, each alone and with 1,000 lines, and the checks on top. Cases with the same
//! settings, environment and tables share one setup; batches are made within a setup.

use std::sync::Arc;
use std::time::Duration;

use dukou_core::catalogue::{Catalogue, closest};

use super::case::{Case, CaseTables};
use super::checks::{self, NeedsSeen, Subjected};
use super::diff::compare;
use super::grow;
use super::outcome::{Failure, Outcome};
use super::report::{CaseReport, CheckName, CheckReport, Cost, Grown, Growth, Refusal, Shares, Status, TestReport};
use super::robustness::{Ground, robustness};
use super::set::CaseSet;
use super::subject::{Input, Sandboxed, Subject, TablesOfCase};
use crate::budget::Usage;
use crate::error::{PluginError, Stage};
use crate::inspect::{Kind, PoolClass};
use crate::plugin::Plugin;
use crate::run::RunReport;
use crate::runtime::Runtime;

/// Answers the time since some moment; comes from outside, because time is told to people only.
pub type Stopwatch = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What is tested.
#[derive(Clone, Default)]
pub struct TestOptions {
    /// Only cases whose name or title contains this.
    pub filter: Option<String>,
    /// Whether each case also runs with 1,000 lines.
    pub grow: bool,
    /// Whether the checks run.
    pub checks: bool,
    /// Changed groups that a check may run; `None` is the usual number for the plugin's class.
    pub most_changes: Option<usize>,
    /// Measures the time of cases.
    pub stopwatch: Option<Stopwatch>,
}

impl TestOptions {
    /// Everything: what an author wants.
    pub fn all() -> Self {
        Self {
            grow: true,
            checks: true,
            ..Self::default()
        }
    }

    fn most_changes(&self, class: PoolClass) -> usize {
        self.most_changes.unwrap_or(match class {
            PoolClass::Compiled => 6_000,
            PoolClass::Interpreted => 2_000,
        })
    }
}

/// Tests a plugin.
///
/// # Errors
/// What is no fault of the plugin: no instance came free, the engine failed.
pub fn test(
    runtime: &Runtime,
    plugin: &Plugin,
    set: &CaseSet,
    options: &TestOptions,
) -> Result<TestReport, PluginError> {
    let chosen: Vec<&Case> = set.cases.iter().filter(|case| wanted(case, options)).collect();
    let mut ran = Vec::new();
    for setup in setups(set, &chosen) {
        ran.push(setup.run(runtime, plugin, set, options)?);
    }
    let checks = if options.checks && !chosen.is_empty() {
        run_checks(&ran, options.most_changes(plugin.inspection().class()))
    } else {
        Vec::new()
    };
    let manifest = plugin.inspection().manifest.as_ref();
    let growth = match options.grow {
        true => growth(&ran, plugin.kind(), manifest.and_then(|one| one.list.as_deref())),
        false => Growth::default(),
    };
    let refusals = ran.iter().filter_map(Ran::refusal).collect();
    let mut cases: Vec<CaseReport> = ran.into_iter().flat_map(|setup| setup.reports).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(TestReport {
        plugin: plugin.name(),
        version: manifest.map(|manifest| manifest.version.clone()),
        kind: plugin.kind(),
        digest: plugin.digest(),
        filtered: set.cases.len() - cases.len(),
        cases,
        checks,
        stale_cost: stale_cost(set),
        refusals,
        growth,
    })
}

fn wanted(case: &Case, options: &TestOptions) -> bool {
    let Some(filter) = &options.filter else { return true };
    let title = case.title.as_ref();
    case.name.contains(filter.as_str()) || title.is_some_and(|title| title.contains(filter.as_str()))
}

fn stale_cost(set: &CaseSet) -> Vec<String> {
    let known = |name: &&String| set.cases.iter().any(|case| case.name == **name);
    let cost = set.cost.iter().flat_map(|cost| cost.keys());
    cost.filter(|name| !known(name)).cloned().collect()
}

/// The cases with the same settings, environment and tables.
struct Setup<'a> {
    settings: &'a str,
    environment: &'a str,
    tables: &'a CaseTables,
    cases: Vec<&'a Case>,
}

fn setups<'a>(set: &'a CaseSet, cases: &[&'a Case]) -> Vec<Setup<'a>> {
    let mut setups: Vec<Setup<'a>> = Vec::new();
    for case in cases {
        let (settings, environment, tables) = (set.settings(case), set.environment(case), set.tables(case));
        let same = setups.iter_mut().find(|setup| {
            setup.settings == settings && setup.environment == environment.text && setup.tables == tables
        });
        match same {
            Some(setup) => setup.cases.push(case),
            None => setups.push(Setup {
                settings,
                environment: &environment.text,
                tables,
                cases: vec![case],
            }),
        }
    }
    setups
}

/// A setup whose cases ran.
struct Ran<'a> {
    /// `None` if the plugin refuses the settings.
    subject: Option<Sandboxed>,
    catalogue: Option<Catalogue>,
    reports: Vec<CaseReport>,
    subjected: Vec<Subjected<'a>>,
}

impl Ran<'_> {
    /// The settings' refusal, if a case did not expect it.
    fn refusal(&self) -> Option<Refusal> {
        let failed = self.reports.iter().filter(|case| case.status == Status::Failed);
        let mut cases: Vec<String> = failed.map(|case| case.name.clone()).collect();
        cases.sort();
        match (&self.subject, self.reports.first().map(|case| &case.outcome)) {
            (None, Some(Outcome::Failed(failure))) if !cases.is_empty() => Some(Refusal {
                failure: failure.clone(),
                cases,
            }),
            _ => None,
        }
    }
}

/// Whether the manifest's list is one, and whether any case grew. Of mappings the list must be among the needs; others
/// may state the source's list and be shown the documents only.
fn growth(ran: &[Ran<'_>], kind: Kind, stated: Option<&str>) -> Growth {
    let cases = ran.iter().flat_map(|setup| &setup.subjected);
    if !cases.clone().any(|case| case.outcome().is_some()) {
        return Growth::default();
    }
    let reports = ran.iter().flat_map(|setup| &setup.reports);
    let mut growth = Growth {
        cases: Some(reports.filter(|report| report.grown.is_some()).count()),
        ..Growth::default()
    };
    let Some(stated) = stated else { return growth };
    let mut lists: Vec<String> = Vec::new();
    for subject in ran.iter().filter_map(|setup| setup.subject.as_ref()) {
        lists.extend(grow::needed_lists(subject.needs()));
    }
    for case in cases {
        let shown = if kind == Kind::Mapping {
            &case.projected
        } else {
            &case.whole
        };
        for record in &shown.group.records {
            lists.extend(grow::lists(&record.body));
        }
    }
    let list = grow::outermost(stated);
    if !lists.iter().any(|known| known == list) {
        growth.unknown_list = Some(stated.to_owned());
        growth.near = closest(list, lists.iter().map(String::as_str)).map(str::to_owned);
    }
    growth
}

impl<'a> Setup<'a> {
    fn run(
        self,
        runtime: &Runtime,
        plugin: &Plugin,
        set: &CaseSet,
        options: &TestOptions,
    ) -> Result<Ran<'a>, PluginError> {
        let mut ran = Ran {
            subject: None,
            catalogue: checks::target_catalogue(self.environment),
            reports: Vec::new(),
            subjected: Vec::new(),
        };
        match runtime.configure(plugin, self.settings, self.environment) {
            Ok(prepared) => {
                let subject = Sandboxed {
                    prepared,
                    tables: TablesOfCase::shared(self.tables),
                };
                let stated = plugin
                    .inspection()
                    .manifest
                    .as_ref()
                    .and_then(|one| one.list.as_deref());
                let list = grow::list_of(stated, subject.needs());
                for case in self.cases {
                    let cost = cost_of(set, case);
                    run_case(&subject, plugin.kind(), case, list.as_deref(), &cost, options, &mut ran)?;
                }
                ran.subject = Some(subject);
            }
            Err(error) if error.is_plugins_fault() => {
                for case in self.cases {
                    let (run, cost) = (failed(error.clone()), cost_of(set, case));
                    ran.reports.push(report(case, run, Shares::default(), &cost));
                }
            }
            Err(error) => return Err(error),
        }
        Ok(ran)
    }
}

/// How a case's fuel is judged.
fn cost_of(set: &CaseSet, case: &Case) -> impl Fn(u64) -> Cost {
    let accepted = set.cost.as_ref().map(|cost| cost.get(&case.name).copied());
    move |fuel| match accepted {
        None => Cost::Unknown,
        Some(None) => Cost::New,
        Some(Some(accepted)) => Cost::of(fuel, accepted),
    }
}

fn run_case<'a>(
    subject: &Sandboxed,
    kind: Kind,
    case: &'a Case,
    list: Option<&str>,
    cost: &dyn Fn(u64) -> Cost,
    options: &TestOptions,
    ran: &mut Ran<'a>,
) -> Result<(), PluginError> {
    let whole = Input {
        group: case.group.clone(),
        before: case.made_before(),
    };
    let problem = match whole.projected(subject.needs()) {
        Ok(_) if kind != Kind::Mapping && case.before.is_none() => Failure {
            code: "case.before",
            message: format!("a case of a plugin of kind {} needs `before`", kind.as_str()),
            frames: Vec::new(),
        },
        Err(failure) => failure,
        Ok(projected) => {
            let started = options.stopwatch.as_ref().map(|now| now());
            let alone = subject.run(std::slice::from_ref(&projected));
            let ended = options.stopwatch.as_ref().map(|now| now());
            if let Err(error) = &alone.result
                && !error.is_plugins_fault()
            {
                return Err(error.clone());
            }
            let shares = Shares::of(&alone.usage, subject.budgets(), 1);
            let mut report = report(case, alone.clone(), shares, cost);
            report.time = ended.zip(started).map(|(ended, started)| ended.saturating_sub(started));
            if options.grow && alone.result.is_ok() {
                report.grown = grown(subject, &projected, list);
                if report.grown.as_ref().is_some_and(|grown| !grown.fits()) {
                    report.status = Status::Failed;
                }
            }
            ran.reports.push(report);
            ran.subjected.push(Subjected {
                name: &case.name,
                whole,
                projected,
                alone,
            });
            return Ok(());
        }
    };
    let mut report = report(case, failed(PluginError::Stack), Shares::default(), cost);
    report.differences = match &case.expect {
        Some(expect) => compare(expect, &Outcome::Failed(problem.clone())),
        None => Vec::new(),
    };
    report.outcome = Outcome::Failed(problem);
    report.status = Status::Failed;
    ran.reports.push(report);
    Ok(())
}

fn failed(error: PluginError) -> RunReport<Vec<Outcome>> {
    RunReport {
        result: Err(error),
        stage: Stage::Configure,
        usage: Usage::default(),
        log: Vec::new(),
    }
}

fn grown(subject: &dyn Subject, input: &Input, list: Option<&str>) -> Option<Grown> {
    let (input, list) = grow::grown(input, list, grow::LINES)?;
    let run = subject.run(std::slice::from_ref(&input));
    let shares = Shares::of(&run.usage, subject.budgets(), 1);
    Some(Grown {
        list,
        lines: grow::LINES,
        usage: run.usage,
        shares,
        outcome: outcome_of(&run),
    })
}

fn outcome_of(run: &RunReport<Vec<Outcome>>) -> Outcome {
    match &run.result {
        Ok(outcomes) => outcomes.first().cloned().unwrap_or(Outcome::Passed),
        Err(error) => Outcome::Failed(Failure::from(error)),
    }
}

fn report(case: &Case, run: RunReport<Vec<Outcome>>, shares: Shares, cost: &dyn Fn(u64) -> Cost) -> CaseReport {
    let outcome = outcome_of(&run);
    let differences = case.expect.as_ref().map(|expect| compare(expect, &outcome));
    // A plugin that gives no verdict is never just new.
    let status = match &differences {
        None if matches!(outcome, Outcome::Failed(_)) => Status::Failed,
        None => Status::New,
        Some(differences) if differences.is_empty() => Status::Passed,
        Some(_) => Status::Failed,
    };
    CaseReport {
        name: case.name.clone(),
        title: case.title.clone(),
        status,
        outcome,
        differences: differences.unwrap_or_default(),
        usage: run.usage,
        shares,
        cost: cost(run.usage.fuel),
        grown: None,
        log: run.log,
        time: None,
    }
}

fn run_checks(ran: &[Ran<'_>], most: usize) -> Vec<CheckReport> {
    let mut determinism = CheckReport::new(CheckName::Determinism);
    let mut batches = CheckReport::new(CheckName::Batches);
    let mut projection = CheckReport::new(CheckName::Projection);
    let mut documents = CheckReport::new(CheckName::Documents);
    let mut robust = CheckReport::new(CheckName::Robustness);
    let mut needs = NeedsSeen::default();
    let most_a_setup = most.div_ceil(ran.len().max(1));
    let mut grounds = Vec::new();
    for (index, setup) in ran.iter().enumerate() {
        let Some(subject) = &setup.subject else { continue };
        let others = ran.iter().enumerate().filter(|(other, _)| *other != index);
        let strangers: Vec<&Input> = others
            .flat_map(|(_, other)| other.subjected.iter().map(|case| &case.whole))
            .collect();
        checks::determinism(subject, &setup.subjected, &mut determinism);
        checks::batches(subject, &setup.subjected, &strangers, &mut batches);
        checks::projection(subject, &setup.subjected, most_a_setup, &mut needs, &mut projection);
        if let Some(catalogue) = &setup.catalogue {
            checks::documents(catalogue, &setup.subjected, &mut documents);
        }
        grounds.push(Ground {
            subject,
            catalogue: setup.catalogue.as_ref(),
            cases: &setup.subjected,
        });
    }
    robustness(&grounds, most, &mut robust);
    let is = |list: &[String], need: &String| list.contains(need);
    let unused = |need: &&String| is(&needs.present, need) && !is(&needs.useful, need) && !is(&needs.untried, need);
    projection.unused_needs = needs.all.iter().filter(unused).cloned().collect();
    projection.unseen_needs = needs
        .all
        .iter()
        .filter(|need| !is(&needs.present, need))
        .cloned()
        .collect();
    vec![determinism, batches, projection, documents, robust]
}
