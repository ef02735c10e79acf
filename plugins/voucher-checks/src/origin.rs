//! The source side: how many lines a group has and what they sum up to, without what was omitted.
//!
//! Omissions are named by path (`details_list[2]`, `details_list[2].position_list[0]`, empty for a whole record).

use crate::rules::{Field, Lines, Rules, Sum};
use dukou_sdk::node::Node;
use dukou_sdk::{Candidate, Omission, Scalar};
use rust_decimal::Decimal;

/// A group's lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) lines: usize,
    pub(crate) quantity: Decimal,
    pub(crate) amount: Decimal,
}

/// Why there are no totals: the source path and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Counts and sums.
pub(crate) fn totals(rules: &Rules, lines: &Lines, candidate: &Candidate) -> Result<Totals, Fault> {
    let mut totals = Totals::default();
    for (member, record) in (0_u32..).zip(&candidate.origin.records) {
        let fault = |path: &str, reason: &str| Fault {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let body = Node::parse(&record.body).map_err(|error| fault("", &error.to_string()))?;
        let omitted: Vec<&Omission> = candidate
            .mapped
            .omitted
            .iter()
            .filter(|omission| omission.member == member)
            .collect();
        if omitted.iter().any(|omission| omission.path.is_empty()) {
            continue;
        }
        let details = match body.member(&lines.outer) {
            None => Vec::new(),
            Some(list) => list.elements().ok_or_else(|| fault(&lines.outer, "is no list"))?,
        };
        for (index, detail) in details.into_iter().enumerate() {
            let path = format!("{}[{index}]", lines.outer);
            if !omitted.iter().any(|omission| omission.path == path) {
                add_detail(rules, lines, &omitted, &path, detail, &mut totals)?;
            }
        }
    }
    Ok(totals)
}

/// Adds one element of the outer list.
fn add_detail(
    rules: &Rules,
    lines: &Lines,
    omitted: &[&Omission],
    path: &str,
    detail: Node<'_>,
    totals: &mut Totals,
) -> Result<(), Fault> {
    let inner = match &lines.inner {
        None => Vec::new(),
        Some(name) => match detail.member(name) {
            None => Vec::new(),
            Some(list) => list.elements().ok_or_else(|| Fault {
                path: format!("{path}.{name}"),
                reason: "is no list".to_owned(),
            })?,
        },
    };
    let mut chains: Vec<(String, Option<Node<'_>>)> = Vec::with_capacity(inner.len().max(1));
    if inner.is_empty() {
        chains.push((path.to_owned(), None));
    }
    for (index, element) in inner.into_iter().enumerate() {
        let name = lines.inner.as_deref().unwrap_or_default();
        let path = format!("{path}.{name}[{index}]");
        if !omitted.iter().any(|omission| omission.path == path) {
            chains.push((path, Some(element)));
        }
    }
    totals.lines += chains.len();
    for (sum, total) in [
        (&rules.quantity, &mut totals.quantity),
        (&rules.amount, &mut totals.amount),
    ] {
        let Some(sum) = sum else { continue };
        // A field of the outer element counts once, however many inner elements there are.
        let once = sum.fields.first().is_some_and(|field| !field.inner);
        let counted = if once { chains.len().min(1) } else { chains.len() };
        for (path, inner) in &chains[..counted] {
            let value = value_of(sum, detail, *inner).map_err(|(field, reason)| Fault {
                path: field.path.clone(),
                reason: format!("{reason} at {path}"),
            })?;
            *total = total.checked_add(value).ok_or_else(|| Fault {
                path: sum.fields[0].path.clone(),
                reason: "the sum has too many digits".to_owned(),
            })?;
        }
    }
    Ok(())
}

/// The first field that is not empty, zero if all are.
fn value_of<'s>(sum: &'s Sum, detail: Node<'_>, inner: Option<Node<'_>>) -> Result<Decimal, (&'s Field, &'static str)> {
    for field in &sum.fields {
        let owner = if field.inner { inner } else { Some(detail) };
        let value = owner
            .and_then(|node| node.at(&field.name))
            .map_or(Scalar::Null, Node::scalar);
        if !value.is_empty() {
            return value.decimal_value().map_err(|reason| (field, reason.reason()));
        }
    }
    Ok(Decimal::ZERO)
}
