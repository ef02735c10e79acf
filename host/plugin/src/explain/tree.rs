//! A group's documents as a list of nodes (values, and elements of lists), and which of them another run made
//! differently. A list that became longer or shorter is aligned first, so that a line that went away does not look
//! like a change of every line after it.

use std::collections::HashMap;

use dukou_core::document::join;
use dukou_core::verdict::Document;
use serde_json::Value;

use super::align::aligned;

/// A value of a document, or an element of one of its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Index of the document.
    pub(crate) document: usize,
    /// Path below the wrapper.
    pub(crate) path: String,
    /// JSON text; `None` for an element that holds more values.
    pub(crate) value: Option<String>,
}

/// How a node came out in another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Another value stands there.
    Value,
    /// Nothing stands there, or something where nothing stood.
    Presence,
    /// The element of a list is gone.
    Line,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) node: usize,
    pub(crate) change: Change,
    /// Other elements that looked the same, so that any of them may be the one that is gone.
    pub(crate) twins: Vec<usize>,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) differences: Vec<Difference>,
    /// Values that the other run has and this one lacks: document, path, value.
    pub(crate) appeared: Vec<(usize, String, String)>,
    /// Whether a list or the list of documents changed its length.
    pub(crate) reshaped: bool,
}

/// The documents of one run.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    wrapper: Option<String>,
    documents: Vec<(String, String, Value)>,
    pub(crate) nodes: Vec<Node>,
    index: HashMap<(usize, String), usize>,
}

impl Tree {
    /// Reads documents; they were checked to be JSON when the plugin answered.
    pub(crate) fn of(documents: &[Document], wrapper: Option<&str>) -> Self {
        let mut tree = Self {
            wrapper: wrapper.map(str::to_owned),
            documents: documents
                .iter()
                .map(|one| {
                    let value = serde_json::from_str(&one.body).unwrap_or(Value::Null);
                    (one.suffix.clone(), one.body.clone(), value)
                })
                .collect(),
            nodes: Vec::new(),
            index: HashMap::new(),
        };
        let documents = std::mem::take(&mut tree.documents);
        for (number, (_, _, value)) in documents.iter().enumerate() {
            match tree.unwrapped(value) {
                Some((inner, beside)) => {
                    for (key, value) in beside {
                        tree.add(number, key, value);
                    }
                    tree.add(number, "", inner);
                }
                None => tree.add(number, "", value),
            }
        }
        tree.documents = documents;
        tree
    }

    /// Whether a document has nothing but the wrapper: then paths are below it.
    fn unwrapped<'v>(&self, value: &'v Value) -> Option<(&'v Value, Vec<(&'v str, &'v Value)>)> {
        let wrapper = self.wrapper.as_deref()?;
        let object = value.as_object()?;
        let inner = object.get(wrapper)?;
        let beside = object.iter().filter(|(key, _)| *key != wrapper);
        Some((inner, beside.map(|(key, value)| (key.as_str(), value)).collect()))
    }

    fn add(&mut self, document: usize, path: &str, value: &Value) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                if path.ends_with(']') {
                    self.push(document, path, None);
                }
                for (key, value) in members {
                    self.add(document, &join(path, key), value);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                if path.ends_with(']') {
                    self.push(document, path, None);
                }
                for (number, value) in items.iter().enumerate() {
                    self.add(document, &format!("{path}[{number}]"), value);
                }
            }
            value => self.push(document, path, Some(value.to_string())),
        }
    }

    fn push(&mut self, document: usize, path: &str, value: Option<String>) {
        self.index.insert((document, path.to_owned()), self.nodes.len());
        self.nodes.push(Node {
            document,
            path: path.to_owned(),
            value,
        });
    }

    /// A node by its path.
    pub(crate) fn node(&self, document: usize, path: &str) -> Option<usize> {
        self.index.get(&(document, path.to_owned())).copied()
    }

    /// Values at or below a path that a violation names.
    pub(crate) fn named(&self, path: &str) -> Vec<usize> {
        let exact = |node: &Node| node.path == path;
        let inside = |node: &Node| {
            let rest = node.path.strip_prefix(path);
            node.value.is_some() && rest.is_some_and(|rest| rest.starts_with('.') && !rest.contains('['))
        };
        let found = |wanted: &dyn Fn(&Node) -> bool| -> Vec<usize> {
            let nodes = self.nodes.iter().enumerate();
            nodes.filter(|(_, node)| wanted(node)).map(|(at, _)| at).collect()
        };
        let exactly = found(&exact);
        if path.is_empty() || !exactly.is_empty() {
            exactly
        } else {
            found(&inside)
        }
    }

    /// How `others` differ from these documents.
    pub(crate) fn compare(&self, others: &[Document]) -> Comparison {
        let mut out = Comparison::default();
        for (number, (suffix, body, value)) in self.documents.iter().enumerate() {
            match others.iter().find(|other| other.suffix == *suffix) {
                Some(other) if other.body == *body => {}
                Some(other) => {
                    let other: Value = serde_json::from_str(&other.body).unwrap_or(Value::Null);
                    self.roots(number, value, &other, &mut out);
                }
                None => {
                    out.reshaped = true;
                    self.all_below(number, "", Change::Line, &mut out);
                }
            }
        }
        out.reshaped |= others.len() != self.documents.len();
        out
    }

    fn roots(&self, document: usize, ours: &Value, theirs: &Value, out: &mut Comparison) {
        match (self.unwrapped(ours), self.unwrapped(theirs)) {
            (Some((ours, beside)), Some((theirs, others))) => {
                self.values(document, "", ours, theirs, out);
                for (key, value) in beside {
                    match others.iter().find(|(other, _)| *other == key) {
                        Some((_, other)) => self.values(document, key, value, other, out),
                        None => self.all_below(document, key, Change::Presence, out),
                    }
                }
            }
            _ => self.values(document, "", ours, theirs, out),
        }
    }

    fn values(&self, document: usize, path: &str, ours: &Value, theirs: &Value, out: &mut Comparison) {
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) if !ours.is_empty() && !theirs.is_empty() => {
                for (key, value) in ours {
                    let path = join(path, key);
                    match theirs.get(key) {
                        Some(other) => self.values(document, &path, value, other, out),
                        None => self.all_below(document, &path, Change::Presence, out),
                    }
                }
                for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
                    appear(document, &join(path, key), value, out);
                }
            }
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
                for (number, (value, other)) in ours.iter().zip(theirs).enumerate() {
                    if value != other {
                        self.values(document, &format!("{path}[{number}]"), value, other, out);
                    }
                }
            }
            (Value::Array(ours), Value::Array(theirs)) => self.lists(document, path, ours, theirs, out),
            (ours, theirs) if ours == theirs => {}
            _ => self.all_below(document, path, Change::Value, out),
        }
    }

    /// Lists of different lengths: elements that the other list has unchanged are not touched.
    fn lists(&self, document: usize, path: &str, ours: &[Value], theirs: &[Value], out: &mut Comparison) {
        out.reshaped = true;
        let texts = |items: &[Value]| -> Vec<String> { items.iter().map(Value::to_string).collect() };
        let (ours, new) = (texts(ours), texts(theirs));
        let kept = aligned(&ours, &new);
        for (number, text) in ours.iter().enumerate() {
            if kept.iter().any(|(mine, _)| *mine == number) {
                continue;
            }
            let at = |number: usize| self.node(document, &format!("{path}[{number}]"));
            let Some(node) = at(number) else { continue };
            let twins = ours
                .iter()
                .enumerate()
                .filter(|(other, twin)| *other != number && *twin == text);
            out.differences.push(Difference {
                node,
                change: Change::Line,
                twins: twins.filter_map(|(other, _)| at(other)).collect(),
            });
        }
        if kept.len() == ours.len() {
            for (number, value) in theirs.iter().enumerate() {
                if !kept.iter().any(|(_, other)| *other == number) {
                    appear(document, &format!("{path}[{number}]"), value, out);
                }
            }
        }
    }

    fn all_below(&self, document: usize, path: &str, change: Change, out: &mut Comparison) {
        let inside = |node: &Node| {
            let rest = node.path.strip_prefix(path);
            rest.is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
        };
        for (at, node) in self.nodes.iter().enumerate() {
            if node.document == document && inside(node) {
                out.differences.push(Difference {
                    node: at,
                    change,
                    twins: Vec::new(),
                });
            }
        }
    }
}

fn appear(document: usize, path: &str, value: &Value, out: &mut Comparison) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                appear(document, &join(path, key), value, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (number, value) in items.iter().enumerate() {
                appear(document, &format!("{path}[{number}]"), value, out);
            }
        }
        value => out.appeared.push((document, path.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> Document {
        Document {
            suffix: String::new(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }
    }

    fn changes(ours: &str, theirs: &str) -> (Vec<(String, Change)>, Vec<String>) {
        let tree = Tree::of(&[document(ours)], Some("dto"));
        let found = tree.compare(&[document(theirs)]);
        let name = |one: &Difference| (tree.nodes[one.node].path.clone(), one.change);
        (
            found.differences.iter().map(name).collect(),
            found.appeared.into_iter().map(|(_, path, _)| path).collect(),
        )
    }

    #[test]
    fn values_presence_and_lines_are_told_apart() {
        let ours = r#"{"dto":{"A":{"Code":"1"},"B":2.0,"L":[{"q":1},{"q":2},{"q":3}]}}"#;
        let theirs = r#"{"dto":{"A":{"Code":"9"},"C":"new","L":[{"q":1},{"q":3}]}}"#;
        let (found, appeared) = changes(ours, theirs);
        let expected = [
            ("A.Code".to_owned(), Change::Value),
            ("B".to_owned(), Change::Presence),
            ("L[1]".to_owned(), Change::Line),
        ];
        assert_eq!(found, expected);
        assert_eq!(appeared, ["C"]);
        assert_eq!(
            changes(r#"{"dto":{"B":2.0}}"#, r#"{"dto":{"B":2.00}}"#).0.len(),
            1,
            "digits count"
        );
        assert!(changes(ours, ours).0.is_empty());
    }

    #[test]
    fn equal_lines_are_twins_and_new_ones_appear() {
        let tree = Tree::of(&[document(r#"{"L":[{"q":1},{"q":1}]}"#)], None);
        let found = tree.compare(&[document(r#"{"L":[{"q":1}]}"#)]);
        let [gone] = &found.differences[..] else {
            panic!("{found:?}")
        };
        assert_eq!((gone.change, gone.twins.len()), (Change::Line, 1));
        let more = tree.compare(&[document(r#"{"L":[{"q":1},{"q":5},{"q":1}]}"#)]);
        assert!(more.differences.is_empty() && more.reshaped);
        assert_eq!(more.appeared, [(0, "L[1].q".to_owned(), "5".to_owned())]);
    }
}
