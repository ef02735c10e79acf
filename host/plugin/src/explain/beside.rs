//! What stands beside the order and its tables: settings and the time zone, changed one at a time. Each change needs a
//! run of its own, so the telling ones come first and a value that moved ends the search.

use serde_json::Value;

use super::base::Reaction;
use super::bench::{Bench, parallel};
use super::ledger::Ledger;
use super::values;
use super::{Origin, Untried, UntriedWhy};
use crate::chain::Chain;
use crate::run::Prepared;

/// Rows, and settings of one plugin, that are tried.
pub(crate) const MOST: usize = 400;

/// What came of trying one thing in several ways.
pub(crate) struct Tried {
    pub(crate) origin: Origin,
    pub(crate) reactions: Vec<Reaction>,
    /// Why it was not tried at all.
    pub(crate) untried: Option<UntriedWhy>,
}

impl Tried {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            reactions: Vec::new(),
            untried: None,
        }
    }
}

/// Notes what came of each.
pub(crate) fn settle(ledger: &mut Ledger<'_>, tried: Vec<Tried>) -> Vec<Untried> {
    let mut untried = Vec::new();
    for one in tried {
        if let Some(why) = one.untried {
            let what = match &one.origin {
                Origin::Lookup { table, key, .. } => format!("{table}[{key}]"),
                Origin::Setting { plugin, path } => format!("{plugin} {path}"),
                _ => String::new(),
            };
            untried.push(Untried {
                what,
                record: None,
                why,
            });
        }
        let origin = ledger.origin(one.origin);
        for reaction in &one.reactions {
            ledger.note(origin, reaction);
        }
    }
    untried
}

/// Tries every setting of the plugins that make documents or gave the reasons, and their time zone.
pub(crate) fn try_settings(bench: &Bench<'_>, ledger: &mut Ledger<'_>) -> Vec<Untried> {
    let mut jobs: Vec<(usize, Vec<String>, Value)> = Vec::new();
    let mut untried = Vec::new();
    for (number, prepared) in judged(bench) {
        let settings: Value = serde_json::from_str(prepared.settings()).unwrap_or(Value::Null);
        let mut leaves = Vec::new();
        leaves_of(&settings, &mut Vec::new(), &mut leaves);
        for (path, value) in leaves.drain(leaves.len().min(MOST)..) {
            let _ = value;
            untried.push(Untried {
                what: format!("{} {}", prepared.plugin().name(), path.join(".")),
                record: None,
                why: UntriedWhy::Bound,
            });
        }
        jobs.extend(leaves.into_iter().map(|(path, value)| (number, path, value)));
    }
    let plugins: Vec<&Prepared> = bench.chain.plugins().collect();
    let tried = parallel(&jobs, |(number, path, value)| {
        let prepared = plugins.get(*number)?;
        Some(try_setting(bench, *number, prepared, path, value))
    });
    untried.extend(settle(ledger, tried.into_iter().flatten().collect()));
    let zones = parallel(&judged(bench), |(number, prepared)| try_zone(bench, *number, prepared));
    settle(ledger, zones.into_iter().flatten().collect());
    untried
}

/// Plugins whose settings matter: those that write, and validations only when they refused the group.
fn judged<'b>(bench: &Bench<'b>) -> Vec<(usize, &'b Prepared)> {
    let writers = 1 + bench.chain.adjustments.len();
    let refusing = match &bench.base.trace.outcome {
        crate::chain::GroupOutcome::Rejected { plugin, .. } => Some(*plugin),
        crate::chain::GroupOutcome::Failed(fault) => Some(fault.plugin),
        _ => None,
    };
    let plugins = bench.chain.plugins().enumerate();
    plugins
        .filter(|(number, one)| *number < writers || refusing == Some(one.plugin().digest()))
        .collect()
}

fn try_setting(bench: &Bench<'_>, number: usize, prepared: &Prepared, path: &[String], value: &Value) -> Tried {
    let mut tried = Tried::new(Origin::Setting {
        plugin: prepared.plugin().name(),
        path: path.join("."),
    });
    let mut accepted = false;
    for other in other_settings(value) {
        let Ok(mut settings) = serde_json::from_str::<Value>(prepared.settings()) else {
            return tried;
        };
        if !put(&mut settings, path, other) {
            continue;
        }
        if !bench.may_call() {
            tried.untried = Some(UntriedWhy::Bound);
            return tried;
        }
        let Ok(changed) = prepared.reconfigured(&settings.to_string(), prepared.environment()) else {
            continue;
        };
        accepted = true;
        let reaction = with(bench.chain, number, changed).and_then(|chain| bench.once(&chain, bench.tables));
        match reaction {
            Some(reaction) => tried.reactions.push(reaction),
            None => tried.untried = Some(UntriedWhy::Bound),
        }
        if tried.reactions.last().is_some_and(Reaction::tells) {
            return tried;
        }
    }
    if !accepted {
        tried.untried = Some(UntriedWhy::Refused);
    }
    tried
}

/// Settings that the plugin's manifest knows and nobody gave: whether giving one moves a value that nothing else moves.
/// Answers the node and the setting's path.
pub(crate) fn try_defaults(bench: &Bench<'_>, constants: &[usize]) -> Vec<(usize, usize, String)> {
    if constants.is_empty() {
        return Vec::new();
    }
    let writers = 1 + bench.chain.adjustments.len();
    let mut jobs: Vec<(usize, &Prepared, String, Value)> = Vec::new();
    for (number, prepared) in bench.chain.plugins().enumerate().take(writers) {
        let manifest = prepared.plugin().inspection().manifest.as_ref();
        let schema = manifest.and_then(|manifest| manifest.settings_schema.as_deref());
        let schema: Option<Value> = schema.and_then(|text| serde_json::from_str(text).ok());
        let given: Value = serde_json::from_str(prepared.settings()).unwrap_or(Value::Null);
        let properties = schema.as_ref().and_then(|schema| schema.get("properties")?.as_object());
        for (name, property) in properties.into_iter().flatten().take(MOST) {
            let default = property.get("default").cloned();
            if let (None, Some(default)) = (given.get(name), default) {
                jobs.push((number, prepared, name.clone(), default));
            }
        }
    }
    let found = parallel(&jobs, |(number, prepared, name, default)| {
        let tried = try_setting_at(bench, *number, prepared, name, default);
        let moved = tried.into_iter().flat_map(|reaction| reaction.differences);
        let nodes = moved.map(|one| one.node).filter(|node| constants.contains(node));
        nodes.map(|node| (node, *number, name.clone())).collect::<Vec<_>>()
    });
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn try_setting_at(bench: &Bench<'_>, number: usize, prepared: &Prepared, name: &str, value: &Value) -> Vec<Reaction> {
    try_setting(bench, number, prepared, &[name.to_owned()], value).reactions
}

fn try_zone(bench: &Bench<'_>, number: usize, prepared: &Prepared) -> Option<Tried> {
    let mut environment: Value = serde_json::from_str(prepared.environment()).ok()?;
    let mut tried = Tried::new(Origin::TimeZone);
    for zone in ["America/New_York", "Pacific/Auckland"] {
        environment
            .as_object_mut()?
            .insert("time_zone".to_owned(), Value::from(zone));
        if !bench.may_call() {
            return None;
        }
        let changed = prepared
            .reconfigured(prepared.settings(), &environment.to_string())
            .ok()?;
        tried
            .reactions
            .extend(with(bench.chain, number, changed).and_then(|chain| bench.once(&chain, bench.tables)));
    }
    // A zone decides dates only: that the rest stays is known, and a zone that moves nothing is no news.
    tried.reactions.retain(Reaction::tells);
    (!tried.reactions.is_empty()).then_some(tried)
}

/// The chain with one plugin replaced.
fn with(chain: &Chain, number: usize, changed: Prepared) -> Option<Chain> {
    let mut chain = chain.clone();
    let plugins = std::iter::once(&mut chain.mapping)
        .chain(&mut chain.adjustments)
        .chain(&mut chain.validations);
    *plugins.into_iter().nth(number)? = changed;
    Some(chain)
}

/// Single values of the settings with their paths.
fn leaves_of(value: &Value, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, Value)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                path.push(key.clone());
                leaves_of(value, path, out);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                path.push(number.to_string());
                leaves_of(value, path, out);
                path.pop();
            }
        }
        value => out.push((path.clone(), value.clone())),
    }
}

/// Replaces the value at a path; `None` removes it. Says whether that could be done.
fn put(settings: &mut Value, path: &[String], other: Option<Value>) -> bool {
    let Some((last, above)) = path.split_last() else {
        return false;
    };
    let parent = above.iter().try_fold(settings, |value, step| match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    });
    match (parent, other) {
        (Some(Value::Object(members)), Some(other)) => {
            members.insert(last.clone(), other);
            true
        }
        (Some(Value::Object(members)), None) => members.shift_remove(last).is_some(),
        (Some(Value::Array(items)), other) => match (last.parse::<usize>(), other) {
            (Ok(at), Some(other)) if at < items.len() => {
                items.insert(at, other);
                items.remove(at + 1);
                true
            }
            (Ok(at), None) if at < items.len() => {
                items.remove(at);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Other values for a setting, the most telling first; `None` is its removal.
fn other_settings(value: &Value) -> Vec<Option<Value>> {
    let texts: Vec<String> = match value {
        Value::String(text) if text.contains("{{") => {
            // A template: something behind it, then a constant of each type in its place.
            let marked = format!("{text}{}", values::MARK);
            vec![marked, "2031-04-05".to_owned(), "7".to_owned(), String::new()]
        }
        Value::String(text) if text.is_empty() => vec!["x7".to_owned(), "7".to_owned(), "2031-04-05".to_owned()],
        Value::String(text) => {
            let mut out = values::texts(text);
            out.extend(["2031-04-05".to_owned(), "7".to_owned(), String::new()]);
            out
        }
        other => {
            let others = values::alike(&other.to_string());
            let parsed = others.iter().filter_map(|text| serde_json::from_str(text).ok());
            return parsed.map(Some).chain(std::iter::once(None)).collect();
        }
    };
    let mut out: Vec<Option<Value>> = texts
        .into_iter()
        .filter(|text| value.as_str() != Some(text))
        .map(|text| Some(Value::from(text)))
        .collect();
    out.push(None);
    out
}
