//! Reading a source body: only the slots of a [`Shape`], borrowed from the text, numbers digit by digit. Lists are read
//! as sources mean them: absent, null and "" have no elements, a lone object is one. It converts no value.

use crate::shape::{Level, MAX_DEPTH, ROOT, Shape};
use dukou_sdk::Scalar;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// The record or an element of one of its lists.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// One value for each slot of its level.
    values: Box<[Option<&'a str>]>,
    /// One list for each child of its level.
    lists: Box<[List<'a>]>,
    /// Whether a `drop` rule took it out.
    pub(crate) dropped: Cell<bool>,
}

/// The elements of a list.
#[derive(Debug)]
enum List<'a> {
    Elements(Vec<Node<'a>>),
    /// Something else stands where the list should be.
    Wrong(&'a str),
}

/// An element and everything around it: one node for each depth, with its index. An entry is empty below the element,
/// and where an outer element stands for itself because it has no inner ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain<'n> {
    /// By depth; the record first.
    pub(crate) nodes: [Option<&'n Node<'n>>; MAX_DEPTH],
    /// By depth; the record has none.
    pub(crate) indexes: [Option<u32>; MAX_DEPTH],
}

/// A list that is none: what stands in its place, as JSON text, and its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotAList {
    /// The list's path with indexes.
    pub(crate) path: String,
    /// The JSON text found.
    pub(crate) found: String,
}

impl<'a> Node<'a> {
    /// Reads a record's body. The error is the reader's own words.
    pub(crate) fn read(shape: &Shape, body: &'a str) -> Result<Self, String> {
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let node = Element { shape, level: ROOT }
            .deserialize(&mut deserializer)
            .map_err(|error| error.to_string())?;
        deserializer.end().map_err(|error| error.to_string())?;
        Ok(node)
    }

    /// The value of a slot of this node's level.
    pub(crate) fn scalar(&self, slot: usize) -> Scalar<'a> {
        self.values
            .get(slot)
            .copied()
            .flatten()
            .map_or(Scalar::Null, Scalar::from_json)
    }
}

impl<'n> Chain<'n> {
    /// The record itself.
    pub(crate) fn record(node: &'n Node<'n>) -> Self {
        let mut chain = Self {
            nodes: [None; MAX_DEPTH],
            indexes: [None; MAX_DEPTH],
        };
        chain.nodes[0] = Some(node);
        chain
    }

    /// The chains of the elements of a list that hangs at the end of this one, `drop`ped ones included.
    pub(crate) fn elements(&self, shape: &Shape, level: usize) -> Result<Vec<Chain<'n>>, NotAList> {
        let Level { parent, depth, .. } = &shape.levels[level];
        let child = shape.levels[*parent].children.iter().position(|child| *child == level);
        let list = self.nodes[depth - 1]
            .zip(child)
            .and_then(|(node, child)| node.lists.get(child));
        match list {
            None => Ok(Vec::new()),
            Some(List::Wrong(found)) => Err(NotAList {
                path: shape.indexed_list(level, &self.indexes),
                found: (*found).to_owned(),
            }),
            Some(List::Elements(elements)) => Ok(elements
                .iter()
                .zip(0_u32..)
                .map(|(element, index)| {
                    let mut chain = *self;
                    chain.nodes[*depth] = Some(element);
                    chain.indexes[*depth] = Some(index);
                    chain
                })
                .collect()),
        }
    }
}

/// Reads the object of one level.
#[derive(Clone, Copy)]
struct Element<'s> {
    shape: &'s Shape,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let level = &self.shape.levels[self.level];
        let mut node = Node {
            values: vec![None; level.slots.len()].into_boxed_slice(),
            lists: level.children.iter().map(|_| List::Elements(Vec::new())).collect(),
            dropped: Cell::new(false),
        };
        self.fill(&mut node, 0, members)?;
        Ok(node)
    }
}

impl Element<'_> {
    /// Fills what the members of the object at `depth` names below the element hold. A later member of the same name
    /// replaces an earlier one, as it does for every other reader of JSON here.
    fn fill<'de, A: MapAccess<'de>>(self, node: &mut Node<'de>, depth: usize, mut members: A) -> Result<(), A::Error> {
        let level = &self.shape.levels[self.level];
        while let Some(Key(key)) = members.next_key::<Key<'de>>()? {
            let here = |names: &[String]| names.get(depth).is_some_and(|name| *name == key);
            let wanted = level.slots.iter().any(|slot| here(&slot.names))
                || level
                    .children
                    .iter()
                    .any(|child| here(&self.shape.levels[*child].names));
            if !wanted {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let json = members.next_value::<&'de RawValue>()?.get();
            let mut inner = false;
            for (slot, value) in level.slots.iter().zip(node.values.iter_mut()) {
                if here(&slot.names) {
                    inner |= slot.names.len() > depth + 1;
                    if slot.names.len() == depth + 1 {
                        *value = Some(json);
                    }
                }
            }
            for (child, list) in level.children.iter().zip(node.lists.iter_mut()) {
                let names = &self.shape.levels[*child].names;
                if here(names) {
                    inner |= names.len() > depth + 1;
                    if names.len() == depth + 1 {
                        *list = self.list(*child, json).map_err(A::Error::custom)?;
                    }
                }
            }
            if inner {
                self.fill_inner(node, depth + 1, json).map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }

    /// Goes on inside an object. A text or a list in its place makes the record unreadable: the field behind it must not
    /// be taken for empty.
    fn fill_inner<'de>(self, node: &mut Node<'de>, depth: usize, json: &'de str) -> serde_json::Result<()> {
        if json.starts_with('{') {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            return deserializer.deserialize_map(Inner {
                element: self,
                node,
                depth,
            });
        }
        if Scalar::from_json(json).is_empty() {
            return Ok(());
        }
        let error = format!("{} stands where an object is expected", crate::errors::shown(json));
        Err(serde_json::Error::custom(error))
    }

    fn list<'de>(self, child: usize, json: &'de str) -> serde_json::Result<List<'de>> {
        let element = Element {
            shape: self.shape,
            level: child,
        };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        match json.as_bytes().first() {
            Some(b'{') => Ok(List::Elements(vec![element.deserialize(&mut deserializer)?])),
            Some(b'[') => deserializer.deserialize_seq(Elements { element, json }),
            _ if Scalar::from_json(json).is_empty() => Ok(List::Elements(Vec::new())),
            _ => Ok(List::Wrong(json)),
        }
    }
}

struct Inner<'s, 'n, 'de> {
    element: Element<'s>,
    node: &'n mut Node<'de>,
    depth: usize,
}

impl<'de> Visitor<'de> for Inner<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        self.element.fill(self.node, self.depth, members)
    }
}

struct Elements<'s, 'de> {
    element: Element<'s>,
    json: &'de str,
}

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = List<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List<'de>, A::Error> {
        let mut elements = Vec::new();
        let mut wrong = None;
        while let Some(raw) = sequence.next_element::<&'de RawValue>()? {
            let json = raw.get();
            if json.starts_with('{') {
                let mut deserializer = serde_json::Deserializer::from_str(json);
                elements.push(self.element.deserialize(&mut deserializer).map_err(A::Error::custom)?);
            } else {
                wrong = Some(self.json);
            }
        }
        Ok(wrong.map_or(List::Elements(elements), List::Wrong))
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
