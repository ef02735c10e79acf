//! Both remote systems as small products on loopback: 旺店通 behind the Qimen gateway as a source, 畅捷通T+ behind its
//! cloud gateway as a target, with faults on demand and a journal of what arrived.
//!
//! Tests embed it; `dukou sandbox` and `dukou demo` run it. It depends on nothing else of dukou: it checks requests
//! with its own code against the documents in `docs/reference/systems/`, so a mistake in a connector does not pass by
//! being made twice. It shares data only: the source catalogue and the signature vectors.
//!
//! It does not simulate the direct API of 旺店通, a self-hosted T+, token endpoints, or a quota by time.

pub mod archive;
mod chance;
mod faults;
mod journal;
mod order;
mod tplus;
mod wdt;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use faults::{FAULTS_IN_A_ROW, FAULTY_ATTEMPTS, Faults, FaultsError, TplusFaults, WdtFaults};
pub use journal::{Journal, REQUESTS_KEPT, Request, VOUCHERS_KEPT, Voucher};
pub use order::OrderTruth;

use crate::journal::{Log, locked};
use crate::order::Planner;
use crate::tplus::{Ledgers, Tplus};
use crate::wdt::{Shelf, Wdt, shanghai};
use crate::wire::{Cord, Gate};

/// How long a shutdown waits for replies that are on their way.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(2);

/// Where the sandbox's time comes from.
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a sandbox is made of.
#[derive(Clone)]
pub struct SandboxOptions {
    /// Port of 旺店通 on 127.0.0.1; 0 = any free one.
    pub wdt_port: u16,
    /// Port of T+ on 127.0.0.1; 0 = any free one.
    pub tplus_port: u16,
    /// How many orders 旺店通 has shipped. All are made at the start and take about 8 KB each.
    pub orders: usize,
    /// Decides the orders' content and which faults strike.
    pub seed: u64,
    /// Whether T+ refuses a second voucher of one external code or one voucher code.
    pub unique: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// First shipping time, Asia/Shanghai.
    pub from: NaiveDateTime,
    /// The orders' shipping times are spread evenly over so many days.
    pub days: u32,
    /// The credentials that both systems accept.
    pub identity: Identity,
    /// The clock for timestamps, receipts, changed orders and the lag of look-ups.
    pub clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl SandboxOptions {
    /// 1,000 orders over the day 2026-11-01, seed 1, free ports, unique on, no faults.
    pub fn at(clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>) -> Self {
        Self {
            wdt_port: 0,
            tplus_port: 0,
            orders: 1_000,
            seed: 1,
            unique: true,
            faults: Faults::default(),
            from: NaiveDate::from_ymd_opt(2026, 11, 1)
                .unwrap_or_default()
                .and_time(chrono::NaiveTime::MIN),
            days: 1,
            identity: Identity::default(),
            clock,
        }
    }
}

/// The credentials of both systems. The defaults are loud, so that nobody takes them for real ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `app_key` of the Qimen caller.
    pub app_key: String,
    /// Secret that signs Qimen requests.
    pub app_secret: String,
    /// `target_app_key` of 旺店通.
    pub target_app_key: String,
    /// Seller account of 旺店通.
    pub sid: String,
    /// `appKey` header of T+.
    pub tplus_app_key: String,
    /// `appSecret` header of T+.
    pub tplus_app_secret: String,
    /// `openToken` header of T+. Followed by `-NAME` it is the token of another account, whose books are its own.
    pub open_token: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            app_key: "12345678".to_owned(),
            app_secret: "sandbox-wdt-secret".to_owned(),
            target_app_key: "21363512".to_owned(),
            sid: "apidevtest2".to_owned(),
            tplus_app_key: "sandbox-tplus".to_owned(),
            tplus_app_secret: "sandbox-tplus-secret".to_owned(),
            open_token: "sandbox-open-token".to_owned(),
        }
    }
}

/// Both systems, running on the current tokio runtime until [`Sandbox::shutdown`] or drop.
pub struct Sandbox {
    wdt: Arc<Wdt>,
    tplus: Arc<Tplus>,
    wdt_port: Port,
    tplus_port: Port,
    stop: watch::Sender<bool>,
    clock: Clock,
}

struct Port {
    address: SocketAddr,
    shut: Arc<AtomicBool>,
    task: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// Makes the orders and opens both ports.
    ///
    /// # Errors
    /// A port cannot be bound.
    pub async fn start(options: SandboxOptions) -> io::Result<Self> {
        let log = Arc::new(Log::default());
        let planner = Planner {
            seed: options.seed,
            from: options.from,
            days: options.days,
            orders: options.orders,
            flawed_per_mille: options.faults.wdt.flawed_per_mille,
        };
        let wdt = Arc::new(Wdt {
            shelf: Mutex::new(Shelf::fill(&planner, options.faults.clone())),
            log: Arc::clone(&log),
            identity: options.identity.clone(),
            clock: Arc::clone(&options.clock),
            delay_ms: options.faults.wdt.delay_ms,
            odd_totals: options.faults.wdt.odd_totals,
        });
        let tplus = Arc::new(Tplus {
            ledgers: Mutex::new(Ledgers::new(options.seed, options.unique, options.faults.tplus)),
            log,
            identity: options.identity,
            clock: Arc::clone(&options.clock),
            holding: watch::Sender::new(false),
        });
        let (stop, stopped) = watch::channel(false);
        let wdt_port = open(options.wdt_port, wdt::router(Arc::clone(&wdt)), stopped.clone()).await?;
        let tplus_port = open(options.tplus_port, tplus::router(Arc::clone(&tplus)), stopped).await?;
        Ok(Self {
            wdt,
            tplus,
            wdt_port,
            tplus_port,
            stop,
            clock: options.clock,
        })
    }

    /// `http://127.0.0.1:PORT/router/qm`.
    pub fn wdt_url(&self) -> String {
        format!("http://{}/router/qm", self.wdt_port.address)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn tplus_url(&self) -> String {
        format!("http://{}", self.tplus_port.address)
    }

    /// What arrived so far, at both systems.
    pub fn journal(&self) -> Journal {
        self.tplus.journal()
    }

    /// The truth about every order, by shipping time. `GET /orders` on the port of 旺店通 answers the same.
    pub fn orders(&self) -> Vec<OrderTruth> {
        locked(&self.wdt.shelf).truths()
    }

    /// Changes an order in place. `modified` becomes the clock's time unless `f` sets it; a window by shipping time
    /// keeps finding it, even if `f` makes the shown time unreadable. Does nothing if no order has this number.
    pub fn change_order(&self, order_no: &str, f: impl FnOnce(&mut Map<String, Value>)) {
        let now = shanghai((self.clock)());
        locked(&self.wdt.shelf).change(order_no, now, f);
    }

    /// Adds an order, or replaces the one of the same `order_no`. Its `consign_time` and `modified` decide which windows
    /// find it; if unreadable, the sandbox's first shipping time and the clock stand in. Ignores what is no object.
    pub fn put_order(&self, order: Value) {
        if let Value::Object(body) = order {
            let now = shanghai((self.clock)());
            locked(&self.wdt.shelf).put(&body, now);
        }
    }

    /// While down, T+ closes every connection at once.
    pub fn set_tplus_down(&self, down: bool) {
        self.tplus_port.shut.store(down, Ordering::SeqCst);
    }

    /// While held, T+ writes what it is sent and answers no create; afterwards it answers them all.
    pub fn hold_replies(&self, hold: bool) {
        self.tplus.holding.send_replace(hold);
    }

    /// While down, 旺店通 closes every connection at once.
    pub fn set_wdt_down(&self, down: bool) {
        self.wdt_port.shut.store(down, Ordering::SeqCst);
    }

    /// Closes both ports and waits a moment for replies that are on their way.
    pub async fn shutdown(self) {
        // Fails only if both servers have ended already.
        let _ = self.stop.send(true);
        for port in [self.wdt_port, self.tplus_port] {
            let abort = port.task.abort_handle();
            if tokio::time::timeout(SHUTDOWN_WAIT, port.task).await.is_err() {
                abort.abort();
            }
        }
    }
}

async fn open(port: u16, router: Router, mut stopped: watch::Receiver<bool>) -> io::Result<Port> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let shut = Arc::new(AtomicBool::new(false));
    let gate = Gate::new(listener, Arc::clone(&shut));
    let server = axum::serve(gate, router.into_make_service_with_connect_info::<Cord>());
    let task = tokio::spawn(async move {
        let stop = async move {
            // An error means that the sandbox was dropped, which ends it too.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        server.with_graceful_shutdown(stop).await
    });
    Ok(Port { address, shut, task })
}
