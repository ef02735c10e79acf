//! What the vouchers of a version come to: counts and money by class, wrong fields by place, numbers as written and as
//! they should be. Sums are decimal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use dukou_core::catalogue::column_path;
use dukou_core::delivery::DeliveryState;
use dukou_store::rows::Tally;
use rust_decimal::Decimal;

use super::{Finding, Voucher};

/// Everything summed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sum {
    /// All vouchers.
    pub all: Tally,
    /// Of these, those of which it is not known whether the target holds them.
    pub may_be: Tally,
    /// By class, in the order of [`Finding::WORDS`].
    pub classes: [Tally; 4],
    /// Wrong fields by path without line numbers.
    pub fields: BTreeMap<String, FieldSum>,
    /// Vouchers compared with the newest revision instead of the one proved by its recipe.
    pub not_exact: u64,
    /// Vouchers that the good version makes and that were never made.
    pub absent: u64,
    /// The first and the last of them.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// One wrong field over all vouchers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSum {
    /// Vouchers that have it wrong, with their money.
    pub vouchers: Tally,
    /// Places: several lines of one voucher count each.
    pub places: u64,
    /// Where it is a number: as written and as it should be.
    pub numbers: Option<(Decimal, Decimal)>,
}

impl FieldSum {
    /// Written minus right.
    pub fn difference(&self) -> Option<Decimal> {
        self.numbers.map(|(written, right)| written.saturating_sub(right))
    }
}

fn add(tally: &mut Tally, count: u64, amount: Decimal) {
    tally.count += count;
    tally.amount = tally.amount.saturating_add(amount);
}

impl Sum {
    /// Adds a voucher.
    pub fn add(&mut self, voucher: &Voucher) {
        let amount = voucher.amount.unwrap_or_default();
        add(&mut self.all, 1, amount);
        if voucher.state != DeliveryState::Delivered {
            add(&mut self.may_be, 1, amount);
        }
        let place = Finding::WORDS.iter().position(|word| *word == voucher.finding.word());
        if let Some(class) = place.and_then(|place| self.classes.get_mut(place)) {
            add(class, 1, amount);
        }
        if !matches!(voucher.finding, Finding::NotCompared { .. }) && !voucher.exact {
            self.not_exact += 1;
        }
        self.absent += voucher.absent.len() as u64;
        if let Some(at) = voucher.at {
            let (first, last) = self.times.unwrap_or((at, at));
            self.times = Some((first.min(at), last.max(at)));
        }
        if let Finding::Wrong(differences) = &voucher.finding {
            let mut paths = BTreeSet::new();
            for wrong in &differences.fields {
                let path = column_path(&wrong.path);
                self.fields.entry(path.clone()).or_default().places += 1;
                paths.insert(path);
            }
            for pair in &differences.numbers {
                let field = self.fields.entry(pair.path.clone()).or_default();
                let (written, right) = field.numbers.unwrap_or_default();
                field.numbers = Some((written.saturating_add(pair.written), right.saturating_add(pair.right)));
                // A number of a line that is wrong as a whole.
                paths.insert(pair.path.clone());
            }
            for path in paths {
                add(&mut self.fields.entry(path).or_default().vouchers, 1, amount);
            }
        }
    }

    /// Adds the sums of another scheme.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.all, other.all.count, other.all.amount);
        add(&mut self.may_be, other.may_be.count, other.may_be.amount);
        for (class, theirs) in self.classes.iter_mut().zip(&other.classes) {
            add(class, theirs.count, theirs.amount);
        }
        for (path, theirs) in &other.fields {
            let field = self.fields.entry(path.clone()).or_default();
            add(&mut field.vouchers, theirs.vouchers.count, theirs.vouchers.amount);
            field.places += theirs.places;
            if let Some((written, right)) = theirs.numbers {
                let (sum, due) = field.numbers.unwrap_or_default();
                field.numbers = Some((sum.saturating_add(written), due.saturating_add(right)));
            }
        }
        self.not_exact += other.not_exact;
        self.absent += other.absent;
        if let Some((first, last)) = other.times {
            let (own_first, own_last) = self.times.unwrap_or((first, last));
            self.times = Some((own_first.min(first), own_last.max(last)));
        }
    }

    /// The tally of a class by its word.
    pub fn class(&self, word: &str) -> Tally {
        let place = Finding::WORDS.iter().position(|known| *known == word);
        place
            .and_then(|place| self.classes.get(place))
            .copied()
            .unwrap_or_default()
    }

    /// Wrong fields, those that touch the most vouchers first.
    pub fn by_weight(&self) -> Vec<(&String, &FieldSum)> {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_by_key(|(path, field)| (std::cmp::Reverse(field.vouchers.count), *path));
        fields
    }
}
