//! Which of the stored revisions a voucher was made of. The recipe that the store keeps with it decides: it is the digest
//! of the chain and of everything that plugins were shown of the group.

use chrono::{DateTime, SecondsFormat, Utc};
use dukou_core::digest::Digest;
use dukou_core::recipe::group_recipe;
use dukou_core::verdict::{Group, SourceRecord};

/// One record of a group with everything that the source ever showed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its key.
    pub key: String,
    /// When each revision came and what it was, oldest first.
    pub revisions: Vec<(DateTime<Utc>, String)>,
}

/// The group as the chain was given it, and whether the recipe proves that. Where no state of the group has the recipe
/// (rows of an earlier edition, a record that moved to another group), the newest that was there at `queued`.
///
/// `None` if nothing of the group is stored.
pub fn as_it_was(
    chain: Option<Digest>,
    recipe: &Digest,
    key: &str,
    members: &[Member],
    queued: DateTime<Utc>,
) -> Option<(Group, bool)> {
    // A claim reads all members at one moment, so there are as many states of a group as moments at which one changed.
    let mut moments: Vec<DateTime<Utc>> = members
        .iter()
        .flat_map(|member| member.revisions.iter().map(|(at, _)| *at))
        .collect();
    moments.sort_unstable();
    moments.dedup();
    let (before, after): (Vec<_>, Vec<_>) = moments.iter().partition(|at| **at <= queued);
    // A queued delivery takes newer bytes before its first sending, so that the later states count too.
    let tried = before.iter().rev().chain(after.iter());
    if let Some(chain) = chain {
        for at in tried {
            let group = at_moment(key, members, *at);
            if group_recipe(&chain, &group) == *recipe {
                return Some((group, true));
            }
        }
    }
    let at = before.last().or_else(|| after.first())?;
    Some((at_moment(key, members, *at), false))
}

/// The newest revision of each member that was there at `at`.
fn at_moment(key: &str, members: &[Member], at: DateTime<Utc>) -> Group {
    let record = |member: &Member| {
        let (received, body) = member.revisions.iter().rev().find(|(received, _)| *received <= at)?;
        Some(SourceRecord {
            key: member.key.clone(),
            received_at: received.to_rfc3339_opts(SecondsFormat::Millis, true),
            body: body.clone(),
            extra: "{}".to_owned(),
        })
    };
    Group {
        key: key.to_owned(),
        records: members.iter().filter_map(record).collect(),
        extra: "{}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + second, 0).unwrap()
    }

    fn member(key: &str, revisions: &[(i64, &str)]) -> Member {
        Member {
            key: key.into(),
            revisions: revisions
                .iter()
                .map(|(second, body)| (at(*second), (*body).to_owned()))
                .collect(),
        }
    }

    fn bodies(group: &Group) -> Vec<&str> {
        group.records.iter().map(|record| record.body.as_str()).collect()
    }

    #[test]
    fn the_recipe_finds_the_state_that_was_mapped_whatever_came_later() {
        let chain = Digest::of(b"chain");
        let members = [
            member("A", &[(1, "a1"), (5, "a2"), (9, "a3")]),
            member("B", &[(3, "b1"), (7, "b2")]),
        ];
        for (moment, expected) in [
            (1, vec!["a1"]),
            (3, vec!["a1", "b1"]),
            (6, vec!["a2", "b1"]),
            (8, vec!["a2", "b2"]),
            (9, vec!["a3", "b2"]),
        ] {
            let recipe = group_recipe(&chain, &at_moment("G", &members, at(moment)));
            // Also where it was replaced after it was queued, or the clock was set back.
            for queued in [0, 1, 4, 100] {
                let (group, exact) = as_it_was(Some(chain), &recipe, "G", &members, at(queued)).unwrap();
                assert_eq!((bodies(&group), exact), (expected.clone(), true), "{moment} {queued}");
            }
        }
    }

    #[test]
    fn without_a_recipe_that_fits_it_is_the_newest_that_was_there() {
        let members = [member("A", &[(1, "a1"), (5, "a2")]), member("B", &[(9, "b1")])];
        let other = Digest::of(b"other");
        for (queued, expected) in [(0, vec!["a1"]), (1, vec!["a1"]), (6, vec!["a2"]), (9, vec!["a2", "b1"])] {
            for chain in [None, Some(Digest::of(b"chain"))] {
                let (group, exact) = as_it_was(chain, &other, "G", &members, at(queued)).unwrap();
                assert_eq!((bodies(&group), exact), (expected.clone(), false), "{queued}");
            }
        }
        assert_eq!(as_it_was(None, &other, "G", &[], at(0)), None);
    }

    #[test]
    fn the_time_is_written_as_the_store_writes_it() {
        let members = [member("A", &[(0, "{}")])];
        let group = at_moment("G", &members, at(0));
        assert_eq!(group.records[0].received_at, "2025-10-09T08:53:20.000Z");
    }
}
