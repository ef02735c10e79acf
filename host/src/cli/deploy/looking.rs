//! How far a fleet has been looked at, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use dukou_core::names::SchemeName;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Context;
use crate::cli::output::note;

/// Off a terminal a line is printed for so many schemes.
const LINE_EVERY: usize = 10;

/// Schemes looked at, on stderr.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    done: AtomicUsize,
    total: usize,
    groups: Mutex<std::collections::BTreeMap<SchemeName, u64>>,
}

impl Progress {
    pub(super) fn start(context: &Context, total: usize) -> Self {
        let terminal = !context.quiet && !context.json && std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::new(total as u64);
            let style = ProgressStyle::with_template(&context.lang.t("fleet.progress"));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            done: AtomicUsize::new(0),
            total,
            groups: Mutex::default(),
        }
    }

    pub(super) fn see(&self, scheme: &SchemeName, done: u64) {
        if let Some(bar) = &self.bar {
            let mut groups = self.groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            groups.insert(scheme.clone(), done);
            bar.set_message(groups.values().sum::<u64>().to_string());
        }
    }

    pub(super) fn done(&self, context: &Context, scheme: &SchemeName) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if done.is_multiple_of(LINE_EVERY) && !context.json => {
                let arguments: [(&str, &dyn Display); 3] =
                    [("done", &done), ("total", &self.total), ("scheme", scheme)];
                note(context, &context.lang.text("fleet.progress-line", &arguments));
            }
            None => {}
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
