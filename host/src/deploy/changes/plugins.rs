//! The plugins of two versions, paired role by role: one that is used twice stands in two places, and either may come or go.

use std::collections::BTreeSet;

use dukou_core::digest::Digest;
use serde_json::Value;

use crate::deploy::evidence::Change;

/// One use of a plugin.
struct Used<'a> {
    role: &'static str,
    /// `mapping`, `adjustments[0]`, `validations[1]`.
    place: String,
    name: &'a str,
    digest: Digest,
    settings: Option<&'a Value>,
}

/// How well two uses fit, best first: what stays the same is found before what was changed, so that of two uses of one
/// plugin the one that went away is the one that is told.
const FITS: [fn(&Used<'_>, &Used<'_>) -> bool; 3] = [
    |a, b| a.digest == b.digest && a.settings == b.settings,
    |a, b| a.settings == b.settings,
    |_, _| true,
];

/// What changed, came and went. Each side is a definition and its plugins in chain order.
pub(super) fn differing(before: (&Value, &[(String, Digest)]), after: (&Value, &[(String, Digest)])) -> Vec<Change> {
    let (before, after) = (uses(before.0, before.1), uses(after.0, after.1));
    let mut with: Vec<Option<usize>> = vec![None; before.len()];
    for fits in FITS {
        for (at, one) in before.iter().enumerate() {
            if with.get(at).is_none_or(Option::is_some) {
                continue;
            }
            let free = |other: usize| !with.contains(&Some(other));
            let same = |other: &Used<'_>| one.role == other.role && one.name == other.name && fits(one, other);
            let found = after
                .iter()
                .enumerate()
                .position(|(other, use_of)| free(other) && same(use_of));
            if let Some(place) = with.get_mut(at) {
                *place = found;
            }
        }
    }
    let several = used_in_several_places(&before, &after);
    let told = |one: &Used<'_>, before: Option<Digest>, after: Option<Digest>| Change {
        what: "plugin".to_owned(),
        name: if several.contains(one.name) {
            format!("{} ({})", one.name, one.place)
        } else {
            one.name.to_owned()
        },
        before: before.map(|digest| digest.short()),
        after: after.map(|digest| digest.short()),
    };
    let mut changes = Vec::new();
    for (one, with) in before.iter().zip(&with) {
        match with.and_then(|at| after.get(at)) {
            Some(other) if other.digest == one.digest => {}
            Some(other) => changes.push(told(other, Some(one.digest), Some(other.digest))),
            None => changes.push(told(one, Some(one.digest), None)),
        }
    }
    for (at, one) in after.iter().enumerate() {
        if !with.contains(&Some(at)) {
            changes.push(told(one, None, Some(one.digest)));
        }
    }
    changes
}

/// Every use, in chain order. A definition that lists no adjustments has none; what follows them are validations.
fn uses<'a>(definition: &'a Value, plugins: &'a [(String, Digest)]) -> Vec<Used<'a>> {
    let adjustments = definition.get("adjustments").and_then(Value::as_array);
    let adjustments = adjustments.map_or(0, Vec::len);
    let used = plugins.iter().enumerate().map(|(index, (name, digest))| {
        let (role, at) = match index.checked_sub(1) {
            None => ("mapping", None),
            Some(at) if at < adjustments => ("adjustments", Some(at)),
            Some(at) => ("validations", Some(at - adjustments)),
        };
        let entry = definition.get(role);
        let entry = at.map_or(entry, |at| entry.and_then(|list| list.get(at)));
        Used {
            role,
            place: at.map_or_else(|| role.to_owned(), |at| format!("{role}[{at}]")),
            name,
            digest: *digest,
            settings: entry.and_then(|entry| entry.get("settings")),
        }
    });
    used.collect()
}

/// Names that do not say alone which use is meant.
fn used_in_several_places<'a>(before: &[Used<'a>], after: &[Used<'a>]) -> BTreeSet<&'a str> {
    let twice = |uses: &[Used<'a>]| -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        uses.iter()
            .filter(|one| !seen.insert(one.name))
            .map(|one| one.name)
            .collect()
    };
    let moved = before.iter().filter(|one| {
        let mut others = after.iter().filter(|other| other.name == one.name);
        others.any(|other| other.role != one.role)
    });
    twice(before)
        .into_iter()
        .chain(twice(after))
        .chain(moved.map(|one| one.name))
        .collect()
}
