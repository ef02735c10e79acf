//! Who moved what: collects the reactions to every change and draws the conclusions at the end. A change that moved a
//! value made it; one that only made it come or go decides whether it is there; a line belongs to the list element that
//! its values come from.

use std::collections::{BTreeMap, BTreeSet};

use super::base::{Base, Reaction, Stopped};
use super::text::element_of;
use super::tree::Change;
use super::{Effect, Origin};

/// How an origin touched a value, in the order of what tells most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Touch {
    value: bool,
    presence: bool,
    line: bool,
    refused: bool,
}

impl Touch {
    fn effect(self) -> Effect {
        if self.value {
            Effect::Value
        } else if self.presence {
            Effect::Presence
        } else if self.line {
            Effect::Line
        } else {
            Effect::Refusal
        }
    }
}

/// Origins and what they touched.
pub(crate) struct Ledger<'a> {
    base: &'a Base,
    pub(crate) origins: Vec<Origin>,
    touches: BTreeMap<usize, BTreeMap<usize, Touch>>,
    /// Lines of which any twin may be the one that is meant: origin, candidates.
    gone: Vec<(usize, Vec<usize>)>,
    absent: BTreeMap<(usize, String), BTreeSet<usize>>,
    /// Origins of which some other value was accepted: what another value of them is refused for does not depend on
    /// them, or it would have moved.
    accepted: BTreeSet<usize>,
    stopped: BTreeMap<usize, Stopped>,
    reasons: BTreeMap<usize, BTreeSet<usize>>,
    writers: Vec<usize>,
    /// Joint changes: the value that moved, and the column's path and members that were changed together.
    joint: Vec<(usize, String, Vec<usize>)>,
}

/// A value with what it comes from.
pub(crate) type Linked = Vec<(usize, Effect)>;

impl<'a> Ledger<'a> {
    pub(crate) fn new(base: &'a Base) -> Self {
        Self {
            writers: base.writers(),
            base,
            origins: Vec::new(),
            touches: BTreeMap::new(),
            gone: Vec::new(),
            absent: BTreeMap::new(),
            accepted: BTreeSet::new(),
            stopped: BTreeMap::new(),
            reasons: BTreeMap::new(),
            joint: Vec::new(),
        }
    }

    /// Adds an origin and answers its index.
    pub(crate) fn origin(&mut self, origin: Origin) -> usize {
        match self.origins.iter().position(|known| *known == origin) {
            Some(at) => at,
            None => {
                self.origins.push(origin);
                self.origins.len() - 1
            }
        }
    }

    /// Adds an origin that is certainly new.
    pub(crate) fn new_origin(&mut self, origin: Origin) -> usize {
        self.origins.push(origin);
        self.origins.len() - 1
    }

    /// Notes how the group came out after `origin` was changed.
    pub(crate) fn note(&mut self, origin: usize, reaction: &Reaction) {
        for one in &reaction.differences {
            if one.change == Change::Line {
                let candidates = std::iter::once(one.node).chain(one.twins.iter().copied());
                self.gone.push((origin, candidates.collect()));
                continue;
            }
            let touch = self.touch(one.node, origin);
            match one.change {
                Change::Value => touch.value = true,
                Change::Presence | Change::Line => touch.presence = true,
            }
        }
        if reaction.made {
            self.accepted.insert(origin);
        }
        for node in &reaction.refused {
            self.touch(*node, origin).refused = true;
        }
        for (document, path, _) in &reaction.appeared {
            self.absent.entry((*document, path.clone())).or_default().insert(origin);
        }
        for reason in &reaction.reasons {
            self.reasons.entry(*reason).or_default().insert(origin);
        }
        if let Some(stopped) = reaction.stopped {
            let known = self.stopped.entry(origin).or_insert(stopped);
            if stopped == Stopped::Skipped {
                *known = stopped;
            }
        }
        self.wrote(reaction);
    }

    /// Notes how the group came out after all of `members` were changed together.
    pub(crate) fn note_joint(&mut self, path: &str, members: &[usize], reaction: &Reaction) {
        for one in reaction.differences.iter().filter(|one| one.change == Change::Value) {
            self.joint.push((one.node, path.to_owned(), members.to_vec()));
        }
        self.wrote(reaction);
    }

    fn wrote(&mut self, reaction: &Reaction) {
        for (node, plugin) in &reaction.writers {
            if let Some(writer) = self.writers.get_mut(*node) {
                *writer = (*writer).max(*plugin);
            }
        }
    }

    fn touch(&mut self, node: usize, origin: usize) -> &mut Touch {
        self.touches.entry(node).or_default().entry(origin).or_default()
    }

    /// Whether some change moved the value at a node, or no other value of an origin is accepted there.
    pub(crate) fn has_value(&self, node: usize) -> bool {
        let all = self.touches.get(&node).into_iter().flatten();
        all.into_iter()
            .any(|(origin, touch)| touch.value || (touch.refused && !self.accepted.contains(origin)))
    }

    /// The index of the plugin that wrote a node last.
    pub(crate) fn writer(&self, node: usize) -> usize {
        self.writers.get(node).copied().unwrap_or(0)
    }

    /// Draws the conclusions that need all reactions. `complete` says whether a column's members were all tried.
    pub(crate) fn conclude(&mut self, complete: &dyn Fn(&str) -> bool) {
        for (node, path, members) in std::mem::take(&mut self.joint) {
            let touched = self.touches.get(&node);
            let moved = |one: &usize| touched.and_then(|all| all.get(one)).is_some_and(|touch| touch.value);
            if members.iter().any(moved) {
                continue;
            }
            // Alone they broke the line or were refused, together they moved the value: they agree on it.
            let element = self
                .base
                .tree
                .nodes
                .get(node)
                .and_then(|node| Some((node.document, element_of(&node.path)?)));
            let element = element.and_then(|(document, path)| self.base.tree.node(document, path));
            let weakly = |one: &usize| {
                touched.is_some_and(|all| all.contains_key(one))
                    || self
                        .gone
                        .iter()
                        .any(|(origin, nodes)| origin == one && element.is_some_and(|at| nodes.contains(&at)))
            };
            let mut makers: Vec<usize> = members.iter().copied().filter(weakly).collect();
            if makers.is_empty() && complete(&path) {
                makers = members;
            }
            if makers.is_empty() {
                makers.push(self.origin(Origin::Column { path }));
            }
            for origin in makers {
                self.touch(node, origin).value = true;
            }
        }
        self.lines();
    }

    /// Says which list elements the lines come from, and which twin of a line a change took away.
    fn lines(&mut self) {
        let mut elements: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut sources: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (at, origin) in self.origins.iter().enumerate() {
            if let Origin::Source { record, path, .. } = origin {
                sources.insert((*record, path.clone()), at);
            }
        }
        for (node, touches) in &self.touches {
            let Some(leaf) = self.base.tree.nodes.get(*node) else {
                continue;
            };
            let Some(line) = element_of(&leaf.path).and_then(|path| self.base.tree.node(leaf.document, path)) else {
                continue;
            };
            for (origin, touch) in touches {
                if let (true, Some(Origin::Source { record, path, .. })) = (touch.value, self.origins.get(*origin))
                    && let Some(element) = element_of(path)
                    && let Some(source) = sources.get(&(*record, element.to_owned()))
                {
                    elements.entry(line).or_default().insert(*source);
                }
            }
        }
        for (origin, candidates) in std::mem::take(&mut self.gone) {
            let own = match self.origins.get(origin) {
                Some(Origin::Source { record, path, .. }) => {
                    let element = element_of(path).map(str::to_owned).unwrap_or_default();
                    sources.get(&(*record, element)).copied()
                }
                _ => None,
            };
            let meant = candidates.iter().find(|node| {
                let from = elements.get(node);
                own.is_some_and(|own| from.is_some_and(|from| from.contains(&own)))
            });
            if let Some(node) = meant.or(candidates.first()) {
                self.touch(*node, origin).line = true;
            }
        }
        for (line, from) in elements {
            for origin in from {
                self.touch(line, origin).line = true;
            }
        }
    }

    /// What a node comes from, without what follows from something more exact.
    pub(crate) fn linked(&self, node: usize) -> Linked {
        let Some(touches) = self.touches.get(&node) else {
            return Vec::new();
        };
        let path_of = |origin: usize| match self.origins.get(origin) {
            Some(Origin::Source { record, path, .. }) => Some((*record, path.as_str())),
            _ => None,
        };
        let made = touches
            .iter()
            .any(|(origin, touch)| touch.value && path_of(*origin).is_some());
        // A list element that holds the real origin is no origin of its own; of a line it is one beside the conditions.
        let inside = |outer: usize, touch: Touch| {
            let Some((record, path)) = path_of(outer) else {
                return false;
            };
            touches.iter().any(|(other, inner)| {
                let below = path_of(*other).and_then(|(at, other)| (at == record).then(|| other.strip_prefix(path))?);
                below.is_some_and(|rest| {
                    let stronger = match touch.effect() {
                        Effect::Value => inner.value,
                        Effect::Line => inner.line && rest.ends_with(']'),
                        Effect::Presence | Effect::Refusal => true,
                    };
                    rest.starts_with(['.', '[']) && stronger
                })
            })
        };
        let mut out: Linked = touches
            .iter()
            .filter(|(origin, touch)| {
                let weak = !touch.value && !touch.presence && !touch.line;
                !(weak && (made || self.accepted.contains(*origin))) && !inside(**origin, **touch)
            })
            .map(|(origin, touch)| (*origin, touch.effect()))
            .collect();
        out.sort_by_key(|(origin, effect)| (*effect, *origin));
        out
    }

    /// Values that the documents lack and some change brings.
    pub(crate) fn absent(&self) -> impl Iterator<Item = (usize, &str, Linked)> {
        self.absent.iter().map(|((document, path), from)| {
            let linked = from.iter().map(|origin| (*origin, Effect::Presence)).collect();
            (*document, path.as_str(), linked)
        })
    }

    /// What decides whether there is a document at all: skips always, refusals only of what moved nothing else.
    pub(crate) fn gates(&self) -> Vec<(usize, Stopped)> {
        let touching: BTreeSet<usize> = self.touches.values().flat_map(|all| all.keys().copied()).collect();
        let gates = self.stopped.iter().map(|(origin, stopped)| (*origin, *stopped));
        gates
            .filter(|(origin, stopped)| *stopped == Stopped::Skipped || !touching.contains(origin))
            .collect()
    }

    /// What made a reason. A list element that only shifts its neighbours is none beside a value inside the list.
    pub(crate) fn reason(&self, reason: usize) -> Vec<usize> {
        let Some(from) = self.reasons.get(&reason) else {
            return Vec::new();
        };
        let path_of = |origin: &usize| match self.origins.get(*origin) {
            Some(Origin::Source { record, path, .. }) => Some((*record, path.as_str())),
            _ => None,
        };
        let exact: Vec<(usize, &str)> = from
            .iter()
            .filter_map(path_of)
            .filter(|(_, path)| !path.ends_with(']'))
            .collect();
        let shifting = |origin: &usize| {
            let Some((record, path)) = path_of(origin).filter(|(_, path)| path.ends_with(']')) else {
                return false;
            };
            let list = path.rsplit_once('[').map_or(path, |(list, _)| list);
            exact
                .iter()
                .any(|(at, inner)| *at == record && inner.strip_prefix(list).is_some_and(|rest| rest.starts_with('[')))
        };
        from.iter().filter(|origin| !shifting(origin)).copied().collect()
    }
}
