//! One group to one verdict: which members count, their lines, the values of every row, and then either documents or
//! everything that is wrong at once. Two steps, because look-ups of all groups are fetched between them.

use crate::convert::Value;
use crate::errors::Fault;
use crate::evaluate::{Evaluator, Scope};
use crate::lines::{self, Cells, Line};
use crate::program::{List, Program, Row};
use crate::record::{Chain, Node};
use crate::rejection::Rejection;
use crate::shape::ROOT;
use crate::tables::Answers;
use crate::write;
use dukou_sdk::{Document, Group, Mapped, Omission, Verdict};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// A group whose records have been read and whose lines are known.
#[derive(Debug)]
pub(crate) struct Prepared<'n> {
    program: &'n Program,
    group: &'n Group,
    /// The records that count.
    members: Vec<(u32, Chain<'n>)>,
    /// The lines of each list.
    lists: Vec<Vec<Line<'n>>>,
    omitted: Vec<Omission>,
    /// Set if nothing is left to write.
    skipped: Option<String>,
    rejection: Rejection<'n>,
}

/// Reads the records of a group; the error is the reader's own words.
pub(crate) fn read<'n>(program: &Program, group: &'n Group) -> Vec<Result<Node<'n>, String>> {
    group
        .records
        .iter()
        .map(|record| Node::read(&program.shape, &record.body))
        .collect()
}

/// Judges which records and lines of a group count.
pub(crate) fn prepare<'n>(
    program: &'n Program,
    group: &'n Group,
    nodes: &'n [Result<Node<'n>, String>],
) -> Prepared<'n> {
    let mut prepared = Prepared {
        program,
        group,
        members: Vec::new(),
        lists: vec![Vec::new(); program.lists.len()],
        omitted: Vec::new(),
        skipped: None,
        rejection: Rejection::new(program, group),
    };
    let mut reasons = Vec::new();
    for (member, node) in (0_u32..).zip(nodes) {
        match node {
            Err(error) => prepared.rejection.record(member, error),
            Ok(node) => {
                let chain = Chain::record(node);
                match prepared.skip_reason(member, chain) {
                    Some(reason) => {
                        prepared.omitted.push(Omission {
                            member,
                            path: String::new(),
                            reason: reason.to_owned(),
                        });
                        reasons.push(reason);
                    }
                    None => prepared.add_member(member, chain),
                }
            }
        }
    }
    if nodes.is_empty() {
        prepared.rejection.group("the group has no records");
    }
    if prepared.rejection.is_empty() && prepared.members.is_empty() {
        prepared.skipped = Some(prepared.nothing_left(&reasons));
    }
    prepared
}

impl<'n> Prepared<'n> {
    /// The reason of the first `skip` rule that holds.
    fn skip_reason(&mut self, member: u32, chain: Chain<'n>) -> Option<&'n str> {
        for rule in &self.program.skip {
            match lines::holds(self.program, rule, chain) {
                Ok(false) => {}
                Ok(true) => return Some(&rule.reason),
                Err(fault) => self.rejection.rule(member, "", "", &rule.text, &fault),
            }
        }
        None
    }

    /// Adds a record and its lines. One whose lines all dropped out counts no longer: its omissions say why.
    fn add_member(&mut self, member: u32, chain: Chain<'n>) {
        let mut counts = true;
        for (list, lines) in self.program.lists.iter().zip(&mut self.lists) {
            let found = lines::expand(self.program, list, member, chain);
            for (path, judged, fault) in &found.faults {
                self.rejection.rule(member, path, &list.target, judged, fault);
            }
            if list.required && found.lines.is_empty() && found.faults.is_empty() {
                if found.elements == 0 {
                    let path = self.program.shape.indexed_list(list.level, &chain.indexes);
                    self.rejection
                        .rule(member, &path, &list.target, &path, &Fault::Required);
                }
                counts = false;
            }
            lines.extend(found.lines);
            self.omitted.extend(found.omitted);
        }
        if counts {
            self.members.push((member, chain));
        }
    }

    /// Why nothing is left: the reasons of skipped records, and how many lines were left out for which reason.
    fn nothing_left(&self, skipped: &[&str]) -> String {
        let mut reasons: Vec<String> = Vec::new();
        for reason in skipped {
            if !reasons.iter().any(|known| known == reason) {
                reasons.push((*reason).to_owned());
            }
        }
        let mut dropped: BTreeMap<&str, usize> = BTreeMap::new();
        for omission in self.omitted.iter().filter(|omission| !omission.path.is_empty()) {
            *dropped.entry(&omission.reason).or_default() += 1;
        }
        if !dropped.is_empty() {
            let count: usize = dropped.values().sum();
            let each: Vec<String> = dropped
                .iter()
                .map(|(reason, count)| format!("{reason} ({count})"))
                .collect();
            reasons.push(format!("all {count} lines are left out: {}", each.join(", ")));
        }
        reasons.join("; ")
    }

    /// Tries every row that looks something up, so that `answers` notes the keys. Faults come back in [`finish`].
    ///
    /// [`finish`]: Prepared::finish
    pub(crate) fn note_keys(&self, answers: &Answers) {
        if self.skipped.is_some() {
            return;
        }
        let evaluator = Evaluator {
            program: self.program,
            answers,
            group_key: &self.group.key,
        };
        let starts = self.starts();
        for row in self.program.head.iter().filter(|row| row.looks_up) {
            for chain in &starts {
                let _ = evaluator.row(
                    row,
                    Scope {
                        chain: *chain,
                        level: ROOT,
                        starts: &starts,
                    },
                );
            }
        }
        for (list, lines) in self.program.lists.iter().zip(&self.lists) {
            for row in list.rows.iter().filter(|row| row.looks_up) {
                for line in lines {
                    let _ = evaluator.row(row, line_scope(list, line));
                }
            }
        }
    }

    /// The verdict, once the look-ups have been answered.
    pub(crate) fn finish(mut self, answers: &Answers) -> Verdict {
        if let Some(reason) = self.skipped {
            return Verdict::Skipped(reason);
        }
        let program = self.program;
        let starts = self.starts();
        let mut lists = Vec::with_capacity(program.lists.len());
        for (list, lines) in program.lists.iter().zip(std::mem::take(&mut self.lists)) {
            let cells = self.cells(list, &lines, answers);
            lists.push(self.merged(list, cells));
        }
        let size = self.part_size(&lists);
        let parts = lists
            .iter()
            .map(|lines| lines.len().div_ceil(size))
            .max()
            .unwrap_or(1)
            .max(1);
        let mut documents = Vec::with_capacity(parts);
        for part in 0..parts {
            let suffix = if part == 0 {
                String::new()
            } else {
                format!("-p{}", part + 1)
            };
            let key = format!("{}{suffix}", self.group.key);
            let evaluator = Evaluator {
                program,
                answers,
                group_key: &key,
            };
            let mut head = Vec::with_capacity(program.head.len());
            for row in &program.head {
                head.push(self.head(row, evaluator, &starts));
            }
            if !self.rejection.is_empty() {
                break;
            }
            let lines: Vec<&[Cells<'_>]> = lists.iter().map(|lines| part_of(lines, part, size)).collect();
            let body = write::document(program, &head, &lines);
            documents.push(Document {
                suffix,
                body,
                extra: "{}".to_owned(),
            });
        }
        match self.rejection.into_violations() {
            violations if violations.is_empty() => Verdict::Mapped(Mapped {
                documents,
                omitted: self.omitted,
            }),
            violations => Verdict::Rejected(violations),
        }
    }

    /// A head row's value. Rows that read fields of a record must come out the same for every member.
    fn head<'e>(&mut self, row: &'e Row, evaluator: Evaluator<'e>, starts: &[Chain<'e>]) -> Value<'e> {
        let evaluated = if row.per_member {
            starts
        } else {
            starts.get(..1).unwrap_or_default()
        };
        let mut first: Option<Value<'e>> = None;
        for (position, chain) in evaluated.iter().enumerate() {
            let scope = Scope {
                chain: *chain,
                level: ROOT,
                starts,
            };
            let fault = match (evaluator.row(row, scope), &first) {
                (Ok(value), None) => {
                    first = Some(value);
                    continue;
                }
                (Ok(value), Some(known)) => {
                    if lines::comparable(&row.kind, known) == lines::comparable(&row.kind, &value) {
                        continue;
                    }
                    Fault::Disagree {
                        advice: "the records of a group must agree: use first() or join(', '), or remove the row",
                        first: known.as_deref().unwrap_or_default().to_owned(),
                        other: value.as_deref().unwrap_or_default().to_owned(),
                    }
                }
                (Err(fault), _) => fault,
            };
            let member = self.members.get(position).map(|(member, _)| *member);
            self.rejection.row(row, &fault, &row.target, member, chain);
        }
        first.flatten()
    }

    /// The values of every line. A line with a fault is left out: the group is rejected anyway.
    fn cells<'e>(&mut self, list: &'e List, lines: &[Line<'e>], answers: &'e Answers) -> Vec<Cells<'e>>
    where
        'n: 'e,
    {
        let group: &'e Group = self.group;
        let evaluator = Evaluator {
            program: self.program,
            answers,
            group_key: &group.key,
        };
        let mut cells = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let mut values = Vec::with_capacity(list.rows.len());
            for row in &list.rows {
                match evaluator.row(row, line_scope(list, line)) {
                    Ok(value) => values.push(value),
                    Err(fault) => self.line_fault(list, line, index, row, &fault),
                }
            }
            if values.len() == list.rows.len() {
                cells.push(Cells {
                    line: *line,
                    index,
                    values,
                });
            }
        }
        cells
    }

    fn merged<'e>(&mut self, list: &List, cells: Vec<Cells<'e>>) -> Vec<Cells<'e>> {
        let Some(merge) = &list.merge else { return cells };
        lines::merge(list, merge, cells).unwrap_or_else(|disagreements| {
            for (line, index, row, fault) in disagreements {
                self.line_fault(list, &line, index, &list.rows[row], &fault);
            }
            Vec::new()
        })
    }

    fn line_fault(&mut self, list: &List, line: &Line<'_>, index: usize, row: &Row, fault: &Fault) {
        let rest = row.target.strip_prefix(&list.target).unwrap_or(&row.target);
        let target = format!("{}[{index}]{rest}", list.target);
        self.rejection.row(row, fault, &target, Some(line.member), &line.chain);
    }

    /// How many lines one document may hold: the group's `max_lines`. A document that would be split must mean the same
    /// in parts, else the group is rejected.
    fn part_size(&mut self, lists: &[Vec<Cells<'_>>]) -> usize {
        let extra = match self.group.extra.trim() {
            "" => "{}",
            extra => extra,
        };
        let size = match serde_json::from_str::<Extra>(extra) {
            Ok(extra) => extra.max_lines.map_or(usize::MAX, NonZeroUsize::get),
            Err(error) => {
                self.rejection
                    .group(format!("what the host says about the group cannot be read: {error}"));
                usize::MAX
            }
        };
        if lists.iter().all(|lines| lines.len() <= size) {
            return size;
        }
        if lists.len() > 1 {
            self.rejection
                .group("max_lines would split a document with more than one list");
        }
        let totals = self.program.head.iter().filter(|row| row.totals);
        for row in totals.map(|row| row.target.clone()).collect::<Vec<_>>() {
            self.rejection.group(format!(
                "{row} is a total over the group, and max_lines would split its document"
            ));
        }
        let keys = self
            .program
            .lists
            .iter()
            .flat_map(|list| &list.rows)
            .filter(|row| row.group_key);
        for row in keys.map(|row| row.target.clone()).collect::<Vec<_>>() {
            self.rejection.group(format!(
                "{row} holds group.key, which differs between the parts that max_lines makes"
            ));
        }
        size
    }

    fn starts(&self) -> Vec<Chain<'n>> {
        self.members.iter().map(|(_, chain)| *chain).collect()
    }
}

/// What the host says about a group beside its records.
#[derive(Debug, serde::Deserialize)]
struct Extra {
    /// The most lines that a document may have.
    #[serde(default)]
    max_lines: Option<NonZeroUsize>,
}

fn line_scope<'s, 'n>(list: &List, line: &'s Line<'n>) -> Scope<'s, 'n> {
    Scope {
        chain: line.chain,
        level: list.level,
        starts: std::slice::from_ref(&line.chain),
    }
}

fn part_of<T>(lines: &[T], part: usize, size: usize) -> &[T] {
    lines.chunks(size).nth(part).unwrap_or_default()
}
