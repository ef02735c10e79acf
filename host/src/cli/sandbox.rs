//! `dukou sandbox`: both simulated systems on loopback, until Ctrl-C.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use dukou_sandbox::{Faults, Identity, Sandbox, SandboxOptions};
use serde_json::json;

use super::output::{self, say};
use super::{Context, Failure};
use crate::compose;
use crate::exit::Exit;

/// Both simulated systems on loopback.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port of 旺店通 (0: any)
    #[arg(long, default_value_t = 8781)]
    pub wdt_port: u16,
    /// Port of T+ (0: any)
    #[arg(long, default_value_t = 8782)]
    pub tplus_port: u16,
    /// How many orders
    #[arg(long, default_value_t = 200)]
    pub orders: usize,
    /// The same seed makes the same orders
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Whether T+ refuses a second ExternalCode
    #[arg(long, default_value = "on")]
    pub unique: OnOff,
    /// Faults to show, a TOML file (docs/reference/sandbox.md); `all` for every fault
    #[arg(long)]
    pub faults: Option<PathBuf>,
    /// Day of the first order, yyyy-MM-dd
    #[arg(long, default_value = "2026-11-01")]
    pub from: NaiveDate,
    /// Days that the orders spread over
    #[arg(long, default_value_t = 3)]
    pub days: u32,
}

/// on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnOff {
    /// It does.
    On,
    /// It does not.
    Off,
}

/// Runs the command.
///
/// # Errors
/// A port in use, or a fault file that cannot be read.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let faults = match &args.faults {
        None => Faults::default(),
        Some(path) if path.as_os_str() == "all" => Faults::all(),
        Some(path) => read_faults(context, path)?,
    };
    let clock = compose::clock();
    let options = SandboxOptions {
        wdt_port: args.wdt_port,
        tplus_port: args.tplus_port,
        orders: args.orders,
        seed: args.seed,
        unique: args.unique == OnOff::On,
        faults,
        from: midnight(args.from),
        days: args.days,
        identity: Identity::default(),
        clock: Arc::new(move || clock.now()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let sandbox = Sandbox::start(options).await?;
        if context.json {
            output::json(json!({ "wdt": sandbox.wdt_url(), "tplus": sandbox.tplus_url(), "orders": args.orders, "seed": args.seed }));
        } else {
            say(&context.lang.text(
                "sandbox.started",
                &[
                    ("wdt", &sandbox.wdt_url()),
                    ("tplus", &sandbox.tplus_url()),
                    ("orders", &args.orders),
                    ("seed", &args.seed),
                ],
            ));
        }
        let (stop, mut stopping) = tokio::sync::watch::channel(false);
        let watched = super::signals::watch_signals(stop);
        // The sender lives in the watching task, so this ends only by a signal.
        let _ = stopping.wait_for(|stop| *stop).await;
        watched.abort();
        sandbox.shutdown().await;
        Ok(Exit::Done)
    })
}

/// Midnight of a day.
pub fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN)
}

fn read_faults(context: &Context, path: &std::path::Path) -> anyhow::Result<Faults> {
    let failed = |reason: String| Failure {
        code: "sandbox.faults",
        message: context
            .lang
            .text("sandbox.faults", &[("file", &path.display()), ("reason", &reason)]),
        exit: Exit::Definition,
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Ok(Faults::from_toml(&text).map_err(|error| failed(error.to_string()))?)
}
