//! The linker: our two interfaces, and the system interface that `system` makes inert. What a guest hands over is
//! counted before it is copied. Sockets and HTTP are not here at all.

use wasmtime::component::{HasData, Linker, ResourceTable, WasmList, WasmStr};
use wasmtime::{AsContextMut, Engine, StoreContextMut};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::WasiFilesystem;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sync};

use crate::bindings::{LOGGING, LOOKUPS, Level, TYPES};
use crate::host_state::{HostState, LogLine};
use crate::system::{HasInert, files, inert};

/// Every interface of the system that is linked, without its version, which is any 0.2.
pub(crate) const SYSTEM_INTERFACES: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// One linker for all plugins: what a component does not import costs it nothing.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    contract(&mut linker)?;
    system(&mut linker)?;
    Ok(linker)
}

fn contract(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.instance(TYPES)?;
    linker.instance(LOOKUPS)?.func_wrap("lookup", look_up)?;
    linker.instance(LOGGING)?.func_wrap("log", log)?;
    Ok(())
}

fn look_up(
    mut store: StoreContextMut<'_, HostState>,
    (table, keys): (WasmStr, WasmList<WasmStr>),
) -> wasmtime::Result<(Vec<Option<String>>,)> {
    store.data_mut().admit_look_up(keys.len())?;
    let table = table.to_str(&store)?.into_owned();
    let keys: Vec<WasmStr> = keys.iter(store.as_context_mut())?.collect::<wasmtime::Result<_>>()?;
    let keys: Vec<String> = keys
        .iter()
        .map(|key| Ok(key.to_str(&store)?.into_owned()))
        .collect::<wasmtime::Result<_>>()?;
    Ok((store.data_mut().look_up(&table, &keys)?,))
}

fn log(mut store: StoreContextMut<'_, HostState>, (level, text): (Level, WasmStr)) -> wasmtime::Result<()> {
    let text = text.to_str(&store)?;
    // Text that is not UTF-8 in the guest is copied before it can be counted; the engine bounds such a copy.
    let (bytes, text) = match text {
        std::borrow::Cow::Borrowed(text) if text.len() > store.data().log_bytes_limit() => (text.len(), String::new()),
        text => (text.len(), text.into_owned()),
    };
    let state = store.data_mut();
    state.admit_log(bytes)?;
    state.log.push(LogLine { level, text });
    Ok(())
}

fn system(l: &mut Linker<HostState>) -> wasmtime::Result<()> {
    type State = HostState;
    wasmtime_wasi::p2::bindings::io::error::add_to_linker::<State, HasTable>(l, table)?;
    sync::io::poll::add_to_linker::<State, HasTable>(l, table)?;
    sync::io::streams::add_to_linker::<State, HasTable>(l, table)?;
    clocks::wall_clock::add_to_linker::<State, HasInert>(l, inert)?;
    clocks::monotonic_clock::add_to_linker::<State, HasInert>(l, inert)?;
    random::random::add_to_linker::<State, HasInert>(l, inert)?;
    random::insecure::add_to_linker::<State, HasInert>(l, inert)?;
    random::insecure_seed::add_to_linker::<State, HasInert>(l, inert)?;
    filesystem::preopens::add_to_linker::<State, HasInert>(l, inert)?;
    sync::filesystem::types::add_to_linker::<State, WasiFilesystem>(l, files)?;
    cli::exit::add_to_linker::<State, HasInert>(l, inert)?;
    cli::environment::add_to_linker::<State, HasInert>(l, inert)?;
    cli::stdin::add_to_linker::<State, HasInert>(l, inert)?;
    cli::stdout::add_to_linker::<State, HasInert>(l, inert)?;
    cli::stderr::add_to_linker::<State, HasInert>(l, inert)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, HasInert>(l, inert)?;
    cli::terminal_stdout::add_to_linker::<State, HasInert>(l, inert)?;
    cli::terminal_stderr::add_to_linker::<State, HasInert>(l, inert)?;
    Ok(())
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut HostState) -> &mut ResourceTable {
    state.counted_resources()
}
