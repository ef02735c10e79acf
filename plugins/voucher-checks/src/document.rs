//! The target side: what the checks need to know of one document, read by name from its text.

use crate::rules::Rules;
use dukou_sdk::Scalar;
use dukou_sdk::node::Node;
use std::borrow::Cow;

/// Deepest object or array that is searched for texts; vouchers have four levels.
const DEPTH_MAX: usize = 16;

/// One voucher.
#[derive(Debug)]
pub(crate) struct Voucher<'a> {
    pub(crate) date: Scalar<'a>,
    pub(crate) lines: Vec<VoucherLine<'a>>,
}

/// One of its lines.
#[derive(Debug, Default)]
pub(crate) struct VoucherLine<'a> {
    pub(crate) quantity: Scalar<'a>,
    pub(crate) price: Scalar<'a>,
}

/// A text that is too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LongText {
    pub(crate) path: String,
    pub(crate) characters: usize,
}

/// The object below the wrapper.
pub(crate) fn unwrapped<'a>(rules: &Rules, body: &'a str) -> Option<Node<'a>> {
    let whole = Node::parse(body).ok()?;
    let inside = match &rules.wrapper {
        Some(wrapper) => whole.member(wrapper)?,
        None => whole,
    };
    inside.is_object().then_some(inside)
}

impl<'a> Voucher<'a> {
    /// Reads a voucher; `None` if its lines are no list.
    pub(crate) fn read(document: Node<'a>) -> Option<Self> {
        let mut voucher = Self {
            date: Scalar::Null,
            lines: Vec::new(),
        };
        for (name, value) in document.members() {
            match &*name {
                "VoucherDate" => voucher.date = value.scalar(),
                "RDRecordDetails" => {
                    voucher.lines = value.elements()?.into_iter().map(VoucherLine::read).collect();
                }
                _ => {}
            }
        }
        Some(voucher)
    }
}

impl<'a> VoucherLine<'a> {
    fn read(line: Node<'a>) -> Self {
        let mut read = Self::default();
        for (name, value) in line.members() {
            match &*name {
                "BaseQuantity" => read.quantity = value.scalar(),
                "origTaxSalePrice" => read.price = value.scalar(),
                _ => {}
            }
        }
        read
    }
}

/// Gathers the texts of more than `max` characters, by path.
pub(crate) fn long_texts(document: Node<'_>, max: usize) -> Vec<LongText> {
    // A text cannot have more characters than the whole document has bytes.
    let mut found = Vec::new();
    if document.json().len() > max {
        search(document, "", max, DEPTH_MAX, &mut found);
    }
    found
}

fn search(node: Node<'_>, path: &str, max: usize, depth: usize, found: &mut Vec<LongText>) {
    if depth == 0 || node.json().len() <= max {
        return;
    }
    if node.is_object() {
        for (name, value) in node.members() {
            let path = if path.is_empty() {
                Cow::Borrowed(&*name)
            } else {
                Cow::Owned(format!("{path}.{name}"))
            };
            search(value, &path, max, depth - 1, found);
        }
    } else if node.json().starts_with('[') {
        for (index, value) in node.elements().unwrap_or_default().into_iter().enumerate() {
            search(value, &format!("{path}[{index}]"), max, depth - 1, found);
        }
    } else if let Scalar::Text(text) = node.scalar() {
        let characters = text.chars().count();
        if characters > max {
            found.push(LongText {
                path: path.to_owned(),
                characters,
            });
        }
    }
}
