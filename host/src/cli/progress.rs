//! A bar on a terminal, nothing elsewhere: records read, mapped and written so far, or groups replayed, with the rate.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use dukou_core::names::SchemeName;
use dukou_replay::Progress as Seen;
use indicatif::{ProgressBar, ProgressStyle};

use super::Context;
use crate::pipeline::Crossing;
use crate::pipeline::counters::Counters;

/// A running display.
pub struct Progress {
    task: Option<(tokio::task::JoinHandle<()>, ProgressBar)>,
}

impl Progress {
    /// Shows the counters until [`Progress::finish`].
    pub fn start(context: &Context, crossing: &Crossing, counters: Arc<Counters>) -> Self {
        if context.quiet || context.json || !std::io::stderr().is_terminal() {
            return Self { task: None };
        }
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        let (shown, lang, name) = (bar.clone(), context.lang, crossing.name().to_string());
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            loop {
                ticks.tick().await;
                let counts = counters.read();
                let text = lang.text(
                    "run.progress",
                    &[
                        ("scheme", &name),
                        ("records", &counts.records),
                        ("groups", &counts.groups),
                        ("accepted", &(counts.accepted + counts.adopted)),
                        ("problems", &counts.problems()),
                    ],
                );
                shown.set_message(text);
                shown.tick();
            }
        });
        Self {
            task: Some((task, bar)),
        }
    }

    /// Takes the display away.
    pub fn finish(self) {
        if let Some((task, bar)) = self.task {
            task.abort();
            bar.finish_and_clear();
        }
    }
}

/// A replay that is under way.
pub struct Replaying(Option<ProgressBar>);

impl Replaying {
    /// Shows what it is told until [`Replaying::finish`].
    pub fn start(context: &Context, scheme: &SchemeName) -> Self {
        if context.quiet || context.json || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner();
        bar.set_message(scheme.to_string());
        let template = context.lang.t("gate.progress");
        bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(Some(bar))
    }

    /// Shows how far it is.
    pub fn see(&self, progress: Seen) {
        if let Self(Some(bar)) = self {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.done);
        }
    }

    /// Takes the display away.
    pub fn finish(self) {
        if let Self(Some(bar)) = self {
            bar.finish_and_clear();
        }
    }
}
