//! Which page is read next (`docs/reference/systems/wdt.md` §4.1). Pages go from last to first: under a modified-time
//! filter a row edited meanwhile leaves its page and later rows shift forward, where they are still to be read. The total
//! comes with page 0 only, so page 0 is read twice: for the count, and last. Pure.
//!
//! ```text
//! start ─ page 0: total T ─┬─ fits on it ─▶ complete
//!                          ├─ no usable total ─▶ pages 1, 2 … until a short one
//!                          └─ page n-1 … 1, page 0 ─┬─ total still T, no short page ─▶ complete
//!                                    ▲              └─ else the next round
//!                                    └──────────────────────┘  at most 5 rounds
//! ```

use dukou_core::outcome::ReadFailure;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
const MOST_ROUNDS: u32 = 5;
/// Ten million rows in one window are a mistake.
const MOST_PAGES: u64 = 100_000;

/// Where reading a window stands; stored as text by the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    v: u32,
    /// The page to read.
    pub(super) page: u64,
    /// Rows per page, kept for the whole window.
    pub(super) size: u32,
    /// What page 0 said; without it pages are read forward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u64>,
    #[serde(default)]
    round: u32,
    /// Some page of this round held fewer rows than it must.
    #[serde(default)]
    unsteady: bool,
}

impl Position {
    /// Reads a stored position. One from another version starts the window again, which costs pages and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text)
            .ok()
            .filter(|position: &Self| position.v == VERSION && position.size > 0)
    }

    /// As text.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("numbers and flags are always JSON")
    }
}

/// What follows a page with `rows` rows that was read at `at` (`None`: the first reading of page 0).
///
/// # Errors
/// [`ReadFailure::Unavailable`] when the window does not hold still, [`ReadFailure::Refused`] when it is far too large.
pub(super) fn after(
    at: Option<&Position>,
    size: u32,
    rows: u64,
    total: Option<u64>,
) -> Result<Option<Position>, ReadFailure> {
    let Some(at) = at else {
        return begin(size, rows, total, 0);
    };
    let Some(stated) = at.total else {
        let last = rows < u64::from(at.size);
        if !last && at.page + 1 >= MOST_PAGES {
            return Err(ReadFailure::Unavailable {
                reason: format!("{MOST_PAGES} full pages and no end"),
            });
        }
        return Ok((!last).then(|| Position {
            page: at.page + 1,
            ..at.clone()
        }));
    };
    if at.page > 0 {
        let middle = at.page + 1 < pages(stated, at.size);
        let short = middle && rows < u64::from(at.size);
        return Ok(Some(Position {
            page: at.page - 1,
            unsteady: at.unsteady || short,
            ..at.clone()
        }));
    }
    if total == Some(stated) && !at.unsteady && rows >= stated.min(u64::from(at.size)) {
        return Ok(None);
    }
    if at.round + 1 >= MOST_ROUNDS {
        let now = total.map_or_else(|| "none".to_owned(), |total| total.to_string());
        return Err(ReadFailure::Unsteady {
            reason: format!(
                "total was {stated}, now {now}, {rows} rows on page 0 of {} a page",
                at.size
            ),
        });
    }
    begin(at.size, rows, total, at.round + 1)
}

/// Page 0 was read, for the count.
fn begin(size: u32, rows: u64, total: Option<u64>, round: u32) -> Result<Option<Position>, ReadFailure> {
    let full = u64::from(size);
    let position = |page, total, unsteady| Position {
        v: VERSION,
        page,
        size,
        total,
        round,
        unsteady,
    };
    match total {
        // A total below what lies on the table is none; 0 with rows is known to occur.
        Some(total) if total >= rows => {
            let pages = pages(total, size);
            if pages > MOST_PAGES {
                return Err(ReadFailure::Refused {
                    code: "window.too-large".to_owned(),
                    message: format!("{total} rows match; choose a shorter span"),
                });
            }
            if pages <= 1 {
                Ok((rows < total).then(|| position(0, Some(total), false)))
            } else {
                Ok(Some(position(pages - 1, Some(total), rows < full)))
            }
        }
        _ => Ok((rows >= full).then(|| position(1, None, false))),
    }
}

fn pages(total: u64, size: u32) -> u64 {
    total.div_ceil(u64::from(size.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a source whose rows are given per call, and returns the pages asked for.
    fn play(size: u32, answers: &[(u64, Option<u64>)]) -> Result<Vec<u64>, ReadFailure> {
        let mut at: Option<Position> = None;
        let mut asked = Vec::new();
        for (rows, total) in answers {
            asked.push(at.as_ref().map_or(0, |at| at.page));
            match after(at.as_ref(), size, *rows, *total)? {
                None => {
                    assert_eq!(asked.len(), answers.len(), "complete too early");
                    return Ok(asked);
                }
                Some(next) => at = Some(Position::parse(&next.write()).unwrap()),
            }
        }
        panic!("not complete after {asked:?}, next {at:?}");
    }

    #[test]
    fn small_windows_are_one_page() {
        assert_eq!(play(100, &[(0, Some(0))]), Ok(vec![0]));
        assert_eq!(play(100, &[(0, None)]), Ok(vec![0]));
        assert_eq!(play(100, &[(7, Some(7))]), Ok(vec![0]));
        assert_eq!(play(100, &[(100, Some(100))]), Ok(vec![0]));
    }

    #[test]
    fn larger_windows_go_from_last_to_first() {
        assert_eq!(
            play(2, &[(2, Some(5)), (1, None), (2, Some(0)), (2, Some(5))]),
            Ok(vec![0, 2, 1, 0])
        );
        // An exact multiple has no empty last page.
        assert_eq!(play(2, &[(2, Some(4)), (2, None), (2, Some(4))]), Ok(vec![0, 1, 0]));
    }

    #[test]
    fn without_a_usable_total_pages_go_forward_until_a_short_one() {
        for total in [None, Some(0)] {
            assert_eq!(play(2, &[(2, total), (2, None), (1, None)]), Ok(vec![0, 1, 2]));
            assert_eq!(play(2, &[(2, total), (0, None)]), Ok(vec![0, 1]));
            assert_eq!(play(2, &[(1, total)]), Ok(vec![0]));
        }
    }

    #[test]
    fn a_total_that_changed_starts_another_round_from_its_last_page() {
        let answers = [
            (2, Some(5)),
            (1, None),
            (2, None),
            (2, Some(7)),
            (1, None),
            (2, None),
            (2, None),
            (2, Some(7)),
        ];
        assert_eq!(play(2, &answers), Ok(vec![0, 2, 1, 0, 3, 2, 1, 0]));
        // Shrunk onto one page, which was just read.
        assert_eq!(play(2, &[(2, Some(3)), (1, None), (2, Some(2))]), Ok(vec![0, 1, 0]));
    }

    #[test]
    fn a_short_middle_page_starts_another_round() {
        let answers = [
            (2, Some(5)),
            (1, None),
            (1, None),
            (2, Some(5)),
            (1, None),
            (2, None),
            (2, Some(5)),
        ];
        assert_eq!(play(2, &answers), Ok(vec![0, 2, 1, 0, 2, 1, 0]));
    }

    #[test]
    fn a_window_that_never_holds_still_is_given_up() {
        let mut answers = Vec::new();
        for round in 0..6 {
            answers.extend([(2, Some(4 - round % 2)), (1, None)]);
        }
        let failure = play(2, &answers).unwrap_err();
        assert!(matches!(&failure, ReadFailure::Unsteady { .. }), "{failure}");
    }

    #[test]
    fn a_source_that_gives_fewer_rows_than_it_counts_is_not_believed() {
        let failure = play(100, &[(40, Some(95)); 7]).unwrap_err();
        assert!(matches!(failure, ReadFailure::Unsteady { .. }));
        assert_eq!(play(100, &[(40, Some(95)), (95, Some(95))]), Ok(vec![0, 0]));
    }

    #[test]
    fn absurd_totals_and_foreign_positions_are_refused() {
        assert!(matches!(
            after(None, 1, 1, Some(u64::MAX)),
            Err(ReadFailure::Refused { .. })
        ));
        for text in [
            "",
            "7",
            "{}",
            r#"{"v":2,"page":1,"size":100}"#,
            r#"{"v":1,"page":1,"size":0}"#,
        ] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
