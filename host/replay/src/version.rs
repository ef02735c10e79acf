//! One version of a scheme's mapping, and what a batch of groups would become under it. The same function for a replay, a
//! shadow run and the forecast of a retry, so that they cannot disagree.

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::recipe::group_recipe;
use dukou_core::verdict::Group;
use dukou_plugin::{Chain, Fate, GroupOutcome, Rules, SharedTables};

/// Everything that decides what becomes of a group, configured and ready.
#[derive(Clone)]
pub struct Version {
    /// The recipe of the chain: plugins, settings, tables, environment.
    pub recipe: Digest,
    /// The plugins.
    pub chain: Chain,
    /// The tables they look up in.
    pub tables: SharedTables,
    /// What the host checks of their answers.
    pub rules: Rules,
}

/// What would become of one group, and what that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its fate; an error where the machine, not the group or a plugin, is to blame: to be tried again.
    pub fate: Result<Fate, Undecided>,
    /// Its share of the batch's fuel.
    pub fuel: u64,
}

/// Why nothing can be said of a group, through nobody's fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undecided {
    /// Stable code, e.g. `plugin.busy`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Undecided {
    fn of(outcome: &GroupOutcome) -> Self {
        match outcome {
            GroupOutcome::Failed(fault) if !fault.plugins_fault => Self {
                code: fault.code,
                message: fault.message.clone(),
            },
            _ => Self::default(),
        }
    }
}

impl Version {
    /// Under which recipe a group's outcome is remembered. The host's own check decides as well, so its edition and
    /// where it looks for the key are part of it.
    pub(crate) fn remembered_as(&self) -> Digest {
        let parts: [&[u8]; 3] = [
            env!("CARGO_PKG_VERSION").as_bytes(),
            self.recipe.as_bytes(),
            self.rules.key.as_bytes(),
        ];
        Digest::of_parts(parts)
    }

    pub(crate) fn source_catalogue(&self) -> Option<&Catalogue> {
        self.rules.source.as_ref()
    }

    pub(crate) fn recipes<'a>(&self, groups: impl Iterator<Item = &'a Group>) -> Vec<Digest> {
        let chain = self.remembered_as();
        groups.map(|group| group_recipe(&chain, group)).collect()
    }
}

/// Maps one batch: chain and host check, one answer per group, in order. Nothing is written anywhere.
pub fn map(version: &Version, groups: &[Group]) -> Vec<Tried> {
    let report = version.chain.run(groups, &version.tables);
    let fuel = report.fuel_per_group();
    groups
        .iter()
        .zip(report.outcomes)
        .map(|(group, outcome)| {
            let undecided = Undecided::of(&outcome);
            Tried {
                fate: version.rules.judge(group, outcome).ok_or(undecided),
                fuel,
            }
        })
        .collect()
}
