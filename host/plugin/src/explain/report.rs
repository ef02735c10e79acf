//! The conclusions as callers see them: nodes with their links, reasons and gates, by name instead of by index.

use dukou_core::verdict::Document;

use super::base::Base;
use super::ledger::Ledger;
use super::{Effect, ExplainedDocument, ExplainedNode, ExplainedReason, Gate, Link, Origin, Reason};
use crate::chain::{Chain, GroupOutcome};

/// What was found, as callers see it.
pub(crate) struct Report<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) base: &'a Base,
    pub(crate) ledger: &'a Ledger<'a>,
    /// Node, plugin and path of settings that nobody gave and that would move what nothing else moves.
    pub(crate) defaults: &'a [(usize, usize, String)],
}

impl Report<'_> {
    fn plugin(&self, number: usize) -> String {
        self.chain
            .plugins()
            .nth(number)
            .map(|one| one.plugin().name())
            .unwrap_or_default()
    }

    fn links(&self, linked: Vec<(usize, Effect)>) -> Vec<Link> {
        let link = |(origin, effect): (usize, Effect)| {
            let origin = self.ledger.origins.get(origin)?.clone();
            Some(Link { origin, effect })
        };
        linked.into_iter().filter_map(link).collect()
    }

    pub(crate) fn documents(&self) -> Vec<ExplainedDocument> {
        let made: &[Document] = match self.base.trace.stages.iter().rev().flatten().next() {
            Some(mapped) => &mapped.documents,
            None => &[],
        };
        let documents = made.iter().enumerate();
        documents
            .map(|(number, document)| ExplainedDocument {
                suffix: document.suffix.clone(),
                body: document.body.clone(),
                nodes: self.nodes(number),
                absent: self.absent(number),
            })
            .collect()
    }

    fn nodes(&self, document: usize) -> Vec<ExplainedNode> {
        let nodes = self
            .base
            .tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.document == document);
        nodes
            .map(|(at, node)| {
                let mut links = self.links(self.ledger.linked(at));
                let written_by = self.plugin(self.ledger.writer(at));
                if node.value.is_some() && !self.ledger.has_value(at) {
                    let settable = self.defaults.iter().find(|(moved, _, _)| *moved == at);
                    let origin = Origin::Constant {
                        plugin: settable.map_or_else(|| written_by.clone(), |(_, number, _)| self.plugin(*number)),
                        setting: settable.map(|(_, _, path)| path.clone()),
                    };
                    let effect = Effect::Value;
                    links.insert(0, Link { origin, effect });
                }
                ExplainedNode {
                    path: node.path.clone(),
                    value: node.value.clone(),
                    written_by,
                    links,
                }
            })
            .collect()
    }

    fn absent(&self, document: usize) -> Vec<ExplainedNode> {
        let absent = self.ledger.absent().filter(|(number, _, _)| *number == document);
        absent
            .map(|(_, path, linked)| ExplainedNode {
                path: path.to_owned(),
                value: None,
                written_by: String::new(),
                links: self.links(linked),
            })
            .collect()
    }

    pub(crate) fn reasons(&self) -> Vec<ExplainedReason> {
        let reasons = match &self.base.trace.outcome {
            GroupOutcome::Mapped(_) => Vec::new(),
            GroupOutcome::Skipped(reason) => vec![Reason::Skipped(reason.clone())],
            GroupOutcome::Failed(fault) => vec![Reason::Fault(fault.clone())],
            GroupOutcome::Rejected { by, violations, .. } => violations
                .iter()
                .map(|violation| Reason::Violation {
                    by: by.clone(),
                    violation: violation.clone(),
                })
                .collect(),
        };
        let explained = reasons.into_iter().enumerate();
        explained
            .map(|(at, reason)| {
                let origins = self.ledger.reason(at);
                let origins = origins
                    .iter()
                    .filter_map(|origin| self.ledger.origins.get(*origin).cloned());
                ExplainedReason {
                    reason,
                    origins: origins.collect(),
                }
            })
            .collect()
    }

    pub(crate) fn gates(&self) -> Vec<Gate> {
        let gate = |(origin, leads_to)| {
            let origin = self.ledger.origins.get(origin)?;
            Some(Gate {
                origin: Origin::clone(origin),
                leads_to,
            })
        };
        self.ledger.gates().into_iter().filter_map(gate).collect()
    }
}
