//! The linker: our two interfaces, and the system interface made inert for foreign toolchains. No files, no
//! environment, no arguments, a clock that stands still, constant "random" bytes, outputs into the bounded log.
//! Sockets and HTTP are not here at all.

use std::time::Duration;

use wasmtime::Engine;
use wasmtime::StoreContextMut;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{HostWallClock, WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sync};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::random::{Deterministic, WasiRandom};
use wasmtime_wasi::{WasiCtxBuilder, WasiView};

use crate::bindings::{LOGGING, LOOKUPS, Level, TYPES};
use crate::host_state::{HostState, System};

/// What every run sees as "random": a constant, so that replays match.
const SEED: u128 = 0x6475_6b6f_7520_e6b8_a1e5_8fa3_2020_2020;
/// Most "random" bytes of one call.
const RANDOM_BYTES: u64 = 64 << 10;

/// One linker for all plugins: what a component does not import costs it nothing.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    contract(&mut linker)?;
    system(&mut linker)?;
    Ok(linker)
}

fn contract(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.instance(TYPES)?;
    linker.instance(LOOKUPS)?.func_wrap(
        "lookup",
        |mut store: StoreContextMut<'_, HostState>, (table, keys): (String, Vec<String>)| {
            Ok((store.data_mut().look_up(&table, &keys)?,))
        },
    )?;
    linker.instance(LOGGING)?.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, HostState>, (level, text): (Level, String)| {
            store.data_mut().write_log(level, text)
        },
    )?;
    Ok(())
}

fn system(l: &mut Linker<HostState>) -> wasmtime::Result<()> {
    type State = HostState;
    wasmtime_wasi::p2::bindings::io::error::add_to_linker::<State, HasTable>(l, table)?;
    sync::io::poll::add_to_linker::<State, HasTable>(l, table)?;
    sync::io::streams::add_to_linker::<State, HasTable>(l, table)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    monotonic_clock::add_to_linker::<State, HasStandstill>(l, |state| Standstill {
        table: &mut state.resources,
    })?;
    random::random::add_to_linker::<State, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    random::insecure::add_to_linker::<State, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    sync::filesystem::types::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    Ok(())
}

/// A system without anything in it, with outputs that hold one byte more than the log may.
pub(crate) fn inert_system(log_bytes: usize) -> System {
    let stdout = MemoryOutputPipe::new(log_bytes + 1);
    let stderr = MemoryOutputPipe::new(log_bytes + 1);
    let context = WasiCtxBuilder::new()
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .wall_clock(StoppedClock)
        .secure_random(Deterministic::new(SEED.to_be_bytes().to_vec()))
        .insecure_random(Deterministic::new(SEED.to_be_bytes().to_vec()))
        .insecure_random_seed(SEED)
        .max_random_size(RANDOM_BYTES)
        .build();
    System::new(context, stdout, stderr)
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut HostState) -> &mut ResourceTable {
    &mut state.resources
}

/// The wall clock of every plugin: 1970. The only time that counts is `received-at`.
struct StoppedClock;

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// A monotonic clock that stands still, and whose alarms ring at once: a guest that sleeps would hold its
/// instance without using any fuel.
struct Standstill<'a> {
    table: &'a mut ResourceTable,
}

struct HasStandstill;

impl HasData for HasStandstill {
    type Data<'a> = Standstill<'a>;
}

impl monotonic_clock::Host for Standstill<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        Ok(0)
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _when: monotonic_clock::Instant) -> wasmtime::Result<Resource<DynPollable>> {
        self.alarm()
    }

    fn subscribe_duration(&mut self, _when: monotonic_clock::Duration) -> wasmtime::Result<Resource<DynPollable>> {
        self.alarm()
    }
}

impl Standstill<'_> {
    fn alarm(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let alarm = self.table.push(Ringing)?;
        subscribe(self.table, alarm)
    }
}

struct Ringing;

impl Pollable for Ringing {
    fn ready<'life, 'future>(&'life mut self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        Box::pin(std::future::ready(()))
    }
}
