//! Which members and lines of a group count, before any value is made: records are read, `skip` and `drop` rules judged,
//! and what is left out is noted with its reason.

use crate::errors::Fault;
use crate::lines::{self, Line};
use crate::program::Program;
use crate::record::{Chain, Node};
use crate::rejection::Rejection;
use dukou_sdk::{Group, Omission};
use std::collections::BTreeMap;

/// A group whose records have been read and whose lines are known.
#[derive(Debug)]
pub(crate) struct Prepared<'n> {
    /// The compiled table.
    pub(crate) program: &'n Program,
    /// The group as the host gave it.
    pub(crate) group: &'n Group,
    /// The records that count.
    pub(crate) members: Vec<(u32, Chain<'n>)>,
    /// The lines of each list.
    pub(crate) lists: Vec<Vec<Line<'n>>>,
    /// What was left out on purpose.
    pub(crate) omitted: Vec<Omission>,
    /// Set if nothing is left to write.
    pub(crate) skipped: Option<String>,
    /// What is wrong with records and head rows, which is told first.
    pub(crate) rejection: Rejection<'n>,
    /// What is wrong with lists and lines.
    pub(crate) of_lines: Rejection<'n>,
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
        of_lines: Rejection::new(program, group),
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
    if prepared.is_sound() && prepared.members.is_empty() {
        prepared.skipped = Some(prepared.nothing_left(&reasons));
    }
    prepared
}

impl<'n> Prepared<'n> {
    /// Whether nothing is wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.rejection.is_empty() && self.of_lines.is_empty()
    }

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
                self.of_lines.rule(member, path, &list.target, judged, fault);
            }
            if list.required && found.lines.is_empty() && found.faults.is_empty() {
                if found.elements == 0 {
                    let path = self.program.shape.indexed_list(list.outermost, &chain.indexes);
                    self.of_lines.rule(member, &path, &list.target, &path, &Fault::Required);
                } else {
                    counts = false;
                }
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
}
