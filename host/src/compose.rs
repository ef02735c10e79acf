//! The only file that names concrete connectors, stores, the compiler of plugins and the machine's clock.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dukou_connect::egress::{AddressPolicy, Egress, ReqwestEgress};
use dukou_connect::{Inquiry, RequestOutline, Source, Target};
use dukou_core::clock::{Clock, Randomness};
use dukou_plugin::{ChildCompiler, Runtime, RuntimeOptions};
use dukou_store::sqlite::{SqliteOptions, SqliteStore};
use dukou_store::{PipelineLock, Store};

use crate::deploy::watch::Watch;
use crate::pipeline::failpoint::Failpoints;
use crate::pipeline::guard::Guard;
use crate::pipeline::lane::Lanes;
use crate::pipeline::{Crossing, Load, Pipeline};
use crate::scheme::Scheme;
use crate::settings::{ConnectionKind, Project};

/// The machine's clock.
struct MachineClock {
    start: Instant,
}

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock enters"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The machine's randomness.
struct MachineRandomness;

impl Randomness for MachineRandomness {
    fn bytes16(&self) -> [u8; 16] {
        rand::random()
    }
}

/// The machine's clock.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(MachineClock { start: Instant::now() })
}

/// The machine's randomness.
pub fn randomness() -> Arc<dyn Randomness> {
    Arc::new(MachineRandomness)
}

/// Opens the project's store, making it where there is none.
///
/// # Errors
/// When the file cannot be opened or was written by a newer version.
pub fn open_store(project: &Project) -> anyhow::Result<Arc<dyn Store>> {
    let store = SqliteStore::open(&project.store, SqliteOptions::default())
        .with_context(|| format!("opening {}", project.store.display()))?;
    Ok(Arc::new(store))
}

/// The engine of plugins; each is compiled in a limited child of this program.
///
/// # Errors
/// When the folder of compiled code cannot be used, or the engine cannot be made.
pub fn runtime(project_root: &Path) -> anyhow::Result<Runtime> {
    let folder = crate::settings::cache_dir().unwrap_or_else(|| project_root.join(".dukou").join("compiled"));
    runtime_with(Some(folder))
}

/// The engine for a plugin that is looked at where there is neither a project nor a plugin's folder: compiled code is
/// kept for the life of the engine only, unless the machine has a place for it.
///
/// # Errors
/// As [`runtime`].
pub fn passing_runtime() -> anyhow::Result<Runtime> {
    runtime_with(crate::settings::cache_dir())
}

fn runtime_with(cache_dir: Option<std::path::PathBuf>) -> anyhow::Result<Runtime> {
    let program = std::env::current_exe().context("finding this program")?;
    let compiler = ChildCompiler::new(program, ["compile-plugin".into()]);
    let mut options = RuntimeOptions::new(Arc::new(compiler));
    options.cache_dir = cache_dir;
    Ok(Runtime::new(options)?)
}

/// The network.
///
/// # Errors
/// When no TLS configuration can be made.
pub fn egress() -> anyhow::Result<Arc<dyn Egress>> {
    Ok(Arc::new(ReqwestEgress::new(AddressPolicy::default())?))
}

/// The source connector of a connection, as a tenant sees it.
///
/// # Errors
/// When a secret is missing, or the connection is no source.
pub fn source(
    project: &Project,
    tenant: &str,
    connection: &str,
    egress: &Arc<dyn Egress>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Source>> {
    match &project.connection(tenant, connection)?.kind {
        ConnectionKind::WdtQimen(settings) => {
            let config = settings.resolve(&project.root)?;
            Ok(Arc::new(dukou_connect::wdt_qimen::WdtQimen::new(
                config,
                egress.clone(),
                clock.clone(),
            )))
        }
        ConnectionKind::TplusCloud(_) => anyhow::bail!("connection {connection} is a target, not a source"),
    }
}

/// The target connector of a connection, as a tenant sees it.
///
/// # Errors
/// When a secret is missing, or the connection is no target.
pub fn target(
    project: &Project,
    tenant: &str,
    connection: &str,
    egress: &Arc<dyn Egress>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Target>> {
    match &project.connection(tenant, connection)?.kind {
        ConnectionKind::TplusCloud(settings) => {
            let config = settings.resolve(&project.root)?;
            Ok(Arc::new(dukou_connect::tplus_cloud::TplusCloud::new(
                config,
                egress.clone(),
                clock.clone(),
            )))
        }
        ConnectionKind::WdtQimen(_) => anyhow::bail!("connection {connection} is a source, not a target"),
    }
}

/// What a request to an API of a connection looks like, without its body: a pure function of settings. No secret is
/// resolved and nothing that could send is made.
///
/// # Errors
/// When the connection is no target.
pub fn request_of(project: &Project, tenant: &str, connection: &str, api: &str) -> anyhow::Result<RequestOutline> {
    match &project.connection(tenant, connection)?.kind {
        ConnectionKind::TplusCloud(settings) => Ok(dukou_connect::tplus_cloud::outline(
            &settings.url,
            &settings.app_key,
            api,
        )),
        ConnectionKind::WdtQimen(_) => anyhow::bail!("connection {connection} is a source, not a target"),
    }
}

/// Who acts, for deployments and the audit list: by name, failing that by the number that the machine knows them by.
pub fn user() -> String {
    crate::settings::user()
        .or_else(user_number)
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(target_os = "linux")]
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let own = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid {}", own.uid()))
}

#[cfg(not(target_os = "linux"))]
fn user_number() -> Option<String> {
    None
}

/// The scheme reads another source account than the one that its mark belongs to.
#[derive(Debug)]
pub struct SourceChanged {
    /// The scheme.
    pub scheme: dukou_core::names::SchemeName,
    /// The account that was read so far.
    pub bound: String,
    /// The account that the definition names now.
    pub now: String,
}

impl std::fmt::Display for SourceChanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "scheme {} has read {} so far, and shall read {}",
            self.scheme, self.bound, self.now
        )
    }
}

impl std::error::Error for SourceChanged {}

/// A connection stands for other books than those that the deployment in force was made for.
#[derive(Debug)]
pub struct AccountChanged {
    /// The scheme.
    pub scheme: dukou_core::names::SchemeName,
    /// The connection's name.
    pub connection: String,
    /// The account that was deployed.
    pub deployed: String,
    /// The account that the settings name now.
    pub now: String,
}

impl std::fmt::Display for AccountChanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "scheme {} was deployed with {} as its {}, which is {} now",
            self.scheme, self.deployed, self.connection, self.now
        )
    }
}

impl std::error::Error for AccountChanged {}

/// Everything that commands which move records share.
#[derive(Clone)]
pub struct Host {
    /// The project's settings.
    pub project: Project,
    /// Its store.
    pub store: Arc<dyn Store>,
    /// The engine of plugins.
    pub runtime: Runtime,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// This process's run.
    pub owner: dukou_store::rows::Owner,
    egress: Arc<dyn Egress>,
    lanes: Arc<Lanes>,
    failpoints: Failpoints,
    guard: Arc<dyn Guard>,
}

impl Host {
    /// Opens a project.
    ///
    /// # Errors
    /// When a definition is wrong, or store or engine cannot be had.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let project = Project::load(root)?;
        let failpoints = match crate::settings::failpoints() {
            Some(text) => Failpoints::parse(&text).map_err(anyhow::Error::msg)?,
            None => Failpoints::default(),
        };
        let (store, runtime, clock) = (open_store(&project)?, runtime(&project.root)?, clock());
        let guard = Watch::new(project.clone(), store.clone(), runtime.clone(), clock.clone());
        Ok(Self {
            store,
            runtime,
            clock,
            owner: randomness().bytes16(),
            egress: egress()?,
            lanes: Arc::new(Lanes::default()),
            failpoints,
            guard: Arc::new(guard),
            project,
        })
    }

    /// Takes the pipeline's role and repairs what an earlier process left behind. Answers the lock and the number of
    /// groups that the earlier process died with.
    ///
    /// # Errors
    /// `StoreError::Locked` when another process has the role.
    pub fn take_role(&self, description: &str) -> anyhow::Result<(PipelineLock, usize)> {
        let lock = PipelineLock::acquire(
            &self.project.store,
            &format!(
                "{description} ({})",
                self.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ),
            self.owner,
        )?;
        let quarantine = |target: &dukou_core::names::TargetName| self.project.quarantine_ms(target);
        let recovered = self.store.recover(self.owner, &quarantine)?;
        if recovered != dukou_store::rows::Recovered::default() {
            tracing::info!(?recovered, "took over what an earlier process left");
        }
        Ok((lock, usize::try_from(recovered.groups).unwrap_or(usize::MAX)))
    }

    /// Dies here if a test says so.
    pub fn reach(&self, place: &'static str) {
        self.failpoints.reach(place);
    }

    /// The stages' surroundings.
    pub fn pipeline(&self, stop: tokio::sync::watch::Receiver<bool>, suspects: usize) -> Arc<Pipeline> {
        Arc::new(Pipeline {
            store: self.store.clone(),
            clock: self.clock.clone(),
            owner: self.owner,
            stop,
            failpoints: self.failpoints.clone(),
            guard: self.guard.clone(),
            load: self.load(),
            suspects: suspects.into(),
        })
    }

    /// Loads what was deployed since this process began; its connections are in the settings as they stand then.
    fn load(&self) -> Load {
        let host = self.clone();
        Arc::new(move |deployment| {
            let project = Project::load(&host.project.root).unwrap_or_else(|_| host.project.clone());
            let host = Self {
                project,
                ..host.clone()
            };
            host.crossing(deployment)
        })
    }

    /// The source of a scheme.
    ///
    /// # Errors
    /// When a secret is missing.
    pub fn source(&self, scheme: &Scheme) -> anyhow::Result<Arc<dyn Source>> {
        source(
            &self.project,
            &scheme.name.tenant,
            &scheme.source.connection,
            &self.egress,
            &self.clock,
        )
    }

    /// The target of a scheme.
    ///
    /// # Errors
    /// When a secret is missing.
    pub fn target(&self, scheme: &Scheme) -> anyhow::Result<Arc<dyn Target>> {
        target(
            &self.project,
            &scheme.name.tenant,
            &scheme.target.connection,
            &self.egress,
            &self.clock,
        )
    }

    /// The target of a scheme as one may ask it: it cannot be written to.
    ///
    /// # Errors
    /// When a secret is missing.
    pub fn inquiry(&self, scheme: &Scheme) -> anyhow::Result<Arc<dyn Inquiry>> {
        Ok(self.target(scheme)?)
    }

    /// A scheme in force: loaded from its deployment.
    ///
    /// # Errors
    /// When the deployment cannot be loaded or a secret is missing; [`AccountChanged`] when settings name other books than
    /// the deployment, [`SourceChanged`] when the mark belongs to other books.
    pub fn crossing(&self, deployment: &dukou_store::rows::Deployment) -> anyhow::Result<Arc<Crossing>> {
        let (scheme, wanted) =
            crate::deploy::activate::load(&self.project, self.store.as_ref(), &self.runtime, deployment)?;
        let source = self.source(&scheme)?;
        let target = self.target(&scheme)?;
        let owner = self
            .project
            .connection(&scheme.name.tenant, &scheme.target.connection)?;
        let owner = owner.tenant.as_deref().unwrap_or_default();
        let moved = |connection: &str, deployed: Option<&String>, now: String| {
            let deployed = deployed.filter(|deployed| **deployed != now)?.clone();
            Some(AccountChanged {
                scheme: scheme.name.clone(),
                connection: connection.to_owned(),
                deployed,
                now,
            })
        };
        // Settings decide whose books these are, and nobody said yes to others.
        let from = &scheme.source;
        let source_moved = moved(&from.connection, from.account.as_ref(), source.account());
        // What nothing was read for yet is not bound to an account that is refused.
        if source_moved.is_none() || self.store.mark(&scheme.name)?.is_some() {
            // The mark says how far *this* account was read: with another one it would skip everything before it.
            let bound = self.store.source_account(&scheme.name, &source.account())?;
            if bound != source.account() {
                return Err(SourceChanged {
                    scheme: scheme.name.clone(),
                    bound,
                    now: source.account(),
                }
                .into());
            }
        }
        let to = &scheme.target;
        let target_moved = moved(&to.connection, to.account.as_ref(), target.account());
        if let Some(changed) = source_moved.or(target_moved) {
            return Err(changed.into());
        }
        let target_name = dukou_core::names::TargetName {
            tenant: scheme.name.tenant.clone(),
            account: target.account(),
            api: scheme.target.api.clone(),
        };
        Ok(Arc::new(Crossing {
            deployment: deployment.id,
            source_lane: self.lanes.source(&source.account(), source.per_second()),
            target_lane: self.lanes.target(owner, target),
            tables: wanted.shared_tables(),
            rules: scheme.rules(),
            plugins: wanted.plugin_digests(),
            recipe: wanted.recipe,
            chain: wanted.chain,
            source,
            target_name,
            scheme,
        }))
    }
}
