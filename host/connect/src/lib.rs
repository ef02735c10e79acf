//! dukou-connect: the remote systems behind few traits: `Source` reads, `Inquiry` asks, `Target` also sends. Connectors sign, send, and name outcomes; they never retry,
//! sleep, schedule, or touch the store. One folder per remote system, always the same files: `config.rs`, `sign.rs`
//! (pure), `client.rs` (send, time out), `outcome.rs` (pure: reply to outcome), `mod.rs`, `catalogue/`.

pub mod egress;
mod reply_text;
pub mod source;
pub mod target;
pub mod tplus_cloud;
pub mod tplus_local;
pub mod tplus_push;
pub mod wdt_direct;
pub mod wdt_qimen;

use std::future::Future;
use std::pin::Pin;

use dukou_core::catalogue::Catalogue;

pub use source::{Page, PulledRecord, Query, Source};
pub use target::{Control, Inquiry, Limits, LookupReport, RequestOutline, SendReport, Target};

/// A boxed future, so that connectors can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The shipped catalogue of an API of a kind of connection, e.g. (`wdt-qimen`, `wdt.stockout.order.query.trade`).
pub fn catalogue(kind: &str, api: &str) -> Option<&'static Catalogue> {
    match kind {
        "wdt-qimen" => wdt_qimen::catalogue(api),
        "tplus-cloud" => tplus_cloud::catalogue(api),
        _ => None,
    }
}

/// Every kind of connection with the APIs it has catalogues for, for `check` and `schema`.
pub const KINDS: &[(&str, &[&str])] = &[("wdt-qimen", wdt_qimen::APIS), ("tplus-cloud", tplus_cloud::APIS)];
