//! The front door: options, loading by bytes, and the pools behind it. Knows when something is compiled and where
//! it is kept; running is in `run`. All calls block, so async callers use a thread that may block.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use dukou_core::digest::Digest;

use crate::budget::Budgets;
use crate::cache::CodeCache;
use crate::compile::Compiler;
use crate::engine::Pool;
use crate::error::PluginError;
use crate::inspect::{Inspection, InspectionLimits, PoolClass, inspect};
use crate::plugin::{Plugin, PluginInner};

/// How plugins are compiled and run.
pub struct RuntimeOptions {
    /// The folder of compiled code; without one it is kept in a temporary folder for the life of the runtime.
    pub cache_dir: Option<PathBuf>,
    /// Instances of compiled plugins at a time.
    pub instances: u32,
    /// Instances of interpreters at a time.
    pub interpreter_instances: u32,
    /// Budgets of compiled plugins.
    pub budgets: Budgets,
    /// Budgets of interpreters.
    pub interpreter_budgets: Budgets,
    /// What a component may have at most.
    pub limits: InspectionLimits,
    /// How long a batch waits for an instance.
    pub wait: Duration,
    /// What compiles.
    pub compiler: Arc<dyn Compiler>,
}

impl RuntimeOptions {
    /// The usual options: twice as many instances as processors, half as many interpreters.
    pub fn new(compiler: Arc<dyn Compiler>) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let processors = u32::try_from(processors).unwrap_or(2).clamp(1, 64);
        Self {
            cache_dir: None,
            instances: processors * 2,
            interpreter_instances: processors,
            budgets: Budgets::compiled(),
            interpreter_budgets: Budgets::interpreted(),
            limits: InspectionLimits::default(),
            wait: Duration::from_secs(60),
            compiler,
        }
    }
}

/// Runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) inner: Arc<RuntimeInner>,
}

pub(crate) struct RuntimeInner {
    pub(crate) options: RuntimeOptions,
    cache: CodeCache,
    compiled: Pool,
    interpreted: OnceLock<Pool>,
    making_interpreted: Mutex<()>,
    loaded: Mutex<HashMap<Digest, Weak<PluginInner>>>,
}

impl Runtime {
    /// Makes the pool of compiled plugins and opens the folder of compiled code.
    pub fn new(options: RuntimeOptions) -> Result<Self, PluginError> {
        let cache = match &options.cache_dir {
            Some(folder) => CodeCache::open(folder)?,
            None => CodeCache::temporary()?,
        };
        let compiled = Pool::new(
            PoolClass::Compiled,
            options.instances.max(1),
            options.budgets.memory_bytes,
            options.budgets.table_elements,
        )?;
        Ok(Self {
            inner: Arc::new(RuntimeInner {
                options,
                cache,
                compiled,
                interpreted: OnceLock::new(),
                making_interpreted: Mutex::new(()),
                loaded: Mutex::default(),
            }),
        })
    }

    /// How instances are made, for `dukou doctor`: pooled or on demand, and how many.
    pub fn mode(&self) -> String {
        match self.inner.interpreted.get() {
            Some(pool) => format!("{}; {}", self.inner.compiled.mode, pool.mode),
            None => self.inner.compiled.mode.clone(),
        }
    }

    /// What a component is, without compiling or running it.
    pub fn inspect(&self, component: &[u8]) -> Result<Inspection, PluginError> {
        inspect(component, &self.inner.options.limits)
    }

    /// Inspects, compiles if it is not yet compiled, and links. A plugin that is loaded already is shared.
    pub fn load(&self, component: &[u8]) -> Result<Plugin, PluginError> {
        let digest = Digest::of(component);
        if let Some(inner) = self.loaded(digest) {
            return Ok(Plugin { inner });
        }
        let inspection = self.inspect(component)?;
        let pool = self.inner.pool(inspection.class())?;
        let code = self
            .inner
            .cache
            .load(&pool.engine, digest, component, self.inner.options.compiler.as_ref())?;
        let plugin = Plugin::link(pool, &code, digest, inspection)?;
        let mut loaded = self.inner.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert(digest, Arc::downgrade(&plugin.inner));
        Ok(plugin)
    }

    fn loaded(&self, digest: Digest) -> Option<Arc<PluginInner>> {
        self.inner
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
            .and_then(Weak::upgrade)
    }
}

impl RuntimeInner {
    pub(crate) fn budgets(&self, class: PoolClass) -> &Budgets {
        match class {
            PoolClass::Compiled => &self.options.budgets,
            PoolClass::Interpreted => &self.options.interpreter_budgets,
        }
    }

    /// The pool of a class; the one of interpreters is made when the first interpreter comes.
    pub(crate) fn pool(&self, class: PoolClass) -> Result<&Pool, PluginError> {
        if class == PoolClass::Compiled {
            return Ok(&self.compiled);
        }
        let _one = self.making_interpreted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = self.interpreted.get() {
            return Ok(pool);
        }
        let pool = Pool::new(
            class,
            self.options.interpreter_instances.max(1),
            self.options.interpreter_budgets.memory_bytes,
            self.options.interpreter_budgets.table_elements,
        )?;
        Ok(self.interpreted.get_or_init(|| pool))
    }
}
