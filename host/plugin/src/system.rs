//! The system interface that foreign toolchains may import, made inert: no files, no environment, no arguments, a clock
//! that stands still, constant "random" bytes, outputs into the bounded log. Every call is counted as a host call,
//! because it costs time that no fuel pays for. Which interfaces there are is decided in `link`; sockets and HTTP
//! are not among them.

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::cli::terminal_input::TerminalInput;
use wasmtime_wasi::p2::bindings::cli::terminal_output::TerminalOutput;
use wasmtime_wasi::p2::bindings::cli::{
    environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout,
};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::pipe::{ClosedInputStream, MemoryOutputPipe};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable, subscribe};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::bindings::Level;
use crate::host_state::HostState;

/// What every run sees as "random": a constant, so that replays match.
const SEED: u64 = 0x6475_6b6f_7520_e6b8;
/// Most "random" bytes of one call.
const RANDOM_BYTES: u64 = 64 << 10;

/// The system interface of a run that imports it, and what it wrote to its outputs.
pub(crate) struct System {
    /// Without anything in it: it serves the file interface, which nobody can reach without a folder to begin at.
    context: WasiCtx,
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
    random: u64,
}

impl System {
    /// A system without anything in it, with outputs that hold one byte more than the log may.
    pub(crate) fn new(log_bytes: usize) -> Self {
        Self {
            context: WasiCtxBuilder::new().build(),
            stdout: MemoryOutputPipe::new(log_bytes + 1),
            stderr: MemoryOutputPipe::new(log_bytes + 1),
            random: SEED,
        }
    }

    /// What was written to both outputs, and the level each stands for in the log.
    pub(crate) fn outputs(&self) -> [(Level, Vec<u8>); 2] {
        [
            (Level::Info, self.stdout.contents().to_vec()),
            (Level::Error, self.stderr.contents().to_vec()),
        ]
    }

    /// The next number of a sequence that is the same in every run (splitmix64).
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (system, table) = self.system_and_resources();
        WasiCtxView {
            ctx: &mut system.context,
            table,
        }
    }
}

/// The file interface for one call of it.
pub(crate) fn files(state: &mut HostState) -> WasiFilesystemCtxView<'_> {
    // Its functions all begin at a folder, and there is none; a refused count has set the reason of the stop already.
    let _ = state.admit_system_call();
    state.filesystem()
}

/// Everything of the system interface that needs no resources of its own.
pub(crate) struct Inert<'a>(&'a mut HostState);

/// The system of a run, for one call of it.
pub(crate) fn inert(state: &mut HostState) -> Inert<'_> {
    Inert(state)
}

impl Inert<'_> {
    fn random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.0.admit_system_call()?;
        if length > RANDOM_BYTES {
            return Err(wasmtime::Error::msg(format!(
                "{length} random bytes at once, the limit is {RANDOM_BYTES}"
            )));
        }
        let length = usize::try_from(length)?;
        let (system, _) = self.0.system_and_resources();
        let mut bytes = Vec::with_capacity(length + 7);
        while bytes.len() < length {
            bytes.extend(system.next_random().to_le_bytes());
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    fn random_number(&mut self) -> wasmtime::Result<u64> {
        self.0.admit_system_call()?;
        Ok(self.0.system_and_resources().0.next_random())
    }

    fn output(
        &mut self,
        pick: impl FnOnce(&System) -> &MemoryOutputPipe,
    ) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.0.admit_system_call()?;
        let (system, resources) = self.0.system_and_resources();
        let stream: DynOutputStream = Box::new(pick(system).clone());
        Ok(resources.push(stream)?)
    }

    fn alarm(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let resources = self.0.counted_resources();
        let alarm = resources.push(Ringing)?;
        subscribe(resources, alarm)
    }
}

pub(crate) struct HasInert;

impl HasData for HasInert {
    type Data<'a> = Inert<'a>;
}

/// The wall clock of every plugin: 1970. The only time that counts is `received-at`.
impl wall_clock::Host for Inert<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.0.admit_system_call()?;
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: 0,
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.0.admit_system_call()?;
        Ok(wall_clock::Datetime {
            seconds: 1,
            nanoseconds: 0,
        })
    }
}

/// A monotonic clock that stands still, and whose alarms ring at once: a guest that sleeps would hold its
/// instance without using any fuel.
impl monotonic_clock::Host for Inert<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        self.0.admit_system_call()?;
        Ok(0)
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        self.0.admit_system_call()?;
        Ok(1)
    }

    fn subscribe_instant(&mut self, _when: monotonic_clock::Instant) -> wasmtime::Result<Resource<DynPollable>> {
        self.alarm()
    }

    fn subscribe_duration(&mut self, _when: monotonic_clock::Duration) -> wasmtime::Result<Resource<DynPollable>> {
        self.alarm()
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

impl random::Host for Inert<'_> {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure::Host for Inert<'_> {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure_seed::Host for Inert<'_> {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        self.0.admit_system_call()?;
        Ok((SEED, !SEED))
    }
}

impl environment::Host for Inert<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.0.admit_system_call()?;
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        self.0.admit_system_call()?;
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        self.0.admit_system_call()?;
        Ok(None)
    }
}

impl preopens::Host for Inert<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        self.0.admit_system_call()?;
        Ok(Vec::new())
    }
}

impl exit::Host for Inert<'_> {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(I32Exit(i32::from(status.is_err()))))
    }

    fn exit_with_code(&mut self, status_code: u8) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(I32Exit(status_code.into())))
    }
}

impl stdin::Host for Inert<'_> {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        let stream: DynInputStream = Box::new(ClosedInputStream);
        Ok(self.0.counted_resources().push(stream)?)
    }
}

impl stdout::Host for Inert<'_> {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output(|system| &system.stdout)
    }
}

impl stderr::Host for Inert<'_> {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output(|system| &system.stderr)
    }
}

impl terminal_stdin::Host for Inert<'_> {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<TerminalInput>>> {
        self.0.admit_system_call()?;
        Ok(None)
    }
}

impl terminal_stdout::Host for Inert<'_> {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<TerminalOutput>>> {
        self.0.admit_system_call()?;
        Ok(None)
    }
}

impl terminal_stderr::Host for Inert<'_> {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<TerminalOutput>>> {
        self.0.admit_system_call()?;
        Ok(None)
    }
}
