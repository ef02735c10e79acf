//! The recipe of a verdict: the digest of everything that decides it. Two groups with one recipe have one outcome, on any
//! machine (DESIGN §4). The chain's part (plugins, settings, tables, environment) is made where deployments are.

use crate::digest::Digest;
use crate::verdict::Group;

/// The recipe of one group under a chain: the chain's recipe and everything of the group that plugins may be shown.
pub fn group_recipe(chain: &Digest, group: &Group) -> Digest {
    let mut parts: Vec<&[u8]> = Vec::with_capacity(3 + group.records.len() * 4);
    parts.extend([
        chain.as_bytes().as_slice(),
        group.key.as_bytes(),
        group.extra.as_bytes(),
    ]);
    for record in &group.records {
        parts.extend([
            record.key.as_bytes(),
            record.received_at.as_bytes(),
            record.extra.as_bytes(),
            record.body.as_bytes(),
        ]);
    }
    Digest::of_parts(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::SourceRecord;

    fn group(received_at: &str, body: &str) -> Group {
        Group {
            key: "CK1".into(),
            records: vec![SourceRecord {
                key: "CK1".into(),
                received_at: received_at.into(),
                body: body.into(),
                extra: "{}".into(),
            }],
            extra: "{}".into(),
        }
    }

    #[test]
    fn everything_that_a_plugin_is_shown_is_part_of_it() {
        let chain = Digest::of(b"chain");
        let one = group_recipe(&chain, &group("2026-11-01T00:00:00.000Z", "{}"));
        assert_eq!(one, group_recipe(&chain, &group("2026-11-01T00:00:00.000Z", "{}")));
        assert_ne!(one, group_recipe(&chain, &group("2026-11-01T00:00:00.001Z", "{}")));
        assert_ne!(one, group_recipe(&chain, &group("2026-11-01T00:00:00.000Z", "{ }")));
        assert_ne!(
            one,
            group_recipe(&Digest::of(b"other"), &group("2026-11-01T00:00:00.000Z", "{}"))
        );
    }
}
