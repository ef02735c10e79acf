//! Where a value came from, and the fault that names it.
//!
//! A record's text is shared by all values that were read from it, so that a value is a span and not a copy. Places
//! form the path; they are only written out when somebody must read them.

use crate::Violation;
use crate::date::Zone;
use crate::environment::{Catalogue, Environment};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// Most characters of a value that a message shows.
const SHOWN_CHARS: usize = 80;

/// Bytes from and up to, in the text of the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Which end a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A record of the source: its paths are source paths.
    Source,
    /// A document for the target: its paths are target paths.
    Target,
}

/// What surrounds a configured plugin.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) environment: Environment,
    pub(crate) zone: Zone,
}

/// One text that was read, with everything that its values need to know.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) text: Box<str>,
    pub(crate) side: Side,
    /// The record's index in its group, or the document's.
    pub(crate) member: u32,
    /// The document's suffix.
    pub(crate) suffix: Box<str>,
    pub(crate) around: Rc<Surroundings>,
    /// What could not be read and belongs to no value.
    pub(crate) faults: RefCell<Vec<Fault>>,
}

impl Root {
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The span of a part of the text.
    pub(crate) fn span(&self, part: &str) -> Option<Span> {
        span_within(&self.text, part)
    }
}

/// Where `part`, a slice of `whole`, stands in it.
pub(crate) fn span_within(whole: &str, part: &str) -> Option<Span> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start + part.len();
    whole.get(start..end)?;
    Some(Span {
        start: u32::try_from(start).ok()?,
        end: u32::try_from(end).ok()?,
    })
}

/// An object inside a record or document. Only the derives make places.
#[derive(Debug)]
pub struct Place {
    pub(crate) root: Rc<Root>,
    /// The field it stands in, and its index if that is a list. `None` for the record as a whole.
    pub(crate) above: Option<(Origin, Option<u32>)>,
}

impl Place {
    /// The origin of one of the object's fields.
    #[doc(hidden)]
    pub fn field(self: &Rc<Self>, field: &'static Field) -> Origin {
        Origin {
            place: Rc::clone(self),
            field,
        }
    }

    fn push_path(&self, out: &mut String, indexes: bool) {
        if let Some((origin, index)) = &self.above {
            origin.push_path(out, indexes);
            if let Some(index) = index.filter(|_| indexes) {
                out.push_str(&format!("[{index}]"));
            }
        }
    }
}

/// A field as the derives know it.
#[derive(Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// Whether messages must not show its value.
    pub personal: bool,
}

/// The field that a value came from.
#[derive(Clone)]
pub struct Origin {
    pub(crate) place: Rc<Place>,
    pub(crate) field: &'static Field,
}

impl Origin {
    /// The path with indexes: `details_list[0].goods_count`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        self.push_path(&mut path, true);
        path
    }

    /// Whether it is a source path or a target path.
    pub fn side(&self) -> Side {
        self.place.root.side
    }

    /// Index of the record in its group, or of the document among the group's documents.
    pub fn member(&self) -> u32 {
        self.place.root.member
    }

    fn push_path(&self, out: &mut String, indexes: bool) {
        self.place.push_path(out, indexes);
        if !self.field.name.is_empty() {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(self.field.name);
        }
    }

    /// Whether the value is personal: by its struct, or by the catalogue.
    pub(crate) fn is_personal(&self) -> bool {
        let environment = &self.place.root.around.environment;
        let catalogue: Option<&Catalogue> = match self.side() {
            Side::Source => environment.source.as_ref(),
            Side::Target => environment.target.as_ref(),
        };
        self.field.personal
            || catalogue.is_some_and(|catalogue| {
                let mut path = String::new();
                self.push_path(&mut path, false);
                catalogue.field(&path).is_some_and(|field| field.personal)
            })
    }

    /// Puts the path where it belongs in a violation, and tells documents of one group apart.
    pub(crate) fn name_in(&self, violation: Violation) -> Violation {
        match self.side() {
            Side::Source => violation.at_source(self.path()),
            Side::Target => {
                let mut violation = violation.at_target(self.path());
                let suffix = &self.place.root.suffix;
                if !suffix.is_empty() {
                    violation.extra = format!("{{\"suffix\":{}}}", crate::json::text(suffix));
                }
                violation
            }
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path())
    }
}

/// Why a value cannot be used. It becomes a [`Violation`] where the value is written, and ends the work on the group
/// where it is handed on with `?`.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) origin: Option<Origin>,
}

impl Fault {
    /// A fault of a value that came from nowhere in particular.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            origin: None,
        }
    }

    /// The violation's code: `type`, `date`, `required`, `lookup.miss`, `expression`, `merge.disagree`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The field whose value it is.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin.as_ref().map(Origin::path).filter(|path| !path.is_empty()) {
            Some(path) => write!(formatter, "{path}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Violation {
    fn from(fault: Fault) -> Self {
        let violation = Self::new(fault.code.clone(), fault.to_string());
        match &fault.origin {
            Some(origin) => origin.name_in(violation),
            None => violation,
        }
    }
}

/// A value between quotes, cut to 80 characters; personal data is masked.
pub(crate) fn shown(value: &str, personal: bool) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        _ if personal => "***".to_owned(),
        None => format!("\"{value}\""),
        Some((cut, _)) => format!("\"{}…\"", &value[..cut]),
    }
}
