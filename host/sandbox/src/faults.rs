//! What goes wrong, how often, and how that is written down.
//!
//! Rates are per thousand. A fault of a request is decided by the seed and a counter, so a repeat gets past it:
//! 旺店通 never fails more than [`FAULTS_IN_A_ROW`] requests running, T+ never fails a document after its
//! [`FAULTY_ATTEMPTS`]th attempt. Faults of an order or a document are decided by the seed and its number alone, so
//! the affected set does not depend on timing.

use std::error::Error;
use std::fmt;

use serde::Deserialize;

use crate::chance::{hits, roll};

/// 旺店通 answers properly at the latest after so many failed requests running. Look-ups of T+ likewise.
pub const FAULTS_IN_A_ROW: u32 = 2;
/// T+ lets a document through at the latest after so many attempts, unless it refuses it for good.
pub const FAULTY_ATTEMPTS: u32 = 3;

/// All faults; the default is none. As TOML: tables `[wdt]` and `[tplus]` with the fields' names as keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Faults of 旺店通.
    pub wdt: WdtFaults,
    /// Faults of T+.
    pub tplus: TplusFaults,
}

/// Faults of 旺店通 behind the Qimen gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WdtFaults {
    /// Requests answered with `errorcode` 1012, called too often.
    pub throttled_per_mille: u32,
    /// Requests answered with TOP code 7 and `accesscontrol.limited-by-app-access-count`, a ban of one second.
    pub banned_per_mille: u32,
    /// Requests answered with a provider fault whose `sub_code` starts with `isp.`.
    pub provider_per_mille: u32,
    /// Requests answered with HTTP 502.
    pub bad_gateway_per_mille: u32,
    /// Requests answered with HTTP 200 and a page of HTML.
    pub html_per_mille: u32,
    /// Requests answered properly, but late by `delay_ms`.
    pub delayed_per_mille: u32,
    /// Delay of those, in milliseconds.
    pub delay_ms: u64,
    /// Orders that appear only after page 0 of their window was read once, so that the total grows while a client
    /// pages. Only in windows of more than one page.
    pub late_rows_per_mille: u32,
    /// Orders that leave their window after page 0 showed them, so that later rows shift forward, and come back when
    /// page 0 is asked for the second time or for another window. Only in windows of more than one page.
    pub moving_rows_per_mille: u32,
    /// Orders that stand twice in every answer.
    pub duplicate_rows_per_mille: u32,
    /// Pages after the first carry a total of `""`, 0 or -1 instead of none.
    pub odd_totals: bool,
    /// Orders whose status goes from 95 to 110 after they were served once: another body, the same business content.
    pub completes_per_mille: u32,
    /// Orders that are issued again under a number with `-1` after they were served once; the old number vanishes, the
    /// `stockout_id` stays. Not part of [`Faults::all`], because every one of them needs a person.
    pub reissues_per_mille: u32,
    /// Orders that the seed's mapping cannot deliver: a zero shipping time, no lines, a quantity or a price in words.
    pub flawed_per_mille: u32,
}

/// Faults of T+.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TplusFaults {
    /// Creates that are written, then the connection closes without a reply.
    pub lost_after_write_per_mille: u32,
    /// Creates whose connection closes without a reply and without anything written.
    pub lost_before_write_per_mille: u32,
    /// Creates that are written and answered late by `slow_ms`.
    pub slow_per_mille: u32,
    /// Delay of those, in milliseconds.
    pub slow_ms: u64,
    /// Creates answered with HTTP 500 and a page of HTML, nothing written.
    pub html_500_per_mille: u32,
    /// Creates answered with `999` 网络异常, nothing written.
    pub network_999_per_mille: u32,
    /// Creates answered with HTTP 429 and `Retry-After`, nothing written.
    pub throttled_429_per_mille: u32,
    /// The value of that header; `1` if none is given.
    pub retry_after: Option<String>,
    /// External codes whose first create is answered with EXSV0011, nothing written.
    pub exsv0011_per_mille: u32,
    /// External codes refused for good with HTTP 500 and a vendor code: the accounting period is closed.
    pub vendor_500_per_mille: u32,
    /// External codes refused for good as if their customer were unknown.
    pub unknown_customer_per_mille: u32,
    /// Refusals that come with HTTP 200 instead of 400.
    pub refused_with_200_per_mille: u32,
    /// After so many written documents the token is refused; 0 = never. The count starts anew each time.
    pub expire_token_after: u64,
    /// For so many requests the refused token stays refused, then it is accepted again.
    pub expired_token_for: u64,
    /// A new voucher is seen by look-ups only after so many milliseconds of the sandbox's clock.
    pub lookup_lag_ms: u64,
    /// FindVoucherList ignores its filter and lists everything, page by page. A property of an account rather than an
    /// incident, so not part of [`Faults::all`].
    pub lookup_ignores_filter: bool,
    /// Look-ups answered with `999`.
    pub lookup_fails_per_mille: u32,
}

/// A fault of one request to 旺店通.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WdtFault {
    Throttled,
    Banned,
    Provider,
    BadGateway,
    Html,
    Delayed,
}

/// A fault of one attempt to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CreateFault {
    LostAfterWrite,
    LostBeforeWrite,
    Slow,
    Html500,
    Network999,
    Throttled429,
}

impl WdtFaults {
    /// The faults of a request with their shares.
    pub(crate) fn of_requests(&self) -> [(WdtFault, u32); 6] {
        [
            (WdtFault::Throttled, self.throttled_per_mille),
            (WdtFault::Banned, self.banned_per_mille),
            (WdtFault::Provider, self.provider_per_mille),
            (WdtFault::BadGateway, self.bad_gateway_per_mille),
            (WdtFault::Html, self.html_per_mille),
            (WdtFault::Delayed, self.delayed_per_mille),
        ]
    }
}

impl TplusFaults {
    /// The faults of an attempt with their shares.
    pub(crate) fn of_creates(&self) -> [(CreateFault, u32); 6] {
        [
            (CreateFault::LostAfterWrite, self.lost_after_write_per_mille),
            (CreateFault::LostBeforeWrite, self.lost_before_write_per_mille),
            (CreateFault::Slow, self.slow_per_mille),
            (CreateFault::Html500, self.html_500_per_mille),
            (CreateFault::Network999, self.network_999_per_mille),
            (CreateFault::Throttled429, self.throttled_429_per_mille),
        ]
    }
}

/// Why T+ refuses an external code for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doom {
    /// As if the customer were unknown.
    UnknownCustomer,
    /// The accounting period is closed; with HTTP 500.
    ClosedPeriod,
}

impl Doom {
    /// The word for it in [`crate::OrderTruth::flaw`].
    pub(crate) fn flaw(self) -> &'static str {
        match self {
            Self::UnknownCustomer => "unknown-customer",
            Self::ClosedPeriod => "closed-period",
        }
    }
}

impl TplusFaults {
    /// Whether T+ refuses this external code whatever it is sent.
    pub(crate) fn doom(&self, seed: u64, external_code: &str) -> Option<Doom> {
        if hits(
            self.unknown_customer_per_mille,
            roll(seed, "unknown_customer", external_code, 0),
        ) {
            Some(Doom::UnknownCustomer)
        } else if hits(self.vendor_500_per_mille, roll(seed, "vendor_500", external_code, 0)) {
            Some(Doom::ClosedPeriod)
        } else {
            None
        }
    }
}

impl Faults {
    /// Every fault at rates that a demonstration of 1,000 orders shows and survives.
    pub fn all() -> Self {
        Self {
            wdt: WdtFaults {
                throttled_per_mille: 30,
                banned_per_mille: 15,
                provider_per_mille: 20,
                bad_gateway_per_mille: 20,
                html_per_mille: 15,
                delayed_per_mille: 30,
                delay_ms: 300,
                late_rows_per_mille: 10,
                moving_rows_per_mille: 10,
                duplicate_rows_per_mille: 10,
                odd_totals: true,
                completes_per_mille: 50,
                reissues_per_mille: 0,
                flawed_per_mille: 8,
            },
            tplus: TplusFaults {
                lost_after_write_per_mille: 6,
                lost_before_write_per_mille: 6,
                slow_per_mille: 4,
                slow_ms: 1_500,
                html_500_per_mille: 4,
                network_999_per_mille: 4,
                throttled_429_per_mille: 6,
                retry_after: None,
                exsv0011_per_mille: 5,
                vendor_500_per_mille: 3,
                unknown_customer_per_mille: 3,
                refused_with_200_per_mille: 300,
                expire_token_after: 400,
                expired_token_for: 2,
                lookup_lag_ms: 500,
                lookup_ignores_filter: false,
                lookup_fails_per_mille: 100,
            },
        }
    }

    /// Reads a faults file.
    ///
    /// # Errors
    /// [`FaultsError::Toml`] for bad syntax, a wrong type or an unknown key; [`FaultsError::Rate`] for a rate or a sum
    /// of rates above 1000.
    pub fn from_toml(text: &str) -> Result<Self, FaultsError> {
        let faults: Self = toml::from_str(text).map_err(FaultsError::Toml)?;
        faults.check()?;
        Ok(faults)
    }

    fn check(&self) -> Result<(), FaultsError> {
        let wdt = &self.wdt;
        let tplus = &self.tplus;
        let single = [
            ("wdt.late_rows_per_mille", wdt.late_rows_per_mille),
            ("wdt.moving_rows_per_mille", wdt.moving_rows_per_mille),
            ("wdt.duplicate_rows_per_mille", wdt.duplicate_rows_per_mille),
            ("wdt.completes_per_mille", wdt.completes_per_mille),
            ("wdt.reissues_per_mille", wdt.reissues_per_mille),
            ("wdt.flawed_per_mille", wdt.flawed_per_mille),
            ("tplus.exsv0011_per_mille", tplus.exsv0011_per_mille),
            ("tplus.vendor_500_per_mille", tplus.vendor_500_per_mille),
            ("tplus.unknown_customer_per_mille", tplus.unknown_customer_per_mille),
            ("tplus.refused_with_200_per_mille", tplus.refused_with_200_per_mille),
            ("tplus.lookup_fails_per_mille", tplus.lookup_fails_per_mille),
        ];
        let sums = [
            ("wdt: the rates of requests", sum(&wdt.of_requests())),
            ("tplus: the rates of creates", sum(&tplus.of_creates())),
        ];
        for (name, rate) in single {
            if rate > 1000 {
                return Err(FaultsError::Rate {
                    name,
                    rate: u64::from(rate),
                });
            }
        }
        for (name, rate) in sums {
            if rate > 1000 {
                return Err(FaultsError::Rate { name, rate });
            }
        }
        Ok(())
    }
}

fn sum<T>(shares: &[(T, u32)]) -> u64 {
    shares.iter().map(|(_, share)| u64::from(*share)).sum()
}

/// Why a faults file cannot be used.
#[derive(Debug)]
pub enum FaultsError {
    /// Not TOML, a wrong type, or an unknown key.
    Toml(toml::de::Error),
    /// A rate, or the sum of rates that exclude one another, is above 1000.
    Rate {
        /// The key, or which sum.
        name: &'static str,
        /// Its value per thousand.
        rate: u64,
    },
}

impl FaultsError {
    /// Stable dotted code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Toml(_) => "faults.toml",
            Self::Rate { .. } => "faults.rate",
        }
    }
}

impl fmt::Display for FaultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml(_) => f.write_str("the faults file cannot be read"),
            Self::Rate { name, rate } => write!(f, "{name}: {rate} per thousand is more than 1000"),
        }
    }
}

impl Error for FaultsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Toml(error) => Some(error),
            Self::Rate { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names() {
        let faults = Faults::from_toml("[wdt]\nthrottled_per_mille = 5\n[tplus]\nretry_after = \"0\"\n").unwrap();
        assert_eq!(faults.wdt.throttled_per_mille, 5);
        assert_eq!(faults.tplus.retry_after.as_deref(), Some("0"));
        assert_eq!(faults.tplus.slow_per_mille, 0);
        assert_eq!(Faults::from_toml("").unwrap(), Faults::default());
    }

    #[test]
    fn unknown_keys_and_wild_rates_are_errors() {
        for text in [
            "[wdt]\nthrotled_per_mille = 5",
            "[erp]",
            "x = 1",
            "[wdt",
            "[wdt]\ndelay_ms = \"1\"",
        ] {
            assert_eq!(Faults::from_toml(text).unwrap_err().code(), "faults.toml", "{text}");
        }
        for text in [
            "[wdt]\nflawed_per_mille = 1001",
            "[wdt]\nthrottled_per_mille = 600\nhtml_per_mille = 401",
            "[tplus]\nslow_per_mille = 1001",
        ] {
            assert_eq!(Faults::from_toml(text).unwrap_err().code(), "faults.rate", "{text}");
        }
    }

    #[test]
    fn all_is_within_bounds() {
        Faults::all().check().unwrap();
    }
}
