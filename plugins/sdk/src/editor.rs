//! Changing a document and nothing else in it: members keep their order, numbers their digits.
//!
//! Only the objects on the way to a change are taken apart; everything else is copied as text. Paths begin below the
//! catalogue's wrapper: `Memo`, `RDRecordDetails[0].Batch`.

use crate::node::Node;
use crate::report::Report;
use crate::source::{At, SourceField};
use crate::values::{Fault, Field, Place, Root, Side, Span, Surroundings, Token};
use crate::{Document, Violation, json};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::rc::Rc;

mod path;
mod tree;

use path::Step;
use tree::Tree;

/// A document to read and change by path.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// let mut document = dukou_sdk::testing::edit(r#"{"dto":{"Memo":"急","Amount":1.50,"RDRecordDetails":[{"Batch":"B1"}]}}"#);
/// let memo: Text = document.get("Memo");
/// document.set("Memo", &memo.joined(" ", &Text::from("一号店")));
/// document.remove("RDRecordDetails[0].Batch");
/// document.set("Warehouse", &Code::from("CK01"));
/// assert_eq!(
///     document.to_json(),
///     r#"{"dto":{"Memo":"急 一号店","Amount":1.50,"RDRecordDetails":[{}],"Warehouse":{"Code":"CK01"}}}"#
/// );
/// ```
#[derive(Debug)]
pub struct Editor {
    root: Rc<Root>,
    tree: Tree,
    wrapper: Option<String>,
    suffix: String,
    extra: String,
    violations: Vec<Violation>,
}

/// The name of the member that a document stands under: by the target catalogue, or where none is known, the only member
/// if it is an object. The error says that the document is no object.
pub(crate) fn wrapper_of<'a>(document: Node<'a>, around: &Surroundings) -> Result<Option<Cow<'a, str>>, String> {
    if !document.is_object() {
        return Err("the document is no object".to_owned());
    }
    if let Some(target) = &around.environment.target {
        return Ok(target.wrapper.clone().map(Cow::Owned));
    }
    let mut members = document.members();
    Ok(match members.pop() {
        Some((name, value)) if members.is_empty() && value.is_object() => Some(name),
        _ => None,
    })
}

impl Editor {
    pub(crate) fn open(document: &Document, member: u32, around: &Rc<Surroundings>) -> Result<Self, String> {
        let node = Node::parse(&document.body).map_err(|error| error.to_string())?;
        let wrapper = wrapper_of(node, around)?.map(Cow::into_owned);
        let text: Box<str> = document.body.as_str().into();
        let span = Span {
            start: 0,
            end: u32::try_from(text.len()).map_err(|_| "the document is too long".to_owned())?,
        };
        Ok(Self {
            root: Rc::new(Root {
                text,
                side: Side::Target,
                member,
                suffix: document.suffix.as_str().into(),
                around: Rc::clone(around),
                faults: std::cell::RefCell::default(),
            }),
            tree: Tree::Text(span),
            wrapper,
            suffix: document.suffix.clone(),
            extra: document.extra.clone(),
            violations: Vec::new(),
        })
    }

    /// The document's suffix, empty for a group's only document.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The value at a path, as the type that is wanted; empty if there is none.
    pub fn get<V: SourceField>(&self, path: &str) -> V {
        // The value of a document knows no place of its own: a violation names the path that it is set to.
        static NOWHERE: Field = Field {
            name: "",
            personal: false,
        };
        let json = self.json(path).unwrap_or(Cow::Borrowed("null"));
        let root = Rc::new(Root {
            text: json.into(),
            side: Side::Target,
            member: self.root.member,
            suffix: self.root.suffix.clone(),
            around: Rc::clone(&self.root.around),
            faults: std::cell::RefCell::default(),
        });
        let place = Rc::new(Place {
            root: Rc::clone(&root),
            above: None,
        });
        let at = At {
            place: &place,
            field: &NOWHERE,
        };
        let mut value = V::absent(at.origin());
        let mut deserializer = serde_json::Deserializer::from_str(&root.text);
        // The text is a part of a document that was read before.
        let _ = value.read(at, &mut deserializer);
        value
    }

    /// The JSON text at a path, if there is something.
    pub fn json(&self, path: &str) -> Option<Cow<'_, str>> {
        self.tree
            .get(&self.root.text, &steps(self.wrapper.as_deref(), path).ok()?)
    }

    /// Whether there is something at a path.
    pub fn has(&self, path: &str) -> bool {
        self.json(path).is_some()
    }

    /// How many elements the list at a path has; 0 if there is no list.
    pub fn count(&self, path: &str) -> usize {
        let json = self.json(path).unwrap_or(Cow::Borrowed("null"));
        let list: Option<Vec<&RawValue>> = serde_json::from_str(&json).ok();
        list.map_or(0, |list| list.len())
    }

    /// Puts a value at a path. A member that is there keeps its place; a new one goes to the end, objects on the way are
    /// made. An empty value removes the member. A value that cannot be used rejects the group, with its own source path
    /// and this path as target.
    pub fn set(&mut self, path: &str, value: &impl Token) {
        let mut token = String::new();
        match value.push(&mut token) {
            Ok(true) => self.put(path, Some(token)),
            Ok(false) => self.put(path, None),
            Err(fault) => self.refuse(path, fault),
        }
    }

    /// Puts a value at a path that must not be empty: an empty value rejects the group with code `required`.
    pub fn set_required(&mut self, path: &str, value: &impl Token) {
        let mut token = String::new();
        match value.push(&mut token) {
            Ok(true) => self.put(path, Some(token)),
            Ok(false) => {
                let fault = Fault {
                    code: "required".into(),
                    message: "the field is required and the value is empty".to_owned(),
                    origin: value.came_from().cloned(),
                };
                self.refuse(path, fault);
            }
            Err(fault) => self.refuse(path, fault),
        }
    }

    /// Takes the member or element at a path away, if it is there.
    pub fn remove(&mut self, path: &str) {
        self.put(path, None);
    }

    /// The document as it stands now.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.root.text.len() + 64);
        self.tree.write(&self.root.text, &mut out);
        out
    }

    pub(crate) fn finish(self) -> (Document, Vec<Violation>) {
        let document = Document {
            body: self.to_json(),
            suffix: self.suffix,
            extra: self.extra,
        };
        (document, self.violations)
    }

    fn put(&mut self, path: &str, token: Option<String>) {
        let outcome = match steps(self.wrapper.as_deref(), path) {
            Ok(steps) => self.tree.put(&self.root.text, &steps, token),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = outcome {
            self.refuse(path, Fault::new("type", format!("{path}: {reason}")));
        }
    }

    fn refuse(&mut self, path: &str, fault: Fault) {
        let mut violation = Violation::from(fault).at_target(path);
        if !self.suffix.is_empty() {
            violation.extra = format!("{{\"suffix\":{}}}", json::text(&self.suffix));
        }
        self.violations.push(violation);
    }
}

/// The steps of a path, from the document's outermost object.
fn steps<'p>(wrapper: Option<&'p str>, path: &'p str) -> Result<Vec<Step<'p>>, String> {
    let mut steps = Vec::with_capacity(4);
    steps.extend(wrapper.map(Step::Member));
    path::read(path, &mut steps)?;
    Ok(steps)
}

/// Adds what editors refused to the report.
pub(crate) fn collect(editors: Vec<Editor>, report: &mut Report<'_>) -> Vec<Document> {
    let mut documents = Vec::with_capacity(editors.len());
    for editor in editors {
        let (document, violations) = editor.finish();
        documents.push(document);
        for violation in violations {
            report.add(violation, None);
        }
    }
    documents
}

#[cfg(test)]
mod tests;
