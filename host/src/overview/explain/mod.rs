//! An explanation for people and machines: values with their labels and origins, personal ones masked. The explanation
//! itself is `dukou_plugin::explain`'s work; here it is filtered, named and laid out.

mod columns;
mod filter;
mod json;
#[cfg(test)]
mod tests;
mod tree;

use dukou_core::catalogue::{Catalogue, plain_path};
use dukou_core::document::FieldDiff;
use dukou_core::verdict::Group;
use dukou_plugin::explain::{Effect, ExplainedDocument, ExplainedNode, Explanation, Link, Origin};
use serde_json::Value;

use super::mask::{self, Side};
use super::text::{clean, short};
use super::{Lens, Personal};

pub use columns::text as columns;
pub use filter::PathFilter;
pub use json::to_json;
pub use tree::text as tree;

/// The most characters of one value.
const VALUE: usize = 48;

/// An explanation and what is needed to show it.
pub struct View<'a> {
    /// How the reader looks.
    pub lens: Lens<'a>,
    /// What was explained.
    pub group: &'a Group,
    /// What was found out.
    pub explanation: &'a Explanation,
    /// Which values are wanted.
    pub filter: Option<&'a PathFilter>,
    /// The deployment that was used; `None` when the files' definition was.
    pub deployment: Option<u64>,
    /// Whether fields are shown with their labels, which are Chinese.
    pub labels: bool,
}

impl View<'_> {
    /// The values of a document that are wanted. A line is wanted with any of its values.
    fn nodes<'d>(&self, document: &'d ExplainedDocument) -> Vec<&'d ExplainedNode> {
        self.wanted(&document.nodes)
    }

    /// Values that are not there and are wanted: with a filter, else none.
    fn absent<'d>(&self, document: &'d ExplainedDocument) -> Vec<&'d ExplainedNode> {
        match self.filter {
            Some(_) => self.wanted(&document.absent),
            None => Vec::new(),
        }
    }

    fn wanted<'d>(&self, nodes: &'d [ExplainedNode]) -> Vec<&'d ExplainedNode> {
        let wanted = |node: &&ExplainedNode| self.filter.is_none_or(|filter| filter.takes(&node.path));
        nodes.iter().filter(wanted).collect()
    }

    /// Whether the filter finds anything at all.
    pub fn is_empty(&self) -> bool {
        let documents = &self.explanation.documents;
        self.filter.is_some()
            && documents
                .iter()
                .all(|one| self.nodes(one).is_empty() && self.absent(one).is_empty())
    }

    fn catalogue(&self, side: Side) -> Option<&Catalogue> {
        match (self.lens.personal, side) {
            (Personal::Known { source, .. }, Side::Source) => source,
            (Personal::Known { target, .. }, Side::Target) => target,
            (Personal::Withheld, _) => None,
        }
    }

    /// A field's label: its own, or that of the reference that it is the inside of.
    fn label(&self, side: Side, path: &str) -> Option<&str> {
        let catalogue = self.catalogue(side)?;
        let plain = plain_path(path);
        let outer = plain.rsplit_once('.').map(|(outer, _)| outer);
        let field = catalogue.field(&plain).or_else(|| catalogue.field(outer?));
        field.map(|field| field.label.as_str())
    }

    /// The JSON text of a value, masked where it is personal or holds something personal of the order.
    fn masked(&self, side: Side, path: &str, json: &str) -> String {
        let diff = FieldDiff {
            path: path.to_owned(),
            before: Some(json.to_owned()),
            after: None,
        };
        let masked = mask::difference(&self.lens, side, &diff).before.unwrap_or_default();
        self.without_personal(&masked)
    }

    /// A text with the order's personal values masked.
    fn without_personal(&self, text: &str) -> String {
        let bodies: Vec<(Side, &str)> = self
            .group
            .records
            .iter()
            .map(|record| (Side::Source, record.body.as_str()))
            .collect();
        mask::message(&self.lens, text, &bodies)
    }

    /// The value of a source path, masked; `None` for lists and objects, and for what is not there.
    fn source_value(&self, record: usize, path: &str) -> Option<String> {
        let body: Value = serde_json::from_str(&self.group.records.get(record)?.body).ok()?;
        let value = at(&body, path)?;
        let scalar = !matches!(value, Value::Object(_) | Value::Array(_));
        scalar.then(|| self.masked(Side::Source, path, &value.to_string()))
    }

    /// Whether the source itself sent a value masked: then nothing can be made of it.
    fn is_masked_there(&self, record: usize, path: &str) -> bool {
        let body = self.group.records.get(record).map(|record| record.body.as_str());
        let body: Option<Value> = body.and_then(|body| serde_json::from_str(body).ok());
        let value = body.as_ref().and_then(|body| at(body, path)).and_then(Value::as_str);
        value.is_some_and(|value| value.contains("***"))
    }

    /// `path (label)` of a source field; with the record's key where the group has several.
    fn source_name(&self, record: Option<(usize, &str)>, path: &str) -> String {
        let mut out = match record {
            Some((_, key)) if self.group.records.len() > 1 => format!("{} ", clean(key)),
            _ => String::new(),
        };
        out.push_str(&short(path, 80));
        out.push_str(&self.label_behind(Side::Source, path));
        out
    }

    /// A field's label behind its path, where labels are shown.
    fn label_behind(&self, side: Side, path: &str) -> String {
        let label = self.label(side, path).filter(|_| self.labels);
        label.map_or_else(String::new, |label| format!(" {label}"))
    }

    /// An origin in words, with the value that it has.
    fn origin(&self, origin: &Origin) -> String {
        let lang = self.lens.lang;
        match origin {
            Origin::Source { record, key, path } => {
                let name = self.source_name(Some((*record, key)), path);
                match self.source_value(*record, path) {
                    Some(value) if self.is_masked_there(*record, path) => {
                        format!("{name} = {} {}", short(&value, VALUE), lang.t("explain.source-masked"))
                    }
                    Some(value) => format!("{name} = {}", short(&value, VALUE)),
                    None => name,
                }
            }
            Origin::Column { path } => {
                let arguments: [(&str, &dyn std::fmt::Display); 1] = [("field", &self.source_name(None, path))];
                lang.text("explain.column", &arguments)
            }
            Origin::Lookup {
                table,
                key,
                column,
                found,
            } => {
                let arguments: [(&str, &dyn std::fmt::Display); 3] = [
                    ("table", &clean(table)),
                    ("key", &short(&self.without_personal(key), VALUE)),
                    ("column", &clean(column.as_deref().unwrap_or_default())),
                ];
                let word = match (column, found) {
                    (_, false) => "explain.lookup-missing",
                    (Some(_), true) => "explain.lookup-column",
                    (None, true) => "explain.lookup",
                };
                lang.text(word, &arguments)
            }
            Origin::Setting { plugin, path } => {
                lang.text("explain.setting", &[("plugin", &clean(plugin)), ("path", &clean(path))])
            }
            Origin::Constant { plugin, setting } => {
                let (plugin, setting) = (clean(plugin), setting.as_deref().map(clean));
                let arguments: [(&str, &dyn std::fmt::Display); 2] = [
                    ("plugin", &plugin),
                    ("setting", &setting.as_deref().unwrap_or_default()),
                ];
                let word = match (&setting, self.explanation.complete) {
                    (Some(_), _) => "explain.constant-settable",
                    (None, true) => "explain.constant",
                    (None, false) => "explain.constant-perhaps",
                };
                lang.text(word, &arguments)
            }
            Origin::RecordKey { key, .. } => lang.text("explain.record-key", &[("key", &clean(key))]),
            Origin::ReceivedAt { key, .. } => lang.text("explain.received-at", &[("key", &clean(key))]),
            Origin::RecordExtra { key, .. } => lang.text("explain.record-extra", &[("key", &clean(key))]),
            Origin::GroupKey => lang.text("explain.group-key", &[("key", &clean(&self.group.key))]),
            Origin::GroupExtra => lang.t("explain.group-extra"),
            Origin::TimeZone => lang.text("explain.time-zone", &[("zone", &self.lens.zone.name())]),
        }
    }

    /// An origin and how it counts, where that is not by its value.
    fn link(&self, link: &Link) -> String {
        let origin = self.origin(&link.origin);
        let word = match (link.effect, &link.origin) {
            (Effect::Value, _) => return origin,
            // That a line is made of a list element is said by the element's place.
            (Effect::Line, Origin::Source { path, .. }) if path.ends_with(']') => return origin,
            (Effect::Presence, _) => "explain.decides-presence",
            (Effect::Line, _) => "explain.decides-line",
            (Effect::Refusal, _) => "explain.decides-refusal",
        };
        format!("{origin} {}", self.lens.lang.t(word))
    }

    /// Who wrote a value, where that is not who wrote most of them.
    fn writer<'n>(&self, node: &'n ExplainedNode) -> Option<&'n str> {
        let nodes = || self.explanation.documents.iter().flat_map(|document| &document.nodes);
        let count = |name: &str| nodes().filter(|one| one.written_by == name).count();
        let own = count(&node.written_by);
        let usual = nodes().all(|one| one.written_by == node.written_by || count(&one.written_by) < own);
        (!usual).then_some(node.written_by.as_str())
    }

    /// The rule that a value is made by, when it is made of something that is shown beside it: the setting's place.
    fn rule(&self, node: &ExplainedNode) -> Option<String> {
        let made = |link: &&Link| link.effect == Effect::Value;
        let from = |link: &Link| {
            matches!(
                link.origin,
                Origin::Source { .. } | Origin::Column { .. } | Origin::Lookup { .. }
            )
        };
        if !node.links.iter().any(|link| made(&link) && from(link)) {
            return None;
        }
        let rules = node.links.iter().filter(made).filter_map(|link| match &link.origin {
            Origin::Setting { plugin, path } => Some(format!("{} {}", clean(plugin), clean(path))),
            _ => None,
        });
        let rules: Vec<String> = rules.collect();
        (!rules.is_empty()).then(|| self.lens.lang.text("explain.rule", &[("rule", &rules.join(", "))]))
    }

    /// What a value comes from, without the rule that makes it.
    fn makers<'n>(&self, node: &'n ExplainedNode) -> impl Iterator<Item = &'n Link> + use<'n> {
        let ruled = self.rule(node).is_some();
        let is_rule =
            move |link: &&Link| ruled && link.effect == Effect::Value && matches!(link.origin, Origin::Setting { .. });
        node.links.iter().filter(move |link| !is_rule(link))
    }
}

/// The value at a path such as `details_list[0].price`.
fn at<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(body, |value, step| {
        let (name, numbers) = step.split_once('[').unwrap_or((step, ""));
        let value = if name.is_empty() { value } else { value.get(name)? };
        numbers
            .split('[')
            .filter(|part| !part.is_empty())
            .try_fold(value, |value, part| {
                value.get(part.trim_end_matches(']').parse::<usize>().ok()?)
            })
    })
}
