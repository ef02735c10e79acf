//! Running a language's tool to its end: a deadline, bounded output, and an ear for its progress. Knows no tool by name.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The most that is kept of each of a tool's two streams, in bytes; the rest is read and dropped.
const MOST_BYTES: usize = 16 << 20;

/// How long a tool may take to leave after its streams have closed.
const GRACE: Duration = Duration::from_secs(10);

/// Is told each line that a tool writes to stderr, as it comes.
pub type Listener = fn(&str);

/// What a tool said, and how it ended.
#[derive(Debug)]
pub struct ToolOutput {
    /// How it ended.
    pub status: ExitStatus,
    /// Its stdout.
    pub stdout: Vec<u8>,
    /// Its stderr.
    pub stderr: Vec<u8>,
}

impl ToolOutput {
    /// Both streams as text, stdout first.
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&self.stderr));
        text
    }
}

/// Why a tool gave no output.
#[derive(Debug)]
pub enum ToolError {
    /// It could not be started.
    Start {
        /// What was started.
        program: PathBuf,
        /// Why it did not start.
        source: io::Error,
    },
    /// It was still running at its deadline and was ended.
    TimedOut {
        /// What was started.
        program: PathBuf,
        /// The deadline.
        seconds: u64,
        /// What it had said until then.
        output: String,
    },
}

impl ToolError {
    /// Whether the program is not there at all.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { program, .. } => write!(f, "cannot start {}", program.display()),
            Self::TimedOut {
                program,
                seconds,
                output,
            } => write!(f, "{} did not end within {seconds} s\n{output}", program.display()),
        }
    }
}

impl Error for ToolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start { source, .. } => Some(source),
            Self::TimedOut { .. } => None,
        }
    }
}

/// Runs a command to its end and collects what it says. Its stdin is empty.
pub fn run(command: &mut Command, deadline: Duration, listener: Option<Listener>) -> Result<ToolOutput, ToolError> {
    let program = PathBuf::from(command.get_program());
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|source| ToolError::Start {
        program: program.clone(),
        source,
    })?;
    let (sender, receiver) = mpsc::sync_channel(64);
    if let Some(stdout) = child.stdout.take() {
        listen(Stream::Out, stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        listen(Stream::Err, stderr, sender.clone());
    }
    drop(sender);

    let start = Instant::now();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match receiver.recv_timeout(deadline.saturating_sub(start.elapsed())) {
            Ok((Stream::Out, line)) => keep(&mut stdout, &line),
            Ok((Stream::Err, line)) => {
                if let Some(listener) = listener {
                    listener(String::from_utf8_lossy(&line).trim_end());
                }
                keep(&mut stderr, &line);
            }
            // Both streams are closed: the tool has ended or is about to.
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(ended(child, program, deadline, &stdout, &stderr));
            }
        }
    }
    match wait(&mut child, GRACE) {
        Some(status) => Ok(ToolOutput { status, stdout, stderr }),
        None => Err(ended(child, program, deadline, &stdout, &stderr)),
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// Reads a stream line by line in a thread of its own, until it closes or nobody listens any more.
fn listen(stream: Stream, source: impl Read + Send + 'static, sender: mpsc::SyncSender<(Stream, Vec<u8>)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(source);
        loop {
            let mut line = Vec::new();
            // A line without an end is cut into pieces, so that it cannot fill the memory.
            let read = reader.by_ref().take(1 << 20).read_until(b'\n', &mut line);
            match read {
                Ok(1..) if sender.send((stream, line)).is_ok() => {}
                _ => break,
            }
        }
    });
}

fn keep(kept: &mut Vec<u8>, line: &[u8]) {
    if kept.len() < MOST_BYTES {
        kept.extend_from_slice(line);
    }
}

/// Waits for a process that has closed its streams; `None` if it stays.
fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(5)),
            _ => return None,
        }
    }
}

fn ended(mut child: Child, program: PathBuf, deadline: Duration, stdout: &[u8], stderr: &[u8]) -> ToolError {
    // It may have ended by itself in the meantime, which is as good.
    let _ = child.kill();
    let _ = wait(&mut child, GRACE);
    let mut output = String::from_utf8_lossy(stdout).into_owned();
    output.push_str(&String::from_utf8_lossy(stderr));
    ToolError::TimedOut {
        program,
        seconds: deadline.as_secs(),
        output,
    }
}
