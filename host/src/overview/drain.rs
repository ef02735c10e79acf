//! Fix and drain for people and machines: the prediction before anything is sent, and what came of it, each part with
//! count and money. Messages are masked; a prediction says "would map", never "would succeed".

use std::collections::BTreeMap;
use std::fmt::Display;

use dukou_core::digest::Digest;
use dukou_core::drain::{AtTarget, Came, Forecast, Foretold, GoOn, Part};
use dukou_store::rows::Tally;
use serde_json::{Value, json};

use super::plan::{self, Plan};
use super::said::said;
use super::text::{argument, clean, count, money, short, table};
use super::{Lens, mask};
use crate::pipeline::drain::Asked;

/// How many groups of one part the text lists.
const LISTED: usize = 10;
/// The most characters of a message in a list.
const MESSAGE: usize = 120;

/// A prediction with what it rests on.
pub struct Outlook<'a> {
    /// What was matched, and what of it is left alone whatever the mapping says.
    pub plan: &'a Plan,
    /// How many problems matched.
    pub problems: u64,
    /// The deployment whose version it was made with; `None`: the files as they are.
    pub deployment: Option<u64>,
    /// That version's recipe.
    pub recipe: Digest,
    /// Files that differ from what is in force.
    pub undeployed: &'a [String],
    /// One for each group that may be mapped again.
    pub forecasts: &'a [Forecast],
    /// The open problem of each group, to name in commands.
    pub ids: &'a BTreeMap<String, u64>,
    /// Groups that were matched and that the store no longer has.
    pub gone: u64,
    /// How asking the target went; `None`: nobody asked.
    pub asked: Option<&'a Asked>,
}

impl Outlook<'_> {
    /// The groups of each part.
    fn parts(&self) -> BTreeMap<Part, Tally> {
        let mut parts: BTreeMap<Part, Tally> = BTreeMap::new();
        for forecast in self.forecasts {
            add(parts.entry(forecast.part()).or_default(), forecast);
        }
        parts
    }

    /// Groups that are left alone because of something that is or may be written.
    fn left(&self) -> u64 {
        let mut groups: Vec<&str> = self.plan.left.iter().map(|left| left.key.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len() as u64 + self.gone
    }
}

fn add(tally: &mut Tally, forecast: &Forecast) {
    tally.count += 1;
    tally.amount = forecast
        .amount
        .and_then(|amount| tally.amount.checked_add(amount))
        .unwrap_or(tally.amount);
}

/// What the target said, counted by document of the groups that would map: absent, there, unclear, not asked.
fn answers(forecasts: &[Forecast]) -> [u64; 4] {
    let mut counts = [0; 4];
    for answer in forecasts.iter().flat_map(|forecast| &forecast.at_target) {
        let place = match answer {
            AtTarget::Absent => 0,
            AtTarget::There { .. } => 1,
            AtTarget::Unclear(_) => 2,
            AtTarget::NotAsked => 3,
        };
        counts[place] += 1;
    }
    counts
}

/// The prediction for people.
pub fn text(lens: &Lens<'_>, outlook: &Outlook<'_>) -> String {
    let lang = lens.lang;
    let t = |key: &str, arguments: &[(&str, &dyn Display)]| format!("{}\n", lang.text(key, arguments));
    let recipe = outlook.recipe.short();
    let mut out = match outlook.deployment {
        Some(id) => t("drain.version", &[("id", &id), ("recipe", &recipe)]),
        None => t("drain.version-files", &[("recipe", &recipe)]),
    };
    if !outlook.undeployed.is_empty() {
        let files: Vec<String> = outlook.undeployed.iter().map(|name| clean(name)).collect();
        let key = if outlook.deployment.is_some() {
            "drain.undeployed"
        } else {
            "drain.undeployed-used"
        };
        out.push_str(&t(key, &[("files", &files.join(", "))]));
    }
    let groups = outlook.forecasts.len() as u64 + outlook.left();
    out.push_str(&t(
        "drain.of",
        &[("problems", &count(outlook.problems)), ("groups", &count(groups))],
    ));
    let parts = outlook.parts();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for part in Part::ALL {
        let tally = parts.get(&part).copied().unwrap_or_default();
        if tally.count > 0 || matches!(part, Part::Map | Part::Skip | Part::Reject | Part::Exists) {
            let label = format!("  {}", lang.t(&format!("drain.part.{}", part.word())));
            rows.push(vec![label, count(tally.count), money(tally.amount)]);
        }
    }
    rows.push(vec![
        format!("  {}", lang.t("drain.part.left")),
        count(outlook.left()),
        String::new(),
    ]);
    out.push_str(&table(lens, &[], &rows, &[1, 2]));
    out.push_str(&asked_text(lens, outlook));
    for part in [Part::Reject, Part::Fail, Part::Skip, Part::Exists, Part::Undecided] {
        out.push_str(&list_text(lens, outlook, part));
    }
    out
}

fn asked_text(lens: &Lens<'_>, outlook: &Outlook<'_>) -> String {
    let [absent, there, unclear, not_asked] = answers(outlook.forecasts).map(count);
    let lang = lens.lang;
    let documents: usize = outlook.forecasts.iter().map(|forecast| forecast.at_target.len()).sum();
    if documents == 0 {
        return String::new();
    }
    let Some(asked) = outlook.asked else {
        return format!("{}\n", lang.text("drain.not-asked", &[("count", &not_asked)]));
    };
    let mut out = lang.text(
        "drain.asked",
        &[
            ("absent", &absent),
            ("there", &there),
            ("unclear", &unclear),
            ("not_asked", &not_asked),
        ],
    );
    out.push('\n');
    let first = outlook.forecasts.iter().flat_map(|forecast| &forecast.at_target);
    let reason = first.clone().find_map(|answer| match answer {
        AtTarget::Unclear(reason) => Some(reason.as_str()),
        _ => None,
    });
    if let Some(reason) = asked.ended.as_deref().or(reason) {
        let reason = short(&mask::message(lens, reason, &[]), MESSAGE);
        out.push_str(&format!("{}\n", lang.text("drain.unclear", &[("reason", &reason)])));
    }
    out
}

fn list_text(lens: &Lens<'_>, outlook: &Outlook<'_>, part: Part) -> String {
    let members = || outlook.forecasts.iter().filter(move |forecast| forecast.part() == part);
    let total = members().count();
    if total == 0 {
        return String::new();
    }
    let mut out = format!("{}\n", lens.lang.t(&format!("drain.list.{}", part.word())));
    for forecast in members().take(LISTED) {
        out.push_str(&format!("  {}", clean(&forecast.group)));
        let mut more = None;
        match &forecast.fate {
            Foretold::Problem {
                code, path, message, ..
            } => {
                let path = path
                    .as_deref()
                    .map_or(String::new(), |path| format!(" {}", short(path, 80)));
                let message = said(lens.lang, code, message);
                let message = short(&mask::message(lens, &message, &[]), MESSAGE);
                out.push_str(&format!(" [{}]{path} {message}", clean(code)));
            }
            Foretold::Skip(reason) => {
                let reason = said(lens.lang, "skipped", reason);
                out.push_str(&format!(" {}", short(&mask::message(lens, &reason, &[]), MESSAGE)));
            }
            Foretold::Map(_) => {
                out.push_str(&format!(" {}", there_text(lens, forecast)));
                more = outlook.ids.get(&forecast.group).map(|id| settle_command(*id));
            }
            Foretold::Undecided => {}
        }
        out.push('\n');
        if let Some(command) = more {
            out.push_str(&format!("    → {command}\n"));
        }
    }
    if total > LISTED {
        let rest = count((total - LISTED) as u64);
        out.push_str(&format!("  {}\n", lens.lang.text("drain.more", &[("count", &rest)])));
    }
    out
}

/// The verb for a group that the target has already.
fn settle_command(id: u64) -> String {
    format!("dukou problem resolve {id} --note TEXT --yes")
}

fn there_text(lens: &Lens<'_>, forecast: &Forecast) -> String {
    let there = forecast.at_target.iter().find_map(|answer| match answer {
        AtTarget::There { reference, differ } => Some((reference.as_deref().unwrap_or("?"), differ)),
        _ => None,
    });
    let Some((reference, differ)) = there else {
        return String::new();
    };
    let reference = short(reference, 40);
    match differ {
        Some(0) => lens.lang.text("drain.there-same", &[("reference", &reference)]),
        Some(fields) => {
            let arguments: [(&str, &dyn Display); 2] = [("reference", &reference), ("fields", fields)];
            lens.lang.text("drain.there-other", &arguments)
        }
        None => lens.lang.text("drain.there-unseen", &[("reference", &reference)]),
    }
}

/// The prediction for machines, every group of it.
pub fn to_json(lens: &Lens<'_>, outlook: &Outlook<'_>) -> Value {
    let parts = outlook.parts();
    let mut would = serde_json::Map::new();
    for part in Part::ALL {
        let tally = parts.get(&part).copied().unwrap_or_default();
        would.insert(part.word().to_owned(), tally_json(tally));
    }
    let [absent, there, unclear, not_asked] = answers(outlook.forecasts);
    let groups: Vec<Value> = outlook
        .forecasts
        .iter()
        .map(|forecast| group_json(lens, outlook, forecast))
        .collect();
    json!({
        "problems": outlook.problems,
        "groups": outlook.forecasts.len() as u64 + outlook.left(),
        "deployment": outlook.deployment.map(|id| id.to_string()),
        "recipe": outlook.recipe.to_string(),
        "with_files": outlook.deployment.is_none(),
        "undeployed": outlook.undeployed,
        "would": would,
        "left": outlook.left(),
        "asked": outlook.asked.map(|asked| json!({
            "documents": asked.asked, "absent": absent, "there": there, "unclear": unclear, "not_asked": not_asked,
            "ended": asked.ended.as_deref().map(|reason| mask::message(lens, reason, &[])),
        })),
        "forecasts": groups,
    })
}

fn tally_json(tally: Tally) -> Value {
    json!({ "groups": tally.count, "amount": tally.amount.to_string() })
}

fn group_json(lens: &Lens<'_>, outlook: &Outlook<'_>, forecast: &Forecast) -> Value {
    let masked = |text: &str| mask::message(lens, text, &[]);
    let mut value = json!({
        "group": forecast.group,
        "would": forecast.part().word(),
        "amount": forecast.amount.map(|amount| amount.to_string()),
        "recipe": forecast.recipe.to_string(),
    });
    match &forecast.fate {
        Foretold::Map(documents) => {
            let documents: Vec<Value> = documents
                .iter()
                .zip(&forecast.at_target)
                .map(|((key, body), answer)| {
                    let mut entry = json!({ "key": key, "bytes": body.len() });
                    let (word, rest) = match answer {
                        AtTarget::NotAsked => ("not-asked", Value::Null),
                        AtTarget::Absent => ("absent", Value::Null),
                        AtTarget::There { reference, differ } => {
                            ("there", json!({ "reference": reference, "fields_differ": differ }))
                        }
                        AtTarget::Unclear(reason) => ("unclear", json!({ "reason": masked(reason) })),
                    };
                    entry["at_target"] = word.into();
                    if let Value::Object(rest) = rest {
                        entry["found"] = Value::Object(rest);
                    }
                    entry
                })
                .collect();
            value["documents"] = documents.into();
            if forecast.part() == Part::Exists
                && let Some(id) = outlook.ids.get(&forecast.group)
            {
                value["command"] = settle_command(*id).into();
            }
        }
        Foretold::Skip(reason) => value["reason"] = masked(reason).into(),
        Foretold::Problem {
            kind,
            code,
            path,
            message,
        } => {
            value["kind"] = kind.word().into();
            value["code"] = code.clone().into();
            value["path"] = path.clone().into();
            value["message"] = masked(message).into();
        }
        Foretold::Undecided => {}
    }
    value
}

/// A drain that ended, whole or not.
pub struct Drained<'a> {
    /// What was to be drained, with what came of it; `None`: not begun.
    pub groups: &'a [(&'a Forecast, Option<Came>)],
    /// What stopped it.
    pub stopped: Option<Stop>,
    /// What the target said, where it took nothing any more.
    pub target: Option<&'a str>,
}

/// What stopped a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A batch that did not come as foretold; `true`: the first, small one.
    Batch(GoOn, bool),
    /// A person.
    Person,
}

impl Drained<'_> {
    fn came(&self) -> BTreeMap<Came, Tally> {
        let mut parts: BTreeMap<Came, Tally> = BTreeMap::new();
        for (forecast, came) in self.groups {
            if let Some(came) = came {
                add(parts.entry(*came).or_default(), forecast);
            }
        }
        parts
    }

    fn begun(&self) -> u64 {
        self.groups.iter().filter(|(_, came)| came.is_some()).count() as u64
    }

    /// Whether every group that was begun was mapped as foretold.
    pub fn mapped_as_foretold(&self) -> bool {
        self.came().keys().all(|came| came.is_mapped_as_foretold())
    }

    /// Of each part that is drained: foretold, begun, mapped as foretold.
    fn compared(&self) -> Vec<(Part, u64, u64, u64)> {
        let drained = Part::ALL.into_iter().filter(|part| part.is_drained());
        drained
            .map(|part| {
                let of = || self.groups.iter().filter(move |(forecast, _)| forecast.part() == part);
                let begun = of().filter(|(_, came)| came.is_some()).count();
                let equal = of()
                    .filter(|(_, came)| came.is_some_and(Came::is_mapped_as_foretold))
                    .count();
                (part, of().count() as u64, begun as u64, equal as u64)
            })
            .collect()
    }
}

/// What came, for people.
pub fn drained_text(lens: &Lens<'_>, drained: &Drained<'_>, scheme: &str) -> String {
    let lang = lens.lang;
    let t = |key: &str, arguments: &[(&str, &dyn Display)]| format!("{}\n", lang.text(key, arguments));
    let mut out = String::new();
    let (begun, left) = (drained.begun(), drained.groups.len() as u64 - drained.begun());
    out.push_str(&t("drain.done", &[("done", &count(begun)), ("left", &count(left))]));
    let rows: Vec<Vec<String>> = drained
        .came()
        .into_iter()
        .map(|(came, tally)| {
            let label = format!("  {}", lang.t(&format!("drain.came.{}", came.word())));
            vec![label, count(tally.count), money(tally.amount)]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&table(lens, &[], &rows, &[1, 2]));
    }
    for (part, foretold, begun, equal) in drained.compared() {
        if foretold > 0 {
            let label = lang.t(&format!("drain.part.{}", part.word()));
            let key = if equal == begun { "drain.equal" } else { "drain.unequal" };
            out.push_str(&t(
                key,
                &[
                    ("part", &label),
                    ("foretold", &count(foretold)),
                    ("begun", &count(begun)),
                    ("equal", &count(equal)),
                ],
            ));
        }
    }
    let bad = || {
        let groups = drained.groups.iter();
        groups.filter(|(_, came)| came.is_some_and(|came| !came.is_as_foretold()))
    };
    for (forecast, came) in bad().take(LISTED) {
        let word = came.map_or(String::new(), |came| lang.t(&format!("drain.came.{}", came.word())));
        out.push_str(&format!("  {}: {word}\n", clean(&forecast.group)));
        out.push_str(&format!(
            "    → dukou record show {} {}\n",
            argument(&forecast.group),
            argument(scheme)
        ));
    }
    let more = bad().count().saturating_sub(LISTED);
    if more > 0 {
        out.push_str(&format!(
            "  {}\n",
            lang.text("drain.more", &[("count", &count(more as u64))])
        ));
    }
    if let Some(reason) = drained.target {
        let reason = short(&mask::message(lens, reason, &[]), MESSAGE);
        out.push_str(&t("drain.target-away", &[("reason", &reason)]));
    }
    match drained.stopped {
        None => {}
        Some(Stop::Person) => out.push_str(&t("drain.stop.person", &[])),
        Some(Stop::Batch(why, first)) => {
            let which = if first { "first" } else { "later" };
            out.push_str(&t(&format!("drain.stop.{which}-{}", why.word()), &[]));
        }
    }
    out
}

/// What came, for machines, every group of it.
pub fn drained_json(lens: &Lens<'_>, drained: &Drained<'_>) -> Value {
    let mut came = serde_json::Map::new();
    for (word, tally) in drained.came() {
        came.insert(word.word().to_owned(), tally_json(tally));
    }
    let mut compared = serde_json::Map::new();
    for (part, foretold, begun, equal) in drained.compared() {
        let entry = json!({ "foretold": foretold, "begun": begun, "as_foretold": equal, "equal": begun == equal });
        compared.insert(part.word().to_owned(), entry);
    }
    let groups: Vec<Value> = drained
        .groups
        .iter()
        .map(|(forecast, came)| {
            json!({
                "group": forecast.group, "foretold": forecast.part().word(), "recipe": forecast.recipe.to_string(),
                "came": came.map(Came::word), "as_foretold": came.map(Came::is_mapped_as_foretold),
            })
        })
        .collect();
    let stopped = drained.stopped.map(|stop| match stop {
        Stop::Person => "interrupted".to_owned(),
        Stop::Batch(why, true) => format!("first-{}", why.word()),
        Stop::Batch(why, false) => format!("later-{}", why.word()),
    });
    json!({
        "done": drained.begun(),
        "left": drained.groups.len() as u64 - drained.begun(),
        "came": came,
        "compared": compared,
        "as_foretold": drained.mapped_as_foretold(),
        "stopped": stopped,
        "target": drained.target.map(|reason| mask::message(lens, reason, &[])),
        "groups": groups,
    })
}

/// The selection and the prediction together, for people.
pub fn whole_text(lens: &Lens<'_>, outlook: &Outlook<'_>) -> String {
    format!("{}{}", plan::text(lens, outlook.plan), text(lens, outlook))
}

#[cfg(test)]
mod tests;
