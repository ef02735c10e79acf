//! Changes that no replay shows: where records come from, where documents go and by what they are known, a plugin that comes
//! or goes, a content that a rollback left. Each needs a person's word of its own.

use dukou_core::digest::Digest;
use dukou_store::Store;
use dukou_store::rows::Acceptance;

use crate::deploy::evidence::Change;
use crate::deploy::rollback::left_by;
use crate::deploy::wanted::Wanted;
use crate::scheme::Scheme;

/// A change of where records come from, where documents go, or by what they are known: no replay shows what it does, so a
/// person says yes to it.
#[derive(Debug, Clone)]
pub struct Rerouted {
    /// Eight hex digits; the same for the same place.
    pub id: String,
    /// What changes.
    pub change: Change,
    /// What was said for exactly these two deployments.
    pub decision: Option<Acceptance>,
}

/// Parts of a definition that decide no document and yet what becomes of every one.
const ROUTES: [&str; 15] = [
    "source.connection",
    "source.account",
    "source.api",
    "source.key",
    "source.request",
    "source.from",
    "source.span_ms",
    "source.overlap_ms",
    "source.lag_ms",
    "target.connection",
    "target.account",
    "target.api",
    "target.key",
    "group",
    "after_delivery",
];

/// That the wanted content comes back after a rollback left it, as a change.
pub(super) fn comes_back(store: &dyn Store, scheme: &Scheme, wanted: &Wanted) -> anyhow::Result<Option<Change>> {
    let left = left_by(store, &scheme.name, &wanted.digest)?;
    Ok(left.map(|(rollback, note)| Change {
        what: Change::ROLLED_BACK.to_owned(),
        name: rollback.to_string(),
        before: (!note.is_empty()).then_some(note),
        after: None,
    }))
}

/// The changes that need a word, with what was said of each.
pub(super) fn rerouted(changes: &[Change], said: &[Acceptance]) -> Vec<Rerouted> {
    let routed = |change: &&Change| {
        let below = |route: &str| {
            change
                .name
                .strip_prefix(route)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        // Older versions did not write down whose books they meant: that they are known now reroutes nothing.
        let learned = change.before.is_none() && ["source.account", "target.account"].contains(&change.name.as_str());
        match change.what.as_str() {
            "definition" => !learned && ROUTES.into_iter().any(below),
            // A judge that comes or goes may say nothing of what is stored, and much of what is to come.
            "plugin" => change.before.is_none() || change.after.is_none(),
            other => other == Change::ROLLED_BACK,
        }
    };
    changes
        .iter()
        .filter(routed)
        .map(|change| {
            let digest = Digest::of_parts([change.what.as_bytes(), change.name.as_bytes()]);
            let id: String = digest.short().chars().take(8).collect();
            Rerouted {
                decision: said.iter().find(|one| one.pattern == id).cloned(),
                change: change.clone(),
                id,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(what: &str, name: &str) -> Change {
        Change {
            what: what.into(),
            name: name.into(),
            before: None,
            after: None,
        }
    }

    #[test]
    fn what_no_replay_shows_needs_a_word() {
        let changes = [
            change("definition", "target.connection"),
            change("definition", "target.schedule.cron"),
            change("definition", "group.by"),
            change("definition", "groups"),
            change("setting", "mapping.settings.group"),
            change("definition", "title"),
            change("plugin", "voucher-checks (validations[1])"),
            change(Change::ROLLED_BACK, "7"),
            change("definition", "source.request[3][1]"),
            change("definition", "source.lag_ms"),
            change("definition", "source.page_size"),
        ];
        let found: Vec<_> = rerouted(&changes, &[]).into_iter().map(|one| one.change.name).collect();
        assert_eq!(
            found,
            [
                "target.connection",
                "group.by",
                "voucher-checks (validations[1])",
                "7",
                "source.request[3][1]",
                "source.lag_ms"
            ]
        );
    }

    #[test]
    fn other_books_need_a_word_and_books_that_are_first_written_down_do_not() {
        for name in ["source.account", "target.account"] {
            let learned = change("definition", name);
            let moved = Change {
                before: Some("\"books of one\"".into()),
                ..learned.clone()
            };
            assert_eq!(rerouted(&[learned], &[]).len(), 0, "{name}");
            assert_eq!(rerouted(&[moved], &[]).len(), 1, "{name}");
        }
    }
}
