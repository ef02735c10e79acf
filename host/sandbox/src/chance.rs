//! Seeded decisions: whether a fault strikes, and the dice that make orders.
//!
//! Every decision is a pure function of the seed and a name, so the same seed gives the same orders and the same
//! faults on any machine. It is no source of secrets.

/// Mixes `seed`, a purpose, a name and a turn into one number.
pub(crate) fn roll(seed: u64, purpose: &str, name: &str, turn: u64) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let parts: [&[u8]; 4] = [
        &seed.to_le_bytes(),
        purpose.as_bytes(),
        name.as_bytes(),
        &turn.to_le_bytes(),
    ];
    for part in parts {
        for byte in part {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        // Separates "ab"+"c" from "a"+"bc".
        hash = (hash ^ 0xff).wrapping_mul(PRIME);
    }
    finish(hash)
}

/// True for `per_mille` of a thousand rolls.
pub(crate) fn hits(per_mille: u32, roll: u64) -> bool {
    roll % 1000 < u64::from(per_mille)
}

/// Picks at most one of `choices` by one roll: each with its own share of a thousand.
pub(crate) fn pick<T: Copy>(choices: &[(T, u32)], roll: u64) -> Option<T> {
    let mut point = roll % 1000;
    for (choice, per_mille) in choices {
        let share = u64::from(*per_mille);
        if point < share {
            return Some(*choice);
        }
        point -= share;
    }
    None
}

fn finish(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A small generator (SplitMix64) for the values of one order.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that always fall alike for the same start.
    pub(crate) fn new(start: u64) -> Self {
        Self(start)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finish(self.0)
    }

    /// A number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `n` throws on average.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        &items[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_depends_on_every_part() {
        let base = roll(1, "a", "b", 0);
        assert_eq!(base, roll(1, "a", "b", 0));
        for other in [
            roll(2, "a", "b", 0),
            roll(1, "x", "b", 0),
            roll(1, "a", "x", 0),
            roll(1, "a", "b", 1),
            roll(1, "ab", "", 0),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn rates_are_met() {
        let hit = (0..10_000).filter(|n| hits(50, roll(7, "rate", "", *n))).count();
        assert!((400..600).contains(&hit), "{hit}");
        assert!(!hits(0, 0));
        assert!(hits(1000, 999));
    }

    #[test]
    fn a_pick_follows_the_shares() {
        let choices = [('a', 10), ('b', 0), ('c', 5)];
        assert_eq!(pick(&choices, 9), Some('a'));
        assert_eq!(pick(&choices, 10), Some('c'));
        assert_eq!(pick(&choices, 14), Some('c'));
        assert_eq!(pick(&choices, 15), None);
    }
}
