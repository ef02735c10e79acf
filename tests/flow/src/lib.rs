//! A site: one project and one sandbox, and the real command line started as a process. For tests and benches; decides
//! nothing about what is right.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use dukou_sandbox::{Faults, Identity, Journal, OrderTruth, Sandbox, SandboxOptions};
use serde_json::Value;

/// What a site is like.
#[derive(Clone)]
pub struct SiteOptions {
    /// How many orders.
    pub orders: usize,
    /// Their seed.
    pub seed: u64,
    /// Whether T+ refuses a second ExternalCode.
    pub unique: bool,
    /// Faults.
    pub faults: Faults,
    /// `unique_key` of the connection.
    pub unique_key: &'static str,
    /// `deadline` of one request.
    pub deadline: &'static str,
    /// `quarantine`.
    pub quarantine: &'static str,
    /// Requests to T+ under way at once.
    pub in_flight: u32,
}

impl SiteOptions {
    /// For tests whose requests or replies are lost: what they then wait for is short, and still longer than a machine
    /// with other work stands still.
    pub fn lossy() -> Self {
        Self {
            deadline: "2s",
            quarantine: "3s",
            ..Self::default()
        }
    }
}

/// So patient that a machine with other work never turns a request into one without an outcome.
impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            orders: 12,
            seed: 7,
            unique: false,
            faults: Faults::default(),
            unique_key: "lookup-only",
            deadline: "10s",
            quarantine: "12s",
            in_flight: 4,
        }
    }
}

/// One project and one sandbox.
pub struct Site {
    /// The project's folder.
    pub dir: tempfile::TempDir,
    sandbox: Option<Sandbox>,
    elsewhere: tokio::runtime::Runtime,
    program: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// The one JSON object on stdout.
    ///
    /// # Panics
    /// When stdout is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The day of the first order of every site.
pub fn first_day() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1)
        .unwrap_or_default()
        .and_time(NaiveTime::MIN)
}

/// A shipping time that the next window holds, however long a test takes to get there: windows of a site reach back by
/// hours and end now.
pub fn just_shipped() -> String {
    let eastern = chrono::FixedOffset::east_opt(8 * 3600).unwrap_or(chrono::FixedOffset::east_opt(0).expect("zero"));
    let shipped = dukou::compose::clock().now().with_timezone(&eastern) - chrono::TimeDelta::minutes(5);
    shipped.format("%Y-%m-%d %H:%M:%S").to_string()
}

impl Site {
    /// Starts a sandbox and writes a project for it. `program` is the command line to test.
    ///
    /// # Panics
    /// When sandbox or folder cannot be made.
    pub fn new(program: &str, options: &SiteOptions) -> Self {
        let elsewhere = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let clock = dukou::compose::clock();
        let sandbox = elsewhere
            .block_on(Sandbox::start(SandboxOptions {
                wdt_port: 0,
                tplus_port: 0,
                orders: options.orders,
                seed: options.seed,
                unique: options.unique,
                faults: options.faults.clone(),
                from: first_day(),
                days: 2,
                identity: Identity::default(),
                clock: Arc::new(move || clock.now()),
            }))
            .expect("a sandbox");
        let dir = tempfile::tempdir().expect("a folder");
        let site = Self {
            dir,
            sandbox: Some(sandbox),
            elsewhere,
            program: PathBuf::from(program),
        };
        site.write_project(options);
        site
    }

    fn write_project(&self, options: &SiteOptions) {
        let identity = Identity::default();
        let sandbox = self.sandbox();
        self.write(
            "dukou.toml",
            format!(
                r#"auto_deploy = true
[store]
url = "sqlite:dukou.db"
[connections.wdt]
kind = "wdt-qimen"
url = "{wdt}"
app_key = "{app_key}"
app_secret = {{ env = "WDT_APP_SECRET" }}
target_app_key = "{target_app_key}"
sid = "{sid}"
sign_method = "hmac-sha256"
limits = {{ per_second = 0 }}
[connections.tplus]
kind = "tplus-cloud"
url = "{tplus}"
app_key = "{tplus_app_key}"
app_secret = {{ env = "TPLUS_APP_SECRET" }}
auth = {{ kind = "open-token", token = {{ env = "TPLUS_OPEN_TOKEN" }} }}
unique_key = "{unique_key}"
deadline = "{deadline}"
quarantine = "{quarantine}"
limits = {{ per_second = 0, in_flight = {in_flight} }}
"#,
                wdt = sandbox.wdt_url(),
                tplus = sandbox.tplus_url(),
                app_key = identity.app_key,
                target_app_key = identity.target_app_key,
                sid = identity.sid,
                tplus_app_key = identity.tplus_app_key,
                unique_key = options.unique_key,
                deadline = options.deadline,
                quarantine = options.quarantine,
                in_flight = options.in_flight,
            ),
        );
        let scheme = include_str!("../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml");
        let from = first_day().format("%Y-%m-%d %H:%M:%S").to_string();
        let scheme = scheme
            .replace("2026-11-01 00:00:00", &from)
            .replace("span = \"1d\"", "span = \"29d\"")
            .replace("overlap = \"15m\"", "overlap = \"6h\"")
            .replace("lag = \"120s\"", "lag = \"0s\"");
        assert!(scheme.contains("overlap = \"6h\", lag = \"0s\""), "{scheme}");
        self.write("schemes/wdt-to-tplus.toml", &scheme);
    }

    /// Writes one more scheme beside the first: the same source and target, other plugins. `plugins` are the tables from
    /// `[mapping]` on, as text.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn add_scheme(&self, name: &str, plugins: &str) {
        let first = self.read("schemes/wdt-to-tplus.toml");
        let place = |table: &str| first.find(table).expect("the example has every table");
        let (mapping, target) = (place("[mapping]"), place("[target]"));
        self.write(
            &format!("schemes/{name}.toml"),
            format!("{}{plugins}\n\n{}", &first[..mapping], &first[target..]),
        );
    }

    /// The sandbox.
    ///
    /// # Panics
    /// Never while the site lives.
    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("the sandbox lives as long as the site")
    }

    /// What arrived at T+.
    pub fn journal(&self) -> Journal {
        self.sandbox().journal()
    }

    /// The orders as they are.
    pub fn orders(&self) -> Vec<OrderTruth> {
        self.sandbox().orders()
    }

    /// Ships one more order: a copy of the first one under another number, [`just_shipped`].
    ///
    /// # Panics
    /// When there is no first order.
    pub fn ship(&self, number: u64) {
        let mut order = self.orders()[0].body.clone();
        for id in ["order_no", "stockout_no", "stockout_id"] {
            order[id] = number.to_string().into();
        }
        for line in order["details_list"].as_array_mut().into_iter().flatten() {
            for id in ["rec_id", "sale_order_id", "src_order_detail_id", "src_oid"] {
                line[id] = format!("{number}{}", line[id].to_string().trim_matches('"')).into();
            }
        }
        let shipped = just_shipped();
        order["consign_time"] = shipped.clone().into();
        order["modified"] = shipped.into();
        self.sandbox().put_order(order);
    }

    /// Writes a file of the project.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Reads a file of the project.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(path)).expect("a file")
    }

    /// Changes a file of the project by replacing text that must be there.
    ///
    /// # Panics
    /// When it is not.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, text.replace(from, to));
    }

    /// The command, ready to start.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let identity = Identity::default();
        let mut command = Command::new(&self.program);
        command
            .arg("-C")
            .arg(self.dir.path())
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "en_US.UTF-8")
            .env("USER", "tester")
            .env("DUKOU_CACHE", shared_cache().join("compiled"))
            .env("WDT_APP_SECRET", &identity.app_secret)
            .env("TPLUS_APP_SECRET", &identity.tplus_app_secret)
            .env("TPLUS_OPEN_TOKEN", &identity.open_token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn dukou(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).spawn().expect("the command line starts"))
    }

    /// Starts `serve` and waits until it has the pipeline's role and everything that was never deployed was tried: from
    /// then on a `run` has it do the work.
    ///
    /// # Panics
    /// When it does not get there.
    pub fn serve(&self) -> Child {
        let mut serving = self.command(&["serve"]).spawn().expect("the command line starts");
        let lock = self.dir.path().join("dukou.db.lock");
        self.wait_until("the host serves", |site| {
            let gone = serving.try_wait().expect("the process can be asked");
            assert!(gone.is_none(), "the host has ended: {gone:?}");
            let holder = std::fs::read_to_string(&lock).unwrap_or_default();
            holder.contains("dukou serve") && site.some_scheme_is_in_force()
        });
        serving
    }

    fn some_scheme_is_in_force(&self) -> bool {
        let status = self.dukou(&["status", "--json"]);
        let status: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
        let mut schemes = status["schemes"].as_array().into_iter().flatten();
        schemes.any(|scheme| scheme["deployment"].is_object())
    }

    /// Runs the only scheme beside `serve`, again and again, until `condition` holds: what was read up to this second is
    /// not read again before the next, so that one run may come too early for an order that was entered late.
    ///
    /// # Panics
    /// When a run fails, or the condition does not come to hold.
    pub fn run_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        self.run_each_until(&[], &[0], what, condition);
    }

    /// The same for several schemes; a run may end with one of `codes`, or find a remote system unavailable for a moment.
    ///
    /// # Panics
    /// When a run fails, or the condition does not come to hold.
    pub fn run_each_until(&self, schemes: &[&str], codes: &[i32], what: &str, condition: impl Fn(&Self) -> bool) {
        const UNAVAILABLE: i32 = 6;
        let calls: Vec<Vec<&str>> = match schemes {
            [] => vec![vec!["run", "--json"]],
            named => named.iter().map(|scheme| vec!["run", scheme, "--json"]).collect(),
        };
        self.wait_until(what, |site| {
            for call in &calls {
                let run = site.dukou(call);
                let well = run
                    .code
                    .is_some_and(|code| code == UNAVAILABLE || codes.contains(&code));
                assert!(well, "{call:?}: {run:?}");
            }
            condition(site)
        });
    }

    /// Waits until `condition` holds, at most three minutes: a served scheme may first wait a minute for its cron.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            if start.elapsed() >= Duration::from_secs(180) {
                let (status, problems) = (self.dukou(&["status"]), self.dukou(&["problem", "ls"]));
                panic!(
                    "waited three minutes until {what}\n{}\n{}",
                    status.stdout, problems.stdout
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One folder of compiled code for all sites of a process: compiling is not what these tests are about.
fn shared_cache() -> &'static Path {
    static CACHE: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().expect("a folder")).path()
}

/// Waits for a process.
///
/// # Panics
/// When it cannot be waited for.
pub fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().expect("the process can be waited for");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.elsewhere.block_on(sandbox.shutdown());
        }
    }
}
