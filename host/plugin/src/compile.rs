//! Compiling a component into machine code, away from the pipeline: in a child process that sets its own limits
//! of memory and time, because a small hostile component can make a compiler use any amount of both.
//! What comes out goes to `cache`; nothing here loads code.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::engine::compiling_engine;

/// Bytes of a child's error output that are kept.
const STDERR_BYTES: u64 = 16 << 10;
/// The most compiled code that one component may become; JavaScript and Python come to 32 MiB.
pub(crate) const CODE_BYTES: u64 = 96 << 20;

/// Why a component was not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileFailure {
    /// The compiler refused it.
    Refused(String),
    /// The time limit, in milliseconds.
    Timeout(u64),
    /// The compiler died: most likely the memory limit.
    Died(String),
    /// The compiler could not be started.
    Start(String),
}

impl fmt::Display for CompileFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::Timeout(limit_ms) => write!(f, "not done within {limit_ms} ms"),
            Self::Died(how) => write!(f, "the compiler died, {how}"),
            Self::Start(reason) => write!(f, "the compiler cannot be started: {reason}"),
        }
    }
}

impl std::error::Error for CompileFailure {}

/// Turns a component into compiled code.
pub trait Compiler: Send + Sync {
    /// Reads the component at `component` and writes compiled code to `output`, a file in a private folder.
    fn compile(&self, component: &Path, output: &Path) -> Result<(), CompileFailure>;
}

/// Compiles in a child process: `program args… IN OUT MEMORY_BYTES CPU_SECONDS`, which calls [`compile_in_child`].
#[derive(Debug, Clone)]
pub struct ChildCompiler {
    /// The program, usually the running one.
    pub program: PathBuf,
    /// What goes before the four arguments, e.g. `compile-plugin`.
    pub args: Vec<OsString>,
    /// Address space of the child.
    pub memory_bytes: u64,
    /// Time until the child is killed; its processor time has the same limit, rounded up, per thread used.
    pub timeout: Duration,
}

impl ChildCompiler {
    /// The usual limits: 2 GiB, and 120 s, which a component of 18 MB needs on a busy machine.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = OsString>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().collect(),
            memory_bytes: 2 << 30,
            timeout: Duration::from_secs(120),
        }
    }
}

impl Compiler for ChildCompiler {
    fn compile(&self, component: &Path, output: &Path) -> Result<(), CompileFailure> {
        let cpu_seconds = (self.timeout.as_secs() + 1).saturating_mul(THREADS);
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .arg(component)
            .arg(output)
            .arg(self.memory_bytes.to_string())
            .arg(cpu_seconds.to_string())
            .env_clear()
            // Each thread and each allocator arena costs address space, of which there is little.
            .env("RAYON_NUM_THREADS", THREADS.to_string())
            .env("MALLOC_ARENA_MAX", THREADS.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| CompileFailure::Start(error.to_string()))?;
        let stderr = child.stderr.take();
        let (sender, receiver) = mpsc::channel();
        // The pipe closes when the child ends, which makes a wait with a deadline out of a blocking read.
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(stderr) = stderr {
                let mut limited = stderr.take(STDERR_BYTES);
                // An unreadable pipe tells as much as a closed one: the child's status decides.
                let _ = limited.read_to_end(&mut text);
                let _ = std::io::copy(&mut limited.into_inner(), &mut std::io::sink());
            }
            // Nobody listens after a timeout.
            let _ = sender.send(());
            text
        });
        let in_time = receiver.recv_timeout(self.timeout).is_ok();
        if !in_time {
            // It may have ended by itself just now, which is as good.
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| CompileFailure::Died(error.to_string()))?;
        let text = reader.join().unwrap_or_default();
        if !in_time {
            let limit_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
            return Err(CompileFailure::Timeout(limit_ms));
        }
        if status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        if status.code() == Some(i32::from(REFUSED)) {
            return Err(CompileFailure::Refused(text.to_owned()));
        }
        Err(CompileFailure::Died(format!(
            "{status}, with {} bytes of memory allowed: {}",
            self.memory_bytes,
            text.chars().take(400).collect::<String>()
        )))
    }
}

/// Threads of the child.
const THREADS: u64 = 2;
/// Exit code of a child that says why it refuses.
const REFUSED: u8 = 65;
/// Exit code of a child that was called wrongly.
const USAGE: u8 = 64;

/// The body of the hidden command that [`ChildCompiler`] starts. `arguments` are the four it appends:
/// `IN OUT MEMORY_BYTES CPU_SECONDS`. Sets the limits on its own process first, so call it early in `main`.
pub fn compile_in_child(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let [component, output, memory_bytes, cpu_seconds] = &arguments[..] else {
        complain("expected: IN OUT MEMORY_BYTES CPU_SECONDS");
        return ExitCode::from(USAGE);
    };
    let (Some(memory_bytes), Some(cpu_seconds)) = (number(memory_bytes), number(cpu_seconds)) else {
        complain("the limits are not numbers");
        return ExitCode::from(USAGE);
    };
    for (resource, limit) in [
        (Resource::As, memory_bytes),
        (Resource::Cpu, cpu_seconds),
        (Resource::Fsize, CODE_BYTES),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        if let Err(error) = setrlimit(resource, limit) {
            complain(&format!("the limits cannot be set: {error}"));
            return ExitCode::from(REFUSED);
        }
    }
    match compile_here(Path::new(component), Path::new(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::from(REFUSED)
        }
    }
}

/// Compiles in this process, without limits: for tests, and for components that come with the program.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcessCompiler;

impl Compiler for InProcessCompiler {
    fn compile(&self, component: &Path, output: &Path) -> Result<(), CompileFailure> {
        compile_here(component, output)
    }
}

fn compile_here(component: &Path, output: &Path) -> Result<(), CompileFailure> {
    let bytes = std::fs::read(component).map_err(|error| CompileFailure::Refused(error.to_string()))?;
    let refused = |error: wasmtime::Error| CompileFailure::Refused(format!("{error:#}"));
    let engine = compiling_engine().map_err(refused)?;
    let code = engine.precompile_component(&bytes).map_err(refused)?;
    std::fs::write(output, code).map_err(|error| CompileFailure::Refused(error.to_string()))
}

fn number(text: &OsStr) -> Option<u64> {
    text.to_str()?.parse().ok()
}

/// The child's only way to say why; its parent reads it.
fn complain(text: &str) {
    use std::io::Write;
    // With a closed stderr there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
