//! What a dry run is given instead of a host: the settings, the engine of plugins, a source's reader, and what can be read
//! of the store. There is no target's sender in it and no writing verb of the store, so that nobody who holds one can
//! send or change anything, whatever flag was forgotten. A store that is not there is not made.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use dukou_connect::egress::Egress;
use dukou_connect::{RequestOutline, Source};
use dukou_core::clock::Clock;
use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_plugin::Runtime;
use dukou_store::Store;
use dukou_store::rows::RecordFilter;

use crate::compose;
use crate::scheme::Scheme;
use crate::settings::Project;

/// A project as one may look at it.
pub struct Onlooker {
    /// Its settings.
    pub project: Project,
    /// The engine of plugins.
    pub runtime: Runtime,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    memory: Option<Arc<dyn Store>>,
    egress: Arc<dyn Egress>,
}

impl Onlooker {
    /// Opens a project.
    ///
    /// # Errors
    /// When a definition is wrong, or a store that is there, or the engine, cannot be opened.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let project = Project::load(root)?;
        let memory = project
            .store
            .is_file()
            .then(|| compose::open_store(&project))
            .transpose()?;
        Ok(Self {
            runtime: compose::runtime(&project.root)?,
            clock: compose::clock(),
            egress: compose::egress()?,
            memory,
            project,
        })
    }

    /// How far a scheme's source was read.
    ///
    /// # Errors
    /// The store's.
    pub fn mark(&self, scheme: &SchemeName) -> anyhow::Result<Option<DateTime<Utc>>> {
        match &self.memory {
            Some(memory) => Ok(memory.mark(scheme)?),
            None => Ok(None),
        }
    }

    /// The groups of the newest `limit` records that are stored.
    ///
    /// # Errors
    /// The store's.
    pub fn newest(&self, scheme: &SchemeName, limit: usize) -> anyhow::Result<Vec<Group>> {
        let Some(memory) = &self.memory else {
            return Ok(Vec::new());
        };
        let filter = RecordFilter {
            scheme: Some(scheme.clone()),
            limit,
            ..RecordFilter::default()
        };
        let keys: Vec<String> = memory.records(&filter)?.into_iter().map(|record| record.key).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let groups = memory.peek_groups(scheme, &keys, limit)?.into_iter();
        let groups = groups.map(|group| Group {
            key: group.key,
            records: group.records,
            extra: "{}".to_owned(),
        });
        Ok(groups.collect())
    }

    /// The source of a scheme.
    ///
    /// # Errors
    /// When a secret is missing.
    pub fn source(&self, scheme: &Scheme) -> anyhow::Result<Arc<dyn Source>> {
        compose::source(
            &self.project,
            &scheme.name.tenant,
            &scheme.source.connection,
            &self.egress,
            &self.clock,
        )
    }

    /// What a request with one of the scheme's documents looks like. Resolves no secret.
    ///
    /// # Errors
    /// When the connection is none that documents go to.
    pub fn outline(&self, scheme: &Scheme) -> anyhow::Result<RequestOutline> {
        let (tenant, target) = (&scheme.name.tenant, &scheme.target);
        compose::request_of(&self.project, tenant, &target.connection, &target.api)
    }
}
