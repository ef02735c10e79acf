//! The keys that look most like one that was not found, so that a slip costs a glance.

use dukou_core::names::SchemeName;
use dukou_store::rows::RecordFilter;
use dukou_store::{Store, StoreError};

/// How many are named.
const MOST: usize = 5;
/// How many candidates one question may bring.
const CANDIDATES: usize = 50;
/// Fewer shared characters than this say nothing.
const SHORTEST: usize = 4;

/// Up to five record keys near `key`: those that contain it, else those that share its longest beginning or end.
///
/// # Errors
/// The store's.
pub fn keys(store: &dyn Store, scheme: &SchemeName, key: &str) -> Result<Vec<String>, StoreError> {
    let chars: Vec<char> = key.chars().collect();
    if chars.is_empty() {
        return Ok(Vec::new());
    }
    let mut lengths = vec![chars.len()];
    let mut length = chars.len();
    // Each step asks for a shorter part, so a key of any length costs few questions.
    while length > SHORTEST {
        length = (length - 1).min(length * 7 / 8).max(SHORTEST);
        lengths.push(length);
    }
    for length in lengths {
        let start: String = chars[..length].iter().collect();
        let end: String = chars[chars.len() - length..].iter().collect();
        let mut found = matching(store, scheme, &start)?;
        if end != start {
            found.extend(matching(store, scheme, &end)?);
        }
        found.sort_by_cached_key(|candidate| (differing(key, candidate), candidate.clone()));
        found.dedup();
        if !found.is_empty() {
            found.truncate(MOST);
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn matching(store: &dyn Store, scheme: &SchemeName, part: &str) -> Result<Vec<String>, StoreError> {
    let filter = RecordFilter {
        scheme: Some(scheme.clone()),
        matching: Some(part.to_owned()),
        limit: CANDIDATES,
        ..RecordFilter::default()
    };
    Ok(store.records(&filter)?.into_iter().map(|row| row.key).collect())
}

/// Characters outside the common beginning and the common end: cheap, and right for keys that differ in one place.
fn differing(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - start;
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(rest)
        .take_while(|(x, y)| x == y)
        .count();
    a.len().max(b.len()) - start - end
}

#[cfg(test)]
mod tests {
    use super::differing;

    #[test]
    fn the_distance_counts_what_lies_between_common_ends() {
        assert_eq!(differing("CK0412", "CK0412"), 0);
        assert_eq!(differing("CK0412", "CK0512"), 1);
        assert_eq!(differing("0412", "CK0412"), 2);
        assert_eq!(differing("aa", "aaa"), 1);
        assert_eq!(differing("", "ab"), 2);
    }
}
