//! 旺店通 enterprise behind the Qimen gateway (`docs/reference/systems/wdt.md` §2, §4, §5): signed form posts, pages read
//! from last to first, rows handed on byte for byte. Does not interpret a row.

mod client;
mod config;
pub mod outcome;
mod paging;
pub mod sign;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dukou_core::catalogue::Catalogue;
use dukou_core::clock::Clock;
use dukou_core::outcome::ReadFailure;

use crate::egress::Egress;
use crate::{BoxFuture, Page, Query, Source};

pub(crate) use config::check_url;
pub use config::{ConfigFault, DEFAULT_TARGET_APP_KEY, WdtQimenConfig};
pub use sign::SignMethod;

/// The sales stock-out query.
pub const STOCKOUT_ORDER_QUERY_TRADE: &str = "wdt.stockout.order.query.trade";

/// The APIs with a shipped catalogue.
pub const APIS: &[&str] = &[STOCKOUT_ORDER_QUERY_TRADE];

/// The shipped catalogue of an API.
pub fn catalogue(api: &str) -> Option<&'static Catalogue> {
    static STOCKOUT: OnceLock<Catalogue> = OnceLock::new();
    (api == STOCKOUT_ORDER_QUERY_TRADE).then(|| {
        STOCKOUT.get_or_init(|| {
            Catalogue::parse(include_str!("catalogue/wdt.stockout.order.query.trade.toml"))
                .expect("a shipped catalogue is tested to be readable")
        })
    })
}

/// Which fields identify a stock-out beside its number (`wdt.md` §4.4, §7.1).
///
/// `stockout_id` is the primary key. An order line survives a rejection and a new audit as the row of the trade that it
/// ships, named by `sale_order_id` and `src_order_detail_id`; the two are kept apart because nothing proves that they
/// count alike. The platform's `src_oid` is no identity: lines split over two shipments, and re-sent goods, share it.
const STOCKOUT_ALIASES: &[(&str, &str)] = &[
    ("=stockout_id", "stockout_id"),
    ("=sale_order_id", "details_list.sale_order_id"),
    ("=src_order_detail_id", "details_list.src_order_detail_id"),
    ("stockout_no", "stockout_no"),
    ("src_order_no", "src_order_no"),
    ("src_tids", "src_tids"),
    ("logistics_no", "logistics_no"),
];

/// A connection to one seller's account.
pub struct WdtQimen {
    config: WdtQimenConfig,
    egress: Arc<dyn Egress>,
    clock: Arc<dyn Clock>,
}

impl WdtQimen {
    /// A connection; nothing is sent yet.
    pub fn new(config: WdtQimenConfig, egress: Arc<dyn Egress>, clock: Arc<dyn Clock>) -> Self {
        Self { config, egress, clock }
    }
}

impl Source for WdtQimen {
    fn account(&self) -> String {
        self.config.account_name()
    }

    fn read<'a>(&'a self, query: &'a Query, position: Option<&'a str>) -> BoxFuture<'a, Result<Page, ReadFailure>> {
        Box::pin(self.read_page(query, position))
    }

    fn aliases(&self, api: &str) -> &'static [(&'static str, &'static str)] {
        if api == STOCKOUT_ORDER_QUERY_TRADE {
            STOCKOUT_ALIASES
        } else {
            &[]
        }
    }

    fn longest_window(&self, _api: &str) -> Duration {
        // `wdt.md` §4.2: 30 days, both ends inclusive.
        Duration::from_secs(30 * 86_400)
    }

    fn per_second(&self) -> Option<u32> {
        self.config.per_second
    }
}
