//! Which elements two lists have in common, in order: so that a line that went away is told from lines that changed.

use crate::ends::common_ends;

/// The largest table of an alignment, in cells.
const MOST_CELLS: usize = 250_000;

/// Pairs of equal elements in order, as many as possible (a longest common subsequence).
pub(crate) fn aligned(ours: &[String], theirs: &[String]) -> Vec<(usize, usize)> {
    let (head, tail) = common_ends(ours, theirs);
    let mut out: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let (rows, columns) = (ours.len() - head - tail, theirs.len() - head - tail);
    if rows.saturating_mul(columns) <= MOST_CELLS {
        let width = columns + 1;
        let mut best = vec![0u32; (rows + 1) * width];
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                best[row * width + column] = if ours[head + row] == theirs[head + column] {
                    best[(row + 1) * width + column + 1] + 1
                } else {
                    best[(row + 1) * width + column].max(best[row * width + column + 1])
                };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows && column < columns {
            if ours[head + row] == theirs[head + column] {
                out.push((head + row, head + column));
                (row, column) = (row + 1, column + 1);
            } else if best[(row + 1) * width + column] >= best[row * width + column + 1] {
                row += 1;
            } else {
                column += 1;
            }
        }
    }
    out.extend(
        (0..tail)
            .rev()
            .map(|back| (ours.len() - 1 - back, theirs.len() - 1 - back)),
    );
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_are_equal_in_order_and_nothing_of_a_part_is_missed(
            list in proptest::collection::vec("[a-c]", 0..12),
            kept in proptest::collection::vec(any::<bool>(), 12),
        ) {
            let part: Vec<String> = list.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(one, _)| one.clone()).collect();
            let pairs = aligned(&list, &part);
            prop_assert_eq!(pairs.len(), part.len());
            prop_assert!(pairs.iter().all(|(mine, theirs)| list[*mine] == part[*theirs]));
            prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        }
    }
}
