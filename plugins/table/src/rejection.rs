//! The violations of one group: each names the target field, the source field, the expression and the value. All are
//! gathered, at most 50 are told, and the last tells how many more there are.

use crate::errors::{Fault, cut};
use crate::program::{Program, Row};
use crate::record::Chain;
use dukou_sdk::{Group, Violation, json};

/// The most violations that one verdict names.
const MAX_VIOLATIONS: usize = 50;

/// What is wrong with a group.
#[derive(Debug)]
pub(crate) struct Rejection<'n> {
    program: &'n Program,
    group: &'n Group,
    violations: Vec<Violation>,
    /// How many were found after the last that is told.
    more: usize,
}

impl<'n> Rejection<'n> {
    /// Nothing is wrong yet.
    pub(crate) fn new(program: &'n Program, group: &'n Group) -> Self {
        Self {
            program,
            group,
            violations: Vec::new(),
            more: 0,
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    /// Adds what another one gathered, after what is here.
    pub(crate) fn append(&mut self, other: Self) {
        let free = MAX_VIOLATIONS.saturating_sub(self.violations.len());
        self.more += other.more + other.violations.len().saturating_sub(free);
        self.violations.extend(other.violations.into_iter().take(free));
    }

    /// What is told.
    pub(crate) fn into_violations(mut self) -> Vec<Violation> {
        if self.more > 0
            && let Some(last) = self.violations.last_mut()
        {
            last.message.push_str(&format!(" (and {} more violations)", self.more));
        }
        self.violations
    }

    /// A record that cannot be read at all.
    pub(crate) fn record(&mut self, member: u32, error: &str) {
        let key = self
            .group
            .records
            .get(member as usize)
            .map_or("", |record| record.key.as_str());
        let violation = Violation::new("type", format!("record {key} cannot be read: {error}")).at_target(self.root());
        self.add(violation, Some(member));
    }

    /// Something about the group as a whole.
    pub(crate) fn group(&mut self, message: impl Into<String>) {
        let violation = Violation::new("expression", message).at_target(self.root());
        self.add(violation, None);
    }

    /// A list that is none, or a rule that cannot be judged. `target` is empty for rules about whole records.
    pub(crate) fn rule(&mut self, member: u32, source: &str, target: &str, judged: &str, fault: &Fault) {
        let message = format!("{}: {}", cut(judged), fault.describe(false));
        let target = if target.is_empty() {
            self.root()
        } else {
            target.to_owned()
        };
        let mut violation = Violation::new(fault.code(), message).at_target(target);
        if !source.is_empty() {
            violation = violation.at_source(source);
        }
        self.add(violation, Some(member));
    }

    /// A row without a value. `chain` is where it was evaluated.
    pub(crate) fn row(&mut self, row: &Row, fault: &Fault, target: &str, member: Option<u32>, chain: &Chain<'_>) {
        let message = format!("{}: {}", cut(&row.text), fault.describe(row.personal));
        let mut violation = Violation::new(fault.code(), message).at_target(target);
        if let Some(place) = row.source {
            violation = violation.at_source(self.program.shape.indexed_path(place, &chain.indexes));
        }
        self.add(violation, member);
    }

    /// What stands for the document as a whole.
    fn root(&self) -> String {
        self.program.wrapper.clone().unwrap_or_else(|| "$".to_owned())
    }

    fn add(&mut self, mut violation: Violation, member: Option<u32>) {
        if self.violations.len() >= MAX_VIOLATIONS {
            self.more += 1;
            return;
        }
        let record = member.and_then(|member| self.group.records.get(member as usize));
        if let Some(record) = record.filter(|_| self.group.records.len() > 1) {
            violation.extra = format!("{{\"record\":{}}}", json::text(&record.key));
        }
        self.violations.push(violation);
    }
}
