//! From the elements of a source list to the lines of the target: which stand for themselves, which drop out with a
//! reason, which join. A line that drops out is an omission, never silence.

use crate::convert::{self, Value};
use crate::errors::Fault;
use crate::evaluate::{self, add};
use crate::program::{Kind, List, Merge, Program, Rule};
use crate::record::{Chain, NotAList};
use crate::shape::ROOT;
use dukou_sdk::Omission;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An element that becomes a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'n> {
    /// Index of its record in the group.
    pub(crate) member: u32,
    /// The element and everything around it.
    pub(crate) chain: Chain<'n>,
}

/// What a record's list came to.
#[derive(Debug, Default)]
pub(crate) struct Expanded<'n> {
    /// The lines, in the source's order.
    pub(crate) lines: Vec<Line<'n>>,
    /// How many lines there would have been without `drop`.
    pub(crate) elements: usize,
    /// What `drop` took out.
    pub(crate) omitted: Vec<Omission>,
    /// Rules and lists that could not be read: path in the source, what was being judged, and why.
    pub(crate) faults: Vec<(String, String, Fault)>,
}

/// Walks a record's list.
pub(crate) fn expand<'n>(program: &Program, list: &List, member: u32, record: Chain<'n>) -> Expanded<'n> {
    let shape = &program.shape;
    let mut levels = Vec::new();
    let mut level = list.level;
    while level != ROOT {
        levels.push(level);
        level = shape.levels[level].parent;
    }
    levels.reverse();
    let mut walk = Walk {
        program,
        list,
        member,
        levels,
        found: Expanded::default(),
    };
    walk.descend(record, 0);
    walk.found
}

struct Walk<'e, 'n> {
    program: &'e Program,
    list: &'e List,
    member: u32,
    /// The levels from the outermost list to the one whose elements become lines.
    levels: Vec<usize>,
    found: Expanded<'n>,
}

impl<'n> Walk<'_, 'n> {
    /// The elements of the list at `position` of the levels, below `outer`.
    fn descend(&mut self, outer: Chain<'n>, position: usize) {
        let Some(&level) = self.levels.get(position) else {
            self.found.elements += 1;
            self.found.lines.push(Line {
                member: self.member,
                chain: outer,
            });
            return;
        };
        let shape = &self.program.shape;
        let elements = match outer.elements(shape, level) {
            Ok(elements) => elements,
            Err(NotAList { path, found }) => {
                let fault = Fault::Type {
                    expected: "a list".to_owned(),
                    value: found,
                };
                self.found.faults.push((path, self.list.target.clone(), fault));
                return;
            }
        };
        if elements.is_empty() && position > 0 {
            // An element without inner ones stands for itself, so the rules about inner ones judge it too.
            if !self.drops(outer, self.levels[position - 1], |rule| rule.level == level) {
                self.descend(outer, self.levels.len());
            }
            return;
        }
        for element in elements {
            let judged = |rule: &Rule| rule.level == level || (position == 0 && rule.level == ROOT);
            if !self.drops(element, level, judged) {
                self.descend(element, position + 1);
            }
        }
    }

    /// Whether a rule takes the element at the end of `chain`, which stands at `level`, out.
    fn drops(&mut self, chain: Chain<'n>, level: usize, judged: impl Fn(&Rule) -> bool) -> bool {
        let shape = &self.program.shape;
        let list = self.list;
        for rule in list.drop.iter().filter(|rule| judged(rule)) {
            match holds(self.program, rule, chain) {
                Ok(false) => {}
                Ok(true) => {
                    if let Some(node) = chain.nodes[shape.levels[level].depth] {
                        node.dropped.set(true);
                    }
                    self.found.elements += 1;
                    let path = shape.indexed_list(level, &chain.indexes);
                    self.found.omitted.push(Omission {
                        member: self.member,
                        path,
                        reason: rule.reason.clone(),
                    });
                    return true;
                }
                Err(fault) => {
                    let path = shape.indexed_list(level, &chain.indexes);
                    self.found.faults.push((path, rule.text.clone(), fault));
                }
            }
        }
        false
    }
}

/// Whether a rule's condition holds for an element or a record.
pub(crate) fn holds(program: &Program, rule: &Rule, chain: Chain<'_>) -> Result<bool, Fault> {
    rule.condition
        .holds(&mut |place| Ok(evaluate::field(program, place, chain)?.map_or_else(String::new, Cow::into_owned)))
}

/// A line's values, one for each row of its list.
#[derive(Clone, Debug)]
pub(crate) struct Cells<'n> {
    /// Where they came from.
    pub(crate) line: Line<'n>,
    /// Index of the line before any joined.
    pub(crate) index: usize,
    /// The values, by row.
    pub(crate) values: Vec<Value<'n>>,
}

/// A field in which lines that should join cannot: the line, its row, and why.
pub(crate) type Disagreement<'n> = (Line<'n>, usize, usize, Fault);

/// Joins the lines that agree in every `by` field. The first of them keeps its place and its spelling of equal numbers.
pub(crate) fn merge<'n>(
    list: &List,
    merge: &Merge,
    lines: Vec<Cells<'n>>,
) -> Result<Vec<Cells<'n>>, Vec<Disagreement<'n>>> {
    let mut joined: Vec<Cells<'n>> = Vec::with_capacity(lines.len());
    let mut known: BTreeMap<Vec<Option<String>>, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in lines {
        let key = merge
            .by
            .iter()
            .map(|row| comparable(&list.rows[*row].kind, &line.values[*row]))
            .collect();
        let Some(&first) = known.get(&key) else {
            known.insert(key, joined.len());
            joined.push(line);
            continue;
        };
        let target = &mut joined[first];
        for (row, field) in list.rows.iter().enumerate().filter(|(row, _)| !merge.by.contains(row)) {
            if merge.sum.contains(&row) {
                match total(&target.values[row], &line.values[row]) {
                    Ok(sum) => target.values[row] = sum,
                    Err(fault) => wrong.push((line.line, line.index, row, fault)),
                }
            } else if comparable(&field.kind, &target.values[row]) != comparable(&field.kind, &line.values[row]) {
                let fault = Fault::Disagree {
                    advice: "lines join only if they agree in every field outside of by and sum: add the field to one \
                             of them or remove its row",
                    first: target.values[row].as_deref().unwrap_or_default().to_owned(),
                    other: line.values[row].as_deref().unwrap_or_default().to_owned(),
                };
                wrong.push((line.line, line.index, row, fault));
            }
        }
    }
    if wrong.is_empty() { Ok(joined) } else { Err(wrong) }
}

/// The sum of two values of a numeric field; an empty one adds nothing.
fn total<'n>(left: &Value<'n>, right: &Value<'n>) -> Result<Value<'n>, Fault> {
    match (left, right) {
        (Some(left), Some(right)) => {
            let sum = add(Some(convert::decimal(left)?), convert::decimal(right)?)?;
            Ok(Some(Cow::Owned(convert::plain(sum))))
        }
        (Some(one), None) | (None, Some(one)) => Ok(Some(one.clone())),
        (None, None) => Ok(None),
    }
}

/// A value in a form in which equal values are equal: `2.0000` and `2` are one number.
pub(crate) fn comparable(kind: &Kind, value: &Value<'_>) -> Option<String> {
    let text = value.as_deref()?;
    if !matches!(kind, Kind::Decimal | Kind::Integer) {
        return Some(text.to_owned());
    }
    let shortest = match text.split_once('.') {
        None => text,
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => text.trim_end_matches('0'),
    };
    Some(if shortest == "-0" { "0" } else { shortest }.to_owned())
}
