//! Which of the stored groups a deployment is judged by: the last days, or everything where these hold too little to judge
//! by. What was left out is counted, so that nobody reads more into a verdict than was compared.

use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Span;

use super::{Terms, USUAL_DAYS};
use crate::deploy::evidence::Coverage;

/// The last days are enough to judge by if they hold so many groups.
const ENOUGH: u64 = 100;
/// Everything retained.
const ALL: Span = Span { from: None, to: None };

/// The records to replay, and how much of what is retained they are.
pub(super) fn of(store: &dyn Store, scheme: &SchemeName, terms: &Terms<'_>) -> anyhow::Result<(Span, Coverage)> {
    let recent = store.count_groups(scheme, terms.span())?;
    let coverage = covering(terms.days, recent, store.count_groups(scheme, ALL)?);
    let span = if coverage.days.is_some() { terms.span() } else { ALL };
    Ok((span, coverage))
}

/// Whoever asks for fewer days than usual gets exactly these.
fn covering(days: u32, recent: u64, all: u64) -> Coverage {
    let older = all.saturating_sub(recent);
    if !is_short(days) && (recent < ENOUGH || older == 0) {
        return Coverage { days: None, older: 0 };
    }
    Coverage {
        days: Some(days),
        older,
    }
}

/// Whether so few days only show, and let nothing through.
pub fn is_short(days: u32) -> bool {
    days < USUAL_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_shop_is_judged_by_all_that_it_has_and_what_is_left_out_is_counted() {
        for (days, recent, all, expected) in [
            // One group of ten thousand proves nothing of the others.
            (30, 1, 10_000, (None, 0)),
            (30, 0, 10_000, (None, 0)),
            (30, 99, 100, (None, 0)),
            (30, 100, 10_000, (Some(30), 9_900)),
            (90, 4_000, 10_000, (Some(90), 6_000)),
            (90, 10_000, 10_000, (None, 0)),
            (30, 0, 0, (None, 0)),
            // Fewer days than usual are what was asked for, however little they hold.
            (1, 1, 10_000, (Some(1), 9_999)),
            (29, 10_000, 10_000, (Some(29), 0)),
        ] {
            let found = covering(days, recent, all);
            assert_eq!((found.days, found.older), expected, "{days} {recent} {all}");
        }
    }
}
