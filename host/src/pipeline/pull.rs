//! Pull: reads one window of the source, page by page, into the store (TX 1 per page). The mark moves only when the window
//! is complete; a window that was left is taken over at the page where it stood. Decides nothing about records.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use dukou_connect::{Page, Query};
use dukou_core::digest::Digest;
use dukou_core::json::{Pick, scalar_text};
use dukou_core::outcome::ReadFailure;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::window::{self, WindowRange};
use dukou_store::rows::{IngestPage, IngestRecord, NewProblem, OpenWindow, Window};

use super::counters::Counters;
use super::{Crossing, Pipeline, StageError, details};

/// What to pull instead of the next window.
#[derive(Debug, Clone, Default)]
pub struct PullOrder {
    /// This range; the mark stays.
    pub range: Option<WindowRange>,
    /// This one record.
    pub key: Option<String>,
    /// No further page once so many rows were seen in this run.
    pub limit: Option<u64>,
}

/// How a step of pulling ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullEnd {
    /// A window was completed; there may be more.
    Window(WindowRange),
    /// Nothing new to read.
    UpToDate,
    /// The limit of the order was reached.
    Limit,
    /// The source asks for patience or is away; the window stays open.
    Later {
        /// How long to wait.
        wait: Duration,
        /// Why.
        failure: ReadFailure,
    },
    /// The source will not answer this without a person.
    Stopped(ReadFailure),
}

/// Position of a window whose last page is stored.
const COMPLETE: &str = "";
/// Position of a window that is begun again.
const FROM_THE_START: &str = "start";
/// The most pages of one window; more than any window of at most 30 days can have.
const MOST_PAGES: u64 = 100_000;
/// Our clock and the source's differ by more than this: signatures and windows cannot be trusted.
const MOST_SKEW_SECONDS: i64 = 240;

/// Pulls one window (or the ordered range or record) to its end.
///
/// # Errors
/// When the store fails. A failing source is a [`PullEnd`].
pub async fn pull(
    pipeline: &Pipeline,
    crossing: &Crossing,
    order: &PullOrder,
    counters: &Counters,
) -> Result<PullEnd, StageError> {
    // Claim: the unfinished window, or the next one.
    let Some(window) = claim(pipeline, crossing, order).await? else {
        return Ok(PullEnd::UpToDate);
    };
    pipeline.failpoints.reach("pull.window-opened");
    let source = &crossing.scheme.source;
    let query = Query {
        api: source.api.clone(),
        params: source.request.clone(),
        window: window.range,
        zone: source.zone,
        page_size: source.page_size,
        // An unfinished window that was taken over is read whole; only the order's own (it has no length) is the key's.
        key: order.key.clone().filter(|_| is_keys_own(&window)),
    };
    let mut position = window.position.clone().filter(|position| position != FROM_THE_START);
    if position.as_deref() == Some(COMPLETE) {
        return close(pipeline, crossing, &window, counters).await;
    }
    for _ in 0..MOST_PAGES {
        if pipeline.stopping() || order.limit.is_some_and(|limit| counters.records.get() >= limit) {
            return Ok(PullEnd::Limit);
        }
        // Act: one page.
        while let Err(wait) = crossing.source_lane.take(pipeline.clock.monotonic()) {
            pipeline.pause(wait).await;
            if pipeline.stopping() {
                return Ok(PullEnd::Limit);
            }
        }
        pipeline.failpoints.reach("pull.before-request");
        let page = match crossing.source.read(&query, position.as_deref()).await {
            Ok(page) => page,
            Err(failure) => {
                if matches!(failure, ReadFailure::Unsteady { .. }) {
                    begin_again(pipeline, crossing, &window).await?;
                }
                return Ok(give_up(pipeline, crossing, failure));
            }
        };
        pipeline.failpoints.reach("pull.after-reply");
        if let Some(skew) = page.clock_skew_seconds.filter(|skew| skew.abs() >= MOST_SKEW_SECONDS) {
            return Ok(PullEnd::Stopped(ReadFailure::Refused {
                code: "clock".into(),
                message: format!(
                    "this machine's clock and the source's differ by {skew} s; set the clock, then run again"
                ),
            }));
        }
        // Settle: records, work and position together.
        counters.pages.add(1);
        counters.records.add(page.records.len() as u64);
        let next = page.next.clone();
        store_page(pipeline, crossing, &window, page, counters).await?;
        match next {
            Some(next) => position = Some(next),
            None => return close(pipeline, crossing, &window, counters).await,
        }
    }
    Ok(PullEnd::Stopped(ReadFailure::Refused {
        code: "window.pages".into(),
        message: format!("the window has more than {MOST_PAGES} pages; set a shorter span"),
    }))
}

async fn close(
    pipeline: &Pipeline,
    crossing: &Crossing,
    window: &Window,
    counters: &Counters,
) -> Result<PullEnd, StageError> {
    pipeline.failpoints.reach("pull.before-close");
    let (store, name, at) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
    let (id, lease) = (window.id, window.lease);
    pipeline
        .blocking(move || store.close_window(&name, id, lease, at))
        .await?;
    pipeline.failpoints.reach("pull.after-close");
    counters.windows.add(1);
    Ok(PullEnd::Window(window.range))
}

async fn claim(pipeline: &Pipeline, crossing: &Crossing, order: &PullOrder) -> Result<Option<Window>, StageError> {
    let (store, name, now) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
    let rule = crossing.scheme.source.window.clone();
    let order = order.clone();
    pipeline
        .blocking(move || {
            let (range, moves_mark) = match (&order.range, &order.key) {
                (Some(range), _) => (Some(*range), false),
                (None, Some(_)) => (Some(WindowRange { start: now, end: now }), false),
                (None, None) => (window::next(&rule, store.mark(&name)?, now), true),
            };
            store.open_window(
                &name,
                range.map(|range| OpenWindow {
                    range,
                    moves_mark,
                    at: now,
                }),
            )
        })
        .await
}

/// A window that a key order opened: it has no length and moves no mark.
fn is_keys_own(window: &Window) -> bool {
    !window.moves_mark && window.range.start == window.range.end
}

/// Forgets where the window stood: what was counted then no longer holds. Records already stored stay.
async fn begin_again(pipeline: &Pipeline, crossing: &Crossing, window: &Window) -> Result<(), StageError> {
    let (store, name, at) = (pipeline.store.clone(), crossing.name().clone(), pipeline.clock.now());
    let page = IngestPage {
        window: window.id,
        lease: window.lease,
        position: FROM_THE_START.to_owned(),
        records: Vec::new(),
        at,
    };
    pipeline.blocking(move || store.ingest(&name, &page).map(|_| ())).await
}

fn give_up(pipeline: &Pipeline, crossing: &Crossing, failure: ReadFailure) -> PullEnd {
    if !failure.passes_by_itself() {
        return PullEnd::Stopped(failure);
    }
    let wait = match &failure {
        ReadFailure::Throttled {
            retry_after: Some(wait),
            ..
        } => (*wait).clamp(Duration::from_secs(1), Duration::from_secs(3600)),
        _ => Duration::from_secs(1),
    };
    if matches!(failure, ReadFailure::Throttled { .. }) {
        crossing.source_lane.pause_until(pipeline.clock.monotonic() + wait);
    }
    PullEnd::Later { wait, failure }
}

async fn store_page(
    pipeline: &Pipeline,
    crossing: &Crossing,
    window: &Window,
    page: Page,
    counters: &Counters,
) -> Result<(), StageError> {
    let store = pipeline.store.clone();
    let name = crossing.name().clone();
    let at = pipeline.clock.now();
    let reader = RowReader::new(crossing);
    let (window, lease, position) = (
        window.id,
        window.lease,
        page.next.clone().unwrap_or_else(|| COMPLETE.to_owned()),
    );
    pipeline.failpoints.reach("pull.before-ingest");
    let (counts, unreadable) = pipeline
        .blocking(move || {
            let mut records = Vec::with_capacity(page.records.len());
            let mut unreadable = 0;
            for row in page.records {
                match reader.read(row.body) {
                    Ok(record) => records.push(record),
                    Err(problem) => {
                        unreadable += 1;
                        store.open_problem(&name, &problem, at)?;
                    }
                }
            }
            let counts = store.ingest(
                &name,
                &IngestPage {
                    window,
                    lease,
                    position,
                    records,
                    at,
                },
            )?;
            Ok((counts, unreadable))
        })
        .await?;
    pipeline.failpoints.reach("pull.after-ingest");
    counters.new.add(counts.new);
    counters.changed.add(counts.changed);
    counters.known.add(counts.known);
    counters.unreadable.add(unreadable);
    Ok(())
}

/// Reads key, other identities and shown values out of a row, in one pass each.
struct RowReader {
    show: dukou_core::show::Show,
    pick: Arc<Pick>,
    kinds: Vec<&'static str>,
    key_path: String,
}

impl RowReader {
    fn new(crossing: &Crossing) -> Self {
        let source = &crossing.scheme.source;
        let aliases = crossing.source.aliases(&source.api);
        let paths = std::iter::once(source.key.as_str()).chain(aliases.iter().map(|(_, path)| *path));
        Self {
            show: crossing.scheme.show.clone(),
            pick: Arc::new(Pick::new(paths)),
            kinds: aliases.iter().map(|(kind, _)| *kind).collect(),
            key_path: source.key.clone(),
        }
    }

    fn read(&self, body: String) -> Result<IngestRecord, Box<NewProblem>> {
        let hash = Digest::of(body.as_bytes());
        let found = match self.pick.read(&body) {
            Ok(found) => found,
            Err(error) => return Err(unreadable(&self.key_path, body, hash, &format!("not JSON: {error}"))),
        };
        let key = found[0]
            .first()
            .and_then(|raw| scalar_text(raw))
            .map(|text| text.trim().to_owned());
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Err(unreadable(
                &self.key_path,
                body,
                hash,
                "the key field is absent or empty",
            ));
        };
        let mut aliases = Vec::new();
        for (kind, values) in self.kinds.iter().zip(&found[1..]) {
            for value in values.iter().filter_map(|raw| scalar_text(raw)) {
                let value = value.trim();
                if !value.is_empty() && value != "0" && value != key {
                    aliases.push(((*kind).to_owned(), value.to_owned()));
                }
            }
        }
        aliases.sort();
        aliases.dedup();
        let shown = self.show.read(&body);
        Ok(IngestRecord {
            group: key.clone(),
            key,
            hash,
            aliases,
            shown,
            body,
        })
    }
}

fn unreadable(key_path: &str, body: String, hash: Digest, reason: &str) -> Box<NewProblem> {
    static NOTHING: LazyLock<dukou_core::show::Shown> = LazyLock::new(Default::default);
    Box::new(NewProblem {
        report: ProblemReport {
            kind: ProblemKind::Unreadable,
            code: "record.key".into(),
            message: format!("a source row has no readable {key_path}: {reason}"),
            path: Some(key_path.to_owned()),
            details: details(&[("hash", hash.to_string().into())]),
        },
        key: format!("row-{}", hash.short()),
        shown: NOTHING.clone(),
        body: Some(body),
    })
}
