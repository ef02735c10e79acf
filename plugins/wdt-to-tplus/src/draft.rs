//! The document in the making: values that all records of a group share, and everything that stops the group.
//!
//! All problems are gathered, not only the first: whoever repairs the order sees the whole list. It knows JSON and
//! violations, not which fields there are.

use crate::order::Order;
use dukou_sdk::date::{self, Zone};
use dukou_sdk::{Group, Scalar, Violation, json};
use std::borrow::Cow;

/// Most characters of a source value that a message shows.
const SHOWN_CHARS: usize = 80;

/// Most violations that one verdict names.
const VIOLATIONS_MAX: usize = 50;

/// Where a value comes from and goes to, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) target: &'static str,
    pub(crate) source: &'static str,
    pub(crate) expression: &'static str,
    /// Whether messages must not show the value.
    pub(crate) personal: bool,
}

/// Where something is wrong: the record's index in the group, and for lines their paths in source and target.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) member: usize,
    /// The line's list, index in the source, and index in the target.
    pub(crate) line: Option<(Row, usize, usize)>,
}

/// The body so far, and what is wrong with it.
pub(crate) struct Draft<'g> {
    pub(crate) body: String,
    group: &'g Group,
    violations: Vec<Violation>,
    /// How many were found after the last that is told.
    more: usize,
}

/// A value that all records share; `Err` if something about it was refused.
type Agreed<'o> = Result<Option<Cow<'o, str>>, ()>;

impl<'g> Draft<'g> {
    pub(crate) fn new(group: &'g Group, capacity: usize) -> Self {
        Self {
            body: String::with_capacity(capacity),
            group,
            violations: Vec::new(),
            more: 0,
        }
    }

    /// The body, or every reason why there is none.
    pub(crate) fn finish(mut self) -> Result<String, Vec<Violation>> {
        if self.more > 0
            && let Some(last) = self.violations.last_mut()
        {
            last.message.push_str(&format!(" (and {} more violations)", self.more));
        }
        if self.violations.is_empty() {
            Ok(self.body)
        } else {
            Err(self.violations)
        }
    }

    /// A header field of type text.
    pub(crate) fn text<'o>(
        &mut self,
        row: Row,
        orders: &'o [(usize, Order<'o>)],
        of: impl Fn(&'o Order<'o>) -> &'o Scalar<'o>,
        required: bool,
    ) {
        let value = self.agreed(row, orders, |order| match of(order) {
            Scalar::Structure(found) => Err(("type", not_a(row, found, "a text"))),
            value if value.is_empty() && required => Err(required_but_empty()),
            value if value.is_empty() => Ok(None),
            value => Ok(Some(value.text())),
        });
        self.put(row, value);
    }

    /// A required header field of type date.
    pub(crate) fn date<'o>(
        &mut self,
        row: Row,
        orders: &'o [(usize, Order<'o>)],
        of: impl Fn(&'o Order<'o>) -> &'o Scalar<'o>,
        zone: Zone,
    ) {
        const FORMS: &str = "a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds";
        let value = self.agreed(row, orders, |order| match of(order) {
            Scalar::Structure(found) => Err(("type", not_a(row, found, "a date"))),
            value => match date::date(value, zone) {
                Ok(None) => Err(required_but_empty()),
                Ok(date) => Ok(date),
                Err(_) => Err(("date", not_a(row, &value.text(), FORMS))),
            },
        });
        self.put(row, value);
    }

    /// A line's field of type decimal.
    pub(crate) fn decimal(&mut self, row: Row, value: &Scalar<'_>, required: bool, place: Place) {
        if value.is_empty() {
            if required {
                let (code, reason) = required_but_empty();
                self.refuse(code, row, place, &reason);
            }
            return;
        }
        match value.decimal() {
            Ok(token) => {
                push_name(&mut self.body, row.target);
                self.body.push_str(&token);
            }
            Err(_) => self.refuse("type", row, place, &not_a(row, &value.text(), "a decimal")),
        }
    }

    /// A record that cannot be read at all.
    pub(crate) fn refuse_record(&mut self, member: usize, wrapper: &str, reason: &str) {
        let key = self.group.records.get(member).map_or("", |record| record.key.as_str());
        let message = format!("record {key} cannot be read: {reason}");
        self.add(Violation::new("type", message).at_target(wrapper), member);
    }

    pub(crate) fn refuse(&mut self, code: &str, row: Row, place: Place, reason: &str) {
        let message = format!("{}: {reason}", row.expression);
        let violation = Violation::new(code, message);
        let violation = match place.line {
            None => violation.at_source(row.source).at_target(row.target),
            Some((list, source, target)) => violation
                .at_source(format!("{}[{source}].{}", list.source, row.source))
                .at_target(format!("{}[{target}].{}", list.target, row.target)),
        };
        self.add(violation, place.member);
    }

    fn add(&mut self, mut violation: Violation, member: usize) {
        if self.violations.len() >= VIOLATIONS_MAX {
            self.more += 1;
            return;
        }
        if self.group.records.len() > 1
            && let Some(record) = self.group.records.get(member)
        {
            violation.extra = format!("{{\"record\":{}}}", json::text(&record.key));
        }
        self.violations.push(violation);
    }

    /// The value that all records share.
    fn agreed<'o>(
        &mut self,
        row: Row,
        orders: &'o [(usize, Order<'o>)],
        value_of: impl Fn(&'o Order<'o>) -> Result<Option<Cow<'o, str>>, (&'static str, String)>,
    ) -> Agreed<'o> {
        let mut first: Option<Option<Cow<'o, str>>> = None;
        let mut sound = true;
        for (member, order) in orders {
            let (code, reason) = match (value_of(order), &first) {
                (Ok(value), None) => {
                    first = Some(value);
                    continue;
                }
                (Ok(value), Some(known)) if value == *known => continue,
                (Ok(value), Some(known)) => {
                    let (known, value) = (known.as_deref(), value.as_deref());
                    let known = shown(row, known.unwrap_or_default());
                    let value = shown(row, value.unwrap_or_default());
                    let reason = format!("{known} and {value} differ between the records of the group");
                    ("merge.disagree", reason)
                }
                (Err(fault), _) => fault,
            };
            sound = false;
            self.refuse(
                code,
                row,
                Place {
                    member: *member,
                    line: None,
                },
                &reason,
            );
        }
        if sound { Ok(first.flatten()) } else { Err(()) }
    }

    fn put(&mut self, row: Row, value: Agreed<'_>) {
        if let Ok(Some(text)) = value {
            push_name(&mut self.body, row.target);
            json::push_text(&mut self.body, &text);
        }
    }
}

/// Appends `"name":`, after a comma unless the object has just begun.
pub(crate) fn push_name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

/// `"value" is not …`
pub(crate) fn not_a(row: Row, value: &str, wanted: &str) -> String {
    format!("{} is not {wanted}", shown(row, value))
}

fn required_but_empty() -> (&'static str, String) {
    ("required", "the field is required and the value is empty".to_owned())
}

/// A value between quotes, cut to 80 characters; personal data is masked.
fn shown(row: Row, value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        _ if row.personal => "***".to_owned(),
        None => format!("\"{value}\""),
        Some((cut, _)) => format!("\"{}…\"", &value[..cut]),
    }
}
