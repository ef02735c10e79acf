//! The compiled table: what `compile.rs` makes of the settings once, and `evaluate.rs` runs over every record.
//! Everything that can be decided without a record has been decided here.

use crate::condition::Condition;
use crate::shape::{Place, Shape};
use crate::template::Template;
use dukou_sdk::date::Zone;

/// A whole mapping table.
#[derive(Debug)]
pub(crate) struct Program {
    /// Which source fields are read.
    pub(crate) shape: Shape,
    /// Zone of the scheme, for epoch milliseconds.
    pub(crate) zone: Zone,
    /// The key that encloses the document.
    pub(crate) wrapper: Option<String>,
    /// Rows outside of lists.
    pub(crate) head: Vec<Row>,
    /// Rows inside of lists, one list each.
    pub(crate) lists: Vec<List>,
    /// The document in the order of its rows.
    pub(crate) layout: Vec<Entry>,
    /// Records to leave out, in order; the first that holds gives the reason.
    pub(crate) skip: Vec<Rule>,
    /// Tables that `lookup` names, in the order of first use.
    pub(crate) tables: Vec<String>,
    /// How often keys have to be collected before every look-up is answered: the most look-ups in one placeholder.
    pub(crate) rounds: usize,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The target path: `RDRecordDetails.Price`.
    pub(crate) target: String,
    /// What the target takes.
    pub(crate) kind: Kind,
    /// Whether an empty value rejects.
    pub(crate) required: bool,
    /// Whether messages must not show its values.
    pub(crate) personal: bool,
    /// What is put there.
    pub(crate) value: RowValue,
    /// The field that messages name as the source: the first of the template.
    pub(crate) source: Option<Place>,
    /// The template as written, for messages.
    pub(crate) text: String,
    /// Whether it reads fields of one record, so that the members of a group must agree.
    pub(crate) per_member: bool,
    /// Whether it needs the host's tables.
    pub(crate) looks_up: bool,
    /// Whether it reads `group.key`, which differs between the parts of a document that is split.
    pub(crate) group_key: bool,
    /// Whether it totals: a total must not appear on each part of a document that is split.
    pub(crate) totals: bool,
}

/// The value of a row.
#[derive(Debug)]
pub(crate) enum RowValue {
    /// The same for every document, converted already. Empty leaves the key out.
    Constant(Option<String>),
    /// One value.
    Template(Template<Place>),
    /// The elements of a list of texts.
    Texts(Vec<Template<Place>>),
}

/// What a target field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A JSON string.
    Text,
    /// A JSON number without a fraction.
    Integer,
    /// A JSON number.
    Decimal,
    /// `"YYYY-MM-DD"`
    Date,
    /// `"YYYY-MM-DD HH:MM:SS"`
    DateTime,
    /// `true` or `false`
    Boolean,
    /// `{"Code":"…"}`, with the key that the catalogue names.
    Reference(String),
    /// `["…"]`
    Texts,
}

/// A list of the target.
#[derive(Debug)]
pub(crate) struct List {
    /// The target path.
    pub(crate) target: String,
    /// The level whose elements become lines.
    pub(crate) level: usize,
    /// The outermost list around them, which an order without lines lacks.
    pub(crate) outermost: usize,
    /// Whether a document without lines rejects.
    pub(crate) required: bool,
    /// The fields of a line.
    pub(crate) rows: Vec<Row>,
    /// A line in the order of its rows.
    pub(crate) layout: Vec<Entry>,
    /// Elements to leave out.
    pub(crate) drop: Vec<Rule>,
    /// Which lines join.
    pub(crate) merge: Option<Merge>,
}

/// Lines that agree in `by` join and `sum` fields add up.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Indexes into the list's rows.
    pub(crate) by: Vec<usize>,
    /// Indexes into the list's rows.
    pub(crate) sum: Vec<usize>,
}

/// A condition with its reason.
#[derive(Debug)]
pub(crate) struct Rule {
    /// When it applies.
    pub(crate) condition: Condition<Place>,
    /// The deepest level that the condition reads: what falls out.
    pub(crate) level: usize,
    /// The reason that people read.
    pub(crate) reason: String,
    /// The condition as written, for messages.
    pub(crate) text: String,
}

/// One key of an object of the document.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) name: String,
    /// What stands under it.
    pub(crate) content: Content,
}

/// What stands under a key.
#[derive(Debug)]
pub(crate) enum Content {
    /// The value of a row, by its index.
    Row(usize),
    /// An object.
    Object(Vec<Entry>),
    /// A list of the target, by its index.
    List(usize),
}
