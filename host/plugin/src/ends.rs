//! What two lists have in common at both ends: what differs is in between.

/// How many elements are equal from the front, and then from the back; none is counted twice.
pub(crate) fn common_ends<T: PartialEq>(ours: &[T], theirs: &[T]) -> (usize, usize) {
    let same = |(a, b): &(&T, &T)| a == b;
    let head = ours.iter().zip(theirs).take_while(same).count();
    let most = ours.len().min(theirs.len()) - head;
    let tail = ours
        .iter()
        .rev()
        .zip(theirs.iter().rev())
        .take(most)
        .take_while(same)
        .count();
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_element_is_counted_from_both_sides() {
        assert_eq!(common_ends(&[1, 2, 3], &[1, 9, 3]), (1, 1));
        assert_eq!(common_ends(&[1, 1, 1], &[1, 1]), (2, 0));
        assert_eq!(common_ends(&[1, 2], &[1, 2]), (2, 0));
        assert_eq!(common_ends::<u8>(&[], &[]), (0, 0));
    }
}
