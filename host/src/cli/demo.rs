//! `dukou demo`: sandbox, 1,000 orders with every fault, one run, and the proof: the T+ ledger compared, byte by byte, with
//! what the mapping says of every order. No configuration. Exit code 0 only if the proof holds.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use dukou_core::verdict::{Group, SourceRecord};
use dukou_sandbox::{Faults, Identity, Journal, OrderTruth, Sandbox, SandboxOptions};
use dukou_store::rows::ProblemFilter;
use serde_json::{Value, json};

use super::output::{self, note, say};
use super::sandbox::OnOff;
use super::{Context, run};
use crate::compose::{self, Host};
use crate::exit::Exit;
use crate::pipeline::Crossing;

/// Sandbox, 1,000 orders with faults, one run, the overview.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders
    #[arg(long, default_value_t = 1000)]
    pub orders: usize,
    /// The same seed makes the same orders and faults
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Whether T+ refuses a second ExternalCode
    #[arg(long, default_value = "off")]
    pub unique: OnOff,
    /// Where the demo's project is made (default: a new folder for temporary files)
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the sandbox cannot start or the run itself fails.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let clock = compose::clock();
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("dukou-demo-{}", hex(&compose::randomness().bytes16()[..4]))),
    };
    let unique_key = if args.unique == OnOff::On {
        "demo.unique-on"
    } else {
        "demo.unique-off"
    };
    let unique = context.lang.t(unique_key);
    note(
        context,
        &context.lang.text(
            "demo.starting",
            &[("orders", &args.orders), ("seed", &args.seed), ("unique", &unique)],
        ),
    );
    // Orders of the days before yesterday, so that every window is past its lag.
    let day = (clock.now() - TimeDelta::days(4)).date_naive();
    let from = super::sandbox::midnight(day);
    let faults = faults(args.unique == OnOff::On);
    let sandbox_clock = clock.clone();
    let options = SandboxOptions {
        wdt_port: 0,
        tplus_port: 0,
        orders: args.orders,
        seed: args.seed,
        unique: args.unique == OnOff::On,
        faults,
        from,
        days: 3,
        identity: Identity::default(),
        clock: Arc::new(move || sandbox_clock.now()),
    };
    // The sandbox has threads of its own: it is another company's system.
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let sandbox = elsewhere.block_on(Sandbox::start(options))?;
    write_project(&dir, &sandbox, from)?;
    let project = Context {
        project: dir.clone(),
        ..context.clone()
    };
    let arguments = run::Args {
        scheme: None,
        from: None,
        to: None,
        key: None,
        limit: None,
        dry_run: false,
    };
    let outcome = run::run(&project, arguments);
    let (journal, orders) = (sandbox.journal(), sandbox.orders());
    elsewhere.block_on(sandbox.shutdown());
    if !matches!(outcome?, Exit::Done | Exit::Problems) {
        return Ok(Exit::Internal);
    }
    let proof = prove(&dir, &journal, &orders)?;
    if context.json {
        output::json(json!({ "proof": proof.to_json(), "project": dir.display().to_string() }));
    } else {
        say(&proof.to_text(context));
        say(&context.lang.text("demo.project", &[("path", &dir.display())]));
    }
    Ok(if proof.holds() { Exit::Done } else { Exit::Internal })
}

/// Every fault, at rates that show each of them within some fifty pages and a thousand documents. Whether T+ honours the
/// filter of a look-up is a property of an account: the demo shows the one kind with and the other without a unique key.
fn faults(unique: bool) -> Faults {
    let mut faults = Faults::all();
    faults.wdt.reissues_per_mille = 3;
    for rate in [
        &mut faults.wdt.throttled_per_mille,
        &mut faults.wdt.banned_per_mille,
        &mut faults.wdt.provider_per_mille,
        &mut faults.wdt.bad_gateway_per_mille,
        &mut faults.wdt.html_per_mille,
        &mut faults.wdt.delayed_per_mille,
    ] {
        *rate = 60;
    }
    faults.tplus.slow_per_mille = 8;
    faults.tplus.lookup_ignores_filter = unique;
    faults
}

/// What the ledger says beside what the mapping says.
#[derive(Debug, Default)]
struct Proof {
    vouchers: usize,
    keys: usize,
    deliverable: usize,
    once: usize,
    missing: Vec<String>,
    twice: Vec<String>,
    unequal: Vec<String>,
    others: usize,
    unexplained: Vec<String>,
    reasons: BTreeMap<String, usize>,
    faults: BTreeMap<String, usize>,
}

fn prove(dir: &Path, journal: &Journal, orders: &[OrderTruth]) -> anyhow::Result<Proof> {
    let host = Host::open(dir)?;
    let name = host.project.choose(None)?;
    let Some(active) = host.store.active(&name)? else {
        anyhow::bail!("the demo's scheme is not deployed")
    };
    let crossing = host.crossing(&active)?;
    let mut ledger: HashMap<&str, Vec<&str>> = HashMap::new();
    for voucher in &journal.vouchers {
        ledger.entry(&voucher.external_code).or_default().push(&voucher.body);
    }
    let mut proof = Proof {
        vouchers: journal.vouchers.len(),
        keys: ledger.len(),
        ..Proof::default()
    };
    for request in &journal.requests {
        if !matches!(request.outcome, "ok" | "written") {
            *proof.faults.entry(request.outcome.to_owned()).or_default() += 1;
        }
    }
    let problems = host.store.problems(&ProblemFilter {
        scheme: Some(name),
        limit: usize::MAX,
        ..ProblemFilter::default()
    })?;
    for order in orders {
        let written = ledger.get(order.order_no.as_str()).map_or(&[][..], Vec::as_slice);
        if written.len() > 1 {
            proof.twice.push(order.order_no.clone());
        }
        if order.deliverable {
            proof.deliverable += 1;
            match (written.first(), mapped(&crossing, order)) {
                (Some(body), Some(expected)) if **body == expected => {}
                (Some(_), _) => proof.unequal.push(order.order_no.clone()),
                (None, _) => proof.missing.push(order.order_no.clone()),
            }
            proof.once += usize::from(written.len() == 1);
        } else {
            proof.others += 1;
            let problem = problems.iter().find(|problem| {
                problem.group == order.order_no || order.order_no.is_empty() && problem.kind.word() == "unreadable"
            });
            match problem {
                Some(problem) if written.is_empty() => {
                    *proof
                        .reasons
                        .entry(format!("{} ({})", problem.code, problem.kind.word()))
                        .or_default() += 1;
                }
                _ => proof.unexplained.push(order.order_no.clone()),
            }
        }
    }
    Ok(proof)
}

/// What the mapping says of an order, by the plugins that are in force.
fn mapped(crossing: &Crossing, order: &OrderTruth) -> Option<String> {
    let record = SourceRecord {
        key: order.order_no.clone(),
        received_at: chrono::DateTime::<chrono::Utc>::MAX_UTC.to_rfc3339(),
        body: order.body.to_string(),
        extra: "{}".to_owned(),
    };
    let group = Group {
        key: order.order_no.clone(),
        records: vec![record],
        extra: "{}".to_owned(),
    };
    let run = crossing
        .chain
        .mapping
        .transform(&[project(crossing, group)?], &crossing.tables);
    match run.result.ok()?.pop()? {
        dukou_core::verdict::Verdict::Mapped(mapped) => {
            mapped.documents.into_iter().next().map(|document| document.body)
        }
        _ => None,
    }
}

fn project(crossing: &Crossing, mut group: Group) -> Option<Group> {
    for record in &mut group.records {
        record.body = crossing.chain.mapping.needs().apply(&record.body).ok()?;
    }
    Some(group)
}

impl Proof {
    fn holds(&self) -> bool {
        self.missing.is_empty()
            && self.twice.is_empty()
            && self.unequal.is_empty()
            && self.unexplained.is_empty()
            && self.once == self.deliverable
            && self.keys == self.deliverable
    }

    fn to_json(&self) -> Value {
        json!({
            "holds": self.holds(), "vouchers": self.vouchers, "keys": self.keys, "deliverable": self.deliverable,
            "once": self.once, "missing": self.missing, "twice": self.twice, "unequal": self.unequal,
            "others": self.others, "unexplained": self.unexplained, "reasons": self.reasons, "faults": self.faults,
        })
    }

    fn to_text(&self, context: &Context) -> String {
        let t = |key: &str, arguments: &[(&str, &dyn std::fmt::Display)]| context.lang.text(key, arguments);
        let list = |counts: &BTreeMap<String, usize>| {
            counts
                .iter()
                .map(|(word, count)| format!("{count} × {word}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut lines = vec![
            String::new(),
            t("demo.faults-seen", &[("faults", &list(&self.faults))]),
            t("demo.ledger", &[("vouchers", &self.vouchers), ("keys", &self.keys)]),
            t(
                "demo.proof",
                &[
                    ("deliverable", &self.deliverable),
                    ("once", &self.once),
                    ("missing", &self.missing.len()),
                    ("twice", &self.twice.len()),
                    ("equal", &(self.deliverable - self.missing.len() - self.unequal.len())),
                ],
            ),
            t(
                "demo.others",
                &[("others", &self.others), ("explained", &list(&self.reasons))],
            ),
        ];
        for (word, keys) in [
            ("missing", &self.missing),
            ("twice", &self.twice),
            ("unequal", &self.unequal),
            ("unexplained", &self.unexplained),
        ] {
            if !keys.is_empty() {
                lines.push(format!("  {word}: {}", keys.join(" ")));
            }
        }
        lines.push(t(if self.holds() { "demo.holds" } else { "demo.broken" }, &[]));
        lines.join("\n")
    }
}

fn write_project(dir: &Path, sandbox: &Sandbox, from: NaiveDateTime) -> anyhow::Result<()> {
    let identity = Identity::default();
    let limits = "limits = { per_second = 0, in_flight = 16 }";
    let settings = format!(
        r#"# The demo's project. Made by `dukou demo`; the sandbox that it talked to is gone.
auto_deploy = true

[store]
url = "sqlite:dukou.db"

[connections.wdt]
kind = "wdt-qimen"
url = "{wdt}"
app_key = "{app_key}"
app_secret = {{ secret = "wdt-app-secret" }}
target_app_key = "{target_app_key}"
sid = "{sid}"
sign_method = "hmac-sha256"
limits = {{ per_second = 0 }}

[connections.tplus]
kind = "tplus-cloud"
url = "{tplus}"
app_key = "{tplus_app_key}"
app_secret = {{ secret = "tplus-app-secret" }}
auth = {{ kind = "open-token", token = {{ secret = "tplus-open-token" }} }}
unique_key = "lookup-only"
deadline = "1s"
quarantine = "3s"
{limits}
"#,
        wdt = sandbox.wdt_url(),
        tplus = sandbox.tplus_url(),
        app_key = identity.app_key,
        target_app_key = identity.target_app_key,
        sid = identity.sid,
        tplus_app_key = identity.tplus_app_key,
    );
    let scheme = include_str!("../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml")
        .replace("2026-11-01 00:00:00", &from.format("%Y-%m-%d %H:%M:%S").to_string());
    std::fs::create_dir_all(dir.join("schemes"))?;
    std::fs::create_dir_all(dir.join("secrets"))?;
    std::fs::write(dir.join("dukou.toml"), settings)?;
    std::fs::write(dir.join("schemes/wdt-to-tplus.toml"), scheme)?;
    for (name, value) in [
        ("wdt-app-secret", &identity.app_secret),
        ("tplus-app-secret", &identity.tplus_app_secret),
        ("tplus-open-token", &identity.open_token),
    ] {
        super::init::write_secret(&dir.join("secrets").join(name), value)?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
