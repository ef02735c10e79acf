//! Which lines of two lists belong together when one list is longer: those that have most in common, in order. So a line
//! that went away is one difference even where every other line changed in a field.

use serde_json::Value;

use crate::ends::common_ends;

/// The largest table of an alignment, in cells; longer lists are paired in order, which is true as well, only less short.
const MOST_CELLS: usize = 10_000;

/// Every line of both lists once, in order: pairs, and lines of one side alone. Equal lines at both ends are paired.
pub(super) fn paired(ours: &[Value], theirs: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let (head, tail) = common_ends(ours, theirs);
    let mut out: Vec<(Option<usize>, Option<usize>)> = (0..head).map(|at| (Some(at), Some(at))).collect();
    let ours_middle = ours.get(head..ours.len() - tail).unwrap_or_default();
    let theirs_middle = theirs.get(head..theirs.len() - tail).unwrap_or_default();
    let middle = match ours_middle.len().checked_mul(theirs_middle.len()) {
        Some(cells) if cells <= MOST_CELLS => alike(ours_middle, theirs_middle),
        _ => in_order(ours_middle.len(), theirs_middle.len()),
    };
    let moved = |at: Option<usize>| at.map(|at| at + head);
    out.extend(middle.into_iter().map(|(left, right)| (moved(left), moved(right))));
    out.extend(
        (1..=tail)
            .rev()
            .map(|back| (Some(ours.len() - back), Some(theirs.len() - back))),
    );
    out
}

fn in_order(ours: usize, theirs: usize) -> Vec<(Option<usize>, Option<usize>)> {
    (0..ours.max(theirs))
        .map(|at| ((at < ours).then_some(at), (at < theirs).then_some(at)))
        .collect()
}

/// The pairing in order with the most in common; of equals the one that pairs first.
fn alike(ours: &[Value], theirs: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let width = theirs.len() + 1;
    let mut best = vec![0usize; (ours.len() + 1) * width];
    let mut common = vec![0usize; ours.len() * theirs.len()];
    for (row, left) in ours.iter().enumerate().rev() {
        for (column, right) in theirs.iter().enumerate().rev() {
            let here = in_common(left, right);
            common[row * theirs.len() + column] = here;
            best[row * width + column] = (best[(row + 1) * width + column + 1] + here)
                .max(best[(row + 1) * width + column])
                .max(best[row * width + column + 1]);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut out = Vec::with_capacity(ours.len().max(theirs.len()));
    while row < ours.len() && column < theirs.len() {
        let here = best[row * width + column];
        if here == best[(row + 1) * width + column + 1] + common[row * theirs.len() + column] {
            out.push((Some(row), Some(column)));
            (row, column) = (row + 1, column + 1);
        } else if here == best[(row + 1) * width + column] {
            out.push((Some(row), None));
            row += 1;
        } else {
            out.push((None, Some(column)));
            column += 1;
        }
    }
    out.extend((row..ours.len()).map(|row| (Some(row), None)));
    out.extend((column..theirs.len()).map(|column| (None, Some(column))));
    out
}

/// How many members two lines share; equal lines share most.
fn in_common(left: &Value, right: &Value) -> usize {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let shared = left
                .iter()
                .filter(|(key, value)| right.get(*key) == Some(value))
                .count();
            shared + usize::from(shared == left.len() && shared == right.len())
        }
        (left, right) => usize::from(left == right),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn list(text: &[&str]) -> Vec<Value> {
        text.iter()
            .map(|one| {
                let (item, rest) = one.split_at(1);
                json!({ "item": item, "memo": "m", "price": rest })
            })
            .collect()
    }

    #[test]
    fn lines_that_went_away_are_told_from_lines_that_changed() {
        let before = list(&["a1", "g0", "b1", "g0", "c1"]);
        let gone = vec![
            (Some(0), Some(0)),
            (Some(1), None),
            (Some(2), Some(1)),
            (Some(3), None),
            (Some(4), Some(2)),
        ];
        assert_eq!(paired(&before, &list(&["a1", "b1", "c1"])), gone);
        assert_eq!(
            paired(&before, &list(&["a2", "b2", "c2"])),
            gone,
            "also where every line changed"
        );
    }

    #[test]
    fn lists_with_nothing_in_common_are_paired_in_order() {
        let (one, two) = (vec![json!(1), json!(2)], vec![json!(3)]);
        assert_eq!(paired(&one, &two), [(Some(0), Some(0)), (Some(1), None)]);
        let long: Vec<Value> = (0..200).map(|n| json!(n)).collect();
        let other: Vec<Value> = (1000..1101).map(|n| json!(n)).collect();
        assert_eq!(
            paired(&long, &other)[100..102],
            [(Some(100), Some(100)), (Some(101), None)]
        );
    }

    proptest! {
        #[test]
        fn every_line_of_both_sides_comes_once_and_in_order(
            ours in proptest::collection::vec(0..4u8, 0..12),
            theirs in proptest::collection::vec(0..4u8, 0..12),
        ) {
            let values = |list: &[u8]| list.iter().map(|n| json!({ "n": n })).collect::<Vec<_>>();
            let pairs = paired(&values(&ours), &values(&theirs));
            let left: Vec<usize> = pairs.iter().filter_map(|pair| pair.0).collect();
            let right: Vec<usize> = pairs.iter().filter_map(|pair| pair.1).collect();
            prop_assert_eq!(left, (0..ours.len()).collect::<Vec<_>>());
            prop_assert_eq!(right, (0..theirs.len()).collect::<Vec<_>>());
            prop_assert!(pairs.iter().all(|pair| pair.0.is_some() || pair.1.is_some()));
        }
    }
}
