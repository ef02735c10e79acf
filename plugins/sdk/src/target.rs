//! Writing a document from a struct: `#[derive(Target)]`.
//!
//! The struct's fields are the document's, in their order. A plain field is required: if its value is empty, the group
//! is rejected with the code `required`. An `Option` field is left out if it is empty. All faults are told, each with
//! the source field that the value came from and the target field it was meant for.
//!
//! ```
//! use dukou_sdk::prelude::*;
//!
//! #[derive(Target)]
//! #[target(wrapper = "dto")]                 // the key that the whole document stands under
//! struct Dispatch {
//!     #[target(rename = "ExternalCode")]
//!     external_code: Text,
//!     #[target(rename = "Warehouse")]
//!     warehouse: Option<Code>,               // {"Code":"…"}
//!     #[target(rename = "RDRecordDetails")]
//!     lines: Lines<DispatchLine>,
//! }
//!
//! #[derive(Target)]
//! #[target(rename_all = "PascalCase")]       // base_quantity is written as BaseQuantity
//! struct DispatchLine {
//!     base_quantity: Decimal,
//!     batch: Option<Text>,
//! }
//!
//! let dispatch = Dispatch {
//!     external_code: "CK1".to(),
//!     warehouse: "".to(),
//!     lines: vec![DispatchLine { base_quantity: "2.0000".to(), batch: None }].into(),
//! };
//! let body = dukou_sdk::testing::write(dispatch).unwrap();
//! assert_eq!(body, r#"{"dto":{"ExternalCode":"CK1","RDRecordDetails":[{"BaseQuantity":2.0000}]}}"#);
//! ```
//!
//! A struct without `#[target(…)]` names is written under its own names: `#[allow(non_snake_case)]` lets them be the
//! target's. Several records of a group become one document: header values must agree (`merge.disagree`), lines follow
//! one another.

use crate::Violation;
use crate::report::Report;
use crate::source::List;
use crate::values::{Boolean, Code, Date, DateTime, Decimal, Fault, Integer, Json, Name, Origin, Text, Token};

/// A struct that is written as an object. Derive it.
pub trait Target: Sized {
    /// The key that the whole document stands under.
    #[doc(hidden)]
    const WRAPPER: Option<&'static str>;

    /// Writes the members of what all records of the group made.
    #[doc(hidden)]
    fn write(all: &[(u32, &Self)], out: &mut Writer<'_, '_>);
}

/// A type that a target struct's field can have.
pub trait TargetField: Sized {
    /// Writes the field with its name, once for all records. The values come with the index of their record; `None` is
    /// an `Option` field without one.
    fn write<'f, I>(name: &'static str, required: bool, values: I, out: &mut Writer<'_, '_>)
    where
        Self: 'f,
        I: Iterator<Item = (u32, Option<&'f Self>)> + Clone;
}

/// Lines of a document. It remembers the list of the record that they were made of, for the case that there are none.
#[derive(Debug)]
pub struct Lines<L> {
    lines: Vec<L>,
    origin: Option<Origin>,
    fault: Option<Fault>,
}

impl<L> Lines<L> {
    pub(crate) fn new<T>(lines: Vec<L>, list: &List<T>) -> Self {
        Self {
            lines,
            origin: Some(list.origin().clone()),
            fault: list.fault().cloned(),
        }
    }

    /// Adds a line at the end.
    pub fn push(&mut self, line: L) {
        self.lines.push(line);
    }

    /// The lines.
    pub fn lines(&self) -> &[L] {
        &self.lines
    }

    /// Cuts into parts of at most `size` lines (at least one), for documents with a limit.
    pub fn chunks(self, size: usize) -> Vec<Self> {
        let size = size.max(1);
        let mut parts = Vec::new();
        let mut lines = self.lines.into_iter().peekable();
        while lines.peek().is_some() || parts.is_empty() {
            parts.push(Self {
                lines: lines.by_ref().take(size).collect(),
                origin: self.origin.clone(),
                fault: self.fault.clone(),
            });
        }
        parts
    }
}

impl<L> From<Vec<L>> for Lines<L> {
    fn from(lines: Vec<L>) -> Self {
        Self {
            lines,
            origin: None,
            fault: None,
        }
    }
}

impl<L> FromIterator<L> for Lines<L> {
    fn from_iter<I: IntoIterator<Item = L>>(lines: I) -> Self {
        Self::from(lines.into_iter().collect::<Vec<L>>())
    }
}

/// A document in the making: the text so far, and where in it we are.
#[derive(Debug)]
pub struct Writer<'w, 'r> {
    pub(crate) body: String,
    report: &'w mut Report<'r>,
    /// The objects that the one being written stands in: names, and indexes for lines.
    above: Vec<(&'static str, Option<usize>)>,
    scratch: String,
}

impl<'w, 'r> Writer<'w, 'r> {
    pub(crate) fn new(report: &'w mut Report<'r>, capacity: usize) -> Self {
        Self {
            body: String::with_capacity(capacity),
            report,
            above: Vec::new(),
            scratch: String::new(),
        }
    }

    /// A whole document.
    pub(crate) fn document<T: Target>(&mut self, all: &[(u32, &T)]) {
        self.body.push('{');
        if let Some(wrapper) = T::WRAPPER {
            push_name(&mut self.body, wrapper);
            self.body.push('{');
        }
        T::write(all, self);
        self.body.push_str(if T::WRAPPER.is_some() { "}}" } else { "}" });
    }

    /// A field of the object being written.
    #[doc(hidden)]
    pub fn field<T, F: TargetField>(&mut self, name: &'static str, all: &[(u32, &T)], of: impl Fn(&T) -> &F) {
        let values = all.iter().map(|(member, object)| (*member, Some(of(object))));
        F::write(name, true, values, self);
    }

    /// Adds the violation of a value that was meant for `name`.
    fn refuse(&mut self, name: &str, member: u32, origin: Option<&Origin>, code: &str, reason: &str) {
        let violation = match origin {
            Some(origin) => origin.name_in(Violation::new(code, format!("{}: {reason}", origin.path()))),
            None => Violation::new(code, reason),
        };
        let violation = violation.at_target(self.path(name));
        self.report.add(violation, Some(member));
    }

    /// The target path of a field of the object being written.
    fn path(&self, name: &str) -> String {
        let mut path = String::new();
        for (above, index) in &self.above {
            path.push_str(above);
            if let Some(index) = index {
                path.push_str(&format!("[{index}]"));
            }
            path.push('.');
        }
        path.push_str(name);
        path
    }

    fn refuse_fault(&mut self, name: &str, member: u32, fault: &Fault) {
        self.refuse(name, member, fault.origin.as_ref(), &fault.code, &fault.message);
    }

    fn refuse_empty(&mut self, name: &str, member: u32, origin: Option<&Origin>) {
        let reason = "the field is required and the value is empty";
        self.refuse(name, member, origin, "required", reason);
    }

    /// A single value, on which all records must agree.
    fn value<'f, F: Token + 'f>(
        &mut self,
        name: &'static str,
        required: bool,
        values: impl Iterator<Item = (u32, Option<&'f F>)>,
    ) {
        let before = self.body.len();
        let mut sound = true;
        // Where the value that the others must equal begins; at the end of the text if it is empty.
        let mut first: Option<usize> = None;
        for (member, value) in values {
            let Some(value) = value else {
                match first {
                    None => first = Some(self.body.len()),
                    Some(from) if from == self.body.len() => {}
                    Some(from) => {
                        let reason = disagreement(&self.body[from..], "");
                        self.refuse(name, member, None, "merge.disagree", &reason);
                        sound = false;
                    }
                }
                continue;
            };
            if let Some(from) = first {
                self.scratch.clear();
                let mut scratch = std::mem::take(&mut self.scratch);
                match value.push(&mut scratch) {
                    Err(fault) => {
                        self.refuse_fault(name, member, &fault);
                        sound = false;
                    }
                    Ok(false) if required => {
                        self.refuse_empty(name, member, value.came_from());
                        sound = false;
                    }
                    Ok(_) if self.body[from..] != scratch => {
                        let personal = value.came_from().is_some_and(Origin::is_personal);
                        let reason = if personal {
                            disagreement("***", "***")
                        } else {
                            disagreement(&self.body[from..], &scratch)
                        };
                        self.refuse(name, member, value.came_from(), "merge.disagree", &reason);
                        sound = false;
                    }
                    Ok(_) => {}
                }
                self.scratch = scratch;
                continue;
            }
            push_name(&mut self.body, name);
            let start = self.body.len();
            match value.push(&mut self.body) {
                Ok(true) => first = Some(start),
                outcome => {
                    self.body.truncate(before);
                    match outcome {
                        Err(fault) => {
                            self.refuse_fault(name, member, &fault);
                            sound = false;
                        }
                        Ok(_) if required => {
                            self.refuse_empty(name, member, value.came_from());
                            sound = false;
                        }
                        Ok(_) => first = Some(before),
                    }
                }
            }
        }
        if !sound {
            self.body.truncate(before);
        }
    }

    /// A list of lines: those of all records, one after the other.
    fn lines<'f, L: Target + 'f>(
        &mut self,
        name: &'static str,
        required: bool,
        values: impl Iterator<Item = (u32, Option<&'f Lines<L>>)> + Clone,
    ) {
        let mut any = false;
        // Lists that are none come first: their lines cannot be judged.
        for (member, lines) in values.clone() {
            let origin = lines.and_then(|lines| lines.origin.as_ref());
            match lines {
                Some(Lines { fault: Some(fault), .. }) => self.refuse_fault(name, member, fault),
                Some(lines) if !lines.lines.is_empty() => any = true,
                _ if required => {
                    let reason = "the field is required and there are no lines";
                    self.refuse(name, member, origin, "required", reason);
                }
                _ => {}
            }
        }
        if !any {
            return;
        }
        push_name(&mut self.body, name);
        self.body.push('[');
        let all = values.flat_map(|(member, lines)| {
            let lines = lines.map(|lines| lines.lines.as_slice()).unwrap_or_default();
            lines.iter().map(move |line| (member, line))
        });
        for (index, line) in all.enumerate() {
            if index > 0 {
                self.body.push(',');
            }
            self.above.push((name, Some(index)));
            self.body.push('{');
            L::write(&[line], self);
            self.body.push('}');
            self.above.pop();
        }
        self.body.push(']');
    }

    /// An object in an object; nothing if it has no members.
    fn object<'f, T: Target + 'f>(
        &mut self,
        name: &'static str,
        required: bool,
        values: impl Iterator<Item = (u32, Option<&'f T>)>,
    ) {
        let all: Vec<(u32, &T)> = values.filter_map(|(member, object)| Some((member, object?))).collect();
        let (before, found) = (self.body.len(), self.report.count());
        push_name(&mut self.body, name);
        self.body.push('{');
        self.above.push((name, None));
        T::write(&all, self);
        self.above.pop();
        if self.body.ends_with('{') {
            self.body.truncate(before);
            if required && self.report.count() == found {
                self.refuse_empty(name, all.first().map_or(0, |(member, _)| *member), None);
            }
        } else {
            self.body.push('}');
        }
    }
}

macro_rules! values {
    ($($type:ident)*) => { $(
        impl TargetField for $type {
            fn write<'f, I>(name: &'static str, required: bool, values: I, out: &mut Writer<'_, '_>)
            where
                Self: 'f,
                I: Iterator<Item = (u32, Option<&'f Self>)> + Clone,
            {
                out.value(name, required, values);
            }
        }
    )* };
}

values!(Text Code Name Decimal Integer Boolean Date DateTime Json);

impl<L: Target> TargetField for Lines<L> {
    fn write<'f, I>(name: &'static str, required: bool, values: I, out: &mut Writer<'_, '_>)
    where
        Self: 'f,
        I: Iterator<Item = (u32, Option<&'f Self>)> + Clone,
    {
        out.lines(name, required, values);
    }
}

/// An object in an object, merged member by member.
impl<T: Target> TargetField for T {
    fn write<'f, I>(name: &'static str, required: bool, values: I, out: &mut Writer<'_, '_>)
    where
        Self: 'f,
        I: Iterator<Item = (u32, Option<&'f Self>)> + Clone,
    {
        out.object(name, required, values);
    }
}

/// A field that is left out if it is empty.
impl<F: TargetField> TargetField for Option<F> {
    fn write<'f, I>(name: &'static str, _required: bool, values: I, out: &mut Writer<'_, '_>)
    where
        Self: 'f,
        I: Iterator<Item = (u32, Option<&'f Self>)> + Clone,
    {
        let inside = values.map(|(member, value)| (member, value.and_then(Option::as_ref)));
        F::write(name, false, inside, out);
    }
}

fn disagreement(known: &str, found: &str) -> String {
    let show = |token: &str| {
        let text = token.trim_matches('"');
        match text.char_indices().nth(80) {
            None => format!("\"{text}\""),
            Some((cut, _)) => format!("\"{}…\"", &text[..cut]),
        }
    };
    format!(
        "{} and {} differ between the records of the group",
        show(known),
        show(found)
    )
}

/// Appends `"name":`, after a comma unless the object has just begun. The derive takes no names that need escapes.
fn push_name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

#[cfg(test)]
mod tests;
