//! Logging, on stderr: warnings by default, errors with `--quiet`, more by `DUKOU_LOG`. A host that serves writes lines with
//! time and place for whoever collects them; people at a command are told in one line, like everything else that it says.

use std::fmt;
use std::io::IsTerminal as _;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Context;

/// Starts logging. `serving` says that the process runs until it is told to stop.
pub(super) fn start(context: &Context, serving: bool) {
    let asked = crate::settings::log_filter();
    let terminal = std::io::stderr().is_terminal();
    let for_people = asked.is_none() && (terminal || !serving);
    let default = if context.quiet { "error" } else { "warn" };
    let filter = EnvFilter::new(asked.unwrap_or_else(|| default.to_owned()));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second initialisation (tests in one process) keeps the first.
    let _ = if for_people {
        let form = ForPeople {
            error: context.lang.t("error.word"),
            warning: context.lang.t("definition.warning"),
        };
        logging.with_ansi(false).event_format(form).try_init()
    } else {
        logging.with_ansi(terminal).try_init()
    };
}

/// `warning: MESSAGE name=value`.
struct ForPeople {
    error: String,
    warning: String,
}

impl<S, N> FormatEvent<S, N> for ForPeople
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        match *event.metadata().level() {
            Level::ERROR => write!(writer, "{}: ", self.error)?,
            Level::WARN => write!(writer, "{}: ", self.warning)?,
            _ => {}
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn people_are_told_in_one_line_without_time_and_place() {
        let page = Page::default();
        let written = page.clone();
        let form = ForPeople {
            error: "错误".to_owned(),
            warning: "警告".to_owned(),
        };
        let logging = tracing_subscriber::fmt()
            .with_writer(move || written.clone())
            .with_ansi(false)
            .event_format(form)
            .finish();
        tracing::subscriber::with_default(logging, || {
            tracing::warn!("dukou.lock cannot be read");
            tracing::error!(scheme = "books", "it does not come back");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "警告: dukou.lock cannot be read\n错误: it does not come back scheme=\"books\"\n"
        );
    }
}
