//! Everything that is wrong with a group: all reasons, at most 50 of them told, each with the record it is about.

use crate::{Group, Violation, json};

/// Most violations that one verdict names.
const VIOLATIONS_MAX: usize = 50;

/// The violations of one group.
#[derive(Debug)]
pub(crate) struct Report<'g> {
    group: &'g Group,
    violations: Vec<Violation>,
    /// How many were found after the last that is told.
    more: usize,
}

impl<'g> Report<'g> {
    pub(crate) fn new(group: &'g Group) -> Self {
        Self {
            group,
            violations: Vec::new(),
            more: 0,
        }
    }

    /// How many were found.
    pub(crate) fn count(&self) -> usize {
        self.violations.len() + self.more
    }

    /// Adds one, about the group's record number `member` if it is about one.
    pub(crate) fn add(&mut self, mut violation: Violation, member: Option<u32>) {
        if self.violations.len() >= VIOLATIONS_MAX {
            self.more += 1;
            return;
        }
        let record = member.and_then(|member| self.group.records.get(member as usize));
        if let Some(record) = record.filter(|_| self.group.records.len() > 1 && violation.extra == "{}") {
            violation.extra = format!("{{\"record\":{}}}", json::text(&record.key));
        }
        self.violations.push(violation);
    }

    /// A record that cannot be read at all.
    pub(crate) fn add_unreadable(&mut self, member: u32, target: &str, reason: &str) {
        let key = self
            .group
            .records
            .get(member as usize)
            .map_or("", |record| record.key.as_str());
        let violation = Violation::new("type", format!("record {key} cannot be read: {reason}"));
        let violation = if target.is_empty() {
            violation
        } else {
            violation.at_target(target)
        };
        self.add(violation, Some(member));
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
}
