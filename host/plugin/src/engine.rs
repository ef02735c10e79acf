//! The engine's settings, and the two pools of instances: a small class for compiled plugins and a large one for
//! interpreters. A pool never errs by exhaustion, because nobody enters without a permit. Where the machine has
//! no address space for a pool, instances are made on demand, and `mode` says so.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
    WasmBacktraceDetails,
};

use crate::error::PluginError;
use crate::host_state::HostState;
use crate::inspect::PoolClass;
use crate::link::linker;

/// Call stack of a guest.
const WASM_STACK_BYTES: usize = 512 << 10;

/// The settings that decide what compiled code looks like and what it answers; equal in the compiling child.
///
/// Fuel instead of epochs, so that a stop is repeatable; no async, so that a call costs 0.2 µs; NaNs canonical,
/// so that answers are equal on every machine. GC, exceptions and threads are not even built in.
pub(crate) fn settings() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .consume_fuel(true)
        .epoch_interruption(false)
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .shared_memory(false)
        .gc_support(false)
        .signals_based_traps(true)
        .memory_init_cow(true)
        .table_lazy_init(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

/// An engine that compiles and runs nothing: without a pool it fits into a child with little address space.
pub(crate) fn compiling_engine() -> wasmtime::Result<Engine> {
    Engine::new(&settings())
}

/// One class of instances.
pub(crate) struct Pool {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
    pub(crate) permits: Permits,
    pub(crate) mode: String,
}

impl Pool {
    pub(crate) fn new(
        class: PoolClass,
        instances: u32,
        memory_bytes: usize,
        table_elements: usize,
    ) -> Result<Self, PluginError> {
        let mut config = settings();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(
            class,
            instances,
            memory_bytes,
            table_elements,
        )));
        let word = match class {
            PoolClass::Compiled => "compiled",
            PoolClass::Interpreted => "interpreted",
        };
        let (engine, mode) = match Engine::new(&config) {
            Ok(engine) => (engine, format!("{word}: pooled, {instances} instances")),
            Err(error) => {
                let engine = compiling_engine().map_err(|error| PluginError::engine("settings", &error))?;
                tracing::warn!(class = word, %error, "no pool of plugin instances; each is made on demand");
                (engine, format!("{word}: on demand, {instances} at a time ({error:#})"))
            }
        };
        let linker = linker(&engine).map_err(|error| PluginError::engine("linker", &error))?;
        Ok(Self {
            engine,
            linker,
            permits: Permits::new(instances),
            mode,
        })
    }
}

fn pooling(class: PoolClass, instances: u32, memory_bytes: usize, table_elements: usize) -> PoolingAllocationConfig {
    // What one component may have at most; the totals follow, so permits alone keep the pool from running dry.
    let (core_instances, memories, tables, instance_bytes) = match class {
        PoolClass::Compiled => (8, 2, 4, 1 << 20),
        PoolClass::Interpreted => (128, 4, 32, 8 << 20),
    };
    let spare = instances + instances.div_ceil(4);
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_component_instances(spare)
        .total_core_instances(spare * core_instances)
        .total_memories(spare * memories)
        .total_tables(spare * tables)
        .total_stacks(0)
        .max_core_instances_per_component(core_instances)
        .max_memories_per_component(memories)
        .max_tables_per_component(tables)
        .max_component_instance_size(instance_bytes)
        .max_core_instance_size(instance_bytes)
        .max_tables_per_module(tables)
        .max_memories_per_module(memories)
        .max_memory_size(memory_bytes)
        .table_elements(table_elements)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::No)
        .max_unused_warm_slots(instances)
        .decommit_batch_size(1);
    pooling
}

/// A counting semaphore whose waits have a deadline and whose queue is kept: batches of a plugin that is bisected again
/// and again must not get ahead of one that waits.
pub(crate) struct Permits {
    queue: Mutex<Queue>,
    moved: Condvar,
}

struct Queue {
    free: u32,
    /// Whoever waits, in order; the first is next.
    waiting: VecDeque<u64>,
    next: u64,
}

impl Permits {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            queue: Mutex::new(Queue {
                free: count,
                waiting: VecDeque::new(),
                next: 0,
            }),
            moved: Condvar::new(),
        }
    }

    /// Takes a permit, waiting at most `deadline`.
    pub(crate) fn acquire(&self, deadline: Duration) -> Result<Permit<'_>, PluginError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.free == 0 || !queue.waiting.is_empty() {
            let ticket = queue.next;
            queue.next += 1;
            queue.waiting.push_back(ticket);
            let (mut waited, wait) = self
                .moved
                .wait_timeout_while(queue, deadline, |queue| {
                    queue.free == 0 || queue.waiting.front() != Some(&ticket)
                })
                .unwrap_or_else(PoisonError::into_inner);
            waited.waiting.retain(|other| *other != ticket);
            // Whoever is next now may be able to go: this one has left the queue either way.
            self.moved.notify_all();
            if wait.timed_out() {
                return Err(PluginError::Busy {
                    waited_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
                });
            }
            queue = waited;
        }
        queue.free -= 1;
        Ok(Permit { permits: self })
    }
}

/// The right to hold one instance.
pub(crate) struct Permit<'a> {
    permits: &'a Permits,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut queue = self.permits.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.free += 1;
        self.permits.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_waited_for_and_given_back() {
        let permits = Permits::new(1);
        let held = permits.acquire(Duration::ZERO).unwrap();
        let refused = permits.acquire(Duration::from_millis(1));
        assert_eq!(refused.err().map(|error| error.code()), Some("plugin.busy"));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| permits.acquire(Duration::from_secs(60)).is_ok());
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert!(permits.acquire(Duration::ZERO).is_ok());
    }

    #[test]
    fn who_waits_longer_is_served_first() {
        let permits = Permits::new(1);
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let held = permits.acquire(Duration::ZERO).unwrap();
            for number in 0..4 {
                let (permits, order) = (&permits, &order);
                scope.spawn(move || {
                    let _permit = permits.acquire(Duration::from_secs(60)).unwrap();
                    order.lock().unwrap().push(number);
                });
                // The next one comes when this one stands in the queue.
                while permits.queue.lock().unwrap().waiting.len() <= number {
                    std::thread::yield_now();
                }
            }
            drop(held);
            // Whoever comes now comes last, although the permit is free for a moment.
            drop(permits.acquire(Duration::from_secs(60)).unwrap());
            assert_eq!(order.lock().unwrap().len(), 4);
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
    }
}
