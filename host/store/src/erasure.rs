//! What erasing a tenant means where it is not a matter of rows: which stored bytes a text names, which audit entries
//! speak of the tenant, and what the entry about the erasing says. Pure and shared by every implementation. Deletes nothing.

use std::collections::BTreeSet;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use crate::rows::{AuditEntry, ErasedRows};

/// Digits of a digest.
const DIGITS: usize = 64;

/// Adds the digests that a text names, wherever they stand in it.
pub(crate) fn named_in(text: &str, digests: &mut BTreeSet<Digest>) {
    digests.extend(
        text.split(|letter: char| !letter.is_ascii_hexdigit())
            .filter(|run| run.len() == DIGITS)
            .filter_map(|run| run.parse::<Digest>().ok()),
    );
}

/// Whether an audit entry's subject is the tenant's own: it begins with `TENANT/`, or with one of its schemes as people
/// see it.
pub(crate) fn speaks_of(subject: &str, tenant: &str, schemes: &[SchemeName]) -> bool {
    let starts = |name: &str| {
        subject
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    subject.strip_prefix(tenant).is_some_and(|rest| rest.starts_with('/'))
        || schemes.iter().any(|scheme| starts(&scheme.to_string()))
}

/// What stands in place of such a subject.
pub(crate) fn instead(tenant: &str) -> String {
    format!("{tenant}: erased")
}

/// The entry about the erasing.
pub(crate) fn entry(tenant: &str, rows: &ErasedRows, at: chrono::DateTime<chrono::Utc>, by: &str) -> AuditEntry {
    AuditEntry {
        at,
        by: by.to_owned(),
        command: "tenant erase".to_owned(),
        subject: format!(
            "{tenant}: {} schemes, {} records, {} groups, {} deliveries, {} problems, {} deployments, {} blobs",
            rows.schemes, rows.records, rows.groups, rows.deliveries, rows.problems, rows.deployments, rows.blobs
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_in_any_text() {
        let (plugin, table) = (Digest::of(b"plugin"), Digest::of(b"table"));
        let text = format!(
            r#"{{"plugin":"sha256:{plugin}","tables":[["客户","{table}"]],"short":"{}"}}"#,
            plugin.short()
        );
        let mut found = BTreeSet::new();
        named_in(&text, &mut found);
        assert_eq!(found, [plugin, table].into());
        let mut none = BTreeSet::new();
        named_in(&format!("{plugin}{table} {}", "0".repeat(63)), &mut none);
        assert!(none.is_empty(), "{none:?}");
    }

    #[test]
    fn subjects_are_recognised() {
        let schemes = [
            SchemeName::new("lanmao", "wdt-to-tplus"),
            SchemeName::new("default", "plain"),
        ];
        for own in ["lanmao/wdt-to-tplus: CK1", "lanmao/other", "plain: CK1", "plain"] {
            assert!(speaks_of(own, "lanmao", &schemes), "{own}");
        }
        for other in [
            "lanmao",
            "lanmao: erased",
            "lanmao-2/x: CK1",
            "plainer: CK1",
            "CK1 lanmao/x",
        ] {
            assert!(!speaks_of(other, "lanmao", &schemes), "{other}");
        }
    }
}
