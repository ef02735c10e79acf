//! Edits that a component would take along: what of a scheme's files differs from what is in force beyond the component's own
//! bytes. Names only, no values; decides nothing.

use std::collections::BTreeMap;

use dukou_core::digest::Digest;
use dukou_store::rows::NewDeployment;

use super::Component;
use crate::deploy::changes::{Side, between};
use crate::deploy::tables;
use crate::deploy::wanted::Wanted;
use crate::scheme::Scheme;

/// What somebody wants to run, by digest.
pub(super) struct Content<'a> {
    /// The resolved definition.
    pub definition: &'a str,
    /// Plugins in chain order.
    pub plugins: &'a [(String, Digest)],
    /// Tables.
    pub tables: &'a [(String, Digest)],
}

/// What of `wanted` is neither in force nor the component: paths of the definition, names of plugins and tables.
pub fn beside(active: &NewDeployment, scheme: &Scheme, wanted: &Wanted, component: &Component) -> Vec<String> {
    let plugins = wanted.plugin_digests();
    let tables: Vec<_> = wanted
        .tables
        .iter()
        .map(|(name, rows)| (name.clone(), Digest::of(&tables::to_bytes(rows))))
        .collect();
    let content = Content {
        definition: &wanted.definition,
        plugins: &plugins,
        tables: &tables,
    };
    let stood_in: Vec<&str> = scheme
        .plugin_uses()
        .filter(|plugin_use| component.stands_in_for(plugin_use))
        .map(|plugin_use| plugin_use.name.as_str())
        .collect();
    edits(active, &content, &stood_in)
}

/// As [`beside`], where the component stands in for the plugins of these names.
pub(super) fn edits(active: &NewDeployment, wanted: &Content<'_>, stood_in: &[&str]) -> Vec<String> {
    let mut edits = Vec::new();
    if active.definition != wanted.definition {
        let none = BTreeMap::new();
        let side = |definition| Side {
            definition,
            plugins: &[],
            tables: &none,
        };
        edits.extend(
            between(&side(&active.definition), &side(wanted.definition))
                .into_iter()
                .map(|change| change.name),
        );
        if edits.is_empty() {
            // The same values, written otherwise: another digest all the same.
            edits.push("definition".to_owned());
        }
    }
    let own = |list: &[(String, Digest)]| -> Vec<(String, Digest)> {
        let list = list.iter();
        list.filter(|(name, _)| !stood_in.contains(&name.as_str()))
            .cloned()
            .collect()
    };
    let (before, after) = (own(&active.plugins), own(wanted.plugins));
    let moved = |list: &[(String, Digest)], other: &[(String, Digest)]| -> Vec<String> {
        let list = list.iter().filter(|one| !other.contains(one));
        list.map(|(name, _)| name.clone()).collect()
    };
    edits.extend(moved(&after, &before));
    edits.extend(moved(&before, &after));
    // A table that only one side has is the component's own need, since everything else that could need it is the same.
    let rows_changed = |(name, digest): &&(String, Digest)| {
        let now = wanted.tables.iter().find(|(other, _)| other == name);
        now.is_some_and(|(_, now)| now != digest)
    };
    edits.extend(active.tables.iter().filter(rows_changed).map(|(name, _)| name.clone()));
    let mut seen = std::collections::HashSet::new();
    edits.retain(|edit| seen.insert(edit.clone()));
    edits
}
