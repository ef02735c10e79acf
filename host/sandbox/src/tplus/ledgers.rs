//! Whose books: the open token names the account, and one account sees nothing of another's.

use std::collections::BTreeMap;

use super::books::Books;
use crate::faults::TplusFaults;
use crate::journal::Voucher;

/// How many accounts may be opened; every one keeps its own vouchers.
pub(crate) const ACCOUNTS_KEPT: usize = 500;

/// The books of every account that anybody has asked for.
pub(crate) struct Ledgers {
    seed: u64,
    unique: bool,
    faults: TplusFaults,
    of: BTreeMap<String, Books>,
}

impl Ledgers {
    /// No account yet.
    pub(crate) fn new(seed: u64, unique: bool, faults: TplusFaults) -> Self {
        Self {
            seed,
            unique,
            faults,
            of: BTreeMap::new(),
        }
    }

    /// The books of an account, empty at first; `None` if there are too many accounts.
    pub(crate) fn books(&mut self, account: &str) -> Option<&mut Books> {
        if !self.of.contains_key(account) {
            if self.of.len() == ACCOUNTS_KEPT {
                return None;
            }
            let books = Books::new(account, self.seed, self.unique, self.faults.clone());
            self.of.insert(account.to_owned(), books);
        }
        self.of.get_mut(account)
    }

    /// The vouchers of all accounts, oldest first.
    pub(crate) fn vouchers(&self) -> Vec<Voucher> {
        let mut all: Vec<Voucher> = self.of.values().flat_map(Books::vouchers).collect();
        // Stable: within one account they keep their order.
        all.sort_by_key(|voucher| voucher.received_at);
        all
    }
}

/// The account that a token names: `""` for the sandbox's own token, NAME for that token followed by `-NAME`.
pub(crate) fn account<'a>(token: &'a str, own: &str) -> Option<&'a str> {
    let rest = token.strip_prefix(own)?;
    if rest.is_empty() {
        return Some("");
    }
    let name = rest.strip_prefix('-')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.is_empty() && name.len() <= 64 && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests;
