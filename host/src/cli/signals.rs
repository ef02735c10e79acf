//! SIGTERM and Ctrl-C: the first drains, the second ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::exit::Exit;

/// Turns signals into the order to stop, and logs the first.
pub fn watch_signals(stop: watch::Sender<bool>) -> JoinHandle<()> {
    watch_signals_saying(stop, || {
        tracing::warn!("stopping: what is on the wire is waited for; once more ends at once");
    })
}

/// The same for a command that people wait for: `say` tells them that the first was heard.
pub fn watch_signals_saying(stop: watch::Sender<bool>, say: impl Fn() + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            tracing::warn!("signals cannot be watched; the process ends without draining");
            return;
        };
        let mut times = 0;
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            times += 1;
            if times > 1 {
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            say();
            // The receiver may be gone already: then there is nothing left to stop.
            let _ = stop.send(true);
        }
    })
}
