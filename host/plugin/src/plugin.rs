//! A plugin that is ready to run: inspected, compiled, linked. Made by [`crate::Runtime::load`], shared freely.

use std::fmt;
use std::sync::Arc;

use dukou_core::digest::Digest;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::bindings::{ADJUSTMENT, MAPPING, SETUP, VALIDATION};
use crate::engine::Pool;
use crate::error::{PluginError, shortened};
use crate::host_state::HostState;
use crate::inspect::{Inspection, Kind};

/// A plugin, named by the digest of its component.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) inner: Arc<PluginInner>,
}

pub(crate) struct PluginInner {
    pub(crate) digest: Digest,
    pub(crate) inspection: Inspection,
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) configure: ComponentExportIndex,
    pub(crate) act: ComponentExportIndex,
}

impl Plugin {
    pub(crate) fn link(
        pool: &Pool,
        component: &Component,
        digest: Digest,
        inspection: Inspection,
    ) -> Result<Self, PluginError> {
        let pre = pool
            .linker
            .instantiate_pre(component)
            .map_err(|error| PluginError::Import {
                names: vec![shortened(format!("{error:#}"))],
            })?;
        let (interface, function) = match inspection.kind {
            Kind::Mapping => (MAPPING, "transform"),
            Kind::Adjustment => (ADJUSTMENT, "adjust"),
            Kind::Validation => (VALIDATION, "validate"),
        };
        Ok(Self {
            inner: Arc::new(PluginInner {
                digest,
                configure: export(component, SETUP, "configure")?,
                act: export(component, interface, function)?,
                inspection,
                pre,
            }),
        })
    }

    /// The digest of the component's bytes: its name everywhere.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// What the component says of itself.
    pub fn inspection(&self) -> &Inspection {
        &self.inner.inspection
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        self.inner.inspection.kind
    }

    /// The settings that its file brings, a JSON object.
    pub(crate) fn preset(&self) -> Option<&str> {
        self.inner.inspection.manifest.as_ref()?.preset.as_deref()
    }

    /// Its name for people: the manifest's, or the beginning of the digest.
    pub fn name(&self) -> String {
        match &self.inner.inspection.manifest {
            Some(manifest) => manifest.name.clone(),
            None => self.inner.digest.short(),
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.name())
            .field("digest", &self.inner.digest)
            .finish_non_exhaustive()
    }
}

fn export(component: &Component, interface: &str, function: &str) -> Result<ComponentExportIndex, PluginError> {
    component
        .get_export_index(None, interface)
        .and_then(|instance| component.get_export_index(Some(&instance), function))
        .ok_or_else(|| PluginError::Kind {
            detail: format!("it does not export the function `{function}` of `{interface}`"),
        })
}
