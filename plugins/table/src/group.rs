//! A prepared group to its verdict: the values of every row, and then either documents or everything that is wrong at
//! once. Look-ups of all groups are fetched between noting keys and finishing.

use crate::convert::Value;
use crate::errors::Fault;
use crate::evaluate::{Evaluator, Scope};
use crate::lines::{self, Cells, Line};
use crate::prepare::Prepared;
use crate::program::{List, Row};
use crate::record::Chain;
use crate::shape::ROOT;
use crate::tables::Answers;
use crate::write;
use dukou_sdk::{Document, Mapped, Verdict};
use std::num::NonZeroUsize;

impl<'n> Prepared<'n> {
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
        let whole = Evaluator {
            program,
            answers,
            group_key: &self.group.key,
        };
        let mut head = self.head(whole, &starts);
        let mut lists = Vec::with_capacity(program.lists.len());
        for (list, lines) in program.lists.iter().zip(std::mem::take(&mut self.lists)) {
            let cells = self.cells(list, &lines, whole);
            lists.push(self.merged(list, cells));
        }
        let size = self.part_size(&lists);
        let parts = lists
            .iter()
            .map(|lines| lines.len().div_ceil(size))
            .max()
            .unwrap_or(1)
            .max(1);
        let keys: Vec<String> = (2..=parts).map(|part| format!("{}-p{part}", self.group.key)).collect();
        let mut documents = Vec::with_capacity(parts);
        for part in 0..parts {
            let key = part.checked_sub(1).and_then(|later| keys.get(later));
            if let Some(key) = key {
                head = self.head(
                    Evaluator {
                        group_key: key,
                        ..whole
                    },
                    &starts,
                );
            }
            if !self.is_sound() {
                break;
            }
            let suffix = key
                .and_then(|key| key.strip_prefix(&self.group.key))
                .unwrap_or_default()
                .to_owned();
            let lines: Vec<&[Cells<'_>]> = lists.iter().map(|lines| part_of(lines, part, size)).collect();
            let body = write::document(program, &head, &lines);
            documents.push(Document {
                suffix,
                body,
                extra: "{}".to_owned(),
            });
        }
        self.rejection.append(self.of_lines);
        match self.rejection.into_violations() {
            violations if violations.is_empty() => Verdict::Mapped(Mapped {
                documents,
                omitted: self.omitted,
            }),
            violations => Verdict::Rejected(violations),
        }
    }

    /// The values of the head rows of one document.
    fn head<'e>(&mut self, evaluator: Evaluator<'e>, starts: &[Chain<'e>]) -> Vec<Value<'e>> {
        evaluator
            .program
            .head
            .iter()
            .map(|row| self.head_row(row, evaluator, starts))
            .collect()
    }

    /// A head row's value. Rows that read fields of a record must come out the same for every member.
    fn head_row<'e>(&mut self, row: &'e Row, evaluator: Evaluator<'e>, starts: &[Chain<'e>]) -> Value<'e> {
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
    fn cells<'e>(&mut self, list: &'e List, lines: &[Line<'e>], evaluator: Evaluator<'e>) -> Vec<Cells<'e>> {
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
        self.of_lines.row(row, fault, &target, Some(line.member), &line.chain);
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
